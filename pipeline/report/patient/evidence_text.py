"""Results and limits in a line of text: what a finding rests on."""

from pipeline.report.patient.finding_evidence import round_limit
from pipeline.report.report_model import CitedResult, FindingRow
from pipeline.report.wording import SPAN, distinct
from pipeline.texts import Texts


def show_evidence(row: FindingRow, texts: Texts) -> str:
    """List what a finding rests on, one result to a line; a date that all share stands once.

    The first line says how far the results moved since a recorded start, where they did.
    """
    dates = distinct(each.collected for each in row.evidence)
    is_compound = len(row.evidence) > 1
    shares_date = is_compound and len(dates) == 1 and dates[0]
    lines = [
        _show_one(each, texts, is_dated=not shares_date, is_compound=is_compound)
        for each in row.evidence
    ]
    return "\n".join(filter(None, [row.course, dates[0] if shares_date else "", *lines]))


def show_limit(evidence: CitedResult, texts: Texts) -> str:
    """Write the limit really compared: "Hemoglobin: below 120 g/L"."""
    if not evidence.limits:
        return ""
    numbers = [texts.number(round_limit(limit, evidence.value)) for limit in evidence.limits]
    if evidence.directions == (SPAN,):
        said = texts("limit.span", low=numbers[0], high=numbers[-1])
    else:
        ways = evidence.directions
        if len(ways) != len(numbers):
            ways, numbers = ("",), ["; ".join(numbers)]
        said = ", ".join(
            f"{texts(f'direction.{way}' if way else 'limit.only')} {number}"
            for way, number in zip(ways, numbers, strict=True)
        )
    return f"{evidence.title}: {said} {evidence.limit_unit}"


def show_value(evidence: CitedResult, texts: Texts) -> str:
    """Write a result as reported, and in the other unit if one is to be shown."""
    shown = f"{evidence.comparator}{texts.number(evidence.value)} {evidence.unit}"
    if evidence.other_value:
        other = f"{evidence.comparator}{texts.number(evidence.other_value)}"
        shown += texts("evidence.equals", value=other, unit=evidence.other_unit)
    return shown


def _show_one(evidence: CitedResult, texts: Texts, *, is_dated: bool, is_compound: bool) -> str:
    if not evidence.value:
        return texts("evidence.held", title=evidence.title)
    said = f"{evidence.title} {show_value(evidence, texts)}"
    # A result at a limit or on this side of it is neither low nor high for that.
    if is_compound and evidence.state and evidence.directions[0] in ("below", "above"):
        said = f"{texts(f'state.{evidence.directions[0]}.{evidence.state}')}: {said}"
    if is_dated:
        date = evidence.collected
        said += texts("evidence.on", date=date) if date else texts("evidence.no-date")
    notes = [
        evidence.interval,
        texts(f"status.{evidence.status}") if evidence.status else "",
    ]
    noted = "; ".join(filter(None, notes))
    return f"{said} ({noted})" if noted else said
