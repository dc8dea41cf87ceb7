"""Results over time: what is drawn, in which unit, and what is said in its place."""

import re
import zipfile
from dataclasses import replace

import pytest
from openpyxl import load_workbook

from pipeline.report.excel.package import save_workbook
from pipeline.report.patient.charts import CHARTS_AT_MOST, axis_ends, describe_trend
from pipeline.report.patient.patient_workbook import render_workbook
from pipeline.texts import ENGLISH
from tests.unit.report_tables import RUN, make_tables

HEAD = "years | specimen | at | analyte | result | low | high\n"
THREE = (
    HEAD
    + """40 | S1 | 2026-01-01 | platelets | 240 10*9/L | 150 | 400
40 | S2 | 2026-02-01 | platelets | <100 10*9/L | 150 | 400
40 | S3 | 2026-03-01 | platelets | 90 10*9/L | 150 | 400"""
)


def trends(text: str):
    return {trend.analyte: trend for trend in make_tables(text).report().trends}


def test_one_date_is_no_trend():
    text = (
        HEAD
        + "40 | S1 | 2026-01-01 08:00 | mcv | 90 fL | | \n40 | S2 | 2026-01-01 18:00 | mcv | 91 fL | | "
    )
    assert trends(text) == {}
    assert (
        trends(HEAD + "40 | S1 | | mcv | 90 fL | | \n40 | S2 | 2026-01-01 | mcv | 91 fL | | ") == {}
    )


def test_points_bands_and_limits():
    trend = trends(THREE)["Platelets"]
    assert [point.value for point in trend.points] == [240, 100, 90]
    assert [point.kind for point in trend.points] == ["result", "bound", "result"]
    assert [(point.low, point.high) for point in trend.points] == [(150, 400)] * 3
    assert (trend.limits, trend.has_band) == (("Low platelets",), True)
    assert [point.limits for point in trend.points] == [(150,)] * 3


@pytest.mark.parametrize(("low", "high"), [("", ""), ("150", ""), ("", "400"), ("400", "150")])
def test_no_band_is_made_up(low, high):
    text = THREE.rsplit("|", 2)[0] + f"| {low} | {high}"
    assert not trends(text)["Platelets"].has_band


@pytest.mark.parametrize(
    ("second", "unit", "values", "lows"),
    [
        ("11.0 g/dL | 12 | 16", "g/dL", [12.5, 11.0], [12, 12]),
        ("110 g/L | 120 | 160", "g/L", [125, 110], [120, 120]),
    ],
)
def test_numbers_in_two_units_are_drawn_in_one(second, unit, values, lows):
    text = f"{HEAD}40 | S1 | 2026-01-01 | hemoglobin | 12.5 g/dL | 12 | 16\n40 | S2 | 2026-02-01 | hemoglobin | {second}"
    trend = trends(text)["Hemoglobin"]
    assert trend.unit == unit
    assert [point.value for point in trend.points] == pytest.approx(values)
    assert [point.low for point in trend.points] == pytest.approx(lows)
    assert [point.limits[0] for point in trend.points] == pytest.approx([lows[0]] * 2)


@pytest.mark.parametrize(
    ("results", "findings"), [({"status": "preliminary"}, {}), ({}, {"status": "unconfirmed"})]
)
def test_what_is_preliminary_or_in_doubt_is_marked(results, findings):
    tables = make_tables(THREE)
    changed = replace(
        tables,
        results=tables.results.assign(**results),
        findings=tables.findings.assign(**findings),
    )
    (trend,) = changed.report().trends
    assert {point.kind for point in trend.points} == {"question"}


def test_everything_drawn_lies_between_the_ends_of_the_axis():
    trend = trends(THREE)["Platelets"]
    low, high = axis_ends(trend)
    assert low <= 90
    assert high >= 400
    flat = replace(trend, points=(replace(trend.points[0], low=None, limits=()),) * 2)
    assert axis_ends(flat)[0] < axis_ends(flat)[1]


def test_a_chart_has_a_text_in_its_place(tmp_path):
    report = make_tables(THREE).report()
    save_workbook(render_workbook(report), tmp_path / "book.xlsx", RUN.run_at)
    with zipfile.ZipFile(tmp_path / "book.xlsx") as archive:
        drawing = archive.read("xl/drawings/drawing1.xml").decode()
        chart = archive.read("xl/charts/chart1.xml").decode()
    said = describe_trend(report.trends[0], ENGLISH)
    assert said == (
        "Line chart of Platelets in ×10⁹/L: 3 results from 2026-01-01 to 2026-03-01, lowest 90, "
        "highest 240. Limits shown: Low platelets 150. The numbers stand in the sheet Trend data."
    )
    assert re.findall('descr="([^"]*)"', drawing) == [said]
    for part in ("areaChart", "lineChart", "dateAx", 'symbol val="triangle"', 'val="dash"'):
        assert part in chart, part


def test_the_numbers_of_a_chart_stand_in_a_table(tmp_path):
    report = make_tables(THREE).report()
    save_workbook(render_workbook(report), tmp_path / "book.xlsx", RUN.run_at)
    sheet = load_workbook(tmp_path / "book.xlsx")["Trend data"]
    assert sheet.tables["TrendData"].ref == "A2:M5"
    assert [sheet.cell(row, 4).value for row in (3, 4, 5)] == [240, None, 90]
    assert [sheet.cell(row, 5).value for row in (3, 4, 5)] == [None, 100, None]
    assert [sheet.cell(row, 8).value for row in (3, 4, 5)] == [250] * 3


def test_more_analytes_than_charts_are_counted():
    report = make_tables(THREE).report()
    many = replace(report, trends=report.trends * (CHARTS_AT_MOST + 2))
    sheet = render_workbook(many)["Trends"]
    assert len(sheet._charts) == CHARTS_AT_MOST
    said = [cell.value for cell in sheet["A"] if cell.value]
    assert said[-1].startswith("2 more analytes have no chart here")
    assert [each.id for each in sheet.row_breaks.brk] == [40 + 36 * page for page in range(5)]
    # Every chart ends above the break that follows its beginning, at 15 points to a row.
    for chart in sheet._charts:
        first = chart.anchor._from.row
        last = first + chart.anchor.ext.height / 12_700 / 15
        assert not any(first < each.id < last for each in sheet.row_breaks.brk)
