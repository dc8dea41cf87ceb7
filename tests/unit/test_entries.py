"""What people type into the worklist survives later runs: through real files, as people save them."""

import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from pipeline.history.notes import Note, WorklistNotes
from pipeline.history.stored import open_history
from pipeline.history.typed_notes import load_typed
from pipeline.interpret.since_last_report import compare_current
from pipeline.publish.worklist_update import WorklistNews, WorklistUpdate
from pipeline.report.excel.package import pack_workbook
from pipeline.report.worklist.carry_notes import carry_over
from pipeline.report.worklist.critical_calls import list_due
from pipeline.report.worklist.line_tags import TAG
from pipeline.report.worklist.lines import describe_subjects, list_subjects
from pipeline.report.worklist.worklist_workbook import render_worklist
from pipeline.texts import ENGLISH
from tests.needs import needs_program
from tests.unit.report_tables import RUN, knowledge, make_tables

HEAD = "patient | sex | years | specimen | at | analyte | result\n"
LOW = "P1 | F | 40 | S1 | 2026-03-01 | platelets | 90 10*9/L"
LOWER = "P1 | F | 40 | S2 | 2026-03-09 | platelets | 40 10*9/L"
WELL = "P1 | F | 40 | S3 | 2026-03-20 | platelets | 300 10*9/L"
ANEMIC = "P1 | F | 40 | S4 | 2026-03-20 | hemoglobin | 100 g/L"
OTHER = "P2 | F | 40 | S5 | 2026-03-01 | mcv | 110 fL"
HELD = "P3 | F | 40 | S6 | 2026-03-01 | mcv | held not-a-number"
CRITICAL = replace(
    knowledge(),
    rules={
        name: replace(rule, critical=name == "low-platelets")
        for name, rule in knowledge().rules.items()
    },
)


def run(
    path: Path, *lines: str, day: int = 0, rules: Any = None, named: Callable[[Any], Any] = copy
) -> Path:
    """Write the worklist of these results over the one at `path`."""
    tables = named(make_tables(HEAD + "\n".join(lines)))
    at = RUN.run_at + timedelta(days=day)
    known = rules or knowledge()
    titles = describe_subjects(known, ENGLISH)

    def carry(entries: WorklistNotes) -> WorklistNotes:
        due = list_due(tables.findings, tables.evidence, tables.results, known, ENGLISH)
        return carry_over(entries, list_subjects(tables.patients), titles, due, at.date())

    def render(entries: WorklistNotes) -> tuple[bytes, str]:
        book, page = render_worklist(
            tables.assessment(known),
            replace(RUN, run_at=at),
            compare_current(None, tables.listed),
            {},
            entries,
        )
        return pack_workbook(book, at), page

    update(path, carry, render, at, titles, tables.patients["patient_id"].tolist())
    return path


def update(
    path: Path,
    carry: Callable[[WorklistNotes], WorklistNotes],
    render: Callable[[WorklistNotes], tuple[bytes, str]],
    at: datetime = RUN.run_at,
    titles: Mapping[str, str] = MappingProxyType({}),
    people: Sequence[str] = (),
) -> WorklistNews:
    """Write the worklist over the one at `path`, with a history beside it."""
    with open_history(path.with_name("labflag.db"), clock=lambda: at) as history:
        return WorklistUpdate(
            folder=path.parent,
            key=".",
            history=history,
            made_at=at,
            people=people,
            titles=titles,
        ).update(path.with_name("index.html"), carry, render)


def note_of(path: Path, patient: str) -> Note:
    with open_history(path.with_name("labflag.db")) as history:
        return load_typed(history, ".").notes[patient]


def edit(path: Path, change: Callable[[Workbook], None]) -> None:
    book = load_workbook(path)
    change(book)
    book.save(path)


def find(sheet: Any, key: str) -> tuple[int, Mapping[str, int]]:
    """Give the row of the line that begins with `key` somewhere, and the column of each title."""
    for row in sheet.iter_rows():
        if TAG in [cell.value for cell in row]:
            heads = {cell.value: cell.column for cell in row}
    column = heads["Patient id"]
    for row in sheet.iter_rows():
        if row[column - 1].value == key:
            return row[0].row, heads
    raise AssertionError(f"no line of {key}")


def type_into(path: Path, key: str, sheet: str = "Worklist", **cells: object) -> None:
    def change(book: Workbook) -> None:
        row, heads = find(book[sheet], key)
        for title, text in cells.items():
            book[sheet].cell(row, heads[title.replace("_", " ")]).value = text

    edit(path, change)


def line_of(path: Path, key: str, sheet: str = "Worklist") -> dict[str, object]:
    book = load_workbook(path)
    row, heads = find(book[sheet], key)
    return {title: book[sheet].cell(row, column).value for title, column in heads.items()}


def archive_of(path: Path) -> list[tuple[object, ...]]:
    book = load_workbook(path)
    if "Notes archive" not in book.sheetnames:
        return []
    # The last column is hidden: it tells closed calls apart.
    return [row[1:7] for row in book["Notes archive"].iter_rows(min_row=3, values_only=True)]


NOTE = {"Review_status": "in review", "Reviewer": "MK", "Notes": "film asked for"}
TYPED = tuple(NOTE.values())


def typed_of(path: Path, key: str) -> tuple[object, ...]:
    line = line_of(path, key)
    return line["Review status"], line["Reviewer"], line["Notes"]


def save_by_office(path: Path) -> None:
    """Save the file as LibreOffice does."""
    folder = path.parent / "office"
    command = ["soffice", "--headless", "--convert-to", "xlsx", "--outdir", str(folder), str(path)]
    home = f"-env:UserInstallation=file://{path.parent}/profile"
    subprocess.run([command[0], home, *command[1:]], check=True, capture_output=True, timeout=120)
    shutil.move(folder / path.name, path)


@pytest.fixture
def worklist(tmp_path: Path) -> Path:
    return run(tmp_path / "worklist.xlsx", LOW, OTHER, HELD)


def test_a_note_stays_while_its_finding_stands(worklist):
    type_into(worklist, "P1", **NOTE)
    for day, lines in ((1, [LOW, OTHER]), (2, [LOW, LOWER, OTHER]), (3, [LOW, LOWER, OTHER])):
        run(worklist, *lines, day=day)
        assert typed_of(worklist, "P1") == TYPED
    assert typed_of(worklist, "P2") == (None, None, None)
    assert archive_of(worklist) == []


ODD_IDS = [
    "=1+1", "+1", "@x", "#N/A", "TRUE", "0012", 'O"B; \'x', "שרה-1", "\U0001f9ea-7", "a_x0041_b",
    "a\x01b", "a\ud800b", "a\nb", "a\u202eb", "<b>&amp;", "{id}", "x" * 4000,
]  # fmt: skip


@pytest.mark.parametrize("odd", ODD_IDS)
def test_a_note_stays_whoever_the_patient_is(tmp_path, odd):
    def named(tables: Any) -> Any:
        every = ("patients", "results", "findings", "current")
        return replace(
            tables,
            **{
                name: (table := getattr(tables, name)).assign(
                    patient_id=table["patient_id"].replace("P1", odd)
                )
                for name in every
            },
        )

    path = tmp_path / "worklist.xlsx"
    run(path, LOW, OTHER, named=named)
    book = load_workbook(path)
    row, heads = find(book["Worklist"], "P2")
    other = next(each for each in (4, 5) if each != row)
    for title, text in NOTE.items():
        book["Worklist"].cell(other, heads[title.replace("_", " ")]).value = text
    book.save(path)
    for day in (1, 2):
        run(path, LOW, OTHER, day=day, named=named)
        again = load_workbook(path)["Worklist"]
        row, heads = find(again, "P2")
        other = next(each for each in (4, 5) if each != row)
        told = tuple(again.cell(other, heads[title.replace("_", " ")]).value for title in NOTE)
        assert told == TYPED
        assert archive_of(path) == []


def test_a_note_goes_to_the_archive_with_its_finding_and_stays_there(worklist):
    type_into(worklist, "P1", **NOTE)
    expected = ("note", "P1", "Low platelets", "in review", "MK", "film asked for")
    for day in (1, 2, 3):
        run(worklist, WELL, OTHER, day=day)
        assert typed_of(worklist, "P1") == (None, None, None)
        assert archive_of(worklist) == [expected]
    # The finding comes back: the old note was about the time before.
    run(worklist, LOW, OTHER, day=4)
    assert typed_of(worklist, "P1") == (None, None, None)


def test_a_note_of_a_patient_who_is_gone_is_kept(worklist):
    type_into(worklist, "P1", **NOTE)
    run(worklist, OTHER, day=1)
    assert [row[1] for row in archive_of(worklist)] == ["P1"]


def test_what_is_new_since_the_note_is_said(worklist):
    type_into(worklist, "P1", **NOTE)
    run(worklist, LOW, ANEMIC, OTHER, day=1)
    line = line_of(worklist, "P1")
    assert typed_of(worklist, "P1") == TYPED
    assert "Anemia" in line["New since the note"]
    # Until the note is changed, which means that the new line was seen.
    type_into(worklist, "P1", Notes="film seen")
    run(worklist, LOW, ANEMIC, OTHER, day=2)
    assert line_of(worklist, "P1")["New since the note"] is None
    assert line_of(worklist, "P1")["Notes"] == "film seen"


def test_a_note_about_the_first_finding_does_not_pass_to_the_second(worklist):
    type_into(worklist, "P1", **NOTE)
    run(worklist, LOW, ANEMIC, OTHER, day=1)
    run(worklist, WELL, ANEMIC, OTHER, day=2)
    assert typed_of(worklist, "P1") == (None, None, None)
    assert [row[2] for row in archive_of(worklist)] == ["Low platelets"]


def test_notes_on_held_results_and_on_lines_without_findings(tmp_path):
    path = run(tmp_path / "worklist.xlsx", HELD, WELL)
    type_into(path, "P3", Notes="asked the ward")
    type_into(path, "P1", Notes="all well")
    run(path, HELD, WELL, day=1)
    assert line_of(path, "P3")["Notes"] == "asked the ward"
    assert line_of(path, "P1")["Notes"] == "all well"
    run(path, HELD.replace("held not-a-number", "110 fL"), LOW, day=2)
    assert {row[1] for row in archive_of(path)} == {"P1", "P3"}


def test_sorted_lines_keep_their_notes(worklist):
    type_into(worklist, "P1", **NOTE)

    def turn_around(book: Workbook) -> None:
        sheet = book["Worklist"]
        rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=4)]
        for place, row in enumerate(reversed(rows), 4):
            for column, value in enumerate(row, 1):
                sheet.cell(place, column).value = value

    edit(worklist, turn_around)
    run(worklist, LOW, OTHER, HELD, day=1)
    assert typed_of(worklist, "P1") == TYPED
    assert typed_of(worklist, "P2") == (None, None, None)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("=1+1", "=1+1"),
        (datetime(2026, 3, 12), "2026-03-12"),
        (datetime(2026, 3, 12, 8, 30), "2026-03-12 08:30"),
        (4711.0, "4711"),
        (0.5, "0.5"),
        (True, "yes"),
        ("two\nlines", "two\nlines"),
        ("x" * 30_000, "x" * 30_000),
        ("_x005F_x0041_", "_x0041_"),
        ("Ärztin – ≥ 2×", "Ärztin – ≥ 2×"),
    ],
)
def test_whatever_is_typed_is_kept(worklist, typed, kept):
    type_into(worklist, "P1", Notes=typed)
    if isinstance(typed, str) and typed.startswith("="):
        edit(worklist, lambda book: _as_text(book, "P1", typed))
    for day in (1, 2, 3):
        run(worklist, LOW, OTHER, day=day)
        assert note_of(worklist, "P1").text == kept


def _as_text(book: Workbook, key: str, text: str) -> None:
    row, heads = find(book["Worklist"], key)
    cell = book["Worklist"].cell(row, heads["Notes"])
    cell.value, cell.data_type = text, "s"


def test_lines_added_by_hand_and_lines_copied_are_not_lost(worklist):
    type_into(worklist, "P1", **NOTE)

    def add(book: Workbook) -> None:
        sheet = book["Worklist"]
        row, heads = find(sheet, "P1")
        copied = sheet.max_row + 1
        for column in heads.values():
            sheet.cell(copied, column).value = sheet.cell(row, column).value
        sheet.cell(copied, heads["Notes"]).value = "and a second thought"
        sheet.cell(copied + 1, heads["Patient id"]).value = "P9"
        sheet.cell(copied + 1, heads["Notes"]).value = "bring film"

    edit(worklist, add)
    run(worklist, LOW, OTHER, day=1)
    assert line_of(worklist, "P1")["Notes"] == "film asked for\nand a second thought"
    row = next(load_workbook(worklist)["Notes to be placed"].iter_rows(min_row=4, values_only=True))
    assert row[1].startswith("line added by hand")
    assert (row[2], row[7]) == ("P9", "bring film")


def test_a_cleared_note_is_gone(worklist):
    type_into(worklist, "P1", **NOTE)
    run(worklist, LOW, OTHER, day=1)
    type_into(worklist, "P1", Review_status=None, Reviewer=None, Notes=None)
    run(worklist, LOW, OTHER, day=2)
    assert typed_of(worklist, "P1") == (None, None, None)
    assert archive_of(worklist) == []


CALL = {"Called": "ward 3", "Called_by": "MK", "Called_at": "08:40", "Read_back": "yes"}


def test_calls_are_carried_on_until_closed(tmp_path):
    path = run(tmp_path / "worklist.xlsx", LOW, OTHER, rules=CRITICAL)
    assert line_of(path, "P1", "Critical calls")["Value as it was"] == "90 ×10⁹/L"
    type_into(path, "P1", "Critical calls", **CALL)
    # The value is corrected, and then it is gone: the call was about the value as it was.
    for day, line in ((1, LOW.replace("90", "95")), (2, WELL)):
        run(path, line, OTHER, day=day, rules=CRITICAL)
        call = line_of(path, "P1", "Critical calls")
        assert call["Value as it was"] == "90 ×10⁹/L"
        assert [call[title.replace("_", " ")] for title in CALL] == list(CALL.values())
    type_into(path, "P1", "Critical calls", Closed="yes")
    for day in (3, 4):
        run(path, LOW, OTHER, day=day, rules=CRITICAL)
        assert "No critical value to telephone" in load_workbook(path)["Critical calls"]["A1"].value
        (kept,) = archive_of(path)
        assert kept[0] == "closed call"
        assert "90 ×10⁹/L" in kept[2]
        assert "ward 3" in kept[-1]


def test_an_unreadable_worklist_is_kept_aside(worklist):
    worklist.write_bytes(b"half a file")
    run(worklist, LOW, day=1)
    (aside,) = worklist.parent.glob("worklist-*.xlsx")
    assert aside.read_bytes() == b"half a file"
    assert line_of(worklist, "P1")["Notes"] is None


def test_a_worklist_saved_meanwhile_is_read_again(worklist):
    seen = []

    def render(entries: WorklistNotes) -> tuple[bytes, str]:
        seen.append(dict(entries.notes))
        if len(seen) == 1:
            type_into(worklist, "P1", **NOTE)
        return b"", ""

    update(worklist, lambda entries: entries, render)
    assert [sorted(each) for each in seen] == [[], ["P1"]]


def test_a_worklist_saved_over_and_over_is_left(worklist):
    typed = []

    def render(entries: WorklistNotes) -> tuple[bytes, str]:
        typed.append(f"{len(typed)}. note")
        type_into(worklist, "P1", Notes=typed[-1])
        return b"", ""

    news = update(worklist, lambda entries: entries, render)
    assert (news.is_drawn, news.left) == (False, "changing")
    assert line_of(worklist, "P1")["Notes"] == typed[-1]
    run(worklist, LOW, day=1)
    assert line_of(worklist, "P1")["Notes"] == typed[-1]


@needs_program("soffice", "libreoffice-calc")
def test_a_worklist_saved_by_libreoffice(tmp_path):
    path = run(tmp_path / "worklist.xlsx", LOW, OTHER, HELD, rules=CRITICAL)
    type_into(path, "P1", **NOTE)
    type_into(path, "P1", "Critical calls", **CALL)
    type_into(path, "P2", Notes="will be resolved", Review_status="done")
    save_by_office(path)
    well = OTHER.replace("S5 | 2026-03-01", "S7 | 2026-03-15").replace("110", "90")
    run(path, LOW, LOWER, ANEMIC, well, HELD, day=1, rules=CRITICAL)
    assert typed_of(path, "P1") == TYPED
    assert "Anemia" in line_of(path, "P1")["New since the note"]
    assert line_of(path, "P1", "Critical calls")["Called"] == "ward 3"
    assert [row[1:] for row in archive_of(path)] == [
        ("P2", "Macrocytosis", "done", None, "will be resolved")
    ]
    # What went to the archive stays there, and a call that is closed in the office goes there too.
    type_into(path, "P1", "Critical calls", Closed="yes")
    save_by_office(path)
    for day in (2, 3):
        run(path, LOW, LOWER, ANEMIC, well, HELD, day=day, rules=CRITICAL)
        kept = archive_of(path)
        assert [row[0] for row in kept] == ["note", "closed call"]
        assert "ward 3" in kept[1][-1]
        assert typed_of(path, "P1") == TYPED
        assert line_of(path, "P1", "Critical calls")["Specimen"] == "S2"


def test_a_note_on_the_sheet_for_information_moves_with_its_patient(tmp_path):
    usual = (
        "P1 | F | 64 | S1 | 2026-03-01 | vitamin-b12 | 250 ng/L",
        "P1 | F | 64 | S1 | 2026-03-01 | hemoglobin | 140 g/L",
        "P1 | F | 64 | S1 | 2026-03-01 | mcv | 90 fL",
        "P1 | F | 64 | S1 | 2026-03-01 | platelets | 250 10*9/L",
        "P1 | F | 64 | S1 | 2026-03-01 | white-cells | 6 10*9/L",
    )
    path = run(tmp_path / "worklist.xlsx", *usual)
    type_into(path, "P1", sheet="For information", Notes="read by the ward")
    run(path, *usual, day=1)
    assert line_of(path, "P1", sheet="For information")["Notes"] == "read by the ward"
    # Anemic since: the line stands on the worklist, and what was typed with it.
    run(path, *usual, ANEMIC, day=20)
    assert line_of(path, "P1")["Notes"] == "read by the ward"
