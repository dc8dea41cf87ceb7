"""What was before a start and what came since, from tables made by hand.

Days are those of January 2026 and on; 5.5 is noon of the fifth, 5t its midnight.
"""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from pipeline.interpret.timeline import Timeline
from pipeline.interpret.treatments import Courses
from pipeline.interpret.truth_columns import rest_on, state
from pipeline.knowledge.conditions import Observed
from pipeline.knowledge.model import BeforeStart, Inferred
from tests.interpret.made import (
    make_accessions,
    make_amounts,
    make_dates,
    read_rows,
)

MET = Observed(observation="met")


class Made:
    """The courses of a table: patient, day, result, how (p: preliminary, l: falsely low, h: high)."""

    def __init__(self, text: str, *, transfused: str = "", started: str = "", answers=None) -> None:
        self.rows = read_rows(text)
        count = len(self.rows)
        there = [row for row in self.rows if row["result"]][::-1]
        place = {row["id"]: at for at, row in enumerate(there)}
        self.reported = np.array([place.get(row["id"], -1) for row in self.rows], np.int64)
        how = [row.get("how", "") for row in there]
        specimen_index = SimpleNamespace(
            accessions=make_accessions(self.rows),
            results=pd.DataFrame(
                {"status": ["preliminary" if "p" in each else "final" for each in how]}
            ),
            reported={"made": self.reported},
            is_missing_everywhere=lambda: np.full(count, -1, np.int64),
        )
        self.timeline = Timeline(specimen_index)
        known = {
            name: make_dates(self.timeline, text)
            for name, text in (("transfused", transfused), ("started", started))
        }

        def of_results(analyte, results):
            assert analyte in ("made", "other")
            return tuple(
                np.array([at >= 0 and letter in how[at] for at in results], bool) for letter in "lh"
            )

        self.courses = Courses(
            specimen_index,
            SimpleNamespace(
                inferred={"improved": Inferred(id="improved", title="", when=MET)},
                course=SimpleNamespace(transfused="transfused", transfused_days=90),
            ),
            self.timeline,
            SimpleNamespace(dates_of=lambda name: known[name]),
            make_amounts(there),
            SimpleNamespace(of_results=of_results),
            {MET: answers(self) if answers else None}.get,
        )

    def column(self, name):
        return [row[name] for row in self.rows]

    def mask(self, name):
        return np.array([each == "x" for each in self.column(name)], bool)

    def names(self, positions):
        """Names of accessions, "" for nowhere."""
        names = [*self.column("id"), ""]
        return [names[at] for at in positions]

    def letters(self, mask):
        assert mask.dtype == bool
        return ["x" if each else "" for each in mask]


def answer_of(made):
    """An answer by the column `said`: y, n firm, Y and N not; it rests on the result and `also`."""
    said = np.array(made.column("said"))
    also = [made.column("id").index(each) if each else -1 for each in made.column("also")]
    return state(
        yes=np.isin(said, ["y", "Y"]),
        no=np.isin(said, ["n", "N"]),
        confirmed_yes=said == "y",
        confirmed_no=said == "n",
        reported=said != "",
        evidence=tuple(
            rest_on("made", len(said), results=results)
            for results in (
                made.reported,
                np.array([made.reported[at] if at >= 0 else -1 for at in also]),
                np.full(len(said), -1),
            )
        ),
    )


ANSWERS = """
    id | patient | day | result | how | said | also | is_date | is_believed
    a  | P       | 5.5 | 10     |     | y    |      | x       | x
    b  | P       | 6   | 10     | p   | y    |      |         |
    c  | P       | 7   | 10     |     | y    | b    |         |
    d  | P       | 8   | 10     |     | Y    |      |         |
    e  | P       | 9   | 10     |     | n    |      |         | x
    f  | Q       | 1   | 10     | p   | n    |      |         |
    g  | Q       | 2   |        |     | y    |      | x       | x
    h  | Q       | 3   | 10     |     | N    | a    |         |
    i  | Q       |     | 10     |     | y    | a    |         | x
    j  | Q       |     | 10     |     |      |      |         |
"""


def test_dates_that_results_suggest():
    made = Made(ANSWERS, answers=answer_of, started="Q 5, P 3.5")
    dates = made.courses.dates_of("improved")
    expected = make_dates(made.timeline, "P 5.5, Q 2")
    assert list(dates.ends) == list(expected.ends)
    # Nobody said it.
    assert list(dates.rows) == [-1, -1]
    assert list(made.courses.dates_of("started").rows) == [1, 0]


def test_an_answer_is_believed_that_is_firm_and_rests_on_what_is_final():
    made = Made(ANSWERS, answers=answer_of)
    found = made.courses.believed_truth(answer_of(made))
    assert made.letters(found) == made.column("is_believed")


def test_a_result_is_believed_that_is_final_and_not_doubted():
    made = Made("""
        id | patient | day | result | how | believed
        a  | P       | 1   | 10     |     | x
        b  | P       | 2   | 10     | p   |
        c  | P       | 3   | 10     | l   |
        d  | P       | 4   | 10     | h   |
        e  | P       | 5   | 10     | lh  |
        f  | P       | 6   |        |     |
        g  | P       |     | 10     |     | x
    """)
    assert made.letters(made.courses.believed("made")) == made.column("believed")
    assert not made.courses.believed("other").any()


BASELINES = """
    id | patient | day  | result | use | free | near
    a  | P       | 1    | 10     | x   |      |
    b  | P       | 3    | 10     | x   |      |
    c  | P       | 4    | 10     |     |      |
    d  | P       | 10   | 10     | x   | b    |
    e  | P       | 11   | 10     | x   | b    |
    f  | P       | 14   | 10     | x   | e    | e
    g  | P       |      | 10     | x   |      |
    h  | Q       | 1    | 10     | x   |      |
    i  | R       | 2    | 10     | x   |      |
    j  | R       | 5.5  | 10     | x   |      |
    k  | R       | 6.5  | 10     |     | j    | j
    l  | R       | 9    | 10     | x   | j    | j
"""


def test_the_last_usable_one_before_a_start():
    made = Made(BASELINES)
    usable = made.mask("use")
    dates = make_dates(made.timeline, "P 9, P 13, R 5.75")

    def find(days, **more):
        return made.names(made.courses.baseline(usable, dates, days, **more))

    assert find(None) == made.column("free")
    assert find(3) == made.column("near")
    assert find(6) == made.column("free")
    # The first one at or after each specimen: d and e lie before the one of the thirteenth.
    assert find(None, following=True) == [
        "b", "b", "b", "e", "e", "", "", "", "j", "j", "", "",
    ]  # fmt: skip
    assert find(2, following=True) == ["", "", "", "e", "e", "", "", "", "j", "j", "", ""]
    none = make_dates(made.timeline, "")
    assert made.names(made.courses.baseline(usable, none, None)) == [""] * 12


def test_what_was_known_before_a_start_for_some_time_after_it():
    text = """
        id | patient | day | result | use | known
        a  | P       | 1   | 10     | x   |
        b  | P       | 3   | 10     | x   |
        c  | P       | 6   | 10     | x   | b
        d  | P       | 15  | 10     | x   | b
        e  | P       | 16  | 10     | x   |
        f  | Q       | 1   | 10     | x   |
        g  | Q       | 9   | 10     | x   |
        h  | R       | 1   | 10     | x   |
        i  | R       | 9   | 10     | x   | h
        j  | S       | 9   | 10     | x   |
    """
    known = BeforeStart(analyte="made", since="started", days=4, until_days=10, comment="")
    made = Made(text, started="P 5, Q 6, R 5")
    assert made.names(made.courses.known_before(made.mask("use"), known)) == made.column("known")
    never = Made(text)
    assert never.names(never.courses.known_before(never.mask("use"), known)) == [""] * 10


SINCE = """
    id | patient | day | result | use | how | last | since | lowest | highest
    A  | A       | 1   | 90     | x   |     | A    |       |        |
    B  | B       | 1   | 90     | x   |     | B    |       |        |
    a  | P       | 1   | 30     | x   |     | a    |       |     |
    b  | P       | 2   | 1      |     |     | a    |       |     |
    c  | P       | 4   | 10     |     |     | a    |       | c   | c
    d  | P       | 5   | 20     | x   |     | d    | d     | c   | d
    e  | P       | 6   | 5      |     | l   | d    | d     | c   | d
    f  | P       | 7   | 20     |     |     | d    | d     | c   | f
    g  | P       | 8   | <4     |     |     | d    | d     | c   | f
    h  | P       | 9   | >40    |     |     | d    | d     | c   | f
    i  | P       | 11  | 15     |     |     | d    |       | i   | i
    j  | P       | 12  |        | x   |     | j    | j     | i   | i
    k  | P       |     | 1      | x   |     |      |       |     |
    l  | Q       | 1   | 30     | x   |     | l    |       |     |
    m  | Q       | 5   | 0      | x   |     | m    | m     | m   | m
    n  | Q       | 6   | 7      |     |     | m    | m     | m   | n
    o  | Q       | 7   | 3      |     | p   | m    | m     | m   | n
    p  | Q       | 8   | 9      |     | h   | m    | m     | m   | n
    q  | R       | 1   | 8      | x   |     | q    |       |     |
    r  | R       | 90  | 8      |     |     | q    |       |     |
    s  | S       | 1   | 8      |     |     |      |       |     |
    t  | S       | 5   | 8      | x   |     | t    | t     | t   | t
"""


def test_what_came_since_a_date():
    made = Made(SINCE)
    dates = make_dates(made.timeline, "P 3, P 10, Q 4, S 2")
    usable, courses = made.mask("use"), made.courses
    assert made.names(courses.last_since(usable, None)) == made.column("last")
    assert made.names(courses.last_since(usable, dates)) == made.column("since")
    assert made.names(courses.extreme_since("made", dates, highest=False)) == made.column("lowest")
    assert made.names(courses.extreme_since("made", dates, highest=True)) == made.column("highest")
    none = make_dates(made.timeline, "")
    assert made.names(courses.last_since(usable, none)) == [""] * 22
    assert made.names(courses.extreme_since("made", none, highest=True)) == [""] * 22
    assert made.names(courses.extreme_since("other", dates, highest=True)) == [""] * 22


def test_after_a_transfusion_nothing_is_the_highest():
    made = Made(SINCE, transfused="P 5")
    dates = make_dates(made.timeline, "P 3, P 10, Q 4, S 2")
    found = made.names(made.courses.extreme_since("made", dates, highest=True))
    assert found[:12] == ["", "", "", "", "c", "c", "c", "c", "c", "c", "", ""]
    assert found[12:] == made.column("highest")[12:]


TRANSFUSED = [
    # So many days after it, its own day included; never before it, nor of another patient.
    ("P 3", "2 3 4 93 94", "x...x"),
    ("Q 3", "2 3 4", "xxx"),
    ("P 1, Q 3", "91 92", ".x"),
    # Of its own day what was certainly collected before it is not after it.
    ("P 3.5", "3 3.25 3.5 3.75", ".xx."),
    ("P 3", "3t 3.5", ".."),
    # The one before may be near as well.
    ("P 1, P 3.5", "3.25", "."),
    ("P 1, P 100.5", "100.25", "x"),
    # Two of one day: before both, between them, after both.
    ("P 3.5, P 3.75", "3.25 3.6 3.8", "x.."),
    ("P 3, P 3.75", "3.25", "."),
    ("P 1, P 103.5, P 103.75", "103.25", "x"),
    ("P 100, P 103.5, P 103.75", "103.25", "."),
]


@pytest.mark.parametrize(("transfused", "days", "expected"), TRANSFUSED)
def test_what_was_not_collected_after_a_transfusion(transfused, days, expected):
    lines = [f"{day} | P | {day} | 10" for day in days.split()]
    lines += ["u | P | | 10", *(f"v | O | {day} | 10" for day in (1, 4)), "w | Q | 2 | 10"]
    made = Made("\n".join(["id | patient | day | result", *lines]), transfused=transfused)
    found = made.courses.untransfused
    told = "".join("x" if each else "." for each in found)
    assert told == expected + "xxxx"


def test_without_any_transfusion_everything_is_untransfused():
    made = Made("id | patient | day | result\na | P | 1 | 10\nb | P | | 10")
    assert list(made.courses.untransfused) == [True, True]
    assert made.courses.untransfused.dtype == bool
    # Alone, before it.
    alone = Made("id | patient | day | result\na | P | 1 | 10", transfused="P 3")
    assert list(alone.courses.untransfused) == [True]
