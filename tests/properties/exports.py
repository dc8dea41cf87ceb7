"""One logical export, and every way of writing it that a laboratory may choose."""

import csv
import io
from collections.abc import Callable, Sequence
from datetime import date, datetime
from xml.sax.saxutils import escape

import openpyxl
import xlwt

from tests.hostile.workbooks import pack_ods

Cell = str | date | datetime | float
Row = Sequence[Cell]

NUMBER, TEXT = "number", "text"

# id, name, sex, birth date, sample, collected, then results as (text, unit)
PEOPLE: list[tuple[str, str, str, date, str, datetime, dict[str, tuple[str, str]]]] = [
    ("000123", "Müller, Zoë", "F", date(1980, 5, 1), "S-001", datetime(2026, 3, 1, 8, 30),
     {"Hemoglobin": ("11.2", "g/dL"), "MCV": ("104.5", "fL"), "Vitamin B12": ("142", "pg/mL")}),
    ("0123", "Ñandú O'Brien", "M", date(1950, 12, 31), "S-002", datetime(2026, 3, 1, 9, 5),
     {"Hemoglobin": ("112", "g/L"), "MCV": ("99.9", "fL"), "Platelets": ("<150", "10^9/L")}),
    ("123", 'Ferreira "Tó" João', "M", date(1991, 2, 28), "S-003", datetime(2026, 3, 2, 23, 59),
     {"Hemoglobin": ("15.25", "g/dL"), "Vitamin B12": (">1476", "pmol/L")}),
    ("12E5", "Çelik Özlem", "F", date(1975, 1, 12), "007", datetime(2026, 1, 2, 7, 0),
     {"Vitamin B12": ("132.5", "pmol/L"), "White cells": ("3.91", "10^3/µL")}),
    ("300000000000000301", "Åström Æsa", "F", date(2000, 2, 29), "S-005",
     datetime(2026, 2, 3, 10, 10), {"Platelets": ("149.5", "10^3/µL"), "MCV": ("80", "fL")}),
    ("300000000000000302", "Straße Jürgen", "M", date(1966, 6, 6), "S-006",
     datetime(2026, 2, 3, 10, 11), {"Platelets": ("88000", "/µL"), "MCV": ("80.4", "fL")}),
    ("A-7/b", "Lemoine Hélène", "F", date(1944, 4, 4), "S-007", datetime(2026, 2, 4, 11, 0),
     {"Hemoglobin": ("6.95", "mmol/L"), "MCV": ("101.5", "fL"), "Vitamin B12": ("0.1824", "ng/mL")}),
    ("B|8", "Nguyen-Thî Hà", "F", date(1999, 9, 9), "S-008",
     datetime(2026, 2, 5, 6, 7), {"White cells": ("0.5", "10^9/L"), "Platelets": ("12", "10^9/L")}),
    ("C;9", "Smith; Ann", "F", date(1988, 8, 8), "S,009", datetime(2026, 2, 6, 12, 0),
     {"Hemoglobin": ("1.125E2", "g/L"), "White cells": ("4.0", "10^9/L")}),
    ("NA-1", "NA", "M", date(1970, 7, 7), "S-010", datetime(2026, 2, 7, 13, 1),
     {"Hemoglobin": ("129.5", "g/L"), "Vitamin B12": ("200", "pg/mL")}),
    ("é-11", "Éluard Ève", "F", date(1961, 11, 1), "S-011", datetime(2026, 2, 8, 14, 2),
     {"Hemoglobin": ("12.05 L", "g/dL"), "Vitamin B12": ("<= 150.5", "pg/mL")}),
    ("12", "Último Íñigo", "M", date(1933, 3, 3), "S-012",
     datetime(2026, 2, 9, 15, 3), {"White cells": ("1.125", "10^9/L"), "MCV": ("1.0E2", "fL")}),
]  # fmt: skip
ANALYTES = ("Hemoglobin", "MCV", "Platelets", "White cells", "Vitamin B12")
PERSON = ("Patient ID", "Patient name", "Sex", "Date of birth", "Sample ID", "Collected at")


def long_rows() -> list[Row]:
    """Write a row for each result."""
    rows: list[Row] = [(*PERSON, "Analyte", "Value", "Unit", "Comment")]
    for *person, results in PEOPLE:
        rows += [(*person, name, *results[name], "") for name in ANALYTES if name in results]
    return rows


def wide_rows() -> list[Row]:
    """Write a row for each specimen, with a column of units beside each column of results."""
    rows: list[Row] = [(*PERSON, *(h for name in ANALYTES for h in (name, f"{name} unit")))]
    for *person, results in PEOPLE:
        cells = [cell for name in ANALYTES for cell in results.get(name, ("", ""))]
        rows.append((*person, *cells))
    return rows


SHAPES: dict[str, Callable[[], list[Row]]] = {"long": long_rows, "wide": wide_rows}


def as_text(rows: Sequence[Row], decimal: str) -> list[list[str]]:
    """Write dates and numbers as text: ISO beside a point, day first with dots beside a comma."""
    return [[_write(cell, decimal, at) for at, cell in enumerate(row)] for row in rows]


def _write(cell: Cell, decimal: str, column: int) -> str:
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%dT%H:%M}" if decimal == "." else f"{cell:%d.%m.%Y %H:%M}"
    if isinstance(cell, date):
        return cell.isoformat() if decimal == "." else f"{cell:%d.%m.%Y}"
    is_result = column >= len(PERSON) and isinstance(cell, str) and "/" not in cell
    return str(cell).replace(".", decimal) if is_result else str(cell)


def csv_bytes(
    rows: Sequence[Row],
    delimiter: str,
    encoding: str,
    decimal: str,
    quoting: int = csv.QUOTE_MINIMAL,
    ending: str = "\r\n",
) -> bytes:
    """Write delimited text; the two forms of UTF-16 with the mark of their byte order."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, lineterminator=ending, quoting=quoting)
    writer.writerows(as_text(rows, decimal))
    mark = "\ufeff" if encoding.startswith("utf-16") else ""
    return (mark + stream.getvalue()).encode(encoding)


def as_typed(rows: Sequence[Row]) -> list[list[Cell]]:
    """Make numbers of results that are plain numbers, as a person at a spreadsheet does."""
    return [
        [float(cell) if _is_number(cell, at) else cell for at, cell in enumerate(row)]
        for row in rows
    ]


def _is_number(cell: Cell, column: int) -> bool:
    return column >= len(PERSON) and isinstance(cell, str) and cell.replace(".", "", 1).isdigit()


def xlsx_bytes(rows: Sequence[Row]) -> bytes:
    """Write an .xlsx workbook of one sheet."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    for cells in book.active.iter_rows():
        for cell in cells:
            if isinstance(cell.value, str):
                cell.data_type = "s"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def xls_bytes(rows: Sequence[Row]) -> bytes:
    """Write an .xls workbook of one sheet."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("Results")
    moment, day = (xlwt.easyxf(num_format_str=f) for f in ("YYYY-MM-DD HH:MM", "YYYY-MM-DD"))
    for at, row in enumerate(rows):
        for column, cell in enumerate(row):
            style = (
                moment if isinstance(cell, datetime) else day if isinstance(cell, date) else None
            )
            if cell != "":
                sheet.write(at, column, cell, *([style] if style else []))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def ods_bytes(rows: Sequence[Row]) -> bytes:
    """Write an .ods workbook of one sheet."""
    lines = "".join(
        f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows
    )
    return pack_ods(f'<table:table table:name="Results">{lines}</table:table>')


def _ods_cell(cell: Cell) -> str:
    if cell == "":
        return "<table:table-cell/>"
    if isinstance(cell, float):
        kind = f'office:value-type="float" office:value="{cell!r}"'
        text = repr(cell)
    elif isinstance(cell, datetime | date):
        text = cell.isoformat()
        kind = f'office:value-type="date" office:date-value="{text}"'
    else:
        text = escape(cell)
        kind = 'office:value-type="string"'
    return f"<table:table-cell {kind}><text:p>{text}</text:p></table:table-cell>"


WORKBOOKS: dict[str, Callable[[Sequence[Row]], bytes]] = {
    ".xlsx": xlsx_bytes,
    ".xls": xls_bytes,
    ".ods": ods_bytes,
}
