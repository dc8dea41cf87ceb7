"""All patients → the worklist workbook: who comes first, what is held, what was counted."""

from collections.abc import Mapping, Sequence

from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from pipeline.interpret.trends import order_by_change
from pipeline.knowledge.model import Knowledge
from pipeline.report.calls import list_due, render_calls
from pipeline.report.conflicts import render_conflicts
from pipeline.report.entries import (
    ARCHIVE_TITLES,
    LINE_TITLES,
    STATUSES,
    Entries,
    Kept,
    carry_calls,
    carry_notes,
)
from pipeline.report.facts import RunFacts
from pipeline.report.overview import FOOTER, render_counts, render_issues, render_run
from pipeline.report.page import render_page
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
    PLAIN,
    SECTION,
    Styler,
)
from pipeline.report.views import (
    place_patients,
    render_analyst,
    render_changes,
    render_hematologist,
    render_technician,
)
from pipeline.report.wording import (
    show_date,
)
from pipeline.report.worklist_lines import (
    LINES,
    PRINTED,
    STATUS_COLUMN,
    TOPICS,
    TYPED_WIDTHS,
    Typed,
    list_lines,
    list_topics,
    say_why,
    sum_up_changes,
)
from schemas import Changes, DataFrame, Findings, Held, Issues, Patients, Reportable

TITLE = "Laboratory worklist"
# A sheet of Excel holds 65,530 links.
LINES_PER_SHEET = 60_000
RUNS_AT_MOST = 60

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
) -> tuple[Workbook, str]:
    """Render the worklist, as a workbook and as a web page with the same lines.

    One line per patient, and what the run came to. Patients come in the order given, but within
    a class first those with something new or worse, then corrected, then the others.

    `names` gives the workbook of a patient as a path relative to the worklist; a patient
    without one has no report, because every result is held. `entries` is what people typed into
    the worklist before this one; `since` says in words when that was, "" for a first run.
    """
    book, styler = start_workbook(TITLE), Styler()
    today = run.run_at.date()
    patients = order_by_change(patients, changes)
    topics = list_topics(patients)
    titles = TOPICS | {rule.id: rule.title for rule in knowledge.rules.values()}
    notes, gone = carry_notes(entries, topics, titles, today)
    calls, closed = carry_calls(entries, list_due(findings, knowledge), today)
    people = place_patients(patients, names)
    typed = Typed(topics=topics, notes=notes, titles=titles)
    reasons = say_why(patients, standing, knowledge, names)
    lines = [*list_lines(patients, reasons, sum_up_changes(changes), knowledge, run, names, typed)]
    for number, first in enumerate(range(0, max(len(lines), 1), LINES_PER_SHEET), 1):
        _render_lines(book, styler, number, lines[first : first + LINES_PER_SHEET], run)
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
    return book, render_page(lines, TITLE, show_date(run.run_at, has_time=True), "en")


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
    put_table(sheet, styler, 3, title.replace(" ", ""), LINES, lines)
    add_drop_down(sheet, STATUSES, column=STATUS_COLUMN, first=4, last=max(len(lines), 1) + 3)
    hide_column(sheet, len(LINES))
    for place, width in enumerate(TYPED_WIDTHS, STATUS_COLUMN):
        column = sheet.column_dimensions[get_column_letter(place)]
        column.width = max(column.width, width)
    first, last = PRINTED.split(":")
    sheet.print_area = f"{first}1:{last}{sheet.max_row}"
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
