"""The marks of an .ods workbook, in one streaming pass over its content.

Here a cell's markup carries what is shown beside what is stored, so the two can be compared.
Standard library only; runs in the limited child process.
"""

import io
import re
import zipfile
from xml.parsers.expat import ExpatError, ParserCreate

from pipeline.ingest.formats.refusal import Refused
from pipeline.ingest.formats.workbook.cell_text import COVERED, ERROR, FORMULA, SHOWN_OTHERWISE
from pipeline.ingest.formats.workbook.markup import (
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_TEXT,
    SheetMarkup,
    WorkbookMarkup,
    pack,
)
from pipeline.ingest.formats.workbook.number_formats import NumberFormat
from pipeline.ingest.formats.workbook.xlsx_parts import Attributes, refuse_dtd

_SPACE = re.compile(r"urn:oasis:names:tc:opendocument:xmlns:(\w+):1\.0 ")
_SHOWN_NUMBER = re.compile(r"[-+\u2212(]?(?!0[0-9])[0-9.,'\s]*[0-9][0-9.,'\s]*(?:E[+-]?[0-9]+)?\)?")
_EXTENSION = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0 "
_NUMBERS = ("float", "percentage", "currency")
_CELLS = ("table:table-cell", "table:covered-table-cell")
_DATE_STYLE = 1


def scan_ods(content: bytes) -> WorkbookMarkup:
    """Read the marks of every visible sheet of a workbook.

    Raises:
        Refused: The workbook is damaged, unsafe, too large, or built in a way that is not read.
    """
    scan = _Scan()
    parser = ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = scan.start
    parser.EndElementHandler = scan.end
    parser.CharacterDataHandler = scan.read_text
    parser.StartDoctypeDeclHandler = refuse_dtd
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        if "content.xml" not in package.namelist():
            raise Refused("workbook-damaged", "a part of it is missing")
        try:
            parser.ParseFile(package.open("content.xml"))
        except ExpatError as error:
            raise Refused("workbook-damaged", "a part of it is not well-formed XML") from error
    return WorkbookMarkup(scan.sheets, scan.hidden_sheets, [None, NumberFormat("yyyy-mm-dd")])


class _Scan:
    """State of the pass: the table, row and cell that are open."""

    def __init__(self) -> None:
        self.sheets: list[SheetMarkup] = []
        self.hidden_sheets = 0
        self.names: dict[str, str] = {}
        self.style = ""
        self.hidden_styles: set[str] = set()
        self.marks: SheetMarkup | None = None
        self.is_visible = True
        self.row = self.row_repeats = self.column = self.cells = self.column_sum = 0
        self.is_hidden = self.has_content = False
        self.cell: Attributes | None = None
        self.shown: list[str] = []
        self.asides = self.text = 0
        self.row_marks: list[tuple[int, str]] = []
        self.row_dates: list[int] = []
        self.hidden_columns: list[tuple[int, int]] = []
        self.columns = 0

    def start(self, name: str, attributes: Attributes) -> None:
        """Take the beginning of an element."""
        local = self._shorten(name)
        if local == "office:annotation":
            self.asides += 1
        elif local == "style:style":
            self.style = self._get(attributes, "style:name")
        elif local == "style:table-properties":
            if self._get(attributes, "table:display") == "false":
                self.hidden_styles.add(self.style)
        elif local == "table:table":
            self._open_table(attributes)
        elif self.marks is None:
            return
        elif local == "table:table-column":
            repeats = self._count(attributes, "table:number-columns-repeated")
            if self._get(attributes, "table:visibility") in ("collapse", "filter"):
                self.hidden_columns.append((self.columns, self.columns + repeats - 1))
            self.columns += repeats
        elif local == "table:table-row":
            self.row_repeats = self._count(attributes, "table:number-rows-repeated")
            self.is_hidden = self._get(attributes, "table:visibility") in ("collapse", "filter")
            self.column = self.cells = self.column_sum = 0
            self.has_content = False
        elif local in _CELLS:
            self.cell = attributes
            self.shown.clear()

    def read_text(self, data: str) -> None:
        """Take what a cell shows."""
        if self.cell is not None and not self.asides:
            self.shown.append(data)
            self.text += len(data)
            if self.text > MAX_TEXT:
                raise Refused("file-too-large", f"more than {MAX_TEXT >> 20} MiB of text")

    def end(self, name: str) -> None:
        """Take the end of an element."""
        local = self.names[name]
        if local == "office:annotation":
            self.asides -= 1
        elif self.marks is None:
            return
        elif local in _CELLS and self.cell is not None:
            self._close_cell(self.marks, self.cell, is_covered=local == _CELLS[1])
            self.cell = None
        elif local == "table:table-row":
            self._close_row(self.marks)
        elif local == "table:table":
            self.marks.add_hidden_columns(self.hidden_columns)
            self.marks = None

    def _open_table(self, attributes: Attributes) -> None:
        if self.marks is not None:
            raise Refused("workbook-unsafe", "a table stands inside another")
        self.marks = SheetMarkup(self._get(attributes, "table:name"))
        if self._get(attributes, "table:style-name") in self.hidden_styles:
            self.hidden_sheets += 1
        else:
            self.sheets.append(self.marks)
        self.row = self.columns = 0
        self.hidden_columns = []

    def _close_cell(self, marks: SheetMarkup, cell: Attributes, *, is_covered: bool) -> None:
        repeats = self._count(cell, "table:number-columns-repeated")
        first, self.column = self.column, self.column + repeats
        kind = self._get(cell, "office:value-type")
        shown = "".join(self.shown)
        if kind == "string":
            is_filled = bool(self._get(cell, "office:string-value", shown).strip())
        else:
            is_filled = kind not in ("", "void")
        code = ""
        if self._get(cell, "calcext:value-type") == "error" or (not kind and shown.strip()):
            code = ERROR
        elif not kind and self._get(cell, "table:formula"):
            code = FORMULA
        elif is_filled and is_covered:
            code = COVERED
        elif kind in _NUMBERS and not _is_shown_as_stored(kind, shown):
            code = SHOWN_OTHERWISE
        if not is_filled and not code:
            return
        if self.column > MAX_COLUMNS:
            raise Refused("workbook-damaged", "it has columns that a spreadsheet cannot have")
        self.has_content = True
        for column in range(first, self.column):
            marks.extend(column)
            self.cells += is_filled
            self.column_sum += column * is_filled
            if kind in ("date", "time"):
                self.row_dates.append(column)
            if code:
                self.row_marks.append((column, code))
        right = first + self._count(cell, "table:number-columns-spanned") - 1
        bottom = self.row + self._count(cell, "table:number-rows-spanned")
        if right > first or bottom > self.row + 1:
            marks.add_merged(self.row + 1, first, bottom, right)

    def _close_row(self, marks: SheetMarkup) -> None:
        first, self.row = self.row + 1, self.row + self.row_repeats
        if self.has_content and self.row > MAX_ROWS:
            raise Refused("workbook-damaged", "it has rows that a spreadsheet cannot have")
        if self.has_content:
            for row in range(first, self.row + 1):
                marks.add_row(row, self.cells, self.column_sum, is_hidden=self.is_hidden)
                marks.styled.extend(pack(row, column, _DATE_STYLE) for column in self.row_dates)
                for column, code in self.row_marks:
                    marks.add_bad(row, column, code)
        self.row_dates.clear()
        self.row_marks.clear()

    def _shorten(self, name: str) -> str:
        """Give "table:table-row" for a name with its whole namespace."""
        if name not in self.names:
            self.names[name] = _SPACE.sub(r"\1:", name).replace(_EXTENSION, "calcext:")
        return self.names[name]

    def _get(self, attributes: Attributes, wanted: str, default: str = "") -> str:
        return next((v for key, v in attributes.items() if self._shorten(key) == wanted), default)

    def _count(self, attributes: Attributes, wanted: str) -> int:
        text = self._get(attributes, wanted, "1")
        if not text.isascii() or not text.isdigit() or not 0 < int(text[:9]) <= MAX_ROWS:
            raise Refused("workbook-damaged", "a row or column has no number")
        return int(text)


def _is_shown_as_stored(kind: str, shown: str) -> bool:
    """Tell whether a person sees the number itself, apart from rounding."""
    return kind == "float" and (not shown.strip() or bool(_SHOWN_NUMBER.fullmatch(shown.strip())))
