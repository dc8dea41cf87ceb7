"""In place of the report of a patient id in conflict stands a notice, until someone decides."""

from datetime import datetime, timedelta

import pytest
from openpyxl import load_workbook

from pipeline.assessment import assess
from pipeline.commands.context import load_tried_knowledge, pass_through
from pipeline.commands.history import rebuild_reports
from pipeline.commands.run import run_batch
from pipeline.config import Laboratory, Settings
from pipeline.history.stored import open_history
from pipeline.reconcile.decisions import RELEASE, details_of_decision, list_conflicts
from tests.operations.conftest import HEADER

OLD = "P1,Aster Sample,F,1980-05-01,S1,2026-03-01,Hemoglobin,9.2,g/dL,final"
OTHER = "P1,Aster Sample,F,1981-05-01,S2,2026-03-02,Hemoglobin,9.4,g/dL,final"
THIRD = "P1,Borage Person,M,1951-01-01,S3,2026-03-03,Platelets,90,10*3/uL,final"
MORE = "P2,Clover Sample,F,1990-01-01,S4,2026-03-03,Platelets,90,10*3/uL,final"
START = datetime(2026, 11, 1, 7, 30)


@pytest.fixture
def site(tmp_path):
    """Give settings, and runs over lines a day apart."""
    settings = {
        language: Settings(
            output=tmp_path / "out", language=language, laboratory=Laboratory(name="Example")
        )
        for language in ("en", "de")
    }
    days = iter(range(99))

    def run(*lines, language="en", name="march.csv"):
        sources = []
        if lines:
            sources = [tmp_path / name]
            sources[0].write_text(HEADER + "".join(f"{line}\n" for line in lines), encoding="utf-8")
        now = START + timedelta(days=next(days))
        run_batch(sources, settings[language], clock=lambda: now, progress=pass_through)
        return texts(tmp_path / "out/patients/P1.xlsx")

    return settings, run


def texts(path):
    """Sheets and everything that they say."""
    book = load_workbook(path)
    cells = [str(c.value) for sheet in book for row in sheet for c in row if c.value is not None]
    return book.sheetnames, cells


def holds(settings):
    with open_history(settings.output / "labflag.db") as history:
        held = assess(history.load(), load_tried_knowledge(settings)).held
    return held, [conflict.hold for conflict in list_conflicts(held)]


def test_the_report_says_since_when_it_is_not_updated(site):
    settings, run = site
    assert len(run(OLD, MORE)[0]) > 1
    sheets, said = run(OTHER, name="april.csv")
    assert sheets == ["Summary"]
    assert "Identity conflict since 2026-11-02: not updated. Nothing is reported for this id until someone decides who is who." in said  # fmt: skip
    # Both versions, and nothing of what was measured.
    assert {"march.csv", "april.csv", "Patient P1", "Example"} <= {*said}
    assert not [each for each in said if "9.2" in each or "anemia" in each.lower()]
    _, (hold,) = holds(settings["en"])
    assert any(f"labflag release {hold}" in each for each in said)
    # A third version later: still the day on which it began.
    _, said = run(THIRD, name="may.csv")
    assert any("since 2026-11-02" in each for each in said)
    assert "Borage Person" in said


@pytest.mark.parametrize(
    ("language", "verdict", "sheet"),
    [
        ("en", "Identity conflict since 2026-11-01: not updated.", "Identity conflicts"),
        ("de", "Identitätskonflikt seit 01.11.2026: nicht aktualisiert.", "Identitätskonflikte"),
    ],
)
def test_hold_ids_and_versions_stand_in_every_language(site, tmp_path, language, verdict, sheet):
    settings, run = site
    _, said = run(OLD, OTHER, MORE, language=language)
    assert any(each.startswith(verdict) for each in said)
    _, (hold,) = holds(settings[language])
    listed = load_workbook(tmp_path / "out/worklist.xlsx")[sheet]
    cells = [[cell.value for cell in row] for row in listed]
    assert [row[3:5] for row in cells if row[3] == hold] == [[hold, "1"], [hold, "2"]]
    assert [each for each in said if each == hold] == [hold, hold]


def test_the_report_is_back_when_someone_has_decided(site, tmp_path):
    settings, run = site
    run(OLD, OTHER)
    held, (hold,) = holds(settings["en"])
    with open_history(settings["en"].output / "labflag.db") as history:
        history.decide(RELEASE, "somebody", (), details_of_decision(held, hold, 1))
    sheets, said = run()
    assert "Findings" in sheets
    assert not any("not updated" in each for each in said)


def test_a_notice_is_written_once_and_rebuilt_the_same(site, tmp_path):
    settings, run = site
    run(OLD, OTHER, MORE)
    path = tmp_path / "out/patients/P1.xlsx"
    before, inode = path.read_bytes(), path.stat().st_ino
    run(MORE.replace("S4", "S5"), name="april.csv")
    assert path.stat().st_ino == inode
    path.unlink()
    later = START + timedelta(days=50)
    rebuild_reports(settings["en"], clock=lambda: later, progress=pass_through)
    assert path.read_bytes() == before


def test_a_result_of_one_without_any_is_no_conflict(site, tmp_path):
    _, run = site
    sheets, said = run(OLD, OLD.replace("S1", "S9").replace("9.2", "odd"))
    assert "Findings" in sheets
    assert not any("not updated" in each for each in said)
