"""From which minute on what was decided stands, in minutes and by hand."""

import numpy as np
import pytest

from pipeline.interpret.latest import valid_from

DAY = 24 * 60
NEVER = np.iinfo(np.int64).min


def since(*specimens: tuple[int, int, int, str]) -> list[int]:
    """Give what `valid_from` says of (group, first, last, "decided", "believed", "" or both)."""
    rows = [(group, first, last) for group, first, last, _ in specimens]
    groups, first, last = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    words = [each[3] for each in specimens]
    decided = np.array(["decided" in each for each in words], dtype=bool)
    believed = np.array(["believed" in each for each in words], dtype=bool)
    return valid_from(groups, first, last, decided, believed).tolist()


@pytest.mark.parametrize(
    ("specimens", "expected"),
    [
        # The latest that is decided and believed.
        ([(0, 0, 0, "decided believed"), (0, 5000, 5000, "decided believed")], 5000),
        # What was not decided does not count, however late and believed it is.
        ([(0, 0, 0, "decided believed"), (0, 5000, 5000, "believed")], 0),
        # The latest is not believed: one of the day before is.
        ([(0, 4000, 4000, "decided believed"), (0, 5000, 5000, "decided")], 4000),
        # Exactly 24 hours before is close; a minute more is not, and then the hours count.
        ([(0, 0, 0, "decided believed"), (0, DAY, DAY, "decided")], 0),
        ([(0, -1, -1, "decided believed"), (0, DAY, DAY, "decided")], 0),
        ([(0, -1, -1, "decided believed"), (0, DAY + 40, DAY + 40, "decided")], 40),
        ([(0, 30, 30, "decided believed"), (0, DAY, DAY, "decided")], 30),
        # A day without a time reaches up to its last minute, and stands from its first.
        ([(0, -600, 0, "decided believed"), (0, DAY, DAY, "decided")], -600),
        # None is believed: 24 hours before the latest.
        ([(0, 0, 0, "decided"), (0, 5000, 5000, "decided")], 5000 - DAY),
        # Of several close ones that are believed, the later.
        (
            [
                (0, 4000, 4000, "decided believed"),
                (0, 4500, 4500, "decided believed"),
                (0, 5000, 5000, "decided"),
            ],
            4500,
        ),
        # Believed, and long ago.
        ([(0, 0, 0, "decided believed"), (0, 9000, 9000, "decided")], 9000 - DAY),
        # Nothing was decided.
        ([(0, 0, 0, "believed"), (0, 5000, 5000, "")], NEVER),
    ],
)
def test_what_stands_of_one_group(specimens, expected):
    assert since(*specimens) == [expected] * len(specimens)
    # Wherever they stand in the table.
    assert since(*reversed(specimens)) == [expected] * len(specimens)


def test_groups_do_not_bear_on_each_other():
    assert since(
        (1, 0, 0, "decided believed"),
        (0, 7000, 7000, "decided believed"),
        (1, 300, 300, "decided believed"),
        (2, 9000, 9000, ""),
        (0, 100, 100, "decided"),
    ) == [300, 7000, 300, NEVER, 7000]


def test_of_nothing_nothing_is_said():
    assert since() == []
