"""Which result counts: corrections, repeats, contradictions, cancelled, empty differentials."""

import pandas as pd
import pytest

from pipeline.knowledge.load import load_knowledge
from pipeline.reconcile.reportable_results import select_reportable
from schemas import Held, Results

KNOWLEDGE = load_knowledge()


def results_from(text: str) -> pd.DataFrame:
    """Make results from lines `accession analyte value status [unit]`."""
    rows = []
    for number, line in enumerate(text.strip().splitlines()):
        accession, analyte, cell, status, *rest = line.split()
        known = KNOWLEDGE.analytes[analyte]
        unit = rest[0] if rest else known.unit
        value = float(cell.lstrip("<>="))
        sign = cell.rstrip("0123456789.")
        rows.append(
            {
                "result_id": number,
                "source_file": "a.csv",
                "source_sheet": "",
                "source_row": number + 2,
                "source_column": "value",
                "patient_id": "P1",
                "patient_name": "",
                "sex": "",
                "birth_date": pd.NaT,
                "population": "",
                "accession": accession,
                "collected_at": pd.NaT,
                "collected_precision": "",
                "analyte": analyte,
                "status": status,
                "comparator": sign,
                "original_text": cell,
                "original_value": value,
                "original_unit": unit,
                "value": value * known.units[unit],
                "unit": known.unit,
                "flag": "",
                "comment": "",
            }
        )
    kinds = Results.column_types()
    return Results.validate(pd.DataFrame(rows, columns=list(kinds)).astype(kinds))


def select(results, held=None):
    return select_reportable(results, Held.no_rows() if held is None else held, KNOWLEDGE)


@pytest.mark.parametrize(
    ("lines", "fates"),
    [
        ("S1 mcv 90 final", "used"),
        ("S1 mcv 90 final\nS1 mcv 90 final", "used duplicate"),
        ("S1 mcv 90 final\nS1 mcv 91 final", "held held"),
        ("S1 mcv 90 final\nS1 mcv 91 final\nS1 mcv 90 final", "held held held"),
        ("S1 mcv 90 final\nS1 mcv 91 corrected", "superseded used"),
        ("S1 mcv 91 corrected\nS1 mcv 90 final", "used superseded"),
        ("S1 mcv 90 preliminary\nS1 mcv 91 final", "superseded used"),
        ("S1 mcv 90 preliminary\nS1 mcv 91 preliminary", "held held"),
        ("S1 mcv 90 corrected\nS1 mcv 91 corrected\nS1 mcv 80 final", "held held superseded"),
        ("S1 mcv 90 final\nS2 mcv 91 final", "used used"),
        ("S1 mcv 90 final\nS1 mch 30 final", "used used"),
        ("S1 mcv 90 final\nS1 mcv <90 final", "held held"),
        ("S1 hemoglobin 12 final g/dL\nS1 hemoglobin 120 final g/L", "used duplicate"),
        ("S1 mcv 90 final\nS1 mcv 90 cancelled", "superseded ignored"),
        ("S1 mcv 90 final\nS1 mcv 92 cancelled", "superseded ignored"),
        ("S1 mcv 90 cancelled\nS1 mcv 91 corrected", "ignored used"),
        ("S1 mcv 91 cancelled\nS1 mcv 91 corrected", "ignored superseded"),
        ("S1 mcv 90 cancelled", "ignored"),
        ("S1 mcv 90 final\nS2 mcv 90 cancelled", "used ignored"),
    ],
)
def test_fate_of_each_result(lines, fates):
    selected = select(results_from(lines))
    assert " ".join(selected.dispositions.sort_index()) == fates
    used = [number for number, fate in enumerate(fates.split()) if fate == "used"]
    held = [number for number, fate in enumerate(fates.split()) if fate == "held"]
    assert sorted(selected.results["result_id"]) == used
    assert sorted(selected.held["result_id"]) == held
    assert set(selected.held["code"]) == ({"results-disagree"} if held else set())
    assert set(selected.results["derived"]) <= {""}
    for table in (selected.results, selected.held, selected.superseded):
        assert list(table.index) == list(range(len(table)))


@pytest.mark.parametrize(
    ("lines", "fates"),
    [
        ("S1 neutrophils-percent 0 final\nS1 lymphocytes-percent 0 final", "ignored ignored"),
        ("S1 neutrophils-percent 0 final\nS1 lymphocytes-percent 98 final", "used used"),
        ("S1 neutrophils-percent 0 final", "held"),
        ("S1 neutrophils 0 final", "held"),
        ("S1 basophils-percent 0 final", "used"),
        ("S1 neutrophils-percent 0 final\nS2 lymphocytes-percent 98 final", "held used"),
        # Two zeros of one line, or without the other main line, may be a real zero.
        ("S1 neutrophils 0 final\nS1 neutrophils-percent 0 final", "held held"),
        ("S1 neutrophils-percent 0 final\nS1 eosinophils-percent 0 final", "held used"),
        (
            "S1 neutrophils 0 final\nS1 lymphocytes 0 final\nS1 white-cells 6 final",
            "ignored ignored used",
        ),
    ],
)
def test_a_differential_of_zeros_was_not_measured(lines, fates):
    selected = select(results_from(lines))
    assert " ".join(selected.dispositions.sort_index()) == fates
    assert set(selected.held["code"]) <= {"zero-alone"}


def test_every_set_aside_result_has_its_issue():
    selected = select(results_from("S1 mcv 90 final\nS1 mcv 91 final\nS2 neutrophils 0 final"))
    said = selected.issues.set_index("result_id")["code"]
    assert said.to_dict() == {0: "results-disagree", 1: "results-disagree", 2: "zero-alone"}


def test_order_of_rows_does_not_matter():
    rows = results_from(
        "S1 mcv 90 final\nS1 mcv 91 corrected\nS1 mch 30 final\nS1 mch 30 final\n"
        "S2 mcv 90 final\nS2 mcv 91 final\nS3 mcv 80 cancelled\nS3 mcv 81 final"
    )
    expected = select(rows).dispositions.sort_index()
    for seed in range(20):
        # Nor do the labels of the rows.
        shuffled = rows.sample(frac=1, random_state=seed).set_axis([0] * len(rows))
        found = select(shuffled).dispositions.sort_index()
        pd.testing.assert_series_equal(found, expected)


def test_a_cancellation_without_a_number_withdraws_too():
    results = results_from("S1 mcv 90 final\nS1 mch 30 final\nS1 mcv 95 cancelled")
    columns = list(Held.column_types())
    held = results[results["status"].eq("cancelled")].assign(code="value-missing")[columns]
    selected = select(results[results["status"].ne("cancelled")], held)
    assert " ".join(selected.dispositions.sort_index()) == "superseded used"
    # Held for another reason, or of another analyte, it withdraws nothing.
    for other in (held.assign(status="final"), held.assign(analyte="")):
        selected = select(results[results["status"].ne("cancelled")], other)
        assert " ".join(selected.dispositions.sort_index()) == "used used"


@pytest.mark.parametrize(
    ("lines", "superseded"),
    [
        ("S1 mcv 90 final\nS1 mcv 91 corrected", ["1 final 90"]),
        ("S1 mcv 91 final\nS1 mcv 91 corrected", []),
        ("S1 mcv <91 final\nS1 mcv 91 corrected", ["1 final <91"]),
        ("S1 mcv 90 final\nS1 mcv 90 final\nS1 mcv 91 corrected", ["2 final 90"]),
        (
            "S1 mcv 90 final\nS1 mcv 89 preliminary\nS1 mcv 91 corrected\n"
            "S1 mch 31 corrected\nS1 mch 30 final\nS2 mcv 90 final",
            ["3 final 30", "2 preliminary 89", "2 final 90"],
        ),
        # What was withdrawn is replaced by nothing.
        ("S1 mcv 90 final\nS1 mcv 90 cancelled", []),
    ],
)
def test_what_a_result_said_before(lines, superseded):
    found = select(results_from(lines)).superseded
    assert [
        f"{row.result_id} {row.status} {row.comparator}{row.original_value:g}"
        for row in found.sort_values("result_id", ascending=False, kind="stable").itertuples()
    ] == superseded
    assert list(found.index) == list(range(len(found)))


@pytest.mark.parametrize(
    ("lines", "fates"),
    [
        ("S1 white-cells 0.4 final\nS1 neutrophils 2.4 final", "held held"),
        ("S1 white-cells <0.5 final\nS1 neutrophils 3.47 final", "held held"),
        # Rounding may put a part a little above the whole.
        ("S1 white-cells 4.0 final\nS1 neutrophils 4.04 final", "used used"),
        ("S1 white-cells 4.0 final\nS1 neutrophils 4.4 final", "used used"),
        ("S1 white-cells 4.0 final\nS1 neutrophils 4.41 final", "held held"),
        ("S1 white-cells 4.0 final\nS1 neutrophils >9 final", "held held"),
        ("S1 white-cells 4.0 final\nS1 neutrophils >=9 final", "held held"),
        ("S1 white-cells <=4.0 final\nS1 neutrophils 9 final", "held held"),
        ("S1 white-cells >=4.0 final\nS1 neutrophils 9 final", "used used"),
        ("S1 white-cells 4.0 final\nS1 neutrophils <=9 final", "used used"),
        ("S1 white-cells 4.0 final\nS1 neutrophils <9 final", "used used"),
        ("S1 white-cells >4.0 final\nS1 neutrophils 9 final", "used used"),
        ("S1 white-cells 0.4 final\nS2 neutrophils 2.4 final", "used used"),
    ],
)
def test_a_part_cannot_exceed_the_whole(lines, fates):
    selected = select(results_from(lines))
    assert " ".join(selected.dispositions.sort_index()) == fates
    if "held" in fates:
        assert set(selected.held["code"]) == {"counts-contradict"}
