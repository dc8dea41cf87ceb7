"""Names of files in any bytes: every file is read, filed under its own bytes, shown escaped."""

import json
import os
import sys
from dataclasses import replace
from datetime import datetime

import pytest
from openpyxl import load_workbook

from pipeline.commands.context import pass_through
from pipeline.commands.inbox import process_inbox
from pipeline.commands.run import run_batch
from pipeline.config import Settings, load_settings
from pipeline.ingest.file_names import show_name
from pipeline.site.setup import make_site

NAMES = (
    b"M\xfcller.csv",  # Latin-1, as FTP and unzip make it
    "Müller.csv".encode(),
    b"a\nb.csv",
    "right\u202eto left.csv".encode(),
    b"back\\slash.csv",
    b"quote'\";=1+1.csv",
    b"\x01control.csv",
    b"x" * 251 + b".csv",
)
pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="other systems do not let such names be"
)


def fill(folder):
    """Write one patient into each file."""
    for number, name in enumerate(NAMES):
        path = os.path.join(os.fsencode(folder), name)
        with open(path, "w", encoding="ascii") as stream:
            stream.write("patient_id,sex,age,sample_id,collected_at,analyte,value,unit\n")
            stream.write(f"P-{number},F,40,S-{number},2026-03-01,Hemoglobin,9.{number},g/dL\n")
            stream.write(f"P-{number},F,40,S-{number},2026-03-01,MCV,many,fL\n")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("march.csv", "march.csv"),
        ("Müller 3.csv", "Müller 3.csv"),
        ("M\udcfcller.csv", "M\\xfcller.csv"),
        ("M\\xfcller.csv", "M\\\\xfcller.csv"),
        ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
        ("a\u202eb", "a\\u{202e}b"),
        ("a\u2028b", "a\\u{2028}b"),
        ("a\ud800b", "a\\u{d800}b"),
        ("血小板.csv", "血小板.csv"),
    ],
)
def test_names_as_they_are_shown(name, shown):
    assert show_name(name) == shown
    shown.encode("utf-8")


def test_a_folder_of_odd_names_is_read(tmp_path, capfd):
    (tmp_path / "in").mkdir()
    fill(tmp_path / "in")
    batch, _ = run_batch(
        [tmp_path / "in"],
        Settings(output=tmp_path / "out"),
        clock=datetime.now,
        progress=pass_through,
    )
    assert batch.accounts.used == len(NAMES)
    names = [
        each["name"] for each in json.loads((tmp_path / "out/manifest.json").read_text())["inputs"]
    ]
    assert sorted(names) == sorted(show_name(os.fsdecode(name)) for name in NAMES)
    sheet = load_workbook(tmp_path / "out/patients/P-0.xlsx")["Provenance"]
    assert any("M\\xfcller.csv" in str(cell.value) for row in sheet for cell in row)


def test_an_inbox_of_odd_names_goes_on(tmp_path):
    site = make_site(tmp_path / "lab")
    fill(site.folder / "inbox")
    settings = replace(load_settings(site.folder / "labflag.toml"), settle=0)
    done = process_inbox(settings, clock=datetime.now, progress=pass_through)
    assert sum(done.filed.values()) == len(NAMES)
    filed = {
        name for _, _, files in os.walk(os.fsencode(site.folder / "archive")) for name in files
    }
    assert filed == set(NAMES)
    log = (site.folder / "reports/audit.log").read_text()
    assert not any(show_name(os.fsdecode(name)) in log for name in NAMES)
