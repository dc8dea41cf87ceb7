"""A new site, the lines that start it, rights on reports, and what doctor finds."""

import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pipeline.commands.context import pass_through
from pipeline.commands.doctor import check_up
from pipeline.commands.history import rebuild_reports
from pipeline.commands.inbox import process_inbox
from pipeline.commands.site_checks import examine_site
from pipeline.config import KEYS, load_settings
from pipeline.errors import ConfigError, OutputError
from pipeline.files import file_systems
from pipeline.history.stored import open_history
from pipeline.publish.access import choose_access, grant_access
from pipeline.site.heartbeat import write_heartbeat
from pipeline.site.inbox import locate_inbox, open_inbox
from pipeline.site.location import locate_history
from pipeline.site.setup import cron_line, make_site
from pipeline.site.workspace import open_workspace

NOW = datetime.now()


@pytest.fixture
def site(tmp_path):
    return make_site(tmp_path / "a laboratory")


def settings_of(site, **options):
    return load_settings(site.folder / "labflag.toml", **options)


def faults_of(settings, now=None):
    return [
        (check.subject, check.said)
        for check in examine_site(settings, lambda: now or datetime.now())
        if not check.is_well
    ]


def test_a_site_is_made_once_and_well(site):
    settings = settings_of(site)
    assert settings.inbox == site.folder / "inbox"
    assert settings.archive == site.folder / "archive"
    assert settings.output == site.folder / "reports"
    assert faults_of(settings) == []
    explained = (site.folder / "README.txt").read_text()
    assert all(line in explained for line in (site.cron_line, site.task_line, site.watch_line))
    with pytest.raises(OutputError, match="is there already"):
        make_site(site.folder)


def test_what_an_init_that_was_stopped_has_left_is_removed(tmp_path):
    folder = tmp_path / "lab"
    folder.mkdir()
    (folder / ".labflag-0.tmp").write_text("half")
    make_site(folder)
    assert not [*folder.glob(".labflag-*")]


def test_every_setting_in_the_configuration_is_one(site):
    text = (site.folder / "labflag.toml").read_text()
    commented = "\n".join(
        line.removeprefix("# ") if " = " in line or line.startswith("# [") else line
        for line in text.splitlines()
    )
    (site.folder / "knowledge").mkdir()
    (site.folder / "labflag.toml").write_text(commented)
    settings = settings_of(site)
    assert (settings.report_group, settings.decimal) == ("laboratory", ",")


def test_lines_name_whole_paths(site):
    *schedule, python, flag, module, package, verb, quiet, option, config = shlex.split(
        site.cron_line
    )
    assert (len(schedule), python, flag, module, package) == (
        5,
        sys.executable,
        "-I",
        "-m",
        "pipeline",
    )
    assert (verb, quiet, option, config) == (
        "run",
        "--quiet",
        "--config",
        str(site.folder / "labflag.toml"),
    )


def test_a_path_that_a_crontab_would_cut_is_refused(tmp_path):
    with pytest.raises(OutputError, match="must not hold"):
        make_site(tmp_path / "100%")


@pytest.mark.parametrize("mode", ["0644", "0777", "0400", "0040", "0642"])
def test_reports_are_never_for_everybody(mode):
    with pytest.raises(ConfigError, match="never by everybody"):
        choose_access(mode, "")


def test_a_group_must_exist():
    with pytest.raises(ConfigError, match="no group"):
        choose_access("0640", "no-such-group-here")


@pytest.mark.parametrize(
    ("mode", "file", "folder"),
    [("0640", 0o640, 0o750), ("660", 0o660, 0o770), ("0600", 0o600, 0o700)],
)
def test_rights_of_reports_whatever_the_umask(tmp_path, mode, file, folder):
    before = os.umask(0)
    try:
        with open_workspace(tmp_path / "out", lambda: NOW, "0640"):
            (tmp_path / "out/patients").mkdir(mode=0o777)
            for name in ("patients/P1.xlsx", "worklist.xlsx", "audit.log", "labflag.db"):
                (tmp_path / "out" / name).write_bytes(b"")
            grant_access(tmp_path / "out", choose_access(mode, ""))
    finally:
        os.umask(before)
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in [tmp_path / "out", *(tmp_path / "out").rglob("*")]
    }
    assert modes == {
        "out": folder, "patients": folder, "P1.xlsx": file, "worklist.xlsx": file,
        "audit.log": 0o600, "labflag.db": 0o600, ".labflag": 0o700, "lock": 0o600,
    }  # fmt: skip


def test_doctor_names_what_is_wrong(site, monkeypatch, tmp_path):
    settings = settings_of(site)
    (site.folder / "inbox").chmod(0o777)
    assert [subject for subject, _ in faults_of(settings)] == ["inbox"]
    (site.folder / "inbox").rmdir()
    assert faults_of(settings) == [("inbox", f"{site.folder / 'inbox'} is not there")]
    (site.folder / "inbox").mkdir()
    (site.folder / "inbox/.labflag-claimed/7").mkdir(parents=True)
    assert faults_of(settings) == [("inbox", "taken and not filed yet: 1")]
    (site.folder / "inbox/.labflag-claimed/7").rmdir()
    write_heartbeat(settings.output, NOW + timedelta(days=1), exit_code=0)
    assert [subject for subject, _ in faults_of(settings)] == ["clock"]
    write_heartbeat(settings.output, NOW, exit_code=0)
    assert [subject for subject, _ in faults_of(settings, NOW + timedelta(hours=1))] == ["clock"]
    assert faults_of(settings_of(site, report_group="no-such-group"))[0][0] == "report rights"
    (tmp_path / "mounts").write_text(
        f"disk / ext4 rw 0 0\nshare {str(site.folder).replace(' ', chr(92) + '040')} cifs rw 0 0\n"
    )
    monkeypatch.setattr(file_systems, "_MOUNTS", tmp_path / "mounts")
    assert faults_of(settings) == [("file system", "reports are on cifs")]


def ill(settings):
    return [(check.subject, check.said) for check in check_up(settings, datetime.now) if check.cure]


def test_doctor_looks_at_the_history(site):
    settings = settings_of(site)
    assert ill(settings) == []
    assert not (site.folder / "reports/labflag.db").exists()
    database = site.folder / "reports/labflag.db"
    with open_history(database) as history:
        run = history.begin_run(NOW)
    assert ill(settings)[0][0] == "history"
    assert "did not come to its end" in ill(settings)[0][1]
    with open_history(database) as history:
        history.finish_run(run)
    assert ill(settings) == []
    content = bytearray(database.read_bytes())
    content[4096 * 2 : 4096 * 4] = bytes(4096 * 2)
    database.write_bytes(content)
    assert [subject for subject, _ in ill(settings)] == ["history"]
    database.write_bytes(b"no database" * 1000)
    assert [subject for subject, _ in ill(settings)] == ["history"]


def test_doctor_looks_at_the_rules_and_layouts(site):
    folder = site.folder / "own"
    folder.mkdir()
    settings = settings_of(site, knowledge=folder)
    assert ill(settings) == []
    (folder / "limits.toml").write_text("[[limit]]\nid = 'x'\n")
    ((subject, said),) = ill(settings)
    assert subject == "rules"
    assert "limits.toml" in said
    ((subject, said),) = ill(settings_of(site, layout="no-such-layout"))
    assert (subject, "no layout named" in said) == ("layout", True)
    ((subject, said),) = ill(settings_of(site, layout="none.toml"))
    assert (subject, said) == ("layout", "none.toml: cannot be read: No such file or directory")


def test_doctor_knows_the_inbox_by_its_mark(site):
    settings = settings_of(site)
    inbox = locate_inbox(settings.inbox, settings.archive, settings.quarantine, settings.duplicates)
    with open_workspace(settings.output, lambda: NOW, "0640") as private:
        open_inbox(inbox, private)
    assert ill(settings) == []
    inbox.claimed.rename(site.folder / "away")
    ((subject, said),) = ill(settings)
    assert (subject, "not the inbox that it was" in said) == ("inbox mark", True)
    (site.folder / "away").rename(inbox.claimed)
    (inbox.claimed / "owner").write_text("of somebody else")
    ((subject, said),) = ill(settings)
    assert (subject, "another output folder" in said) == ("inbox mark", True)


def test_the_line_in_the_manual_is_the_one_that_is_made():
    """A copy of it works in an empty environment: test_rounds tries the line of a site."""
    manual = (Path(__file__).parents[2] / "docs/unattended.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^    (\*/10 .*)$", manual, flags=re.M)
    made = cron_line(Path("/srv/lab/labflag.toml"))
    assert line.replace("/opt/labflag/.venv/bin/python", shlex.quote(sys.executable)) == made


def test_doctor_ends_with_a_code(site):
    command = [
        sys.executable,
        "-m",
        "pipeline",
        "doctor",
        "--config",
        str(site.folder / "labflag.toml"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    (site.folder / "quarantine").rmdir()
    (site.folder / "quarantine").write_text("")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "FAULT quarantine" in done.stdout


def test_doctor_knows_every_network_file_system_that_the_history_avoids(
    site, tmp_path, monkeypatch
):
    """One list: what is no place for a history is no place for reports either."""
    settings = settings_of(site)
    point = str(site.folder).replace(" ", "\\040")
    for kind, is_remote in (
        ("lustre", True), ("fuse.glusterfs", True), ("glusterfs", True), ("ceph", True),
        ("beegfs", True), ("gpfs", True), ("virtiofs", True), ("vboxsf", True), ("davfs", True),
        ("fuse.rclone", True), ("fuse.davfs", True), ("nfs4", True), ("smb3", True),
        ("ext4", False), ("btrfs", False), ("fuse.mergerfs", False), ("nfsd", False),
    ):  # fmt: skip
        (tmp_path / "mounts").write_text(f"disk / ext4 rw 0 0\nshare {point} {kind} rw 0 0\n")
        monkeypatch.setattr(file_systems, "_MOUNTS", tmp_path / "mounts")
        expected = [("file system", f"reports are on {kind}")] if is_remote else []
        assert faults_of(settings) == expected, kind
        assert (locate_history(settings).key != ".") is is_remote, kind


def test_doctor_sees_what_is_gone_and_what_everybody_may_read(site):
    settings = settings_of(site)
    (site.folder / "inbox/march.csv").write_text(
        "patient_id,sex,age,sample_id,collected_at,analyte,value,unit\n"
        "P-1,F,40,S-1,2026-03-01,Hemoglobin,9.1,g/dL\n"
    )
    process_inbox(replace(settings, settle=0), clock=datetime.now, progress=pass_through)
    assert ill(settings) == []
    (site.folder / "reports/labflag.db").chmod(0o644)
    assert [subject for subject, _ in ill(settings)] == ["rights"]
    (site.folder / "reports/labflag.db").chmod(0o600)
    (site.folder / "reports/worklist.xlsx").chmod(0o644)
    ((subject, said),) = ill(settings)
    assert (subject, "everybody may read" in said) == ("rights", True)
    (site.folder / "reports/worklist.xlsx").chmod(0o640)
    shutil.rmtree(site.folder / "reports/patients")
    assert ("reports", "1 of 5 outputs of the last run are gone") in ill(settings)
    rebuild_reports(settings, clock=datetime.now, progress=pass_through)
    assert ill(settings) == []
    (site.folder / "quarantine").rmdir()
    ((subject, said),) = ill(settings)
    assert (subject, said.endswith("was there and is gone")) == ("quarantine", True)
    # Also while the inbox is away.
    (site.folder / "archive").rename(site.folder / "aside")
    (site.folder / "archive").write_text("")
    (site.folder / "inbox").rename(site.folder / "elsewhere")
    assert {"inbox", "archive"} <= {subject for subject, _ in ill(settings)}


def test_doctor_knows_how_long_nothing_ran(site):
    settings = settings_of(site)
    write_heartbeat(settings.output, NOW, exit_code=1)
    assert faults_of(settings) == []
    write_heartbeat(settings.output, NOW, exit_code=5)
    assert faults_of(settings)[0] == ("last run", f"ended {NOW:%Y-%m-%d %H:%M} with exit code 5")
    write_heartbeat(settings.output, NOW - timedelta(days=400), exit_code=0)
    ((subject, said),) = faults_of(settings)
    assert (subject, said.endswith("400 days ago")) == ("last run", True)


def test_every_setting_is_named_in_the_configuration(site):
    text = (site.folder / "labflag.toml").read_text()
    named = set(re.findall(r"^(?:# )?\[?(\w+)(?: = |\]$)", text, flags=re.M))
    assert {*KEYS} <= named
