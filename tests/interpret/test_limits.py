"""Which limit applies and what a result says of it; limits here are made up."""

import numpy as np
import pytest

from pipeline.interpret.applicable_strata import list_strata
from pipeline.interpret.limits import compare_results
from pipeline.interpret.unit_limits import limit_in_unit
from pipeline.knowledge.model import Adjustment, Analyte
from schemas.vocabulary import Sex

from .made import MADE, make_amounts, make_knowledge, make_limit, read_rows, stratum

KNOWLEDGE = make_knowledge()
ANSWERS = ("says", "limit", "reason", "comment", "remark")


def answers(rows, direction, limit, knowledge=KNOWLEDGE):
    """Give yes, no or ?, the number compared, reasons, comments and remarks of each row."""
    said = compare_results(make_amounts(rows), direction, limit, knowledge)
    assert not (said.yes & said.no).any()
    assert "" not in {*said.comments, *said.remarks}
    return [
        {
            "says": "yes" if said.yes[place] else "no" if said.no[place] else "?",
            "limit": "" if np.isnan(said.limit[place]) else f"{said.limit[place]:.12g}",
            "reason": " ".join(str(name) for name, where in said.reasons.items() if where[place]),
            "comment": " ".join(name for name, where in said.comments.items() if where[place]),
            "remark": " ".join(name for name, where in said.remarks.items() if where[place]),
        }
        for place in range(len(rows))
    ]


def check(text, limit, direction="below", knowledge=KNOWLEDGE):
    rows = read_rows(text)
    found = answers(rows, direction, limit, knowledge)
    asked = [name for name in ANSWERS if name in rows[0]]
    assert [{name: each[name] for name in asked} for each in found] == [
        {name: row[name] for name in asked} for row in rows
    ]


EVERYONE = make_limit(stratum(values={"g/L": 120}))


@pytest.mark.parametrize(
    ("direction", "sign", "says"),
    # At 119, on 120, and at 121.
    [
        ("below", "", "yes no no"),
        ("below", "<", "yes yes ?"),
        ("below", "<=", "yes ? ?"),
        ("below", ">=", "? no no"),
        ("below", ">", "? no no"),
        ("above", "", "no no yes"),
        ("above", "<", "no no ?"),
        ("above", "<=", "no no ?"),
        ("above", ">=", "? ? yes"),
        ("above", ">", "? yes yes"),
        ("at_or_above", "", "no yes yes"),
        ("at_or_above", "<", "no no ?"),
        ("at_or_above", "<=", "no ? ?"),
        ("at_or_above", ">=", "? yes yes"),
        ("at_or_above", ">", "? yes yes"),
        ("at_or_below", "", "yes yes no"),
        ("at_or_below", "<", "yes yes ?"),
        ("at_or_below", "<=", "yes yes ?"),
        ("at_or_below", ">=", "? ? no"),
        ("at_or_below", ">", "? no no"),
    ],
)
def test_on_which_side_of_a_limit(direction, sign, says):
    rows = [{"result": f"{sign}{number}", "months": "200"} for number in (119, 120, 121)]
    found = answers(rows, direction, EVERYONE)
    assert " ".join(each["says"] for each in found) == says
    assert {each["limit"] for each in found} == {"120"}
    assert [each["reason"] for each in found] == [
        "censored" if each == "?" else "" for each in says.split()
    ]


AGES = make_limit(
    stratum(("days", 0), ("days", 30), values={"g/L": 150}),
    stratum(("days", 30), 144, no_limit="none", floor={"g/L": 90}, comment=("floor",)),
    stratum(144, 180, values={"g/L": 110}, comment=("young", "both")),
    stratum(180, sex=Sex.FEMALE, values={"g/L": 120}, comment=("both",)),
    stratum(180, sex=Sex.MALE, values={"g/L": 130}, comment=("man",)),
)


def test_the_stratum_of_the_age_and_the_sex():
    check(
        """
        sex | days  | months | result | says | limit | reason           | comment
        F   | 29    | 0      | 149    | yes  | 150   |                  |
        F   | 30    | 0      | 89     | yes  | 90    |                  | floor
        F   | 30    | 0      | 90     | ?    |       | no-limit-for-age |
        F   | 30    | 0      | <200   | ?    |       | no-limit-for-age |
        F   | 5000  | 143    | 149    | ?    |       | no-limit-for-age |
        F   | 5000  | 144    | 110    | no   | 110   |                  | young both
        F   | 5000  | 144    | 109    | yes  | 110   |                  | young both
        F   | 5000  | 179    | 115    | no   | 110   |                  | young both
        F   | 5000  | 180    | 115    | yes  | 120   |                  | both
        M   | 5000  | 180    | 125    | yes  | 130   |                  | man
        M   | 5000  | 179    | 115    | no   | 110   |                  | young both
        F   | 5000  | 180    | 125    | no   | 120   |                  | both
        F   | 5000  | 180    | <125   | ?    | 120   | censored         |
        """,
        AGES,
    )


def test_where_age_or_sex_leave_several_strata_all_must_agree():
    check(
        """
        sex | days     | months   | result | says | limit | reason                | comment
        ?   | 5000     | 200      | 125    | ?    |       | sex-unknown           |
        ?   | 5000     | 200      | 119    | yes  | 120   |                       |
        ?   | 5000     | 200      | 130    | no   | 130   |                       |
        ?   | 5000     | 200      | <125   | ?    |       | censored sex-unknown  |
        ?   | 5000     | 200      | <135   | ?    |       | censored              |
        ?   | 5000     | 150      | 109    | yes  | 110   |                       | young both
        F   | 5000     | 170..185 | 115    | ?    |       | age-unknown           |
        F   | 5000     | 170..185 | 109    | yes  | 110   |                       | both
        F   | 5000     | 170..185 | 120    | no   | 120   |                       | both
        F   | 5000     | 170..185 | <115   | ?    |       | age-unknown           |
        F   | 5000     | 170..185 | <125   | ?    |       | censored              |
        F   | 5000     | 170..180 | 115    | ?    |       | age-unknown           |
        F   | 5000     | 170..179 | 115    | no   | 110   |                       | young both
        F   | 4000..5000 | 130..150 | 85   | yes  | 90    |                       |
        F   | 4000..5000 | 130..150 | 95   | ?    | 110   | age-unknown           |
        F   | 4000..5000 | 130..150 | 111  | ?    | 110   | age-unknown           |
        F   | 4000..5000 | 130..150 | <200 | ?    | 110   | censored no-limit-for-age |
        ?   |          |          | 85     | yes  | 90    |                       |
        ?   |          |          | 151    | ?    |       | age-unknown           |
        ?   | 5000     | 170..185 | 115    | ?    |       | age-unknown           |
        M   |          |          | 119    | ?    |       | age-unknown           |
        """,
        AGES,
    )


def test_a_sex_that_could_decide_differently():
    check(
        """
        sex | result | says | reason
        ?   | <125   | ?    | censored sex-unknown
        ?   | >125   | ?    | censored sex-unknown
        ?   | <120   | yes  |
        ?   | >130   | no   |
        F   | <125   | yes  |
        M   | <125   | ?    | censored
        """,
        make_limit(
            stratum(sex=Sex.FEMALE, values={"g/L": 130}),
            stratum(sex=Sex.MALE, values={"g/L": 120}),
        ),
    )


def test_limits_that_fall_with_age():
    check(
        """
        months | result | says | limit | reason
        0..200 | 151    | ?    |       | age-unknown
        5..200 | 150    | no   | 150   |
        5..200 | 109    | yes  | 110   |
        0..3   | 160    | ?    |       | no-limit-for-age
        0..3   | <160   | ?    |       | no-limit-for-age
        """,
        make_limit(
            stratum(0, 5, no_limit="none", floor={"g/L": 90}),
            stratum(5, 144, values={"g/L": 150}),
            stratum(144, 300, values={"g/L": 110}),
            stratum(300, no_limit="none", floor={"g/L": 170}),
        ),
    )


@pytest.mark.parametrize(
    ("direction", "says"),
    [
        ("below", "yes ? ?"),
        ("at_or_above", "no ? ?"),
        ("above", "no no ?"),
        ("at_or_below", "yes yes ?"),
    ],
)
def test_a_floor_decides_one_way_only(direction, says):
    rows = [{"result": str(n), "days": "4000", "months": "100"} for n in (89, 90, 91)]
    found = answers(rows, direction, AGES)
    assert " ".join(each["says"] for each in found) == says
    assert [each["limit"] for each in found] == [
        "" if each["says"] == "?" else "90" for each in found
    ]


@pytest.mark.parametrize(
    ("direction", "number", "says", "limit"),
    [
        ("above", 131, "yes", "130"),
        ("above", 120, "no", "120"),
        ("at_or_above", 130, "yes", "130"),
        ("at_or_above", 119, "no", "120"),
        ("at_or_below", 120, "yes", "120"),
        ("at_or_below", 131, "no", "130"),
    ],
)
def test_of_several_limits_the_hardest_to_pass_is_shown(direction, number, says, limit):
    rows = [{"sex": "?", "months": "200", "days": "6000", "result": str(number)}]
    (found,) = answers(rows, direction, AGES)
    assert (found["says"], found["limit"]) == (says, limit)


def test_an_answer_may_rest_on_a_stratum_that_says_no_limit_alone():
    no_floor = make_limit(stratum(no_limit="none"))
    check(
        """
        result | says | limit | reason
        1      | ?    |       | no-limit-for-age
        """,
        no_floor,
    )


def test_compared_in_the_unit_reported():
    check(
        """
        result  | unit   | says | limit
        11.9    | g/dL   | yes  | 12
        12      | g/dL   | no   | 12
        119     | g/L    | yes  | 120
        7.4     | mmol/L | yes  | 7.45
        7.45    | mmol/L | no   | 7.45
        7.5     | mmol/L | no   | 7.45
        1       | stones | ?    |
        """,
        make_limit(stratum(values={"mmol/L": 7.45, "g/L": 120})),
    )


@pytest.mark.parametrize(
    ("values", "units", "unit", "number"),
    [
        ({"a": 5}, {"a": 1}, "a", 5),
        ({"a": 5}, {"a": 3, "b": 4}, "b", 3.75),
        # The noise of the division is taken off.
        ({"a": 0.1}, {"a": 3, "b": 1}, "b", 0.3),
        # What differs by a power of ten goes before what was published first.
        ({"m": 5, "a": 2}, {"m": 7, "a": 1000, "b": 1}, "b", 2000),
        ({"a": 2, "m": 5}, {"m": 7, "a": 1000, "b": 1}, "b", 2000),
        ({"m": 5, "a": 2}, {"m": 7, "a": 0.1 * 3, "b": 0.3}, "b", 2),
        ({"m": 5, "a": 2}, {"m": 7, "a": 2, "b": 1}, "b", 35),
        ({"m": 5, "a": 2}, {"m": 1, "a": 2, "b": 2}, "b", 2),
        # Published in two that differ by a power of ten, and not the same.
        ({"a": 2, "b": 21}, {"a": 10, "b": 1}, "b", 21),
    ],
)
def test_a_limit_in_another_unit(values, units, unit, number):
    analyte = Analyte(id="x", title="", short="", group="", unit="a", units=units, source="")
    assert limit_in_unit(values, unit, analyte) == number


BY_TRIMESTER = make_limit(
    stratum(values={"g/L": 120}),
    stratum(values={"g/L": 110}, pregnancy="pregnant"),
    stratum(values={"g/L": 105}, pregnancy="T2"),
)
ONLY_T2 = make_limit(stratum(values={"g/L": 120}), stratum(values={"g/L": 105}, pregnancy="T2"))


def test_strata_of_pregnancy():
    check(
        """
        sex | pregnant   | result | limit
        F   |            | 1      | 120
        F   | T1         | 1      | 110
        F   | T2         | 1      | 105
        F   | T3         | 1      | 110
        F   | pregnant   | 1      | 110
        F   | postpartum | 1      | 120
        M   |            | 1      | 120
        M   | T2         | 1      | 120
        """,
        BY_TRIMESTER,
    )
    check(
        """
        sex | pregnant   | result | limit
        F   | T1         | 1      | 120
        F   | T2         | 1      | 105
        F   | pregnant   | 1      | 120
        """,
        ONLY_T2,
    )


def raised(limit_id="made.limit", **rest):
    adjustment = Adjustment(
        id="elevation", limits=(limit_id,), observation="elevation-m", unit="g/L",
        steps=((0, 0),), source="made", comment=("raised",), **rest,
    )  # fmt: skip
    return make_knowledge(adjustments=(adjustment,))


def test_a_raised_limit():
    check(
        """
        months | result | unit | raised | says | limit | comment
        200    | 124    | g/L  | 5      | yes  | 125   | raised
        200    | 125    | g/L  | 5      | no   | 125   | raised
        200    | 124    | g/L  | 0      | no   | 120   |
        200    | 12.4   | g/dL | 5      | yes  | 12.5  | raised
        200    | 12.5   | g/dL | 5      | no   | 12.5  | raised
        200    | 119    | g/L  | 1      | yes  | 121   | raised
        100    | 92     | g/L  | 5      | ?    |       | raised
        """,
        make_limit(
            stratum(0, 144, no_limit="none", floor={"g/L": 90}),
            stratum(144, values={"g/L": 120}),
        ),
        knowledge=raised(),
    )


@pytest.mark.parametrize(
    ("number", "by", "limit"),
    [(0.1, "0.2", 0.3), (1.0000000004, "1", 2), (1.000000006, "1", 2.000000006)],
)
def test_the_noise_of_a_sum_is_taken_off(number, by, limit):
    rows = [{"result": "1", "raised": by}]
    said = compare_results(
        make_amounts(rows), "below", make_limit(stratum(values={"g/L": number})), raised()
    )
    assert list(said.limit) == [limit]


def test_only_the_limits_named_are_raised():
    check("result | raised | limit\n 1 | 5 | 120", EVERYONE, knowledge=raised("another"))
    elsewhere = make_knowledge(
        adjustments=tuple(
            Adjustment(id=name, limits=("made.limit",), observation="x", unit="g/L", steps=((0, 0),), source="", comment=(name,))
            for name in ("unsaid", "elevation")
        )
    )  # fmt: skip
    check(
        "result | raised | limit | comment\n 1 | 5 | 125 | elevation", EVERYONE, knowledge=elsewhere
    )


def test_adjustments_add_up():
    both = make_knowledge(
        adjustments=tuple(
            Adjustment(id="elevation", limits=("made.limit",), observation="x", unit="g/L", steps=((0, 0),), source="", comment=(name,))
            for name in ("one", "two")
        )
    )  # fmt: skip
    check("result | raised | limit | comment\n 1 | 5 | 130 | one two", EVERYONE, knowledge=both)


def test_what_is_assumed_of_everyone_is_said():
    assumed = make_limit(stratum(values={"g/L": 120}, comment=("assumed",)))
    check(
        """
        result | assumed | comment
        1      | yes     | assumed
        1      |         |
        """,
        EVERYONE,
    )
    check(
        """
        result | assumed | comment
        <200   | yes     | assumed
        <200   |         |
        1      |         | assumed
        """,
        assumed,
    )


OWN_LOW = make_limit(from_interval="low", no_interval_comment="ask")
OWN_HIGH = make_limit(from_interval="high")


def test_the_interval_that_the_laboratory_printed():
    text = """
        result | low | high | says | limit | reason        | remark
        99     | 100 | 200  | yes  | 100   |               |
        100    | 100 | 200  | no   | 100   |               |
        201    | 100 | 200  | no   | 100   |               |
        <101   | 100 | 200  | ?    | 100   | censored      |
        99     | 100 |      | yes  | 100   |               |
        99     | 100 | 100  | yes  | 100   |               |
        99     |     | 200  | ?    |       | missing-input | ask
        99     | 200 | 100  | ?    |       | missing-input | ask
    """
    check(text, OWN_LOW)
    check(
        """
        result | low | high | says | limit | reason        | remark
        201    | 100 | 200  | yes  | 200   |               |
        99     | 100 | 200  | no   | 200   |               |
        201    |     | 200  | yes  | 200   |               |
        201    | 100 |      | ?    |       | missing-input |
        """,
        OWN_HIGH,
        "above",
    )


def test_strata_where_nothing_was_printed():
    check(
        """
        months | result | low | says | limit | reason           | comment | remark
        200    | 110    | 100 | no   | 100   |                  |         |
        200    | 110    |     | yes  | 120   |                  | ours    |
        200    | 130    | 100 | no   | 100   |                  |         |
        200    | 90     | 100 | yes  | 100   |                  |         |
        200    | 130    |     | no   | 120   |                  | ours    |
        200    | <130   |     | ?    | 120   | censored         |         |
        100    | 110    |     | ?    |       | no-limit-for-age |         |
        100    | 110    | 100 | no   | 100   |                  |         |
        100    | <110   | 100 | ?    | 100   | censored         |         |
        """,
        make_limit(
            stratum(0, 144, no_limit="none"),
            stratum(144, values={"g/L": 120}, comment=("ours",)),
            from_interval="low",
            no_interval_comment="ask",
        ),
    )


def test_an_interval_far_from_the_limit_is_said():
    check(
        """
        result | low | says | comment
        100    | 138 | yes  |
        100    | 139 | yes  | apart
        100    | 102 | yes  |
        100    | 101 | yes  | apart
        100    |     | yes  |
        100    | 0   | yes  |
        100    | 0.5 | yes  | apart
        100    | -1  | yes  |
        """,
        make_limit(stratum(values={"g/L": 120}), interval_tolerance=0.15, interval_comment="apart"),
    )


def test_strata_that_could_apply():
    rows = read_rows("""
        sex | days | months   | strata
        F   | 10   | 0        | 0
        F   | 30   | 0        | 1
        F   | 5000 | 150      | 2
        F   | 5000 | 200      | 3
        M   | 5000 | 200      | 4
        ?   | 5000 | 200      | 3 4
        F   | 5000 | 170..190 | 2 3
        ?   | 5000 | 170..190 | 2 3 4
    """)
    where = list_strata(make_amounts(rows), AGES)
    found = [" ".join(str(n) for n, here in enumerate(where) if here[row]) for row in range(8)]
    assert found == [row["strata"] for row in rows]


def test_no_results_at_all():
    amounts = make_amounts(read_rows("result\n1")).at(np.array([], dtype=np.int64))
    said = compare_results(amounts, "below", AGES, KNOWLEDGE)
    assert len(said.yes) == len(said.limit) == 0
    assert MADE.id == "made"
