"""Tables → one `PatientReport` per patient: all that a workbook says, and no spreadsheet."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TypeVar

import pandas as pd

from pipeline.assessment import Assessment
from pipeline.knowledge.model import Knowledge
from pipeline.lookup import look_up
from pipeline.report.cited import CitedResults
from pipeline.report.patient.build import ReportBuilder
from pipeline.report.patient.corrected_values import list_former
from pipeline.report.patient.interference_lines import list_interference
from pipeline.report.patient.patient_rows import (
    describe_ages,
    list_assumed_adults,
    list_findings,
    list_held,
    list_qualitative,
    list_results,
    list_with_report,
)
from pipeline.report.patient.since_last import list_changes
from pipeline.report.report_model import PatientReport, RunInfo
from pipeline.texts import LANGUAGES
from schemas import (
    DataFrame,
    Table,
)

T = TypeVar("T", bound=Table)

__all__ = ["PatientReport", "RunInfo", "assemble_reports"]


def assemble_reports(
    assessment: Assessment,
    run: RunInfo,
    *,
    only: Collection[str] | None = None,
    changed_at: Mapping[str, datetime] = MappingProxyType({}),
) -> Iterator[PatientReport]:
    """Return the report of each patient who has a result that is not held, in worklist order.

    Args:
        assessment: What reports are made of.
        run: What they say of the run.
        only: Leaves out all but these patients.
        changed_at: Patient → when what the report says last changed; else the time of the run
            stands in it.

    Raises:
        ValueError: A result or finding belongs to nobody in `patients`.
        KeyError: A rule, comment or analyte that the knowledge does not have.
    """
    patients, results, held = assessment.patients, assessment.results, assessment.held
    findings, current = assessment.findings, assessment.current
    knowledge, said = assessment.knowledge, assessment.observations
    evidence = assessment.evidence
    for table in (results, findings, current):
        if not table["patient_id"].isin(patients["patient_id"]).all():
            raise ValueError("a result or finding belongs to nobody in the table of patients")
    if only is not None:
        patients, results = _rows_of(only, patients), _rows_of(only, results)
        held, findings = _rows_of(only, held), _rows_of(only, findings)
        current, evidence = _rows_of(only, current), _rows_of(only, evidence)
    ids = patients["patient_id"]
    texts = LANGUAGES[run.language]
    builder = ReportBuilder(
        results=list_results(
            results, assessment.issues, ids, knowledge, _units_of(knowledge, run), texts
        ),
        held=list_held(held, ids, knowledge),
        findings=list_findings(findings, ids, knowledge),
        current=list_findings(current, ids, knowledge),
        said=list_qualitative(said, ids, knowledge),
        cited=CitedResults(evidence),
        doubts_cited=CitedResults(assessment.artifact_evidence),
        doubts=list_interference(assessment.artifacts, ids, knowledge),
        changes=list_changes(findings, current, evidence, assessment.moves),
        former=list_former(assessment.selected.superseded, results, texts),
        knowledge=knowledge,
        run=run,
        changed_at=changed_at,
    )
    people = patients.assign(
        age=look_up(ids, describe_ages(results, texts), texts("not-stated")),
        adults=ids.isin(list_assumed_adults(results)),
        reportable=ids.isin(list_with_report(results, said, current)),
        born=pd.Series(
            [None if pd.isna(at) else at.date() for at in patients["birth_date"]],
            index=patients.index,
            dtype=object,
        ),
    )
    columns = [
        "patient_id",
        "patient_name",
        "sex",
        "born",
        "age",
        "adults",
        "priority",
        "reasons",
        "judged",
        "not_judged",
        "no_upper",
        "reportable",
    ]
    for position, person in enumerate(zip(*(people[name] for name in columns), strict=True)):
        *facts, reportable = person
        if reportable:
            yield builder.assemble(position, *facts)


def _rows_of(patients: Collection[str], table: DataFrame[T]) -> DataFrame[T]:
    return table[table["patient_id"].isin(list(patients))].reset_index(drop=True)


def _units_of(knowledge: Knowledge, run: RunInfo) -> Mapping[str, str]:
    """Analyte → unit that the site wants shown beside the one reported."""
    return {
        analyte.id: analyte.display[run.units_display]
        for analyte in knowledge.analytes.values()
        if run.units_display in analyte.display
    }
