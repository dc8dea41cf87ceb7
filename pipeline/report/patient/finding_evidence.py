"""What a finding rests on: its evidence matched with results, and worded."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.interpret.sides import is_beyond
from pipeline.knowledge.model import Knowledge
from pipeline.report.cited import ByFinding, Cited, Compared
from pipeline.report.patient.patient_rows import Finding, ReportedResult
from pipeline.report.report_model import CitedResult, RuleText, SourceRef
from pipeline.report.wording import (
    DIRECTIONS,
    SPAN,
    count_decimals,
    distinct,
    show_number,
    show_unit,
)
from pipeline.texts import Texts
from schemas.vocabulary import Outcome, ResultStatus

TOLD = (ResultStatus.PRELIMINARY, ResultStatus.CORRECTED)
# Decimals of a limit beyond those of the result, so that rounding puts neither onto the other.
_MORE_DECIMALS = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """In which words evidence is written."""

    knowledge: Knowledge
    texts: Texts
    converts: bool = False
    """Each number is also written in the unit that is to be shown."""


def list_evidence(
    outcome: str,
    rule: RuleText,
    cited: Sequence[Cited],
    by_source: Mapping[SourceRef, ReportedResult],
    wording: Wording,
) -> Iterator[CitedResult]:
    """Word what a finding rests on, with what is known of each result."""
    knowledge, texts = wording.knowledge, wording.texts
    for row in cited:
        result = by_source.get(row.place)
        ways = distinct(way for which, way in rule.comparisons if which == row.subject)
        compared, directions = _choose_limits(ways, row.compared, outcome)
        value, number = row.written, row.value if is_number(row.written) else None
        if row.subject in knowledge.observations and value in ("yes", "no", "unclear"):
            value = texts(f"said.word.{value}")
        if result and number is not None:
            number = round(number, _decimals_written(result))
            value = f"{number:.{_decimals_written(result)}f}"
        unit = show_unit(row.unit)
        has_other = wording.converts and result and result.converted_unit != unit
        other = result if has_other else None
        yield CitedResult(
            title=_title(row.subject, knowledge, alone=len(cited) == 1),
            comparator=row.comparator,
            value=value,
            number=number,
            unit=unit,
            limits=distinct(each.limit for each in compared),
            limit_unit=unit if compared else "",
            directions=directions,
            interval=_show_interval(result, texts),
            collected=texts.dated(row.day.isoformat()) if row.day else "",
            state=_state(compared, directions, number),
            status=result.status if result and result.status in TOLD else "",
            other_value=f"{other.converted:.{other.converted_decimals}f}" if other else "",
            other_unit=other.converted_unit if other else "",
            place=row.place,
        )


def _title(subject: str, knowledge: Knowledge, *, alone: bool) -> str:
    if subject in knowledge.observations:
        return knowledge.observations[subject].title
    if alone:
        return knowledge.analytes[subject].title
    return knowledge.analytes[subject].short


def source_ref_of(row: ReportedResult) -> SourceRef:
    return row.source_file, row.source_sheet, str(row.source_row), row.analyte, row.comparator


def round_limit(limit: float, value: str) -> str:
    """Write a converted limit with one decimal more than the result has, and two at least."""
    decimals = max(len(value.partition(".")[2]) + _MORE_DECIMALS, 2)
    return show_number(round(limit, decimals))


def is_number(text: str) -> bool:
    """Tell a plain number from words and from nothing."""
    whole, _, decimals = text.partition(".")
    return (whole + decimals).isdecimal()


def list_citations(
    findings: Iterable[Finding], cited: ByFinding, rules: Mapping[str, RuleText], texts: Texts
) -> Mapping[SourceRef, list[str]]:
    """What was found on each result: present findings, and those that it leaves open."""
    marks: dict[SourceRef, list[str]] = defaultdict(list)
    for row in findings:
        title = rules[row.rule].title
        if row.outcome == Outcome.PRESENT:
            said = f"{title} ({texts(f'grade.{row.grade}')})" if row.grade else title
        elif row.outcome == Outcome.INDETERMINATE:
            said = texts("results.finding-open", title=texts.in_sentence(title))
        else:
            continue
        for result in cited.get((row.accession, row.rule), ()):
            marks[result.place].append(said)
    return marks


def _choose_limits(
    ways: Sequence[str], compared: Sequence[Compared], outcome: str
) -> tuple[Sequence[Compared], tuple[str, ...]]:
    """Choose the limits to tell, and what the rule asks for each, where words can say it.

    Of several limits with a direction each, what is present tells those that the result lies
    beyond.

    Args:
        ways: All that the rule asks of the analyte, in words.
        compared: Every limit of the result.
        outcome: Of the finding.
    """
    numbers = len({each.limit for each in compared})
    if len(ways) == 1 and numbers <= 1:
        return compared, tuple(ways)
    if set(ways) == {"at or above", "at or below"} and numbers == 2:
        return compared, (SPAN,)
    if outcome == Outcome.PRESENT and numbers == len(ways):
        beyond = [each for each in compared if is_beyond(each.direction, each.side)]
        if beyond:
            return beyond, tuple(DIRECTIONS[each.direction] for each in beyond)
    return compared, ()


def _state(
    compared: Sequence[Compared], directions: Sequence[str], number: float | None
) -> Literal["", "yes", "no", "open"]:
    """Say whether a result lies beyond a single limit, as the comparison has decided."""
    if len(compared) != 1 or len(directions) != 1 or number is None:
        return ""
    ((_, direction, side),) = compared
    beyond = is_beyond(direction, side)
    return "open" if beyond is None else "yes" if beyond else "no"


def _decimals_written(result: ReportedResult) -> int:
    """Count the decimals as the laboratory wrote them: "7.0" has one, "150,000" none."""
    needed = count_decimals(result.original_value)
    end = re.search(r"[.,](\d+)$", result.original_text)
    written = max(needed, len(end[1]) if end else 0)
    digits = re.sub(r"\D", "", result.original_text)
    same = digits == re.sub(r"\D", "", f"{result.original_value:.{written}f}")
    return written if same else needed


def _show_interval(result: ReportedResult | None, texts: Texts) -> str:
    if result is None or not result.computed:
        return ""
    ends = (result.reference_low, result.reference_high)
    decimals = max(0 if end is None else count_decimals(end) for end in ends)
    low, high = (None if end is None else texts.number(f"{end:.{decimals}f}") for end in ends)
    if low is not None and high is not None:
        interval = f"{low}-{high}"
    else:
        interval = texts("up-to", high=high) if low is None else texts("from", low=low)
    flag = texts.entries.get(f"flag.{result.computed}", result.computed)
    return texts("evidence.interval", interval=interval, flag=flag)
