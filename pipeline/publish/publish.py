"""From findings to files in the output folder; of the reports only those that changed."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

from pipeline.assessment import Assessment
from pipeline.errors import OutputError
from pipeline.files.durable import make_folder, write_text
from pipeline.history.broken_patients import SEAL_BROKEN
from pipeline.history.notes import WorklistNotes
from pipeline.history.store.records import Run
from pipeline.history.stored import FILE_NAME, History
from pipeline.interpret.joined_evidence import join_evidence
from pipeline.interpret.since_last_report import compare_current
from pipeline.issues.translate_issues import translate_messages
from pipeline.publish import manifest
from pipeline.publish.csv_text import csv_text
from pipeline.publish.delivery import in_batches
from pipeline.publish.publications import PATIENTS, Publications
from pipeline.publish.worklist_update import WorklistNews, WorklistUpdate
from pipeline.report.excel.package import pack_workbook
from pipeline.report.held_rows.held_workbook import name_held, render_held
from pipeline.report.patient.assemble import PatientReport, assemble_reports
from pipeline.report.patient.notice import render_changed, render_notice
from pipeline.report.patient.patient_workbook import render_workbook
from pipeline.report.report_model import RunInfo
from pipeline.report.wording import show_date
from pipeline.report.worklist.carry_notes import carry_over
from pipeline.report.worklist.critical_calls import list_due, list_identity_calls
from pipeline.report.worklist.lines import describe_subjects, list_subjects
from pipeline.report.worklist.worklist_workbook import render_worklist
from pipeline.site.private_folder import find_record
from pipeline.texts import LANGUAGES
from schemas import DataFrame, Findings, Issues
from schemas.vocabulary import Confirmation, Outcome

HELD = "held"
WORKLIST, PAGE = "worklist.xlsx", "index.html"
_TABLES = ("findings.csv", "issues.csv")
_FIXED = (WORKLIST, PAGE, *_TABLES)
# The dates of joined results stand in the reports; the columns of findings.csv are a contract.
_NOT_IN_CONTRACT = ("artifact", "from_accession", "from_date")
_BATCH = 100  # reports that share the syncs of a folder and a transaction

ShowReports = Callable[[Iterable[PatientReport], int, str], Iterator[PatientReport]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What a run wrote, and what it could not."""

    written: tuple[Path, ...]
    locked: tuple[str, ...]
    """Paths below the folder of what is open in another program; the next run tries again."""
    worklist: WorklistNews = field(default_factory=WorklistNews)
    """What became of the worklist, and of what people typed into it."""


def check_folder(folder: Path) -> None:
    """Refuse an output folder that holds what is not ours; change nothing.

    Raises:
        OutputError: It holds reports of unknown origin, or held rows that a person has edited.
    """
    patients = folder / PATIENTS
    has_reports = patients.is_dir() and any(patients.iterdir())
    taken = has_reports or any((folder / name).exists() for name in _FIXED)
    is_known = manifest.read_outputs(folder) is not None or find_record(folder, FILE_NAME).exists()
    if taken and not is_known:
        raise OutputError(
            f"{folder} holds reports but no {manifest.NAME} that says whose; "
            "move them away or give another folder with -o"
        )
    edited = manifest.list_edited(folder, HELD)
    if edited:
        raise OutputError(
            f"{folder / edited[0]} was changed since it was written; move it out of the folder of "
            "reports and run again with it"
        )


def publish(
    folder: Path,
    key: str,
    *,
    history: History,
    run: Run,
    facts: RunInfo,
    assessment: Assessment,
    inputs: manifest.Inputs,
    all_outcomes: bool,
    show: ShowReports,
) -> Published:
    """Write what changed, and the worklist, tables and manifest; take away what is stale.

    A manifest that lists what will be written comes first and one that says "finished" last.
    What is in place is noted in the history batch by batch: a run that is stopped anywhere is
    finished by the next one.

    Args:
        folder: Of the outputs.
        key: What the history calls the folder.
        history: Where what was published is noted.
        run: The run that publishes.
        facts: Of the worklist; a report has the time of its own last change in their place.
        assessment: What is known and what the rules say of it.
        inputs: What this run was given.
        all_outcomes: Whether findings.csv tells absent and not tested findings too.
        show: Shows progress.

    Raises:
        OutputError: A file cannot be written.
    """
    in_place = Publications(history, key, folder, run, assessment, facts)
    held = _plan_held(assessment)
    stale = {*(manifest.read_outputs(folder) or ()), *in_place.published_paths}
    planned = {*in_place.paths.values(), *held, *_FIXED}
    make_folder(folder / PATIENTS)
    manifest.begin(folder, stale | planned, facts.version)
    locked = [*_write_reports(in_place, assessment, facts, show)]
    locked += _hand_back(in_place, held, assessment, facts)
    news = _write_worklist(in_place, assessment, facts)
    locked += [WORKLIST] if news.left else []
    findings = assessment.findings
    critical = [rule.id for rule in assessment.knowledge.critical_rules()]
    told = join_evidence(_reported(findings, critical, all_outcomes), assessment.evidence)
    write_text(csv_text(told.drop(columns=[*_NOT_IN_CONTRACT])), folder / _TABLES[0])
    issues = _sort_issues(translate_messages(assessment.issues, LANGUAGES[facts.language]))
    write_text(csv_text(issues.drop(columns="result_id")), folder / _TABLES[1])
    locked += in_place.remove(stale - planned)
    stand = [folder / name for name in _FIXED if (folder / name).is_file()]
    fixed = manifest.hash_outputs(folder, [path for path in stand if not path.is_symlink()])
    outputs = sorted((*fixed, *in_place.outputs()), key=lambda output: output.path)
    text = manifest.manifest_text(facts, inputs, assessment, outputs, locked)
    write_text(text, folder / manifest.NAME)
    return Published(
        written=(*in_place.written, folder / manifest.NAME), locked=tuple(locked), worklist=news
    )


def _write_reports(
    in_place: Publications, assessment: Assessment, facts: RunInfo, show: ShowReports
) -> Iterator[str]:
    """Write the reports that changed; give the paths of those that are locked."""
    reported = [each for each in in_place.changed if each not in in_place.suspended]
    reports = assemble_reports(assessment, facts, only=reported, changed_at=in_place.changed_at)
    contents = chain(
        (
            (report.patient_id, pack_workbook(render_workbook(report), report.run.run_at))
            for report in show(reports, len(reported), "Writing reports")
        ),
        _write_notices(in_place, in_place.changed, assessment, facts),
    )
    for batch in in_batches(contents, _BATCH):
        yield from in_place.put(
            {
                in_place.paths[patient]: (content, in_place.publication_of(patient))
                for patient, content in batch
            }
        )


def _write_notices(
    in_place: Publications, wanted: Iterable[str], assessment: Assessment, facts: RunInfo
) -> Iterator[tuple[str, bytes]]:
    """Give what stands in place of the reports of patient ids in conflict: id and workbook."""
    issues = assessment.issues
    changed = set(issues.loc[issues["code"].eq("file-changed"), "source_file"])
    for patient in wanted:
        if patient in in_place.suspended:
            made_at = in_place.changed_at[patient]
            made = replace(facts, run_at=made_at)
            since = in_place.suspended[patient]
            book = (
                render_changed(patient, assessment.held, changed, made)
                if patient in assessment.dataset.broken
                else render_notice(patient, since, assessment.held, made)
            )
            yield patient, pack_workbook(book, made_at)


def _plan_held(assessment: Assessment) -> dict[str, tuple[str, str]]:
    """Say which workbooks of held rows are due: path → name and hash of their file.

    What was changed from outside is not handed back: the file itself is to be read again.
    """
    to_correct = assessment.held["code"].ne(SEAL_BROKEN)
    with_held = set(assessment.held.loc[to_correct, "source_file"])
    return {
        f"{HELD}/{name_held(file.name, file.sha256)}": (file.name, file.sha256)
        for file in assessment.dataset.files
        if file.name in with_held
    }


def _hand_back(
    in_place: Publications,
    held: Mapping[str, tuple[str, str]],
    assessment: Assessment,
    facts: RunInfo,
) -> Iterator[str]:
    """Write the workbooks of held rows that changed; give the paths of those that are locked."""
    publications = in_place.describe_held({path: name for path, (name, _) in held.items()})
    for path, (name, sha256) in held.items():
        due = publications[path]
        if in_place.is_current(due):
            continue
        original = in_place.history.load_original(sha256)
        texts = LANGUAGES[facts.language]
        book = render_held(original, [name], assessment.held, assessment.issues, texts)
        if book is not None:
            yield from in_place.put({path: (pack_workbook(book, due.changed_at), due)})


def _write_worklist(in_place: Publications, assessment: Assessment, facts: RunInfo) -> WorklistNews:
    """Write the worklist, with what changed since the one before and what people typed."""
    texts = LANGUAGES[facts.language]
    known, patients = assessment.knowledge, assessment.patients
    current_before = in_place.current_before()
    changes = compare_current(current_before, in_place.current, assessment.moves)
    by_patient = current_before.groupby("patient_id")["rule"]
    before = {str(patient): {*rules} for patient, rules in by_patient}
    topics, titles = list_subjects(patients), describe_subjects(known, texts)

    def carry(entries: WorklistNotes) -> WorklistNotes:
        due = [
            *list_due(assessment.findings, assessment.evidence, assessment.results, known, texts),
            *list_identity_calls(patients, assessment.held, texts),
        ]
        return carry_over(entries, topics, titles, due, facts.run_at.date(), texts, before)

    def render(entries: WorklistNotes) -> tuple[bytes, str]:
        since = show_date(in_place.worklist_before, texts, has_time=True)
        book, page = render_worklist(assessment, facts, changes, in_place.paths, entries, since)
        return pack_workbook(book, facts.run_at), page

    news = WorklistUpdate(
        folder=in_place.folder,
        key=in_place.key,
        history=in_place.history,
        made_at=facts.run_at,
        people=patients["patient_id"].tolist(),
        titles=titles,
        texts=texts,
    ).update(in_place.folder / PAGE, carry, render)
    if news.is_drawn:
        in_place.note_worklist(WORKLIST)
    return news


def _sort_issues(issues: DataFrame[Issues]) -> DataFrame[Issues]:
    """Sort by file, sheet, row, column, code; first what concerns a sheet or file as a whole."""
    by = ["source_file", "sheet", "row", "column", "code"]
    return Issues.require_columns(issues.sort_values(by, kind="stable", na_position="first"))


def _reported(
    findings: DataFrame[Findings], critical: Sequence[str], all_outcomes: bool
) -> DataFrame[Findings]:
    """Select what findings.csv tells, or everything.

    What is present or indeterminate, and what is absent on a specimen that is doubted: nobody is
    to read that as sure. Of critical values only what is present: of the rest the rule for the
    same value tells.
    """
    told = findings["outcome"].isin([Outcome.PRESENT, Outcome.INDETERMINATE])
    told |= findings["status"].eq(Confirmation.UNCONFIRMED)
    told &= findings["outcome"].eq(Outcome.PRESENT) | ~findings["rule"].isin(critical)
    return findings if all_outcomes else Findings.require_columns(findings[told])
