"""Words and context, answered for every accession: whose, since when, and what counts."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.interpret import ask_questions
from pipeline.interpret.result_arrays import PREGNANCY
from pipeline.knowledge.conditions import Observed, Since
from pipeline.knowledge.load import load_knowledge
from pipeline.review.case_tables import tables_of
from pipeline.review.cases import read_lines

from .made import check

KNOWLEDGE = replace(load_knowledge(), artifacts={})


def observed(name, *, unsaid_is_no=False):
    return Observed(observation=name, unsaid_is_no=unsaid_is_no)


def test_of_a_specimen_on_that_specimen_alone():
    """Where yes and no were said of the same, yes counts."""
    text = """
        patient | accession | day        | mcv | diluted | says | rests | here | undecided
        P1      | A         | 2026-01-01 | 90  | yes     | y    | s0    | x    |
        P1      | B         | 2026-01-02 | 90  | no      | n    | s1    | x    |
        P1      | C         | 2026-01-03 | 90  |         | {}    |       |      |
        P1      | D         | 2026-01-03 |     | yes     | y    | s3    | x    |
        P1      | E         | 2026-01-04 |     | no      | y    | s5    | x    |
        P1      | E         | 2026-01-04 |     | yes     | y    | s5    | x    |
        P1      | F         | 2026-01-04 |     | yes     | y    | s6    | x    |
        P1      | F         | 2026-01-04 |     | no      | y    | s6    | x    |
        P2      | G         | 2026-01-01 | 90  |         | {}    |       |      |
    """
    check(text.replace("{}", "-"), observed("diluted"), KNOWLEDGE)
    check(text.replace("{}", "n"), observed("diluted", unsaid_is_no=True), KNOWLEDGE)


def test_of_a_patient_the_latest_statement_up_to_that_day():
    """Never one after it; else one without a date; yes after no of one day."""
    text = """
        patient | day        | mcv | metformin | says | rests | here
        P0      | 2026-01-01 | 90  |           | {}    |       |
        P0      | 2026-01-05 | 90  | no        | y    | s3    |
        P0      | 2026-01-05 | 90  |           | y    | s3    |
        P0      | 2026-01-05 |     | yes       | y    | s3    |
        P0      | 2026-01-05 |     | no        | y    | s3    |
        P0      | 2026-01-07 | 90  |           | y    | s3    |
        P0      | 2026-01-09 | 90  | no        | n    | s6    |
        P0      | 2026-01-10 | 90  |           | n    | s6    |
        P0      |            | 90  |           | n    | s6    |
        P1      | 2026-01-01 | 90  |           | y    | s10   |
        P1      |            | 90  | yes       | y    | s10   |
        P1      |            | 90  |           | y    | s10   |
        P2      | 2026-01-01 | 90  |           | y    | s14   |
        P2      | 2026-01-09 | 90  | no        | n    | s13   |
        P2      |            | 90  | yes       | n    | s13   |
        P3      | 2026-01-01 | 90  |           | {}    |       |
        P3      |            | 90  |           | {}    |       |
        P4      | 2026-01-08 | 90  | yes       | y    | s17   |
        P4      | 2026-01-09 | 90  | yes       | y    | s18   |
        P4      | 2026-01-10 | 90  |           | y    | s18   |
        P4      |            | 90  |           | y    | s18   |
        P5      | 2026-01-01 | 90  |           | {}    |       |
        P6      |            | 90  | no        | y    | s23   |
        P6      |            | 90  | yes       | y    | s23   |
        P7      | 2026-01-01 | 90  |           | {}    |       |
        P7      | 2026-01-02 | 90  | no        | n    | s25   |
    """
    check(text.replace("{}", "-"), observed("metformin"), KNOWLEDGE)
    check(text.replace("{}", "n"), observed("metformin", unsaid_is_no=True), KNOWLEDGE)


@pytest.mark.parametrize(("day", "first"), [("2026-01-02", "-"), ("", "y")])
def test_one_statement_alone(day, first):
    check(
        f"""
        patient | day        | mcv | metformin | says
        P1      | 2026-01-01 | 90  |           | {first}
        P1      | {day}      |     | yes       | y
        P1      | 2026-01-03 | 90  |           | y
        P2      | 2026-01-01 | 90  |           | -
        """,
        observed("metformin"),
        KNOWLEDGE,
    )


@pytest.mark.parametrize(
    "name",
    [
        each.id
        for each in KNOWLEDGE.observations.values()
        if each.scope == "patient" and each.kind == "yes-no"
    ],
)
def test_what_is_said_first_of_a_later_specimen_says_nothing_of_an_earlier_one(name):
    """Medication, conditions, symptoms: whoever is found, treated and measured again has one."""
    check(
        f"""
        patient | day              | mcv | {name} | says
        P1      | 2026-01-01       | 90  |        | -
        P1      | 2026-01-05       | 90  | yes    | y
        P1      | 2026-01-09       | 90  |        | y
        P2      | 2026-01-05 08:00 | 90  |        | -
        P2      | 2026-01-05 10:00 | 90  | yes    | y
        P2      | 2026-01-05       | 90  |        | y
        """,
        observed(name),
        KNOWLEDGE,
    )


def test_where_somebody_lives_is_said_of_earlier_specimens_too():
    raised = context(
        """
        patient | day        | hemoglobin | elevation-m
        P1      | 2026-01-01 | 120        |
        P1      | 2026-01-05 | 120        | 600
        P1      | 2026-01-09 | 120        | 1200
        """
    ).raised
    assert list(raised["elevation"]) == [4, 4, 8]


def test_a_treatment_from_its_start_to_so_many_days_after_its_stop():
    """A start counts from the day after; on its own day only where both carry a time."""
    check(
        """
        patient | day              | mcv | vitamin-b12-replacement | b12-started      | b12-stopped | says | rests
        P0      | 2026-01-01       | 90  |                         | 2026-03-05       |             | n    |
        P0      | 2026-03-05       | 90  |                         |                  |             | n    |
        P0      | 2026-03-06       | 90  |                         |                  |             | y    | s0
        P1      | 2026-03-05 09:00 | 90  |                         | 2026-03-05 08:00 |             | y    | s3
        P2      | 2026-03-05 08:00 | 90  |                         | 2026-03-05 08:00 |             | n    |
        P3      | 2026-03-05 09:00 | 90  |                         | 2026-03-05       |             | n    |
        P4      | 2026-01-01       | 90  | yes                     |                  |             | y    | s6
        P4      | 2026-05-01       | 90  |                         |                  |             | y    | s6
        P4      | 2026-06-01       | 90  | no                      |                  |             | y    | s6
        P4      | 2026-09-29       | 90  |                         |                  |             | y    | s6
        P4      | 2026-09-30       | 90  |                         |                  |             | n    | s6
        P4      | 2026-10-01       | 90  | yes                     |                  |             | y    | s11
        P5      | 2026-02-01       | 90  |                         | 2026-01-01       | 2026-03-01  | y    | s12
        P5      | 2026-06-29       | 90  |                         |                  |             | y    | s12
        P5      | 2026-06-30       | 90  |                         |                  |             | n    | s12
        P6      | 2026-01-01       | 90  | no                      |                  |             | n    | s15
        P6      | 2026-02-01       | 90  |                         |                  |             | n    | s15
        P7      | 2026-01-01       | 90  | no                      |                  |             | n    | s17
        P7      | 2026-02-01       | 90  | yes                     |                  |             | y    | s18
        P8      | 2026-01-01       | 90  |                         |                  | 2025-12-01  | n    |
        P9      |                  | 90  | yes                     |                  |             | y    | s20
        PA      | 2026-01-01       | 90  | yes                     |                  |             | y    | s21
        PA      | 2026-02-01       | 90  |                         | 2025-12-01       |             | y    | s21
        PB      | 2026-01-01       | 90  | no                      |                  |             | n    | s23
        PB      | 2026-02-01       | 90  |                         | 2026-01-10       | 2025-06-01  | y    | s24
        """,
        observed("vitamin-b12-replacement", unsaid_is_no=True),
        KNOWLEDGE,
    )


def test_of_many_statements_without_a_date_the_last_counts():
    lines = [f"P1 | {'no' if number % 3 else 'yes'} | y | s57" for number in range(60)]
    check(
        "patient | metformin | says | rests\n" + "\n".join(lines),
        observed("metformin"),
        KNOWLEDGE,
    )


def test_nobody_said_anything():
    text = "day | mcv | says\n2026-01-01 | 90 | -\n | 90 | -"
    for name in ("metformin", "diluted"):
        check(text, observed(name), KNOWLEDGE)
    check(
        text.replace("-\n", "n\n")[:-1] + "n", observed("metformin", unsaid_is_no=True), KNOWLEDGE
    )


DATES = """
    patient | day        | mcv | b12-started | says | rests | here
    P1      | 2026-01-01 | 90  |             | n    | s1    |
    P1      | 2026-01-10 | 90  | 2026-01-05  | n    | s1    |
    P1      | 2026-01-11 | 90  |             | y    | s1    |
    P1      | 2026-01-14 | 90  |             | y    | s1    |
    P1      | 2026-01-15 | 90  |             | {far} | s1    |
    P1      |            | 90  |             | ?    | s1    |
    P2      | 2026-01-11 | 90  |             | {un}    |       |
    P2      |            | 90  |             | {un}    |       |
    P3      | 2026-01-20 | 90  | 2026-01-01  | y    | s9    |
    P3      | 2026-01-21 | 90  | 2026-01-14  | y    | s9    |
    P4      | 2026-01-11 | 90  | no          | {un}    |       |
    P5      | 2026-01-11 | 90  | yes         | {un}    |       |
"""


@pytest.mark.parametrize(
    ("most", "unsaid_is_no", "far", "un"),
    [(9, False, "n", "-"), (None, False, "y", "-"), (9, True, "n", "n"), (None, True, "y", "n")],
)
def test_days_since_a_date(most, unsaid_is_no, far, un):
    """Of several dates the latest on or before that day counts; without a day it is open."""
    check(
        DATES.replace("{far}", far).replace("{un}", un),
        Since(
            observation="b12-started",
            at_least_days=6,
            at_most_days=most,
            unsaid_is_no=unsaid_is_no,
        ),
        KNOWLEDGE,
    )


def context(text):
    tables = tables_of([dict(line.cells) for line in read_lines(text, "t")], KNOWLEDGE)
    _, questions = ask_questions(tables.results, tables.held, KNOWLEDGE, tables.observations)
    return questions._sayings.context()


def test_pregnancy():
    """A trimester that is none is not known; pregnant goes before postpartum."""
    said = context(
        """
        patient | mcv | hemoglobin | pregnant | trimester | postpartum
        P0      | 90  | 120        |          |           |
        P1      | 90  |            | yes      | 1         |
        P2      | 90  |            | yes      | 2         |
        P3      | 90  |            | yes      | 3         |
        P4      | 90  |            | yes      |           |
        P5      | 90  |            | yes      | 4         |
        P6      | 90  |            | yes      | 0         |
        P7      | 90  |            | no       | 2         |
        P8      | 90  |            |          |           | yes
        P9      | 90  |            | yes      |           | yes
        PA      | 90  |            | yes      | no        |
        PB      | 90  |            | yes      | 2         | yes
        """
    )
    assert [PREGNANCY[each] for each in said.pregnancy] == [
        "", "", "T1", "T2", "T3", "pregnant", "pregnant", "pregnant", "", "postpartum", "pregnant",
        "pregnant", "T2",
    ]  # fmt: skip
    assert said.pregnancy.dtype == np.int8
    assert said.raised == {}


def test_elevation_of_residence():
    """By the steps of the table, from each one on; who said nothing is taken as he stands."""
    meters = ["", "-10", "0", "499", "500", "999", "1000", "2499", "2500", "4500", "5500", "no"]
    lines = [f"P{number:02} | 120 | {said}" for number, said in enumerate(meters)]
    raised = context("patient | hemoglobin | elevation-m\n" + "\n".join(lines)).raised
    assert list(raised) == ["elevation"]
    assert list(raised["elevation"]) == [0, 0, 0, 0, 4, 4, 8, 14, 18, 33, 33, 0]


def test_what_is_raised_is_told_of_each_result():
    raised = context(
        "patient | hemoglobin | mcv | elevation-m\nP1 | 120 | 90 | 600\nP2 | 120 | | 1200"
    ).raised
    assert list(raised["elevation"]) == [4, 4, 8]
