"""Sheets of the worklist by finding: what a hematologist reads, and what an analyst traces back."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from openpyxl import Workbook

from pipeline.interpret.joined_evidence import join_evidence
from pipeline.knowledge.model import Knowledge
from pipeline.report.cited import Cited, CitedResults, cite
from pipeline.report.excel.sheet import Entry
from pipeline.report.excel.style import QUIET, RANKS, STRONG, UNDECIDED, Styler
from pipeline.report.wording import show_date, show_number
from pipeline.report.worklist.critical_calls import rows_of, show_evidence, show_value
from pipeline.report.worklist.lines import day_entry, show_change
from pipeline.report.worklist.role_sheets import (
    Line,
    View,
    grade_entry,
    in_order,
    patient_entry,
    put_view,
)
from pipeline.texts import Texts
from schemas import Changes, DataFrame, Evidence, Findings, Reportable
from schemas.joined_codes import JOIN, split_codes
from schemas.vocabulary import Confirmation, Outcome, Way

_HEMATOLOGIST_WIDTHS = (8, 20, 32, 18, 34, 17, 30, 16, 18, 26)
_ANALYST_WIDTHS = (30, 26, 30, 17, 24, 30, 10, 20, 18, 18, 18, 17, 17, 20, 40, 20, 14)
_ANALYST_PRINTED = 12
_CODES = (
    "accession", "rule", "outcome", "reason", "analyte", "comparator", "value", "unit", "limit",
    "limit_unit", "status", "profile", "knowledge_version", "source_file", "source_sheet",
    "source_row",
)  # fmt: skip
_PLACES = ("source_file", "source_sheet")


def render_hematologist(
    book: Workbook,
    styler: Styler,
    current: DataFrame[Findings],
    cited: CitedResults,
    results: DataFrame[Reportable],
    changes: DataFrame[Changes],
    lines: Mapping[str, Line],
    knowledge: Knowledge,
    texts: Texts,
) -> None:
    """Say of each finding its value, the one before, what changed and what is missing."""
    before = _values_before(results, texts)
    change_of = {(row.patient_id, row.rule): row for row in rows_of(changes)}
    told = current[
        current["outcome"].isin([Outcome.PRESENT, Outcome.INDETERMINATE])
        & ~current["patient_id"].isin(_left_out(lines))
    ].sort_values("outcome", key=lambda each: each.ne(Outcome.PRESENT), kind="stable")
    entries = []
    for row in in_order(told, lines):
        is_open = row.outcome == Outcome.INDETERMINATE
        earlier = [
            before.get((row.patient_id, row.accession, result.subject), "")
            for result in cited.of_finding(row)
        ]
        change = change_of.get((row.patient_id, row.rule))
        entries.append(
            [
                Entry(lines[row.patient_id].rank, RANKS[lines[row.patient_id].rank], "0"),
                patient_entry(row.patient_id, lines),
                Entry(knowledge.rules[row.rule].title, STRONG),
                Entry(texts("mark.undecided"), UNDECIDED) if is_open else grade_entry(row, texts),
                Entry(show_evidence(cited.of_finding(row), knowledge, texts), STRONG),
                day_entry(row.collected_at, texts),
                Entry("; ".join(filter(None, earlier)), QUIET),
                Entry(_show_against(change, texts) if change else ""),
                Entry(texts("mark.repeat") if row.status == Confirmation.UNCONFIRMED else ""),
                Entry(", ".join(_why(row.reason, texts))),
            ]
        )
    head = texts("hematologist.heading")
    view = View("hematologist", "ByFinding", head, _HEMATOLOGIST_WIDTHS, frozen="C3")
    put_view(book, styler, view, entries, texts)


def render_analyst(
    book: Workbook,
    styler: Styler,
    current: DataFrame[Findings],
    evidence: DataFrame[Evidence],
    lines: Mapping[str, Line],
    texts: Texts,
) -> None:
    """Say of each finding the rule, the codes, the unit as reported and the versions."""
    told = current[current["outcome"].isin([Outcome.PRESENT, Outcome.INDETERMINATE])]
    cited = cite(Findings.require_columns(told), evidence)
    entries = [
        [
            patient_entry(row.patient_id, lines),
            *(
                Entry(_tidy(name, getattr(row, name), cited.of_finding(row)), QUIET)
                for name in _CODES
            ),
        ]
        for row in in_order(join_evidence(Findings.require_columns(told), evidence), lines)
    ]
    head = texts("analyst.heading")
    view = View("analyst", "Codes", head, _ANALYST_WIDTHS, frozen="B3", printed=_ANALYST_PRINTED)
    put_view(book, styler, view, entries, texts)


def _tidy(name: str, joined: str, cited: Sequence[Cited]) -> str:
    """Show nothing where nothing was joined but empty texts, and a shared place once."""
    if joined == JOIN * (len(cited) - 1):
        return ""
    is_shared = name in _PLACES and len({getattr(result, name) for result in cited}) == 1
    return str(getattr(cited[0], name)) if is_shared else joined


def _left_out(lines: Mapping[str, Line]) -> list[str]:
    """List whom nobody is to act on: in conflict until someone decides, or for information."""
    return [patient for patient, line in lines.items() if line.in_conflict or line.for_information]


def _values_before(
    results: DataFrame[Reportable], texts: Texts
) -> Mapping[tuple[str, str, str], str]:
    """Give, for each result, the one before it of the same patient and analyte, with its day."""
    dated = results[results["collected_at"].notna() & results["derived"].eq("")]
    ordered = dated.sort_values(["patient_id", "analyte", "collected_at"], kind="stable")
    before = ordered.groupby(["patient_id", "analyte"]).shift()
    has_one = before["accession"].notna().to_numpy()
    keys = ordered.loc[has_one, ["patient_id", "accession", "analyte"]]
    earlier = before[has_one]
    columns_ = ["comparator", "original_value", "original_unit", "collected_at"]
    said = (
        texts(
            "hematologist.before",
            value=show_value(sign, show_number(value), unit, texts),
            date=show_date(at, texts),
        )
        for sign, value, unit, at in zip(*(earlier[name] for name in columns_), strict=True)
    )
    return dict(zip(keys.itertuples(index=False, name=None), said, strict=True))


def _why(reasons: str, texts: Texts) -> Iterator[str]:
    for reason in split_codes(reasons):
        yield texts(f"short.{reason}")


def _show_against(row: Any, texts: Texts) -> str:
    """Say what became of a finding, and which result it is better or worse than.

    That may be the best one of a year, and not the one before.
    """
    said = show_change(row.change, row.way, texts)
    if row.way not in (Way.RISE, Way.FALL) or len(row.was_values) != 1:
        return said
    ((was, unit),) = row.was_values
    value = show_value("", was, unit, texts)
    return f"{said}: {value} ({show_date(row.was_collected_at, texts)})"
