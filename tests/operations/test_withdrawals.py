"""A file taken back, replaced, and used again: over whole runs."""

import json
import subprocess
import sys
from datetime import date

import pytest
from openpyxl import load_workbook

from pipeline.commands.context import pass_through
from pipeline.commands.history import purge_history, reassign_patient
from pipeline.commands.inbox import process_inbox
from pipeline.commands.run import run_batch
from pipeline.commands.status import look_at_site
from pipeline.commands.withdraw import find_stored, replace_file, withdraw_file
from pipeline.config import Settings
from pipeline.errors import ArgumentError, Exit
from pipeline.history.stored import open_history
from pipeline.publish.audit_check import verify_history
from pipeline.publish.audit_log import verify_site
from pipeline.site.location import locate_history
from tests.operations.conftest import HEADER
from tests.operations.test_upkeep import clock

HB = "P1,Aster Sample,F,1980-05-01,S1,2026-03-01,Hemoglobin,{},g/dL,final"
MCV = "P1,Aster Sample,F,1980-05-01,S1,2026-03-01,MCV,104,fL,final"
PLT = "P2,Borage Sample,M,1970-01-31,S2,2026-03-01,Platelets,{},10*3/uL,final"
HELD = "P3,Clover Sample,F,1990-01-01,S3,2026-03-01,Hemoglobin,{},g/dL,final"


@pytest.fixture
def site(tmp_path):
    """A folder of files and the settings of a site that reads them."""
    settings = Settings(output=tmp_path / "out")

    def run(name, *lines, options=settings):
        path = tmp_path / name
        path.write_text(HEADER + "".join(f"{line}\n" for line in lines), encoding="utf-8")
        batch, _ = run_batch([path], options, clock=clock, progress=pass_through)
        return batch

    run.settings = settings
    return run


def withdraw(site, text, *, undo=False):
    found = find_stored(site.settings, text, clock=clock)
    withdraw_file(site.settings, found.file, "somebody", undo=undo, clock=clock)


def contents(settings):
    """What stands in the reports and tables, but for the worklist, which tells of changes."""
    stand = {
        path.name: [list(sheet.iter_rows(values_only=True)) for sheet in load_workbook(path)]
        for folder in ("patients", "held")
        for path in sorted((settings.output / folder).glob("*.xlsx"))
    }
    tables = ("findings.csv", "issues.csv")
    return stand | {name: (settings.output / name).read_text() for name in tables}


def told(settings, name):
    book = load_workbook(settings.output / "patients" / name)
    return [cell for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row]


def former(settings, name):
    """What stands in the column of former values."""
    rows = [*load_workbook(settings.output / "patients" / name)["Results"].values]
    (place,) = [row.index("Corrected from") for row in rows if "Corrected from" in row]
    (header,) = [number for number, row in enumerate(rows) if "Corrected from" in row]
    return [row[place] for row in rows[header + 1 :] if row[place] is not None]


def faults(settings):
    found = [*verify_site(settings.output)]
    found += verify_history(settings.output, locate_history(settings), clock)
    return [fault.what for fault in found if not fault.is_note]


def test_what_only_a_file_said_that_was_taken_back_is_gone(site):
    site("right.csv", HB.format("11.2"), MCV)
    before = contents(site.settings)
    site("wrong.csv", PLT.format("12"), HB.format("6.1"), HELD.format("many"))
    assert contents(site.settings) != before
    withdraw(site, "wrong.csv")
    assert contents(site.settings) == before
    status = look_at_site(site.settings)
    assert (status.files, status.held) == (1, 0)
    assert (status.withdrawn_files, status.withdrawn_results) == (1, 3)
    manifest = json.loads((site.settings.output / "manifest.json").read_text())
    assert manifest["withdrawn"] == {"files": 1, "results": 3}
    assert manifest["history"]["read"] == 2
    assert faults(site.settings) == []


def test_undone_it_is_as_if_it_had_never_been_taken_back(site):
    site("right.csv", HB.format("11.2"), MCV)
    site("wrong.csv", PLT.format("12"), HELD.format("many"))
    before = contents(site.settings)
    withdraw(site, "wrong.csv")
    withdraw(site, "wrong.csv", undo=True)
    assert contents(site.settings) == before
    assert look_at_site(site.settings).withdrawn_files == 0
    with open_history(site.settings.output / "labflag.db") as history:
        kinds = [event.kind for event in history.list_events()][::-1]
    assert [kind for kind in kinds if kind.startswith("decided")] == [
        "decided-withdraw",
        "decided-withdraw-undo",
    ]


def test_the_same_bytes_dropped_again_stay_taken_back_and_it_is_said(site, capsys):
    site("wrong.csv", PLT.format("12"))
    withdraw(site, "wrong.csv")
    batch = site("again.csv", PLT.format("12"))
    assert (batch.still_withdrawn, batch.exit_code) == (1, Exit.HELD)
    assert "P2" not in (site.settings.output / "findings.csv").read_text()
    assert look_at_site(site.settings).withdrawn_files == 1


def test_in_the_inbox_too(site, tmp_path):
    settings = Settings(output=tmp_path / "out", inbox=tmp_path / "in", settle=0)
    (tmp_path / "in").mkdir()
    (tmp_path / "in/wrong.csv").write_text(HEADER + PLT.format("12") + "\n")
    process_inbox(settings, clock=clock, progress=pass_through)
    withdraw(site, "wrong.csv")
    (tmp_path / "in/copy.csv").write_text(HEADER + PLT.format("12") + "\n")
    done = process_inbox(settings, clock=clock, progress=pass_through)
    assert (done.batches[-1].still_withdrawn, done.exit_code) == (1, Exit.HELD)
    assert {str(kind): count for kind, count in done.filed.items()} == {"duplicates": 1}


def test_a_file_in_place_of_another_is_shown_as_corrected(site, tmp_path):
    site("old.csv", HB.format("8.2"), MCV, PLT.format("12"))
    new = tmp_path / "new.csv"
    new.write_text(HEADER + HB.format("11.2") + "\n" + PLT.format("12") + "\n")
    old = find_stored(site.settings, "old.csv", clock=clock).file
    replace_file(site.settings, old, new, "somebody", clock=clock)
    cells = told(site.settings, "P1.xlsx")
    assert 11.2 in cells
    assert former(site.settings, "P1.xlsx") == ["8.2"]
    assert 104 not in cells, "what only the old file says does not count"
    assert former(site.settings, "P2.xlsx") == [], "what is the same was not corrected"
    assert look_at_site(site.settings).results == 2
    # Taken back itself, it replaces nothing any more.
    withdraw(site, "new.csv")
    assert not (site.settings.output / "patients/P1.xlsx").exists()
    withdraw(site, "old.csv", undo=True)
    assert 8.2 in told(site.settings, "P1.xlsx")


def test_rows_that_correct_a_file_that_was_taken_back_go_with_it(site):
    site("right.csv", MCV)
    site("wrong.csv", HELD.format("many"))
    (book,) = (site.settings.output / "held").glob("*.xlsx")
    loaded = load_workbook(book)
    for row in loaded.active.iter_rows():
        for cell in row:
            if "many" in str(cell.value):
                cell.value = "9.2"
    mended = site.settings.output.parent / "mended.xlsx"
    loaded.save(mended)
    run_batch([mended], site.settings, clock=clock, progress=pass_through)
    assert 9.2 in told(site.settings, "P3.xlsx")
    withdraw(site, "wrong.csv")
    assert not (site.settings.output / "patients/P3.xlsx").exists()
    issues = (site.settings.output / "issues.csv").read_text()
    assert "hold-withdrawn" in issues
    assert look_at_site(site.settings).results == 1
    # And where the workbook comes back only afterwards.
    withdraw(site, "wrong.csv", undo=True)
    assert 9.2 in told(site.settings, "P3.xlsx")


def test_a_workbook_that_comes_back_later_is_answered_and_not_an_export(site):
    site("right.csv", MCV)
    site("wrong.csv", HELD.format("many"))
    (book,) = (site.settings.output / "held").glob("*.xlsx")
    kept = site.settings.output.parent / "kept.xlsx"
    loaded = load_workbook(book)
    for row in loaded.active.iter_rows():
        for cell in row:
            if "many" in str(cell.value):
                cell.value = "9.2"
    loaded.save(kept)
    withdraw(site, "wrong.csv")
    batch, _ = run_batch([kept], site.settings, clock=clock, progress=pass_through)
    assert (batch.accounts.read, batch.accounts.used) == (0, 0)
    assert "hold-withdrawn" in [*batch.issues["code"]]
    assert not (site.settings.output / "patients/P3.xlsx").exists()


def test_what_was_moved_or_purged_stays_so(site):
    site("one.csv", HB.format("11.2"))
    site("two.csv", MCV, "P9,,,,S9,2019-03-01,MCV,90,fL,final")
    reassign_patient(site.settings, "P1", "P8", "", "somebody", clock=clock)
    withdraw(site, "two.csv")
    withdraw(site, "two.csv", undo=True)
    assert [path.name for path in (site.settings.output / "patients").iterdir()] != []
    assert (site.settings.output / "patients/P8.xlsx").exists()
    withdraw(site, "two.csv")
    purge_history(site.settings, date(2021, 1, 1), clock=clock)
    withdraw(site, "two.csv", undo=True)
    assert not (site.settings.output / "patients/P9.xlsx").exists()
    assert faults(site.settings) == []


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ("old.csv", "the same"),
        ("taken.csv", "taken back earlier"),
        ("junk.csv", "nothing in the new file"),
        ("held.csv", "nothing in the new file"),
    ],
)
def test_what_cannot_take_the_place_of_another_is_refused(site, tmp_path, new, said):
    site("taken.csv", MCV)
    withdraw(site, "taken.csv")
    site("old.csv", HB.format("8.2"))
    (tmp_path / "junk.csv").write_text("a,b\n1,2\n")
    (tmp_path / "held.csv").write_text(HEADER + HELD.format("many") + "\n")
    before = contents(site.settings)
    old = find_stored(site.settings, "old.csv", clock=clock).file
    with pytest.raises(ArgumentError, match=said):
        replace_file(site.settings, old, tmp_path / new, "somebody", clock=clock)
    assert contents(site.settings) == before
    assert find_stored(site.settings, "old.csv", clock=clock).is_withdrawn is False


def test_a_file_is_named_by_name_path_or_hash(site, tmp_path):
    site("a.csv", HB.format("8.2"))
    (tmp_path / "other").mkdir()
    site("other/a.csv", MCV)
    with pytest.raises(ArgumentError, match="2 stored files") as raised:
        find_stored(site.settings, "a.csv", clock=clock)
    first = find_stored(site.settings, str(tmp_path / "a.csv"), clock=clock).file
    assert first.sha256[:8] in str(raised.value)
    assert find_stored(site.settings, first.sha256[:8].upper(), clock=clock).file == first
    # As reports and issues.csv call it, since another one has its name.
    named = f"a.csv ({first.sha256[:8]})"
    assert find_stored(site.settings, named, clock=clock).file == first
    for wrong in ("", "b.csv", first.sha256[:3]):
        with pytest.raises(ArgumentError, match="no stored file"):
            find_stored(site.settings, wrong, clock=clock)


def test_the_verbs(site, tmp_path):
    site("old.csv", HB.format("8.2"), MCV)
    (tmp_path / "new.csv").write_text(HEADER + HB.format("11.2") + "\n")

    def labflag(*arguments):
        command = [sys.executable, "-m", "pipeline", *arguments, "-o", str(tmp_path / "out")]
        return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)

    looked = labflag("withdraw", "old.csv", "-n")
    assert (looked.returncode, "2 results of 1 patient" in looked.stdout) == (0, True)
    assert look_at_site(site.settings).withdrawn_files == 0
    done = labflag("replace", "old.csv", str(tmp_path / "new.csv"), "--yes", "--by", "somebody")
    assert (done.returncode, done.stderr.count("Traceback")) == (0, 0), done.stderr
    assert look_at_site(site.settings).withdrawn_files == 1
    assert labflag("withdraw", "old.csv", "--yes").stdout.count("taken back already") == 1
    assert labflag("withdraw", "old.csv", "--undo", "--yes").returncode == 0
    assert look_at_site(site.settings).withdrawn_files == 0
    status = labflag("status")
    assert "Taken back" not in status.stdout
    assert labflag("withdraw", "nothing.csv", "--yes").returncode == Exit.USAGE
