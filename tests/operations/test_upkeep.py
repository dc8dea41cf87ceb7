"""Purge, reassign, back up and restore: over whole runs, in one process."""

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import date, datetime

import pytest

from pipeline.commands.history import (
    back_up,
    count_results,
    oldest_kept,
    purge_history,
    reassign_patient,
    restore_history,
)
from pipeline.commands.run import run_batch
from pipeline.config import Settings
from pipeline.errors import ConfigError, OutputError
from pipeline.history.stored import open_history
from pipeline.publish.audit_check import verify_history
from pipeline.publish.audit_log import verify_site
from pipeline.site.location import locate_history
from tests.operations.conftest import HEADER

OLD = "P1,Aster Sample,F,1980-05-01,S1,2019-03-01,Hemoglobin,11.2,g/dL,final"
NEW = "P1,Aster Sample,F,1980-05-01,,2026-03-01,Hemoglobin,9.9,g/dL,final"
OTHER = "P2,Borage Sample,M,1970-01-31,S3,2019-03-02,MCV,104,fL,final"
BAD = "P3,Clover Sample,F,1990-01-01,S4,2019-03-03,Platelets,many,10*3/uL,final"
NOW = datetime(2026, 11, 1, 7, 30)


def clock() -> datetime:
    return NOW


@pytest.fixture
def site(tmp_path):
    """Run over lines of a file; give the settings."""
    settings = Settings(output=tmp_path / "out")

    def run(*lines, name="march.csv"):
        path = tmp_path / name
        path.write_text(HEADER + "".join(f"{line}\n" for line in lines), encoding="utf-8")
        batch, _ = run_batch([path], settings, clock=clock, progress=pass_through)
        return settings, batch

    return run


def pass_through(items, length, label):
    yield from items


def reports(settings):
    return sorted(path.stem for path in (settings.output / "patients").glob("*.xlsx"))


@pytest.mark.parametrize(
    ("age", "first"),
    [
        ("5y", "2021-08-31"),
        ("18m", "2025-02-28"),
        ("90d", "2026-06-02"),
        ("6m", "2026-02-28"),
        ("2021-01-01", "2021-01-01"),
    ],
)
def test_ages(age, first):
    assert oldest_kept(age, date(2026, 8, 31)) == date.fromisoformat(first)


@pytest.mark.parametrize("age", ["", "5", "0y", "5w", "-1y", "2999-01-01", "9999y"])
def test_ages_that_are_none(age):
    with pytest.raises(ConfigError, match="older-than"):
        oldest_kept(age, date(2026, 8, 31))


def test_purge_deletes_what_is_old_everywhere_and_remembers_the_bytes(site, tmp_path):
    settings, _ = site(OLD, NEW, BAD)
    site(OTHER, name="april.csv")
    assert reports(settings) == ["P1", "P2"]
    assert [path.name.split("-")[0] for path in (settings.output / "held").iterdir()] == ["march"]
    count = purge_history(settings, date(2021, 1, 1), clock=clock, rehearse=True)
    assert (count.results, count.files) == (3, 1)
    assert count_results(settings, "P2", "", clock=clock) == 1
    purge_history(settings, date(2021, 1, 1), clock=clock)
    assert reports(settings) == ["P1"]
    assert not (settings.output / "held").exists()
    _, batch = site(OTHER, name="april.csv")
    assert (batch.known, reports(settings)) == (1, ["P1"])
    stored = b"".join(path.read_bytes() for path in settings.output.glob("labflag.db*"))
    for gone in (b"Borage", b"many", b"11.2", b"Clover"):
        assert gone not in stored, gone
    assert b"9.9" in stored
    assert (tmp_path / "april.csv").exists()
    with open_history(settings.output / "labflag.db") as history:
        (event,) = [each for each in history.list_events() if each.kind == "purged"]
    assert dict(event.facts) == {"before": "2021-01-01", "files": 1, "notes": 0, "results": 3}


def test_a_purge_of_everything_takes_every_report_away(site):
    settings, _ = site(OLD, BAD)
    purge_history(settings, date(2021, 1, 1), clock=clock)
    assert reports(settings) == []
    assert "P1" not in (settings.output / "findings.csv").read_text(encoding="utf-8")
    assert faults_of(settings) == []


def test_what_is_left_of_a_purged_file_still_adds_up(site):
    settings, _ = site(OLD, NEW, BAD)
    purge_history(settings, date(2021, 1, 1), clock=clock)
    with open_history(settings.output / "labflag.db") as history:
        (file,) = history.load().files
        (sheet,) = history.load_original(file.sha256).sheets
    assert [row for row, _ in sheet.rows] == [1, 3], "the header, and the row that is kept"
    _, batch = site(OTHER, name="april.csv")
    assert (batch.dataset.read, len(batch.dataset.results), len(batch.held)) == (2, 2, 0)
    # Reading it again would bring back what was deleted.
    _, batch = site(OLD, NEW, BAD)
    assert (batch.dataset.read, batch.known) == (2, 1)


def test_results_move_to_another_id_with_what_is_made_of_it(site):
    settings, _ = site(OLD, NEW)
    assert count_results(settings, "P1", "S1", clock=clock) == 1
    reassign_patient(settings, "P1", "P9", "", "somebody", clock=clock)
    assert reports(settings) == ["P9"]
    with open_history(settings.output / "labflag.db") as history:
        stored = history.load()
        assert "P1" not in repr([(event.kind, event.facts) for event in history.list_events()])
    assert set(stored.results["patient_id"]) == {"P9"}
    assert set(stored.results["accession"]) == {"S1", "P9@2026-03-01"}
    # What comes later under the old id is somebody else's business.
    site(OLD.replace("S1", "S7"), name="april.csv")
    assert reports(settings) == ["P1", "P9"]


def test_one_specimen_moves_alone(site):
    settings, _ = site(OLD, NEW)
    reassign_patient(settings, "P1", "P9", "S1", "somebody", clock=clock)
    assert reports(settings) == ["P1", "P9"]


def test_results_that_contradict_each_other_after_a_move_are_held(site):
    settings, _ = site(OLD, OTHER)
    reassign_patient(settings, "P2", "P1", "", "somebody", clock=clock)
    assert reports(settings) == ["P1"]
    assert "identity-conflict" in (settings.output / "issues.csv").read_text(encoding="utf-8")


def test_a_restored_history_takes_its_reports_with_it(site, tmp_path):
    settings, _ = site(OLD)
    before = (settings.output / "patients/P1.xlsx").read_bytes()
    back_up(settings, tmp_path / "saved.db", clock=clock)
    site(NEW, OTHER, name="april.csv")
    assert (settings.output / "patients/P1.xlsx").read_bytes() != before
    saved = (tmp_path / "saved.db").read_bytes()
    restore_history(settings, tmp_path / "saved.db", clock=clock)
    assert reports(settings) == ["P1"]
    assert (settings.output / "patients/P1.xlsx").read_bytes() == before
    assert (tmp_path / "saved.db").read_bytes() == saved
    # What was received since counts as new.
    _, batch = site(NEW, OTHER, name="april.csv")
    assert (batch.known, reports(settings)) == (0, ["P1", "P2"])


def faults_of(settings):
    found = [
        *verify_site(settings.output),
        *verify_history(settings.output, locate_history(settings), clock),
    ]
    return [fault.what for fault in found if not fault.is_note]


def logged(settings):
    lines = (settings.output / "audit.log").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["event"] for line in lines]


def test_what_happens_after_a_restore_is_logged_like_what_happened_before(site, tmp_path):
    settings, _ = site(OLD)
    back_up(settings, tmp_path / "saved.db", clock=clock)
    for number in range(3):
        site(OTHER.replace("S3", f"S{number}"), name=f"{number}.csv")
    before = logged(settings)
    restore_history(settings, tmp_path / "saved.db", clock=clock)
    assert logged(settings)[len(before) :] == ["restored", "writing", "run"]
    site(OTHER, name="april.csv")
    assert logged(settings)[len(before) + 3 :] == ["file-received", "writing", "run"]
    assert faults_of(settings) == []
    # A history that is not there any more is restored too: the log still knows where it was.
    for path in settings.output.glob("labflag.db*"):
        path.unlink()
    restore_history(settings, tmp_path / "saved.db", clock=clock)
    assert logged(settings)[len(before) + 6 :] == ["restored", "writing", "run"]
    assert faults_of(settings) == []


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM events WHERE id = 2", "lacks 1 events"),
        ("DELETE FROM events WHERE id > 1", "lacks 2 events"),
        ("UPDATE events SET facts = replace(facts, '0', '1') WHERE id = 1", "tells 1 events otherwise"),
        ("UPDATE events SET kind = 'purged' WHERE id = 2", "tells 1 events otherwise"),
        ("UPDATE events SET id = 0 WHERE id = 2", "does not know"),
    ],
)  # fmt: skip
def test_an_event_that_was_changed_in_the_history_is_found(site, statement, said):
    settings, _ = site(OLD)
    for number in (1, 2):
        site(OTHER.replace("S3", f"S{number}"), name=f"{number}.csv")
    assert faults_of(settings) == []
    with closing(sqlite3.connect(settings.output / "labflag.db")) as connection:
        connection.execute(statement)
        connection.commit()
    assert any(said in fault for fault in faults_of(settings)), faults_of(settings)


def test_a_copy_put_in_place_of_the_history_by_hand_is_found(site, tmp_path):
    settings, _ = site(OLD)
    back_up(settings, tmp_path / "saved.db", clock=clock)
    site(OTHER, name="april.csv")
    for path in settings.output.glob("labflag.db*"):
        path.unlink()
    assert faults_of(settings) == ["the history that the log tells of is not there"]
    shutil.copy(tmp_path / "saved.db", settings.output / "labflag.db")
    # The backup itself is an event that it does not hold.
    assert faults_of(settings) == [
        "the history lacks 2 events that the log tells of: it is an older one, or was changed"
    ]


def test_what_is_no_history_is_not_restored(site, tmp_path):
    settings, _ = site(OLD)
    (tmp_path / "text.db").write_text("nothing of the kind" * 99)
    sqlite3.connect(tmp_path / "empty.db").executescript("CREATE TABLE x (y)")
    for name in ("text.db", "empty.db"):
        with pytest.raises(OutputError):
            restore_history(settings, tmp_path / name, clock=clock)
    assert count_results(settings, "P1", "", clock=clock) == 1


def test_without_a_history_nothing_is_looked_after(tmp_path):
    with pytest.raises(OutputError, match="no history"):
        back_up(Settings(output=tmp_path / "none"), tmp_path / "x.db", clock=clock)
    assert list(tmp_path.iterdir()) == []
