"""How one file is written, decided from all of it: delimiter, decimal sign, order of dates."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pipeline.ingest.text_tables import DateOrder, DecimalSign, UnreadableFile
from schemas.vocabulary import Sex


@dataclass(frozen=True, slots=True, kw_only=True)
class Conventions:
    """How one table was read; everything that `labflag identify` prints of it."""

    source_file: str
    """As shown to people."""
    sha8: str
    """First eight hex digits of the SHA-256 of the file."""
    shape: Literal["long", "wide"]
    sheet: str = ""
    layout: str = ""
    """Id of the layout; "" if plain headers sufficed."""
    encoding: str = ""
    """Of a text file; "" for workbooks."""
    delimiter: str = ""
    """Of a text file; "" for workbooks."""
    decimal: DecimalSign = ""
    """Decimal sign of all numbers; "" if nothing in the file settles it."""
    date_order: Mapping[str, DateOrder] = field(default_factory=dict)
    """Date column of Export (`birth_date`, `collected_at`) → order; "" where unsettled."""
    header_row: int = 1
    """Row number of the header as Excel shows it."""
    sex: Mapping[str, Sex] = field(default_factory=dict)
    """What the export writes for sex → sex, if the layout says it."""
    age_unit: Literal["", "years", "months", "days"] = ""
    """Unit of ages written as bare numbers."""
    population: Literal["", "adult"] = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Header → column of Export, "analyte [unit]", "flag of …", or "not used"."""
    nearest: Mapping[str, str] = field(default_factory=dict)
    """Header that is not used → the known name that comes nearest, where one is near."""


HeaderTest = Callable[[Sequence[str]], int]
"""How many cells of a row are known headers."""

DELIMITERS = (",", ";", "\t", "|")
HEADER_WITHIN = 20
"""The header stands within so many rows."""

_FITS = 2
# A number at the beginning of a cell, and what its separators say about the decimal sign.
_NUMBER = re.compile(r"[\s<>≤≥=~]*[+-]?([0-9][0-9.,]*)")
_EITHER = re.compile(r"[1-9]\d{0,2}([.,])\d{3}", re.ASCII)
_DECIMAL = re.compile(r"\d+([.,])\d+|\d{1,3}(?:,\d{3})+(\.)\d+|\d{1,3}(?:\.\d{3})+(,)\d+", re.ASCII)
_GROUPED = re.compile(r"\d{1,3}(?:([.,])\d{3})(?:\1\d{3})+", re.ASCII)
_OTHER: dict[str, DecimalSign] = {".": ",", ",": "."}

_DAY_AND_MONTH = re.compile(r"\s*(\d{1,2})([/-])(\d{1,2})\2\d{4}(?!\d)", re.ASCII)
_MONTHS = 12


def choose_delimiter(
    heads: Mapping[str, Sequence[tuple[int, list[str]]]], is_header: HeaderTest
) -> str:
    """Choose the delimiter under which a header is recognized.

    Args:
        heads: Delimiter → the first rows of the file as split by it.
        is_header: How many cells of a row are known headers.

    Raises:
        UnreadableFile: A header is recognized under more than one.
    """
    known = {
        delimiter: max((is_header(cells) for _, cells in rows[:HEADER_WITHIN]), default=0)
        for delimiter, rows in heads.items()
    }
    fitting = [delimiter for delimiter, count in known.items() if count >= _FITS]
    if len(fitting) > 1:
        raise UnreadableFile("delimiter-ambiguous")
    cells = {delimiter: sum(len(row) for _, row in rows) for delimiter, rows in heads.items()}
    return max(heads, key=lambda delimiter: (known[delimiter], cells[delimiter]))


@dataclass(frozen=True, slots=True, kw_only=True)
class DecimalConvention:
    """The decimal sign of a file, and which of its numbers remain in doubt all the same."""

    sign: DecimalSign
    is_contradicted: bool
    """Some numbers are written with the other sign."""


def decide_decimal(
    texts: Iterable[str],
    *,
    layout: DecimalSign = "",
    site: DecimalSign = "",
) -> DecimalConvention:
    """Decide the one decimal sign of a file.

    Args:
        texts: Distinct texts of all its values and reference ends.
        layout: What the layout says; it stands whatever the numbers look like.
        site: What the site says; it counts where no number settles it.
    """
    found: set[DecimalSign] = set()
    for text in texts:
        found.update(_signs_of(text))
    contradicted = len(found | ({layout} - {""})) > 1
    if layout:
        return DecimalConvention(sign=layout, is_contradicted=contradicted)
    # Where the numbers contradict each other the point stands, and the commas are held.
    sign: DecimalSign = "." if "." in found else "," if "," in found else site
    return DecimalConvention(sign=sign, is_contradicted=contradicted)


def reads_two_ways(text: str) -> bool:
    """Whether the one separator of a number may be a decimal sign or a thousands separator."""
    number = _NUMBER.match(text)
    return bool(number and _EITHER.fullmatch(number[1].rstrip(".,")))


def _signs_of(text: str) -> Iterator[DecimalSign]:
    number = _NUMBER.match(text)
    if not number:
        return
    digits = number[1].rstrip(".,")
    if _EITHER.fullmatch(digits):
        return
    if decimal := _DECIMAL.fullmatch(digits):
        sign = decimal[1] or decimal[2] or decimal[3]
        yield "." if sign == "." else ","
    elif grouped := _GROUPED.fullmatch(digits):
        yield _OTHER[grouped[1]]


def decide_date_order(texts: Iterable[str], stated: DateOrder = "") -> DateOrder:
    """Decide the order of day and month from all dates of a column with slashes or hyphens.

    Args:
        texts: Distinct texts of the column.
        stated: What the layout or the site says; a date that proves otherwise unsettles it.

    Returns:
        The order; "" if nothing settles it or two dates contradict each other.
    """
    found = {stated, *prove_date_orders(texts)} - {""}
    return found.pop() if len(found) == 1 else ""


def prove_date_orders(texts: Iterable[str]) -> dict[DateOrder, str]:
    """Give the orders that dates with slashes or hyphens prove, each with its first date.

    A date proves an order if only one of its first two numbers can be a month.
    """
    proofs: dict[DateOrder, str] = {}
    for text in texts:
        if date := _DAY_AND_MONTH.match(text):
            first, second = int(date[1]), int(date[3])
            if (first > _MONTHS) != (second > _MONTHS):
                proofs.setdefault("day-first" if first > _MONTHS else "month-first", text)
    return proofs
