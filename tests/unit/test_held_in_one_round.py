"""A held row names all of its problems: what is marked is corrected, and the row is accepted."""

import csv
import io
import itertools
from datetime import date, datetime

import pytest
from openpyxl import load_workbook

from pipeline.assessment import apply_resubmissions
from pipeline.history.originals import keep_original, pack_original, unpack_original
from pipeline.ingest.dataset import combine
from pipeline.ingest.file import read_results
from pipeline.ingest.text_tables import SiteConventions
from pipeline.knowledge.load import load_knowledge
from pipeline.reconcile.conflicts import hold_conflicts
from pipeline.report.excel.package import save_workbook
from pipeline.report.held_rows.held_workbook import render_held
from pipeline.texts import LANGUAGES

KNOWLEDGE = load_knowledge()
TODAY = date(2026, 11, 1)
RUN_AT = datetime(2026, 11, 1, 6, 0)
OURS = ("labflag_hold", "labflag_reason", "labflag_fix", "labflag_raw", "labflag_read_as")


def read(folder, *contents):
    files = []
    for name, content in contents:
        path = folder / name
        path.write_text(content, encoding="utf-8", newline="")
        files.append(read_results(path, name, KNOWLEDGE, SiteConventions(), today=TODAY))
    return files, hold_conflicts(apply_resubmissions(combine(files), KNOWLEDGE))


def write_csv(header, rows):
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows([header, *rows])
    return stream.getvalue()


def hand_back(folder, content, language="en"):
    """Give the rows of the held workbook, each as (cells by header, headers of marked cells)."""
    (file,), dataset = read(folder, ("export.csv", content))
    # As it comes out of the history.
    original = unpack_original(pack_original(keep_original(file)))
    texts = LANGUAGES[language]
    book = render_held(original, [file.file.name], dataset.held, dataset.issues, texts)
    if book is None:
        return []
    save_workbook(book, folder / "held.xlsx", RUN_AT)
    header, *rows = load_workbook(folder / "held.xlsx").worksheets[0].iter_rows()
    names = [cell.value or "" for cell in header]
    return [
        (
            {name: cell.value or "" for name, cell in zip(names, row, strict=True)},
            {name for name, cell in zip(names, row, strict=True) if cell.fill.fill_type},
        )
        for row in rows
    ]


def drop_back(folder, content, rows):
    """Read the export again together with corrected rows: what is still held, and why."""
    back = write_csv(list(rows[0]), [row.values() for row in rows])
    _, dataset = read(folder, ("export.csv", content), ("back.csv", back))
    return dataset


def combinations(faults, right, most):
    """Give combinations of faults, at most one in each column: of three and more every fifth."""
    for count in range(1, most + 1):
        for chosen in itertools.islice(
            itertools.combinations(faults, count), 0, None, 1 if count <= 2 else 5
        ):
            columns = [name for fault in chosen for name in fault]
            if len(set(columns)) == len(columns):
                yield right | {name: text for fault in chosen for name, text in fault.items()}


LONG = {
    "PID": "P{n}", "Sex": "F", "Birth date": "1980-02-13", "Age": "46", "Sample ID": "S{n}", "Collected": "2026-03-25",
    "Test": "Hemoglobin", "LOINC": "718-7", "Result": "14.2", "Unit": "g/dL", "Status": "final", "Reference low": "12", "Reference high": "16",
    "Material": "Blood",
}  # fmt: skip
LONG_FAULTS = [
    {"PID": "1.{n}E+11"}, {"PID": "unknown"}, {"PID": ""},
    {"Sex": "female?"},
    {"Birth date": "31/31/1980"}, {"Birth date": "03/04/1980"}, {"Birth date": "2031-01-01"},
    {"Age": "old"},
    {"Sample ID": "{n}.0"}, {"Sample ID": "", "Collected": ""},
    {"Collected": "31/31/2025"}, {"Collected": "05/03/2026"}, {"Collected": "1950-01-01"}, {"Collected": "05/03/1950"},
    {"Test": "Hemoglobbin", "LOINC": ""}, {"Test": "", "LOINC": ""}, {"LOINC": "777-3"}, {"LOINC": "12345-5"},
    {"Result": "abc"}, {"Result": "1,420"}, {"Result": ""}, {"Result": "pending"}, {"Result": "1420"}, {"Result": "0.23.0"},
    {"Unit": "10*3/uL"}, {"Unit": "furlong"}, {"Unit": ""}, {"Unit": "g/L", "Reference low": "12", "Reference high": "16"},
    {"Status": "maybe"},
    {"Reference low": "120", "Reference high": "160"},
    {"Material": "goo"},
]  # fmt: skip


def cannot_be_known_at_once(row):
    """Whether one fault of a row shows only when another one is corrected."""
    wrong = {name for name in LONG if row[name] != LONG[name]}
    # Nobody knows when a person was born whose birth date cannot be read.
    before_birth = row["Collected"] in ("1950-01-01", "05/03/1950")
    # A row that names no analyte may be of one that needs no unit, and has any interval.
    measures_nothing = not row["Test"] and not row["LOINC"]
    return (
        (before_birth and row["Birth date"] == "31/31/1980")
        or (measures_nothing and not wrong.isdisjoint({"Unit", "Reference low", "Result"}))
        # A platelet count with this code, a hemoglobin by this name: one of them may be right.
        or (row["LOINC"] == "777-3" and not wrong.isdisjoint({"Unit", "Reference low", "Result"}))
    )


def test_a_long_row_with_up_to_three_faults_comes_back_once(tmp_path):
    wrong = [row for row in combinations(LONG_FAULTS, LONG, 3) if not cannot_be_known_at_once(row)]
    rows = [{name: text.format(n=n) for name, text in row.items()} for n, row in enumerate(wrong)]
    content = write_csv(list(LONG), [row.values() for row in rows])
    held = hand_back(tmp_path, content)
    number = {int(row["labflag_hold"].rpartition(":")[2]) for row, _ in held}
    assert [wrong[n] for n in range(len(rows)) if n + 2 not in number] == []
    corrected = [
        row | {name: LONG[name].format(n=n) for name in marked if name in LONG}
        for n, (row, marked) in enumerate(held)
    ]
    dataset = drop_back(tmp_path, content, corrected)
    left = {
        tuple((name, text) for name, text in wrong[row - 2].items() if text != LONG[name]): code
        for row, code in zip(dataset.held["source_row"], dataset.held["code"], strict=True)
    }
    assert left == {}
    assert set(dataset.results["source_file"]) == {"back.csv"}
    assert len(dataset.results) == len(rows)


WIDE = {
    "PID": "P{n}", "Sex": "M", "Birth date": "1980-02-13", "Sample ID": "S{n}", "Collected": "2026-03-25",
    "Hb (g/dL)": "15.2", "MCV (fL)": "91", "Platelets (10*9/L)": "230",
}  # fmt: skip
WIDE_FAULTS = [
    {"PID": "1.{n}E+11"}, {"Sex": "9?"}, {"Birth date": "03/04/1980"}, {"Birth date": "yesterday"},
    {"Sample ID": "{n}.0"}, {"Collected": "05/03/2026"}, {"Collected": "2026-02-31"}, {"Hb (g/dL)": "152"}, {"Hb (g/dL)": "abc"},
    {"Hb (g/dL)": "152 g/L"}, {"MCV (fL)": "clotted"}, {"MCV (fL)": "0.91"}, {"Platelets (10*9/L)": "23O"}, {"Platelets (10*9/L)": "1,060"},
]  # fmt: skip


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_a_wide_row_with_up_to_three_faults_comes_back_once(tmp_path, language):
    wrong = list(combinations(WIDE_FAULTS, WIDE, 3))
    rows = [{name: text.format(n=n) for name, text in row.items()} for n, row in enumerate(wrong)]
    content = write_csv(list(WIDE), [row.values() for row in rows])
    held = hand_back(tmp_path, content, language)
    assert len(held) == len(rows)
    corrected = [
        row | {name: WIDE[name].format(n=n) for name in marked if name in WIDE}
        for n, (row, marked) in enumerate(held)
    ]
    dataset = drop_back(tmp_path, content, corrected)
    assert [wrong[row - 2] for row in dataset.held["source_row"]] == []
    assert dataset.results["source_file"].eq("back.csv").sum() == 3 * len(rows)


@pytest.mark.parametrize(
    ("header", "row", "marked"),
    [
        # A unit and an interval that stand beside one result of several.
        ("PID,Sample ID,Hemoglobin,Unit,Reference range,MCV,Unit,Reference range",
         "1,S1,112,g/dL,12.0-15.5,91,fL,80-100", [2, 3, 4]),
        ("PID,Sample ID,Hemoglobin,Unit,Reference range,MCV,Unit,Reference range",
         "1,S1,11.2,g/dL,12.0-15.5,91,mg,80-100", [6, 7]),
        ("PID,Sample ID,Hemoglobin,Unit,MCV,Unit", "1,S1,112,g/dL,91,fL", [2, 3]),
        # One column holds both ends; an empty one is not marked.
        ("PID,Sample ID,Test,Result,Unit,Reference range", "1,S1,Hemoglobin,112,g/dL,12.0-15.5", [3, 4, 5]),
        ("PID,Sample ID,Test,Result,Unit,Reference range", "1,S1,Hemoglobin,112,g/dL,", [3, 4]),
        ("PID,Sample ID,Test,Result,Unit,Reference range", "1,S1,MCV,x,,80-100", [3]),
        ("PID,Sample ID,Test,Result,Unit,Reference range", "1,S1,B12,x,,180-900", [3, 4, 5]),
    ],
)  # fmt: skip
def test_what_belongs_to_a_unit_is_marked_with_it(tmp_path, header, row, marked):
    (file,), dataset = read(tmp_path, ("export.csv", f"{header}\n{row}\n"))
    original = unpack_original(pack_original(keep_original(file)))
    book = render_held(original, ["export.csv"], dataset.held, dataset.issues)
    first = len(("labflag_hold", "labflag_reason", "labflag_fix"))
    cells = book.worksheets[0][2][first:-1]
    assert [at for at, cell in enumerate(cells) if cell.fill.fill_type] == marked
