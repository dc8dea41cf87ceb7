"""Units: spellings, the unit of a result, conversion and plausibility."""

import math

import numpy as np
import pandas as pd
import pytest

from pipeline.ingest.cells.units import (
    distinct_rows,
    index_units,
    needs_no_unit,
    normalize_units,
    resolve_unit,
    round_off,
    unit_key,
    unit_of,
)
from pipeline.knowledge.load import load_knowledge
from pipeline.knowledge.model import Analyte, Knowledge
from schemas.results import Origin, Results


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


@pytest.mark.parametrize(
    ("spellings", "key"),
    [
        (
            (
                "10*3/uL",
                "10^3/uL",
                "x10^3/uL",
                "× 10³/µL",
                "10E3/mcL",
                "10(3)/cu.mm",
                "x10^3/<U+00B5>L",
            ),
            "10^3/uL",
        ),
        (
            ("10\u02c63/μL", "10**3 / uL", "10exp3/uL", "10x3/cumm", "10^3/mm³", "x10^(3)/uL"),
            "10^3/uL",
        ),
        (("10³ per µL", "10^3 pro µL", "*10^3/uL", "(10)^3/uL", "10^+3/uL"), "10^3/uL"),
        (("10^9/L", "10⁹/L", "10^9 L⁻¹", "10^9 L^-1", "x(10)9/L"), "10^9/L"),
        (("g/dL", "g / dL", "g/100mL", "g/100 mL", "g·dL⁻¹"), "g/dL"),
        (("10*-1.fL", "10^(-1)fL", "10^-1 fL", "10⁻¹fL"), "10^-1fL"),
        (("µg/L", "mcg/L", "μg/L"), "ug/L"),
        (("um^3", "µm³", "um3", "um*3"), "um3"),
        (("mL/min/1.73m2",), "mL/min/1.73m2"),
        # Not the same: a power that was lost, a power below one, a number, other capitals.
        (("109/L", "x 109/L"), "109/L"),
        (("X10-3/UL",), "10-3/UL"),
        (("10.6/uL",), "10.6/uL"),
        (("1000/uL", "x1000/µL"), "1000/uL"),
        (("10^4/uL",), "10^4/uL"),
        (("10/uL",), "10/uL"),
        (("G/L",), "G/L"),
        (("g/L",), "g/L"),
        (("fmol",), "fmol"),
        (("", "  "), ""),
    ],
)
def test_spellings_that_say_the_same_have_one_key(spellings: tuple[str, ...], key: str) -> None:
    assert {unit_key(spelling) for spelling in spellings} == {key}


@pytest.mark.parametrize(
    ("analyte", "text", "answer"),
    [
        ("hemoglobin", "g/dL", "g/dL"),
        ("hemoglobin", "G/DL", "g/dL"),
        ("hemoglobin", "gm/dl", "g/dL"),
        ("hemoglobin", "g/L", "g/L"),
        ("hemoglobin", "G/L", "g/L"),
        ("platelets", "G/L", "10*9/L"),
        ("platelets", "lakh/cumm", "10*5/uL"),
        ("platelets", "K/uL", "10*3/uL"),
        ("platelets", "1000/uL", "10*3/uL"),
        ("platelets", "10^4/uL", "10*4/uL"),
        ("white-cells", "x 109/L", "10*9/L"),
        ("white-cells", "cells/cumm", "/uL"),
        ("white-cells", "10^12/L", ""),
        ("white-cells", "K/ML", ""),
        ("white-cells", "X10-3/UL", ""),
        ("red-cells", "10^12/L", "10*12/L"),
        ("mchc", "%", "g/dL"),
        ("hematocrit", "%", "%"),
        ("hematocrit", "10^(-1)%", "10*-1.%"),
        ("vitamin-b12", "pg/ml", "pg/mL"),
        ("vitamin-b12", "pmol/l", "pmol/L"),
        ("vitamin-b12", "nmol/L", ""),
        ("vitamin-b12", "mg/dL", ""),
        ("vitamin-b12", "", ""),
    ],
)
def test_the_analyte_decides_what_a_spelling_means(
    knowledge: Knowledge, analyte: str, text: str, answer: str
) -> None:
    assert unit_of(text, knowledge.analytes[analyte], index_units(knowledge)) == answer


@pytest.mark.parametrize(
    ("analyte", "column", "cell", "answer"),
    [
        ("hemoglobin", "g/dL", "", "g/dL"),
        ("hemoglobin", "", "g/L", "g/L"),
        ("hemoglobin", "g/dL", "gm/dl", "g/dL"),
        ("hemoglobin", "g/dL", "g/L", "unit-contradiction"),
        ("hemoglobin", "", "", "unit-missing"),
        ("hemoglobin", "foo", "g/L", "unit-not-accepted"),
        ("hemoglobin", "g/dL", "%", "unit-not-accepted"),
        ("platelets", "10*9/L", "K/uL", "10*9/L"),
        ("platelets", "10*9/L", "/uL", "unit-contradiction"),
        ("platelets", "10^9/L", "x10^9", "10*9/L"),
        ("platelets", "10^9/L", "x 10E3", "unit-contradiction"),
        ("platelets", "/uL", "x10^3", "unit-contradiction"),
        ("platelets", "", "x10^9", "unit-missing"),
        ("mcv", "", "", "fL"),
        ("mcv", "10^(-1)fL", "", "10*-1.fL"),
        ("vitamin-b12", "", "", "unit-missing"),
        ("neutrophils-percent", "", "", "%"),
    ],
)
def test_the_unit_beside_a_result_and_the_unit_in_its_cell(
    knowledge: Knowledge, analyte: str, column: str, cell: str, answer: str
) -> None:
    unit, code = resolve_unit(column, cell, knowledge.analytes[analyte], index_units(knowledge))
    assert (unit or code) == answer
    assert bool(unit) != bool(code)


def test_a_number_needs_no_unit_if_all_units_give_the_same_number(knowledge: Knowledge) -> None:
    needless = {name for name, analyte in knowledge.analytes.items() if needs_no_unit(analyte)}
    assert {"mcv", "neutrophils-percent"} <= needless
    assert not needless & {"hemoglobin", "vitamin-b12", "platelets", "white-cells", "hematocrit"}


def test_a_spelling_of_two_accepted_units_means_none(knowledge: Knowledge) -> None:
    two_faced = Analyte(
        id="x", title="", short="", group="", unit="a", units={"M/L": 1, "m/L": 2}, source=""
    )
    units = {code: type(knowledge.units["g/L"])(ucum=code) for code in ("M/L", "m/L")}
    index = index_units(type("Small", (), {"units": units, "analytes": {"x": two_faced}})())
    assert [unit_of(text, two_faced, index) for text in ("M/L", "m/L", "M/l")] == ["M/L", "m/L", ""]


def parsed(*rows: tuple[str, str, float | None, str]) -> pd.DataFrame:
    """A table as `parse_results` gives it, of (analyte, comparator, number, unit)."""
    origin = {
        name: pd.Series([None] * len(rows) if kind[:3] not in ("str", "int") else [""] * len(rows))
        for name, kind in Origin.column_types().items()
    }
    frame = pd.DataFrame(origin).assign(
        result_id=range(len(rows)),
        source_file="f.csv",
        source_row=range(2, len(rows) + 2),
        patient_id="P1",
        accession="S1",
        status="final",
        analyte=[row[0] for row in rows],
        comparator=[row[1] for row in rows],
        original_text="",
        original_value=pd.array([row[2] for row in rows], dtype="Float64"),
        unit_text=[row[3] for row in rows],
        unit_in_cell="",
        reference_low=pd.NA,
        reference_high=pd.NA,
        flag="",
        comment="",
        ignored=[row[0] == "" for row in rows],
    )
    kinds = {k: v for k, v in Results.column_types().items() if k in frame}
    return frame.astype(kinds | {"unit_text": "str", "unit_in_cell": "str"})


@pytest.mark.parametrize(
    ("analyte", "comparator", "number", "unit", "value", "answer"),
    [
        ("hemoglobin", "", 11.2, "g/dL", 112.0, ""),
        ("hemoglobin", "", 7.0, "mmol/L", 112.798, ""),
        ("hematocrit", "", 33.3, "%", 0.333, ""),
        ("platelets", "", 1.5, "lakh/cumm", 150.0, ""),
        ("white-cells", "", 806, "10/uL", 8.06, ""),
        ("mcv", "", 790, "10^(-1)fL", 79.0, ""),
        ("vitamin-b12", "", 133, "pmol/L", 180.2682, ""),
        ("vitamin-b12", "<", 150, "ng/L", 150.0, ""),
        ("vitamin-b12", ">", 2000, "pg/mL", 2000.0, "value-unusual"),
        ("vitamin-b12", "", 2000, "pg/mL", 2000.0, ""),
        ("hemoglobin", "", 11.2, "g/L", 11.2, "value-unusual"),
        ("hemoglobin", "", 112, "g/dL", 1120.0, "value-impossible"),
        ("hemoglobin", "", 10, "g/L", 10.0, "value-unusual"),
        ("hemoglobin", "", 9.9, "g/L", 9.9, "value-impossible"),
        ("hemoglobin", "<", 10, "g/L", 10.0, "value-impossible"),
        ("mcv", "", 171, "fL", 171.0, "index-too-high"),
        ("mcv", "", 39, "fL", 39.0, "value-impossible"),
        ("mchc", "", 45.1, "g/dL", 451.0, "index-too-high"),
        ("mchc", "", 19, "g/dL", 190.0, "value-impossible"),
        ("hemoglobin", "<=", 10, "g/L", 10.0, "value-unusual"),
        ("hemoglobin", "<", 300, "g/L", 300.0, ""),
        ("hemoglobin", ">", 260, "g/L", 260.0, "value-impossible"),
        ("hemoglobin", ">", 5, "g/L", 5.0, ""),
        ("white-cells", "", 5400, "K/uL", 5400.0, "value-impossible"),
        ("white-cells", "", 0, "K/uL", 0.0, "value-unusual"),
        ("vitamin-b12", "", 133, "nmol/L", None, "unit-not-accepted"),
        ("vitamin-b12", "", 133, "", None, "unit-missing"),
        ("vitamin-b12", "", None, "", None, ""),
        ("", "", 5, "foo", None, ""),
    ],
)
def test_results_come_in_the_canonical_unit_and_are_plausible(
    knowledge: Knowledge,
    analyte: str,
    comparator: str,
    number: float | None,
    unit: str,
    value: float | None,
    answer: str,
) -> None:
    table, issues = normalize_units(parsed((analyte, comparator, number, unit)), knowledge)
    assert table["value"].astype(object).where(table["value"].notna(), None).tolist() == [value]
    assert issues["code"].tolist() == ([answer] if answer else [])
    assert list(table) == [*Results.column_types(), "ignored"]
    assert {k: str(table[k].dtype) for k in Results.column_types()} == Results.column_types()
    if value is not None:
        assert table["unit"].tolist() == [knowledge.analytes[analyte].unit]


def test_rows_keep_their_place(knowledge: Knowledge) -> None:
    table, issues = normalize_units(
        parsed(("mcv", "", 90, ""), ("hemoglobin", "", 5, ""), ("hemoglobin", "", 11.2, "g/dL")),
        knowledge,
    )
    assert table["original_unit"].tolist() == ["fL", "", "g/dL"]
    assert issues[["code", "row"]].to_numpy().tolist() == [["unit-missing", 3]]


@pytest.mark.parametrize("number", [0.0, 0.07, 1e-9, 112.00000000000001, 1234.56789, 3.6e14, 1e30])
def test_the_noise_of_arithmetic_is_stripped(number: float) -> None:
    noisy = np.array([math.nextafter(number, math.inf), number, math.nan])
    rounded = round_off(noisy).tolist()
    assert rounded[:2] == [float(f"{number:.12g}")] * 2
    assert math.isnan(rounded[2])


def test_distinct_rows_are_numbered_in_order_of_appearance() -> None:
    first, second = pd.Series(["b", "a", "b", "b"]), pd.Series(["x", "x", "y", "x"])
    codes, rows = distinct_rows(first, second)
    assert (codes.tolist(), rows) == ([0, 1, 2, 0], [("b", "x"), ("a", "x"), ("b", "y")])
    assert distinct_rows(first[:0], second[:0])[1] == []
