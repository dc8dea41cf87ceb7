"""Whose line is for information, from tables and answers made by hand; each case is a patient."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from pipeline.interpret.for_information import find_for_information
from pipeline.interpret.truth_columns import state
from pipeline.knowledge.conditions import Observed
from pipeline.knowledge.model import AgeSpan, Population
from pipeline.knowledge.worklist import ForInformation

WHEN, ALSO, UNLESS, NEVER = (Observed(observation=each) for each in ("w", "a", "u", "n"))
KNOWLEDGE = SimpleNamespace(
    for_information=ForInformation(
        id="made",
        rank=4,
        from_years=18,
        never_stated=("pregnant", "surgery"),
        never=(NEVER,),
        when=(WHEN, ALSO),
        unless=(UNLESS,),
    ),
    populations={
        each.id: each
        for each in (
            Population(id="adult", ages=AgeSpan(low=("months", 216), high=None)),
            Population(id="child", ages=AgeSpan(low=("months", 12), high=("months", 216))),
            Population(id="newborn", ages=AgeSpan(low=("days", 300), high=("days", 400))),
        )
    },
)


def find(cases):
    """Give who is for information.

    A case changes what is for information: a column of `patients`; `found` on its specimens, such
    as "0 borderline" (0 is the first one, x none of them); `specimens`, each what holds on it (W:
    doubted) and the ages of its results in months (":adult" is a population, ":" no age at all, with
    ! preliminary); `said`, such as "pregnant yes".
    """
    people, found, places, results, said, holds = [], [], [], [], [], []
    for name, case in cases.items():
        good = {"priority": 4, "unconfirmed": 0, "held": 0, "in_conflict": False}
        case = {"specimens": ["w 216"], "found": ["0 borderline"], "said": []} | case
        people.append({"patient_id": name} | {key: case.get(key, good[key]) for key in good})
        for each in case["found"]:
            at, rule, *outcome = each.split()
            found.append((name, f"S{at}", rule, *(outcome or ["present"])))
        for number, specimen in enumerate(case["specimens"]):
            what, *ages = specimen.split()
            places.append((name, f"S{number}"))
            holds.append(what)
            for age in ages:
                months, _, population = age.strip("!").partition(":")
                status = "preliminary" if "!" in age else "final"
                results.append((name, status, float(months or "nan"), population, len(places) - 1))
        said += [(name, *each.split()) for each in case["said"]]

    def answer(condition):
        letter = condition.observation
        yes = np.array([letter in each.lower() for each in holds], bool)
        return state(
            yes=yes,
            no=~yes,
            confirmed_yes=np.array([letter in each for each in holds], bool),
            reported=yes | True,
        )

    table = pd.DataFrame(results, columns=["patient_id", "status", "months", "population", "of"])
    specimen_index = SimpleNamespace(
        accessions=pd.DataFrame(places, columns=["patient_id", "accession"]),
        results=table.assign(age_months_low=pd.array(table["months"], "Float64")),
        result_of=table["of"].to_numpy(np.int64),
        observations=pd.DataFrame(said, columns=["patient_id", "code", "answer"]),
    )
    columns = ["patient_id", "accession", "rule", "outcome"]
    marked = find_for_information(
        pd.DataFrame(people, index=range(3, 3 + len(people))),
        pd.DataFrame(found, columns=columns),
        specimen_index,
        SimpleNamespace(answer=answer),
        KNOWLEDGE,
    )
    assert marked.dtype == bool
    assert list(marked.index) == list(range(3, 3 + len(people)))
    return {name: bool(each) for name, each in zip(cases, marked, strict=True)}


CASES = {
    "first": ({}, True),
    # The class; one finding alone, confirmed; nothing held; no conflict.
    "class": ({"priority": 3}, False),
    "unconfirmed": ({"unconfirmed": 1}, False),
    "held": ({"held": 1}, False),
    "conflict": ({"in_conflict": True}, False),
    "no finding": ({"found": []}, False),
    "two findings": ({"found": ["0 borderline", "0 other"]}, False),
    "absent": ({"found": ["0 borderline", "0 other absent"]}, True),
    "only absent": ({"found": ["0 borderline absent"]}, False),
    "twice": ({"specimens": ["w 216", "w 216"], "found": ["0 one", "1 one"]}, True),
    # Any of the conditions, certainly, and on the specimen of the finding; of each one.
    "other condition": ({"specimens": ["a 216"]}, True),
    "neither": ({"specimens": ["- 216"]}, False),
    "doubted": ({"specimens": ["W 216"]}, False),
    "elsewhere": ({"specimens": ["- 216", "w 216"]}, False),
    "not on the other": ({"specimens": ["w 216", "- 216"]}, True),
    "one of two": ({"specimens": ["w 216", "- 216"], "found": ["0 one", "1 one"]}, False),
    "no such specimen": ({"found": ["x borderline"]}, False),
    # None of the exceptions there, however doubted.
    "unless": ({"specimens": ["wu 216"]}, False),
    "unless doubted": ({"specimens": ["wU 216"]}, False),
    "unless elsewhere": ({"specimens": ["w 216", "u 216"]}, True),
    # What keeps anybody on the list, on whatever specimen.
    "never": ({"specimens": ["w 216", "N 216"]}, False),
    "said": ({"said": ["pregnant yes"]}, False),
    "also said": ({"said": ["surgery yes", "metformin yes"]}, False),
    "denied": ({"said": ["pregnant no"]}, True),
    "something else": ({"said": ["metformin yes"]}, True),
    "preliminary": ({"specimens": ["w 216", "- 216!"]}, False),
    # Of age, by every result of the specimen, or by the population that is assumed.
    "seventeen": ({"specimens": ["w 215"]}, False),
    "one younger": ({"specimens": ["w 216 215 216"]}, False),
    "younger before": ({"specimens": ["w 216", "- 200"]}, True),
    "unknown": ({"specimens": ["w :"]}, False),
    "one unknown": ({"specimens": ["w 216 :"]}, False),
    "adult": ({"specimens": ["w :adult"]}, True),
    "child": ({"specimens": ["w :child"]}, False),
    "newborn": ({"specimens": ["w :newborn"]}, False),
    "stated": ({"specimens": ["w 200:adult"]}, False),
    "stated and old": ({"specimens": ["w 216:child"]}, True),
    "nothing measured": ({"specimens": ["w"]}, False),
    "last": ({}, True),
}  # fmt: skip


def test_all_conditions_must_hold():
    expected = {name: is_aside for name, (_, is_aside) in CASES.items()}
    assert find({name: case for name, (case, _) in CASES.items()}) == expected


@pytest.mark.parametrize("case", [{"specimens": ["w 216", "w 216", "-"]}, {}])
def test_the_last_specimen_may_have_no_result(case):
    assert find({"A": case}) == {"A": True}


def test_nothing_is_asked_where_nobody_can_be_for_information():
    columns = ["patient_id", "accession", "rule", "outcome"]
    patients = pd.DataFrame(
        {
            "patient_id": ["A"], "priority": [3], "unconfirmed": [0], "held": [0],
            "in_conflict": [False],
        }
    )  # fmt: skip
    current = pd.DataFrame([("A", "S0", "low", "present")], columns=columns)
    marked = find_for_information(patients, current, None, None, KNOWLEDGE)
    assert list(marked) == [False]
