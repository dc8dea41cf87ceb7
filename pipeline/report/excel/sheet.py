"""Writing a sheet: cells that hold what they are given, native tables, pages."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from textwrap import wrap
from typing import Any, NamedTuple

from openpyxl import Workbook
from openpyxl.packaging.core import DocumentProperties
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.table import Table, TableStyleInfo
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.report.excel.style import DATE, FONT, HEADER, QUIET, TEXT, VERDICT, Look, Styler
from pipeline.texts import ENGLISH, Texts
from pipeline.texts.workbook_cells import clean_text

A4 = "9"
FOOTER_AT_MOST = 80
# Points; a row cannot be higher.
LEAST_HEIGHT, MOST_HEIGHT = 15.0, 409.0
# Excel counts days from 1900 and takes that year for a leap year.
FIRST_DATE = date(1900, 3, 1)

_LIVE = ("=", "+", "-", "@")


class Entry(NamedTuple):
    """A cell to be: its value, look, number format and link ("#…" leads within the workbook)."""

    value: str | float | date | None
    look: Look = TEXT
    number_format: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table: its header, and how wide it may be, in characters."""

    title: str
    most: int = 40


def columns(*titles: str | tuple[str, int]) -> tuple[Column, ...]:
    """Make columns from headers, with the most width where it is not the usual one."""
    return tuple(
        Column(title=each) if isinstance(each, str) else Column(title=each[0], most=each[1])
        for each in titles
    )


def start_workbook(title: str, language: str = ENGLISH.language) -> Workbook:
    """Make a workbook without sheets whose properties name no person."""
    book = Workbook()
    book.remove(book.worksheets[0])
    # Columns are measured in digits of this font.
    book._named_styles["Normal"].font = Font(name=FONT, size=10)  # type: ignore[attr-defined]
    book.properties = DocumentProperties(title=title, creator="labflag", language=language)
    return book


def add_sheet(
    book: Workbook, title: str, footer: str, texts: Texts = ENGLISH, *, repeat: str
) -> Worksheet:
    """Add a sheet that prints in landscape, one page wide, `repeat` (rows "1:3") on every page."""
    sheet: Worksheet = book.create_sheet(title)
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = A4
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True  # type: ignore[union-attr]
    sheet.page_margins = PageMargins(
        left=0.4, right=0.4, top=0.5, bottom=0.6, header=0.3, footer=0.3
    )
    sheet.print_title_rows = repeat
    foot: Any = sheet.oddFooter
    foot.left.text, foot.center.text = _footer_text(footer), title
    foot.right.text = texts("page", page="&P", pages="&N")
    sheet.sheet_view.showGridLines = False
    return sheet


def put(sheet: Worksheet, styler: Styler, row: int, column: int, entry: Entry) -> None:
    """Write one cell: text as text whatever it begins with, numbers and dates as such."""
    value, look, number_format, link = entry
    cell: Any = sheet.cell(row, column)
    if (
        isinstance(value, date)
        and (value.date() if isinstance(value, datetime) else value) < FIRST_DATE
    ):
        value = value.isoformat()
    if isinstance(value, str):
        text = clean_text(value)
        if text:
            cell.value = text
            # openpyxl takes "=…" for a formula and "#N/A" for an error.
            cell.data_type = "s"
        styler.dress(cell, look, "", quoted=text.startswith(_LIVE))
    else:
        if value is not None:
            cell.value = value
        styler.dress(
            cell, look, number_format or (DATE if isinstance(value, date) else ""), quoted=False
        )
    if link:
        # Without text of its own, so that the cell keeps what it says.
        target, location = (None, link[1:]) if link.startswith("#") else (link, None)
        cell.hyperlink = Hyperlink(ref=cell.coordinate, target=target, location=location)


def name_cell(book: Workbook, name: str, sheet: Worksheet, row: int, column: int) -> None:
    """Give a cell a name that other workbooks can refer to."""
    place = f"${get_column_letter(column)}${row}"
    book.defined_names[name] = DefinedName(
        name, attr_text=f"{quote_sheetname(sheet.title)}!{place}"
    )


def put_row(
    sheet: Worksheet, styler: Styler, row: int, entries: Iterable[Entry], first: int = 1
) -> None:
    """Write cells side by side."""
    for column, entry in enumerate(entries, first):
        put(sheet, styler, row, column, entry)


def fit_row(sheet: Worksheet, row: int, entries: Iterable[Entry], widths: Iterable[float]) -> None:
    """Make a row as high as its text needs; not every program does so on opening a file."""
    pairs = list(zip(entries, widths, strict=False))
    height = max((_height_of(entry, width) for entry, width in pairs), default=LEAST_HEIGHT)
    sheet.row_dimensions[row].height = min(max(height, LEAST_HEIGHT), MOST_HEIGHT)


def put_table(
    sheet: Worksheet,
    styler: Styler,
    top: int,
    name: str,
    heads: Sequence[Column],
    rows: Iterable[Sequence[Entry]],
    *,
    at_most: int | None = None,
    elsewhere: str = "",
    texts: Texts = ENGLISH,
) -> int:
    """Write a native table with its header in row `top`; give the first free row below it.

    An empty table has one row that says so. What goes beyond `at_most` rows is left out and
    counted in a line below, which says where it can be found.
    """
    headers = [Entry(head.title, HEADER) for head in heads]
    put_row(sheet, styler, top, headers)
    waiting = iter(rows)
    needed = [max(map(len, head.title.split())) + 4 for head in heads]
    high: list[tuple[int, Sequence[Entry]]] = [(top, headers)]
    bottom = top
    for bottom, entries in enumerate(islice(waiting, at_most), top + 1):
        put_row(sheet, styler, bottom, entries)
        is_high = False
        for place, entry in enumerate(entries):
            width = _width_of(entry)
            needed[place] = max(needed[place], width)
            is_high |= width > heads[place].most or (
                isinstance(entry.value, str) and "\n" in entry.value
            )
        if is_high:
            high.append((bottom, entries))
    if bottom == top:
        bottom += 1
        put_row(
            sheet, styler, bottom, [Entry(texts("none"), QUIET), *[Entry(None)] * (len(heads) - 1)]
        )
    widths = [
        _widen(sheet, place, min(wish, head.most) + 3)
        for place, (wish, head) in enumerate(zip(needed, heads, strict=True), 1)
    ]
    for row, entries in high:
        fit_row(sheet, row, entries, widths)
    table = Table(
        displayName=name, name=name, ref=f"A{top}:{get_column_letter(len(heads))}{bottom}"
    )
    table.tableStyleInfo = TableStyleInfo(name="TableStyleLight1", showRowStripes=False)
    sheet.add_table(table)
    left_out = sum(1 for _ in waiting)
    if left_out:
        bottom += 1
        text = texts.count("more-rows", left_out, elsewhere=elsewhere)
        put(sheet, styler, bottom, 1, Entry(text, VERDICT))
    return bottom + 2


def _widen(sheet: Worksheet, place: int, width: float) -> float:
    """Widen a column if need be; tables that stand one below the other share it."""
    column = sheet.column_dimensions[get_column_letter(place)]
    column.width = max(width, column.width if column.customWidth else 0)
    return float(column.width)


def add_drop_down(
    sheet: Worksheet, choices: Sequence[str], *, column: int, first: int, last: int
) -> None:
    """Offer choices in the cells of a column; other words may be typed all the same."""
    letter = get_column_letter(column)
    offer = DataValidation(
        type="list", formula1=f'"{",".join(choices)}"', allow_blank=True, showErrorMessage=False
    )
    offer.add(f"{letter}{first}:{letter}{last}")
    sheet.add_data_validation(offer)


def hide_column(sheet: Worksheet, column: int) -> None:
    sheet.column_dimensions[get_column_letter(column)].hidden = True


def _footer_text(text: str) -> str:
    """Text for a footer, where "&" begins a command."""
    one_line = " ".join(clean_text(text).split())
    cut = one_line if len(one_line) <= FOOTER_AT_MOST else one_line[: FOOTER_AT_MOST - 1] + "…"
    return cut.replace("&", "&&")


def _height_of(entry: Entry, width: float) -> float:
    """Height in points of a cell this many characters wide."""
    look, text = entry.look, entry.value
    lines = 1
    if isinstance(text, str) and look.wrap:
        # Characters of text are narrower than digits, by which columns are measured.
        fitting = max(
            int((width - 1.5 * look.indent) * (1.1 if look.bold else 1.2) * TEXT.size / look.size),
            4,
        )
        lines = sum(
            1 if len(part) <= fitting else len(wrap(part, fitting)) for part in text.split("\n")
        )
    return lines * look.size * 1.3 + 3


def _width_of(entry: Entry) -> int:
    value = entry.value
    if isinstance(value, str):
        longest = max(map(len, value.split("\n"))) if "\n" in value else len(value)
        return longest + (2 if entry.look.bold else 0)
    if isinstance(value, date):
        return len(entry.number_format or DATE)
    return (
        0
        if value is None
        else len(f"{value:,.0f}") + len(entry.number_format.partition(".")[2]) + 1
    )
