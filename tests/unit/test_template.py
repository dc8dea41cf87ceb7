"""The import workbook: filled in by a person, it is read without any configuration."""

from datetime import date, datetime

import pytest
from openpyxl import load_workbook

from pipeline.ingest.headers import index_headers
from pipeline.ingest.intake import read_results
from pipeline.ingest.names import analyte_of
from pipeline.ingest.tables import SiteReading
from pipeline.knowledge.load import load_knowledge
from pipeline.report.files import save_workbook
from pipeline.report.template import EXAMPLE, LISTS, LONG, WIDE, render_template

KNOWLEDGE = load_knowledge()
TODAY = date(2026, 11, 1)


@pytest.fixture
def template(tmp_path):
    path = tmp_path / "template.xlsx"
    save_workbook(render_template(KNOWLEDGE), path, datetime(2026, 11, 1))
    return path


def fill(path, title, rows):
    book = load_workbook(path)
    sheet = book[title]
    headers = [cell.value for cell in sheet[1]]
    for number, row in enumerate(rows, 2):
        for header, value in row.items():
            at = next(i for i, each in enumerate(headers, 1) if each.startswith(header))
            cell = sheet.cell(number, at, value)
            letter = cell.column_letter
            cell.number_format = sheet.column_dimensions[letter].number_format
    book.save(path)
    return read_results(path, path.name, KNOWLEDGE, SiteReading(), today=TODAY)


LONG_ROW = {
    "Patient ID": "00123", "Patient name": "Aster Sample", "Sex": "F", "Birth date": date(1980, 5, 31),
    "Sample ID": "S-1", "Collected at": datetime(2026, 3, 1, 8, 30), "Analyte": "Hemoglobin", "Result": 11.2, "Unit": "g/dL",
    "Status": "final",
}  # fmt: skip


def test_long_form_is_read(template):
    found = fill(template, LONG, [LONG_ROW, {**LONG_ROW, "Analyte": "Vitamin B12", "Result": "<150", "Unit": "pg/mL"}])  # fmt: skip
    assert found.held.empty
    columns = ["patient_id", "sex", "accession", "analyte", "comparator", "value", "unit"]
    assert found.results[columns].to_numpy().tolist() == [
        ["00123", "F", "S-1", "hemoglobin", "", 112.0, "g/L"],
        ["00123", "F", "S-1", "vitamin-b12", "<", 150.0, "ng/L"],
    ]
    assert [str(at) for at in found.results["birth_date"]] == ["1980-05-31 00:00:00"] * 2
    assert [str(at) for at in found.results["collected_at"]] == ["2026-03-01 08:30:00"] * 2


def test_wide_form_is_read(template):
    row = {name: LONG_ROW[name] for name in ("Patient ID", "Sex", "Birth date", "Collected at")}
    found = fill(template, WIDE, [{**row, "Hemoglobin": 112, "Platelets": 95}])
    assert found.held.empty
    columns = ["patient_id", "accession", "analyte", "value", "unit"]
    assert found.results[columns].to_numpy().tolist() == [
        ["00123", "00123@2026-03-01T08:30:00", "hemoglobin", 112.0, "g/L"],
        ["00123", "00123@2026-03-01T08:30:00", "platelets", 95.0, "10*9/L"],
    ]


def test_an_empty_template_holds_no_results(template):
    found = read_results(template, "template.xlsx", KNOWLEDGE, SiteReading(), today=TODAY)
    assert found.read == 0
    assert list(found.issues["code"]) == ["file-empty"]


def test_needed_columns_are_marked_in_color_and_in_text(template):
    for title in (LONG, WIDE):
        header = load_workbook(template)[title][1]
        marked = {cell.value: cell.fill.fgColor.rgb for cell in header}
        needed = {name for name in marked if name.endswith(("*", "(*)"))}
        assert {"Patient ID *", "Sample ID (*)", "Collected at (*)"} <= needed
        colors = {marked[name] for name in needed}
        assert len(colors) == 1
        assert not colors & {color for name, color in marked.items() if name not in needed}


def test_every_choice_is_understood(template):
    names = index_headers(KNOWLEDGE).names
    lists = load_workbook(template)[LISTS]
    seen = set()
    for title, count, *units in lists.iter_rows(min_row=4, values_only=True):
        if not title:
            break
        assert int(count) == len([unit for unit in units if unit])
        for unit in units[: int(count)]:
            found = analyte_of(title, unit, "", names)
            assert (found.is_ours, found.code) == (True, ""), (title, unit)
            assert KNOWLEDGE.analytes[found.analyte].title == title
        seen.add(title)
    assert seen == {each.title for each in KNOWLEDGE.analytes.values()}


def test_every_header_that_can_be_chosen_is_understood(template):
    index = index_headers(KNOWLEDGE)
    sheet = load_workbook(template)[WIDE]
    offered = {
        str(validation.sqref): validation.formula1.strip('"').split(",")
        for validation in sheet.data_validations.dataValidation
        if str(validation.sqref).endswith("1") and ":" not in str(validation.sqref)
    }
    assert len(offered) >= 6
    for at, headers in offered.items():
        assert sheet[at].value == headers[0]
        for header in headers:
            meaning = index.meaning_of(header)
            assert (meaning.kind, meaning.code) == ("analyte", ""), header
            assert KNOWLEDGE.analytes[meaning.analyte].title == header.rpartition(" (")[0]


@pytest.mark.parametrize(
    ("title", "column", "formula"),
    [
        (LONG, "Sex", '"F,M"'),
        (LONG, "Status", '"final,corrected,preliminary,cancelled"'),
        (LONG, "Analyte *", f"Lists!$A$4:$A${3 + len(KNOWLEDGE.analytes)}"),
        (WIDE, "Sex", '"F,M"'),
    ],
)
def test_drop_downs(template, title, column, formula):
    sheet = load_workbook(template)[title]
    letter = next(cell.column_letter for cell in sheet[1] if cell.value == column)
    (found,) = [
        each.formula1
        for each in sheet.data_validations.dataValidation
        if f"{letter}2" in each.sqref
    ]
    assert found == formula


def test_the_example_is_not_read(template):
    book = load_workbook(template)
    example = book[EXAMPLE]
    assert "EXAMPLE" in [cell.value for cell in example[5]]
    assert example["D6"].value == "00123"
    found = fill(template, LONG, [LONG_ROW])
    assert found.read == 1
    assert not found.issues["code"].eq("sheet-not-used").any()


def test_bytes_depend_on_content_alone(template, tmp_path):
    save_workbook(render_template(KNOWLEDGE), tmp_path / "again.xlsx", datetime(2026, 11, 1))
    assert template.read_bytes() == (tmp_path / "again.xlsx").read_bytes()
