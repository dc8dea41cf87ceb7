"""Changes on disk that survive the loss of power: data first, then the name, then the folder."""

import hashlib
import os
import stat
from contextlib import suppress
from pathlib import Path

from pipeline.report.folder import Folder, open_folder, set_rights


def write_private(content: bytes, path: Path) -> None:
    """Replace a file that nobody but its owner may read: the old content stays, or the new comes.

    Raises:
        OSError: It cannot be written.
    """
    with open_folder(path.parent, follow=True) as folder:
        aside = folder.write_aside(content, 0o600)
        try:
            folder.replace(aside, path.name)
        except OSError:
            folder.remove(aside)
            raise
        folder.sync()


def move(source: Folder, name: str, target: Folder, new_name: str) -> None:
    """Rename a file within a file system; its content and both folders are on disk afterwards.

    Raises:
        FileExistsError: There is something of that name; nothing is ever overwritten.
        OSError: It cannot be moved.
    """
    with suppress(FileNotFoundError):
        target.stat(new_name)
        raise FileExistsError(f"a file is there already in {target.path}")
    source.sync_file(name)
    source.replace(name, new_name, target)
    target.sync()
    source.sync()


def close_to_world(folder: Folder, name: str) -> None:
    """Take the rights of everybody off a plain file, its owner's and its group's stay.

    A link, or a file that has other names, is left alone, and so is one that is not ours to
    change.
    """
    try:
        descriptor = folder.open(name)
    except OSError:
        return
    try:
        found = os.fstat(descriptor)
        if found.st_nlink == 1:
            with suppress(PermissionError):
                set_rights(descriptor, stat.S_IMODE(found.st_mode) & ~stat.S_IRWXO)
    finally:
        os.close(descriptor)


def hash_file(path: Path, at_most: int | None = None) -> str:
    """Give the SHA-256 of a plain file in hex; "" for what is none or cannot be read.

    Args:
        path: The file.
        at_most: Bytes; a larger file is not read.
    """
    flags = os.O_RDONLY
    for flag in ("O_BINARY", "O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK"):
        flags |= getattr(os, flag, 0)
    if path.is_symlink() or not path.is_file():
        return ""
    try:
        with os.fdopen(os.open(path, flags), "rb") as stream:
            if at_most is not None and os.fstat(stream.fileno()).st_size > at_most:
                return ""
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return ""
