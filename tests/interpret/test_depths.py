"""Who goes first within a class and by which share of a limit, from answers made by hand."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from pipeline.interpret.timeline import Timeline
from pipeline.interpret.truth_columns import rest_on, state
from pipeline.interpret.worklist_order import holds_now, measure_depth
from pipeline.knowledge.conditions import Compare, Observed
from pipeline.knowledge.worklist import ClassOrder
from tests.interpret.made import make_accessions, read_rows

LOW = Compare(direction="below", limit="a.low")
LOWER = Compare(direction="at_or_below", limit="a.lower")
HIGH = Compare(direction="above", limit="a.high")
OTHER = Compare(direction="below", limit="b.low")
SAID = Observed(observation="said")
ANALYTES = {"a.low": "a", "a.lower": "a", "a.high": "a", "b.low": "b", "said": "said"}


def answer_of(rows, name):
    """Answers such as `y 50`: y and n firm, Y and N doubted, - not reported; and the limit."""
    told = [row.get(name) or "-" for row in rows]
    letter = np.array([each[0] for each in told])
    limit = np.array([float(each[2:] or "nan") for each in told])
    there = letter != "-"
    return state(
        yes=np.isin(letter, ["y", "Y"]),
        no=np.isin(letter, ["n", "N"]),
        confirmed_yes=letter == "y",
        confirmed_no=letter == "n",
        reported=there,
        evidence=(
            rest_on(
                ANALYTES[name],
                len(rows),
                # The first result is of nobody.
                results=np.where(there, np.arange(len(rows)) + 1, -1),
                limit=limit,
            ),
        ),
    )


def tables_of(text):
    """Take a line per accession: patient, day of January (5.5 is noon), value with a sign."""
    rows = read_rows(text)
    accessions = make_accessions(rows)
    values = ["0.001", *(row["value"] for row in rows)]
    results = pd.DataFrame(
        {
            "original_value": pd.array([float(each.lstrip("<>=")) for each in values], "Float64"),
            "comparator": [each.rstrip("0123456789.") for each in values],
        }
    )
    names = [name for name in rows[0] if name in ANALYTES]
    answers = {name: answer_of(rows, name) for name in names}
    questions = SimpleNamespace(
        answer=lambda asked: answers[getattr(asked, "limit", None) or asked.observation]
    )
    specimen_index = SimpleNamespace(accessions=accessions, results=results)
    return specimen_index, questions, Timeline(specimen_index)


def depths(text, *orders, classes=None):
    """Give for each patient the share, with ! for who goes first; - where there is none."""
    specimen_index, questions, timeline = tables_of(text)
    ids = list(dict.fromkeys(specimen_index.accessions["patient_id"]))
    classes = classes or dict.fromkeys(ids, 3)
    patients = pd.DataFrame(
        {"patient_id": list(classes), "priority": list(classes.values())},
        index=range(5, 5 + len(classes)),
    )
    knowledge = SimpleNamespace(orders=orders)
    found = measure_depth(patients, specimen_index, questions, timeline, knowledge)
    assert str(found["depth"].dtype) == "Float64"
    assert list(found["patient_id"]) == list(classes)
    return {
        patient: ("!" if first else "") + ("-" if depth is pd.NA else f"{depth:.4g}")
        for patient, first, depth in zip(
            found["patient_id"], found["goes_first"], found["depth"], strict=True
        )
    }


def order(*by, **more):
    return ClassOrder(id="made", ranks=(3,), by=by, **more)


def test_the_smallest_share_of_a_limit_that_is_passed():
    text = """
        patient | day | value | a.low | b.low
        A       | 1   | 40    | y 80  |
        B       | 1   | 60    | y 80  |
        B       | 2   | 5     |       | y 50
        C       | 1   | 90    | n 80  |
        D       | 1   | <10   | y 80  |
        E       | 1   | 40    | Y 80  |
        F       | 1   | 40    | -     |
        G       | 1   | 60    | y 80  |
        G       | 1   | 50    | y 80  |
        H       | 1   | 0     | y 0   |
        I       | 1   |  8    | y 0   |
    """
    found = depths(text, order(LOW, OTHER))
    assert found == {
        "A": "0.5", "B": "0.1", "C": "-", "D": "0.125", "E": "0.5", "F": "-", "G": "0.625",
        "H": "-", "I": "-",
    }  # fmt: skip


def test_of_an_upper_limit_the_share_is_turned_round():
    text = """
        patient | day | value | a.high
        A       | 1   | 200   | y 100
        B       | 1   | 0     | y 100
        C       | 1   | >400  | y 100
    """
    assert depths(text, order(HIGH)) == {"A": "0.5", "B": "-", "C": "0.25"}


def test_of_each_analyte_the_first_limit_that_is_passed_counts():
    text = """
        patient | day | value | a.low | a.lower | b.low
        A       | 1   | 40    | y 80  | y 50    |
        B       | 1   | 40    | n 30  | y 50    |
        C       | 1   | 40    | y 80  | y 50    | y 40
        D       | 1   | 40    | y 80  | y 500   | y 100
    """
    by = (LOW, LOWER, OTHER)
    assert depths(text, order(*by)) == {"A": "0.5", "B": "0.8", "C": "0.5", "D": "0.4"}
    assert depths(text, order(LOWER, LOW, OTHER))["A"] == "0.8"
    # The first one decides for good, whatever a third one of the analyte says.
    assert depths(text, order(LOW, OTHER, LOWER)) == {
        "A": "0.5", "B": "0.8", "C": "0.5", "D": "0.4",
    }  # fmt: skip
    three = """
        patient | day | value | a.low | a.lower | a.high
        A       | 1   | 40    | y 80  | -       | y 4
        B       | 1   | 40    | -     | y 80    | y 4
    """
    assert depths(three, order(LOW, LOWER, HIGH)) == {"A": "0.5", "B": "0.5"}


def test_inside_the_limit_only_where_it_is_asked_for_and_none_is_passed():
    text = """
        patient | day | value | a.low | b.low
        A       | 1   | 100   | n 80  |
        A       | 1   | 50    |       | n 10
        B       | 1   | 100   | n 80  | y 200
        C       | 1   | >100  | n 80  |
        D       | 1   | 100   | N 80  |
        E       | 1   | 100   | n 80  |
        E       | 9   | 120   | n 80  |
        F       | 1   | 100   | -     |
        G       | 1   | 50    |       | n 10
        G       | 1   | 100   | n 80  |
    """
    inside = order(LOW, OTHER, also_inside=True)
    assert depths(text, inside) == {
        "A": "1.25", "B": "0.5", "C": "-", "D": "-", "E": "1.5", "F": "-", "G": "1.25",
    }  # fmt: skip
    assert depths(text, order(LOW, OTHER)) == dict.fromkeys("ACDEFG", "-") | {"B": "0.5"}


WHAT_STANDS = """
    patient | day  | value | a.low | said
    A       | 1    | 40    | y 80  | y
    A       | 9    | 90    | n 80  | n
    B       | 1    | 40    | y 80  | y
    B       | 9    | 90    | N 80  | N
    C       | 1    | 40    | y 80  | y
    C       | 9    | 60    | y 80  | y
    D       | 1    | 40    | y 80  | y
    D       | 9    | 60    | Y 80  | Y
    E       | 9.25 | 40    | y 80  | y
    E       | 9.5  | 60    | Y 80  | Y
    F       | 9.25 | 90    | n 80  | n
    F       | 9.5  | 60    | Y 80  | Y
    G       | 9.25 | 40    | Y 80  | Y
    G       | 9.5  | 60    | y 80  | y
    H       | 9.25 | 40    | Y 80  | Y
    H       | 9.5  | 90    | n 80  | n
    I       |      | 40    | y 80  | y
    I       | 9    | 90    | n 80  | n
"""


def test_what_was_refuted_since_does_not_count():
    specimen_index, questions, timeline = tables_of(WHAT_STANDS)
    stands = holds_now(questions.answer(LOW), timeline)
    ids = specimen_index.accessions["patient_id"]
    said = {each: "".join("y" if s else "n" for s in stands[ids == each]) for each in "ABCDEFGHI"}
    assert said == {
        # Refuted; not by what is doubted; replaced by a later one that holds, however doubted.
        "A": "nn", "B": "yn", "C": "ny", "D": "ny",
        # Close together the latest believed one decides, and a doubted later one stays.
        "E": "yy", "F": "ny", "G": "ny", "H": "nn",
        # Without a date nothing can be later.
        "I": "yn",
    }  # fmt: skip
    found = depths(WHAT_STANDS, order(LOW, first=(SAID,)))
    assert found == {
        "A": "-", "B": "!0.5", "C": "!0.75", "D": "!0.75", "E": "!0.5", "F": "!0.75", "G": "!0.75",
        "H": "-", "I": "!0.5",
    }  # fmt: skip


def test_each_class_by_its_own_order():
    text = """
        patient | day | value | a.low | b.low | said
        A       | 1   | 40    | y 80  | y 50  | y
        B       | 1   | 40    | y 80  | y 50  | y
        C       | 1   | 40    | y 80  | y 50  | y
    """
    classes = {"B": 2, "A": 3, "nobody": 3, "C": 6}
    second = ClassOrder(id="second", ranks=(1, 2), first=(SAID,), by=(OTHER,))
    expected = {"B": "!0.8", "A": "0.5", "nobody": "-", "C": "-"}
    assert depths(text, order(LOW), second, classes=classes) == expected
    assert depths(text, second, order(LOW), classes=classes) == expected
    # Of a class that nobody is in nothing is asked.
    unasked = ClassOrder(id="third", ranks=(5,), by=(HIGH,))
    assert depths(text, order(LOW), unasked, second, classes=classes) == expected


@pytest.mark.parametrize("orders", [(), (order(LOW, first=(SAID,)),)])
def test_without_any_accession_there_is_no_share(orders):
    specimen_index, questions, timeline = tables_of("patient | day | value\nA | 1 | 40")
    empty = SimpleNamespace(accessions=specimen_index.accessions[:0])
    patients = pd.DataFrame({"patient_id": ["A"], "priority": [3]})
    found = measure_depth(
        patients, empty, questions, Timeline(empty), SimpleNamespace(orders=orders)
    )
    assert (found["goes_first"].item(), found["depth"].item()) == (False, pd.NA)
    assert timeline.count == 1
