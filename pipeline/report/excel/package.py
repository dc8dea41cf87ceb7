"""The bytes of a workbook, which depend on its content and a time alone."""

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.writer.excel import ExcelWriter

from pipeline.files.durable import write_bytes

# The earliest time a zip archive can hold.
ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def save_workbook(book: Workbook, path: Path, run_at: datetime) -> None:
    """Write a workbook as `pack_workbook` makes it.

    Raises:
        OutputError: The file cannot be written; whatever stood there before is untouched.
    """
    write_bytes(pack_workbook(book, run_at), path)


def pack_workbook(book: Workbook, run_at: datetime) -> bytes:
    """Give the bytes of a workbook, which depend on its content and a time alone."""
    aware = run_at if run_at.tzinfo else run_at.replace(tzinfo=UTC)
    made = aware.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    book.properties.created = book.properties.modified = made
    stream = io.BytesIO()
    # Not Workbook.save: it stamps the time of day over the properties.
    _MemoryWriter(book, _TimelessZip(stream, "w", ZIP_DEFLATED)).save()
    return stream.getvalue()


class _MemoryWriter(ExcelWriter):
    """Makes each sheet in memory.

    openpyxl makes it in a temporary file, where patients' data lies about after a crash, and
    takes no notice when a full disk cuts off the end of it.
    """

    _archive: Any

    def write_worksheet(self, ws: Any) -> None:
        ws._drawing = SpreadsheetDrawing()
        ws._drawing.charts, ws._drawing.images = ws._charts, ws._images
        writer: Any = WorksheetWriter(ws, out=io.BytesIO())
        writer.write()
        ws._rels = writer._rels
        self._archive.writestr(ws.path[1:], writer.read())
        self.manifest.append(ws)


class _TimelessZip(ZipFile):
    """A zip archive that takes no time, mode or system from the machine it is made on."""

    def writestr(self, zinfo_or_arcname: Any, data: Any, *args: Any, **kwargs: Any) -> None:
        name = getattr(zinfo_or_arcname, "filename", zinfo_or_arcname)
        entry = ZipInfo(name, ZIP_TIME)
        entry.compress_type = ZIP_DEFLATED
        entry.create_system = 3
        entry.external_attr = 0o600 << 16
        super().writestr(entry, data)
