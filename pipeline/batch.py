"""One batch: files in, reports out. Reads aloud as the table of contents."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pandas as pd

from pipeline import __version__
from pipeline.config import Settings
from pipeline.errors import ConfigError, Exit
from pipeline.ingest.closing import close_holds, without_returned
from pipeline.ingest.identify import Identified, describe_reading
from pipeline.ingest.intake import Ingested, Intake, combine, hold_conflicts, read_results
from pipeline.ingest.save_layout import write_layout
from pipeline.ingest.sources import ExportFile, find_exports
from pipeline.ingest.tables import SiteReading
from pipeline.interpret import Interpretation, interpret_results
from pipeline.interpret.reportable import select_reportable
from pipeline.issues import all_issues, issue_of_file
from pipeline.knowledge.describe import require_rule
from pipeline.knowledge.forms import Layout
from pipeline.knowledge.load import load_knowledge, load_layout
from pipeline.knowledge.model import Knowledge
from pipeline.operations.accounts import Accounts, reconcile
from pipeline.operations.publish import check_folder, publish
from pipeline.operations.workspace import open_workspace
from pipeline.report.facts import RunFacts
from pipeline.report.files import refuse_existing, save_workbook, write_text
from pipeline.report.template import render_template
from pipeline.review.explain import Node, explain_patient
from pipeline.review.trial import require_cases
from schemas import DataFrame, Held, Issues

T = TypeVar("T")
Clock = Callable[[], datetime]


class Progress(Protocol):
    """Passes items through, and may show how far it is."""

    def __call__(self, items: Iterable[T], length: int, label: str) -> Iterator[T]:
        """Yield every item, unchanged and in order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one run read and found."""

    knowledge: Knowledge
    files: tuple[Ingested, ...]
    intake: Intake
    passed_over: tuple[str, ...]
    unreachable: tuple[str, ...]
    held: DataFrame[Held]
    issues: DataFrame[Issues]
    interpretation: Interpretation
    accounts: Accounts

    @property
    def exit_code(self) -> int:
        """Nothing readable, something held, or done."""
        if self.accounts.files and not self.accounts.readable_files:
            return Exit.NOTHING_READABLE
        if self.accounts.held or self.accounts.unreadable_files or self.unreachable:
            return Exit.HELD
        return Exit.DONE


def run_batch(
    sources: Sequence[Path], settings: Settings, *, clock: Clock, progress: Progress
) -> tuple[Batch, tuple[Path, ...]]:
    """Read exports and write what they say; give the batch and the files written.

    Without a single readable file nothing is written and no earlier report is taken away: a
    share that is not there at night must not empty the folder of reports.
    """
    # Before the folder is made: a wrong option leaves nothing behind.
    knowledge = load_tried_knowledge(settings)
    with open_workspace(settings.output, clock):
        return _run(sources, settings, knowledge, clock=clock, progress=progress)


def _run(
    sources: Sequence[Path],
    settings: Settings,
    knowledge: Knowledge,
    *,
    clock: Clock,
    progress: Progress,
) -> tuple[Batch, tuple[Path, ...]]:
    check_folder(settings.output, replace=settings.replace)
    batch = _read_and_judge(sources, settings, knowledge, clock=clock, progress=progress)
    if not batch.accounts.readable_files:
        return batch, ()
    outputs = publish(
        settings.output,
        run=_run_facts(batch, settings, clock),
        accounts=batch.accounts,
        files=batch.files,
        held=batch.held,
        issues=batch.issues,
        interpretation=batch.interpretation,
        knowledge=batch.knowledge,
        all_outcomes=settings.all_outcomes,
        show=progress,
    )
    return batch, outputs


def check_batch(
    sources: Sequence[Path], settings: Settings, *, clock: Clock, progress: Progress
) -> Batch:
    """Do everything but write: read, settle who is who, select, interpret, reconcile.

    Raises:
        KnowledgeError: See `load_tried_knowledge`.
    """
    knowledge = load_tried_knowledge(settings)
    return _read_and_judge(sources, settings, knowledge, clock=clock, progress=progress)


def load_tried_knowledge(settings: Settings) -> Knowledge:
    """Load the knowledge, and try the cases that a site lays beside its own rules.

    Raises:
        KnowledgeError: The knowledge is invalid, or the cases do not hold.
    """
    knowledge = knowledge_of(settings)
    if settings.knowledge is not None:
        require_cases(settings.knowledge, settings.profile)
    return knowledge


def _read_and_judge(
    sources: Sequence[Path],
    settings: Settings,
    knowledge: Knowledge,
    *,
    clock: Clock,
    progress: Progress,
) -> Batch:
    found = find_exports(sources, settings.output)
    files = read_exports(found.exports, settings, knowledge, clock=clock, progress=progress)
    intake = hold_conflicts(settle_holds(combine(files), knowledge))
    selected = select_reportable(intake.results, intake.held, knowledge)
    held = Held.validate(pd.concat([intake.held, selected.held], ignore_index=True))
    return Batch(
        knowledge=knowledge,
        files=tuple(files),
        intake=intake,
        passed_over=found.passed_over,
        unreachable=found.unreachable,
        held=held,
        issues=all_issues(
            intake.issues,
            selected.issues,
            *(issue_of_file(name, "folder-unreachable") for name in found.unreachable),
        ),
        interpretation=interpret_results(selected.results, held, knowledge, intake.results),
        accounts=reconcile(intake, selected),
    )


def settle_holds(intake: Intake, knowledge: Knowledge) -> Intake:
    """Put rows that were handed back in place of those they correct."""
    if not any(file.returned for file in intake.files):
        return intake
    exports = without_returned(intake)
    selected = select_reportable(exports.results, exports.held, knowledge)
    before = pd.concat([exports.held["result_id"], selected.held["result_id"]])
    return close_holds(intake, before)


def knowledge_of(settings: Settings) -> Knowledge:
    """Load the clinical content that a run is to use."""
    return load_knowledge(
        settings.knowledge,
        settings.profile,
        language=settings.language,
        groups=settings.rule_groups,
    )


def identify_exports(
    sources: Sequence[Path], settings: Settings, *, clock: Clock, progress: Progress
) -> list[Identified]:
    """Say how each file is understood."""
    knowledge = knowledge_of(settings)
    exports = find_exports(sources, settings.output).exports
    files = read_exports(exports, settings, knowledge, clock=clock, progress=progress)
    return [describe_reading(file) for file in files]


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
        require_rule(rule, batch.knowledge)

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


def save_layout(
    source: Path, target: Path, settings: Settings, *, clock: Clock, progress: Progress
) -> None:
    """Write down how a file is understood, as a layout to edit.

    Raises:
        ConfigError: The file was not recognized, or no single layout can describe it.
        OutputError: The layout file is there already, or cannot be written.
    """
    knowledge = knowledge_of(settings)
    exports = find_exports([source]).exports
    files = read_exports(exports, settings, knowledge, clock=clock, progress=progress)
    refuse_existing(target)
    write_text(write_layout(files[0], target.name), target)


def write_template(target: Path, settings: Settings, *, clock: Clock) -> None:
    """Write an empty workbook to fill in by hand.

    Raises:
        OutputError: The file is there already, or cannot be written.
    """
    refuse_existing(target)
    book = render_template(knowledge_of(settings))
    save_workbook(book, target, clock())


def read_exports(
    exports: Sequence[ExportFile],
    settings: Settings,
    knowledge: Knowledge,
    *,
    clock: Clock,
    progress: Progress,
) -> list[Ingested]:
    """Read every file; what is wrong with one is among its issues, and the others go on."""
    layout = _layout(settings, knowledge)
    site = SiteReading(
        encoding=settings.encoding,
        date_order=settings.date_order,
        decimal=settings.decimal,
        population=settings.population,
    )
    today = clock().date()
    return [
        read_results(export.path, export.name, knowledge, site, layout, today=today)
        for export in progress(exports, len(exports), "Reading files")
    ]


def _layout(settings: Settings, knowledge: Knowledge) -> Layout | None:
    if not settings.layout:
        return None
    if settings.layout in knowledge.layouts:
        return knowledge.layouts[settings.layout]
    path = Path(settings.layout)
    if not path.suffix and not path.exists():
        near = get_close_matches(settings.layout, knowledge.layouts, n=1)
        hint = (
            f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(knowledge.layouts)}"
        )
        raise ConfigError(f"no layout named {settings.layout!r}; {hint}")
    return load_layout(path)


def _run_facts(batch: Batch, settings: Settings, clock: Clock) -> RunFacts:
    return RunFacts(
        run_at=clock(),
        version=__version__,
        profile=batch.knowledge.profile.id,
        knowledge_version=batch.knowledge.version,
        files=tuple((file.file.name, file.file.sha256) for file in batch.files),
        laboratory=settings.laboratory.name,
        address=settings.laboratory.address,
        contact=settings.laboratory.contact,
        language=settings.language,
        units_display=settings.units_display,
        read=batch.accounts.read,
        dispositions=batch.accounts.dispositions(),
    )
