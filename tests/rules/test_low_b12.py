"""low-b12: NICE NG239, <180 ng/L or <133 pmol/L from 16 years; under 16 a floor only."""


def test_limit_in_each_unit_reported(evaluate):
    evaluate(
        "low-b12",
        """
        age | vitamin-b12   | outcome | limit | comment
        40y | 179.9 ng/L    | present | 180   | low-b12
        40y | 180 ng/L      | absent  | 180   |
        40y | 180.1 ng/L    | absent  | 180   |
        40y | 179.9 pg/mL   | present | 180   | low-b12
        40y | 180 pg/mL     | absent  | 180   |
        40y | 132.9 pmol/L  | present | 133   | low-b12
        40y | 133 pmol/L    | absent  | 133   |
        40y | 133.1 pmol/L  | absent  | 133   |
        40y | 17.9 ng/dL    | present | 18    | low-b12
        40y | 18 ng/dL      | absent  | 18    |
    """,
    )


def test_a_pair_published_in_two_units_is_never_converted(evaluate):
    # 132.9 pmol/L is 180.1 ng/L: low in the unit reported, not low if it were converted.
    evaluate(
        "low-b12",
        """
        age | vitamin-b12  | outcome
        40y | 132.9 pmol/L | present
        40y | 180.1 ng/L   | absent
    """,
    )


def test_ages(evaluate):
    evaluate(
        "low-b12",
        """
        age     | vitamin-b12 | outcome       | reason           | comment
        16y     | 179 ng/L    | present       |                  |
        16y     | 180 ng/L    | absent        |                  |
        16y-1d  | 179 ng/L    | present       |                  | b12-child-floor
        16y-1d  | 180 ng/L    | indeterminate | no-limit-for-age |
        5y      | 132 pmol/L  | present       |                  | b12-child-floor
        5y      | 133 pmol/L  | indeterminate | no-limit-for-age |
        90y     | 179 ng/L    | present       |                  |
                | 179 ng/L    | present       |                  |
                | 180 ng/L    | indeterminate | age-unknown      |
        15..17y | 200 ng/L    | indeterminate | age-unknown      |
        15..17y | 150 ng/L    | present       |                  |
    """,
    )


def test_adults_only_if_the_site_says_so(evaluate):
    evaluate(
        "low-b12",
        """
        age | population | vitamin-b12 | outcome       | comment
            | adult      | 180 ng/L    | absent        | adults-assumed
            | adult      | 179 ng/L    | present       | adults-assumed
            |            | 180 ng/L    | indeterminate |
        5y  | adult      | 180 ng/L    | indeterminate |
    """,
    )


def test_missing_held_and_censored(evaluate):
    evaluate(
        "low-b12",
        """
        age | vitamin-b12 | hemoglobin | outcome       | reason
        40y |             | 140        | not-tested    |
        40y | held        | 140        | indeterminate | held
        40y | <180        |            | present       |
        40y | <=180       |            | indeterminate | censored
        40y | <150        |            | present       |
        40y | <200        |            | indeterminate | censored
        40y | >2000       |            | absent        |
        40y | >180        |            | absent        |
        40y | >=180       |            | absent        |
        40y | >100        |            | indeterminate | censored
        40y | <=179.9     |            | present       |
    """,
    )


def test_the_assay_that_was_not_adjusted(evaluate):
    # 15 % of 180 is 27: an interval that begins at 207 is just within, 208 outside.
    evaluate(
        "low-b12",
        """
        age | vitamin-b12 | low | outcome | comment
        40y | 170 ng/L    | 208 | present | b12-limit-not-adjusted
        40y | 210 ng/L    | 232 | absent  | b12-limit-not-adjusted
        40y | 170 ng/L    | 152 | present | b12-limit-not-adjusted
    """,
    )


def test_an_assay_within_fifteen_percent_needs_no_word(interpret):
    said = interpret("""
        age | vitamin-b12 | low
        40y | 170 ng/L    | 207
        40y | 170 ng/L    | 153
        40y | 170 ng/L    |
    """)
    assert not said.findings["comment"].str.contains("b12-limit-not-adjusted").any()
