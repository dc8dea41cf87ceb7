"""What a site looks like from outside: inputs, reports, what is stored, what no site may be."""

import hashlib
import io
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from openpyxl import load_workbook

from pipeline.site.private_folder import find_private, find_record

_INPUTS = ("inbox", "archive", "quarantine", "duplicates", "sources")
_MADE_ONCE = ("labflag.toml", "README.txt")
_RECORDS = ("audit.log", "labflag.db", "labflag.db-wal", "labflag.db-shm")
# Table → columns that differ from run to run, or from server to file.
_STORED = {
    "results": ("file_id", "id"),
    "held": ("file_id", "id"),
    "issues": ("file_id", "id"),
    "decisions": ("id", "at", "last_file"),
    "tombstones": ("at",),
    "typed": ("folder", "id", "at"),
}
_OF_FILES = frozenset(("results", "held", "issues"))
# The worklist also says what changed since the run before, which may have been one that died.
_DIFFERS = frozenset(("Change", "labflag tag", "Days waiting", "New since the note"))
_SHEETS = ("Critical calls", "Notes archive", "Notes to be placed", "Identity conflicts", "Analyst")


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What a site looks like, without what differs from run to run."""

    inputs: dict[str, str]
    """Path of every file that was dropped → hash of its content."""
    outputs: dict[str, str]
    """Path of every report → what it says, or a hash of it."""
    stored: dict[str, list[str]]
    """Table of the history → its rows."""
    due: tuple[str, ...]
    """What is stored and not in the reports yet."""
    faults: list[str]
    """What no site may look like."""

    @property
    def facts(self) -> dict[str, list[str]]:
        """What verbs change, without what people typed."""
        return {table: rows for table, rows in self.stored.items() if table != "typed"}


def describe(site: Path, server: Any = None) -> State:
    """Look at a site; nothing of it is changed by that.

    Args:
        site: Its folder.
        server: Opens the history, if it is on a server.
    """
    reports = site / "reports"
    outputs, torn = _read_outputs(reports)
    if server is not None:
        with closing(server()) as connection:
            stored, due = _read_tables(connection)
        broken = _find_doubled(stored)
    else:
        stored, due, broken = _read_file(find_record(reports, "labflag.db"))
    for name in _MADE_ONCE:
        if (site / name).is_file():
            outputs[name] = hashlib.sha256((site / name).read_bytes()).hexdigest()
    for copy in sorted(site.glob("*.db")):
        rows, _, faults = _read_file(copy)
        outputs[copy.name] = hashlib.sha256(json.dumps(rows).encode()).hexdigest()
        torn += [f"torn: {copy.name}: {fault}" for fault in faults]
        torn += [] if rows else [f"torn: {copy.name} holds nothing"]
    return State(
        inputs=_read_inputs(site),
        outputs=outputs,
        stored=stored,
        due=due,
        faults=[*torn, *broken, *_find_leftovers(site)],
    )


def find_texts(site: Path, texts: tuple[str, ...]) -> Iterator[str]:
    """Find outputs that show one of these texts."""
    for path in sorted((site / "reports").rglob("*")):
        if not path.is_file() or path.name in _RECORDS or ".labflag" in path.parts:
            continue
        content = path.read_bytes()
        if path.suffix == ".xlsx":
            content = _unpack(content)
        for text in texts:
            if text.encode() in content or text in path.name:
                yield f"{path.name} shows {text}"


def typed_texts(site: Path) -> list[str]:
    """Give what people typed, as the history holds it: one text for each row."""
    with _open_copy(find_record(site / "reports", "labflag.db")) as connection:
        return _read_tables(connection)[0]["typed"]


def list_events(site: Path) -> list[tuple[str, str]]:
    """Give kind and facts of every event."""
    with _open_copy(find_record(site / "reports", "labflag.db")) as connection:
        return connection.execute("SELECT kind, facts FROM events").fetchall()


def _read_inputs(site: Path) -> dict[str, str]:
    return {
        path.relative_to(site).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in _INPUTS
        for path in sorted((site / folder).rglob("*"))
        if path.is_file() and path.name != "owner"
    }


def _read_outputs(reports: Path) -> tuple[dict[str, str], list[str]]:
    outputs, torn = {}, []
    for path in sorted(reports.rglob("*")):
        name = path.relative_to(reports).as_posix()
        if ".labflag" in name or name.startswith("worklist-"):
            continue
        if path.suffix == ".csv":
            outputs[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        elif path.suffix == ".xlsx":
            try:
                content = path.read_bytes()
                outputs[name] = (_hash_worklist if name == "worklist.xlsx" else _hash)(content)
            except (BadZipFile, OSError) as error:
                outputs[name] = ""
                torn.append(f"torn: {path.name}: {error}")
    return outputs, torn


@lru_cache(maxsize=1000)
def _hash(content: bytes) -> str:
    return hashlib.sha256(_unpack(content)).hexdigest()


def _unpack(content: bytes) -> bytes:
    with ZipFile(io.BytesIO(content)) as archive:
        return b"".join(name.encode() + archive.read(name) for name in sorted(archive.namelist()))


@lru_cache(maxsize=1000)
def _hash_worklist(content: bytes) -> str:
    """Hash who is listed and why, and what was typed."""
    book = load_workbook(io.BytesIO(content))
    sheets = [book.worksheets[0], *(book[name] for name in _SHEETS if name in book.sheetnames)]
    shown = [[sheet.title, *_list_lines(sheet)] for sheet in sheets]
    return hashlib.sha256(repr(shown).encode()).hexdigest()


def _list_lines(sheet: Any) -> Iterator[list[Any]]:
    rows = list(sheet.iter_rows(values_only=True))
    top = next((row for row in rows if len([cell for cell in row if cell]) > 3), ())
    kept = [place for place, head in enumerate(top) if head not in _DIFFERS]
    for row in rows:
        yield [row[place] for place in kept]


def _read_file(database: Path) -> tuple[dict[str, list[str]], tuple[str, ...], list[str]]:
    if not database.exists():
        return {}, (), []
    with _open_copy(database) as connection:
        checked = connection.execute("PRAGMA integrity_check").fetchone()[0]
        stored, due = _read_tables(connection)
    faults = [] if checked == "ok" else [f"history: {checked}"]
    return stored, due, [*faults, *_find_doubled(stored)]


@contextmanager
def _open_copy(database: Path) -> Iterator[sqlite3.Connection]:
    """Open a copy: whoever opens a history that was left by a dead run mends it."""
    with tempfile.TemporaryDirectory(prefix="looked-", dir=_scratch(database)) as folder:
        for ending in ("", "-wal", "-journal"):
            source = database.with_name(database.name + ending)
            if source.exists():
                shutil.copyfile(source, Path(folder) / f"copy.db{ending}")
        with closing(sqlite3.connect(Path(folder) / "copy.db")) as connection:
            yield connection


def _scratch(database: Path) -> str | None:
    return "/dev/shm" if str(database).startswith("/dev/shm") else None


def _read_tables(connection: Any) -> tuple[dict[str, list[str]], tuple[str, ...]]:
    """Read what two ways to the same end must agree in; nothing where there are no tables yet."""

    def ask(query: str) -> Any:
        cursor = connection.cursor()
        cursor.execute(query)
        return cursor

    known = "SELECT name FROM sqlite_master WHERE type = 'table'"
    if not isinstance(connection, sqlite3.Connection):
        known = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    names = {name for (name,) in ask(known).fetchall()}
    if "files" not in names:
        return {}, ()
    files = dict(ask("SELECT id, sha256 FROM files").fetchall())
    stored = {"files": sorted(files.values())}
    for table in sorted(names & {*_STORED}):
        cursor = ask(f"SELECT * FROM {table}")
        columns = [column[0] for column in cursor.description]
        kept = sorted(column for column in columns if column not in _STORED[table])
        listed = []
        for values in cursor.fetchall():
            row = dict(zip(columns, values, strict=True))
            of = [files[row["file_id"]]] if table in _OF_FILES else []
            listed.append(repr((*of, *(row[column] for column in kept))))
        stored[table] = sorted(listed)
    due = ask("SELECT kind, patient_id FROM due").fetchall() if "due" in names else []
    return stored, tuple(sorted(f"{kind} {patient}".strip() for kind, patient in due))


def _find_doubled(stored: dict[str, list[str]]) -> list[str]:
    return [
        f"doubled: rows of {table}"
        for table, rows in stored.items()
        if table != "decisions" and len(set(rows)) != len(rows)
    ]


def _find_leftovers(site: Path) -> list[str]:
    private = find_private(site / "reports")
    left = [
        path.relative_to(site).as_posix()
        for path in site.rglob("*")
        if path.name.startswith(".labflag-") and ".tmp" in path.name
    ]
    left += [path.name for path in private.glob("tmp*/*")]
    left += [path.name for path in private.glob("worklist.xlsx*")]
    left += [path.name for path in site.rglob("*.db-*") if path.parent == site]
    return [f"left behind: {name}" for name in left]
