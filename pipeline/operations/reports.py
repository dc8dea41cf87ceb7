"""What in an output folder is for people to read."""

import os
from collections.abc import Iterator
from pathlib import Path

_FILES = ("worklist.xlsx", "index.html", "findings.csv", "issues.csv", "manifest.json")
_FOLDERS = ("patients", "held")
_SIGNS = ("heartbeat.json",)


def walk_reports(output: Path) -> Iterator[Path]:
    """Give the output folder, and the files and folders in it that are not labflag's own."""
    yield output
    for name in (*_FILES, *_SIGNS):
        if (output / name).is_file():
            yield output / name
    for name in _FOLDERS:
        if (output / name).is_dir():
            yield output / name
            with os.scandir(output / name) as entries:
                yield from (Path(entry.path) for entry in entries if entry.is_file())


def list_reports(output: Path) -> tuple[Path, ...]:
    """List the files that a run writes of patients, in order."""
    found = (path for path in walk_reports(output) if path.is_file() and path.name not in _SIGNS)
    return tuple(sorted(found))
