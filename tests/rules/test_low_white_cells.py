"""low-white-cells: below 4.0 ×10⁹/L from 13 years; younger by age, none from 1 week to 7 months."""


def test_adults(evaluate):
    evaluate(
        "low-white-cells",
        """
        age | white-cells   | outcome | limit | grade
        40y | 3.9 10*9/L    | present | 4     | mild
        40y | 4.0 10*9/L    | absent  | 4     |
        40y | 4.1 10*9/L    | absent  | 4     |
        40y | 3.99 10*3/uL  | present | 4     | mild
        40y | 4.0 10*3/uL   | absent  | 4     |
        40y | 3999 /uL      | present | 4000  | mild
        40y | 4000 /uL      | absent  | 4000  |
        40y | 3.0           | present | 4     | mild
        40y | 2.99          | present | 4     | moderate
        40y | 2.0           | present | 4     | moderate
        40y | 1.99          | present | 4     | severe
    """,
    )


def test_both_ends_of_each_age_band(evaluate):
    evaluate(
        "low-white-cells",
        """
        age    | white-cells | outcome       | reason           | limit | grade | comment
        0d     | 8.9         | present       |                  | 9     |       | white-cells-child-limit
        0d     | 9.0         | absent        |                  | 9     |       | white-cells-child-limit
        6d     | 8.9         | present       |                  | 9     |       | white-cells-child-limit
        7d     | 2.0         | indeterminate | no-limit-for-age |       |       |
        7mo-1d | 2.0         | indeterminate | no-limit-for-age |       |       |
        7mo    | 5.9         | present       |                  | 6     |       | white-cells-child-limit
        7mo    | 6.0         | absent        |                  | 6     |       | white-cells-child-limit
        3y-1d  | 5.9         | present       |                  | 6     |       | white-cells-child-limit
        3y     | 4.9         | present       |                  | 5     |       | white-cells-child-limit
        3y     | 5.0         | absent        |                  | 5     |       | white-cells-child-limit
        7y-1d  | 4.9         | present       |                  | 5     |       | white-cells-child-limit
        7y     | 4.4         | present       |                  | 4.5   |       | white-cells-child-limit
        7y     | 4.5         | absent        |                  | 4.5   |       | white-cells-child-limit
        13y-1d | 4.4         | present       |                  | 4.5   |       | white-cells-child-limit
        13y    | 3.9         | present       |                  | 4     | mild  |
        13y    | 4.0         | absent        |                  | 4     |       |
    """,
    )


def test_missing_held_censored_and_age_unknown(evaluate):
    evaluate(
        "low-white-cells",
        """
        age | white-cells | hemoglobin | outcome       | reason
        40y |             | 140        | not-tested    |
        40y | held        |            | indeterminate | held
        40y | <4.0        |            | present       |
        40y | <=4.0       |            | indeterminate | censored
        40y | <5          |            | indeterminate | censored
        40y | >4.0        |            | absent        |
        40y | >3          |            | indeterminate | censored
            | 3.0         |            | indeterminate | age-unknown
            | 9.5         |            | indeterminate | age-unknown
    """,
    )


def test_sex_does_not_matter(evaluate):
    evaluate(
        "low-white-cells",
        """
        sex | age | white-cells | outcome
        F   | 40y | 3.9         | present
        M   | 40y | 3.9         | present
        ?   | 40y | 3.9         | present
        ?   | 40y | 4.0         | absent
    """,
    )
