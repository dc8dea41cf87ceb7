"""Whose line is for information: all conditions of decision 6.16 hold, and nothing is unknown."""

import pytest

from pipeline.interpret import interpret_results
from pipeline.knowledge.load import load_knowledge
from pipeline.review.case_tables import tables_of
from pipeline.review.cases import read_lines
from schemas import Reportable

KNOWLEDGE = load_knowledge()
HEAD = "patient | day        | sex | age | vitamin-b12 | hemoglobin | mcv | platelets | white-cells | neutrophils"
GOOD = "P1      | 2026-03-01 | F   | 40y | 250         | 140        | 90  | 250       | 6           | 4"


def is_aside(text, change=None):
    tables = tables_of([dict(line.cells) for line in read_lines(text, "t")], KNOWLEDGE)
    results = change(tables.results) if change else tables.results
    said = interpret_results(
        results, tables.held, KNOWLEDGE, observations=tables.observations
    ).patients  # fmt: skip
    return dict(zip(said["patient_id"], said["for_information"], strict=True))["P1"]


def test_borderline_b12_beside_a_count_in_which_nothing_is_wrong():
    assert is_aside(f"{HEAD}\n{GOOD}")


@pytest.mark.parametrize(
    ("cells", "aside"),
    [
        # Ends of the band, in either unit; another class; nothing at all.
        ({"vitamin-b12": "180"}, True),
        ({"vitamin-b12": "350 ng/L"}, True),
        ({"vitamin-b12": "258 pmol/L"}, True),
        ({"vitamin-b12": "179"}, False),
        ({"vitamin-b12": "351"}, False),
        ({"vitamin-b12": "<200"}, False),
        # White cells or neutrophils will do; every other line must be there.
        ({"neutrophils": ""}, True),
        ({"white-cells": ""}, True),
        ({"white-cells": "", "neutrophils": ""}, False),
        ({"hemoglobin": ""}, False),
        ({"mcv": ""}, False),
        ({"platelets": ""}, False),
        ({"platelets": "held"}, False),
        ({"hemoglobin": "<200"}, False),
        # A second finding.
        ({"hemoglobin": "119"}, False),
        ({"mcv": "101"}, False),
        ({"mcv": "79"}, False),
        ({"platelets": "149"}, False),
        ({"neutrophils": "1.4"}, False),
        ({"white-cells": "3.9"}, False),
        # Outside the printed interval, on either side.
        ({"hemoglobin": "140 g/L [120-160]"}, True),
        ({"hemoglobin": "165 g/L [120-160]"}, False),
        ({"hemoglobin": "125 g/L [130-160]"}, False),
        ({"platelets": "460 10*9/L [150-400]"}, False),
        ({"mcv": "98 fL [80-96]"}, False),
        ({"white-cells": "12 10*9/L [4-11]"}, False),
        ({"neutrophils": "8 10*9/L [2-7.5]"}, False),
        # Beyond what is telephoned, with no interval printed.
        ({"platelets": "1001"}, False),
        ({"white-cells": "101"}, False),
        ({"hemoglobin": "201"}, False),
        # Age: from 18 years, and known.
        ({"age": "18y"}, True),
        ({"age": "18y-1d"}, False),
        ({"age": ""}, False),
        ({"age": "?"}, False),
    ],
)
def test_one_thing_changed(cells, aside):
    names, values = ([cell.strip() for cell in line.split("|")] for line in (HEAD, GOOD))
    row = {**dict(zip(names, values, strict=True)), **cells}
    row["age"] = row["age"].replace("?", "")
    assert is_aside("\n".join([" | ".join(row), " | ".join(row.values())])) is aside


@pytest.mark.parametrize(
    ("said", "answer", "aside"),
    [
        ("pregnant", "yes", False),
        ("pregnant", "no", True),
        ("trimester", "2", False),
        ("neurological-symptoms", "yes", False),
        ("neurological-symptoms", "no", True),
        ("nitrous-oxide", "yes", False),
        ("gastric-surgery", "yes", False),
        ("intrinsic-factor-antibody", "yes", False),
        ("intrinsic-factor-antibody", "no", True),
        ("platelet-clumps", "yes", False),
        ("hemolyzed", "yes", False),
    ],
)
def test_what_is_said_of_the_patient(said, answer, aside):
    assert is_aside(f"{HEAD} | {said}\n{GOOD} | {answer}") is aside


@pytest.mark.parametrize(
    ("lines", "aside"),
    [
        # The blood count of another specimen: at most 28 days away.
        (["P1 | 2026-03-01 | F | 40y | 250 | | | | |",
          "P1 | 2026-03-29 | F | 40y | | 140 | 90 | 250 | 6 |"], True),
        (["P1 | 2026-03-01 | F | 40y | 250 | | | | |",
          "P1 | 2026-03-30 | F | 40y | | 140 | 90 | 250 | 6 |"], False),
        # Half of it on one specimen, half on another.
        (["P1 | 2026-03-01 | F | 40y | 250 | 140 | 90 | | |",
          "P1 | 2026-03-02 | F | 40y | | | | 250 | 6 |"], False),
        # A mean cell volume above 105 fL twice, at least 28 days apart: never.
        (["P1 | 2025-01-01 | F | 40y | | 140 | 105.1 | 250 | 6 |",
          "P1 | 2025-01-29 | F | 40y | | 140 | 105.1 | 250 | 6 |", GOOD], False),
        (["P1 | 2025-01-01 | F | 40y | | 140 | 105 | 250 | 6 |",
          "P1 | 2025-01-29 | F | 40y | | 140 | 106 | 250 | 6 |", GOOD], True),
        # A second finding on another specimen that still stands.
        (["P1 | 2025-01-01 | F | 40y | 90 | | | | |", GOOD], True),
        (["P1 | 2026-03-09 | F | 40y | | | | 140 | |", GOOD], False),
        # A persisting mild finding is never for information as long as no step can be marked.
        (["P1 | 2026-01-01 | F | 40y | | 140 | 90 | 145 | 6 |",
          "P1 | 2026-03-01 | F | 40y | | 140 | 90 | 145 | 6 |"], False),
    ],
)  # fmt: skip
def test_over_time(lines, aside):
    assert is_aside("\n".join([HEAD, *lines])) is aside


def test_what_is_preliminary_is_not_believed():
    def preliminary(results):
        return Reportable.validate(results.assign(status="preliminary"))

    assert not is_aside(f"{HEAD}\n{GOOD}", preliminary)


def test_a_population_that_is_stated_counts_as_of_age():
    text = f"{HEAD} | population\n{GOOD} | adult".replace("40y", "   ")
    assert is_aside(text)
