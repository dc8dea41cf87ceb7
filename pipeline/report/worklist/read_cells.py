"""The cells of a worklist that people have saved, read without trust in what it has become."""

import io
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from pipeline.ingest.formats.refusal import Refused
from pipeline.ingest.formats.workbook.limited import WALL_SECONDS, name_start, run_limited
from pipeline.ingest.formats.workbook.prescan import check_workbook
from pipeline.ingest.formats.workbook.reader import read_workbook
from pipeline.ingest.text_tables import UnreadableFile

CPU_SECONDS = 120
"""That an .xlsx may take: several times what the worklist of 20,000 patients does."""
_START = name_start("pipeline.ingest.formats.workbook.cells_child")
Sheets = dict[str, list[tuple[Any, ...]]]
"""Title of a sheet → its rows."""


def read_cells(name: str, content: bytes) -> tuple[Sheets, int]:
    """Give the cells of each sheet, and how many comments there are.

    Args:
        name: Of the file; its ending says what it is: .xlsx or .ods.
        content: The whole file.

    Raises:
        Refused: It is no workbook that can be read, or not with the time and memory it may take.
    """
    path = Path(name)
    check_workbook(path.suffix.lower(), content)
    return _read_xlsx(content) if path.suffix.lower() == ".xlsx" else _read_other(path, content)


def _read_xlsx(content: bytes) -> tuple[Sheets, int]:
    output = run_limited(_START, str(CPU_SECONDS), "openpyxl", content, WALL_SECONDS)
    sheets: Sheets = {}
    rows: list[tuple[Any, ...]] = []
    comments, is_whole = 0, False
    for line in io.BytesIO(output):
        match json.loads(line, object_hook=_unpack):
            case ["sheet", title]:
                rows = sheets[title] = []
            case ["rows", batch]:
                rows.extend(map(tuple, batch))
            case ["comments", count]:
                comments = count
            case ["refused", code, detail]:
                raise Refused(code, detail)
            case ["end"]:
                is_whole = True
    if not is_whole:
        raise Refused("workbook-damaged", "the reader stopped half-way")
    return sheets, comments


def _unpack(cell: dict[str, str]) -> date:
    return datetime.fromisoformat(cell["at"]) if "at" in cell else date.fromisoformat(cell["on"])


def _read_other(path: Path, content: bytes) -> tuple[Sheets, int]:
    try:
        tables = read_workbook(path, content)
    except UnreadableFile as error:
        raise Refused(error.code, error.detail) from None
    with ZipFile(io.BytesIO(content)) as package:
        comments = package.read("content.xml").count(b"<office:annotation ")
    return {table.sheet: [tuple(cells) for _, cells in table.rows] for table in tables}, comments
