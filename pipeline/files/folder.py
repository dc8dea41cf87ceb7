"""A folder held open: what is done in it is done there, whatever takes its name meanwhile.

Where several accounts may write in a folder, a name can be made a link between two calls. So
names are looked up in the open folder, and the last part of a name is never followed. Windows
has no such calls: there, names are looked at before they are used.
"""

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

ASIDE = (".labflag-", ".tmp")
"""How names begin and end of files that are being written, to be renamed when they are whole."""
_FLAGS = 0
for _name in ("O_BINARY", "O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK"):
    _FLAGS |= getattr(os, _name, 0)
_HAS_DESCRIPTORS = os.open in os.supports_dir_fd and hasattr(os, "O_DIRECTORY")


class NotPlainError(OSError):
    """What has the name is a link, or no plain file."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__(errno.ELOOP, "it is a link, or no plain file")


class Folder:
    """An open folder."""

    __slots__ = ("_descriptor", "path")

    def __init__(self, path: Path, descriptor: int | None) -> None:
        """Work in what a descriptor stands for; without one, in what has the name."""
        self.path, self._descriptor = path, descriptor

    def stat(self, name: str = "") -> os.stat_result:
        """Look at an entry, or at the folder itself; a link is not followed.

        Raises:
            OSError: It is not there, or cannot be seen.
        """
        if name:
            return os.stat(self._target(name), dir_fd=self._descriptor, follow_symlinks=False)
        return os.stat(self.path if self._descriptor is None else self._descriptor)

    def list_names(self) -> list[str]:
        """List the entries, in order.

        Raises:
            OSError: They cannot be listed.
        """
        return sorted(os.listdir(self.path if self._descriptor is None else self._descriptor))

    def open(self, name: str, flags: int = os.O_RDONLY, mode: int = 0o600) -> int:
        """Open a plain file; give its descriptor. A link is not followed, nothing waited for.

        Raises:
            NotPlainError: It is a link, or no plain file.
            OSError: There is none, or it cannot be opened.
        """
        if not flags & os.O_CREAT and not stat.S_ISREG(self.stat(name).st_mode):
            # Before it is opened: that alone does something to some devices.
            raise NotPlainError
        try:
            descriptor = os.open(self._target(name), flags | _FLAGS, mode, dir_fd=self._descriptor)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENXIO, errno.EISDIR):
                raise NotPlainError from None
            raise
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise NotPlainError
        return descriptor

    def write_aside(self, content: bytes, mode: int) -> str:
        """Write a new file, down to the disk; give its name, which nobody can foresee.

        Raises:
            OSError: It cannot be written; nothing is left behind.
        """
        name = secrets.token_hex(8).join(ASIDE)
        descriptor = self.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
                stream.flush()
                if hasattr(os, "fchmod"):
                    os.fchmod(stream.fileno(), mode)
                os.fsync(stream.fileno())
        except OSError:
            self.remove(name)
            raise
        return name

    def replace(self, name: str, target: str, into: "Folder | None" = None) -> None:
        """Rename an entry; what had the other name is gone, and if it was a link, the link alone.

        Args:
            name: Of the entry.
            target: The name that it gets.
            into: The folder that it goes to; None leaves it in this one.

        Raises:
            OSError: It cannot be renamed.
        """
        other = into or self
        os.replace(
            self._target(name),
            other._target(target),
            src_dir_fd=self._descriptor,
            dst_dir_fd=other._descriptor,
        )

    def link(self, name: str, target: str, into: "Folder") -> None:
        """Give a file a second name, in another folder.

        Raises:
            FileExistsError: Something has that name.
            OSError: It cannot be done.
        """
        os.link(
            self._target(name),
            into._target(target),
            src_dir_fd=self._descriptor,
            dst_dir_fd=into._descriptor,
            follow_symlinks=False,
        )

    def remove(self, name: str) -> None:
        """Remove an entry, if it is there.

        Raises:
            OSError: It cannot be removed, or is a folder.
        """
        with suppress(FileNotFoundError):
            os.unlink(self._target(name), dir_fd=self._descriptor)

    def sweep(self) -> None:
        """Remove what was being written by a run that died.

        Raises:
            OSError: The folder cannot be listed, or what lies there not be removed.
        """
        for name in self.list_names():
            if name.startswith(ASIDE[0]) and name.endswith(ASIDE[1]):
                with suppress(IsADirectoryError):
                    self.remove(name)

    def sync(self) -> None:
        """Bring the names down to the disk, where the system can.

        Raises:
            OSError: It cannot be done, although the system can.
        """
        if self._descriptor is not None:
            os.fsync(self._descriptor)

    def sync_file(self, name: str) -> None:
        """Wait until the content of a plain file is on disk; what cannot be opened is left alone.

        Raises:
            OSError: It cannot be done, although the system can.
        """
        try:
            descriptor = self.open(name)
        except OSError:
            return
        try:
            os.fsync(descriptor)
        except OSError:
            # Windows syncs only what is open for writing.
            if os.name != "nt":
                raise
        finally:
            os.close(descriptor)

    def set_rights(self, mode: int, group: int | None = None) -> None:
        """Give the folder a mode, and a group unless None.

        Raises:
            OSError: It cannot be given.
        """
        if self._descriptor is not None:
            set_rights(self._descriptor, mode, group)

    @contextmanager
    def open_folder(self, name: str) -> Iterator["Folder"]:
        """Open a folder in this one; a link is not followed.

        Raises:
            NotADirectoryError: It is a link, or no folder.
            OSError: It cannot be opened.
        """
        with _opened(self._target(name), self._descriptor, follow=False) as descriptor:
            yield Folder(self.path / name, descriptor)

    def _target(self, name: str) -> str | Path:
        return self.path / name if self._descriptor is None else name


@contextmanager
def open_folder(path: Path, *, follow: bool = False) -> Iterator[Folder]:
    """Open a folder.

    Args:
        path: Of the folder.
        follow: The site chose this name, which may be a link to where the folder is.

    Raises:
        NotADirectoryError: It is a link that is not to be followed, or no folder.
        OSError: It cannot be opened.
    """
    with _opened(path, None, follow=follow) as descriptor:
        yield Folder(path, descriptor)


@contextmanager
def open_below(root: Path, path: Path) -> Iterator[Folder]:
    """Open a folder that lies below one that the site chose; no link is followed on the way.

    Raises:
        NotADirectoryError: A folder on the way is a link, or none.
        OSError: It cannot be opened.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(open_folder(root, follow=True))
        for name in path.relative_to(root).parts:
            folder = stack.enter_context(folder.open_folder(name))
        yield folder


@contextmanager
def _opened(place: str | Path, folder: int | None, *, follow: bool) -> Iterator[int | None]:
    if not follow and is_no_folder(place, folder):
        raise NotADirectoryError(errno.ENOTDIR, "it is a link, or no folder")
    if not _HAS_DESCRIPTORS:
        yield None
        return
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    descriptor = os.open(place, flags, dir_fd=folder)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def is_no_folder(place: str | Path, folder: int | None = None) -> bool:
    """Whether there is something of that name that is a link, or no folder.

    Args:
        place: Its path.
        folder: The descriptor that it is looked up in, if any.
    """
    try:
        return not stat.S_ISDIR(os.stat(place, dir_fd=folder, follow_symlinks=False).st_mode)
    except OSError:
        return False


def set_rights(descriptor: int, mode: int, group: int | None = None) -> None:
    """Give what is open a mode, and a group unless None; what is so already is left alone.

    Raises:
        OSError: They cannot be given.
    """
    if not hasattr(os, "fchmod"):
        return
    found = os.fstat(descriptor)
    if group is not None and found.st_gid != group:
        os.fchown(descriptor, -1, group)
    if stat.S_IMODE(found.st_mode) != mode:
        os.fchmod(descriptor, mode)


def is_private_to(found: os.stat_result, *owners: int) -> bool:
    """Whether a plain file has no other name and belongs to us, or to another of the owners.

    A file that has other names stands elsewhere too, where its rights may be meant otherwise.
    """
    ours = found.st_uid in (os.geteuid(), *owners) if hasattr(os, "geteuid") else True
    return ours and stat.S_ISREG(found.st_mode) and found.st_nlink == 1


def read_plain(path: Path) -> bytes:
    """Read a plain file; a link is not followed, and nothing is waited for.

    Raises:
        OSError: There is none, or it cannot be read.
    """
    with open_folder(path.parent, follow=True) as folder:
        descriptor = folder.open(path.name)
    with os.fdopen(descriptor, "rb") as stream:
        return stream.read()
