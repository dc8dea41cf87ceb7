"""One file as it is remembered; what stands in it is in the tables."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pipeline.ingest.returned_rows import Returned


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedFile:
    """A file that was read, and what it came to."""

    name: str
    """As in `source_file`; no two files of an intake share it."""
    sha256: str
    """Of its bytes, in hex; "" if they could not be read."""
    size: int
    layouts: tuple[str, ...]
    """Of its tables with results; "" where plain headers sufficed."""
    read: int
    """Results read: accepted, held and ignored ones together."""
    held: int
    """Of these, held for what stands in the file itself."""
    ignored: int
    """Of these, no results of ours."""
    purged: int = 0
    """Of these, deleted since, because they were too old."""
    withdrawn: int = 0
    """Of these, rows that correct a file that was taken back since."""
    returned: tuple[Returned, ...] = ()
    """What its rows say that were handed back."""
    received_at: datetime | None = None
    """None where nothing was remembered."""
    was_dropped: bool = False
    """It came through an inbox, so that it lies in the archive."""

    @property
    def is_usable(self) -> bool:
        """Whether anything of it could be used, or was rightly left aside."""
        return self.read > self.held


def distinguish_names(files: Sequence[ReceivedFile]) -> tuple[ReceivedFile, ...]:
    """Order files by name, and add to names that several share the hash that tells them apart.

    So neither names nor order depend on the order in which the files came.
    """
    names = [file.name for file in files]
    shared = (
        {name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else set()
    )
    named = (
        replace(file, name=f"{file.name} ({file.sha256[:8]})") if file.name in shared else file
        for file in files
    )
    return tuple(sorted(named, key=lambda file: (file.name, file.sha256)))
