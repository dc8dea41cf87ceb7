import pandas as pd
import pytest

from pipeline.interpret.since_last_report import compare_current
from tests.unit.report_tables import make_tables

HEAD = "patient | sex | years | specimen | at | analyte | result\n"


def current(lines: str) -> pd.DataFrame:
    return make_tables(HEAD + lines).listed


def changes(before: str | None, now: str) -> dict[str, str]:
    told = compare_current(None if before is None else current(before), current(now))
    return dict(zip(told["rule"], told["change"], strict=True))


FIRST = "P1 | F | 40 | S1 | 2026-03-01 | platelets | "
LATER = "P1 | F | 40 | S2 | 2026-03-09 | platelets | "


@pytest.mark.parametrize(
    ("before", "now", "change"),
    [
        (None, f"{FIRST}90 10*9/L", "new"),
        (f"{FIRST}200 10*9/L", f"{LATER}90 10*9/L", "new"),
        (f"{FIRST}<400 10*9/L", f"{LATER}90 10*9/L", "new"),
        (f"{FIRST}90 10*9/L", f"{FIRST}90 10*9/L", "continuing"),
        (f"{FIRST}90 10*9/L", f"{LATER}80 10*9/L", "continuing"),
        (f"{FIRST}90 10*9/L", f"{LATER}40 10*9/L", "worse"),
        (f"{FIRST}90 10*9/L", f"{LATER}120 10*9/L", "better"),
        (f"{FIRST}90 10*9/L", f"{LATER}200 10*9/L", "resolved"),
        (f"{FIRST}90 10*9/L", f"{LATER}<400 10*9/L", "undecided"),
        (f"{FIRST}90 10*9/L", f"{FIRST}88 10*9/L", "corrected"),
        (f"{FIRST}90 10*9/L", f"{FIRST}40 10*9/L", "corrected"),
        (f"{FIRST}90 10*9/L", f"{FIRST}190 10*9/L", "corrected"),
        (f"{FIRST}90 10*9/L", "P1 | F | 40 | S1 | 2026-03-01 | mcv | 90 fL", "corrected"),
    ],
)
def test_what_became_of_a_finding(before, now, change):
    assert changes(before, now)["low-platelets"] == change


def test_what_was_never_present_is_no_change():
    assert changes(f"{FIRST}200 10*9/L", f"{LATER}210 10*9/L") == {}


def test_the_deepest_of_a_day_is_compared():
    before = f"{FIRST}90 10*9/L"
    now = (
        "P1 | F | 40 | S2 | 2026-03-09 08:00 | platelets | 40 10*9/L\n"
        "P1 | F | 40 | S3 | 2026-03-09 18:00 | platelets | 120 10*9/L"
    )
    assert changes(before, now)["low-platelets"] == "worse"


def test_what_was_is_told():
    told = compare_current(current(f"{FIRST}90 10*9/L"), current(f"{LATER}40 10*9/L"))
    (row,) = told[told["rule"].eq("low-platelets")].to_dict("records")
    assert (row["was_grade"], row["was_values"]) == ("moderate", (("90", "10*9/L"),))
    assert row["was_collected_at"] == pd.Timestamp("2026-03-01")


def test_patients_do_not_mix():
    before = current(f"{FIRST}90 10*9/L")
    now = current(LATER.replace("P1", "P2") + "90 10*9/L")
    told = compare_current(before, now)
    found = set(zip(told["patient_id"], told["rule"], told["change"], strict=True))
    assert ("P2", "low-platelets", "new") in found
    assert ("P1", "low-platelets", "corrected") in found
