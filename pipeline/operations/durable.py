"""Changes on disk that survive the loss of power: data first, then the name, then the folder."""

import hashlib
import os
import tempfile
from pathlib import Path

from pipeline.report.files import ASIDE, sync_names


def write_private(content: bytes, path: Path) -> None:
    """Replace a file that nobody but its owner may read: the old content stays, or the new comes.

    Raises:
        OSError: It cannot be written.
    """
    handle, aside = tempfile.mkstemp(prefix=ASIDE[0], suffix=ASIDE[1], dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(aside).replace(path)
    except OSError:
        Path(aside).unlink(missing_ok=True)
        raise
    sync_names(path.parent)


def move(source: Path, target: Path) -> None:
    """Rename a file within a file system; its content and both folders are on disk afterwards.

    Raises:
        FileExistsError: There is something of that name; nothing is ever overwritten.
        OSError: It cannot be moved.
    """
    if os.path.lexists(target):
        raise FileExistsError(f"a file is there already in {target.parent}")
    sync_file(source)
    source.rename(target)
    sync_names(target.parent)
    sync_names(source.parent)


def sync_file(path: Path) -> None:
    """Wait until the content of a plain file is on disk; what cannot be opened is left alone."""
    flags = os.O_RDONLY
    for flag in ("O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK"):
        flags |= getattr(os, flag, 0)
    try:
        descriptor = os.open(path, flags)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        # Windows syncs only what is open for writing, and a link or pipe has no content.
        if os.name != "nt" and path.is_file():
            raise
    finally:
        os.close(descriptor)


def hash_file(path: Path) -> str:
    """Give the SHA-256 of a plain file in hex; "" for what is none or cannot be read."""
    flags = os.O_RDONLY
    for flag in ("O_BINARY", "O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK"):
        flags |= getattr(os, flag, 0)
    if path.is_symlink() or not path.is_file():
        return ""
    try:
        with os.fdopen(os.open(path, flags), "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return ""
