"""What a finding rests on: its joined evidence taken apart and matched with results."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import inf
from typing import Literal

from pipeline.interpret.categorical import as_written, keep_whole
from pipeline.knowledge.model import Knowledge
from pipeline.report.patient.patient_rows import Finding, ReportedResult
from pipeline.report.report_model import Evidence, Place, RuleText
from pipeline.report.wording import SPAN, count_decimals, distinct, show_number
from pipeline.texts import Texts
from schemas.vocabulary import Comparator, Outcome, ResultStatus

_JOIN = "; "
TOLD = (ResultStatus.PRELIMINARY, ResultStatus.CORRECTED)
# Decimals of a limit beyond those of the result, so that rounding puts neither onto the other.
_MORE_DECIMALS = 1


def list_evidence(
    row: Finding,
    rule: RuleText,
    by_place: Mapping[Place, ReportedResult],
    knowledge: Knowledge,
    texts: Texts,
    *,
    converts: bool = False,
) -> Iterator[Evidence]:
    """Take a finding's joined evidence apart, and add what is known of each result.

    `converts`: say each number also in the unit that is to be shown.
    """
    places = _cited_places(row)
    count = len(places)
    joined = (row.value, row.unit, row.limit_unit, row.from_date)
    values, units, limit_units, days = (pieces_of(text, count) for text in joined)
    # One result may have several limits: "12; 80; 100".
    limits = [as_written(limit) for limit in pieces_of(row.limit, count)]
    columns = (values, units, limits, limit_units, days)
    for place, value, unit, limit, limit_unit, collected in zip(places, *columns, strict=True):
        analyte, comparator = place[3:]
        result = by_place.get(place)
        ways = distinct(way for which, way in rule.comparisons if which == analyte)
        direction = _direction(ways, limit)
        if row.outcome == Outcome.PRESENT and not direction:
            limit, direction = _decisive(ways, comparator, value, limit)
        if analyte in knowledge.observations and value in ("yes", "no", "unclear"):
            value = texts(f"said.word.{value}")
        if result and is_number(value):
            value = f"{float(value):.{_decimals_written(result)}f}"
        other = result if converts and result and result.converted_unit != unit else None
        yield Evidence(
            title=_title(analyte, knowledge, texts, alone=count == 1),
            comparator=comparator,
            value=value,
            unit=unit,
            limit=limit,
            limit_unit=limit_unit,
            direction=direction,
            interval=_show_interval(result, texts),
            collected=texts.dated(collected),
            state=_state(direction, comparator, value, limit),
            status=result.status if result and result.status in TOLD else "",
            other_value=f"{other.converted:.{other.converted_decimals}f}" if other else "",
            other_unit=other.converted_unit if other else "",
            place=place,
        )


def _title(subject: str, knowledge: Knowledge, texts: Texts, *, alone: bool) -> str:
    if subject in knowledge.observations:
        return knowledge.observations[subject].title
    if alone:
        return knowledge.analytes[subject].title
    return knowledge.analytes[subject].short


def place_of(row: ReportedResult) -> Place:
    file, sheet = keep_whole(row.source_file), keep_whole(row.source_sheet)
    return file, sheet, str(row.source_row), row.analyte, row.comparator


def round_limit(limit: str, value: str) -> str:
    """Write a converted limit with one decimal more than the result has, and two at least."""
    decimals = max(len(value.partition(".")[2]) + _MORE_DECIMALS, 2)
    return show_number(round(float(limit), decimals)) if limit else ""


def is_number(text: str) -> bool:
    """Tell a plain number from joined ones and from nothing."""
    whole, _, decimals = text.partition(".")
    return (whole + decimals).isdecimal()


def _cited_places(row: Finding) -> list[Place]:
    """Where each result stands that a finding rests on."""
    analytes = split_joined(row.analyte)
    count = len(analytes)
    columns = (
        pieces_of(text, count) for text in (row.source_file, row.source_sheet, row.source_row)
    )
    return list(zip(*columns, analytes, pieces_of(row.comparator, count), strict=True))


def list_marks(
    findings: Iterable[Finding], rules: Mapping[str, RuleText], texts: Texts
) -> Mapping[Place, list[str]]:
    """What was found on each result: present findings, and those that it leaves open."""
    marks: dict[Place, list[str]] = defaultdict(list)
    for row in findings:
        title = rules[row.rule].title
        if row.outcome == Outcome.PRESENT:
            said = f"{title} ({texts(f'grade.{row.grade}')})" if row.grade else title
        elif row.outcome == Outcome.INDETERMINATE:
            said = texts("results.finding-open", title=texts.in_sentence(title))
        else:
            continue
        for place in _cited_places(row):
            marks[place].append(said)
    return marks


def split_joined(text: str) -> list[str]:
    return text.split(_JOIN) if text else []


def pieces_of(text: str, count: int) -> list[str]:
    """Cut joined evidence; where it does not come out even, each piece gets the whole text."""
    pieces = text.split(_JOIN)
    return pieces if len(pieces) == count else [text] * count


def _direction(ways: Sequence[str], limit: str) -> str:
    """Say which side of the limit makes the finding, where one word can say it."""
    numbers = limit.count(_JOIN) + 1
    if len(ways) == 1 and numbers == 1:
        return ways[0]
    return SPAN if set(ways) == {"at or above", "at or below"} and numbers == 2 else ""


def _decisive(ways: Sequence[str], comparator: str, value: str, limit: str) -> tuple[str, str]:
    """Choose, of several limits with a side each, those that the result lies beyond."""
    limits = limit.split(_JOIN)
    if len(limits) != len(ways):
        return limit, ""
    sides = zip(limits, ways, strict=True)
    beyond = [side for side in sides if _state(side[1], comparator, value, side[0]) == "yes"]
    if not beyond:
        return limit, ""
    passed, taken = zip(*beyond, strict=True)
    return _JOIN.join(passed), _JOIN.join(taken)


def _state(
    direction: str, comparator: str, value: str, limit: str
) -> Literal["", "yes", "no", "open"]:
    """Say whether a result lies beyond a single limit; for people, the rule itself has decided."""
    if not direction or direction == SPAN or not is_number(value) or not is_number(limit):
        return ""
    number, line = float(value), float(limit)
    low = -inf if comparator in (Comparator.LESS, Comparator.AT_MOST) else number
    high = inf if comparator in (Comparator.GREATER, Comparator.AT_LEAST) else number
    # The end that a strict sign leaves out.
    reaches_low = low > -inf and comparator != Comparator.GREATER
    reaches_high = high < inf and comparator != Comparator.LESS
    if direction in ("above", "at or above"):
        low, high, line = -high, -low, -line
        reaches_low, reaches_high = reaches_high, reaches_low
    if direction in ("below", "above"):
        is_yes = high < line or (high == line and not reaches_high)
        is_no = low >= line
    else:
        is_yes = high <= line
        is_no = low > line or (low == line and not reaches_low)
    return "yes" if is_yes else "no" if is_no else "open"


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
