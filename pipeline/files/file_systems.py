"""What kind of file system a folder is on, and whether that is on another machine."""

import os
import sys
from pathlib import Path

# Locks and the shared memory of SQLite do not reach over these.
_REMOTE = frozenset(
    (
        *("9p", "afs", "afpfs", "beegfs", "ceph", "cifs", "coda", "davfs", "davfs2", "glusterfs"),
        *("gpfs", "lustre", "ncpfs", "nfs", "nfs3", "nfs4", "smb", "smb2", "smb3", "smbfs"),
        *("vboxsf", "virtiofs", "webdav"),
        # In user space, whatever stands behind the name.
        *("fuse.afpfs", "fuse.ceph", "fuse.curlftpfs", "fuse.davfs", "fuse.davfs2"),
        *("fuse.glusterfs", "fuse.mount.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.smbnetfs"),
        *("fuse.sshfs", "fuse.vmhgfs-fuse"),
    )
)
_DRIVE_REMOTE = 4  # of GetDriveType
_MOUNTS = Path("/proc/self/mounts")


def find_file_system(folder: Path, mounts: str | None = None) -> str:
    """Return the kind of file system a folder is on; "" where the system does not tell.

    Args:
        folder: It need not exist.
        mounts: What the system lists as mounted, in the form of /proc/mounts.
    """
    if mounts is None:
        try:
            mounts = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return ""
    kinds: dict[str, str] = {}
    for line in mounts.splitlines():
        _, point, kind, *_ = line.split(" ")
        # The one mounted last covers the others.
        kinds[_unescape(point)] = kind
    real = Path(os.path.realpath(folder))
    nearest = next((path for path in map(str, (real, *real.parents)) if path in kinds), "/")
    return kinds.get(nearest, "")


def is_remote(folder: Path, mounts: str | None = None) -> bool:
    """Return whether a folder is on another machine, as far as the system tells.

    Args:
        folder: It need not exist.
        mounts: As for `find_file_system`.
    """
    if sys.platform == "win32":
        import ctypes

        root = f"{folder.drive}\\"
        return folder.drive.startswith("\\\\") or bool(
            ctypes.windll.kernel32.GetDriveTypeW(root) == _DRIVE_REMOTE
        )
    return find_file_system(folder, mounts) in _REMOTE


def _unescape(point: str) -> str:
    """Return a mount point with the signs that /proc/mounts writes as octal numbers."""
    for written, sign in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        point = point.replace(written, sign)
    return point
