"""Layouts and headers: what the columns of an export are taken for."""

import pytest

from pipeline.ingest.cells.units import index_units, unit_of
from pipeline.ingest.layout.analyte_names import index_names
from pipeline.knowledge.load import load_knowledge
from pipeline.knowledge.name_key import name_key
from schemas import Export
from schemas.vocabulary import Sex

KNOWLEDGE = load_knowledge()
UNITS = index_units(KNOWLEDGE)
LAYOUTS = tuple(KNOWLEDGE.layouts.values())
FIELDS = tuple(KNOWLEDGE.fields.values())
BOTH_ENDS = "reference"
"""The one field that is no column of Export: it is split into low and high."""

# The CDC's codebooks: variable, label's unit.
CDC = """
    variable | unit
    LBXWBCSI | 1000 cells/uL
    LBXLYPCT | %
    LBXMOPCT | %
    LBXNEPCT | %
    LBXEOPCT | %
    LBXBAPCT | %
    LBDLYMNO | 1000 cells/uL
    LBDMONO  | 1000 cells/uL
    LBDNENO  | 1000 cells/uL
    LBDEONO  | 1000 cells/uL
    LBDBANO  | 1000 cells/uL
    LBXRBCSI | million cells/uL
    LBXHGB   | g/dL
    LBXHCT   | %
    LBXMCVSI | fL
    LBXMCHSI | pg
    LBXMC    | g/dL
    LBXRDW   | %
    LBXPLTSI | 1000 cells/uL
    LBXB12   | pg/mL
    LBDB12   | pg/mL
    LBXMMA   | umol/L
    LBXMMASI | nmol/L
    LBXHCY   | umol/L
    LBXFOL   | ng/mL
    LBDFOT   | ng/mL
    LBXRBF   | ng/mL RBC
    LBDRFO   | ng/mL
    LBXFER   | ng/mL
    LBXSCR   | mg/dL
"""


def rows(table: str) -> list[list[str]]:
    lines = [line.strip() for line in table.strip().splitlines()][1:]
    return [[cell.strip() for cell in line.split("|")] for line in lines if line[0] != "#"]


# --- Layouts ----------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda each: each.id)
def test_layout_fits_the_export_table_and_the_analytes(layout):
    assert set(layout.columns.values()) <= {*Export.column_types(), BOTH_ENDS}
    headers = [name_key(header) for header in layout.columns]
    headers += [name_key(column.header) for column in layout.analytes]
    assert len(set(headers)) == len(headers)
    assert {name_key(header) for header in layout.requires} <= set(headers)
    for column in layout.analytes:
        analyte = KNOWLEDGE.analytes[column.analyte]
        assert not column.unit or unit_of(column.unit, analyte, UNITS), column


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda each: each.id)
def test_layout_is_told_by_more_than_one_header(layout):
    assert len(layout.requires) > 1


def test_nhanes_codes_have_the_units_of_the_codebooks():
    stated = {column.header: column for column in KNOWLEDGE.layouts["nhanes"].analytes}
    published = dict(rows(CDC))
    assert stated.keys() == published.keys()
    for header, column in stated.items():
        analyte = KNOWLEDGE.analytes[column.analyte]
        ours, theirs = (
            analyte.units[unit_of(unit, analyte, UNITS)]
            for unit in (column.unit, published[header])
        )
        assert ours == theirs, header


def test_nhanes_reads_sex_codes_and_ages_in_years():
    nhanes = KNOWLEDGE.layouts["nhanes"]
    assert nhanes.sex == {"1": Sex.MALE, "2": Sex.FEMALE}
    assert nhanes.age_unit == "years"
    assert nhanes.columns == {"SEQN": "patient_id", "RIAGENDR": "sex", "RIDAGEYR": "age"}
    assert not nhanes.population


# --- Headers ----------------------------------------------------------------------------------


RUNNING_TEXT = {"medications", "conditions", "film", "analyzer", "specimen_remark"}


def test_fields_are_the_columns_of_export_that_a_file_can_fill():
    made_by_us = {"result_id", "source_file", "source_sheet", "source_row", "source_column"}
    columns = set(Export.column_types()) - made_by_us | {BOTH_ENDS}
    # An error of the run holds its results and is kept in no column.
    assert set(KNOWLEDGE.fields) == columns | RUNNING_TEXT | {"run_error"}


def test_no_header_means_two_fields_or_is_written_twice():
    keys = [name_key(header) for field in FIELDS for header in field.headers]
    assert sorted(key for key in set(keys) if keys.count(key) > 1) == []


def test_no_header_is_the_name_of_an_analyte():
    index = index_names(KNOWLEDGE)
    keys = {
        name_key(header): field.name for field in FIELDS for header in (*field.headers, field.name)
    }
    assert not keys.keys() & {*index.names, *index.names_with_unit, *index.said}
    # The name of a morphology heads a column of text and, in a long table, names no number.
    assert {keys[key] for key in keys.keys() & index.look_alikes.whole} == {"film"}


HEADERS = """
    header                  | field
    Patient ID              | patient_id
    PATIENT_ID              | patient_id
    MRN                     | patient_id
    Patient no.             | patient_id
    USUBJID                 | patient_id
    Patientennummer         | patient_id
    N° patient              | patient_id
    Historia clínica        | patient_id
    Nombre del paciente     | patient_name
    Gender                  | sex
    Geschlecht              | sex
    DOB                     | birth_date
    Birth date              | birth_date
    Geburtsdatum            | birth_date
    Date de naissance       | birth_date
    Fecha de nacimiento     | birth_date
    Âge                     | age
    Sample ID No            | sample_id
    Accession               | sample_id
    Lab No                  | sample_id
    Probennummer            | sample_id
    Auftragsnummer          | sample_id
    Collection Date         | collected_at
    Date Collected          | collected_at
    Drawn                   | collected_at
    Abnahmedatum            | collected_at
    Date de prélèvement     | collected_at
    Fecha de extracción     | collected_at
    LBDTC                   | collected_at
    Test Name               | analyte
    Examen                  | analyte
    LOINC-Code              | loinc
    Ergebnis                | value
    Résultat                | value
    LBORRES                 | value
    Units                   | unit
    Einheit                 | unit
    Status                  | status
    Ref Range Low           | reference_low
    LLN                     | reference_low
    Untere Grenze           | reference_low
    ULN                     | reference_high
    Reference range         | reference
    Referenzbereich         | reference
    Valores de referencia   | reference
    Abnormal Flag           | flag
    H/L                     | flag
    Bemerkung               | comment
    # neither collection nor anything certain
    Date                    |
    Datum                   |
    Time                    |
    Analysis Date           |
    Analysis Time           |
    Result Date             |
    Reported                |
    Report Date             |
    Received                |
    Validated               |
    Print Date              |
    Comp. Time              |
    Load Date/Time          |
    ID                      |
    No.                     |
    Patient                 |
    Low                     |
    High                    |
    First name              |
    Vorname                 |
"""


@pytest.mark.parametrize(("header", "field"), rows(HEADERS))
def test_header_means_field(header, field):
    fields = {name_key(each): field.name for field in FIELDS for each in field.headers}
    assert fields.get(name_key(header), "") == field
