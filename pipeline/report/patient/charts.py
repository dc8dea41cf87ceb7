"""The sheets Trends and Trend data: a chart of each analyte measured on two or more dates."""

from collections.abc import Sequence
from math import ceil, floor, log10
from typing import Any

from openpyxl.chart import AreaChart, LineChart, Reference, Series
from openpyxl.chart.axis import DateAxis
from openpyxl.chart.legend import Legend, LegendEntry
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.spreadsheet_drawing import AnchorMarker, OneCellAnchor
from openpyxl.drawing.text import CharacterProperties, Font, Paragraph, ParagraphProperties
from openpyxl.drawing.xdr import XDRPositiveSize2D
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.report.excel.sheet import Column, Entry, put, put_table
from pipeline.report.excel.style import (
    BAND,
    DATE,
    DATE_AND_TIME,
    FONT,
    INK,
    LIMIT_DASHES,
    MOMENT,
    MUTED,
    NUMBER,
    PLAIN,
    STRONG,
    Styler,
    format_decimals,
)
from pipeline.report.patient.trends import LIMITS_AT_MOST
from pipeline.report.report_model import PatientReport, Trend, TrendPoint
from pipeline.report.wording import show_date, show_number
from pipeline.texts import Texts

CHARTS_AT_MOST = 24
# Centimeters; four stand on a page at this scale.
WIDTH, HEIGHT = 15.0, 9.2
_ROWS_PER_PAGE, _SCALE = 2, 84
_EMU_PER_CM = 360_000
_ROWS_PER_CHART, _COLUMNS_PER_CHART, _COLUMN_WIDTH = 18, 6, 14.0
_FIRST_ROW = 4
_LABELS = 6
_HEAD = 2
_COLLECTED, _RESULT, _BOUND, _QUESTION, _LOW, _BAND_HEIGHT, _LIMIT = 2, 4, 5, 6, 7, 8, 10
_KINDS = ("result", "bound", "question")


def render_charts(
    styler: Styler,
    sheet: Worksheet,
    data: Worksheet,
    report: PatientReport,
    texts: Texts,
) -> None:
    """Fill the two sheets; the charts refer to the table in `data`."""
    put(sheet, styler, 2, 1, Entry(texts("trends.how"), PLAIN))
    _put_data(styler, data, report.trends, texts)
    first = _HEAD + 1
    for place, trend in enumerate(report.trends):
        last = first + len(trend.points) - 1
        if place < CHARTS_AT_MOST:
            chart = _draw(trend, data, first, last, texts)
            down, right = divmod(place, 2)
            position_chart(
                sheet,
                chart,
                row=_FIRST_ROW + down * _ROWS_PER_CHART,
                column=right * _COLUMNS_PER_CHART,
                size=(WIDTH, HEIGHT),
                description=describe_trend(trend, texts),
            )
        first = last + 1
    shown = min(len(report.trends), CHARTS_AT_MOST)
    bands = ceil(shown / 2)
    bottom = _FIRST_ROW + bands * _ROWS_PER_CHART
    # Fitted to the width of a page, Excel would not mind where pages are to end.
    sheet.sheet_properties.pageSetUpPr.fitToPage = False  # type: ignore[union-attr]
    sheet.page_setup.scale = _SCALE
    for band in range(_ROWS_PER_PAGE, bands, _ROWS_PER_PAGE):
        sheet.row_breaks.append(Break(_FIRST_ROW + band * _ROWS_PER_CHART))
    if len(report.trends) > shown:
        rest = len(report.trends) - shown
        said = texts("trends.more", count=rest, sheet=data.title)
        put(sheet, styler, bottom + 1, 1, Entry(said, PLAIN))
    for column in range(1, 2 * _COLUMNS_PER_CHART + 1):
        sheet.column_dimensions[get_column_letter(column)].width = _COLUMN_WIDTH
    sheet.print_area = f"A1:{get_column_letter(2 * _COLUMNS_PER_CHART)}{bottom + 1}"


def describe_trend(trend: Trend, texts: Texts) -> str:
    """Say in words what a chart shows, for those who do not see it."""
    values = [point.value for point in trend.points]
    lines = [
        f"{title} {texts.number(show_number(number))}"
        for title, number in zip(trend.limits, trend.points[-1].limits, strict=True)
        if number is not None
    ]
    return texts(
        "trends.alt",
        analyte=trend.analyte,
        unit=trend.unit,
        count=texts.count("result", len(values)),
        first=show_date(trend.points[0].at, texts),
        last=show_date(trend.points[-1].at, texts),
        low=texts.number(f"{min(values):.{trend.decimals}f}"),
        high=texts.number(f"{max(values):.{trend.decimals}f}"),
        limits=texts("trends.alt.limits", limits=", ".join(lines)) if lines else "",
        sheet=texts("sheet.trend-data"),
    )


def _put_data(styler: Styler, data: Worksheet, trends: Sequence[Trend], texts: Texts) -> None:
    heads = [
        *texts("trends.heads").split("|"),
        *(texts("trends.limit", number=number) for number in range(1, LIMITS_AT_MOST + 1)),
        texts("trends.limits"),
    ]
    widths = (30, 17, 12, *[12] * 6, *[12] * LIMITS_AT_MOST, 60)
    columns = [Column(title=head, most=width) for head, width in zip(heads, widths, strict=True)]
    rows = (_cells(trend, point) for trend in trends for point in trend.points)
    put_table(data, styler, _HEAD, "TrendData", columns, rows, texts=texts)
    data.freeze_panes = "C3"


def _cells(trend: Trend, point: TrendPoint) -> list[Entry]:
    number = format_decimals(trend.decimals)
    has_band = point.low is not None and point.high is not None and trend.has_band
    height = float(f"{point.high - point.low:.12g}") if has_band else None  # type: ignore[operator]
    limits = [*point.limits, *[None] * LIMITS_AT_MOST][:LIMITS_AT_MOST]
    return [
        Entry(trend.analyte, STRONG),
        Entry(point.at, MOMENT, DATE_AND_TIME if point.has_time else DATE),
        Entry(trend.unit),
        *(Entry(point.value if point.kind == kind else None, NUMBER, number) for kind in _KINDS),
        Entry(point.low, NUMBER, number),
        Entry(height, NUMBER, number),
        Entry(point.high, NUMBER, number),
        *(Entry(each, NUMBER, number) for each in limits),
        Entry("; ".join(trend.limits)),
    ]


def _draw(trend: Trend, data: Worksheet, first: int, last: int, texts: Texts) -> Any:
    """Draw the interval as an area, and over it results, limits and points in question."""

    def column(place: int, title: str) -> Any:
        return Series(Reference(data, min_col=place, min_row=first, max_row=last), title=title)

    dates = Reference(data, min_col=_COLLECTED, min_row=first, max_row=last)
    line: Any = LineChart()
    shapes = {"result": "circle", "bound": "triangle", "question": "x"}
    places = {"result": _RESULT, "bound": _BOUND, "question": _QUESTION}
    for kind, shape in shapes.items():
        if kind != "result" and not any(point.kind == kind for point in trend.points):
            continue
        series = column(places[kind], texts(f"trends.{kind}"))
        series.marker.symbol = shape
        series.marker.size = 7 if kind == "result" else 9
        series.marker.graphicalProperties = GraphicalProperties(
            solidFill=INK, ln=LineProperties(solidFill=INK)
        )
        series.graphicalProperties = GraphicalProperties(
            ln=LineProperties(solidFill=INK, w=19050)
            if kind == "result"
            else LineProperties(noFill=True)
        )
        series.smooth = False
        line.series.append(series)
    for place, title in enumerate(trend.limits):
        series = column(_LIMIT + place, texts("trends.limit-of", title=title))
        series.marker.symbol = "none"
        dash: Any = LIMIT_DASHES[place % len(LIMIT_DASHES)]
        series.graphicalProperties = GraphicalProperties(
            ln=LineProperties(solidFill=MUTED, w=15875, prstDash=dash)
        )
        series.smooth = False
        line.series.append(series)
    line.set_categories(dates)
    chart = line
    if trend.has_band:
        chart = AreaChart(grouping="stacked")
        for place, fill in ((_LOW, None), (_BAND_HEIGHT, BAND)):
            series = column(place, texts("trends.band"))
            series.graphicalProperties = (
                GraphicalProperties(solidFill=fill) if fill else GraphicalProperties(noFill=True)
            )
            series.graphicalProperties.line.noFill = True
            chart.series.append(series)
        chart.set_categories(dates)
    _set_axes(chart, trend, texts)
    if chart is not line:
        line.x_axis, line.y_axis = chart.x_axis, chart.y_axis
        chart += line
    title_chart(chart, f"{trend.analyte}, {trend.unit}")
    if trend.has_band:
        # The lower edge of the band only lifts it.
        chart.legend.legendEntry = [LegendEntry(idx=0, delete=True)]
    chart.display_blanks = "gap"
    chart.width, chart.height = WIDTH, HEIGHT
    return chart


def _set_axes(chart: Any, trend: Trend, texts: Texts) -> None:
    chart.x_axis = DateAxis(crossAx=100)
    chart.x_axis.number_format = texts.date
    chart.x_axis.baseTimeUnit = chart.x_axis.majorTimeUnit = "days"
    span = (trend.points[-1].at.date() - trend.points[0].at.date()).days
    chart.x_axis.majorUnit = max(ceil(span / _LABELS), 1)
    chart.x_axis.tickLblPos = "low"
    chart.y_axis.crossAx = chart.x_axis.axId
    chart.y_axis.number_format = "General"
    chart.y_axis.scaling.min, chart.y_axis.scaling.max = axis_ends(trend)
    for axis in (chart.x_axis, chart.y_axis):
        axis.delete = False


def title_chart(chart: Any, title: str) -> None:
    """Give a chart its title, a legend below, small print and a quiet grid."""
    chart.title = title
    chart.title.tx.rich.p[0].pPr = ParagraphProperties(
        defRPr=CharacterProperties(sz=1100, b=True, solidFill=INK, latin=Font(typeface=FONT))
    )
    chart.title.overlay = False
    chart.legend = Legend()
    chart.legend.position = "b"
    chart.legend.txPr = _small_text()
    chart.y_axis.majorGridlines.spPr = GraphicalProperties(
        ln=LineProperties(solidFill="E3E8ED", w=6350)
    )
    for axis in (chart.x_axis, chart.y_axis):
        axis.txPr = _small_text()


def small_paragraph() -> ParagraphProperties:
    """Make the small print of charts."""
    return ParagraphProperties(
        defRPr=CharacterProperties(sz=800, solidFill=INK, latin=Font(typeface=FONT))
    )


def _small_text() -> RichText:
    small = small_paragraph()
    return RichText(p=[Paragraph(pPr=small, endParaRPr=small.defRPr)])


def axis_ends(trend: Trend) -> tuple[float, float]:
    """Round ends of the vertical axis, with everything that is drawn between them."""
    numbers = [
        number
        for point in trend.points
        for number in (point.value, *point.limits, *((point.low, point.high) * trend.has_band))
        if number is not None
    ]
    low, high = min(numbers), max(numbers)
    step = 10.0 ** floor(log10(max(high - low, abs(high) / 10, 1e-9)))
    bottom = floor((low - (high - low) * 0.1) / step) * step
    top = ceil((high + (high - low) * 0.1) / step) * step
    return (max(bottom, 0.0) if low >= 0 else bottom), top if top > bottom else bottom + step


def position_chart(
    sheet: Worksheet,
    chart: Any,
    *,
    row: int,
    column: int,
    size: tuple[float, float],
    description: str,
) -> None:
    """Add a chart below and to the right of a cell counted from 0; its size is in centimeters."""
    chart.anchor = DescribedAnchor(
        _from=AnchorMarker(col=column, row=row),
        ext=XDRPositiveSize2D(*(round(each * _EMU_PER_CM) for each in size)),
    )
    chart.anchor.description = description
    sheet.add_chart(chart)


class DescribedAnchor(OneCellAnchor):
    """The place of a chart, with a text in place of it; openpyxl itself writes none."""

    tagname = OneCellAnchor.tagname
    __elements__ = OneCellAnchor.__elements__
    description = ""

    def to_tree(self, *args: Any, **kwargs: Any) -> Any:
        """Write the description into the properties of the frame."""
        frame: Any = self.graphicFrame
        frame.nvGraphicFramePr.cNvPr.descr = self.description
        return super().to_tree(*args, **kwargs)
