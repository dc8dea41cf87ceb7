"""Cells of a saved worklist come out of the process that reads them as they went in."""

import io
from datetime import date, datetime, time, timedelta

import pytest
from openpyxl import Workbook
from openpyxl.comments import Comment

from pipeline.ingest.formats.refusal import Refused
from pipeline.report.worklist.read_cells import read_cells


def save(book: Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_cells_of_every_kind_are_read_as_they_are():
    book = Workbook()
    book.active.title = "Übersicht"
    book.active.append([None, "text\nµ", "", 1, 2.5, -3e-7, True, False])
    book.active.append([])
    book.active.append([datetime(2026, 3, 1, 8, 30), date(2026, 3, 1), "=A1", "#N/A", '{"at": 1}'])
    book.active.append([time(8, 30), timedelta(days=1, hours=1)])
    book.create_sheet("Empty")
    book.create_sheet("Other")["C3"] = "x"
    book.active["A1"].comment = Comment("said", "AB")
    sheets, comments = read_cells("worklist.xlsx", save(book))
    assert [*sheets] == ["Übersicht", "Empty", "Other"]
    first, second, third = sheets["Übersicht"]
    assert first == (None, "text\nµ", None, 1, 2.5, -3e-7, True, False) or first[2] == ""
    assert [type(cell) for cell in first[3:]] == [int, float, float, bool, bool]
    assert second == (datetime(2026, 3, 1, 8, 30), datetime(2026, 3, 1), "=A1", "#N/A", '{"at": 1}')
    assert str(third[0]) == "08:30:00"
    assert (sheets["Empty"], sheets["Other"]) == ([], [(None, None, "x")])
    assert comments == 1


def test_what_takes_too_long_is_refused(monkeypatch):
    monkeypatch.setattr("pipeline.report.worklist.read_cells.CPU_SECONDS", 1)
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for number in range(40_000):
        sheet.append([number, "x", "y", "z"])
    with pytest.raises(Refused) as refusal:
        read_cells("worklist.xlsx", save(book))
    assert refusal.value.code == "workbook-exhausting"
