"""Reference intervals that stand in one cell, such as "4.0-10.0", become two ends; as text."""

import re
from typing import NamedTuple, cast

import numpy as np
import pandas as pd

from pipeline.knowledge.memo import cached_by_knowledge
from pipeline.knowledge.model import Knowledge
from pipeline.knowledge.words import any_word

_END = r"[0-9][0-9.,]*"


class IntervalWords(NamedTuple):
    """Forms of a reference interval in one cell, by the words between and before its ends."""

    both: re.Pattern[str]
    upper: re.Pattern[str]
    lower: re.Pattern[str]


@cached_by_knowledge
def index_intervals(knowledge: Knowledge) -> IntervalWords:
    """Prepare the words that stand between and before the ends of reference intervals."""

    def any_of(*kinds: str) -> str:
        return any_word(word for kind in kinds for word in knowledge.phrases[kind].words)

    to, up_to = any_of("range-to", "reference-to"), any_of("reference-up-to")
    return IntervalWords(
        both=re.compile(
            rf"\s*[(\[]?\s*({_END})\s*(?:-|–|—|\.\.\.?|{to})\s*({_END})\s*[)\]]?\s*", re.IGNORECASE
        ),
        upper=re.compile(rf"\s*(?:<|≤|<=|{up_to})\s*({_END})\s*", re.IGNORECASE),
        lower=re.compile(rf"\s*(?:>|≥|>=|{any_of('reference-from')})\s*({_END})\s*", re.IGNORECASE),
    )


def split_references(
    texts: np.ndarray[tuple[int], np.dtype[np.object_]], words: IntervalWords
) -> tuple[
    np.ndarray[tuple[int], np.dtype[np.object_]], np.ndarray[tuple[int], np.dtype[np.object_]]
]:
    """Part intervals into their low and high ends, "" where there is none.

    What is neither an interval nor an end stays whole as the low end, where it is seen not to
    be a number.
    """
    codes, distinct = pd.factorize(texts)
    ends = [_split_reference(cast(str, text), words) for text in distinct]
    low, high = (np.array([end[at] for end in ends], dtype=object) for at in (0, 1))
    return low[codes], high[codes]


def _split_reference(text: str, words: IntervalWords) -> tuple[str, str]:
    if interval := words.both.fullmatch(text):
        return interval[1], interval[2]
    if upper := words.upper.fullmatch(text):
        return "", upper[1]
    if lower := words.lower.fullmatch(text):
        return lower[1], ""
    return text, ""
