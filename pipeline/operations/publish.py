"""From findings to files in the output folder."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from pipeline.errors import OutputError
from pipeline.ingest.intake import Ingested
from pipeline.ingest.originals import keep_original
from pipeline.interpret import Interpretation
from pipeline.interpret.trends import compare_standing
from pipeline.knowledge.model import Knowledge
from pipeline.operations import manifest
from pipeline.operations.accounts import Accounts
from pipeline.report.facts import RunFacts
from pipeline.report.files import csv_text, file_name, make_folder, save_workbook, write_text
from pipeline.report.held import name_held, render_held
from pipeline.report.patient import PatientReport, assemble_reports
from pipeline.report.typed import write_worklist
from pipeline.report.workbook import render_workbook
from pipeline.report.worklist import render_worklist
from schemas import DataFrame, Findings, Held, Issues
from schemas.vocabulary import Outcome

PATIENTS, HELD = "patients", "held"
_FIXED = ("worklist.xlsx", "index.html", "findings.csv", "issues.csv")
# The dates of joined results stand in the reports; the columns of findings.csv are a contract.
_NOT_IN_CONTRACT = ("from_accession", "from_date")

ShowReports = Callable[[Iterable[PatientReport], int, str], Iterator[PatientReport]]


def check_folder(folder: Path, *, replace: bool) -> None:
    """Refuse an output folder that holds another run's reports; change nothing.

    Raises:
        OutputError: It holds reports and `replace` was not given, or reports of unknown origin.
    """
    earlier = manifest.read_outputs(folder)
    patients = folder / PATIENTS
    has_reports = patients.is_dir() and any(patients.iterdir())
    taken = earlier is not None or has_reports or any((folder / name).exists() for name in _FIXED)
    if taken and not replace:
        raise OutputError(
            f"{folder} holds the reports of another run; "
            "give --replace to replace them, or another folder with -o"
        )
    if taken and earlier is None:
        raise OutputError(
            f"{folder} holds reports but no {manifest.NAME} that says which; "
            "move them away or give another folder with -o"
        )
    edited = [name for name in manifest.list_edited(folder) if name.startswith(f"{HELD}/")]
    if edited:
        raise OutputError(
            f"{folder / edited[0]} was changed since it was written; move it out of the folder of "
            "reports, to the file that its rows come from, and run again with both"
        )


def publish(
    folder: Path,
    *,
    run: RunFacts,
    accounts: Accounts,
    files: Sequence[Ingested],
    held: DataFrame[Held],
    issues: DataFrame[Issues],
    interpretation: Interpretation,
    knowledge: Knowledge,
    all_outcomes: bool,
    show: ShowReports,
) -> tuple[Path, ...]:
    """Write reports, worklist, tables and manifest; take away an earlier run's that are stale.

    A manifest that lists what will be written comes first and one that says "finished" last, so
    that a run which was stopped in between can be told from one that was not, and replaced.

    Raises:
        OutputError: A file cannot be written.
    """
    stale = manifest.read_outputs(folder) or ()
    names = {
        str(patient): f"{PATIENTS}/{file_name(str(patient))}.xlsx"
        for patient in interpretation.results["patient_id"].unique()
    }
    held_names = [
        f"{HELD}/{name_held(file.file.name, file.file.sha256)}" for file in files if len(file.held)
    ]
    make_folder(folder / PATIENTS)
    manifest.begin(folder, {*stale, *names.values(), *held_names, *_FIXED}, run.version)
    reports = assemble_reports(
        patients=interpretation.patients,
        results=interpretation.results,
        held=held,
        issues=issues,
        findings=interpretation.findings,
        standing=interpretation.standing,
        knowledge=knowledge,
        run=run,
    )
    written = []
    for report in show(reports, len(names), "Writing reports"):
        path = folder / names[report.patient_id]
        save_workbook(render_workbook(report), path, run.run_at)
        written.append(path)
    write_worklist(
        folder / "worklist.xlsx",
        folder / "index.html",
        lambda entries: render_worklist(
            patients=interpretation.patients,
            results=interpretation.results,
            findings=interpretation.findings,
            standing=interpretation.standing,
            changes=compare_standing(None, interpretation.standing),
            held=held,
            issues=issues,
            knowledge=knowledge,
            run=run,
            names=names,
            entries=entries,
        ),
        run.run_at,
    )
    write_text(
        csv_text(_told(interpretation.findings, all_outcomes).drop(columns=[*_NOT_IN_CONTRACT])),
        folder / "findings.csv",
    )
    write_text(csv_text(issues.drop(columns="result_id")), folder / "issues.csv")
    written += [folder / name for name in _FIXED]
    written += _hand_back(folder / HELD, files, held, issues, run)
    for path in {folder / name for name in stale} - set(written):
        path.unlink(missing_ok=True)
    if (folder / HELD).is_dir() and not any((folder / HELD).iterdir()):
        (folder / HELD).rmdir()
    outputs = manifest.hash_outputs(folder, written)
    text = manifest.manifest_text(run, accounts, files, interpretation, issues, outputs)
    write_text(text, folder / manifest.NAME)
    return (*written, folder / manifest.NAME)


def _hand_back(
    folder: Path,
    files: Sequence[Ingested],
    held: DataFrame[Held],
    issues: DataFrame[Issues],
    run: RunFacts,
) -> Iterator[Path]:
    """Write the workbooks of held rows; one for files with the same name and content."""
    alike: dict[str, list[Ingested]] = {}
    for file in files:
        alike.setdefault(name_held(file.file.name, file.file.sha256), []).append(file)
    for name, same in alike.items():
        book = render_held(keep_original(same[0]), [file.file.name for file in same], held, issues)
        if book is not None:
            save_workbook(book, folder / name, run.run_at)
            yield folder / name


def _told(findings: DataFrame[Findings], all_outcomes: bool) -> DataFrame[Findings]:
    """Select what findings.csv tells: what is present or indeterminate, or everything."""
    told = findings["outcome"].isin([Outcome.PRESENT, Outcome.INDETERMINATE])
    return findings if all_outcomes else Findings.validate(findings[told])
