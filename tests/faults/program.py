"""The real command line in a process of its own, under strace where calls are to fail.

Everything is imported once and then forked: a run costs a fraction of a second. The clock stands
still, so that what two runs write can be compared byte by byte.
"""

import functools
import gc
import importlib
import os
import pkgutil
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.faults.memory import Memory

CALLS = (
    "write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,"
    "truncate,ftruncate,chmod,fchmod,fchmodat,chown,fchown,fchownat,link,linkat,symlink,openat"
)
KILLED = -9
_CHANGES = frozenset(("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.truncate"))
_CALL = re.compile(r"^\d+\s+(\w+)\(")


class _StandingClock(datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime(2026, 3, 2, 8, 0).astimezone(tz) if tz else datetime(2026, 3, 2, 8, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A call of a run: which one, and the how manieth of its kind."""

    call: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run ended."""

    code: int
    """Exit code, or the negative number of a signal."""
    said: str
    trace: str = ""
    was_met: bool = False
    """Whether strace did what it was asked for."""


def import_everything() -> None:
    """Import all modules now, so that no forked process has to."""
    import pipeline

    for module in pkgutil.walk_packages(pipeline.__path__, "pipeline."):
        if not module.name.endswith("__main__") and not module.name.endswith("child"):
            importlib.import_module(module.name)
    # What is only read is read once; it is the same in every run.
    import pipeline.commands.context
    from pipeline.config import load_settings

    pipeline.commands.context.load_knowledge = functools.cache(
        pipeline.commands.context.load_knowledge
    )
    pipeline.commands.context.load_tried_knowledge(load_settings(None))
    gc.collect()
    gc.freeze()


def run(arguments: list[str], *, inject: str = "", traced: bool = False, kill_at: int = 0) -> Ended:
    """Run a command line to its end.

    Args:
        arguments: Without the name of the program.
        inject: What strace does to which call, such as `rename:signal=KILL:when=3`.
        traced: Whether to give the calls that it makes.
        kill_at: Without strace: the how manieth file that it makes, renames or removes ends it.
    """
    reads, writes = os.pipe()
    said = Path(os.environ["FAULTS_SCRATCH"]) / "said"
    trace = said.with_name("trace")
    is_traced = bool(inject) or traced
    _memory().gather()
    said.write_bytes(b"")
    pid = os.fork()
    if not pid:
        if kill_at:
            _kill_myself_at(kill_at)
        _be_the_program(arguments, reads, writes, said, is_traced=is_traced)
    os.close(reads)
    tracer = _trace(pid, trace, inject) if is_traced else None
    os.write(writes, b"x")
    os.close(writes)
    _, status = os.waitpid(pid, 0)
    if tracer is not None:
        tracer.wait()
    code = os.waitstatus_to_exitcode(status)
    calls = trace.read_text(errors="replace") if is_traced else ""
    return Ended(
        code=code,
        said=said.read_text(errors="replace"),
        trace=calls if traced else "",
        was_met=code == KILLED or "(INJECTED)" in calls,
    )


def start(arguments: list[str]) -> int:
    """Start a command line and do not wait for it; give the process, which is to be waited for."""
    reads, writes = os.pipe()
    said = Path(os.environ["FAULTS_SCRATCH"]) / "said-by-many"
    said.write_bytes(b"")
    pid = os.fork()
    if not pid:
        _be_the_program(arguments, reads, writes, said, is_traced=True)
    os.close(reads)
    os.write(writes, b"x")
    os.close(writes)
    return pid


def list_points(trace: str) -> list[Point]:
    """List the calls of a run in order."""
    seen: dict[str, int] = {}
    points = []
    for line in trace.splitlines():
        if found := _CALL.match(line):
            call = found[1]
            seen[call] = seen.get(call, 0) + 1
            # Of files that are opened, those that are made by it.
            if call != "openat" or "O_CREAT" in line:
                points.append(Point(call=call, number=seen[call]))
    return points


@functools.cache
def _memory() -> Memory:
    return Memory(Path(os.environ["FAULTS_SCRATCH"]) / "memory")


def _be_the_program(
    arguments: list[str], reads: int, writes: int, said: Path, *, is_traced: bool
) -> None:
    """Wait until a tracer is there, then be labflag; never come back."""
    code = 70
    try:
        os.close(writes)
        os.read(reads, 1)
        os.close(reads)
        out = os.open(said, os.O_WRONLY)
        os.dup2(out, 1)
        os.dup2(out, 2)
        for name, module in list(sys.modules.items()):
            if name.startswith("pipeline.cli.") and hasattr(module, "datetime"):
                module.datetime = _StandingClock
        from pipeline.cli import main

        _memory().attach(is_traced=is_traced)
        try:
            main(arguments, prog_name="labflag")
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _kill_myself_at(number: int) -> None:
    """Have this process, a fork, end at a call of Python's that changes a file."""
    left = iter(range(number - 1))

    def count(event: str, given: tuple[object, ...]) -> None:
        if event == "open":
            flags = given[2] if isinstance(given[2], int) else 0
            changes = bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
        else:
            changes = event in _CHANGES
        # What is remembered for the next fork is none of the program's.
        if changes and "/memory/" not in str(given[0]) and next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)


def _trace(pid: int, trace: Path, inject: str) -> "subprocess.Popen[bytes]":
    command = [
        "strace",
        "-f",
        "-y",
        "-s",
        "0",
        "-p",
        str(pid),
        "-o",
        str(trace),
        "-e",
        f"trace={CALLS}",
    ]
    tracer = subprocess.Popen(
        [*command, *(["-e", f"inject={inject}"] if inject else [])], stderr=subprocess.PIPE
    )
    assert tracer.stderr is not None
    first = tracer.stderr.readline()
    if b"attached" not in first:
        raise RuntimeError(f"strace cannot attach: {first.decode()}")
    time.sleep(0.002)
    return tracer
