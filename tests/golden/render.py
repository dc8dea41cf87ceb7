"""Workbook → text, for golden files: what a person would see, and what makes it usable."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet


def render_file(path: Path, *, by_row: bool = False) -> str:
    """Render a saved workbook."""
    return render_workbook_text(load_workbook(path), by_row=by_row)


def render_workbook_text(book: Workbook, *, by_row: bool = False) -> str:
    """Render every sheet: its set-up, then one line per cell that says something.

    `by_row`: one line per row instead, for workbooks of many rows that look alike.
    """
    head = [f"title: {book.properties.title}", f"creator: {book.properties.creator}"]
    sheets = (line for sheet in book.worksheets for line in ("", *_sheet_lines(sheet, by_row)))
    return "\n".join([*head, *sheets, ""])


def _sheet_lines(sheet: Worksheet, by_row: bool) -> Iterator[str]:
    yield f"== {sheet.title}"
    yield f"frozen: {sheet.freeze_panes or ''}"
    yield f"tables: {', '.join(f'{table.name} {table.ref}' for table in sheet.tables.values())}"
    page = sheet.page_setup
    yield (
        f"page: {page.orientation}, {page.fitToWidth} wide, {page.fitToHeight} high, "
        f"repeats {sheet.print_title_rows or ''}, prints {sheet.print_area or ''}"
    )
    foot = sheet.oddFooter
    yield f"footer: {foot.left.text} | {foot.center.text} | {foot.right.text}"
    for row in sheet.iter_rows():
        said = [cell for cell in row if cell.value is not None]
        if by_row and said:
            yield f"{said[0].row}: {' | '.join(map(_text_of, row)).rstrip(' |')}"
        elif not by_row:
            yield from map(_cell_line, said)


def _text_of(cell: Cell) -> str:
    value = cell.value.date() if isinstance(cell.value, datetime) else cell.value
    text = "" if value is None else str(value).replace("\n", "\\n")
    return f"[{text}]({cell.hyperlink.target})" if cell.hyperlink is not None else text


def _cell_line(cell: Cell) -> str:
    value = cell.value
    if cell.data_type == "f":
        kind = "FORMULA"
    elif isinstance(value, str):
        kind = "text"
    elif isinstance(value, datetime):
        kind = f"date {cell.number_format}"
        value = value.isoformat(sep=" ")
    else:
        kind = f"number {cell.number_format}"
    fill = cell.fill.fgColor.rgb[2:] if cell.fill.fill_type else ""
    marks = [kind, *([f"fill {fill}"] if fill else []), *(["bold"] if cell.font.bold else [])]
    if cell.hyperlink is not None:
        marks.append(f"to {cell.hyperlink.target}")
    text = str(value).replace("\n", "\\n")
    return f"{cell.coordinate}: {text}  [{', '.join(marks)}]"
