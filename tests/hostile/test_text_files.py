"""Text files that go wrong: each is read as a careful technician would, or held with its reason."""

import os
import sys
import time
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

import pipeline
from pipeline.errors import Exit
from pipeline.ingest.dataset import combine
from pipeline.ingest.file import read_results
from pipeline.ingest.sources import find_exports
from pipeline.ingest.text_tables import SiteConventions
from pipeline.issues import CATALOGUE
from pipeline.knowledge.load import load_knowledge
from pipeline.reconcile.conflicts import hold_conflicts
from pipeline.reconcile.reportable_results import select_reportable
from tests.hostile.text_files import CASES, HUGE, Case, export, line, make

KNOWLEDGE = load_knowledge()
TODAY = date(2026, 11, 1)
SECONDS = 30
MEMORY_KIB = 1 << 20
ACROSS_FILES = {"identity-conflict", "specimen-conflict", "results-disagree"}
"""In one run the files contradict each other too, as many use the same ids."""
ROOT = Path(pipeline.__path__[0]).parent

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no links, pipes and sockets")


def outcome(path: Path) -> tuple[list[str], list[str], list[str], int]:
    """Say what becomes of a file: results used, rows held, issues of the whole file, ignored."""
    dataset = combine([read_results(path, path.name, KNOWLEDGE, SiteConventions(), today=TODAY)])
    dataset = hold_conflicts(dataset)
    selected = select_reportable(dataset.results, dataset.held, KNOWLEDGE)
    used = [
        f"{patient} {analyte} {sign}{number:g} {unit}"
        for patient, analyte, sign, number, unit in selected.results[
            ["patient_id", "analyte", "comparator", "original_value", "original_unit"]
        ].itertuples(index=False)
    ]
    held = pd.concat([dataset.held, selected.held])[["source_row", "code"]]
    rows = [f"{row} {code}" for row, code in held.sort_values("source_row").to_numpy()]
    # Used and held are compared in full, so an error of the file itself must show as well.
    of_file = dataset.issues[dataset.issues["result_id"].isna()]
    return used, rows, of_file["code"].tolist(), sum(each.ignored for each in dataset.files)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_hostile_text_file_alone(tmp_path: Path, case: Case) -> None:
    path = make(case, tmp_path)
    started = time.monotonic()
    used, held, said, ignored = outcome(path)
    assert (sorted(used), held, ignored) == (sorted(case.read), list(case.held), case.ignored)
    assert set(case.said) <= set(said)
    refused = {code for code in said if str(CATALOGUE[code].severity) == "error"}
    assert refused <= set(case.said), "an error that nobody expects"
    assert time.monotonic() - started < SECONDS


def start(*arguments: object) -> tuple[int, str, int]:
    """Run labflag as a process; give its exit code, output and peak memory in KiB."""
    read_end, write_end = os.pipe()
    child = os.posix_spawn(
        sys.executable,
        [sys.executable, "-m", "pipeline", *map(str, arguments)],
        {**os.environ, "PYTHONPATH": str(ROOT)},
        file_actions=[
            (os.POSIX_SPAWN_DUP2, write_end, 1),
            (os.POSIX_SPAWN_CLOSE, read_end),
            (os.POSIX_SPAWN_CLOSE, write_end),
        ],
    )
    os.close(write_end)
    with os.fdopen(read_end, encoding="utf-8") as stream:
        output = stream.read()
    _, status, usage = os.wait4(child, 0)
    unit = 1024 if sys.platform == "darwin" else 1
    return os.waitstatus_to_exitcode(status), output, usage.ru_maxrss // unit


def test_unfinished_copies_are_left_alone_and_packed_exports_are_refused(tmp_path: Path) -> None:
    for name in (
        "half.csv.part",
        "~$open.xlsx",
        ".hidden.csv",
        "packed.csv.gz",
        "all.zip",
        "a.csv",
    ):
        (tmp_path / name).write_bytes(export(line()))
    (tmp_path / "folder.csv").mkdir()
    found = [file.name for file in find_exports([tmp_path]).exports]
    assert found == ["a.csv", "all.zip", "packed.csv.gz"]
    assert [outcome(tmp_path / name)[2] for name in found] == [[], ["file-kind"], ["file-kind"]]


@pytest.mark.parametrize("case", HUGE, ids=[case.name for case in HUGE])
def test_huge_file_stays_small_in_memory(tmp_path: Path, case: Case) -> None:
    code, _, memory = start("check", "--json", make(case, tmp_path))
    assert code in (Exit.DONE, Exit.HELD, Exit.NOTHING_READABLE)
    assert memory <= MEMORY_KIB


def test_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret.csv"
    path.write_bytes(export(line()))
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("the system lets this user read everything")
    assert outcome(path)[2] == ["file-unreadable"]


def test_same_bytes_twice_count_once(tmp_path: Path) -> None:
    for name in ("one.csv", "two.csv"):
        (tmp_path / name).write_bytes(export(line()))
    files = [
        read_results(tmp_path / name, name, KNOWLEDGE, SiteConventions(), today=TODAY)
        for name in ("one.csv", "two.csv")
    ]
    dataset = hold_conflicts(combine(files))
    selected = select_reportable(dataset.results, dataset.held, KNOWLEDGE)
    assert (len(dataset.results), len(selected.results), len(selected.held)) == (2, 1, 0)
