"""macrocytosis: MCV above 100 fL from 13 years; younger, a laboratory's upper limits by age."""


def test_adults(evaluate):
    evaluate(
        "macrocytosis",
        """
        age | mcv        | outcome | limit | grade
        40y | 99.9 fL    | absent  | 100   |
        40y | 100 fL     | absent  | 100   |
        40y | 100.1 fL   | present | 100   | mild
        40y | 110 fL     | present | 100   | mild
        40y | 110.1 fL   | present | 100   | moderate
        40y | 120 fL     | present | 100   | moderate
        40y | 120.1 fL   | present | 100   | severe
    """,
    )


def test_both_ends_of_each_age_band(evaluate):
    evaluate(
        "macrocytosis",
        """
        age     | mcv   | outcome | limit | grade | comment
        0d      | 121   | absent  | 121   |       | mcv-child-limit
        0d      | 121.1 | present | 121   |       | mcv-child-limit
        3d      | 121.1 | present | 121   |       | mcv-child-limit
        4d      | 126   | absent  | 126   |       | mcv-child-limit
        7d      | 126.1 | present | 126   |       | mcv-child-limit
        8d      | 124   | absent  | 124   |       | mcv-child-limit
        14d     | 124.1 | present | 124   |       | mcv-child-limit
        15d     | 123   | absent  | 123   |       | mcv-child-limit
        15d     | 123.1 | present | 123   |       | mcv-child-limit
        1mo     | 115   | absent  | 115   |       | mcv-child-limit
        3mo-1d  | 115.1 | present | 115   |       | mcv-child-limit
        3mo     | 108   | absent  | 108   |       | mcv-child-limit
        7mo-1d  | 108.1 | present | 108   |       | mcv-child-limit
        7mo     | 86    | absent  | 86    |       | mcv-child-limit
        3y-1d   | 86.1  | present | 86    |       | mcv-child-limit
        3y      | 87    | absent  | 87    |       | mcv-child-limit
        7y-1d   | 87.1  | present | 87    |       | mcv-child-limit
        7y      | 95    | absent  | 95    |       | mcv-child-limit
        13y-1d  | 95.1  | present | 95    |       | mcv-child-limit
        13y     | 100   | absent  | 100   |       |
        13y     | 100.1 | present | 100   | mild  |
    """,
    )


def test_missing_held_censored_and_age_unknown(evaluate):
    evaluate(
        "macrocytosis",
        """
        age | mcv   | hemoglobin | outcome       | reason
        40y |       | 140        | not-tested    |
        40y | held  |            | indeterminate | held
        40y | >100  |            | present       |
        40y | >=100 |            | indeterminate | censored
        40y | >90   |            | indeterminate | censored
        40y | <100  |            | absent        |
        40y | <=100 |            | absent        |
        40y | <110  |            | indeterminate | censored
            | 127   |            | present       |
            | 105   |            | indeterminate | age-unknown
            | 86    |            | absent        |
    """,
    )


def test_sex_does_not_matter(evaluate):
    evaluate(
        "macrocytosis",
        """
        sex | age | mcv   | outcome
        F   | 40y | 100.1 | present
        M   | 40y | 100.1 | present
        ?   | 40y | 100.1 | present
        ?   | 40y | 100   | absent
    """,
    )
