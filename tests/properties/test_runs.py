"""Whole runs over generated exports: accounting, order, and no crash, whatever the cells hold."""

import csv
import io
import tempfile
from datetime import datetime
from pathlib import Path

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.commands.run import check_batch
from pipeline.config import Settings
from pipeline.interpret.joined_evidence import join_evidence
from tests.properties import examples

COLUMNS = [
    "patient_id", "patient_name", "sex", "birth_date", "sample_id", "collected_at",
    "analyte", "value", "unit", "status",
]  # fmt: skip
ODD = st.sampled_from(
    [
        "",
        "?",
        "----",
        "see comment",
        "=1+1",
        "1,5",
        "1.5",
        "NA",
        "nan",
        "<",
        "1e9",
        "  12 ",
        "١٢",
        "12 H",
    ]
)
CELLS = {
    "patient_id": st.one_of(st.sampled_from(["P1", "P2", "007", "7", "Pä/3"]), ODD),
    "patient_name": st.sampled_from(["", "Aster Sample", "Borage Sample", "SAMPLE, aster"]),
    "sex": st.sampled_from(["F", "M", "", "female", "unknown", "q"]),
    "birth_date": st.sampled_from(["", "1980-05-01", "2020-02-29", "31/12/1950", "someday"]),
    "sample_id": st.sampled_from(["", "S1", "S2", "S3"]),
    "collected_at": st.sampled_from(["2026-03-01", "2026-03-02T08:00", "", "03/04/2026"]),
    "analyte": st.sampled_from(
        ["Hemoglobin", "MCV", "Vitamin B12", "PLT", "WBC", "NEUT#", "Glucose", "Hemoglobni", ""]
    ),
    "value": st.one_of(
        st.integers(1, 4000).map(lambda tenths: f"{tenths / 10:g}"),
        ODD,
        # A line break that the writer leaves without quotation marks makes two lines of one.
        st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=8),
    ),
    "unit": st.sampled_from(["g/dL", "fL", "pg/mL", "10^9/L", "K/uL", "", "furlong"]),
    "status": st.sampled_from(["final", "final", "corrected", "cancelled", ""]),
}
rows = st.lists(st.fixed_dictionaries(CELLS), min_size=1, max_size=12)
RUNS = settings(max_examples=examples(8), deadline=None, suppress_health_check=list(HealthCheck))


def pass_through(items, length, label):
    yield from items


def check(*files: list[dict[str, str]]):
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, lines in enumerate(files):
            stream = io.StringIO(newline="")
            writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(lines)
            paths.append(Path(folder) / f"file{number}.csv")
            paths[-1].write_text(stream.getvalue(), encoding="utf-8", newline="")
        return check_batch(
            paths, Settings(), clock=lambda: datetime(2026, 11, 1), progress=pass_through
        )


def said(batch) -> pd.DataFrame:
    """What was found, without the places, which differ with the order."""
    columns = ["patient_id", "accession", "rule", "outcome", "reason", "grade", "value", "limit"]
    found = batch.assessment
    return join_evidence(found.findings, found.evidence)[columns]


@RUNS
@given(lines=rows)
def test_every_result_is_accounted_for(lines):
    batch = check(lines)
    accounts = batch.accounts
    parts = (
        accounts.used,
        accounts.held,
        accounts.duplicate,
        accounts.superseded,
        accounts.ignored,
    )
    assert accounts.read == sum(parts)
    if accounts.readable_files:
        assert accounts.read == len(lines)
    errors = batch.issues[batch.issues["severity"].eq("error")]
    if accounts.held:
        assert len(errors)


@RUNS
@given(lines=rows, seed=st.randoms(use_true_random=False))
def test_the_order_of_rows_and_files_does_not_matter(lines, seed):
    half = len(lines) // 2
    one = check(lines[:half], lines[half:])
    shuffled = [*lines[half:]], [*lines[:half]]
    two = check(*shuffled)
    if one.accounts.readable_files == two.accounts.readable_files == 2:
        assert one.accounts == two.accounts
        pd.testing.assert_frame_equal(said(one), said(two))
    mixed = lines[:]
    seed.shuffle(mixed)
    three, four = check(lines), check(mixed)
    if three.accounts.readable_files:
        assert three.accounts == four.accounts
        pd.testing.assert_frame_equal(said(three), said(four))


@RUNS
@given(lines=rows)
def test_nobody_who_was_seen_is_left_out(lines):
    batch = check(lines)
    seen = set(batch.dataset.results["patient_id"]) | set(batch.held["patient_id"])
    assert set(batch.assessment.patients["patient_id"]) == seen - {""}
