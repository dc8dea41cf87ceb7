"""Sheets of the worklist workbook about the run as a whole: held data, counts, summary."""

from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference, Series
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.issues.catalogue import CATALOGUE
from pipeline.knowledge.model import Knowledge
from pipeline.report.charts import place_chart
from pipeline.report.facts import RunFacts
from pipeline.report.sheet import Entry, add_sheet, columns, put, put_table
from pipeline.report.style import HELD, NUMBER, QUIET, SECTION, STRONG, TEXT, WHOLE, Styler
from pipeline.report.wording import HELD_MARK, show_date, show_rows
from schemas import DataFrame, Findings, Issues
from schemas.vocabulary import Confirmation, Disposition, IssueSeverity, Outcome

FOOTER = "For decision support only"
RUNS_AT_MOST = 60
_FIRST_COUNT = 3

_PLACED = ("code", "severity", "source_file", "sheet", "column")
_KINDS = columns(("Problem", 60), "Kind", "Count", ("What to do", 70), ("Code", 28))
_PLACES = columns(
    ("Problem", 60), "Kind", "Count", ("File", 70), ("Sheet", 28), ("Column", 28), ("Rows", 60)
)
_COUNTS = columns(
    ("Rule", 36),
    ("Id", 26),
    "Patients with it now",
    "Patients undecided now",
    "Specimens present",
    "Specimens unconfirmed",
    "Specimens undecided",
    "Specimens absent",
    "Specimens not tested",
)


def render_issues(book: Workbook, styler: Styler, issues: DataFrame[Issues]) -> None:
    sheet = add_sheet(book, "Held data", FOOTER, repeat="1:1")
    put(sheet, styler, 1, 1, Entry("What was set aside or noted, by problem and by place", SECTION))
    counted = issues.groupby(["severity", "code"], as_index=False).size()
    # Errors before notes, the most frequent first.
    counted = counted.sort_values(["severity", "size"], ascending=[True, False], kind="stable")
    kinds = [
        [
            Entry(_sentence(code), STRONG),
            _severity(severity),
            Entry(count, NUMBER, WHOLE),
            Entry(CATALOGUE[code].fix if code in CATALOGUE else ""),
            Entry(code, QUIET),
        ]
        for severity, code, count in _records(counted, "severity", "code", "size")
    ]
    order = {code: place for place, code in enumerate(counted["code"])}
    row = put_table(sheet, styler, 2, "Problems", _KINDS, kinds)
    placed = issues.assign(place=issues["code"].map(order))
    groups = placed.groupby(["place", *_PLACED], as_index=False, dropna=False).agg(
        count=("code", "size"), rows=("row", list)
    )
    put_table(
        sheet,
        styler,
        row,
        "Places",
        _PLACES,
        [
            [
                Entry(_sentence(code)),
                _severity(severity),
                Entry(count, NUMBER, WHOLE),
                Entry(file),
                Entry(tab),
                Entry(column),
                Entry(_rows_text(rows)),
            ]
            for code, severity, file, tab, column, count, rows in _records(
                groups, *_PLACED, "count", "rows"
            )
        ],
    )


def render_counts(
    book: Workbook,
    styler: Styler,
    findings: DataFrame[Findings],
    standing: DataFrame[Findings],
    knowledge: Knowledge,
) -> None:
    sheet = add_sheet(book, "Counts per rule", FOOTER, repeat="1:2")
    put(sheet, styler, 1, 1, Entry("How often each rule answered what", SECTION))
    specimens = findings.groupby(["rule", "outcome"]).size().to_dict()
    unconfirmed = findings[findings["status"].eq(Confirmation.UNCONFIRMED)]["rule"].value_counts()
    people = standing.groupby(["rule", "outcome"])["patient_id"].nunique().to_dict()
    put_table(
        sheet,
        styler,
        2,
        "Counts",
        _COUNTS,
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
    )
    sheet.freeze_panes = "B3"
    _draw_counts(sheet, len([*knowledge.shown_rules()]))


def _draw_counts(sheet: Worksheet, rules: int) -> None:
    """Draw how many patients have each finding now, below the table."""
    chart: Any = BarChart(barDir="bar", gapWidth=40, overlap=0)
    last = _FIRST_COUNT + rules - 1
    for column, fill in ((3, "1F3A5F"), (4, "9DB4CC")):
        numbers = Reference(sheet, min_col=column, min_row=_FIRST_COUNT - 1, max_row=last)
        series = Series(numbers, title_from_data=True)
        series.graphicalProperties = GraphicalProperties(solidFill=fill)
        chart.series.append(series)
    chart.set_categories(Reference(sheet, min_col=1, min_row=_FIRST_COUNT, max_row=last))
    chart.title = "Patients per finding"
    chart.legend.position = "b"
    # The first rule of the table on top.
    chart.x_axis.scaling.orientation = "maxMin"
    chart.x_axis.delete = chart.y_axis.delete = False
    chart.y_axis.number_format = "0"
    text = "Bars: for each rule the patients who have the finding now, and those undecided now"
    size = (18.0, 3.0 + 0.8 * rules)
    chart.width, chart.height = size
    place_chart(sheet, chart, row=last + 2, column=0, size=size, description=text)


def render_run(
    book: Workbook,
    styler: Styler,
    run: RunFacts,
    knowledge: Knowledge,
    patients: int,
    reports: int,
) -> None:
    sheet = add_sheet(book, "Run summary", FOOTER, repeat="1:1")
    put(sheet, styler, 1, 1, Entry("What this run read and made", SECTION))
    facts: list[tuple[str, str | int]] = [
        ("Made at", show_date(run.run_at, has_time=True)),
        ("Made by", f"labflag {run.version}"),
        ("Profile", knowledge.profile.title),
        ("Knowledge version", run.knowledge_version),
        *((("Laboratory", run.laboratory),) if run.laboratory else ()),
        ("Files read", len(run.files)),
        ("Patients", patients),
        ("Patient workbooks", reports),
    ]
    if run.read is not None:
        total = sum(run.dispositions.values())
        facts += [
            ("Results read", run.read),
            *((f"Results {kind}", run.dispositions.get(kind, 0)) for kind in Disposition),
            ("Every result accounted for", "yes" if total == run.read else f"NO: {total:,} are"),
        ]
    row = put_table(
        sheet,
        styler,
        2,
        "Run",
        columns(("What", 60), ("Value", 66)),
        [[Entry(label, STRONG), Entry(value, TEXT, WHOLE)] for label, value in facts],
    )
    files = [[Entry(name), Entry(sha256, QUIET)] for name, sha256 in run.files]
    put_table(sheet, styler, row, "Files", columns(("File", 60), ("SHA-256", 66)), files)


def _records(table: pd.DataFrame, *names: str) -> list[tuple[Any, ...]]:
    return list(zip(*(table[name].tolist() for name in names), strict=True))


def _sentence(code: str) -> str:
    return CATALOGUE[code].sentence if code in CATALOGUE else code


def _severity(severity: str) -> Entry:
    return Entry(HELD_MARK, HELD) if severity == IssueSeverity.ERROR else Entry("note", QUIET)


def _rows_text(rows: list[Any]) -> str:
    known = [int(row) for row in rows if not pd.isna(row)]
    return show_rows(known, RUNS_AT_MOST) if known else "the whole file"
