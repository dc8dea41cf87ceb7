"""Conditions over the course of a treatment: baseline, seen, later, stands, precedes, extremes."""

import pytest

from pipeline.errors import KnowledgeError
from pipeline.knowledge.load import load_knowledge

from .test_conditions import RULE, ask, check  # noqa: F401

TABLE = "patient | day | sex | age | hemoglobin | b12-started | transfused | diluted | outcome"


def test_the_baseline_is_the_last_believed_result_before_the_start(check):  # noqa: F811
    check(
        'all = [{ reported = "hemoglobin" }, { baseline = { rule = "anemia" }, '
        'since = "b12-started", within_days = 60 }]',
        TABLE
        + """
        P0      | 2026-01-01       | F   | 40y | 100        | 2026-01-05       |            |         | indeterminate
        P0      | 2026-02-01       | F   | 40y | 120        |                  |            |         | present
        P1      | 2026-01-01       | F   | 40y | 100        | 2026-03-02       |            |         | indeterminate
        P1      | 2026-04-01       | F   | 40y | 120        |                  |            |         | present
        P2      | 2026-01-01       | F   | 40y | 100        | 2026-03-03       |            |         | indeterminate
        P2      | 2026-04-01       | F   | 40y | 120        |                  |            |         | indeterminate
        P3      | 2026-01-01       | F   | 40y | 120        |                  |            |         | indeterminate
        P3      | 2026-01-02       | F   | 40y | 90         | 2026-01-05       |            | yes     | indeterminate
        P3      | 2026-02-01       | F   | 40y | 120        |                  |            |         | absent
        P4      | 2026-01-01       | F   | 40y | 100        | 2026-01-05       | 2025-12-01 |         | indeterminate
        P4      | 2026-02-01       | F   | 40y | 120        |                  |            |         | indeterminate
        P5      | 2026-01-05       | F   | 40y | 100        | 2026-01-05       |            |         | indeterminate
        P5      | 2026-02-01       | F   | 40y | 120        |                  |            |         | present
        P6      | 2026-01-05 08:00 | F   | 40y | 100        | 2026-01-05 09:00 |            |         | indeterminate
        P6      | 2026-01-05 10:00 | F   | 40y | 120        |                  |            |         | present
        """,
    )


def test_without_a_baseline_silence_may_be_a_no(check):  # noqa: F811
    check(
        'all = [{ reported = "hemoglobin" }, { baseline = { rule = "anemia" }, '
        'since = "b12-started", within_days = 60, following = true, unsaid = "no" }]',
        TABLE
        + """
        P0      | 2026-01-01       | F   | 40y | 100        | 2026-01-05       |            |         | present
        P0      | 2026-02-01       | F   | 40y | 120        |                  |            |         | absent
        P1      | 2026-01-01       | F   | 40y | 120        | 2026-01-05       |            |         | absent
        P2      | 2026-01-01       | F   | 40y | 100        |                  |            |         | absent
        """,
    )


def test_what_was_seen_stays(check):  # noqa: F811
    text = """
        P0      | 2026-01-01       | F   | 40y | 120        |                  |            |         | absent
        P0      | 2026-01-02       | F   | 40y | 100        |                  |            |         | present
        P0      | 2026-02-01       | F   | 40y | 120        | 2026-01-05       |            |         | {}
        P0      | 2026-02-02       | F   | 40y | 100        |                  |            |         | present
        P0      | 2026-02-03       | F   | 40y | 120        |                  |            |         | present
        P1      | 2026-01-02       | F   | 40y | 100        |                  |            | yes     | present
        P1      | 2026-02-01       | F   | 40y | 120        | 2026-01-01       |            |         | absent
    """
    check('seen = { rule = "anemia" }', TABLE + text.replace("{}", "present"))
    # After the same start: what was before the first one, or before another, is not counted.
    since = """
        P2      | 2026-01-06       | F   | 40y | 100        | 2026-01-05       |            |         | present
        P2      | 2026-02-01       | F   | 40y | 120        |                  |            |         | present
        P2      | 2026-03-01       | F   | 40y | 120        | 2026-02-10       |            |         | absent
        P3      | 2026-01-05       | F   | 40y | 100        | 2026-01-05       |            |         | present
        P3      | 2026-02-01       | F   | 40y | 120        |                  |            |         | absent
    """
    check('seen = { rule = "anemia" }\nsince = "b12-started"', TABLE + since)


def test_what_comes_later_and_what_stands(check):  # noqa: F811
    text = """
        P0      | 2026-01-01       | F   | 40y | 120        |                  |            |         | {0}
        P0      | 2026-01-02       | F   | 40y | 100        |                  |            |         | {1}
        P1      | 2026-01-01       | F   | 40y | 100        |                  |            |         | {2}
        P1      | 2026-01-02       | F   | 40y | 120        |                  |            |         | {3}
        P2      | 2026-01-01       | F   | 40y | 120        |                  |            |         | {4}
        P2      | 2026-01-01       | F   | 40y | 100        |                  |            |         | {5}
        P3      | 2026-01-01 08:00 | F   | 40y | 120        |                  |            |         | {6}
        P3      | 2026-01-01 09:00 | F   | 40y | 100        |                  |            |         | {7}
    """
    own = 'all = [{ reported = "hemoglobin" }, '
    for head, answers in (
        ('{ later = { rule = "anemia" } }]', "yn nn nn yn"),
        ('{ stands = { rule = "anemia" } }]', "yy nn yy yy"),
    ):
        words = ["present" if each == "y" else "absent" for each in answers.replace(" ", "")]
        check(own + head, TABLE + text.format(*words))


def test_what_precedes_a_start(check):  # noqa: F811
    check(
        'all = [{ reported = "hemoglobin" }, { precedes = "b12-started" }]',
        TABLE
        + """
        P0      | 2026-01-01       | F   | 40y | 130        | 2026-01-05       |            |         | present
        P0      | 2026-01-05       | F   | 40y | 130        |                  |            |         | present
        P0      | 2026-01-06       | F   | 40y | 130        |                  |            |         | absent
        P1      | 2026-01-05 10:00 | F   | 40y | 130        | 2026-01-05 09:00 |            |         | absent
        P2      | 2026-01-01       | F   | 40y | 130        |                  |            |         | absent
        """,
    )


def test_from_the_highest_since_the_start(check):  # noqa: F811
    fall = 'change = "hemoglobin"\nsince = "b12-started"\nagainst = "highest"\ndirection = "fall"\n'
    check(
        fall + 'at_least = { "g/L" = 10 }',
        TABLE
        + """
        P0      | 2026-01-01       | F   | 40y | 150        |                  |            |         | not-tested
        P0      | 2026-01-06       | F   | 40y | 120        | 2026-01-05       |            |         | absent
        P0      | 2026-02-06       | F   | 40y | 130        |                  |            |         | absent
        P0      | 2026-03-06       | F   | 40y | 121        |                  |            |         | absent
        P0      | 2026-04-06       | F   | 40y | 12.0 g/dL  |                  |            |         | present
        P1      | 2026-01-06       | F   | 40y | 120        | 2026-01-05       |            |         | absent
        P1      | 2026-02-06       | F   | 40y | 150        |                  |            | yes     | absent
        P1      | 2026-03-06       | F   | 40y | 120        |                  |            |         | absent
        P2      | 2026-01-06       | F   | 40y | 120        | 2026-01-05       |            |         | absent
        P2      | 2026-02-06       | F   | 40y | 150        |                  | 2026-02-01 |         | not-tested
        P2      | 2026-06-06       | F   | 40y | 120        |                  |            |         | absent
        """,
    )


def test_a_change_may_be_allowed_more_the_longer_it_took(check):  # noqa: F811
    rise = 'change = "hemoglobin"\nwithin_days = 30\ndirection = "rise"\neach_days = 7\n'
    check(
        rise + 'more_than = { "g/L" = 10 }',
        TABLE
        + """
        P0      | 2026-01-01       | F   | 40y | 80         |                  |            |         | not-tested
        P0      | 2026-01-08       | F   | 40y | 100        |                  |            |         | absent
        P1      | 2026-01-01       | F   | 40y | 80         |                  |            |         | not-tested
        P1      | 2026-01-08       | F   | 40y | 101        |                  |            |         | present
        P2      | 2026-01-01       | F   | 40y | 80         |                  |            |         | not-tested
        P2      | 2026-01-15       | F   | 40y | 11.0 g/dL  |                  |            |         | absent
        P3      | 2026-01-01       | F   | 40y | 80         |                  |            |         | not-tested
        P3      | 2026-01-15       | F   | 40y | 11.1 g/dL  |                  |            |         | present
        P4      | 2026-01-01       | F   | 40y | 80         |                  |            |         | not-tested
        P4      | 2026-01-01       | F   | 40y | 91         |                  |            |         | present
        """,
    )


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ('baseline = { rule = "anemia" }\nsince = "b12-started"', "needs within_days"),
        ('baseline = { rule = "anemia" }\nsince = "pregnant"\nwithin_days = 9', "has no date"),
        ('seen = { rule = "anemia" }\nsince = "pregnant"', "has no date"),
        ('precedes = "metformin"', "has no date"),
        ('later = { rule = "nothing" }', "no rule named"),
        ('stands = "anemia"', "a condition is written"),
        (
            'change = "mcv"\ndirection = "rise"\nwithin_days = 9\nagainst = "lowest"\n'
            'at_least = { "fL" = 5 }',
            "against needs since",
        ),
    ],
)
def test_what_is_refused(tmp_path, rule, said):
    (tmp_path / "site.toml").write_text(f"{RULE}{rule}", encoding="utf-8")
    with pytest.raises(KnowledgeError, match=said):
        load_knowledge(tmp_path)
