"""Results beside cells that could change what they mean, in columns that are not read."""

from collections.abc import Iterator, Mapping

import pandas as pd

from pipeline.ingest.layout.columns_by_content import left_out
from pipeline.ingest.layout.plan import Plan
from pipeline.ingest.layout.sections import Lines
from pipeline.ingest.returned_rows import Beside, ReadAs
from pipeline.issues import issues_at
from pipeline.knowledge.name_key import name_key
from schemas import DataFrame, Issues

_CODES = {
    "comparators": "column-of-comparators",
    "materials": "column-of-materials",
    "statuses": "column-of-statuses",
    "warnings": "column-of-warnings",
    "errors": "run-failed",
}


_NOWHERE = -1
OF_COLUMNS = frozenset(_CODES.values())
"""Codes of results held for a cell beside them."""


def issues_of_doubtful_columns(
    results: pd.DataFrame, plan: Plan, lines: Lines
) -> Iterator[DataFrame[Issues]]:
    """Set aside the results of the rows in which such a cell stands.

    Args:
        results: The results of a table, with the `source_…` columns.
        plan: Its `doubtful` columns, and which of their cells count.
        lines: The rows of the table.
    """
    for each in plan.doubtful:
        cells = zip(lines.rows, lines.cells, strict=True)
        rows = [row for row, texts in cells if texts[each.column].strip() in each.texts]
        beside = results[results["source_row"].isin(rows)]
        yield issues_at(beside, _CODES[each.holds], column=each.header)


def issues_of_returned_cells(
    results: pd.DataFrame, plan: Plan, lines: Lines, read_as: Mapping[int, ReadAs]
) -> Iterator[DataFrame[Issues]]:
    """Set aside results that come back beside the same cell for which they were held.

    What a layout names by now, or leaves out, no longer counts.

    Args:
        results: The results of a table, with the `source_…` columns.
        plan: What its columns are.
        lines: The rows of the table.
        read_as: Row number → how the row was read when it was held.
    """
    settled = left_out(plan) | {name_key(x) for x in (plan.layout.columns if plan.layout else ())}
    places = {
        header.strip(): at
        for at, header in enumerate(plan.headers)
        if name_key(header) not in settled
    }
    named = {(each.column, text) for each in plan.doubtful for text in each.texts}
    rows: dict[tuple[str, int], list[int]] = {}
    for row, texts in zip(lines.rows, lines.cells, strict=True):
        for each in read_as[row].beside if row in read_as else ():
            at = places.get(each.header, _NOWHERE)
            is_supported = each.code in OF_COLUMNS and at != _NOWHERE
            is_supported = is_supported and (at, texts[at].strip()) not in named
            if is_supported and Beside.of(each.code, each.header, texts[at]) == each:
                rows.setdefault((each.code, at), []).append(row)
    for (code, at), held in rows.items():
        beside = results[results["source_row"].isin(held)]
        yield issues_at(beside, code, column=plan.headers[at])
