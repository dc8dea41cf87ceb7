"""The order of the worklist and the place of ids in conflict, from tables made by hand."""

from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from pipeline.interpret.worklist_order import (
    find_arrivals,
    list_patterns,
    prioritize_conflicts,
    sort_by_priority,
    sort_patients,
)
from pipeline.knowledge.load import load_knowledge
from pipeline.knowledge.model import PriorityClass

KNOWLEDGE = load_knowledge()
FIRST = {
    "patient_id": "P",
    "priority": 3,
    "goes_first": False,
    "depth": 0.5,
    "has_pattern": False,
    "arrived_at": pd.Timestamp("2026-03-02 08:00"),
}


def patients(*changes: dict[str, object]) -> pd.DataFrame:
    """Make a patient of each, named A, B, C … in that order; 7 is the first index."""
    rows = [FIRST | {"patient_id": chr(65 + at)} | each for at, each in enumerate(changes)]
    made = pd.DataFrame(rows, index=range(7, 7 + len(rows)))
    return made.astype({"depth": "Float64", "arrived_at": "datetime64[us]"})


def order_of(table: pd.DataFrame) -> str:
    return "".join(table["patient_id"])


@pytest.mark.parametrize(
    ("changes", "turns", "expected"),
    [
        # The class goes before everything.
        ([{"priority": 3, "goes_first": True, "depth": 0.1, "has_pattern": True}, {"priority": 2}], 0, "BA"),
        # Then what comes before all numbers, then the smallest share; who has none comes after.
        ([{"depth": 0.1}, {"goes_first": True, "depth": 0.9}], 0, "BA"),
        ([{"depth": 0.6, "has_pattern": True}, {"depth": 0.4}], 0, "BA"),
        ([{"depth": pd.NA}, {"depth": 5.0}], 0, "BA"),
        # Patterns before single findings, whatever the turn.
        ([{}, {"has_pattern": True}], [0, 1], "BA"),
        # Then the turn, the longest wait, the id.
        ([{"arrived_at": pd.Timestamp("2026-01-01")}, {}], [1, 0], "BA"),
        ([{}, {"arrived_at": pd.Timestamp("2026-03-01 23:00")}], 0, "BA"),
        ([{"arrived_at": pd.Timestamp("2026-03-02 23:00")}, {"arrived_at": pd.Timestamp("2026-03-02 01:00")}], 0, "AB"),
        ([{"patient_id": "Z"}, {"patient_id": "Y"}], 0, "YZ"),
    ],
)  # fmt: skip
def test_patients_stand_in_order(changes, turns, expected):
    made = patients(*changes)
    turns = turns if isinstance(turns, int) else pd.Series(turns, index=made.index)
    ordered = sort_patients(made, turns)
    assert order_of(ordered) == expected
    assert list(ordered.columns) == list(made.columns)
    assert list(ordered.index) == [0, 1]
    # Wherever they stood before.
    again = sort_patients(made[::-1], turns)
    assert order_of(again) == expected


def test_without_turns_nobody_has_one():
    assert order_of(sort_patients(patients({}, {"depth": 0.2}))) == "BA"


def test_rows_of_one_place_stay_as_they_are():
    rows = patients(*({"depth": depth} for depth in (0.5, 0.2, 0.5, 0.5, 0.2)), {"priority": 1})
    rows.loc[9, "goes_first"] = True
    assert order_of(sort_by_priority(rows)) == "FCBEAD"
    many = patients(*({"depth": 0.5} for _ in range(40)))
    assert list(sort_by_priority(many).index) == list(many.index)


def knowledge_of(*holding: bool) -> SimpleNamespace:
    """Make classes from 1 on that hold conflicts or do not."""
    first = KNOWLEDGE.priorities[0]
    assert isinstance(first, PriorityClass)
    classes = [SimpleNamespace(rank=at, holds_conflicts=each) for at, each in enumerate(holding, 1)]
    return SimpleNamespace(priorities=classes)


@pytest.mark.parametrize(
    ("own", "version", "holding", "expected"),
    [
        # The more urgent one, of the patient or of a version.
        ((4, False, 0.5), (2, False, 0.3), 9, (2, False, 0.3)),
        ((2, False, 0.5), (4, True, 0.1), 9, (2, False, 0.5)),
        ((2, False, 0.5), (2, True, 0.9), 9, (2, True, 0.9)),
        ((2, True, 0.9), (2, False, 0.1), 9, (2, True, 0.9)),
        ((2, False, 0.5), (2, False, 0.3), 9, (2, False, 0.3)),
        ((2, False, None), (2, False, 0.3), 9, (2, False, 0.3)),
        ((2, False, 0.3), (2, False, None), 9, (2, False, 0.3)),
        # At least the class that holds conflicts; there numbers do not count.
        ((5, True, 0.5), (6, False, 0.3), 3, (3, False, None)),
        ((3, True, 0.5), (6, False, 0.3), 3, (3, True, 0.5)),
        ((5, True, 0.5), None, 3, (3, False, None)),
        ((5, True, 0.5), None, None, (5, True, 0.5)),
    ],
)  # fmt: skip
def test_the_place_of_an_id_in_conflict(own, version, holding, expected):
    keys = ("priority", "goes_first", "depth")
    mine = dict(zip(keys, own, strict=True)) | {"in_conflict": True}
    other = {"priority": 6, "in_conflict": False}
    places = {}
    if version is not None:
        places["A"] = (version[0], version[1], np.nan if version[2] is None else version[2])
        places["B"] = (1, True, 0.01)
    # Of two classes that hold conflicts the more urgent one.
    holds = [at in (holding, 7) for at in range(1, 8)] if holding != 9 else [False] * 7
    if holding is None:
        holds = [False] * 7
    placed = prioritize_conflicts(patients(mine, other), places, knowledge_of(*holds))
    assert str(placed["depth"].dtype) == "Float64"
    found = placed.iloc[0]
    depth = None if found["depth"] is pd.NA else found["depth"]
    assert (found["priority"], found["goes_first"], depth) == expected
    rest = placed.iloc[1]
    assert (rest["priority"], rest["goes_first"], rest["depth"]) == (6, False, 0.5)


def test_patterns_put_several_analytes_together():
    patterns = list_patterns(KNOWLEDGE)
    assert {"macrocytic-anemia", "pancytopenia", "bicytopenia"} <= patterns
    assert not patterns & {"anemia", "low-platelets", "low-b12", "macrocytosis", "low-white-cells"}
    two = [r for r in KNOWLEDGE.shown_rules() if len({*KNOWLEDGE.analytes_of(r.when)}) == 2]
    assert two
    assert {rule.id for rule in two} <= patterns


def test_a_specimen_arrived_with_the_first_file_that_tells_of_it():
    def rows(*lines: str) -> pd.DataFrame:
        columns = ["patient_id", "accession", "source_file"]
        return pd.DataFrame([line.split() for line in lines], columns=columns, dtype="str")

    said = rows("P1 S1 early.csv", "P3 S3 early.csv", "P4 S4 nowhen.csv")
    seen, held = (
        rows("P1 S1 late.csv", "P1 S2 late.csv"),
        rows("P2 S1 late.csv", "P1 S2 unknown.csv"),
    )
    early, late = datetime(2026, 3, 1, 8, tzinfo=UTC), datetime(2026, 3, 2, 9, tzinfo=UTC)
    arrived = find_arrivals(
        seen,
        held,
        SimpleNamespace(observations=said),
        {"early.csv": early, "late.csv": late, "nowhen.csv": None},
    )
    assert {key: None if pd.isna(at) else (at.month, at.day, at.hour) for key, at in arrived.items()} == {
        ("P1", "S1"): (3, 1, 8),
        ("P1", "S2"): (3, 2, 9),
        ("P2", "S1"): (3, 2, 9),
        ("P3", "S3"): (3, 1, 8),
        ("P4", "S4"): None,
    }  # fmt: skip
    assert arrived.dt.tz is None
