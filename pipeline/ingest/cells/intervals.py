"""Reference intervals that stand in one cell, such as "4.0-10.0", become two ends; as text."""

import re
from typing import cast

import numpy as np
import pandas as pd

_END = r"[0-9][0-9.,]*"
_INTERVAL = re.compile(
    rf"\s*[(\[]?\s*({_END})\s*(?:-|–|—|\.\.\.?|to|bis|à|a)\s*({_END})\s*[)\]]?\s*", re.IGNORECASE
)
_UPPER = re.compile(rf"\s*(?:<|≤|<=|up to|bis)\s*({_END})\s*", re.IGNORECASE)
_LOWER = re.compile(rf"\s*(?:>|≥|>=|from|ab)\s*({_END})\s*", re.IGNORECASE)


def split_references(
    texts: np.ndarray[tuple[int], np.dtype[np.object_]],
) -> tuple[
    np.ndarray[tuple[int], np.dtype[np.object_]], np.ndarray[tuple[int], np.dtype[np.object_]]
]:
    """Part intervals into their low and high ends, "" where there is none.

    What is neither an interval nor an end stays whole as the low end, where it is seen not to
    be a number.
    """
    codes, distinct = pd.factorize(texts)
    ends = [_split_reference(cast(str, text)) for text in distinct]
    low, high = (np.array([end[at] for end in ends], dtype=object) for at in (0, 1))
    return low[codes], high[codes]


def _split_reference(text: str) -> tuple[str, str]:
    if interval := _INTERVAL.fullmatch(text):
        return interval[1], interval[2]
    if upper := _UPPER.fullmatch(text):
        return "", upper[1]
    if lower := _LOWER.fullmatch(text):
        return lower[1], ""
    return text, ""
