"""low-platelets: below 150 ×10⁹/L at all ages; moderate below 100, severe below 50."""


def test_limit_units_and_grades(evaluate):
    evaluate(
        "low-platelets",
        """
        platelets       | outcome | limit  | grade
        149.9 10*9/L    | present | 150    | mild
        150 10*9/L      | absent  | 150    |
        151 10*9/L      | absent  | 150    |
        149 10*3/uL     | present | 150    | mild
        150 10*3/uL     | absent  | 150    |
        149999 /uL      | present | 150000 | mild
        150000 /uL      | absent  | 150000 |
        1.49 10*5/uL    | present | 1.5    | mild
        1.5 10*5/uL     | absent  | 1.5    |
        100 10*9/L      | present | 150    | mild
        99.9 10*9/L     | present | 150    | moderate
        50 10*9/L       | present | 150    | moderate
        49.9 10*9/L     | present | 150    | severe
        <5 10*9/L       | present | 150    | severe
        <100 10*9/L     | present | 150    |
    """,
    )


def test_age_and_sex_do_not_matter(evaluate):
    evaluate(
        "low-platelets",
        """
        sex | age | platelets | outcome
        ?   |     | 149       | present
        ?   |     | 150       | absent
        M   | 0d  | 149       | present
        F   | 9y  | 150       | absent
        F   | 99y | 149       | present
    """,
    )


def test_missing_held_and_censored(evaluate):
    evaluate(
        "low-platelets",
        """
        platelets | hemoglobin | outcome       | reason
                  | 140        | not-tested    |
        held      |            | indeterminate | held
        <150      |            | present       |
        <=150     |            | indeterminate | censored
        <200      |            | indeterminate | censored
        >150      |            | absent        |
        >=150     |            | absent        |
        >100      |            | indeterminate | censored
        >1000     |            | absent        |
    """,
    )
