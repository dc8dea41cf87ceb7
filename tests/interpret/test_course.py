"""Which way the value of a finding moved, from answers and pairs made by hand."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from pipeline.interpret.course import (
    Move,
    _compare,
    _Part,
    _Reported,
    _sum_up,
    _ways_of,
    list_moves,
)
from pipeline.interpret.earlier import NowAndEarlier
from pipeline.interpret.timeline import Timeline
from pipeline.interpret.treatments import Background
from pipeline.interpret.truth_columns import state
from pipeline.knowledge.conditions import Compare, Group, Interval, Joined, Not, Observed, RuleIs
from pipeline.knowledge.variation import Comparison, Variation
from schemas.vocabulary import Change, Grade, Way
from tests.interpret.made import make_accessions, make_amounts, make_dates, read_rows

RULE = SimpleNamespace(id="rule")
SHALLOW, DEEP, TURNED, ELSE = (
    Compare(direction="below", limit=each) for each in ("shallow", "deep", "turned", "else")
)
LIMITS = {
    name: SimpleNamespace(analyte=analyte)
    for name, analyte in (("shallow", "made"), ("deep", "made"), ("else", "other"))
}
KNOWLEDGE = SimpleNamespace(
    analytes={"made": SimpleNamespace(units={"g/L": 1.0, "g/dL": 10.0})},
    limits=LIMITS,
    priorities=[
        SimpleNamespace(rank=1, when=Group(kind="any", members=(Observed(observation="x"), DEEP))),
        SimpleNamespace(rank=2, when=Group(kind="any", members=(ELSE, SHALLOW))),
        SimpleNamespace(rank=3, when=DEEP),
        SimpleNamespace(rank=4, when=Observed(observation="x")),
        SimpleNamespace(rank=5, when=None),
    ],
)


def ends_of(text):
    """The least and the most of `100`, `<100`, `>100` and of nothing."""
    if not text or text == "-":
        return np.nan, np.nan
    number = float(text.lstrip("<>"))
    return (0.0 if text[0] == "<" else number), (np.inf if text[0] == ">" else number)


def compare(rows, wrong):
    """Compare what is now with the last and the best one, each case of three accessions.

    Columns: now, last, best (values); grade (that of now), before (the deepest one before, 0 to
    7); class and `was` (1 where the value makes it urgent, 2 where less); how: t transfused, d
    doubted, u undated, n no (not present).
    """
    count = 3 * len(rows)
    values = [row.get(name, "") for row in rows for name in ("now", "last", "best")]
    low, high = (np.array(each) for each in zip(*map(ends_of, values), strict=True))
    at = np.arange(0, count, 3)
    how = [row.get("how", "") for row in rows]

    def has(letter):
        return np.array([letter in each for each in how], bool)

    def there(name, place):
        return np.array(
            [p + place if row.get(name) else -1 for p, row in zip(at, rows, strict=True)]
        )

    grades, urgent = np.full(count, "", dtype=object), np.zeros(count, int)
    present = np.ones(count, bool)
    for place, row in zip(at, rows, strict=True):
        grades[place] = row.get("grade", "")
        urgent[place] = int(row.get("class") or 0)
        urgent[place + 1] = int(row.get("was") or 0)
        present[place] = "n" not in row.get("how", "")
    answer = state(yes=present, no=~present, reported=present | True)
    graded = SimpleNamespace(yes=answer.yes, no=answer.no, grade=grades)
    seen = {}

    def find(analyte, asked, way, depth):
        assert (analyte, way) == ("made", wrong)
        assert list(asked) == list(at)
        seen["depth"] = depth
        return NowAndEarlier(
            here=np.where([row.get("now") == "-" for row in rows], -1, at + 100),
            low=low[at],
            high=high[at],
            dated=~has("u"),
            believed=~has("d"),
            last=there("last", 1),
            best=there("best", 2),
            depth=np.array([int(row.get("before") or 0) for row in rows]),
            across=has("t"),
            lows=low,
            highs=high,
        )

    believed = np.ones(count, bool)
    believed[at[has("d")]] = False
    masks = {"deep": urgent == 1, "shallow": urgent >= 1, "else": urgent >= 0}
    masks = {name: state(yes=yes, no=~yes, reported=yes | True) for name, yes in masks.items()}
    part = _compare(
        RULE,
        Variation(analyte="made", share=0.1, least={"g/dL": 0.5}, worse=(wrong,), source=""),
        wrong,
        at,
        SimpleNamespace(
            find=find,
            courses=SimpleNamespace(believed_truth=lambda asked: believed),
            results=lambda analyte, places: np.where(places < 0, -1, places + 100),
        ),
        SimpleNamespace(
            evaluate_rule=lambda rule: graded,
            answer=lambda asked: masks[asked.limit],
            background=SimpleNamespace(timeline=SimpleNamespace(count=count)),
        ),
        KNOWLEDGE,
    )
    return part, [int(each) for each in seen["depth"][at]]


def check(text, wrong="fall"):
    lines = [line for line in text.splitlines() if not line.strip().startswith("#")]
    rows = read_rows("\n".join(lines))
    part, _ = compare(rows, wrong)
    names = {-1: "", 0: "now", 1: "last", 2: "best"}
    against = [names[-1 if each < 0 else (each - 100) % 3] for each in part.against]
    told = [
        f"{change or '-'} {way} {other}{'' if by_last == (other != 'best') else '!'}"
        for change, way, other, by_last in zip(
            part.change, part.way, against, part.by_last, strict=True
        )
    ]
    assert [" ".join(each.split()) for each in told] == [row["found"] for row in rows]


def test_how_far_it_moved():
    check("""
        now     | last | best | found
        # More than a tenth of the earlier, and at least 5 g/L.
        100     | 100  | 100  | continuing best
        90      | 100  |      | continuing last
        89.9    | 100  |      | worse fall last
        110     | 100  |      | continuing last
        110.1   | 100  |      | better rise last
        15      | 20   |      | worse fall last
        15.1    | 20   |      | continuing last
        25      | 20   |      | better rise last
        24.9    | 20   |      | continuing last
        # To nine decimals.
        89.9999999994 | 100 |  | worse fall last
        89.9999999996 | 100 |  | continuing last
        # As far as it certainly moved.
        <50     | 100  |      | worse fall last
        <95     | 100  |      | continuing last
        >95     | 100  |      | continuing last
        100     | >200 |      | worse fall last
        100     | >80  |      | continuing last
        100     | <50  |      | better rise last
        100     | <99  |      | continuing last
        105.5   | <100 |      | continuing last
        >120    | 100  |      | better rise last
        # Against the best one, too.
        89      | 95   | 100  | worse fall best
        95      | 100  | 120  | worse fall best
        85      | 100  | 120  | worse fall last
        89      | 79   | 100  | worse fall best
        111     | 100  | 120  | better rise last
    """)


def test_how_far_it_rose():
    check(
        """
        now   | last | best | found
        110   | 100  |      | continuing last
        110.1 | 100  |      | worse rise last
        90    | 100  |      | continuing last
        89.9  | 100  |      | better fall last
        >150  | 100  |      | worse rise last
        100   | <80  |      | worse rise last
        100   | >80  |      | continuing last
        <80   | 100  |      | better fall last
        111   | 105  | 100  | worse rise best
        """,
        "rise",
    )


def test_a_deeper_grade_and_a_step():
    check("""
        now | last | best | grade    | before | found
        95  | 100  | 98   | moderate | 2      | worse fall best
        95  | 100  |      | moderate | 2      | worse fall last
        95  | 98   | 100  | moderate | 2      | worse fall best
        96  | 100  | 98   | moderate | 2      | continuing best
        95  | 100  | 98   | moderate | 4      | continuing best
        95  | 100  | 98   | moderate | 5      | continuing best
        95  | 100  | 98   | moderate |        | continuing best
        95  | 100  | 98   | mild     | 1      | worse fall best
        95  | 100  | 98   |          | 2      | continuing best
        96  | 100  | 98   | severe   | 1      | continuing best
    """)


def test_a_more_urgent_class_by_the_value_alone():
    check("""
        now | last | best | class | was | found
        99  | 100  | 100  | 1     | 2   | worse fall last
        99.5 | 100 | 100  | 2     |     | worse fall last
        99  | 100  | 100  | 2     | 2   | continuing best
        99  | 100  | 100  | 1     | 1   | continuing best
        99  | 100  | 100  | 2     | 1   | continuing best
        100 | 100  | 100  | 1     | 2   | continuing best
        101 | 100  | 100  | 1     | 2   | continuing best
        99  |      | 100  | 1     |     | new best
    """)


def test_what_is_told_across_a_transfusion():
    check("""
        now | last | best | how | grade    | before | class | was | found
        80  | 100  |      | t   |          |        |       |     | continuing transfused last
        120 | 100  |      | t   |          |        |       |     | continuing transfused last
        80  | 100  | 81   | t   |          |        |       |     | continuing transfused best
        80  | 81   | 100  | t   |          |        |       |     | worse fall best
        95  | 100  |      | t   | moderate | 2      |       |     | continuing transfused last
        99  | 100  |      | t   |          |        | 1     | 2   | worse fall last
    """)


def test_new_doubted_and_not_measured():
    check("""
        now | last | best | how | found
        100 |      |      |     | new
        100 |      |      | u   | continuing
        100 |      | 200  |     | worse fall best
        -   |      |      |     | -
        -   | 100  |      |     | - last
        120 | 100  |      | d   | continuing last
        80  | 100  |      | d   | worse fall last
    """)


def test_only_believed_findings_have_a_depth():
    rows = read_rows("""
        now | last | grade    | how
        100 | 100  | severe   |
        100 | 100  | mild     |
        100 | 100  | severe   | d
        100 | 100  | severe   | n
        100 | 100  |          |
    """)
    _, depths = compare(rows, "fall")
    every = list(map(str, Grade))
    assert depths == [every.index("severe") + 1, every.index("mild") + 1, 0, 0, 0]


REPORTED = _Reported(
    comparator=pd.array(["", "<"], dtype="str"),
    value=pd.array([10.0, 98.0], dtype="Float64"),
    unit=pd.array(["g/dL", "g/L"], dtype="str"),
    collected_at=pd.array(pd.to_datetime(["2026-01-05", "2026-02-05"])),
)


def parts_of(*told):
    """Parts such as `worse fall last 1`: change, way (-: none), by last or best, the result."""
    made = []
    for each in told:
        change, way, by, row = each.split()
        # What is asked is the second place.
        made.append(
            _Part(
                change=np.array(["", change.strip("-")], dtype=object),
                way=np.array(["", way.strip("-")], dtype=object),
                against=np.array([-1, int(row)]),
                by_last=np.array([False, by == "last"]),
            )
        )
    return made


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (["worse fall last 1"], Move(Change.WORSE, "fall", "<98", "g/L", pd.Timestamp("2026-02-05"))),
        (["better rise best 0"], Move(Change.BETTER, "rise", "10", "g/dL", pd.Timestamp("2026-01-05"))),
        # Without the result beside it.
        (["worse fall last -1"], Move(Change.WORSE, "fall")),
        (["worse fall best -1"], Move(Change.WORSE)),
        (["new - last -1"], Move(Change.NEW)),
        (["continuing - last 1"], Move(Change.CONTINUING)),
        (["continuing transfused last 1"], Move(Change.CONTINUING, "transfused")),
        (["- - last -1"], Move(Change.CONTINUING)),
        # Of several: worse if any is, then better; their way if it is one.
        (["better rise last 0", "worse fall last 1"], Move(Change.WORSE, "fall")),
        (["worse fall last 0", "worse fall last 1"], Move(Change.WORSE, "fall")),
        (["worse fall last 0", "worse rise last 1"], Move(Change.WORSE)),
        (["worse fall last 0", "worse fall best 1"], Move(Change.WORSE)),
        (["worse fall last 0", "continuing - best 1"], Move(Change.WORSE, "fall")),
        (["continuing - best 0", "better rise last 1", "new - last -1"], Move(Change.BETTER, "rise")),
        # New if all of them are that are there.
        (["new - last -1", "- - last -1"], Move(Change.NEW)),
        (["new - last -1", "continuing - last 0"], Move(Change.CONTINUING)),
        (["continuing transfused last 1", "continuing - last 0"], Move(Change.CONTINUING, "transfused")),
    ],
)  # fmt: skip
def test_what_several_values_come_to(parts, expected):
    found = _sum_up(parts_of(*parts), 1, REPORTED)
    assert found == expected
    assert isinstance(found.way, str)


def test_what_did_not_move_names_nothing():
    assert Move(Change.NEW) == (Change.NEW, "", "", "", None)


def rule(*members, kind="all"):
    return SimpleNamespace(id="rule", when=Group(kind=kind, members=members))


def knows(**worse):
    return SimpleNamespace(
        limits={
            name: SimpleNamespace(analyte=analyte)
            for name, analyte in (("low", "a"), ("up", "a"), ("b", "b"), ("c", "c"))
        },
        rules={"other": rule(Interval(direction="above", analyte="b"))},
        variations={name: SimpleNamespace(worse=tuple(ways)) for name, ways in worse.items()},
    )


BELOW, ABOVE = Compare(direction="at_or_below", limit="low"), Compare(direction="above", limit="up")


@pytest.mark.parametrize(
    ("made", "worse", "expected"),
    [
        (rule(BELOW), {"a": ["fall"]}, {"a": "fall"}),
        (rule(ABOVE), {"a": ["fall"]}, {}),
        (rule(ABOVE), {"a": ["fall", "rise"]}, {"a": "rise"}),
        (rule(ABOVE, BELOW), {"a": ["fall", "rise"]}, {"a": "fall"}),
        (rule(ABOVE, BELOW), {"a": ["rise", "fall"]}, {"a": "rise"}),
        (rule(BELOW), {"b": ["fall"]}, {}),
        # What has no variation is passed over.
        (rule(ABOVE, Compare(direction="below", limit="c")), {"a": ["fall", "rise"]}, {"a": "rise"}),
        # Of several analytes each by its first way only.
        (rule(BELOW, Compare(direction="below", limit="b")), {"a": ["fall"], "b": ["fall"]},
         {"a": "fall", "b": "fall"}),
        (rule(ABOVE, Compare(direction="below", limit="b")), {"a": ["fall", "rise"], "b": ["fall"]},
         {"b": "fall"}),
        (rule(ABOVE, Compare(direction="below", limit="b")), {"a": ["rise", "fall"], "b": ["fall"]},
         {"a": "rise", "b": "fall"}),
        (rule(ABOVE, BELOW, Compare(direction="below", limit="b"), Compare(direction="above", limit="c")),
         {"a": ["fall", "rise"], "b": ["fall"], "c": ["rise", "fall"]},
         {"a": "fall", "b": "fall", "c": "rise"}),
        # The printed interval, another rule, another specimen; not what is denied.
        (rule(Interval(direction="below", analyte="a")), {"a": ["fall"]}, {"a": "fall"}),
        (rule(Interval(direction="above", analyte="a")), {"a": ["rise"]}, {"a": "rise"}),
        (rule(RuleIs(rule="other")), {"b": ["rise"]}, {"b": "rise"}),
        (rule(Joined(condition=BELOW), kind="any"), {"a": ["fall"]}, {"a": "fall"}),
        (rule(Not(condition=BELOW), Observed(observation="x")), {"a": ["fall"]}, {}),
    ],
)  # fmt: skip
def test_which_values_a_finding_is_read_by(made, worse, expected):
    assert _ways_of(made, knows(**worse)) == expected


def test_each_finding_that_stands_and_is_present():
    rows = read_rows("""
        patient | day | result
        P       | 1   | 100
        P       | 5   | 80
        Q       | 2   | 90
        Q       | 6   | 120
    """)
    accessions = make_accessions(rows).assign(accession=["S1", "S2", "S1", "S2"])
    results = pd.DataFrame(
        {
            "comparator": "",
            "original_value": [100.0, 80.0, 90.0, 120.0],
            "original_unit": "g/L",
            "collected_at": accessions["collected_at"],
        }
    )
    specimen_index = SimpleNamespace(
        accessions=accessions,
        results=results,
        reported={"a": np.arange(4)},
        is_missing_everywhere=lambda: np.full(4, -1),
    )
    timeline = Timeline(specimen_index)
    every = np.ones(4, bool)
    background = Background(
        timeline=timeline,
        sayings=SimpleNamespace(dates_of=lambda *names: make_dates(timeline, "")),
        amounts=make_amounts(rows),
        courses=SimpleNamespace(
            believed=lambda analyte: every, believed_truth=lambda answer: every
        ),
    )
    answer = state(yes=every, no=~every, reported=every)
    knowledge = knows()
    knowledge.variations["a"] = Variation(
        analyte="a", share=0.1, least={"g/L": 5}, worse=("fall",), source=""
    )
    knowledge.analytes = {"a": SimpleNamespace(units={"g/L": 1.0})}
    knowledge.rules = {
        "low": SimpleNamespace(id="low", when=BELOW),
        "unread": SimpleNamespace(id="unread", when=Observed(observation="x")),
        "also": SimpleNamespace(id="also", when=BELOW),
    }
    knowledge.priorities = []
    knowledge.comparison = Comparison(
        id="", last_days=100, best_days=100, from_years=0, not_across=()
    )
    current = pd.DataFrame(
        [
            ("P", "S2", "low", "present"),
            ("Q", "S2", "unread", "present"),
            ("Q", "S2", "low", "present"),
            ("P", "S1", "also", "present"),
            ("Q", "S1", "low", "absent"),
        ],
        columns=["patient_id", "accession", "rule", "outcome"],
    )
    questions = SimpleNamespace(background=background, evaluate_rule=lambda rule: answer)
    assert list_moves(current, specimen_index, questions, knowledge) == {
        ("P", "low", "S2"): Move(Change.WORSE, "fall", "100", "g/L", pd.Timestamp("2026-01-01")),
        ("Q", "low", "S2"): Move(
            Change.BETTER, str(Way.RISE), "90", "g/L", pd.Timestamp("2026-01-02")
        ),
        ("P", "also", "S1"): Move(Change.NEW),
    }
