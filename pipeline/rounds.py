"""One round over a drop folder: take what has arrived, run over it, file it away."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from pipeline.batch import Batch, basis_of_reports, update_reports
from pipeline.config import Settings
from pipeline.errors import (
    BusyError,
    ConfigError,
    Exit,
    OutputError,
    exit_code,
)
from pipeline.ingest.file_names import show_name
from pipeline.ingest.received import ReceivedFile
from pipeline.ingest.sources import ExportFile, Found
from pipeline.knowledge.model import Knowledge
from pipeline.operations import manifest
from pipeline.operations.arrivals import Arrivals, find_arrivals
from pipeline.operations.heartbeat import beat
from pipeline.operations.history import History, open_history
from pipeline.operations.inbox import (
    Claim,
    Inbox,
    Verdict,
    begin_claim,
    claim_files,
    file_away,
    list_claims,
    open_inbox,
    place_inbox,
    require_inbox,
)
from pipeline.operations.place import Place, place_history
from pipeline.operations.private_folder import find_private
from pipeline.operations.publish import check_folder
from pipeline.operations.quarantine import explain_quarantine
from pipeline.operations.trust import open_trusted
from pipeline.operations.workspace import open_workspace
from pipeline.reading import Clock, Progress, load_tried_knowledge
from pipeline.report.folder import read_plain
from pipeline.report.held import name_held

Sleep = Callable[[float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one look into the drop folder came to."""

    batch: Batch | None = None
    """None if there was nothing to do."""
    written: tuple[Path, ...] = ()
    filed: Mapping[Verdict, int] = field(default_factory=dict)
    waiting: int = 0
    """Files that have not arrived whole, that somebody has open, or that changed while read."""

    @property
    def exit_code(self) -> int:
        """Done, or something needs a person."""
        worst = Exit.DONE if self.batch is None else self.batch.exit_code
        return max(worst, Exit.HELD) if self.filed.get(Verdict.QUARANTINE) else worst


def run_round(
    settings: Settings,
    *,
    clock: Clock,
    progress: Progress,
    sleep: Sleep | None = None,
    knowledge: Knowledge | None = None,
) -> Round:
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
        return _make_round(settings, knowledge, clock, progress, sleep)


def _make_round(
    settings: Settings,
    knowledge: Knowledge,
    clock: Clock,
    progress: Progress,
    sleep: Sleep | None,
) -> Round:
    with _look(settings, clock, sleep) as look:
        place = place_history(settings)
        with open_trusted(place, settings.output, look.private, clock) as history:
            done = Round(waiting=look.waiting)
            if look.claims or _is_due(history, place, settings, knowledge):
                fresh = _begin_claims(look.claims, history)
                found = Found(exports=_name_exports(fresh))
                batch, written = update_reports(
                    found, history, place, look.private, settings, knowledge, clock, progress
                )
                withdrawn = {file.sha256 for file in batch.intake.withdrawn}
                still = sum(claim.sha256 in withdrawn for claim in look.claims)
                batch = replace(batch, still_withdrawn=still)
                filed = _file_all(look.inbox, look.claims, fresh, batch, settings, clock())
                done = Round(
                    batch=batch,
                    written=written,
                    filed=filed,
                    waiting=look.waiting + len(look.claims) - sum(filed.values()),
                )
        counts = {f"filed_{kind}": count for kind, count in done.filed.items()}
        beat(settings.output, clock(), exit_code=done.exit_code, waiting=done.waiting, **counts)
    return done


def claim_work(settings: Settings, knowledge: Knowledge, *, clock: Clock) -> bool:
    """Claim what has arrived; say whether there is anything for a round to do.

    If not, the heartbeat is as after a round.

    Raises:
        LabflagError: As for `run_round`.
    """
    with _beating(settings, clock), _look(settings, clock, None) as look:
        if look.claims:
            return True
        place = place_history(settings)
        with open_history(place.where, clock=clock) as history:
            if _is_due(history, place, settings, knowledge):
                return True
        beat(settings.output, clock(), exit_code=Exit.DONE, waiting=look.waiting)
    return False


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
                beat(settings.output, clock(), exit_code=exit_code(error))
        raise


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """The inbox with the lock held: what is claimed, and how much is still on its way."""

    inbox: Inbox
    private: Path
    claims: tuple[Claim, ...]
    waiting: int


@contextmanager
def _look(settings: Settings, clock: Clock, sleep: Sleep | None) -> Iterator[_Look]:
    """Take the lock and claim what has arrived whole."""
    if settings.inbox is None:
        raise ConfigError("no inbox: name one with --inbox, or `inbox` in labflag.toml")
    inbox = place_inbox(settings.inbox, settings.archive, settings.quarantine, settings.duplicates)
    # Before the folder of reports is made: a wrong name leaves nothing behind. What the system
    # does not let us see is told when the inbox is opened.
    with suppress(OSError):
        require_inbox(inbox, find_private(settings.output.absolute()))
    with open_workspace(settings.output, clock, settings.report_mode) as private:
        open_inbox(inbox, private)
        arrivals = _wait_for_arrivals(inbox, private, settings, clock, sleep)
        waiting = arrivals.waiting + claim_files(inbox, arrivals.whole)
        claims = tuple(list_claims(inbox))
        if claims:
            # Before the history is made: it is by the history that a folder is known as ours.
            check_folder(settings.output)
        yield _Look(inbox=inbox, private=private, claims=claims, waiting=waiting)


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


def _is_due(history: History, place: Place, settings: Settings, knowledge: Knowledge) -> bool:
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


def _begin_claims(claims: Sequence[Claim], history: History) -> tuple[Claim, ...]:
    """Choose the files that are no copies of known ones; note that it is they that bring it."""
    known = {file.sha256 for file in history.list_files() if _is_usable(file)}
    # What was changed from outside is read again from the file that says it.
    brought = known & {claim.sha256 for claim in claims}
    known -= {sha256 for sha256 in brought if not history.has_file(sha256)}
    fresh: list[Claim] = []
    for claim in claims:
        if claim.sha256 in known and not claim.is_begun:
            continue
        if claim.sha256:
            if not claim.is_begun:
                begin_claim(claim)
            known.add(claim.sha256)
        fresh.append(claim)
    return tuple(fresh)


def _name_exports(claims: Iterable[Claim]) -> tuple[ExportFile, ...]:
    """Call each file by its name, with the number of its claim where two share one."""
    claims = tuple(claims)
    times = Counter(claim.path.name for claim in claims)
    return tuple(
        ExportFile(
            path=claim.path,
            name=show_name(_name_of(claim, times[claim.path.name] > 1)),
            is_dropped=True,
        )
        for claim in claims
    )


def _name_of(claim: Claim, is_shared: bool) -> str:
    return f"{claim.path.parent.name}/{claim.path.name}" if is_shared else claim.path.name


def _is_usable(file: ReceivedFile) -> bool:
    """Whether anything of a file could be used, or was rightly left aside."""
    return file.read > file.held


def _file_all(
    inbox: Inbox,
    claims: Sequence[Claim],
    fresh: Sequence[Claim],
    batch: Batch,
    settings: Settings,
    now: datetime,
) -> dict[Verdict, int]:
    """File the claims away; give how many went where.

    Who changed meanwhile, or could not be read this time, stays claimed.
    """
    known = {file.sha256: file for file in batch.intake.files}
    withdrawn = {file.sha256 for file in batch.intake.withdrawn}
    names = {export.path: export.name for export in _name_exports(fresh)}
    failed = set(batch.issues.loc[batch.issues["code"].eq("file-not-read"), "source_file"])
    filed: Counter[Verdict] = Counter()
    for claim in claims:
        verdict, beside = Verdict.DUPLICATE, dict[str, bytes]()
        if claim in fresh:
            file = known.get(claim.sha256)
            # Taken back while it was still claimed: it could be used, and is stored.
            is_stored = claim.sha256 in withdrawn or (file is not None and _is_usable(file))
            verdict = Verdict.ARCHIVE if is_stored else Verdict.QUARANTINE
            if names[claim.path] in failed:
                # A fault of the disk or share says nothing of the file: the next run reads it.
                continue
            if verdict == Verdict.QUARANTINE:
                name = file.name if file else names[claim.path]
                beside = dict(_write_beside(claim, name, batch, settings.output, now))
        if file_away(inbox, claim, verdict, now, beside) is not None:
            filed[verdict] += 1
    return dict(filed)


def _write_beside(
    claim: Claim, name: str, batch: Batch, output: Path, now: datetime
) -> Iterator[tuple[str, bytes]]:
    """Give what lies beside a file in quarantine: ending → content."""
    held = b""
    if claim.sha256:
        with suppress(OSError):
            held = read_plain(output / "held" / name_held(name, claim.sha256))
    if held:
        yield ".held.xlsx", held
    issues = batch.issues[batch.issues["source_file"].eq(name)]
    text = explain_quarantine(show_name(claim.path.name), issues, now, has_workbook=bool(held))
    yield ".txt", text.encode()
