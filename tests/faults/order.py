"""Data is on disk before its name is, and the name at the end: read from a trace."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

_PLACE = r'(?:(?:AT_FDCWD|\d+)(?:<([^>]*)>)?, )?"([^"]*)"'
_RENAMED = re.compile(rf"^\d+\s+rename\w*\({_PLACE}, {_PLACE}")
_SYNCED = re.compile(r"^\d+\s+f(?:data)?sync\(\d+<([^>]*)>\)\s+= 0")


def check_order(trace: str, site: Path) -> Iterator[str]:
    """Give what was renamed before it was synced, and names that were never synced."""
    synced: set[str] = set()
    due: dict[str, str] = {}
    for line in trace.splitlines():
        if found := _SYNCED.match(line):
            synced.add(found[1])
            due.pop(found[1], None)
        elif (found := _RENAMED.match(line)) and line.rstrip().endswith("= 0"):
            # A path that is whole stands for itself, whatever folder it is looked up in.
            source, target = (os.path.join(found[at] or "", found[at + 1]) for at in (1, 3))
            if source not in synced:
                yield f"renamed before it was synced: {_show(source, site)}"
            else:
                # It keeps its content under its new name, and may be renamed once more.
                synced.add(target)
            for folder in (Path(target).parent, Path(source).parent):
                due[str(folder)] = target
    yield from (f"never synced after a rename: {_show(each, site)}" for each in due)


def _show(path: str, site: Path) -> str:
    return path.replace(str(site), "")
