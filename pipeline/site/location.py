"""Where the history of an output folder lies."""

import hashlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from pipeline.config import Settings
from pipeline.errors import ConfigError
from pipeline.files.file_systems import is_remote
from pipeline.history.store.engine import is_url
from pipeline.history.stored import FILE_NAME
from pipeline.site.private_folder import find_record


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLocation:
    """A history, and what it calls the output folder."""

    where: str | Path
    """A file, or the URL of a server."""
    key: str
    """"." if the history lies with the outputs, and may be moved with them; else their path."""
    said: str = ""
    """What is to be said aloud of it."""

    @property
    def exists(self) -> bool:
        """Whether there is a history already; of a server nobody knows before asking."""
        return not isinstance(self.where, Path) or self.where.exists()


def locate_history(settings: Settings) -> HistoryLocation:
    """Choose where the history lies: where the site says, in the output folder, or beside it.

    On a network share a database is not safe; then it lies in the user's state folder.

    Raises:
        ConfigError: The site says a file on a network share.
        OutputError: The private folder belongs to another account.
    """
    output = settings.output.absolute()
    if is_url(settings.history):
        return HistoryLocation(where=settings.history, key=str(output))
    if settings.history:
        where = Path(settings.history).absolute()
        if is_remote(where.parent):
            raise ConfigError(
                f"{where.parent} is on a network share, where a database is not safe; name a file "
                "on a disk of this machine with --history, or a server"
            )
        return HistoryLocation(where=where, key=str(output))
    beside = find_record(output, FILE_NAME)
    if not is_remote(output):
        return HistoryLocation(where=beside, key=".")
    if beside.exists():
        return HistoryLocation(
            where=beside,
            key=".",
            said=f"{beside} is on a network share, where a database is not safe: copy it with "
            "labflag backup and name a file on a disk of this machine with --history.",
        )
    named = hashlib.sha256(str(output).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    where = _state_folder() / "labflag" / named / FILE_NAME
    return HistoryLocation(
        where=where,
        key=str(output),
        said=f"The folder of reports is on a network share, where a database is not safe. "
        f"The history is in {where}; another machine does not see it.",
    )


def _state_folder() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
