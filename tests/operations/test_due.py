"""A change is stored and the program stops: the next run brings the reports up to date."""

import shutil
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from pipeline.commands import run
from pipeline.commands.context import load_tried_knowledge, pass_through
from pipeline.commands.doctor import check_up
from pipeline.commands.history import (
    back_up,
    decide_conflict,
    purge_history,
    reassign_patient,
    rebuild_reports,
    restore_history,
)
from pipeline.commands.inbox import claim_work, process_inbox
from pipeline.commands.run import run_batch
from pipeline.commands.status import look_at_site
from pipeline.commands.withdraw import find_stored, replace_file, withdraw_file
from pipeline.config import Settings
from pipeline.history.stored import open_history
from pipeline.publish.audit_check import verify_history
from pipeline.publish.audit_log import verify_site
from pipeline.reconcile.decisions import REJECT, RELEASE
from pipeline.site.location import locate_history
from tests.operations.conftest import HEADER

OLD = "P1,Aster Sample,F,1980-05-01,S1,2019-03-01,Hemoglobin,11.2,g/dL,final"
NEW = "P2,Borage Sample,M,1970-01-31,S3,2026-03-02,MCV,104,fL,final"
ONE = "P3,Clover Sample,F,1990-01-01,S4,2026-03-03,Platelets,88,10*3/uL,final"
OTHER = "P3,Clover Sample,F,1991-01-01,S5,2026-03-04,Platelets,70,10*3/uL,final"
WRONG = "P4,Daisy Sample,F,1960-02-03,S6,2026-03-04,WBC,2.1,10*3/uL,final"
NOW = datetime(2026, 11, 1, 7, 30)


class Stopped(BaseException):
    """Stands for the end of the process: nothing below catches it."""


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """Two output folders of one history, both up to date: where they are, and a copy of them."""
    place = tmp_path_factory.mktemp("due")
    site = place / "site"
    (site / "in").mkdir(parents=True)
    for number, line in enumerate((OLD, NEW, ONE, OTHER, WRONG)):
        (site / f"in/{number}.csv").write_text(HEADER + line + "\n", encoding="utf-8")
    (site / "new.csv").write_text(HEADER + OLD.replace("11.2", "10.1") + "\n", encoding="utf-8")
    for settings in list_settings(site):
        settings.inbox.mkdir()
        run_batch([site / "in"], settings, clock=clock, progress=pass_through)
        # From now on there is an inbox that is known.
        process_inbox(settings, clock=clock, progress=pass_through)
    withdraw_file(list_settings(site)[0], stored(list_settings(site)[0], "4.csv"), "x", clock=clock)
    process_inbox(list_settings(site)[1], clock=clock, progress=pass_through)
    back_up(list_settings(site)[0], site / "saved.db", clock=clock)
    shutil.copytree(site, place / "template")
    return site, place / "template"


@pytest.fixture
def folders(template):
    """The settings of both folders, as they were made."""
    site, copy = template
    shutil.rmtree(site)
    shutil.copytree(copy, site)
    return list_settings(site)


def list_settings(site):
    return [
        Settings(
            output=site / name, history=str(site / "h.db"), inbox=site / f"in-{name}", settle=0
        )
        for name in ("one", "two")
    ]


def clock():
    return NOW


def later():
    return NOW + timedelta(hours=1)


def conflict(settings):
    return look_at_site(settings).conflicts[0].hold


CHANGES = {
    "purge": lambda one: purge_history(one, date(2021, 1, 1), clock=clock),
    "reassign": lambda one: reassign_patient(one, "P1", "P8", "", "somebody", clock=clock),
    "release": lambda one: decide_conflict(one, RELEASE, conflict(one), 1, "somebody", clock=clock),
    "reject": lambda one: decide_conflict(one, REJECT, conflict(one), 1, "somebody", clock=clock),
    "restore": lambda one: restore_history(one, one.output.parent / "saved.db", clock=clock),
    "withdraw": lambda one: withdraw_file(one, stored(one, "0.csv"), "somebody", clock=clock),
    "replace": lambda one: replace_file(
        one, stored(one, "0.csv"), one.output.parent / "new.csv", "somebody", clock=clock
    ),
    "undo": lambda one: withdraw_file(
        one, stored(one, "4.csv"), "somebody", undo=True, clock=clock
    ),
    "rebuild": lambda one: rebuild_reports(one, clock=clock, progress=pass_through),
}


def stored(settings, name):
    return find_stored(settings, name, clock=clock).file


def reports(settings):
    return {
        path.relative_to(settings.output).as_posix(): path.read_bytes()
        for path in sorted(settings.output.rglob("*.xlsx"))
        if path.parent.name == "patients"
    }


def faults(settings):
    found = [*verify_site(settings.output)]
    found += verify_history(settings.output, locate_history(settings), clock)
    return [fault.what for fault in found if not fault.is_note]


def is_work(settings):
    return claim_work(settings, load_tried_knowledge(settings), clock=later) is None


@pytest.mark.parametrize("verb", CHANGES)
def test_reports_follow_in_the_next_run_and_in_the_other_folder(folders, monkeypatch, verb):
    one, two = folders
    if verb == "restore":
        # Something that the copy does not know.
        reassign_patient(one, "P2", "P9", "", "somebody", clock=clock)
        process_inbox(two, clock=clock, progress=pass_through)
        assert "patients/P9.xlsx" in reports(two)
    assert not is_work(one)
    assert not is_work(two)
    before = reports(one)

    def stop(*_, **__):
        raise Stopped

    with monkeypatch.context() as patched:
        patched.setattr(run, "update_reports", stop)
        patched.setattr(run, "publish_batch", stop)
        with pytest.raises(Stopped):
            CHANGES[verb](one)
    assert reports(one) == before, "nothing was written yet"
    assert any("run labflag again" in fault for fault in look_at_site(one).faults)
    said = [check for check in check_up(one, clock) if check.cure]
    assert any("run labflag again" in check.cure for check in said), said
    done = []
    for settings in (one, two):
        assert is_work(settings) == (settings is one or verb != "rebuild")
        process_inbox(settings, clock=later, progress=pass_through)
        assert not is_work(settings)
        assert faults(settings) == []
        assert look_at_site(settings).faults == ()
        done.append(reports(settings))
    assert [*done[0]] == [*done[1]]
    if verb != "rebuild":
        assert done[0].keys() != before.keys() or done[0] != before


def test_an_output_changed_by_hand_is_mended_by_a_rebuild_that_was_stopped(folders, monkeypatch):
    one, _ = folders
    before = reports(one)
    (one.output / "patients/P1.xlsx").write_bytes(b"another report")
    assert faults(one)

    def stop(*_, **__):
        raise Stopped

    with monkeypatch.context() as patched:
        patched.setattr(run, "publish_batch", stop)
        with pytest.raises(Stopped):
            rebuild_reports(one, clock=clock, progress=pass_through)
    # While a run is at it, or was stopped, what differs is no alarm.
    assert faults(one) == []
    process_inbox(one, clock=later, progress=pass_through)
    assert reports(one) == before
    assert faults(one) == []


def test_what_changes_while_a_run_writes_is_due_for_the_next_one(folders, monkeypatch):
    one, two = folders
    publish = run.publish_batch

    def change_meanwhile(*arguments, **others):
        done = publish(*arguments, **others)
        with open_history(one.history, clock=clock) as history:
            history.decide("reassign", "somebody", ("P1", "P8"), {"old": "P1", "new": "P8"})
        return done

    with monkeypatch.context() as patched:
        patched.setattr(run, "publish_batch", change_meanwhile)
        run_batch((), one, clock=clock, progress=pass_through)
    assert "patients/P1.xlsx" in reports(one)
    for settings in (one, two):
        assert is_work(settings)
        process_inbox(settings, clock=later, progress=pass_through)
        assert "patients/P8.xlsx" in reports(settings)
        assert not is_work(settings)


@pytest.mark.parametrize(
    "change",
    [{"language": "de"}, {"units_display": "si"}, {"all_outcomes": True}, {"profile": "mayo"}],
)
def test_reports_that_rest_on_other_words_or_rules_are_due(folders, change):
    one, _ = folders
    changed = replace(one, **change)
    assert is_work(changed)
    process_inbox(changed, clock=later, progress=pass_through)
    assert not is_work(changed)
    assert is_work(one)


def test_a_history_with_new_columns_is_reported_again(folders):
    one, _ = folders
    with open_history(one.history, clock=clock) as history, history.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE results DROP COLUMN comment")
    assert is_work(one)
    process_inbox(one, clock=later, progress=pass_through)
    assert not is_work(one)


def test_a_file_that_names_no_patient_is_due_too(folders, monkeypatch):
    one, two = folders
    (one.inbox / "empty.csv").write_text("nothing,of,ours\n1,2,3\n", encoding="utf-8")
    process_inbox(one, clock=clock, progress=pass_through)
    assert not is_work(one)
    assert is_work(two), "issues.csv of the other folder does not tell of it yet"
