"""A comparator that stands beside the number, in a column of its own or in the flag, joins it."""

import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from pipeline.ingest.cells.materials import SEVERAL
from pipeline.ingest.cells.whole_cells import SIGNS, CellWords, read_comparator

_SIGN = r"(<=|>=|<|>|≤|≥)"
_IN_FLAG = re.compile(rf"{_SIGN}\s*([A-Za-z]{{0,2}})|([A-Za-z]{{1,2}})\s*{_SIGN}")
_LEAST_FLAGS = 3
"""So many signs that agree with their intervals show that they are flags."""
_UNCLEAR = "?"


class Joined(NamedTuple):
    """What the comparators of some results are, with those that stand beside the numbers."""

    comparator: "pd.Series[str]"
    flag: "pd.Series[str]"
    """Without the comparators that stood in it."""
    is_unclear: "pd.Series[bool]"
    """What stands in the column of comparators is none."""
    is_contradictory: "pd.Series[bool]"
    """Two comparators of one result differ."""


def join_comparators(
    beside: "pd.Series[str]",
    flag: "pd.Series[str]",
    comparator: "pd.Series[str]",
    measured: pd.DataFrame,
    words: CellWords,
) -> Joined:
    """Join comparators that stand beside numbers with those that stand in front of them.

    A comparator among the flags says that the number is the end of what the method measures
    (HL7 table 0078), unless the signs of the table are plainly its flags: each beside a number
    outside its interval, on that side, and none missing there.

    Args:
        beside: Cells of columns of comparators.
        flag: Flags as written.
        comparator: Of the cells of results themselves.
        measured: `number`, `reference_low` and `reference_high` of the same rows.
        words: What says a comparator.
    """
    of_column = _map(beside, lambda text: _read_column(text, words))
    is_unclear = of_column.eq(_UNCLEAR)
    of_column = of_column.mask(is_unclear, "")
    of_flag = _map(flag, _sign_in)
    if _are_flags(of_flag, measured):
        of_flag = of_flag.mask(of_flag.ne(""), "")
    left = _map(flag, _flag_without).where(of_flag.ne(""), flag)
    sources = (comparator.astype("str"), of_column, of_flag)
    joined = sources[0]
    for each in sources[1:]:
        joined = joined.where(joined.ne(""), each)
    differs = pd.Series(False, index=joined.index)
    for each in sources:
        differs |= each.ne("") & each.ne(joined)
    return Joined(joined, left, is_unclear, differs)


def take_comparators(export: pd.DataFrame) -> "pd.Series[str]":
    """Return what stands in the columns of comparators, and lone signs in those of other words.

    A comment or a kind of record that is nothing but a sign can only belong to the number.
    """
    beside = export["comparator"]
    for name in ("comment", "record"):
        signs = _map(export[name], _lone_sign)
        beside = beside.where(beside.ne("") | signs.eq(""), signs)
    return beside


def _lone_sign(text: str) -> str:
    signs = {part.strip() for part in text.split(SEVERAL)} & SIGNS
    return SEVERAL.join(sorted(signs))


def _map(texts: "pd.Series[str]", read: Callable[[str], str]) -> "pd.Series[str]":
    """Read the distinct texts of a column."""
    codes, distinct = pd.factorize(texts)
    meant = np.array([*(read(text) for text in distinct), ""], dtype=object)
    return pd.Series(meant[codes], index=texts.index, dtype="str")


def _read_column(text: str, words: CellWords) -> str:
    """Read what one or several columns of comparators say; "?" if it is no comparator."""
    read = {read_comparator(part, words) for part in text.split(SEVERAL)} if text else {""}
    signs = {sign for sign in read if sign}
    if None in read or len(signs) > 1:
        return _UNCLEAR
    return signs.pop() if signs else ""


def _sign_in(flag: str) -> str:
    found = _IN_FLAG.fullmatch(flag.strip())
    sign = (found[1] or found[4]) if found else ""
    return {"≤": "<=", "≥": ">="}.get(sign, sign)


def _flag_without(flag: str) -> str:
    found = _IN_FLAG.fullmatch(flag.strip())
    return (found[2] or found[3] or "") if found else flag


def _are_flags(signs: "pd.Series[str]", measured: pd.DataFrame) -> bool:
    """Whether the signs of a table say on which side of its interval each number lies."""
    number = measured["number"]
    below = (number < measured["reference_low"]).fillna(False).astype(bool)
    above = (number > measured["reference_high"]).fillna(False).astype(bool)
    has_interval = number.notna() & (
        measured["reference_low"].notna() | measured["reference_high"].notna()
    )
    is_less, is_more = signs.str.startswith("<"), signs.str.startswith(">")
    signed = (is_less | is_more) & number.notna()
    agrees = (is_less & below) | (is_more & above)
    missing = has_interval & ~signed & (below | above)
    return int(signed.sum()) >= _LEAST_FLAGS and bool(agrees[signed].all()) and not missing.any()
