"""Which files a command line means."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.ingest.file_names import show_name
from pipeline.ingest.formats.readers import READERS

# Lock files of Excel and LibreOffice, unfinished copies, and files that are hidden on purpose.
_NOT_EXPORTS = ("~$", ".")
_UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload")
# Kinds in which exports do arrive, though labflag does not read them: to be said, not passed over.
_REFUSED = (".xlsm", ".xlsb", ".xltx", ".xltm", ".gz", ".zip", ".7z", ".rar", ".numbers", ".dat")
_MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFile:
    """A file to read, and how it is called in reports and messages."""

    path: Path
    name: str
    """Printable, as `show_name` gives it; the path keeps the bytes of the name."""
    is_dropped: bool = False
    """It came through an inbox, and will lie in its archive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The files that were named, directly or by their folder."""

    exports: tuple[ExportFile, ...]
    passed_over: tuple[str, ...] = ()
    """Names of files in named folders that are no exports."""
    unreachable: tuple[str, ...] = ()
    """Names of folders below those named that cannot be listed, or that are only linked."""


def find_exports(sources: Sequence[Path], output: Path | None = None) -> Found:
    """List the files named, and those below the folders named, in order of their names.

    A file named directly is always taken, so that a wrong one is reported; in a folder only
    files whose ending is that of an export are. What labflag itself wrote is never read: the
    `output` folder, and whatever the manifest of a run lists. A file that is named twice is
    read once. Two files of the same name in different folders are called by as much of their
    path as tells them apart.
    """
    taken: dict[Path, None] = {}
    passed_over: list[str] = []
    unreachable: list[str] = []
    own = None if output is None else output.absolute()
    for source in sources:
        if not source.is_dir():
            taken[source.absolute()] = None
            continue
        for path in _walk(source.absolute(), own, unreachable):
            if path.suffix.lower() in (*READERS, *_REFUSED):
                taken[path] = None
            elif not is_unfinished(path.name):
                passed_over.append(show_name(path.name))
    names = _short_names(list(taken))
    exports = tuple(ExportFile(path=path, name=show_name(names[path])) for path in sorted(taken))
    return Found(
        exports=exports,
        passed_over=tuple(sorted(passed_over)),
        unreachable=tuple(sorted(set(map(show_name, unreachable)))),
    )


def is_hidden(name: str) -> bool:
    """Whether a name is that of a lock file, or is hidden on purpose."""
    return name.startswith(_NOT_EXPORTS)


def is_unfinished(name: str) -> bool:
    """Whether a name says that the file is still being copied."""
    return name.lower().endswith(_UNFINISHED)


def _walk(source: Path, own: Path | None, unreachable: list[str]) -> Iterator[Path]:
    """Give the files below a folder that may be exports."""

    def note(error: OSError) -> None:
        unreachable.append(Path(str(error.filename)).name)

    for folder, folders, files in os.walk(source, onerror=note):
        here = Path(folder)
        unreachable += [name for name in folders if (here / name).is_symlink()]
        folders[:] = sorted(name for name in folders if not is_hidden(name) and here / name != own)
        written = _written_by_labflag(here)
        for name in sorted(files):
            if not is_hidden(name) and here != own and here / name not in written:
                yield here / name


def _written_by_labflag(folder: Path) -> set[Path]:
    """List what a run wrote into a folder, by its manifest; held rows may be sent in again."""
    found: set[Path] = set()
    for place in (folder, folder.parent):
        try:
            content = json.loads((place / _MANIFEST).read_text(encoding="utf-8"))
            outputs = [str(each["path"]) for each in content["outputs"] if content["labflag"]]
        except (OSError, ValueError, KeyError, TypeError):
            continue
        found |= {place / name for name in (*outputs, _MANIFEST)}
    return found


def _short_names(paths: Sequence[Path]) -> dict[Path, str]:
    """Call each file by its name, with folders in front only where two share one."""
    names = {path: path.name for path in paths}
    depth = 1
    while len(set(names.values())) < len(names):
        depth += 1
        shared = [name for name in names.values() if list(names.values()).count(name) > 1]
        for path, name in names.items():
            if name in shared:
                names[path] = "/".join(path.parts[-depth:])
    return names
