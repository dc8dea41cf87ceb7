"""All patients → the worklist workbook: who comes first, what is held, what was counted."""

from collections.abc import Mapping, Sequence

from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from pipeline.assessment import Assessment
from pipeline.history.notes import Kept, WorklistNotes
from pipeline.interpret.since_last_report import order_by_change
from pipeline.report.cited import cite
from pipeline.report.excel.sheet import (
    Column,
    Entry,
    add_drop_down,
    add_sheet,
    hide_column,
    put,
    put_table,
    start_workbook,
)
from pipeline.report.excel.style import PLAIN, SECTION, TRACE, Styler
from pipeline.report.report_model import RunInfo
from pipeline.report.wording import show_date
from pipeline.report.worklist.carry_notes import carry_over
from pipeline.report.worklist.critical_calls import list_due, list_identity_calls, render_calls
from pipeline.report.worklist.finding_sheets import render_analyst, render_hematologist
from pipeline.report.worklist.html_page import render_page
from pipeline.report.worklist.identity_sheet import render_conflicts
from pipeline.report.worklist.line_tags import TAG, tag_kept
from pipeline.report.worklist.lines import (
    PRINTED,
    STATUS_COLUMN,
    TYPED_WIDTHS,
    Typed,
    describe_subjects,
    line_columns,
    list_lines,
    list_reasons,
    list_subjects,
    sum_up_changes,
)
from pipeline.report.worklist.role_sheets import (
    list_patient_lines,
    render_changes,
    render_technician,
)
from pipeline.report.worklist.run_sheets import render_counts, render_issues, render_run
from pipeline.report.worklist.unplaced_notes import render_unplaced
from pipeline.texts import LANGUAGES, Texts
from schemas import Changes, DataFrame, Findings
from schemas.vocabulary import Outcome

# A sheet of Excel holds 65,530 links.
LINES_PER_SHEET = 60_000
_TABLES = {"worklist": "Worklist", "aside": "ForInformation"}
_ARCHIVE_WIDTHS = (14, 24, 30, 50, 18, 24, 70, 12)


def render_worklist(
    assessment: Assessment,
    run: RunInfo,
    changes: DataFrame[Changes],
    names: Mapping[str, str],
    entries: WorklistNotes,
    since: str = "",
) -> tuple[Workbook, str]:
    """Render the worklist, as a workbook and as a web page with the same lines.

    One line per patient, and what the run came to. Patients come in the order given, but within
    a class first those with something new or worse, then corrected, then the others.

    Args:
        assessment: What the worklist is made of.
        run: What it says of the run.
        changes: What became of each finding since the worklist before.
        names: Patient → workbook, as a path relative to the worklist; a patient without one has
            no report, because every result is held.
        entries: What people typed into the worklist before this one.
        since: When that was, in words; "" for a first run.
    """
    findings, evidence, current = assessment.findings, assessment.evidence, assessment.current
    results, held, knowledge = assessment.results, assessment.held, assessment.knowledge
    texts = LANGUAGES[run.language]
    book, styler = start_workbook(texts("worklist"), texts.language), Styler(texts)
    today = run.run_at.date()
    patients = order_by_change(assessment.patients, changes)
    topics = list_subjects(patients)
    titles = describe_subjects(knowledge, texts)
    due = [
        *list_due(findings, evidence, results, knowledge, texts),
        *list_identity_calls(patients, held, texts),
    ]
    typed_so_far = carry_over(entries, topics, titles, due, today, texts)
    calls = [typed_so_far.calls[key] for key in sorted(typed_so_far.calls)]
    people = list_patient_lines(patients, names)
    typed = Typed(
        topics=topics,
        notes=typed_so_far.notes,
        titles=titles,
        own=typed_so_far.own,
        columns=typed_so_far.columns,
        made=run.run_at.isoformat(),
    )
    reasons = list_reasons(patients, current, knowledge, names, texts)
    changed = sum_up_changes(changes, texts)
    lines = [*list_lines(patients, reasons, changed, knowledge, run, names, typed, texts)]
    is_aside = patients["for_information"].tolist()
    on_list = [line for line, apart in zip(lines, is_aside, strict=True) if not apart]
    aside = [line for line, apart in zip(lines, is_aside, strict=True) if apart]
    made = show_date(run.run_at, texts, has_time=True)
    heading = texts("worklist.heading", title=texts("worklist"), made=made)
    counted = _count_lines(len(on_list), len(aside), int(patients["in_conflict"].sum()), texts)
    _render_lines(book, styler, "worklist", f"{heading}. {counted}", on_list, typed, texts)
    if aside:
        apart = texts("aside.heading", made=made)
        _render_lines(book, styler, "aside", apart, aside, typed, texts)
    render_unplaced(book, styler, typed_so_far.unplaced, texts)
    told = current["outcome"].isin([Outcome.PRESENT, Outcome.INDETERMINATE])
    cited = cite(Findings.require_columns(current[told]), evidence)
    render_changes(book, styler, current, cited, changes, people, knowledge, since, texts)
    render_calls(book, styler, calls, names, knowledge, texts, typed.made)
    called = frozenset(call.patient_id for call in calls)
    render_technician(book, styler, patients, current, held, people, called, run, texts)
    render_hematologist(book, styler, current, cited, results, changes, people, knowledge, texts)
    render_analyst(book, styler, current, evidence, people, texts)
    render_conflicts(book, styler, held, assessment.versions, knowledge, texts)
    render_issues(book, styler, assessment.issues, texts)
    render_counts(book, styler, findings, current, knowledge, texts)
    _render_archive(book, styler, typed_so_far.kept, texts)
    render_run(book, styler, run, knowledge, patients, len(names), texts)
    made = show_date(run.run_at, texts, has_time=True)
    return book, render_page(on_list, aside, made, texts)


def _count_lines(on_list: int, aside: int, in_conflict: int, texts: Texts) -> str:
    """Say how many patients there are, and where the others stand."""
    counted = [texts.count("worklist.counted", on_list)]
    counted += [texts.count("aside.counted", aside)] if aside else []
    counted += [texts.count("conflicts.counted", in_conflict)] if in_conflict else []
    return "; ".join(counted)


def _render_lines(
    book: Workbook,
    styler: Styler,
    list_: str,
    heading: str,
    lines: list[list[Entry]],
    typed: Typed,
    texts: Texts,
) -> None:
    """Render the lines of a list, on as many sheets as they need."""
    for number, first in enumerate(range(0, max(len(lines), 1), LINES_PER_SHEET), 1):
        part = lines[first : first + LINES_PER_SHEET]
        _render_part(book, styler, list_, heading, number, part, typed, texts)


def _render_part(
    book: Workbook,
    styler: Styler,
    list_: str,
    heading: str,
    number: int,
    lines: list[list[Entry]],
    typed: Typed,
    texts: Texts,
) -> None:
    title = texts(f"list.{list_}") + (f" {number}" if number > 1 else "")
    sheet = add_sheet(book, title, texts("list.footer"), texts, repeat="1:3")
    put(sheet, styler, 1, 1, Entry(heading, SECTION))
    how = texts("worklist.how", typed=texts.join(texts.heads("worklist.typed")))
    put(sheet, styler, 2, 1, Entry(how, PLAIN))
    columns = line_columns(texts, typed.columns)
    name = f"{_TABLES[list_]}{number if number > 1 else ''}"
    rows = ([*line[:-1], *typed.own_cells(str(line[2].value)), line[-1]] for line in lines)
    put_table(sheet, styler, 3, name, columns, rows, texts=texts)
    choices, last_row = texts.heads("worklist.statuses"), max(len(lines), 1) + 3
    add_drop_down(sheet, choices, column=STATUS_COLUMN, first=4, last=last_row)
    hide_column(sheet, len(columns))
    for place, width in enumerate(TYPED_WIDTHS, STATUS_COLUMN):
        column = sheet.column_dimensions[get_column_letter(place)]
        column.width = max(column.width, width)
    first, last = PRINTED.split(":")
    sheet.print_area = f"{first}1:{last}{sheet.max_row}"
    sheet.freeze_panes = "D4"


def _render_archive(book: Workbook, styler: Styler, kept: Sequence[Kept], texts: Texts) -> None:
    """Keep what was typed about findings and calls that are gone; no sheet without any."""
    if not kept:
        return
    sheet = add_sheet(book, texts("list.archive"), texts("list.footer"), texts, repeat="1:2")
    put(sheet, styler, 1, 1, Entry(texts("archive.heading"), SECTION))
    heads = zip((*texts.heads("archive.heads"), TAG), _ARCHIVE_WIDTHS, strict=True)
    columns = [Column(title=head, most=width) for head, width in heads]
    lines = [[*map(Entry, line.shown), Entry(tag_kept(line), TRACE)] for line in kept]
    put_table(sheet, styler, 2, "Archive", columns, lines, texts=texts)
    hide_column(sheet, len(columns))
    sheet.print_area = f"A1:{get_column_letter(len(columns) - 1)}{sheet.max_row}"
    sheet.freeze_panes = "A3"
