"""A file takes the place of another, and what it has replaced is kept: no moment without either."""

import contextlib
import ctypes
import errno
import os
import secrets
import shutil
import sys
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.files.durable import sync_names
from pipeline.files.folder import NotPlainError, is_private_to, open_folder, read_plain, set_rights

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
_RENAME_SWAP = 2
# The file system, or the system itself, cannot do it.
_CANNOT = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM)


def replace_keeping(new: Path, path: Path) -> Path | None:
    """Let `new` take the place of `path`; give where the file that stood there is now.

    Where the system can exchange two names at once, that is one step, and whatever stood there
    at that moment is kept. Elsewhere a second name is given to it first.

    Returns:
        The replaced file, beside `new`; None if there was none.

    Raises:
        PermissionError: A program has it open, or the folder must not be written.
        OSError: It cannot be done; both are as they were.
    """
    if not os.path.lexists(path):
        new.replace(path)
        _sync(path, new)
        return None
    if _exchange(new, path):
        _sync(path, new)
        return new
    kept = new.with_name(f"{new.name}.{secrets.token_hex(8)}.replaced")
    try:
        _link(path, kept)
    except OSError:
        shutil.copyfile(path, kept, follow_symlinks=False)
    new.replace(path)
    _sync(path, new)
    return kept


def keep_as(source: Path, target: Path) -> None:
    """Give a file a name that nothing has, and rights for its owner alone.

    What is a link or no file keeps its rights, and so does a file that has other names or
    belongs to another account: a copy of it is made, if it can be read.

    Raises:
        FileExistsError: Something has that name; nothing is ever overwritten.
        OSError: It cannot be done.
    """
    if os.path.lexists(target):
        raise FileExistsError(f"a file is there already in {target.parent}")
    try:
        if not (_make_private(source) and _is_linked(source, target)):
            _copy_exclusively(source, target)
        source.unlink()
    except (NotPlainError, PermissionError):
        source.rename(target)
    _sync(target, source)


def _make_private(path: Path) -> bool:
    """Let its owner alone read a file; False if that is not ours to do."""
    with open_folder(path.parent, follow=True) as folder:
        descriptor = folder.open(path.name)
    try:
        is_supported = is_private_to(os.fstat(descriptor))
        if is_supported:
            set_rights(descriptor, 0o600)
    finally:
        os.close(descriptor)
    return is_supported


def _is_linked(source: Path, target: Path) -> bool:
    """Give a file a second name; False where the file system has no such."""
    try:
        _link(source, target)
    except FileExistsError:
        raise
    except OSError:
        return False
    return True


def _link(source: Path, target: Path) -> None:
    can_tell = os.link in os.supports_follow_symlinks
    os.link(source, target, **({"follow_symlinks": False} if can_tell else {}))


def _copy_exclusively(source: Path, target: Path) -> None:
    content = read_plain(source)
    with open_folder(target.parent, follow=True) as folder:
        descriptor = folder.open(target.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
        except OSError:
            folder.remove(target.name)
            raise


def _sync(*paths: Path) -> None:
    for folder in dict.fromkeys(path.parent for path in paths):
        sync_names(folder)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names in one step; False if the system cannot.

    Raises:
        OSError: It can, and failed.
    """
    call = _find_call()
    if call is None:
        return False
    with contextlib.suppress(ValueError):
        if call(os.fsencode(one), os.fsencode(other)) == 0:
            return True
        number = ctypes.get_errno()
        if number not in _CANNOT:
            raise OSError(number, os.strerror(number))
    return False


@cache
def _find_call() -> Any:
    """Find the call of the C library that exchanges two names; None if there is none."""
    if sys.platform not in ("linux", "darwin"):
        return None
    try:
        library = ctypes.CDLL(None, use_errno=True)
        if sys.platform == "darwin":
            swap = library.renamex_np
            swap.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_uint)
            return lambda one, other: swap(one, other, _RENAME_SWAP)
        rename = library.renameat2
        rename.argtypes = (
            *(ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint),
        )
        return lambda one, other: rename(_AT_FDCWD, one, _AT_FDCWD, other, _RENAME_EXCHANGE)
    except (OSError, AttributeError):
        return None
