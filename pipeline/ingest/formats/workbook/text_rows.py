"""The rows of one sheet: the library's values as text, checked against the sheet's markup.

Standard library only; runs in the limited child process.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Protocol

from pipeline.ingest.formats.refusal import Refused
from pipeline.ingest.formats.workbook.cell_text import (
    COVERED,
    ERROR,
    INTEGER_END,
    write_cell,
    write_number,
)
from pipeline.ingest.formats.workbook.markup import SheetMarkup, StyledRows, Styles
from pipeline.ingest.formats.workbook.number_formats import NumberFormat

Value = str | float | bool | date | datetime | time | timedelta
Row = tuple[int, list[str], list[tuple[int, str]]]
"""Row number, texts from column A on, (column, issue code) of cells that cannot be trusted."""

# The cell is not empty, only its text is unknown: an empty text would read as "not tested".
_UNREADABLE = {ERROR: "#ERROR", "": "#FORMULA"}


class LibrarySheet(Protocol):
    """What is used of the reading library's sheet."""

    @property
    def start(self) -> tuple[int, int] | None: ...

    def iter_rows(self) -> Iterator[list[Value]]: ...


def list_rows(
    sheet: LibrarySheet, marks: SheetMarkup, formats: list[NumberFormat | None]
) -> Iterator[Row]:
    """Give the rows that hold anything, each as wide as the sheet.

    Raises:
        Refused: Library and markup do not agree on which cells are filled.
    """
    start = sheet.start[1] if sheet.start else 0
    library = enumerate(sheet.iter_rows(), 1)
    styled = StyledRows(marks, formats)
    bad = _group_by_row(marks.bad)
    covered = marks.list_covered()
    width = marks.last_column + 1
    for number, cells, column_sum in zip(marks.rows, marks.cells, marks.column_sums, strict=True):
        row = _RowText(number, start)
        row.write(_find_row(library, number), styled.take(number), marks.counts_texts)
        if (row.filled, row.column_sum) != (cells, column_sum):
            raise _disagreement()
        row.overlay(width, bad.get(number, {}), covered)
        if row.bad or any(row.texts):
            yield number, row.texts, row.bad
    _find_row(library, -1)


class _RowText:
    """One row on its way from values to text."""

    __slots__ = ("bad", "column_sum", "filled", "number", "texts")

    def __init__(self, number: int, start: int) -> None:
        self.number = number
        self.texts = [""] * start
        self.bad: list[tuple[int, str]] = []
        self.filled = self.column_sum = 0

    def write(self, values: list[Value], styles: Styles, counts_texts: bool) -> None:
        """Add the values, from the column on that comes next."""
        add = self.texts.append
        for column, value in enumerate(values, len(self.texts)):
            if isinstance(value, str):
                add(value)
                if not counts_texts or not value or value.isspace():
                    continue
            elif (
                isinstance(value, float)
                and column not in styles
                and -INTEGER_END < value < INTEGER_END
            ):
                add(write_number(value))
            else:
                text, code = write_cell(value, styles.get(column))
                add(text)
                if code:
                    self.bad.append((column, code))
            self.filled += 1
            self.column_sum += column

    def overlay(self, width: int, marks: Mapping[int, str], covered: set[tuple[int, int]]) -> None:
        """Make the row as wide as the sheet and enter what the markup says of its cells."""
        if any(text.strip() for text in self.texts[width:]):
            raise _disagreement()
        self.texts = (self.texts + [""] * width)[:width]
        codes = dict(self.bad)
        codes.update(marks)
        for column, code in marks.items():
            self.texts[column] = self.texts[column] or _UNREADABLE.get(code, "#FORMULA")
        if covered:
            codes.update(
                (column, COVERED)
                for column, text in enumerate(self.texts)
                if (self.number, column) in covered and text.strip()
            )
        self.bad = sorted(codes.items())


def _find_row(library: Iterator[tuple[int, list[Value]]], number: int) -> list[Value]:
    """Go on to a row of the library; the rows that are passed over must be blank."""
    for found, values in library:
        if found == number:
            return values
        if any(not isinstance(value, str) or value.strip() for value in values):
            raise _disagreement()
    return []


def _disagreement() -> Refused:
    return Refused("workbook-damaged", "two ways of reading it give different cells")


def _group_by_row(bad: Mapping[tuple[int, int], str]) -> dict[int, dict[int, str]]:
    rows: dict[int, dict[int, str]] = {}
    for (row, column), code in bad.items():
        rows.setdefault(row, {})[column] = code
    return rows
