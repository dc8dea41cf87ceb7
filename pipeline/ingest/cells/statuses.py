"""Cells of a status column: how a result stands, in words or letters of eight languages."""

import re
from collections.abc import Iterable, Mapping

import pandas as pd

from pipeline.knowledge.memo import cached_by_knowledge
from pipeline.knowledge.model import Knowledge
from pipeline.knowledge.name_key import fold_words, name_key
from schemas.vocabulary import ResultStatus

_PHRASES = {
    "status-final": ResultStatus.FINAL,
    "status-corrected": ResultStatus.CORRECTED,
    "status-preliminary": ResultStatus.PRELIMINARY,
    "status-cancelled": ResultStatus.CANCELLED,
}
_EMPTY = frozenset(["", "null", "(null)", "\\n"])
_LETTER = re.compile(r"([a-z])\s*[-:=–]\s*(\w.*)")


@cached_by_knowledge
def index_statuses(knowledge: Knowledge) -> dict[str, str]:
    """Prepare the words of `knowledge.phrases`: word, folded → status."""
    return {
        name_key(word): str(status)
        for name, status in _PHRASES.items()
        for word in knowledge.phrases[name].words
    }


def parse_statuses(texts: Iterable[str], words: Mapping[str, str]) -> pd.DataFrame:
    """Read cells of a status column: words, or the letters of HL7; blank is final.

    Returns:
        One row per text with `status`: a `ResultStatus`, "" where it is not known.
    """
    return pd.DataFrame({"status": [_status_of(text, words) for text in texts]}, dtype="str")


def _status_of(text: str, words: Mapping[str, str]) -> str:
    folded = fold_words(text)
    if folded in _EMPTY:
        return str(ResultStatus.FINAL)
    if coded := _LETTER.fullmatch(folded):
        # The letter and its word must not contradict each other.
        both = {words.get(name_key(part), "") for part in coded.groups()}
        return both.pop() if len(both) == 1 else ""
    return words.get(name_key(text), "")
