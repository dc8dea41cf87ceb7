"""Conditions that look at rules, at artifacts and at other specimens, and where a rule is asked."""

from dataclasses import replace

import pytest

from pipeline.interpret import ask_questions
from pipeline.knowledge.conditions import (
    ArtifactIs,
    Compare,
    Earlier,
    Group,
    Interval,
    Joined,
    Not,
    Observed,
    RuleIs,
    Since,
    Undecided,
)
from pipeline.knowledge.load import load_knowledge
from pipeline.knowledge.model import AffectedAnalyte, Artifact, GradeStep, Rule
from pipeline.review.case_tables import tables_of
from schemas.vocabulary import Grade, Reason

from .made import ask_each, check

WHOLE = load_knowledge()


def below(limit):
    return Compare(direction="below", limit=limit)


def above(limit):
    return Compare(direction="above", limit=limit)


def group(*members, kind="all"):
    return Group(kind=kind, members=members)


def rule(name, when, **rest):
    return Rule(id=name, title=name, when=when, **rest)


def artifact(name, observation, *touches):
    return Artifact(
        id=name, title=name, when=Observed(observation=observation), source="made",
        touches=tuple(AffectedAnalyte(analyte=analyte, wrongly=way) for analyte, way in touches),
    )  # fmt: skip


CLUMPS = artifact("clumps", "platelet-clumps", ("platelets", "low"))
LYSIS = artifact("lysis", "hemolyzed", ("platelets", "high"))
LOW = below("platelets.low")
LARGE = above("mcv.large-adult")
GRADED = rule(
    "low",
    LOW,
    grades=(
        GradeStep(grade=Grade.SEVERE, when=below("platelets.severe")),
        GradeStep(grade=Grade.MODERATE, when=below("platelets.moderate")),
    ),
)


def knowledge(*rules):
    return replace(
        WHOLE,
        rules={each.id: each for each in (GRADED, *rules)},
        artifacts={"clumps": CLUMPS, "lysis": LYSIS},
        priorities=(),
    )


DEPTHS = [
    # Result, doubt, and what is said of: present, moderate or worse, the same if open, severe.
    ("49", "", "yyyy"),
    ("50", "", "yyyn"),
    ("99", "", "yyyn"),
    ("100", "", "ynnn"),
    ("149", "", "ynnn"),
    ("150", "", "nnnn"),
    # A bound may leave the grade open and still be deep enough.
    ("<60", "", "yyy?"),
    ("<120", "", "y?y?"),
    ("<50", "", "yyyy"),
    ("<200", "", "????"),
    ("held", "", "????"),
    ("", "", "----"),
    # Clumps make a number too low, hemolysis one too high.
    ("40", "clumps", "YYYY"),
    ("200", "clumps", "nnnn"),
    ("40", "lysis", "yyyy"),
    ("99", "lysis", "yyyN"),
    ("120", "lysis", "yNNN"),
    ("200", "lysis", "NNNN"),
]


def test_another_rule_and_its_depth():
    text = "platelets | platelet-clumps | hemolyzed\n" + "\n".join(
        f"{result} | {'yes' if doubt == 'clumps' else ''} | {'yes' if doubt == 'lysis' else ''}"
        for result, doubt, _ in DEPTHS
    )
    conditions = [
        RuleIs(rule="low"),
        RuleIs(rule="low", grade=Grade.MODERATE),
        RuleIs(rule="low", grade=Grade.MODERATE, if_open=True),
        RuleIs(rule="low", grade=Grade.SEVERE),
    ]
    found = ask_each(text, conditions, knowledge())
    for (result, doubt, says), *told in zip(DEPTHS, *found, strict=True):
        assert "".join(each["says"] for each in told) == says, (result, doubt)
        for each in told:
            assert each["undecided"] == ("x" if each["says"] == "?" else ""), (result, doubt)


def test_a_grade_that_may_be_low_is_not_sure_to_be_shallow():
    """120 where the true count may be higher still: not moderate, but the rule itself is doubted."""
    check(
        "platelets | platelet-clumps | says\n120 | yes | N\n120 | | n",
        RuleIs(rule="low", grade=Grade.MODERATE),
        knowledge(),
    )


def test_what_is_not_that_deep_is_not_firm():
    """Low for sure, but not severe: the large cells, which are in doubt, decide alone."""
    large = artifact("clumps", "platelet-clumps", ("mcv", "high"))
    check(
        "age | platelets | mcv | platelet-clumps | says\n40y | 120 | 105 | yes | Y\n40y | 49 | 105 | yes | y",
        group(RuleIs(rule="low", grade=Grade.SEVERE), LARGE, kind="any"),
        replace(knowledge(), artifacts={"clumps": large}),
    )


def test_no_grade_where_a_deeper_one_is_open():
    """Each step as it is asked: severe by a volume that is held, moderate by platelets, then mild."""
    steps = (
        GradeStep(grade=Grade.SEVERE, when=LARGE),
        GradeStep(grade=Grade.MODERATE, when=below("platelets.moderate")),
        GradeStep(grade=Grade.MILD, when=LOW),
    )
    known = knowledge(rule("steps", LOW, grades=steps))
    cases = {("120", "held"): "", ("120", "90"): "mild", ("99", "90"): "moderate"}
    cases |= {("99", "105"): "severe", ("<120", "90"): ""}
    lines = [{"age": "40y", "platelets": few, "mcv": size} for few, size in cases]
    made = tables_of(lines, WHOLE)
    _, questions = ask_questions(made.results, made.held, known, made.observations)
    assert list(questions.evaluate_rule(known.rules["steps"]).grade) == list(cases.values())


def test_a_part_that_held_earlier_is_no_part_that_holds():
    """Platelets were low then, the volume was not high: neither of it is met now."""
    found = ask_each(
        """
        patient | age | day        | platelets | mcv
        P1      | 40y | 2026-01-01 | 100       | 90
        P1      | 40y | 2026-01-09 | 200       |
        """,
        [Earlier(condition=group(LOW, LARGE), at_least_days=7)],
        knowledge(),
    )[0]
    assert (found[1]["says"], found[1]["met"]) == ("n", "")


def test_held_is_told_only_where_it_leaves_the_answer_open():
    pair = rule("pair", group(LOW, LARGE))
    check(
        """
        age | platelets | mcv  | says | reason
        40y | <200      | held | y    |
        40y | 100       | held | ?    | held
        40y | 200       | held | n    |
        40y | <200      | 105  | y    |
        """,
        Undecided(rule="pair", because=Reason.CENSORED),
        knowledge(pair),
    )


def test_another_rule_that_is_undecided():
    anemia = rule("anemia", below("hemoglobin.anemia"))
    for because, censored, unknown in (
        (Reason.CENSORED, "y", "n"),
        (Reason.SEX_UNKNOWN, "n", "y"),
    ):
        check(
            f"""
            sex | age | hemoglobin | says       | reason | here
            F   | 40y | <125       | {censored} |        | x
            ?   | 40y | 125        | {unknown}  |        | x
            ?   | 40y | 110        | n          |        | x
            F   | 40y | 119        | n          |        | x
            F   | 40y | 120        | n          |        | x
            F   | 40y | held       | ?          | held   | x
            F   | 40y |            | -          |        |
            """,
            Undecided(rule="anemia", because=because),
            knowledge(anemia),
        )


def test_what_is_doubted_is_not_sure_to_be_decided():
    check(
        """
        platelets | platelet-clumps | hemolyzed | says
        100       | yes             |           | N
        100       |                 | yes       | n
        200       | yes             |           | n
        200       |                 | yes       | N
        <200      | yes             | yes       | y
        """,
        Undecided(rule="low", because=Reason.CENSORED),
        knowledge(),
    )
    check(
        "platelets | platelet-clumps | says\n<200 | yes | n",
        Undecided(rule="low", because=Reason.AGE_UNKNOWN),
        knowledge(),
    )


def test_a_rule_that_joins_is_undecided_where_it_would_join():
    joins = rule("joins", group(Joined(condition=LOW)))
    check(
        """
        patient | day        | platelets | mcv | says | here | near
        P1      | 2026-01-01 | <200      |     | y    |      | x
        P1      | 2026-01-05 |           | 90  | -    |      |
        """,
        Undecided(rule="joins", because=Reason.CENSORED),
        knowledge(joins),
    )


def test_the_specimen_is_doubted_for_a_reason_or_for_any():
    text = """
        platelet-clumps | hemolyzed | mcv | one | two | any
        yes             | no        | 90  | y   | n   | y
        no              | yes       | 90  | n   | y   | y
        no              | no        | 90  | n   | n   | n
        no              |           | 90  | n   | -   | n
                        | yes       | 90  | -   | y   | y
                        |           | 90  | -   | -   | -
    """
    for column, name in (("one", "clumps"), ("two", "lysis"), ("any", "any")):
        check(text.replace(column, "says"), ArtifactIs(artifact=name), knowledge())


def test_the_nearest_specimen_unless_something_lies_between():
    check(
        """
        patient | day        | platelets | mcv | transfused | b12-started | says | rests | here | near
        P1      | 2026-01-01 | 100       | 90  |            |             | y    | 0     |      | x
        P1      | 2026-01-29 |           | 90  |            |             | y    | 0     |      |
        P1      | 2026-01-30 |           | 90  |            |             | -    |       |      |
        P2      | 2026-01-01 | held      | 90  |            |             | ?    | h3    |      | x
        P2      | 2026-01-02 |           | 90  |            |             | ?    | h3    |      |
        P3      | 2026-01-01 | 100       | 90  | 2026-01-03 |             | y    | 5     |      | x
        P3      | 2026-01-05 |           | 90  |            |             | -    |       |      |
        P4      | 2026-01-01 | 100       | 90  |            | 2026-01-03  | y    | 7     |      | x
        P4      | 2026-01-05 |           | 90  |            |             | -    |       |      |
        P5      |            |           | 90  |            |             | -    |       |      |
        P5      | 1970-01-01 | 100       | 90  |            |             | y    | 10    |      | x
        """,
        Joined(condition=LOW),
        knowledge(),
    )


EARLIER = """
    patient | day        | platelets | mcv | platelet-clumps | hemolyzed | says | rests | reason   | undecided
    P1      | 2026-01-01 | 100       |     |                 |           | n    |       |          |
    P1      | 2026-01-05 | 200       |     |                 |           | n    |       |          |
    P1      | 2026-01-08 |           | 90  |                 |           | y    | 0     |          |
    P1      | 2026-01-31 | 200       |     |                 |           | y    | 0     |          |
    P1      | 2026-02-01 |           | 90  |                 |           | n    | 1     |          |
    P2      | 2026-01-01 | 200       |     |                 |           | n    |       |          |
    P2      | 2026-01-02 | held      |     |                 |           | n    |       |          |
    P2      | 2026-01-10 | 200       |     |                 |           | ?    | h6    | held     | x
    P3      | 2026-01-01 | 100       |     |                 |           | n    |       |          |
    P3      | 2026-01-02 | <200      |     |                 |           | n    |       |          |
    P3      | 2026-01-10 | 200       |     |                 |           | y    | 8     |          |
    P4      |            | 100       |     |                 |           | n    |       |          |
    P4      | 2026-01-10 |           | 90  |                 |           | -    |       |          | x
    P5      |            | 200       |     |                 |           | n    |       |          |
    P5      | 2026-01-10 |           | 90  |                 |           | n    |       |          |
    P6      | 2026-01-01 | 100       |     | yes             |           | n    |       |          |
    P6      | 2026-01-09 |           | 90  |                 |           | Y    | 15    |          |
    P7      | 2026-01-01 | 100       |     |                 |           | n    |       |          |
    P7      | 2026-01-02 | 100       |     | yes             |           | n    |       |          |
    P7      | 2026-01-09 |           | 90  |                 |           | y    | 18    |          |
    P8      | 2026-01-01 | 200       |     |                 | yes       | n    |       |          |
    P8      | 2026-01-02 | 200       |     |                 |           | n    |       |          |
    P8      | 2026-01-09 |           | 90  |                 |           | N    | 21    |          |
    P9      | 2026-01-01 |           | 90  |                 |           | n    |       |          |
    P9      | 2026-01-09 |           | 90  |                 |           | n    |       |          |
"""


def test_an_earlier_specimen():
    """So many days back: yes if any says so, else open if one cannot say or has no date."""
    check(
        EARLIER,
        Earlier(condition=LOW, at_least_days=7, at_most_days=30),
        knowledge(),
    )


def test_an_earlier_specimen_is_nothing_of_this_one():
    found = ask_each(
        "patient | day | platelets\nP1 | 2026-01-01 | 100\nP1 | 2026-01-09 | 100",
        [Earlier(condition=LOW, at_least_days=7)],
        knowledge(),
    )[0]
    assert [(each["says"], each["here"], each["near"], each["met"]) for each in found] == [
        ("n", "", "", ""),
        ("y", "", "", ""),
    ]


ASKED = [
    # What a rule asks, and of which specimens: with platelets; with a volume; with nothing of it.
    (LOW, "x.."),
    (group(LOW, Joined(condition=LARGE)), "x.."),
    (group(LOW, Not(condition=Joined(condition=LARGE))), "x.."),
    (group(LOW, Earlier(condition=LARGE)), "x.."),
    (group(LOW, Since(observation="b12-started")), "x.."),
    (group(LOW, Observed(observation="metformin")), "x.."),
    (group(LOW, RuleIs(rule="joins-large")), "x.."),
    (group(LOW, Undecided(rule="joins-large", because=Reason.CENSORED)), "x.."),
    (group(RuleIs(rule="low"), Joined(condition=LARGE)), "x.."),
    (group(Not(condition=LOW), Joined(condition=LARGE)), "x.."),
    # A rule that joins everything is asked wherever any of it was reported.
    (Joined(condition=LARGE), ".x."),
    (group(Joined(condition=LOW), Joined(condition=LARGE)), "xx."),
    (group(Not(condition=Joined(condition=LARGE))), ".x."),
    (group(RuleIs(rule="joins-large")), ".x."),
    (group(Undecided(rule="joins-large", because=Reason.CENSORED)), ".x."),
    (group(Joined(condition=LARGE), Observed(observation="metformin")), ".x."),
    (group(Joined(condition=LARGE), Since(observation="b12-started")), ".x."),
    (group(Joined(condition=LARGE), Earlier(condition=LOW)), ".x."),
    (group(Joined(condition=LARGE), Observed(observation="diluted")), "..x"),
    (group(LOW, Observed(observation="diluted")), "x.x"),
    (group(Joined(condition=LARGE), Interval(analyte="rdw", direction="above")), "..x"),
]


@pytest.mark.parametrize(("when", "asked"), ASKED, ids=range(len(ASKED)))
def test_which_specimens_a_rule_is_asked_of(when, asked):
    joins = rule("joins-large", group(Joined(condition=LARGE)))
    found = ask_each(
        """
        patient | age | day        | platelets | mcv | rdw              | metformin | b12-started | diluted
        P1      | 40y | 2026-01-05 | 100       |     |                  | yes       | 2026-01-01  |
        P1      | 40y | 2026-01-06 |           | 105 |                  |           |             |
        P1      | 40y | 2026-01-07 |           |     | 15 % [11.5-14.5] |           |             | yes
        """,
        [RuleIs(rule="asked")],
        knowledge(rule("asked", when), joins),
    )[0]
    assert "".join("." if each["says"] == "-" else "x" for each in found) == asked


def test_a_rule_may_be_asked_only_where_something_holds():
    asked = rule("asked", LOW, asked_if=Observed(observation="diluted"))
    check(
        """
        platelets | diluted | says | rests
        100       | yes     | y    | 0
        200       | yes     | n    | 1
        100       | no      | -    |
        100       |         | -    |
        """,
        RuleIs(rule="asked"),
        knowledge(asked),
    )


def test_everything_is_asked_once():
    made = tables_of([{"platelets": "100", "mcv": "90", "age": "40y"}], WHOLE)
    known = knowledge(rule("plain", LARGE))
    _, questions = ask_questions(made.results, made.held, known, made.observations)
    assert questions.answer(LOW) is questions.answer(LOW)
    for name in ("low", "plain"):
        assert questions.evaluate_rule(known.rules[name]) is questions.evaluate_rule(
            known.rules[name]
        )
    assert questions.evaluate_rule(known.rules["plain"]).grade is None
    assert list(questions.evaluate_rule(known.rules["low"]).grade) == [""]
