"""A workbook becomes tables of text, by way of a child process that may die of it."""

import importlib.util
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pipeline
from pipeline.ingest.prescan import check_workbook
from pipeline.ingest.refusal import Refused
from pipeline.ingest.tables import TextTable, UnreadableFile

# The limit of computing time ends it sooner, unless the machine is busy with other things.
WALL_SECONDS = 60

# Isolated mode drops the current folder and PYTHONPATH, so the child is told where this package
# and the reading library are. The package is named by its own folder, which keeps another one
# of that name, or a file beside it named as a standard module, from being taken instead.
_START = (
    "import sys, types; package = types.ModuleType('pipeline'); package.__path__ = [sys.argv[2]]; "
    "sys.modules['pipeline'] = package; sys.path.append(sys.argv[3]); "
    "from pipeline.ingest.child import main; main()"
)
_KEPT_VARIABLES = ("SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


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
        return list(_read_tables(_run_child(kind, content)))
    except Refused as refusal:
        raise UnreadableFile(refusal.code, refusal.detail) from None


def _run_child(kind: str, content: bytes) -> bytes:
    """Give what the child said, up to its end."""
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-X", "utf8", "-c", _START, kind, *_find_packages()],
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ},
            timeout=WALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Refused("workbook-exhausting", f"not read after {WALL_SECONDS} seconds") from error
    except OSError as error:
        raise _no_start(error.strerror or type(error).__name__) from error
    if not done.stdout.startswith(b'["ready"]'):
        # It has not seen the file yet.
        code = done.returncode
        raise _no_start(f"signal {-code}" if code < 0 else f"exit {code}")
    if done.returncode != 0:
        raise _explain_death(done.returncode)
    return done.stdout


def _no_start(how: str) -> Refused:
    said = f"the program that reads workbooks did not start ({how}), mostly for want of memory"
    return Refused("file-not-read", said)


def _explain_death(code: int) -> Refused:
    if sys.platform != "win32":
        import signal

        if -code == signal.SIGXCPU:
            return Refused("workbook-exhausting", "it takes too long")
        # Nothing that the file does brings this signal: the system, or a person, sent it.
        if -code == signal.SIGKILL:
            return Refused("reader-stopped", f"signal {-code}, mostly for want of memory")
    return Refused("workbook-exhausting", "the reader ran out of memory or failed")


def _find_packages() -> Iterator[str]:
    """Give the folder of this package, then the one that holds the reading library."""
    library = importlib.util.find_spec("python_calamine")
    if library is None or library.origin is None:
        raise Refused("file-not-read", "python-calamine, which reads workbooks, is not installed")
    yield str(Path(pipeline.__path__[0]).resolve())
    yield str(Path(library.origin).resolve().parent.parent)


def _read_tables(output: bytes) -> Iterator[TextTable]:
    """Make tables of the child's lines; see `pipeline.ingest.child` for what they say."""
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
