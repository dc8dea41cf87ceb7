"""One file's results, text → types: rows, issues and where they stand."""

from dataclasses import replace
from datetime import date
from typing import cast

import pandas as pd
import pytest

from pipeline.ingest.cells.units import normalize_units
from pipeline.ingest.layout.dialect import Conventions
from pipeline.ingest.parse_results import parse_results
from pipeline.issues import set_aside
from pipeline.issues.catalogue import CATALOGUE, ERROR
from pipeline.knowledge.load import load_knowledge
from pipeline.knowledge.model import Knowledge
from schemas import DataFrame, Export, Held, Results
from schemas.results import Origin
from schemas.vocabulary import Sex

TODAY = date(2024, 6, 1)
LONG = Conventions(
    source_file="march.csv",
    sha8="0123abcd",
    shape="long",
    decimal=".",
    columns={"Result": "value", "Born": "birth_date", "Drawn": "collected_at", "Years": "age"},
)
GOOD = {
    "patient_id": "P1",
    "sample_id": "S1",
    "analyte": "Hemoglobin",
    "value": "11.2",
    "unit": "g/dL",
}


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


def export(*rows: dict[str, str]) -> DataFrame[Export]:
    """Rows of Export: what is not said is empty."""
    kinds = Export.column_types()
    blank = dict.fromkeys(kinds, "") | {"source_file": "march.csv", "source_column": "Result"}
    frame = pd.DataFrame(
        [blank | {"result_id": at, "source_row": at + 2} | row for at, row in enumerate(rows)],
        columns=list(kinds),
    )
    return cast(DataFrame[Export], frame.astype(kinds))


def codes(knowledge: Knowledge, row: dict[str, str], conventions: Conventions = LONG) -> str:
    """The issue codes of one row beside a good one, in order."""
    issues = parse_results(export(row), conventions, knowledge, TODAY).issues
    return ",".join(issues["code"])


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, ""),
        ({"patient_id": ""}, ""),
        ({"patient_id": "", "sample_id": ""}, ""),
        ({"value": ""}, "value-missing"),
        ({"value": "pending"}, "not-measured"),
        ({"value": "HEMOLYSED"}, "specimen-unreliable"),
        ({"value": "1,060"}, "number-ambiguous"),
        ({"value": "negative"}, "not-a-number"),
        ({"value": "0.00", "flag": "E "}, "measurement-failed"),
        ({"value": "0 E"}, "measurement-failed"),
        ({"value": "12.0", "flag": "E"}, ""),
        ({"flag": "*"}, "mark-unclear"),
        ({"flag": "L"}, ""),
        ({"flag": "hemolyzed"}, "specimen-unreliable"),
        ({"flag": "Aggregat", "comment": "clotted"}, "specimen-unreliable,comment-warns"),
        ({"flag": "cancelled"}, "not-measured"),
        ({"flag": "hemolyzed", "value": "pending"}, "not-measured"),
        ({"comment": "Sample hemolyzed."}, "comment-warns"),
        ({"comment": "wrong tube?"}, "comment-warns"),
        ({"comment": "no clots seen"}, ""),
        ({"analyte": "Hb venous"}, "analyte-unclear"),
        ({"analyte": "Hb in g/dl", "unit": ""}, ""),
        ({"analyte": ""}, "analyte-missing"),
        ({"analyte": "Hemoglobim"}, "analyte-unclear"),
        ({"analyte": "Glucose"}, "analyte-unknown"),
        ({"analyte": "Glucose", "value": "", "sex": "zz", "patient_id": ""}, "analyte-unknown"),
        ({"loinc": "787-2"}, "analyte-contradiction"),
        ({"loinc": "4548-4"}, "loinc-unknown"),
        ({"analyte": "Neutrophils", "unit": ""}, "unit-missing"),
        ({"analyte": "Neutrophils", "unit": "", "value": "55 %"}, ""),
        ({"analyte": "Hemoglobin (g/L)"}, "unit-contradiction"),
        ({"analyte": "Hemoglobin (g/dL)"}, ""),
        ({"sample_id": ""}, "specimen-unknown"),
        ({"sample_id": "", "collected_at": "2024-05-31"}, "specimen-by-date"),
        ({"sample_id": "", "collected_at": "2024-05-31 08:30"}, ""),
        ({"collected_at": "2024-05-31T08:30Z"}, "time-offset"),
        ({"collected_at": "05/06/2024"}, "date-ambiguous"),
        ({"collected_at": "31/05/24"}, "date-unreadable"),
        ({"collected_at": "00/00/0000"}, "date-unreadable"),
        ({"birth_date": "00/00/0000"}, ""),
        (
            {"birth_date": "1980-01-01", "collected_at": "1979-12-31"},
            "date-impossible,date-impossible",
        ),
        ({"birth_date": "2024-05-31", "collected_at": "2024-05-31 08:30"}, ""),
        ({"birth_date": "2024-05-31", "collected_at": "2024-05-31"}, ""),
        ({"collected_at": "2024-06-02 23:59"}, ""),
        ({"collected_at": "2024-06-03"}, "date-impossible"),
        ({"birth_date": "2024-06-03"}, "date-impossible"),
        ({"sex": "F"}, ""),
        ({"sex": "1"}, "sex-unreadable"),
        ({"age": "adult"}, "age-unreadable"),
        ({"status": "zz"}, "status-unreadable"),
        ({"status": "F"}, ""),
        ({"reference_low": "12.0", "reference_high": "15.5"}, ""),
        ({"reference_low": "see comment"}, "reference-unreadable"),
        (
            {"birth_date": "1980-01-01", "collected_at": "2024-01-01", "age": "42"},
            "age-contradiction",
        ),
        ({"birth_date": "1980-01-01", "collected_at": "2024-01-01", "age": "43"}, ""),
        (
            {"birth_date": "1980-01-01", "collected_at": "2024-01-01", "age": ">89"},
            "age-contradiction",
        ),
        (
            {"sex": "1", "status": "zz", "collected_at": "x", "value": "x", "flag": "*"},
            "not-a-number,date-unreadable,sex-unreadable,status-unreadable,mark-unclear",
        ),
    ],
)
def test_issues_of_a_row_gravest_first(
    knowledge: Knowledge, change: dict[str, str], answer: str
) -> None:
    assert codes(knowledge, GOOD | change) == answer


def test_a_good_row_is_read_in_full(knowledge: Knowledge) -> None:
    row = GOOD | {
        "patient_name": "Doe, Jane",
        "sex": "female",
        "birth_date": "1980-06-15",
        "collected_at": "2024-05-31 08:30",
        "value": "<11.2 g/dL L",
        "reference_low": "12.0-15.5",
        "comment": "as is",
        "status": "amended",
    }
    conventions = replace(LONG, population="adult")
    table, issues = parse_results(export(row), conventions, knowledge, TODAY)
    assert issues.empty
    first = table.iloc[0]
    expected = {
        "patient_id": "P1",
        "patient_name": "Doe, Jane",
        "sex": "F",
        "birth_date": pd.Timestamp("1980-06-15"),
        "age_days_low": 16056,
        "age_days_high": 16056,
        "age_months_low": 527,
        "age_months_high": 527,
        "population": "adult",
        "accession": "S1",
        "collected_at": pd.Timestamp("2024-05-31 08:30"),
        "collected_precision": "time",
        "analyte": "hemoglobin",
        "status": "corrected",
        "comparator": "<",
        "original_text": "<11.2 g/dL L",
        "original_value": 11.2,
        "unit_text": "g/dL",
        "unit_in_cell": "g/dL",
        "reference_low": 12.0,
        "reference_high": 15.5,
        "flag": "L",
        "comment": "as is",
        "ignored": False,
    }
    assert {name: first[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("shape", "change", "answer"),
    [
        ("long", {}, "S1"),
        ("long", {"collected_at": "2024-05-31"}, "S1"),
        ("long", {"sample_id": "", "collected_at": "2024-05-31"}, "P1@2024-05-31"),
        ("long", {"sample_id": "", "collected_at": "2024-05-31 08:30"}, "P1@2024-05-31T08:30:00"),
        ("long", {"sample_id": ""}, ""),
        ("wide", {"sample_id": ""}, "0123abcd#2"),
        ("wide", {"sample_id": "", "collected_at": "2024-05-31"}, "P1@2024-05-31"),
        ("wide", {"sample_id": "", "patient_id": ""}, ""),
    ],
)
def test_the_accession(
    knowledge: Knowledge, shape: str, change: dict[str, str], answer: str
) -> None:
    conventions = replace(LONG, shape=shape)
    table = parse_results(export(GOOD | change), conventions, knowledge, TODAY).table
    assert table["accession"].tolist() == [answer]


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({"birth_date": "2000-03-01", "collected_at": "2024-02-29"}, (8765, 8765, 287, 287)),
        (
            {"birth_date": "2000-03-01", "collected_at": "2024-02-29", "age": "5"},
            (8765, 8765, 287, 287),
        ),
        ({"birth_date": "2000-03-01", "age": "8m"}, (242, 275, 8, 8)),
        ({"collected_at": "2024-02-29", "age": "8m"}, (242, 275, 8, 8)),
        ({"age": "44"}, (16070, 16436, 528, 539)),
        ({"age": ">89"}, (32506, None, 1068, None)),
        ({}, (None, None, None, None)),
    ],
)
def test_age_at_collection(
    knowledge: Knowledge, change: dict[str, str], answer: tuple[int | None, ...]
) -> None:
    table = parse_results(export(GOOD | change), LONG, knowledge, TODAY).table
    ages = table.filter(like="age_").iloc[0]
    assert tuple(None if pd.isna(age) else age for age in ages) == answer


@pytest.mark.parametrize(
    ("conventions", "change", "answer"),
    [
        ({"age_unit": "months"}, {"age": "8"}, 8),
        ({"columns": {"Age (months)": "age"}}, {"age": "8"}, 8),
        ({}, {"age": "8"}, 96),
        ({"sex": {"1": Sex.MALE, "2": Sex.FEMALE}}, {"sex": "2", "age": "8"}, 96),
    ],
)
def test_the_reading_of_the_file_is_heeded(
    knowledge: Knowledge, conventions: dict[str, object], change: dict[str, str], answer: int
) -> None:
    row = parse_results(export(GOOD | change), replace(LONG, **conventions), knowledge, TODAY)
    assert row.table["age_months_low"].tolist() == [answer]
    assert row.table["sex"].tolist() == ["F" if "sex" in conventions else ""]
    assert row.issues.empty


def test_the_order_of_dates_is_heeded_column_by_column(knowledge: Knowledge) -> None:
    conventions = replace(
        LONG, date_order={"birth_date": "month-first", "collected_at": "day-first"}
    )
    row = GOOD | {"birth_date": "02/03/1980", "collected_at": "02/03/2024"}
    table = parse_results(export(row), conventions, knowledge, TODAY).table
    assert table["birth_date"].tolist() == [pd.Timestamp("1980-02-03")]
    assert table["collected_at"].tolist() == [pd.Timestamp("2024-03-02")]


def test_issues_name_the_place_and_never_the_cell(knowledge: Knowledge) -> None:
    secret = "Zebedee"
    bad = dict.fromkeys(("value", "sex", "birth_date", "collected_at", "age", "status"), secret)
    table, issues = parse_results(
        export(GOOD, GOOD | bad, GOOD | {"analyte": secret, "patient_name": f"Doe, {secret}"}),
        LONG,
        knowledge,
        TODAY,
    )
    errors = issues[issues["severity"].eq(str(ERROR))]
    # This file has no columns of sex and status: their issues stand at the result itself.
    assert errors[["code", "row", "result_id", "column"]].to_numpy().tolist() == [
        ["not-a-number", 3, 1, "Result"],
        ["date-unreadable", 3, 1, "Drawn"],
        ["date-unreadable", 3, 1, "Born"],
        ["sex-unreadable", 3, 1, "Result"],
        ["age-unreadable", 3, 1, "Years"],
        ["status-unreadable", 3, 1, "Result"],
    ]
    assert not issues["message"].str.contains(secret).any()
    assert len(table) == 3


def test_notes_of_the_whole_table_are_said_once(knowledge: Knowledge) -> None:
    by_date = GOOD | {"sample_id": "", "collected_at": "2024-05-31"}
    other = GOOD | {"analyte": "Glucose"}
    rows = [by_date, by_date | {"analyte": "MCV", "unit": "fL", "value": "90"}, other, other]
    issues = parse_results(export(*rows), LONG, knowledge, TODAY).issues
    assert issues["code"].tolist() == ["analyte-unknown", "specimen-by-date"]
    assert issues["result_id"].isna().all()
    assert [message.partition(": ")[0] for message in issues["message"]] == [
        "2 results (Glucose 2)",
        "2 results",
    ]


def test_analytes_without_a_name_are_listed_by_their_code(knowledge: Knowledge) -> None:
    rows = [GOOD | {"analyte": "", "loinc": "2345-7"}, GOOD | {"analyte": "Iron"}]
    message = parse_results(export(*rows), LONG, knowledge, TODAY).issues["message"].iloc[0]
    assert message.startswith("2 results (LOINC 2345-7 1, Iron 1): ")


def test_a_flag_of_doubt_takes_the_number_away(knowledge: Knowledge) -> None:
    conventions = replace(LONG, columns={**LONG.columns, "Mark": "flag"})
    rows = export(GOOD | {"flag": "clotted"}, GOOD | {"comment": "clotted"})
    table, issues = parse_results(rows, conventions, knowledge, TODAY)
    assert table["original_value"].isna().tolist() == [True, False]
    assert issues["column"].tolist() == ["Mark", "Result"]
    assert set_aside(issues).tolist() == [0]


@pytest.mark.parametrize(
    ("cells", "unit", "held"),
    [
        ("NEUT 0.55, LYMPH 0.35, MONO 0.1", "%", "NEUT, LYMPH, MONO"),
        ("NEUT% 0.55, LYMPH% 0.35, MONO% 0.1", "", "NEUT%, LYMPH%, MONO%"),
        ("NEUT 0.6, LYMPH 0.4, MONO 0.1, EO 0, BASO 0", "%", "NEUT, LYMPH, MONO, EO, BASO"),
        ("NEUT 0.3, LYMPH 0.2", "%", "NEUT, LYMPH"),
        ("NEUT 0.55, LYMPH <0.4, MONO 0.1", "%", "NEUT, LYMPH, MONO"),
        ("NEUT 0.55, LYMPH 0.35, Hemoglobin 1", "%", "NEUT, LYMPH"),
        ("NEUT 0.55, LYMPH 0.35, NEUT 55", "%", "NEUT, LYMPH"),
        ("NEUT 55, LYMPH 35, MONO 10", "%", ""),
        ("NEUT 0.5, LYMPH 98, MONO 0.4", "%", ""),
        ("NEUT 0.8, LYMPH 0.5", "%", ""),
        ("NEUT 0.2, LYMPH 0.2", "%", ""),
        ("EO 0.5, BASO 0.4", "%", ""),
        ("NEUT 0.9", "%", ""),
        ("NEUT 0, LYMPH 0, MONO 0", "%", ""),
        ("NEUT 0.55, LYMPH 0.35, MONO 0.1", "10*9/L", ""),
    ],
)
def test_fractions_of_a_differential(
    knowledge: Knowledge, cells: str, unit: str, held: str
) -> None:
    pairs = [cell.split(" ") for cell in cells.split(", ")]
    rows = [GOOD | {"analyte": name, "value": text, "unit": unit} for name, text in pairs]
    issues = parse_results(export(*rows), LONG, knowledge, TODAY).issues
    hit = issues.loc[issues["code"].eq("percent-as-fraction"), "result_id"]
    assert ", ".join(pairs[at][0] for at in hit) == held


@pytest.mark.parametrize(
    ("second", "answer"),
    [
        ({}, [0, 1]),
        ({"sample_id": "S2"}, []),
        ({"patient_id": "P2"}, []),
        ({"value": "pending"}, []),
    ],
)
def test_fractions_are_seen_specimen_by_specimen(
    knowledge: Knowledge, second: dict[str, str], answer: list[int]
) -> None:
    percent = GOOD | {"unit": "%"}
    rows = [
        percent | {"analyte": "NEUT", "value": "0.6"},
        percent | {"analyte": "LYMPH", "value": "0.4"} | second,
    ]
    issues = parse_results(export(*rows), LONG, knowledge, TODAY).issues
    assert issues.loc[issues["code"].eq("percent-as-fraction"), "result_id"].tolist() == answer


def test_columns_of_a_wide_table_that_are_not_ours_are_named_elsewhere(
    knowledge: Knowledge,
) -> None:
    wide = replace(LONG, shape="wide")
    table, issues = parse_results(export(GOOD | {"analyte": "Glucose"}), wide, knowledge, TODAY)
    assert issues.empty
    assert table["ignored"].tolist() == [True]


def test_every_row_comes_back_and_is_results_or_held(knowledge: Knowledge) -> None:
    rows = [
        GOOD,
        GOOD | {"value": "pending"},
        GOOD | {"analyte": "Glucose"},
        GOOD | {"unit": "furlong"},
        GOOD | {"collected_at": "x", "age": "x", "sex": "x"},
        GOOD | {"analyte": "Hemoglobim"},
        GOOD | {"analyte": "MCV", "unit": "", "value": "104"},
    ]
    parsed = parse_results(export(*rows), LONG, knowledge, TODAY)
    table, issues = normalize_units(parsed.table, knowledge)
    assert table["result_id"].tolist() == list(range(len(rows)))
    bad = set(set_aside(parsed.issues)) | set(set_aside(issues))
    assert bad == {1, 3, 4, 5}
    is_held = table["result_id"].isin(bad)
    Results.validate(table[~is_held & ~table["ignored"]].drop(columns="ignored"))
    Held.validate(
        table.loc[is_held, list(Origin.column_types())].assign(code="x").astype({"code": "str"})
    )


@pytest.mark.parametrize("shape", ["long", "wide"])
def test_an_empty_table_stays_one(knowledge: Knowledge, shape: str) -> None:
    parsed = parse_results(export(), replace(LONG, shape=shape), knowledge, TODAY)
    table, issues = normalize_units(parsed.table, knowledge)
    assert (len(table), len(issues), len(parsed.issues)) == (0, 0, 0)
    assert {k: str(table[k].dtype) for k in Results.column_types()} == Results.column_types()


def test_every_code_that_can_be_given_is_in_the_catalogue() -> None:
    from pipeline.ingest.parse_results import _GRAVEST_FIRST

    assert all(CATALOGUE[code].severity == ERROR for code in _GRAVEST_FIRST)


@pytest.mark.parametrize(
    ("cells", "unit", "held"),
    [
        ("NEUT 0.45", "%", "NEUT"),
        ("LYMPH 0.999", "%", "LYMPH"),
        ("NEUT% 0.45", "", "NEUT%"),
        ("NEUT 0.45, Hemoglobin 1", "%", "NEUT"),
        ("NEUT 0.45, NEUT 0.45", "%", "NEUT, NEUT"),
        ("NEUT 1", "%", ""),
        ("NEUT <0.5", "%", ""),
        ("NEUT 0", "%", ""),
        ("NEUT 0.45, LYMPH 98", "%", ""),
        ("EO 0.45", "%", ""),
        ("NEUT 0.45", "10*9/L", ""),
    ],
)
def test_a_percentage_that_may_be_a_fraction(
    knowledge: Knowledge, cells: str, unit: str, held: str
) -> None:
    pairs = [cell.split(" ") for cell in cells.split(", ")]
    rows = [GOOD | {"analyte": name, "value": text, "unit": unit} for name, text in pairs]
    issues = parse_results(export(*rows), LONG, knowledge, TODAY).issues
    hit = issues.loc[issues["code"].eq("percent-or-fraction"), "result_id"]
    assert ", ".join(pairs[at][0] for at in hit) == held
