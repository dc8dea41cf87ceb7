"""A run that is stopped from the keyboard says so, and the next one goes on."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline.cli import main
from tests.cli.conftest import HEADER

ROOT = Path(__file__).parents[2]


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def start(line: str):
        return CliRunner().invoke(main, line.split())

    return start


@pytest.mark.skipif(os.name == "nt", reason="a terminal sends no such signal there")
def test_a_run_that_is_stopped_says_so_and_the_next_one_goes_on(run, tmp_path):
    """As Ctrl-C does: the signal goes to the run and to the process that reads workbooks."""
    lines = (
        f"P-{n},,F,1961-01-01,S-{n},2026-03-01,Hemoglobin,9.1,g/dL,final\n" for n in range(200)
    )
    (tmp_path / "many.csv").write_text(HEADER + "".join(lines))
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline", "run", "many.csv", "-o", "out"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    # Stopped among the workbooks.
    for _ in range(3000):
        if len(list((tmp_path / "out/patients").glob("*.xlsx"))) > 3:
            break
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in err) == (130, False), err
    assert err.strip() == (
        "labflag: stopped. What is stored stays; the next run goes on from there."
    )
    assert run("status -o out").exit_code == 1
    assert run("run many.csv -o out --quiet").exit_code == 0
    assert len(list((tmp_path / "out/patients").glob("*.xlsx"))) == 200
