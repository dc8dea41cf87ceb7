"""A typed spreadsheet cell becomes text, or is marked as one whose text cannot be trusted.

The rule: a cell counts only if a person who looks at it in the spreadsheet reads the same thing.
Standard library only; runs in the limited child process.
"""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

from pipeline.ingest.formats.workbook.number_formats import NumberFormat

BOOLEAN = "cell-boolean"
ERROR = "cell-error"
FORMULA = "cell-formula"
SHOWN_OTHERWISE = "cell-format"
TOO_LONG = "cell-digits"
NO_DATE = "cell-date"
COVERED = "cell-merged"

# A double keeps every integer below this; spreadsheets show no more digits either.
INTEGER_END = 10**15
# Excel counts a 29 February 1900 that never was: dates before March are off by one or untrue.
FIRST_SURE_DATE = date(1900, 3, 1)


def write_number(value: float) -> str:
    """Write the shortest decimal that reads back as the same number, integers without point."""
    if value == int(value) and abs(value) < INTEGER_END:
        return str(int(value))
    return format(Decimal(repr(value)), "f").removesuffix(".0")


def write_cell(value: object, shown_as: NumberFormat | None) -> tuple[str, str]:
    """Give the text of a cell, and the issue code if the text cannot be trusted.

    Args:
        value: What the reading library returned: text, number, date, time or truth value.
        shown_as: Number format of a numeric cell; nothing if numbers stand in it as they are.
    """
    match value:
        case str():
            return value, ""
        case bool():
            return str(value).upper(), BOOLEAN
        case int() | float():
            return _write_shown(value, shown_as)
        case datetime() | date() | time():
            is_sure = shown_as is not None and shown_as.is_date
            text, code = _write_date(value)
            return text, code if is_sure else code or SHOWN_OTHERWISE
        case timedelta():
            return str(value), NO_DATE
        case _:
            return "?", NO_DATE


def _write_shown(value: float, shown_as: NumberFormat | None) -> tuple[str, str]:
    if value != value or value in (float("inf"), float("-inf")):
        return str(value), TOO_LONG
    text = write_number(value)
    if abs(value) >= INTEGER_END:
        return text, TOO_LONG
    return text, "" if shown_as is None or shown_as.shows(value) else SHOWN_OTHERWISE


def _write_date(value: date | time) -> tuple[str, str]:
    """Write a date, with a time unless it is midnight, to the second as spreadsheets show it."""
    match value:
        case datetime():
            rounded = (value + timedelta(milliseconds=500)).replace(microsecond=0)
            code = "" if value.date() >= FIRST_SURE_DATE else NO_DATE
            is_midnight = rounded.time() == time()
            return (rounded.date() if is_midnight else rounded).isoformat(), code
        case date():
            return value.isoformat(), "" if value >= FIRST_SURE_DATE else NO_DATE
        case _:
            return value.isoformat("seconds"), ""
