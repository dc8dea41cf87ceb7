"""Corrected counts beside others, row by row: which one counts, which is held, which is replaced."""

import pandas as pd
import pytest

from pipeline.knowledge.load import load_knowledge
from pipeline.reconcile.corrected_counts import name_corrected, prefer_corrected

KNOWLEDGE = load_knowledge()
PLAIN, CORRECTED, UNCORRECTED = "white-cells", "white-cells-corrected", "white-cells-uncorrected"
KEPT, REPLACED = "", "replaced"
HELD, ALONE = "correction-held", "count-uncorrected"


def table(rows: str, more: tuple[str, ...]) -> pd.DataFrame:
    """Read `analyte [status or code …] [@patient/specimen]`, one row each; P1/S1 if not said."""
    lines = []
    for row in rows.split(";"):
        words = row.split()
        if not words:
            continue
        where = words.pop()[1:] if "@" in row else "P1/S1"
        patient, _, accession = where.partition("/")
        words += (
            ["final", "value-impossible"][len(words) - 1 :] if more else ["final"][len(words) - 1 :]
        )
        lines.append((patient, accession, *words))
    columns = ["patient_id", "accession", "analyte", "status", *more]
    # Not from 0: rows are known by their index, whatever it is.
    return pd.DataFrame(lines, columns=columns, dtype="str", index=range(7, 7 + len(lines)))


def choose(results: str, held: str = "") -> tuple[list[str], list[str]]:
    """Give the analyte that each result carries, and what becomes of it."""
    own = table(results, ())
    chosen = prefer_corrected(own, table(held, ("code",)), KNOWLEDGE)
    assert list(chosen.results.index) == list(own.index)
    assert str(chosen.held.dtype) == "str"
    fates = [
        REPLACED if gone else code for gone, code in zip(chosen.replaced, chosen.held, strict=True)
    ]
    assert not any(gone and code for gone, code in zip(chosen.replaced, chosen.held, strict=True))
    return chosen.results["analyte"].tolist(), fates


@pytest.mark.parametrize(
    ("results", "held", "fates"),
    [
        # One count of a kind.
        (PLAIN, "", [KEPT]),
        (CORRECTED, "", [KEPT]),
        (UNCORRECTED, "", [ALONE]),
        # Side by side the corrected one counts, and an uncorrected one never.
        (f"{PLAIN}; {CORRECTED}", "", [REPLACED, KEPT]),
        (f"{UNCORRECTED}; {CORRECTED}", "", [REPLACED, KEPT]),
        (f"{UNCORRECTED}; {PLAIN}", "", [REPLACED, KEPT]),
        (f"{UNCORRECTED}; {PLAIN}; {CORRECTED}", "", [REPLACED, REPLACED, KEPT]),
        (f"{PLAIN}; {PLAIN}", "", [KEPT, KEPT]),
        (f"{CORRECTED}; {CORRECTED}", "", [KEPT, KEPT]),
        # The corrected one is held: nobody knows the count.
        (PLAIN, CORRECTED, [HELD]),
        (UNCORRECTED, CORRECTED, [HELD]),
        (f"{PLAIN}; {UNCORRECTED}", CORRECTED, [HELD, HELD]),
        # Another corrected one is there.
        (f"{PLAIN}; {CORRECTED}", CORRECTED, [REPLACED, KEPT]),
        # A held one that only is empty, or was not measured, says nothing.
        (PLAIN, f"{CORRECTED} final not-measured", [KEPT]),
        (PLAIN, f"{CORRECTED} final value-missing", [KEPT]),
        (UNCORRECTED, f"{CORRECTED} final not-measured", [ALONE]),
        # A held plain count, or a held uncorrected one, is above nothing.
        (PLAIN, PLAIN, [KEPT]),
        (CORRECTED, PLAIN, [KEPT]),
        (PLAIN, UNCORRECTED, [KEPT]),
        (UNCORRECTED, PLAIN, [ALONE]),
        (UNCORRECTED, UNCORRECTED, [ALONE]),
        # One that was withdrawn neither counts nor replaces, held or not.
        (f"{PLAIN}; {CORRECTED} cancelled", "", [KEPT, KEPT]),
        (f"{UNCORRECTED}; {CORRECTED} cancelled", "", [ALONE, KEPT]),
        (f"{UNCORRECTED} cancelled", "", [KEPT]),
        (f"{PLAIN} cancelled; {CORRECTED}", "", [KEPT, KEPT]),
        (f"{PLAIN} cancelled", CORRECTED, [KEPT]),
        (PLAIN, f"{CORRECTED} cancelled", [KEPT]),
        # Of another specimen, another patient, or of no specimen: not beside it.
        (f"{PLAIN} @P1/S1; {CORRECTED} @P1/S2", "", [KEPT, KEPT]),
        (f"{PLAIN} @P1/S1; {CORRECTED} @P2/S1", "", [KEPT, KEPT]),
        (f"{PLAIN} @P1/S1; {PLAIN} @P1/S2", f"{CORRECTED} @P1/S2", [KEPT, HELD]),
        (f"{PLAIN} @P1/S1; {PLAIN} @P2/S1", f"{CORRECTED} @P2/S1", [KEPT, HELD]),
        (f"{PLAIN} @P1/", f"{CORRECTED} @P1/", [KEPT]),
        # Other analytes have nothing to do with it.
        (f"hemoglobin; {PLAIN}; {CORRECTED}", "", [KEPT, REPLACED, KEPT]),
        ("hemoglobin", CORRECTED, [KEPT]),
        (f"hemoglobin; {UNCORRECTED}", "", [KEPT, ALONE]),
        # Several corrected ones are held.
        (PLAIN, f"{CORRECTED}; {CORRECTED}", [HELD]),
        ("", CORRECTED, []),
    ],
)  # fmt: skip
def test_what_becomes_of_counts(results, held, fates):
    assert choose(results, held)[1] == fates


def test_a_count_that_counts_carries_the_analyte_that_it_stands_for():
    analytes, _ = choose(f"{PLAIN}; {CORRECTED}; {UNCORRECTED}; hemoglobin")
    assert analytes == [PLAIN, PLAIN, PLAIN, "hemoglobin"]
    # One that was withdrawn takes back no other one.
    assert choose(f"{CORRECTED} cancelled; {PLAIN}")[0] == [CORRECTED, PLAIN]


def test_where_nothing_is_corrected_nothing_changes():
    own = table(f"{PLAIN}; hemoglobin cancelled", ())
    chosen = prefer_corrected(own, table(PLAIN, ("code",)), KNOWLEDGE)
    pd.testing.assert_frame_equal(chosen.results, own)
    assert chosen.replaced.tolist() == [False, False]
    assert chosen.held.tolist() == ["", ""]
    assert list(chosen.held.index) == list(chosen.replaced.index) == list(own.index)


def test_held_counts_are_named_as_what_they_stand_for():
    held = table(f"{CORRECTED}; hemoglobin; {UNCORRECTED}; {PLAIN}", ("code",))
    named = name_corrected(held, KNOWLEDGE)
    assert named["analyte"].tolist() == [PLAIN, "hemoglobin", PLAIN, PLAIN]
    assert named.drop(columns="analyte").equals(held.drop(columns="analyte"))
