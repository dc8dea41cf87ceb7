"""Another language: reports speak it, files are not read again, a third needs no Python."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
from openpyxl import load_workbook

from pipeline.commands.context import pass_through
from pipeline.commands.inbox import process_inbox
from pipeline.commands.run import run_batch
from pipeline.config import Settings, load_settings
from pipeline.site.setup import make_site
from pipeline.texts import LANGUAGES
from tests.operations.conftest import HEADER

ROOT = Path(__file__).parents[2]
LINES = """\
N-1,Aster Sample,F,1961-04-30,S1,2026-03-01,Hemoglobin,9.2,g/dL,final
N-1,Aster Sample,F,1961-04-30,S1,2026-03-01,Platelets,90,10*3/uL,final
N-2,Borage Sample,F,1961-04-30,S2,2026-03-01,Hemoglobin,9.2,,final
"""
SPOILT = HEADER + "N-3,Clover Sample,F,1961-04-30,S3,2026-03-01,Hemoglobin,about ten,g/dL,final\n"
START = datetime(2026, 11, 1, 7, 30)


def test_a_language_that_changes_redraws_and_reads_nothing_again(tmp_path):
    source, out = tmp_path / "march.csv", tmp_path / "out"
    source.write_text(HEADER + LINES, encoding="utf-8")
    said = []
    for day, language in enumerate(("en", "de", "en")):
        now = START + timedelta(days=day)
        settings = Settings(output=out, language=language)
        run_batch([source], settings, clock=lambda now=now: now, progress=pass_through)
        report = load_workbook(out / "patients/N-1.xlsx")
        (held,) = (out / "held").glob("*.xlsx")
        sheets = (report.sheetnames[0], load_workbook(out / "worklist.xlsx").sheetnames[0])
        text = (out / "issues.csv").read_text(encoding="utf-8-sig")
        said.append((*sheets, load_workbook(held).sheetnames[-1], "unit is missing" in text))
    english = ("Summary", "Worklist", "How to", True)
    assert said == [english, ("Übersicht", "Arbeitsliste", "Anleitung", False), english]
    log = [json.loads(line) for line in (out / "audit.log").read_text().splitlines()]
    received = [entry for entry in log if entry.get("event") == "file-received"]
    assert len(received) == 1
    assert '"again":true' not in (out / "audit.log").read_text().replace(" ", "")


def test_a_text_that_changes_redraws_too(tmp_path, monkeypatch):
    source, out = tmp_path / "march.csv", tmp_path / "out"
    source.write_text(HEADER + LINES, encoding="utf-8")

    def written():
        _, paths = run_batch(
            [source], Settings(output=out), clock=lambda: START, progress=pass_through
        )
        return {path.name for path in paths if path.parent.name in ("patients", "held")}

    first = written()
    assert "N-1.xlsx" in first
    assert written() == set()
    monkeypatch.setitem(vars(LANGUAGES["en"]), "digest", "other words")
    assert written() == first


def test_a_german_site_explains_itself_and_its_quarantine_in_german(tmp_path):
    site = make_site(tmp_path / "labor", "de")
    assert "Exporte hier ablegen" in (site.folder / "README.txt").read_text(encoding="utf-8")
    settings = load_settings(site.folder / "labflag.toml")
    assert settings.language == "de"
    (site.folder / "inbox/april.csv").write_text(SPOILT, encoding="utf-8")
    (site.folder / "inbox/mai.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    long_ago = (START - timedelta(days=1)).timestamp()
    for path in (site.folder / "inbox").iterdir():
        os.utime(path, (long_ago, long_ago))
    process_inbox(replace(settings, settle=0), clock=lambda: START, progress=pass_through)
    (rows,) = site.folder.glob("quarantine/*/*/reasons/april.csv.txt")
    assert rows.read_text(encoding="utf-8").splitlines() == [
        "Kein Ergebnis von april.csv konnte verwendet werden. "
        "Die Datei wurde am 01.11.2026 um 07:30 beiseitegelegt.",
        "",
        "Was falsch ist:",
        f"- {LANGUAGES['de'].message('not-a-number')}",
        "  Zeile 2 (value)",
        "",
        "Was zu tun ist:",
        "  Die markierten Zellen von april.csv.held.xlsx neben diesem Text berichtigen und die "
        "Datei in den Eingang (inbox) legen.",
        "",
        "Die Datei wurde nicht verändert. Sie kann gelöscht werden, wenn sie nicht mehr gebraucht "
        "wird.",
    ]
    (file,) = site.folder.glob("quarantine/*/*/reasons/mai.csv.txt")
    told = file.read_text(encoding="utf-8")
    assert LANGUAGES["de"].message("no-layout") in told
    assert "(labflag identify FILE --save LAYOUT)" in told
    assert LANGUAGES["de"]("quarantine.unread") in told


def test_issues_are_sorted_by_where_they_are(tmp_path):
    source = tmp_path / "march.csv"
    source.write_text(HEADER + LINES + SPOILT.removeprefix(HEADER), encoding="utf-8")
    run_batch(
        [source], Settings(output=tmp_path / "out"), clock=lambda: START, progress=pass_through
    )
    issues = pd.read_csv(tmp_path / "out/issues.csv", keep_default_na=False)
    places = ["source_file", "sheet", "row", "column", "code"]
    listed = [tuple(place) for place in issues[places].to_numpy().tolist()]
    assert len(listed) > 1
    assert listed == sorted(listed)


def test_a_third_language_costs_no_python(tmp_path):
    """The program in a folder of its own, with one file of texts and one of comments more."""
    for package in ("pipeline", "schemas"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("*.pyc"))
    texts = tmp_path / "pipeline/texts/en.toml"
    words = texts.read_text(encoding="utf-8")
    for english, changed in (
        ('"sheet.summary" = "Summary"', '"sheet.summary" = "Xummary"'),
        ('sentence = "The unit is missing', 'sentence = "Xe unit is missing'),
        ('cell = "[check] "', 'cell = "[xeck] "'),
        ('row = "[check row] "', 'row = "[xeck row] "'),
        ('date = "yyyy-mm-dd"', 'date = "dd/mm/yyyy"'),
    ):
        assert words.count(english) == 1, english
        words = words.replace(english, changed)
    texts.with_name("xx.toml").write_text(words, encoding="utf-8")
    comments = tmp_path / "pipeline/knowledge/comments"
    for name in ("en.toml", "en_urgent.toml"):
        shutil.copy(comments / name, comments / name.replace("en", "xx", 1))
    (tmp_path / "march.csv").write_text(HEADER + LINES, encoding="utf-8")
    command = [sys.executable, "-m", "pipeline", "run", "march.csv", "--language", "xx"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    report = load_workbook(tmp_path / "reports/patients/N-1.xlsx")
    assert report.sheetnames[0] == "Xummary"
    assert report.properties.language == "xx"
    assert any(
        "30/04/1961" in str(cell.value) or cell.number_format == "dd/mm/yyyy"
        for row in report["Xummary"]
        for cell in row
    )
    assert "Xe unit is missing" in (tmp_path / "reports/issues.csv").read_text(encoding="utf-8")
