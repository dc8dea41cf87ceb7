"""bicytopenia: exactly two of anemia, low platelets, low white line; pancytopenia: all three."""

import pytest


def test_exactly_two_or_all_three(evaluate):
    table = """
        sex | age | hemoglobin | platelets | white-cells | neutrophils | outcome
        F   | 40y | 119        | 149       | 4.0         | 1.5         | {two}
        F   | 40y | 119        | 150       | 3.9         | 1.5         | {two}
        F   | 40y | 119        | 150       | 4.0         | 1.4         | {two}
        F   | 40y | 120        | 149       | 3.9         | 1.4         | {two}
        F   | 40y | 119        | 149       | 3.9         | 1.5         | {three}
        F   | 40y | 119        | 149       | 4.0         | 1.4         | {three}
        F   | 40y | 119        | 149       | 3.9         | 1.4         | {three}
        F   | 40y | 119        | 150       | 4.0         | 1.5         | absent
        F   | 40y | 120        | 150       | 4.0         | 1.5         | absent
    """
    evaluate("bicytopenia", table.format(two="present", three="absent"))
    evaluate("pancytopenia", table.format(two="absent", three="present"))


def test_unknown_lines(evaluate):
    evaluate(
        "bicytopenia",
        """
        sex | age | hemoglobin | platelets | white-cells | outcome       | reason
        F   | 40y | 119        | 149       |             | indeterminate | missing-input
        F   | 40y | 119        |           |             | indeterminate | missing-input
        F   | 40y | 119        | 150       |             | indeterminate | missing-input
        F   | 40y | 120        | 150       |             | absent        |
        F   | 40y | 120        |           |             | not-tested    |
        F   | 40y | 120        | 150       | held        | absent        |
        F   | 40y | 119        | 150       | held        | indeterminate | held
        ?   | 40y | 125        | 149       | 4.0         | indeterminate | sex-unknown
        ?   | 40y | 125        | 149       | 3.9         | indeterminate | sex-unknown
    """,
    )
    evaluate(
        "pancytopenia",
        """
        sex | age | hemoglobin | platelets | white-cells | outcome       | reason
        F   | 40y | 119        | 149       |             | indeterminate | missing-input
        F   | 40y | 119        |           |             | indeterminate | missing-input
        F   | 40y | 119        | 150       |             | absent        |
        F   | 40y | 120        |           |             | absent        |
        F   | 40y |            |           | 9.0         | absent        |
        F   | 40y | 119        | 149       | held        | indeterminate | held
        ?   | 40y | 125        | 149       | 3.9         | indeterminate | sex-unknown
        F   | 40y | 119        | <200      | 3.9         | indeterminate | censored
        F   | 40y | 119        | <100      | 3.9         | present       |
    """,
    )


@pytest.mark.parametrize("rule", ["bicytopenia", "pancytopenia"])
def test_nothing_measured(evaluate, rule):
    evaluate(
        rule,
        """
        sex | age | vitamin-b12 | outcome
        F   | 40y | 400         | not-tested
    """,
    )


def test_the_white_line_by_what_was_measured(evaluate):
    evaluate(
        "pancytopenia",
        """
        sex | age | hemoglobin | platelets | white-cells | neutrophils | outcome       | comment
        F   | 40y | 119        | 149       | 3.9         |             | present       | white-line-by-one
        F   | 40y | 119        | 149       | 4.0         |             | absent        | white-line-by-one
        F   | 40y | 119        | 149       |             | 1.4         | present       | white-line-by-one
        F   | 40y | 119        | 149       |             | 1.5         | absent        | white-line-by-one
        F   | 40y | 119        | 149       | 4.0         | held        | indeterminate |
        F   | 40y | 119        | 149       | 3.9         | held        | present       |
    """,
    )


def test_evidence_in_the_order_of_the_rule(evaluate):
    evaluate(
        "pancytopenia",
        """
        sex | age | hemoglobin | platelets | white-cells | neutrophils | outcome | value
        F   | 40y | 119        | 149       | 3.9         | 1.4         | present | 119; 149; 3.9; 1.4
        F   | 40y | 119        | 149       | 3.9         |             | present | 119; 149; 3.9
    """,
    )
