"""Results that are a quotient or a product of two others: MCV, reticulocytes."""

from datetime import datetime

import pandas as pd
import pytest
from openpyxl import load_workbook

from pipeline.commands.context import pass_through
from pipeline.commands.run import run_batch
from pipeline.config import Settings
from pipeline.interpret import interpret_results
from pipeline.interpret.derive import derive_held, derive_results
from pipeline.knowledge.load import load_knowledge
from pipeline.review.case_tables import tables_of
from pipeline.review.cases import read_lines

KNOWLEDGE = load_knowledge()
NOW = datetime(2026, 11, 1, 7, 30)


def tables(text):
    return tables_of([dict(line.cells) for line in read_lines(text, "t")], KNOWLEDGE)


def made_by(text, name):
    laid = tables(text)
    together = derive_results(laid.results, laid.held, KNOWLEDGE)
    found = together[together["derived"].eq(name)]
    return {
        row.accession: f"{row.comparator}{row.original_value:g} {row.original_unit}"
        for row in found.itertuples()
    }


def test_mcv_is_calculated_only_where_none_was_reported_or_held():
    found = made_by(
        """
        accession | mcv  | hematocrit | red-cells
        A         |      | 0.315 L/L  | 3
        B         |      | 31.5 %     | 3
        C         | 98   | 31.5 %     | 3
        D         | held | 31.5 %     | 3
        E         |      | 31.5 %     |
        F         |      |            | 3
        G         |      | held       | 3
        H         |      | 31.5 %     | held
        I         |      | 31.5 %     | 3 10*6/uL
        J         |      | 30 %       | 3
        K         |      | 30.02 %    | 3
        L         |      | 30.01 %    | 3
        M         |      | 60 %       | 1
        N         |      | 10 %       | 3
        O         |      | 20 %       | 0
        P         |      | 315 10*-1.% | 3
        """,
        "mcv-calculated",
    )
    assert found == {
        "A": "105 fL",
        "B": "105 fL",
        "I": "105 fL",
        "J": "100 fL",
        "K": "100.1 fL",
        "L": "100 fL",
        "P": "105 fL",
    }


@pytest.mark.parametrize(
    ("hematocrit", "red_cells", "answer"),
    [
        ("<30", "3", "<100"),
        ("<=30", "3", "<=100"),
        (">30", "3", ">100"),
        (">=30", "3", ">=100"),
        ("30", "<3", ">100"),
        ("30", "<=3", ">=100"),
        ("30", ">3", "<100"),
        ("30", ">=3", "<=100"),
        ("<30", ">3", "<100"),
        (">30", "<3", ">100"),
        (">=30", "<3", ">100"),
        # Both less: anything may come of it.
        ("<30", "<3", ">=0"),
        (">30", ">3", ">=0"),
    ],
)
def test_signs_of_a_quotient(hematocrit, red_cells, answer):
    text = f"accession | hematocrit | red-cells\nA | {hematocrit} % | {red_cells}"
    assert made_by(text, "mcv-calculated") == {"A": f"{answer} fL"}


def test_reticulocytes_are_calculated_from_their_share_of_red_cells():
    found = made_by(
        """
        accession | reticulocytes | red-cells | reticulocytes-percent
        A         |               | 4         | 2.5
        B         | 50            | 4         | 2.5
        C         | held          | 4         | 2.5
        D         |               | held      | 2.5
        E         |               | 4         | <2.5
        F         |               | 4         | 25 10*-1.%
        G         |               | 9         | 60
        """,
        "reticulocytes-calculated",
    )
    assert found == {"A": "100 10*9/L", "E": "<100 10*9/L", "F": "100 10*9/L"}


def test_an_operand_that_is_held_holds_what_would_follow_and_so_does_an_impossible_result():
    laid = tables(
        """
        accession | mcv | hematocrit | red-cells
        A         |     | held       | 3
        B         |     | 30 %       | held
        C         |     | held       | held
        D         |     | held       |
        E         | 90  | held       | 3
        F         |     | 60 %       | 1
        G         |     | 10 %       | 3
        H         |     | 30 %       | 3
        """
    )
    complete = derive_results(laid.results, laid.held, KNOWLEDGE)
    held = derive_held(laid.held, complete, KNOWLEDGE)
    held = held[held["analyte"].eq("mcv")].drop_duplicates(["accession", "code"])
    codes = held.set_index("accession")["code"].to_dict()
    assert sorted(codes) == ["A", "B", "C", "F", "G"]
    assert (codes["F"], codes["G"]) == ("index-too-high", "value-impossible")


ANSWERS = """
    sex | age | hemoglobin | hematocrit | red-cells | mcv  | macrocytosis  | status      | macrocytic-anemia | of anemia
    F   | 40y | 100        | 30.3 %     | 3         |      | present       | unconfirmed | present           | unconfirmed
    F   | 40y | 100        | 30 %       | 3         |      | absent        |             | absent            |
    F   | 40y | 100        | 30.02 %    | 3         |      | present       | unconfirmed | present           | unconfirmed
    F   | 40y | 100        | 30.3 %     | 3         | 101  | present       | confirmed   | present           | confirmed
    F   | 40y | 100        | 30.3 %     | 3         | 99   | absent        |             | absent            |
    F   | 40y | 100        | 30.3 %     | 3         | held | indeterminate |             | indeterminate     |
    F   | 40y | 100        | held       | 3         |      | indeterminate |             | indeterminate     |
    F   | 40y | 100        | 30.3 %     |           |      | not-tested    |             | indeterminate     |
    F   | 40y | 100        | 30 %       | <3        |      | present       | unconfirmed | present           | unconfirmed
    F   | 40y | 100        | 30 %       | >3        |      | absent        |             | absent            |
    F   | 40y | 100        | 31 %       | >3        |      | indeterminate |             | indeterminate     |
"""


def test_macrocytosis_is_decided_by_a_calculated_mcv_and_unconfirmed():
    lines = [dict(line.cells) for line in read_lines(ANSWERS, "t")]
    told = ("macrocytosis", "status", "macrocytic-anemia", "of anemia")
    laid = tables_of(
        [{key: cell for key, cell in line.items() if key not in told} for line in lines], KNOWLEDGE
    )
    findings = interpret_results(laid.results, laid.held, KNOWLEDGE).findings
    for number, line in enumerate(lines):
        own = findings[findings["accession"].eq(f"A{number:03}")].set_index("rule")
        found = [
            own.loc["macrocytosis", "outcome"],
            own.loc["macrocytosis", "status"],
            own.loc["macrocytic-anemia", "outcome"],
            own.loc["macrocytic-anemia", "status"],
        ]
        assert found == [line.get(name, "") for name in told], line
        said = own.loc[["macrocytosis", "macrocytic-anemia"], "comment"].str.contains(
            "mcv-calculated"
        )
        is_calculated = line["macrocytosis"] == "present" and not line.get("mcv")
        assert said.tolist() == [is_calculated] * 2 or line["macrocytosis"] == "absent"
        assert own.loc["anemia", "status"] == "confirmed"


@pytest.mark.parametrize(
    ("artifact", "line", "status"),
    [
        # Agglutination makes few red cells of many.
        ("agglutination; index-mismatch", "F | 40y | 120 | 30.3 % | 2.6 | 380", "unconfirmed"),
        ("none", "F | 40y | 100 | 30.3 % | 2.6 | 330", "unconfirmed"),
    ],
)
def test_a_doubt_about_operands_reaches_the_result(artifact, line, status):
    laid = tables(f"sex | age | hemoglobin | hematocrit | red-cells | mchc\n{line}")
    said = interpret_results(laid.results, laid.held, KNOWLEDGE)
    row = said.findings[said.findings["rule"].eq("macrocytosis")].iloc[0]
    assert (row["outcome"], row["status"]) == ("present", status)
    assert (row["artifact"] or "none") == artifact


def test_results_sheet_and_table_mark_it_as_calculated(tmp_path):
    path = tmp_path / "day.csv"
    path.write_text(
        "patient_id,sex,age,sample_id,collected_at,Hb (g/dL),Hct (%),RBC (10^12/L)\n"
        "P1,F,50,S1,2026-03-01,9.9,30.3,3.0\n",
        encoding="utf-8",
    )
    settings = Settings(output=tmp_path / "out")
    run_batch([path], settings, clock=lambda: NOW, progress=pass_through)
    findings = pd.read_csv(settings.output / "findings.csv").set_index("rule")
    assert findings.loc["macrocytosis", "status"] == "unconfirmed"
    assert "mcv-calculated" in findings.loc["macrocytosis", "comment"]
    book = load_workbook(settings.output / "patients" / "P1.xlsx")
    texts = [
        [str(cell) for cell in row] for sheet in book for row in sheet.iter_rows(values_only=True)
    ]
    rows = [row for row in texts if "Mean corpuscular volume" in " ".join(row) and "101" in row]
    assert any("calculated" in row for row in rows)
