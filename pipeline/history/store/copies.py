"""A copy of a history as one file: it has its name only once it is whole."""

import glob
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import OutputError
from pipeline.files.durable import sync_names
from pipeline.files.folder import ASIDE
from pipeline.history.store.engine import fold_file


@contextmanager
def write_aside(path: Path) -> Iterator[Path]:
    """Give the place of a database that gets its name once it is written.

    What is stopped before that leaves no file under the name, which would look like a copy and
    hold nothing; what it leaves aside is removed by the next copy of that name.

    Raises:
        OutputError: There is something of that name, or it cannot be written.
    """
    if os.path.lexists(path):
        raise OutputError(f"{path} is there already; move it away or give another name")
    prefix = f"{ASIDE[0]}{path.name}-"
    _remove(path.parent, prefix)
    aside = path.with_name(f"{prefix}{secrets.token_hex(8)}{ASIDE[1]}")
    try:
        yield aside
        # One file without others beside it: it can be carried away, and read where none is written.
        fold_file(aside)
        _give_name(aside, path)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}") from None
    finally:
        _remove(path.parent, aside.name)


def _give_name(aside: Path, path: Path) -> None:
    with aside.open("rb+") as stream:
        os.fsync(stream.fileno())
    try:
        os.link(aside, path)
    except FileExistsError:
        raise OutputError(f"{path} is there already; move it away or give another name") from None
    except OSError:
        # A file system that gives no second name, such as that of a stick.
        aside.rename(path)
    sync_names(path.parent)


def _remove(folder: Path, prefix: str) -> None:
    for left in folder.glob(f"{glob.escape(prefix)}*"):
        left.unlink(missing_ok=True)
