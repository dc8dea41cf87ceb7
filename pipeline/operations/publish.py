"""From findings to files in the output folder."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from pipeline.errors import OutputError
from pipeline.ingest.intake import Ingested
from pipeline.interpret import Interpretation
from pipeline.knowledge.model import Knowledge
from pipeline.operations import manifest
from pipeline.operations.accounts import Accounts
from pipeline.report.facts import RunFacts
from pipeline.report.files import csv_text, file_name, make_folder, save_workbook, write_text
from pipeline.report.patient import PatientReport, assemble_reports
from pipeline.report.workbook import render_workbook
from pipeline.report.worklist import render_worklist
from schemas import DataFrame, Findings, Held, Issues
from schemas.vocabulary import Outcome

PATIENTS = "patients"
_FIXED = ("worklist.xlsx", "findings.csv", "issues.csv")

ShowReports = Callable[[Iterable[PatientReport], int, str], Iterator[PatientReport]]


def claim_folder(folder: Path, *, replace: bool) -> None:
    """Make the output folder ready, and refuse one that holds another run's reports.

    Raises:
        OutputError: It holds reports and `replace` was not given, or it cannot be made.
    """
    earlier = manifest.read_outputs(folder)
    taken = earlier is not None or any((folder / name).exists() for name in (*_FIXED, PATIENTS))
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
    make_folder(folder / PATIENTS)


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

    The manifest is written last: without it the other files are not a finished run.

    Raises:
        OutputError: A file cannot be written.
    """
    stale = manifest.read_outputs(folder) or ()
    (folder / manifest.NAME).unlink(missing_ok=True)
    names = {
        str(patient): f"{PATIENTS}/{file_name(str(patient))}.xlsx"
        for patient in interpretation.results["patient_id"].unique()
    }
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
    worklist = render_worklist(
        patients=interpretation.patients,
        findings=interpretation.findings,
        standing=interpretation.standing,
        held=held,
        issues=issues,
        knowledge=knowledge,
        run=run,
        names=names,
    )
    save_workbook(worklist, folder / "worklist.xlsx", run.run_at)
    write_text(csv_text(_told(interpretation.findings, all_outcomes)), folder / "findings.csv")
    write_text(csv_text(issues.drop(columns="result_id")), folder / "issues.csv")
    written += [folder / name for name in _FIXED]
    for path in {folder / name for name in stale} - set(written):
        path.unlink(missing_ok=True)
    outputs = manifest.hash_outputs(folder, written)
    text = manifest.manifest_text(run, accounts, files, interpretation, issues, outputs)
    write_text(text, folder / manifest.NAME)
    return (*written, folder / manifest.NAME)


def _told(findings: DataFrame[Findings], all_outcomes: bool) -> DataFrame[Findings]:
    """Select what findings.csv tells: what is present or indeterminate, or everything."""
    told = findings["outcome"].isin([Outcome.PRESENT, Outcome.INDETERMINATE])
    return findings if all_outcomes else Findings.validate(findings[told])
