"""Names and bytes of outputs: portable file names, private, written aside and then renamed."""

import csv
import hashlib
import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pandas as pd
from openpyxl import Workbook
from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.writer.excel import ExcelWriter

from pipeline.errors import OutputError
from pipeline.interpret.coded import as_written
from pipeline.report.folder import Folder, open_folder

FILE_MODE = 0o640
FOLDER_MODE = 0o750
# The earliest time a zip archive can hold.
ZIP_TIME = (1980, 1, 1, 0, 0, 0)

_PLAIN = re.compile(r"(?![.-])[A-Z0-9._-]{1,64}(?<!\.)")
_RESERVED = re.compile(r"(CON|PRN|AUX|NUL|COM[0-9]|LPT[0-9])(\..*)?")
# A plain id of this form could be the name that another id gets.
_LIKE_A_HASHED_NAME = re.compile(r".*-[0-9A-F]{16}")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
# Signs that make a spreadsheet take CSV text for a formula, also in their full-width forms.
_LIVE = re.compile(r"\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|[\t\r\n]")
# What ends a cell where a semicolon or a tab separates; what may stand before a formula then.
_CELL_ENDS = re.compile(r"((?<=[;\t\r\n])(?=[^;\t\r\n]))")
_QUOTES = "\"' "


def file_name(patient_id: str) -> str:
    """Give the file name of a patient, without its suffix.

    A plain id names its file; any other gets a readable stub and 16 hex digits of its SHA-256.
    No two ids share a name, also where a file system ignores case or normalizes Unicode.
    """
    is_plain = (
        _PLAIN.fullmatch(patient_id)
        and not _RESERVED.fullmatch(patient_id)
        and not _LIKE_A_HASHED_NAME.fullmatch(patient_id)
    )
    if is_plain:
        return patient_id
    stub = re.sub(r"[^a-z0-9]+", "-", patient_id.lower()).strip("-")[:40].strip("-") or "id"
    return f"{stub}-{hashlib.sha256(patient_id.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def make_folder(folder: Path) -> None:
    """Create a folder and those above it that are missing, none of them open to the world.

    Raises:
        OutputError: The folder cannot be made.
    """
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        for each in reversed(missing):
            each.mkdir(mode=FOLDER_MODE, exist_ok=True)
            with open_folder(each) as made:
                made.set_rights(FOLDER_MODE)
    except OSError as error:
        raise OutputError(f"a folder cannot be made: {folder}: {error.strerror}") from None


def refuse_existing(path: Path) -> None:
    """Keep a file that a person may have made.

    Raises:
        OutputError: There is something of that name.
    """
    if path.exists() or path.is_symlink():
        raise OutputError(f"{path} is there already; move it away or give another name")


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


def write_text(text: str, path: Path) -> None:
    """Write UTF-8 text with line feeds, in the way of `write_bytes`."""
    write_bytes(text.encode("utf-8", "backslashreplace"), path)


def write_bytes(content: bytes, path: Path) -> None:
    """Write aside in the same folder, then rename: a reader sees the old file or the new one.

    Raises:
        OutputError: Names the folder and the cause but not the file, which may carry an id.
    """
    with open_outputs(path.parent, follow=True) as folder:
        aside = folder.write_aside(content, FILE_MODE)
        if not move_into_place(folder, aside, path.name):
            folder.remove(aside)
            raise OutputError(
                f"a file in {path.parent} is open in another program, or a folder has its name; "
                "close it or move it away and run again"
            )
        folder.sync()


@contextmanager
def open_outputs(path: Path, *, follow: bool = False) -> Iterator[Folder]:
    """Open a folder to write in, and make it if it is not there.

    Args:
        path: Of the folder.
        follow: See `open_folder`.

    Raises:
        OutputError: It cannot be made or opened, or what is done in it fails.
    """
    make_folder(path)
    try:
        with open_folder(path, follow=follow) as folder:
            yield folder
    except OSError as error:
        raise _cannot_write(path, error) from None


def move_into_place(folder: Folder, aside: str, name: str) -> bool:
    """Let a file take the place of another one.

    Returns:
        False if a program has that open, or a folder stands there; both are as they were.

    Raises:
        OSError: It cannot be renamed for another reason; nothing is left aside.
    """
    try:
        folder.replace(aside, name)
    except (PermissionError, IsADirectoryError):
        return False
    except OSError:
        folder.remove(aside)
        raise
    return True


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder of outputs down to the disk.

    Raises:
        OutputError: It cannot be done.
    """
    try:
        sync_names(folder)
    except OSError as error:
        raise _cannot_write(folder, error) from None


def sync_names(folder: Path) -> None:
    """Bring the names in any folder down to the disk, where the system can.

    Raises:
        OSError: It cannot be done, although the system can.
    """
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _cannot_write(folder: Path, error: OSError) -> OutputError:
    return OutputError(
        f"a file cannot be written in {folder}: {error.strerror}. "
        "If it is open in another program, close it and run again."
    )


def csv_text(table: pd.DataFrame) -> str:
    """Turn a table into CSV that no spreadsheet takes for formulas.

    Times are ISO 8601; a column `collected_precision` is used up: where it says "date",
    `collected_at` is a date only. Missing is empty. Text that a spreadsheet would run gets a
    leading apostrophe; text that is a plain number, such as -5, stays as it is.
    """
    written = table.copy()
    for name in written.select_dtypes("datetime").columns:
        written[name] = written[name].dt.strftime("%Y-%m-%dT%H:%M:%S")
    if "collected_precision" in written:
        is_date = written["collected_precision"].ne("time")
        written["collected_at"] = written["collected_at"].mask(
            is_date, written["collected_at"].str.slice(0, 10)
        )
        written = written.drop(columns="collected_precision")
    for name in written.columns:
        if not pd.api.types.is_numeric_dtype(written[name]):
            codes, distinct = pd.factorize(written[name])
            whole = (as_written(str(text)) for text in distinct)
            safe = pd.Series([neutralize(text) for text in whole], dtype="str")
            written[name] = safe.reindex(codes).fillna("").to_numpy()
    return str(written.to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_MINIMAL))


def neutralize(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would run as a formula.

    Also behind what separates cells or ends a quotation in the spreadsheets of other countries:
    where a semicolon separates, the second half of one text is a cell of its own.
    """
    first, *rest = _CELL_ENDS.split(text)
    rest = [f"'{part}" if _is_live(part.strip(_QUOTES)) else part for part in rest]
    whole = "".join((first, *rest))
    return f"'{whole}" if _is_live(text) else whole


def _is_live(text: str) -> bool:
    return bool(_LIVE.match(text)) and not _NUMBER.fullmatch(text)


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
