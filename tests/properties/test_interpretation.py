"""What holds for every table of results: order, units, missing values, censoring, three values."""

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.interpret import interpret_results
from pipeline.interpret.joined_evidence import join_evidence
from pipeline.interpret.limits import compare_results
from pipeline.interpret.result_arrays import Context, arrays_of
from pipeline.knowledge.load import load_knowledge
from schemas import Findings
from tests.properties import examples
from tests.rules.conftest import tables_from

KNOWLEDGE = load_knowledge()
ANALYTES = ["hemoglobin", "mcv", "platelets", "white-cells", "neutrophils", "vitamin-b12"]
CANONICAL = {
    "hemoglobin": (40, 200),
    "mcv": (60, 140),
    "platelets": (5, 400),
    "white-cells": (0.2, 12),
    "neutrophils": (0.1, 9),
    "vitamin-b12": (50, 900),
}
FEW = settings(
    max_examples=examples(12), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def cells(analyte):
    low, high = CANONICAL[analyte]
    number = st.integers(int(low * 10), int(high * 10)).map(lambda tenths: f"{tenths / 10:g}")
    signed = st.tuples(st.sampled_from(["", "", "", "<", "<=", ">", ">="]), number)
    return st.one_of(st.just(""), st.just("held"), signed.map("".join))


lines = st.lists(
    st.fixed_dictionaries(
        {
            "patient": st.sampled_from(["P1", "P2", "P3"]),
            "sex": st.sampled_from(["F", "M", "?"]),
            "age": st.sampled_from(["", "3d", "3mo", "11mo", "4y", "9y", "14y", "40y", "70y"]),
            "day": st.sampled_from(["", "2026-01-01", "2026-02-01", "2026-03-01"]),
            **{analyte: cells(analyte) for analyte in ANALYTES},
        }
    ),
    min_size=1,
    max_size=6,
)


def findings_of(results, held):
    return interpret_results(results, held, KNOWLEDGE).findings


def comparable(findings: pd.DataFrame) -> pd.DataFrame:
    return findings.sort_values(["accession", "rule"], ignore_index=True)


@FEW
@given(lines=lines, seed=st.integers(0, 100))
def test_the_order_of_rows_does_not_matter(lines, seed):
    results, held = tables_from(lines, KNOWLEDGE)
    expected = interpret_results(results, held, KNOWLEDGE)
    shuffled = (
        results.sample(frac=1, random_state=seed).reset_index(drop=True),
        held.sample(frac=1, random_state=seed).reset_index(drop=True),
    )
    found = interpret_results(*shuffled, KNOWLEDGE)
    joined = (join_evidence(said.findings, said.evidence) for said in (found, expected))
    pd.testing.assert_frame_equal(*joined)
    pd.testing.assert_frame_equal(found.patients, expected.patients)


@FEW
@given(lines=lines)
def test_what_is_missing_or_held_is_never_absent(lines):
    """Take one analyte away: no rule that rested on it alone may then say absent."""
    results, held = tables_from(lines, KNOWLEDGE)
    for rule, analyte in [
        ("anemia", "hemoglobin"),
        ("low-b12", "vitamin-b12"),
        ("macrocytosis", "mcv"),
        ("low-platelets", "platelets"),
    ]:
        without = results[results["analyte"].ne(analyte)].reset_index(drop=True)
        said = findings_of(without, held)
        assert not said.loc[said["rule"].eq(rule), "outcome"].isin(["absent", "present"]).any()


@FEW
@given(lines=lines)
def test_a_decided_outcome_never_has_a_reason_and_an_open_one_always_has(lines):
    said = findings_of(*tables_from(lines, KNOWLEDGE))
    open_ = said["outcome"].eq("indeterminate")
    assert said.loc[open_, "reason"].ne("").all()
    assert said.loc[~open_, "reason"].eq("").all()
    assert said.loc[~said["outcome"].eq("present"), "grade"].eq("").all()


FACTORS = {
    "hemoglobin": ("g/dL", 10),
    "platelets": ("/uL", 0.001),
    "white-cells": ("10*3/uL", 1),
    "neutrophils": ("/uL", 0.001),
    "vitamin-b12": ("pg/mL", 1),
    "mcv": ("fL", 1),
}


@FEW
@given(lines=lines)
def test_the_same_patients_in_other_units_give_the_same_findings(lines):
    results, held = tables_from(lines, KNOWLEDGE)
    unit = results["analyte"].map(lambda analyte: FACTORS[analyte][0]).astype("str")
    factor = results["analyte"].map(lambda analyte: FACTORS[analyte][1]).astype("float64")
    reported = (results["original_value"] / factor).map(lambda number: float(f"{number:.12g}"))
    other = results.assign(original_unit=unit, original_value=reported.astype("Float64"))
    columns = ["accession", "rule", "outcome", "reason", "grade", "status"]
    one, two = findings_of(results, held), findings_of(other, held)
    pd.testing.assert_frame_equal(comparable(one)[columns], comparable(two)[columns])


@FEW
@given(lines=lines)
def test_findings_keep_their_shape(lines):
    said = findings_of(*tables_from(lines, KNOWLEDGE))
    Findings.validate(said)
    rules = [rule.id for rule in KNOWLEDGE.shown_rules()]
    assert len(said) == said["accession"].nunique() * len(rules)


def could_be(sign: str, number: float, value: float) -> bool:
    """Is this true value compatible with the censored result?"""
    match sign:
        case "<":
            return value < number
        case "<=":
            return value <= number
        case ">":
            return value > number
        case ">=":
            return value >= number
        case _:
            return value == number


HOLDS = {
    "below": np.less,
    "at_or_below": np.less_equal,
    "above": np.greater,
    "at_or_above": np.greater_equal,
}


@settings(max_examples=examples(100), deadline=None)
@given(
    sign=st.sampled_from(["", "<", "<=", ">", ">="]),
    number=st.integers(145, 155),
    direction=st.sampled_from(list(HOLDS)),
)
def test_censored_results_against_every_value_they_could_stand_for(sign, number, direction):
    """Against brute force: yes only if true of every possible value, no only if of none."""
    results, _ = tables_from([{"platelets": f"{sign}{number}"}], KNOWLEDGE)
    nothing_said = Context(pregnancy=np.zeros(len(results), np.int8), raised={})
    amounts = arrays_of(results, KNOWLEDGE.populations, nothing_said)
    said = compare_results(amounts, direction, KNOWLEDGE.limits["platelets.low"], KNOWLEDGE)
    possible = [v for v in np.arange(100, 200, 0.5) if could_be(sign, number, v)]
    truths = {bool(HOLDS[direction](value, 150)) for value in possible}
    assert (said.yes[0], said.no[0]) == (truths == {True}, truths == {False})


@settings(max_examples=examples(4), deadline=None)
@given(
    ages=st.tuples(st.integers(0, 60), st.integers(0, 60)).map(sorted),
    sex=st.sampled_from(["F", "M", ""]),
    hemoglobin=st.integers(85, 135),
)
def test_unknown_age_and_sex_against_every_age_and_sex_they_could_be(ages, sex, hemoglobin):
    """Against brute force: an answer is given only if every possible person would get it."""

    def answer(low, high, sex):
        span = f"{low}..{high + 1}y"
        line = {"sex": sex, "age": span, "hemoglobin": str(hemoglobin)}
        findings = findings_of(*tables_from([line], KNOWLEDGE))
        return findings.loc[findings["rule"].eq("anemia"), "outcome"].item()

    low, high = ages[0], min(ages[1], ages[0] + 12)
    single = {answer(age, age, one) for age in range(low, high + 1) for one in sex or "FM"}
    together = answer(low, high, sex)
    assert together == (single.pop() if len(single) == 1 else "indeterminate")
