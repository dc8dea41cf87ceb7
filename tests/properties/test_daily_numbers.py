"""Specimen numbers that start anew each day: how rows are cut into files makes no difference.

Whether a setting says that they do, or numbers that recur with other people show it.
"""

import csv
import io
import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.assessment import assess
from pipeline.ingest.dataset import combine
from pipeline.ingest.file import read_results
from pipeline.ingest.text_tables import SiteConventions
from pipeline.interpret.joined_evidence import join_evidence
from pipeline.knowledge.load import load_knowledge
from tests.properties import examples

# Two recurring numbers show it here: examples are small.
KNOWLEDGE = load_knowledge()
KNOWLEDGE = replace(KNOWLEDGE, agreement=replace(KNOWLEDGE.agreement, recurring_numbers=2))
LINES = st.fixed_dictionaries(
    {
        "patient_id": st.sampled_from(["P1", "P2", "P3", "P4"]),
        "sample_id": st.sampled_from(["1", "2", "3", ""]),
        "collected_at": st.sampled_from(
            [
                "2026-03-01",
                "2026-03-01T23:50",
                "2026-03-02T00:10",
                "2026-03-02T09:00",
                "2026-03-03",
                "",
            ]
        ),
        "analyte": st.sampled_from(["Hemoglobin", "MCV", "Platelets"]),
        "value": st.sampled_from(["11.2", "8.8", "104", "150"]),
        "unit": st.sampled_from(["g/dL", "fL", "10^9/L"]),
        "status": st.sampled_from(["final", "final", "corrected"]),
    }
)
COLUMNS = ["patient_id", "sample_id", "collected_at", "analyte", "value", "unit", "status"]
RUNS = settings(max_examples=examples(6), deadline=None, suppress_health_check=list(HealthCheck))


def answers(files: list[list[dict[str, str]]], specimen_ids: str) -> list[tuple[str, ...]]:
    """Everything that is said of patients and specimens, without the place it came from."""
    read = []
    with tempfile.TemporaryDirectory() as folder:
        for number, lines in enumerate(files):
            stream = io.StringIO(newline="")
            writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(lines)
            path = Path(folder) / f"{number}.csv"
            path.write_text(stream.getvalue(), encoding="utf-8", newline="")
            read.append(read_results(path, path.name, KNOWLEDGE, SiteConventions()))
    found = assess(combine(read), KNOWLEDGE, specimen_ids=specimen_ids)
    told = join_evidence(found.findings, found.evidence)[
        ["patient_id", "accession", "rule", "outcome", "reason", "value", "status"]
    ]
    held = found.held[["patient_id", "accession", "analyte", "code"]].drop_duplicates()
    return sorted(tuple(map(str, row)) for row in [*told.to_numpy(), *held.to_numpy()])


@RUNS
@given(
    lines=st.lists(LINES, min_size=2, max_size=12),
    specimen_ids=st.sampled_from(["restart-daily", ""]),
    cut=st.integers(1, 11),
    order=st.randoms(use_true_random=False),
)
def test_one_file_or_several_in_any_order(lines, specimen_ids, cut, order):
    whole = answers([lines], specimen_ids)
    mixed = lines[:]
    order.shuffle(mixed)
    parts = [part for part in (mixed[:cut], mixed[cut:]) if part]
    assert answers(parts, specimen_ids) == whole
    assert answers(parts[::-1], specimen_ids) == whole
