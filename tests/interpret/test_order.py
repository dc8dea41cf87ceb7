"""Who comes first within a class: by the share of a limit, never by the number of findings."""

from dataclasses import replace
from datetime import datetime

import pandas as pd
import pytest

from pipeline.errors import KnowledgeError
from pipeline.interpret import interpret_results
from pipeline.interpret.since_last_report import order_by_change
from pipeline.knowledge.conditions import RuleIs
from pipeline.knowledge.load import load_knowledge
from pipeline.knowledge.worklist import check_order
from pipeline.review.case_tables import tables_of
from pipeline.review.cases import read_lines
from schemas import Changes

KNOWLEDGE = load_knowledge()


def patients_of(text, **more):
    tables = tables_of([dict(line.cells) for line in read_lines(text, "t")], KNOWLEDGE)
    return interpret_results(
        tables.results, tables.held, KNOWLEDGE, observations=tables.observations, **more
    ).patients


def order_of(text, **more):
    """The patients of each class, in order."""
    said = patients_of(text, **more)
    return {int(rank): " ".join(rows["patient_id"]) for rank, rows in said.groupby("priority")}


@pytest.mark.parametrize(
    ("rank", "text", "order"),
    [
        # Hb/70, PLT/20, ANC/0.5; a bound is what it is at most; hemolysis with fragments first.
        (
            1,
            """
            patient | sex | age | hemoglobin | platelets   | neutrophils | white-cells | vitamin-b12 | mcv | ldh             | haptoglobin       | schistocytes
            A       | F   | 40y | 69 g/L     |             |             |             |             |     |                 |                   |
            B       | F   | 40y | 5.6 g/dL   |             |             |             |             |     |                 |                   |
            C       | F   | 40y |            | 5 10*9/L    |             |             |             |     |                 |                   |
            D       | F   | 40y |            | 19000 /uL   |             |             |             |     |                 |                   |
            E       | F   | 40y |            | <10 10*3/uL |             |             |             |     |                 |                   |
            F       | F   | 40y |            |             | 0.2 10*9/L  |             |             |     |                 |                   |
            G       | F   | 40y | 68 g/L     | 90 10*9/L   | 1.2 10*9/L  | 2.5 10*9/L  | 100 ng/L    | 120 |                 |                   |
            H       | F   | 40y | 60 g/L     | 100 10*9/L  |             |             | 100 ng/L    |     | 900 U/L [1-250] | 0.1 g/L [0.3-2.0] | yes
            """,
            # 0.86 but first; 0.25, 0.4, 0.5, 0.8, 0.95, 0.97 with eight findings, 0.99.
            "H C F E B D G A",
        ),
        # Hb/80, PLT/50, ANC/1.0, WBC/2.0; a pattern whose values pass none of these after them.
        (
            2,
            """
            patient | sex | age | hemoglobin | platelets  | neutrophils | white-cells | vitamin-b12 | ldh             | haptoglobin
            A       | F   | 40y | 75 g/L     |            |             |             |             |                 |
            B       | F   | 40y |            | 20 10*9/L  |             |             |             |                 |
            C       | F   | 40y |            |            | 600 /uL     |             |             |                 |
            D       | F   | 40y |            |            | 1.2 10*9/L  | 2.0 10*9/L  |             |                 |
            E       | F   | 40y | 109 g/L    | 149 10*9/L |             | 3.9 10*9/L  |             |                 |
            F       | F   | 40y | 100 g/L    | 120 10*9/L |             |             | 100 ng/L    | 900 U/L [1-250] | 0.1 g/L [0.3-2.0]
            G       | F   | 40y | 4.4 mmol/L |            |             |             |             |                 |
            """,
            "F B C G A D E",
        ),
        # The rule's own limit: PLT 150, Hb by sex, B12 180 (133 pmol/L), active B12 25, MCV 100.
        (
            3,
            """
            patient | sex | age | hemoglobin | platelets | mcv | vitamin-b12 | active-b12
            A       | F   | 40y |            |           |     | 90 ng/L     |
            B       | F   | 40y |            | 60 10*9/L |     |             |
            C       | F   | 40y | 100 g/L    |           |     |             |
            D       | M   | 40y | 95 g/L     |           |     |             |
            E       | F   | 40y | 119 g/L    |           | 101 |             |
            F       | F   | 40y |            |           |     |             | 10 pmol/L
            G       | F   | 40y |            |           |     | 66.5 pmol/L |
            H       | F   | 40y | 9.4 g/dL   |           |     |             |
            """,
            "B F A G D H C E",
        ),
        # Borderline 350, homocysteine 15, MCV 100 as upper limits; doubted values keep their
        # place; who has no number comes last.
        (
            4,
            """
            patient | sex | age | hemoglobin | platelets  | mcv | white-cells | vitamin-b12 | homocysteine | platelet-clumps
            A       | F   | 40y |            |            |     |             | 190 ng/L    |              |
            B       | F   | 40y | 140 g/L    | 149 10*9/L | 90  | 5 10*9/L    |             |              |
            C       | F   | 40y | 140 g/L    |            | 110 |             |             |              |
            D       | F   | 40y |            |            |     |             | <200 ng/L   |              |
            E       | F   | 40y | 119 g/L    | 200 10*9/L | 90  | 5 10*9/L    |             |              |
            F       | F   | 40y |            |            |     |             |             | 30 umol/L    |
            G       | F   | 40y | 140 g/L    | 200 10*9/L | 90  | 5 10*9/L    |             |              | yes
            H       | F   | 40y | 140 g/L    | 105 10*9/L | 90  | 5 10*9/L    |             |              | yes
            """,
            "F A D H C E B G",
        ),
    ],
)  # fmt: skip
def test_order_within_a_class(rank, text, order):
    assert order_of(text) == {rank: order}


def test_what_was_refuted_since_gives_no_share():
    found = order_of("""
        patient | day        | sex | age | platelets | vitamin-b12
        A       | 2026-03-01 | F   | 40y | 60        | 170
        A       | 2026-03-20 | F   | 40y | 200       |
        B       | 2026-03-01 | F   | 40y |           | 160
    """)
    assert found == {3: "B A"}


TIED = """
    patient | sex | age | vitamin-b12 | hemoglobin | mcv | file
    A       | F   | 40y | 90          |            |     | third.csv
    B       | F   | 40y | 90          |            |     | first.csv
    C       | F   | 40y | 90          | 140        | 90  | third.csv
    D       | F   | 40y | 90          |            |     | second.csv
    E       | F   | 40y | 90          |            |     | first.csv
"""
ARRIVALS = {
    "first.csv": datetime(2026, 3, 2, 8), "second.csv": datetime(2026, 3, 5),
    "third.csv": datetime(2026, 3, 9),
}  # fmt: skip


def test_ties_go_by_pattern_then_arrival_then_id():
    assert order_of(TIED, arrivals=ARRIVALS) == {3: "C B E D A"}
    assert order_of(TIED) == {3: "C A B D E"}


def test_files_of_one_day_came_at_the_same_time():
    same = {**ARRIVALS, "second.csv": datetime(2026, 3, 2, 23, 59)}
    assert order_of(TIED, arrivals=same) == {3: "C B D E A"}


def test_what_is_new_or_worse_goes_before_who_waits_longer():
    patients = patients_of(TIED, arrivals=ARRIVALS)
    kinds = Changes.column_types()
    changes = pd.DataFrame(
        [
            {**dict.fromkeys(kinds, ""), "patient_id": patient, "rule": "low-b12", "change": change,
             "was_collected_at": pd.NaT}
            for patient, change in (("A", "worse"), ("B", "continuing"), ("C", "continuing"),
                                    ("D", "corrected"), ("E", "better"))
        ],
        columns=list(kinds),
    ).astype(kinds)  # fmt: skip
    assert " ".join(order_by_change(patients, changes)["patient_id"]) == "C A D B E"


def test_days_count_from_the_arrival_of_what_stands():
    patients = patients_of(TIED, arrivals=ARRIVALS).set_index("patient_id")
    assert patients["arrived_at"]["B"] == pd.Timestamp("2026-03-02 08:00")
    assert patients["waiting_since"]["B"] == pd.Timestamp("2026-03-01")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ranks": (9,)}, "there is no priority 9"),
        ({"by": (RuleIs(rule="anemia"),)}, "comparisons with a limit alone"),
    ],
)
def test_an_order_that_cannot_be_is_refused(change, message):
    with pytest.raises(KnowledgeError, match=message):
        check_order(replace(KNOWLEDGE.orders[0], **change), frozenset(range(1, 7)))


def test_every_class_that_conditions_decide_has_an_order():
    decided = {each.rank for each in KNOWLEDGE.priorities if each.when is not None}
    assert {rank for order in KNOWLEDGE.orders for rank in order.ranks} == decided
