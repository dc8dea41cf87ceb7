"""Ids of patients and specimens as exports write them: the exact text, or none at all."""

import re
import unicodedata
from collections.abc import Sequence

from pipeline.ingest.cells.value_words import EMPTY_MARKS
from pipeline.knowledge.memo import cached_by_knowledge
from pipeline.knowledge.model import Knowledge
from pipeline.knowledge.name_key import fold_words

_MARKS = EMPTY_MARKS | {"<na>"}
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


@cached_by_knowledge
def index_missing_ids(knowledge: Knowledge) -> frozenset[str]:
    """Prepare what programs and people write where there is no id.

    Taken for an id, it would make one patient, or one specimen, of many.
    """
    kinds = ("unknown", "no-id")
    return _MARKS | {fold_words(word) for kind in kinds for word in knowledge.phrases[kind].words}


def clean_ids(texts: Sequence[str], missing: frozenset[str]) -> list[str]:
    """Give ids in their composed form, without guards, "" for those that say there is none.

    Args:
        texts: Trimmed cells of one column.
        missing: Of `index_missing_ids`.
    """
    known = {text: _clean_id(text, missing) for text in set(texts)}
    return [known[text] for text in texts]


def _clean_id(text: str, missing: frozenset[str]) -> str:
    if guarded := _GUARDED.fullmatch(text):
        text = (guarded[1] or guarded[2] or "").strip()
    if _NO_SIGNS.fullmatch(text) or (_WORD.fullmatch(text) and fold_words(text) in missing):
        return ""
    return text if text.isascii() else unicodedata.normalize("NFC", text)
