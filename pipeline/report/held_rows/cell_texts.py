"""The text of the cells that problems lie in, for the owner of a file at a terminal.

It is never written into a report of problems, a log or a file unless it is asked for.
"""

from collections.abc import Iterator, Mapping

from pipeline.history.originals import OriginalSheet, keep_original
from pipeline.ingest.dataset import Ingested
from pipeline.report.held_rows.problem_rows import HeldRow, Page, Problem
from pipeline.texts import ENGLISH

CellPlace = tuple[str, str, int, str, str]
"""File, sheet, row, column and code of an issue."""
CellsOfPlace = tuple[tuple[str, str], ...]
"""(header, text) of each cell that it may lie in."""
CellTexts = Mapping[CellPlace, CellsOfPlace]

_WHOLE_ROW = "row"


def list_cell_texts(file: Ingested) -> dict[CellPlace, CellsOfPlace]:
    """Look up the cells that the problems of a file lie in, as they were read."""
    original = keep_original(file)
    sheets = {sheet.sheet: sheet for sheet in original.sheets}
    pages: dict[str, Page] = {}
    found: dict[CellPlace, CellsOfPlace] = {}
    placed = file.issues.dropna(subset=["row", "result_id"])
    columns = ["source_file", "sheet", "row", "column", "code"]
    for name, tab, row, column, code in placed[columns].itertuples(index=False):
        if tab not in sheets:
            continue
        page = pages.setdefault(tab, Page(original, sheets[tab], ENGLISH))
        key = (name, tab, int(row), column, code)
        found[key] = tuple(_cells_of(page, sheets[tab], int(row), column, code))
    return found


def _cells_of(
    page: Page, sheet: OriginalSheet, row: int, column: str, code: str
) -> Iterator[tuple[str, str]]:
    if not column:
        yield _WHOLE_ROW, page.raw_of(row)
        return
    held = HeldRow(row=row, problems=(), patient="", contradicted=())
    cells = page.text_of(row)
    problem = Problem(code=code, column=column, message="", is_of_row=False)
    for at in page.columns_of(problem, held):
        yield sheet.headers[at], cells[at]
