"""Which files of a drop folder have arrived whole.

A sender may write slowly, pause, or keep an old time on its files, and its clock may be wrong.
So a file is taken when it looked the same, by our own clock, over a while; and where its last
bytes do not show that it is whole, only after a much longer while.
"""

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.errors import InboxError
from pipeline.files.durable import write_private
from pipeline.files.folder import open_folder
from pipeline.ingest.formats.readers import READERS, read_text
from pipeline.ingest.sources import is_hidden, is_unfinished

_LEDGER = "arrivals.json"
_LONGER = 6
"""Times as long waits a file that does not look whole."""
_END_OF_ZIP = b"PK\x05\x06"
_ZIP_TAIL = 22 + 65_535
_BLOCK_OF_XLS = 512
_LINE_ENDS = (b"\n", b"\r", b"\n\x00", b"\r\x00")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileState:
    """What a file looked like, and since when."""

    signature: tuple[int, int, int, int]
    """Inode, size, time of change of content and of the entry, in nanoseconds."""
    since: float
    """By the clock of this machine, seconds of the epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """What lies in a drop folder."""

    whole: tuple[Path, ...]
    """To be taken, in order of their names."""
    waiting: int
    """Files that are still growing, or have not been the same for long enough."""
    patience: float
    """Seconds until the first of those waiting may be whole; 0 if none waits."""
    unseen: int = 0
    """Folders and files that cannot be looked at, for a right that is missing or a bad disk."""


def find_arrivals(
    inbox: Path, private: Path, *, now: float, settle: float, leave: frozenset[Path]
) -> Arrivals:
    """List what has arrived whole, and remember what else was seen for the next time.

    Args:
        inbox: The drop folder; folders in it are looked into.
        private: The folder in which sightings are remembered.
        now: Seconds of the epoch.
        settle: Seconds for which a file must look the same.
        leave: Folders below the inbox that are none of the sender's.

    Raises:
        InboxError: The drop folder itself cannot be listed.
        OSError: What was seen cannot be remembered.
    """
    before = _remembered(private)
    seen: dict[str, FileState] = {}
    whole: list[Path] = []
    unfinished = 0
    patience = [0.0]
    unseen: set[Path] = set()
    for path in sorted(_list_files(inbox, leave, unseen)):
        if is_unfinished(path.name):
            unfinished += 1
            continue
        try:
            sighting = _look_at(path, before.get(_key(inbox, path)), now)
        except FileNotFoundError:
            continue
        except OSError:
            unseen.add(path)
            continue
        seen[_key(inbox, path)] = sighting
        needed = settle if _looks_whole(path) else _LONGER * settle
        if now - sighting.since >= needed:
            whole.append(path)
        else:
            patience.append(needed - (now - sighting.since))
    if seen != before:
        _remember(private, seen)
    return Arrivals(
        whole=tuple(whole),
        waiting=unfinished + len(seen) - len(whole),
        patience=min(patience[1:], default=0.0),
        unseen=len(unseen),
    )


def count_arrivals(inbox: Path, leave: frozenset[Path]) -> tuple[int, frozenset[Path]]:
    """Count the files of a drop folder, whole or not; remember nothing.

    Returns:
        How many there are, and the folders that cannot be listed or from which no file can be
        taken.

    Raises:
        InboxError: The drop folder itself cannot be listed.
    """
    refused: set[Path] = set()
    files = list(_list_files(inbox, leave, refused))
    for folder in {path.parent for path in files}:
        if not os.access(folder, os.W_OK | os.X_OK):
            refused.add(folder)
    return len(files), frozenset(refused)


def _list_files(inbox: Path, leave: frozenset[Path], refused: set[Path]) -> Iterator[Path]:
    """Give the files of a drop folder; what cannot be listed below it is added to `refused`."""

    def refuse(error: OSError) -> None:
        if Path(error.filename) == inbox:
            said = f"the inbox {inbox} cannot be listed: {error.strerror}"
            raise InboxError(said) from error
        if not isinstance(error, FileNotFoundError):
            refused.add(Path(error.filename))

    for folder, folders, files in os.walk(inbox, onerror=refuse):
        here = Path(folder)
        folders[:] = sorted(
            name for name in folders if not is_hidden(name) and here / name not in leave
        )
        yield from (here / name for name in files if not is_hidden(name))
        # A link to a folder is not followed; it is set aside like any other link.
        yield from (here / name for name in folders if (here / name).is_symlink())


def _look_at(path: Path, before: FileState | None, now: float) -> FileState:
    """Say since when a file has looked as it does.

    Raises:
        OSError: It has gone, or cannot be looked at.
    """
    found = path.lstat()
    signature = (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    # A clock that was set back must not keep a file waiting until it has caught up.
    if before is None or before.signature != signature or before.since > now:
        return FileState(signature=signature, since=now)
    return before


def _looks_whole(path: Path) -> bool:
    """Whether the last bytes are those of a whole file of its kind; other kinds always are."""
    suffix = path.suffix.lower()
    try:
        if suffix not in READERS or not stat.S_ISREG(path.lstat().st_mode):
            return True
        with open_folder(path.parent, follow=True) as folder:
            descriptor = folder.open(path.name)
        with os.fdopen(descriptor, "rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - _ZIP_TAIL))
            tail = stream.read()
    except OSError:
        return False
    if READERS[suffix] is read_text:
        return tail.endswith(_LINE_ENDS)
    if suffix == ".xls":
        return size > 0 and size % _BLOCK_OF_XLS == 0
    at = tail.rfind(_END_OF_ZIP)
    return at >= 0 and len(tail) >= at + 22 + int.from_bytes(tail[at + 20 : at + 22], "little")


def _key(inbox: Path, path: Path) -> str:
    """Name a file in the ledger: a file's name may hold a patient's."""
    relative = path.relative_to(inbox).as_posix()
    return hashlib.sha256(relative.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _remembered(private: Path) -> dict[str, FileState]:
    """Read what was seen; a ledger that is damaged or missing only makes files wait again."""
    try:
        entries = json.loads((private / _LEDGER).read_text(encoding="utf-8"))
        return {
            key: FileState(signature=tuple(entry["signature"]), since=float(entry["since"]))
            for key, entry in entries.items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def _remember(private: Path, seen: Mapping[str, FileState]) -> None:
    content = {key: asdict(sighting) for key, sighting in sorted(seen.items())}
    write_private(json.dumps(content).encode(), private / _LEDGER)
