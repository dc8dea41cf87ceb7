"""Which files a command line means: never labflag's own, and nothing left unsaid."""

import json
import os

import pytest

from pipeline.ingest.sources import find_exports


def names(found):
    return [export.name for export in found.exports]


def test_folders_are_searched_and_files_taken_as_named(tmp_path):
    (tmp_path / "in/ward").mkdir(parents=True)
    for name in ("in/a.csv", "in/ward/b.XLSX", "in/c.md", "in/.hidden.csv", "in/~$b.xlsx",
                 "in/d.csv.part", "in/e.xlsm", "in/f.csv.gz", "odd.txt"):  # fmt: skip
        (tmp_path / name).write_text("x")
    found = find_exports([tmp_path / "in", tmp_path / "odd.txt", tmp_path / "in/a.csv"])
    assert names(found) == ["a.csv", "e.xlsm", "f.csv.gz", "b.XLSX", "odd.txt"]
    assert found.passed_over == ("c.md",)


def test_files_of_one_name_are_told_apart(tmp_path):
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.csv").write_text("x")
    assert names(find_exports([tmp_path])) == ["x/a.csv", "y/a.csv"]


def test_what_labflag_wrote_is_never_read(tmp_path):
    (tmp_path / "reports/patients").mkdir(parents=True)
    (tmp_path / "old/patients").mkdir(parents=True)
    for name in ("march.csv", "reports/findings.csv", "reports/patients/P1.xlsx",
                 "old/findings.csv", "old/patients/P1.xlsx", "old/mine.csv"):  # fmt: skip
        (tmp_path / name).write_text("x")
    outputs = [{"path": "findings.csv"}, {"path": "patients/P1.xlsx"}]
    (tmp_path / "old/manifest.json").write_text(json.dumps({"labflag": "0", "outputs": outputs}))
    assert names(find_exports([tmp_path], tmp_path / "reports")) == ["march.csv", "mine.csv"]


def test_a_manifest_of_another_program_hides_nothing(tmp_path):
    (tmp_path / "a.csv").write_text("x")
    (tmp_path / "manifest.json").write_text('{"outputs": [{"path": "a.csv"}]}')
    assert names(find_exports([tmp_path])) == ["a.csv"]


@pytest.mark.skipif("os.name == 'nt'", reason="Windows has no such rights")
def test_folders_that_cannot_be_listed_are_named(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "in").mkdir()
    (tmp_path / "in/linked").symlink_to(tmp_path / "elsewhere")
    closed = tmp_path / "in/closed"
    closed.mkdir()
    closed.chmod(0)
    try:
        found = find_exports([tmp_path / "in"])
    finally:
        closed.chmod(0o700)
    # Whoever may read everything can list it all the same.
    expected = ("linked",) if os.geteuid() == 0 else ("closed", "linked")
    assert found.unreachable == expected
