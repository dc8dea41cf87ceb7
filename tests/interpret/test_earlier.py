"""The last believed result before each, and the best one, from tables made by hand.

Days are those of January 2026 and on; 5.5 is noon of the fifth, 5t its midnight.
"""

from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.interpret.earlier import EarlierResults
from pipeline.interpret.timeline import Timeline
from pipeline.interpret.treatments import Background
from pipeline.knowledge.variation import Comparison
from tests.interpret.made import make_accessions, make_amounts, make_dates, read_rows

COMPARISON = Comparison(
    id="made", last_days=100, best_days=50, from_years=18, not_across=("blood", "more")
)


def earlier_of(rows, dates=""):
    """Make what finds earlier results; the results stand in the contrary order."""
    there = [row for row in rows if row["result"]][::-1]
    place = {row["id"]: at for at, row in enumerate(there)}
    reported = np.array([place.get(row["id"], -1) for row in rows], np.int64)
    specimen_index = SimpleNamespace(
        accessions=make_accessions(rows),
        reported={"made": reported},
        is_missing_everywhere=lambda: np.full(len(rows), -1, np.int64),
    )
    timeline = Timeline(specimen_index)
    known = {COMPARISON.not_across: make_dates(timeline, dates)}
    believed = np.array([row.get("trust", "x") == "x" for row in rows], bool)
    background = Background(
        timeline=timeline,
        sayings=SimpleNamespace(dates_of=lambda *names: known[names]),
        amounts=make_amounts(there) if there else make_amounts([{}]).at(np.zeros(0, np.int64)),
        courses=SimpleNamespace(believed=lambda name: believed & (name == "made")),
    )
    return EarlierResults(specimen_index, background, COMPARISON)


def check(text, wrong="fall", dates=""):
    """Compare `last`, `best`, `deep` and `across` of each line, as far as there are columns."""
    rows = read_rows(text)
    names = [*(row["id"] for row in rows), ""]
    depth = np.array([int(row.get("depth") or 0) for row in rows])
    # In an order of their own, so that a place among them is no place among the accessions.
    asked = np.arange(len(rows))[::-1]
    found = earlier_of(rows, dates).find("made", asked, wrong, depth)
    told = {
        "last": [names[at] for at in found.last[::-1]],
        "best": [names[at] for at in found.best[::-1]],
        "deep": [str(at or "") for at in found.depth[::-1]],
        "across": ["x" if at else "" for at in found.across[::-1]],
    }
    columns = [name for name in told if name in rows[0]]
    assert {name: told[name] for name in columns} == {
        name: [row[name] for row in rows] for name in columns
    }


def test_the_last_believed_one_before_it():
    check("""
        id | patient | day | result | trust | last | best
        a  | P       | 1   | 100    | x     |      |
        b  | P       | 2   | 100    |       | a    | a
        c  | P       | 3   | 90     | x     | a    | a
        d  | P       | 4   |        |       |      |
        e  | P       | 5   | 80     |       | c    | a
        f  | P       |     | 95     | x     |      |
        g  | Q       | 1   | 70     | x     |      |
        h  | Q       | 2   | 70     | x     | g    | g
        i  | Q       |     | 75     | x     |      |
        j  | R       | 3   | 60     | x     |      |
    """)


def test_what_may_be_of_the_same_time_or_later_is_passed_over():
    check("""
        id | patient | day  | result | last | best
        a  | P       | 1    | 100    |      |
        b  | P       | 2    | 120    | a    | a
        c  | P       | 2.25 | 110    | a    | a
        d  | P       | 2.25 | 130    | a    | a
        e  | P       | 2.5  | 90     | d    | d
        f  | P       | 3    | 80     | e    | d
        g  | P       | 3    | 85     | e    | d
        h  | Q       | 3.00001 | 85  |      |
        i  | R       | 3.5  | 85     |      |
        j  | R       | 4    | 80     | i    | i
        k  | S       | 5t   | 85     |      |
        l  | S       | 5    | 80     |      |
        m  | S       | 5.5  | 80     | k    | k
    """)


@pytest.mark.parametrize(
    ("wrong", "best"),
    [
        # Of equal ones the latest.
        ("fall", ["", "a", "b", "b", "d", "d"]),
        ("rise", ["", "a", "a", "c", "c", "e"]),
    ],
)
def test_the_best_one_is_the_least_wrong(wrong, best):
    lines = ["a | P | 1 | 90", "b | P | 2 | 100", "c | P | 3 | 80", "d | P | 4 | 100",
             "e | P | 5 | 80", "f | P | 6 | 85"]  # fmt: skip
    table = [f"{line} | {each}" for line, each in zip(lines, best, strict=True)]
    check("\n".join(["id | patient | day | result | best", *table]), wrong)


def test_a_bound_is_as_good_as_it_certainly_is():
    text = """
        id | patient | day | result | best
        a  | P       | 1   | 50     |
        b  | P       | 2   | <90    | a
        c  | P       | 3   | >40    | {}
        d  | P       | 4   | 60     | {}
        e  | P       | 5   | 60     | d
    """
    check(text.format("a", "a"))
    check(text.format("a", "a").replace("| d\n", "| a\n"), "rise")


def test_how_long_ago():
    check(
        """
        id | patient | day | result | depth | last | best | deep
        a  | P       | 1   | 100    | 3     |      |      |
        b  | P       | 51  | 90     | 1     | a    | a    | 3
        c  | Q       | 1   | 100    | 3     |      |      |
        d  | Q       | 52  | 90     | 1     | c    |      |
        e  | Q       | 101 | 90     | 1     | d    | d    | 1
        f  | R       | 1   | 100    | 3     |      |      |
        g  | R       | 101 | 90     | 1     | f    |      |
        h  | S       | 1   | 100    | 3     |      |      |
        i  | S       | 102 | 90     | 1     |      |      |
        j  | T       | 1   | 100    | 3     |      |      |
        k  | T       | 2   | 90     | 1     | j    | j    | 3
        l  | T       | 3   | 80     | 2     | k    | j    | 3
        """
    )


def test_from_the_age_on_only_with_results_from_that_age_on():
    check("""
        id | patient | day | result | months   | last | best
        a  | P       | 1   | 100    | 215      |      |
        b  | P       | 2   | 90     | 215      | a    | a
        c  | P       | 3   | 80     | 216      |      |
        d  | P       | 4   | 70     | 217      | c    | c
        e  | Q       | 1   | 100    | 216      |      |
        f  | Q       | 2   | 90     | 216      | e    | e
        g  | R       | 1   | 100    | 210..216 |      |
        h  | R       | 2   | 90     | 216      | g    | g
        i  | S       | 1   | 100    | 100      |      |
        j  | S       | 2   | 90     | 215..217 | i    | i
    """)


def test_across_a_transfusion_it_is_no_best_one():
    text = """
        id | patient | day  | result | depth | last | best | deep | across
        a  | P       | 1    | 100    | 2     |      |      |      |
        b  | P       | 5    | 90     | 1     | a    |      |      | x
        c  | P       | 6    | 80     | 1     | b    | b    | 1    |
        d  | Q       | 3    | 100    | 2     |      |      |      |
        e  | Q       | 5    | 90     | 1     | d    |      |      | x
        f  | Q       | 5.5  | 80     | 1     | d    |      |      | x
        g  | R       | 1    | 100    | 2     |      |      |      |
        h  | R       | 3    | 90     | 1     | g    |      |      | x
        i  | S       | 3.25 | 100    | 2     |      |      |      |
        j  | S       | 3.5  | 90     | 1     | i    | i    | 2    |
        k  | S       | 5    | 80     | 1     | j    |      |      | x
        l  | T       | 4    | 100    | 2     |      |      |      |
        m  | T       | 5    | 90     | 1     | l    | l    | 2    |
        n  | U       | 1    | 100    | 2     |      |      |      |
        o  | U       | 2    | 90     | 1     | n    | n    | 2    |
    """
    check(text, dates=", ".join(f"{each} 3" for each in "PQRSTU"))


def test_what_is_told_of_the_results_themselves():
    rows = read_rows("""
        id | patient | day | result    | trust
        a  | P       | 1   | 10 g/dL   | x
        b  | P       |     | <90       | x
        c  | P       | 3   | >80       |
        d  | P       | 4   |           |
    """)
    rows[0]["result"], rows[0]["unit"] = "10", "g/dL"
    earlier = earlier_of(rows)
    found = earlier.find("made", np.array([3, 2, 1, 0]), "fall", np.zeros(4, np.int64))
    assert list(found.here) == [-1, 0, 1, 2]
    np.testing.assert_equal(found.low, [np.nan, 80, 0, 100])
    np.testing.assert_equal(found.high, [np.nan, np.inf, 90, 100])
    assert list(found.dated) == [True, True, False, True]
    assert list(found.believed) == [False, False, True, True]
    low, high = found.ends_at(np.array([0, 1, 1]))
    assert (list(low), list(high)) == ([100, 0, 0], [100, 90, 90])
    assert list(earlier.results("made", np.array([2, -1, 0]))) == [0, -1, 2]
    assert list(earlier.results("other", np.array([2, -1, 0]))) == [-1, -1, -1]


def test_where_nothing_was_measured():
    rows = read_rows("id | patient | day | result | trust\na | P | 1 | |\nb | P | 2 | |")
    found = earlier_of(rows).find("made", np.array([1]), "fall", np.zeros(2, np.int64))
    assert (list(found.here), list(found.last), list(found.best)) == ([-1], [-1], [-1])
    assert np.isnan([*found.low, *found.high, *found.lows, *found.highs]).all()
    assert len(found.lows) == len(found.highs) == 2
