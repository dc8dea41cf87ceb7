"""The short form of the fault matrix; `make faults` runs the long one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
POINTS = 30

pytestmark = pytest.mark.skipif(
    shutil.which("strace") is None, reason="strace is not installed: no call can be made to fail"
)


def matrix(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "tests.faults.matrix", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )


def test_killed_at_thirty_calls_nothing_is_lost_doubled_or_torn():
    done = matrix("kill", "--count", str(POINTS))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"kill: {POINTS} of " in done.stdout


@pytest.mark.parametrize("fault", ["ENOSPC", "EIO", "EACCES"])
def test_refused_by_the_disk_old_reports_stand(fault):
    done = matrix(fault, "--count", "5")
    assert done.returncode == 0, done.stdout + done.stderr


def test_data_is_on_disk_before_its_name():
    done = matrix("order")
    assert done.returncode == 0, done.stdout + done.stderr
