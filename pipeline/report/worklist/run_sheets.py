"""Sheets of the worklist workbook about the run as a whole: held data, counts, summary."""

from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference, Series
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.issues.catalogue import CATALOGUE
from pipeline.knowledge.model import Knowledge
from pipeline.report.excel.sheet import Column, Entry, add_sheet, put, put_table
from pipeline.report.excel.style import HELD, NUMBER, QUIET, SECTION, STRONG, TEXT, WHOLE, Styler
from pipeline.report.patient.charts import position_chart, small_paragraph, title_chart
from pipeline.report.report_model import RunInfo
from pipeline.report.wording import show_date, show_rows
from pipeline.texts import Texts
from schemas import DataFrame, Findings, Issues, Patients
from schemas.vocabulary import Confirmation, Disposition, IssueSeverity, Outcome

ROWS_AT_MOST = 60
_FIRST_COUNT = 3

_PLACED = ("code", "severity", "source_file", "sheet", "column")
_KIND_WIDTHS = (60, 17, 10, 70, 28)
_PLACE_WIDTHS = (60, 17, 10, 70, 28, 28, 60)
_COUNT_WIDTHS = (40, 28, *[12] * 7)
# Centimeters; one page holds it.
_CHART_WIDTH, _CHART_HEAD, _CHART_LINE = 26.0, 2.6, 0.46


def render_issues(book: Workbook, styler: Styler, issues: DataFrame[Issues], texts: Texts) -> None:
    """Count what was set aside or noted, by kind of problem and by place."""
    sheet = add_sheet(book, texts("list.held"), texts("list.footer"), texts, repeat="1:1")
    put(sheet, styler, 1, 1, Entry(texts("held.heading"), SECTION))
    # A result with a problem in two of its cells has the problem once.
    is_again = issues["result_id"].notna() & issues.duplicated(["code", "result_id"])
    counted = issues[~is_again].groupby(["severity", "code"], as_index=False).size()
    # Errors before notes, the most frequent first.
    counted = counted.sort_values(["severity", "size"], ascending=[True, False], kind="stable")
    kinds = [
        [
            Entry(_problem(code, texts)[0], STRONG),
            _severity(severity, texts),
            Entry(count, NUMBER, WHOLE),
            Entry(_problem(code, texts)[1]),
            Entry(code, QUIET),
        ]
        for severity, code, count in _records(counted, "severity", "code", "size")
    ]
    order = {code: place for place, code in enumerate(counted["code"])}
    row = put_table(
        sheet,
        styler,
        2,
        "Problems",
        _columns("held.kinds", _KIND_WIDTHS, texts),
        kinds,
        texts=texts,
    )
    placed = issues.assign(place=issues["code"].map(order))
    groups = placed.groupby(["place", *_PLACED], as_index=False, dropna=False).agg(
        count=("code", "size"), rows=("row", list)
    )
    put_table(
        sheet,
        styler,
        row,
        "Places",
        _columns("held.places", _PLACE_WIDTHS, texts),
        [
            [
                Entry(_problem(code, texts)[0]),
                _severity(severity, texts),
                Entry(count, NUMBER, WHOLE),
                Entry(file),
                Entry(tab),
                Entry(column),
                Entry(_rows_text(rows, texts)),
            ]
            for code, severity, file, tab, column, count, rows in _records(
                groups, *_PLACED, "count", "rows"
            )
        ],
        texts=texts,
    )


def render_counts(
    book: Workbook,
    styler: Styler,
    findings: DataFrame[Findings],
    current: DataFrame[Findings],
    knowledge: Knowledge,
    texts: Texts,
) -> None:
    """Count what each rule answered, for patients as of now and for all specimens."""
    sheet = add_sheet(book, texts("list.counts"), texts("list.footer"), texts, repeat="1:2")
    put(sheet, styler, 1, 1, Entry(texts("counts.heading"), SECTION))
    specimens = findings.groupby(["rule", "outcome"]).size().to_dict()
    unconfirmed = findings[findings["status"].eq(Confirmation.UNCONFIRMED)]["rule"].value_counts()
    people = current.groupby(["rule", "outcome"])["patient_id"].nunique().to_dict()
    put_table(
        sheet,
        styler,
        2,
        "Counts",
        _columns("counts.heads", _COUNT_WIDTHS, texts),
        [
            [
                Entry(rule.title, STRONG),
                Entry(rule.id, QUIET),
                *(
                    Entry(int(count), NUMBER, WHOLE)
                    for count in (
                        people.get((rule.id, Outcome.PRESENT), 0),
                        people.get((rule.id, Outcome.INDETERMINATE), 0),
                        specimens.get((rule.id, Outcome.PRESENT), 0),
                        unconfirmed.get(rule.id, 0),
                        specimens.get((rule.id, Outcome.INDETERMINATE), 0),
                        specimens.get((rule.id, Outcome.ABSENT), 0),
                        specimens.get((rule.id, Outcome.NOT_TESTED), 0),
                    )
                ),
            ]
            for rule in knowledge.shown_rules()
        ],
        texts=texts,
    )
    sheet.freeze_panes = "B3"
    _draw_counts(sheet, len([*knowledge.shown_rules()]), texts)


def _draw_counts(sheet: Worksheet, rules: int, texts: Texts) -> None:
    """Draw how many patients have each finding now, on a page below the table."""
    chart: Any = BarChart(barDir="bar", gapWidth=40, overlap=0)
    last = _FIRST_COUNT + rules - 1
    for column, fill in ((3, "1F3A5F"), (4, "9DB4CC")):
        numbers = Reference(sheet, min_col=column, min_row=_FIRST_COUNT - 1, max_row=last)
        series = Series(numbers, title_from_data=True)
        series.graphicalProperties = GraphicalProperties(solidFill=fill)
        chart.series.append(series)
    chart.set_categories(Reference(sheet, min_col=1, min_row=_FIRST_COUNT, max_row=last))
    title_chart(chart, texts("counts.chart"))
    chart.y_axis.title = texts("counts.axis")
    chart.y_axis.title.tx.rich.p[0].pPr = small_paragraph()
    # The first rule of the table on top, and the numbers below the last.
    chart.x_axis.scaling.orientation = "maxMin"
    chart.y_axis.crosses = "max"
    chart.x_axis.delete = chart.y_axis.delete = False
    chart.y_axis.number_format = "0"
    size = (_CHART_WIDTH, _CHART_HEAD + _CHART_LINE * rules)
    chart.width, chart.height = size
    sheet.row_breaks.append(Break(last + 1))
    position_chart(sheet, chart, row=last + 2, column=0, size=size, description=texts("counts.alt"))


def render_run(
    book: Workbook,
    styler: Styler,
    run: RunInfo,
    knowledge: Knowledge,
    patients: DataFrame[Patients],
    reports: int,
    texts: Texts,
) -> None:
    """Say what the run read, what became of it, and with which versions."""
    sheet = add_sheet(book, texts("list.run"), texts("list.footer"), texts, repeat="1:1")
    put(sheet, styler, 1, 1, Entry(texts("run.heading"), SECTION))
    facts: list[tuple[str, str | int]] = [
        ("made-at", show_date(run.run_at, texts, has_time=True)),
        ("made-by", f"labflag {run.version}"),
        ("profile", knowledge.profile.title),
        ("knowledge", run.knowledge_version),
        *((("laboratory", run.laboratory),) if run.laboratory else ()),
        ("files-read", len(run.files)),
        ("patients", len(patients)),
        ("aside", int(patients["for_information"].sum())),
        ("in-conflict", int(patients["in_conflict"].sum())),
        ("workbooks", reports),
    ]
    if run.read is not None:
        total = sum(run.dispositions.values())
        is_complete = total == run.read
        missing = texts("run.not-accounted", count=texts.whole(total))
        facts += [
            ("read", run.read),
            *((str(kind), run.dispositions.get(kind, 0)) for kind in Disposition),
            ("accounted", texts("yes") if is_complete else missing),
        ]
    row = put_table(
        sheet,
        styler,
        2,
        "Run",
        _columns("run.heads", (60, 66), texts),
        [[Entry(texts(f"run.{key}"), STRONG), Entry(value, TEXT, WHOLE)] for key, value in facts],
        texts=texts,
    )
    files = [[Entry(name), Entry(sha256, QUIET)] for name, sha256 in run.files]
    columns = _columns("run.files", (60, 66), texts)
    put_table(sheet, styler, row, "Files", columns, files, texts=texts)


def _columns(heads: str, widths: tuple[int, ...], texts: Texts) -> tuple[Column, ...]:
    return tuple(
        Column(title=head, most=width)
        for head, width in zip(texts.heads(heads), widths, strict=True)
    )


def _records(table: pd.DataFrame, *names: str) -> list[tuple[Any, ...]]:
    return list(zip(*(table[name].tolist() for name in names), strict=True))


def _problem(code: str, texts: Texts) -> tuple[str, str]:
    return texts.problem(code) if code in CATALOGUE else (code, "")


def _severity(severity: str, texts: Texts) -> Entry:
    if severity == IssueSeverity.ERROR:
        return Entry(texts("mark.held"), HELD)
    return Entry(texts("note"), QUIET)


def _rows_text(rows: list[Any], texts: Texts) -> str:
    known = [int(row) for row in rows if not pd.isna(row)]
    return show_rows(known, ROWS_AT_MOST, texts) if known else texts("held.whole-file")
