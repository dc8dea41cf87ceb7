"""Held rows are handed back, corrected by a person, and read again: as whole processes."""

import csv
import json
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from pipeline.report.worklist.line_tags import TAG

LONG = [
    "patient_id",
    "patient_name",
    "sex",
    "birth_date",
    "sample_id",
    "collected_at",
    "analyte",
    "value",
    "unit",
    "status",
]
# Rows as exported; then (row of the file, column, what it should have been).
LONG_ROWS = """
    00123 | Aster Sample   | F | 1980-05-01 | S1 | 2026-03-01 08:30 | Hemoglobin  | 11.2  | g/dL    | final
    00123 | Aster Sample   | F | 1980-05-01 | S1 | 2026-03-01 08:30 | MCV         | 1o4   | fL      | final
    P2    | Borage Sample  | M | 1970-01-31 | S2 | 2026-03-02       | Vitamin B12 | 150   |         | final
    P3    | Clover Sample  | F | 1990-01-01 | S3 | 2026-03-03       | Platelets   | 95    | 10*3/uL | final
    P3    | Clover Sample  | F | 1991-01-01 | S4 | 2026-03-05       | Hemoglobin  | 9.5   | g/dL    | final
          | Daisy Sample   | F | 1960-02-03 | S5 | 2026-03-04       | Hemoglobin  | 10.0  | g/dL    | final
    P5    | =1+1           | M | 1950-02-03 |    |                  | WBC         | 2.1   | 10*3/uL | final
    P6    | Flax Sample    | M | 1950-02-03 | S6 | 2026-03-04       | WBC         | 2,100 | /uL     | final
    P7    | Gentian Sample | F | 1955-02-03 | S7 | 2026-03-04       | MCV         | 90.5  | fL      | final
"""
LONG_FIXES = (
    (3, "value", "104"),
    (4, "unit", "pg/mL"),
    (6, "birth_date", "1990-01-01"),
    (7, "patient_id", "P4"),
    (8, "sample_id", "S9"),
    (9, "value", "2100"),
)
WIDE = ["Patient ID", "Name", "Sex", "Birth date", "Date", "Hemoglobin (g/dL)", "MCV (fL)"]
WIDE += ["Platelets (10*3/uL)", "Vitamin B12 (pg/mL)", "Ward"]
WIDE_ROWS = """
    007 | Aster Sample   | F | 1980-05-01 | x | 11.2 | 1o4 | 95  | 150 | A
    008 | Borage Sample  | M | 1970-01-31 | y | 12   | 99  | low | ?2  | 0012
    009 | Clover Sample  | F | 1990-01-01 | z | 13.5 | 88  | 210 | 400 |
    010 | Daisy Sample   | 7 | 1990-01-01 | z | 9.9  | 101 | 210 | 400 |
"""
WIDE_FIXES = (
    (2, "MCV (fL)", "104"),
    (3, "Platelets (10*3/uL)", "88"),
    (3, "Vitamin B12 (pg/mL)", ""),
    (5, "Sex", "F"),
)

# The same with its units in a row of their own.
BARE = [name.partition(" (")[0] for name in WIDE]
BARE_ROWS = "||||| g/dL | fL | 10*3/uL | pg/mL |\n" + WIDE_ROWS.strip()
BARE_FIXES = [(row + 1, name.partition(" (")[0], text) for row, name, text in WIDE_FIXES]

Rows = list[list[str]]
Labflag = Callable[..., subprocess.CompletedProcess[str]]


def read_rows(header: list[str], table: str) -> Rows:
    lines = [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]
    return [header, *lines]


def with_fixes(rows: Rows, fixes: Iterable[tuple[int, str, str]]) -> Rows:
    clean = [list(row) for row in rows]
    for row, column, text in fixes:
        clean[row - 1][rows[0].index(column)] = text
    return clean


def write(path: Path, rows: Rows) -> Path:
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows(rows)
        return path
    book = Workbook()
    sheet = book.active
    sheet.title = "March"
    for number, row in enumerate(rows, 1):
        for column, text in enumerate(row, 1):
            if text:
                cell = sheet.cell(number, column)
                cell.value, cell.data_type, cell.number_format = text, "s", "@"
    book.save(path)
    return path


def correct(held: Path, path: Path, fixes: Iterable[tuple[int, str, str]]) -> Path:
    """Correct a held workbook as a person would, and save it as what the path says."""
    book = load_workbook(held)
    sheet = book.worksheets[0]
    headers = [cell.value for cell in sheet[1]]
    rows = {str(row[0].value).rpartition(":")[2]: row for row in sheet.iter_rows(min_row=2)}
    for row, column, text in fixes:
        cell = rows[str(row)][headers.index(column)]
        cell.value = text or None
    if path.suffix == ".csv":
        write(path, [[cell.value or "" for cell in row] for row in sheet.iter_rows()])
    else:
        book.save(path)
    return path


def end_state(folder: Path) -> tuple[object, ...]:
    """What a run says of people, without where it was read and which run wrote it."""
    with (folder / "findings.csv").open(encoding="utf-8", newline="") as stream:
        findings = [
            {name: text for name, text in row.items() if not name.startswith("source_")}
            for row in csv.DictReader(stream)
        ]
    worklist = load_workbook(folder / "worklist.xlsx").worksheets[0]
    lines = [[cell.value for cell in row] for row in worklist.iter_rows(min_row=3)]
    at = lines[0].index(TAG)
    lines = [[*line[:at], *line[at + 1 :]] for line in lines]
    reports = sorted(path.name for path in (folder / "patients").iterdir())
    return findings, lines, reports


def counts(folder: Path) -> dict[str, int]:
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["results"]


def held_in(folder: Path) -> list[Path]:
    return sorted((folder / "held").glob("*")) if (folder / "held").exists() else []


@pytest.mark.parametrize(("kind", "saved_as"), [(".csv", ".xlsx"), (".xlsx", ".csv")])
@pytest.mark.parametrize(
    ("header", "table", "fixes", "before", "after"),
    [
        pytest.param(
            LONG,
            LONG_ROWS,
            LONG_FIXES,
            {"used": 2, "held": 7, "duplicate": 0, "superseded": 0},
            {"used": 9, "held": 0, "duplicate": 0, "superseded": 7},
            id="long",
        ),
        pytest.param(
            WIDE,
            WIDE_ROWS,
            WIDE_FIXES,
            {"used": 9, "held": 7, "duplicate": 0, "superseded": 0},
            {"used": 15, "held": 0, "duplicate": 5, "superseded": 7},
            id="wide",
        ),
        pytest.param(
            BARE,
            BARE_ROWS,
            BARE_FIXES,
            {"used": 9, "held": 7, "duplicate": 0, "superseded": 0},
            {"used": 15, "held": 0, "duplicate": 5, "superseded": 7},
            id="units-below-header",
        ),
    ],
)
def test_corrected_rows_bring_what_a_clean_file_brings(
    labflag: Labflag, tmp_path, header, table, fixes, before, after, kind, saved_as
):
    rows = read_rows(header, table)
    original = write(tmp_path / f"march{kind}", rows)
    first = labflag("run", original, "-o", "first")
    assert (first.returncode, first.stderr) == (1, "")
    assert {name: counts(tmp_path / "first")[name] for name in before} == before
    (held,) = held_in(tmp_path / "first")
    corrected = correct(held, tmp_path / f"corrected{saved_as}", fixes)
    second = labflag("run", original, corrected, "-o", "second")
    assert (second.returncode, second.stderr) == (0, ""), second.stdout
    assert {name: counts(tmp_path / "second")[name] for name in after} == after
    assert held_in(tmp_path / "second") == []
    # The same when the original is remembered from an earlier run.
    later = labflag("run", corrected, "-o", "first")
    assert (later.returncode, later.stderr) == (0, ""), later.stdout
    assert held_in(tmp_path / "first") == []
    states = [end_state(tmp_path / name) for name in ("first", "second")]
    for _, listed, _ in states:
        headers, *lines = listed
        # That differs: there was a worklist before.
        at = headers.index("Change") if "Change" in headers else len(headers)
        for line in (headers, *lines):
            del line[at : at + 1]
        # Who has something new comes first within a class.
        listed[:] = [headers, *sorted(lines, key=repr)]
    assert states[0] == states[1]
    history = json.loads((tmp_path / "first/manifest.json").read_text(encoding="utf-8"))["history"]
    assert {name: history[name] for name in after} == after

    (tmp_path / "clean").mkdir()
    clean = write(tmp_path / "clean" / f"march{kind}", with_fixes(rows, fixes))
    labflag("run", clean, "-o", "expected")
    sha8 = {
        name: json.loads((tmp_path / name / "manifest.json").read_text(encoding="utf-8"))["inputs"]
        for name in ("second", "expected")
    }
    original_sha8 = next(i["sha256"] for i in sha8["second"] if i["name"] == original.name)[:8]
    clean_sha8 = sha8["expected"][0]["sha256"][:8]
    expected = repr(end_state(tmp_path / "expected")).replace(clean_sha8, original_sha8)
    got = repr(end_state(tmp_path / "second"))
    assert got == expected


def test_the_held_workbook_alone_is_an_export_like_any_other(labflag, tmp_path):
    rows = read_rows(WIDE, WIDE_ROWS)
    original = write(tmp_path / "march.csv", rows)
    labflag("run", original, "-o", "first")
    (held,) = held_in(tmp_path / "first")
    corrected = correct(held, tmp_path / "corrected.xlsx", WIDE_FIXES)
    done = labflag("run", corrected, "-o", "second")
    assert done.returncode == 0, done.stdout
    assert counts(tmp_path / "second")["used"] == 11
    assert "hold-elsewhere" in done.stdout
    with (tmp_path / "second/findings.csv").open(encoding="utf-8", newline="") as stream:
        accessions = {row["accession"] for row in csv.DictReader(stream)}
    sha8 = held.name.split("-")[1].split(".")[0]
    assert accessions == {f"{sha8}#2", f"{sha8}#3", f"{sha8}#5"}


def test_a_wrong_correction_is_held_again_under_the_same_hold(labflag, tmp_path):
    rows = read_rows(WIDE, WIDE_ROWS)
    original = write(tmp_path / "march.csv", rows)
    labflag("run", original, "-o", "first")
    (held,) = held_in(tmp_path / "first")
    wrong = [(2, "MCV (fL)", "10four"), *WIDE_FIXES[1:]]
    once = correct(held, tmp_path / "once.xlsx", wrong)
    second = labflag("run", original, once, "-o", "second")
    assert second.returncode == 1
    assert counts(tmp_path / "second")["held"] == 1
    (again,) = held_in(tmp_path / "second")
    assert again.name.startswith("once-")
    sheet = load_workbook(again).worksheets[0]
    sha8 = held.name.split("-")[1].split(".")[0]
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == [f"{sha8}::2"]
    headers = [cell.value for cell in sheet[1]]
    assert [name for name in headers if not name.startswith("labflag_")] == WIDE

    twice = correct(again, tmp_path / "twice.xlsx", WIDE_FIXES[:1])
    third = labflag("run", original, once, twice, "-o", "third")
    assert third.returncode == 0, third.stdout
    assert counts(tmp_path / "third")["held"] == 0
    fourth = labflag("run", original, twice, "-o", "fourth")
    assert fourth.returncode == 1
    assert counts(tmp_path / "fourth")["held"] == 6


def test_rows_that_cannot_be_split_come_back_too(labflag, tmp_path):
    path = tmp_path / "march.csv"
    path.write_text(
        "patient_id,sex,birth_date,sample_id,analyte,value,unit\n"
        "P1,F,1980-05-01,S1,Hemoglobin,11.2,g/dL\n"
        "P2,F,1980-05-01,S2,Hemoglobin,11,2,g/dL\n"
        'P3,F,1980-05-01,"S3,Hemoglobin,9.1,g/dL\n'
        "P4,F,1980-05-01,S4,Hemoglobin,9.2,g/dL\n",
        encoding="utf-8",
    )
    labflag("run", path, "-o", "first")
    assert counts(tmp_path / "first")["held"] == 3
    (held,) = held_in(tmp_path / "first")
    sheet = load_workbook(held).worksheets[0]
    headers = [cell.value for cell in sheet[1]]
    lines = [dict(zip(headers, (cell.value for cell in row), strict=True)) for row in sheet.rows]
    assert [line["labflag_raw"] for line in lines[1:]] == [
        "P2,F,1980-05-01,S2,Hemoglobin,11,2,g/dL",
        'P3,F,1980-05-01,"S3,Hemoglobin,9.1,g/dL',
        "P4,F,1980-05-01,S4,Hemoglobin,9.2,g/dL",
    ]
    assert [line["patient_id"] for line in lines[1:]] == [f"[check row] P{n}" for n in (2, 3, 4)]
    unchanged = labflag("run", path, correct(held, tmp_path / "same.xlsx", ()), "-o", "same")
    assert unchanged.returncode == 1
    assert counts(tmp_path / "same")["held"] == 3
    fixes = [(n, "patient_id", f"P{n}") for n in (2, 3, 4)]
    fixes += [(3, "patient_id", "P2"), (3, "value", "11.2"), (3, "unit", "g/dL")]
    fixes += [(4, "patient_id", "P3"), (4, "sample_id", "S3"), (5, "patient_id", "P4")]
    corrected = correct(held, tmp_path / "right.csv", fixes[3:])
    done = labflag("run", path, corrected, "-o", "right")
    assert done.returncode == 0, done.stdout
    assert counts(tmp_path / "right") == {
        "read": 7, "used": 4, "held": 0, "duplicate": 0, "superseded": 3, "ignored": 0,
    }  # fmt: skip


def test_a_held_workbook_that_was_edited_in_place_is_not_lost(labflag, tmp_path):
    original = write(tmp_path / "march.csv", read_rows(LONG, LONG_ROWS))
    labflag("run", original, "-o", "out")
    (held,) = held_in(tmp_path / "out")
    correct(held, held, LONG_FIXES)
    edited = held.read_bytes()
    done = labflag("run", original, "-o", "out")
    assert done.returncode == 5
    assert "was changed since it was written" in done.stderr
    assert held.read_bytes() == edited
    held.rename(tmp_path / "corrected.xlsx")
    done = labflag("run", tmp_path / "corrected.xlsx", "-o", "out")
    assert done.returncode == 0, done.stdout
    assert held_in(tmp_path / "out") == []


def test_held_workbooks_are_in_the_manifest_and_go_when_they_are_stale(labflag, tmp_path):
    original = write(tmp_path / "march.csv", read_rows(LONG, LONG_ROWS))
    labflag("run", original, "-o", "out")
    (held,) = held_in(tmp_path / "out")
    manifest = json.loads((tmp_path / "out/manifest.json").read_text(encoding="utf-8"))
    assert f"held/{held.name}" in {output["path"] for output in manifest["outputs"]}
    assert held.stat().st_mode & 0o777 == 0o640
    corrected = correct(held, tmp_path / "corrected.csv", LONG_FIXES)
    done = labflag("run", corrected, "-o", "out")
    assert done.returncode == 0
    assert not (tmp_path / "out/held").exists()
