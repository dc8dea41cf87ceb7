"""What a finding rests on: its joined evidence taken apart and matched with results."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from pipeline.knowledge.model import Knowledge
from pipeline.report.facts import Evidence, RuleText
from pipeline.report.rows import Finding, ReportedResult
from pipeline.report.wording import SPAN, distinct, in_sentence, show_date
from schemas.vocabulary import Outcome

_JOIN = "; "
Place = tuple[str, str, str, str, str]
"""File, sheet, row, analyte and comparator of a result, as findings cite it."""


def list_evidence(
    row: Finding, rule: RuleText, by_place: Mapping[Place, ReportedResult], knowledge: Knowledge
) -> Iterator[Evidence]:
    """Take a finding's joined evidence apart, and add what is known of each result."""
    places = _cited_places(row)
    count = len(places)
    columns = (_pieces(text, count) for text in (row.value, row.unit, row.limit, row.limit_unit))
    for place, value, unit, limit, limit_unit in zip(places, *columns, strict=True):
        analyte, comparator = place[3:]
        result = by_place.get(place)
        at = result.collected_at if result else row.collected_at
        known = knowledge.analytes[analyte]
        yield Evidence(
            title=known.title if count == 1 else known.short,
            comparator=comparator,
            value=value,
            unit=unit,
            limit=limit,
            limit_unit=limit_unit,
            direction=_direction(analyte, limit, rule),
            interval=_show_interval(result),
            collected=show_date(at),
        )


def place_of(row: ReportedResult) -> Place:
    return row.source_file, row.source_sheet, str(row.source_row), row.analyte, row.comparator


def _cited_places(row: Finding) -> list[Place]:
    """Where each result stands that a finding rests on."""
    analytes = split_joined(row.analyte)
    count = len(analytes)
    columns = (_pieces(text, count) for text in (row.source_file, row.source_sheet, row.source_row))
    return list(zip(*columns, analytes, _pieces(row.comparator, count), strict=True))


def list_marks(
    findings: Iterable[Finding], rules: Mapping[str, RuleText]
) -> Mapping[Place, list[str]]:
    """What was found on each result: present findings, and those that it leaves open."""
    marks: dict[Place, list[str]] = defaultdict(list)
    for row in findings:
        title = rules[row.rule].title
        if row.outcome == Outcome.PRESENT:
            said = f"{title} ({row.grade})" if row.grade else title
        elif row.outcome == Outcome.INDETERMINATE:
            said = f"{in_sentence(title)} cannot be decided"
        else:
            continue
        for place in _cited_places(row):
            marks[place].append(said)
    return marks


def split_joined(text: str) -> list[str]:
    return text.split(_JOIN) if text else []


def _pieces(text: str, count: int) -> list[str]:
    """Cut joined evidence; where it does not come out even, each piece gets the whole text."""
    pieces = text.split(_JOIN)
    return pieces if len(pieces) == count else [text] * count


def _direction(analyte: str, limit: str, rule: RuleText) -> str:
    """Say which side of the limit makes the finding, where one word can say it."""
    directions = distinct(way for which, way in rule.comparisons if which == analyte)
    numbers = limit.count(_JOIN) + 1
    if len(directions) == 1 and numbers == 1:
        return directions[0]
    return SPAN if set(directions) == {"at or above", "at or below"} and numbers == 2 else ""


def _show_interval(result: ReportedResult | None) -> str:
    if result is None or not result.computed:
        return ""
    low, high = result.reference_low, result.reference_high
    ends = (
        f"{low:g}-{high:g}"
        if low is not None and high is not None
        else (f"from {low:g}" if low is not None else f"up to {high:g}")
    )
    return f"laboratory's interval {ends}: {result.computed}"
