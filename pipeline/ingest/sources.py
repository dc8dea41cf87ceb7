"""Which files a command line means."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.ingest.readers import READERS

# Lock files of Excel and LibreOffice, unfinished copies, and files that are hidden on purpose.
_NOT_EXPORTS = ("~$", ".")
_UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFile:
    """A file to read, and how it is called in reports and messages."""

    path: Path
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The files that were named, directly or by their folder."""

    exports: tuple[ExportFile, ...]
    passed_over: tuple[str, ...]
    """Names of files in named folders that are of no kind that labflag reads."""


def find_exports(sources: Sequence[Path]) -> Found:
    """List the files named, and those below the folders named, in order of their names.

    A file named directly is always taken, so that a wrong one is reported; in a folder only
    files with a known ending are. A file that is named twice is read once. Two files of the
    same name in different folders are called by as much of their path as tells them apart.
    """
    taken: dict[Path, Path] = {}
    passed_over = []
    for source in sources:
        if source.is_dir():
            for path in sorted(source.rglob("*")):
                if path.is_dir() or path.name.startswith(_NOT_EXPORTS):
                    continue
                if path.suffix.lower() in READERS:
                    taken.setdefault(path.absolute(), path)
                elif not path.name.endswith(_UNFINISHED):
                    passed_over.append(path.name)
        else:
            taken.setdefault(source.absolute(), source)
    names = _short_names(list(taken))
    exports = tuple(ExportFile(path=path, name=names[path]) for path in sorted(taken))
    return Found(exports=exports, passed_over=tuple(sorted(passed_over)))


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
