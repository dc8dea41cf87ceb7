"""Results over time: of each analyte measured on two or more dates, what a chart shows."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from pipeline.knowledge.model import Knowledge
from pipeline.report.patient.finding_evidence import source_ref_of
from pipeline.report.patient.patient_rows import ReportedResult
from pipeline.report.report_model import FindingRow, SourceRef, Trend, TrendPoint
from pipeline.texts import Texts
from schemas.vocabulary import ResultStatus

LIMITS_AT_MOST = 3

_FAR_ABOVE = 2
"""An upper limit that is more than so many times every result is not drawn."""


def list_trends(
    reported: Iterable[ReportedResult],
    findings: Iterable[FindingRow],
    knowledge: Knowledge,
    texts: Texts,
    *,
    converts: bool,
) -> tuple[Trend, ...]:
    """Collect the results of each analyte with two or more dates, those with limits first.

    Numbers stand in the unit reported if it was always the same, else in the other unit;
    `converts` asks for the other one always.
    """
    by_analyte: dict[int, list[ReportedResult]] = defaultdict(list)
    for row in reported:
        if row.collected_at is not None:
            by_analyte[row.place].append(row)
    repeated = {
        place: sorted(rows, key=lambda row: (row.collected_at, row.accession))
        for place, rows in by_analyte.items()
        if len({row.collected_at.date() for row in rows}) > 1
    }
    if not repeated:
        return ()
    doubted, limits = _in_question(findings), _limits_compared(findings)
    trends = (
        _trend(repeated[place], doubted, limits, knowledge, texts, converts=converts)
        for place in sorted(repeated)
    )
    return tuple(sorted(trends, key=lambda trend: not trend.limits))


def _trend(
    rows: Sequence[ReportedResult],
    doubted: set[SourceRef],
    limits: Mapping[SourceRef, Mapping[str, float]],
    knowledge: Knowledge,
    texts: Texts,
    *,
    converts: bool,
) -> Trend:
    as_reported = not converts and len({row.original_unit for row in rows}) == 1
    lines = _distinct_lines(rows, limits)
    points = []
    for row in rows:
        factor = 1.0 if as_reported else row.factor
        place = source_ref_of(row)
        mine = limits.get(place, {})
        points.append(
            TrendPoint(
                at=row.collected_at,
                has_time=row.collected_precision == "time",
                value=row.original_value if as_reported else row.converted,
                kind=_kind(row, place in doubted),
                low=_times(row.reference_low, factor),
                high=_times(row.reference_high, factor),
                limits=tuple(_times(mine.get(line), factor) for line in lines),
            )
        )
    decimals = (row.decimals if as_reported else row.converted_decimals for row in rows)
    return Trend(
        analyte=knowledge.analytes[rows[0].analyte].title,
        unit=rows[0].original_unit if as_reported else rows[0].converted_unit,
        decimals=max(decimals),
        points=tuple(points),
        limits=tuple(lines),
    )


def _kind(row: ReportedResult, is_doubted: bool) -> Literal["result", "bound", "question"]:
    if is_doubted or row.status == ResultStatus.PRELIMINARY:
        return "question"
    return "bound" if row.comparator else "result"


def _in_question(findings: Iterable[FindingRow]) -> set[SourceRef]:
    return {each.place for row in findings if row.unconfirmed for each in row.evidence}


def _limits_compared(findings: Iterable[FindingRow]) -> Mapping[SourceRef, Mapping[str, float]]:
    """Single limits that were compared with each result, by title of the rule.

    Without those far above every result: a line at 1000 would press results of 200 together.
    """
    limits: dict[SourceRef, dict[str, float]] = defaultdict(dict)
    near: set[str] = set()
    for row in findings:
        if len(row.evidence) != 1:
            continue
        (each,) = row.evidence
        if each.directions and len(each.limits) == 1:
            limits[each.place][row.rule.title] = limit = each.limits[0]
            is_above, number = "above" in each.directions[0], each.number
            if not is_above or number is None or limit <= number * _FAR_ABOVE:
                near.add(row.rule.title)
    return {
        place: {title: limit for title, limit in own.items() if title in near}
        for place, own in limits.items()
    }


def _distinct_lines(
    rows: Sequence[ReportedResult], limits: Mapping[SourceRef, Mapping[str, float]]
) -> list[str]:
    """Rules whose limits differ somewhere: lines on top of each other would hide each other."""
    titles = dict.fromkeys(title for row in rows for title in limits.get(source_ref_of(row), {}))
    drawn: dict[tuple[float | None, ...], str] = {}
    for title in titles:
        line = tuple(limits.get(source_ref_of(row), {}).get(title) for row in rows)
        drawn.setdefault(line, title)
    return [*drawn.values()][:LIMITS_AT_MOST]


def _times(number: float | None, factor: float) -> float | None:
    return None if number is None else float(f"{number * factor:.12g}")
