"""How far results moved since a recorded start, in one line: "Day 21: Hb +2.3 g/dL"."""

from collections.abc import Sequence
from datetime import date

from pipeline.knowledge.model import Knowledge
from pipeline.report.cited import Cited
from pipeline.report.patient.finding_evidence import is_number
from pipeline.report.wording import show_unit
from pipeline.texts import Texts

_MINUS = "−"


def show_course(cited: Sequence[Cited], knowledge: Knowledge, texts: Texts) -> str:
    """Say how far each result moved until the last of them, counted from the start.

    Returns:
        "Day 21 after the start: Hb +2.3 g/dL, MCV −11 fL"; "" where the finding does not rest on
        the day of a start and two results of an analyte in one unit.
    """
    starts = [day for each in cited if (day := _day_of(each, knowledge))]
    moves = [(each, *pair) for each in knowledge.analytes if (pair := _pair_of(each, cited))]
    if len(starts) != 1 or not moves:
        return ""
    said = [
        f"{knowledge.analytes[name].short} {_show_move(before, after, texts)}"
        for name, before, after in moves
    ]
    last = max(after.day for _, _, after in moves if after.day)
    return texts("evidence.course", days=(last - starts[0]).days, moves=", ".join(said))


def _read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _day_of(cited: Cited, knowledge: Knowledge) -> date | None:
    """Give the day that an observation with a date names."""
    return _read_day(cited.text) if cited.subject in knowledge.observations else None


def _pair_of(analyte: str, cited: Sequence[Cited]) -> tuple[Cited, Cited] | None:
    """Give the two results of an analyte in the order of their days."""
    found = {
        (each.value, each.unit, each.day): each
        for each in cited
        if each.analyte == analyte and each.value is not None and is_number(each.written)
    }.values()
    pair = sorted((each for each in found if each.day), key=lambda each: each.day or date.min)
    if len(pair) != len(found) or len(pair) != 2 or pair[0].unit != pair[1].unit:
        return None
    return (pair[0], pair[1]) if pair[0].day != pair[1].day else None


def _show_move(before: Cited, after: Cited, texts: Texts) -> str:
    """Write a difference with its sign, its unit and the decimals of the more exact of the two."""
    decimals = max(len(each.written.partition(".")[2]) for each in (before, after))
    assert before.value is not None
    assert after.value is not None
    moved = after.value - before.value
    sign = "+" if moved >= 0 else _MINUS
    return f"{sign}{texts.number(f'{abs(moved):.{decimals}f}')} {show_unit(after.unit)}"
