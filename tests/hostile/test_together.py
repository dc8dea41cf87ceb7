"""One file for each hazard, all of them in one folder and one run: each is told for what it is.

The rows are those that other tools were seen to read wrongly, or to fall over. What becomes of
each file alone is in test_text_files.py and test_workbooks.py; here nothing that one of them does
may touch another, least of all the honest file among them.
"""

import io
import json
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from pipeline.errors import Exit
from tests.hostile.test_text_files import ACROSS_FILES, MEMORY_KIB, start
from tests.hostile.test_workbooks import REFUSED
from tests.hostile.text_files import CASES, HEADER, export, line, make

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no links, pipes and sockets")


def workbook(change: Callable[[Any], None] = lambda book: None) -> bytes:
    """Make an honest workbook of two results in which one thing is changed."""
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.append(HEADER.split(","))
    for number in (1, 2):
        cells: list[Any] = line(f"W{number}").split(",")
        cells[7] = 11.2
        cells[5] = datetime(2026, 3, 1)
        sheet.append(cells)
    change(book)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def formula_without_value(book: Any) -> None:
    book.active["H2"] = "=5+6"


def id_shown_with_zeros(book: Any) -> None:
    book.active["A2"] = 124
    book.active["A2"].number_format = "00000"


def long_id_as_a_number(book: Any) -> None:
    book.active["A2"] = 12345678901234567890


def merged_ids(book: Any) -> None:
    book.active.merge_cells("A2:A3")


def hidden_row_and_sheet(book: Any) -> None:
    book.active.row_dimensions[3].hidden = True
    book.create_sheet("Old").sheet_state = "hidden"


def two_sheets(book: Any) -> None:
    other = book.create_sheet("More")
    other.append(HEADER.split(","))
    other.append(line("W3").split(","))


def dates_of_1904(book: Any) -> None:
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904


def date_as_a_number(book: Any) -> None:
    book.active["F2"] = 46082
    book.active["F2"].number_format = "General"


def error_and_boolean(book: Any) -> None:
    book.active["H2"], book.active["H3"] = "#REF!", True
    book.active["H2"].data_type = "e"


# Name → what is changed, results used, what is said of it.
ODD: dict[str, tuple[Callable[[Any], None], int, set[str]]] = {
    "honest.xlsx": (lambda book: None, 2, set()),
    "formula_without_value.xlsx": (formula_without_value, 1, {"cell-formula"}),
    "id_shown_with_zeros.xlsx": (id_shown_with_zeros, 1, {"cell-format"}),
    "long_id_as_a_number.xlsx": (long_id_as_a_number, 1, {"cell-digits"}),
    "merged_ids.xlsx": (merged_ids, 1, {"patient-id-missing", "merged-cells"}),
    "hidden_row_and_sheet.xlsx": (hidden_row_and_sheet, 2, {"hidden-rows", "hidden-sheets"}),
    "two_sheets.xlsx": (two_sheets, 3, set()),
    "dates_of_1904.xlsx": (dates_of_1904, 2, set()),
    "date_as_a_number.xlsx": (date_as_a_number, 1, {"date-unreadable"}),
    "error_and_boolean.xlsx": (error_and_boolean, 0, {"cell-error", "cell-boolean"}),
}

_WORKBOOKS = {
    f"{name.strip('.').replace(' ', '_').replace(':', '').replace('/', '_')}.{suffix}": (
        build,
        outcome,
    )
    for name, suffix, build, outcome in REFUSED
}

# Hazard → the files that stand for it.
ROWS: Mapping[str, tuple[str, ...]] = {
    "still being written": ("half.csv.part", "cut_off.csv", "cut_in_a_number.csv"),
    "same bytes twice": ("honest.csv", "honest_again.csv"),
    "one bad file among good ones": ("honest.csv", "honest.xlsx"),
    "link, pipe, socket, folder": ("link.csv", "pipe.csv", "socket.csv", "folder.csv"),
    "packed": ("gzip.csv", "zip.csv", "packed.csv.gz", "all.zip"),
    "name is not content": ("workbook.csv", "text.xlsx", "page.xls", "csv_named_.xlsx.xlsx"),
    "ragged long row": ("long_row.csv", "first_row_long.csv", "shifted_row.csv"),
    "short row": ("short_row.csv",),
    "quotes": ("stray_quotes.csv", "quote_never_closed.csv", "text_after_a_quote.csv"),
    "header twice, missing, unknown": (
        "duplicate_header.csv", "no_value_column.csv", "no_patient_column.csv", "unknown_header.csv",
    ),
    "preamble, footer, header again": ("preamble.csv", "footer.csv", "header_repeated.csv"),
    "code pages": ("mark.csv", "utf16.csv", "cp1252.csv", "not_cp1252.csv", "utf16_odd.csv"),
    "NUL bytes": ("zero_byte.csv", "zeros_at_the_end.csv"),
    "delimiter and decimal comma": (
        "two_delimiters.csv", "decimal_comma_unquoted.csv", "both_decimal_signs.csv",
    ),
    "huge": ("huge_cell.csv", "cell_of_a_hundred_megabytes.csv", "ten_million_columns.csv"),
    "values": ("values.csv",),
    "dates": ("dates_settled_later.csv", "dates_open.csv", "dates_that_contradict.csv"),
    "corner cells": ("corner_cells.xlsx", "corners_within_the_old_limits.xlsx"),
    "a gibibyte of text": ("1_GiB_of_text.xlsx", "text_that_declares_to_be_small.xlsx"),
    "cells and strings without number": (
        "20_million_cells.xlsx", "10_million_shared_strings.xlsx",
    ),
    "merge bomb": ("merged_A1CV100000.xlsx",),
    "entity bombs": ("billion_laughs_in_the_sheet.xlsx", "one_small_entity.xlsx"),
    "external entity": ("external_entity.xlsx",),
    "part twice or outside, macros, OLE": (
        "a_part_twice.xlsx", "a_part_outside.xlsx", "macros.xlsx", "OLE_without_a_workbook.xls",
    ),
    "bit rot": ("cut_off.xlsx", "zeros.xlsx"),
    "formula without value": ("formula_without_value.xlsx",),
    "id shown with zeros": ("id_shown_with_zeros.xlsx", "long_id_as_a_number.xlsx"),
    "sheets, hidden rows, merged ids": (
        "two_sheets.xlsx", "hidden_row_and_sheet.xlsx", "merged_ids.xlsx",
    ),
    "1904 dates": ("dates_of_1904.xlsx", "date_as_a_number.xlsx"),
    "formula text, file names from ids": ("ids_like_paths.csv",),
    "control characters": ("form_feed_in_a_name.csv", "line_separator_in_a_name.csv"),
    "identity": (
        "two_birth_dates.csv", "two_sexes.csv", "two_names.csv", "ids_in_two_forms.csv",
        "ids_not_to_be_seen.csv", "ids_with_zeros.csv", "name_missing.csv", "specimen_of_two.csv",
        "result_twice.csv", "result_in_two_versions.csv", "result_corrected.csv",
        "result_cancelled.csv",
    ),
}  # fmt: skip


def fill(inbox: Path) -> None:
    """Put everything into one folder."""
    inbox.mkdir()
    for case in CASES:
        make(case, inbox)
    for name, (build, _) in _WORKBOOKS.items():
        (inbox / name).write_bytes(build())
    for name, (change, _, _) in ODD.items():
        (inbox / name).write_bytes(workbook(change))
    (inbox / "folder.csv").mkdir()
    for name in ("half.csv.part", "~$open.xlsx", ".hidden.csv", "packed.csv.gz", "all.zip"):
        (inbox / name).write_bytes(export(line()))
    for name in ("honest.csv", "honest_again.csv"):
        (inbox / name).write_bytes(export(line("H1")))


def test_everything_at_once(tmp_path: Path) -> None:
    """The run goes on to the end, says of each file what it says of it alone, and stays small."""
    inbox = tmp_path / "inbox"
    fill(inbox)
    missing = {file for files in ROWS.values() for file in files} - {
        path.name for path in inbox.iterdir()
    }
    assert not missing, "a hazard without its file"
    code, output, memory = start("check", "--json", inbox)
    assert code == Exit.HELD
    assert memory <= MEMORY_KIB
    issues = pd.DataFrame(json.loads(output))
    told = issues.groupby("source_file")["code"].agg(set).to_dict()
    for case in CASES:
        own = {held.split()[1] for held in case.held} - ACROSS_FILES
        assert own | set(case.said) <= told.get(case.name, set()), case.name
    for name, (_, outcome) in _WORKBOOKS.items():
        assert outcome.split(":")[0] in told.get(name, set()), name
    for name, (_, _, said) in ODD.items():
        assert said <= told.get(name, set()), name
    left = {"half.csv.part", "~$open.xlsx", ".hidden.csv", "folder.csv"}
    assert left.isdisjoint(issues["source_file"])
    assert {name: told[name] for name in ("packed.csv.gz", "all.zip")} == {
        "packed.csv.gz": {"file-kind"}, "all.zip": {"file-kind"},
    }  # fmt: skip
    assert not {"honest.csv", "honest_again.csv"} & set(told) - {"honest_again.csv"}


@pytest.mark.parametrize("name", ODD)
def test_odd_workbook_alone(tmp_path: Path, name: str) -> None:
    change, used, said = ODD[name]
    (tmp_path / name).write_bytes(workbook(change))
    code, output, _ = start("check", "--json", tmp_path / name)
    found = json.loads(output)
    held = {each["row"] for each in found if each["row"] and each["severity"] == "error"}
    assert said <= {each["code"] for each in found}
    rows = 3 if name == "two_sheets.xlsx" else 2
    assert (rows - len(held), code) == (used, Exit.HELD if held else Exit.DONE)
