"""anemia: WHO 2024 by age and sex, strictly below; under 6 months a floor of 90 g/L only."""


def test_sex(evaluate):
    evaluate(
        "anemia",
        """
        sex | age | hemoglobin   | outcome       | reason      | limit
        F   | 40y | 119 g/L      | present       |             | 120
        F   | 40y | 120 g/L      | absent        |             | 120
        F   | 40y | 121 g/L      | absent        |             | 120
        M   | 40y | 129 g/L      | present       |             | 130
        M   | 40y | 130 g/L      | absent        |             | 130
        M   | 40y | 131 g/L      | absent        |             | 130
        F   | 40y | 11.9 g/dL    | present       |             | 12
        F   | 40y | 12.0 g/dL    | absent        |             | 12
        M   | 40y | 12.9 g/dL    | present       |             | 13
        M   | 40y | 13 g/dL      | absent        |             | 13
        F   | 40y | 7.4 mmol/L   | present       |             | 7.44694054859
        F   | 40y | 7.4472 mmol/L | absent       |             | 7.44694054859
        ?   | 40y | 125 g/L      | indeterminate | sex-unknown |
        ?   | 40y | 119 g/L      | present       |             | 120
        ?   | 40y | 120 g/L      | indeterminate | sex-unknown |
        ?   | 40y | 129 g/L      | indeterminate | sex-unknown |
        ?   | 40y | 130 g/L      | absent        |             | 130
    """,
    )


def test_both_ends_of_each_age_band(evaluate):
    evaluate(
        "anemia",
        """
        sex | age     | hemoglobin | outcome       | reason           | limit | comment
        F   | 0d      | 89         | present       |                  | 90    | hemoglobin-infant-floor
        F   | 0d      | 90         | indeterminate | no-limit-for-age |       |
        M   | 6mo-1d  | 89         | present       |                  | 90    | hemoglobin-infant-floor
        M   | 6mo-1d  | 90         | indeterminate | no-limit-for-age |       |
        F   | 6mo     | 104        | present       |                  | 105   |
        F   | 6mo     | 105        | absent        |                  | 105   |
        M   | 24mo-1d | 104        | present       |                  | 105   |
        M   | 24mo-1d | 105        | absent        |                  | 105   |
        F   | 24mo    | 109        | present       |                  | 110   |
        F   | 24mo    | 110        | absent        |                  | 110   |
        F   | 60mo-1d | 109        | present       |                  | 110   |
        F   | 60mo-1d | 110        | absent        |                  | 110   |
        M   | 5y      | 114        | present       |                  | 115   |
        M   | 5y      | 115        | absent        |                  | 115   |
        F   | 12y-1d  | 114        | present       |                  | 115   |
        F   | 12y-1d  | 115        | absent        |                  | 115   |
        M   | 12y     | 119        | present       |                  | 120   |
        M   | 12y     | 120        | absent        |                  | 120   |
        M   | 15y-1d  | 119        | present       |                  | 120   |
        M   | 15y-1d  | 120        | absent        |                  | 120   |
        M   | 15y     | 129        | present       |                  | 130   |
        M   | 15y     | 130        | absent        |                  | 130   |
        F   | 15y     | 119        | present       |                  | 120   |
        F   | 15y     | 120        | absent        |                  | 120   |
        F   | 66y     | 119        | present       |                  | 120   | who-limit-above-65
        F   | 66y     | 120        | absent        |                  | 120   | who-limit-above-65
        M   | 66y     | 129        | present       |                  | 130   | who-limit-above-65
        M   | 99y     | 130        | absent        |                  | 130   | who-limit-above-65
        ?   | 86y     | 119        | present       |                  | 120   | who-limit-above-65
        ?   | 60..80y | 131        | absent        |                  | 130   |
    """,
    )


def test_the_convention_above_65_is_said_above_65_only(interpret):
    said = interpret("""
        sex | age    | hemoglobin
        F   | 66y-1d | 119
        M   | 66y-1d | 129
    """)
    assert not said.findings["comment"].str.contains("who-limit-above-65").any()


def test_age_unknown_or_not_known_closely_enough(evaluate):
    evaluate(
        "anemia",
        """
        sex | age     | hemoglobin | outcome       | reason
        F   |         | 115        | indeterminate | age-unknown
        F   |         | 89         | present       |
        F   |         | 90         | indeterminate | age-unknown
        F   |         | 140        | indeterminate | age-unknown
        ?   |         | 125        | indeterminate | age-unknown
        F   | 4..6y   | 109        | present       |
        F   | 4..6y   | 112        | indeterminate | age-unknown
        F   | 4..6y   | 115        | absent        |
        M   | 14..16y | 119        | present       |
        M   | 14..16y | 125        | indeterminate | age-unknown
        M   | 14..16y | 130        | absent        |
        F   | 0..1y   | 88         | present       |
        F   | 0..1y   | 100        | indeterminate | age-unknown
    """,
    )


def test_adults_only_if_the_site_says_so(evaluate):
    evaluate(
        "anemia",
        """
        sex | age | population | hemoglobin | outcome       | comment
        F   |     | adult      | 119        | present       | adults-assumed
        F   |     | adult      | 120        | absent        | adults-assumed
        M   |     | adult      | 129        | present       | adults-assumed
        ?   |     | adult      | 125        | indeterminate |
    """,
    )


def test_missing_held_and_censored(evaluate):
    evaluate(
        "anemia",
        """
        sex | age | hemoglobin | mcv | outcome       | reason
        F   | 40y |            | 90  | not-tested    |
        F   | 40y | held       |     | indeterminate | held
        F   | 40y | <120       |     | present       |
        F   | 40y | <=120      |     | indeterminate | censored
        F   | 40y | <70        |     | present       |
        F   | 40y | <130       |     | indeterminate | censored
        F   | 40y | >120       |     | absent        |
        F   | 40y | >=120      |     | absent        |
        F   | 40y | >119       |     | indeterminate | censored
        F   | 40y | >250       |     | absent        |
    """,
    )


def test_grades(evaluate):
    evaluate(
        "anemia",
        """
        sex | age     | hemoglobin | outcome | grade
        F   | 40y     | 119.9      | present | mild
        F   | 40y     | 110        | present | mild
        F   | 40y     | 109.9      | present | moderate
        F   | 40y     | 80         | present | moderate
        F   | 40y     | 79.9       | present | severe
        M   | 40y     | 129        | present | mild
        M   | 40y     | 109        | present | moderate
        M   | 40y     | 79         | present | severe
        F   | 5y      | 110        | present | mild
        F   | 5y      | 109        | present | moderate
        F   | 5y      | 79         | present | severe
        F   | 60mo-1d | 100        | present | mild
        F   | 60mo-1d | 99         | present | moderate
        F   | 24mo    | 70         | present | moderate
        F   | 24mo    | 69         | present | severe
        F   | 24mo-1d | 60         | present |
        F   | 6mo     | 104        | present |
        F   | 1mo     | 60         | present |
        F   | 40y     | <100       | present |
        F   | 40y     | <80        | present | severe
        F   | 40y     | 120        | absent  |
    """,
    )
