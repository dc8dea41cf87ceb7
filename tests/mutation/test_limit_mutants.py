"""Every number and sign of the rules is guarded by a case, but for those listed as equivalent."""

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.review.cases import CaseFile, read_lines
from pipeline.review.mutants import list_mutants, try_mutants
from pipeline.review.trial import applying_cases

PAGE = Path(__file__).parents[2] / "docs/mutation.md"
KNOWLEDGE, CASES = applying_cases()
# All of them take minutes: MUTANTS=1 tries every one, as `make mutants` does.
LIMITS = {name: KNOWLEDGE.limits[name] for name in ("mcv.swollen", "mchc.swollen")}
EVERY = int(os.environ.get("MUTANTS", "23"))


def listed_as_equivalent() -> set[str]:
    of_rules, _, _ = PAGE.read_text(encoding="utf-8").partition("## Code")
    return set(re.findall(r"^\| `([^`]+)` \|", of_rules, re.MULTILINE))


def test_whoever_survives_is_listed_with_the_reason():
    verdicts = list(try_mutants(KNOWLEDGE, CASES, every=EVERY))
    assert len(verdicts) > 5
    survived = {verdict.what for verdict in verdicts if not verdict.killed_by}
    assert survived <= listed_as_equivalent()


def test_the_list_names_mutants_that_there_are():
    assert listed_as_equivalent() <= {mutant.what for mutant in list_mutants(KNOWLEDGE)}


def test_each_mutant_has_a_name_of_its_own_and_changes_something():
    mutants = list(list_mutants(KNOWLEDGE))
    assert len({mutant.what for mutant in mutants}) == len(mutants)
    assert all(mutant.knowledge != KNOWLEDGE for mutant in mutants)


@pytest.fixture(scope="module")
def small():
    """One rule on one limit, without anything that rests on it."""
    rules = {"low-platelets": replace(KNOWLEDGE.rules["low-platelets"], grades=())}
    limits = {"platelets.low": KNOWLEDGE.limits["platelets.low"]}
    return replace(KNOWLEDGE, rules=rules, limits=limits, artifacts={}, priorities=())


def survivors(small, text):
    cases = {
        "low-platelets": CaseFile(
            rule="low-platelets", name="table", lines=read_lines(text, "table")
        )
    }
    return {verdict.what for verdict in try_mutants(small, cases) if not verdict.killed_by}


DOWN, UP = (f"limit platelets.low, all ages: 150 to {moved} 10*9/L" for moved in (149, 151))
ON, TURNED = (
    f"rule low-platelets, below platelets.low to {sign}" for sign in ("at_or_below", "above")
)


@pytest.mark.parametrize(
    ("lines", "survive"),
    [
        ("149 | present\n150 | absent", set()),
        ("149 | present\n151 | absent", {UP, ON}),
        ("140 | present\n150 | absent", {DOWN}),
        ("140 | present\n160 | absent", {DOWN, UP, ON}),
        ("150 | absent", {DOWN, TURNED}),
        ("held | indeterminate", {DOWN, UP, ON, TURNED}),
    ],
)
def test_a_mutant_survives_only_where_no_case_looks(small, lines, survive):
    assert survivors(small, f"platelets | outcome\n{lines}") == survive


def test_a_number_is_moved_by_its_last_decimal_and_an_age_for_both_neighbors():
    whats = {mutant.what for mutant in list_mutants(KNOWLEDGE)}
    assert "limit white-cells.low, 7 years to under 13 years: 4.5 to 4.6 10*9/L" in whats
    assert "limit hemoglobin.anemia, age 66 years to 791 months, F" in whats
    assert "limit hemoglobin.anemia, age 15 years to 181 months" in whats
    assert "limit b12.deficient, under 16 years: 133 to 132 pmol/L" in whats
    assert "rule bicytopenia, exactly 2 to 3" in whats


def test_everything_that_decides_is_made_wrong():
    """Limits of artifacts and of pregnancy, signs of artifacts, what they touch, and remarks."""
    whats = {mutant.what for mutant in list_mutants(KNOWLEDGE)}
    assert {
        "limit mchc.ceiling, all ages: 36.5 to 36.6 g/dL",
        "limit hemoglobin.anemia, T2, all ages: 105 to 104 g/L",
        "artifact clumps, white-cells not touched",
        "artifact clumps, platelets wrongly low to high",
        "artifact agglutination, difference of hematocrit and hemoglobin, less_than -0.03 to -0.031",
        "rule macrocytosis-other-causes, many-reticulocytes: above reticulocytes.many to at_or_above",
        "elevation, by 18 to 19",
        "elevation, from 2500 to 2501",
        "join, days 28 to 29",
    } <= whats


def test_artifacts_are_judged_by_their_own_cases():
    swelling = {"swelling": KNOWLEDGE.artifacts["swelling"]}
    only = replace(KNOWLEDGE, artifacts=swelling, rules={}, priorities=(), limits=LIMITS)
    text = "mcv | mchc | artifacts\n100.1 | 299 | swelling\n100 | 299 |\n100.1 | 300 |"
    cases = {"artifacts": CaseFile(rule="artifacts", name="t", lines=read_lines(text, "t"))}
    survived = {verdict.what for verdict in try_mutants(only, cases) if not verdict.killed_by}
    assert not {what for what in survived if what.startswith("limit mchc.swollen")}
    assert "artifact swelling, above mcv.swollen to at_or_above" not in survived
