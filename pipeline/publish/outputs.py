"""What in an output folder is for people to read."""

import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pipeline.files.folder import Folder, is_private_to, open_folder

_FILES = ("worklist.xlsx", "index.html", "findings.csv", "issues.csv", "manifest.json")
_FOLDERS = ("patients", "held")
_SIGNS = ("heartbeat.json",)
_OF_PEOPLE = ("worklist.xlsx",)
"""Whoever saves it owns it."""


def walk_folders(output: Path) -> Iterator[tuple[Folder, tuple[str, ...]]]:
    """Open the folders of reports, one by one; list the names of reports in each.

    A folder that is a link, or none, is left out.

    Raises:
        OSError: A folder cannot be opened.
    """
    with open_folder(output, follow=True) as folder:
        names = folder.list_names()
        yield folder, tuple(name for name in (*_FILES, *_SIGNS) if name in names)
        for name in _FOLDERS:
            if name in names and stat.S_ISDIR(folder.stat(name).st_mode):
                with folder.open_folder(name) as inner:
                    yield inner, tuple(inner.list_names())


def list_reports(output: Path) -> tuple[Path, ...]:
    """List the files that a run writes of patients, and what has a name of one, in order.

    Raises:
        OSError: A folder cannot be opened.
    """
    return tuple(
        sorted(
            folder.path / name
            for folder, names in walk_folders(output)
            for name in names
            if name not in _SIGNS and not stat.S_ISDIR(_mode_of(folder, name))
        )
    )


def count_odd(output: Path) -> dict[Path, int]:
    """Count what stands in a folder of reports and is no plain file of ours with one name.

    Returns:
        Folder → number, of those that have such.

    Raises:
        OSError: A folder cannot be opened.
    """
    counts: dict[Path, int] = {}
    owner = output.stat().st_uid
    for folder, names in walk_folders(output):
        for name in names:
            with suppress(FileNotFoundError):
                found = folder.stat(name)
                owners = (owner, found.st_uid) if name in _OF_PEOPLE else (owner,)
                if not is_private_to(found, *owners):
                    counts[folder.path] = counts.get(folder.path, 0) + 1
    return counts


def _mode_of(folder: Folder, name: str) -> int:
    """Return the mode of an entry; 0 if a run has just taken it away."""
    try:
        return folder.stat(name).st_mode
    except FileNotFoundError:
        return 0
