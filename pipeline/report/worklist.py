"""All patients → the worklist workbook: who comes first, what is held, what was counted."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

import pandas as pd
from openpyxl import Workbook

from pipeline.knowledge.model import Knowledge
from pipeline.report.calls import list_due, render_calls
from pipeline.report.conflicts import render_conflicts
from pipeline.report.entries import (
    ARCHIVE_TITLES,
    LINE_TITLES,
    STATUSES,
    TAG,
    Entries,
    Kept,
    Note,
    carry_calls,
    carry_notes,
    tag_line,
)
from pipeline.report.facts import RunFacts
from pipeline.report.overview import FOOTER, render_counts, render_issues, render_run
from pipeline.report.sheet import (
    Entry,
    add_drop_down,
    add_sheet,
    columns,
    hide_column,
    put,
    put_table,
    start_workbook,
)
from pipeline.report.style import (
    DATE,
    INPUT,
    LINK,
    MOMENT,
    NUMBER,
    PLAIN,
    QUIET,
    RANKS,
    SECTION,
    STRONG,
    TRACE,
    WHOLE,
    Styler,
)
from pipeline.report.urgency import describe_priorities
from pipeline.report.views import (
    place_patients,
    render_analyst,
    render_changes,
    render_hematologist,
    render_technician,
)
from pipeline.report.wording import (
    CHANGES,
    NOT_STATED,
    REPEAT_FIRST,
    SEXES,
    describe_rules,
    in_sentence,
    show_count,
    show_date,
)
from schemas import Changes, DataFrame, Findings, Held, Issues, Patients, Reportable
from schemas.vocabulary import Change, Confirmation, Grade, Outcome

TITLE = "Laboratory worklist"
IDENTITY_CONFLICT, CANNOT_BE_ASSESSED = 0, 5
IN_CONFLICT = "in conflict"
# A sheet of Excel holds 65,530 links.
LINES_PER_SHEET = 60_000
RUNS_AT_MOST = 60

_LINES = columns(
    "Priority",
    ("Urgency", 20),
    ("Patient id", 30),
    ("Name", 34),
    "Sex",
    "Birth date",
    ("Why", 70),
    ("Change", 26),
    "Findings",
    "Unconfirmed",
    "Not assessable",
    "Held",
    "Waiting since",
    "Days waiting",
    "Last collected",
    (LINE_TITLES[0], 18),
    (LINE_TITLES[1], 24),
    (LINE_TITLES[2], 50),
    ("New since the note", 40),
    (TAG, 12),
)
_STATUS_COLUMN = 16
HELD_TOPIC, CONFLICT_TOPIC, OPEN_TOPIC = "held", "identity-conflict", "undecided"
_TOPICS = {
    HELD_TOPIC: "held results",
    CONFLICT_TOPIC: "identity conflict",
    OPEN_TOPIC: "cannot be decided",
}
_ARCHIVE = columns(
    (ARCHIVE_TITLES[0], 14),
    (ARCHIVE_TITLES[1], 20),
    (ARCHIVE_TITLES[2], 30),
    (ARCHIVE_TITLES[3], 50),
    (ARCHIVE_TITLES[4], 18),
    (ARCHIVE_TITLES[5], 24),
    (ARCHIVE_TITLES[6], 70),
)


def render_worklist(
    *,
    patients: DataFrame[Patients],
    results: DataFrame[Reportable],
    findings: DataFrame[Findings],
    standing: DataFrame[Findings],
    changes: DataFrame[Changes],
    held: DataFrame[Held],
    issues: DataFrame[Issues],
    knowledge: Knowledge,
    run: RunFacts,
    names: Mapping[str, str],
    entries: Entries,
    since: str = "",
) -> Workbook:
    """Render the worklist: one line per patient in the order given, and what the run came to.

    `names` gives the workbook of a patient as a path relative to the worklist; a patient
    without one has no report, because every result is held. `entries` is what people typed into
    the worklist before this one; `since` says in words when that was, "" for a first run.
    """
    book, styler = start_workbook(TITLE), Styler()
    today = run.run_at.date()
    topics = _topics(patients)
    titles = _TOPICS | {rule.id: rule.title for rule in knowledge.rules.values()}
    notes, gone = carry_notes(entries, topics, titles, today)
    calls, closed = carry_calls(entries, list_due(findings, knowledge), today)
    people = place_patients(patients, names)
    typed = _Typed(topics=topics, notes=notes, titles=titles)
    reasons = _reasons(patients, standing, knowledge, names)
    lines = _lines(patients, reasons, _changes(changes), knowledge, run, names, typed)
    number, part = 1, list(islice(lines, LINES_PER_SHEET))
    while part or number == 1:
        _render_lines(book, styler, number, part, run)
        number, part = number + 1, list(islice(lines, LINES_PER_SHEET))
    render_changes(book, styler, standing, changes, people, knowledge, since)
    render_calls(book, styler, calls, names)
    called = frozenset(call.patient_id for call in calls)
    render_technician(book, styler, patients, standing, held, people, called, run)
    render_hematologist(book, styler, standing, results, changes, people, knowledge)
    render_analyst(book, styler, standing, people)
    render_conflicts(book, styler, held)
    render_issues(book, styler, issues)
    render_counts(book, styler, findings, standing, knowledge)
    _render_archive(book, styler, (*gone, *closed))
    render_run(book, styler, run, knowledge, len(patients), len(names))
    return book


def _topics(patients: DataFrame[Patients]) -> Mapping[str, Sequence[str]]:
    """Say of each line what a note on it is about."""
    wanted = ["patient_id", "reasons", "held", "priority", "not_assessable"]
    return {
        patient: [
            *filter(None, reasons.split("; ")),
            *([OPEN_TOPIC] if undecided and not reasons else []),
            *([HELD_TOPIC] if held else []),
            *([CONFLICT_TOPIC] if priority == IDENTITY_CONFLICT else []),
        ]
        for patient, reasons, held, priority, undecided in zip(
            *(patients[name].tolist() for name in wanted), strict=True
        )
    }


def _changes(changes: DataFrame[Changes]) -> Mapping[str, str]:
    """Say of each patient what changed, the most pressing kind first."""
    order = {str(change): place for place, change in enumerate(Change)}
    counted: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for patient, change in zip(changes["patient_id"], changes["change"], strict=True):
        counted[patient][change] += 1
    return {
        patient: ", ".join(
            CHANGES[change] if count == 1 else f"{CHANGES[change]} ({count})"
            for change, count in sorted(kinds.items(), key=lambda item: order[item[0]])
        )
        for patient, kinds in counted.items()
    }


def _render_lines(
    book: Workbook, styler: Styler, number: int, lines: list[list[Entry]], run: RunFacts
) -> None:
    title = "Worklist" if number == 1 else f"Worklist {number}"
    sheet = add_sheet(book, title, FOOTER, repeat="1:3")
    made = show_date(run.run_at, has_time=True)
    put(sheet, styler, 1, 1, Entry(f"{TITLE}, most urgent first, made {made}", SECTION))
    put(
        sheet,
        styler,
        2,
        1,
        Entry(
            "For decision support only. Follow the patient id to the workbook; "
            "without a link there is none, as every result is held. "
            f"Type under {', '.join(LINE_TITLES)} only: what stands there is kept by later runs.",
            PLAIN,
        ),
    )
    put_table(sheet, styler, 3, title.replace(" ", ""), _LINES, lines)
    add_drop_down(sheet, STATUSES, column=_STATUS_COLUMN, first=4, last=max(len(lines), 1) + 3)
    hide_column(sheet, len(_LINES))
    sheet.freeze_panes = "D4"


def _render_archive(book: Workbook, styler: Styler, kept: Sequence[Kept]) -> None:
    """Keep what was typed about findings and calls that are gone; no sheet without any."""
    if not kept:
        return
    sheet = add_sheet(book, "Notes archive", FOOTER, repeat="1:2")
    put(sheet, styler, 1, 1, Entry("Notes on what is gone from the worklist", SECTION))
    lines = [[Entry(text) for text in each.cells] for each in kept]
    put_table(sheet, styler, 2, "Archive", _ARCHIVE, lines)
    sheet.freeze_panes = "A3"


class _Typed(NamedTuple):
    """What people typed, and what they typed it about."""

    topics: Mapping[str, Sequence[str]]
    notes: Mapping[str, Note]
    titles: Mapping[str, str]

    def entries(self, patient: str) -> list[Entry]:
        """Give the typed cells of a line, what is new since, and the tag."""
        note, now = self.notes.get(patient), self.topics[patient]
        fresh = [each for each in now if note and each not in note.topics]
        return [
            *(Entry(text, INPUT) for text in (note.typed if note else ("", "", ""))),
            Entry(", ".join(self.titles.get(each, each) for each in fresh), STRONG),
            Entry(tag_line(patient, now, note), TRACE),
        ]


class _Standing(NamedTuple):
    """What stands of one rule and patient."""

    grade: str
    unconfirmed: bool


def _reasons(
    patients: DataFrame[Patients],
    standing: DataFrame[Findings],
    knowledge: Knowledge,
    names: Mapping[str, str],
) -> list[str]:
    """Say of each patient in plain words why the line stands where it does."""
    present: dict[tuple[str, str], _Standing] = {}
    undecided: dict[str, dict[str, None]] = defaultdict(dict)
    depth = {grade: place for place, grade in enumerate(["", *Grade])}
    wanted = ["patient_id", "rule", "outcome", "grade", "status"]
    for patient, rule, outcome, grade, status in zip(
        *(standing[name] for name in wanted), strict=True
    ):
        if outcome == Outcome.PRESENT:
            other = present.get((patient, rule), _Standing("", False))
            deepest = max(grade, other.grade, key=lambda each: depth[each])
            doubt = other.unconfirmed or status == Confirmation.UNCONFIRMED
            present[patient, rule] = _Standing(deepest, doubt)
        elif outcome == Outcome.INDETERMINATE:
            undecided[patient][in_sentence(knowledge.rules[rule].title)] = None
    wanted = ["patient_id", "priority", "reasons", "held"]
    rules = describe_rules(knowledge)
    urgencies = describe_priorities(knowledge)
    said = []
    for patient, priority, reasons, held in zip(*(patients[name] for name in wanted), strict=True):
        stand = [
            (rules[rule], present.get((patient, rule), _Standing("", False)))
            for rule in reasons.split("; ")
            if rule
        ]
        ordered = urgencies[priority].order(stand, lambda each: (each[0], each[1].grade))
        found = [_name_finding(rule.title, each) for rule, each in ordered]
        if priority == IDENTITY_CONFLICT:
            said.append("Identity conflict: nothing is reported until someone decides who is who")
        elif found:
            said.append("; ".join(found))
        elif patient not in names:
            said.append(f"{show_count(held, 'result')}, all held")
        elif undecided[patient]:
            said.append(f"Cannot be decided: {', '.join(undecided[patient])}")
        elif priority == CANNOT_BE_ASSESSED and held:
            said.append("No finding in what could be assessed; the rest is held")
        else:
            said.append("No finding in what could be assessed")
    return said


def _name_finding(title: str, standing: _Standing) -> str:
    grade = f" ({standing.grade})" if standing.grade else ""
    doubt = f" {REPEAT_FIRST}" if standing.unconfirmed else ""
    return f"{title}{grade}{doubt}"


def _lines(
    patients: DataFrame[Patients],
    reasons: list[str],
    changes: Mapping[str, str],
    knowledge: Knowledge,
    run: RunFacts,
    names: Mapping[str, str],
    typed: _Typed,
) -> Iterator[list[Entry]]:
    urgencies = describe_priorities(knowledge)
    today = run.run_at.date()
    for person, reason in zip(_people(patients), reasons, strict=True):
        rank = int(person.priority)
        link = names.get(person.patient_id, "")
        since = None if pd.isna(person.waiting_since) else person.waiting_since.date()
        yield [
            Entry(rank, RANKS[rank], "0"),
            Entry(urgencies[rank].title, RANKS[rank]),
            Entry(person.patient_id, LINK if link else STRONG, link=link),
            *_identity(person, rank),
            Entry(reason),
            Entry(changes.get(person.patient_id, "")),
            Entry(int(person.findings), NUMBER, "0"),
            Entry(int(person.unconfirmed), NUMBER, "0"),
            Entry(int(person.not_assessable), NUMBER, "0"),
            Entry(int(person.held), NUMBER, WHOLE),
            Entry(since, MOMENT, DATE),
            Entry(None if since is None else (today - since).days, NUMBER, WHOLE),
            _day(person.last_collected_at),
            *typed.entries(person.patient_id),
        ]


def _identity(person: Any, rank: int) -> list[Entry]:
    """Name, sex and birth date; none of them where it is in question whose they are."""
    if rank == IDENTITY_CONFLICT:
        return [Entry(IN_CONFLICT, QUIET)] * 3
    name = Entry(person.patient_name) if person.patient_name else Entry(NOT_STATED, QUIET)
    return [name, Entry(SEXES[person.sex]), _day(person.birth_date)]


def _people(patients: DataFrame[Patients]) -> Iterator[Any]:
    return iter(patients.itertuples(index=False))


def _day(at: Any) -> Entry:
    return Entry(NOT_STATED, QUIET) if pd.isna(at) else Entry(at.date(), MOMENT, DATE)
