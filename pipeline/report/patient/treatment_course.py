"""How far results moved since a recorded start, in one line: "Day 21: Hb +2.3 g/dL"."""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from pipeline.knowledge.model import Knowledge
from pipeline.report.patient.finding_evidence import is_number, pieces_of, split_joined
from pipeline.report.patient.patient_rows import Finding
from pipeline.texts import Texts

_MINUS = "−"


class _Cited(NamedTuple):
    """A result, or a recorded day, that a finding rests on."""

    subject: str
    value: str
    unit: str
    day: date | None


def show_course(row: Finding, knowledge: Knowledge, texts: Texts) -> str:
    """Say how far each result moved until the last of them, counted from the start.

    Returns:
        "Day 21 after the start: Hb +2.3 g/dL, MCV −11 fL"; "" where the finding does not rest on
        the day of a start and two results of an analyte in one unit.
    """
    cited = list(_cited(row))
    starts = [day for each in cited if (day := _day_of(each, knowledge))]
    moves = [(each, *pair) for each in knowledge.analytes if (pair := _pair_of(each, cited))]
    if len(starts) != 1 or not moves:
        return ""
    said = [
        f"{knowledge.analytes[name].short} {_show_move(before, after, texts)} {after.unit}"
        for name, before, after in moves
    ]
    last = max(after.day for _, _, after in moves if after.day)
    return texts("evidence.course", days=(last - starts[0]).days, moves=", ".join(said))


def _cited(row: Finding) -> Iterator[_Cited]:
    subjects = split_joined(row.analyte)
    columns = (pieces_of(text, len(subjects)) for text in (row.value, row.unit, row.from_date))
    for subject, value, unit, day in zip(subjects, *columns, strict=True):
        yield _Cited(subject, value, unit, _read_day(day))


def _read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _day_of(cited: _Cited, knowledge: Knowledge) -> date | None:
    """Give the day that an observation with a date names."""
    return _read_day(cited.value) if cited.subject in knowledge.observations else None


def _pair_of(analyte: str, cited: list[_Cited]) -> tuple[_Cited, _Cited] | None:
    """Give the two results of an analyte in the order of their days."""
    found = {each for each in cited if each.subject == analyte and is_number(each.value)}
    pair = sorted((each for each in found if each.day), key=lambda each: each.day or date.min)
    if len(pair) != len(found) or len(pair) != 2 or pair[0].unit != pair[1].unit:
        return None
    return (pair[0], pair[1]) if pair[0].day != pair[1].day else None


def _show_move(before: _Cited, after: _Cited, texts: Texts) -> str:
    """Write a difference with its sign and the decimals of the more exact of the two."""
    decimals = max(len(each.value.partition(".")[2]) for each in (before, after))
    moved = float(after.value) - float(before.value)
    sign = "+" if moved >= 0 else _MINUS
    return sign + texts.number(f"{abs(moved):.{decimals}f}")
