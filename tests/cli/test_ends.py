"""How a command ends where there is nothing to do, where it is stopped, where nobody was there."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline.cli import main

ROOT = Path(__file__).parents[2]
ROWS = (
    "patient_id,sex,age,sample_id,collected_at,analyte,value,unit\n"
    "P-1,F,40,S-1,2026-03-01,Hemoglobin,9.1,g/dL\n"
)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "march.csv").write_text(ROWS)

    def start(line: str, typed: str | None = None):
        return CliRunner().invoke(main, line.split(), input=typed)

    return start


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("run empty -o out", 0),
        ("run empty -n -o out", 0),
        ("run march.csv --profile nobody -o out", 4),
        ("run march.csv --layout none.toml -o out", 4),
        ("run march.csv --layout nobody -o out", 4),
        ("run --inbox nowhere -o out", 3),
        ("rebuild -o out", 5),
        ("purge --older-than 5y -o out", 5),
        ("reassign A B -o out", 5),
        ("release abc-1 --version 1 -o out", 5),
        ("reject abc-1 --version 1 -o out", 5),
        ("backup copy.db -o out", 5),
        ("status -o out", 1),
        ("doctor -o out", 0),
    ],
)
def test_nothing_is_made_where_nothing_could_be_done(run, tmp_path, line, code):
    done = run(line)
    assert done.exit_code == code, done.output
    assert not (tmp_path / "out").exists()


def test_a_site_where_nothing_ran_is_a_fault(run):
    done = run("status -o nowhere")
    assert (done.exit_code, "no run was made there yet" in done.output) == (1, True)
    assert json.loads(run("status -o nowhere --json").output)["faults"]
    assert run("run march.csv -o out").exit_code == 0
    done = run("status -o out")
    assert (done.exit_code, "FAULT" in done.output) == (0, False), done.output


def test_a_rebuild_does_not_say_that_there_was_nothing_to_do(run):
    run("run march.csv -o out")
    done = run("rebuild -o out")
    assert done.exit_code == 0
    assert "Nothing to do" not in done.output
    assert "1 patient" in done.output


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("reassign P-1 P-2 -o out", "Move it to patient P-2?"),
        ("purge --older-than 2026-06-01 -o out", "Delete them for good?"),
        ("restore copy.db -o out", "Replace the history"),
    ],
)
@pytest.mark.parametrize(("typed", "code"), [("n\n", 0), ("", 130)])
def test_a_no_is_no_fault_and_the_end_of_the_input_stops(run, line, asked, typed, code):
    run("run march.csv -o out")
    run("backup copy.db -o out")
    before = Path("out/labflag.db").read_bytes()
    done = run(line, typed)
    assert done.exit_code == code, done.output
    assert asked in done.output
    assert ("Nothing was changed." in done.output) is (code == 0)
    assert ("stopped" in done.output) is (code == 130)
    assert Path("out/labflag.db").read_bytes() == before
