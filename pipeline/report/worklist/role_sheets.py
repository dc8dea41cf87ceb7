"""Sheets of the worklist beside the lines: what changed, and what is to be done at the bench."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from pipeline.knowledge.model import Knowledge
from pipeline.report.cited import CitedResults
from pipeline.report.excel.sheet import Column, Entry, add_sheet, put, put_table
from pipeline.report.excel.style import (
    GRADES,
    LINK,
    NUMBER,
    QUIET,
    RANKS,
    SECTION,
    STRONG,
    WHOLE,
    Styler,
)
from pipeline.report.report_model import RunInfo
from pipeline.report.worklist.critical_calls import rows_of, show_evidence, show_value
from pipeline.report.worklist.lines import day_entry, show_change
from pipeline.texts import Texts
from schemas import Changes, DataFrame, Findings, Held, Patients
from schemas.joined_codes import JOIN
from schemas.vocabulary import Change, Confirmation, Grade, Outcome

# The most urgent come first; more would make the workbook slow to open.
ROWS_AT_MOST = 5_000

_TECHNICIAN_WIDTHS = (8, 30, 60, 10, 60, 60, 17, 12, 10)
_CHANGED_WIDTHS = (30, 40, 26, 18, 36, 17, 18, 36, 17)


class Line(NamedTuple):
    """Where a patient stands in the worklist."""

    place: int
    rank: int
    link: str
    in_conflict: bool
    for_information: bool


def list_patient_lines(
    patients: DataFrame[Patients], names: Mapping[str, str]
) -> Mapping[str, Line]:
    """Give each patient's place, class and workbook."""
    wanted = ["patient_id", "priority", "in_conflict", "for_information"]
    columns = (patients[name].tolist() for name in wanted)
    return {
        patient: Line(place, rank, names.get(patient, ""), in_conflict, aside)
        for place, (patient, rank, in_conflict, aside) in enumerate(zip(*columns, strict=True))
    }


def render_changes(
    book: Workbook,
    styler: Styler,
    current: DataFrame[Findings],
    cited: CitedResults,
    changes: DataFrame[Changes],
    lines: Mapping[str, Line],
    knowledge: Knowledge,
    since: str,
    texts: Texts,
) -> None:
    """Say what changed since the last run, `since`; "" means that there was none."""
    told = changes[changes["change"].ne(Change.CONTINUING)]
    if not since:
        head = texts("changes.first")
    else:
        head = texts("changes.nothing" if told.empty else "changes.heading", since=since)
    now = _deepest(current)
    entries = []
    for row in in_order(told, lines):
        stands = now.get((row.patient_id, row.rule))
        evidence = show_evidence(cited.of_finding(stands), knowledge, texts) if stands else ""
        was = texts(f"mark.{row.was_grade}") if row.was_grade else ""
        entries.append(
            [
                patient_entry(row.patient_id, lines),
                Entry(knowledge.rules[row.rule].title if row.rule in knowledge.rules else row.rule),
                Entry(show_change(row.change, row.way, texts), STRONG),
                grade_entry(stands, texts) if stands else Entry(""),
                Entry(evidence, STRONG),
                day_entry(stands.collected_at if stands else None, texts),
                Entry(was, QUIET),
                Entry(
                    JOIN.join(show_value("", value, unit, texts) for value, unit in row.was_values),
                    QUIET,
                ),
                day_entry(row.was_collected_at, texts),
            ]
        )
    view = View("changes", "Changes", head, _CHANGED_WIDTHS, frozen="B3")
    put_view(book, styler, view, entries, texts)


def render_technician(
    book: Workbook,
    styler: Styler,
    patients: DataFrame[Patients],
    current: DataFrame[Findings],
    held: DataFrame[Held],
    lines: Mapping[str, Line],
    calls: frozenset[str],
    run: RunInfo,
    texts: Texts,
) -> None:
    """Say of each patient what is to be done at the bench: correct, repeat, call."""
    codes: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for patient, code in zip(held["patient_id"], held["code"], strict=True):
        codes[patient][code] += 1
    doubtful = current[current["status"].eq(Confirmation.UNCONFIRMED)]
    repeat = set(doubtful["patient_id"])
    at_bench = repeat | calls
    today = run.run_at.date()
    said = {code: texts.problem(code) for code in held["code"].unique()}
    entries = []
    for person in rows_of(patients):
        why = codes.get(person.patient_id, {})
        if not why and person.patient_id not in at_bench:
            continue
        todo = [
            *([texts("technician.call")] if person.patient_id in calls else []),
            *([texts("technician.repeat")] if person.patient_id in repeat else []),
            *([texts("technician.correct")] if why else []),
        ]
        reasons = [
            texts("technician.times", count=count, problem=said[code][0])
            for code, count in sorted(why.items())
        ]
        at = None if pd.isna(person.last_collected_at) else person.last_collected_at.date()
        entries.append(
            [
                Entry(int(person.priority), RANKS[int(person.priority)], "0"),
                patient_entry(person.patient_id, lines),
                Entry(JOIN.join(todo), STRONG),
                Entry(int(person.held), NUMBER, WHOLE),
                Entry("\n".join(reasons)),
                Entry("\n".join(dict.fromkeys(said[code][1] for code in sorted(why)))),
                day_entry(person.last_collected_at, texts),
                Entry(None if at is None else (today - at).days, NUMBER, WHOLE),
                Entry(texts("call") if person.patient_id in calls else "", STRONG),
            ]
        )
    head = texts("technician.heading")
    view = View("technician", "Bench", head, _TECHNICIAN_WIDTHS, frozen="C3")
    put_view(book, styler, view, entries, texts)


class View(NamedTuple):
    """A sheet with one table of findings or patients."""

    key: str
    """Of its texts: `list.KEY` names the sheet, `KEY.heads` its columns."""
    table: str
    heading: str
    widths: tuple[int, ...]
    frozen: str
    printed: int = 0
    """Columns that are printed; 0 means all."""


def put_view(
    book: Workbook,
    styler: Styler,
    view: View,
    entries: Iterable[Sequence[Entry]],
    texts: Texts,
) -> None:
    """Add the sheet of a view; rows beyond the most are counted below the table."""
    sheet = add_sheet(book, texts(f"list.{view.key}"), texts("list.footer"), texts, repeat="1:2")
    put(sheet, styler, 1, 1, Entry(view.heading, SECTION))
    heads = zip(texts.heads(f"{view.key}.heads"), view.widths, strict=True)
    columns = [Column(title=head, most=width) for head, width in heads]
    put_table(
        sheet,
        styler,
        2,
        view.table,
        columns,
        entries,
        at_most=ROWS_AT_MOST,
        elsewhere=texts("elsewhere"),
        texts=texts,
    )
    if view.printed:
        sheet.print_area = f"A1:{get_column_letter(view.printed)}{sheet.max_row}"
    sheet.freeze_panes = view.frozen


def in_order(table: pd.DataFrame, lines: Mapping[str, Line]) -> Iterator[Any]:
    """Give the rows in the order of the worklist."""
    places = table["patient_id"].map(
        lambda patient: lines[patient].place if patient in lines else -1
    )
    ordered = table.assign(place=places).sort_values("place", kind="stable")
    return iter(rows_of(ordered))


def _deepest(current: DataFrame[Findings]) -> Mapping[tuple[str, str], Any]:
    """Give what stands of each patient and rule, where it is present the deepest grade."""
    depth = {grade: place for place, grade in enumerate((*reversed(Grade), ""))}
    present = current[current["outcome"].eq(Outcome.PRESENT)]
    ordered = present.assign(depth=present["grade"].map(depth)).sort_values(
        ["depth", "collected_at"], ascending=[False, True], kind="stable"
    )
    return {(row.patient_id, row.rule): row for row in rows_of(ordered)}


def patient_entry(patient: str, lines: Mapping[str, Line]) -> Entry:
    """Make the cell of a patient, with a link to the workbook if there is one."""
    link = lines[patient].link if patient in lines else ""
    return Entry(patient, LINK if link else STRONG, link=link)


def grade_entry(row: Any, texts: Texts) -> Entry:
    """Make the cell of the grade of a finding that is present."""
    return Entry(texts(f"mark.{row.grade or 'present'}"), GRADES[row.grade])
