"""low-neutrophils: below 1.5 ×10⁹/L from 1 year, 1.0 from 2 weeks; counted, calculated or bounded."""


def test_limit_units_and_grades(evaluate):
    evaluate(
        "low-neutrophils",
        """
        age | neutrophils   | outcome | limit | grade
        40y | 1.49 10*9/L   | present | 1.5   | mild
        40y | 1.5 10*9/L    | absent  | 1.5   |
        40y | 1.51 10*9/L   | absent  | 1.5   |
        40y | 1499 /uL      | present | 1500  | mild
        40y | 1500 /uL      | absent  | 1500  |
        40y | 1.0           | present | 1.5   | mild
        40y | 0.99          | present | 1.5   | moderate
        40y | 0.5           | present | 1.5   | moderate
        40y | 0.49          | present | 1.5   | severe
    """,
    )


def test_both_ends_of_each_age_band(evaluate):
    evaluate(
        "low-neutrophils",
        """
        age   | neutrophils | outcome       | reason           | limit
        0d    | 0.9         | indeterminate | no-limit-for-age |
        13d   | 0.9         | indeterminate | no-limit-for-age |
        14d   | 0.99        | present       |                  | 1
        14d   | 1.0         | absent        |                  | 1
        1y-1d | 0.99        | present       |                  | 1
        1y-1d | 1.0         | absent        |                  | 1
        1y    | 1.49        | present       |                  | 1.5
        1y    | 1.5         | absent        |                  | 1.5
        99y   | 1.49        | present       |                  | 1.5
              | 0.9         | indeterminate | age-unknown      |
              | 1.5         | indeterminate | age-unknown      |
    """,
    )


def test_sex_does_not_matter(evaluate):
    evaluate(
        "low-neutrophils",
        """
        sex | age | neutrophils | outcome
        F   | 40y | 1.49        | present
        M   | 40y | 1.49        | present
        ?   | 40y | 1.49        | present
        ?   | 40y | 1.5         | absent
    """,
    )


def test_calculated_from_white_cells_and_percentage(evaluate):
    evaluate(
        "low-neutrophils",
        """
        age | white-cells  | neutrophils-percent | neutrophils | outcome       | value | reason        | comment
        40y | 5.0 10*9/L   | 29.9 %              |             | present       | 1.495 |               | neutrophils-calculated
        40y | 5.0 10*9/L   | 30 %                |             | absent        | 1.5   |               | neutrophils-calculated
        40y | 5000 /uL     | 29.9 %              |             | present       | 1495  |               | neutrophils-calculated
        40y | 5.0 10*9/L   | 20 %                | 2.0         | absent        | 2     |               |
        40y | <5.0 10*9/L  | 30 %                |             | present       | 1.5   |               | neutrophils-calculated
        40y | <5.1 10*9/L  | 30 %                |             | indeterminate | 1.53  | censored      |
        40y | <5.0 10*9/L  | <30 %               |             | present       | 1.5   |               | neutrophils-calculated
        40y | <2 10*9/L    | <=20 %              |             | present       | 0.4   |               | neutrophils-calculated
        40y | <5 10*9/L    | >30 %               |             | indeterminate | 0     | censored      |
        40y | 5.0 10*9/L   | 60 %                | held        | indeterminate |       | held          |
        40y |              | 30 %                |             | not-tested    |       |               |
        40y | 5.0          |                     |             | not-tested    |       |               |
    """,
    )


def test_white_cells_bound_neutrophils_only_where_that_decides(evaluate):
    evaluate(
        "low-neutrophils",
        """
        age | white-cells | neutrophils-percent | neutrophils | outcome       | grade  | comment
        40y | 0.49        |                     |             | present       | severe | neutrophils-at-most
        40y | 0.5         |                     |             | present       |        | neutrophils-at-most
        40y | 1.49        |                     |             | present       |        | neutrophils-at-most
        40y | 1.5         |                     |             | not-tested    |        |
        40y | <1.5        |                     |             | present       |        | neutrophils-at-most
        40y | >0.1        |                     |             | not-tested    |        |
        40y | 0.4         |                     | held        | present       | severe | neutrophils-at-most
        40y | 5.0         |                     | held        | indeterminate |        |
    """,
    )


def test_missing_held_and_censored(evaluate):
    evaluate(
        "low-neutrophils",
        """
        age | neutrophils | white-cells | neutrophils-percent | hemoglobin | outcome       | reason
        40y |             |             |                     | 140        | not-tested    |
        40y | held        |             |                     |            | indeterminate | held
        40y | <1.5        |             |                     |            | present       |
        40y | <=1.5       |             |                     |            | indeterminate | censored
        40y | <2          |             |                     |            | indeterminate | censored
        40y | >1.5        |             |                     |            | absent        |
        40y | >1          |             |                     |            | indeterminate | censored
        40y |             | 5.0         | held                |            | indeterminate | held
        40y |             | held        | 30 %                |            | indeterminate | held
    """,
    )
