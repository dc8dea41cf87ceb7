"""The worklist while people have it open, break it or save it in the last moment."""

import os
import shutil
import stat
import sys
import zipfile
from datetime import date

import pytest

from pipeline.cli.worklist_news import list_messages
from pipeline.commands.history import (
    accept_history,
    back_up,
    purge_history,
    reassign_patient,
    restore_history,
)
from pipeline.errors import OutputError
from pipeline.files.exchange import keep_as, replace_keeping
from pipeline.history.stored import open_history
from pipeline.history.typed_notes import load_typed
from pipeline.publish import worklist_update
from pipeline.report.worklist import read_cells
from tests.operations.worklist_files import (
    FIRST,
    NOTES,
    SECOND,
    Site,
    edit,
    heads_of,
    lines_of,
    sheet_of,
    sort_lines,
    type_notes,
    typed_of,
)

if sys.platform != "win32":
    import resource


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    site = Site(tmp_path_factory.mktemp("first"))
    site.run(FIRST)
    type_notes(site.worklist)
    return site


@pytest.fixture
def site(first, tmp_path):
    """A site with a first worklist, into which notes are typed."""
    first.hours = iter(range(1, 999))
    return first.copy(tmp_path)


def said(batch):
    return " ".join(line.text for line in list_messages(batch.worklist))


def stored(site):
    with open_history(site.out / "labflag.db") as history:
        return load_typed(history, ".")


def change_part(path, part, change):
    """Change a part of a workbook; None: leave it out."""
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    content = change(parts.pop(part))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, each in parts.items():
            new.writestr(name, each)
        if content is not None:
            new.writestr(part, content)


def sheet1(path):
    change_part(path, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b"</sheetData>", b""))


def styles(path):
    change_part(path, "xl/styles.xml", lambda xml: xml[:-20])


BROKEN = {
    "sheet": sheet1,
    "styles": styles,
    "sheet is missing": lambda path: change_part(path, "xl/worksheets/sheet1.xml", lambda _: None),
    "no workbook part": lambda path: change_part(path, "xl/workbook.xml", lambda _: None),
    "cell of a wrong kind": lambda path: change_part(
        path, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b'<c r="A4"', b'<c r="4A"')
    ),
    "no zip": lambda path: path.write_bytes(b"half a file"),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:2000]),
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("Patient id;Notes\nN-1;rang\n"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_worklist_that_is_not_well_formed_is_kept_and_the_run_goes_on(site, kind):
    site.run()
    BROKEN[kind](site.worklist)
    before = site.worklist.read_bytes()
    batch = site.run(SECOND)
    assert typed_of(site.worklist) == NOTES
    assert "N-5" in lines_of(site.worklist)
    assert [path.read_bytes() for path in site.aside] == [before]
    assert stat.S_IMODE(site.aside[0].stat().st_mode) == 0o600
    assert "is kept as" in said(batch)
    assert batch.exit_code == 1
    assert (site.run().exit_code, len(site.aside)) == (0, 1)


def make_folder(path):
    path.mkdir()


NO_FILES = {
    "folder": make_folder,
    "fifo": os.mkfifo,
    "link": lambda path: path.symlink_to(path.with_name("elsewhere.xlsx")),
    "link to a file": lambda path: (
        shutil.copy(path.parent / "patients/N-1.xlsx", path.parent.parent / "target.xlsx"),
        path.symlink_to(path.parent.parent / "target.xlsx"),
    ),
    "link to a device": lambda path: path.symlink_to("/dev/zero"),
}


@pytest.mark.skipif(os.name == "nt", reason="needs links and pipes")
@pytest.mark.parametrize("kind", NO_FILES)
def test_what_is_no_file_is_left_and_said(site, kind):
    site.run()
    site.worklist.unlink()
    NO_FILES[kind](site.worklist)
    before = site.worklist.lstat()
    batch = site.run(SECOND)
    assert "is no file" in said(batch)
    assert site.worklist.lstat().st_ino == before.st_ino
    assert "N-5" in (site.out / "index.html").read_text(encoding="utf-8")
    assert "N-5" in (site.out / "findings.csv").read_text(encoding="utf-8")
    assert batch.locked == ("worklist.xlsx",)
    if site.worklist.is_dir():
        site.worklist.rmdir()
    else:
        site.worklist.unlink()
    site.run()
    assert typed_of(site.worklist) == NOTES


def test_one_that_is_too_large_is_kept(site, monkeypatch):
    site.run()
    monkeypatch.setattr("pipeline.publish.worklist_file.MAX_FILE_BYTES", 100)
    size = site.worklist.stat().st_size
    batch = site.run(SECOND)
    assert "larger than" in said(batch)
    assert [path.stat().st_size for path in site.aside] == [size]
    monkeypatch.undo()
    assert typed_of(site.worklist) == NOTES


def many_rows(path):
    """What a filled-down formula or a pasted table makes of a worklist."""
    row = b'<row><c t="inlineStr"><is><t>x</t></is></c><c><v>1</v></c><c><v>2</v></c></row>'
    part = "xl/worksheets/sheet1.xml"
    change_part(
        path, part, lambda xml: xml.replace(b"</sheetData>", row * 60_000 + b"</sheetData>")
    )


def many_strings(path):
    # As programs write it that keep their texts in a part of their own.
    named = (
        b'<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-'
        b'officedocument.spreadsheetml.sharedStrings+xml"/></Types>'
    )
    change_part(path, "[Content_Types].xml", lambda xml: xml.replace(b"</Types>", named))
    texts = b"<si><t>some text</t></si>" * 400_000
    space = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/sharedStrings.xml", b'<sst xmlns="%s">%s</sst>' % (space, texts))


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of computing time")
@pytest.mark.parametrize("spoil", [many_rows, many_strings])
def test_one_that_takes_too_long_to_read_is_kept_and_the_run_goes_on(site, monkeypatch, spoil):
    site.run()
    spoil(site.worklist)
    before = site.worklist.read_bytes()
    monkeypatch.setattr("pipeline.report.worklist.read_cells.CPU_SECONDS", 1)
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    batch = site.run(SECOND)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime - spent.ru_utime < 10
    monkeypatch.undo()
    assert "takes too much time or memory" in said(batch)
    assert batch.exit_code == 1
    assert [path.read_bytes() for path in site.aside] == [before]
    assert typed_of(site.worklist) == NOTES
    assert "N-5" in lines_of(site.worklist)
    assert (site.run().exit_code, len(site.aside)) == (0, 1)


def test_more_rows_than_a_worklist_can_have_are_not_taken(site, monkeypatch):
    start = read_cells._START.replace("main()", "").rstrip("; ")
    few = "import pipeline.ingest.formats.workbook.cells_child as child; child.MAX_ROWS = 5; child.main()"
    monkeypatch.setattr(read_cells, "_START", start.rsplit("from ", 1)[0] + few)
    batch = site.run(SECOND)
    assert "takes too much time or memory" in said(batch)
    assert len(site.aside) == 1


@pytest.mark.skipif(os.name == "nt", reason="no signals")
@pytest.mark.parametrize("when", ["before it starts", "while it reads"])
def test_a_reader_that_the_system_stops_costs_no_note(site, monkeypatch, when):
    kill = "import os; os.kill(os.getpid(), 9)"
    ready = "" if when == "before it starts" else "print('[\"ready\"]', flush=True); "
    monkeypatch.setattr(read_cells, "_START", ready + kill)
    before = site.worklist.read_bytes()
    batch = site.run(SECOND)
    assert "want of memory" in said(batch)
    assert site.worklist.read_bytes() == before
    assert (batch.locked, site.aside) == (("worklist.xlsx",), [])
    assert "N-5" in (site.out / "index.html").read_text(encoding="utf-8")
    monkeypatch.undo()
    assert site.run().locked == ()
    assert typed_of(site.worklist) == NOTES


@pytest.mark.parametrize("name", ["~$worklist.xlsx", ".~lock.worklist.xlsx#"])
def test_a_worklist_that_is_open_is_left_and_tried_again(site, name):
    (site.out / name).write_bytes(b"\x02EF")
    before = site.worklist.read_bytes()
    batch = site.run(SECOND)
    assert site.worklist.read_bytes() == before
    assert batch.locked == ("worklist.xlsx",)
    assert "open in another program" in said(batch)
    # What was saved so far is stored, and the page is new.
    assert {who: note.typed for who, note in stored(site).notes.items()} == NOTES
    assert "N-5" in (site.out / "index.html").read_text(encoding="utf-8")
    # Saved again by whoever has it open, once more changed.
    type_notes(site.worklist, {"N-1": ("done", "AB", "rang again")})
    site.run()
    (site.out / name).unlink()
    assert site.run().locked == ()
    assert typed_of(site.worklist) == {**NOTES, "N-1": ("done", "AB", "rang again")}
    assert sheet_of(site.worklist, "Notes archive", top=2) == []
    assert site.aside == []


@pytest.mark.parametrize("can_exchange", [True, False])
@pytest.mark.parametrize("moment", ["before the look", "after the look"])
def test_a_save_in_the_last_moment_is_not_lost(site, monkeypatch, can_exchange, moment):
    if not can_exchange:
        monkeypatch.setattr("pipeline.files.exchange._find_call", lambda: None)
    saves = iter([("in review", "AB", "saved late")])
    name = {"before the look": "is_as_found", "after the look": "replace_keeping"}[moment]
    real = getattr(worklist_update, name)

    def save_first(*arguments):
        for typed in saves:
            type_notes(site.worklist, {"N-4": typed})
            if moment == "after the look" and not can_exchange:
                # Without an exchange a save under a new inode in this very moment is not seen.
                assert site.worklist.exists()
        return real(*arguments)

    monkeypatch.setattr(worklist_update, name, save_first)
    site.run(SECOND)
    monkeypatch.undo()
    assert typed_of(site.worklist) == {**NOTES, "N-4": ("in review", "AB", "saved late")}
    if moment == "after the look" and can_exchange:
        assert len(site.aside) == 1, "the file that was replaced is kept"
    assert not list((site.out / ".labflag").glob("worklist*"))


@pytest.mark.parametrize("at", ["store", "exchange", "after"])
def test_a_run_that_is_stopped_loses_nothing(site, monkeypatch, at):
    names = {"store": "store_typed", "exchange": "replace_keeping", "after": "replace_keeping"}
    real = getattr(worklist_update, names[at])

    def stop(*arguments, **named):
        if at == "after":
            real(*arguments, **named)
        raise KeyboardInterrupt

    monkeypatch.setattr(worklist_update, names[at], stop)
    edit(site.worklist, lambda sheet: sort_lines(sheet, heads_of(sheet)[1]["labflag tag"] - 1))
    with pytest.raises(KeyboardInterrupt):
        site.run(SECOND)
    monkeypatch.undo()
    site.run()
    found = [
        *typed_of(site.worklist).values(),
        *(
            tuple(row[title] or "" for title in ("Status typed", "Who", "Note typed"))
            for row in sheet_of(site.worklist, "Notes to be placed")
        ),
    ]
    assert sorted(found) == sorted(NOTES.values())
    assert site.aside
    assert not list((site.out / ".labflag").glob("worklist*"))


def test_no_name_is_ever_overwritten(tmp_path):
    source, target = tmp_path / "a", tmp_path / "b"
    source.write_text("new")
    target.write_text("old")
    with pytest.raises(FileExistsError):
        keep_as(source, target)
    assert (source.read_text(), target.read_text()) == ("new", "old")


@pytest.mark.parametrize("can_exchange", [True, False])
def test_what_was_replaced_is_kept(tmp_path, monkeypatch, can_exchange):
    if not can_exchange:
        monkeypatch.setattr("pipeline.files.exchange._find_call", lambda: None)
    new, path = tmp_path / "new", tmp_path / "path"
    new.write_text("1")
    assert replace_keeping(new, path) is None
    new.write_text("2")
    kept = replace_keeping(new, path)
    assert (path.read_text(), kept.read_text()) == ("2", "1")


def test_several_are_kept_in_one_second(site):
    for number in range(3):
        site.worklist.write_bytes(b"half %d" % number)
        site.hours = iter([7, 7])
        site.run()
    assert sorted(path.read_bytes() for path in site.aside) == [b"half 0", b"half 1", b"half 2"]


def test_notes_move_with_their_patient(site):
    reassign_patient(site.settings, "N-1", "N-9", "", "somebody", clock=clock)
    assert typed_of(site.worklist) == {
        ("N-9" if who == "N-1" else who): typed for who, typed in NOTES.items()
    }
    assert sheet_of(site.worklist, "Notes archive", top=2) == []
    reassign_patient(site.settings, "N-9", "N-2", "", "somebody", clock=clock)
    assert {"N-1", "N-9"}.isdisjoint(typed_of(site.worklist))


def test_notes_go_with_the_results_of_their_patient(site):
    old = FIRST.splitlines()[0].replace("2026", "2019").replace("N-1", "N-0").replace("S1", "S0")
    site.run(old + "\n")
    type_notes(site.worklist, {"N-0": ("done", "EF", "of long ago")})
    site.worklist.with_name("worklist-20260101T000000.xlsx").write_bytes(b"cannot be read")
    edit(site.worklist, lambda sheet: sheet.delete_cols(heads_of(sheet)[1]["labflag tag"]))
    site.run()
    assert len(site.aside) == 2
    before = date(2021, 1, 1)
    counted, _ = purge_history(site.settings, before, clock=clock, rehearse=True)
    assert (counted.results, counted.notes) == (1, 1)
    purged, _ = purge_history(site.settings, before, clock=clock)
    assert purged.worklists == 2
    assert site.aside == []
    assert typed_of(site.worklist) == NOTES
    assert b"of long ago" not in (site.out / "labflag.db").read_bytes()
    site.run()
    assert b"of long ago" not in b"".join(
        path.read_bytes() for path in site.out.glob("labflag.db*")
    )
    assert sheet_of(site.worklist, "Notes archive", top=2) == []


def test_notes_that_were_not_read_yet_go_too(site):
    old = FIRST.splitlines()[0].replace("2026", "2019").replace("N-1", "N-0").replace("S1", "S0")
    site.run(old + "\n")
    type_notes(site.worklist, {"N-0": ("done", "EF", "of long ago")})
    purge_history(site.settings, date(2021, 1, 1), clock=clock)
    site.run()
    assert typed_of(site.worklist) == NOTES
    assert sheet_of(site.worklist, "Notes archive", top=2) == []


def test_a_restored_history_and_a_lost_one_take_the_notes_of_the_worklist(site, tmp_path):
    site.run()
    back_up(site.settings, tmp_path / "saved.db", clock=clock)
    type_notes(site.worklist, {"N-4": ("", "", "later"), "N-1": ("", "", "changed")})
    site.run(SECOND)
    restore_history(site.settings, tmp_path / "saved.db", clock=clock)
    expected = {**NOTES, "N-4": ("", "", "later"), "N-1": ("", "", "changed")}
    assert typed_of(site.worklist) == expected
    for path in site.out.glob("labflag.db*"):
        path.unlink()
    with pytest.raises(OutputError, match="another site, or one begun anew"):
        site.run(FIRST, name="again.csv")
    accept_history(site.settings, clock=clock)
    site.run(FIRST, name="again.csv")
    assert typed_of(site.worklist) == expected


def test_a_history_holds_the_notes_of_each_of_its_folders(tmp_path):
    sites = [Site(tmp_path / name, history=str(tmp_path / "labflag.db")) for name in ("one", "two")]
    for site in sites:
        site.folder.mkdir()
        site.run(FIRST)
    type_notes(sites[0].worklist, {"N-1": ("", "", "of the first")})
    type_notes(sites[1].worklist, {"N-1": ("", "", "of the second")})
    for site in sites:
        site.run()
    assert [typed_of(site.worklist)["N-1"][2] for site in sites] == [
        "of the first",
        "of the second",
    ]


def clock():
    from tests.operations.worklist_files import START

    return START.replace(day=20)
