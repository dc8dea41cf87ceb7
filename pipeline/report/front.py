"""The first sheet of a patient's workbook: all that a reader in a hurry needs."""

from collections.abc import Iterable, Sequence
from textwrap import wrap

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.report.facts import PatientReport
from pipeline.report.sheet import Entry, add_sheet, fit_row, put, put_row
from pipeline.report.style import (
    DATE,
    FACT,
    GRADES,
    HEADER,
    HELD,
    LABEL,
    PLAIN,
    QUIET,
    SECTION,
    STRONG,
    TITLE,
    UNDECIDED,
    VERDICT,
    Look,
    Styler,
)
from pipeline.report.wording import (
    HELD_MARK,
    NOT_STATED,
    NOT_TESTED_MARK,
    REPEAT_FIRST,
    UNDECIDED_MARK,
    show_count,
)

HEADING = "Laboratory worksheet"
SUMMARY_WIDTHS = (17, 22, 38, 32, 42, 24)
# Characters on a line of text across the Summary, at its usual and at its larger size.
LINE, LARGE_LINE = 170, 120
CARDS_AT_MOST = 100


def render_summary(book: Workbook, styler: Styler, report: PatientReport) -> None:
    """Add the sheet Summary."""
    sheet = add_sheet(book, "Summary", footer_of(report), repeat="1:3")
    for place, width in enumerate(SUMMARY_WIDTHS, 1):
        sheet.column_dimensions[get_column_letter(place)].width = width
    put(sheet, styler, 1, 1, Entry(HEADING, TITLE))
    labels = (
        "Patient id",
        "Sex",
        "Name",
        "Birth date",
        "Age at latest collection",
        "Latest collection",
    )
    facts = (
        Entry(report.patient_id, FACT),
        Entry(report.sex, FACT),
        Entry(report.name or NOT_STATED, FACT),
        Entry(report.birth_date or NOT_STATED, FACT, DATE),
        Entry(report.age, FACT),
        Entry(report.latest, FACT),
    )
    fit_row(sheet, 1, [Entry(HEADING, TITLE)], SUMMARY_WIDTHS)
    put_row(sheet, styler, 2, [Entry(label, LABEL) for label in labels])
    put_row(sheet, styler, 3, facts)
    fit_row(sheet, 3, facts, SUMMARY_WIDTHS)
    sheet.freeze_panes = "A4"
    row = _put_lines(sheet, styler, 5, [report.verdict], VERDICT, LARGE_LINE)
    row = _put_section(
        sheet,
        styler,
        row,
        "Findings, most urgent first",
        ("Grade", "Finding", "Rests on", "Limit", "What it suggests", "Possible next tests"),
        [
            [
                Entry(
                    f"{card.mark}\n{REPEAT_FIRST}" if card.unconfirmed else card.mark,
                    GRADES[card.grade],
                ),
                Entry(card.title, STRONG),
                Entry(card.evidence),
                Entry(card.limit),
                Entry(card.comment),
                Entry(card.suggest),
            ]
            for card in report.present
        ],
        "No finding is present in what could be assessed.",
        "Findings",
    )
    row = _put_section(
        sheet,
        styler,
        row,
        "What could not be assessed, and why",
        ("Status", "Question", "What there is", "Why", "What would settle it", ""),
        [
            [
                Entry(mark, look),
                Entry(question.title, STRONG),
                Entry(question.evidence),
                Entry(question.why),
                Entry(question.settled_by),
                Entry(None),
            ]
            for mark, look, questions in (
                (UNDECIDED_MARK, UNDECIDED, report.undecided),
                (NOT_TESTED_MARK, QUIET, report.not_tested),
            )
            for question in questions
        ],
        "Every question of the profile could be decided.",
        "Findings",
    )
    row = _put_section(
        sheet,
        styler,
        row,
        "Held results, not used",
        ("Status", "Results", "Reason", "", "What to do", ""),
        [
            [
                Entry(HELD_MARK, HELD),
                Entry(show_count(each.count, "result"), STRONG),
                Entry(each.sentence),
                Entry(None),
                Entry(each.fix),
                Entry(None),
            ]
            for each in report.held
        ],
        "No result of this patient is held.",
        "Results",
    )
    put(sheet, styler, row, 1, Entry("Basis", SECTION))
    row = _put_lines(sheet, styler, row + 1, report.basis, PLAIN, LINE)
    sheet.print_area = f"A1:F{row}"


def footer_of(report: PatientReport) -> str:
    """Say at the foot of each page whose it is."""
    return f"Patient {report.patient_id}"


def _put_lines(
    sheet: Worksheet, styler: Styler, row: int, texts: Iterable[str], look: Look, width: int
) -> int:
    """Write texts across the sheet, cut into lines; no merged cells, which do not grow."""
    for text in texts:
        for line in wrap(text, width) or [""]:
            put(sheet, styler, row, 1, Entry(line, look))
            row += 1
    return row + 1


def _put_section(
    sheet: Worksheet,
    styler: Styler,
    row: int,
    title: str,
    heads: Sequence[str],
    rows: Sequence[Sequence[Entry]],
    if_none: str,
    more_in: str,
) -> int:
    put(sheet, styler, row, 1, Entry(title, SECTION))
    if not rows:
        put(sheet, styler, row + 1, 1, Entry(if_none, PLAIN))
        return row + 3
    put_row(sheet, styler, row + 1, [Entry(head, HEADER) for head in heads])
    row += 2
    for entries in rows[:CARDS_AT_MOST]:
        put_row(sheet, styler, row, entries)
        fit_row(sheet, row, entries, SUMMARY_WIDTHS)
        row += 1
    if len(rows) > CARDS_AT_MOST:
        more = f"{len(rows) - CARDS_AT_MOST:,} more stand in the sheet {more_in}."
        put(sheet, styler, row, 1, Entry(more, VERDICT))
        row += 1
    return row + 1
