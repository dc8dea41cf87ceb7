"""The sample data, all the way: findings, issues, the worklist and six reports, as text.

`make golden` writes the expected files anew; they are reviewed as a diff. Each patient was chosen
for what the report has to say.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.golden.one_run import ROOT, run_once
from tests.golden.render import render_file

EXPECTED = Path(__file__).parent / "samples" / "expected"


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("golden")
    run_once(folder)
    return folder


def compare(expected: Path, text: str, rewrite: bool) -> None:
    """Compare with the expected file, or write it; the knowledge version is left out of both."""
    if rewrite:
        expected.parent.mkdir(parents=True, exist_ok=True)
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8"), (
        f"{expected.name} differs; see `make golden`"
    )


def neutral(text: str) -> str:
    """Leave out what changes with every edit of the knowledge, to keep diffs to the point."""
    from pipeline.knowledge.load import load_knowledge

    return text.replace(load_knowledge().version, "VERSION")


@pytest.mark.parametrize("name", ["findings.csv", "issues.csv"])
def test_table(output, name, rewrite):
    compare(EXPECTED / name, neutral((output / name).read_text(encoding="utf-8")), rewrite)


def test_worklist(output, rewrite):
    text = neutral(render_file(output / "worklist.xlsx", by_row=True))
    compare(EXPECTED / "worklist.txt", text, rewrite)


CHOSEN = {
    "A0005": "pancytopenia with low vitamin B12",
    "A0003": "followed over several dates",
    "B0009": "vitamin B12 reported only as a bound",
    "G0021": "a child: below the adult limit, no band for the age",
    "L0004": "findings beside questions that stay open: no birth date",
    "90015": "no name, no date; neutrophils calculated from the percentage",
}


@pytest.mark.parametrize("patient", CHOSEN)
def test_report(output, patient, rewrite):
    text = neutral(render_file(output / "patients" / f"{patient}.xlsx"))
    compare(EXPECTED / f"{patient}.txt", text, rewrite)


# What must make no difference: the order of sets, the time zone, the language of the machine.
HERE = {"PYTHONHASHSEED": "1", "TZ": "Pacific/Auckland", "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"}
# Three kinds of files; held rows, corrections and charts among what comes of them.
SOME = ("04_breit_deutsch.csv", "06_wide_si.xls", "09_held_rows.csv", "11_follow_up.xlsx")
THERE = {"PYTHONHASHSEED": "2", "TZ": "America/St_Johns", "LC_ALL": "C", "LANG": "de_DE.UTF-8"}


def in_a_process(folder: Path, surroundings: dict[str, str], *names: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "tests.golden.one_run", str(folder), *names],
        env={**os.environ, **surroundings}, cwd=ROOT, check=True, timeout=600,
    )  # fmt: skip


def outputs_of(folder: Path) -> dict[str, bytes]:
    """Every file but the history and the log, which is salted so that names cannot be guessed."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
        and ".labflag" not in path.parts
        and not path.name.startswith(("labflag.db", "audit.log"))
    }


def test_two_processes_give_the_same_bytes(tmp_path):
    in_a_process(tmp_path / "here", HERE, *SOME)
    in_a_process(tmp_path / "there", THERE, *SOME)
    here, there = outputs_of(tmp_path / "here"), outputs_of(tmp_path / "there")
    assert len(here) > 40
    assert {"worklist.xlsx", "index.html", "findings.csv", "issues.csv"} <= set(here)
    assert sorted(here) == sorted(there)
    assert [name for name in here if here[name] != there[name]] == []

    # And a third one makes the same from what one of them remembers.
    shutil.rmtree(tmp_path / "there" / "patients")
    in_a_process(tmp_path / "there", {**THERE, "PYTHONHASHSEED": "3"})
    again = outputs_of(tmp_path / "there")
    assert sorted(here) == sorted(again)
    # The manifest is of the run, and this one received nothing.
    assert [name for name in here if here[name] != again[name]] == ["manifest.json"]
