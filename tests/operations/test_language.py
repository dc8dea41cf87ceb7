"""Another language: reports speak it, files are not read again, a third needs no Python."""

import json
from datetime import datetime, timedelta

from openpyxl import load_workbook

from pipeline.commands.context import pass_through
from pipeline.commands.run import run_batch
from pipeline.config import Settings
from tests.operations.conftest import HEADER

LINES = """\
N-1,Aster Sample,F,1961-04-30,S1,2026-03-01,Hemoglobin,9.2,g/dL,final
N-1,Aster Sample,F,1961-04-30,S1,2026-03-01,Platelets,90,10*3/uL,final
N-2,Borage Sample,F,1961-04-30,S2,2026-03-01,Hemoglobin,9.2,,final
"""
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
