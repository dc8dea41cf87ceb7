"""One round over a drop folder: take what has arrived, run over it, file it away."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.commands.batch import Batch
from pipeline.commands.context import Clock, Progress, basis_of_reports, load_tried_knowledge
from pipeline.commands.filing import Filed, Filing
from pipeline.commands.open_site import OpenSite
from pipeline.config import Settings
from pipeline.errors import BusyError, ConfigError, Exit, OutputError, exit_code
from pipeline.history.stored import History
from pipeline.knowledge.model import Knowledge
from pipeline.publish import manifest
from pipeline.publish.publish import check_folder
from pipeline.publish.trust import open_trusted
from pipeline.publish.write_anchor import anchor_log
from pipeline.site.arrivals import Arrivals, find_arrivals
from pipeline.site.heartbeat import write_heartbeat
from pipeline.site.inbox import (
    Claim,
    Inbox,
    Verdict,
    claim_files,
    list_claims,
    locate_inbox,
    open_inbox,
    require_inbox,
)
from pipeline.site.location import HistoryLocation, locate_history
from pipeline.site.private_folder import find_private
from pipeline.site.workspace import open_workspace

Sleep = Callable[[float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRun:
    """What one look into the drop folder came to."""

    batches: tuple[Batch, ...] = ()
    """One for each turn; none if there was nothing to do."""
    written: tuple[Path, ...] = ()
    filed: Mapping[Verdict, int] = field(default_factory=dict)
    waiting: int = 0
    """Files that have not arrived whole, that somebody has open, or that changed while read."""
    unseen: int = 0
    """Folders and files of the inbox that cannot be looked at or taken."""
    failed: Mapping[str, int] = field(default_factory=dict)
    """Files that could not be read and are tried again, by the code of the issue."""
    faults: tuple[str, ...] = ()
    """Where labflag itself failed at a file."""
    unanchored: str = ""
    """Why it was not noted elsewhere where the log ends, though the site wants it."""

    @property
    def exit_code(self) -> int:
        """Done, or something needs a person."""
        if self.faults:
            return Exit.BUG
        codes = {batch.exit_code for batch in self.batches if batch.accounts.files}
        if codes <= {Exit.NOTHING_READABLE} and (codes or self.failed):
            return Exit.NOTHING_READABLE
        needs_person = self.filed.get(Verdict.QUARANTINE) or self.failed or self.unseen
        codes |= {batch.exit_code for batch in self.batches}
        codes |= {Exit.HELD} if self.unanchored else set()
        return Exit.HELD if needs_person or codes - {Exit.DONE} else Exit.DONE


def process_inbox(
    settings: Settings,
    *,
    clock: Clock,
    progress: Progress,
    sleep: Sleep | None = None,
    knowledge: Knowledge | None = None,
) -> InboxRun:
    """Take what has arrived in the inbox, bring the reports up to date, file everything away.

    What a run that died has claimed comes first. A file is filed away after its results are
    stored and reports of them stand, so that wherever this stops, the next round finishes it.

    Args:
        settings: With an inbox.
        clock: Gives the local time.
        progress: Shows progress.
        sleep: How to wait for files that have just been dropped; None leaves them for the next
            round.
        knowledge: If it was loaded before.

    Raises:
        ConfigError: No inbox is named, or it is another output folder's.
        InboxError: The inbox is not there.
        BusyError: Another run is at work.
    """
    with _beating(settings, clock):
        # Before the folder is made: a wrong option leaves nothing behind.
        knowledge = knowledge or load_tried_knowledge(settings)
        return _run_inbox(settings, knowledge, clock, progress, sleep)


def _run_inbox(
    settings: Settings,
    knowledge: Knowledge,
    clock: Clock,
    progress: Progress,
    sleep: Sleep | None,
) -> InboxRun:
    with _look(settings, clock, sleep) as look:
        place = locate_history(settings)
        with open_trusted(place, settings, look.private, clock) as history:
            done = InboxRun(waiting=look.waiting, unseen=look.unseen)
            if look.claims or _is_due(history, place, settings, knowledge):
                site = OpenSite(
                    settings=settings,
                    knowledge=knowledge,
                    place=place,
                    private=look.private,
                    history=history,
                    clock=clock,
                    progress=progress,
                )
                done = _sum_up(look, Filing(inbox=look.inbox, site=site).process(look.claims))
        done = replace(done, unanchored=anchor_log(settings, place, look.private, clock()))
        counts = {f"filed_{kind}": count for kind, count in done.filed.items()}
        counts["failed"] = sum(done.failed.values())
        write_heartbeat(
            settings.output, clock(), exit_code=done.exit_code, waiting=done.waiting, **counts
        )
    return done


def _sum_up(look: "_Look", done: Filed) -> InboxRun:
    gone = sum(done.filed.values()) + sum(done.failed.values())
    return InboxRun(
        batches=tuple(done.batches),
        written=tuple(done.written),
        filed=dict(done.filed),
        waiting=look.waiting + len(look.claims) - gone,
        unseen=look.unseen,
        failed=dict(done.failed),
        faults=tuple(done.faults),
    )


def claim_work(settings: Settings, knowledge: Knowledge, *, clock: Clock) -> InboxRun | None:
    """Claim what has arrived; if there is nothing to do, end the round there.

    Returns:
        None if there is something to do, for `process_inbox`.

    Raises:
        LabflagError: As for `process_inbox`.
    """
    with _beating(settings, clock), _look(settings, clock, None) as look:
        if look.claims:
            return None
        place = locate_history(settings)
        with open_trusted(place, settings, look.private, clock) as history:
            if _is_due(history, place, settings, knowledge):
                return None
        idle = InboxRun(
            waiting=look.waiting,
            unseen=look.unseen,
            unanchored=anchor_log(settings, place, look.private, clock()),
        )
        write_heartbeat(settings.output, clock(), exit_code=idle.exit_code, waiting=look.waiting)
    return idle


@contextmanager
def _beating(settings: Settings, clock: Clock) -> Iterator[None]:
    """Let monitoring see that nothing works any more, not that nothing happens."""
    try:
        yield
    except BusyError:
        # The run that is at work says how it ends.
        raise
    except Exception as error:
        if settings.output.is_dir():
            with suppress(OutputError):
                write_heartbeat(settings.output, clock(), exit_code=exit_code(error))
        raise


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """The inbox with the lock held: what is claimed, and how much is still on its way."""

    inbox: Inbox
    private: Path
    claims: tuple[Claim, ...]
    waiting: int
    unseen: int


@contextmanager
def _look(settings: Settings, clock: Clock, sleep: Sleep | None) -> Iterator[_Look]:
    """Take the lock and claim what has arrived whole."""
    if settings.inbox is None:
        raise ConfigError("no inbox: name one with --inbox, or `inbox` in labflag.toml")
    inbox = locate_inbox(settings.inbox, settings.archive, settings.quarantine, settings.duplicates)
    # Before the folder of reports is made: a wrong name leaves nothing behind. What the system
    # does not let us see is told when the inbox is opened.
    with suppress(OSError):
        require_inbox(inbox, find_private(settings.output.absolute()))
    with open_workspace(settings.output, clock, settings.report_mode) as private:
        open_inbox(inbox, private)
        arrivals = _wait_for_arrivals(inbox, private, settings, clock, sleep)
        left = claim_files(inbox, arrivals.whole)
        # Windows refuses what somebody has open; that is no fault.
        is_open, refused = (left, 0) if os.name == "nt" else (0, left)
        claims = tuple(list_claims(inbox))
        if claims:
            # Before the history is made: it is by the history that a folder is known as ours.
            check_folder(settings.output)
        yield _Look(
            inbox=inbox,
            private=private,
            claims=claims,
            waiting=arrivals.waiting + is_open,
            unseen=arrivals.unseen + refused,
        )


def _wait_for_arrivals(
    inbox: Inbox, private: Path, settings: Settings, clock: Clock, sleep: Sleep | None
) -> Arrivals:
    """See what has arrived; wait once for what was dropped just now."""

    def look() -> Arrivals:
        return find_arrivals(
            inbox.folder,
            private,
            now=clock().timestamp(),
            settle=settings.settle,
            leave=frozenset((*inbox.folders.values(), settings.output.absolute())),
        )

    arrivals = look()
    if sleep is None or not 0 < arrivals.patience <= settings.settle:
        return arrivals
    sleep(arrivals.patience)
    return look()


def _is_due(
    history: History, place: HistoryLocation, settings: Settings, knowledge: Knowledge
) -> bool:
    """Whether reports are to be brought up to date though no file came."""
    last = next(iter(history.list_runs(1, place.key)), None)
    if settings.hold_all or (last is None and not history.list_due(place.key)):
        return False
    return (
        last is None
        or last.finished_at is None
        or bool(history.list_due(place.key))
        or history.basis_of(place.key) != basis_of_reports(settings, knowledge)
        or bool(manifest.list_locked(settings.output))
    )
