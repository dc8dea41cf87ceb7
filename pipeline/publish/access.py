"""Who may read the reports: the mode and the group that the site chose, and never the world."""

import os
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import ConfigError, OutputError
from pipeline.files.folder import Folder, NotPlainError, is_private_to, set_rights
from pipeline.publish.outputs import walk_folders


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Rights on reports."""

    mode: int
    """Of files; folders can be entered by whoever may read what is in them."""
    group: int | None = None
    """Number of the group; None leaves it as it is."""

    @property
    def folder_mode(self) -> int:
        """The mode of a folder with such files."""
        return self.mode | (self.mode & 0o444) >> 2


def choose_access(mode: str, group: str) -> Access:
    """Make sense of the site's choice.

    Raises:
        ConfigError: The mode gives rights to everybody or takes the owner's; no such group.
    """
    number = int(mode, 8)
    if number & 0o007 or number & 0o600 != 0o600 or number > 0o770:
        raise ConfigError(
            "report_mode: reports are read and written by their owner and never by everybody; "
            "give 0600, 0640 or 0660"
        )
    if not group:
        return Access(mode=number)
    try:
        import grp

        return Access(mode=number, group=grp.getgrnam(group).gr_gid)
    except (ImportError, KeyError):
        raise ConfigError(f"report_group: there is no group {group!r} on this machine") from None


def grant_access(output: Path, access: Access) -> None:
    """Give every report, and the folders that they are in, the rights that the site chose.

    The history, the log and the private folder stay their owner's. What has the name of a report
    and is a link, a folder, a file of another account or one with a second name keeps its rights:
    whoever may write in the folder could else have any rights changed. `labflag doctor` counts
    such.

    Raises:
        OutputError: The rights cannot be given.
    """
    try:
        owners = {output.stat().st_uid} if hasattr(os, "geteuid") and os.geteuid() == 0 else set()
        for folder, names in walk_folders(output):
            folder.set_rights(access.folder_mode, access.group)
            for name in names:
                _grant(folder, name, owners, access)
    except OSError as error:
        raise OutputError(
            f"the rights of reports in {output} cannot be set: {error.strerror}; see report_mode "
            "and report_group in labflag.toml"
        ) from None


def _grant(folder: Folder, name: str, owners: set[int], access: Access) -> None:
    """Give a file its rights, if it is one of ours; others may be changing names meanwhile."""
    try:
        if not is_private_to(folder.stat(name), *owners):
            return
        descriptor = folder.open(name)
    except (FileNotFoundError, NotPlainError):
        return
    try:
        if is_private_to(os.fstat(descriptor), *owners):
            set_rights(descriptor, access.mode, access.group)
    finally:
        os.close(descriptor)
