"""Workbooks that hand held rows back, and what is taken off them when they return."""

import csv
import io
import itertools
from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from pipeline.assessment import apply_resubmissions
from pipeline.history.originals import keep_original
from pipeline.ingest.dataset import combine
from pipeline.ingest.file import read_results
from pipeline.ingest.layout.dialect import Conventions
from pipeline.ingest.returned_rows import (
    Beside,
    Hold,
    ReadAs,
    Returned,
    drop_sign,
    restore_conventions,
    take_back,
)
from pipeline.ingest.text_tables import SiteConventions, TextTable, UnreadableFile
from pipeline.issues.catalogue import CATALOGUE, ERROR
from pipeline.knowledge.load import load_knowledge
from pipeline.knowledge.model import Layout
from pipeline.reconcile.conflicts import hold_conflicts
from pipeline.report.excel.package import save_workbook
from pipeline.report.held_rows.held_workbook import name_held, render_held
from pipeline.texts import ENGLISH, LANGUAGES

KNOWLEDGE = load_knowledge()
TODAY = date(2026, 11, 1)
RUN_AT = datetime(2026, 11, 1, 6, 0)
WIDE = "PID,Sex,Age,Hb (g/dL),MCV (fL)\n"


@pytest.fixture
def read(tmp_path):
    """Write files and read them as one run: (files, intake)."""

    def write_and_read(*contents, layout=None, site=None):
        files = []
        for name, content in contents:
            path = tmp_path / name
            if isinstance(content, Path):
                path = content
            else:
                path.write_text(content, encoding="utf-8")
            site = site or SiteConventions()
            files.append(read_results(path, path.name, KNOWLEDGE, site, layout, today=TODAY))
        return files, hold_conflicts(apply_resubmissions(combine(files), KNOWLEDGE))

    return write_and_read


@pytest.fixture
def hand_back(read, tmp_path):
    """Give the first file of a run and the path of its workbook of held rows."""

    def render(name, content, *, texts=ENGLISH, **how):
        (file,), dataset = read((name, content), **how)
        book = render_held(
            keep_original(file), [file.file.name], dataset.held, dataset.issues, texts
        )
        path = tmp_path / name_held(file.file.name, file.file.sha256)
        save_workbook(book, path, RUN_AT)
        return file, path

    return render


def lines(path, sheet=0):
    rows = load_workbook(path).worksheets[sheet].iter_rows(values_only=True)
    header = [cell or "" for cell in next(rows)]
    return [dict(zip(header, (cell or "" for cell in row), strict=True)) for row in rows]


def as_csv(path, changes=(), drop=()):
    """Write the rows of a workbook as CSV, after changing some: (line from 0, column, text)."""
    found = lines(path)
    for line, column, text in changes:
        found[line][column] = text
    kept = [each for at, each in enumerate(found) if at not in drop]
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows([found[0], *(each.values() for each in kept)])
    return stream.getvalue()


# --- The workbook -----------------------------------------------------------------------------


def test_rows_stand_in_the_columns_of_the_user(hand_back):
    file, path = hand_back(
        "march.csv",
        "Ward, PID ,Sex,Age,Hb (g/dL),Name,,MCV (fL)\n"
        "0012,007,F,44,abc,=1+1,,104\n"
        "0013,008,F,44,11.2,Borage,,99\n",
    )
    (line,) = lines(path)
    sha8 = file.file.sha256[:8]
    assert path.name == f"march-{sha8}.held.xlsx"
    assert line == {
        "labflag_hold": f"{sha8}::2",
        "labflag_reason": "not-a-number (Hb (g/dL))",
        "labflag_fix": f"{CATALOGUE['not-a-number'].message} Example: 12.5 or <150.",
        "Ward": "0012", " PID ": "007", "Sex": "F", "Age": "44", "Hb (g/dL)": "abc", "Name": "=1+1", "": "", "MCV (fL)": "104",
        "labflag_read_as": "decimal=.&birth_date=&collected_at=&patient=&after=",
    }  # fmt: skip


def test_several_problems_of_a_row_stand_on_one_line(hand_back):
    _, path = hand_back("march.csv", WIDE + "4711.0,F,44,abc,x\n")
    (line,) = lines(path)
    assert line["labflag_reason"] == (
        "patient-id-damaged (PID); not-a-number (Hb (g/dL)); not-a-number (MCV (fL))"
    )
    assert line["labflag_fix"].count("Example: ") == 2
    assert "\n" not in "".join(line.values())


def test_every_cell_is_text_and_bad_cells_are_marked(hand_back):
    _, path = hand_back("march.csv", WIDE + "=2+5,F,44,abc,\n")
    sheet = load_workbook(path).worksheets[0]
    cells = [cell for row in sheet.rows for cell in row]
    assert {cell.number_format for cell in cells} == {"@"}
    assert {cell.data_type for cell in cells if cell.value is not None} == {"s"}
    assert all(cell.quotePrefix for cell in cells)
    fills = {cell.value: cell.fill.fgColor.rgb for cell in sheet[2] if cell.fill.fill_type}
    assert list(fills) == ["abc"]
    assert sheet.freeze_panes == "C2"
    assert sheet.auto_filter.ref == "A1:I2"
    assert sheet.column_dimensions["D"].number_format == "@"


@pytest.mark.parametrize(("extra", "pages"), [(0, 1), (12, 3)])
def test_what_a_person_reads_is_printed_wide_enough_to_be_read(hand_back, extra, pages):
    names = [f"A remark of the ward {at}" for at in range(extra)]
    header = ",".join(["PID", "Sex", "Age", "Hb", *names])
    _, path = hand_back("a.csv", f"{header}\nA1,F,60,112{',x' * extra}\n")
    sheet = load_workbook(path).worksheets[0]
    last = sheet.print_area.rpartition(":")[2].replace("$", "")
    column = last.rstrip("0123456789")
    headers = {cell.column_letter: cell.value for cell in sheet[1]}
    assert headers[column] == (names[-1] if names else "Hb")
    assert sheet.print_title_cols.replace("$", "") == "A:B"
    assert sheet.page_setup.fitToWidth == pages


def test_bytes_depend_on_content_alone(hand_back):
    _, path = hand_back("march.csv", WIDE + "1,F,44,abc,\n")
    first = path.read_bytes()
    _, path = hand_back("march.csv", WIDE + "1,F,44,abc,\n")
    assert path.read_bytes() == first


def test_nothing_held_makes_no_workbook(read):
    (file,), dataset = read(("march.csv", WIDE + "1,F,44,11.2,90\n"))
    assert render_held(keep_original(file), ["march.csv"], dataset.held, dataset.issues) is None


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("march.csv", "march"),
        ("ward 7/März 2026.xlsx", "März_2026"),
        ("a&b?.csv", "a_b"),
        ("...csv", "file"),
        ("march-0a1b2c3d.held.xlsx", "march"),
        ("x" * 99 + ".csv", "x" * 60),
    ],
)
def test_names(read, name, stem):
    from dataclasses import replace

    (file,), _ = read(("march.csv", WIDE))
    named = replace(file, file=replace(file.file, name=name))
    assert (
        name_held(named.file.name, named.file.sha256) == f"{stem}-{file.file.sha256[:8]}.held.xlsx"
    )


def test_an_identity_conflict_marks_what_differs(hand_back):
    _, path = hand_back(
        "march.csv",
        "PID,Name,Sex,Birth date,Sample ID,Hb (g/dL)\n"
        "1,Aster,F,1980-05-01,S1,11.2\n1,Aster,F,1981-05-01,S2,11.2\n",
    )
    assert [line["labflag_reason"] for line in lines(path)] == ["identity-conflict (Birth date)"] * 2  # fmt: skip


# Of whole files, or never handed back for correction.
WHOLE_FILE = {
    "file-unreadable", "file-not-read", "file-no-rights", "file-memory", "reader-stopped", "file-fault", "file-ended-runs", "file-empty", "file-kind", "file-encrypted", "file-macros", "workbook-unsafe", "workbook-damaged",
    "workbook-exhausting", "workbook-no-visible-sheet", "no-layout", "layout-ambiguous", "missing-column", "patient-column-missing", "duplicate-column",
    "file-not-plain", "file-not-what-it-says", "file-too-large", "file-encoding", "delimiter-ambiguous", "hold-mixed", "folder-unreachable",
    "file-changed", "seal-broken",
}  # fmt: skip


def test_every_error_of_a_row_has_an_example():
    errors = {code for code, kind in CATALOGUE.items() if kind.severity == ERROR}
    assert errors - WHOLE_FILE == set(ENGLISH.examples)


# --- The way back -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "hold"),
    [
        ("0a1b2c3d::17", Hold("0a1b2c3d", "", 17)),
        (" 0a1b2c3d:March:2 ", Hold("0a1b2c3d", "March", 2)),
        ("0a1b2c3d:a:b:2", Hold("0a1b2c3d", "a:b", 2)),
        ("0a1b2c3d::0", None),
        ("0a1b2c3::17", None),
        ("0a1b2c3d:17", None),
        ("", None),
    ],
)
def test_hold_ids(text, hold):
    assert Hold.parse(text) == hold
    assert hold is None or Hold.parse(str(hold)) == hold


@pytest.mark.parametrize(
    "said",
    [
        ReadAs(),
        ReadAs(decimal=",", date_order={"birth_date": "", "collected_at": "day-first"}),
        ReadAs(patient="a&b=c; é,", after=("0a1b2c3d", "1a1b2c3d")),
        ReadAs(beside=(Beside.of("run-failed", "Fehler; 1", "E1"), Beside.of("a", "b", ""))),
    ],
)
def test_read_as_comes_back(said):
    assert ReadAs.parse(str(said)) == said
    assert not set(str(said)) & set(',;\t|"\n')


def test_read_as_that_was_edited_says_nothing():
    assert ReadAs.parse("decimal=x&collected_at=sometime&junk&beside=Foo") == ReadAs()


def test_labflag_columns_are_taken_off():
    table = TextTable(
        sheet="March",
        rows=[
            (1, ["a title"]),
            (3, ["PID", "Labflag_Hold ", "Hb", "labflag_fix"]),
            (4, ["1", "0a1b2c3d:x:7", "11", "words"]),
            (5, ["2", "", "[check] 12", ""]),
            (6, ["[CHECK ROW]3", "0a1b2c3d::9", "13", ""]),
            (7, ["4", "0a1b2c3d", "14", ""]),
            (8, ["5", "0a1b2c3d::11", "15"]),
            (9, ["6", "0a1b2c3d::12", "16", "", ""]),
        ],
        bad_cells={(4, 2): "cell-format", (4, 3): "cell-format"},
    )
    (bare,), (said,) = take_back([table])
    assert [cells for _, cells in bare.rows][1:] == [
        ["PID", "Hb"], ["1", "11"], ["2", "12"], ["[CHECK ROW]3", "13"], ["4", "14"], ["5", "15"], ["6", "16"],
    ]  # fmt: skip
    assert bare.bad_cells == {(4, 1): "cell-format", (5, 1): "hold-unchecked"}
    assert bare.bad_rows == {6: "hold-unchecked", 7: "hold-damaged", 8: "row-shape"}
    assert dict(said.holds) == {
        4: Hold("0a1b2c3d", "x", 7), 6: Hold("0a1b2c3d", "", 9), 8: Hold("0a1b2c3d", "", 11), 9: Hold("0a1b2c3d", "", 12),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "holds", "left"),
    [
        ("[check] 12", "cell", "12"),
        ("  [CHECK]12", "cell", "12"),
        ("[check row] P1", "row", "P1"),
        ("[prüfen] 12", "cell", "12"),
        ("[Prüfen] 12", "cell", "12"),
        ("[pru\u0308fen] 12", "cell", "12"),
        ("[pruefen] 12", "cell", "12"),
        ("[pr?fen] 12", "cell", "12"),
        ("[prÃ¼fen] 12", "cell", "12"),
        ("[Zeile prüfen] P1", "row", "P1"),
        ("[zeile pr?fen] P1", "row", "P1"),
        ("check 12", "", "check 12"),
        ("[12]", "", "[12]"),
        ("[profen] 12", "cell", "12"),
        ("12 [prüfen]", "", "12 [prüfen]"),
    ],
)
def test_signs_are_read_in_every_language(cell, holds, left):
    rows = [(1, ["PID", "labflag_hold", "Hb"]), (2, [cell, "0a1b2c3d::2", "11"])]
    (bare,), _ = take_back([TextTable(sheet="", rows=rows)])
    assert dict(bare.bad_cells) == ({(2, 0): "hold-unchecked"} if holds == "cell" else {})
    assert dict(bare.bad_rows) == ({2: "hold-unchecked"} if holds == "row" else {})
    assert drop_sign(cell) == left


def test_every_language_has_signs_of_its_own():
    for one, other in itertools.combinations(LANGUAGES.values(), 2):
        assert not set(one.signs) & set(other.signs)
    for texts in LANGUAGES.values():
        for sign in (texts.signs.cell, texts.signs.row):
            assert drop_sign(f"{sign}00123") == "00123"


@pytest.mark.parametrize(
    ("stated", "own", "read_as"),
    [
        ("day-first", "", "day-first"),
        ("day-first", "day-first", "day-first"),
        ("day-first", "month-first", ""),
        ("", "day-first", ""),
        ("", "", ""),
        (None, "day-first", "day-first"),
    ],
)
def test_date_orders_are_those_of_the_original(stated, own, read_as):
    orders = {} if stated is None else {"collected_at": stated}
    conventions = Conventions(
        source_file="x", sha8="0", shape="long", date_order={"collected_at": own}
    )
    said = Returned(sheet="", holds={}, read_as={2: ReadAs(date_order=orders)})
    assert restore_conventions(conventions, [said]).date_order == {"collected_at": read_as}


def test_rows_of_files_with_different_decimal_signs_are_refused():
    said = Returned(sheet="", holds={}, read_as={2: ReadAs(decimal="."), 3: ReadAs(decimal=",")})
    with pytest.raises(UnreadableFile, match="hold-mixed"):
        said.conventions()


def test_a_few_rows_are_read_as_their_file_was(read, hand_back):
    """The order of dates is settled by a row that is not handed back."""
    content = (
        "PID;Sex;Age;Sample date;Hb (g/l);WBC (/uL)\n"
        "1;F;44;13/02/2026;112,5;6000\n2;F;44;03/02/2026;112,0;abc\n"
    )
    _, path = hand_back("march.csv", content)
    back = as_csv(path, [(0, "WBC (/uL)", "2100")])
    _, dataset = read(("march.csv", content), ("back.csv", back))
    assert dataset.held.empty
    corrected = dataset.results[dataset.results["source_file"].eq("back.csv")]
    assert list(corrected["original_value"]) == [112.0, 2100.0]
    assert {str(at)[:10] for at in corrected["collected_at"]} == {"2026-02-03"}


@pytest.mark.parametrize(
    ("content", "sign", "code"),
    [
        ("PID,Collected,Hb (g/dL)\n1,03/02/2026,11.2\n", "[check] 03/02/2026", "hold-unchecked"),
        (
            'PID,Hb (g/dL),WBC (/uL)\n1,"11,2","2,100"\n2,11.2,3\n',
            "[check] 2,100",
            "hold-unchecked",
        ),
        (WIDE + "1,F,44,abc,\n", "abc", "not-a-number"),
        (WIDE + "1,F,44\n", "[check row] 1", "hold-unchecked"),
        ("PID,Test,Result,Unit\n1,Hb,11.2,g/dL\n", "11.2", "specimen-unknown"),
    ],
)
def test_what_comes_back_as_it_was_is_held_again(read, hand_back, content, sign, code):
    _, path = hand_back("march.csv", content)
    assert any(sign in line.values() for line in lines(path))
    _, dataset = read(("march.csv", content), ("back.csv", as_csv(path)))
    again = dataset.held[dataset.held["source_file"].eq("back.csv")]
    assert code in set(again["code"])
    assert not dataset.held["source_file"].eq("march.csv").any()


BESIDE = [
    ("Foo", ["ascites", "blood", "serum", "zzz"], {"ascites", "zzz"}, "column-of-materials"),
    ("Bar", ["cancelled", "final", "final"], {"cancelled"}, "column-of-statuses"),
    ("Code", ["<", "x", "y", "z"], {"<"}, "column-of-comparators"),
    ("Run", ["rejected", "ok", "ok"], {"rejected"}, "column-of-warnings"),
]


@pytest.mark.parametrize(("header", "cells", "doubted", "code"), BESIDE)
def test_a_row_held_for_a_cell_beside_it_stays_so_until_the_cell_changes(
    read, hand_back, header, cells, doubted, code
):
    """The few rows that come back no longer show what the column is."""
    rows = "".join(f"{at},S{at},4.{at},{cell}\n" for at, cell in enumerate(cells, 1))
    content = f"PID,Sample,WBC (10*3/uL),{header}\n{rows}"
    _, path = hand_back("march.csv", content)
    assert {line[header] for line in lines(path)} == doubted
    assert {line["labflag_reason"].split(" ")[0] for line in lines(path)} == {code}
    for alone in range(len(doubted)):
        others = set(range(len(doubted))) - {alone}
        back = as_csv(path, drop=others)
        _, dataset = read(("march.csv", content), ("back.csv", back))
        again = dataset.held[dataset.held["source_file"].eq("back.csv")]
        assert len(again) == 1
        assert again["code"].iloc[0].startswith("column-of-")
        if len(doubted) > 1:
            assert again["code"].iloc[0] == code
    emptied = as_csv(path, [(at, header, "") for at in range(len(doubted))])
    _, dataset = read(("march.csv", content), ("back.csv", emptied))
    assert dataset.held.empty


def test_a_layout_settles_a_cell_beside_rows_that_come_back(read, hand_back):
    content = "PID,Sample,WBC (10*3/uL),Foo\n1,S1,4,ascites\n2,S2,4,blood\n3,S3,4,blood\n"
    _, path = hand_back("march.csv", content)
    settled = {"Foo": ""}
    layout = Layout(id="site", title="site", requires=(), columns=settled)
    _, dataset = read(("back.csv", as_csv(path)), layout=layout)
    assert dataset.held.empty
    assert len(dataset.results) == 1


@pytest.mark.parametrize(
    ("content", "sign"),
    [
        ("PID,Collected,Hb (g/dL)\n1,03/02/2026,11.2\n", "[prüfen] 03/02/2026"),
        (WIDE + "1,F,44\n", "[Zeile prüfen] 1"),
    ],
)
def test_a_german_sign_holds_as_an_english_one_does(read, hand_back, content, sign):
    _, path = hand_back("march.csv", content, texts=LANGUAGES["de"])
    assert any(sign in line.values() for line in lines(path))
    _, dataset = read(("march.csv", content), ("back.csv", as_csv(path)))
    assert set(dataset.held["source_file"]) == {"back.csv"}
    assert "hold-unchecked" in set(dataset.held["code"])


def test_a_marked_cell_can_be_confirmed(read, hand_back):
    content = "PID,Collected,Hb (g/dL)\n1,03/02/2026,11.2\n"
    _, path = hand_back("march.csv", content)
    # Without its sign the date is as unclear as before; only the ISO form says more.
    bare = as_csv(path, [(0, "Collected", "03/02/2026")])
    assert list(read(("march.csv", content), ("b.csv", bare))[1].held["code"]) == ["date-ambiguous"]
    clear = as_csv(path, [(0, "Collected", "2026-02-03")])
    assert read(("march.csv", content), ("b.csv", clear))[1].held.empty


def test_a_row_that_is_emptied_is_withdrawn(read, hand_back):
    content = WIDE + "1,F,44,abc,90\n2,F,44,11.2,91\n"
    _, path = hand_back("march.csv", content)
    empty = [(0, name, "") for name in ("PID", "Sex", "Age", "Hb (g/dL)", "MCV (fL)")]
    _, dataset = read(("march.csv", content), ("back.csv", as_csv(path, empty)))
    assert dataset.held.empty
    assert list(dataset.results["patient_id"]) == ["2", "2"]
    assert len(dataset.superseded) == 2


def test_a_row_that_is_deleted_stays_held(read, hand_back):
    content = WIDE + "1,F,44,abc,90\n2,F,44,def,91\n"
    _, path = hand_back("march.csv", content)
    back = as_csv(path, [(1, "Hb (g/dL)", "11.2")], drop=[0])
    _, dataset = read(("march.csv", content), ("back.csv", back))
    assert dataset.held[["source_file", "patient_id"]].to_numpy().tolist() == [["march.csv", "1"]]


def test_the_whole_row_is_replaced(read, hand_back):
    """Whose patient id was wrong too: nothing of the row stays with the wrong patient."""
    content = WIDE + "1,F,44,abc,90\n"
    _, path = hand_back("march.csv", content)
    back = as_csv(path, [(0, "PID", "2"), (0, "Hb (g/dL)", "11.2")])
    _, dataset = read(("march.csv", content), ("back.csv", back))
    assert set(dataset.results["patient_id"]) == {"2"}
    assert len(dataset.superseded) == 2


def test_good_cells_of_a_row_that_cannot_be_split_again_stay(read, hand_back):
    content = WIDE + "1,F,44,abc,90\n"
    _, path = hand_back("march.csv", content)
    back = as_csv(path, [(0, "Hb (g/dL)", "11.2")]).replace(",F,", ",")
    _, dataset = read(("march.csv", content), ("back.csv", back))
    assert list(dataset.results["source_file"]) == ["march.csv"]
    assert list(dataset.held["code"]) == ["row-shape"]


def test_right_rows_of_an_identity_conflict_are_released(read, hand_back):
    content = (
        "PID,Birth date,Sample ID,Hb (g/dL),MCV (fL)\n"
        "1,1980-05-01,S1,11.2,90\n1,1980-05-01,S2,11.4,91\n1,1981-05-01,S3,11.5,92\n"
    )
    _, path = hand_back("march.csv", content)
    back = as_csv(path, [(2, "Birth date", "1980-05-01")])
    _, dataset = read(("march.csv", content), ("back.csv", back))
    assert dataset.held.empty
    assert len(dataset.superseded) == 6
    only_wrong = as_csv(path, [(2, "Birth date", "1980-05-01")], drop=[0, 1])
    _, dataset = read(("march.csv", content), ("back.csv", only_wrong))
    assert dataset.held.empty
    assert len(dataset.superseded) == 2


@pytest.mark.parametrize(
    ("first", "second", "codes"),
    [
        pytest.param("11.2", "11.2", [], id="the same twice"),
        pytest.param("11.2", "12.2", ["hold-contradiction"] * 4, id="different"),
        pytest.param("11.2", "abc", [], id="one was left as it was"),
        pytest.param("abd", "abc", ["not-a-number"] * 2, id="both are wrong"),
    ],
)
def test_two_files_correct_one_row(read, hand_back, first, second, codes):
    content = WIDE + "1,F,44,abc,90\n"
    _, path = hand_back("march.csv", content)
    one, two = (as_csv(path, [(0, "Hb (g/dL)", text)]) for text in (first, second))
    _, dataset = read(("march.csv", content), ("one.csv", one), ("two.csv", two + "\n"))
    assert list(dataset.held["code"]) == codes
    assert len(dataset.results) + len(dataset.held) + len(dataset.superseded) == dataset.read


def test_rows_that_are_patients_keep_their_ids(read, hand_back):
    layout = Layout(id="x", title="x", requires=("Hb (g/dL)",), row_is_patient=True)
    content = "Sex,Age,Hb (g/dL),MCV (fL)\nF,44,abc,90\n"
    file, path = hand_back("march.csv", content, layout=layout)
    back = as_csv(path, [(0, "Hb (g/dL)", "11.2")])
    sha8 = file.file.sha256[:8]
    _, alone = read(("back.csv", back), layout=layout)
    assert set(alone.results["patient_id"]) == {f"march-{sha8}-row-2"}
    assert set(alone.results["accession"]) == {f"{sha8}#2"}


def test_a_workbook_of_two_sheets(read, tmp_path):
    from openpyxl import Workbook

    book = Workbook()
    for title, value in (("North [x", "abc"), ("South", 11.2), ("West", True)):
        sheet = book.create_sheet(title.replace("[", "("))
        for row in (["PID", "Sex", "Age", "Hb (g/dL)"], ["007", "F", 44, value]):
            sheet.append(row)
    del book["Sheet"]
    path = tmp_path / "march.xlsx"
    book.save(path)
    (file,), dataset = read(("", path))
    held = tmp_path / name_held(file.file.name, file.file.sha256)
    save_workbook(
        render_held(keep_original(file), ["march.xlsx"], dataset.held, dataset.issues), held, RUN_AT
    )
    assert load_workbook(held).sheetnames == ["North (x", "West", "How to"]
    sha8 = file.file.sha256[:8]
    assert [line["labflag_hold"] for line in lines(held)] == [f"{sha8}:North (x:2"]
    assert [line["Hb (g/dL)"] for line in lines(held, 1)] == ["[check] TRUE"]
    corrected = load_workbook(held)
    for title, text in (("North (x", "11.3"), ("West", "11.4")):
        sheet = corrected[title]
        at = [cell.value for cell in sheet[1]].index("Hb (g/dL)") + 1
        sheet.cell(2, at).value = text
    corrected.save(held)
    _, dataset = read(("", path), ("", held))
    assert dataset.held.empty
    assert sorted(dataset.results["original_value"]) == [11.2, 11.3, 11.4]
