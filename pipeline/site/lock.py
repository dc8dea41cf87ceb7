"""One run at a time in an output folder: a lock that dies with its process."""

import json
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline.errors import BusyError, OutputError
from pipeline.files.folder import open_folder, read_plain

NAME = "lock"
# Windows keeps others from reading what is locked; the holder is written well before this byte.
_FAR = 1 << 30
# Who only looks whether a run is at work holds the lock for a moment.
_ATTEMPTS, _PAUSE = 4, 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who holds a lock, as it wrote down itself; true only while the lock is held."""

    pid: int
    host: str
    since: str
    """ISO 8601, local time with its offset."""

    def __str__(self) -> str:
        """Name the process, its machine and its start."""
        return f"process {self.pid} on {self.host} since {self.since}"


@contextmanager
def hold_lock(folder: Path, clock: Callable[[], datetime], output: Path) -> Iterator[None]:
    """Hold the lock of a folder; the system gives it back however the process ends.

    What stands in the file only says who holds it. A file that a dead run left behind locks
    nothing.

    Args:
        folder: Where the lock file lies; it must exist.
        clock: Says since when.
        output: The folder of reports that it is about.

    Raises:
        BusyError: Another process holds it.
        OutputError: The file system has no locks, or the file cannot be made.
    """
    try:
        with open_folder(folder) as opened:
            # Not inherited: a child that outlives this process must not keep the lock.
            descriptor = opened.open(NAME, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise OutputError(f"the lock cannot be made in {folder}: {error.strerror}") from None
    try:
        if os.fstat(descriptor).st_nlink > 1:
            raise OutputError(f"{folder / NAME} is a file with a second name; remove it")
        try:
            taken = _try_lock(descriptor)
            for _ in range(_ATTEMPTS):
                if not taken:
                    time.sleep(_PAUSE)
                    taken = _try_lock(descriptor)
        except OSError as error:
            raise OutputError(
                f"{folder} is on a file system without locks ({error.strerror}); "
                "give an output folder on a disk of this machine with -o"
            ) from None
        if not taken:
            holder = read_holder(folder)
            said = f": {holder}" if holder else ""
            raise BusyError(f"another run is at work in {output}{said}; try again later")
        _write_holder(descriptor, clock())
        try:
            yield
        finally:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def find_holder(folder: Path) -> Holder | None:
    """Say who holds the lock of a folder just now; None if nobody does."""
    try:
        with open_folder(folder) as opened:
            descriptor = opened.open(NAME, os.O_RDWR)
    except OSError:
        return None
    try:
        is_free = _try_lock(descriptor)
    except OSError:
        is_free = True
    finally:
        os.close(descriptor)
    return None if is_free else read_holder(folder) or Holder(pid=0, host="", since="")


def read_holder(folder: Path) -> Holder | None:
    """Read who wrote that it holds the lock; None if that is not there or half written."""
    try:
        return Holder(**json.loads(read_plain(folder / NAME)))
    except (OSError, ValueError, TypeError):
        return None


def _write_holder(descriptor: int, now: datetime) -> None:
    said = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": now.astimezone().isoformat(timespec="seconds"),
    }
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, json.dumps(said).encode())


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
