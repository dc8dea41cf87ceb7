"""Results as arrays: who may be of which sex and age, and in which unit a number stands."""

import numpy as np
import pytest

from pipeline.interpret.result_arrays import PREGNANCY, Context, arrays_of
from pipeline.knowledge.load import load_knowledge
from pipeline.knowledge.model import AgeSpan, Population
from pipeline.review.case_tables import tables_of
from pipeline.review.cases import read_lines
from schemas.vocabulary import Comparator, Sex

KNOWLEDGE = load_knowledge()


def population(low):
    """Make one whose age is at least so much: ("days", 40)."""
    return Population(id="adult", ages=AgeSpan(low=low, high=None), comment=("assumed", "said"))


def amounts(text, pregnancy=(), populations=()):
    results = tables_of([dict(line.cells) for line in read_lines(text, "t")], KNOWLEDGE).results
    states = [PREGNANCY.index(state) for state in pregnancy] or [0] * len(results)
    context = Context(
        pregnancy=np.array(states, np.int8), raised={"elevation": np.ones(len(states))}
    )
    return arrays_of(results, {each.id: each for each in populations}, context)


def letters(mask):
    return "".join("x" if each else "." for each in mask)


def test_numbers_units_and_signs():
    made = amounts(
        "hemoglobin\n12 g/dL\n<120 g/L [115-150]\n>=7 mmol/L [-9]\n<=11.5 g/dL\n>130 g/L"
    )
    assert list(made.value) == [12, 120, 7, 11.5, 130]
    assert list(np.round(made.canonical, 3)) == [120, 120, 112.798, 115, 130]
    assert [made.units[code] for code in made.unit_codes] == [
        "g/dL", "g/L", "mmol/L", "g/dL", "g/L",
    ]  # fmt: skip
    assert {sign: letters(where) for sign, where in made.is_.items()} == {
        Comparator.EXACT: "x....",
        Comparator.LESS: ".x...",
        Comparator.AT_LEAST: "..x..",
        Comparator.AT_MOST: "...x.",
        Comparator.GREATER: "....x",
    }
    assert [str(low) for low in made.reference_low] == ["nan", "115.0", "nan", "nan", "nan"]
    assert [str(high) for high in made.reference_high] == ["nan", "150.0", "9.0", "nan", "nan"]
    assert [made.derived[code] for code in made.derived_codes] == [""] * 5


@pytest.mark.parametrize("state", PREGNANCY[1:])
def test_who_may_be_of_which_sex(state):
    """Who is said to be pregnant is no man where the sex is not stated; what is stated stands."""
    made = amounts("sex | mcv\nF | 90\nM | 90\n | 90\n | 90\nM | 90", ("", "", "", state, state))
    assert letters(made.sexes[Sex.FEMALE]) == "x.xx."
    assert letters(made.sexes[Sex.MALE]) == ".xx.x"
    assert [PREGNANCY[each] for each in made.pregnancy] == ["", "", "", state, state]
    assert list(made.raised["elevation"]) == [1] * 5


@pytest.mark.parametrize(
    ("low", "days", "months"),
    # A month has 28 days at least; a number of days says nothing of months.
    [(("months", 2), 56, 2), (("months", 216), 6048, 216), (("days", 40), 40, 0)],
)
def test_ages_that_are_assumed(low, days, months):
    """An age that is stated is not touched, nor one that nobody assumes."""
    made = amounts(
        """
        age  | population | mcv
        10d  | adult      | 90
             | adult      | 90
             |            | 90
        2y   |            | 90
        """,
        populations=(population(low),),
    )
    assert list(made.age_low["days"]) == [10, days, 0, 730]
    assert list(made.age_low["months"]) == [0, months, 0, 24]
    assert [str(high) for high in made.age_high["days"]] == ["10.0", "inf", "inf", "730.0"]
    assert [str(high) for high in made.age_high["months"]] == ["0.0", "inf", "inf", "24.0"]
    assert {code: letters(where) for code, where in made.assumed.items()} == {
        "assumed": ".x..",
        "said": ".x..",
    }


def test_some_of_them():
    text = (
        "sex | age | population | mcv\nF | 1y | | 90\nM | 2y | | <91\n | 3y | | 92\n | | adult | 93"
    )
    made = amounts(text, ("", "T1", "T2", ""), (population(("days", 40)),))
    some = made.at(np.array([2, 1]))
    assert list(some.value) == [92, 91]
    assert list(some.canonical) == [92, 91]
    assert letters(some.is_[Comparator.LESS]) == ".x"
    assert letters(some.sexes[Sex.FEMALE]) == "x."
    assert list(some.age_low["months"]) == [36, 24]
    assert list(some.age_high["months"]) == [36, 24]
    assert [PREGNANCY[each] for each in some.pregnancy] == ["T2", "T1"]
    assert (some.units, some.derived) == (made.units, made.derived)
    assert [len(each) for each in (some.unit_codes, some.derived_codes, some.raised["elevation"])] == [
        2, 2, 2,
    ]  # fmt: skip
    assert letters(made.at(np.array([3, 0])).assumed["assumed"]) == "x."
