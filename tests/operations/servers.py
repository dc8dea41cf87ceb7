"""A real PostgreSQL server for tests, and a line to it that can be cut between two statements."""

import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

FOUND = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1:] or [
    Path(found).resolve().parent for found in [shutil.which("initdb")] if found
]
SOCKET = ".s.PGSQL.5432"
_PR_SET_CHILD_SUBREAPER = 36
_READY = re.compile(rb"Z\x00\x00\x00\x05[ITE]\Z")
"""End of an answer: the server waits for the next request."""


class Server:
    """A server that listens on a socket of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self._owner:
            shutil.chown(folder, "postgres")
        # Also for who has given up the rights of an administrator.
        folder.chmod(0o755)
        made = [FOUND[0] / "initdb", "-D", folder / "data", "-U", "labflag", "-A", "trust"]
        self._call(*made, "-E", "UTF8", "--no-sync")

    def start(self, *options: str) -> None:
        """Start it, with options such as `max_connections=5`."""
        said = ["listen_addresses=''", f"unix_socket_directories={self.folder}", *options]
        self._control("start", "-l", self.folder / "log", "-o", " ".join(f"-c {o}" for o in said))

    def stop(self) -> None:
        """Stop it without waiting for anybody."""
        self._control("stop", "-m", "immediate")

    def kill(self) -> None:
        """Kill all its processes, as if the machine had gone; `take_orphans` must have been called."""
        first = int((self.folder / "data/postmaster.pid").read_text().split()[0])
        # Stopped first: it would start new ones in the place of those that die.
        os.kill(first, signal.SIGSTOP)
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        pids = [first, *map(int, children)]
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in pids:
            # A dead process that nobody has waited for would count as the server still running.
            os.waitpid(pid, 0)

    def execute(self, *statements: str, name: str = "postgres") -> list[tuple[object, ...]]:
        """Execute statements by themselves; give the rows of the last one."""
        import psycopg

        with psycopg.connect(self.conninfo(name), autocommit=True) as open_:
            for statement in statements:
                cursor = open_.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def url(self, name: str, folder: Path | None = None, user: str = "labflag") -> str:
        """Give the URL of a database, also by way of a line in another folder."""
        return f"postgresql+psycopg://{user}@/{name}?host={folder or self.folder}"

    def conninfo(self, name: str) -> str:
        """Say to the driver where a database is."""
        return f"host={self.folder} user=labflag dbname={name}"

    def make_database(self, name: str, template: str = "template1", more: str = "") -> str:
        """Make a database in place of any of that name; give its URL."""
        self.execute(
            f"DROP DATABASE IF EXISTS {name} WITH (FORCE)",
            f"CREATE DATABASE {name} TEMPLATE {template} {more}",
        )
        return self.url(name)

    def _control(self, *arguments: object) -> None:
        self._call(FOUND[0] / "pg_ctl", "-D", self.folder / "data", "-w", *arguments)

    def _call(self, *command: object) -> None:
        quiet = {"check": True, "capture_output": True, "cwd": self.folder, "timeout": 120}
        subprocess.run([*self._owner, *map(str, command)], **quiet)


@contextmanager
def start_server(*options: str) -> Iterator[Server]:
    """Make a server and start it; in the end nothing of it is left."""
    with short_folder("pg") as folder:
        server = Server(folder)
        server.start(*options)
        try:
            yield server
        finally:
            with suppress(subprocess.CalledProcessError):
                server.stop()


@contextmanager
def short_folder(name: str) -> Iterator[Path]:
    """Make a folder whose path is short: that of a socket has at most 107 characters."""
    made = subprocess.run(
        ["mktemp", "-d", f"/tmp/{name}-XXXXXX"], capture_output=True, text=True, check=True
    )
    folder = Path(made.stdout.strip())
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def take_orphans() -> None:
    """Be the parent of processes below this one whose own parent has ended."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no parent of orphans")


class Line:
    """A line to a server that counts requests, and can be cut at one of them.

    A request is cut before the server hears it, or after it has done it and before its answer
    arrives: who asked cannot tell the one from the other.
    """

    def __init__(self, folder: Path, server: Path) -> None:
        self._server = str(server / SOCKET)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / SOCKET))
        self._listener.listen(50)
        self._lock = threading.Lock()
        self.mend()
        threading.Thread(target=self._accept, daemon=True).start()

    def mend(self, at: int = 0, *, is_answer: bool = False, stays_cut: bool = False) -> None:
        """Let everything pass from now on, up to request `at`; 0: for good.

        Args:
            at: Number of the request that is cut, from 1.
            is_answer: The server does it; the answer is what does not arrive.
            stays_cut: Nobody reaches the server after it until this is called again.
        """
        self.count = 0
        self.was_cut = self.is_cut = False
        self._at, self._is_answer, self._stays_cut = at, is_answer, stays_cut

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.is_cut:
                client.close()
                continue
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._server)
            threading.Thread(target=self._relay, args=(client, server), daemon=True).start()

    def _relay(self, client: socket.socket, server: socket.socket) -> None:
        """Pass on requests and answers in turn; who asks waits for the answer."""
        try:
            while request := client.recv(1 << 20):
                with self._lock:
                    self.count += 1
                    is_here = self.count == self._at
                if is_here and not self._is_answer:
                    return
                server.sendall(request)
                if request.startswith(b"X\x00\x00\x00\x04"):
                    return
                answer = b""
                # The next request may begin before it is whole, where many rows are sent.
                while not _READY.search(answer[-6:]):
                    piece = _first(client, server)
                    if piece is client:
                        server.sendall(client.recv(1 << 20))
                        continue
                    part = server.recv(1 << 20)
                    if not part:
                        return
                    answer = answer[-6:] + part
                    if not is_here:
                        client.sendall(part)
                if is_here:
                    return
        except OSError:
            return
        finally:
            if "is_here" in locals() and is_here:
                self.was_cut, self.is_cut = True, self._stays_cut
            client.close()
            server.close()


def _first(client: socket.socket, server: socket.socket) -> socket.socket:
    import select

    ready, _, _ = select.select([server, client], [], [])
    return server if server in ready else client
