"""Writing many files so that each is the old one or the new one, whatever happens."""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar
from zipfile import BadZipFile, ZipFile

from pipeline.errors import OutputError
from pipeline.report.files import move_into_place, sync_folder, write_aside

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A finished workbook, and where it goes."""

    path: Path
    content: bytes


def deliver(deliveries: Iterable[Delivery]) -> tuple[Path, ...]:
    """Write workbooks aside, look at them, then rename all and sync their folders once.

    Returns:
        The paths that are open in another program, so that they could not be replaced; they
        are as they were.

    Raises:
        OutputError: A file cannot be written, or does not read back as it was written.
    """
    aside: list[tuple[Path, Path]] = []
    locked: list[Path] = []
    try:
        for delivery in deliveries:
            # First noted, then looked at: what is wrong is removed below.
            aside.append((write_aside(delivery.content, delivery.path), delivery.path))
            _require_workbook(aside[-1][0], delivery.content)
        while aside:
            written, path = aside[0]
            if not move_into_place(written, path):
                locked.append(path)
                written.unlink(missing_ok=True)
            sync_later = path.parent
            aside.pop(0)
            if not aside or aside[0][1].parent != sync_later:
                sync_folder(sync_later)
    finally:
        for written, _ in aside:
            written.unlink(missing_ok=True)
    return tuple(locked)


def in_batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Cut into lists of at most so many."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _require_workbook(path: Path, content: bytes) -> None:
    """Read back what was written: a disk that is full or failing shows here, not on a desk.

    Raises:
        OutputError: It is not what was written, or no workbook.
    """
    try:
        stored = path.read_bytes()
        with ZipFile(io.BytesIO(stored)) as archive:
            is_whole = stored == content and archive.testzip() is None
    except (OSError, BadZipFile):
        is_whole = False
    if not is_whole:
        raise OutputError(f"a workbook written in {path.parent} does not read back; see the disk")
