"""One run: files in, reports out. Reads aloud as the table of contents."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline import __version__
from pipeline.assessment import assess
from pipeline.commands.batch import Batch
from pipeline.commands.context import (
    Clock,
    Progress,
    basis_of_reports,
    load_tried_knowledge,
    parse_context,
    read_exports,
)
from pipeline.commands.open_site import OpenSite, hold_site
from pipeline.config import Settings
from pipeline.history.receive import IngestStatus, Receive, Received, receive
from pipeline.history.store.records import Run
from pipeline.history.stored import open_history
from pipeline.ingest.dataset import combine
from pipeline.ingest.sources import Found, find_exports
from pipeline.issues import all_issues, issue_of_file
from pipeline.knowledge.translate import translate
from pipeline.publish.access import choose_access, grant_access
from pipeline.publish.audit_record import record_run, record_start
from pipeline.publish.manifest import Inputs
from pipeline.publish.publish import Published, publish
from pipeline.publish.write_anchor import anchor_log
from pipeline.reconcile.tally import RunTally, reconcile
from pipeline.report.held_rows.cell_texts import CellPlace, CellsOfPlace, list_cell_texts
from pipeline.report.report_model import RunInfo
from pipeline.site.location import locate_history
from schemas import DataFrame, Issues

_NO_EXPORTS = Found(exports=())


def run_batch(
    sources: Sequence[Path], settings: Settings, *, clock: Clock, progress: Progress
) -> tuple[Batch, tuple[Path, ...]]:
    """Add exports to the history and bring the reports up to date; return what was written.

    As long as the history holds no readable file nothing is written, and no earlier report is
    taken away: a share that is not there at night must not empty the folder of reports. Where
    there is neither an export nor a history, nothing is made at all.
    """
    # Before the folder is made: a wrong option leaves nothing behind.
    knowledge = load_tried_knowledge(settings)
    is_new = not locate_history(settings).exists
    if is_new and not find_exports(sources, settings.output).exports:
        return check_batch(sources, settings, clock=clock, progress=progress), ()
    with hold_site(settings, knowledge, clock, progress) as site:
        batch, written = update_reports(site, find_exports(sources, settings.output))
        unanchored = anchor_log(settings, site.place, site.private, clock())
    return replace(batch, unanchored=unanchored), written


def update_reports(
    site: OpenSite, found: Found, receive_one: Receive = receive, repeated: Run | None = None
) -> tuple[Batch, tuple[Path, ...]]:
    """Store what files say, assess everything known, publish what changed, record it.

    The run counts as finished when all of that is done; until then the next one does it again.
    With the stop switch on, everything is stored, and no report is written, changed or removed.

    Args:
        site: Held.
        found: Files to be stored.
        receive_one: How a file gets into the history.
        repeated: The run that a rebuild belongs to, so that it writes the same bytes.
    """
    with_access = choose_access(site.settings.report_mode, site.settings.report_group)
    grant_access(site.settings.output, with_access)
    run = repeated or _begin(site)
    received = store(site, found, run, receive_one)
    # Before what is stored is read: what changes from here on is due for the next run.
    last_due = site.history.list_due(site.place.key).last
    batch = conclude(site, received, found)
    note_start(site, run)
    published = publish_batch(site, batch, run)
    grant_access(site.settings.output, with_access)
    record(site, batch, run, last_due)
    return batch_with(batch, site, published), published.written


def store(
    site: OpenSite, found: Found, run: Run, receive_one: Receive = receive
) -> tuple[Received, ...]:
    """Add files to the history, each in a transaction of its own."""
    basis, today = parse_context(site.settings, site.knowledge), run.started_at.date()
    return tuple(
        receive_one(export, site.history, basis, run.id, today)
        for export in site.progress(found.exports, len(found.exports), "Reading files")
    )


def conclude(site: OpenSite, received: Sequence[Received], found: Found) -> Batch:
    """Assess everything that is stored, and count what became of the files of this run."""
    history, ids = site.history, site.settings.specimen_ids
    known = translate(site.knowledge, site.settings.language)
    assessment = assess(history.load(), known, history.list_decisions(), ids)
    hashes = {file.sha256 for file in received}
    of_run = tuple(file for file in assessment.dataset.files if file.sha256 in hashes)
    unopened = combine([ingested for file in received for ingested in file.unopened])
    counted = reconcile(assessment.dataset, assessment.selected, {file.name for file in of_run})
    return Batch(
        files=(*of_run, *unopened.files),
        known=sum(file.receipt == IngestStatus.KNOWN for file in received),
        still_withdrawn=len(hashes & {file.sha256 for file in assessment.dataset.withdrawn}),
        passed_over=found.passed_over,
        unreachable=found.unreachable,
        assessment=assessment,
        accounts=replace(
            counted,
            files=counted.files + len(unopened.files),
            unreadable_files=counted.unreadable_files + len(unopened.files),
        ),
        issues=all_issues(assessment.issues, unopened.issues, *_issues_of(found)),
    )


def note_start(site: OpenSite, run: Run) -> None:
    """Write into the log that outputs are about to change, unless none may."""
    if not site.settings.hold_all:
        record_start(site.settings.output, site.private, site.history, run, site.clock())


def publish_batch(site: OpenSite, batch: Batch, run: Run) -> Published:
    """Bring the reports up to date, unless nothing readable was ever received.

    What was reported and is taken back, purged or put back to before it came leaves the reports,
    also where nothing else is stored.
    """
    settings, history = site.settings, site.history
    if settings.hold_all:
        return Published(written=(), locked=())
    totals = reconcile(batch.dataset, batch.assessment.selected)
    if not totals.readable_files and not history.list_published(site.place.key):
        return Published(written=(), locked=())
    return publish(
        settings.output,
        site.place.key,
        history=history,
        run=run,
        facts=_run_info(batch, totals, settings, run),
        assessment=batch.assessment,
        inputs=Inputs(
            files=batch.files, accounts=batch.accounts, withdrawn=batch.dataset.withdrawn
        ),
        all_outcomes=settings.all_outcomes,
        show=site.progress,
    )


def record(site: OpenSite, batch: Batch, run: Run, last_due: int) -> None:
    """Write into log and history what was done; the run is finished then."""
    settings, history = site.settings, site.history
    now = site.clock()
    log = record_run(settings.output, site.private, history, run, batch.files, batch.accounts, now)
    if not settings.hold_all:
        history.finish_run(run, basis_of_reports(settings, site.knowledge), last_due, log)


def batch_with(batch: Batch, site: OpenSite, published: Published) -> Batch:
    """Return a batch that also says what became of its outputs."""
    return replace(
        batch,
        locked=published.locked,
        worklist=published.worklist,
        history=site.place.said,
        is_withheld=site.settings.hold_all,
    )


def refresh(site: OpenSite, repeated: Run | None = None) -> Batch:
    """Bring the reports up to date with what was changed, under the same lock."""
    batch, _ = update_reports(site, _NO_EXPORTS, repeated=repeated)
    return batch


def rehearse_batch(
    sources: Sequence[Path], settings: Settings, *, clock: Clock, progress: Progress
) -> Batch:
    """Do all that a run does but write: what it would store is undone."""
    knowledge = load_tried_knowledge(settings)
    place = locate_history(settings)
    with open_history(place.where if place.exists else None, clock=clock) as history:
        history.rehearse()
        site = OpenSite(
            settings=settings,
            knowledge=knowledge,
            place=place,
            private=settings.output,
            history=history,
            clock=clock,
            progress=progress,
        )
        found = find_exports(sources, settings.output)
        received = store(site, found, _begin(site))
        return conclude(site, received, found)


def check_batch(
    sources: Sequence[Path],
    settings: Settings,
    *,
    shows_cells: bool = False,
    clock: Clock,
    progress: Progress,
) -> Batch:
    """Judge files by themselves, without what is known from others.

    Args:
        sources: Files and folders.
        settings: How they are read and judged.
        shows_cells: Keep the text of the cells that problems lie in.
        clock: Says what time it is.
        progress: Shows how far it is.

    Raises:
        KnowledgeError: See `load_tried_knowledge`.
    """
    knowledge = load_tried_knowledge(settings)
    found = find_exports(sources, settings.output)
    files = read_exports(found.exports, settings, knowledge, clock=clock, progress=progress)
    cells: dict[CellPlace, CellsOfPlace] = {}
    for file in files if shows_cells else ():
        cells |= list_cell_texts(file)
    received = combine(files)
    # What files looked like is let go before they are judged: a large one takes much memory.
    del files
    known = translate(knowledge, settings.language)
    assessment = assess(received, known, specimen_ids=settings.specimen_ids)
    return Batch(
        files=assessment.dataset.files,
        known=0,
        still_withdrawn=0,
        passed_over=found.passed_over,
        unreachable=found.unreachable,
        assessment=assessment,
        accounts=reconcile(assessment.dataset, assessment.selected),
        issues=all_issues(assessment.issues, *_issues_of(found)),
        cells=cells,
    )


def _begin(site: OpenSite) -> Run:
    return site.history.begin_run(
        site.clock(),
        version=__version__,
        profile=site.knowledge.profile.id,
        knowledge=site.knowledge.version,
        folder=site.place.key,
    )


def _issues_of(found: Found) -> Iterator[DataFrame[Issues]]:
    for name in found.unreachable:
        yield issue_of_file(name, "folder-unreachable")


def _run_info(batch: Batch, totals: RunTally, settings: Settings, run: Run) -> RunInfo:
    return RunInfo(
        run_at=run.started_at,
        version=__version__,
        profile=batch.knowledge.profile.id,
        knowledge_version=batch.knowledge.version,
        files=tuple((file.name, file.sha256) for file in batch.dataset.files),
        laboratory=settings.laboratory.name,
        address=settings.laboratory.address,
        contact=settings.laboratory.contact,
        language=settings.language,
        units_display=settings.units_display,
        read=totals.read,
        dispositions=totals.dispositions(),
    )
