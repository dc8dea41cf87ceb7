"""The first sheet of a patient's workbook: all that a reader in a hurry needs, on one page."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from textwrap import wrap

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.report.excel.sheet import Entry, add_sheet, fit_row, name_cell, put, put_row
from pipeline.report.excel.style import (
    ARTIFACT,
    DATE,
    FACT,
    GRADES,
    HEADER,
    HELD,
    LABEL,
    LETTERHEAD,
    NONE_FOUND,
    NOTE_LINE,
    PLAIN,
    SECTION,
    STRONG,
    STRONG_LINE,
    TITLE,
    UNDECIDED,
    VERDICT,
    Look,
    Styler,
)
from pipeline.report.report_model import OpenQuestion, PatientReport
from pipeline.report.wording import distinct
from pipeline.texts import LANGUAGES, Texts

SUMMARY_WIDTHS = (17.0, 23.0, 40.0, 29.0, 23.0, 40.0, 20.0)
# Characters on a line of text across the Summary, at its usual and at its larger size.
LINE, LARGE_LINE = 235, 180
# More would not be read on one page.
CARDS_AT_MOST, OTHERS_AT_MOST = 12, 8
BANNER = ("id", "name", "birth", "sex", "age", "latest")
# Names of the cells of the banner, for people who take them up in other workbooks.
BANNER_NAMES = ("PatientId", "PatientName", "BirthDate", "Sex", "Age", "LatestCollection")


def render_summary(book: Workbook, styler: Styler, report: PatientReport) -> None:
    """Add the sheet Summary."""
    page = _Page(book, styler, report)
    page.put_head()
    page.put_lines([report.verdict], VERDICT, LARGE_LINE)
    name_cell(book, "Verdict", page.sheet, page.row - 2, 1)
    page.put_section(
        "summary.findings",
        [
            [
                Entry(
                    f"{card.mark}\n{page.texts('mark.repeat')}" if card.unconfirmed else card.mark,
                    GRADES[card.grade],
                ),
                Entry(card.title, STRONG),
                Entry(card.evidence),
                Entry(card.limit),
                Entry(card.change),
                Entry(card.comment),
                Entry(card.suggest),
            ]
            for card in report.present
        ],
        CARDS_AT_MOST,
        "sheet.findings",
    )
    if report.resolved:
        page.put(Entry(page.texts("summary.resolved"), SECTION))
        page.put_lines(report.resolved[:OTHERS_AT_MOST], PLAIN, LINE)
    if report.artifacts:
        mark = Entry(page.texts("mark.artifact"), ARTIFACT)
        page.put_section(
            "summary.believable",
            [
                [
                    mark,
                    Entry(card.title, STRONG),
                    Entry(card.evidence),
                    Entry(card.touches),
                    Entry(card.specimen),
                    Entry(card.comment),
                    Entry(card.suggest),
                ]
                for card in report.artifacts
            ],
            OTHERS_AT_MOST,
            "sheet.findings",
        )
    page.put_section(
        "summary.open",
        [
            [
                Entry(page.texts("mark.undecided"), UNDECIDED),
                Entry(question.title, STRONG),
                Entry(question.evidence),
                Entry(question.why),
                Entry(None),
                Entry(question.settled_by),
                Entry(None),
            ]
            for question in join_alike(report.undecided)
        ],
        OTHERS_AT_MOST,
        "sheet.findings",
    )
    _put_not_tested(page, report)
    if report.held:
        page.put_section(
            "summary.held",
            [
                [
                    Entry(page.texts("mark.held"), HELD),
                    Entry(page.texts.count("result", each.count), STRONG),
                    Entry(each.sentence),
                    Entry(None),
                    Entry(None),
                    Entry(each.fix),
                    Entry(None),
                ]
                for each in report.held
            ],
            OTHERS_AT_MOST,
            "sheet.results",
        )
    page.put(Entry(page.texts("summary.basis"), SECTION))
    page.put_lines(report.basis, NOTE_LINE, LINE)
    last = get_column_letter(len(SUMMARY_WIDTHS))
    page.sheet.print_area = f"A1:{last}{page.row - 2}"


def footer_of(report: PatientReport, texts: Texts) -> str:
    """Say at the foot of each page whose it is."""
    return texts("footer", patient=report.patient_id)


def join_alike(questions: Iterable[OpenQuestion]) -> list[OpenQuestion]:
    """Put questions together that are open for the same reason and settled by the same thing."""
    groups: dict[tuple[str, str], list[OpenQuestion]] = {}
    for each in questions:
        groups.setdefault((each.why, each.settled_by), []).append(each)
    return [
        replace(
            group[0],
            title="\n".join(each.title for each in group),
            evidence="\n".join(distinct(_list_distinct(group))),
        )
        for group in groups.values()
    ]


def _list_distinct(group: Sequence[OpenQuestion]) -> Iterator[str]:
    """Tell each result once: what rests on several may repeat what questions of fewer tell."""
    for each in group:
        fewer = [other.rests_on for other in group if len(other.rests_on) < len(each.rests_on)]
        if not each.rests_on or not each.rests_on <= frozenset().union(*fewer):
            yield each.evidence


def _put_not_tested(page: "_Page", report: PatientReport) -> None:
    """Name what was not tested below the test that it waits for."""
    if not report.not_tested:
        return
    texts = page.texts
    page.put(Entry(f"{texts('mark.not-tested')}{texts('summary.not-tested')}", STRONG_LINE))
    lines = [f"• {each.settled_by}: {each.title}" for each in report.not_tested]
    page.put_lines(lines, NOTE_LINE, LINE, apart=False)
    page.row += 1


class _Page:
    """The sheet while it is written from top to bottom; `row` is the next free one."""

    def __init__(self, book: Workbook, styler: Styler, report: PatientReport) -> None:
        self.book, self.styler, self.report = book, styler, report
        self.texts = LANGUAGES[report.run.language]
        self.head = [
            *([report.run.laboratory] if report.run.laboratory else []),
            *filter(None, [" · ".join(filter(None, [report.run.address, report.run.contact]))]),
        ]
        # Letterhead, title, labels and facts.
        self.frozen = len(self.head) + 3
        self.sheet: Worksheet = add_sheet(
            book,
            self.texts("sheet.summary"),
            footer_of(report, self.texts),
            self.texts,
            repeat=f"1:{self.frozen}",
        )
        self.sheet.page_setup.fitToHeight = 1
        for place, width in enumerate(SUMMARY_WIDTHS, 1):
            self.sheet.column_dimensions[get_column_letter(place)].width = width
        self.row = 1

    def put(self, entry: Entry) -> None:
        """Write a line that may run across the sheet."""
        put(self.sheet, self.styler, self.row, 1, entry)
        self.row += 1

    def put_head(self) -> None:
        """Write the letterhead if there is one, the title, and who the patient is."""
        report, texts = self.report, self.texts
        for place, line in enumerate(self.head):
            self.put(Entry(line, LETTERHEAD if place == 0 and report.run.laboratory else PLAIN))
        title = Entry(texts("report" if report.run.laboratory else "worksheet"), TITLE)
        fit_row(self.sheet, self.row, [title], SUMMARY_WIDTHS)
        self.put(title)
        self.put_row(Entry(texts(f"banner.{each}"), LABEL) for each in (*BANNER,))
        facts = [
            Entry(report.patient_id, FACT),
            Entry(report.name or texts("not-stated"), FACT),
            Entry(report.birth_date or texts("not-stated"), FACT, DATE),
            Entry(report.sex, FACT),
            Entry(report.age, FACT),
            Entry(report.latest, FACT),
        ]
        for place, name in enumerate(BANNER_NAMES, 1):
            name_cell(self.book, name, self.sheet, self.row, place)
        self.put_row(facts)
        self.sheet.freeze_panes = f"A{self.row}"
        self.row += 1

    def put_row(self, entries: Iterable[Entry]) -> None:
        """Write cells side by side, as high as their text needs."""
        entries = [*entries]
        entries += [Entry(None, entries[0].look)] * (len(SUMMARY_WIDTHS) - len(entries))
        put_row(self.sheet, self.styler, self.row, entries)
        fit_row(self.sheet, self.row, entries, SUMMARY_WIDTHS)
        self.row += 1

    def put_lines(
        self, texts: Iterable[str], look: Look, width: int, *, apart: bool = True
    ) -> None:
        """Write texts across the sheet, cut into lines; no merged cells, which do not grow."""
        for text in texts:
            for line in wrap(text, width) or [""]:
                if look.size < PLAIN.size:
                    self.sheet.row_dimensions[self.row].height = look.size * 1.4
                self.put(Entry(line, look))
        self.row += apart

    def put_section(
        self, name: str, rows: Sequence[Sequence[Entry]], most: int, more_in: str
    ) -> None:
        """Write a title, heads and rows, or the sentence that there are none."""
        self.put(Entry(self.texts(name), SECTION))
        if not rows:
            look = NONE_FOUND if name == "summary.findings" else PLAIN
            self.put(Entry(self.texts(f"{name}.none"), look))
            self.row += 1
            return
        self.put_row(Entry(head.strip(), HEADER) for head in self.texts(f"{name}.heads").split("|"))
        for entries in rows[:most]:
            self.put_row(entries)
        if len(rows) > most:
            rest = self.texts.whole(len(rows) - most)
            said = self.texts("summary.more", count=rest, sheet=self.texts(more_in))
            self.put(Entry(said, VERDICT))
        self.row += 1
