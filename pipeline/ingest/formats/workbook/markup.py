"""What a workbook's own markup says of its cells beyond their values.

Values come from the reading library alone. The marks name what that library cannot say (number
formats, errors, formulas without result, hidden rows, merged cells), and count filled cells, so
that two ways of reading one file can be compared.
Standard library only; runs in the limited child process.
"""

from array import array
from collections.abc import Iterator, Mapping

from pipeline.ingest.formats.refusal import Refused
from pipeline.ingest.formats.workbook.number_formats import NumberFormat

MAX_ROWS, MAX_COLUMNS = 1_048_576, 16_384
MAX_AREA = 5_000_000
MAX_MERGED_CELLS = 200_000
MAX_BAD_CELLS = 500_000
MAX_TEXT = 200 << 20
MAX_NAMED = 5

Styles = Mapping[int, NumberFormat | None]
"""Column → number format, of the cells of one row that are in other than plain formats."""


class CellCount:
    """How many cells have something in common, and the names of the first of them."""

    __slots__ = ("count", "named")

    def __init__(self) -> None:
        self.count = 0
        self.named: list[str] = []

    def add(self, reference: str) -> None:
        self.count += 1
        if len(self.named) < MAX_NAMED:
            self.named.append(reference)

    def __str__(self) -> str:
        """Give "2 cells (B3, C4)"."""
        more = " …" if self.count > len(self.named) else ""
        return f"{_count(self.count, 'cell')} ({', '.join(self.named)}{more})"


def _count(number: int, noun: str) -> str:
    # Not pipeline.texts.counts: a process that reads a workbook imports no more than it must.
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


class SheetMarkup:
    """The marks of one sheet. Rows count from 1, columns from 0."""

    __slots__ = (
        "bad", "cells", "column_sums", "commented", "counts_texts", "first_column",
        "hidden_columns", "hidden_rows", "last_column", "merged", "merged_cells", "name", "rows",
        "struck", "styled",
    )  # fmt: skip

    def __init__(self, name: str = "", *, counts_texts: bool = True) -> None:
        self.name = name
        self.counts_texts = counts_texts
        """Whether cells of text are among the filled cells counted, or only all others."""
        self.rows = array("L")
        """Numbers of the rows with anything in them, upward."""
        self.cells = array("L")
        """Filled cells of each of `rows`."""
        self.column_sums = array("Q")
        """Sum of the columns of the filled cells of each of `rows`."""
        self.styled = array("Q")
        """`pack(row, column, style)` of cells in other than plain number formats, in order."""
        self.bad: dict[tuple[int, int], str] = {}
        """(row, column) → issue code."""
        self.hidden_rows = 0
        self.hidden_columns = 0
        self.merged: list[tuple[int, int, int, int]] = []
        """First row, first column, last row, last column."""
        self.merged_cells = 0
        self.commented, self.struck = CellCount(), CellCount()
        self.first_column, self.last_column = MAX_COLUMNS, -1

    @property
    def area(self) -> int:
        """Cells of the rectangle around everything that is filled."""
        if not self.rows:
            return 0
        return (self.rows[-1] - self.rows[0] + 1) * (self.last_column - self.first_column + 1)

    def add_row(self, row: int, cells: int, column_sum: int, *, is_hidden: bool) -> None:
        """Enter a row that holds something."""
        self.rows.append(row)
        self.cells.append(cells)
        self.column_sums.append(column_sum)
        self.hidden_rows += is_hidden
        if self.area > MAX_AREA:
            raise Refused("file-too-large", f"a sheet spans more than {MAX_AREA:,} cells")

    def extend(self, column: int) -> None:
        """Make the sheet as wide as a cell that holds something."""
        if column > self.last_column:
            self.last_column = column
        if column < self.first_column:
            self.first_column = column

    def add_bad(self, row: int, column: int, code: str) -> None:
        """Enter a cell whose text cannot be trusted."""
        self.bad[row, column] = code
        self.extend(column)
        if len(self.bad) > MAX_BAD_CELLS:
            raise Refused("workbook-damaged", f"more than {MAX_BAD_CELLS:,} cells hold errors")

    def add_merged(self, top: int, left: int, bottom: int, right: int) -> None:
        """Enter an area that is shown as one cell."""
        self.merged.append((top, left, bottom, right))
        self.merged_cells += max(0, bottom - top + 1) * max(0, right - left + 1)
        if self.merged_cells > MAX_MERGED_CELLS:
            raise Refused("workbook-unsafe", f"more than {MAX_MERGED_CELLS:,} cells are merged")

    def add_hidden_columns(self, spans: list[tuple[int, int]]) -> None:
        """Count the hidden columns among those in use; to be called when all cells are known."""
        first, last = self.first_column, self.last_column
        self.hidden_columns = sum(
            max(0, min(right, last) - max(left, first) + 1) for left, right in spans
        )

    def list_covered(self) -> set[tuple[int, int]]:
        """List the places that lie under a merged cell: all but its top left one."""
        return {
            (row, column)
            for top, left, bottom, right in self.merged
            for row in range(top, bottom + 1)
            for column in range(left, right + 1)
            if (row, column) != (top, left)
        }

    def list_notes(self) -> Iterator[tuple[str, str]]:
        """Say what a person who looks at the sheet does not see, or sees otherwise."""
        if self.hidden_rows:
            yield "hidden-rows", f"{self.hidden_rows} of {_count(len(self.rows), 'row')}"
        if self.hidden_columns:
            yield "hidden-columns", _count(self.hidden_columns, "column")
        if self.merged:
            yield "merged-cells", _count(len(self.merged), "merged area")
        remarked = {"with a comment": self.commented, "struck through": self.struck}
        told = [f"{each} {what}" for what, each in remarked.items() if each.count]
        if told:
            yield "cell-commented", ", ".join(told)


class WorkbookMarkup:
    """The marks of the visible sheets of a workbook."""

    __slots__ = ("formats", "hidden_sheets", "sheets")

    def __init__(
        self, sheets: list[SheetMarkup], hidden_sheets: int, formats: list[NumberFormat | None]
    ) -> None:
        self.sheets = sheets
        self.hidden_sheets = hidden_sheets
        self.formats = formats
        """Number format of each style; nothing where numbers are always plain."""


def pack(row: int, column: int, style: int) -> int:
    """Put a cell's place and style into one number that sorts by row, then column."""
    return row << 40 | column << 20 | style


class StyledRows:
    """Number formats of one row after the other."""

    def __init__(self, marks: SheetMarkup, formats: list[NumberFormat | None]) -> None:
        self._packed, self._formats, self._at = marks.styled, formats, 0

    def take(self, number: int) -> Styles:
        """Give the formats of a row; rows must be asked for upward."""
        found: dict[int, NumberFormat | None] = {}
        while self._at < len(self._packed):
            packed = self._packed[self._at]
            row = packed >> 40
            if row > number:
                break
            if row == number:
                found[packed >> 20 & 0xFFFFF] = self._formats[packed & 0xFFFFF]
            self._at += 1
        return found
