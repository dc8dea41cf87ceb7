"""`PatientReport` → workbook: one function per sheet, nothing decided here."""

from openpyxl import Workbook
from openpyxl.utils import quote_sheetname
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.report.excel.sheet import Column, Entry, add_sheet, put, put_table, start_workbook
from pipeline.report.excel.style import LINK, NUMBER, SECTION, STRONG, TEXT, WHOLE, Styler
from pipeline.report.patient.charts import render_charts
from pipeline.report.patient.sheet_tables import (
    FINDINGS_PRINTED,
    RESULT_VALUE,
    RESULTS_PRINTED,
    RESULTS_PRINTED_CONVERTED,
    finding_columns,
    finding_entries,
    result_columns,
    result_entries,
)
from pipeline.report.patient.summary import AS_REPORTED
from pipeline.report.patient.summary_sheet import footer_of, render_summary
from pipeline.report.report_model import PatientReport, SourceRef
from pipeline.report.wording import show_date
from pipeline.texts import LANGUAGES, Texts

ROWS_AT_MOST = 20_000
# A sheet of Excel holds 65,530 links, and every finding may have two.
LINKS_AT_MOST = 30_000
_HEAD = 2
"""Row of the header of the tables Findings and Results."""


def render_workbook(report: PatientReport) -> Workbook:
    """Render a report as a workbook: Summary, Findings, Results, Trends, Provenance."""
    texts = LANGUAGES[report.run.language]
    title = texts("report" if report.run.laboratory else "worksheet")
    book, styler = start_workbook(title, texts.language), Styler(texts)
    render_summary(book, styler, report)
    _render_findings(book, styler, report, texts)
    _render_results(book, styler, report, texts)
    if report.trends:
        sheet = _start(book, styler, report, texts, "trends", repeat="1:2")
        data = _start(book, styler, report, texts, "trend-data", repeat="1:2")
        render_charts(styler, sheet, data, report, texts)
    _render_provenance(book, styler, report, texts)
    return book


def _render_findings(book: Workbook, styler: Styler, report: PatientReport, texts: Texts) -> None:
    sheet = _start(book, styler, report, texts, "findings", repeat="1:2")
    links = _refs_of_results(report, texts)
    put_table(
        sheet,
        styler,
        _HEAD,
        "Findings",
        finding_columns(texts),
        (finding_entries(row, texts, links) for row in report.findings),
        at_most=ROWS_AT_MOST,
        elsewhere=texts("findings.elsewhere"),
        texts=texts,
    )
    _print_columns(sheet, FINDINGS_PRINTED)
    sheet.freeze_panes = "D3"


def _render_results(book: Workbook, styler: Styler, report: PatientReport, texts: Texts) -> None:
    sheet = _start(book, styler, report, texts, "results", repeat="1:2")
    put_table(
        sheet,
        styler,
        _HEAD,
        "Results",
        result_columns(texts, report.run.units_display),
        (result_entries(row, texts) for row in report.results),
        at_most=ROWS_AT_MOST,
        elsewhere=texts("results.elsewhere"),
        texts=texts,
    )
    converts = report.run.units_display != AS_REPORTED
    _print_columns(sheet, RESULTS_PRINTED_CONVERTED if converts else RESULTS_PRINTED)
    sheet.freeze_panes = "D3"


def _refs_of_results(report: PatientReport, texts: Texts) -> dict[SourceRef, str]:
    """Say of each result where its row is."""
    name = quote_sheetname(texts("sheet.results"))
    if len(report.findings) > LINKS_AT_MOST:
        return {}
    return {
        row.place: f"#{name}!{RESULT_VALUE}{number}"
        for number, row in enumerate(report.results[:ROWS_AT_MOST], _HEAD + 1)
        if not row.is_held
    }


def _render_provenance(book: Workbook, styler: Styler, report: PatientReport, texts: Texts) -> None:
    sheet = _start(book, styler, report, texts, "provenance", repeat="1:1")
    run = report.run
    facts = (
        ("made.by", f"labflag {run.version}"),
        ("made.at", show_date(run.run_at, texts, has_time=True)),
        ("made.profile", report.profile),
        ("made.knowledge", run.knowledge_version),
        ("made.units", texts(f"made.units.{run.units_display}")),
        *((("made.laboratory", run.laboratory),) if run.laboratory else ()),
    )
    row = put_table(
        sheet,
        styler,
        2,
        "Made",
        _columns(texts("made.heads"), 60, 40),
        [[Entry(texts(label), STRONG), Entry(value)] for label, value in facts],
        texts=texts,
    )
    row = put_table(
        sheet,
        styler,
        row,
        "Files",
        _columns(texts("files.heads"), 40, 20, 14, 14, 40, 66),
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
        texts=texts,
    )
    put_table(
        sheet,
        styler,
        row,
        "Sources",
        _columns(texts("sources.heads"), 60, 14, 40, 50),
        [
            [
                Entry(source.title),
                Entry(source.year, NUMBER, "0"),
                Entry(source.where),
                Entry(source.link, LINK if source.link else TEXT, link=source.link),
            ]
            for source in report.citations
        ],
        texts=texts,
    )


def _columns(heads: str, *widths: int) -> tuple[Column, ...]:
    return tuple(
        Column(title=head, most=width) for head, width in zip(heads.split("|"), widths, strict=True)
    )


def _print_columns(sheet: Worksheet, columns_printed: str) -> None:
    first, last = columns_printed.split(":")
    sheet.print_area = f"{first}1:{last}{sheet.max_row}"


def _start(
    book: Workbook,
    styler: Styler,
    report: PatientReport,
    texts: Texts,
    name: str,
    *,
    repeat: str,
) -> Worksheet:
    """Add a sheet whose first line says whose it is."""
    title = texts(f"sheet.{name}")
    sheet = add_sheet(book, title, footer_of(report, texts), texts, repeat=repeat)
    heading = texts("heading", sheet=title, patient=report.patient_id)
    put(sheet, styler, 1, 1, Entry(heading, SECTION))
    return sheet
