"""A workbook is given to a process of its own, which is limited in memory and time and may die.

The limit of time is one of computing, which a busy machine does not trip. Only a process that
waits for something, or a system that knows no such limit, is ended by the clock.
"""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pipeline
from pipeline.ingest.formats.refusal import Refused

WALL_SECONDS = 60 if sys.platform == "win32" else 900

# Isolated mode drops the current folder and PYTHONPATH, so the child is told where this package
# and the reading library are. The package is named by its own folder, which keeps another one
# of that name, or a file beside it named as a standard module, from being taken instead.
_START = (
    "import sys, types; package = types.ModuleType('pipeline'); package.__path__ = [sys.argv[2]]; "
    "sys.modules['pipeline'] = package; sys.path.append(sys.argv[3]); "
)
_KEPT_VARIABLES = ("SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
# Threads of libraries that compute with tables, of which none does: each takes of the memory.
_FEW_THREADS = {"OPENBLAS_NUM_THREADS": "1"}


def name_start(module: str) -> str:
    """Give the program of a child: the function `main` of a module of this package."""
    return f"{_START}from {module} import main; main()"


def run_limited(start: str, first: str, library: str, content: bytes, wall: float) -> bytes:
    """Give what a child said of a workbook, up to its end.

    Args:
        start: Its program, as `name_start` gives it; what it says first is that it is ready.
        first: Its first argument.
        library: The package that it reads with.
        content: The workbook.
        wall: Seconds by the clock.

    Raises:
        Refused: It did not come to its end.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-X", "utf8", "-c", start, first, *_find_packages(library)],
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_FEW_THREADS
            | {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ},
            timeout=wall,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Refused("workbook-exhausting", f"not read after {wall} seconds") from error
    except OSError as error:
        raise _no_start(error.strerror or type(error).__name__) from error
    if not done.stdout.startswith(b'["ready"]'):
        # It has not seen the file yet.
        code = done.returncode
        raise _no_start(f"signal {-code}" if code < 0 else f"exit {code}")
    if done.returncode != 0:
        raise _explain_death(done.returncode)
    return done.stdout


def _no_start(how: str) -> Refused:
    said = f"the program that reads workbooks did not start ({how}), mostly for want of memory"
    return Refused("file-not-read", said)


def _explain_death(code: int) -> Refused:
    if sys.platform != "win32":
        import signal

        if -code == signal.SIGXCPU:
            return Refused("workbook-exhausting", "it takes too long")
        # Nothing that the file does brings this signal: the system, or a person, sent it.
        if -code == signal.SIGKILL:
            return Refused("reader-stopped", f"signal {-code}, mostly for want of memory")
    return Refused("workbook-exhausting", "the reader ran out of memory or failed")


def _find_packages(library: str) -> Sequence[str]:
    """Give the folder of this package, then the one that holds the reading library."""
    found = importlib.util.find_spec(library)
    if found is None or found.origin is None:
        raise Refused("file-not-read", f"{library}, which reads workbooks, is not installed")
    return (
        str(Path(pipeline.__path__[0]).resolve()),
        str(Path(found.origin).resolve().parent.parent),
    )
