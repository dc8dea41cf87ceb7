"""Writing many files so that each is the old one or the new one, whatever happens."""

import io
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar
from zipfile import BadZipFile, ZipFile

from pipeline.errors import OutputError
from pipeline.files.durable import FILE_MODE, open_outputs, replace_output
from pipeline.files.folder import Folder

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A finished workbook, and where it goes."""

    path: Path
    content: bytes


def deliver(deliveries: Iterable[Delivery]) -> tuple[Path, ...]:
    """Write workbooks aside, look at them, then rename all and sync their folders once.

    Returns:
        The paths that could not be replaced, for a program has them open or a folder stands
        there; they are as they were.

    Raises:
        OutputError: A file cannot be written, or does not read back as it was written.
    """
    aside: list[tuple[Folder, str, Path]] = []
    locked: list[Path] = []
    folders: dict[Path, Folder] = {}
    with ExitStack() as stack:
        try:
            for delivery in deliveries:
                path = delivery.path
                if path.parent not in folders:
                    folders[path.parent] = stack.enter_context(open_outputs(path.parent))
                folder = folders[path.parent]
                # First noted, then looked at: what is wrong is removed below.
                aside.append((folder, folder.write_aside(delivery.content, FILE_MODE), path))
                _require_workbook(folder, aside[-1][1], delivery.content)
            while aside:
                folder, written, path = aside[0]
                if not replace_output(folder, written, path.name):
                    locked.append(path)
                    folder.remove(written)
                aside.pop(0)
                if not aside or aside[0][0] is not folder:
                    folder.sync()
        finally:
            for folder, written, _ in aside:
                folder.remove(written)
    return tuple(locked)


def in_batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Cut into lists of at most so many."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _require_workbook(folder: Folder, name: str, content: bytes) -> None:
    """Read back what was written: a disk that is full or failing shows here, not on a desk.

    Raises:
        OutputError: It is not what was written, or no workbook.
    """
    try:
        with os.fdopen(folder.open(name), "rb") as stream:
            stored = stream.read()
        with ZipFile(io.BytesIO(stored)) as archive:
            is_whole = stored == content and archive.testzip() is None
    except (OSError, BadZipFile):
        is_whole = False
    if not is_whole:
        raise OutputError(f"a workbook written in {folder.path} does not read back; see the disk")
