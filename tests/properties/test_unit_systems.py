"""The same patients in conventional and in SI units: the same findings, but in the gaps listed."""

import math

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.interpret import interpret_results
from pipeline.knowledge.load import load_knowledge
from pipeline.knowledge.rule_groups import EVERY
from pipeline.review.case_tables import tables_of
from tests.properties import examples

KNOWLEDGE = load_knowledge(groups=EVERY)
CONVENTIONAL = {
    "hemoglobin": "g/dL",
    "hematocrit": "%",
    "mcv": "fL",
    "mchc": "g/dL",
    "platelets": "10*3/uL",
    "white-cells": "10*3/uL",
    "neutrophils": "/uL",
    "vitamin-b12": "pg/mL",
    "active-b12": "pmol/L",
    "folate": "ng/mL",
    "mma": "nmol/mL",
    "homocysteine": "mg/L",
    "ferritin": "ng/mL",
    "bilirubin": "mg/dL",
    "egfr": "mL/min/{1.73_m2}",
}
SI = {
    "hemoglobin": "mmol/L",
    "hematocrit": "L/L",
    "mcv": "fL",
    "mchc": "mmol/L",
    "platelets": "10*9/L",
    "white-cells": "10*9/L",
    "neutrophils": "10*9/L",
    "vitamin-b12": "pmol/L",
    "active-b12": "pmol/L",
    "folate": "nmol/L",
    "mma": "nmol/L",
    "homocysteine": "umol/L",
    "ferritin": "pmol/L",
    "bilirubin": "umol/L",
    "egfr": "mL/min/{1.73_m2}",
}
SAID = ["accession", "rule", "outcome", "reason", "grade", "status", "artifact", "comment"]

GAPS = {
    # Published as a pair of rounded numbers, each compared in its own unit.
    ("b12.deficient", "vitamin-b12", 180, 180.2682),
    ("b12.unlikely", "vitamin-b12", 180, 180.2682),
    ("b12.unlikely", "vitamin-b12", 349.6932, 350),
    ("b12.very-high", "vitamin-b12", 1000, 1000.2852),
    ("folate.low", "folate", 6.7965, 7),
    ("hemoglobin.ctcae-2", "hemoglobin", 99.9068, 100),
}
"""(limit, analyte, from, to), canonical: between them the answer depends on the unit reported."""


def gaps_of(knowledge):
    """Give what the published numbers of each limit leave between them."""
    for limit in knowledge.limits.values():
        units = knowledge.analytes[limit.analyte].units
        for stratum in limit.strata:
            numbers = sorted(
                number * units[unit] for unit, number in (stratum.values or stratum.floor).items()
            )
            if numbers and not math.isclose(numbers[0], numbers[-1], rel_tol=1e-9):
                yield limit.id, limit.analyte, round(numbers[0], 4), round(numbers[-1], 4)


def test_the_gaps_are_those_listed():
    assert set(gaps_of(KNOWLEDGE)) == GAPS


def reported_in(system, lines):
    """Write canonical numbers in the units of a system, as precisely as a laboratory could."""
    return [
        {
            name: _written(cell, name, system[name]) if name in system and cell else cell
            for name, cell in line.items()
        }
        for line in lines
    ]


def _written(cell, analyte, unit):
    sign, number = cell
    return f"{sign}{float(f'{number / KNOWLEDGE.analytes[analyte].units[unit]:.12g}')} {unit}"


def findings_of(lines):
    tables = tables_of(lines, KNOWLEDGE)
    said = interpret_results(
        tables.results, tables.held, KNOWLEDGE, observations=tables.observations
    )
    return said.findings[SAID].sort_values(["accession", "rule"], ignore_index=True)


def numbers_near(analyte):
    """Each limit of the analyte, and what lies a little and far to either side."""
    units = KNOWLEDGE.analytes[analyte].units
    limits = {
        number * units[unit]
        for limit in KNOWLEDGE.limits.values()
        if limit.analyte == analyte
        for stratum in limit.strata
        for unit, number in (stratum.values or stratum.floor).items()
    }
    return sorted({float(f"{x * by:.10g}") for x in limits for by in (0.5, 0.99, 1, 1.01, 2)})


def is_in_a_gap(analyte, number):
    return any(
        name == analyte and low * (1 - 1e-6) <= number <= high * (1 + 1e-6)
        for _, name, low, high in GAPS
    )


def cells(analyte):
    # Without limits of its own: only formulas ask for the hematocrit.
    near = numbers_near(analyte) or [0.301, 0.352, 0.423]
    number = st.sampled_from([each for each in near if not is_in_a_gap(analyte, each)])
    sign = st.sampled_from(["", "", "", "<", ">", "<=", ">="])
    return st.one_of(st.just(""), st.tuples(sign, number))


lines = st.lists(
    st.fixed_dictionaries(
        {
            "patient": st.sampled_from(["P1", "P2", "P3"]),
            "sex": st.sampled_from(["F", "M", "?"]),
            "age": st.sampled_from(["", "3mo", "4y", "9y", "15y", "17y", "40y", "70y"]),
            "day": st.sampled_from(["2026-01-01", "2026-01-10", "2026-03-01"]),
            **{analyte: cells(analyte) for analyte in CONVENTIONAL},
        }
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=examples(20), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lines=lines)
def test_the_same_patients_in_both_systems_give_the_same_findings(lines):
    one = findings_of(reported_in(CONVENTIONAL, lines))
    other = findings_of(reported_in(SI, lines))
    pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize(
    ("analyte", "canonical", "rule", "conventional", "si"),
    [
        ("vitamin-b12", 179.99, "low-b12", "present", "present"),
        ("vitamin-b12", 180, "low-b12", "absent", "present"),
        ("vitamin-b12", 180.2, "low-b12", "absent", "present"),
        ("vitamin-b12", 180.27, "low-b12", "absent", "absent"),
        ("vitamin-b12", 349.69, "borderline-b12", "present", "present"),
        ("vitamin-b12", 349.7, "borderline-b12", "present", "absent"),
        ("vitamin-b12", 350, "borderline-b12", "present", "absent"),
        ("vitamin-b12", 350.01, "borderline-b12", "absent", "absent"),
        ("folate", 6.79, "low-folate", "present", "present"),
        ("folate", 6.9, "low-folate", "absent", "present"),
        ("folate", 7, "low-folate", "absent", "absent"),
    ],
)
def test_within_a_gap_each_system_goes_by_its_own_number(
    analyte, canonical, rule, conventional, si
):
    line = {"age": "40y", analyte: ("", canonical)}
    answers = [
        findings_of(reported_in(system, [line])).set_index("rule").loc[rule, "outcome"]
        for system in (CONVENTIONAL, SI)
    ]
    assert answers == [conventional, si]
