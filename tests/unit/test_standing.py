"""What stands now, and who comes first in the worklist."""

from pipeline.interpret import interpret_results
from pipeline.knowledge.load import load_knowledge
from tests.rules.conftest import read_table, tables_from

KNOWLEDGE = load_knowledge()


def interpret(text):
    return interpret_results(*tables_from(read_table(text), KNOWLEDGE), KNOWLEDGE)


def ranks(text):
    patients = interpret(text).patients
    return dict(zip(patients["patient_id"], patients["priority"], strict=True))


def test_the_latest_answer_to_each_rule_stands():
    said = interpret("""
        patient | sex | age | day        | hemoglobin | vitamin-b12
        P1      | F   | 40y | 2026-01-10 | 60         | 150
        P1      | F   | 40y | 2026-02-10 | 125        |
    """)
    current = said.current.set_index("rule")["outcome"]
    assert current["anemia"] == "absent"
    # Vitamin B12 was not measured again: the low result of January stands.
    assert current["low-b12"] == "present"
    assert list(said.patients["priority"]) == [3]
    assert list(said.patients["waiting_since"].astype(str)) == ["2026-01-10"]


def test_a_later_result_that_cannot_decide_hides_nothing():
    said = interpret("""
        patient | sex | age | day        | hemoglobin
        P1      | F   | 40y | 2026-01-10 | 60
        P1      | F   | 40y | 2026-02-10 | held
    """)
    anemia = said.current[said.current["rule"].eq("anemia")]
    assert list(anemia["outcome"]) == ["present", "indeterminate"]
    assert list(said.patients["priority"]) == [1]


def test_specimens_without_a_date_all_stand():
    said = interpret("""
        patient | sex | age | day        | hemoglobin
        P1      | F   | 40y |            | 60
        P1      | F   | 40y | 2026-02-10 | 125
    """)
    assert list(said.patients["priority"]) == [1]


def test_both_results_of_the_latest_day_stand():
    said = interpret("""
        patient | sex | age | day              | hemoglobin
        P1      | F   | 40y | 2026-02-10 07:00 | 60
        P1      | F   | 40y | 2026-02-10 19:00 | 125
    """)
    assert list(said.patients["priority"]) == [1]


def test_order_within_a_class():
    said = interpret("""
        patient | sex | age | day        | vitamin-b12 | hemoglobin | mcv
        P4      | F   | 40y | 2026-02-01 | 150         |            |
        P3      | F   | 40y | 2026-02-01 | 150         |            |
        P2      | F   | 40y | 2026-01-01 | 150         |            |
        P1      | F   | 40y | 2026-03-01 | 150         | 115        | 105
        P0      | F   | 40y | 2026-03-01 |             | 140        | 90
    """)
    assert list(said.patients["patient_id"]) == ["P1", "P2", "P3", "P4", "P0"]
    assert said.patients["reasons"][0] == "low-b12; macrocytic-anemia; anemia; macrocytosis"


def test_an_infant_whose_anemia_is_not_graded_is_not_filed_among_the_mild():
    text = """
        patient | sex | age | hemoglobin
        P1      | F   | 9mo | 85
        P2      | F   | 2mo | 85
        P3      | F   |     | 85
        P4      | F   | 40y | 115
    """
    assert ranks(text) == {"P1": 3, "P2": 3, "P3": 3, "P4": 4}


def test_who_waits_for_an_answer_waits_too():
    said = interpret("""
        patient | sex | age | day        | hemoglobin
        P1      | ?   | 40y | 2026-01-10 | 125
    """)
    assert list(said.patients["waiting_since"].astype(str)) == ["2026-01-10"]


def test_everyone_who_was_seen_has_a_line():
    lines = read_table("""
        patient | sex | age | hemoglobin | platelets | white-cells
        P1      | F   | 40y | 140        | 250       | 6
        P2      | F   | 40y | 60         | 250       | 6
    """)
    results, held = tables_from(lines, KNOWLEDGE)
    seen = results.drop(columns="derived")
    usable = results[results["patient_id"].eq("P1")]
    patients = interpret_results(usable, held, KNOWLEDGE, seen).patients
    assert dict(zip(patients["patient_id"], patients["priority"], strict=True)) == {
        "P1": 6,
        "P2": 5,
    }
