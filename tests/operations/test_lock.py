"""One run at a time; a lock that dies with its process; temporary files that stay in one place."""

import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.errors import BusyError
from pipeline.site.lock import find_holder
from pipeline.site.workspace import open_workspace

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOLD = """
import subprocess, sys, tempfile, time
from datetime import datetime
from pathlib import Path
from pipeline.site.workspace import open_workspace
with open_workspace(Path(sys.argv[1]), datetime.now, "0640") as private:
    (Path(tempfile.gettempdir()) / "left").write_text("x")
    (Path(sys.argv[1]) / ".labflag-abc.tmp").write_text("x")
    child = subprocess.Popen(["sleep", "30"])
    print(child.pid, flush=True)
    time.sleep(30)
"""
EXPORT = (
    "patient_id,sex,birth_date,sample_id,collected_at,analyte,value,unit\n"
    "P1,F,1980-05-01,S1,2026-03-01,Hemoglobin,11.2,g/dL\n"
)


@pytest.fixture
def holder(tmp_path):
    """Start a process that holds the workspace, has a child and leaves files behind."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "out")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        yield process
        process.kill()
        os.kill(child, signal.SIGKILL)


def start(folder, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "pipeline", *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_second_run_ends_at_once_and_names_the_first(tmp_path, holder):
    (tmp_path / "march.csv").write_text(EXPORT)
    done = start(tmp_path, "run", "march.csv", "-o", "out")
    assert (done.returncode, done.stdout) == (75, "")
    assert f"process {holder.pid} on " in done.stderr
    found = find_holder(tmp_path / "out/.labflag")
    assert found is not None
    assert found.pid == holder.pid
    assert not (tmp_path / "out/worklist.xlsx").exists()


def test_the_lock_and_leftovers_go_with_a_killed_process_though_its_child_lives(tmp_path, holder):
    holder.kill()
    holder.wait()
    assert json.loads((tmp_path / "out/.labflag/lock").read_text())["pid"] == holder.pid
    assert len([*(tmp_path / "out/.labflag").glob("tmp-*/left")]) == 1
    assert find_holder(tmp_path / "out/.labflag") is None
    with open_workspace(tmp_path / "out", lambda: NOW, "0640"):
        left = {path.name for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert left == {"lock"}


def test_a_workspace_is_private_and_holds_temporary_files(tmp_path):
    mask = os.umask(0)
    try:
        with open_workspace(tmp_path / "out", lambda: NOW, "0640") as private:
            with tempfile.NamedTemporaryFile(delete=False) as stream:
                name = Path(stream.name)
            (private / "mine").write_text("x")
            modes = {
                each: stat.S_IMODE(each.stat().st_mode)
                for each in (private, name.parent, private / "mine", private / "lock")
            }
            with pytest.raises(BusyError), open_workspace(tmp_path / "out", lambda: NOW, "0640"):
                pass
        assert list(modes.values()) == [0o700, 0o700, 0o600, 0o600]
        assert name.parent.parent == private
        assert not name.parent.exists()
        assert tempfile.gettempdir() != str(name.parent)
    finally:
        assert os.umask(mask) == 0
