"""All patients → the worklist workbook: who comes first, what is held, what was counted."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

import pandas as pd
from openpyxl import Workbook

from pipeline.knowledge.model import Knowledge
from pipeline.report.conflicts import render_conflicts
from pipeline.report.facts import RunFacts
from pipeline.report.overview import FOOTER, render_counts, render_issues, render_run
from pipeline.report.sheet import Entry, add_sheet, columns, put, put_table, start_workbook
from pipeline.report.style import (
    DATE,
    LINK,
    MOMENT,
    NUMBER,
    PLAIN,
    QUIET,
    RANKS,
    SECTION,
    STRONG,
    WHOLE,
    Styler,
)
from pipeline.report.urgency import describe_priorities
from pipeline.report.wording import (
    NOT_STATED,
    REPEAT_FIRST,
    SEXES,
    describe_rules,
    in_sentence,
    show_count,
    show_date,
)
from schemas import DataFrame, Findings, Held, Issues, Patients
from schemas.vocabulary import Confirmation, Grade, Outcome

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
    "Findings",
    "Unconfirmed",
    "Not assessable",
    "Held",
    "Waiting since",
    "Days waiting",
    "Last collected",
)


def render_worklist(
    *,
    patients: DataFrame[Patients],
    findings: DataFrame[Findings],
    standing: DataFrame[Findings],
    held: DataFrame[Held],
    issues: DataFrame[Issues],
    knowledge: Knowledge,
    run: RunFacts,
    names: Mapping[str, str],
) -> Workbook:
    """Render the worklist: one line per patient in the order given, and what the run came to.

    `names` gives the workbook of a patient as a path relative to the worklist; a patient
    without one has no report, because every result is held.
    """
    book, styler = start_workbook(TITLE), Styler()
    lines = _lines(patients, _reasons(patients, standing, knowledge, names), knowledge, run, names)
    number, part = 1, list(islice(lines, LINES_PER_SHEET))
    while part or number == 1:
        _render_lines(book, styler, number, part, run)
        number, part = number + 1, list(islice(lines, LINES_PER_SHEET))
    render_conflicts(book, styler, held)
    render_issues(book, styler, issues)
    render_counts(book, styler, findings, standing, knowledge)
    render_run(book, styler, run, knowledge, len(patients), len(names))
    return book


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
            "without a link there is none, as every result is held.",
            PLAIN,
        ),
    )
    put_table(sheet, styler, 3, title.replace(" ", ""), _LINES, lines)
    sheet.freeze_panes = "D4"


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
    knowledge: Knowledge,
    run: RunFacts,
    names: Mapping[str, str],
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
            Entry(int(person.findings), NUMBER, "0"),
            Entry(int(person.unconfirmed), NUMBER, "0"),
            Entry(int(person.not_assessable), NUMBER, "0"),
            Entry(int(person.held), NUMBER, WHOLE),
            Entry(since, MOMENT, DATE),
            Entry(None if since is None else (today - since).days, NUMBER, WHOLE),
            _day(person.last_collected_at),
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
