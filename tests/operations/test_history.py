"""What goes into the history comes out of it, in whatever order it came."""

import os
import sqlite3
import stat
from dataclasses import replace
from datetime import datetime
from itertools import permutations
from pathlib import Path

import pandas as pd
import pytest

from pipeline.errors import ConfigError, OutputError
from pipeline.history.notes import Note, WorklistNotes
from pipeline.history.originals import keep_original
from pipeline.history.store import tables
from pipeline.history.store.engine import connect_copy
from pipeline.history.store.records import Publication
from pipeline.history.stored import open_history
from pipeline.history.typed_notes import load_typed, store_typed
from pipeline.ingest.dataset import combine

GOOD = "P1,Aster Sample,F,1980-05-01,S1,2026-03-01 08:30,Hemoglobin,11.2,g/dL,final"
MCV = "P1,Aster Sample,F,1980-05-01,S1,2026-03-01 08:30,MCV,104,fL,final"
B12 = "P2,Borage Sample,M,,S2,,Vitamin B12,<150,pg/mL,final"
BAD = "P3,Clover Sample,F,1990-01-01,S3,2026-03-03,Platelets,many,10*3/uL,final"
GLUCOSE = "P3,Clover Sample,F,1990-01-01,S3,2026-03-03,Glucose,90,mg/dL,final"
NOW = datetime(2026, 11, 1, 7, 30)
FRAMES = ["results", "held", "issues", "observations"]


@pytest.fixture
def history(tmp_path):
    with open_history(tmp_path / "labflag.db", clock=lambda: NOW) as history:
        yield history


def assert_same(one, two):
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(one, name), getattr(two, name))


def test_what_was_stored_comes_out_as_it_was_read(history, read):
    files = [read(GOOD, MCV, BAD, GLUCOSE, name="a.csv"), read(B12, BAD, name="b.csv")]
    for file in files:
        history.commit(file, "run-1")
    stored = history.load()
    assert_same(stored, combine(files))
    kept = [(file.name, file.sha256, file.read, file.held, file.ignored) for file in stored.files]
    assert kept == [
        (file.file.name, file.file.sha256, file.read, len(file.held), len(file.ignored))
        for file in files
    ]
    assert {file.received_at for file in stored.files} == {NOW}
    for file in files:
        assert history.load_original(file.file.sha256) == keep_original(file)


def test_the_order_in_which_files_come_does_not_matter(tmp_path, read):
    files = [
        read(GOOD, MCV, name="day.csv", folder="monday"),
        read(B12, BAD, name="day.csv", folder="tuesday"),
        read(GLUCOSE, BAD, name="b.csv"),
    ]
    states = []
    for number, order in enumerate(permutations(files)):
        with open_history(tmp_path / f"{number}.db", clock=lambda: NOW) as history:
            for file in order:
                history.commit(file, "run")
            states.append(history.load())
    for state in states[1:]:
        assert state.files == states[0].files
        assert_same(state, states[0])
    hashes = [files[at].file.sha256[:8] for at in (0, 1)]
    assert {file.name for file in states[0].files} == {
        "b.csv", *(f"day.csv ({sha8})" for sha8 in hashes)
    }  # fmt: skip


def test_the_same_bytes_count_once(history, read):
    first = read(GOOD, name="a.csv")
    again = read(GOOD, name="copy.csv")
    assert not history.has_file(first.file.sha256)
    history.commit(first, "run-1")
    assert history.has_file(again.file.sha256)
    history.commit(again, "run-2")
    assert [file.name for file in history.load().files] == ["a.csv"]
    assert [event.kind for event in history.list_events()] == ["file-received"]


def test_bytes_are_read_again_where_reading_them_rests_on_something_else(history, read):
    file = read(GOOD, MCV)
    history.commit(file, "run-1", basis="old knowledge")
    assert history.has_file(file.file.sha256, "old knowledge")
    assert not history.has_file(file.file.sha256, "new knowledge")
    better = replace(file, results=file.results.iloc[:1], ignored=pd.Series([1]))
    history.commit(better, "run-2", basis="new knowledge")
    stored = history.load()
    assert (len(stored.files), len(stored.results), stored.files[0].ignored) == (1, 1, 1)


def test_what_is_read_again_keeps_the_time_at_which_it_came(tmp_path, read):
    file = read(GOOD)
    days = iter([datetime(2026, 11, day) for day in range(1, 9)])
    with open_history(tmp_path / "labflag.db", clock=lambda: next(days)) as history:
        history.commit(file, "run-1", basis="old knowledge")
        (before,) = history.list_files()
        history.commit(file, "run-2", basis="new knowledge")
        assert [each.received_at for each in history.list_files()] == [before.received_at]


def test_counts_that_do_not_balance_are_not_stored(history, read):
    file = read(GOOD, MCV)
    with pytest.raises(RuntimeError, match="accounted for"):
        history.commit(replace(file, read=3), "run")
    assert history.load().files == ()


def test_a_file_is_in_whole_or_not_at_all(history, read, monkeypatch):
    def fail(*_):
        raise OSError

    monkeypatch.setattr("pipeline.history.stored._require_count", fail)
    with pytest.raises(OSError, match=r"^$"):
        history.commit(read(GOOD), "run")
    monkeypatch.undo()
    assert history.load().files == ()
    assert history.list_events() == ()


def test_an_empty_history_has_tables_with_the_right_types(history):
    assert_same(history.load(), combine([]))


def test_what_is_rehearsed_is_undone(tmp_path, read):
    with open_history(tmp_path / "x.db") as history:
        history.commit(read(GOOD, name="a.csv"), "run-1")
    with open_history(tmp_path / "x.db") as history:
        history.rehearse()
        history.commit(read(B12, name="b.csv"), "run-2")
        assert len(history.load().files) == 2
    with open_history(tmp_path / "x.db") as history:
        assert len(history.load().files) == 1


def test_published_state_is_kept_by_folder_and_path(history):
    one = Publication(path="patients/P1.xlsx", subject="P1", digest="a", changed_at=NOW)
    two = replace(one, path="patients/P2.xlsx", subject="P2")
    history.record_published(".", [one, two])
    history.record_published("elsewhere", [one])
    history.record_published(".", [replace(one, digest="b")])
    assert {path: each.digest for path, each in history.list_published(".").items()} == {
        "patients/P1.xlsx": "b", "patients/P2.xlsx": "a",
    }  # fmt: skip
    history.forget_published(".", ["patients/P1.xlsx"])
    assert [*history.list_published(".")] == ["patients/P2.xlsx"]
    assert history.list_published("elsewhere")["patients/P1.xlsx"] == one


def test_decisions_say_up_to_which_file_they_hold(history, read):
    history.commit(read(GOOD), "run")
    decision = history.decide("reassign", "somebody", ("P1", "P9"), {"old": "P1", "new": "P9"})
    assert (decision.last_file, decision.facts) == (1, {"old": "P1", "new": "P9"})
    assert history.list_decisions() == (decision,)
    assert history.list_events()[0].facts["decision"] == 1


def test_a_backup_holds_everything(tmp_path, history, read):
    history.commit(read(GOOD, BAD), "run")
    history.backup(tmp_path / "backup.db")
    with pytest.raises(OutputError, match="is there already"):
        history.backup(tmp_path / "backup.db")
    with open_history(tmp_path / "backup.db") as copy:
        assert_same(copy.load(), history.load())
        assert copy.load().files == history.load().files


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_nobody_else_can_read_it(tmp_path, history, read):
    history.commit(read(GOOD), "run")
    for path in tmp_path.glob("labflag.db*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    with open_history(tmp_path / "state" / "labflag.db"):
        assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


def test_it_survives_a_power_failure(history):
    with history.look() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_columns_that_were_added_since_are_added_to_an_old_history(tmp_path, read):
    file = read(GOOD, MCV)
    with open_history(tmp_path / "old.db") as history:
        history.commit(file, "run")
    with sqlite3.connect(tmp_path / "old.db") as database:
        database.execute("ALTER TABLE results DROP COLUMN comment")
        database.execute("ALTER TABLE results DROP COLUMN reference_low")
        database.execute("DROP TABLE observations")
    with open_history(tmp_path / "old.db") as history:
        assert_same(history.load(), combine([file]))


def test_a_history_of_a_newer_labflag_is_refused(tmp_path):
    open_history(tmp_path / "new.db").close()
    with sqlite3.connect(tmp_path / "new.db") as database:
        database.execute("UPDATE meta SET value = ?", (str(tables.VERSION + 1),))
    with pytest.raises(ConfigError, match="newer"):
        open_history(tmp_path / "new.db")


@pytest.mark.parametrize("content", [b"not a database at all" * 99, b"PK\x03\x04"])
def test_something_else_is_refused_and_left_alone(tmp_path, content):
    (tmp_path / "x.db").write_bytes(content)
    with pytest.raises(OutputError, match="cannot be used"):
        open_history(tmp_path / "x.db")
    assert (tmp_path / "x.db").read_bytes() == content


@pytest.mark.parametrize("url", ["mysql://x/y", "postgresql+nothing://secret@x/y", "://"])
def test_urls_that_cannot_be_used_are_refused_without_showing_them(url):
    with pytest.raises(ConfigError) as refusal:
        open_history(url)
    assert "secret" not in str(refusal.value)


def test_a_backup_has_its_name_only_once_it_is_whole(tmp_path, history, read, monkeypatch):
    history.commit(read(GOOD, name="a.csv"), "run")
    folder = tmp_path / "kept"
    folder.mkdir()

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("pipeline.history.stored.copy_all", stop)
        with pytest.raises(KeyboardInterrupt):
            history.backup(folder / "copy.db")
    assert [*folder.iterdir()] == []
    # What a backup that was killed has left aside goes with the next one of that name.
    (folder / ".labflag-copy.db-0.tmp").write_bytes(b"half")
    (folder / ".labflag-other.db-0.tmp").write_bytes(b"half")
    history.backup(folder / "copy.db")
    assert sorted(path.name for path in folder.iterdir()) == [".labflag-other.db-0.tmp", "copy.db"]
    content = (folder / "copy.db").read_bytes()
    connect_copy(folder / "copy.db").dispose()
    assert len([*folder.iterdir()]) == 2, "nothing is laid beside a copy that is read"
    assert (folder / "copy.db").read_bytes() == content


def test_a_history_of_the_first_form_is_brought_up_to_date(tmp_path):
    script = Path(__file__).with_name("history_v1.sql").read_text(encoding="utf-8")
    with sqlite3.connect(tmp_path / "v1.db") as database:
        database.executescript(script)
    for _ in range(2):
        with open_history(tmp_path / "v1.db", clock=lambda: NOW) as history:
            stored = history.load()
            assert [file.name for file in stored.files] == ["march.csv"]
            assert list(stored.results["patient_id"]) == ["P1"]
            assert list(stored.held["code"]) == ["not-a-number"]
            assert history.load_original(stored.files[0].sha256).sheets[0].header_row == 1
            (run,) = history.list_runs()
            assert (run.id, run.number, run.finished_at) == ("first", 0, NOW)
            known = history.list_published(".")["patients/P1.xlsx"]
            assert (known.digest, known.run, known.current, known.sha256) == ("d", 0, "[]", "")
    with open_history(tmp_path / "v1.db", clock=lambda: NOW) as history:
        assert history.begin_run(NOW).number == 1
        # What people type has had a place since the third form.
        assert load_typed(history, ".") == WorklistNotes()
        note = Note(patient_id="P1", topics=("anemia",), text="rang the ward")
        store_typed(history, ".", WorklistNotes(notes={"P1": note}), {})
        assert load_typed(history, ".").notes == {"P1": note}
    with sqlite3.connect(tmp_path / "v1.db") as database:
        known = dict(database.execute("SELECT key, value FROM meta").fetchall())
    assert known["version"] == "3"
    assert len(known["history"]) == 32, "told from those of other sites since the fourth form"
