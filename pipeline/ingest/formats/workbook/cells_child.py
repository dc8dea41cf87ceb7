"""Read all cells of an .xlsx workbook in a process of its own, limited in memory and time.

What people have saved need not be what they were given. Says what the `child` beside it says,
but for its rows, and with cells as they are: text, numbers, truth, `{"at": …}` for a date with a
time, `{"on": …}` for one without.

    ["rows", [[cell, …], …]]     without those that are empty
    ["comments", number]

Imports the standard library and the reading library only: each start is paid for each file.
"""

import gc
import io
import itertools
import os
import re
import sys
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from zipfile import ZipFile

from openpyxl import load_workbook

from pipeline.ingest.formats.refusal import Refused
from pipeline.ingest.formats.workbook.child import ROWS_A_LINE, Writer, limit_process

MAX_COLUMNS = 1_000
MAX_ROWS = 200_000
MAX_OUTPUT_BYTES = 128 << 20
_COMMENTS = re.compile(r"(?:^|/)comments?\d*\.xml$|threadedcomment", re.IGNORECASE)


def main() -> None:
    """Read a workbook from standard input, write its cells to standard output."""
    writer = Writer(MAX_OUTPUT_BYTES)
    writer.write("ready")
    sys.stdout.buffer.flush()
    content = sys.stdin.buffer.read()
    limit_process(int(sys.argv[1]))
    gc.disable()
    try:
        _read(content, writer)
        writer.write("end")
    except Refused as refusal:
        writer.write("refused", refusal.code, refusal.detail)
    except MemoryError:
        writer.write("refused", "workbook-exhausting", "it needs too much memory")
    # The library fails in many ways on what is not well formed; its text may quote a cell.
    except Exception as error:
        writer.write("refused", "workbook-damaged", f"the reader failed ({type(error).__name__})")
    sys.stdout.buffer.flush()
    os._exit(0)


def _read(content: bytes, writer: Writer) -> None:
    book = load_workbook(io.BytesIO(content), read_only=True)
    left = MAX_ROWS
    for sheet in book.worksheets:
        writer.write("sheet", sheet.title)
        # What a sheet says of its size may be wrong, or be that of a stray cell far away.
        sheet.reset_dimensions()
        rows = _list_rows(sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True))
        while batch := list(itertools.islice(rows, ROWS_A_LINE)):
            left -= len(batch)
            if left < 0:
                raise Refused("file-too-large", f"more than {MAX_ROWS:,} rows")
            writer.write("rows", batch)
    with ZipFile(io.BytesIO(content)) as package:
        writer.write("comments", sum(map(bool, map(_COMMENTS.search, package.namelist()))))


def _list_rows(rows: Iterator[tuple[Any, ...]]) -> Iterator[list[Any]]:
    """Give rows that hold something, up to their last cell that does."""
    for row in rows:
        last = next((n for n in range(len(row), 0, -1) if row[n - 1] is not None), 0)
        if last:
            yield [_pack(cell) for cell in row[:last]]


def _pack(cell: Any) -> Any:
    match cell:
        case None | bool() | int() | float() | str():
            return cell
        case datetime():
            return {"at": cell.isoformat()}
        case date():
            return {"on": cell.isoformat()}
        case _:
            return str(cell)
