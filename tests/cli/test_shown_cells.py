"""`check` shows the cells concerned to the person at the terminal, and to nobody else unasked."""

import json
import os
import subprocess
import sys

import pytest

pty = pytest.importorskip("pty", reason="no pseudo-terminals on this system")

HEADER = "PID,Sex,Sample ID,Collected,Test,Result,Unit,Reference range\n"
ROWS = (
    'P1,F,S1,05/03/2026,Platelets,"1,060",10*3/uL,150-400\n'
    "P2,xyz-sex,S2,2026-03-04,Hemoglobin,11.2,furlong-unit,12.0-15.5\n"
    f"P3,F,S3,2026-03-04,Hemoglobin,{'very-long-' * 9},g/dL,\n"
    "P4,F,S4,2026-03-04,Hemoglobin,x\u202e\u2028y,g/dL,\n"
    "P5,F,S5,2026-03-04,Hemoglobin\n"
)
SECRETS = ("05/03/2026", "1,060", "xyz-sex", "furlong-unit", "very-long", "P5,F,S5")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "march.csv"
    path.write_text(HEADER + ROWS, encoding="utf-8")
    return path


def command(*arguments):
    return [sys.executable, "-m", "pipeline", *map(str, arguments)]


def at_a_terminal(*arguments, cwd):
    """Run with a pseudo-terminal as output, and give what a person sees."""
    ours, theirs = pty.openpty()
    # A narrow window must not cut or wrap what is compared.
    environment = os.environ | {"TERM": "dumb", "PYTHONUTF8": "1"}
    with subprocess.Popen(
        command(*arguments), stdout=theirs, stderr=subprocess.DEVNULL, cwd=cwd, env=environment
    ) as process:
        os.close(theirs)
        parts = []
        try:
            while part := os.read(ours, 65536):
                parts.append(part)
        except OSError:
            # The other end was closed.
            pass
        process.wait()
    os.close(ours)
    return b"".join(parts).decode("utf-8")


def piped(*arguments, cwd):
    done = subprocess.run(command(*arguments), capture_output=True, cwd=cwd, check=False)
    return done.stdout.decode() + done.stderr.decode()


def test_a_terminal_shows_each_cell_once(file, tmp_path):
    shown = at_a_terminal("check", file, cwd=tmp_path)
    assert '2 (Collected "05/03/2026")' in shown
    assert '2 (Result "1,060")' in shown
    assert '3 (Sex "xyz-sex")' in shown
    assert '3 (Unit "furlong-unit", Reference range "12.0-15.5")' in shown
    assert 'Result "very-long-very-long-very-long-very-long-…"' in shown
    assert r'Result "x\u202e\u2028y"' in shown
    assert '6 (row "P5,F,S5,2026-03-04,Hemoglobin")' in shown


def test_only_when_asked_it_goes_into_a_pipe(file, tmp_path):
    plain = piped("check", file, cwd=tmp_path)
    assert not [each for each in SECRETS if each in plain]
    assert "date-ambiguous" in plain
    asked = piped("check", "--show-cells", file, cwd=tmp_path)
    assert [each for each in SECRETS if each not in asked] == []


def test_json_holds_cells_only_when_asked(file, tmp_path):
    plain = at_a_terminal("check", "--json", file, cwd=tmp_path)
    assert not [each for each in SECRETS if each in plain]
    asked = json.loads(piped("check", "--json", "--show-cells", file, cwd=tmp_path))
    cells = {each["code"]: each.get("cells") for each in asked}
    assert cells["date-ambiguous"] == {"Collected": "05/03/2026"}
    assert cells["unit-not-accepted"] == {"Unit": "furlong-unit", "Reference range": "12.0-15.5"}


def test_a_run_shows_none(file, tmp_path):
    shown = at_a_terminal("run", file, "-o", tmp_path / "out", cwd=tmp_path)
    assert "date-ambiguous" in shown
    assert not [each for each in SECRETS if each in shown]
    log = (tmp_path / "out" / "audit.log").read_text(encoding="utf-8")
    issues = (tmp_path / "out" / "issues.csv").read_text(encoding="utf-8")
    assert not [each for each in SECRETS if each in log + issues]
