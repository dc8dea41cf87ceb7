"""A PostgreSQL server of a test's own, which can be killed with all its processes."""

import ctypes
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

FOUND = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1:] or [
    Path(found).resolve().parent for found in [shutil.which("initdb")] if found
]
_USER = "labflag"
_PR_SET_CHILD_SUBREAPER = 36


class Server:
    """A server that listens on a socket in its own folder."""

    def __init__(self, folder: Path) -> None:
        """Make the files of a server in a folder that its account may write."""
        self.folder = folder
        # Its programs refuse to be root's.
        self._owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self._owner:
            shutil.chown(folder, "postgres")
        self._data = folder / "data"
        options = ["-U", _USER, "-A", "trust", "-E", "UTF8", "--no-sync"]
        self._call("initdb", "-D", self._data, *options)

    def start(self) -> None:
        """Start it, which also brings its files in order after it was killed."""
        options = f"-c listen_addresses='' -c unix_socket_directories={self.folder}"
        log = self.folder / "log"
        self._call("pg_ctl", "-D", self._data, "-w", "-l", log, "-o", options, "start")

    def stop(self) -> None:
        """Stop it, if it is there."""
        with suppress(subprocess.CalledProcessError):
            self._call("pg_ctl", "-D", self._data, "-m", "immediate", "stop")

    def kill(self) -> None:
        """Kill all its processes, as if the machine had gone."""
        first = int((self._data / "postmaster.pid").read_text().split()[0])
        # Stopped first: it would start new ones in the place of those that die.
        os.kill(first, signal.SIGSTOP)
        pids = [first, *_list_children(first)]
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in pids:
            # A dead process that nobody has waited for would count as the server still running.
            os.waitpid(pid, 0)

    def url(self, database: str) -> str:
        """Give the URL of a database."""
        return f"postgresql+psycopg://{_USER}@/{database}?host={self.folder}"

    def conninfo(self, database: str) -> str:
        """Say to the driver where a database is."""
        return f"host={self.folder} user={_USER} dbname={database}"

    def _call(self, program: str, *arguments: object) -> None:
        subprocess.run(
            [*self._owner, FOUND[0] / program, *map(str, arguments)],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            timeout=120,
        )


@contextmanager
def open_server() -> Iterator[Server]:
    """Make and start a server, and remove it in the end."""
    made = subprocess.run(
        # Short: the path of a socket has at most 107 characters.
        ["mktemp", "-d", "/tmp/pg-XXXXXX"],
        capture_output=True,
        text=True,
        check=True,
    )
    folder = Path(made.stdout.strip())
    server = Server(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


def take_orphans() -> None:
    """Be the parent of processes below this one whose own parent has ended; `kill` needs it."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no parent of orphans")


def _list_children(pid: int) -> list[int]:
    return [*map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
