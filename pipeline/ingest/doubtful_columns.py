"""Results beside cells that could change what they mean, in columns that are not read."""

from collections.abc import Iterator

import pandas as pd

from pipeline.ingest.layouts import Plan
from pipeline.ingest.lines import Lines
from pipeline.issues import issues_at
from schemas import DataFrame, Issues

_CODES = {
    "comparators": "column-of-comparators",
    "materials": "column-of-materials",
    "statuses": "column-of-statuses",
    "warnings": "column-of-warnings",
    "errors": "run-failed",
}


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
