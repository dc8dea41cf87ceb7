"""The import workbook: filled in by a person, it is read without any configuration."""

from datetime import date, datetime

import pytest
from openpyxl import load_workbook

from pipeline.ingest.file import read_results
from pipeline.ingest.layout.analyte_names import analyte_of
from pipeline.ingest.layout.headers import index_headers
from pipeline.ingest.text_tables import SiteConventions
from pipeline.knowledge.load import load_knowledge
from pipeline.knowledge.translate import translate
from pipeline.report import template as form
from pipeline.report.excel.package import save_workbook
from pipeline.report.template import render_template
from pipeline.texts import ENGLISH, LANGUAGES

KNOWLEDGE = load_knowledge()
IN_GERMAN = translate(load_knowledge(), "de")
LONG, WIDE, EXAMPLE, LISTS = map(ENGLISH, (form.LONG, form.WIDE, form.EXAMPLE, form.LISTS))
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
    return read_results(path, path.name, KNOWLEDGE, SiteConventions(), today=TODAY)


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


@pytest.fixture
def german(tmp_path):
    path = tmp_path / "vorlage.xlsx"
    save_workbook(render_template(IN_GERMAN, LANGUAGES["de"]), path, datetime(2026, 11, 1))
    return path


ZEILE = {
    "Patienten-ID": "00123", "Patientenname": "Aster Sample", "Geschlecht": "W", "Geburtsdatum": date(1980, 5, 31),
    "Proben-ID": "S-1", "Entnahmezeitpunkt": datetime(2026, 3, 1, 8, 30), "Analyt": "Hämoglobin", "Ergebnis": 11.2,
    "Einheit": "g/dL", "Referenz unten": 12, "Referenz oben": 15.5, "Kommentar": "Thrombozytenaggregate",
}  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ("", "final"),
        ("endgültig", "final"),
        ("korrigiert", "corrected"),
        ("vorläufig", "preliminary"),
    ],
)
def test_what_is_typed_in_german_is_read_without_configuration(german, typed, status):
    found = fill(german, "Ergebnisse", [{**ZEILE, "Status": typed}])
    assert found.held.empty
    columns = ["patient_id", "sex", "accession", "analyte", "value", "unit", "status"]
    assert found.results[columns].to_numpy().tolist() == [
        ["00123", "F", "S-1", "hemoglobin", 112.0, "g/L", status]
    ]
    (row,) = found.results.to_dict("records")
    assert (str(row["birth_date"])[:10], str(row["collected_at"])[:16]) == (
        "1980-05-31",
        "2026-03-01 08:30",
    )
    assert (row["reference_low"], row["reference_high"]) == (12, 15.5)
    assert list(found.observations["code"]) == ["platelet-clumps"]


CONTEXT = {
    "Schwanger": ("ja", "pregnant"), "Trimenon": ("2", "trimester"), "Höhe über Meer (m)": (2500, "elevation-m"),
    "Medikamente": ("Metformin", "metformin"), "Vorerkrankungen": ("Gastrektomie", "gastric-surgery"),
    "Beginn Vitamin B12": (date(2026, 1, 5), "b12-started"), "Transfundiert am": (date(2026, 2, 5), "transfused"),
}  # fmt: skip


@pytest.mark.parametrize("header", CONTEXT)
def test_context_that_is_typed_in_german_is_read(german, header):
    typed, meant = CONTEXT[header]
    found = fill(german, "Ergebnisse", [{**ZEILE, "Kommentar": "", header: typed}])
    assert meant in set(found.observations["code"])
    assert found.held.empty


def test_rows_that_are_typed_in_german_are_read_too(german):
    row = {name: ZEILE[name] for name in ("Patienten-ID", "Geschlecht", "Entnahmezeitpunkt")}
    found = fill(german, "Eine Zeile je Probe", [{**row, "Hämoglobin": 112, "Thrombozyten": 95}])
    assert found.held.empty
    assert sorted(zip(found.results["analyte"], found.results["value"], strict=True)) == [
        ("hemoglobin", 112.0),
        ("platelets", 95.0),
    ]
    assert not found.issues["code"].eq("sheet-not-used").any()


def test_all_that_can_be_chosen_in_german_is_understood(german):
    index, book = index_headers(KNOWLEDGE), load_workbook(german)
    for title, count, *units in book["Listen"].iter_rows(min_row=4, values_only=True):
        for unit in units[: int(count)]:
            assert analyte_of(title, unit, "", index.names).code == "", (title, unit)
    for sheet in ("Ergebnisse", "Eine Zeile je Probe"):
        for cell in book[sheet][1]:
            meaning = index.meaning_of(str(cell.value).partition(" *")[0].partition(" (*)")[0])
            assert (meaning.kind, meaning.code) != ("unknown", ""), cell.value
    for validation in book["Eine Zeile je Probe"].data_validations.dataValidation:
        assert (validation.errorTitle, validation.error) == (
            "Nicht in der Liste",
            "labflag kennt es vielleicht nicht. Trotzdem stehen lassen?",
        )
    assert (book.properties.title, book.properties.language) == ("Ergebnisse für labflag", "de")


def test_no_english_stands_in_a_german_template(template, german):
    def said(path):
        book = load_workbook(path)
        for sheet in book:
            yield from (sheet.title, sheet.oddFooter.left.text, sheet.oddFooter.right.text)
            for row in sheet.iter_rows(values_only=True):
                yield from (str(value) for value in row if value is not None)
            for rule in sheet.data_validations.dataValidation:
                if rule.formula1.startswith('"'):
                    yield from rule.formula1.strip('"').split(",")

    # Units, ids and words that are the same in German.
    alike = {
        "00123", "S-1", "LOINC", "Status", "45", "12.5", "125", "M", "1", "2", "3", "Vitamin B12",
        "Ferritin", "Haptoglobin", "TSH", "Gastrin",
    }  # fmt: skip
    units = {unit for each in KNOWLEDGE.analytes.values() for unit in each.units}
    units |= {str(number) for number in range(20)}
    # A header of the wide form ends in its unit.
    one, other = ({text.partition(" (")[0] for text in said(path)} for path in (template, german))
    assert (one & other) - alike - units == set()


def test_an_empty_template_holds_no_results(template):
    found = read_results(template, "template.xlsx", KNOWLEDGE, SiteConventions(), today=TODAY)
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
            assert (found.is_supported, found.code) == (True, ""), (title, unit)
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
