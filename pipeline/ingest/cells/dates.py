"""Dates and times as laboratories write them. An order of day and month is never guessed."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import pandas as pd

from pipeline.ingest.layout.analyte_names import fold_words
from pipeline.ingest.text_tables import DateOrder


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


_MONTH_NAMES = (
    "jan january januar janner jaenner janvier janv ene enero gen gennaio janeiro",
    "feb february februar fevrier fevr fev febrero febbraio fevereiro",
    "mar march marz maerz mrz mars marzo marco",
    "apr april avr avril abr abril aprile",
    "may mai mayo mag maggio maio",
    "jun june juni juin junio giu giugno junho",
    "jul july juli juil juillet julio lug luglio julho",
    "aug august aout ago agosto",
    "sep sept september septembre septiembre set settembre setembro",
    "oct october okt oktober octobre octubre ott ottobre outubro",
    "nov november novembre noviembre novembro",
    "dec december dez dezember decembre dic diciembre dicembre dezembro",
)
_MONTHS = {name: at for at, names in enumerate(_MONTH_NAMES, 1) for name in names.split()}

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
_DAY_NAME = re.compile(
    r"(?P<d>\d{1,2})(?:st|nd|rd|th)?[-/. ]*(?:de )?(?P<name>[a-z]{3,})\.?,?[-/ ]*(?:del? )?"
    r"(?P<y>\d{4})" + _CLOCK,
    re.I | re.A,
)
_NAME_DAY = re.compile(
    r"(?P<name>[a-z]{3,})\.? (?P<d>\d{1,2})(?:st|nd|rd|th)?,? (?P<y>\d{4})" + _CLOCK, re.I | re.A
)
_ZERO = re.compile(r"0{4}([-/.]?)0{2}\1[0]{2}|0{2}([-/.])0{2}\2(?:0{2})?0{2}")
_SHORT_YEAR = re.compile(
    r"\d{1,2}(?:[-/. ]+\d{1,2}[-/. ]+|[-/. ]*[a-z]{3,}[-/. ]*)\d\d(?:\D.*)?", re.I | re.A
)
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?", re.A)
_FIRST_YEAR = 1900
"""No living person was born earlier; spreadsheets write this year or 1899 for an empty cell."""


def parse_dates(
    texts: Iterable[str], order: DateOrder = "", *, zero_is_missing: bool = False
) -> pd.DataFrame:
    """Read the distinct texts of one date column.

    Args:
        texts: Distinct cells of the column, all of them: dotted dates prove one another wrong.
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
    moments = [_read(cell, order, dots_fail) for cell in cells]
    if zero_is_missing:
        moments = [
            Moment() if _ZERO.fullmatch(cell) else moment
            for cell, moment in zip(cells, moments, strict=True)
        ]
    frame = pd.DataFrame(moments, columns=list(Moment._fields))
    kinds = {"at": "datetime64[us]", "has_offset": "bool"}
    return frame.astype(dict.fromkeys(frame.columns, "str") | kinds)


def _read(text: str, order: DateOrder, dots_fail: bool) -> Moment:
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
    words = fold_words(text)
    if found := _DAY_NAME.fullmatch(words) or _NAME_DAY.fullmatch(words):
        return _moment(found, _MONTHS.get(found["name"], 0), int(found["d"]))
    if _SHORT_YEAR.fullmatch(words):
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
