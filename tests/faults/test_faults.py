"""The short form of the fault matrix; `make faults` runs the long one."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.scenarios import SCENARIOS
from tests.needs import needs, needs_program
from tests.operations.servers import FOUND

ROOT = Path(__file__).parents[2]
SHORT = {"kill": 20, "ENOSPC": 4, "EIO": 4, "EACCES": 4}
OF_VERBS = {"kill": 2}
VERBS = [name for name in SCENARIOS if name != "run"]
WALKS = 6
ROUNDS = 3

STRACE = needs_program("strace")
POSTGRES = needs(FOUND, "needs the programs of a PostgreSQL server: apt install postgresql")


def run(module: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", f"tests.faults.{module}", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def said() -> str:
    """What the matrix says of a few calls of each kind and of their order."""
    return run("matrix", *(f"{fault}:{count}" for fault, count in SHORT.items()), "order")


@pytest.fixture(scope="module")
def said_of_verbs() -> str:
    """What it says of a few calls of every other verb."""
    faults = [f"{fault}:{count}" for fault, count in OF_VERBS.items()]
    return run("matrix", "--verb", "rest", *faults, "order")


def count_points(said: str, verb: str, fault: str, count: int) -> int:
    """Make sure that as many points were tried; give how many there are."""
    pattern = rf"^{verb}: {fault}: {count} of (\d+) points, {count} met, .* 0 violations$"
    tried = re.search(pattern, said, re.MULTILINE)
    assert tried, said
    return int(tried[1])


@STRACE
@pytest.mark.parametrize("fault", SHORT)
def test_nothing_is_lost_doubled_or_torn(said, fault):
    # A run in which this little can fail is not the one that was meant.
    assert count_points(said, "run", fault, SHORT[fault]) > 500


@STRACE
@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_that_is_stopped_is_finished_by_the_next_run_or_given_again(said_of_verbs, verb):
    for fault, count in OF_VERBS.items():
        assert count_points(said_of_verbs, verb, fault, count) > (15 if verb == "init" else 150)


@STRACE
def test_data_is_on_disk_before_its_name(said, said_of_verbs):
    for verb in SCENARIOS:
        of = said if verb == "run" else said_of_verbs
        assert re.search(rf"^{verb}: order: 0 violations$", of, re.MULTILINE), of


@STRACE
def test_whatever_happens_in_whatever_order_the_end_is_what_the_model_says():
    said = run("walks", "--walks", str(WALKS))
    assert re.search(rf"^{WALKS} walks, \d+ runs, \d+ killed, 0 violations$", said, re.M), said


def test_runs_overlap_while_a_person_saves_the_worklist():
    said = run("overlap", "--rounds", str(ROUNDS))
    assert re.search(rf"^{ROUNDS} rounds .* [1-9]\d* notes saved .* 0 violations$", said, re.M), (
        said
    )


@POSTGRES
def test_the_server_goes_away_and_labflag_too():
    said = run("postgres", "--rounds", str(ROUNDS))
    assert re.search(rf"^{ROUNDS} rounds on PostgreSQL, .* 0 violations$", said, re.M), said
