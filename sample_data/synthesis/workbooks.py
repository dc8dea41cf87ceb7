"""Sample workbooks whose bytes depend on their content alone."""

import io
import re
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import openpyxl
import xlwt
from openpyxl.utils import get_column_letter

Cell = str | float | date | datetime | None
Sheet = Sequence[Sequence[Cell]]

# Narrower, Excel shows dates as ######.
_WIDTH = 18
_MADE_AT = datetime(2026, 1, 1)


def write_xlsx(path: Path, sheets: dict[str, Sheet]) -> None:
    """Write sheets, dates as dates and numbers as numbers."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    book.properties.creator = "labflag sample data"
    book.properties.created = _MADE_AT
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
        for cell in (cell for row in sheet.iter_rows() for cell in row):
            if isinstance(cell.value, datetime):
                cell.number_format = "yyyy-mm-dd hh:mm"
            elif isinstance(cell.value, date):
                cell.number_format = "yyyy-mm-dd"
        for column in range(1, sheet.max_column + 1):
            sheet.column_dimensions[get_column_letter(column)].width = _WIDTH
        sheet.freeze_panes = "A2"
    buffer = io.BytesIO()
    book.save(buffer)
    path.write_bytes(_pin(buffer.getvalue()))


def write_xls(path: Path, title: str, rows: Sheet) -> None:
    """Write one sheet in the format of Excel 97-2003."""
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet(title)
    on_day = xlwt.easyxf(num_format_str="yyyy-mm-dd")
    at_time = xlwt.easyxf(num_format_str="yyyy-mm-dd hh:mm")
    for column in range(len(rows[0])):
        sheet.col(column).width = _WIDTH * 256
    for row, cells in enumerate(rows):
        for column, value in enumerate(cells):
            if isinstance(value, datetime):
                sheet.write(row, column, value, at_time)
            elif isinstance(value, date):
                sheet.write(row, column, value, on_day)
            elif value not in ("", None):
                sheet.write(row, column, value)
    book.save(str(path))


def _pin(package: bytes) -> bytes:
    """Take out the time of saving; store without compression, which differs among zlib builds."""
    pinned = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(package)) as before,
        zipfile.ZipFile(pinned, "w", zipfile.ZIP_STORED) as after,
    ):
        for name in before.namelist():
            content = before.read(name)
            if name == "docProps/core.xml":
                stamp = rf"\g<1>{_MADE_AT.isoformat()}Z\g<2>".encode()
                content = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*(<)", stamp, content)
            part = zipfile.ZipInfo(name, _MADE_AT.timetuple()[:6])
            part.create_system = 3
            after.writestr(part, content)
    return pinned.getvalue()
