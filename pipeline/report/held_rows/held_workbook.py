"""Held rows go back to the people who sent them: in their own columns, marked, with what to do."""

import re
from collections.abc import Sequence
from math import ceil
from pathlib import PurePath
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.history.originals import Original
from pipeline.ingest.returned_rows import FIX, HOLD, RAW, READ_AS, REASON, drop_sign
from pipeline.report.excel.sheet import Entry, add_sheet, fit_row, start_workbook
from pipeline.report.excel.style import (
    AS_TEXT,
    CELL,
    HEADER,
    MARKED,
    OUR_HEADER,
    QUIET,
    TEXT,
    TRACE,
    Styler,
)
from pipeline.report.held_rows.howto_sheet import add_how_to
from pipeline.report.held_rows.problem_rows import (
    HeldRow,
    Page,
    find_contradictions,
    fix_of,
    is_unsplit,
    list_rows,
)
from pipeline.texts import ENGLISH, Texts
from pipeline.texts.workbook_cells import clean_text
from schemas import DataFrame, Held, Issues

ROWS_AT_MOST = 50_000
"""Rows in one workbook. A cause that touches more is better mended where the export is made."""

_STEM_AT_MOST = 60
_NAME_AT_MOST = 31
_FORMER = re.compile(r"(?:-[0-9a-f]{8})?\.held", re.IGNORECASE)
_UNFIT_FOR_FILES = re.compile(r"[^\w.-]+")
_UNFIT_FOR_SHEETS = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_WIDEST = {HOLD: 15.0, REASON: 30.0, FIX: 52.0, RAW: 60.0, READ_AS: 12.0}
_PAGE_WIDTH = 200
"""Characters across a landscape page that can still be read."""
_USUAL_WIDTH = 26.0


def name_held(name: str, sha256: str) -> str:
    """Give the name of the workbook that hands rows of a file back."""
    stem = _FORMER.sub("", PurePath(name).stem)
    plain = _UNFIT_FOR_FILES.sub("_", stem).strip("._")[:_STEM_AT_MOST] or "file"
    return f"{plain}-{sha256[:8]}.held.xlsx"


def render_held(
    original: Original,
    names: Sequence[str],
    held: DataFrame[Held],
    issues: DataFrame[Issues],
    texts: Texts = ENGLISH,
) -> Workbook | None:
    """Render the rows of a file that hold held results; None if there are none.

    Args:
        original: The cells of the file.
        names: `source_file` of all files with this content; the first is shown.
        held: Held results, of this file and others.
        issues: Issues, of this file and others.
        texts: In whose language it is said what to do.
    """
    own = pd.DataFrame(held[held["source_file"].isin(names)])
    if own.empty:
        return None
    rows = list_rows(own, issues, find_contradictions(held))
    book, styler = start_workbook(texts("hand-back"), texts.language), Styler(texts)
    left, titles = ROWS_AT_MOST, set[str]()
    for sheet in original.sheets:
        wanted = rows.get(sheet.sheet, [])
        if wanted and left:
            title = _name_sheet(sheet.sheet, titles, texts)
            page = Page(original, sheet, texts)
            _render_sheet(book, styler, title, names[0], page, wanted[:left], texts)
            left -= min(len(wanted), left)
    left_out = sum(map(len, rows.values())) - (ROWS_AT_MOST - left)
    layout = next((sheet.layout for sheet in original.sheets if sheet.layout), "")
    title = _name_sheet(texts("hand-back.how"), titles, texts)
    add_how_to(book, styler, title, names[0], left_out, layout, texts)
    return book


def _render_sheet(
    book: Workbook,
    styler: Styler,
    title: str,
    footer: str,
    page: Page,
    rows: Sequence[HeldRow],
    texts: Texts,
) -> None:
    sheet = add_sheet(book, title, footer, texts, repeat="1:1")
    has_raw = any(problem.is_of_row for held in rows for problem in held.problems)
    headers = [HOLD, REASON, FIX, *page.headers, *[RAW][: int(has_raw)], READ_AS]
    first = headers.index(FIX) + 1
    ends = range(first, first + len(page.headers))
    looks = [HEADER if at in ends else OUR_HEADER for at in range(len(headers))]
    widths = [
        _WIDEST[name] if at not in ends else float(min(max(len(name) + 5, 10), _USUAL_WIDTH))
        for at, name in enumerate(headers)
    ]
    lines: list[list[Entry]] = [
        [Entry(text, look) for text, look in zip(headers, looks, strict=True)]
    ]
    if page.sheet.unit_row:
        # Without them the rows would come back without units.
        units = dict(enumerate(page.text_of(page.sheet.unit_row), first))
        lines.append([Entry(units.get(at, ""), QUIET) for at in range(len(headers))])
    for held in rows:
        marks = page.signs_of(held)
        own = [
            Entry(marks[at] + drop_sign(text), MARKED) if at in marks else Entry(text, CELL)
            for at, text in enumerate(page.text_of(held.row))
        ]
        raw = [Entry(page.raw_of(held.row) if is_unsplit(held) else "", TRACE)]
        lines.append(
            [
                Entry(str(page.hold_of(held.row)), TRACE),
                Entry(page.reason_of(held), TEXT),
                Entry(fix_of(held, texts), QUIET),
                *own,
                *raw[: int(has_raw)],
                Entry(str(page.read_as(held)), QUIET),
            ]
        )
        for at, entry in enumerate(own, first):
            widths[at] = min(max(widths[at], len(str(entry.value)) + 3.0), _USUAL_WIDTH)
    for number, entries in enumerate(lines, 1):
        _put_texts(sheet, styler, number, entries)
        # What is meant for labflag alone does not make the row higher.
        fit_row(sheet, number, entries[:-1], widths)
    for at, width in enumerate(widths, 1):
        column: Any = sheet.column_dimensions[get_column_letter(at)]
        column.width = width
        # Rows that a person adds below are text as well.
        column.number_format = AS_TEXT
    sheet.freeze_panes = "C2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(headers))}{len(lines)}"
    _set_print(sheet, widths[: first + len(page.headers)])


def _set_print(sheet: Worksheet, widths: Sequence[float]) -> None:
    """Print what a person reads, as many pages wide as it needs to stay readable."""
    sheet.print_area = f"A1:{get_column_letter(len(widths))}{sheet.max_row}"
    sheet.print_title_cols = "A:B"
    sheet.page_setup.fitToWidth = ceil(sum(widths) / _PAGE_WIDTH)


def _put_texts(sheet: Worksheet, styler: Styler, row: int, entries: Sequence[Entry]) -> None:
    """Write cells that stay text whatever is typed into them."""
    for column, entry in enumerate(entries, 1):
        cell: Any = sheet.cell(row, column)
        text = clean_text(str(entry.value or ""))
        if text:
            cell.value = text
            cell.data_type = "s"
        styler.dress(cell, entry.look, AS_TEXT, quoted=True)


def _name_sheet(name: str, taken: set[str], texts: Texts) -> str:
    """Give a title that a workbook may have, and none twice."""
    plain = _UNFIT_FOR_SHEETS.sub("_", name).strip("'")[:_NAME_AT_MOST] or texts("hand-back")
    title, number = plain, 1
    while title.casefold() in taken:
        number += 1
        title = f"{plain[: _NAME_AT_MOST - 5]} ({number})"
    taken.add(title.casefold())
    return title
