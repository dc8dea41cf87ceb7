"""One batch: files in, reports out. Reads aloud as the table of contents."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline import __version__
from pipeline.assessment import Judgement, judge
from pipeline.commands.context import (
    Clock,
    Progress,
    chosen_layout,
    load_tried_knowledge,
    read_exports,
    site_reading,
)
from pipeline.config import Settings
from pipeline.errors import Exit
from pipeline.history.receive import ReadingBasis, Receipt, Receive, Received, receive
from pipeline.history.store.records import Run
from pipeline.history.stored import History, open_history
from pipeline.ingest.dataset import Intake, combine
from pipeline.ingest.sources import ExportFile, Found, find_exports
from pipeline.ingest.stored_file import ReceivedFile
from pipeline.interpret import Interpretation
from pipeline.issues import all_issues, issue_of_file
from pipeline.knowledge.describe import require_rule
from pipeline.knowledge.model import Knowledge
from pipeline.knowledge.translate import translate
from pipeline.publish.access import choose_access, grant_access
from pipeline.publish.audit_record import record_run, record_start
from pipeline.publish.manifest import Inputs
from pipeline.publish.publish import Published, check_folder, publish
from pipeline.publish.trust import open_trusted
from pipeline.publish.worklist_update import WorklistNews
from pipeline.publish.write_anchor import anchor_log
from pipeline.reconcile.tally import Accounts, reconcile
from pipeline.report.held_rows.cell_texts import CellPlace, CellsOfPlace, CellTexts, list_cell_texts
from pipeline.report.report_model import RunFacts
from pipeline.review.explanation import Node, explain_patient
from pipeline.site.location import Place, place_history
from pipeline.site.workspace import open_workspace
from pipeline.texts import LANGUAGES
from schemas import DataFrame, Held, Issues


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one run was given, and what is known with it."""

    files: tuple[ReceivedFile, ...]
    """Of this run."""
    known: int
    """How many of them had been received before."""
    still_withdrawn: int
    """How many of them were taken back before; they stay so."""
    passed_over: tuple[str, ...]
    unreachable: tuple[str, ...]
    judgement: Judgement
    accounts: Accounts
    """Of the files of this run."""
    issues: DataFrame[Issues]
    """Of everything known, and what could not be opened in this run."""
    locked: tuple[str, ...] = ()
    """Outputs that are open in another program; the next run tries again."""
    is_withheld: bool = False
    """The stop switch is on: no report was written."""
    history: str = ""
    """Where the history is, if not among the outputs."""
    cells: CellTexts = field(default_factory=dict)
    """What stands in the cells that problems lie in, where a person asked for it."""
    worklist: WorklistNews = field(default_factory=WorklistNews)
    """What became of the worklist, and of what people typed into it."""
    unanchored: str = ""
    """Why it was not noted elsewhere where the log ends, though the site wants it."""

    @property
    def knowledge(self) -> Knowledge:
        """By which results were read and judged; in the language of the reports."""
        return self.judgement.knowledge

    @property
    def intake(self) -> Intake:
        """All that was received, people and specimens settled."""
        return self.judgement.intake

    @property
    def held(self) -> DataFrame[Held]:
        """All that is held."""
        return self.judgement.held

    @property
    def interpretation(self) -> Interpretation:
        """What the rules say."""
        return self.judgement.interpretation

    @property
    def exit_code(self) -> int:
        """Nothing readable, something held, or done."""
        if self.accounts.files and not self.accounts.readable_files:
            return Exit.NOTHING_READABLE
        if self.accounts.held or self.accounts.unreadable_files or self.unreachable:
            return Exit.HELD
        if self.intake.broken or self.issues["code"].eq("file-changed").any():
            return Exit.HELD
        if self.is_withheld or self.still_withdrawn or self.worklist.needs_person:
            return Exit.HELD
        if self.unanchored:
            return Exit.HELD
        return Exit.DONE


def run_batch(
    sources: Sequence[Path], settings: Settings, *, clock: Clock, progress: Progress
) -> tuple[Batch, tuple[Path, ...]]:
    """Add exports to the history and bring the reports up to date; give what was written.

    As long as the history holds no readable file nothing is written, and no earlier report is
    taken away: a share that is not there at night must not empty the folder of reports. Where
    there is neither an export nor a history, nothing is made at all.
    """
    # Before the folder is made: a wrong option leaves nothing behind.
    knowledge = load_tried_knowledge(settings)
    place = place_history(settings)
    if not place.exists and not find_exports(sources, settings.output).exports:
        return check_batch(sources, settings, clock=clock, progress=progress), ()
    with open_workspace(settings.output, clock, settings.report_mode) as private:
        # Before the history is made: it is by the history that a folder is known as ours.
        check_folder(settings.output)
        place = place_history(settings)
        with open_trusted(place, settings, private, clock) as history:
            found = find_exports(sources, settings.output)
            batch, written = update_reports(
                found, history, place, private, settings, knowledge, clock, progress
            )
        unanchored = anchor_log(settings, place, private, clock())
    return replace(batch, unanchored=unanchored), written


def update_reports(
    found: Found,
    history: History,
    place: Place,
    private: Path,
    settings: Settings,
    knowledge: Knowledge,
    clock: Clock,
    progress: Progress,
    read: Receive = receive,
    run: Run | None = None,
) -> tuple[Batch, tuple[Path, ...]]:
    """Store what files say, judge everything known, write what changed, record it all.

    The run counts as finished when all of that is done; until then the next one does it again.
    With the stop switch on, everything is stored, and no report is written, changed or removed.
    """
    access = choose_access(settings.report_mode, settings.report_group)
    grant_access(settings.output, access)
    # A rebuild belongs to the run that it repeats, so that it writes the same bytes.
    run = run or _begin(history, place, knowledge, clock)
    received = receive_exports(found.exports, history, run, settings, knowledge, progress, read)
    # Before what is stored is read: what changes from here on is due for the next run.
    last_due = history.list_due(place.key).last
    batch = conclude(history, received, found, knowledge, settings)
    if settings.hold_all:
        published = Published(written=(), locked=())
    else:
        record_start(settings.output, private, history, run, clock())
        published = publish_batch(batch, history, place, run, settings, progress)
    grant_access(settings.output, access)
    log = record_run(settings.output, private, history, run, batch.files, batch.accounts, clock())
    if not settings.hold_all:
        history.finish_run(run, basis_of_reports(settings, knowledge), last_due, log)
    batch = replace(
        batch,
        locked=published.locked,
        worklist=published.worklist,
        history=place.said,
        is_withheld=settings.hold_all,
    )
    return batch, published.written


def rehearse_batch(
    sources: Sequence[Path], settings: Settings, *, clock: Clock, progress: Progress
) -> Batch:
    """Do all that a run does but write: what it would store is undone."""
    knowledge = load_tried_knowledge(settings)
    place = place_history(settings)
    with open_history(place.where if place.exists else None, clock=clock) as history:
        history.rehearse()
        run = _begin(history, place, knowledge, clock)
        found = find_exports(sources, settings.output)
        received = receive_exports(found.exports, history, run, settings, knowledge, progress)
        return conclude(history, received, found, knowledge, settings)


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
    judgement = judge(received, known, specimen_ids=settings.specimen_ids)
    return Batch(
        files=judgement.intake.files,
        known=0,
        still_withdrawn=0,
        passed_over=found.passed_over,
        unreachable=found.unreachable,
        judgement=judgement,
        accounts=reconcile(judgement.intake, judgement.selected),
        issues=all_issues(judgement.issues, *_issues_of(found)),
        cells=cells,
    )


def receive_exports(
    exports: Sequence[ExportFile],
    history: History,
    run: Run,
    settings: Settings,
    knowledge: Knowledge,
    progress: Progress,
    read: Receive = receive,
) -> tuple[Received, ...]:
    """Add files to the history, each in a transaction of its own."""
    basis = reading_basis(settings, knowledge)
    today = run.started_at.date()
    return tuple(
        read(export, history, basis, run.id, today)
        for export in progress(exports, len(exports), "Reading files")
    )


def reading_basis(settings: Settings, knowledge: Knowledge) -> ReadingBasis:
    """Say on what the reading of a file rests, besides its bytes."""
    return ReadingBasis(
        knowledge=knowledge, site=site_reading(settings), layout=chosen_layout(settings, knowledge)
    )


def conclude(
    history: History,
    received: Sequence[Received],
    found: Found,
    knowledge: Knowledge,
    settings: Settings,
) -> Batch:
    """Judge everything that is stored, and count what became of the files of this run."""
    known = translate(knowledge, settings.language)
    judgement = judge(history.load(), known, history.list_decisions(), settings.specimen_ids)
    hashes = {each.sha256 for each in received}
    of_run = tuple(file for file in judgement.intake.files if file.sha256 in hashes)
    unopened = combine([file for each in received for file in each.unopened])
    counted = reconcile(judgement.intake, judgement.selected, {file.name for file in of_run})
    return Batch(
        files=(*of_run, *unopened.files),
        known=sum(each.receipt == Receipt.KNOWN for each in received),
        still_withdrawn=len(hashes & {file.sha256 for file in judgement.intake.withdrawn}),
        passed_over=found.passed_over,
        unreachable=found.unreachable,
        judgement=judgement,
        accounts=replace(
            counted,
            files=counted.files + len(unopened.files),
            unreadable_files=counted.unreadable_files + len(unopened.files),
        ),
        issues=all_issues(judgement.issues, unopened.issues, *_issues_of(found)),
    )


def publish_batch(
    batch: Batch,
    history: History,
    place: Place,
    run: Run,
    settings: Settings,
    progress: Progress,
) -> Published:
    """Bring the reports up to date, unless nothing readable was ever received.

    What was reported and is taken back, purged or put back to before it came leaves the reports,
    also where nothing else is stored.
    """
    totals = reconcile(batch.intake, batch.judgement.selected)
    if not totals.readable_files and not history.list_published(place.key):
        return Published(written=(), locked=())
    return publish(
        settings.output,
        place.key,
        history=history,
        run=run,
        facts=_run_facts(batch, totals, settings, run),
        judgement=batch.judgement,
        inputs=Inputs(files=batch.files, accounts=batch.accounts, withdrawn=batch.intake.withdrawn),
        all_outcomes=settings.all_outcomes,
        show=progress,
    )


def basis_of_reports(settings: Settings, knowledge: Knowledge) -> str:
    """Give a digest of what reports rest on besides what is stored: rules, words, choices."""
    said = (
        __version__,
        knowledge.profile.id,
        knowledge.version,
        settings.rule_groups,
        settings.critical_values,
        settings.language,
        LANGUAGES[settings.language].digest,
        settings.units_display,
        settings.all_outcomes,
        settings.specimen_ids,
        settings.laboratory,
    )
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]


def _begin(history: History, place: Place, knowledge: Knowledge, clock: Clock) -> Run:
    return history.begin_run(
        clock(),
        version=__version__,
        profile=knowledge.profile.id,
        knowledge=knowledge.version,
        folder=place.key,
    )


def _issues_of(found: Found) -> Iterator[DataFrame[Issues]]:
    for name in found.unreachable:
        yield issue_of_file(name, "folder-unreachable")


def explain_batch(
    patient: str,
    sources: Sequence[Path],
    settings: Settings,
    *,
    rule: str = "",
    accession: str = "",
    clock: Clock,
    progress: Progress,
) -> tuple[Node, ...]:
    """Say why each rule says what it says of one patient; nothing if nothing was read of them.

    Raises:
        KnowledgeError: See `load_tried_knowledge`; or no rule of that name gives findings.
    """
    batch = check_batch(sources, settings, clock=clock, progress=progress)
    said = batch.interpretation
    if rule:
        rule = require_rule(rule, batch.knowledge).id

    def own(table: pd.DataFrame) -> Any:
        return table[table["patient_id"].eq(patient)].reset_index(drop=True)

    return explain_patient(
        own(pd.concat([said.findings, said.shadow], ignore_index=True)),
        own(said.results[said.results["derived"].eq("")]),
        own(batch.held),
        own(batch.intake.observations),
        batch.knowledge,
        rule=rule,
        accession=accession,
    )


def _run_facts(batch: Batch, totals: Accounts, settings: Settings, run: Run) -> RunFacts:
    return RunFacts(
        run_at=run.started_at,
        version=__version__,
        profile=batch.knowledge.profile.id,
        knowledge_version=batch.knowledge.version,
        files=tuple((file.name, file.sha256) for file in batch.intake.files),
        laboratory=settings.laboratory.name,
        address=settings.laboratory.address,
        contact=settings.laboratory.contact,
        language=settings.language,
        units_display=settings.units_display,
        read=totals.read,
        dispositions=totals.dispositions(),
    )
