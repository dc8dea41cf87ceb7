"""What follows from other results of the specimen: calculated, or bounded, or held with them."""

import pandas as pd
import pytest

from pipeline.interpret.derive import derive_held, derive_results
from pipeline.knowledge.load import load_knowledge
from pipeline.review.case_tables import tables_of
from pipeline.review.cases import read_lines
from schemas import Reportable

KNOWLEDGE = load_knowledge()


def tables(text):
    return tables_of([dict(line.cells) for line in read_lines(text, "t")], KNOWLEDGE)


def derived(text, name):
    """Give what is made by one calculation: specimen → sign, number and unit."""
    made = tables(text)
    together = derive_results(made.results, made.held, KNOWLEDGE)
    found = together[together["derived"].eq(name)]
    return {
        row.accession: f"{row.comparator}{row.original_value:g} {row.original_unit}"
        for row in found.itertuples()
    }


def test_neutrophils_are_calculated_where_nobody_counted_them():
    found = derived(
        """
        accession | neutrophils | white-cells | neutrophils-percent
        A         |             | 4           | 30
        B         | 2           | 4           | 30
        C         | held        | 4           | 30
        D         |             | 4           |
        E         |             |             | 30
        F         |             | held        | 30
        G         |             | 4           | held
        H         |             | 4000 /uL    | 50
        I         |             | 3.3         | 0.1
        """,
        "neutrophils-calculated",
    )
    assert found == {"A": "1.2 10*9/L", "H": "2000 /uL", "I": "0.0033 10*9/L"}


PRODUCTS = """
    whole  | percent | product
    4      | 50      | 2
    <4     | 50      | <2
    <=4    | 50      | <=2
    >4     | 50      | >2
    >=4    | 50      | >=2
    4      | <50     | <2
    4      | >=50    | >=2
    <4     | <50     | <2
    <4     | <=50    | <2
    <=4    | <50     | <2
    <=4    | <=50    | <=2
    >4     | >50     | >2
    >4     | >=50    | >2
    >=4    | >50     | >2
    >=4    | >=50    | >=2
    <4     | >50     | >=0
    >4     | <=50    | >=0
    <=4    | >=50    | >=0
    >=4    | <50     | >=0
"""


def test_signs_of_a_product():
    """Opposite signs bound nothing: at least none."""
    lines = [dict(line.cells) for line in read_lines(PRODUCTS, "t")]
    text = "white-cells | neutrophils-percent\n" + "\n".join(
        f"{line['whole']} | {line['percent']}" for line in lines
    )
    found = derived(text, "neutrophils-calculated")
    assert list(found.values()) == [f"{line['product']} 10*9/L" for line in lines]


def test_white_cells_bound_the_neutrophils_from_above():
    found = derived(
        """
        accession | neutrophils | white-cells
        A         |             | 4
        B         | 2           | <4
        C         |             | <=4
        D         |             | >4
        E         |             | >=4
        F         |             | held
        G         | 2           |
        """,
        "neutrophils-at-most",
    )
    assert found == {"A": "<=4 10*9/L", "B": "<4 10*9/L", "C": "<=4 10*9/L"}


def test_the_rows_that_are_made():
    """Of the place of the percentage, in the unit of the count; nobody wrote or flagged them."""
    made = tables(
        """
        accession | patient | neutrophils | white-cells    | neutrophils-percent | mcv
        A         | P1      | 2           | 5              | 40                  |
        B         | P1      |             | 4000 /uL [1-9] |                     |
        B         | P1      |             |                | 30 % [40-70]        |
        B         | P1      |             |                |                     | 90
        """
    )
    results = made.results.assign(original_text="x", flag="H", comment="said", status="final")
    together = derive_results(results, made.held, KNOWLEDGE)
    pd.testing.assert_frame_equal(
        pd.DataFrame(together.iloc[: len(results)]), pd.DataFrame(results)
    )
    assert list(together.index) == list(range(len(together)))
    assert list(together["result_id"]) == list(range(len(together)))
    rows = together.iloc[len(results) :].set_index(["derived", "accession"])
    names = ["analyte", "original_text", "original_value", "original_unit", "value", "unit"]
    names += ["flag", "comment", "source_row", "comparator"]
    assert {key: list(row) for key, row in rows[names].astype(object).iterrows()} == {
        ("neutrophils-calculated", "B"): [
            "neutrophils", "", 1200, "/uL", 1.2, "10*9/L", "", "", 4, "",
        ],
        ("neutrophils-at-most", "A"): [
            "neutrophils", "x", 5, "10*9/L", 5, "10*9/L", "", "", 2, "<=",
        ],
        ("neutrophils-at-most", "B"): [
            "neutrophils", "x", 4000, "/uL", 4, "10*9/L", "", "", 3, "<=",
        ],
    }  # fmt: skip
    assert rows[["reference_low", "reference_high"]].isna().all().all()
    Reportable.validate(together)


def test_nothing_follows_from_nothing():
    made = tables("mcv\n90")
    together = derive_results(made.results.iloc[:0], made.held, KNOWLEDGE)
    assert together.empty
    assert list(derive_results(made.results, made.held, KNOWLEDGE)["result_id"]) == [0]


@pytest.mark.parametrize(
    ("white", "percent", "is_held"),
    [
        ("held", "30", True),
        ("4", "held", True),
        ("held", "held", True),
        ("held", "", False),
        ("", "held", False),
        ("4", "30", False),
        ("4", "", False),
    ],
)
def test_what_would_have_been_calculated_is_held_with_its_operand(white, percent, is_held):
    made = tables(
        "accession | patient | white-cells | neutrophils-percent | mcv\n"
        f"A | P1 | {white} | {percent} | held\nB | P1 | 5 | 40 | 90\nC | P2 | held | | held\n"
        "D | P2 | | held | held"
    )
    together = derive_results(made.results, made.held, KNOWLEDGE)
    held = derive_held(made.held, together, KNOWLEDGE)
    own = held[held["analyte"].eq("neutrophils")]
    assert list(own["accession"]) == (["A"] if is_held else [])
    assert len(held) == len(made.held) + len(own)
    assert list(held.index) == list(range(len(held)))


def test_where_both_operands_are_held_the_percentage_tells_the_place():
    made = tables(
        "accession | patient | white-cells | neutrophils-percent\nA | P1 | held |\nA | P1 | | held"
    )
    held = derive_held(made.held, made.results, KNOWLEDGE)
    assert list(held.loc[held["analyte"].eq("neutrophils"), "source_row"]) == [3]
