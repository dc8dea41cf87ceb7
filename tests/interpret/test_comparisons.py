"""Results against limits and each other: held ones, bounds, calculated ones, formulas."""

from dataclasses import replace

import pytest

from pipeline.interpret import ask_questions
from pipeline.knowledge.conditions import Compare, Formula, HeldAs, Interval, Reported
from pipeline.knowledge.load import load_knowledge
from pipeline.knowledge.model import AffectedAnalyte, Artifact
from pipeline.review.case_tables import tables_of
from pipeline.review.cases import read_lines

from .made import ask, ask_each, check

KNOWLEDGE = replace(load_knowledge(), artifacts={})
LOW = Compare(direction="below", limit="neutrophils.low")


def touched(*touches):
    """Give the knowledge with an artifact that `diluted` raises."""
    artifact = Artifact(
        id="made", title="", when=load_knowledge().artifacts["dilution"].when, source="",
        touches=tuple(AffectedAnalyte(analyte=analyte, wrongly=way) for analyte, way in touches),
    )  # fmt: skip
    return replace(KNOWLEDGE, artifacts={"made": artifact})


def test_what_was_reported_decides_and_else_a_bound():
    """Neutrophils cannot exceed white cells: 1.5 from one year on."""
    check(
        """
        age | neutrophils | white-cells | neutrophils-percent | says | reason   | rests | limit | comment             | undecided
        40y | 1.4         |             |                     | y    |          | 0     | 1.5   |                     |
        40y | 1.5         |             |                     | n    |          | 1     | 1.5   |                     |
        40y | <2          |             |                     | ?    | censored | 2     | 1.5   |                     | x
        40y | held        |             |                     | ?    | held     | h3    |       |                     | x
        40y |             |             |                     | -    |          |       |       |                     |
        40y |             | 1.4         |                     | y    |          | 5     | 1.5   | neutrophils-at-most |
        40y |             | 1.6         |                     | -    |          |       |       |                     |
        40y | <2          | 1.4         |                     | y    |          | 7     | 1.5   | neutrophils-at-most |
        40y | <2          | 1.6         |                     | ?    | censored | 8     | 1.5   |                     | x
        40y | held        | 1.4         |                     | y    |          | 9     | 1.5   | neutrophils-at-most |
        40y | held        | 1.6         |                     | ?    | held     | h10   |       |                     | x
        40y |             | 4           | 30                  | y    |          | 11    | 1.5   | neutrophils-calculated |
        40y |             | 4           | 50                  | n    |          | 12    | 1.5   | neutrophils-calculated |
        40y | 1.6         | 4           | 30                  | n    |          | 13    | 1.5   |                     |
        6mo | 0.9         |             |                     | y    |          | 14    | 1     | neutrophils-infant-limit |
        40y |             | held        | 30                  | ?    | held     | h15   |       |                     | x
            | 1.2         |             |                     | ?    | age-unknown | 16 |       |                     | x
        40y | 1.6         | 1.4         |                     | n    |          | 17    | 1.5   |                     |
        40y | 1.3         | 1.4         |                     | y    |          | 18    | 1.5   |                     |
        """,
        LOW,
        KNOWLEDGE,
    )


def test_a_bound_may_say_no():
    check(
        """
        age | white-cells | says | rests | limit | comment
        40y | 1.4         | n    | 0     | 1.5   | neutrophils-at-most
        40y | 1.6         | -    |       |       |
        """,
        Compare(direction="at_or_above", limit="neutrophils.low"),
        KNOWLEDGE,
    )


def test_the_evidence_names_the_direction():
    made = tables_of([{"age": "40y", "neutrophils": "1"}], KNOWLEDGE)
    _, questions = ask_questions(made.results, made.held, KNOWLEDGE)
    assert [item.direction for item in questions.answer(LOW).evidence] == ["below"]


def test_all_that_is_reported_is_reported_here():
    found = ask("age | neutrophils\n40y | 2\n40y | held\n40y |", LOW, KNOWLEDGE)
    assert [each.get("here", "") for each in found] == ["x", "x", ""]


@pytest.mark.parametrize(
    ("direction", "touch", "says"),
    # Of 1.4, 1.5 and 1.6, measured; doubted where wrong that way.
    [
        ("below", ("neutrophils", "low"), "Ynn"),
        ("below", ("neutrophils", "high"), "yNN"),
        ("below", ("neutrophils", "either"), "YNN"),
        ("below", ("any", "high"), "yNN"),
        ("below", ("mcv", "either"), "ynn"),
        ("at_or_below", ("neutrophils", "low"), "YYn"),
        ("above", ("neutrophils", "high"), "nnY"),
        ("above", ("neutrophils", "low"), "NNy"),
        ("at_or_above", ("neutrophils", "high"), "nYY"),
        ("at_or_above", ("neutrophils", "low"), "Nyy"),
    ],
)
def test_which_way_a_result_may_be_wrong(direction, touch, says):
    lines = [f"40y | {number} | yes" for number in (1.4, 1.5, 1.6)]
    text = "age | neutrophils | diluted\n" + "\n".join(lines)
    condition = Compare(direction=direction, limit="neutrophils.low")
    assert "".join(each["says"] for each in ask(text, condition, touched(touch))) == says


def test_what_is_calculated_is_as_doubtful_as_its_operands():
    for analyte in ("white-cells", "neutrophils-percent"):
        check(
            """
            age | neutrophils | white-cells | neutrophils-percent | diluted | says
            40y |             | 4           | 50                  | yes     | N
            40y |             | 4           | 50                  |         | n
            40y | 2           | 4           | 50                  | yes     | n
            40y |             | 4           | 30                  | yes     | y
            """,
            LOW,
            touched((analyte, "high")),
        )
    check(
        """
        age | white-cells | diluted | says
        40y | 1.4         | yes     | Y
        40y | 1.4         |         | y
        """,
        LOW,
        touched(("white-cells", "low")),
    )
    both = touched(("white-cells", "low"), ("neutrophils", "low"), ("white-cells", "high"))
    check("age | white-cells | diluted | says\n40y | 1.4 | yes | Y", LOW, both)


def test_several_artifacts_touch_where_each_is_present():
    one = touched(("neutrophils", "low")).artifacts["made"]
    two = replace(one, id="two", when=load_knowledge().artifacts["clumps"].when)
    check(
        """
        age | neutrophils | diluted | platelet-clumps | says
        40y | 1.4         | yes     |                 | Y
        40y | 1.4         |         | yes             | Y
        40y | 1.4         |         |                 | y
        """,
        LOW,
        replace(KNOWLEDGE, artifacts={"made": one, "two": two}),
    )


def test_the_laboratorys_own_interval():
    check(
        """
        rdw                | says | limit | rests
        15 % [11.5-14.5]   | y    | 14.5  | 0
        14.5 % [11.5-14.5] | n    | 14.5  | 1
        15                 | ?    |       | 2
        """,
        Interval(direction="above", analyte="rdw"),
        KNOWLEDGE,
    )
    check(
        """
        rdw               | says | limit
        11 % [11.5-14.5]  | y    | 11.5
        12 % [11.5-14.5]  | n    | 11.5
        """,
        Interval(direction="below", analyte="rdw"),
        KNOWLEDGE,
    )


def test_remarks_need_a_result():
    limit = KNOWLEDGE.limits["neutrophils.low"]
    own = replace(limit, strata=(), from_interval="low", no_interval_comment="ask")
    knowledge = replace(KNOWLEDGE, limits={**KNOWLEDGE.limits, limit.id: own})
    check(
        """
        neutrophils     | says | remark
        2               | ?    | ask
        2 10*9/L [1-3]  | n    |
        held            | ?    |
        """,
        LOW,
        knowledge,
    )


def formula(shape, of=("hemoglobin", "red-cells"), **rest):
    return Formula(shape=shape, of=of, **rest)


def test_what_two_results_give():
    text = """
        hemoglobin | red-cells | mch
        120        | 4         | 31
        120        | 4         | 29
        124        | 4         | 31
        116        | 4         | 32
        120        | 4         |
        120        |           | 30
        120        | <4        | 30
        <120       | 4         | 30
        120        | 4         | <30
        0          | 0         | 30
                   | held      | 30
        120        | 0         | 30
    """
    names = [
        (formula("ratio", more_than=30), "nnynn-??n?-?"),
        (formula("ratio", less_than=30), "nnnyn-??n?-?"),
        (formula("ratio", times=10, more_than=299.9), "yyyny-??y?-?"),
        (formula("ratio", apart_from="mch", more_than=1), "nnny--????-?"),
        (formula("ratio", apart_from="mch", more_than=0.9), "yyny--????-?"),
        (formula("ratio", apart_from="mch", less_than=1), "nnyn--????-?"),
        (formula("difference", more_than=116), "nnynn-??nn-y"),
        (formula("difference", times=2, more_than=111.9), "yyyny-??yn-y"),
        (formula("difference", times=2, less_than=112), "nnnyn-??ny-n"),
        (formula("difference", apart_from="mch", more_than=85), "nyyn--???n-y"),
    ]
    found = ask_each(text, [condition for condition, _ in names], KNOWLEDGE)
    for (condition, says), each in zip(names, found, strict=True):
        assert "".join(line["says"] for line in each) == says, condition
    assert [line["rests"] for line in found[3]][:6] == ["0 0 0", "1 1 1", "2 2 2", "3 3 3", "", ""]
    assert [line["reason"] for line in found[0]][5:8] == ["", "censored", "censored"]
    assert [line["here"] for line in found[0]][4:6] == ["x", ""]


def test_the_noise_of_a_formula_is_taken_off():
    text = "hemoglobin | red-cells | mch\n121.1 | 1.1 | 3\n0.3 | 0.1 | 3\n1.0000000003 | 1 | 3\n1.000000003 | 1 | 3"
    conditions = [
        formula("difference", more_than=120),
        formula("difference", times=3, more_than=0),
        formula("difference", times=1, more_than=0),
    ]
    one, two, three = ask_each(text, conditions, KNOWLEDGE)
    assert (one[0]["says"], two[1]["says"]) == ("n", "n")
    assert (three[2]["says"], three[3]["says"]) == ("n", "y")


def test_what_is_reported_and_what_is_held():
    text = """
        mchc | hemoglobin
        330  | 120
        held | 120
             | 120
    """
    conditions = [
        Reported(analyte="mchc"),
        HeldAs(analyte="mchc", because="not-a-number"),
        HeldAs(analyte="mchc", because="index-too-high"),
        HeldAs(analyte="hemoglobin", because="not-a-number"),
    ]
    found = ask_each(text, conditions, KNOWLEDGE)
    assert ["".join(line["says"] for line in each) for each in found] == [
        "ynn",
        "nyn",
        "nnn",
        "nnn",
    ]
    assert [[line["rests"] for line in each] for each in found[:2]] == [
        ["0", "", ""],
        ["", "h1", ""],
    ]
    assert [line["here"] for line in found[0]] == ["x", "", ""]
    assert {line["reason"] for each in found for line in each} == {""}


def test_strata_of_a_result():
    lines = read_lines("sex | age | hemoglobin\nF | 40y | 120\n? | 40y | 120", "table")
    tables = tables_of([dict(line.cells) for line in lines], KNOWLEDGE)
    _, questions = ask_questions(tables.results, tables.held, KNOWLEDGE, tables.observations)
    limit = KNOWLEDGE.limits["hemoglobin.anemia"]
    assert [stratum.sex for stratum in questions.strata_of(limit, 0)] == ["F"]
    assert [stratum.sex for stratum in questions.strata_of(limit, 1)] == ["F", "M"]
