"""borderline-b12: NICE NG239, 180 to 350 ng/L or 133 to 258 pmol/L, both ends included."""


def test_both_ends_belong_to_the_band(evaluate):
    evaluate(
        "borderline-b12",
        """
        age | vitamin-b12  | outcome | limit
        40y | 179.9 ng/L   | absent  | 180; 350
        40y | 180 ng/L     | present | 180; 350
        40y | 250 ng/L     | present | 180; 350
        40y | 350 ng/L     | present | 180; 350
        40y | 350.1 ng/L   | absent  | 180; 350
        40y | 132.9 pmol/L | absent  | 133; 258
        40y | 133 pmol/L   | present | 133; 258
        40y | 258 pmol/L   | present | 133; 258
        40y | 258.1 pmol/L | absent  | 133; 258
    """,
    )


def test_ages(evaluate):
    evaluate(
        "borderline-b12",
        """
        age    | vitamin-b12 | outcome       | reason
        16y    | 200         | present       |
        16y-1d | 200         | indeterminate | no-limit-for-age
        16y-1d | 150         | absent        |
               | 200         | indeterminate | age-unknown
               | 150         | absent        |
    """,
    )


def test_missing_held_and_censored(evaluate):
    evaluate(
        "borderline-b12",
        """
        age | vitamin-b12 | hemoglobin | outcome       | reason
        40y |             | 140        | not-tested    |
        40y | held        |            | indeterminate | held
        40y | <180        |            | absent        |
        40y | <=180       |            | indeterminate | censored
        40y | <200        |            | indeterminate | censored
        40y | >350        |            | absent        |
        40y | >=350       |            | indeterminate | censored
        40y | >2000       |            | absent        |
        40y | >200        |            | indeterminate | censored
    """,
    )


def test_evidence_names_the_result_once(evaluate):
    evaluate(
        "borderline-b12",
        """
        age | vitamin-b12 | outcome | value | analyte
        40y | 240         | present | 240   | vitamin-b12
    """,
    )
