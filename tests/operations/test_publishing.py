"""What a run writes again and what it leaves; what happens when it is stopped or kept from it."""

import json
import os
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook

from pipeline.commands.run import rehearse_batch, run_batch
from pipeline.config import Settings
from pipeline.errors import ConfigError
from pipeline.files.file_systems import is_remote
from pipeline.history.stored import History
from pipeline.publish.delivery import Delivery, deliver
from pipeline.site.location import locate_history
from tests.operations.conftest import HEADER
from tests.operations.test_upkeep import pass_through

P1 = "P1,Aster Sample,F,1980-05-01,S1,2026-03-01,Hemoglobin,11.2,g/dL,final"
P2 = "P2,Borage Sample,M,1970-01-31,S2,2026-03-02,MCV,104,fL,final"
P3 = "P3,Clover Sample,F,1990-01-01,S3,2026-03-03,Platelets,95,10*3/uL,final"
CORRECTED = P1.replace("11.2", "8.8").replace("final", "corrected")
START = datetime(2026, 11, 1, 7, 30)


@pytest.fixture
def site(tmp_path):
    """Run over lines of a file, an hour after the run before."""
    settings = Settings(output=tmp_path / "out")
    hours = iter(range(99))

    def run(*lines, name="march.csv", do=run_batch, **options):
        sources = []
        if lines:
            sources = [tmp_path / name]
            sources[0].write_text(HEADER + "".join(f"{line}\n" for line in lines), encoding="utf-8")
        now = START + timedelta(hours=next(hours))
        chosen = Settings(output=settings.output, **options)
        done = do(sources, chosen, clock=lambda: now, progress=pass_through)
        return done[0] if do is run_batch else done

    return run


def state(folder: Path) -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in (folder / "patients").iterdir()}


def inodes(folder: Path) -> dict[str, int]:
    return {path.stem: path.stat().st_ino for path in (folder / "patients").iterdir()}


def manifest(folder: Path):
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def test_only_reports_that_change_are_written(site, tmp_path):
    site(P1, P2)
    before = inodes(tmp_path / "out")
    site(CORRECTED, P3, name="april.csv")
    after = inodes(tmp_path / "out")
    assert after["P2"] == before["P2"]
    assert after["P1"] != before["P1"]
    site(P1, P2)
    assert inodes(tmp_path / "out") == after


def test_a_corrected_result_says_what_it_was(site, tmp_path):
    site(P1)
    site(CORRECTED, name="april.csv")
    rows = list(load_workbook(tmp_path / "out/patients/P1.xlsx")["Results"].values)
    header = next(row for row in rows if "Corrected from" in row)
    (result,) = [dict(zip(header, row, strict=True)) for row in rows if row[1] == "S1"]
    assert (result["Value"], result["Corrected from"], result["Status"]) == (
        8.8,
        "11.2",
        "corrected",
    )


@pytest.mark.parametrize(("language", "seen"), [("en", "yes"), ("de", "ja")])
def test_each_result_of_a_pattern_stands_beside_its_own_limits(site, tmp_path, language, seen):
    who = "P1,Aster Sample,F,1980-05-01,S1,2026-03-01"
    results = ["Vitamin B12,120,ng/L", "Macro-ovalocytes,seen,", "MMA,612,nmol/L"]
    site("\n".join(f"{who},{each},final" for each in results), language=language)
    sheet = load_workbook(tmp_path / "out/patients/P1.xlsx").worksheets[1]
    rows = {row[-4]: (row[9], row[12]) for row in sheet.values}
    assert rows["b12-functional-support"] == (f"120\n{seen}\n612", "180; 350\n\n400; 270")
    assert rows["megaloblastic-film"][0] == seen


@pytest.mark.parametrize(
    ("day", "value", "language", "shown", "suggested"),
    [
        ("2026-03-29", "positive", "en", ["positive"], False),
        ("2026-03-29", "negative", "en", ["negative"], False),
        ("2026-02-01", "nicht nachweisbar", "de", ["negativ"], False),
        ("2026-03-01", "POSITIV", "de", ["positiv"], False),
        ("", "positive", "en", ["positive"], True),
        ("2026-03-30", "positive", "en", ["positive"], True),
        ("2026-01-31", "positive", "en", ["positive"], True),
        ("2026-03-01", "indeterminate", "en", ["weak or equivocal"], False),
        ("2026-03-01", "34", "de", ["■ zurückgestellt"], True),
    ],
)
def test_an_antibody_that_comes_later_is_shown_and_not_suggested_again(
    site, tmp_path, day, value, language, shown, suggested
):
    name = {"en": "ntrinsic factor antibody", "de": "ntrinsic-Faktor-Antikörper"}[language]
    report = tmp_path / "out/patients/P1.xlsx"
    low = "P1,Aster Sample,F,1980-05-01,S1,2026-03-01,Vitamin B12,120,ng/L,final"
    site(low, language=language)

    def lines_of(sheet):
        return list(load_workbook(report).worksheets[sheet].values)

    def is_suggested():
        told = [row for row in lines_of(1) if row[1] == "S1" and row[-4] == "low-b12"]
        return [name in str(row) for row in told] == [True]

    assert is_suggested()
    before = report.read_bytes()
    site(
        f"P1,Aster Sample,F,1980-05-01,S9,{day},Intrinsic factor antibody,{value},,final",
        name="april.csv",
        language=language,
    )
    assert report.read_bytes() != before
    rows = [row for row in lines_of(2) if row[1] == "S9"]
    assert [(row[2], row[4]) for row in rows] == [(f"I{name}", text) for text in shown]
    assert is_suggested() == suggested


def test_other_rules_and_another_letterhead_change_every_report(site, tmp_path):
    from pipeline.config import Laboratory

    site(P1, P2)
    before = state(tmp_path / "out")
    site(laboratory=Laboratory(name="Laboratory of the North", address="1 Road"))
    after = state(tmp_path / "out")
    assert all(after[name] != before[name] for name in ("P1", "P2"))


def test_a_report_that_is_missing_is_written_again_as_it_was(site, tmp_path):
    site(P1, P2)
    before = state(tmp_path / "out")
    (tmp_path / "out/patients/P1.xlsx").unlink()
    site()
    assert state(tmp_path / "out") == before


def test_the_same_bytes_count_once(site, tmp_path):
    site(P1, P2)
    batch = site(P1, P2, name="copy.csv")
    assert (batch.known, batch.dataset.read, batch.accounts.read) == (1, 2, 2)
    assert manifest(tmp_path / "out")["history"]["read"] == 2


@pytest.mark.parametrize("after", [0, 1, 2, 3])
def test_a_run_that_is_stopped_while_it_notes_reports_is_finished_by_the_next(
    site, tmp_path, monkeypatch, after
):
    calls = []
    noted = History.record_published

    def stop(self, *arguments):
        calls.append(1)
        if len(calls) > after:
            raise KeyboardInterrupt
        return noted(self, *arguments)

    monkeypatch.setattr(History, "record_published", stop)
    # Each run notes reports and the worklist: it is stopped at one of these.
    with pytest.raises(KeyboardInterrupt):
        [site(P1, P2, P3) for _ in range(4)]
    monkeypatch.undo()
    site()
    assert manifest(tmp_path / "out")["finished"]
    assert set(state(tmp_path / "out")) == {"P1", "P2", "P3"}
    assert not list((tmp_path / "out").rglob("*.tmp"))


def test_a_report_that_is_open_elsewhere_stays_and_is_tried_again(site, tmp_path, monkeypatch):
    site(P1, P2)
    before = state(tmp_path / "out")
    real = os.replace

    def refuse(source, target, **named):
        if Path(target).name == "P1.xlsx":
            raise PermissionError(13, "open elsewhere")
        return real(source, target, **named)

    monkeypatch.setattr(os, "replace", refuse)
    batch = site(CORRECTED, P2.replace("104", "106").replace("final", "corrected"), name="b.csv")
    monkeypatch.undo()
    assert batch.locked == ("patients/P1.xlsx",)
    assert manifest(tmp_path / "out")["locked"] == ["patients/P1.xlsx"]
    after = state(tmp_path / "out")
    assert (after["P1"] == before["P1"], after["P2"] == before["P2"]) == (True, False)
    assert site().locked == ()
    assert state(tmp_path / "out")["P1"] != before["P1"]
    assert manifest(tmp_path / "out")["locked"] == []


def test_a_rehearsed_run_sees_the_history_and_leaves_it_as_it_was(site, tmp_path):
    site(P1)
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*.xlsx")}
    batch = site(CORRECTED, P3, name="april.csv", do=rehearse_batch)
    assert (batch.dataset.read, batch.accounts.read) == (3, 2)
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*.xlsx")} == before
    assert site().dataset.read == 1


def test_a_workbook_that_does_not_read_back_is_not_delivered(tmp_path):
    from pipeline.errors import OutputError

    target = tmp_path / "x.xlsx"
    target.write_bytes(b"the one before")
    with pytest.raises(OutputError, match="does not read back"):
        deliver([Delivery(path=target, content=b"no workbook at all")])
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"the one before"]


@pytest.mark.parametrize(
    ("folder", "mounts", "answer"),
    [
        ("/srv/lab", "/dev/sda1 / ext4 rw 0 0", False),
        ("/srv/lab", "/dev/sda1 / ext4 rw 0 0\n//nas/lab /srv cifs rw 0 0", True),
        ("/srv/lab", "/dev/sda1 / ext4 rw 0 0\nnas:/lab /srv/lab nfs4 rw 0 0", True),
        ("/srv/lab", "/dev/sda1 / ext4 rw 0 0\nnas:/lab /srv/labor nfs4 rw 0 0", False),
        ("/srv/my lab/x", "/dev/sda1 / ext4 rw 0 0\nnas:/ /srv/my\\040lab nfs rw 0 0", True),
        ("/srv/lab", "nas:/ / nfs rw 0 0\n/dev/sdb1 /srv ext4 rw 0 0", False),
        ("/srv/lab", "nas:/ /srv nfs rw 0 0\n/dev/sdb1 /srv ext4 rw 0 0", False),
        ("/srv/lab", "", False),
    ],
)
def test_network_file_systems(folder, mounts, answer):
    assert is_remote(Path(folder), mounts) is answer


def test_beside_reports_on_a_share_the_history_lies_with_the_user(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    settings = Settings(output=tmp_path / "out")
    assert (locate_history(settings).where, locate_history(settings).key) == (
        tmp_path / "out/labflag.db",
        ".",
    )
    monkeypatch.setattr("pipeline.site.location.is_remote", lambda folder: True)
    place = locate_history(settings)
    assert (tmp_path / "state") in Path(place.where).parents
    assert str(place.where) in place.said
    assert place.key == str(tmp_path / "out")
    # A file that the site names there is refused; one that is there already is used, and said.
    with pytest.raises(ConfigError, match="on a network share"):
        locate_history(replace(settings, history=str(tmp_path / "share/labflag.db")))
    assert locate_history(replace(settings, history="postgresql+psycopg://h/d")).said == ""
    (tmp_path / "out").mkdir()
    (tmp_path / "out/labflag.db").touch()
    place = locate_history(settings)
    assert (place.where, place.key) == (tmp_path / "out/labflag.db", ".")
    assert "not safe" in place.said
