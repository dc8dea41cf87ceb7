"""Typed cells become text: what a person sees in the spreadsheet, or a reason why not."""

import io
import os
import subprocess
import sys
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlwt
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.comments import Comment
from openpyxl.styles import Font

import pipeline
from pipeline.ingest.formats.workbook.cell_text import write_number
from pipeline.ingest.formats.workbook.number_formats import NumberFormat, read_format
from pipeline.ingest.formats.workbook.reader import read_workbook
from pipeline.ingest.text_tables import TextTable
from pipeline.issues.catalogue import CATALOGUE
from tests.hostile.workbooks import list_sheets, pack_ods, pack_xlsx, write_sheet, write_strings


def save(book: Any) -> bytes:
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def read(content: bytes, name: str = "export.xlsx") -> list[TextTable]:
    tables = read_workbook(Path(name), content)
    for table in tables:
        assert {*table.bad_cells.values(), *(code for code, _ in table.notes)} <= CATALOGUE.keys()
    return tables


def read_cells(cells: list[tuple[Any, str]], name: str) -> list[tuple[str, str]]:
    """Write one cell a row, read them back as (text, issue code)."""
    if name.endswith(".xls"):
        old = xlwt.Workbook()
        sheet = old.add_sheet("Results")
        for row, (value, code) in enumerate(cells):
            sheet.write(row, 1, value, xlwt.easyxf(num_format_str=code))
        (table,) = read(save(old), name)
    else:
        book = openpyxl.Workbook()
        for row, (value, code) in enumerate(cells, 1):
            book.active.cell(row, 2, value).number_format = code
        (table,) = read(save(book), name)
    assert [number for number, _ in table.rows] == list(range(1, len(cells) + 1))
    assert {len(texts) for _, texts in table.rows} == {2}
    return [(texts[1], table.bad_cells.get((row, 1), "")) for row, texts in table.rows]


CELLS: list[tuple[Any, str, str, str]] = [
    # value, format, text, issue code
    (7, "General", "7", ""),
    (7.0, "0.00", "7", ""),
    (7.25, "General", "7.25", ""),
    (0.1, "0.0", "0.1", ""),
    (1e-7, "General", "0.0000001", ""),
    (1.5e-10, "0.00E+00", "0.00000000015", ""),
    (-3.5, "General", "-3.5", ""),
    (0, "General", "0", ""),
    (123456789012345, "0", "123456789012345", ""),
    (999999999999999, "General", "999999999999999", ""),
    (10**15, "General", "1000000000000000", "cell-digits"),
    (-(10**15), "General", "-1000000000000000", "cell-digits"),
    (1.5e300, "General", "15" + "0" * 299, "cell-digits"),
    (124, "00000", "124", "cell-format"),
    (12345, "00000", "12345", ""),
    (123456, "00000", "123456", ""),
    (1234567, "000-0000", "1234567", "cell-format"),
    (0.45, "0%", "0.45", "cell-format"),
    (45000, "0,", "45000", "cell-format"),
    (45000, "#,##0", "45000", ""),
    (5, '"<"0', "5", "cell-format"),
    (120, '0" g/L"', "120", "cell-format"),
    (120, "[Red]0.0", "120", ""),
    (3, "[<5]0;[Red]0", "3", ""),
    (3, '[<5]"low";0', "3", "cell-format"),
    (3, '0;"neg"', "3", ""),
    (-3, '0;"neg"', "-3", "cell-format"),
    (0, '0;-0;"-"', "0", "cell-format"),
    (4, ";;;", "4", "cell-format"),
    (4, "# ?/?", "4", "cell-format"),
    (4, '_(* #,##0_);_(* (#,##0);_(* "-"_);_(@_)', "4", ""),
    (True, "General", "TRUE", "cell-boolean"),
    ("00124", "@", "00124", ""),
    (" padded\u00a0", "General", " padded\u00a0", ""),
    ("NA", "General", "NA", ""),
    ("1,5", "General", "1,5", ""),
    ("µg/L β", "General", "µg/L β", ""),
    (date(2024, 3, 4), "yyyy-mm-dd", "2024-03-04", ""),
    (date(2024, 3, 4), "d.m.yy", "2024-03-04", ""),
    (datetime(2024, 3, 4, 10, 30), "yyyy-mm-dd hh:mm", "2024-03-04T10:30:00", ""),
    (datetime(2024, 3, 4, 10, 30, 59), "m/d/yy", "2024-03-04T10:30:59", ""),
    (datetime(2024, 3, 4, 23, 59, 59, 900_000), "yyyy-mm-dd", "2024-03-05", ""),
    (datetime(2024, 12, 31), "[$-409]mmmm d, yyyy", "2024-12-31", ""),
    (time(10, 30), "hh:mm", "10:30:00", ""),
    (date(1900, 3, 1), "yyyy-mm-dd", "1900-03-01", ""),
    (1, "yyyy-mm-dd", "1900-01-01", "cell-date"),
    (-5, "yyyy-mm-dd", "00:00:00", "cell-date"),
    (timedelta(hours=30), "[h]:mm:ss", "1 day, 6:00:00", "cell-date"),
    (45355, "General", "45355", ""),
]  # fmt: skip


@pytest.mark.parametrize("name", ["export.xlsx", "export.xls"])
def test_cell_becomes_what_a_person_sees(name: str) -> None:
    # xlwt knows no durations and no parts of seconds, and numbers formats for accounts otherwise.
    unknown = {
        timedelta(hours=30),
        datetime(2024, 3, 4, 23, 59, 59, 900_000),
        '_(* #,##0_);_(* (#,##0);_(* "-"_);_(@_)',
    }
    cases = [case for case in CELLS if name == "export.xlsx" or not (set(case[:2]) & unknown)]
    found = read_cells([(value, code) for value, code, _, _ in cases], name)
    assert found == [(text, code) for _, _, text, code in cases]


ODS_CELLS = [
    # value-type and value, shown, text, issue code
    ('float" office:value="7.25', "7,25", "7.25", ""),
    ('float" office:value="7', "", "7", ""),
    ('float" office:value="1250', "1.250", "1250", ""),
    ('float" office:value="124', "00124", "124", "cell-format"),
    ('float" office:value="5', "&lt;5", "5", "cell-format"),
    ('percentage" office:value="0.45', "45%", "0.45", "cell-format"),
    ('percentage" office:value="0.45', "", "0.45", "cell-format"),
    ('currency" office:value="3', "3 €", "3", "cell-format"),
    ('boolean" office:boolean-value="true', "TRUE", "TRUE", "cell-boolean"),
    ('date" office:date-value="2024-03-04', "4.3.24", "2024-03-04", ""),
    ('date" office:date-value="2024-03-04T10:30:00', "x", "2024-03-04T10:30:00", ""),
    ('time" office:time-value="PT10H30M00S', "10:30", "10:30:00", ""),
    ('time" office:time-value="PT30H00M00S', "30:00", "PT30H00M00S", ""),
    ("string", "00124", "00124", ""),
    ('string" office:string-value="" calcext:value-type="error', "#N/A", "#ERROR", "cell-error"),
    ('void" table:formula="of:=1+1', "", "#FORMULA", "cell-formula"),
    ('void" office:x="', "shown", "#ERROR", "cell-error"),
]  # fmt: skip


def test_ods_cell_becomes_what_a_person_sees() -> None:
    rows = "".join(
        f'<table:table-row><table:table-cell/><table:table-cell office:value-type="{value}">'
        f"<text:p>{shown}</text:p></table:table-cell></table:table-row>"
        for value, shown, _, _ in ODS_CELLS
    ).replace(' office:value-type="void"', "")
    (table,) = read(pack_ods(f'<table:table table:name="S">{rows}</table:table>'), "export.ods")
    found = [(texts[1], table.bad_cells.get((row, 1), "")) for row, texts in table.rows]
    assert found == [(text, code) for _, _, text, code in ODS_CELLS]


COMMENT = "<office:annotation><text:p>repeated</text:p></office:annotation>"


def test_comment_is_not_part_of_an_ods_cell() -> None:
    cells = "".join(
        f"<table:table-cell{kind}>{COMMENT}{shown}</table:table-cell>"
        for kind, shown in [
            (' office:value-type="float" office:value="7"', "<text:p>7</text:p>"),
            ("", ""),
            (' office:value-type="string"', "<text:p>x</text:p>"),
        ]
    )
    row = f"<table:table-row>{cells}</table:table-row>"
    (table,) = read(pack_ods(f'<table:table table:name="S">{row}</table:table>'), "export.ods")
    assert table.rows == [(1, ["7", "", "x"])]
    assert not table.bad_cells


MARKUP_CELLS = [
    # cell of an .xlsx as markup, text, issue code
    ('t="e"><v>#N/A</v>', "#ERROR", "cell-error"),
    ('t="e"><f>1/0</f><v>#DIV/0!</v>', "#ERROR", "cell-error"),
    ("><f>1+1</f>", "#FORMULA", "cell-formula"),
    ("><f>1+1</f><v></v>", "#FORMULA", "cell-formula"),
    ("><f>1+1</f><v>2</v>", "2", ""),
    ('t="str"><f>A1</f><v>x</v>', "x", ""),
    ('t="str"><f>IF(1,"")</f><v></v>', "", ""),
    ('t="b"><v>0</v>', "FALSE", "cell-boolean"),
    ('t="s"><v>0</v>', "one", ""),
    ('t="s"><v>1</v>', "", ""),
    ('t="s"><v>2</v>', "a&b", ""),
    ('t="s"><v>3</v>', "twothree", ""),
    ('t="s"><v>4</v>', "two", ""),
    ('t="inlineStr"><is><t>in line</t></is>', "in line", ""),
    ('t="inlineStr"><is><r><t>in</t></r><r><t xml:space="preserve"> line</t></r></is>',
     "in line", ""),
    ('t="inlineStr"><is><t>two</t><rPh sb="0" eb="1"><t>TWO</t></rPh></is>', "two", ""),
    ('t="inlineStr"><is><t></t><rPh sb="0" eb="1"><t>TWO</t></rPh></is>', "", ""),
    ("><v>1E+2</v>", "100", ""),
    ("><v>11.299999999999999</v>", "11.299999999999999", ""),
    ("><v>1E400</v>", "inf", "cell-digits"),
    ("><v>12345678901234567890</v>", "12345678901234567000", "cell-digits"),
    ('t="n"> <v>7</v> ', "7", ""),
]  # fmt: skip


def test_markup_that_openpyxl_does_not_write() -> None:
    rows = "".join(
        f'<row r="{i}"><c r="A{i}"><v>{i}</v></c><c r="B{i}" {cell}</c></row>'
        for i, (cell, _, _) in enumerate(MARKUP_CELLS, 1)
    )
    strings = write_strings("one", "", "a&amp;b").replace(
        "</sst>",
        "<si><r><t>two</t></r><r><t>three</t></r></si>"
        "<si><t>two</t><rPh sb='0' eb='1'><t>TWO</t></rPh></si></sst>",
    )
    (table,) = read(pack_xlsx(write_sheet(rows), parts={"xl/sharedStrings.xml": strings}))
    found = [(texts[1], table.bad_cells.get((row, 1), "")) for row, texts in table.rows]
    assert found == [(text, code) for _, text, code in MARKUP_CELLS]


@pytest.mark.parametrize("name", ["export.xlsx", "export.xls", "export.ods"])
def test_rows_and_columns_are_those_that_the_spreadsheet_shows(name: str) -> None:
    """Rows 3 and 6, columns C and E are filled; everything before and between is empty."""
    places = [(3, 3, "C3"), (3, 5, "E3"), (6, 5, "E6")]
    if name == "export.ods":
        empty = '<table:table-cell table:number-columns-repeated="{}"/>'
        cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
        rows = [
            ("2", empty.format(9)),
            ("1", empty.format(2) + cell.format("C3") + empty.format(1) + cell.format("E3")),
            ("2", empty.format(1)),
            ("1", empty.format(4) + cell.format("E6")),
            ("1048570", empty.format(1)),
        ]
        content = pack_ods(
            '<table:table table:name="S">'
            + "".join(
                f'<table:table-row table:number-rows-repeated="{times}">{row}</table:table-row>'
                for times, row in rows
            )
            + "</table:table>"
        )
    elif name == "export.xls":
        old = xlwt.Workbook()
        sheet = old.add_sheet("S")
        for row, column, text in places:
            sheet.write(row - 1, column - 1, text)
        content = save(old)
    else:
        book = openpyxl.Workbook()
        for row, column, text in places:
            book.active.cell(row, column, text)
        book.active.cell(40, 40).number_format = "0.0"
        content = save(book)
    (table,) = read(content, name)
    assert table.rows == [(3, ["", "", "C3", "", "E3"]), (6, ["", "", "", "", "E6"])]
    assert table.notes == ()


def test_formula_and_error_of_old_workbook_are_not_empty_cells() -> None:
    old = xlwt.Workbook()
    sheet = old.add_sheet("S")
    sheet.write(0, 0, xlwt.Formula("1+1"))
    sheet.row(0).set_cell_error(1, 0x2A)
    sheet.write(0, 2, 1.5)
    (table,) = read(save(old), "export.xls")
    assert table.rows == [(1, ["#FORMULA", "#ERROR", "1.5"])]
    assert table.bad_cells == {(1, 0): "cell-formula", (1, 1): "cell-error"}


@pytest.mark.parametrize(
    ("result", "text", "issue"),
    [
        ("030000000000ffff", "#FORMULA", "cell-formula"),
        ("02002a000000ffff", "#ERROR", "cell-error"),
        ("010001000000ffff", "TRUE", "cell-boolean"),
        ("0000000000002940", "12.5", ""),
    ],
)
def test_stored_result_of_a_formula_in_an_old_workbook(result: str, text: str, issue: str) -> None:
    old = xlwt.Workbook()
    sheet = old.add_sheet("S")
    sheet.write(0, 0, xlwt.Formula("1+1"))
    sheet.write(0, 1, 1.5)
    # xlwt leaves open what Excel fills in.
    content = save(old).replace(bytes.fromhex("030000000000ffff"), bytes.fromhex(result))
    (table,) = read(content, "export.xls")
    assert table.rows == [(1, [text, "1.5"])]
    assert table.bad_cells == ({(1, 0): issue} if issue else {})


def test_bad_cell_outside_the_values_is_in_the_table() -> None:
    """An error or a formula without result is a result that was there, not an empty cell."""
    sheet = write_sheet(
        '<row r="2"><c r="B2"><v>1</v></c></row>'
        '<row r="5"><c r="A5"><f>1</f></c><c r="D5" t="e"><v>#N/A</v></c></row>'
    )
    (table,) = read(pack_xlsx(sheet))
    assert table.rows == [(2, ["", "1", "", ""]), (5, ["#FORMULA", "", "", "#ERROR"])]
    assert table.bad_cells == {(5, 0): "cell-formula", (5, 3): "cell-error"}


def test_1904_dates_are_four_years_later() -> None:
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    book.active["A1"] = date(2024, 3, 4)
    book.active["B1"] = datetime(1904, 1, 2, 10, 30)
    (table,) = read(save(book))
    assert table.rows == [(1, ["2024-03-04", "1904-01-02T10:30:00"])]
    assert not table.bad_cells


def test_old_workbook_with_1904_dates() -> None:
    old = xlwt.Workbook()
    old.dates_1904 = True
    old.add_sheet("S").write(0, 0, date(2024, 3, 4), xlwt.easyxf(num_format_str="yyyy-mm-dd"))
    (table,) = read(save(old), "export.xls")
    assert table.rows == [(1, ["2024-03-04"])]


@pytest.mark.parametrize("name", ["export.xlsx", "export.xls"])
def test_what_a_person_does_not_see_is_noted(name: str) -> None:
    if name == "export.xls":
        old = xlwt.Workbook()
        sheet = old.add_sheet("Results", cell_overwrite_ok=True)
        sheet.merge(1, 2, 0, 0)
        for row in range(4):
            for column in range(3):
                sheet.write(row, column, f"{row}{column}")
        sheet.row(3).hidden = True
        sheet.col(2).hidden = True
        sheet.col(7).hidden = True
        old.add_sheet("Secret").visibility = 1
        content = save(old)
    else:
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.title = "Results"
        for row in range(4):
            sheet.append([f"{row}{column}" for column in range(3)])
        sheet.merged_cells.add("A2:A3")
        sheet.row_dimensions[4].hidden = True
        sheet.row_dimensions[9].hidden = True
        sheet.column_dimensions["C"].hidden = True
        sheet.column_dimensions["H"].hidden = True
        book.create_sheet("Secret").sheet_state = "veryHidden"
        content = save(book)
    (table,) = read(content, name)
    assert table.sheet == "Results"
    assert [texts[0] for _, texts in table.rows] == ["00", "10", "20", "30"]
    assert table.bad_cells == {(3, 0): "cell-merged"}
    assert dict(table.notes) == {
        "hidden-sheets": "1 hidden",
        "hidden-rows": "1 of 4 rows",
        "hidden-columns": "1 column",
        "merged-cells": "1 merged area",
    }


def test_comments_and_lines_through_cells_are_noted() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in range(9):
        sheet.append([row, "x"])
    for name in ("A2", "B9"):
        sheet[name].comment = Comment("wrong specimen", "Aster")
    for row in range(1, 8):
        sheet.cell(row, 2).font = Font(strike=True)
    sheet["C4"].font = Font(strike=True)
    sheet["A1"].font = Font(strike=False, bold=True)
    (table,) = read(save(book))
    assert table.notes == (
        ("cell-commented", "2 cells (A2, B9) with a comment, "
         "7 cells (B1, B2, B3, B4, B5 …) struck through"),
    )  # fmt: skip
    assert len(table.rows) == 9


def test_hidden_parts_of_ods_are_noted() -> None:
    cell = '<table:table-cell office:value-type="string"{}><text:p>x</text:p></table:table-cell>'
    row = "<table:table-row{}>{}</table:table-row>"
    under = cell.format("").replace("table-cell", "covered-table-cell")
    content = pack_ods(
        '<table:table table:name="Results">'
        '<table:table-column/><table:table-column table:visibility="collapse"/>',
        row.format("", cell.format(' table:number-columns-spanned="2"') + under),
        row.format(' table:visibility="filter" table:number-rows-repeated="2"', cell.format("")),
        "</table:table>",
        '<table:table table:name="Secret" table:style-name="h">',
        row.format("", cell.format("")),
        "</table:table>",
        styles='<style:style style:name="h" style:family="table">'
        '<style:table-properties table:display="false"/></style:style>',
    )
    (table,) = read(content, "export.ods")
    assert table.rows == [(1, ["x", "x"]), (2, ["x", ""]), (3, ["x", ""])]
    assert table.bad_cells == {(1, 1): "cell-merged"}
    assert dict(table.notes) == {
        "hidden-sheets": "1 hidden",
        "hidden-rows": "2 of 3 rows",
        "hidden-columns": "1 column",
        "merged-cells": "1 merged area",
    }


def test_every_visible_sheet_is_given_in_its_order() -> None:
    sheet = write_sheet('<row r="1"><c r="A1"><v>{}</v></c></row>')
    content = pack_xlsx(
        *(sheet.format(i) for i in range(4)),
        write_sheet(""),
        parts={
            "xl/workbook.xml": list_sheets(
                ("end", "visible"), ("B &amp; b", "hidden"), ("C", "visible"), ("A", "visible"),
                ("empty", "visible"))
        },
    )  # fmt: skip
    tables = read(content)
    assert [(table.sheet, [texts for _, texts in table.rows]) for table in tables] == [
        ("end", [["0"]]),
        ("C", [["2"]]),
        ("A", [["3"]]),
        ("empty", []),
    ]
    assert [table.notes for table in tables] == [(("hidden-sheets", "1 hidden"),), (), (), ()]


def test_blank_texts_and_escapes_do_not_make_the_readings_disagree() -> None:
    strings = write_strings("_x000D_", "a_x0041_", " ", "x\u2028y")
    cells = (
        "".join(f'<c r="{column}1" t="s"><v>{i}</v></c>' for i, column in enumerate("ABCD"))
        + '<c r="E1" t="str"><v>_x000D_</v></c><c r="F1"><v>1</v></c>'
    )
    content = pack_xlsx(
        write_sheet(f'<row r="1">{cells}</row>'), parts={"xl/sharedStrings.xml": strings}
    )
    ((_, texts),) = read(content)[0].rows
    assert [text.strip() for text in texts] == ["", "aA", "", "x\u2028y", "", "1"]


@given(
    st.lists(
        st.one_of(
            st.integers(-(10**15) + 1, 10**15 - 1),
            st.floats(allow_nan=False, allow_infinity=False, min_value=-1e14, max_value=1e14),
        )
    )
)
@settings(max_examples=300, deadline=None)
def test_number_text_reads_back_as_the_number(values: list[float]) -> None:
    for value in values:
        text = write_number(value)
        assert float(text) == value
        assert "e" not in text.lower()
        assert not text.endswith(".0")


@settings(max_examples=15, deadline=None)
@given(
    st.dictionaries(
        st.tuples(st.integers(1, 30), st.integers(1, 12)),
        st.one_of(
            st.integers(-(10**9), 10**9),
            # openpyxl writes 16 digits, which do not tell all numbers apart.
            st.floats(-1e6, 1e6).map(lambda value: float(f"{value:.12g}")),
            st.text(st.characters(min_codepoint=32, exclude_categories=("Cs", "Co", "Cn")))
            .filter(lambda text: text and text.strip() == text and "_x" not in text),
        ),
        min_size=1,
    )
)  # fmt: skip
def test_what_was_written_is_what_is_read(cells: dict[tuple[int, int], Any]) -> None:
    book = openpyxl.Workbook()
    for (row, column), value in cells.items():
        cell = book.active.cell(row, column, value)
        cell.data_type = "s" if isinstance(value, str) else "n"
    (table,) = read(save(book))
    found = {
        (row, column): text
        for row, texts in table.rows
        for column, text in enumerate(texts, 1)
        if text
    }
    expected = {
        place: value if isinstance(value, str) else write_number(value)
        for place, value in cells.items()
    }
    assert found == expected


@pytest.mark.parametrize(
    ("code", "value", "is_shown"),
    [
        ("General", 1.5, True),
        ("@", 1.5, True),
        ("0", 1.5, True),
        ("00", 9, False),
        ("00", 10, True),
        ("00.0", 9.5, False),
        ("??0.0", 9.5, True),
        ("# ##0.0", 1234.5, True),
        ("0.0 ", 9.5, True),
        ("0\\ ", 9, True),
        ("0\\.0", 95, False),
        ("*00", 9, False),
        ("0.0%", 0.5, False),
        ("0.0,,", 5e6, False),
        ("[$€-407] 0.00", 9, False),
        ("0.00 [$USD]", 9, False),
        ("[Color10]0.00", 9, True),
        ("+0;-0", 9, False),
        ('"a;b"0', 9, False),
        ("0;;", -1, False),
        ("yyyy-mm-dd", 45355, False),
        ("[h]:mm", 1, False),
        ("0" * 300, 1, False),
    ],
)
def test_number_format_shows_the_number_or_not(code: str, value: float, is_shown: bool) -> None:
    found = read_format(164, {164: code})
    assert (found is None or found.shows(value)) == is_shown


@pytest.mark.parametrize(
    ("code", "is_date"),
    [
        ("yyyy-mm-dd", True), ("d", True), ("hh:mm", True), ("[h]", True), ("[$-F800]dddd", True),
        ("General", False), ("0.0", False), ('0.0" mmol/day"', False), ("0\\d", False),
        ("0.00E+00", False), ("[Red]0", False), ('"d"', False),
    ],
)  # fmt: skip
def test_date_format_is_told_from_others(code: str, is_date: bool) -> None:
    assert NumberFormat(code).is_date == is_date


SCRIPT = """
import sys; from pathlib import Path; sys.path.insert(0, sys.argv[2])
from pipeline.ingest.formats.workbook.reader import read_workbook
print(read_workbook(Path("a.xlsx"), Path(sys.argv[1]).read_bytes())[0].rows)
"""


def test_child_finds_its_packages_from_anywhere(tmp_path: Path) -> None:
    """Neither the folder, nor what lies in it, nor the environment changes what the child runs."""
    (tmp_path / "a.xlsx").write_bytes(
        pack_xlsx(write_sheet('<row r="1"><c r="A1"><v>1</v></c></row>'))
    )
    (tmp_path / "json.py").write_text("raise SystemExit('not the right module')")
    (tmp_path / "pipeline").mkdir()
    (tmp_path / "pipeline" / "__init__.py").write_text("raise SystemExit('not the right package')")
    root = str(Path(pipeline.__path__[0]).parent)
    done = subprocess.run(
        [sys.executable, "-P", "-c", SCRIPT, "a.xlsx", root],
        cwd=tmp_path,
        env={**os.environ, "PYTHONSTARTUP": "nowhere.py", "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == ("[(1, ['1'])]", "")
