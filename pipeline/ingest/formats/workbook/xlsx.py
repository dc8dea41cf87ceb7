"""The marks of an .xlsx workbook, in one streaming pass over each sheet.

Refuses sheets that only a hostile or broken program writes.
Standard library only; runs in the limited child process.
"""

import io
import re
import zipfile
from array import array
from typing import IO

from pipeline.ingest.formats.refusal import Refused
from pipeline.ingest.formats.workbook.cell_text import ERROR, FORMULA, NO_DATE
from pipeline.ingest.formats.workbook.markup import (
    MAX_AREA,
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_TEXT,
    SheetMarkup,
    WorkbookMarkup,
    pack,
)
from pipeline.ingest.formats.workbook.number_formats import NumberFormat
from pipeline.ingest.formats.workbook.xlsx_comments import count_commented, read_struck_styles
from pipeline.ingest.formats.workbook.xlsx_parts import (
    Attributes,
    measure_text,
    parse_part,
    read_workbook_parts,
)

MAX_ELEMENTS = 2 * MAX_AREA

_KINDS = {"n", "s", "str", "b", "e", "d", "inlineStr"}
_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")


def scan_xlsx(content: bytes) -> WorkbookMarkup:
    """Read the marks of every visible sheet of a workbook.

    Raises:
        Refused: The workbook is damaged, unsafe, too large, or shows no sheet.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        parts = read_workbook_parts(package)
        struck = read_struck_styles(parts.open(parts.styles)) if parts.styles else frozenset()
        scanned = []
        for sheet in parts.sheets:
            if sheet.is_visible:
                marks = scan_sheet(parts.open(sheet.part), parts.lengths, parts.formats, struck)
                marks.name = sheet.name
                count_commented(parts.open, sheet.part, marks.commented)
                scanned.append(marks)
    return WorkbookMarkup(scanned, len(parts.sheets) - len(scanned), parts.formats or [None])


def scan_sheet(
    stream: IO[bytes],
    lengths: "array[int]",
    formats: list[NumberFormat | None],
    struck: frozenset[int] = frozenset(),
) -> SheetMarkup:
    """Read what the markup of one sheet says beyond the values.

    Args:
        stream: The sheet's part.
        lengths: Lengths of the shared strings.
        formats: Number formats by style; nothing where numbers are always plain.
        struck: Styles with a line through the text.

    Raises:
        Refused: Rows or cells are out of order, twice, out of bounds or too many.
    """
    scan = _Scan(lengths, formats, struck)
    parse_part(stream, scan.start, scan.read_text)
    return scan.finish()


class _Scan:
    """State of the pass: the row and cell that are open, and what they have shown so far."""

    __slots__ = (
        "cells", "column", "column_sum", "digits", "elements", "formats", "has_content",
        "has_formula", "hidden", "is_filled", "is_hidden", "is_open", "is_phonetic",
        "is_struck", "kind",
        "lengths", "marks", "names", "row", "row_text", "struck", "style", "styles",
        "takes_text", "text",
    )  # fmt: skip

    def __init__(
        self,
        lengths: "array[int]",
        formats: list[NumberFormat | None],
        struck: frozenset[int] = frozenset(),
    ) -> None:
        self.lengths, self.formats = lengths, formats or [None]
        self.struck, self.is_struck = set(map(str, struck)), False
        # -1 for plain formats; a cell that names no style has the first.
        self.styles: dict[str | None, int] = {
            str(i): -1 if found is None else i for i, found in enumerate(self.formats)
        }
        self.styles[None] = self.styles["0"]
        self.marks = SheetMarkup()
        self.names: dict[str, str] = {}
        self.row, self.row_text, self.digits = 0, "", 0
        self.column = -1
        self.cells = self.column_sum = self.elements = self.text = 0
        self.hidden: list[tuple[int, int]] = []
        self.kind, self.style = "n", -1
        self.is_open = self.is_filled = self.has_formula = self.takes_text = False
        self.is_hidden = self.is_phonetic = self.has_content = False

    def start(self, name: str, attributes: Attributes) -> None:
        """Take the beginning of an element; cells and their values come first, being many."""
        local = self.names.get(name)
        if local == "c":
            self.takes_text = False
            self._open_cell(attributes)
        elif local == "v":
            self.takes_text = self.is_open and self.kind != "inlineStr"
        elif local == "t":
            self.takes_text = self.is_open and self.kind == "inlineStr" and not self.is_phonetic
        elif local != "is":
            self.takes_text = False
            self._start_other(local, name, attributes)

    def _start_other(self, local: str | None, name: str, attributes: Attributes) -> None:
        if not self.names:
            # Extensions carry elements of the same names in other namespaces.
            space = name.rpartition(" ")[0]
            known = ("c", "v", "t", "is", "f", "row", "rPh", "col", "mergeCell")
            self.names = {f"{space} {local}": local for local in known}
        elif local == "f":
            self.has_formula = True
        elif local == "row":
            self._open_row(attributes)
        elif local == "rPh":
            self.is_phonetic = True
        elif local == "col" and attributes.get("hidden") in ("1", "true"):
            self.hidden.append(
                (_number(attributes.get("min")) - 1, _number(attributes.get("max")) - 1)
            )
        elif local == "mergeCell":
            self._merge(attributes.get("ref", ""))

    def read_text(self, data: str) -> None:
        """Take the text of a value: whether there is any, never what it says."""
        if not self.takes_text:
            return
        kind = self.kind
        if kind == "s":
            if not data.isspace():
                length = self._length_of(data)
                self.is_filled = length > 0
                self.text += length
        elif kind in ("str", "inlineStr"):
            if not data.isspace() and ("_x" not in data or measure_text(data)):
                self.is_filled = True
                self.text += len(data)
        elif not data.isspace():
            self.is_filled = True
            if kind == "n":
                _check_number(data)
            if self.style >= 0 and data[0] == "-" and self._is_date():
                # The library reads a date before the first one as midnight.
                self._flag(NO_DATE)
        if self.text > MAX_TEXT:
            raise Refused("file-too-large", f"more than {MAX_TEXT >> 20} MiB of text")

    def finish(self) -> SheetMarkup:
        """Close what is open and hand over the marks."""
        self._close_row()
        self.marks.add_hidden_columns(self.hidden)
        return self.marks

    def _is_date(self) -> bool:
        shown_as = self.formats[self.style]
        return shown_as is not None and shown_as.is_date

    def _length_of(self, index: str) -> int:
        try:
            return self.lengths[int(index)]
        except (ValueError, IndexError) as error:
            raise Refused("workbook-damaged", "a text of it is missing") from error

    def _open_row(self, attributes: Attributes) -> None:
        self._close_row()
        row = _number(attributes["r"]) if "r" in attributes else self.row + 1
        if row <= self.row:
            raise Refused("workbook-damaged", "its rows are out of order, or one stands twice")
        if row > MAX_ROWS:
            raise Refused("workbook-damaged", "it has rows that a spreadsheet cannot have")
        self.row, self.row_text = row, str(row)
        self.digits = len(self.row_text)
        self.column = -1
        self.is_hidden = attributes.get("hidden") in ("1", "true") or attributes.get("ht") == "0"

    def _close_row(self) -> None:
        if self.is_open:
            self._close_cell()
        self.elements += self.column + 2
        if self.elements > MAX_ELEMENTS:
            raise Refused("file-too-large", f"a sheet has more than {MAX_ELEMENTS:,} cells")
        if self.has_content:
            self.marks.add_row(self.row, self.cells, self.column_sum, is_hidden=self.is_hidden)
        self.cells = self.column_sum = 0
        self.has_content = False

    def _open_cell(self, attributes: Attributes) -> None:
        if self.is_open:
            self._close_cell()
        get = attributes.get
        reference = get("r")
        if reference is None:
            column = self.column + 1
        elif reference.endswith(self.row_text):
            column = _COLUMNS.get(reference[: -self.digits], -1)
        else:
            column = -1
        if not self.column < column < MAX_COLUMNS or not self.row:
            raise Refused("workbook-damaged", "its cells are out of order, or one stands twice")
        self.column = column
        self.kind = get("t", "n")
        if self.kind not in _KINDS:
            raise Refused("workbook-damaged", "a cell is of an unknown kind")
        style = self.styles.get(get("s"))
        if style is None:
            raise Refused("workbook-damaged", "a style of it is missing")
        if style >= 0:
            self.marks.styled.append(pack(self.row, column, style))
        self.style = style
        if self.struck:
            self.is_struck = get("s", "0") in self.struck
        self.is_open = True
        self.is_filled = self.has_formula = self.is_phonetic = False

    def _close_cell(self) -> None:
        """Enter what was learned of the cell that has just ended."""
        if self.kind == "e":
            self._flag(ERROR)
        elif self.is_filled:
            self.cells += 1
            self.column_sum += self.column
            if self.is_struck:
                self.marks.struck.add(_NAMES[self.column] + self.row_text)
            if not self.has_content or self.column > self.marks.last_column:
                self.has_content = True
                self.marks.extend(self.column)
        elif self.has_formula and self.kind != "str":
            self._flag(FORMULA)
        self.is_open = False

    def _flag(self, code: str) -> None:
        self.has_content = True
        self.marks.add_bad(self.row, self.column, code)

    def _merge(self, reference: str) -> None:
        first, _, last = reference.partition(":")
        top, left = _cell_position(first)
        bottom, right = _cell_position(last or first)
        self.marks.add_merged(top, left, bottom, right)


def _list_columns() -> dict[str, int]:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    names = [
        first + second + third
        for first in ("", *letters)
        for second in ("", *letters)
        for third in letters
        if second or not first
    ]
    return {name: column for column, name in enumerate(names[:MAX_COLUMNS])}


_COLUMNS = _list_columns()
_NAMES = list(_COLUMNS)


def _cell_position(reference: str) -> tuple[int, int]:
    found = _REFERENCE.fullmatch(reference)
    if not found or found[1] not in _COLUMNS or int(found[2]) > MAX_ROWS:
        raise Refused("workbook-damaged", "a reference to a cell cannot be read")
    return int(found[2]), _COLUMNS[found[1]]


def _check_number(text: str) -> None:
    """Refuse a number cell that holds none: the library would hand it over as text."""
    try:
        float(text)
    except ValueError as error:
        raise Refused("workbook-damaged", "a number of it cannot be read") from error


def _number(text: str | None) -> int:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Refused("workbook-damaged", "a row or column has no number")
    return int(text)
