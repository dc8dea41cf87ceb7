"""Kinds of condition: what each says, in three values, of accessions and their neighbors.

Each table names a rule made of the condition under test; the lines are accessions of patients.
"""

import pytest

from pipeline.errors import KnowledgeError
from pipeline.interpret import interpret_results
from pipeline.interpret.joined_evidence import join_evidence
from pipeline.knowledge.load import load_knowledge
from pipeline.review.case_tables import tables_of

from .conftest import read_table

RULE = '[[rule]]\nid = "asked"\ntitle = "Asked"\n'


@pytest.fixture
def ask(tmp_path):
    """Ask a rule made of this TOML of every line; give the findings in the order of the lines."""

    def run(rule, text, more=""):
        (tmp_path / "site.toml").write_text(f"{more}\n{RULE}{rule}", encoding="utf-8")
        knowledge = load_knowledge(tmp_path)
        lines = read_table(text)
        tables = tables_of(lines, knowledge)
        said = interpret_results(
            tables.results, tables.held, knowledge, observations=tables.observations
        )
        found = join_evidence(said.findings, said.evidence)
        asked = found[found["rule"].eq("asked")].set_index("accession")
        # Of an accession of which nothing was reported there is no finding.
        asked = asked.reindex([f"A{number:03}" for number in range(len(lines))])
        return asked.fillna({"outcome": "not-tested", "reason": "", "value": ""})

    return run


@pytest.fixture
def check(ask):
    def run(rule, text, more=""):
        found = ask(rule, text, more)
        for line, (accession, said) in zip(read_table(text), found.iterrows(), strict=True):
            wanted = {name: line[name] for name in ("outcome", "reason", "value") if name in line}
            assert {name: said[name].strip() for name in wanted} == wanted, (accession, line)

    return run


def test_what_was_said_of_the_specimen(check):
    check(
        'all = [{ observed = "macro-ovalocytes" }]',
        """
        mcv | macro-ovalocytes | hypersegmented-neutrophils | outcome    | value
        99  | yes              |                            | present    | yes
        99  | no               |                            | absent     | no
        99  |                  | yes                        | not-tested |
            | yes              |                            | present    | yes
        """,
    )


def test_silence_counts_as_no_only_where_the_rule_says_so(check):
    check(
        'all = [{ observed = "gastric-surgery", unsaid = "no" }, { above = "mcv.macrocytosis" }]',
        """
        age | mcv | gastric-surgery | outcome
        40y | 104 | yes             | present
        40y | 104 | no              | absent
        40y | 104 |                 | absent
        40y | 99  | yes             | absent
        """,
    )
    check(
        'all = [{ observed = "gastric-surgery" }, { above = "mcv.macrocytosis" }]',
        """
        age | mcv | gastric-surgery | outcome       | reason
        40y | 104 |                 | indeterminate | missing-input
        40y | 99  |                 | absent        |
        """,
    )


def test_silence_is_no_part_that_holds(check):
    """Otherwise every specimen without hemoglobin would be an open question."""
    check(
        'all = [{ not = { observed = "gastric-surgery", unsaid = "no" } },'
        ' { below = "hemoglobin.anemia" }]',
        """
        sex | age | hemoglobin | platelets | gastric-surgery | outcome
        F   | 40y | 119        |           |                 | present
        F   | 40y | 119        |           | yes             | absent
        F   | 40y |            | 200       |                 | not-tested
        """,
    )


def test_what_was_said_of_the_patient_holds_from_then_on(check):
    check(
        'all = [{ observed = "metformin" }, { above = "mcv.macrocytosis" }]',
        """
        patient | day        | age | mcv | metformin | outcome
        P1      | 2026-01-01 | 40y | 104 |           | indeterminate
        P1      | 2026-02-01 | 40y | 104 | no        | absent
        P1      | 2026-03-01 | 40y | 104 |           | absent
        P1      | 2026-04-01 | 40y | 104 | yes       | present
        P1      | 2026-05-01 | 40y | 104 |           | present
        P1      |            | 40y | 104 |           | present
        P2      | 2026-05-01 | 40y | 104 |           | indeterminate
        P3      |            | 40y | 104 | yes       | present
        P3      | 2026-05-01 | 40y | 104 |           | present
        """,
    )


def test_the_nearest_specimen_is_joined(check):
    check(
        'all = [{ joined = { below = "b12.deficient" } }, { above = "mcv.macrocytosis" }]',
        """
        patient | day              | age | mcv | vitamin-b12 | outcome       | value
        P1      | 2026-01-01       | 40y |     | 150         | not-tested    |
        P1      | 2026-01-29       | 40y | 104 |             | present       | 150; 104
        P1      | 2026-01-30       | 40y | 104 |             | indeterminate | 104
        P2      | 2026-01-01       | 40y |     | 150         | not-tested    |
        P2      | 2026-01-11       | 40y | 104 |             | present       | 150; 104
        P2      | 2026-01-21       | 40y |     | 190         | not-tested    |
        P3      | 2026-01-01       | 40y |     | 150         | not-tested    |
        P3      | 2026-01-11       | 40y | 104 |             | absent        | 190; 104
        P3      | 2026-01-20       | 40y |     | 190         | not-tested    |
        P4      | 2026-01-11       | 40y | 104 | 190         | absent        | 190; 104
        P4      | 2026-01-11 12:00 | 40y |     | 150         | not-tested    |
        P5      | 2026-01-11       | 40y | 104 | held        | indeterminate | ; 104
        P5      | 2026-01-12       | 40y |     | 150         | not-tested    |
        P6      | 2026-01-11       | 40y | 104 |             | indeterminate | 104
        P7      | 2026-01-11       | 40y |     | 150         | not-tested    |
        P8      |                  | 40y | 104 |             | indeterminate | 104
        P8      | 2026-01-11       | 40y |     | 150         | not-tested    |
        P9      |                  | 40y | 104 | 150         | present       | 150; 104
        """,
    )


def test_nothing_is_joined_across_what_changes_everything(check):
    check(
        'all = [{ joined = { below = "ferritin.low" } }, { above = "mcv.macrocytosis" }]',
        """
        patient | day        | age | mcv | ferritin | b12-started | transfused | vitamin-b12 | outcome
        P1      | 2026-01-01 | 40y |     | 5        |             |            |             | not-tested
        P1      | 2026-01-10 | 40y | 104 |          | 2026-01-05  |            |             | indeterminate
        P2      | 2026-01-01 | 40y |     | 5        |             |            |             | not-tested
        P2      | 2026-01-10 | 40y | 104 |          | 2026-01-11  |            |             | present
        P3      | 2026-01-01 | 40y |     | 5        |             | 2026-01-10 |             | not-tested
        P3      | 2026-01-10 | 40y | 104 |          |             |            |             | indeterminate
        P4      | 2026-01-01 | 40y |     | 5        |             | 2026-01-01 |             | not-tested
        P4      | 2026-01-10 | 40y | 104 |          |             |            |             | indeterminate
        P5      | 2026-01-10 | 40y |     | 5        |             | 2026-01-10 |             | not-tested
        P5      | 2026-01-10 | 40y | 104 |          |             |            |             | present
        P6      | 2026-01-01 | 40y |     | 5        |             |            | 200         | not-tested
        P6      | 2026-01-10 | 40y | 104 |          |             |            | 300         | present
        P7      | 2026-01-01 | 40y |     | 5        |             |            | 200         | not-tested
        P7      | 2026-01-10 | 40y | 104 |          |             |            | 301         | indeterminate
        P8      | 2026-01-01 | 40y |     | 5        |             |            | 301         | not-tested
        P8      | 2026-01-10 | 40y | 104 |          |             |            | 150         | indeterminate
        P9      | 2026-01-01 | 40y |     | 5        |             |            | <150        | not-tested
        P9      | 2026-01-10 | 40y | 104 |          |             |            | 200         | present
        """,
        more=FERRITIN,
    )


FERRITIN = """
[[limit]]
id = "ferritin.low"
analyte = "ferritin"
source = "convention"
wording = "below 15"
strata = [{ values = { "ug/L" = 15 } }]
"""


def test_joined_evidence_says_where_it_comes_from(ask):
    found = ask(
        'all = [{ joined = { below = "b12.deficient" } }, { above = "mcv.macrocytosis" }]',
        """
        patient | day        | age | mcv | vitamin-b12
        P1      | 2026-01-01 | 40y |     | 150
        P1      | 2026-01-05 | 40y | 104 |
        """,
    ).loc["A001"]
    assert found["from_accession"] == "A000; A001"
    assert found["from_date"] == "2026-01-01; 2026-01-05"
    assert found["limit"] == "180; 100"


def test_what_held_earlier(check):
    check(
        'all = [{ above = "mcv.macrocytosis" },'
        ' { earlier = { above = "mcv.macrocytosis" }, at_least_days = 28, at_most_days = 100 }]',
        """
        patient | day        | age | mcv  | platelets | outcome       | value
        P1      | 2026-01-01 | 40y | 104  |           | absent        | 104
        P1      | 2026-01-28 | 40y | 104  |           | absent        | 104
        P1      | 2026-01-29 | 40y | 105  |           | present       | 105; 104
        P1      | 2026-02-01 | 40y |      | 200       | not-tested    |
        P1      | 2026-05-08 | 40y | 106  |           | present       | 106; 105
        P1      | 2026-12-08 | 40y | 106  |           | absent        | 106
        P2      | 2026-01-01 | 40y | 99   |           | absent        | 99
        P2      | 2026-02-01 | 40y | 104  |           | absent        | 104; 99
        P3      | 2026-01-01 | 40y | held |           | absent        |
        P3      | 2026-02-01 | 40y | 104  |           | indeterminate | 104;
        P4      |            | 40y | 104  |           | indeterminate | 104
        P4      | 2026-02-01 | 40y | 104  |           | indeterminate | 104
        P5      |            | 40y | 104  |           | absent        | 104
        """,
    )


def test_days_since_a_date(check):
    check(
        'all = [{ since = "b12-started", at_least_days = 7, at_most_days = 14 },'
        ' { above = "mcv.macrocytosis" }]',
        """
        patient | day        | age | mcv | b12-started | outcome
        P1      | 2026-01-07 | 40y | 104 | 2026-01-01  | absent
        P1      | 2026-01-08 | 40y | 104 |             | present
        P1      | 2026-01-15 | 40y | 104 |             | present
        P1      | 2026-01-16 | 40y | 104 |             | absent
        P1      | 2026-01-16 | 40y | 99  |             | absent
        P1      | 2026-01-17 | 40y |     |             | not-tested
        P1      |            | 40y | 104 |             | indeterminate
        P2      | 2026-01-08 | 40y | 104 | 2026-02-01  | absent
        P3      | 2026-01-08 | 40y | 104 |             | indeterminate
        """,
    )


def test_change_since_a_date(check):
    check(
        'all = [{ change = "hemoglobin", since = "b12-started", direction = "rise",'
        ' less_than = { "g/L" = 10 } }]',
        """
        patient | day        | hemoglobin | b12-started | outcome       | value
        P1      | 2026-01-01 | 100        | 2026-01-10  | not-tested    |
        P1      | 2026-01-09 | 101        |             | not-tested    |
        P1      | 2026-01-10 | 102        |             | not-tested    |
        P1      | 2026-01-11 | 111.9      |             | present       | 102; 111.9
        P1      | 2026-02-11 | 112        |             | absent        | 102; 112
        P2      | 2026-01-01 | 11.3 g/dL  | 2026-01-10  | not-tested    |
        P2      | 2026-02-11 | 12.2 g/dL  |             | present       | 11.3; 12.2
        P2      | 2026-02-12 | 12.3 g/dL  |             | absent        | 11.3; 12.3
        P2      | 2026-02-13 | 122 g/L    |             | present       | 11.3; 122
        P2      | 2026-02-14 | <120 g/L   |             | present       | 11.3; 120
        P2      | 2026-02-15 | >120 g/L   |             | indeterminate | 11.3; 120
        P3      | 2026-02-11 | 100        | 2026-01-10  | not-tested    |
        P4      | 2026-02-11 | 100        |             | not-tested    |
        """,
    )


@pytest.mark.parametrize(
    ("change", "answers"),
    [
        ('direction = "fall", more_than = { share = 0.3 }', "absent present absent"),
        ('direction = "rise", more_than = { share = 0.3 }', "absent absent present"),
        ('direction = "either", more_than = { share = 0.3 }', "absent present present"),
        ('direction = "either", at_least = { "10*9/L" = 60 }', "present present present"),
        ('direction = "either", more_than = { "10*9/L" = 60 }', "absent present present"),
    ],
)
def test_change_within_days(ask, change, answers):
    found = ask(
        f'all = [{{ change = "platelets", within_days = 7, {change} }}]',
        """
        patient | day        | platelets
        P1      | 2026-01-01 | 200
        P1      | 2026-01-08 | 140
        P1      | 2026-01-15 | 79
        P1      | 2026-01-22 | 150
        P1      | 2026-01-30 | 900
        """,
    )
    assert list(found["outcome"]) == ["not-tested", *answers.split(), "not-tested"]


def test_change_is_not_compared_across_a_transfusion(check):
    check(
        'all = [{ change = "mcv", within_days = 14, direction = "either",'
        ' more_than = { "fL" = 5 }, not_across = ["transfused"] }]',
        """
        patient | day        | mcv | transfused | outcome
        P1      | 2026-01-01 | 80  |            | not-tested
        P1      | 2026-01-08 | 90  | 2026-01-05 | not-tested
        P1      | 2026-01-09 | 80  |            | present
        """,
    )


def test_the_contrary(check):
    check(
        'all = [{ not = { above = "mcv.macrocytosis" } }]',
        """
        age | mcv   | outcome
        40y | 100   | present
        40y | 101   | absent
        40y | >=100 | indeterminate
        40y |       | not-tested
        """,
    )


def test_the_laboratorys_own_interval(check):
    check(
        'all = [{ interval = "rdw", direction = "above" }]',
        """
        rdw                 | outcome       | reason
        14.6 % [11.5-14.5]  | present       |
        14.5 % [11.5-14.5]  | absent        |
        14.6                | indeterminate | missing-input
        14.6 % [11.5-]      | indeterminate | missing-input
        14.6 % [15-14.5]    | indeterminate | missing-input
        >14.4 % [11.5-14.5] | indeterminate | censored
        held                | indeterminate | held
        """,
    )


def test_a_limit_from_the_interval_goes_by_its_strata_only_where_nothing_is_printed(check):
    limit = """
    [[limit]]
    id = "rdw.high"
    analyte = "rdw"
    source = "convention"
    wording = "above the laboratory's interval, else above 14.5 %"
    from_interval = "high"
    strata = [{ values = { "%" = 14.5 } }]
    """
    check(
        'all = [{ above = "rdw.high" }]',
        """
        rdw              | outcome
        14.8 % [11.5-15] | absent
        15.1 % [11.5-15] | present
        14.5             | absent
        14.6             | present
        """,
        more=limit,
    )


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ('{ observed = "macro-ovalocyte" }', "did you mean 'macro-ovalocytes'"),
        ('{ observed = "pregnant", unsaid = "yes" }', "unsaid is one of no"),
        ('{ since = "pregnant", at_least_days = 5 }', "has no date"),
        ('{ since = "b12-started", at_least_days = -5 }', "whole number of days"),
        ('{ joined = { rule = "no-such" } }', "no rule named 'no-such'"),
        ('{ joined = [{ rule = "anemia" }] }', "a condition is written"),
        ('{ earlier = { rule = "anemia" }, at_least_days = 0 }', "1 or more"),
        ('{ not = { below = "no-such" } }', "no limit named 'no-such'"),
        ('{ interval = "rdw", direction = "up" }', "direction is one of below, above"),
        ('{ interval = "rwd", direction = "above" }', "did you mean 'rdw'"),
        ('{ change = "mcv", within_days = 5, direction = "rise" }', "one of less_than"),
        (
            '{ change = "mcv", direction = "rise", at_least = { "fL" = 5 } }',
            "needs since, within_days or within_hours",
        ),
        (
            '{ change = "mcv", within_days = 5, direction = "rise", at_least = { "g/L" = 5 } }',
            "no accepted unit named 'g/L'",
        ),
        ('{ joined = { rule = "asked" } }', "refers to itself"),
    ],
)
def test_conditions_that_are_refused(ask, condition, said):
    with pytest.raises(KnowledgeError, match=said):
        ask(f"all = [{condition}]", "mcv\n 90")


PREGNANCY = """
[[limit]]
id = "hemoglobin.pregnancy"
analyte = "hemoglobin"
source = "convention"
wording = "by pregnancy"
strata = [
    { values = { "g/L" = 120 } },
    { pregnancy = "T2", values = { "g/L" = 105 } },
    { pregnancy = "pregnant", values = { "g/L" = 110 } },
    { pregnancy = "postpartum", values = { "g/L" = 100 } },
]
"""


def test_limits_by_pregnancy(check):
    check(
        'all = [{ below = "hemoglobin.pregnancy" }]',
        """
        sex | hemoglobin | pregnant | trimester | postpartum | outcome
        F   | 115        |          |           |            | present
        F   | 115        | no       |           |            | present
        F   | 115        | yes      |           |            | absent
        F   | 109        | yes      |           |            | present
        F   | 110        | yes      |           |            | absent
        F   | 109        | yes      | 1         |            | present
        F   | 109        | yes      | 2         |            | absent
        F   | 104        | yes      | 2         |            | present
        F   | 109        | yes      | 3         |            | present
        F   | 109        |          |           | yes        | absent
        F   | 99         |          |           | yes        | present
        M   | 119        |          |           |            | present
        """,
        more=PREGNANCY,
    )


def test_who_is_pregnant_is_a_woman_where_the_sex_is_not_stated(check):
    check(
        'all = [{ below = "hemoglobin.anemia" }]',
        """
        sex | age | hemoglobin | pregnant | outcome
        ?   | 30y | 125        |          | indeterminate
        ?   | 30y | 125        | yes      | absent
        """,
    )


@pytest.mark.parametrize(
    ("strata", "said"),
    [
        ('{ pregnancy = "T1", values = { "g/L" = 110 } }', "trimester not known"),
        ('{ pregnancy = "pregnant", years = [12, 999], values = { "g/L" = 110 } }', "do not meet"),
        ('{ pregnancy = "postpartum", years = [0, 50], values = { "g/L" = 110 } }', "oldest"),
        ('{ pregnancy = "pregnant", sex = "M", values = { "g/L" = 110 } }', "of women"),
        ('{ pregnancy = "T4", values = { "g/L" = 110 } }', "pregnancy"),
    ],
)
def test_strata_of_pregnancy_leave_no_gap(ask, strata, said):
    limit = PREGNANCY.split("strata")[0] + f'strata = [{{ values = {{ "g/L" = 1 }} }}, {strata}]'
    with pytest.raises(KnowledgeError, match=said):
        ask('all = [{ below = "hemoglobin.pregnancy" }]', "mcv\n 90", more=limit)


def test_limits_are_raised_with_the_elevation_of_residence(ask):
    found = ask(
        'all = [{ below = "hemoglobin.anemia" }]',
        """
        sex | age | hemoglobin | elevation-m
        F   | 30y | 120        |
        F   | 30y | 120        | 499
        F   | 30y | 123        | 500
        F   | 30y | 124        | 500
        F   | 30y | 133.9      | 2499
        F   | 30y | 13.3 g/dL  | 2499
        F   | 30y | 13.4 g/dL  | 2499
        F   | 30y | 152        | 5100
        """,
    )
    assert list(zip(found["outcome"], found["limit"], found["value"], strict=True)) == [
        ("absent", "120", "120"),
        ("absent", "120", "120"),
        ("present", "124", "123"),
        ("absent", "124", "124"),
        ("present", "134", "133.9"),
        ("present", "13.4", "13.3"),
        ("absent", "13.4", "13.4"),
        ("present", "153", "152"),
    ]
    assert list(found["comment"].str.contains("hemoglobin-elevation")) == [False] * 2 + [True] * 6


def test_the_table_of_elevation_follows_the_equation_of_its_source():
    """WHO 2024: 0.0056384 m + 0.0000003 m^2 g/L, in the middle of each band, to 1 g/L."""
    (adjustment,) = load_knowledge().adjustments
    for start, by in adjustment.steps:
        middle = start + 250
        assert abs(by - (0.0056384 * middle + 0.0000003 * middle**2)) < 1
