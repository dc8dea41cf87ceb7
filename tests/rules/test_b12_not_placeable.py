"""b12-not-placeable: certainly at or below 350 ng/L (258 pmol/L), the band not determinable."""


def test_a_bound_that_leaves_the_band_open(evaluate):
    evaluate(
        "b12-not-placeable",
        """
        age    | vitamin-b12  | outcome       | reason
        40y    | <200 ng/L    | present       |
        40y    | <=180 ng/L   | present       |
        40y    | <350 ng/L    | present       |
        40y    | <=350 ng/L   | present       |
        40y    | <258 pmol/L  | present       |
        40y    | <259 pmol/L  | indeterminate | censored
        40y    | <351 ng/L    | indeterminate | censored
        40y    | <180 ng/L    | absent        |
        40y    | 200 ng/L     | absent        |
        40y    | 100 ng/L     | absent        |
        40y    | >2000 ng/L   | absent        |
        16y    | <200 ng/L    | present       |
        16y-1d | 200 ng/L     | absent        |
        40y    | held         | indeterminate | held
    """,
    )


def test_not_measured(evaluate):
    evaluate(
        "b12-not-placeable",
        """
        age | vitamin-b12 | hemoglobin | outcome
        40y |             | 140        | not-tested
    """,
    )
