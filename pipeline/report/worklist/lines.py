"""The lines of the worklist: who comes first, why, and what people typed; no spreadsheet."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from pipeline.history.notes import Note, Own
from pipeline.knowledge.model import Knowledge
from pipeline.report.excel.sheet import Column, Entry
from pipeline.report.excel.style import (
    DATE,
    INPUT,
    LINK,
    MOMENT,
    NUMBER,
    QUIET,
    RANKS,
    STRONG,
    TRACE,
    WHOLE,
)
from pipeline.report.patient.priority import describe_priorities
from pipeline.report.patient.scope import describe_scope, scope_of
from pipeline.report.report_model import RunInfo
from pipeline.report.wording import describe_rules
from pipeline.report.worklist.line_tags import TAG, tag_line
from pipeline.texts import Texts
from schemas import Changes, DataFrame, Findings, Patients
from schemas.joined_codes import split_codes
from schemas.vocabulary import Change, Confirmation, Grade, Outcome, Way

CANNOT_BE_ASSESSED = 5
HELD_TOPIC, CONFLICT_TOPIC, OPEN_TOPIC = "held", "identity-conflict", "undecided"
TOPICS = (HELD_TOPIC, CONFLICT_TOPIC, OPEN_TOPIC)

_WIDTHS = (8, 14, 30, 24, 8, 11, 60, 16, 8, 12, 16, 14, 34, 30, 12, 12, 10, 12, 12, 12, 12)
_OWN_WIDTH = 30
STATUS_COLUMN = 11
TYPED_WIDTHS = (16.0, 12.0, 26.0)
PRINTED = "A:M"
"""What follows counts, and is for the screen."""


def line_columns(texts: Texts, own: Sequence[str] = ()) -> tuple[Column, ...]:
    """Give the columns of the worklist: before the last, the tag, those that people added."""
    heads = (*texts.heads("worklist.heads", "worklist.typed", "worklist.more"), TAG)
    *columns, tag = (
        Column(title=head, most=width) for head, width in zip(heads, _WIDTHS, strict=True)
    )
    return (*columns, *(Column(title=head, most=_OWN_WIDTH) for head in own), tag)


def describe_subjects(knowledge: Knowledge, texts: Texts) -> Mapping[str, str]:
    """Give the words for what a note may be about."""
    titles = {topic: texts(f"topic.{topic}") for topic in TOPICS}
    return titles | {rule.id: rule.title for rule in knowledge.rules.values()}


def list_subjects(patients: DataFrame[Patients]) -> Mapping[str, Sequence[str]]:
    """Say of each line what a note on it is about."""
    wanted = ["patient_id", "reasons", "held", "in_conflict", "not_assessable"]
    return {
        patient: [
            *split_codes(reasons),
            *([OPEN_TOPIC] if undecided and not reasons else []),
            *([HELD_TOPIC] if held else []),
            *([CONFLICT_TOPIC] if in_conflict else []),
        ]
        for patient, reasons, held, in_conflict, undecided in zip(
            *(patients[name].tolist() for name in wanted), strict=True
        )
    }


def show_change(change: str, way: str, texts: Texts) -> str:
    """Say in a word what became of a finding; the arrow is the direction of its value."""
    if way == Way.TRANSFUSED:
        return texts("changed.transfused")
    arrow = texts(f"way.{way}") + " " if way else ""
    return arrow + texts(f"changed.{change}") if change else ""


def sum_up_changes(changes: DataFrame[Changes], texts: Texts) -> Mapping[str, str]:
    """Say of each patient what changed, the most pressing kind first."""
    order = {str(change): place for place, change in enumerate(Change)}
    counted: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for patient, change in zip(changes["patient_id"], changes["change"], strict=True):
        counted[patient][change] += 1
    return {
        patient: ", ".join(
            texts(f"changed.{change}") + (f" ({count})" if count > 1 else "")
            for change, count in sorted(kinds.items(), key=lambda item: order[item[0]])
        )
        for patient, kinds in counted.items()
    }


class Typed(NamedTuple):
    """What people typed, and what they typed it about."""

    topics: Mapping[str, Sequence[str]]
    notes: Mapping[str, Note]
    titles: Mapping[str, str]
    own: Mapping[str, Mapping[str, Own]]
    """Patient id → header of a column that people added → cell."""
    columns: Sequence[str]
    made: str
    """Which worklist it is."""

    def own_cells(self, patient: str) -> list[Entry]:
        """Give the cells of the columns that people added."""
        cells = self.own.get(patient, {})
        return [Entry(cells.get(header, ""), INPUT) for header in self.columns]

    def entries(self, patient: str) -> list[Entry]:
        """Give the typed cells of a line, and what is new since."""
        note, now = self.notes.get(patient), self.topics[patient]
        fresh = [each for each in now if note and each not in (note.topics or ())]
        return [
            *(Entry(text, INPUT) for text in (note.typed if note else ("", "", ""))),
            Entry(", ".join(self.titles.get(each, each) for each in fresh), STRONG),
        ]

    def tag(self, patient: str) -> str:
        """Give the tag of a line, by which the next run knows what was typed about what."""
        note, own = self.notes.get(patient), self.own.get(patient, {})
        return tag_line(patient, self.topics[patient], note, self.made, own)


class _CurrentFinding(NamedTuple):
    """What stands of one rule and patient."""

    grade: str
    unconfirmed: bool


def list_reasons(
    patients: DataFrame[Patients],
    current: DataFrame[Findings],
    knowledge: Knowledge,
    names: Mapping[str, str],
    texts: Texts,
) -> list[str]:
    """Say of each patient in plain words why the line stands where it does."""
    present: dict[tuple[str, str], _CurrentFinding] = {}
    undecided: dict[str, dict[str, None]] = defaultdict(dict)
    depth = {grade: place for place, grade in enumerate(["", *Grade])}
    wanted = ["patient_id", "rule", "outcome", "grade", "status"]
    for patient, rule, outcome, grade, status in zip(
        *(current[name] for name in wanted), strict=True
    ):
        if outcome == Outcome.PRESENT:
            other = present.get((patient, rule), _CurrentFinding("", False))
            deepest = max(grade, other.grade, key=lambda each: depth[each])
            doubt = other.unconfirmed or status == Confirmation.UNCONFIRMED
            present[patient, rule] = _CurrentFinding(deepest, doubt)
        elif outcome == Outcome.INDETERMINATE:
            undecided[patient][texts.in_sentence(knowledge.rules[rule].title)] = None
    wanted = ["patient_id", "priority", "in_conflict", "reasons", "held"]
    scopes = [scope_of(person) for person in _people(patients)]
    rules = describe_rules(knowledge, texts)
    urgencies = describe_priorities(knowledge)
    said = []
    rows = zip(*(patients[name] for name in wanted), scopes, strict=True)
    for patient, priority, in_conflict, reasons, held, scope in rows:
        stand = [
            (rules[rule], present.get((patient, rule), _CurrentFinding("", False)))
            for rule in split_codes(reasons)
        ]
        ordered = urgencies[priority].order(stand, lambda each: (each[0], each[1].grade))
        found = [_name_finding(rule.title, each, texts) for rule, each in ordered]
        if in_conflict:
            said.append("; ".join([texts("line.conflict"), *found]))
        elif found:
            said.append("; ".join(found))
        elif patient not in names:
            said.append(texts.count("line.all-held", held))
        elif undecided[patient]:
            said.append(texts("line.undecided", rules=", ".join(undecided[patient])))
        else:
            is_enough = priority != CANNOT_BE_ASSESSED or bool(held)
            in_what = describe_scope(scope, knowledge, texts, is_enough=is_enough)
            key = "line.rest-held" if priority == CANNOT_BE_ASSESSED and held else "line.no-finding"
            rest = texts("line.scope-held") if in_what and held else ""
            said.append(f"{in_what}{rest}" if in_what else texts(key))
    return said


def _name_finding(title: str, current: _CurrentFinding, texts: Texts) -> str:
    grade = f" ({texts(f'grade.{current.grade}')})" if current.grade else ""
    doubt = f" {texts('mark.repeat')}" if current.unconfirmed else ""
    return f"{title}{grade}{doubt}"


def list_lines(
    patients: DataFrame[Patients],
    reasons: list[str],
    changes: Mapping[str, str],
    knowledge: Knowledge,
    run: RunInfo,
    names: Mapping[str, str],
    typed: Typed,
    texts: Texts,
) -> Iterator[list[Entry]]:
    """Give the cells of each line, in the columns of `line_columns`."""
    urgencies = describe_priorities(knowledge)
    today = run.run_at.date()
    for person, reason in zip(_people(patients), reasons, strict=True):
        rank = int(person.priority)
        link = names.get(person.patient_id, "")
        since = None if pd.isna(person.arrived_at) else person.arrived_at.date()
        collected = None if pd.isna(person.waiting_since) else person.waiting_since.date()
        yield [
            Entry(rank, RANKS[rank], "0"),
            Entry(urgencies[rank].title, RANKS[rank]),
            Entry(person.patient_id, LINK if link else STRONG, link=link),
            *_identity(person, texts),
            Entry(reason),
            Entry(changes.get(person.patient_id, "")),
            Entry(None if since is None else (today - since).days, NUMBER, WHOLE),
            Entry(collected, MOMENT, DATE),
            *typed.entries(person.patient_id),
            Entry(since, MOMENT, DATE),
            day_entry(person.last_collected_at, texts),
            Entry(int(person.findings), NUMBER, "0"),
            Entry(int(person.unconfirmed), NUMBER, "0"),
            Entry(int(person.not_assessable), NUMBER, "0"),
            Entry(int(person.held), NUMBER, WHOLE),
            Entry(typed.tag(person.patient_id), TRACE),
        ]


def _identity(person: Any, texts: Texts) -> list[Entry]:
    """Name, sex and birth date; none of them where it is in question whose they are."""
    if person.in_conflict:
        return [Entry(texts("line.in-conflict"), QUIET)] * 3
    unknown = Entry(texts("not-stated"), QUIET)
    name = Entry(person.patient_name) if person.patient_name else unknown
    sex = Entry(texts(f"sex.{person.sex}")) if person.sex else unknown
    return [name, sex, day_entry(person.birth_date, texts)]


def day_entry(at: Any, texts: Texts) -> Entry:
    """Make the cell of a day, which may not be known."""
    unknown = at is None or pd.isna(at)
    return Entry(texts("not-stated"), QUIET) if unknown else Entry(at.date(), MOMENT, DATE)


def _people(patients: DataFrame[Patients]) -> Iterator[Any]:
    return iter(patients.itertuples(index=False))
