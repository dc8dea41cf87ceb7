"""Each version of a person in conflict by itself: which rows are whose, and what is taken from it."""

from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest

from pipeline.commands.context import pass_through
from pipeline.commands.run import check_batch
from pipeline.config import Settings
from pipeline.interpret import conflict_versions
from pipeline.interpret.conflict_versions import Versions, interpret_versions
from pipeline.interpret.worklist_order import PLACE
from pipeline.reconcile.person_versions import CONFLICTS
from schemas import Findings, Observations

IDENTITY, SPECIMEN, MISIDENTIFIED = CONFLICTS
DETAILS = ["patient_id", "patient_name", "sex", "birth_date"]


def people_of(*lines):
    """Make rows of lines such as `P1 Ada F 1976-02-03` (-: not known), from row 7 on."""
    rows = [["" if cell == "-" else cell for cell in line.split()] for line in lines]
    table = pd.DataFrame(rows, columns=DETAILS, index=range(7, 7 + len(rows)), dtype="str")
    return table.assign(birth_date=pd.to_datetime(table["birth_date"]).astype("datetime64[us]"))


def test_each_version_of_a_person_has_an_id_of_its_own():
    rows = people_of(
        "P2 Cy M 1966-03-01", "P1 Bo M 1966-02-01", "P1 Ada F -", "P1 Bo M 1966-02-01",
        "P1 Ada F 1976-02-03", "P1 Ada - -",
    )  # fmt: skip
    people = conflict_versions._number_people(rows)
    assert [" ".join(each) for each in people.to_numpy()] == [
        "P1 Ada   version 0", "P1 Ada F  version 1", "P1 Ada F 1976-02-03 version 2",
        "P1 Bo M 1966-02-01 version 3", "P2 Cy M 1966-03-01 version 4",
    ]  # fmt: skip
    assert list(people.index) == list(range(5))
    named = conflict_versions._as_versions(rows.assign(code="x"), people)
    assert list(named["patient_id"]) == [f"version {number}" for number in (4, 3, 1, 3, 2, 0)]
    assert list(named.index) == list(rows.index)
    assert list(named["code"]) == ["x"] * 6
    assert named["patient_id"].dtype == "str"


KEYS = ["source_file", "source_sheet", "source_row", "source_column", "code", "patient_id"]


def test_what_was_said_of_persons_in_conflict_is_left_out_of_the_rest():
    def said(*rows):
        kinds = Observations.column_types()
        empty = dict.fromkeys(kinds, "")
        times = {name: pd.NaT for name, kind in kinds.items() if kind.startswith("datetime")}
        numbers = {name: pd.NA for name, kind in kinds.items() if kind[:3] in ("Int", "Flo")}
        made = [{**empty, **times, **numbers, **dict(zip(KEYS, row, strict=True))} for row in rows]
        table = pd.DataFrame(made, columns=list(kinds), index=range(3, 3 + len(made)))
        return SimpleNamespace(observations=table.astype(kinds))

    one = ("a.csv", "page", 2, "Comment", "hemolyzed", "P1")
    others = [
        ("b.csv", *one[1:]), (one[0], "other", *one[2:]), (*one[:2], 3, *one[3:]),
        (*one[:3], "Note", *one[4:]), (*one[:4], "lipemic", one[5]), (*one[:5], "P2"),
    ]  # fmt: skip
    with patch.object(Observations, "require_columns", lambda table: table):
        left = conflict_versions._left_out(said(*others, one), said(one))
    # Whatever differs, it is not the same row.
    assert [tuple(row) for row in left[KEYS].to_numpy(object)] == others
    assert list(left.index) == list(range(6))


def place(patient, number, priority, goes_first=False, depth=np.nan):
    return {
        "patient_id": patient, "patient_name": "", "sex": "", "birth_date": "",
        "version_id": f"version {number}", "priority": priority, "goes_first": goes_first,
        "depth": pd.NA if np.isnan(depth) else depth,
    }  # fmt: skip


def test_the_most_urgent_place_of_each_person():
    people = pd.DataFrame(
        [
            place("P1", 0, 4, depth=0.1),
            place("P1", 1, 2, depth=0.7),
            place("P1", 2, 2, depth=0.6),
            place("P2", 3, 5),
            # Those of one specimen count for each other, those of one person in conflict do not.
            place("P3", 4, 3, goes_first=True),
            place("P4", 5, 1, depth=0.5),
            place("P5", 6, 6),
            place("P6", 7, 5, depth=0.5),
            place("P7", 8, 5, depth=0.4),
        ]
    ).astype({"depth": "Float64"})
    held = pd.DataFrame(
        [
            ("P1", "S1", IDENTITY),
            ("P2", "S1", IDENTITY),
            ("P3", "S2", SPECIMEN),
            ("P4", "S2", SPECIMEN),
            ("P4", "S2", SPECIMEN),
            ("P5", "S3", SPECIMEN),
            ("P6", "S4", MISIDENTIFIED),
            ("P7", "S4", MISIDENTIFIED),
        ],
        columns=["patient_id", "accession", "code"],
    )
    found = {
        name: f"{rank} {'first' if first else 'not'} {depth:g}"
        for name, (rank, first, depth) in conflict_versions._most_urgent(people, held).items()
    }
    assert found == {
        "P1": "2 not 0.6", "P2": "5 not nan", "P3": "1 not 0.5", "P4": "1 not 0.5",
        "P5": "6 not nan", "P6": "5 not 0.4", "P7": "5 not 0.4",
    }  # fmt: skip
    alone = conflict_versions._most_urgent(people[4:5], held[2:3])
    (only,) = alone.values()
    assert (type(only[0]), only[1], type(only[2])) == (int, True, float)


class _Enough(Exception):
    pass


@cache
def received_and_settled():
    """Read a file with ids and specimens in conflict."""
    head = "patient_id,name,sex,birth_date,sample_id,collected_at,analyte,value,unit,comment"
    lines = [
        "P0,Eve,F,1970-01-01,S0,2026-11-01,Hemoglobin,90,g/L,",
        "P1,Bo,M,1966-02-01,S1,2026-11-01,Hemoglobin,125,g/L,",
        "P1,Ada,F,1976-02-03,S2,2026-11-01,Hemoglobin,126,g/L,",
        "P1,Ada,F,1976-02-03,S3,2026-11-02,Platelets,40,10*9/L,platelet clumps",
        "P1,Bo,M,1966-02-01,S1,2026-11-01,Platelets,eight,10*9/L,",
        "P0,Eve,F,1970-01-01,S0,2026-11-01,MCV,ninety,fL,hemolyzed",
        "P2,Cy,M,1966-03-01,S5,2026-11-01,Hemoglobin,150,g/L,",
        "P2,Cy,M,1966-03-01,S5,2026-11-01,MCV,90,fL,",
        "P2,Cy,M,1966-03-01,S5,2026-11-01,MCV,99,fL,",
        "P3,Di,F,1966-04-01,S5,2026-11-01,Platelets,8,10*9/L,",
        "P3,Di,F,1966-04-01,S6,2026-11-03,Vitamin B12,90,ng/L,",
    ]
    taken = []

    def take(received, settled, knowledge):
        taken.extend([received, settled, knowledge])
        raise _Enough

    with (
        TemporaryDirectory() as folder,
        patch("pipeline.assessment.interpret_versions", take),
    ):
        path = Path(folder) / "march.csv"
        path.write_text("\n".join([head, *lines]), encoding="utf-8")
        with pytest.raises(_Enough):
            check_batch(
                [path], Settings(), clock=lambda: datetime(2026, 11, 5), progress=pass_through
            )
    return taken


def findings_of(*rows):
    kinds = Findings.column_types()
    empty = dict.fromkeys(kinds, "")
    missing = {name: None for name, kind in kinds.items() if kind != "str"}
    table = [
        {**empty, **missing, **dict(zip(("patient_id", "rule", "outcome"), row, strict=True))}
        for row in rows
    ]
    return pd.DataFrame(table, columns=list(kinds))


def test_each_version_is_interpreted_by_itself():
    received, settled, knowledge = received_and_settled()
    asked = {}

    def interpret(results, held, known, shown, said):
        assert known is knowledge
        asked.update(results=results, held=held, shown=shown, said=said)
        patients = pd.DataFrame(
            [("version 3", 1, False, 0.4), ("version 0", 4, True, None), ("version 1", 2, False, 0.8),
             ("version 2", 5, False, None)],
            columns=["patient_id", *PLACE],
        )  # fmt: skip
        current = findings_of(
            ("version 0", "anemia", "absent"), ("version 1", "anemia", "present"),
            ("version 3", "low-platelets", "present"),
        )  # fmt: skip
        return SimpleNamespace(patients=patients, current=current, evidence=None)

    with (
        patch.object(conflict_versions, "interpret_results", interpret),
        patch.object(Findings, "require_columns", lambda table: table),
    ):
        found = interpret_versions(received, settled, knowledge)

    def told(table, *names):
        return sorted(" ".join(map(str, row)) for row in table[list(names)].to_numpy(object))

    details = ("patient_id", "patient_name", "sex", "analyte", "value")
    # Who is not in conflict is not there; a specimen of two ids is asked for each by itself.
    assert told(asked["results"], *details) == [
        "version 0 Ada F hemoglobin 126.0", "version 0 Ada F platelets 40.0",
        "version 1 Bo M hemoglobin 125.0",
        "version 2 Cy M hemoglobin 150.0", "version 3 Di F platelets 8.0",
    ]  # fmt: skip
    births = dict(zip(asked["results"]["patient_id"], asked["results"]["birth_date"], strict=True))
    assert births["version 0"] == pd.Timestamp("1976-02-03")
    assert len(asked["shown"]) == 7
    # What was held on reading, and what the selection holds.
    assert told(asked["held"], "patient_id", "analyte", "code") == [
        "version 1 platelets not-a-number",
        "version 2 mcv results-disagree",
        "version 2 mcv results-disagree",
    ]
    assert list(asked["held"].index) == [0, 1, 2]
    assert told(asked["said"], "patient_id", "code") == ["version 0 platelet-clumps"]
    assert told(found.people, "patient_id", "patient_name", "version_id", *PLACE) == [
        "P1 Ada version 0 4 True nan", "P1 Bo version 1 2 False 0.8",
        "P2 Cy version 2 5 False nan", "P3 Di version 3 1 False 0.4",
    ]  # fmt: skip
    assert set(found.places) == {"P1", "P2", "P3"}
    assert found.places["P1"] == (2, False, 0.8)
    assert found.places["P2"] == found.places["P3"] == (1, False, 0.4)
    assert told(found.findings, "patient_id", "rule") == [
        "version 1 anemia", "version 3 low-platelets",
    ]  # fmt: skip
    assert list(found.findings.index) == [0, 1]
    assert list(found.findings.columns) == list(Findings.column_types())


def test_without_a_conflict_nothing_is_interpreted():
    received, settled, knowledge = received_and_settled()
    none = SimpleNamespace(held=settled.held[:0])
    with patch.object(conflict_versions, "interpret_results", side_effect=AssertionError):
        found = interpret_versions(received, none, knowledge)
    assert found.places == {}
    assert list(found.people.columns) == [*DETAILS, "version_id", *PLACE]
    assert (len(found.people), len(found.findings)) == (0, 0)
    assert list(found.findings.columns) == list(Findings.column_types())
    with pytest.raises(TypeError):
        Versions().places["P1"] = (1, False, 0.5)
