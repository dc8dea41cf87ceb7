"""The same files in one run or in several, in any order, give the same end state."""

import csv
import io
import tempfile
from datetime import datetime
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from pipeline.commands.history import rebuild_reports
from pipeline.commands.run import run_batch
from pipeline.config import Settings
from tests.properties import examples
from tests.properties.test_runs import COLUMNS, pass_through

NOW = datetime(2026, 11, 1, 7, 30)
# Two people, few specimens: corrections, disagreements and conflicts are the rule.
LINES = st.fixed_dictionaries(
    {
        "patient_id": st.sampled_from(["P1", "P1", "P2", "007"]),
        "patient_name": st.sampled_from(["", "", "Aster Sample", "Borage Other"]),
        "sex": st.sampled_from(["F", "F", "F", "M", ""]),
        "birth_date": st.sampled_from(["", "1980-05-01"]),
        "sample_id": st.sampled_from(["S1", "S2", "S3", ""]),
        "collected_at": st.sampled_from(["2026-03-01", "2026-03-02T08:00"]),
        "analyte": st.sampled_from(["Hemoglobin", "MCV", "Vitamin B12", "PLT"]),
        "value": st.sampled_from(["11.2", "8.8", "104", "150", "<150", "many", ""]),
        "unit": st.sampled_from(["g/dL", "fL", "pg/mL", "10^9/L", ""]),
        "status": st.sampled_from(["final", "final", "corrected", "preliminary", "cancelled"]),
    }
)


def line(**cells: str) -> dict[str, str]:
    """Make a line of an export; what is not named is as in most lines."""
    usual = {"patient_id": "P1", "patient_name": "", "sex": "F", "birth_date": ""}
    said = {"sample_id": "S1", "collected_at": "2026-03-01", "status": "final"}
    return usual | said | cells


FILES = st.lists(st.lists(LINES, min_size=1, max_size=5), min_size=2, max_size=4)
# Found by `make properties`: nothing in the first file has a result that counts.
ONLY_CANCELLED = [
    [line(analyte="PLT", value="150", unit="10^9/L", status="cancelled")],
    [line(analyte="Hemoglobin", value="11.2", unit="g/dL")],
]
RUNS = settings(max_examples=examples(5), deadline=None, suppress_health_check=list(HealthCheck))


def write_files(folder: Path, files: list[list[dict[str, str]]]) -> list[Path]:
    """Write exports, two of which have the same name."""
    paths = []
    for number, lines in enumerate(files):
        stream = io.StringIO(newline="")
        writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
        path = folder / str(number) / ("day.csv" if number < 2 else f"{number}.csv")
        path.parent.mkdir()
        path.write_text(stream.getvalue(), encoding="utf-8", newline="")
        paths.append(path)
    return paths


def run(paths: list[Path], output: Path) -> None:
    run_batch(paths, Settings(output=output), clock=lambda: NOW, progress=pass_through)


def end_state(folder: Path) -> dict[str, object]:
    """Everything that a reader sees, but for what changed since the run before."""
    state: dict[str, object] = {
        name: (folder / name).read_text(encoding="utf-8") for name in ("findings.csv", "issues.csv")
    }
    for path in sorted(folder.rglob("*.xlsx")):
        book = load_workbook(path)
        sheets = {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}
        if path.name == "worklist.xlsx":
            sheets = {
                title: without_changes(rows)
                for title, rows in sheets.items()
                if "change" not in title.casefold()
            }
        state[path.relative_to(folder).as_posix()] = sheets
    return state


def without_changes(rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """Leave out the column that says what changed since the worklist before."""
    said = [
        name for name in ("Change", "Change since last report") if any(name in row for row in rows)
    ]
    header = next((row for row in rows if {*said} & {*row}), ())
    return [
        tuple(cell for cell, name in zip(row, header or row, strict=True) if name not in said)
        for row in rows
    ]


@RUNS
@given(files=FILES, order=st.randoms(use_true_random=False), cut=st.integers(1, 3))
def test_one_run_or_several_in_any_order(files, order, cut):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = write_files(folder, files)
        run(paths, folder / "one")
        mixed = paths[:]
        order.shuffle(mixed)
        for part in (mixed[:cut], mixed[cut:]):
            if part:
                run(part, folder / "several")
        assert end_state(folder / "one") == end_state(folder / "several")


@RUNS
@given(files=FILES)
@example(files=ONLY_CANCELLED)
@example(files=ONLY_CANCELLED[:1])
@example(files=ONLY_CANCELLED[::-1])
def test_rebuilding_gives_the_same_bytes(files):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in write_files(folder, files):
            run([path], folder / "out")
        before = contents(folder / "out")
        # Of other times nothing may be seen: what a report says changed when it changed.
        later = datetime(2027, 2, 2)
        rebuild_reports(Settings(output=folder / "out"), clock=lambda: later, progress=pass_through)
        assert contents(folder / "out") == before


def contents(folder: Path) -> dict[str, bytes]:
    ours = [*folder.rglob("*.xlsx"), *folder.glob("*.csv")]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in ours}
