"""Ids of patients and specimens as exports write them: the exact text, or none at all."""

import re
import unicodedata
from collections.abc import Sequence

from pipeline.ingest.layout.analyte_names import fold_words, word_set

# What programs and people write where there is no id. Taken for an id, it would make one
# patient, or one specimen, of many.
_NO_ID = word_set(
    "na|n/a|n.a.|nan|nil|none|null|<na>|unk|unknown|not known|not available|missing|anonymous"
    "|unbekannt|ohne|keine|inconnu|anonyme|desconocido|anonimo|sconosciuto|desconhecido"
)
_WORD = re.compile(r"\D{2,20}")
_GUARDED = re.compile(r"=\"([^\"=]*)\"|'([0-9][^']*)")
_NO_SIGNS = re.compile(r"[-–—_.?*/\\ 0]*")


def accession_stem(sha8: str, sheet: str) -> str:
    """Begin the name of a specimen of which only its row is known; the row number follows.

    >>> accession_stem("0a1b2c3d", ""), accession_stem("0a1b2c3d", "May")
    ('0a1b2c3d#', '0a1b2c3d#May#')
    """
    return f"{sha8}#{sheet}#" if sheet else f"{sha8}#"


def is_guarded(text: str) -> bool:
    """Whether an id stands in the signs by which spreadsheets are kept from making it a number."""
    return bool(_GUARDED.fullmatch(text))


def clean_ids(texts: Sequence[str]) -> list[str]:
    """Give ids in their composed form, without guards, "" for those that say there is none.

    Args:
        texts: Trimmed cells of one column.
    """
    known = {text: _clean_id(text) for text in set(texts)}
    return [known[text] for text in texts]


def _clean_id(text: str) -> str:
    if guarded := _GUARDED.fullmatch(text):
        text = (guarded[1] or guarded[2] or "").strip()
    if _NO_SIGNS.fullmatch(text) or (_WORD.fullmatch(text) and fold_words(text) in _NO_ID):
        return ""
    return text if text.isascii() else unicodedata.normalize("NFC", text)
