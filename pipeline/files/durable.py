"""Changes on disk that survive the loss of power: data first, then the name, then the folder."""

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.errors import OutputError
from pipeline.files.folder import Folder, open_folder, set_rights

FILE_MODE = 0o640
FOLDER_MODE = 0o750


def make_folder(folder: Path) -> None:
    """Create a folder and those above it that are missing, none of them open to the world.

    Raises:
        OutputError: The folder cannot be made.
    """
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        for each in reversed(missing):
            each.mkdir(mode=FOLDER_MODE, exist_ok=True)
            with open_folder(each) as made:
                made.set_rights(FOLDER_MODE)
    except OSError as error:
        raise OutputError(f"a folder cannot be made: {folder}: {error.strerror}") from None


def refuse_existing(path: Path) -> None:
    """Keep a file that a person may have made.

    Raises:
        OutputError: There is something of that name.
    """
    if path.exists() or path.is_symlink():
        raise OutputError(f"{path} is there already; move it away or give another name")


def write_text(text: str, path: Path) -> None:
    """Write UTF-8 text with line feeds, in the way of `write_bytes`."""
    write_bytes(text.encode("utf-8", "backslashreplace"), path)


def write_bytes(content: bytes, path: Path) -> None:
    """Write aside in the same folder, then rename: a reader sees the old file or the new one.

    Raises:
        OutputError: Names the folder and the cause but not the file, which may carry an id.
    """
    with open_outputs(path.parent, follow=True) as folder:
        aside = folder.write_aside(content, FILE_MODE)
        if not replace_output(folder, aside, path.name):
            folder.remove(aside)
            raise OutputError(
                f"a file in {path.parent} is open in another program, or a folder has its name; "
                "close it or move it away and run again"
            )
        folder.sync()


@contextmanager
def open_outputs(path: Path, *, follow: bool = False) -> Iterator[Folder]:
    """Open a folder to write in, and make it if it is not there.

    Args:
        path: Of the folder.
        follow: See `open_folder`.

    Raises:
        OutputError: It cannot be made or opened, or what is done in it fails.
    """
    make_folder(path)
    try:
        with open_folder(path, follow=follow) as folder:
            yield folder
    except OSError as error:
        raise _cannot_write(path, error) from None


def replace_output(folder: Folder, aside: str, name: str) -> bool:
    """Let a file take the place of another one.

    Returns:
        False if a program has that open, or a folder stands there; both are as they were.

    Raises:
        OSError: It cannot be renamed for another reason; nothing is left aside.
    """
    try:
        folder.replace(aside, name)
    except (PermissionError, IsADirectoryError):
        return False
    except OSError:
        folder.remove(aside)
        raise
    return True


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder of outputs down to the disk.

    Raises:
        OutputError: It cannot be done.
    """
    try:
        sync_names(folder)
    except OSError as error:
        raise _cannot_write(folder, error) from None


def sync_names(folder: Path) -> None:
    """Bring the names in any folder down to the disk, where the system can.

    Raises:
        OSError: It cannot be done, although the system can.
    """
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _cannot_write(folder: Path, error: OSError) -> OutputError:
    return OutputError(
        f"a file cannot be written in {folder}: {error.strerror}. "
        "If it is open in another program, close it and run again."
    )


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
