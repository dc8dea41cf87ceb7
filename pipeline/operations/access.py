"""Who may read the reports: the mode and the group that the site chose, and never the world."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import ConfigError, OutputError
from pipeline.operations.reports import walk_reports


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

    The history, the log and the private folder stay their owner's.

    Raises:
        OutputError: The rights cannot be given.
    """
    try:
        for path in walk_reports(output):
            found = path.stat()
            mode = access.folder_mode if path.is_dir() else access.mode
            if access.group is not None and found.st_gid != access.group:
                shutil.chown(path, group=access.group)
            if found.st_mode & 0o7777 != mode:
                path.chmod(mode)
    except OSError as error:
        raise OutputError(
            f"the rights of reports in {output} cannot be set: {error.strerror}; see report_mode "
            "and report_group in labflag.toml"
        ) from None
