"""Findings and results, one to a row, for the native tables of a patient's workbook."""

from collections.abc import Iterable, Iterator, Sequence

from pipeline.report.facts import FindingRow, ResultRow
from pipeline.report.sheet import Entry, columns
from pipeline.report.style import (
    DATE,
    DATE_AND_TIME,
    GRADES,
    HELD,
    LINK,
    MOMENT,
    NUMBER,
    QUIET,
    SEVERAL,
    SIGN,
    STRONG,
    TEXT,
    TRACE,
    UNDECIDED,
    format_decimals,
)
from pipeline.report.wording import HELD_MARK, MARKS, NOT_STATED, OUTCOMES, REASONS, REPEAT_FIRST
from schemas.vocabulary import Outcome

FINDINGS = columns(
    ("Collected", 17),
    ("Specimen", 20),
    ("Finding", 24),
    ("Outcome", 18),
    ("Why undecided", 20),
    ("Grade", 16),
    ("Specimen in doubt", 18),
    ("Rests on", 22),
    "Sign",
    "Value",
    "Unit",
    ("Present if", 12),
    "Limit",
    "Limit unit",
    ("Comment", 46),
    ("Published wording", 46),
    ("Source", 46),
    ("Link", 34),
    ("Rule", 20),
    ("File", 26),
    ("Sheet", 16),
    ("Row", 12),
)
FINDINGS_PRINTED = "A:O"
RESULTS = columns(
    ("Collected", 17),
    ("Specimen", 20),
    ("Analyte", 26),
    "Sign",
    "Value",
    "Unit",
    "Interval low",
    "Interval high",
    ("Flag as sent", 12),
    "Flag by interval",
    "In canonical unit",
    "Canonical unit",
    ("Finding on it", 40),
    ("Remark", 44),
    ("As written", 18),
    ("File", 26),
    ("Sheet", 16),
    "Row",
)
RESULTS_PRINTED = "A:N"
"""Columns of the clinical part; what follows traces it back and is for the screen."""


def finding_entries(row: FindingRow) -> list[Entry]:
    evidence, rule = row.evidence, row.rule
    links = [source.link for source in rule.citations if source.link]
    is_present = row.outcome == Outcome.PRESENT
    look = {
        Outcome.PRESENT: GRADES[row.grade],
        Outcome.INDETERMINATE: UNDECIDED,
    }.get(row.outcome, QUIET)
    return [
        _moment(row),
        Entry(row.accession),
        Entry(rule.title, STRONG if is_present else TEXT),
        Entry(OUTCOMES[row.outcome], look),
        Entry(", ".join(_why(row))),
        Entry(MARKS[row.grade] if row.grade else "", GRADES[row.grade] if row.grade else TEXT),
        Entry(REPEAT_FIRST if row.unconfirmed else ""),
        _joined(each.title for each in evidence),
        Entry(_one_or_joined([each.comparator for each in evidence]), SIGN),
        _number([each.value or "held" for each in evidence]),
        _joined(each.unit for each in evidence),
        _joined(each.direction for each in evidence),
        _number([each.limit for each in evidence]),
        _joined(each.limit_unit for each in evidence),
        Entry(" ".join(row.comments)),
        Entry(rule.wording, TRACE),
        Entry("; ".join(map(str, rule.citations)), TRACE),
        Entry(
            "; ".join(links),
            LINK if links else TRACE,
            link=links[0] if len(links) == 1 else "",
        ),
        Entry(rule.id, TRACE),
        Entry(row.source_file, TRACE),
        Entry(row.source_sheet, TRACE),
        _row_number(row.source_row),
    ]


def _why(row: FindingRow) -> Iterator[str]:
    if row.outcome == Outcome.NOT_TESTED:
        yield "not reported"
    yield from (REASONS[reason].short for reason in row.reasons)


def result_entries(row: ResultRow) -> list[Entry]:
    number = format_decimals(row.decimals)
    value = Entry(HELD_MARK, HELD) if row.is_held else Entry(row.value, NUMBER, number)
    return [
        _moment(row),
        Entry(row.accession),
        Entry(row.analyte, STRONG),
        Entry(row.comparator, SIGN),
        value,
        Entry(row.unit),
        Entry(row.low, NUMBER, "General"),
        Entry(row.high, NUMBER, "General"),
        Entry(row.flag_sent),
        Entry(row.flag, STRONG if row.flag in ("L", "H") else QUIET),
        Entry(row.canonical, NUMBER, format_decimals(row.canonical_decimals)),
        Entry(row.canonical_unit),
        Entry(row.findings, STRONG),
        Entry(row.remark),
        Entry(row.as_written, TRACE),
        Entry(row.source_file, TRACE),
        Entry(row.source_sheet, TRACE),
        Entry(row.source_row or None, NUMBER, "0"),
    ]


def _moment(row: FindingRow | ResultRow) -> Entry:
    if row.collected_at is None:
        return Entry(NOT_STATED, QUIET)
    return Entry(row.collected_at, MOMENT, DATE_AND_TIME if row.has_time else DATE)


def _joined(texts: Iterable[str]) -> Entry:
    return Entry(_one_or_joined(list(texts)))


def _one_or_joined(texts: Sequence[str]) -> str:
    return "\n".join(texts) if any(texts) else ""


def _number(texts: Sequence[str]) -> Entry:
    """A single number as a number; several as text, one to a line."""
    if len(texts) == 1:
        whole, _, decimals = texts[0].partition(".")
        if (whole + decimals).isdecimal() and decimals.isdecimal() == ("." in texts[0]):
            return Entry(float(texts[0]), NUMBER, format_decimals(len(decimals)))
    return Entry(_one_or_joined(texts), SEVERAL)


def _row_number(text: str) -> Entry:
    return Entry(int(text), NUMBER, "0") if text.isdecimal() else Entry(text, TRACE)
