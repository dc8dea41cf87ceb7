import html
import io
import re
import zipfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from pipeline.report.excel import style
from pipeline.report.excel.package import save_workbook
from pipeline.report.excel.sheet import Entry, columns, put, put_table
from pipeline.report.excel.style import Look, Styler, format_decimals
from pipeline.report.patient import patient_workbook, summary_sheet
from pipeline.report.patient.patient_workbook import render_workbook
from pipeline.report.report_model import PatientReport
from pipeline.texts.workbook_cells import CUT, TEXT_AT_MOST, clean_text
from tests.golden.render import render_workbook_text
from tests.unit.report_tables import RUN, make_tables

USUAL = """
    name        | birth      | years | at               | analyte     | result        | low | high | flag
    Ada Example | 1961-04-02 | 64    | 2026-03-01 08:15 | hemoglobin  | 9.8 g/dL      | 12  | 16   | L
    Ada Example | 1961-04-02 | 64    | 2026-03-01 08:15 | mcv         | 112.4 fL      | 80  | 100  | H
    Ada Example | 1961-04-02 | 64    | 2026-03-01 08:15 | vitamin-b12 | <150 ng/L     |     |      |
    Ada Example | 1961-04-02 | 64    | 2026-03-01 08:15 | ferritin    | held unit-missing | |  |
"""


def saved(book: Workbook, folder: Path) -> Path:
    save_workbook(book, folder / "book.xlsx", RUN.run_at)
    return folder / "book.xlsx"


def reopened(report: PatientReport, folder: Path) -> Workbook:
    return load_workbook(saved(render_workbook(report), folder))


def rows_of(book: Workbook, name: str, top: int = 2) -> list[dict[str, object]]:
    head, *body = book[name].iter_rows(min_row=top, values_only=True)
    return [dict(zip(head, row, strict=True)) for row in body if any(row)]


def column_of(book: Workbook, name: str, title: str) -> list:
    sheet = book[name]
    place = [cell.value for cell in sheet[2]].index(title) + 1
    return [sheet.cell(row, place) for row in range(3, sheet.max_row + 1)]


def test_sheets_in_order(tmp_path):
    book = reopened(make_tables(USUAL).report(), tmp_path)
    assert book.sheetnames == ["Summary", "Findings", "Results", "Provenance"]
    assert book.active.title == "Summary"
    assert book.properties.title == "Laboratory worksheet"
    assert book.properties.creator == "labflag"
    assert book.properties.lastModifiedBy is None


def test_summary_says_who_what_and_what_not(tmp_path):
    text = render_workbook_text(reopened(make_tables(USUAL).report(), tmp_path))
    summary = text.split("== Findings")[0]
    for said in (
        "A1: Laboratory worksheet",
        "A3: P1",
        "B3: Ada Example",
        "C3: 1961-04-02 00:00:00  [date yyyy-mm-dd",
        "D3: female",
        "E3: 64 years",
        "Macrocytic anemia",
        "▲▲ moderate",
        "Vitamin B12 <150 ng/L on 2026-03-01",
        "What could not be assessed, and why",
        "– not tested",
        "■ held",
        "1 result ",
        "Give the unit",
        "For decision support only",
        "Where pregnancy is not stated",
    ):
        assert said in summary, said


def test_numbers_are_numbers_and_dates_are_dates(tmp_path):
    book = reopened(make_tables(USUAL).report(), tmp_path)
    by_analyte = {row["Analyte"]: row for row in rows_of(book, "Results")}
    hemoglobin, b12 = by_analyte["Hemoglobin"], by_analyte["Vitamin B12"]
    assert hemoglobin["Collected"] == datetime(2026, 3, 1, 8, 15)
    assert (hemoglobin["Value"], hemoglobin["Unit"]) == (9.8, "g/dL")
    assert (hemoglobin["Interval low"], hemoglobin["Interval high"]) == (12, 16)
    assert (hemoglobin["Flag as sent"], hemoglobin["Flag by interval"]) == ("L", "L")
    assert (hemoglobin["In canonical unit"], hemoglobin["Canonical unit"]) == (98, "g/L")
    assert (b12["Sign"], b12["Value"]) == ("<", 150)
    assert b12["Flag by interval"] is None
    assert by_analyte["Ferritin"]["Value"] == "■ held"
    assert "Give the unit" in by_analyte["Ferritin"]["Remark"]
    found = {row["Finding"]: row for row in rows_of(book, "Findings")}
    assert (found["Low vitamin B12"]["Value"], found["Low vitamin B12"]["Limit"]) == (150, 180)
    assert found["Low vitamin B12"]["Sign"] == "<"
    assert found["Macrocytic anemia"]["Value"] == "9.8\n112.4"
    assert found["Low neutrophils"]["Outcome"] == "not tested"


@pytest.mark.parametrize(
    ("at", "value", "number_format"),
    [
        ("2026-03-01", datetime(2026, 3, 1), "yyyy-mm-dd"),
        ("2026-03-01 00:00", datetime(2026, 3, 1), "yyyy-mm-dd hh:mm"),
        ("2026-03-01 08:15", datetime(2026, 3, 1, 8, 15), "yyyy-mm-dd hh:mm"),
        ("", "not stated", "General"),
        ("1899-12-31", "1899-12-31T00:00:00", "General"),
    ],
)
def test_dates_show_what_is_known(tmp_path, at, value, number_format):
    book = reopened(make_tables(f"at | analyte | result\n{at} | mcv | 90 fL").report(), tmp_path)
    for name in ("Results", "Findings"):
        cell = column_of(book, name, "Collected")[0]
        assert (cell.value, cell.number_format) == (value, number_format)


@pytest.mark.parametrize(
    ("result", "number_format"),
    [
        ("12 g/dL", "0.0"),
        ("11.95 g/dL", "0.00"),
        ("119 g/L", "0"),
        ("118.4 g/L", "0.0"),
    ],
)
def test_a_number_shows_all_its_decimals(tmp_path, result, number_format):
    book = reopened(make_tables(f"analyte | result\nhemoglobin | {result}").report(), tmp_path)
    assert column_of(book, "Results", "Value")[0].number_format == number_format


NASTY = [
    "=1+1",
    '=HYPERLINK("http://x")',
    "+1",
    "-1",
    "@SUM(A1)",
    "#N/A",
    "#REF!",
    "TRUE",
    "2026-03-01",
    "0012",
    "1E5",
    "<b>&amp;",
    " led and trailed ",
    "two\nlines",
]


@pytest.mark.parametrize("text", NASTY)
def test_text_stays_text_wherever_it_came_in(tmp_path, text):
    rows = {
        "patient_id": text, "patient_name": text, "accession": text, "source_file": text,
        "source_sheet": text, "flag": text, "comment": text, "original_text": text,
    }  # fmt: skip
    tables = make_tables("years | analyte | result\n40 | mcv | 112 fL")
    fitting = replace(
        tables,
        **{
            name: (table := getattr(tables, name)).assign(
                **{column: rows[column] for column in rows if column in table}
                | ({"comment": table["comment"]} if name in ("findings", "current") else {})
            )
            for name in ("patients", "results", "held", "findings", "current")
        },
    )
    book = reopened(fitting.report(), tmp_path)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n", "d"}
    (row,) = rows_of(book, "Results")
    for title in ("Specimen", "Flag as sent", "As written", "File", "Sheet"):
        assert row[title] == text
    for cell in cells:
        if isinstance(cell.value, str) and cell.value.startswith("="):
            assert cell.quotePrefix
    with zipfile.ZipFile(tmp_path / "book.xlsx") as archive:
        for name in archive.namelist():
            assert b"<f>" not in archive.read(name)
            assert b"<f " not in archive.read(name)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("plain", "plain"),
        ("Müller, Zoë", "Müller, Zoë"),
        ("a\x00b\x1fc", "a\ufffdb\ufffdc"),
        ("a\x7fb\x85c", "a\ufffdb\x85c"),
        ("a\ud800b", "a\ufffdb"),
        ("a\ufffeb\uffff", "a\ufffdb\ufffd"),
        ("a\u202eb\u2066", "a\ufffdb\ufffd"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("tab\there", "tab\there"),
        ("_x0041_", "_x005F_x0041_"),
        ("_x41_", "_x41_"),
        ("\U0001f9ea", "\U0001f9ea"),
        ("x" * TEXT_AT_MOST, "x" * TEXT_AT_MOST),
        ("x" * (TEXT_AT_MOST + 1), "x" * (TEXT_AT_MOST - len(CUT)) + CUT),
        ("", ""),
    ],
)
def test_clean_text(tmp_path, text, clean):
    assert clean_text(text) == clean
    book = Workbook()
    put(book.active, Styler(), 1, 1, Entry(text))
    assert load_workbook(saved(book, tmp_path)).active["A1"].value in (clean, None)


def test_a_hostile_identity_neither_crashes_nor_hides(tmp_path):
    nasty = '\x00&P&"x" \u202e' + "N" * 40_000
    tables = make_tables("analyte | result\nmcv | 90 fL")
    tables = replace(
        tables,
        **{
            name: getattr(tables, name).assign(patient_id=nasty)
            for name in ("patients", "results", "findings", "current")
        },
    )
    book = render_workbook(tables.report())
    path = saved(book, tmp_path)
    xml = zipfile.ZipFile(path).read("xl/worksheets/sheet1.xml").decode()
    footer = html.unescape(re.search("<oddFooter>(.*)</oddFooter>", xml)[1])
    assert len(footer) <= 255
    assert "&&P&&" in footer
    assert "…" in footer
    assert CUT in book["Summary"]["A3"].value


def test_tables_pages_and_panes(tmp_path):
    book = reopened(make_tables(USUAL).report(), tmp_path)
    for name, frozen, repeated in (
        ("Summary", "A4", "$1:$3"),
        ("Findings", "D3", "$1:$2"),
        ("Results", "D3", "$1:$2"),
        ("Provenance", None, "$1:$1"),
    ):
        sheet = book[name]
        assert sheet.freeze_panes == frozen
        assert sheet.print_title_rows == repeated
        assert sheet.page_setup.orientation == "landscape"
        high = 1 if name == "Summary" else 0
        assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, high)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.oddFooter.left.text == "Patient P1"
        assert sheet.oddFooter.right.text == "Page &P of &N"
        assert not sheet.merged_cells.ranges
    for name in ("Findings", "Results"):
        table = book[name].tables[name]
        assert (
            table.ref
            == f"A2:{book[name].cell(2, book[name].max_column).column_letter}{book[name].max_row}"
        )
        assert table.autoFilter.ref == table.ref


def test_table_headers_are_distinct_texts(tmp_path):
    book = reopened(make_tables(USUAL).report(), tmp_path)
    for sheet in book:
        for table in sheet.tables.values():
            (top, *_rest) = sheet[table.ref]
            heads = [cell.value for cell in top]
            assert heads == [column.name for column in table.tableColumns]
            assert len({head.casefold() for head in heads}) == len(heads)


def test_an_empty_table_has_a_row_that_says_so():
    book = Workbook()
    after = put_table(book.active, Styler(), 1, "T", columns("A", "B"), [])
    assert book.active.tables["T"].ref == "A1:B2"
    assert book.active["A2"].value == "none"
    assert after == 4


def test_a_table_that_is_cut_says_how_much_is_missing_and_where():
    book = Workbook()
    rows = [[Entry(number)] for number in range(5)]
    after = put_table(
        book.active, Styler(), 1, "T", columns("A"), rows, at_most=2, elsewhere="; see there"
    )
    assert book.active.tables["T"].ref == "A1:A3"
    assert book.active["A4"].value == "3 more rows are not shown here; see there."
    assert after == 6


def test_many_findings_are_cut_on_the_summary_only(monkeypatch, tmp_path):
    monkeypatch.setattr(summary_sheet, "CARDS_AT_MOST", 2)
    report = make_tables(USUAL).report()
    book = reopened(report, tmp_path)
    text = render_workbook_text(book)
    assert f"{len(report.present) - 2} more stand in the sheet Findings." in text
    assert len(rows_of(book, "Findings")) == len(report.findings)


def test_many_results_are_cut_visibly(monkeypatch, tmp_path):
    monkeypatch.setattr(patient_workbook, "ROWS_AT_MOST", 3)
    report = make_tables(USUAL).report()
    book = reopened(report, tmp_path)
    for name, rows, elsewhere in (
        ("Results", report.results, "the files named in Provenance"),
        ("Findings", report.findings, "findings.csv"),
    ):
        assert book[name].tables[name].ref.endswith("5")
        said = book[name]["A6"].value
        assert said.startswith(f"{len(rows) - 3} more row")
        assert said.endswith(f"not shown here; see {elsewhere}.")


def test_five_thousand_results_are_all_there(tmp_path):
    head = "years | specimen | at | analyte | result"
    lines = [
        f"40 | S{number} | 20{number // 360:02}-{number // 30 % 12 + 1:02}-{number % 28 + 1:02} "
        f"| ferritin | {number + 1} ug/L"
        for number in range(5000)
    ]
    report = make_tables("\n".join([head, *lines])).report()
    report = replace(report, findings=report.findings[:10])
    book = reopened(report, tmp_path)
    assert sorted(row["Value"] for row in rows_of(book, "Results")) == [*range(1, 5001)]
    dates = [row["Collected"] for row in rows_of(book, "Results")]
    assert dates == sorted(dates, reverse=True)


def test_rows_are_high_enough_for_their_text():
    book = Workbook()
    text = "word " * 60
    put_table(
        book.active, Styler(), 1, "T", columns(("A", 20), "B"), [[Entry(text), Entry("b\nc")]]
    )
    assert book.active.column_dimensions["A"].width <= 24
    assert 12 * 9 * 1.3 < book.active.row_dimensions[2].height <= 409
    put_table(book.active, Styler(), 5, "U", columns(("C", 20)), [[Entry(text * 9)]])
    assert book.active.row_dimensions[6].height == 409


def test_sources_are_linked_and_conventions_are_called_so(tmp_path):
    book = reopened(make_tables(USUAL).report(), tmp_path)
    links = {
        cell.hyperlink.target: cell.value
        for row in book["Provenance"].iter_rows()
        for cell in row
        if cell.hyperlink
    }
    assert links
    assert all(target == text and target.startswith("https://") for target, text in links.items())


def test_provenance_names_files_rows_and_versions(tmp_path):
    text = render_workbook_text(reopened(make_tables(USUAL).report(), tmp_path))
    provenance = text.split("== Provenance")[1]
    for said in ("march.csv", "ab" * 32, "2-5", "labflag 1.0.0", RUN.knowledge_version, "Default"):
        assert said in provenance, said
    assert "april.csv" not in provenance


def luminance(color: str) -> float:
    shares = [int(color[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


LOOKS = [name for name, value in vars(style).items() if isinstance(value, Look)]


@pytest.mark.parametrize("name", LOOKS)
def test_text_stands_out_from_its_ground(name):
    look = getattr(style, name)
    light, dark = sorted(map(luminance, (look.fill or style.PAPER, look.color)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_color_is_never_alone(tmp_path):
    book = reopened(make_tables(USUAL).report(), tmp_path)
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.fill.fill_type and cell.fill.fgColor.rgb[2:] != style.HEADER.fill:
                    assert re.search(r"[A-Za-z]{3}", str(cell.value)), cell.coordinate


@pytest.mark.parametrize(("decimals", "shown"), [(0, "0"), (1, "0.0"), (3, "0.000")])
def test_format_decimals(decimals, shown):
    assert format_decimals(decimals) == shown


def test_styles_are_made_once():
    book = render_workbook(make_tables(USUAL).report())
    assert len(book._cell_styles) < 60
    stream = io.BytesIO()
    book.save(stream)
