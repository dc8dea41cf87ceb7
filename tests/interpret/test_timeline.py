"""Accessions in the order of time: near, earlier, between. Days of January and February 2026."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from pipeline.interpret.timeline import Barriers, Timeline, dates_with_time

NONE = np.zeros(0, np.int64)


def moments(text):
    """Read days such as 5 or 5.5 (noon of the fifth); - is no day."""
    start = pd.Timestamp("2026-01-01")
    return [
        pd.NaT if day == "-" else start + pd.Timedelta(hours=(float(day) - 1) * 24)
        for day in text.split()
    ]


def timeline(text):
    """Make one of lines such as `P1: 1 5.5 -`, in the order of the grid."""
    rows = []
    for line in text.strip().splitlines():
        patient, _, days = line.partition(":")
        rows += [(patient.strip(), day) for day in moments(days)]
    table = pd.DataFrame(rows, columns=["patient_id", "collected_at"])
    table["collected_at"] = table["collected_at"].astype("datetime64[us]")
    midnight = table["collected_at"].eq(table["collected_at"].dt.normalize())
    table["collected_precision"] = midnight.map({True: "date", False: "time"})
    table.loc[table["collected_at"].isna(), "collected_precision"] = ""
    return Timeline(SimpleNamespace(accessions=table))


def mask(letters):
    return np.array([letter == "x" for letter in letters.replace(" ", "")])


def dates(line, ids, days):
    at = pd.Series(moments(days), dtype="datetime64[us]")
    return line.dates_of(pd.Series(ids.split(), dtype="str"), at)


def barriers(line, ids="", days="", changes=()):
    keys = [line.key[[one, two]] for one, two in changes]
    return Barriers(
        days=dates(line, ids, days).keys,
        change_from=np.array([key[0] for key in keys], np.int64),
        change_to=np.array([key[1] for key in keys], np.int64),
    )


TWO = """
    P1: 1 10 20 -
    P2: 10 11 11.5 40
"""


@pytest.mark.parametrize(
    ("usable", "days", "found"),
    [
        # Itself where usable; else the nearest of the patient, the earlier one on ties.
        ("xxxx xxxx", 5, [0, 1, 2, 3, 4, 5, 6, 7]),
        ("x.x. ....", 10, [0, 0, 2, -1, -1, -1, -1, -1]),
        ("x.x. ....", 9, [0, 0, 2, -1, -1, -1, -1, -1]),
        ("x.x. ....", 8, [0, -1, 2, -1, -1, -1, -1, -1]),
        ("..x. x...", 10, [-1, 2, 2, -1, 4, 4, 4, -1]),
        ("..x. x...", 9, [-1, -1, 2, -1, 4, 4, 4, -1]),
        ("x... ...x", 29, [0, 0, 0, -1, -1, 7, 7, 7]),
        ("x... ...x", 30, [0, 0, 0, -1, 7, 7, 7, 7]),
        # Of one day: the one before, else the one after.
        (".... .x..", 28, [-1, -1, -1, -1, 5, 5, 5, -1]),
        (".... .x..", 0, [-1, -1, -1, -1, -1, 5, 5, -1]),
        (".... ..x.", 0, [-1, -1, -1, -1, -1, 6, 6, -1]),
        # What has no date is near to nothing but itself.
        ("...x ....", 99, [-1, -1, -1, 3, -1, -1, -1, -1]),
    ],
)
def test_the_nearest(usable, days, found):
    line = timeline(TWO)
    assert list(line.nearest(mask(usable), days, barriers(line))) == found


def test_the_earlier_on_ties():
    line = timeline("P1: 1 5 9")
    assert list(line.nearest(mask("x.x"), 9, barriers(line))) == [0, 0, 2]
    line = timeline("P1: 1 5 8")
    assert list(line.nearest(mask("x.x"), 9, barriers(line))) == [0, 2, 2]
    assert list(line.nearest(mask("x.x"), 3, barriers(line))) == [0, 2, 2]
    line = timeline("P1: 2 5 9")
    assert list(line.nearest(mask("x.x"), 9, barriers(line))) == [0, 0, 2]


@pytest.mark.parametrize(
    ("day", "is_apart"),
    # A day recorded lies between from the day of the earlier accession on, to that of the later.
    [("4", False), ("5", True), ("7", True), ("10", True), ("11", False)],
)
def test_nothing_is_near_across_a_day(day, is_apart):
    line = timeline("P1: 5 10")
    between = barriers(line, "P1", day)
    assert list(line.nearest(mask("x."), 9, between)) == [0, -1 if is_apart else 0]
    assert list(line.nearest(mask(".x"), 9, between)) == [-1 if is_apart else 1, 1]
    assert list(line.nearest(mask("x."), 9, barriers(line, "P9", day))) == [0, 0]


def test_days_of_others_separate_nothing():
    line = timeline("P1: 5 10\nP2: 5 10")
    between = barriers(line, "P2", "7")
    assert list(line.nearest(mask("x. x."), 9, between)) == [0, 0, 2, -1]


def test_of_one_day_nothing_lies_between():
    line = timeline("P1: 5 5.5")
    assert list(line.nearest(mask("x."), 9, barriers(line, "P1", "5"))) == [0, 0]


def test_the_other_side_is_taken_where_a_day_lies_between():
    line = timeline("P1: 1 5 10")
    assert list(line.nearest(mask("x.x"), 9, barriers(line, "P1", "3"))) == [0, 2, 2]
    assert list(line.nearest(mask("x.x"), 9, barriers(line, "P1", "7"))) == [0, 0, 2]
    assert list(line.nearest(mask("x.x"), 9, barriers(line, "P1 P1", "3 7"))) == [0, -1, 2]


@pytest.mark.parametrize(
    ("change", "is_apart"),
    # Only what has both ends between the two (places 1 and 4) keeps them apart.
    [
        ((1, 3), True),
        ((1, 4), True),
        ((2, 4), True),
        ((0, 4), False),
        ((0, 1), False),
        ((1, 5), False),
        ((4, 5), False),
    ],
)
def test_nothing_is_near_across_a_change(change, is_apart):
    line = timeline("P1: 1 2 3 4 5 6")
    near = line.nearest(mask(".x...."), 9, barriers(line, changes=[change]))
    assert (near[1], near[4]) == (1, -1 if is_apart else 1)


def test_days_and_changes_both_separate():
    line = timeline("P1: 1 2 3 4 5 6")
    both = barriers(line, "P1", "2", changes=[(4, 5)])
    assert list(line.nearest(mask("x....."), 9, both)) == [0, -1, -1, -1, -1, -1]
    assert list(line.nearest(mask(".....x"), 9, both)) == [-1, -1, -1, -1, -1, 5]


def test_of_several_changes_any_separates():
    line = timeline("P1: 1 2 3 4 5 6")
    several = barriers(line, changes=[(0, 1), (2, 3), (4, 5)])
    near = line.nearest(mask("x....."), 9, several)
    assert list(near) == [0, -1, -1, -1, -1, -1]
    assert list(line.nearest(mask(".x...."), 9, several)) == [-1, 1, 1, -1, -1, -1]
    assert list(line.nearest(mask(".....x"), 9, several)) == [-1, -1, -1, -1, -1, 5]


@pytest.mark.parametrize(
    ("usable", "least", "most", "found"),
    [
        ("xxxx xxxx", 1, None, [-1, 0, 1, -1, -1, 4, 4, 6]),
        ("xxxx xxxx", 0, None, [0, 1, 2, -1, 4, 6, 6, 7]),
        ("xxxx xxxx", 9, None, [-1, 0, 1, -1, -1, -1, -1, 6]),
        ("xxxx xxxx", 10, None, [-1, -1, 1, -1, -1, -1, -1, 6]),
        ("xxxx xxxx", 11, None, [-1, -1, 0, -1, -1, -1, -1, 6]),
        ("xxxx xxxx", 30, None, [-1, -1, -1, -1, -1, -1, -1, 4]),
        ("xxxx xxxx", 31, None, [-1, -1, -1, -1, -1, -1, -1, -1]),
        ("xxxx xxxx", 1, 28, [-1, 0, 1, -1, -1, 4, 4, -1]),
        ("xxxx xxxx", 1, 29, [-1, 0, 1, -1, -1, 4, 4, 6]),
        ("x..x ....", 1, None, [-1, 0, 0, -1, -1, -1, -1, -1]),
        ("..xx ....", 1, None, [-1, -1, -1, -1, -1, -1, -1, -1]),
        (".... ....", 1, None, [-1] * 8),
        ("...x ....", 0, None, [-1] * 8),
    ],
)
def test_the_latest_so_long_ago(usable, least, most, found):
    assert list(timeline(TWO).latest_within(mask(usable), least, most)) == found


@pytest.mark.parametrize(
    ("usable", "days", "found"),
    [
        ("xxxx xxxx", 99, [-1, 0, 1, -1, -1, 4, 5, 6]),
        ("xxxx xxxx", 9, [-1, 0, -1, -1, -1, 4, 5, -1]),
        ("xxxx xxxx", 0, [-1, -1, -1, -1, -1, -1, 5, -1]),
        ("x..x x...", 99, [-1, 0, 0, -1, -1, 4, 4, 4]),
        (".... ....", 99, [-1] * 8),
    ],
)
def test_the_previous(usable, days, found):
    assert list(timeline(TWO).previous(mask(usable), days)) == found


def until(line, day):
    """Give the key of a minute for each accession: of 10.5, noon of the tenth."""
    whole = day if day % 1 else day + 1 - 1 / 1440
    start = int(line.day[0] - 1) * 1440
    return line.patient * 10**10 + start + round(whole * 1440)


@pytest.mark.parametrize(
    ("usable", "day", "found"),
    [
        ("xxxx xxxx", 10, [1, 1, 1, 1, 4, 4, 4, 4]),
        # To the minute where both have a time; what has none may be of any minute of its day.
        ("xxxx xxxx", 11.4, [1, 1, 1, 1, 5, 5, 5, 5]),
        ("xxxx xxxx", 11.5, [1, 1, 1, 1, 6, 6, 6, 6]),
        ("xxxx xxxx", 9, [0, 0, 0, 0, -1, -1, -1, -1]),
        ("xxxx xxxx", 99, [2, 2, 2, 2, 7, 7, 7, 7]),
        ("xxxx xxxx", -99, [-1] * 8),
        ("x..x ..x.", 20, [0, 0, 0, 0, 6, 6, 6, 6]),
        (".... ....", 20, [-1] * 8),
    ],
)
def test_the_last_until_a_day(usable, day, found):
    line = timeline(TWO)
    ends = until(line, day)
    assert list(line.last_until(mask(usable), ends, np.ones(8, bool))) == found
    assert list(line.last_until(mask(usable), ends, np.zeros(8, bool))) == [-1] * 8


def test_before_the_first_of_all_there_is_nothing():
    line = timeline("P1: 5 10")
    ends = until(line, 0)
    assert list(line.last_until(mask("xx"), ends, np.ones(2, bool))) == [-1, -1]
    assert list(line.latest_within(mask("xx"), 6, None)) == [-1, -1]
    line = timeline("P1: -")
    assert list(line.latest_within(mask("x"), 0, None)) == [-1]


@pytest.mark.parametrize(
    ("ids", "days", "before", "after"),
    [
        # From the day after on; on its own day only where both carry a time.
        ("P1", "10", [None, None, 10, None] + [None] * 4, [10, 10, None, None] + [None] * 4),
        ("P1 P1", "1 10", [None, 1, 10, None] + [None] * 4, [1, 10, None, None] + [None] * 4),
        ("P1 P1", "10 1", [None, 1, 10, None] + [None] * 4, [1, 10, None, None] + [None] * 4),
        ("P1", "30", [None] * 8, [30, 30, 30, None] + [None] * 4),
        ("P2 P1", "11 -", [None] * 7 + [11], [None] * 4 + [11, 11, 11, None]),
        ("P2", "11.4", [None] * 6 + [11, 11], [None] * 4 + [11, 11, None, None]),
        ("P2", "11.5", [None] * 7 + [11], [None] * 4 + [11, 11, 11, None]),
        ("P2 P2", "11.6 11", [None] * 7 + [11], [None] * 4 + [11, 11, 11, None]),
        ("P9", "1", [None] * 8, [None] * 8),
        ("P1 P2", "1 1", [None, 1, 1, None, 1, 1, 1, 1], [1] + [None] * 7),
    ],
)
def test_the_date_before_and_the_one_after(ids, days, before, after):
    line = timeline(TWO)
    found = dates(line, ids, days)
    for (at, there), wanted in (
        (line.latest_before(found), before),
        (line.first_after(found), after),
    ):
        said = [
            int(found.days[each]) - int(line.day[0]) + 1 if known else None
            for each, known in zip(at, there, strict=True)
        ]
        assert said == wanted


def test_the_first_date_from_a_day_on():
    line = timeline(TWO)
    found = dates(line, "P1 P1 P2", "5 15 11")
    far = 10**10
    for day, wanted in (
        (5, [5] * 4 + [11] * 4),
        (6, [15] * 4 + [11] * 4),
        (12, [15] * 4 + [0] * 4),
    ):
        given = line.first_from(found, np.full(8, line.day[0] - 1 + day))
        said = [0 if each == far else int(each) - int(line.day[0]) + 1 for each in given]
        assert said == wanted
    assert set(line.first_from(dates(line, "", ""), np.full(8, 0))) == {far}


def test_who_has_a_date_at_all():
    line = timeline(TWO)
    assert list(line.people_with(dates(line, "P2 P9", "99 1"))) == [False] * 4 + [True] * 4
    assert not line.people_with(dates(line, "", "")).any()


def test_dates_far_away_are_told_apart_from_the_days_of_accessions():
    line = timeline("P1: 5 10\nP2: 5 10")
    for day in ("-9000", "9000"):
        assert list(line.nearest(mask("x. x."), 9, barriers(line, "P1 P2", f"{day} {day}"))) == [
            0,
            0,
            2,
            2,
        ]
    found = dates(line, "P1", "-300")
    at, there = line.latest_before(found)
    assert list(there) == [True, True, False, False]
    assert int(line.day[0]) - int(found.days[at[0]]) == 305


def test_a_date_lies_between():
    line = timeline("P1: 1 10 20")
    before = np.array([-1, 0, 1])
    assert list(line.is_separated(before, dates(line, "P1", "5"))) == [False, True, False]
    assert list(line.is_separated(before, dates(line, "P1", "20"))) == [False, False, True]
    assert list(line.is_separated(before, dates(line, "P1", "30"))) == [False] * 3


def test_a_place_in_time_that_is_not_known():
    line = timeline("P1: 1 10 -\nP2: - -\nP3: 1 2\nP4: -")
    assert list(line.has_undated(mask("xxx xx xx x"))) == [
        True, True, True, True, True, False, False, False,
    ]  # fmt: skip
    assert list(line.has_undated(mask("x.. x. .. x"))) == [
        False, False, True, False, True, False, False, False,
    ]  # fmt: skip
    assert list(line.has_undated(mask("..x .. .. ."))) == [True, True] + [False] * 6


def test_what_no_later_usable_accession_replaces():
    line = timeline(TWO)
    assert list(line.is_latest(mask("xx.. xx.."), mask("xx.. xx.."))) == [
        False, True, True, True, False, True, True, True,
    ]  # fmt: skip
    assert list(line.is_latest(mask("...x ...."), mask("...x ...."))) == [True] * 8


def test_nobody():
    line = timeline("")
    nothing = np.zeros(0, bool)
    assert len(line.nearest(nothing, 5, barriers(line))) == 0
    assert len(line.latest_within(nothing, 1, None)) == 0
    assert len(line.previous(nothing, 5)) == 0
    assert len(line.has_undated(nothing)) == 0
    assert len(line.is_latest(nothing, nothing)) == 0
    assert len(line.latest_before(dates(line, "P1", "5"))[0]) == 0


def test_which_dates_have_a_time_whoever_they_are_of():
    """The keys of the first patient are small; those of others hold the patient too."""
    line = timeline(TWO)
    found = dates(line, "P1 P1 P2 P2", "3 3.5 11 11.5")
    # In order of time: what has no time may be of any minute of its day, to the last.
    assert found.rows.tolist() == [1, 0, 3, 2]
    assert dates_with_time(found).tolist() == [True, False, True, False]
