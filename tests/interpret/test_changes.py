"""A result against an earlier one of the patient; amounts here are made up."""

from dataclasses import replace

from pipeline.interpret import ask_questions
from pipeline.knowledge.conditions import Change, Compare, Joined, Observed
from pipeline.knowledge.load import load_knowledge
from pipeline.knowledge.model import AffectedAnalyte, Artifact, ShareOfChange
from pipeline.review.case_tables import tables_of
from pipeline.review.cases import read_lines

from .made import ask, ask_each, check

KNOWLEDGE = replace(load_knowledge(), artifacts={})
STEPS = ("less_than", "at_least", "more_than")


def moved(direction, analyte="hemoglobin", within_days=14, **step):
    (name, by), *_ = [(key, step.pop(key)) for key in STEPS if key in step]
    amounts = by if isinstance(by, tuple) else (("g/L", by),)
    if "since" in step:
        within_days = None
    return Change(
        analyte=analyte, direction=direction, within_days=within_days, **{name: amounts}, **step
    )


def pairs(*results):
    """Give each pair of results to a patient of their own."""
    lines = ["patient | day | hemoglobin"]
    for number, pair in enumerate(results):
        first, second = pair.split(" to ")
        lines += [f"P{number} | 2026-01-01 | {first}", f"P{number} | 2026-01-02 | {second}"]
    return "\n".join(lines)


DISTANCES = [
    # From 120 to 129, 130, 131, to 111, 110, 109, and to 120.
    ("rise", {"at_least": 10}, "nyynnnn"),
    ("rise", {"more_than": 10}, "nnynnnn"),
    ("rise", {"less_than": 10}, "ynnyyyy"),
    ("fall", {"at_least": 10}, "nnnnyyn"),
    ("fall", {"more_than": 10}, "nnnnnyn"),
    ("fall", {"less_than": 10}, "yyyynny"),
    ("either", {"at_least": 10}, "nyynyyn"),
    ("either", {"more_than": 10}, "nnynnyn"),
    ("either", {"less_than": 10}, "ynnynny"),
]


def test_how_far_it_moved():
    text = pairs(*(f"120 to {after}" for after in (129, 130, 131, 111, 110, 109, 120)))
    conditions = [moved(direction, **step) for direction, step, _ in DISTANCES]
    for each, found in zip(DISTANCES, ask_each(text, conditions, KNOWLEDGE), strict=True):
        assert "".join(line["says"] for line in found[1::2]) == each[-1], each
        assert {line["says"] for line in found[::2]} == {"-"}


RANGES = [
    # A sign leaves a range; nothing is below zero, and nothing is too high.
    ("<120 to 140", "rise", 20, "y"),
    ("<120 to 140", "rise", 21, "?"),
    ("<120 to 140", "rise", 140, "?"),
    ("<120 to 140", "rise", 141, "n"),
    ("<=120 to 140", "rise", 20, "y"),
    (">120 to 140", "rise", 20, "?"),
    (">120 to 140", "rise", 21, "n"),
    (">=120 to 140", "rise", 21, "n"),
    ("120 to >140", "rise", 20, "y"),
    ("120 to >140", "rise", 999, "?"),
    ("120 to >=140", "rise", 999, "?"),
    ("120 to <100", "fall", 20, "y"),
    ("120 to <100", "fall", 120, "?"),
    ("120 to <100", "fall", 121, "n"),
    ("120 to <=100", "fall", 20, "y"),
    ("120 to <100", "either", 20, "y"),
    ("120 to <100", "either", 120, "?"),
    ("120 to <100", "either", 121, "n"),
    # It may have gone up or down, or stayed.
    ("<130 to 100", "either", 1, "?"),
    ("<130 to 100", "either", 100, "?"),
    ("<130 to 100", "either", 101, "n"),
    ("<130 to 30", "either", 100, "?"),
    ("<130 to 30", "either", 101, "n"),
    ("<130 to 130", "either", 1, "?"),
    (">130 to 129.5", "either", 0.5, "y"),
    (">130 to 130.5", "either", 0.1, "?"),
    ("<130 to 129.5", "either", 0.1, "?"),
    ("120 to <120", "either", 1, "?"),
    (">100 to 120", "rise", 1, "?"),
]


def check_each(table):
    """Ask of each pair how far it moved, in which direction."""
    text = pairs(*(pair for pair, *_ in table))
    conditions = [moved(direction, at_least=by) for _, direction, by, _ in table]
    for place, found in enumerate(ask_each(text, conditions, KNOWLEDGE)):
        line, says = found[2 * place + 1], table[place][-1]
        assert line["says"] == says, table[place]
        assert (line["reason"], line["undecided"]) == (
            ("censored", "x") if says == "?" else ("", "")
        )


def test_ranges():
    check_each(RANGES)


def test_in_the_unit_of_the_later_result():
    check_each(
        [
            ("12 g/dL to 131", "rise", 11, "y"),
            ("12 g/dL to 131", "rise", 12, "n"),
            ("120 to 13.1 g/dL", "rise", 11, "y"),
            ("120 to 13.1 g/dL", "rise", 12, "n"),
            # The noise of the difference is taken off.
            ("11.3 g/dL to 12.3 g/dL", "rise", 10, "y"),
            ("12.3 g/dL to 13.3 g/dL", "rise", 10, "y"),
            ("1.1 to 1.4", "rise", 0.3, "y"),
            ("1.1 to 1.3999999996", "rise", 0.3, "y"),
            ("1.1 to 1.399999994", "rise", 0.3, "n"),
        ]
    )


def test_an_amount_published_in_several_units():
    both = moved("rise", at_least=(("g/L", 10), ("mmol/L", 0.7)))
    text = pairs(
        "120 to 130", "7 mmol/L to 7.7 mmol/L", "7 mmol/L to 7.69 mmol/L",
        "12 g/dL to 12.9 g/dL", "12 g/dL to 13 g/dL",
    )  # fmt: skip
    found = ask(text, both, KNOWLEDGE)
    assert "".join(line["says"] for line in found[1::2]) == "yynny"


SHARES = [
    # From 100 to 130, 131, 70, 69; from 0 to 0, 0 to 5, 5 to 0, from <100 to 130, 100 to >130 and <70.
    ("rise", {"at_least": 0.3}, "yynnnynyyn"),
    ("rise", {"more_than": 0.3}, "nynnnyn??n"),
    ("fall", {"at_least": 0.3}, "nnyynnynny"),
    ("fall", {"more_than": 0.3}, "nnnynnynn?"),
    ("fall", {"less_than": 0.3}, "yynnyynyyn"),
    ("either", {"more_than": 0.3}, "nynynyy???"),
]


def test_a_share_of_the_earlier_result():
    text = pairs(
        "100 to 130", "100 to 131", "100 to 70", "100 to 69", "0 to 0", "0 to 5", "5 to 0",
        "<100 to 130", "100 to >130", "100 to <70",
    )  # fmt: skip
    conditions = [
        moved(direction, **{name: (("share", part),) for name, part in share.items()})
        for direction, share, _ in SHARES
    ]
    for each, found in zip(SHARES, ask_each(text, conditions, KNOWLEDGE), strict=True):
        assert "".join(line["says"] for line in found[1::2]) == each[-1], each


def test_a_share_is_one_of_canonical_units():
    found = ask(pairs("10 g/dL to 130"), moved("rise", at_least=(("share", 0.3),)), KNOWLEDGE)
    assert found[1]["says"] == "y"


def test_the_previous_one_within_so_many_days():
    check(
        """
        patient | day              | hemoglobin | says | rests | here
        P1      | 2026-01-01       | 120        | -    |       | x
        P1      | 2026-01-15       | 130        | y    | 0 1   | x
        P1      | 2026-01-30       | 140        | -    |       | x
        P1      | 2026-01-30 12:00 | 150        | y    | 2 3   | x
        P1      | 2026-01-31       | held       | ?    | 3 h4  | x
        P1      | 2026-02-01       | 155        | n    | 3 5   | x
        P2      | 2026-01-01       | 120        | -    |       | x
        P2      |                  | 130        | -    |       | x
        """,
        moved("rise", at_least=10),
        KNOWLEDGE,
    )


def test_what_is_held_leaves_the_answer_open():
    check(
        """
        patient | day        | hemoglobin | says | reason | rests | undecided | here
        P1      | 2026-01-01 | 120        | -    |        |       |           | x
        P1      | 2026-01-02 | held       | ?    | held   | 0 h1  | x         | x
        P1      | 2026-01-03 | 130        | y    |        | 0 2   |           | x
        P2      | 2026-01-01 | held       | -    |        |       |           | x
        P2      | 2026-01-02 | 130        | ?    | held   | h3 4  | x         | x
        P2      | 2026-01-03 | 140        | y    |        | 4 5   |           | x
        P3      | 2026-01-01 | held       | -    |        |       |           | x
        P3      | 2026-01-02 | held       | ?    | held   | h6 h7 | x         | x
        P4      | 2026-01-01 | held       | -    |        |       |           | x
        P4      | 2026-01-16 | 130        | -    |        |       |           | x
        P4      | 2026-02-16 | held       | -    |        |       |           | x
        P5      | 2026-01-01 | 120        | -    |        |       |           | x
        P5      | 2026-01-02 |            | -    |        |       |           |
        """,
        moved("rise", at_least=10),
        KNOWLEDGE,
    )


def test_what_is_held_beside_a_result_that_counts_is_not_asked():
    check(
        """
        patient | accession | day        | hemoglobin | says | reason | rests
        P1      | A         | 2026-01-01 | held       | -    |        |
        P1      | B         | 2026-01-02 | 130        | ?    | held   | h0 1
        P1      | B         | 2026-01-02 | held       | ?    | held   | h0 1
        """,
        moved("rise", at_least=10),
        KNOWLEDGE,
    )


def test_not_across_what_was_said():
    text = """
        patient | day        | hemoglobin | transfused | b12-started | says
        P1      | 2026-01-01 | 120        |            |             | -
        P1      | 2026-01-03 | 130        | {}         | {}          | {}
    """
    across = moved("rise", at_least=10, not_across=("transfused",))
    for transfused, started, says in (
        ("2026-01-02", "", "-"),
        ("2026-01-01", "", "-"),
        ("2026-01-04", "", "y"),
        ("2025-12-31", "", "y"),
        ("", "2026-01-02", "y"),
        ("", "", "y"),
    ):
        check(text.format(transfused, started, says), across, KNOWLEDGE)
    check(text.format("2026-01-02", "", "y"), moved("rise", at_least=10), KNOWLEDGE)


def test_since_a_date_the_last_one_on_or_before_it():
    since = moved("rise", at_least=10, since="b12-started")
    check(
        """
        patient | day        | hemoglobin | b12-started | says | rests
        P1      | 2026-01-01 | 100        |             | -    |
        P1      | 2026-01-05 | 110        |             | -    |
        P1      | 2026-01-10 | 115        | 2026-01-05  | n    | 1 2
        P1      | 2026-03-01 | 120        |             | y    | 1 3
        P2      | 2026-01-05 | 110        | 2026-01-05  | -    |
        P3      | 2026-01-05 | 110        |             | -    |
        P3      | 2026-01-10 | 130        |             | -    |
        """,
        since,
        KNOWLEDGE,
    )
    assert ask("vitamin-b12\n100", since, KNOWLEDGE)[0]["says"] == "-"


def test_doubted_if_either_is():
    doubt = Artifact(
        id="made", title="", when=Observed(observation="diluted"), source="",
        touches=(AffectedAnalyte(analyte="hemoglobin", wrongly="low"),),
    )  # fmt: skip
    other = replace(doubt, touches=(AffectedAnalyte(analyte="hemoglobin", wrongly="high"),))
    for each in (doubt, other):
        check(
            """
            patient | day        | hemoglobin | diluted | says
            P1      | 2026-01-01 | 120        |         | -
            P1      | 2026-01-02 | 130        | yes     | Y
            P1      | 2026-01-03 | 140        |         | Y
            P1      | 2026-01-04 | 150        |         | y
            P1      | 2026-01-05 | 155        | yes     | N
            P2      | 2026-01-01 | 120        |         | -
            P2      | 2026-01-02 | 125        |         | n
            """,
            moved("rise", at_least=10),
            replace(KNOWLEDGE, artifacts={"made": each}),
        )


def list_changes(text, share):
    tables = tables_of([dict(line.cells) for line in read_lines(text, "table")], KNOWLEDGE)
    _, questions = ask_questions(tables.results, tables.held, KNOWLEDGE, tables.observations)
    found = questions._changes.list_changes(ShareOfChange(analyte="hemoglobin", share=share))
    at = {int(key): place for place, key in enumerate(questions._timeline.key)}
    return [tuple(at[int(key)] for key in pair) for pair in zip(*found, strict=True)]


def test_changes_by_more_than_a_share():
    text = """
        patient | day        | hemoglobin
        P1      | 2026-01-01 | 100
        P1      | 2026-01-02 | 150
        P1      | 2026-01-03 | 226
        P1      | 2026-01-04 | 113
        P1      | 2026-01-05 | 56
        P1      | 2026-01-06 | <28
        P1      | 2026-01-07 | >42
        P1      |            | 300
        P2      | 2026-01-08 | 9
        P2      | 2026-01-09 | held
        P2      | 2026-01-10 | >14
        P2      | 2026-01-11 | <30
        P2      | 2026-01-12 | >46
        P3      | 2026-01-01 | 0
        P3      | 2026-01-02 | 0
        P3      | 2026-01-03 | 1
    """
    # 226 is more than half above 150; 56 more than half below 113; <28 at least half below 56.
    assert list_changes(text, 0.5) == [(1, 2), (3, 4), (8, 10), (11, 12), (14, 15)]
    assert list_changes("vitamin-b12\n100", 0.5) == []


def test_a_joined_change_keeps_apart():
    """As the knowledge asks: nothing is joined across a change of vitamin B12 by more than half."""
    check(
        """
        patient | age | day        | vitamin-b12 | ferritin | says
        P1      | 40y | 2026-01-01 | 100         | 5        | y
        P1      | 40y | 2026-01-03 | 151         |          | -
        P2      | 40y | 2026-01-01 | 100         | 5        | y
        P2      | 40y | 2026-01-03 | 150         |          | y
        """,
        Joined(condition=Compare(direction="below", limit="ferritin.depleted")),
        KNOWLEDGE,
    )
