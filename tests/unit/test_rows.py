"""Two readings of one sheet are compared; only what both agree on is handed over."""

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

import pytest

from pipeline.ingest.formats.refusal import Refused
from pipeline.ingest.formats.workbook.cell_text import NO_DATE, SHOWN_OTHERWISE, write_cell
from pipeline.ingest.formats.workbook.markup import SheetMarkup, pack
from pipeline.ingest.formats.workbook.number_formats import NumberFormat
from pipeline.ingest.formats.workbook.text_rows import list_rows


class Library:
    """Stands for the reading library's sheet: rows from the first, columns from `column`."""

    def __init__(self, column: int, rows: list[list[Any]]) -> None:
        self.start = (0, column)
        self._rows = rows

    def iter_rows(self) -> Iterator[list[Any]]:
        return iter(self._rows)


def mark(*, counts_texts: bool = True) -> SheetMarkup:
    """Mark B2 and C2, and B4, as filled."""
    marks = SheetMarkup("S", counts_texts=counts_texts)
    marks.extend(1)
    marks.extend(2)
    marks.add_row(2, 2, 3, is_hidden=False)
    marks.add_row(4, 1, 1, is_hidden=False)
    return marks


AGREED = [["", ""], [1.0, "x"], ["", " "], [2.5, ""]]


@pytest.mark.parametrize(
    ("column", "rows", "outcome"),
    [
        (1, AGREED, "read"),
        (1, [*AGREED, ["", " "]], "read"),
        (0, [["", *row] for row in AGREED], "read"),
        (0, AGREED, "refused"),
        (2, AGREED, "refused"),
        (1, AGREED[1:], "refused"),
        (1, AGREED[:3], "refused"),
        (1, [], "refused"),
        (1, [["", 7.0], *AGREED[1:]], "refused"),
        (1, [["x", ""], *AGREED[1:]], "refused"),
        (1, [*AGREED[:2], [True, ""], AGREED[3]], "refused"),
        (1, [*AGREED, [3.0, ""]], "refused"),
        (1, [*AGREED, ["", ""], ["x", ""]], "refused"),
        (1, [AGREED[0], [1.0, ""], *AGREED[2:]], "refused"),
        (1, [AGREED[0], [1.0, "x", 3.0], *AGREED[2:]], "refused"),
        (1, [*AGREED[:3], ["", 2.5]], "refused"),
    ],
)
def test_rows_are_given_only_where_both_readings_agree(
    column: int, rows: list[list[Any]], outcome: str
) -> None:
    try:
        found: Any = list(list_rows(Library(column, rows), mark(), [None]))
    except Refused as refusal:
        found = refusal.code
    expected = [(2, ["", "1", "x"], []), (4, ["", "2.5", ""], [])]
    assert found == (expected if outcome == "read" else "workbook-damaged")


def test_text_beyond_the_marks_is_no_agreement_even_where_texts_are_not_counted() -> None:
    marks = mark(counts_texts=False)
    rows = [[], [1.0, 2.0, "x"], [], [2.5]]
    with pytest.raises(Refused):
        list(list_rows(Library(1, rows), marks, [None]))


def test_format_goes_to_its_own_cell() -> None:
    marks = mark()
    marks.styled.extend([pack(2, 1, 1), pack(4, 1, 2)])
    formats = [None, NumberFormat("00"), NumberFormat("yyyy-mm-dd")]
    rows = [["", ""], [1.0, "x"], ["", ""], [date(2024, 3, 4), ""]]
    assert list(list_rows(Library(1, rows), marks, formats)) == [
        (2, ["", "1", "x"], [(1, SHOWN_OTHERWISE)]),
        (4, ["", "2024-03-04", ""], []),
    ]


@pytest.mark.parametrize(
    ("value", "code", "issue"),
    [
        (date(2024, 3, 4), "yyyy-mm-dd", ""),
        (date(2024, 3, 4), None, SHOWN_OTHERWISE),
        (date(2024, 3, 4), "0%", SHOWN_OTHERWISE),
        (time(10, 30), None, SHOWN_OTHERWISE),
        (datetime(1900, 2, 28, 10), "yyyy-mm-dd", NO_DATE),
        (datetime(1900, 3, 1, 10), "yyyy-mm-dd", ""),
        (datetime(1900, 2, 28, 10), None, NO_DATE),
        (45355.0, "yyyy-mm-dd", SHOWN_OTHERWISE),
        (45355, None, ""),
    ],
)
def test_date_counts_only_where_the_format_says_date(
    value: Any, code: str | None, issue: str
) -> None:
    assert write_cell(value, NumberFormat(code) if code else None)[1] == issue
