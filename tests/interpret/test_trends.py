"""What became of each finding, out of what stood before and what stands now."""

import pandas as pd
import pytest

from pipeline.interpret.since_last_report import compare_current, order_by_change
from schemas import Changes, CurrentFindings, Patients

from .made import read_rows

KINDS = CurrentFindings.column_types()


def current(text):
    """Read lines of `patient rule specimen day outcome grade value unit`; - for none."""
    names = ("patient_id", "rule", "accession", "day", "outcome", "grade", "value", "unit")

    rows = []
    for line in text.strip().splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        row = dict(zip(names, cells, strict=True))
        day, value = row.pop("day"), (row.pop("value"), row.pop("unit"))
        rows.append(
            {
                **row,
                "collected_at": pd.Timestamp(f"2026-03-{day}") if day else pd.NaT,
                "values": (value,),
            }
        )
    table = pd.DataFrame(rows, columns=list(KINDS)).astype(KINDS)
    return CurrentFindings.validate(table)


def compare(before, now):
    earlier = None if before is None else current(before)
    return compare_current(earlier, current(now))


FIRST = "P1 | r | S1 | 01 |"
LATER = "P1 | r | S2 | 09 |"


@pytest.mark.parametrize(
    ("before", "now", "change"),
    [
        (None, f"{FIRST} present | mild | 90 | g/L", "new"),
        ("", f"{FIRST} present | mild | 90 | g/L", "new"),
        (f"{FIRST} absent | | 200 | g/L", f"{LATER} present | mild | 90 | g/L", "new"),
        (f"{FIRST} absent | | 200 | g/L", f"{FIRST} present | mild | 90 | g/L", "new"),
        (f"{FIRST} indeterminate | | 200 | g/L", f"{LATER} present | mild | 90 | g/L", "new"),
        # The same specimen that reads differently was corrected, however deep it is now.
        (f"{FIRST} present | mild | 90 | g/L", f"{FIRST} present | mild | 91 | g/L", "corrected"),
        (f"{FIRST} present | mild | 9 | g/L", f"{FIRST} present | mild | 9 | g/dL", "corrected"),
        (f"{FIRST} present | mild | 90 | g/L", f"{FIRST} present | severe | 40 | g/L", "corrected"),
        (f"{FIRST} present | mild | 90 | g/L", f"{FIRST} absent | | 190 | g/L", "corrected"),
        (f"{FIRST} present | mild | 90 | g/L", "", "corrected"),
        # Another limit may change the grade of the same number.
        (f"{FIRST} present | mild | 90 | g/L", f"{FIRST} present | severe | 90 | g/L", "worse"),
        (f"{FIRST} present | mild | 90 | g/L", f"{FIRST} present | mild | 90 | g/L", "continuing"),
        (f"{FIRST} present | mild | 90 | g/L", f"{LATER} present | mild | 80 | g/L", "continuing"),
        (f"{FIRST} present | mild | 90 | g/L", f"{LATER} present | mild | 90 | g/dL", "continuing"),
        (f"{FIRST} present | mild | 90 | g/L", f"{LATER} present | moderate | 70 | g/L", "worse"),
        (f"{FIRST} present | mild | 90 | g/L", f"{LATER} present | grade-3 | 70 | g/L", "worse"),
        # From a stratum without grades to one that has them, or back, nothing moved.
        (f"{FIRST} present | | 104 | g/L", f"{LATER} present | mild | 109 | g/L", "continuing"),
        (f"{FIRST} present | mild | 109 | g/L", f"{LATER} present | | 104 | g/L", "continuing"),
        (f"{FIRST} present | | 90 | g/L", f"{LATER} present | | 70 | g/L", "continuing"),
        (f"{FIRST} present | severe | 4 | g/L", f"{LATER} present | moderate | 7 | g/L", "better"),
        (f"{FIRST} present | grade-3 | 4 | g/L", f"{LATER} present | mild | 7 | g/L", "better"),
        (f"{FIRST} present | mild | 90 | g/L", f"{LATER} absent | | 200 | g/L", "resolved"),
        (f"{FIRST} present | mild | 90 | g/L", f"{LATER} indeterminate | | | ", "undecided"),
        (f"{FIRST} present | mild | 90 | g/L", f"{FIRST} indeterminate | | | ", "undecided"),
    ],
)
def test_what_became_of_a_finding(before, now, change):
    (row,) = compare(before, now).to_dict("records")
    assert (row["patient_id"], row["rule"], row["change"]) == ("P1", "r", change)


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (f"{FIRST} absent | | 200 | g/L", f"{LATER} absent | | 200 | g/L"),
        (f"{FIRST} absent | | 200 | g/L", f"{LATER} indeterminate | | | "),
        (f"{FIRST} indeterminate | | | ", f"{LATER} absent | | 200 | g/L"),
        (f"{FIRST} absent | | 200 | g/L", ""),
        (None, f"{LATER} absent | | 200 | g/L"),
        (None, ""),
    ],
)
def test_what_is_present_on_neither_side_is_no_change(before, now):
    assert compare(before, now).empty


def test_what_it_was_before_is_told():
    told = compare(
        f"{FIRST} present | mild | 90 | g/L\nP1 | s | S1 | 01 | absent | | 7 | fL",
        f"{LATER} present | severe | 40 | g/dL\nP1 | s | S1 | 01 | present | mild | 8 | fL\n"
        "P1 | t | S1 | 01 | present | | 8 | fL",
    )
    was = ["rule", "was_grade", "was_values", "was_collected_at"]
    assert told[was].astype(object).to_numpy().tolist() == [
        ["r", "mild", (("90", "g/L"),), pd.Timestamp("2026-03-01")],
        # What was not present is nothing that it was.
        ["s", "", (), pd.NaT],
        ["t", "", (), pd.NaT],
    ]


def test_patients_and_rules_do_not_mix():
    told = compare(
        "P2 | r | S1 | 01 | present | | 7 | fL\nP1 | s | S1 | 01 | present | | 7 | fL\n"
        "P0 | r | S1 | 01 | absent | | 7 | fL",
        "P2 | s | S1 | 01 | present | | 7 | fL\nP1 | r | S1 | 01 | present | | 7 | fL\n"
        "P1 | s | S1 | 01 | present | | 7 | fL",
    )
    assert list(zip(told["patient_id"], told["rule"], told["change"], strict=True)) == [
        ("P1", "r", "new"),
        ("P1", "s", "continuing"),
        ("P2", "r", "corrected"),
        ("P2", "s", "new"),
    ]
    assert list(told.index) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("lines", "value"),
    # Of several specimens that stand: present, then undecided; the deepest; the latest; the first.
    [
        (["S1 | 09 | absent | | 1 |", "S2 | 09 | present | | 2 |"], "2"),
        (["S1 | 09 | indeterminate | | 1 |", "S2 | 09 | present | | 2 |"], "2"),
        (["S1 | 08 | present | severe | 1 |", "S2 | 09 | present | mild | 2 |"], "1"),
        (["S1 | 09 | present | | 1 |", "S2 | 08 | present | mild | 2 |"], "2"),
        (["S1 | 08 | present | mild | 1 |", "S2 | 09 | present | mild | 2 |"], "2"),
        (["S1 |  | present | mild | 1 |", "S2 | 09 | present | mild | 2 |"], "2"),
        (["S1 | 09 | present | mild | 1 |", "S2 | 09 | present | mild | 2 |"], "1"),
    ],
)
def test_the_one_that_is_compared(lines, value):
    for ordered in (lines, lines[::-1]):
        before = "\n".join(f"P1 | r | {line}" for line in ordered)
        (row,) = compare(before, "").to_dict("records")
        assert row["was_values"] == ((value, ""),)


def test_undecided_goes_before_absent():
    lines = ["P1 | r | S2 | 09 | absent | | 1 |", "P1 | r | S3 | 09 | indeterminate | | 1 |"]
    for ordered in (lines, lines[::-1]):
        told = compare(f"{FIRST} present | mild | 90 | g/L", "\n".join(ordered))
        assert list(told["change"]) == ["undecided"]


def changes(text):
    rows = read_rows(text)
    kinds = Changes.column_types()
    filled = [
        {**dict.fromkeys(kinds, ""), "was_collected_at": pd.NaT, "rule": "r", **row} for row in rows
    ]
    return Changes.validate(pd.DataFrame(filled, columns=list(kinds)).astype(kinds))


def patients(text):
    kinds = Patients.column_types()
    numbers = {name for name, kind in kinds.items() if str(kind) == "int64"}
    dates = {name for name, kind in kinds.items() if "datetime" in str(kind)}
    claims = {name for name, kind in kinds.items() if str(kind) == "bool"}
    filled = [
        {
            **dict.fromkeys(kinds, ""),
            **dict.fromkeys(numbers, 0),
            **dict.fromkeys(claims, False),
            "depth": pd.NA,
            **dict.fromkeys(dates, pd.NaT),
            **row,
        }
        for row in read_rows(text)
    ]
    return Patients.validate(pd.DataFrame(filled, columns=list(kinds)).astype(kinds))


def test_who_comes_first_within_a_class():
    """New and worse side by side, then corrected, then the rest, each in the order they had."""
    people = patients(
        """
        patient_id | priority
        P0         | 3
        P1         | 3
        P2         | 3
        P3         | 3
        P4         | 3
        P5         | 3
        P6         | 3
        P7         | 4
        P8         | 4
        """
    )
    told = changes(
        """
        patient_id | change
        P1         | continuing
        P2         | corrected
        P3         | worse
        P4         | resolved
        P4         | new
        P4         | corrected
        P5         | worse
        P6         | corrected
        P6         | better
        P8         | new
        """
    )
    ordered = order_by_change(people, told)
    assert " ".join(ordered["patient_id"]) == "P3 P4 P5 P2 P6 P0 P1 P8 P7"
    assert list(ordered.index) == list(range(9))
    assert list(ordered.columns) == list(people.columns)
    assert " ".join(order_by_change(people, changes("patient_id | change"))["patient_id"]) == (
        "P0 P1 P2 P3 P4 P5 P6 P7 P8"
    )
