"""Better, worse and continuing by value: how far, against what, and in which words."""

from collections.abc import Mapping
from functools import cache

import pandas as pd
import pytest

from pipeline.errors import KnowledgeError
from pipeline.interpret.course import Move
from pipeline.interpret.since_last_report import compare_current
from pipeline.knowledge.variation import Variation, check_variation
from pipeline.report.patient.since_last import list_changes
from pipeline.report.patient.summary import describe_change
from pipeline.report.worklist.lines import show_change
from pipeline.texts import LANGUAGES
from schemas import Observations
from tests.unit.report_tables import Tables, make_tables

HEAD = "patient | sex | years | specimen | at | analyte | result\n"
RULES = {
    "hemoglobin": "anemia",
    "mcv": "macrocytosis",
    "platelets": "low-platelets",
    "white-cells": "low-white-cells",
    "neutrophils": "low-neutrophils",
    "vitamin-b12": "low-b12",
}


def course(*results: str, said: pd.DataFrame | None = None, sex: str = "M") -> Tables:
    """Interpret results such as `2026-01-05 hemoglobin 98 g/L`, one specimen each."""
    lines = []
    for number, result in enumerate(results):
        at, analyte, value = result.split(maxsplit=2)
        at, _, years = at.partition("@")
        at = at.replace("T", " ")
        lines.append(f"P1 | {sex} | {years or 40} | S{number} | {at} | {analyte} | {value}")
    return make_tables(HEAD + "\n".join(lines), said=said)


def what_became(tables: Tables, rule: str) -> tuple[str, str]:
    since = list_changes(tables.findings, tables.current, tables.evidence, tables.moves)["P1", rule]
    return str(since.change), since.way


def transfused(day: str, code: str = "transfused") -> pd.DataFrame:
    kinds = Observations.column_types()
    row = {
        **dict.fromkeys(kinds, ""),
        "result_id": pd.NA,
        "patient_id": "P1",
        "sex": "M",
        "birth_date": pd.NaT,
        "accession": "S0",
        "collected_at": pd.Timestamp("2026-01-05"),
        "collected_precision": "date",
        "code": code,
        "answer": "yes",
        "number": pd.NA,
        "day": pd.Timestamp(day),
        "status": "final",
        "source_file": "march.csv",
        "source_row": 2,
        "source_column": "Transfused on",
    }
    return Observations.validate(pd.DataFrame([row], columns=list(kinds)).astype(kinds))


STEPS = [
    # Inside one grade, and where a rule has none.
    ("platelets", "49 10*9/L", "4 10*9/L", "worse", "fall"),
    ("hemoglobin", "109 g/L", "81 g/L", "worse", "fall"),
    ("neutrophils", "0.45 10*9/L", "0.05 10*9/L", "worse", "fall"),
    ("vitamin-b12", "178 ng/L", "60 ng/L", "worse", "fall"),
    # One gram over the limit of a grade.
    ("hemoglobin", "110 g/L", "109 g/L", "continuing", ""),
    # The share, exactly and just beyond; in other units too.
    ("hemoglobin", "100 g/L", "92 g/L", "continuing", ""),
    ("hemoglobin", "100 g/L", "91.9 g/L", "worse", "fall"),
    ("hemoglobin", "10.0 g/dL", "9.2 g/dL", "continuing", ""),
    ("hemoglobin", "10.0 g/dL", "9.19 g/dL", "worse", "fall"),
    ("hemoglobin", "10.0 g/dL", "91.9 g/L", "worse", "fall"),
    ("hemoglobin", "6.0 mmol/L", "5.52 mmol/L", "continuing", ""),
    ("hemoglobin", "6.0 mmol/L", "5.51 mmol/L", "worse", "fall"),
    ("hemoglobin", "100 g/L", "108 g/L", "continuing", ""),
    ("hemoglobin", "100 g/L", "108.1 g/L", "better", "rise"),
    ("mcv", "102 fL", "105.57 fL", "continuing", ""),
    ("mcv", "102 fL", "105.6 fL", "worse", "rise"),
    ("mcv", "120 fL", "115.8 fL", "continuing", ""),
    ("mcv", "120 fL", "115.7 fL", "better", "fall"),
    ("platelets", "140 10*9/L", "107.8 10*9/L", "continuing", ""),
    ("platelets", "140 10*9/L", "107.7 10*9/L", "worse", "fall"),
    ("platelets", "140 10*3/uL", "107.7 10*3/uL", "worse", "fall"),
    ("platelets", "100 10*9/L", "123 10*9/L", "continuing", ""),
    ("platelets", "100 10*9/L", "124 10*9/L", "better", "rise"),
    ("white-cells", "3.0 10*9/L", "1.89 10*9/L", "worse", "fall"),  # the class at 2.0
    ("white-cells", "1.9 10*9/L", "1.197 10*9/L", "continuing", ""),
    ("white-cells", "1.9 10*9/L", "1.19 10*9/L", "worse", "fall"),
    ("neutrophils", "0.4 10*9/L", "0.22 10*9/L", "continuing", ""),
    ("neutrophils", "1.4 10*9/L", "0.77 10*9/L", "worse", "fall"),  # the class at 1.0
    ("neutrophils", "0.9 10*9/L", "0.495 10*9/L", "worse", "fall"),  # the class at 0.5
    ("vitamin-b12", "150 ng/L", "102 ng/L", "continuing", ""),
    ("vitamin-b12", "150 ng/L", "101.9 ng/L", "worse", "fall"),
    ("vitamin-b12", "100 pmol/L", "68 pmol/L", "continuing", ""),
    ("vitamin-b12", "100 pmol/L", "67.9 pmol/L", "worse", "fall"),
    ("vitamin-b12", "100 ng/L", "140 ng/L", "better", "rise"),
    # The least step, exactly and just short of it.
    ("hemoglobin", "60 g/L", "55 g/L", "worse", "fall"),
    ("hemoglobin", "60 g/L", "55.1 g/L", "continuing", ""),
    ("platelets", "18 10*9/L", "13 10*9/L", "worse", "fall"),
    ("platelets", "18 10*9/L", "13.1 10*9/L", "continuing", ""),
    ("neutrophils", "0.4 10*9/L", "0.2 10*9/L", "worse", "fall"),
    ("neutrophils", "0.4 10*9/L", "0.21 10*9/L", "continuing", ""),
    ("vitamin-b12", "60 ng/L", "40 ng/L", "worse", "fall"),
    ("vitamin-b12", "60 ng/L", "40.1 ng/L", "continuing", ""),
    # A deeper grade and no less than the least step.
    ("hemoglobin", "112 g/L", "107 g/L", "worse", "fall"),
    ("hemoglobin", "112 g/L", "107.1 g/L", "continuing", ""),
    # A class of the worklist that the value alone makes more urgent.
    ("platelets", "51 10*9/L", "49 10*9/L", "worse", "fall"),
    ("neutrophils", "0.52 10*9/L", "0.48 10*9/L", "worse", "fall"),
    ("hemoglobin", "81 g/L", "79 g/L", "worse", "fall"),
    ("hemoglobin", "79 g/L", "81 g/L", "continuing", ""),
    # Bounds: as far as they certainly moved.
    ("platelets", "40 10*9/L", "<10 10*9/L", "worse", "fall"),
    ("platelets", "<20 10*9/L", "<10 10*9/L", "continuing", ""),
    ("vitamin-b12", "<100 ng/L", "170 ng/L", "better", "rise"),
]


@cache
def steps() -> Mapping[tuple[str, str, str], Move]:
    """Interpret all pairs of `STEPS` at once, each of a patient of its own."""
    lines = [
        f"P{number} | M | 40 | {specimen} | {at} | {analyte} | {value}"
        for number, (analyte, before, now, *_) in enumerate(STEPS)
        for specimen, at, value in (("S0", "2026-01-05", before), ("S1", "2026-02-05", now))
    ]
    return make_tables(HEAD + "\n".join(lines)).moves


@pytest.mark.parametrize("number", range(len(STEPS)), ids=[" ".join(step[:3]) for step in STEPS])
def test_how_far_a_value_must_move(number):
    analyte, _, _, change, way = STEPS[number]
    move = steps()[f"P{number}", RULES[analyte], "S1"]
    assert (move.change, move.way) == (change, way)


def test_the_best_of_twelve_months_counts():
    fall = ["hemoglobin 118 g/L", "hemoglobin 112 g/L", "hemoglobin 106 g/L"]
    near = course(*(f"2026-0{at}-05 {each}" for at, each in enumerate(fall, 1)))
    assert what_became(near, "anemia") == ("worse", "fall")
    since = list_changes(near.findings, near.current, near.evidence, near.moves)["P1", "anemia"]
    assert (since.value, str(since.on)) == ("118", "2026-01-05")
    days = ["2025-01-05", "2026-01-06", "2026-02-05"]
    fall[2] = "hemoglobin 108 g/L"
    assert what_became(course(*map(" ".join, zip(days, fall, strict=True))), "anemia")[0] == (
        "continuing"
    )


@pytest.mark.parametrize(("first", "change"), [("2025-01-01", "worse"), ("2024-12-31", "new")])
def test_no_result_of_400_days_is_new(first, change):
    tables = course(f"{first} platelets 90 10*9/L", "2026-02-05 platelets 30 10*9/L")
    assert what_became(tables, "low-platelets")[0] == change
    words = {"worse": "↓ worse than on 2025-01-01 (90 ×10⁹/L)", "new": "● new: no believed"}
    (card,) = [each for each in tables.report().present if each.title == "Low platelets"]
    assert card.change.startswith(words[change])


@pytest.mark.parametrize(
    ("before", "now", "change"), [(12, 13, "new"), (12, 12, "worse"), (13, 14, "worse")]
)
def test_from_13_years_on_only_with_13_years(before, now, change):
    tables = course(
        f"2026-01-05@{before} platelets 90 10*9/L", f"2026-02-05@{now} platelets 30 10*9/L"
    )
    assert what_became(tables, "low-platelets")[0] == change


@pytest.mark.parametrize(
    ("day", "code", "now", "expected"),
    [
        ("2026-01-20", "transfused", "91 g/L", ("continuing", "transfused")),
        ("2026-01-20", "transfused", "119 g/L", ("continuing", "transfused")),
        ("2026-01-20", "platelets-transfused", "91 g/L", ("continuing", "transfused")),
        ("2025-12-20", "transfused", "91 g/L", ("worse", "fall")),
        ("2026-02-20", "transfused", "91 g/L", ("worse", "fall")),
        # Into a more urgent class all the same.
        ("2026-01-20", "transfused", "69 g/L", ("worse", "fall")),
    ],
)
def test_no_arrow_across_a_transfusion(day, code, now, expected):
    said = transfused(day, code)
    tables = course("2026-01-05 hemoglobin 109 g/L", f"2026-02-05 hemoglobin {now}", said=said)
    assert what_became(tables, "anemia") == expected


@pytest.mark.parametrize(
    ("before", "now", "change", "way"),
    [
        (("98", "104"), ("97", "103"), "continuing", ""),
        (("98", "104"), ("85", "103"), "worse", "fall"),
        (("98", "104"), ("97", "112"), "worse", "rise"),
        (("98", "104"), ("85", "112"), "worse", ""),
        (("98", "110"), ("97", "104"), "better", "fall"),
        (("98", "104"), ("110", "104"), "better", "rise"),
        (("98", "104"), ("110", "112"), "worse", "rise"),
    ],
)
def test_a_rule_of_several_values(before, now, change, way):
    lines = [
        f"P1 | M | 40 | {specimen} | {at} | {analyte} | {value} {unit}"
        for specimen, at, values in (("S1", "2026-01-05", before), ("S2", "2026-01-30", now))
        for (analyte, unit), value in zip(
            (("hemoglobin", "g/L"), ("mcv", "fL")), values, strict=True
        )
    ]
    tables = make_tables(HEAD + "\n".join(lines))
    assert what_became(tables, "macrocytic-anemia") == (change, way)


def test_what_is_worse_than_the_best_names_it():
    """A rise from 4 to 30 is below the 49 of a month ago: nobody reads it as a fall from 4."""
    counts = ("2026-01-05 platelets 49", "2026-02-05 platelets 4", "2026-02-20 platelets 30")
    tables = course(*(f"{each} 10*9/L" for each in counts))
    before = course(*(f"{each} 10*9/L" for each in counts[:2])).listed
    told = compare_current(before, tables.listed, tables.moves)
    (row,) = told[told["rule"].eq("low-platelets")].to_dict("records")
    assert (row["change"], row["way"]) == ("worse", "fall")
    assert (row["was_values"], row["was_grade"]) == ((("49", "10*9/L"),), "")
    assert row["was_collected_at"] == pd.Timestamp("2026-01-05")


def test_what_is_not_certainly_earlier_is_not_compared():
    tables = course(
        "2026-01-05 platelets 80 10*9/L",
        "2026-02-05T08:00 platelets 140 10*9/L",
        "2026-02-05 platelets 70 10*9/L",
    )
    change = {
        key[2]: move.change for key, move in tables.moves.items() if key[1] == "low-platelets"
    }
    assert change == {"S1": "better", "S2": "continuing"}


def test_a_finding_is_not_its_own_past():
    """What stands since January is not compared with January."""
    tables = course("2026-01-05 vitamin-b12 90 ng/L", "2026-02-05 vitamin-b12 <400 ng/L")
    changes = list_changes(tables.findings, tables.current, tables.evidence, tables.moves)
    assert ("P1", "low-b12") not in changes


def test_the_same_specimen_is_never_compared_with_itself():
    one = course("2026-01-05 platelets 90 10*9/L", "2026-02-05 platelets 30 10*9/L")
    told = compare_current(one.listed, one.listed, one.moves)
    assert set(told["change"]) == {"continuing"}
    assert set(told["way"]) == {""}


@pytest.mark.parametrize(
    ("change", "way", "english", "german"),
    [
        ("worse", "fall", "↓ worse", "↓ schlechter"),
        ("worse", "rise", "↑ worse", "↑ schlechter"),
        ("worse", "", "worse", "schlechter"),
        ("better", "rise", "↑ better", "↑ besser"),
        ("better", "fall", "↓ better", "↓ besser"),
        ("continuing", "", "= continuing", "= weiterhin"),
        (
            "continuing",
            "transfused",
            "= continuing, transfused between",
            "= weiterhin, dazwischen transfundiert",
        ),
        ("", "", "", ""),
    ],
)
def test_arrows_show_the_value_and_words_the_judgement(change, way, english, german):
    assert show_change(change, way, LANGUAGES["en"]) == english
    assert show_change(change, way, LANGUAGES["de"]) == german


@pytest.mark.parametrize(
    ("analyte", "before", "now", "english", "german"),
    [
        ("mcv", "110 fL", "121 fL", "↑ worse than on 2026-01-05 (110 fL)",
         "↑ schlechter als am 05.01.2026 (110 fL)"),
        ("mcv", "121 fL", "110 fL", "↓ better than on 2026-01-05 (121 fL)",
         "↓ besser als am 05.01.2026 (121 fL)"),
        ("platelets", "49 10*9/L", "4 10*9/L", "↓ worse than on 2026-01-05 (49 ×10⁹/L)",
         "↓ schlechter als am 05.01.2026 (49 ×10⁹/L)"),
        ("hemoglobin", "110 g/L", "109 g/L", "= continuing: present on 2026-01-05 too (110 g/L)",
         "= weiterhin: auch am 05.01.2026 vorhanden (110 g/L)"),
    ],
)  # fmt: skip
def test_the_words_of_the_report(analyte, before, now, english, german):
    tables = course(f"2026-01-05 {analyte} {before}", f"2026-02-05 {analyte} {now}")
    since = list_changes(tables.findings, tables.current, tables.evidence, tables.moves)[
        "P1", RULES[analyte]
    ]
    assert describe_change(since, LANGUAGES["en"]) == english
    assert describe_change(since, LANGUAGES["de"]) == german


@pytest.mark.parametrize(
    "wrong",
    [
        {"share": 0},
        {"share": 8},
        {"least": {"g/dL": 1, "g/L": 5}},
        {"least": {}},
        {"least": {"fL": 5}},
        {"worse": ()},
    ],
)
def test_a_variation_that_says_nothing_is_refused(wrong):
    good = {
        "analyte": "hemoglobin",
        "share": 0.08,
        "least": {"g/L": 5},
        "worse": ("fall",),
        "source": "convention",
    }
    check_variation(Variation(**good), ["g/L", "g/dL"])
    with pytest.raises(KnowledgeError, match="variation 'hemoglobin'"):
        check_variation(Variation(**{**good, **wrong}), ["g/L", "g/dL"])
