"""What is stored or published is changed from outside: each way is noticed and named."""

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import datetime

import pytest
from openpyxl import load_workbook

from pipeline.commands.context import pass_through
from pipeline.commands.deep_check import verify_inputs
from pipeline.commands.history import (
    accept_history,
    back_up,
    purge_history,
    reassign_patient,
    restore_history,
)
from pipeline.commands.inbox import process_inbox
from pipeline.commands.status import look_at_site
from pipeline.config import Settings
from pipeline.errors import Exit, OutputError
from pipeline.history.store import seals, tables
from pipeline.history.stored import open_history
from pipeline.publish.audit_check import verify_history
from pipeline.publish.audit_log import verify_site
from pipeline.publish.check_seals import verify_seals
from pipeline.site.location import locate_history
from pipeline.site.private_folder import find_private, find_record
from tests.operations.conftest import HEADER

ONE = "P1,Aster Sample,F,1980-05-01,S1,2026-03-01,Hemoglobin,9.2,g/dL,final"
TWO = "P2,Borage Sample,M,1970-01-31,S2,2026-03-02,MCV,104,fL,final"
HELD = "P3,Clover Sample,F,1990-01-01,S3,2026-03-03,Platelets,many,10*3/uL,final"
OLD = "P4,Daisy Sample,F,1960-02-03,S4,2019-03-04,WBC,2.1,10*3/uL,final"
NOW = datetime(2026, 11, 1, 7, 30)


def clock():
    return NOW


def settings_at(site):
    return Settings(output=site / "out", history=str(site / "h.db"), inbox=site / "in", settle=0)


def drop(settings, name, *lines):
    content = HEADER + "".join(f"{line}\n" for line in lines)
    (settings.inbox / name).write_text(content, encoding="utf-8")


def run(settings):
    return process_inbox(settings, clock=clock, progress=pass_through)


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A site with two rounds, a decision and a typed note: where it is, a copy, and an older one."""
    place = tmp_path_factory.mktemp("seals")
    site, settings = place / "site", settings_at(place / "site")
    settings.inbox.mkdir(parents=True)
    drop(settings, "one.csv", ONE, TWO)
    drop(settings, "two.csv", HELD, OLD)
    run(settings)
    shutil.copytree(site, place / "older")
    book = load_workbook(settings.output / "worklist.xlsx")
    for row in book["Worklist"].iter_rows():
        titles = {cell.value: cell.column for cell in row if cell.value}
        if "Notes" in titles or "Note" in titles:
            column = titles.get("Notes", titles.get("Note"))
            book["Worklist"].cell(row[0].row + 1, column).value = "seen"
            break
    book.save(settings.output / "worklist.xlsx")
    reassign_patient(settings, "P2", "P5", "", "somebody", clock=clock)
    drop(settings, "three.csv", ONE.replace("Hemoglobin,9.2,g/dL", "MCV,108,fL"))
    run(settings)
    back_up(settings, site / "saved.db", clock=clock)
    shutil.copytree(site, place / "template")
    return place


@pytest.fixture
def site(template):
    """The settings of the site, as it was made."""
    shutil.rmtree(template / "site")
    shutil.copytree(template / "template", template / "site")
    return settings_at(template / "site")


def execute(settings, *statements):
    with closing(sqlite3.connect(settings.history)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def faults(settings, *, deep=False):
    place = locate_history(settings)
    found = [*verify_site(settings.output), *verify_history(settings.output, place, clock)]
    found += verify_seals(settings.output, place, clock)
    found += verify_inputs(settings, clock) if deep else ()
    return [fault.what for fault in found if not fault.is_note]


def file_name(settings, start):
    with open_history(settings.history) as history:
        return next(file.sha256[:8] for file in history.list_files() if file.name == start)


def seal_again(settings, name):
    """As somebody would who can read the code: rows, digests and seal of a file agree again."""
    with open_history(settings.history) as history, history.begin() as connection:
        (row,) = connection.execute(tables.files.select().where(tables.files.c.name == name))
        seals.seal_file(connection, row.id)


def read_again(settings, name):
    """Drop the archived file once more, as the message says."""
    (archived,) = (settings.inbox / "archive").rglob(name)
    shutil.copy(archived, settings.inbox / "again.csv")
    assert run(settings).exit_code == Exit.DONE


HEMOGLOBIN = "where analyte = 'hemoglobin'"


def test_as_it_was_made_nothing_is_found(site):
    assert faults(site, deep=True) == []
    done = run(site)
    assert (done.batches, done.exit_code) == ((), Exit.DONE)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (f"update results set value = 15.0 {HEMOGLOBIN}", "rows of a patient: 2"),
        (f"update results set original_value = 15.0 {HEMOGLOBIN}", "rows of a patient: 2"),
        (f"update results set unit = 'mg/L' {HEMOGLOBIN}", "rows of a patient: 2"),
        (f"update results set patient_id = 'P6' {HEMOGLOBIN}", "rows of a patient: 2"),
        (f"delete from results {HEMOGLOBIN}", "all rows of a patient are gone"),
        (
            "insert into results select file_id, position + 50, " + "{rest} from results",
            "rows of a patient",
        ),
        ("update held set status = 'corrected'", "rows of a patient: 2"),
        ("delete from issues", "its problems"),
        ("update files set received_at = '2020-01-01T00:00:00'", "what is known of it"),
        ("update files set purged = 1", "what is known of it"),
        ("update files set seal = ''", "what is known of it"),
        ("delete from seals", "rows of a patient"),
        (f"update results set source_row = 'x' {HEMOGLOBIN}", "rows of a patient: ?"),
        (f"update results set value = 'ten', collected_at = 'May' {HEMOGLOBIN}", "patient: 2"),
        (f"update results set analyte = 'x', status = 'y' {HEMOGLOBIN}", "patient: 2"),
        ("update files set layouts = '{', received_at = 'x'", "what is known of it"),
        ("update issues set \"row\" = 'x', severity = 'y'", "its problems"),
        ("update seals set digest = '0' where patient_id = 'P1'", "rows of a patient: 2"),
    ],
)
def test_a_changed_row_is_named_and_nothing_of_its_patient_is_reported(site, statement, said):
    rest = ", ".join(
        column.name
        for column in tables.ROWS["results"][1].columns
        if column.name not in ("file_id", "position")
    )
    execute(site, statement.replace("{rest}", rest))
    found = faults(site)
    assert any(said in fault for fault in found), found
    drop(site, "next.csv", "P9,,,,S9,2026-04-01,MCV,109,fL,final")
    done = run(site)
    assert done.exit_code == Exit.HELD
    assert (site.output / "patients/P9.xlsx").exists(), "the others go on"
    assert any("changed from outside" in fault for fault in look_at_site(site).faults)


def test_in_place_of_the_report_stands_a_notice_until_the_file_is_read_again(site):
    before = (site.output / "findings.csv").read_text()
    execute(site, f"update results set value = 15.0 {HEMOGLOBIN}")
    drop(site, "next.csv", "P9,,,,S9,2026-04-01,MCV,90,fL,final")
    run(site)
    cells = [*load_workbook(site.output / "patients/P1.xlsx").active.values]
    assert any("changed from outside" in str(cell) for row in cells for cell in row)
    assert not any("9.2" in str(cell) or 15 in row for row in cells for cell in row)
    listed = [*load_workbook(site.output / "worklist.xlsx")["Worklist"].values]
    assert any("P1" in row for row in listed), "the patient stands on the worklist"
    assert not [*(site.output / "held").glob("one*")], "it is not handed back for correction"
    (archived,) = (site.inbox / "archive").rglob("one.csv")
    shutil.copy(archived, site.inbox / "again.csv")
    done = run(site)
    assert done.exit_code == Exit.DONE
    assert faults(site, deep=True) == []
    # Its name is that under which it was read last.
    after = (site.output / "findings.csv").read_text().replace("again.csv", "one.csv")
    of_patient = [line for line in before.splitlines() if "P1" in line]
    assert [line for line in after.splitlines() if "P1" in line] == of_patient


def test_rows_that_were_changed_and_sealed_again_do_not_agree_with_the_log(site):
    execute(site, f"update results set value = 15.0 {HEMOGLOBIN}")
    seal_again(site, "one.csv")
    name = file_name(site, "one.csv")
    assert faults(site) == [f"file {name} was changed, and sealed again"]
    drop(site, "next.csv", "P9,,,,S9,2026-04-01,MCV,90,fL,final")
    assert run(site).exit_code == Exit.HELD
    cells = [*load_workbook(site.output / "patients/P1.xlsx").active.values]
    assert any("changed from outside" in str(cell) for row in cells for cell in row)
    read_again(site, "one.csv")
    assert faults(site, deep=True) == []


@pytest.mark.parametrize("change", ["seal = ''", "seal = 'x'", "name = 'other.csv'"])
def test_what_is_read_again_agrees_with_the_log_whatever_stood_in_place_of_the_seal(site, change):
    execute(site, f"update files set {change} where name = 'one.csv'")
    assert faults(site)
    read_again(site, "one.csv")
    assert faults(site, deep=True) == []


@pytest.mark.parametrize("is_sealed_again", [False, True])
def test_a_purge_does_not_seal_again_what_was_changed(site, is_sealed_again):
    execute(site, f"update results set value = 15.0 {HEMOGLOBIN}")
    if is_sealed_again:
        seal_again(site, "one.csv")
    before = faults(site)
    with pytest.raises(OutputError, match="nothing is deleted"):
        purge_history(site, datetime(2021, 1, 1).date(), clock=clock)
    assert faults(site) == before
    read_again(site, "one.csv")
    purge_history(site, datetime(2021, 1, 1).date(), clock=clock)
    assert faults(site) == []


def test_kept_cells_that_were_changed_are_named(site):
    name = file_name(site, "two.csv")
    where = "where file_id = (select id from files where name = 'two.csv')"
    execute(site, f"update originals set content = x'00' {where}")
    assert faults(site) == [f"the cells that were kept of file {name} were changed"]
    execute(site, f"delete from originals {where}")
    assert f"the cells that were kept of file {name} are gone" in faults(site)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("update decisions set facts = replace(facts, 'P5', 'P6')", "decision 1 was changed"),
        ("update decisions set by = 'somebody else'", "decision 1 was changed"),
        ("delete from decisions", "decision 1 is gone"),
        (
            "insert into decisions select 2, at, by, kind, facts, last_file from decisions",
            "decision 2 was changed or added",
        ),
    ],
)
def test_a_changed_decision_stops_the_site(site, statement, said):
    reports = {path.name: path.read_bytes() for path in (site.output / "patients").iterdir()}
    execute(site, statement)
    assert any(said in fault for fault in faults(site)), faults(site)
    drop(site, "next.csv", "P9,,,,S9,2026-04-01,MCV,90,fL,final")
    with pytest.raises(OutputError, match="what people decided was changed"):
        run(site)
    assert {
        path.name: path.read_bytes() for path in (site.output / "patients").iterdir()
    } == reports


@pytest.mark.parametrize(
    "statement",
    ["update typed set content = replace(content, 'seen', 'fine')", "delete from typed"],
)
def test_a_changed_note_is_named(site, statement):
    execute(site, statement)
    assert faults(site) == ["what people typed into the worklist was changed in the history"]


def test_a_file_taken_out_whole_is_named_and_stops_the_site(site):
    name = file_name(site, "three.csv")
    with open_history(site.history) as history, history.begin() as connection:
        (row,) = connection.execute(tables.files.select().where(tables.files.c.name == "three.csv"))
        for _, table in tables.ROWS.values():
            connection.execute(table.delete().where(table.c.file_id == row.id))
        for table in (tables.originals, tables.seals):
            connection.execute(table.delete().where(table.c.file_id == row.id))
        connection.execute(tables.files.delete().where(tables.files.c.id == row.id))
    assert faults(site) == [f"file {name} is not stored any more, and was not purged"]
    drop(site, "next.csv", TWO)
    with pytest.raises(OutputError, match="files were added to the history or removed"):
        run(site)


def test_another_sites_history_stops_everything_and_can_be_accepted(site, tmp_path):
    other = settings_at(tmp_path / "other")
    other.inbox.mkdir(parents=True)
    drop(other, "theirs.csv", "P7,,,,S7,2026-04-01,MCV,99,fL,final")
    run(other)
    reports = {path.name: path.read_bytes() for path in (site.output / "patients").iterdir()}
    shutil.copy(other.history, site.history)
    drop(site, "next.csv", TWO)
    with pytest.raises(OutputError, match=r"another site.*audit accept"):
        run(site)
    assert {
        path.name: path.read_bytes() for path in (site.output / "patients").iterdir()
    } == reports
    assert any("another site" in fault for fault in faults(site))
    assert any("another site" in fault for fault in look_at_site(site).faults)
    accept_history(site, clock=clock)
    assert run(site).exit_code == Exit.DONE
    assert [*(site.output / "patients").glob("P7*")]
    assert not any("another site" in fault for fault in faults(site))


def test_an_older_history_stops_everything_and_a_restore_mends_it(site, template):
    shutil.copy(template / "older/h.db", site.history)
    drop(site, "next.csv", TWO)
    with pytest.raises(OutputError, match="older than the log"):
        run(site)
    assert any("older than the log" in fault for fault in faults(site))
    restore_history(site, template / "site/saved.db", clock=clock)
    assert run(site).exit_code in (Exit.DONE, Exit.HELD)
    assert faults(site) == []


def test_an_older_history_that_is_accepted_is_reported_as_it_is(site, template):
    older = template / "older/out/patients"
    shutil.copy(template / "older/h.db", site.history)
    accept_history(site, clock=clock)
    assert faults(site) == []
    found = {path.name: path.read_bytes() for path in (site.output / "patients").iterdir()}
    assert found == {path.name: path.read_bytes() for path in older.iterdir()}


def test_a_folder_put_back_to_an_older_state_stops_everything(site, template):
    shutil.rmtree(site.output)
    shutil.copytree(template / "older/out", site.output)
    drop(site, "next.csv", TWO)
    with pytest.raises(OutputError, match="put back to an earlier state"):
        run(site)
    assert any("earlier state" in fault for fault in faults(site))
    accept_history(site, clock=clock)
    assert run(site).exit_code in (Exit.DONE, Exit.HELD)
    assert faults(site) == []


def test_a_log_that_was_removed_is_not_begun_anew_without_a_word(site):
    (site.output / "audit.log").unlink()
    (site.output / ".labflag/audit.head").unlink()
    drop(site, "next.csv", TWO)
    with pytest.raises(OutputError, match="its log was removed"):
        run(site)
    assert any("no log" in fault or "log was removed" in fault for fault in faults(site))


@pytest.mark.parametrize("pending", ["x", '{"line":1}\n', "copy"])
def test_a_head_that_claims_lines_to_come_is_no_way_round_the_check(site, pending):
    head = site.output / ".labflag/audit.head"
    said = json.loads(head.read_text())
    lines = (site.output / "audit.log").read_text().splitlines(keepends=True)
    said["pending"] = lines[-1] if pending == "copy" else pending
    head.write_text(json.dumps(said))
    (site.output / "audit.log").write_text("".join(lines[:-1]))
    assert any("not what labflag wrote" in fault for fault in faults(site))
    drop(site, "next.csv", TWO)
    with pytest.raises(OutputError):
        run(site)


@pytest.mark.parametrize("report_mode", ["0640", "0660"])
@pytest.mark.parametrize("left", [0, 1, -1])
def test_a_log_that_is_cut_off_is_found_though_a_line_is_pending(tmp_path, report_mode, left):
    settings = replace(settings_at(tmp_path), report_mode=report_mode)
    settings.inbox.mkdir()
    drop(settings, "one.csv", ONE)
    run(settings)
    head = find_private(settings.output) / "audit.head"
    log = find_record(settings.output, "audit.log")
    lines = log.read_text().splitlines(keepends=True)
    before = json.loads(lines[-2])
    said = json.loads(head.read_text()) | {"pending": lines[-1], "lines": before["line"]}
    said |= {"seal": before["seal"], "size": len("".join(lines[:-1]))}
    head.write_text(json.dumps(said))
    log.write_text("".join(lines[:-1]) + lines[-1][:20])
    assert faults(settings) == [], "a run that died while it wrote the line"
    head.write_text(json.dumps({"pending": "".join(lines), "history": said["history"]}))
    log.write_text(lines[0][:30])
    assert faults(settings) == [], "or the first lines of all"
    head.write_text(json.dumps(said))
    log.write_text("".join(lines[:left]))
    cut = [fault for fault in faults(settings) if "cut off" in fault]
    assert bool(cut) == (left != -1), "before the line that is pending the log is whole"


@pytest.mark.parametrize("change", ["change", "remove"])
def test_an_archived_input_that_was_changed_or_removed_is_named(site, change):
    name = file_name(site, "one.csv")
    (archived,) = (site.inbox / "archive").rglob("one.csv")
    if change == "change":
        archived.write_text(archived.read_text().replace("9.2", "13.2"))
    else:
        archived.unlink()
    assert faults(site) == []
    assert faults(site, deep=True) == [f"the archived input {name} is gone or was changed"]


def test_a_row_that_agrees_with_all_seals_still_differs_from_its_file(site):
    """Whoever can rewrite history, seals and the whole log is found by the input itself."""
    execute(site, f"update results set value = 15.0, original_value = 15.0 {HEMOGLOBIN}")
    seal_again(site, "one.csv")
    name = file_name(site, "one.csv")
    assert f"file {name}, row 2: stored otherwise than the file says" in faults(site, deep=True)


def test_sealing_everything_again_is_found(site):
    execute(site, f"update results set value = 15.0 {HEMOGLOBIN}", "alter table files drop seal")
    found = faults(site)
    assert any("sealed anew, though" in fault for fault in found), found


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda out: (out / "patients/P1.xlsx").write_bytes(b"x"), "an output was changed"),
        (lambda out: (out / "findings.csv").write_text("x"), "an output was changed"),
        (lambda out: (out / "index.html").unlink(), "outputs that the log knows are missing"),
        (lambda out: (out / "held/more.xlsx").write_bytes(b"x"), "no output that the log knows"),
        (lambda out: (out / ".labflag/audit.salt").unlink(), "the salt of the log is missing"),
    ],
)
def test_an_output_that_was_changed_is_found(site, change, said):
    (site.output / "held").mkdir(exist_ok=True)
    change(site.output)
    assert any(said in fault for fault in faults(site))


def test_what_labflag_changes_itself_is_sealed_again(site):
    purge_history(site, datetime(2021, 1, 1).date(), clock=clock)
    assert faults(site) == []
    reassign_patient(site, "P1", "P8", "", "somebody", clock=clock)
    restore_history(site, site.output.parent / "saved.db", clock=clock)
    run(site)
    assert faults(site) == []


def test_whoever_a_specimen_was_moved_to_is_not_reported_either(site):
    """Nobody knows whether it was that specimen's rows that were changed."""
    reassign_patient(site, "P1", "P8", "S1", "somebody", clock=clock)
    execute(site, f"update results set value = 15.0 {HEMOGLOBIN}")
    drop(site, "next.csv", "P9,,,,S9,2026-04-01,MCV,90,fL,final")
    run(site)
    with open_history(site.history) as history:
        assert history.load().broken == {"P1", "P8"}
    listed = [*load_workbook(site.output / "worklist.xlsx")["Worklist"].values]
    assert any("P8" in row for row in listed), "the patient stands on the worklist"


def test_what_was_stored_before_there_were_seals_is_sealed_once(site):
    with closing(sqlite3.connect(site.history)) as connection:
        connection.executescript(
            "drop table seals; drop table due; drop table folders;"
            "alter table files drop seal; alter table files drop dropped;"
            "alter table originals drop digest; alter table runs drop folder;"
            "delete from meta where key = 'history';"
            "update events set facts = '{}'"
        )
    for name in ("audit.log", ".labflag/audit.head"):
        (site.output / name).unlink()
    done = run(site)
    assert done.exit_code in (Exit.DONE, Exit.HELD)
    assert faults(site) == []
    execute(site, f"update results set value = 15.0 {HEMOGLOBIN}")
    assert faults(site)


def test_the_same_where_the_history_lies_in_the_folder(tmp_path):
    settings = replace(settings_at(tmp_path), history="")
    settings.inbox.mkdir()
    drop(settings, "one.csv", ONE, TWO)
    run(settings)
    assert faults(settings) == []
    inside = replace(settings, history=str(settings.output / "labflag.db"))
    execute(inside, f"update results set value = 15.0 {HEMOGLOBIN}")
    assert any("rows of a patient: 2" in fault for fault in faults(settings))
