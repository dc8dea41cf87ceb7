"""A workbook becomes tables of text, by way of a child process that may die of it."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

from pipeline.ingest.formats.refusal import Refused
from pipeline.ingest.formats.workbook.limited import WALL_SECONDS, name_start, run_limited
from pipeline.ingest.formats.workbook.prescan import check_workbook
from pipeline.ingest.text_tables import TextTable, UnreadableFile

_START = name_start("pipeline.ingest.formats.workbook.child")


def read_workbook(path: Path, content: bytes) -> list[TextTable]:
    """Read every visible sheet of a workbook (.xlsx, .xls, .ods) as text.

    Rows are as wide as their sheet and begin at column A; empty rows are left out. Numbers are
    the shortest decimal that reads back, dates are ISO 8601. Cells whose text cannot be trusted
    stand in `bad_cells`, with some text also where the workbook holds none.

    Args:
        path: Its ending says what the file claims to be; it is not opened.
        content: The whole file.

    Raises:
        UnreadableFile: It is not what it says, unsafe, damaged, too large, or has no visible
            sheet.
    """
    try:
        kind = check_workbook(path.suffix.lower(), content)
        output = run_limited(_START, kind, "python_calamine", content, WALL_SECONDS)
        return list(_read_tables(output))
    except Refused as refusal:
        raise UnreadableFile(refusal.code, refusal.detail) from None


def _read_tables(output: bytes) -> Iterator[TextTable]:
    """Make tables of the child's lines; see the `child` beside it for what they say."""
    sheet: str | None = None
    is_whole = False
    rows: list[tuple[int, list[str]]] = []
    bad: dict[tuple[int, int], str] = {}
    notes: list[tuple[str, str]] = []
    # Names, units and dates repeat down a column: keep one copy of each text.
    share = dict[str, str]().setdefault
    for line in io.BytesIO(output):
        match json.loads(line):
            case ["rows", batch]:
                for number, cells, marks in batch:
                    rows.append((number, [share(cell, cell) for cell in cells]))
                    bad.update({(number, column): code for column, code in marks})
            case ["note", code, detail]:
                notes.append((code, detail))
            case ["refused", code, detail]:
                raise Refused(code, detail)
            case ["sheet", name]:
                if sheet is not None:
                    yield TextTable(sheet=sheet, rows=rows, bad_cells=bad, notes=tuple(notes))
                sheet, rows, bad, notes = name, [], {}, []
            case ["end"]:
                is_whole = True
    if sheet is None or not is_whole:
        raise Refused("workbook-damaged", "the reader stopped half-way")
    yield TextTable(sheet=sheet, rows=rows, bad_cells=bad, notes=tuple(notes))
