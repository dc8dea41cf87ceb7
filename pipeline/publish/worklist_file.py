"""The worklist as a file that people use: what it is, who has it open, copies beside it."""

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline.ingest.formats.workbook.prescan import MAX_FILE_BYTES

NAME = "worklist.xlsx"
OTHER = "worklist.ods"
"""What a person makes who saves it by LibreOffice in its own format."""
_OWNER_FILES = ("~${name}", ".~lock.{name}#")
_ASIDE = re.compile(r"worklist-\d{8}T\d{6}(?:-\d+)?\.(?:xlsx|ods)|worklist-unreadable-\w+\.xlsx")
_SHEETS = frozenset(
    (
        *(".xlsx", ".xlsm", ".xlsb", ".xls", ".xltx", ".ods", ".fods", ".csv", ".tsv"),
        *(".numbers", ".xml"),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What stands under the name of a worklist."""

    content: bytes | None = None
    """None if there is none, or it is not read."""
    state: tuple[int, ...] = ()
    """Tells one file from another, and from itself after it was written."""
    fault: str = ""
    """Why it is not read: "no-file" (a folder, link or device), "too-large", "unreadable"."""

    @property
    def is_there(self) -> bool:
        """Whether anything stands there."""
        return bool(self.state)

    @property
    def sha256(self) -> str:
        """Of the content; "" for none."""
        return "" if self.content is None else hashlib.sha256(self.content).hexdigest()


def look_at(path: Path) -> Found:
    """Read a file, if it is one: no link is followed, and nothing is waited for."""
    try:
        seen = path.lstat()
    except FileNotFoundError:
        return Found()
    except OSError:
        return Found(state=(0,), fault="unreadable")
    state = _state(seen)
    if not stat.S_ISREG(seen.st_mode):
        return Found(state=state, fault="no-file")
    if seen.st_size > MAX_FILE_BYTES:
        return Found(state=state, fault="too-large")
    flags = os.O_RDONLY
    for flag in ("O_BINARY", "O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK"):
        flags |= getattr(os, flag, 0)
    try:
        with os.fdopen(os.open(path, flags), "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                return Found(state=state, fault="no-file")
            content = stream.read(MAX_FILE_BYTES + 1)
            state = _state(os.fstat(stream.fileno()))
    except OSError:
        return Found(state=state, fault="unreadable")
    if len(content) > MAX_FILE_BYTES:
        return Found(state=state, fault="too-large")
    return Found(content=content, state=state)


def is_as_found(path: Path, found: Found) -> bool:
    """Whether a file is still what it was: its content, not its times alone."""
    now = look_at(path)
    return (now.fault, now.content) == (found.fault, found.content) and (
        found.content is not None or now.state == found.state
    )


def is_open(path: Path) -> bool:
    """Whether an owner file beside it says that a program has a workbook open."""
    return any(
        os.path.lexists(path.with_name(pattern.format(name=path.name))) for pattern in _OWNER_FILES
    )


def name_aside(path: Path, now: datetime) -> Iterator[Path]:
    """Give names to keep a worklist under, until one is free."""
    stem = f"{path.stem}-{now:%Y%m%dT%H%M%S}"
    yield path.with_name(stem + path.suffix)
    for number in range(2, 1_000):
        yield path.with_name(f"{stem}-{number}{path.suffix}")


def list_aside(folder: Path) -> tuple[Path, ...]:
    """List the worklists that were kept."""
    return tuple(
        path
        for path in sorted(folder.glob("worklist-*"))
        if _ASIDE.fullmatch(path.name) and path.is_file() and not path.is_symlink()
    )


def list_copies(folder: Path) -> tuple[Path, ...]:
    """List files beside the worklist that look like copies of it, into which nobody should type."""
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries if "worklist" in entry.name.casefold())
    return tuple(
        folder / name
        for name in names
        if Path(name).suffix.casefold() in _SHEETS
        and name not in (NAME, OTHER)
        and not name.startswith((".", "~$"))
        and not _ASIDE.fullmatch(name)
    )


def _state(seen: os.stat_result) -> tuple[int, ...]:
    return seen.st_dev, seen.st_ino, seen.st_mode, seen.st_size, seen.st_mtime_ns
