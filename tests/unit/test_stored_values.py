"""What the history keeps of findings that a report told: written, read back, and as it once was."""

import json

import pandas as pd

from pipeline.publish.fingerprints import pack_current, unpack_current
from tests.unit.report_tables import make_tables

TABLES = make_tables("""
    patient | years | specimen | at         | analyte    | result
    P1      | 40    | S1       | 2026-03-01 | hemoglobin | 98 g/L
    P1      | 40    | S1       | 2026-03-01 | mcv        | 112 fL
    P2      | 40    | S2       | 2026-03-02 | hemoglobin | 140 g/L
""")


def test_what_is_present_comes_back():
    current = TABLES.listed
    present = current[current["outcome"].eq("present")].reset_index(drop=True)
    packed = pack_current(current)
    assert list(packed.index) == ["P1"]
    pd.testing.assert_frame_equal(unpack_current(packed), present)
    values = dict(zip(present["rule"], present["values"], strict=True))
    assert values["macrocytic-anemia"] == (("98", "g/L"), ("112", "fL"))


def test_nothing_present_is_nothing_packed():
    assert pack_current(TABLES.listed.iloc[:0]).empty
    assert unpack_current(pd.Series([], dtype="str")).empty


def test_values_that_were_joined_are_read_as_well():
    """Until they were kept one by one, values and units were two texts."""
    rows = [
        ["anemia", "present", "moderate", "S1", "98", "g/L", "2026-03-01T00:00:00.000000"],
        ["macrocytic-anemia", "present", "", "S1", "98; 112", "g/L; fL", ""],
        ["said", "present", "", "S1", "yes", "", ""],
    ]
    found = unpack_current(pd.Series({"P1": json.dumps(rows)}))
    assert list(found["values"]) == [
        (("98", "g/L"),), (("98", "g/L"), ("112", "fL")), (("yes", ""),),
    ]  # fmt: skip
    assert list(found["collected_at"].astype(object)) == [
        pd.Timestamp("2026-03-01"),
        pd.NaT,
        pd.NaT,
    ]
