"""The drop folder as a whole: cron, watch, the stop switch; no patient in anything that is logged."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.site.setup import make_site

ROOT = Path(__file__).parents[2]
HEADER = "patient_id,patient_name,sex,birth_date,sample_id,collected_at,analyte,value,unit,status\n"
GOOD = "PATQ1,Aster Sample,F,1980-05-01,SPEC1,2026-03-01,Hemoglobin,11.2,g/dL,final\n"
MORE = "PATQ2,Borage Sample,M,1970-01-31,SPEC2,2026-03-02,Vitamin B12,150,pg/mL,final\n"
HELD = "PATQ3,Clover Sample,F,1990-01-01,SPEC3,2026-03-03,Hemoglobin,secretive,g/dL,final\n"
CANARIES = ("PATQ", "SPEC", "Aster", "Borage", "Clover", "secretive", "1980-05-01")


@pytest.fixture
def site(tmp_path):
    """A site that takes files at once."""
    made = make_site(tmp_path / "site")
    config = made.folder / "labflag.toml"
    config.write_text(
        config.read_text()
        .replace("settle = 10", "settle = 0")
        .replace("interval = 30", "interval = 0.1")
    )
    return made.folder


def drop(site, name, *lines):
    aside = site / "inbox" / f"{name}.part"
    aside.write_text(HEADER + "".join(lines))
    aside.rename(site / "inbox" / name)


def labflag(site, *arguments):
    command = [sys.executable, "-m", "pipeline", *arguments, "--config", str(site / "labflag.toml")]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )


def files_of(site, *folders):
    return {
        "/".join(part for part in path.relative_to(site).parts if not part.isdecimal())
        for folder in folders
        for path in (site / folder).rglob("*")
        if path.is_file() and path.name != "owner"
    }


FOLDERS = ("inbox", "archive", "quarantine", "duplicates")


def test_files_go_where_they_belong_and_count_once(site):
    drop(site, "good.csv", GOOD, HELD)
    drop(site, "same.csv", GOOD, HELD)
    drop(site, "spoilt.csv", HELD)
    (site / "inbox/letter PATQ9.pdf").write_bytes(b"%PDF")
    done = labflag(site, "run")
    assert done.returncode == 1, done.stderr
    assert files_of(site, *FOLDERS) == {
        "archive/good.csv", "duplicates/same.csv", "quarantine/spoilt.csv", "quarantine/reasons/spoilt.csv.txt",
        "quarantine/reasons/spoilt.csv.held.xlsx", "quarantine/letter PATQ9.pdf", "quarantine/reasons/letter PATQ9.pdf.txt",
    }  # fmt: skip
    why = next((site / "quarantine").rglob("spoilt.csv.txt")).read_text()
    assert "row 2 (value)" in why
    assert "spoilt.csv.held.xlsx" in why
    drop(site, "again.csv", GOOD, HELD)
    again = labflag(site, "run", "--json")
    assert json.loads(again.stdout)["filed"] == {"duplicates": 1}
    assert labflag(site, "audit", "verify").returncode == 0
    idle = labflag(site, "run", "--quiet")
    assert (idle.returncode, idle.stdout, idle.stderr) == (0, "", "")


def test_a_file_may_come_again_when_it_can_be_read(site, tmp_path):
    odd = "PATNO,HGBX,GENDER\nPATQ1,11.2,2\n"
    (site / "inbox/ward.csv").write_text(odd)
    assert labflag(site, "run").returncode == 3
    (site / "layout.toml").write_text(
        'title = "Ward"\nrequires = ["PATNO", "HGBX"]\n[columns]\nPATNO = "patient_id"\nGENDER = "sex"\n'
        '[[analytes]]\nheader = "HGBX"\nanalyte = "hemoglobin"\nunit = "g/dL"\n[sex]\n1 = "M"\n2 = "F"\n'
    )
    (site / "inbox/ward.csv").write_text(odd)
    again = labflag(site, "run", "--layout", str(site / "layout.toml"))
    assert again.returncode in (0, 1), again.stderr
    assert "1 file to archive" in again.stdout


def test_the_line_for_cron_works_with_an_empty_environment(site):
    """The line stands in README.txt of the site, as a person copies it."""
    (line,) = re.findall(
        r"^    (\*/10 \* \* \* \* .*)$", (site / "README.txt").read_text(), flags=re.M
    )
    command = line.split(" ", 5)[5]
    drop(site, "good.csv", GOOD)
    done = subprocess.run(
        ["env", "-i", "/bin/sh", "-c", command],
        cwd="/",
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (site / "reports/patients/PATQ1.xlsx").exists()
    shutil.rmtree(site / "inbox")
    done = subprocess.run(
        ["env", "-i", "/bin/sh", "-c", command],
        cwd="/",
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 3
    assert "is the share connected" in done.stderr


def test_a_share_that_comes_back_brings_nothing_twice(site):
    drop(site, "good.csv", GOOD)
    assert labflag(site, "run").returncode == 0
    stood = (site / "reports/findings.csv").read_bytes()
    (site / "inbox").rename(site / "away")
    assert labflag(site, "run").returncode == 3
    assert "FAULT inbox" in labflag(site, "doctor").stdout
    (site / "inbox").mkdir()
    assert labflag(site, "run").returncode == 3
    (site / "inbox").rmdir()
    (site / "away").rename(site / "inbox")
    drop(site, "more.csv", MORE)
    assert labflag(site, "run").returncode == 0
    assert len((site / "reports/findings.csv").read_bytes()) > len(stood)
    assert files_of(site, *FOLDERS) == {"archive/good.csv", "archive/more.csv"}


def test_monitoring_sees_that_nothing_works_any_more(site):
    def write_heartbeat():
        return json.loads((site / "reports/heartbeat.json").read_text())["exit_code"]

    assert labflag(site, "run").returncode == 0
    assert write_heartbeat() == 0
    (site / "inbox").rename(site / "away")
    assert labflag(site, "run").returncode == 3
    assert write_heartbeat() == 3
    (site / "away").rename(site / "inbox")
    assert labflag(site, "run", "--profile", "no-such-profile").returncode == 4
    assert write_heartbeat() == 4
    shutil.rmtree(site / "reports")
    assert labflag(site, "run", "--profile", "no-such-profile").returncode == 4
    assert not (site / "reports").exists()


def test_the_stop_switch_stores_and_does_not_publish(site):
    drop(site, "good.csv", GOOD)
    labflag(site, "run")
    before = {path: path.read_bytes() for path in (site / "reports").rglob("*.[xc]*[xv]")}
    drop(site, "more.csv", MORE)
    done = labflag(site, "run", "--hold-all")
    assert done.returncode == 1
    assert "STOP SWITCH IS ON" in done.stdout
    assert {path: path.read_bytes() for path in before} == before
    assert not (site / "reports/patients/PATQ2.xlsx").exists()
    assert labflag(site, "rebuild", "--hold-all").returncode == 2
    config = site / "labflag.toml"
    config.write_text(config.read_text().replace("hold_all = false", "hold_all = true"))
    assert labflag(site, "rebuild").returncode == 4
    config.write_text(config.read_text().replace("hold_all = true", "hold_all = false"))
    assert files_of(site, *FOLDERS) == {"archive/good.csv", "archive/more.csv"}
    assert labflag(site, "audit", "verify").returncode == 0
    assert labflag(site, "run").returncode == 0
    assert (site / "reports/patients/PATQ2.xlsx").exists()
    assert labflag(site, "rebuild").returncode == 0
    assert labflag(site, "audit", "verify").returncode == 0


def test_watch_takes_files_until_it_is_told_to_end(site):
    command = [sys.executable, "-m", "pipeline", "watch", "--config", str(site / "labflag.toml")]
    with (
        (site.parent / "log").open("w") as log,
        subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log) as watch,
    ):
        for number in range(3):
            drop(
                site,
                f"{number}.csv",
                GOOD.replace("PATQ1", f"PATQ{number}").replace("SPEC1", f"SPEC{number}"),
            )
            until(lambda number=number: f"archive/{number}.csv" in files_of(site, "archive"))
        # The round is not over before it is told.
        until(lambda: (site.parent / "log").read_text().count("to archive") == 3)
        (site / "inbox").rename(site / "away")
        until(lambda: "share connected" in (site.parent / "log").read_text())
        (site / "away").rename(site / "inbox")
        drop(site, "last.csv", MORE.replace("PATQ2", "PATQ7").replace("SPEC2", "SPEC7"))
        until(lambda: "archive/last.csv" in files_of(site, "archive"))
        watch.send_signal(signal.SIGTERM)
        assert watch.wait(60) == 0
    said = (site.parent / "log").read_text().splitlines()
    assert sum("share connected" in line for line in said) == 1
    assert sum("to archive" in line for line in said) == 4
    assert len(said) == 5
    assert json.loads((site / "reports/heartbeat.json").read_text())["exit_code"] == 0


@pytest.mark.skipif(sys.platform != "linux", reason="looks for the process in /proc")
def test_watch_goes_on_when_the_system_ends_a_round(site):
    drop(site, "first.csv", GOOD)
    command = [sys.executable, "-m", "pipeline", "watch", "--config", str(site / "labflag.toml")]
    with (
        (site.parent / "log").open("w") as log,
        subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log) as watch,
    ):
        until(lambda: rounds_of(watch.pid))
        for round_ in rounds_of(watch.pid):
            os.kill(round_, signal.SIGKILL)
        until(lambda: "archive/first.csv" in files_of(site, "archive"))
        until(lambda: "to archive" in (site.parent / "log").read_text())
        assert not rounds_of(watch.pid)
        watch.send_signal(signal.SIGTERM)
        assert watch.wait(60) == 0
    said = (site.parent / "log").read_text().splitlines()
    assert [("ended from outside" in line, "to archive" in line) for line in said] == [
        (True, False), (False, True),
    ]  # fmt: skip
    assert not list((site / "inbox").rglob("*.csv"))
    assert labflag(site, "audit", "verify").returncode == 0


def test_round_is_finished_though_all_are_told_to_end(site):
    drop(site, "first.csv", GOOD)
    command = [sys.executable, "-m", "pipeline", "watch", "--config", str(site / "labflag.toml")]
    with (
        (site.parent / "log").open("w") as log,
        # As with Ctrl-C on a terminal, or a service that is stopped: every process hears it.
        subprocess.Popen(
            command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
        ) as watch,
    ):
        until(lambda: holder(site) not in (0, watch.pid))
        os.killpg(watch.pid, signal.SIGINT)
        assert watch.wait(60) == 0
    assert "archive/first.csv" in files_of(site, "archive")
    assert "1 file to archive" in (site.parent / "log").read_text()
    assert (site / "reports/patients/PATQ1.xlsx").exists()


def holder(site):
    lock = site / "reports/.labflag/lock"
    content = lock.read_text().strip("\0") if lock.exists() else ""
    return json.loads(content)["pid"] if content else 0


def rounds_of(pid):
    """Processes that `watch` made for a round, not what Python keeps beside them."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [
        int(child)
        for child in children
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def until(happened, seconds=120):
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_no_patient_stands_in_what_is_said_or_logged(site, tmp_path):
    (tmp_path / "tmp").mkdir()
    environment = {**os.environ, "TMPDIR": str(tmp_path / "tmp")}
    said = ""
    drop(site, "PATQ1 Aster.csv", GOOD, HELD, GOOD.replace("1980", "1981"))
    drop(site, "PATQ2 Borage.csv", MORE)
    (site / "inbox/PATQ3.xlsx").write_bytes(b"PK\x03\x04 secretive")
    for arguments in (["run"], ["run", "--json"], ["doctor"], ["audit", "verify"]):
        if arguments == ["audit", "verify"]:
            (site / "reports/patients/PATQ2.xlsx").write_bytes(b"")
        command = [
            sys.executable,
            "-m",
            "pipeline",
            *arguments,
            "--config",
            str(site / "labflag.toml"),
        ]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        said += done.stdout + done.stderr
    logged = [
        site / "reports/audit.log",
        site / "reports/heartbeat.json",
        *(site / "reports/.labflag").rglob("*"),
        *(tmp_path / "tmp").rglob("*"),
    ]
    said += "".join(path.read_text(errors="replace") for path in logged if path.is_file())
    assert [word for word in CANARIES if word in said] == []
    assert list((tmp_path / "tmp").iterdir()) == []
    assert list(site.rglob("*.tmp")) == []
    for private in (site / "reports/labflag.db", site / "reports/audit.log"):
        assert private.stat().st_mode & 0o077 == 0
