"""Files that were dropped by mistake: taken back, replaced by others, or used again after all."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from pipeline.commands.context import Clock, Progress, parse_context
from pipeline.commands.open_site import open_site, open_stored, take_in_typed
from pipeline.commands.run import refresh
from pipeline.config import Settings
from pipeline.errors import ArgumentError
from pipeline.files.durable import hash_file
from pipeline.history.withdrawals import find_file, list_withdrawn
from pipeline.ingest.dataset import Ingested
from pipeline.ingest.file import read_results
from pipeline.ingest.file_names import show_name
from pipeline.ingest.stored_file import ReceivedFile
from pipeline.publish.worklist_update import WorklistNews


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A file, and what takes part when it is taken back."""

    file: ReceivedFile
    patients: int
    is_withdrawn: bool
    """It is taken back already."""


def find_stored(settings: Settings, text: str, *, clock: Clock) -> Stored:
    """Find a stored file by its name, its path, or the beginning of its hash; change nothing.

    Raises:
        ArgumentError: There is none, or several.
    """
    with open_stored(settings, clock) as history:
        file = find_file(history.list_files(), _hash_of_path(text) or text)
        return Stored(
            file=file,
            patients=len(history.list_people(file)),
            is_withdrawn=file.sha256 in list_withdrawn(history.list_decisions()),
        )


def _hash_of_path(text: str) -> str:
    """Give the hash of a file that is named by a path with a folder; "" for any other text."""
    path = Path(text)
    return hash_file(path) if len(path.parts) > 1 and path.is_file() else ""


def withdraw_file(
    settings: Settings,
    file: ReceivedFile,
    by: str,
    *,
    undo: bool = False,
    clock: Clock,
    progress: Progress | None = None,
) -> tuple[WorklistNews, ...]:
    """Take a file back, or let it count again, and bring the reports up to date.

    Returns:
        What became of what people typed into the worklist.
    """
    with open_site(settings, clock, progress) as site:
        first = take_in_typed(site)
        if undo:
            site.history.undo_withdrawal(file, by)
        else:
            site.history.withdraw(file, by)
        return first, refresh(site).worklist


def replace_file(
    settings: Settings,
    old: ReceivedFile,
    new: Path,
    by: str,
    *,
    clock: Clock,
    progress: Progress | None = None,
) -> tuple[ReceivedFile, tuple[WorklistNews, ...]]:
    """Put another file in the place of a stored one; what it says otherwise is corrected.

    The new file is stored and the old one taken back in one transaction.

    Returns:
        What is known of the new file, and what became of what people typed into the worklist.

    Raises:
        ArgumentError: The new file is the old one, was taken back itself, or nothing in it can be
            used; nothing was changed.
    """
    with open_site(settings, clock, progress) as site:
        history = site.history
        basis = parse_context(settings, site.knowledge)
        name, today = show_name(new.name), clock().date()
        file = read_results(new, name, basis.knowledge, basis.site, basis.layout, today=today)
        _require_replacement(file, old, list_withdrawn(history.list_decisions()))
        first = take_in_typed(site)
        history.store_replacement(old, file, by, basis.digest)
        return file.remember(), (first, refresh(site).worklist)


def _require_replacement(file: Ingested, old: ReceivedFile, withdrawn: Collection[str]) -> None:
    """Refuse a file that cannot take the place of another one.

    Raises:
        ArgumentError: It is that one, was taken back, or nothing in it can be used.
    """
    sha256 = file.file.sha256
    if sha256 == old.sha256:
        raise ArgumentError("both files are the same, byte for byte: nothing was changed")
    if sha256 in withdrawn:
        raise ArgumentError(
            f"the new file was taken back earlier; first `labflag withdraw --undo {sha256[:8]}`"
        )
    if file.read <= len(file.held):
        raise ArgumentError(
            "nothing in the new file can be used, so the old one stays; `labflag check` says why"
        )
