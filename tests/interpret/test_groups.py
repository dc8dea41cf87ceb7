"""How answers go together, one accession a column; letters as `answer_from` reads them."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from pipeline.interpret.kleene import combine
from pipeline.interpret.truth_columns import negate, rest_on, restrict, state, take
from pipeline.knowledge.conditions import Group, Reported
from schemas.vocabulary import Reason

MEMBER = Reported(analyte="x")


def answer_from(letters, **more):
    """Make an answer: y, n, ? open; Y, N doubted; - not reported; 1, 0 yes and no by silence."""
    text = np.array(list(letters))
    reported = np.isin(text, list("ynYN?"))
    return state(
        yes=np.isin(text, list("yY1")),
        no=np.isin(text, list("nN0")),
        confirmed_yes=np.isin(text, list("y1")),
        confirmed_no=np.isin(text, list("n0")),
        reported=reported,
        reasons={Reason.CENSORED: text == "?"},
        **more,
    )


def letters_of(answer):
    """Write an answer as it is read, with `*` where it is undecided and `+` where part is met."""
    chosen = np.select(
        [answer.confirmed_yes, answer.yes, answer.confirmed_no, answer.no], list("yYnN"), "?"
    )
    assert not (answer.yes & answer.no).any()
    assert not (answer.confirmed_yes & ~answer.yes).any()
    return [str(each) for each in chosen]


def group(kind, count=2, number=0):
    return Group(kind=kind, members=(MEMBER,) * count, count=number)


def every(letters, count=2):
    """Give members for which every combination of letters is an accession of its own."""
    return [
        answer_from([combination[place] for combination in product(letters, repeat=count)])
        for place in range(count)
    ]


@pytest.mark.parametrize(
    ("kind", "number", "table"),
    # A row for each letter of the first member, a letter for each of the second: y n ? -
    [
        ("all", 0, "yn?? nnnn ?n?? ?n??"),
        ("any", 0, "yyyy yn?? y??? y???"),
        ("any_reported", 0, "yyyy yn?n y??? yn??"),
        ("either", 0, "yyyy n??? ???? ????"),
        ("exactly", 1, "ny?? yn?? ???? ????"),
        ("exactly", 2, "yn?? nnnn ?n?? ?n??"),
        ("exactly", 0, "nnnn ny?? n??? n???"),
        ("at_least", 1, "yyyy yn?? y??? y???"),
        ("at_least", 2, "yn?? nnnn ?n?? ?n??"),
    ],
)
def test_two_members(kind, number, table):
    found = letters_of(combine(group(kind, 2, number), every("yn?-")))
    assert " ".join("".join(found[4 * row : 4 * row + 4]) for row in range(4)) == table


@pytest.mark.parametrize(
    ("kind", "table"),
    # y n Y N: an answer is doubted where it would be another without what is doubted.
    [
        ("all", "ynYN nnnn YnYN NnNN"),
        ("any", "yyyy ynYN yYYY yNYN"),
        ("either", "yyyy n?N? YYYY N?N?"),
        ("any_reported", "yyyy ynYN yYYY yNYN"),
    ],
)
def test_what_is_doubted(kind, table):
    found = letters_of(combine(group(kind), every("ynYN")))
    assert " ".join("".join(found[4 * row : 4 * row + 4]) for row in range(4)) == table


@pytest.mark.parametrize(
    ("kind", "number", "members", "said"),
    [
        ("exactly", 2, "yyn", "y"),
        ("exactly", 2, "yyy", "n"),
        ("exactly", 2, "yy?", "?"),
        ("exactly", 2, "ynn", "n"),
        ("exactly", 2, "yn?", "?"),
        ("exactly", 2, "n??", "?"),
        ("exactly", 2, "nn?", "n"),
        ("at_least", 2, "yy?", "y"),
        ("at_least", 2, "yn?", "?"),
        ("at_least", 2, "nn?", "n"),
        ("all", 0, "yyn", "n"),
        ("all", 0, "yyy", "y"),
        ("any", 0, "nny", "y"),
        ("any", 0, "nnn", "n"),
    ],
)
def test_three_members(kind, number, members, said):
    answers = [answer_from(letter) for letter in members]
    assert letters_of(combine(group(kind, 3, number), answers)) == [said]


@pytest.mark.parametrize(
    ("kind", "members", "open_because"),
    # Undecided (*), a part that holds (+), reported (!), and the reasons.
    [
        ("all", "y?", "*+! censored"),
        ("all", "??", "*! censored"),
        ("all", "y-", "+! missing-input"),
        ("all", "--", " missing-input"),
        ("all", "?-", "*! missing-input censored"),
        ("all", "1-", " missing-input"),
        ("all", "1?", "*! censored"),
        ("all", "yy", "! "),
        ("all", "n?", "! "),
        ("any", "n?", "*! censored"),
        ("any", "n-", "! missing-input"),
        ("any", "y?", "! "),
        ("any_reported", "n?", "*! censored"),
        ("any_reported", "?-", "*! censored"),
        ("any_reported", "--", " "),
        ("any_reported", "n-", "! "),
        ("any_reported", "00", " "),
        ("either", "nn", "*! inconclusive"),
        ("either", "n?", "*! censored"),
        ("either", "?n", "*! censored"),
        ("either", "n-", "! missing-input"),
        ("either", "-y", "+! missing-input"),
        ("either", "00", "* inconclusive"),
        ("either", "y?", "! "),
        ("exactly", "y?", "*+! censored"),
    ],
)
def test_why_it_is_open(kind, members, open_because):
    said = combine(group(kind, 2, 1), [answer_from(letter) for letter in members])
    marks = "*" * int(said.undecided[0]) + "+" * int(said.met[0]) + "!" * int(said.reported[0])
    reasons = " ".join(str(name) for name, where in said.reasons.items() if where[0])
    assert f"{marks} {reasons}" == open_because


def test_an_either_asks_what_its_parts_have_met():
    """Part of a compound member holds: something that the question needs is known to speak."""
    part = combine(group("all"), [answer_from("yy"), answer_from("--")])
    said = combine(group("either"), [answer_from("n-"), part])
    assert list(said.undecided) == [True, False]
    said = combine(group("either"), [part, answer_from("y-")])
    assert list(said.undecided) == [True, False]
    assert list(combine(group("all"), [answer_from("y-"), part]).undecided) == [False, False]
    assert list(combine(group("any"), [answer_from("n-"), part]).undecided) == [False, False]


def test_what_lies_between_stays_inconclusive_inside_another():
    inner = combine(group("either"), [answer_from("nn"), answer_from("nn")])
    said = combine(group("either"), [inner, answer_from("n?")])
    assert list(said.reasons[Reason.INCONCLUSIVE]) == [True, True]
    assert list(said.reasons[Reason.CENSORED]) == [False, True]


def test_where_something_was_reported():
    members = [answer_from("y-y-"), answer_from("--yy")]
    said = combine(group("all"), members)
    assert list(said.reported) == [True, False, True, True]
    assert list(said.here) == [True, False, True, True]
    far = [take(member, np.array([1, 0, 3, 2])) for member in members]
    said = combine(group("any"), [members[0], far[1]])
    assert list(said.here) == [True, False, True, False]
    assert list(said.near) == [False, False, True, True]


def test_comments_of_every_member_are_said():
    one = answer_from(
        "yn", comments={"a": np.array([True, False])}, remarks={"r": np.array([True, False])}
    )
    two = answer_from(
        "yn",
        comments={"a": np.array([False, True]), "b": np.array([True, False])},
        remarks={"r": np.array([False, True])},
    )
    said = combine(group("any"), [one, two])
    assert {code: list(where) for code, where in said.comments.items()} == {
        "a": [True, True],
        "b": [True, False],
    }
    assert {code: list(where) for code, where in said.remarks.items()} == {"r": [True, True]}


def test_what_was_only_partly_measured_is_said():
    partly = Group(kind="any_reported", members=(MEMBER,) * 2, partial_comment="partly")
    said = combine(partly, [answer_from("yn--"), answer_from("y-n-")])
    assert list(said.comments["partly"]) == [False, True, True, False]
    assert combine(group("any"), [answer_from("y"), answer_from("-")]).comments == {}


def test_the_contrary():
    there = np.array([0, 1, 2, 3, 4, 5])
    answer = answer_from("ynYN?-", evidence=(rest_on("x", 6, results=there),))
    said = negate(replace(answer, grade=np.full(6, "mild", dtype=object)))
    assert said.grade is None
    assert letters_of(said) == list("nyNY??")
    assert list(said.reported) == [True] * 5 + [False]
    assert said.evidence == answer.evidence


def all_of_it(count):
    """Make an answer that says everything of each accession."""
    at = np.arange(count)
    here = np.ones(count, bool)
    rests = rest_on("x", count, results=at, held=at, said=at, limit=at * 1.5, direction="below")
    return state(
        yes=here, no=here, confirmed_yes=here, confirmed_no=here, reported=here, here=here, near=here,
        reasons={Reason.HELD: here}, comments={"c": here}, remarks={"r": here}, evidence=(rests,),
    )  # fmt: skip


MASKS = ("yes", "no", "confirmed_yes", "confirmed_no", "reported", "undecided", "met")


def test_what_is_not_asked_is_open_and_unreported():
    full = all_of_it(3)
    asked = np.array([True, False, True])
    said = restrict(full, asked)
    for name in MASKS:
        assert list(getattr(said, name)) == list(getattr(full, name) & asked), name
    assert list(said.reasons[Reason.HELD]) == list(asked)
    assert list(said.comments["c"]) == list(said.remarks["r"]) == list(asked)
    (rests,) = said.evidence
    assert [list(p) for p in (rests.results, rests.held, rests.said)] == [[0, -1, 2]] * 3


def test_the_answer_of_another_accession():
    full = all_of_it(3)
    full = restrict(full, np.array([True, False, True]))
    said = take(full, np.array([2, -1, 1]))
    for name in MASKS:
        here = bool(getattr(full, name)[2])
        assert list(getattr(said, name)) == [here, False, False], name
    assert list(said.here) == [False] * 3
    # Whether it would be joined here is asked of this accession.
    assert list(said.near) == [True, False, True]
    assert list(said.reasons[Reason.HELD]) == [True, False, False]
    assert list(said.comments["c"]) == list(said.remarks["r"]) == [True, False, False]
    (rests,) = said.evidence
    assert [list(p) for p in (rests.results, rests.held, rests.said)] == [[2, -1, -1]] * 3
    assert np.array_equal(rests.limit, [3.0, np.nan, 1.5], equal_nan=True)
    assert rests.direction == "below"
    assert said.grade is None
    graded = replace(full, grade=np.array(["mild", "", "severe"], dtype=object))
    assert list(take(graded, np.array([2, -1, 1])).grade) == ["severe", "", ""]


def test_a_simple_answer_is_as_firm_as_said_and_of_here():
    yes, no, there = (np.array(mask, dtype=bool) for mask in ([1, 0, 0], [0, 1, 0], [1, 1, 1]))
    said = state(yes=yes, no=no, reported=there)
    assert list(said.confirmed_yes) == list(yes)
    assert list(said.confirmed_no) == list(no)
    assert list(said.here) == list(there)
    assert list(said.undecided) == [False, False, True]
    assert not said.near.any()
    assert not said.met.any()
    assert (said.reasons, said.comments, said.remarks, said.evidence) == ({}, {}, {}, ())
    assert list(state(yes=yes, no=no, reported=yes).undecided) == [False] * 3
    said = state(
        yes=yes, no=no, reported=there, confirmed_yes=no, confirmed_no=yes, here=yes, near=no
    )
    assert list(said.confirmed_yes) == list(said.near) == list(no)
    assert list(said.confirmed_no) == list(said.here) == list(yes)


def test_nothing_can_be_taken_from_nobody():
    said = take(all_of_it(0), np.zeros(0, np.int64))
    assert len(said.yes) == len(said.evidence[0].limit) == 0


def test_evidence():
    rests = rest_on(
        "x",
        4,
        results=np.array([0, -1, -1, -1]),
        held=np.array([-1, 1, -1, -1]),
        said=np.array([-1, -1, 2, -1]),
    )
    assert list(rests.there) == [True, True, True, False]
    other = rest_on(
        "x",
        4,
        results=np.array([0, 0, -1, -1]),
        held=np.array([-1, 1, 1, -1]),
        said=np.array([-1, -1, 2, 0]),
    )
    assert list(rests.same_as(other)) == [True, False, False, False]
    assert list(rests.at(np.array([2, 0])).said) == [2, -1]
    assert list(rests.at(np.array([2, 0])).results) == [-1, 0]
    assert list(rests.at(np.array([1, 0])).held) == [1, -1]
    assert (rests.direction, np.isnan(rests.limit).all()) == ("", True)
    assert list(rest_on("x", 2, limit=np.array([1, 2.0])).at(np.array([1])).limit) == [2]
