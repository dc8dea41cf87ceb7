"""Dates and times as laboratories write them. An order of day and month is never guessed."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

import pandas as pd

from pipeline.ingest.text_tables import DateOrder
from pipeline.knowledge.memo import cached_by_knowledge
from pipeline.knowledge.model import Knowledge
from pipeline.knowledge.name_key import fold_words
from pipeline.knowledge.words import any_word


class Moment(NamedTuple):
    """One cell of a date column, read."""

    at: datetime | None = None
    """Local time as written; midnight if only a date is given. Missing if not read."""
    precision: str = ""
    """"date", "time", or "" if missing."""
    has_offset: bool = False
    """An offset from world time stood there and was left out."""
    code: str = ""
    """"", `date-unreadable` or `date-ambiguous`."""
    detail: str = ""
    """What is wrong, in words that hold nothing of the cell."""


_CLOCK = (
    r"(?:[T :]\s*(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<part>\d{1,9}))?)?"
    r"(?:\s?(?P<half>[ap])\.?\s?m\.?)?(?P<offset>\s?(?:Z|UTC|GMT|[+-]\d\d(?::?\d\d)?))?)?"
)
_YEAR_FIRST = re.compile(r"(?P<y>\d{4})([-/.])(?P<m>\d{1,2})\2(?P<d>\d{1,2})" + _CLOCK, re.I | re.A)
_DIGITS = re.compile(
    r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)"
    r"(?:T?(?P<hour>\d\d)(?P<minute>\d\d)(?:(?P<second>\d\d)(?:\.(?P<part>\d{1,9}))?)?"
    r"(?P<half>)(?P<offset>Z|[+-]\d{4})?)?",
    re.A,
)
_NUMBERS = re.compile(r"(?P<a>\d{1,2})([-/.])(?P<b>\d{1,2})\2(?P<y>\d{4})" + _CLOCK, re.I | re.A)
_ZERO = re.compile(r"0{4}([-/.]?)0{2}\1[0]{2}|0{2}([-/.])0{2}\2(?:0{2})?0{2}")
_LATIN = re.compile(r"[a-z]{3,}")
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?", re.A)
_FIRST_YEAR = 1900
"""No living person was born earlier; spreadsheets write this year or 1899 for an empty cell."""


class DateWords(NamedTuple):
    """Names of months, and the forms of dates that hold one, in folded text."""

    months: Mapping[str, int]
    day_first: re.Pattern[str]
    name_first: re.Pattern[str]
    short_year: re.Pattern[str]


@cached_by_knowledge
def index_dates(knowledge: Knowledge) -> DateWords:
    """Prepare the names of months and the words that stand beside them."""

    def words(kind: str) -> list[str]:
        return [fold_words(word) for word in knowledge.phrases[kind].words]

    months = {name: at for at in range(1, 13) for name in words(f"month-{at}")}
    # Letters beyond a to z stand in a date only where they are the name of a month.
    others = any_word(name for name in months if not _LATIN.fullmatch(name))
    name = rf"(?:{_LATIN.pattern}|{others})"
    ordinal = any_word(words("day-ordinal"))
    of_month, of_year = any_word(words("before-month")), any_word(words("before-year"))
    return DateWords(
        months,
        re.compile(
            rf"(?P<d>\d{{1,2}}){ordinal}?[-/. ]*(?:{of_month} )?(?P<name>{name})\.?,?[-/ ]*"
            rf"(?:{of_year} )?(?P<y>\d{{4}}){_CLOCK}",
            re.I | re.A,
        ),
        re.compile(
            rf"(?P<name>{name})\.? (?P<d>\d{{1,2}}){ordinal}?,? (?P<y>\d{{4}}){_CLOCK}", re.I | re.A
        ),
        re.compile(
            rf"\d{{1,2}}(?:[-/. ]+\d{{1,2}}[-/. ]+|[-/. ]*{name}[-/. ]*)\d\d(?:\D.*)?", re.I | re.A
        ),
    )


def parse_dates(
    texts: Iterable[str],
    words: DateWords,
    order: DateOrder = "",
    *,
    zero_is_missing: bool = False,
) -> pd.DataFrame:
    """Read the distinct texts of one date column.

    Args:
        texts: Distinct cells of the column, all of them: dotted dates prove one another wrong.
        words: Of `index_dates`.
        order: Order of day and month that the file or the site settled; "" if unsettled.
        zero_is_missing: 00/00/0000 means that there is no date (birth dates of analyzers).

    Returns:
        One row per text with `at` (datetime64[us]), `precision` ("date", "time", ""),
        `has_offset` (bool), `code` ("", `date-unreadable`, `date-ambiguous`) and `detail`.
        Empty cells are missing, without a code. A time of exactly midnight counts as none:
        databases write it where they have a date only.
    """
    cells = [text.strip() for text in texts]
    dots_fail = any(
        found and found[2] == "." and int(found["a"]) <= 12 < int(found["b"]) <= 31
        for found in map(_NUMBERS.fullmatch, cells)
    )
    moments = [_read(cell, words, order, dots_fail) for cell in cells]
    if zero_is_missing:
        moments = [
            Moment() if _ZERO.fullmatch(cell) else moment
            for cell, moment in zip(cells, moments, strict=True)
        ]
    frame = pd.DataFrame(moments, columns=list(Moment._fields))
    kinds = {"at": "datetime64[us]", "has_offset": "bool"}
    return frame.astype(dict.fromkeys(frame.columns, "str") | kinds)


def _read(text: str, words: DateWords, order: DateOrder, dots_fail: bool) -> Moment:
    """Read one cell."""
    if not text:
        return Moment()
    if found := _YEAR_FIRST.fullmatch(text) or _DIGITS.fullmatch(text):
        return _moment(found, int(found["m"]), int(found["d"]))
    if found := _NUMBERS.fullmatch(text):
        first, second = int(found["a"]), int(found["b"])
        if found[2] == ".":
            if dots_fail:
                return _unreadable("dates with points in this column are not all day first")
            return _moment(found, second, first)
        if order:
            month, day = (second, first) if order == "day-first" else (first, second)
            return _moment(found, month, day)
        if first != second and first <= 12 and second <= 12:
            return Moment(code="date-ambiguous")
        return _moment(found, min(first, second), max(first, second))
    folded = fold_words(text)
    if found := words.day_first.fullmatch(folded) or words.name_first.fullmatch(folded):
        return _moment(found, words.months.get(found["name"], 0), int(found["d"]))
    if words.short_year.fullmatch(folded):
        return _unreadable("year of two digits")
    if _SERIAL.fullmatch(text):
        return _unreadable("a bare number instead of a date")
    return _unreadable("")


def _moment(found: re.Match[str], month: int, day: int) -> Moment:
    """Put the parts together, if they make a date of the calendar and a time of the day."""
    year, hour = int(found["y"]), int(found["hour"] or 0)
    half = (found["half"] or "").casefold()
    if half and not 1 <= hour <= 12:
        return _unreadable("no such time of day")
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    part = int((found["part"] or "0").ljust(6, "0")[:6])
    try:
        at = datetime(year, month, day, hour, int(found["minute"] or 0), int(found["second"] or 0))
    except ValueError:
        return _unreadable("no such day or time")
    if year < _FIRST_YEAR:
        return _unreadable(f"year before {_FIRST_YEAR}")
    at = at.replace(microsecond=part)
    is_midnight = at == datetime(year, month, day)
    return Moment(at, "date" if is_midnight else "time", bool(found["offset"]))


def _unreadable(detail: str) -> Moment:
    return Moment(code="date-unreadable", detail=detail)
