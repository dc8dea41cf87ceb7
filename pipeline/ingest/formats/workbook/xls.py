"""The marks of an .xls workbook (BIFF8), in one pass over its records.

Standard library only; runs in the limited child process.
"""

import struct
from collections.abc import Iterator

from pipeline.ingest.formats.refusal import Refused
from pipeline.ingest.formats.workbook.cell_text import ERROR, FORMULA, NO_DATE
from pipeline.ingest.formats.workbook.markup import SheetMarkup, WorkbookMarkup, pack
from pipeline.ingest.formats.workbook.number_formats import NumberFormat, read_format
from pipeline.ingest.formats.workbook.ole import read_stream

_BOF, _EOF, _FILEPASS = 0x0809, 0x000A, 0x002F
_BOUNDSHEET, _FORMAT, _XF = 0x0085, 0x041E, 0x00E0
_ROW, _COLINFO, _MERGED = 0x0208, 0x007D, 0x00E5
_NUMBER, _RK, _MULRK, _FORMULA, _BOOLERR = 0x0203, 0x027E, 0x00BD, 0x0006, 0x0205
_TEXTS = {0x00FD, 0x0204, 0x00D6}
_BIFF8 = 0x0600
_WORKSHEET, _MACRO_SHEET, _DIALOG_OR_MODULE = 0, 1, 6
_COLUMNS, _ROWS = 256, 65_536

Record = tuple[int, bytes]


def scan_xls(content: bytes) -> WorkbookMarkup:
    """Read the marks of every visible sheet of a workbook.

    A formula whose result is an empty text counts as one without result: in this kind of file
    the two look the same.

    Raises:
        Refused: The workbook is encrypted, damaged, from before 1997, or has macro sheets.
    """
    try:
        stream = read_stream(content, "workbook")
        sheets, styles, custom = _read_globals(stream)
        found = {number: read_format(number, custom) for number in set(styles)}
        formats = [found[number] for number in styles] or [None]
        scanned = [
            _scan_sheet(_list_records(stream, start), name, formats)
            for name, start, is_visible in sheets
            if is_visible
        ]
    except (struct.error, IndexError) as error:
        raise Refused("workbook-damaged", "a record of it is cut off") from error
    return WorkbookMarkup(scanned, len(sheets) - len(scanned), formats)


def _list_records(stream: bytes, start: int) -> Iterator[Record]:
    """Give (kind, content) of the records of one part of the stream, charts within left out."""
    depth = 0
    while start + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, start)
        body = stream[start + 4 : start + 4 + size]
        if len(body) < size:
            break
        start += 4 + size
        if kind == _BOF:
            if depth == 0 and struct.unpack_from("<H", body)[0] != _BIFF8:
                raise Refused("file-kind", "a workbook from before 1997; save it as .xlsx")
            depth += 1
        elif kind == _EOF:
            depth -= 1
            if depth == 0:
                return
        elif depth == 1:
            yield kind, body
    raise Refused("workbook-damaged", "it is cut off")


def _read_globals(
    stream: bytes,
) -> tuple[list[tuple[str, int, bool]], list[int], dict[int, str]]:
    """Give (name, start, visible) of the worksheets, format ids by style, formats by id."""
    sheets: list[tuple[str, int, bool]] = []
    styles: list[int] = []
    custom: dict[int, str] = {}
    for kind, body in _list_records(stream, 0):
        if kind == _FILEPASS:
            raise Refused("file-encrypted")
        if kind == _XF:
            styles.append(struct.unpack_from("<H", body, 2)[0])
        elif kind == _FORMAT:
            (number,) = struct.unpack_from("<H", body)
            custom[number] = _read_text(body[2:], "<H")
        elif kind == _BOUNDSHEET:
            start, state, role = struct.unpack_from("<IBB", body)
            if role in (_MACRO_SHEET, _DIALOG_OR_MODULE):
                raise Refused("file-macros")
            if role == _WORKSHEET:
                sheets.append((_read_text(body[6:], "<B"), start, state & 3 == 0))
    return sheets, styles, custom


def _read_text(body: bytes, length_format: str) -> str:
    """Read a text that is preceded by its length and a byte that says how it is stored."""
    (length,) = struct.unpack_from(length_format, body)
    at = struct.calcsize(length_format) + 1
    if body[at - 1] & 1:
        return body[at : at + 2 * length].decode("utf-16-le", "replace")
    return body[at : at + length].decode("latin-1")


def _scan_sheet(
    records: Iterator[Record], name: str, formats: list[NumberFormat | None]
) -> SheetMarkup:
    marks = SheetMarkup(name, counts_texts=False)
    # Rows may come in blocks and out of order: everything is put in order at the end.
    rows: dict[int, tuple[int, int]] = {}
    styled: list[int] = []
    seen = bytearray(_ROWS * _COLUMNS // 8)
    hidden_rows: set[int] = set()
    hidden_columns: list[tuple[int, int]] = []
    for kind, body in records:
        if kind == _ROW:
            row, grbit = struct.unpack_from("<H10xH", body)
            if grbit & 0x20:
                hidden_rows.add(row + 1)
        elif kind == _COLINFO:
            first, last, grbit = struct.unpack_from("<HH4xH", body)
            if grbit & 1:
                hidden_columns.append((first, last))
        elif kind == _MERGED:
            (count,) = struct.unpack_from("<H", body)
            for top, bottom, left, right in struct.iter_unpack("<4H", body[2 : 2 + 8 * count]):
                marks.add_merged(top + 1, left, bottom + 1, right)
        else:
            for row, column, style, code, is_text, is_negative in _list_cells(kind, body):
                place = row * _COLUMNS + column
                if column >= _COLUMNS or seen[place >> 3] >> (place & 7) & 1:
                    raise Refused("workbook-damaged", "one of its cells stands twice")
                seen[place >> 3] |= 1 << (place & 7)
                cells, column_sum = rows.get(row + 1, (0, 0))
                marks.extend(column)
                is_counted = not is_text and not code
                rows[row + 1] = cells + is_counted, column_sum + column * is_counted
                shown_as = formats[style]
                if code:
                    marks.add_bad(row + 1, column, code)
                elif shown_as is not None and not is_text:
                    styled.append(pack(row + 1, column, style))
                    if is_negative and shown_as.is_date:
                        # The library reads a date before the first one as midnight.
                        marks.add_bad(row + 1, column, NO_DATE)
    for row in sorted(rows):
        marks.add_row(row, *rows[row], is_hidden=row in hidden_rows)
    marks.styled.extend(sorted(styled))
    marks.add_hidden_columns(hidden_columns)
    return marks


def _list_cells(kind: int, body: bytes) -> Iterator[tuple[int, int, int, str, bool, bool]]:
    """Give row and column from 0, style, issue code, is text, is negative, of each cell."""
    if kind in _TEXTS:
        yield *struct.unpack_from("<3H", body), "", True, False
    elif kind == _NUMBER:
        row, column, style, value = struct.unpack_from("<3Hd", body)
        yield row, column, style, "", False, value < 0
    elif kind == _RK:
        row, column, style, packed = struct.unpack_from("<3HI", body)
        yield row, column, style, "", False, bool(packed >> 31)
    elif kind == _MULRK:
        row, column = struct.unpack_from("<2H", body)
        for style, packed in struct.iter_unpack("<HI", body[4:-2]):
            yield row, column, style, "", False, bool(packed >> 31)
            column += 1
    elif kind == _BOOLERR:
        row, column, style, _, is_error = struct.unpack_from("<3H2B", body)
        yield row, column, style, ERROR if is_error else "", False, False
    elif kind == _FORMULA:
        row, column, style, result = struct.unpack_from("<3H8s", body)
        if result[6:] != b"\xff\xff":
            yield row, column, style, "", False, bool(result[7] >> 7)
        else:
            codes = {0: "", 1: "", 2: ERROR, 3: FORMULA}
            yield row, column, style, codes.get(result[0], ERROR), result[0] == 0, False
