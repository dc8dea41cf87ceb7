"""The short form of the fault matrix; `make faults` runs the long one."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHORT = {"kill": 20, "ENOSPC": 4, "EIO": 4, "EACCES": 4}
WALKS = 6

pytestmark = pytest.mark.skipif(
    shutil.which("strace") is None, reason="strace is not installed: no call can be made to fail"
)


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


@pytest.mark.parametrize("fault", SHORT)
def test_nothing_is_lost_doubled_or_torn(said, fault):
    count = SHORT[fault]
    tried = re.search(rf"^{fault}: {count} of (\d+) points, {count} met, 0 violations$", said, re.M)
    assert tried, said
    # A run in which this little can fail is not the one that was meant.
    assert int(tried[1]) > 500


def test_data_is_on_disk_before_its_name(said):
    assert re.search(r"^order: 0 violations$", said, re.M), said


def test_whatever_happens_in_whatever_order_the_end_is_what_the_model_says():
    said = run("walks", "--walks", str(WALKS))
    assert re.search(rf"^{WALKS} walks, \d+ runs, \d+ killed, 0 violations$", said, re.M), said
