"""Sheets of the worklist for each role: what a technician, a hematologist, an analyst looks for."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.issues.catalogue import CATALOGUE
from pipeline.knowledge.model import Knowledge
from pipeline.report.calls import rows_of, show_evidence, show_value
from pipeline.report.facts import RunFacts
from pipeline.report.sheet import Column, Entry, add_sheet, columns, put, put_table
from pipeline.report.style import (
    DATE,
    GRADES,
    LINK,
    MOMENT,
    NUMBER,
    QUIET,
    RANKS,
    SECTION,
    STRONG,
    TRACE,
    UNDECIDED,
    WHOLE,
    Styler,
)
from pipeline.report.texts import ENGLISH
from pipeline.report.wording import (
    CHANGES,
    MARKS,
    NOT_STATED,
    REPEAT_FIRST,
    UNDECIDED_MARK,
    show_date,
)
from pipeline.report.worklist_lines import IDENTITY_CONFLICT
from schemas import Changes, DataFrame, Findings, Held, Patients, Reportable
from schemas.vocabulary import Change, Confirmation, Outcome

FOOTER = "For decision support only"
# The most urgent come first; more would make the workbook slow to open.
ROWS_AT_MOST = 5_000
_ELSEWHERE = "; every patient has a line in the worklist, every finding one in findings.csv"
_JOIN = "; "

_TECHNICIAN = columns(
    "Priority",
    ("Patient id", 30),
    ("To do", 60),
    ("Held results", 10),
    ("Why held", 60),
    ("How to mend it", 60),
    "Collected",
    "Specimen age in days",
    "Call",
)
_HEMATOLOGIST = columns(
    "Priority",
    ("Patient id", 30),
    ("Finding", 36),
    ("Grade", 18),
    ("Value", 36),
    "Collected",
    ("Value before", 36),
    ("Change since last report", 26),
    ("Specimen in doubt", 26),
    ("What is missing", 50),
)
_ANALYST = columns(
    ("Patient id", 30),
    ("Specimen", 26),
    ("Rule", 30),
    "Outcome",
    ("Reason code", 24),
    ("Analyte", 30),
    "Sign",
    ("Value as reported", 20),
    ("Original unit", 18),
    ("Limit", 18),
    ("Limit unit", 18),
    "Status",
    "Profile",
    ("Knowledge", 20),
    ("File", 40),
    ("Sheet", 20),
    ("Row", 14),
)
_CHANGED = columns(
    ("Patient id", 30),
    ("Finding", 40),
    ("Change", 26),
    ("Grade now", 18),
    ("Value now", 36),
    "Collected",
    ("Grade before", 18),
    ("Value before", 36),
    "Collected before",
)


class Line(NamedTuple):
    """Where a patient stands in the worklist."""

    place: int
    rank: int
    link: str


def place_patients(patients: DataFrame[Patients], names: Mapping[str, str]) -> Mapping[str, Line]:
    """Give each patient's place, class and workbook."""
    ids, ranks = patients["patient_id"].tolist(), patients["priority"].tolist()
    return {
        patient: Line(place, rank, names.get(patient, ""))
        for place, (patient, rank) in enumerate(zip(ids, ranks, strict=True))
    }


def render_changes(
    book: Workbook,
    styler: Styler,
    standing: DataFrame[Findings],
    changes: DataFrame[Changes],
    lines: Mapping[str, Line],
    knowledge: Knowledge,
    since: str,
) -> None:
    """Say what changed since the last run, `since`; "" means that there was none."""
    sheet = add_sheet(book, "Changed since last run", FOOTER, repeat="1:2")
    told = changes[changes["change"].ne(Change.CONTINUING)]
    if not since:
        head = "First run of this folder: every finding is new"
    elif told.empty:
        head = f"No change since the last run ({since})"
    else:
        head = f"What changed since the last run ({since})"
    put(sheet, styler, 1, 1, Entry(head, SECTION))
    now = _deepest(standing)
    entries = []
    for row in _in_order(told, lines):
        stands = now.get((row.patient_id, row.rule))
        entries.append(
            [
                _patient(row.patient_id, lines),
                Entry(knowledge.rules[row.rule].title if row.rule in knowledge.rules else row.rule),
                Entry(CHANGES[row.change], STRONG),
                *_grade(stands),
                Entry(show_evidence(stands, knowledge) if stands else "", STRONG),
                _day(stands.collected_at if stands else None),
                Entry(MARKS[row.was_grade] if row.was_grade else "", QUIET),
                Entry(show_value("", row.was_value, row.was_unit), QUIET),
                _day(row.was_collected_at),
            ]
        )
    _put_lines(sheet, styler, "Changes", _CHANGED, entries)
    sheet.freeze_panes = "B3"


def render_technician(
    book: Workbook,
    styler: Styler,
    patients: DataFrame[Patients],
    standing: DataFrame[Findings],
    held: DataFrame[Held],
    lines: Mapping[str, Line],
    calls: frozenset[str],
    run: RunFacts,
) -> None:
    """Say of each patient what is to be done at the bench: correct, repeat, call."""
    sheet = add_sheet(book, "Technician", FOOTER, repeat="1:2")
    put(sheet, styler, 1, 1, Entry("What is to be corrected, repeated or called", SECTION))
    codes: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for patient, code in zip(held["patient_id"], held["code"], strict=True):
        codes[patient][code] += 1
    doubtful = standing[standing["status"].eq(Confirmation.UNCONFIRMED)]
    repeat = set(doubtful["patient_id"])
    today = run.run_at.date()
    entries = []
    for person in rows_of(patients):
        why = codes.get(person.patient_id, {})
        if not why and person.patient_id not in repeat | calls:
            continue
        todo = [
            *(["Call the critical value"] if person.patient_id in calls else []),
            *(["Repeat the measurement first (see the report)"] * (person.patient_id in repeat)),
            *(["Correct the held rows and hand the workbook back"] if why else []),
        ]
        at = None if pd.isna(person.last_collected_at) else person.last_collected_at.date()
        entries.append(
            [
                Entry(int(person.priority), RANKS[int(person.priority)], "0"),
                _patient(person.patient_id, lines),
                Entry("; ".join(todo), STRONG),
                Entry(int(person.held), NUMBER, WHOLE),
                Entry(_JOIN.join(f"{n} x {_sentence(code)}" for code, n in sorted(why.items()))),
                Entry(" ".join(dict.fromkeys(_fix(code) for code in sorted(why)))),
                _day(person.last_collected_at),
                Entry(None if at is None else (today - at).days, NUMBER, WHOLE),
                Entry("call" if person.patient_id in calls else "", STRONG),
            ]
        )
    _put_lines(sheet, styler, "Bench", _TECHNICIAN, entries)
    sheet.freeze_panes = "C3"


def render_hematologist(
    book: Workbook,
    styler: Styler,
    standing: DataFrame[Findings],
    results: DataFrame[Reportable],
    changes: DataFrame[Changes],
    lines: Mapping[str, Line],
    knowledge: Knowledge,
) -> None:
    """Say of each finding its value, the one before, what changed and what is missing."""
    sheet = add_sheet(book, "Hematologist", FOOTER, repeat="1:2")
    put(sheet, styler, 1, 1, Entry("Each finding with its value, the one before, and why", SECTION))
    before = _values_before(results)
    change_of = {(row.patient_id, row.rule): row.change for row in rows_of(changes)}
    told = standing[
        standing["outcome"].isin([Outcome.PRESENT, Outcome.INDETERMINATE])
        & ~standing["patient_id"].isin(_in_conflict(lines))
    ].sort_values("outcome", key=lambda each: each.ne(Outcome.PRESENT), kind="stable")
    entries = []
    for row in _in_order(told, lines):
        is_open = row.outcome == Outcome.INDETERMINATE
        earlier = [
            before.get((row.patient_id, row.accession, analyte), "")
            for analyte in row.analyte.split(_JOIN)
        ]
        change = change_of.get((row.patient_id, row.rule), "")
        entries.append(
            [
                Entry(lines[row.patient_id].rank, RANKS[lines[row.patient_id].rank], "0"),
                _patient(row.patient_id, lines),
                Entry(knowledge.rules[row.rule].title, STRONG),
                *([Entry(UNDECIDED_MARK, UNDECIDED)] if is_open else _grade(row)),
                Entry(show_evidence(row, knowledge), STRONG),
                _day(row.collected_at),
                Entry("; ".join(filter(None, earlier)), QUIET),
                Entry(CHANGES.get(change, "")),
                Entry(REPEAT_FIRST if row.status == Confirmation.UNCONFIRMED else ""),
                Entry(", ".join(_why(row.reason))),
            ]
        )
    _put_lines(sheet, styler, "ByFinding", _HEMATOLOGIST, entries)
    sheet.freeze_panes = "C3"


def render_analyst(
    book: Workbook, styler: Styler, standing: DataFrame[Findings], lines: Mapping[str, Line]
) -> None:
    """Say of each finding the rule, the codes, the unit as reported and the versions."""
    sheet = add_sheet(book, "Analyst", FOOTER, repeat="1:2")
    put(sheet, styler, 1, 1, Entry("What stands, in the codes of findings.csv", SECTION))
    told = standing[standing["outcome"].isin([Outcome.PRESENT, Outcome.INDETERMINATE])]
    names = [
        "accession", "rule", "outcome", "reason", "analyte", "comparator", "value", "unit",
        "limit", "limit_unit", "status", "profile", "knowledge_version", "source_file",
        "source_sheet", "source_row",
    ]  # fmt: skip
    entries = [
        [_patient(row.patient_id, lines), *(Entry(getattr(row, name), TRACE) for name in names)]
        for row in _in_order(told, lines)
    ]
    _put_lines(sheet, styler, "Codes", _ANALYST, entries)
    sheet.freeze_panes = "B3"


def _in_conflict(lines: Mapping[str, Line]) -> list[str]:
    """List the patients of whom nothing is reported until someone decides who is who."""
    return [patient for patient, line in lines.items() if line.rank == IDENTITY_CONFLICT]


def _put_lines(
    sheet: Worksheet,
    styler: Styler,
    name: str,
    heads: Sequence[Column],
    entries: Sequence[Sequence[Entry]],
) -> None:
    put_table(sheet, styler, 2, name, heads, entries, at_most=ROWS_AT_MOST, elsewhere=_ELSEWHERE)


def _in_order(table: pd.DataFrame, lines: Mapping[str, Line]) -> Iterator[Any]:
    """Give the rows in the order of the worklist."""
    places = table["patient_id"].map(
        lambda patient: lines[patient].place if patient in lines else -1
    )
    ordered = table.assign(place=places).sort_values("place", kind="stable")
    return iter(rows_of(ordered))


def _deepest(standing: DataFrame[Findings]) -> Mapping[tuple[str, str], Any]:
    """Give what stands of each patient and rule, where it is present the deepest grade."""
    depth = {grade: place for place, grade in enumerate(MARKS)}
    present = standing[standing["outcome"].eq(Outcome.PRESENT)]
    ordered = present.assign(depth=present["grade"].map(depth)).sort_values(
        ["depth", "collected_at"], ascending=[False, True], kind="stable"
    )
    return {(row.patient_id, row.rule): row for row in rows_of(ordered)}


def _values_before(results: DataFrame[Reportable]) -> Mapping[tuple[str, str, str], str]:
    """Give, for each result, the one before it of the same patient and analyte, with its day."""
    dated = results[results["collected_at"].notna() & results["derived"].eq("")]
    ordered = dated.sort_values(["patient_id", "analyte", "collected_at"], kind="stable")
    before = ordered.groupby(["patient_id", "analyte"]).shift()
    has_one = before["accession"].notna().to_numpy()
    keys = ordered.loc[has_one, ["patient_id", "accession", "analyte"]]
    earlier = before[has_one]
    columns_ = ["comparator", "original_value", "original_unit", "collected_at"]
    texts = (
        f"{show_value(sign, f'{value:g}', unit)} ({show_date(at)})"
        for sign, value, unit, at in zip(*(earlier[name] for name in columns_), strict=True)
    )
    return dict(zip(keys.itertuples(index=False, name=None), texts, strict=True))


def _patient(patient: str, lines: Mapping[str, Line]) -> Entry:
    link = lines[patient].link if patient in lines else ""
    return Entry(patient, LINK if link else STRONG, link=link)


def _grade(row: Any) -> list[Entry]:
    if row is None:
        return [Entry("")]
    return [Entry(MARKS[row.grade], GRADES[row.grade])]


def _why(reasons: str) -> Iterator[str]:
    for reason in filter(None, reasons.split(_JOIN)):
        yield ENGLISH(f"short.{reason}")


def _day(at: Any) -> Entry:
    return Entry(NOT_STATED, QUIET) if at is None or pd.isna(at) else Entry(at.date(), MOMENT, DATE)


def _sentence(code: str) -> str:
    return CATALOGUE[code].sentence if code in CATALOGUE else code


def _fix(code: str) -> str:
    return CATALOGUE[code].fix if code in CATALOGUE else ""
