"""`PatientReport` → workbook: one function per sheet, nothing decided here."""

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.report.facts import PatientReport
from pipeline.report.front import HEADING, footer_of, render_summary
from pipeline.report.listing import (
    FINDINGS,
    FINDINGS_PRINTED,
    RESULTS,
    RESULTS_PRINTED,
    finding_entries,
    result_entries,
)
from pipeline.report.sheet import (
    Entry,
    add_sheet,
    columns,
    put,
    put_table,
    start_workbook,
)
from pipeline.report.style import (
    LINK,
    NUMBER,
    SECTION,
    STRONG,
    TEXT,
    WHOLE,
    Styler,
)
from pipeline.report.wording import (
    show_date,
)

ROWS_AT_MOST = 20_000

_FILES = columns(
    ("File", 40), ("Sheet", 20), "Results used", "Results held", ("Rows", 40), ("SHA-256", 66)
)
_SOURCES = columns(("Source", 60), "Year", ("Where", 40), ("Link", 50))


def render_workbook(report: PatientReport) -> Workbook:
    """Render a report as a workbook with the sheets Summary, Findings, Results, Provenance."""
    book, styler = start_workbook(HEADING), Styler()
    render_summary(book, styler, report)
    _render_findings(book, styler, report)
    _render_results(book, styler, report)
    _render_provenance(book, styler, report)
    return book


def _render_findings(book: Workbook, styler: Styler, report: PatientReport) -> None:
    sheet = add_sheet(book, "Findings", footer_of(report), repeat="1:2")
    _put_heading(sheet, styler, "Findings", report)
    put_table(
        sheet,
        styler,
        2,
        "Findings",
        FINDINGS,
        map(finding_entries, report.findings),
        at_most=ROWS_AT_MOST,
        elsewhere="; see findings.csv",
    )
    _print_columns(sheet, FINDINGS_PRINTED)
    sheet.freeze_panes = "D3"


def _render_results(book: Workbook, styler: Styler, report: PatientReport) -> None:
    sheet = add_sheet(book, "Results", footer_of(report), repeat="1:2")
    _put_heading(sheet, styler, "Results", report)
    put_table(
        sheet,
        styler,
        2,
        "Results",
        RESULTS,
        map(result_entries, report.results),
        at_most=ROWS_AT_MOST,
        elsewhere="; see the files named in Provenance",
    )
    _print_columns(sheet, RESULTS_PRINTED)
    sheet.freeze_panes = "D3"


def _render_provenance(book: Workbook, styler: Styler, report: PatientReport) -> None:
    sheet = add_sheet(book, "Provenance", footer_of(report), repeat="1:1")
    _put_heading(sheet, styler, "Provenance", report)
    run = report.run
    facts = (
        ("Made by", f"labflag {run.version}"),
        ("Made at", show_date(run.run_at, has_time=True)),
        ("Profile", report.profile),
        ("Knowledge version", run.knowledge_version),
        *((("Laboratory", run.laboratory),) if run.laboratory else ()),
    )
    row = put_table(
        sheet,
        styler,
        2,
        "Made",
        columns(("Report", 60), ("Value", 40)),
        [[Entry(label, STRONG), Entry(value)] for label, value in facts],
    )
    row = put_table(
        sheet,
        styler,
        row,
        "Files",
        _FILES,
        [
            [
                Entry(file.name),
                Entry(file.sheet),
                Entry(file.used, NUMBER, WHOLE),
                Entry(file.held, NUMBER, WHOLE),
                Entry(file.rows),
                Entry(file.sha256),
            ]
            for file in report.files
        ],
    )
    put_table(
        sheet,
        styler,
        row,
        "Sources",
        _SOURCES,
        [
            [
                Entry(source.title),
                Entry(source.year, NUMBER, "0"),
                Entry(source.where),
                Entry(source.link, LINK if source.link else TEXT, link=source.link),
            ]
            for source in report.citations
        ],
    )


def _print_columns(sheet: Worksheet, columns_printed: str) -> None:
    first, last = columns_printed.split(":")
    sheet.print_area = f"{first}1:{last}{sheet.max_row}"


def _put_heading(sheet: Worksheet, styler: Styler, title: str, report: PatientReport) -> None:
    put(sheet, styler, 1, 1, Entry(f"{title} of patient {report.patient_id}", SECTION))
