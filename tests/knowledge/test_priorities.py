"""Classes of the worklist: whatever is found has one, and an artifact alone is for review."""

import pytest

from pipeline.interpret import interpret_results
from pipeline.knowledge.load import load_knowledge
from pipeline.review.case_tables import tables_of
from pipeline.review.cases import NAMED_FOR_NO_RULE, number_lines, patient_of
from pipeline.review.trial import applying_cases
from tests.rules.conftest import read_table

KNOWLEDGE, CASES = applying_cases()
FILES = [file for name, file in CASES.items() if name not in NAMED_FOR_NO_RULE]
URGENT, REVIEW, NOTHING_FOUND = (1, 2, 3), 4, 6


@pytest.fixture(scope="module")
def ranks():
    """Patient of a case → class in the worklist."""
    tables = tables_of(number_lines(FILES), KNOWLEDGE)
    said = interpret_results(
        tables.results, tables.held, KNOWLEDGE, observations=tables.observations
    )
    return dict(zip(said.patients["patient_id"], said.patients["priority"], strict=True))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.rule)
def test_whoever_has_a_finding_has_a_class(file, ranks):
    present = [line for line in file.lines if line.cells.get("outcome") == "present"]
    assert present
    assert {ranks[patient_of(file, line)] for line in present} <= {*URGENT, REVIEW}


def classes_of(text, knowledge):
    tables = tables_of(read_table(text), knowledge)
    said = interpret_results(
        tables.results, tables.held, knowledge, observations=tables.observations
    )
    return list(said.patients.set_index("patient_id")["priority"].sort_index())


def test_a_rule_that_no_class_names_is_for_review(tmp_path):
    (tmp_path / "site.toml").write_text(
        '[[rule]]\nid = "high-ferritin"\ntitle = "High ferritin"\n'
        'all = [{ at_or_above = "ferritin.depleted" }]\n',
        encoding="utf-8",
    )
    table = """
        patient | age | ferritin
        P1      | 40y | 900
        P2      | 40y | 3
    """
    # A ferritin alone is too little to say that nothing was found.
    assert classes_of(table, load_knowledge(tmp_path)) == [REVIEW, 5]


def test_a_doubted_specimen_alone_is_for_review():
    table = """
        patient | sex | age | hemoglobin | mcv | platelets | white-cells | platelet-clumps
        P1      | F   | 40y | 140        | 90  | 200       | 5           | yes
        P2      | F   | 40y | 140        | 90  | 200       | 5           |
    """
    assert classes_of(table, KNOWLEDGE) == [REVIEW, NOTHING_FOUND]
