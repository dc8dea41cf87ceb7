"""A run of more than two seconds shows progress on a terminal, and none anywhere else."""

import os
import subprocess
import sys

import pytest

from tests.cli.conftest import ROOT

pty = pytest.importorskip("pty", reason="Windows has no pseudo-terminals to test with")

# Reading one file takes a while, as a large one does.
SLOW = """
import time
from pipeline.ingest import intake
from pipeline import cli, reading
read = intake.read_results
def slowly(*arguments, **named):
    time.sleep(1.2)
    return read(*arguments, **named)
reading.read_results = slowly
cli.main()
"""
LINE = "patient_id,sample_id,analyte,value,unit\nP1,S{0},MCV,90,fL\n"


def start(tmp_path, stderr):
    for number in range(3):
        (tmp_path / f"{number}.csv").write_text(LINE.format(number), encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-c", SLOW, "check", "0.csv", "1.csv", "2.csv"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"},
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        timeout=120,
        check=False,
    )


def test_on_a_terminal(tmp_path):
    ours, theirs = pty.openpty()
    try:
        done = start(tmp_path, theirs)
        shown = os.read(ours, 65536).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 0
    assert "Reading files" in shown
    assert "100%" in shown
    assert "Reading files" not in done.stdout


def test_under_cron(tmp_path):
    done = start(tmp_path, subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, "")
