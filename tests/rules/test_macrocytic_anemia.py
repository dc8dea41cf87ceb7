"""macrocytic-anemia: anemia and macrocytosis in the same accession."""

import pandas as pd

from pipeline.interpret import interpret_results

from .conftest import read_table, tables_from


def test_both_are_needed(evaluate):
    evaluate(
        "macrocytic-anemia",
        """
        sex | age | hemoglobin | mcv   | outcome | value      | limit    | analyte
        F   | 40y | 119        | 100.1 | present | 119; 100.1 | 120; 100 | hemoglobin; mcv
        F   | 40y | 120        | 100.1 | absent  | 120; 100.1 | 120; 100 | hemoglobin; mcv
        F   | 40y | 119        | 100   | absent  | 119; 100   | 120; 100 | hemoglobin; mcv
        F   | 40y | 120        | 100   | absent  | 120; 100   | 120; 100 | hemoglobin; mcv
        M   | 40y | 129        | 104   | present | 129; 104   | 130; 100 | hemoglobin; mcv
        F   | 5y  | 114        | 87.1  | present | 114; 87.1  | 115; 87  | hemoglobin; mcv
    """,
    )


def test_unknown_parts(evaluate):
    evaluate(
        "macrocytic-anemia",
        """
        sex | age | hemoglobin | mcv   | platelets | outcome       | reason
        F   | 40y | 119        |       |           | indeterminate | missing-input
        F   | 40y | 120        |       |           | absent        |
        F   | 40y |            | 104   |           | indeterminate | missing-input
        F   | 40y |            | 100   |           | absent        |
        F   | 40y |            |       | 200       | not-tested    |
        F   | 40y | held       | 104   |           | indeterminate | held
        F   | 40y | 119        | held  |           | indeterminate | held
        F   | 40y | held       |       |           | indeterminate | missing-input; held
        F   | 40y | 119        | >=100 |           | indeterminate | censored
        ?   | 40y | 125        | 104   |           | indeterminate | sex-unknown
        ?   | 40y | 125        | 99    |           | absent        |
        F   |     | 115        | 90    |           | indeterminate | age-unknown
        F   | 3mo | 85         | 109   |           | present       |
        F   | 3mo | 95         | 109   |           | indeterminate | no-limit-for-age
    """,
    )


def test_two_specimens_of_one_patient_are_never_joined(knowledge):
    lines = read_table("""
        patient | sex | age | hemoglobin | mcv
        P1      | F   | 40y | 110        |
        P1      | F   | 40y |            | 110
    """)
    findings = interpret_results(*tables_from(lines, knowledge), knowledge).findings
    said = findings.loc[findings["rule"].eq("macrocytic-anemia"), "outcome"]
    assert list(said) == ["indeterminate", "indeterminate"]


def test_one_specimen_in_two_rows_is_joined(knowledge):
    lines = read_table("""
        patient | sex | age | hemoglobin | mcv
        P1      | F   | 40y | 110        |
        P1      | F   | 40y |            | 110
    """)
    results, held = tables_from(lines, knowledge)
    same = results.assign(accession=pd.Series("A000", index=results.index, dtype="str"))
    findings = interpret_results(same, held, knowledge).findings
    said = findings.loc[findings["rule"].eq("macrocytic-anemia"), "outcome"]
    assert list(said) == ["present"]
