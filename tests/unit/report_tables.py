"""Small tables for the tests of reports: a pipe table of results → all that a report is made of."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

import pandas as pd

from pipeline.assessment import Assessment, assess
from pipeline.ingest.dataset import combine
from pipeline.interpret import interpret_results
from pipeline.interpret.course import Moves
from pipeline.interpret.joined_evidence import list_current
from pipeline.issues import all_issues, issues_at, no_issues
from pipeline.knowledge.load import load_knowledge
from pipeline.knowledge.model import Knowledge
from pipeline.report.patient.assemble import assemble_reports
from pipeline.report.report_model import PatientReport, RunInfo
from schemas import Held, Reportable
from schemas.vocabulary import Disposition

ARRIVALS = {"march.csv": datetime(2026, 3, 4, 7, 15)}
"""When a file was received."""
RUN = RunInfo(
    run_at=datetime(2026, 3, 10, 8, 30),
    version="1.0.0",
    profile="default",
    knowledge_version="0123456789ab",
    files=(("march.csv", "ab" * 32), ("april.csv", "cd" * 32)),
    read=9,
    dispositions={Disposition.USED: 8, Disposition.HELD: 1},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """Everything that reports and the worklist are made of."""

    patients: pd.DataFrame
    results: pd.DataFrame
    held: pd.DataFrame
    issues: pd.DataFrame
    findings: pd.DataFrame
    current: pd.DataFrame
    evidence: pd.DataFrame
    moves: Moves

    def reports(self, run: RunInfo = RUN) -> Iterator[PatientReport]:
        return assemble_reports(self.assessment(), run)

    def assessment(self, using: Knowledge | None = None) -> Assessment:
        """These tables, as if they had come from files."""
        return replace(
            nothing_assessed(),
            knowledge=using or knowledge(),
            patients=self.patients,
            results=self.results,
            held=self.held,
            issues=self.issues,
            findings=self.findings,
            current=self.current,
            evidence=self.evidence,
            moves=self.moves,
        )

    @property
    def listed(self) -> pd.DataFrame:
        """What trends need of the findings that stand."""
        return list_current(self.current, self.evidence)

    def report(self) -> PatientReport:
        """The report of the only patient."""
        (report,) = self.reports()
        return report


@cache
def knowledge() -> Knowledge:
    return load_knowledge()


@cache
def nothing_assessed() -> Assessment:
    """What is made of no file at all: every table, and no row."""
    return assess(combine(()), knowledge())


def make_tables(
    text: str,
    issues: pd.DataFrame | None = None,
    using: Knowledge | None = None,
    said: pd.DataFrame | None = None,
) -> Tables:
    """Interpret the results of a pipe table.

    Columns: patient, name, sex, birth (ISO), years, population, specimen, at (ISO, with or without
    a time), analyte, result ("<150 ng/L"; "held CODE"), low, high, flag, file, sheet, row. Those left
    out or empty have usual values.
    """
    head, *lines = [
        [cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()
    ]
    rows = [dict(zip(head, line, strict=True)) for line in lines]
    return tables_of(rows, issues, using, said)


def tables_of(
    rows: list[dict[str, str]],
    issues: pd.DataFrame | None = None,
    using: Knowledge | None = None,
    said: pd.DataFrame | None = None,
) -> Tables:
    """Interpret results given as one dictionary each, in the columns of `make_tables`."""
    results, held = [], []
    for number, row in enumerate(rows):
        origin = _origin(number, row)
        if row["result"].startswith("held"):
            held.append({**origin, "code": row["result"].split()[1]})
            continue
        sign, figure, unit = re.fullmatch(r"([<>]?=?)([\d.]+)(?: (\S+))?", row["result"]).groups()
        analyte = knowledge().analytes[row["analyte"]]
        unit = unit or analyte.unit
        results.append(
            {
                **origin,
                "comparator": sign,
                "original_text": row.get("text") or sign + figure,
                "original_value": float(figure),
                "original_unit": unit,
                "value": float(f"{float(figure) * analyte.units[unit]:.12g}"),
                "unit": analyte.unit,
                "reference_low": float(row["low"]) if row.get("low") else pd.NA,
                "reference_high": float(row["high"]) if row.get("high") else pd.NA,
                "flag": row.get("flag", ""),
                "comment": row.get("comment", ""),
                "derived": "",
            }
        )
    reportable, set_aside = _typed(results, Reportable), _typed(held, Held)
    found = interpret_results(
        reportable, set_aside, using or knowledge(), observations=said, arrivals=ARRIVALS
    )
    kinds = [issues_at(rows, code) for code, rows in set_aside.groupby("code")]
    return Tables(
        patients=found.patients,
        results=found.results,
        held=set_aside,
        issues=all_issues(*kinds, no_issues() if issues is None else issues),
        findings=found.findings,
        current=found.current,
        evidence=found.evidence,
        moves=found.moves,
    )


def _typed(rows: list[dict[str, object]], kind: type) -> pd.DataFrame:
    kinds = kind.column_types()
    return pd.DataFrame(rows, columns=list(kinds)).astype(kinds)


def _origin(number: int, row: dict[str, str]) -> dict[str, object]:
    at = row.get("at", "2026-03-01")
    months = int(row["years"]) * 12 if row.get("years") else pd.NA
    days = int(int(row["years"]) * 365.2425) if row.get("years") else pd.NA
    return {
        "result_id": number,
        "source_file": row.get("file") or "march.csv",
        "source_sheet": row.get("sheet", ""),
        "source_row": int(row.get("row") or number + 2),
        "source_column": "Result",
        "patient_id": row.get("patient") or "P1",
        "patient_name": row.get("name", ""),
        "sex": row.get("sex", "F"),
        "birth_date": pd.Timestamp(row["birth"]) if row.get("birth") else pd.NaT,
        "age_days_low": days,
        "age_days_high": days,
        "age_months_low": months,
        "age_months_high": months,
        "population": row.get("population", ""),
        "accession": row.get("specimen") or "S1",
        "collected_at": pd.Timestamp(at) if at else pd.NaT,
        "collected_precision": ("time" if ":" in at else "date") if at else "",
        "analyte": row["analyte"],
        "status": "final",
    }
