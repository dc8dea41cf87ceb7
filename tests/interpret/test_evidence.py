"""What findings rest on, as rows, and that joining the rows gives the texts of `findings.csv`."""

import numpy as np
import pandas as pd
import pytest

from pipeline.interpret import interpret_results
from pipeline.interpret.joined_evidence import join_evidence, list_current, list_values
from pipeline.interpret.sides import BEYOND, SIDES, find_sides, is_beyond, lies_beyond
from pipeline.knowledge.load import load_knowledge
from pipeline.review.case_tables import tables_of
from pipeline.review.cases import read_lines
from schemas import Evidence, Findings, JoinedFindings
from schemas.vocabulary import Comparator, Side

from .made import make_amounts

WHOLE = load_knowledge()
JOINED = (
    "analyte", "comparator", "value", "unit", "limit", "limit_unit", "from_accession", "from_date",
    "source_file", "source_sheet", "source_row",
)  # fmt: skip


def interpret(text):
    tables = tables_of([dict(line.cells) for line in read_lines(text, "t")], WHOLE)
    return interpret_results(tables.results, tables.held, WHOLE, observations=tables.observations)


def told(table, *columns):
    return [
        " | ".join("-" if pd.isna(cell) or cell == "" else str(cell) for cell in row)
        for row in table[list(columns)].itertuples(index=False)
    ]


@pytest.mark.parametrize(
    ("result", "side"),
    [
        ("119", Side.BELOW), ("120", Side.AT), ("121", Side.ABOVE),
        ("<119", Side.BELOW), ("<120", Side.BELOW), ("<121", Side.OPEN),
        ("<=119", Side.BELOW), ("<=120", Side.AT_OR_BELOW), ("<=121", Side.OPEN),
        (">119", Side.OPEN), (">120", Side.ABOVE), (">121", Side.ABOVE),
        (">=119", Side.OPEN), (">=120", Side.AT_OR_ABOVE), (">=121", Side.ABOVE),
    ],
)  # fmt: skip
def test_on_which_side_a_result_is_found(result, side):
    amounts = make_amounts([{"result": result}])
    (found,) = find_sides(amounts, np.array([120.0]))
    assert SIDES[found] == side
    assert list(find_sides(amounts, np.array([np.nan]))) == [0]


@pytest.mark.parametrize("sign", Comparator)
@pytest.mark.parametrize("number", [119.0, 120.0, 121.0])
@pytest.mark.parametrize("direction", BEYOND)
def test_an_answer_is_that_of_every_number_a_result_may_be(direction, sign, number):
    """A bound is yes only if all numbers that it allows are, and no only if none is."""
    may_be = np.array([118, 119, 119.5, 120, 120.5, 121, 122])
    allowed = {
        "": may_be == number, "<": may_be < number, "<=": may_be <= number,
        ">": may_be > number, ">=": may_be >= number,
    }[str(sign)]  # fmt: skip
    is_so = {
        "below": may_be < 120, "at_or_below": may_be <= 120,
        "above": may_be > 120, "at_or_above": may_be >= 120,
    }[direction]  # fmt: skip
    sides = find_sides(make_amounts([{"result": f"{sign}{number}"}]), np.array([120.0]))
    (yes,), (no,) = lies_beyond(direction, sides)
    assert yes == is_so[allowed].all()
    assert no == (~is_so[allowed]).all()
    assert is_beyond(direction, SIDES[sides[0]]) == (True if yes else False if no else None)


def test_without_a_limit_nothing_is_beyond_it():
    assert is_beyond("below", "") is None
    assert is_beyond("", "below") is None
    yes, no = lies_beyond("below", np.zeros(2, np.int8))
    assert not yes.any()
    assert not no.any()


def test_rows_of_one_finding():
    """Two limits of one result have a row each; a held result has one without a limit."""
    said = interpret("""
        accession | sex | age | hemoglobin | mcv
        A         | F   | 40y | 11 g/dL    | 90
        B         | F   | 40y | <130 g/L   | held
    """)
    of_rule = said.evidence[said.evidence["rule"].eq("normocytic-anemia")]
    assert told(
        of_rule, "accession", "position", "comparison", "analyte", "comparator", "value", "unit",
        "limit", "limit_unit", "direction", "side",
    ) == [
        "A | 0 | 0 | hemoglobin | - | 11.0 | g/dL | 12.0 | g/dL | below | below",
        "A | 1 | 0 | mcv | - | 90.0 | fL | 80.0 | fL | at_or_above | above",
        "A | 1 | 1 | mcv | - | 90.0 | fL | 100.0 | fL | at_or_below | below",
        "B | 0 | 0 | hemoglobin | < | 130.0 | g/L | 120.0 | g/L | below | open",
        "B | 1 | 0 | mcv | - | - | - | - | - | at_or_above | -",
    ]  # fmt: skip
    joined = join_evidence(said.findings, said.evidence).set_index(["accession", "rule"])
    assert joined.loc[("A", "normocytic-anemia"), "limit"] == "12; 80; 100"
    assert joined.loc[("B", "normocytic-anemia"), "value"] == "130; "


def test_a_row_leads_back_to_its_result():
    said = interpret("""
        patient | accession | day        | age | hemoglobin | mcv | vitamin-b12 | b12-started
        P1      | A         | 2026-01-01 | 40y | 90         |     | 150         | 2026-01-01
        P1      | B         | 2026-01-09 | 40y | 95         | 104 |             |
    """)
    rows = said.evidence[said.evidence["analyte"].ne("") & said.evidence["value"].notna()]
    by_id = said.results.set_index("result_id")
    for row in rows.itertuples(index=False):
        result = by_id.loc[row.result_id]
        assert (result["analyte"], result["original_value"]) == (row.analyte, row.value)
        assert (result["accession"], result["source_row"]) == (row.from_accession, row.source_row)
    assert said.evidence["side"].ne("").equals(said.evidence["limit"].notna())


SEVERAL = """
    patient | accession | day        | sex | age | hemoglobin | mcv  | platelets | white-cells | vitamin-b12 | diluted
    P1      | A         | 2026-01-01 | F   | 40y | 11.2 g/dL  | 104  | <100      | 3           | 150         |
    P1      | B         | 2026-01-05 |     |     | 122        | held | 90        | <=4         | held        | yes
    P2      | C         |            | M   | 9y  | 7 mmol/L   | 70   | >400      | 12          | >2000       | no
    P2      | D         | 2026-02-05 | M   | 9y  |            |      | 20        |             |             |
"""


@pytest.mark.parametrize("text", [SEVERAL, "platelets\n200", "diluted\nyes"])
def test_joining_evidence_is_joining_its_rows_one_by_one(text):
    said = interpret(text)
    joined = join_evidence(said.findings, said.evidence)
    JoinedFindings.validate(joined)
    assert list(joined["rule"]) == list(said.findings["rule"])
    rows = {
        key: group.to_dict("records")
        for key, group in said.evidence.groupby(["patient_id", "accession", "rule"], sort=False)
    }
    for line in joined.to_dict("records"):
        cited = rows.get((line["patient_id"], line["accession"], line["rule"]), [])
        assert {name: line[name] for name in JOINED} == by_hand(cited)


def by_hand(rows):
    """Join the evidence of one finding, result by result."""
    pieces = []
    for position in dict.fromkeys(row["position"] for row in rows):
        own = [row for row in rows if row["position"] == position]
        limits = dict.fromkeys(f"{row['limit']:.12g}" for row in own if not pd.isna(row["limit"]))
        first = own[0]
        pieces.append(
            {
                "analyte": first["analyte"] or first["observation"],
                "comparator": first["comparator"],
                "value": first["text"] if pd.isna(first["value"]) else f"{first['value']:.12g}",
                "unit": first["unit"],
                "limit": "; ".join(limits),
                "limit_unit": first["unit"] if limits else "",
                "from_accession": first["from_accession"],
                "from_date": ""
                if pd.isna(first["from_date"])
                else first["from_date"].date().isoformat(),
                "source_file": first["source_file"],
                "source_sheet": first["source_sheet"],
                "source_row": str(first["source_row"]),
            }
        )
    return {name: "; ".join(piece[name] for piece in pieces) for name in JOINED}


def test_some_findings_in_another_order():
    said = interpret(SEVERAL)
    whole = join_evidence(said.findings, said.evidence)
    order = np.random.default_rng(1).permutation(len(said.findings))[:50]
    some = join_evidence(Findings.validate(said.findings.iloc[order]), said.evidence)
    pd.testing.assert_frame_equal(some, whole.iloc[order].reset_index(drop=True))


def test_values_of_findings():
    said = interpret(SEVERAL)
    present = said.findings[said.findings["rule"].isin(["low-platelets", "macrocytic-anemia"])]
    values = dict(zip(zip(present["accession"], present["rule"], strict=True),
                      list_values(present, said.evidence), strict=True))  # fmt: skip
    assert values["A", "macrocytic-anemia"] == (("", "11.2", "g/dL"), ("", "104", "fL"))
    assert values["A", "low-platelets"] == (("<", "100", "10*9/L"),)
    current = list_current(said.findings, said.evidence)
    is_present = said.findings["outcome"].eq("present")
    assert current["values"].map(len).gt(0).equals(is_present)


def test_nothing_rests_on_nothing():
    said = interpret("platelets\n200")
    nobody = said.findings.iloc[:0]
    assert join_evidence(nobody, said.evidence).empty
    assert list_values(nobody, said.evidence) == []
    none = Evidence.validate(Evidence.no_rows())
    assert set(join_evidence(said.findings, none)["value"]) == {""}


def test_quoted_words_may_hold_the_sign_that_joins():
    lines = [dict(line.cells) for line in read_lines(SEVERAL, "t")]
    tables = tables_of(lines, WHOLE)
    quoted = tables.observations.assign(text="weak; repeat")
    said = interpret_results(tables.results, tables.held, WHOLE, observations=quoted)
    in_words = said.artifact_evidence[said.artifact_evidence["observation"].ne("")]
    assert set(in_words["text"]) == {"weak; repeat"}
    assert list(in_words["position"]) == [0] * len(in_words)
