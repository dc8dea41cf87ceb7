"""Where a group may write in the folder of reports, what is private stands beside it."""

import errno
import grp
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from pipeline.commands.doctor import check_up
from pipeline.commands.history import back_up, rebuild_reports, restore_history
from pipeline.commands.inbox import process_inbox
from pipeline.commands.run import run_batch
from pipeline.commands.status import look_at_site
from pipeline.config import Settings
from pipeline.errors import BusyError, Exit, OutputError
from pipeline.history.stored import open_history
from pipeline.publish.audit_check import verify_history
from pipeline.publish.audit_log import verify_site
from pipeline.site.location import locate_history
from pipeline.site.lock import find_holder
from pipeline.site.private_folder import find_private, find_record, folder_beside
from pipeline.site.workspace import open_workspace
from tests.operations.conftest import HEADER
from tests.operations.test_upkeep import pass_through

pytestmark = pytest.mark.skipif(os.name == "nt", reason="rights are POSIX")

NOW = datetime(2026, 3, 1, 12)
LINES = tuple(
    f"P{number},Aster Sample,F,1980-05-01,S{number},2026-03-01,Hemoglobin,11.2,g/dL,final\n"
    for number in range(4)
)
PRIVATE = {".labflag", "labflag.db", "audit.log"}
NOBODY = 65534
IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
EVENTS = {"os.link", "os.rename", "os.remove", "os.rmdir", "os.mkdir"}


def clock():
    return NOW


@pytest.fixture
def lab():
    """A folder that other accounts may enter, unlike those of pytest."""
    with tempfile.TemporaryDirectory(prefix="labflag-test-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def run(lab, mode, *lines, **options):
    settings = Settings(output=lab / "reports", report_mode=mode, **options)
    sources = []
    if lines:
        sources = [lab / f"{abs(hash(lines))}.csv"]
        sources[0].write_text(HEADER + "".join(lines))
    batch, _ = run_batch(sources, settings, clock=clock, progress=pass_through)
    return batch


def names(folder):
    return set(os.listdir(folder)) if folder.exists() else set()


def require_well(settings):
    """Everything that looks at a site finds what is private, and nothing that is wrong."""
    place = locate_history(settings)
    faults = [*verify_site(settings.output), *verify_history(settings.output, place, clock)]
    assert [fault.what for fault in faults if not fault.is_note] == []
    assert look_at_site(settings).faults == ()
    checks = {check.subject: check for check in check_up(settings, datetime.now)}
    assert checks["rights"].is_well if "rights" in checks else True
    assert checks["history"].is_well
    return look_at_site(settings).files


@pytest.mark.parametrize("mode", ["0660", "0640", "0600", "0620"])
def test_where_the_private_folder_is(lab, mode):
    settings = Settings(output=lab / "reports", report_mode=mode)
    run(lab, mode, LINES[0])
    beside = lab / ".reports.labflag"
    if mode in ("0660", "0620"):
        assert names(lab / "reports") & PRIVATE == set()
        assert names(beside) >= {"labflag.db", "audit.log", "audit.head", "audit.salt", "lock"}
        assert stat.S_IMODE(beside.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in beside.iterdir()} == {0o600}
    else:
        assert names(lab / "reports") >= PRIVATE
        assert not beside.exists()
    assert require_well(settings) == 1


def test_a_site_is_moved_over_and_back(lab):
    for number, mode in enumerate(("0640", "0660", "0660", "0640")):
        settings = Settings(output=lab / "reports", report_mode=mode)
        run(lab, mode, LINES[number])
        assert require_well(settings) == number + 1
        with open_history(locate_history(settings).where) as history:
            assert len(history.list_runs(9)) == number + 1
    assert (lab / "reports/labflag.db").stat().st_nlink == 1
    assert not folder_beside(lab / "reports").exists()


def test_all_that_looks_after_a_history_finds_it(lab):
    settings = Settings(output=lab / "reports", report_mode="0640")
    run(lab, "0640", LINES[0])
    # Before the first run with the new setting, and after.
    settings = replace(settings, report_mode="0660")
    assert require_well(settings) == 1
    back_up(settings, lab / "saved.db", clock=clock)
    rebuild_reports(settings, clock=clock, progress=pass_through)
    assert names(lab / "reports") & PRIVATE == set()
    run(lab, "0660", LINES[1])
    back_up(settings, lab / "more.db", clock=clock)
    restore_history(replace(settings, report_mode="0640"), lab / "saved.db", clock=clock)
    assert require_well(settings) == 1
    restore_history(settings, lab / "more.db", clock=clock)
    assert require_well(settings) == 2
    (lab / "reports/manifest.json").unlink()
    run(lab, "0660", LINES[2])
    assert require_well(settings) == 3


def test_the_inbox_is_still_the_one_that_it_was(lab, knowledge):
    (lab / "inbox").mkdir()
    settings = Settings(output=lab / "reports", inbox=lab / "inbox", settle=0)
    for number, mode in enumerate(("0640", "0660", "0640")):
        (lab / f"inbox/{number}.csv").write_text(HEADER + LINES[number])
        chosen = replace(settings, report_mode=mode)
        done = process_inbox(chosen, clock=clock, progress=pass_through, knowledge=knowledge)
        assert sum(done.filed.values()) == 1
    assert require_well(chosen) == 3


def fill_and_die(path):
    """Leave a database behind whose content stands in a side file, as a killed run does."""
    pid = os.fork()
    if not pid:
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (x)")
        connection.execute("INSERT INTO t VALUES (7)")
        connection.commit()
        os._exit(0)
    os.waitpid(pid, 0)
    assert path.with_name(f"{path.name}-wal").stat().st_size > 0


@pytest.fixture
def small(lab):
    """A site with something in each file that is moved, made without a run."""

    def make(mode):
        shutil.rmtree(lab)
        lab.mkdir(mode=0o755)
        output = lab / "reports"
        with open_workspace(output, clock, mode) as private:
            for name in ("audit.salt", "audit.head", "inbox.json", "worklist.xlsx"):
                (private / name).write_text(name)
            find_record(output, "audit.log").write_text("audit.log")
            fill_and_die(find_record(output, "labflag.db"))
        return output

    return make


def require_all(output):
    private = find_private(output)
    for name in ("audit.salt", "audit.head", "inbox.json", "worklist.xlsx"):
        assert (private / name).read_text() == name
    assert find_record(output, "audit.log").read_text() == "audit.log"
    with closing(sqlite3.connect(find_record(output, "labflag.db"))) as connection:
        assert connection.execute("SELECT x FROM t").fetchall() == [(7,)]


def killed_at(number, output, mode):
    """Hold the workspace in a process that is killed at a change of a name; whether it was."""
    pid = os.fork()
    if not pid:
        left = iter(range(number))

        def count(event, _):
            if event in EVENTS and next(left, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            sys.addaudithook(count)
            with open_workspace(output, clock, mode):
                pass
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


@pytest.mark.parametrize("then", ["0660", "0640"])
@pytest.mark.parametrize(("before", "after"), [("0640", "0660"), ("0660", "0640")])
def test_a_move_that_is_killed_is_finished_by_the_next_run(small, before, after, then):
    number = 0
    output = small(before)
    while killed_at(number, output, after):
        require_all(output)
        with open_workspace(output, clock, then) as private:
            require_all(output)
        assert private == find_private(output)
        beside = folder_beside(output)
        if then == "0660":
            assert names(output) & PRIVATE == set()
        else:
            assert not beside.exists()
        assert find_record(output, "labflag.db").stat().st_nlink == 1
        require_all(output)
        number += 1
        output = small(before)
    assert number > 15, "every change of a name was met"


@pytest.mark.parametrize(("before", "after"), [("0640", "0660"), ("0660", "0640")])
def test_two_runs_with_two_settings_are_never_at_work(small, before, after):
    output = small(before)
    with open_workspace(output, clock, before):
        with pytest.raises(BusyError), open_workspace(output, clock, after):
            pass
        assert find_holder(find_private(output)) is not None
    with open_workspace(output, clock, after):
        for mode in (before, after):
            with pytest.raises(BusyError), open_workspace(output, clock, mode):
                pass
    require_all(output)


def test_a_history_that_is_in_use_is_not_moved(small, monkeypatch):
    output = small("0640")
    with closing(sqlite3.connect(output / "labflag.db")) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT x FROM t").fetchall()
        monkeypatch.setattr("pipeline.history.store.engine._BUSY_SECONDS", 0)
        with (
            pytest.raises(OutputError, match="locked"),
            open_workspace(output, clock, "0660"),
        ):
            pass
    require_all(output)
    with open_workspace(output, clock, "0660"):
        require_all(output)


def test_what_is_in_the_way_is_not_replaced(small):
    output = small("0660")
    (output / "labflag.db").write_text("planted")
    with (
        pytest.raises(OutputError, match="is in the way of"),
        open_workspace(output, clock, "0640"),
    ):
        pass
    assert (output / "labflag.db").read_text() == "planted"
    require_all(output)


@pytest.mark.parametrize("name", ["labflag.db", "audit.log", ".labflag/audit.salt"])
@pytest.mark.parametrize("kind", ["link", "second name"])
def test_a_link_is_not_moved_over(small, lab, name, kind):
    output = small("0640")
    (output / name).rename(lab / "elsewhere")
    if kind == "link":
        (output / name).symlink_to(lab / "elsewhere")
    else:
        os.link(lab / "elsewhere", output / name)
    with (
        pytest.raises(OutputError, match="is a link, belongs to another account or"),
        open_workspace(output, clock, "0660"),
    ):
        pass
    assert (lab / "elsewhere").exists()
    assert find_private(output) == output / ".labflag"


def test_what_lies_in_the_folder_of_reports_chooses_nothing(lab):
    run(lab, "0660", LINES[0])
    planted = lab / "reports/.labflag"
    planted.mkdir()
    for name in ("in-use", "lock", "audit.salt"):
        (planted / name).write_text("planted")
    (lab / "reports/labflag.db").write_text("planted")
    (lab / "reports/audit.log").write_text("planted")
    if IS_ROOT:
        os.chown(planted, NOBODY, NOBODY)
    run(lab, "0660", LINES[1])
    assert require_well(Settings(output=lab / "reports", report_mode="0660")) == 2
    assert (lab / "reports/labflag.db").read_text() == "planted"


@pytest.mark.skipif(not IS_ROOT, reason="only root can make a folder for another account")
def test_a_private_folder_of_another_account_is_refused(small):
    output = small("0660")
    os.chown(folder_beside(output), NOBODY, NOBODY)
    with (
        pytest.raises(OutputError, match="belongs to another account"),
        open_workspace(output, clock, "0660"),
    ):
        pass


def test_beside_on_another_file_system_is_refused(small, monkeypatch):
    output = small("0640")

    def fail(*_args, **_named):
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", fail)
    with (
        pytest.raises(OutputError, match="as the folder of reports"),
        open_workspace(output, clock, "0660"),
    ):
        pass
    monkeypatch.undo()
    require_all(output)
    with open_workspace(output, clock, "0640"):
        assert not folder_beside(output).exists()


def test_doctor_names_a_parent_in_which_others_may_write(lab):
    run(lab, "0660", LINES[0])
    settings = Settings(output=lab / "reports", report_mode="0660")
    checks = {check.subject: check for check in check_up(settings, datetime.now)}
    assert checks["private folder"].is_well
    lab.chmod(0o775)
    checks = {check.subject: check for check in check_up(settings, datetime.now)}
    assert checks["private folder"].cure == f"chmod go-w {lab}"


@pytest.mark.skipif(not IS_ROOT, reason="only root can act as another account")
def test_a_member_of_the_group_saves_the_worklist_and_reaches_nothing_private(lab):
    group = next(each for each in grp.getgrall() if each.gr_gid not in (0, NOBODY))
    run(lab, "0660", LINES[0], report_group=group.gr_name)

    def act(script):
        done = subprocess.run(
            ["/bin/sh", "-c", script],
            cwd=lab, user=NOBODY, group=group.gr_gid, extra_groups=[],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.returncode == 0

    # As Excel and LibreOffice do: under another name, then renamed.
    assert act("cp reports/worklist.xlsx reports/5A2F && mv -f reports/5A2F reports/worklist.xlsx")
    assert (lab / "reports/worklist.xlsx").stat().st_uid == NOBODY
    assert act("cat reports/patients/P0.xlsx > /dev/null")
    for attempt in (
        "mv .reports.labflag elsewhere", "ls .reports.labflag", "cat .reports.labflag/labflag.db",
        "ln -s /tmp .reports.labflag/tmp-x", "mv reports elsewhere", "rm .reports.labflag/lock",
        "ln .reports.labflag/labflag.db reports/z", "mkdir .reports.labflag/x",
    ):  # fmt: skip
        assert not act(attempt), attempt
    batch = run(lab, "0660", LINES[1], report_group=group.gr_name)
    assert batch.exit_code == Exit.DONE
    found = (lab / "reports/worklist.xlsx").stat()
    assert (found.st_uid, found.st_gid) == (0, group.gr_gid)
    assert require_well(Settings(output=lab / "reports", report_mode="0660")) == 2
