"""Ways in which people edit the worklist: no note is lost, none moves, and the run says so."""

import shutil
from datetime import date, datetime, time

import pytest
from openpyxl import load_workbook
from openpyxl.comments import Comment

from pipeline.cli.worklist_news import list_messages
from pipeline.report.worklist.line_tags import TAG
from tests.needs import needs_program
from tests.operations.worklist_files import (
    FIRST,
    NOTES,
    SECOND,
    Site,
    copy_values,
    edit,
    heads_of,
    lines_of,
    row_of,
    save_by_office,
    sheet_of,
    sort_lines,
    type_notes,
    typed_of,
)

OFFICE = needs_program("soffice", "libreoffice-calc")


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


def delete_column(title):
    def change(sheet):
        _, heads = heads_of(sheet)
        sheet.delete_cols(heads[title])

    return change


def rename(**titles):
    def change(sheet):
        top, heads = heads_of(sheet)
        for old, new in titles.items():
            sheet.cell(top, heads[old.replace("_", " ")]).value = new

    return change


def insert_column(sheet):
    top, _ = heads_of(sheet)
    sheet.insert_cols(1)
    sheet.cell(top, 1).value = "Phone"
    sheet.cell(row_of(sheet, "N-1"), 1).value = "555-1"


def add_column(sheet):
    top, _ = heads_of(sheet)
    column = sheet.max_column + 1
    sheet.cell(top, column).value = "Phone"
    sheet.cell(row_of(sheet, "N-1"), column).value = "555-1"
    sheet.cell(row_of(sheet, "N-4"), column).value = 12.5


def delete_line(sheet):
    sheet.delete_rows(row_of(sheet, "N-4"))


def delete_above(sheet):
    top, _ = heads_of(sheet)
    sheet.delete_rows(1, top - 1)


def delete_above_and_titles(sheet):
    top, _ = heads_of(sheet)
    sheet.delete_rows(1, top)


def keep_filtered(sheet):
    for patient in ("N-4",):
        sheet.delete_rows(row_of(sheet, patient))


def double(sheet):
    sheet.append([cell.value for cell in sheet[row_of(sheet, "N-1")]])
    sheet.append([cell.value for cell in sheet[row_of(sheet, "N-2")]])


def keep_four_columns(sheet):
    _, heads = heads_of(sheet)
    wanted = ("Patient id", "Why", "Review status", "Reviewer", "Notes", TAG)
    for column in sorted((place for title, place in heads.items() if title not in wanted))[::-1]:
        sheet.delete_cols(column)


def sort_all(sheet):
    sort_lines(sheet, sheet.max_column)


EDITS = [
    # name, what is done, whether the old workbook is kept
    ("as labflag drew it", lambda sheet: None, False),
    ("sorted with the hidden column", sort_all, False),
    ("hidden column deleted", delete_column(TAG), True),
    ("hidden column renamed", rename(**{TAG.replace(" ", "_"): "x"}), False),
    ("column inserted", insert_column, True),
    ("column added", add_column, True),
    ("line deleted", delete_line, False),
    ("rows above deleted", delete_above, False),
    ("rows above and titles deleted", delete_above_and_titles, True),
    ("filtered", keep_filtered, False),
    ("lines doubled", double, False),
    ("most columns deleted", keep_four_columns, True),
    ("title of a column of labflag changed", rename(Why="Reason"), True),
    ("title of the id changed", rename(Patient_id="ID"), True),
]


@pytest.mark.parametrize(
    ("change", "is_kept"), [each[1:] for each in EDITS], ids=[each[0] for each in EDITS]
)
def test_notes_stay_beside_their_patient(site, change, is_kept):
    edit(site.worklist, change)
    before = site.worklist.read_bytes()
    batch = site.run(SECOND)
    for _ in range(2):
        assert typed_of(site.worklist) == NOTES
        site.run()
    assert [path.read_bytes() for path in site.aside] == [before] * is_kept
    assert ("is kept as" in said(batch)) == is_kept
    assert "3 notes" in said(batch)
    assert batch.exit_code == int(is_kept)
    assert not any(secret in said(batch) for secret in ("N-1", "Aster", "rang", "555", "Phone"))


def test_values_copied_into_a_new_workbook(site):
    copy_values(site.worklist)
    batch = site.run(SECOND)
    assert typed_of(site.worklist) == NOTES
    assert batch.exit_code == 0


@pytest.mark.parametrize("title", ["Notes", "Review status", "Reviewer"])
def test_a_typed_column_that_was_renamed_is_carried_along_as_a_column_of_its_own(site, title):
    site.run()
    assert typed_of(site.worklist) == NOTES
    type_notes(site.worklist, {"N-4": ("open", "EF", "new")})
    edit(site.worklist, rename(**{title.replace(" ", "_"): "Mine"}))
    site.run(SECOND)
    lines = lines_of(site.worklist)
    # What stood in the history stands where it stood; what stood below the new title too.
    for patient, typed in NOTES.items():
        assert typed_of(site.worklist)[patient] == typed
    place = ("Review status", "Reviewer", "Notes").index(title)
    assert lines["N-4"]["Mine"] == ("open", "EF", "new")[place]
    assert lines["N-1"]["Mine"] == (NOTES["N-1"][place] or None)
    assert len(site.aside) == 1


@pytest.mark.parametrize("by", ["lines", "typed cells"])
def test_sorted_without_the_hidden_column_nothing_moves(site, by):
    def change(sheet):
        _, heads = heads_of(sheet)
        if by == "lines":
            sort_lines(sheet, heads[TAG] - 1)
        else:
            top = heads_of(sheet)[0]
            for row in range(top + 1, sheet.max_row + 1):
                sheet.cell(row, heads[TAG]).value, sheet.cell(row, heads["Sex"]).value = (
                    sheet.cell(sheet.max_row + top + 1 - row, heads[TAG]).value,
                    None,
                )

    edit(site.worklist, change)
    batch = site.run(SECOND)
    placed, waiting = typed_of(site.worklist), sheet_of(site.worklist, "Notes to be placed")
    assert placed.items() <= NOTES.items()
    found = [
        tuple(row[title] or "" for title in ("Status typed", "Who", "Note typed"))
        for row in waiting
    ]
    assert sorted([*placed.values(), *found]) == sorted(NOTES.values())
    assert waiting, "some line stands beside another's hidden cell"
    assert {row["Patient id beside it"] for row in waiting} <= {*NOTES}
    assert batch.exit_code == 1
    assert "not certain whose" in said(batch)
    assert len(site.aside) == 1


def test_a_note_is_placed_by_a_person(site):
    edit(site.worklist, lambda sheet: sort_lines(sheet, heads_of(sheet)[1][TAG] - 1))
    site.run(SECOND)
    rows = sheet_of(site.worklist, "Notes to be placed")
    book = load_workbook(site.worklist)
    sheet = book["Notes to be placed"]
    for number, row in enumerate(rows, 4):
        if row["Patient id beside it"] == "N-3":
            sheet.cell(number, 10).value = "yes"
        else:
            sheet.cell(number, 9).value = row["Patient id beside it"]
    book.save(site.worklist)
    site.run()
    assert typed_of(site.worklist) == {who: typed for who, typed in NOTES.items() if who != "N-3"}
    assert sheet_of(site.worklist, "Notes to be placed") == []
    (kept,) = sheet_of(site.worklist, "Notes archive", top=2)
    assert (kept["What"], kept["Who"]) == ("note that was to be placed", "CD")


def test_wrongly_sorted_lines_whose_notes_are_known_leave_nothing_to_place(site):
    site.run()
    edit(site.worklist, lambda sheet: sort_lines(sheet, heads_of(sheet)[1][TAG] - 1))
    batch = site.run(SECOND)
    assert typed_of(site.worklist) == NOTES
    assert sheet_of(site.worklist, "Notes to be placed") == []
    assert "another patient" in said(batch)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (12.5, "12.5"),
        (4711, "4711"),
        (datetime(2026, 3, 4), "2026-03-04"),
        (date(2026, 3, 4), "2026-03-04"),
        (time(8, 40), "08:40:00"),
        (True, "yes"),
        ("=A1", "=A1"),
        ("'=SUM(A1)", "'=SUM(A1)"),
        ("x" * 30_000, "x" * 30_000),
        ("ä" * 20_000 + "\n≥", "ä" * 20_000 + "\n≥"),
    ],
)
def test_whatever_is_typed_is_kept(site, typed, kept):
    type_notes(site.worklist, {"N-4": ("my own status", "EF", typed)})
    for _ in range(3):
        site.run()
        assert typed_of(site.worklist)["N-4"] == ("my own status", "EF", kept)
    assert {who: each for who, each in typed_of(site.worklist).items() if who != "N-4"} == NOTES


def test_an_emptied_cell_is_a_note_taken_back_and_a_missing_line_is_not(site):
    site.run()
    type_notes(site.worklist, {"N-1": ("", "", "")})
    edit(site.worklist, lambda sheet: sheet.delete_rows(row_of(sheet, "N-2")))
    batch = site.run(SECOND)
    assert typed_of(site.worklist) == {who: NOTES[who] for who in ("N-2", "N-3")}
    assert "1 note taken back" in said(batch)
    assert sheet_of(site.worklist, "Notes archive", top=2) == []


def test_two_copies_that_were_merged(site):
    site.run()
    first = site.worklist.read_bytes()
    type_notes(site.worklist, {"N-1": ("done", "EF", "film seen")})

    def change(sheet):
        other = load_workbook(site.out / "mine.xlsx").worksheets[0]
        top, _ = heads_of(other)
        for row in other.iter_rows(min_row=top + 1, values_only=True):
            sheet.append(row)

    (site.out / "mine.xlsx").write_bytes(first)
    edit(site.worklist, change)
    site.run(SECOND)
    typed = typed_of(site.worklist)
    assert {who: each for who, each in typed.items() if who != "N-1"} == {
        who: NOTES[who] for who in ("N-2", "N-3")
    }
    assert all("EF" in cell or "AB" in cell for cell in typed["N-1"][1:2])
    assert "film seen" in typed["N-1"][2]
    assert "rang the ward" in typed["N-1"][2]
    assert "done" in typed["N-1"][0]
    assert "in review" in typed["N-1"][0]


def test_an_older_copy_that_is_put_back_brings_nothing_back(site):
    site.run()
    older = site.worklist.read_bytes()
    type_notes(site.worklist, {"N-1": ("", "", ""), "N-2": ("", "", "better")})
    site.run()
    site.worklist.write_bytes(older)
    site.run(SECOND)
    assert typed_of(site.worklist) == {"N-2": ("", "", "better"), "N-3": NOTES["N-3"]}


def test_a_copy_that_was_edited_while_another_was_saved_loses_neither_note(site):
    site.run()
    older = site.worklist.read_bytes()
    type_notes(site.worklist, {"N-1": ("", "", "first")})
    site.run()
    site.worklist.write_bytes(older)
    type_notes(site.worklist, {"N-1": ("", "", "second")})
    site.run(SECOND)
    assert typed_of(site.worklist)["N-1"] == ("", "", "second")
    (kept,) = sheet_of(site.worklist, "Notes archive", top=2)
    assert (kept["What"], kept["Text"]) == ("note replaced by another", "first")


def test_a_workbook_without_tags_takes_no_note_back(site):
    site.run()
    type_notes(site.worklist, {"N-1": ("", "", ""), "N-2": ("", "", "other")})
    edit(site.worklist, delete_column(TAG))
    site.run(SECOND)
    assert typed_of(site.worklist) == {**NOTES, "N-2": ("", "", "other")}
    (kept,) = sheet_of(site.worklist, "Notes archive", top=2)
    assert kept["Text"] == "citrate tube\nasked for"


def test_one_id_on_two_lines_without_tags_is_not_certain(site):
    edit(site.worklist, double)
    edit(site.worklist, delete_column(TAG))
    batch = site.run(SECOND)
    assert typed_of(site.worklist) == {"N-3": NOTES["N-3"]}
    found = {row["Note typed"] for row in sheet_of(site.worklist, "Notes to be placed")}
    assert found == {"rang the ward", "citrate tube\nasked for"}
    assert batch.exit_code == 1


def test_without_a_column_of_ids_nothing_is_certain(site):
    edit(site.worklist, delete_column("Patient id"))
    site.run(SECOND)
    assert typed_of(site.worklist) == {}
    rows = sheet_of(site.worklist, "Notes to be placed")
    found = {
        row["Patient id of the hidden cell"]: tuple(
            row[title] or "" for title in ("Status typed", "Who", "Note typed")
        )
        for row in rows
    }
    assert found == NOTES


def test_two_columns_of_one_title_are_both_carried_along(site):
    def change(sheet):
        top, heads = heads_of(sheet)
        sheet.insert_cols(heads["Notes"])
        sheet.cell(top, heads["Notes"]).value = "Notes"

    site.run()
    edit(site.worklist, change)
    site.run(SECOND)
    assert typed_of(site.worklist) == NOTES
    assert len(site.aside) == 1


def test_columns_of_ones_own_stay_with_their_patient(site):
    edit(site.worklist, add_column)
    for lines in (SECOND, "", ""):
        site.run(lines)
        found = {who: line["Phone"] for who, line in lines_of(site.worklist).items()}
        assert found == {"N-1": "555-1", "N-2": None, "N-3": None, "N-4": 12.5, "N-5": None}
    assert len(site.aside) == 1, "once: from then on the column is known"

    # A changed cell, an emptied one, and one that was sorted.
    def change(sheet):
        _, heads = heads_of(sheet)
        sheet.cell(row_of(sheet, "N-1"), heads["Phone"]).value = "555-2"
        sheet.cell(row_of(sheet, "N-4"), heads["Phone"]).value = None
        sheet.cell(row_of(sheet, "N-5"), heads["Phone"]).value = "=A1"
        sort_all(sheet)

    edit(site.worklist, change)
    site.run()
    found = {who: line["Phone"] for who, line in lines_of(site.worklist).items()}
    assert found == {"N-1": "555-2", "N-2": None, "N-3": None, "N-4": None, "N-5": "=A1"}


def test_a_column_without_a_title_and_one_that_is_empty(site):
    def change(sheet):
        top, _ = heads_of(sheet)
        column = sheet.max_column + 1
        sheet.cell(row_of(sheet, "N-2"), column).value = "no title"
        sheet.cell(top, column + 1).value = "Empty"

    edit(site.worklist, change)
    site.run(SECOND)
    line = lines_of(site.worklist)["N-2"]
    assert "no title" in line.values()
    assert "Empty" in line


def test_what_is_not_carried_along_is_kept_and_said(site):
    book = load_workbook(site.worklist)
    book.create_sheet("Mine")["A1"] = "to do"
    book.worksheets[0]["C4"].comment = Comment("ask again", "EF")
    book.save(site.worklist)
    before = site.worklist.read_bytes()
    batch = site.run(SECOND)
    assert "sheets were added" in said(batch)
    assert "comments" in said(batch)
    assert [path.read_bytes() for path in site.aside] == [before]
    assert site.aside[0].stat().st_mode & 0o777 == 0o600


def test_a_line_added_by_hand_is_to_be_placed(site):
    def change(sheet):
        _, heads = heads_of(sheet)
        row = sheet.max_row + 1
        sheet.cell(row, heads["Patient id"]).value = "N-99"
        sheet.cell(row, heads["Notes"]).value = "bring film"

    edit(site.worklist, change)
    site.run(SECOND)
    (row,) = sheet_of(site.worklist, "Notes to be placed")
    assert (row["Patient id beside it"], row["Note typed"]) == ("N-99", "bring film")
    # It comes back as long as nobody has placed it.
    edit(site.worklist, lambda sheet: None)
    book = load_workbook(site.worklist)
    book.remove(book["Notes to be placed"])
    book.save(site.worklist)
    site.run()
    assert len(sheet_of(site.worklist, "Notes to be placed")) == 1


@OFFICE
def test_opened_and_saved_by_libreoffice(site):
    save_by_office(site.worklist)
    batch = site.run(SECOND)
    assert typed_of(site.worklist) == NOTES
    assert batch.worklist.odd == {}
    assert site.aside == []


@OFFICE
def test_saved_as_ods_beside_it(tmp_path):
    site = Site(tmp_path)
    site.run(FIRST)
    untouched = site.worklist.read_bytes()
    type_notes(site.worklist)
    ods = save_by_office(site.worklist, "ods")
    site.worklist.write_bytes(untouched)
    batch = site.run(SECOND)
    assert typed_of(site.worklist) == NOTES
    assert "worklist.ods" in said(batch)
    # It stays where it is, and is read once: what is typed later in the worklist holds.
    type_notes(site.worklist, {"N-1": ("done", "", "later")})
    site.run()
    site.run()
    assert ods.exists()
    assert typed_of(site.worklist)["N-1"] == ("done", "", "later")


@pytest.mark.parametrize(
    "name",
    [
        "worklist (1).xlsx", "worklist - Kopie.xlsx", "Kopie von worklist.xlsx", "worklist.xlsm",
        "worklist.csv", "Worklist_AB.XLSX", "worklist-2.xls",
    ],
)  # fmt: skip
def test_a_copy_beside_it_is_named_and_left(site, name):
    shutil.copy(site.worklist, site.out / name)
    before = (site.out / name).read_bytes()
    batch = site.run(SECOND)
    assert name in said(batch)
    assert batch.worklist.has_new_copy
    assert (site.out / name).read_bytes() == before
    again = site.run()
    assert name in said(again)
    assert not again.worklist.has_new_copy
    assert typed_of(site.worklist) == NOTES


def test_a_german_worklist(tmp_path):
    site = Site(tmp_path, language="de")
    site.run(FIRST)

    def change(sheet):
        titles = {cell.value: cell.column for cell in sheet[3]}
        for row in range(4, sheet.max_row + 1):
            who = sheet.cell(row, titles["Patienten-ID"]).value
            sheet.cell(row, titles["Notizen"]).value = f"zu {who}"
        sheet.delete_cols(titles[TAG])

    edit(site.worklist, change)
    site.settings = type(site.settings)(output=site.out)
    site.run(SECOND)
    notes = {who: typed[2] for who, typed in typed_of(site.worklist).items()}
    assert notes == {f"N-{number}": f"zu N-{number}" for number in (1, 2, 3, 4)}
