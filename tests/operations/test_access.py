"""Who may write in a folder of reports gains no rights by it, whatever is put there."""

import os
import stat
import tempfile
from datetime import datetime
from pathlib import Path

import pytest

from pipeline.commands.inbox import process_inbox
from pipeline.commands.run import run_batch
from pipeline.commands.site_checks import look_at_outputs
from pipeline.config import Settings
from pipeline.errors import InboxError, LabflagError, OutputError
from pipeline.files.durable import make_folder, write_text
from pipeline.files.exchange import keep_as, replace_keeping
from pipeline.files.folder import NotPlainError, open_below, open_folder, read_plain
from pipeline.history.stored import open_history
from pipeline.publish.access import choose_access, grant_access
from pipeline.publish.delivery import Delivery, deliver
from pipeline.publish.manifest import list_locked
from pipeline.site import inbox as inbox_module
from pipeline.site.heartbeat import read_heartbeat
from pipeline.site.lock import hold_lock
from pipeline.site.setup import make_site
from pipeline.site.workspace import open_workspace
from tests.operations.conftest import HEADER
from tests.operations.test_upkeep import pass_through

pytestmark = pytest.mark.skipif(os.name == "nt", reason="rights and links are POSIX")

NOW = datetime(2026, 3, 1, 12)
GOOD = "P1,Aster Sample,F,1980-05-01,S1,2026-03-01,Hemoglobin,11.2,g/dL,final\n"
SPOILT = "P2,Borage Sample,M,1970-01-31,S2,2026-03-02,Hemoglobin,odd,g/dL,final\n"
NOBODY = 65534
FILED = ("archive", "quarantine", "duplicates")
SECRET = b"of somebody else"
IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


def clock():
    return NOW


@pytest.fixture
def secret(tmp_path):
    """A file outside the folder of reports that nobody else may read."""
    path = tmp_path / "home" / "id"
    path.parent.mkdir(mode=0o700)
    path.write_bytes(SECRET)
    path.chmod(0o600)
    return path


@pytest.fixture
def reports(tmp_path):
    """A folder of reports as a run leaves it, but for the contents."""
    folder = tmp_path / "reports"
    for name in ("patients", "held"):
        make_folder(folder / name)
    for name in ("patients/P1.xlsx", "held/march.xlsx", "worklist.xlsx", "heartbeat.json"):
        write_text("x", folder / name)
    return folder


def link(secret, place):
    place.symlink_to(secret)


def dangling(secret, place):
    place.symlink_to(secret.with_name("not there"))


def link_to_folder(secret, place):
    place.symlink_to(secret.parent)


def hard_link(secret, place):
    os.link(secret, place)


def folder(secret, place):
    place.mkdir(mode=0o700)


def pipe(secret, place):
    os.mkfifo(place, 0o600)


KINDS = (link, dangling, link_to_folder, hard_link, folder, pipe)
NAMES = (
    "patients/z.xlsx", "patients/.hidden", "held/z.xlsx", "worklist.xlsx", "findings.csv",
    "issues.csv", "index.html", "manifest.json", "heartbeat.json",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_report_keeps_its_rights_and_is_named(reports, secret, kind, name):
    (reports / name).unlink(missing_ok=True)
    kind(secret, reports / name)
    before = (reports / name).lstat().st_mode
    grant_access(reports, choose_access("0660", ""))
    assert (mode_of(secret), mode_of(secret.parent)) == (0o600, 0o700)
    assert (reports / name).lstat().st_mode == before
    assert mode_of(reports / "patients/P1.xlsx") == 0o660, "the others have theirs"
    (fault,) = [check for check in look_at_outputs(reports) if "second name" in check.said]
    assert fault.said.endswith(": 1. Their rights stay as they are")
    assert name.rpartition("/")[2] not in fault.said
    assert fault.cure


@pytest.mark.skipif(not IS_ROOT, reason="only root has files of another account at hand")
def test_a_file_of_another_account_keeps_its_rights(reports):
    for name in ("patients/P1.xlsx", "worklist.xlsx"):
        os.chown(reports / name, NOBODY, NOBODY)
        (reports / name).chmod(0o604)
    grant_access(reports, choose_access("0660", ""))
    assert mode_of(reports / "patients/P1.xlsx") == 0o604
    (fault,) = [check for check in look_at_outputs(reports) if "second name" in check.said]
    assert str(reports / "patients") in fault.said, "a person who saves the worklist owns it"


@pytest.mark.parametrize("name", ["patients", "held", ".labflag"])
@pytest.mark.parametrize("kind", [link, dangling, link_to_folder, pipe])
def test_a_folder_that_is_a_link_is_not_worked_in(tmp_path, secret, kind, name):
    leftover = secret.with_name(".labflag-x.tmp")
    leftover.write_bytes(b"x")
    (tmp_path / "out").mkdir(mode=0o750)
    kind(secret, tmp_path / "out" / name)
    said = f"{name} is a link, or no folder"
    with pytest.raises(OutputError, match=said), open_workspace(tmp_path / "out", clock, "0640"):
        pass
    assert leftover.exists()
    assert [mode_of(path) for path in (secret, secret.parent)] == [0o600, 0o700]
    assert [path.name for path in (tmp_path / "out").iterdir()] == [name]
    assert any(said in check.said and check.cure for check in look_at_outputs(tmp_path / "out"))


def test_a_folder_that_is_a_link_stops_the_run(labflag, tmp_path, secret):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/patients").symlink_to(secret.parent)
    (tmp_path / "march.csv").write_text(HEADER + GOOD)
    done = labflag("run", "march.csv", "-o", "out")
    assert (done.returncode, os.listdir(secret.parent)) == (5, ["id"])
    assert "out/patients is a link, or no folder" in done.stderr
    checked = labflag("doctor", "-o", "out")
    assert checked.returncode == 1
    assert "out/patients is a link, or no folder" in checked.stdout


def run(tmp_path, *lines, **options):
    (tmp_path / "march.csv").write_text(HEADER + "".join(lines))
    settings = Settings(output=tmp_path / "out", **options)
    return run_batch([tmp_path / "march.csv"], settings, clock=clock, progress=pass_through)


def test_a_report_takes_the_place_of_a_link(tmp_path, secret):
    kinds = (link, dangling, link_to_folder, hard_link, pipe)
    people = [GOOD.replace("P1", f"P{number}").replace("S1", f"S{number}") for number in range(5)]
    run(tmp_path, *people, report_mode="0660")
    for number, kind in enumerate(kinds):
        (tmp_path / f"out/patients/P{number}.xlsx").unlink()
        kind(secret, tmp_path / f"out/patients/P{number}.xlsx")
    for kind, name in zip(kinds, ("findings.csv", "index.html", "issues.csv"), strict=False):
        (tmp_path / "out" / name).unlink()
        kind(secret, tmp_path / "out" / name)
    run(tmp_path, *people, SPOILT, report_mode="0660")
    assert (secret.read_bytes(), mode_of(secret)) == (SECRET, 0o600)
    reports = [*(tmp_path / "out").glob("*.[xch]*"), *(tmp_path / "out/patients").iterdir()]
    assert len(reports) == 9
    assert {path.lstat().st_mode for path in reports} == {stat.S_IFREG | 0o660}


def test_a_folder_in_the_place_of_a_report_is_left_and_the_run_goes_on(tmp_path):
    run(tmp_path, GOOD)
    (tmp_path / "out/patients/P1.xlsx").unlink()
    (tmp_path / "out/patients/P1.xlsx").mkdir()
    batch, _ = run(tmp_path, GOOD, GOOD.replace("S1", "S9"))
    assert batch.locked == ("patients/P1.xlsx",)
    (tmp_path / "out/patients/P1.xlsx").rmdir()
    batch, _ = run(tmp_path, GOOD)
    assert (tmp_path / "out/patients/P1.xlsx").is_file()


def test_nothing_waits_for_a_pipe(reports):
    for name in ("heartbeat.json", "manifest.json"):
        (reports / name).unlink(missing_ok=True)
        os.mkfifo(reports / name)
    assert read_heartbeat(reports) == {}
    assert list_locked(reports) == ()


@pytest.fixture
def swapped(tmp_path, secret):
    """A folder that is held open while its name becomes a link to another one."""
    (tmp_path / "patients").mkdir(mode=0o700)
    with open_folder(tmp_path / "patients") as opened:
        (tmp_path / "patients").rename(tmp_path / "moved")
        (tmp_path / "patients").symlink_to(secret.parent)
        yield opened
    assert os.listdir(secret.parent) == ["id"]
    assert (secret.read_bytes(), mode_of(secret), mode_of(secret.parent)) == (SECRET, 0o600, 0o700)


def test_a_link_that_comes_in_between_is_not_followed(swapped, tmp_path):
    aside = swapped.write_aside(b"new", 0o640)
    swapped.replace(aside, "id")
    swapped.write_aside(b"torn", 0o640)
    swapped.sweep()
    swapped.set_rights(0o770)
    assert [(path.name, mode_of(path)) for path in (tmp_path / "moved").iterdir()] == [
        ("id", 0o640)
    ]
    assert mode_of(tmp_path / "moved") == 0o770
    swapped.remove("id")
    swapped.remove("id")


def test_no_link_is_followed_on_the_way(tmp_path, secret):
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/c").symlink_to(secret.parent)
    with open_below(tmp_path / "a", tmp_path / "a/b") as opened:
        assert opened.list_names() == []
    with pytest.raises(NotADirectoryError), open_below(tmp_path, tmp_path / "a/c"):
        pass
    with pytest.raises(OutputError):
        deliver([Delivery(path=tmp_path / "a/c/x.xlsx", content=b"")])
    assert os.listdir(secret.parent) == ["id"]


@pytest.mark.parametrize("kind", [link, link_to_folder, dangling, pipe, folder])
def test_only_plain_files_are_read(tmp_path, secret, kind):
    kind(secret, tmp_path / "x")
    with pytest.raises(NotPlainError):
        read_plain(tmp_path / "x")


@pytest.mark.parametrize("kind", [link, dangling, link_to_folder, pipe, hard_link])
def test_a_lock_that_is_none_is_refused(tmp_path, secret, kind):
    (tmp_path / "private").mkdir()
    kind(secret, tmp_path / "private/lock")
    with pytest.raises(OutputError), hold_lock(tmp_path / "private", clock, tmp_path):
        pass
    assert (secret.read_bytes(), mode_of(secret)) == (SECRET, 0o600)
    assert os.listdir(secret.parent) == ["id"]


@pytest.mark.parametrize("ending", ["", "-wal", "-shm", "-journal"])
@pytest.mark.parametrize("kind", [link, dangling, link_to_folder, pipe, folder])
def test_a_history_that_is_a_link_is_refused(tmp_path, secret, kind, ending):
    secret.chmod(0o644)
    kind(secret, tmp_path / f"labflag.db{ending}")
    with pytest.raises(OutputError, match="it is a link, or no plain file"):
        open_history(tmp_path / "labflag.db")
    assert (secret.read_bytes(), mode_of(secret)) == (SECRET, 0o644)
    assert os.listdir(secret.parent) == ["id"]


@pytest.mark.parametrize("name", ["audit.log", ".labflag/audit.salt"])
def test_a_log_that_is_a_link_is_refused(tmp_path, secret, name):
    run(tmp_path, GOOD)
    (tmp_path / "out" / name).unlink()
    (tmp_path / "out" / name).symlink_to(secret)
    with pytest.raises(OutputError):
        run(tmp_path, GOOD)
    assert secret.read_bytes() == SECRET


@pytest.mark.parametrize("kind", [link, dangling, link_to_folder, folder, pipe])
def test_what_is_kept_in_place_of_a_worklist_keeps_its_rights(tmp_path, secret, kind):
    kind(secret, tmp_path / "old")
    before = (tmp_path / "old").lstat().st_mode
    keep_as(tmp_path / "old", tmp_path / "kept")
    assert (tmp_path / "kept").lstat().st_mode == before
    assert mode_of(secret) == 0o600


def test_of_a_worklist_with_a_second_name_a_copy_is_kept(tmp_path, secret):
    secret.chmod(0o664)
    os.link(secret, tmp_path / "old")
    keep_as(tmp_path / "old", tmp_path / "kept")
    assert ((tmp_path / "kept").read_bytes(), mode_of(tmp_path / "kept")) == (SECRET, 0o600)
    assert mode_of(secret) == 0o664
    assert not (tmp_path / "old").exists()


def test_temporary_names_cannot_be_foreseen(tmp_path, monkeypatch):
    names = []
    for _ in range(2):
        with open_folder(tmp_path) as opened:
            names.append(opened.write_aside(b"", 0o600))
        with open_workspace(tmp_path / "out", clock, "0640"):
            names.append(Path(tempfile.gettempdir()).name)
        monkeypatch.setattr("pipeline.files.exchange._find_call", lambda: None)
        for name in ("new", "old"):
            (tmp_path / name).write_bytes(b"")
        names.append(replace_keeping(tmp_path / "new", tmp_path / "old").name)
    assert len(set(names)) == 6


@pytest.fixture
def lab(tmp_path):
    made = make_site(tmp_path / "lab")
    folders = {name: made.folder / name for name in ("inbox", *FILED)}
    return made.folder, Settings(output=made.folder / "reports", settle=0, **folders)


def drop(place, content, mode, name="march.csv"):
    (place / "inbox" / name).write_text(content)
    (place / "inbox" / name).chmod(mode)


@pytest.fixture
def make_round(knowledge):
    def make(settings):
        return process_inbox(settings, clock=clock, progress=pass_through, knowledge=knowledge)

    return make


def filed(place, kind):
    return {
        path.relative_to(place / kind).as_posix(): mode_of(path)
        for path in (place / kind).rglob("*")
        if path.is_file()
    }


def test_inputs_that_are_filed_lose_the_rights_of_everybody(lab, make_round):
    place, settings = lab
    before = os.umask(0)
    try:
        drop(place, HEADER + GOOD, 0o644)
        drop(place, HEADER + SPOILT, 0o666, "spoilt.csv")
        make_round(settings)
        drop(place, HEADER + GOOD, 0o607, "again.csv")
        make_round(settings)
    finally:
        os.umask(before)
    assert filed(place, "archive") == {"2026/03/march.csv": 0o640}
    assert filed(place, "duplicates") == {"2026/03/again.csv": 0o600}
    assert filed(place, "quarantine") == {
        "2026/03/spoilt.csv": 0o660,
        "2026/03/reasons/spoilt.csv.held.xlsx": 0o640,
        "2026/03/reasons/spoilt.csv.txt": 0o640,
    }


def test_a_link_or_a_second_name_that_is_filed_keeps_its_rights(lab, make_round, secret):
    place, settings = lab
    secret.chmod(0o604)
    (place / "inbox/link.csv").symlink_to(secret)
    os.link(secret, place / "inbox/second.csv")
    make_round(settings)
    assert mode_of(secret) == 0o604
    assert not [*(place / "inbox").glob("*.csv")]


@pytest.mark.parametrize("at", ["close_to_world", "move"])
def test_rights_are_taken_also_after_a_run_that_was_stopped(lab, make_round, monkeypatch, at):
    place, settings = lab
    drop(place, HEADER + GOOD, 0o644)
    real, calls = getattr(inbox_module, at), []

    def stop(*given):
        calls.append(given)
        # The first move is that into the folder of claims.
        if at == "close_to_world" or len(calls) > 1:
            raise KeyboardInterrupt
        real(*given)

    monkeypatch.setattr(inbox_module, at, stop)
    with pytest.raises(KeyboardInterrupt):
        make_round(settings)
    monkeypatch.undo()
    assert filed(place, "archive") == {}
    make_round(settings)
    assert filed(place, "archive") == {"2026/03/march.csv": 0o640}


@pytest.mark.parametrize("kind", [*FILED, ".labflag-claimed"])
def test_a_sender_moves_no_files_elsewhere(lab, make_round, secret, kind):
    place, settings = lab
    settings = Settings(output=settings.output, inbox=settings.inbox, settle=0)
    (place / "inbox" / kind).symlink_to(secret.parent)
    drop(place, HEADER + GOOD, 0o644)
    with pytest.raises(InboxError, match="is a link, or no folder"):
        make_round(settings)
    assert os.listdir(secret.parent) == ["id"]
    assert (place / "inbox/march.csv").exists()


@pytest.mark.parametrize("below", ["2026", "2026/03"])
def test_nothing_is_filed_through_a_link(lab, make_round, secret, below):
    place, settings = lab
    (place / "archive" / below).parent.mkdir(exist_ok=True)
    (place / "archive" / below).symlink_to(secret.parent)
    if below == "2026":
        (secret.parent / "03").mkdir()
    drop(place, HEADER + GOOD, 0o644)
    with pytest.raises(LabflagError, match="it is a link, or no folder"):
        make_round(settings)
    assert not [*secret.parent.rglob("*.csv")]
    (place / "archive" / below).unlink()
    make_round(settings)
    assert [*filed(place, "archive")] == ["2026/03/march.csv"]
