"""Tables of data-quality problems: how they are made, and how Pandera's findings become some.

A message says where, what, and what to do; never who. No cell content goes into one.
"""

from collections.abc import Mapping
from typing import Generic, NamedTuple, TypeVar, cast

import pandas as pd

from pipeline.issues.catalogue import CATALOGUE, ERROR
from schemas import DataFrame, Issues, SchemaErrors, Table

T = TypeVar("T")

_OF_EMPTY_IDS = ("patient-id-missing", "specimen-unknown")
"""An id that cannot be trusted is left out, so that it seems to be missing."""


class Staged(NamedTuple, Generic[T]):
    """What a stage hands on: its table, and the issues it found on the way."""

    table: T
    issues: DataFrame[Issues]


def issues_at(
    rows: pd.DataFrame, code: str, *, column: str | None = None, detail: str = ""
) -> DataFrame[Issues]:
    """Make one issue of a kind for each of some rows.

    Args:
        rows: Rows of any table that carries `result_id` and the `source_…` columns.
        code: Key of `CATALOGUE`.
        column: The header to name; else each row's own `source_column`.
        detail: Words put in front of the sentence, such as an analyte; never a cell's content.
    """
    kind = CATALOGUE[code]
    frame = pd.DataFrame(
        {
            "source_file": rows["source_file"],
            "sheet": rows["source_sheet"],
            "row": rows["source_row"],
            "column": rows["source_column"] if column is None else column,
            "code": kind.code,
            "severity": str(kind.severity),
            "message": f"{detail}: {kind.message}" if detail else kind.message,
            "result_id": rows["result_id"],
        }
    ).reset_index(drop=True)
    return _as_issues(frame)


def issue_of_file(
    source_file: str,
    code: str,
    *,
    sheet: str = "",
    column: str = "",
    row: int | None = None,
    detail: str = "",
) -> DataFrame[Issues]:
    """Make one issue that concerns a file, a sheet or a line rather than a single result."""
    kind = CATALOGUE[code]
    frame = pd.DataFrame(
        {
            "source_file": [source_file],
            "sheet": [sheet],
            "row": pd.array([row], dtype="Int64"),
            "column": [column],
            "code": [kind.code],
            "severity": [str(kind.severity)],
            "message": [f"{detail}: {kind.message}" if detail else kind.message],
            "result_id": pd.array([None], dtype="Int64"),
        }
    )
    return _as_issues(frame)


def find_bad_cells(
    schema: type[Table], table: pd.DataFrame, headers: Mapping[str, str]
) -> DataFrame[Issues]:
    """Validate a table of texts and give one issue for each bad cell.

    Args:
        schema: Its checks are named by codes of `CATALOGUE`.
        table: With the `source_…` columns and a running index.
        headers: Column of the table → header in the file; else each row's `source_column`.

    Raises:
        RuntimeError: The table itself is wrong (a column, a type): a bug, not a bad cell.
    """
    try:
        schema.validate(table, lazy=True)
    except SchemaErrors as error:
        return _from_failure_cases(error, table, headers)
    return no_issues()


def require_contract(schema: type[Table], table: pd.DataFrame) -> None:
    """Validate a table of our own making; what fails here is a bug, no bad cell.

    Raises:
        RuntimeError: Names columns and checks, never what stands in a cell.
    """
    if len(find_bad_cells(schema, table, {})):
        raise RuntimeError(f"{schema.__name__}: a table of our own breaks its contract")


def _from_failure_cases(
    error: SchemaErrors, table: pd.DataFrame, headers: Mapping[str, str]
) -> DataFrame[Issues]:
    """Translate what Pandera found into issues, the only place where that is done."""
    cases = error.failure_cases
    ours = cases["index"].notna() & cases["check"].isin(list(CATALOGUE))
    if not ours.all():
        faults = cases.loc[~ours, ["column", "check"]].drop_duplicates()
        names = ", ".join(f"{column}: {check}" for column, check in faults.to_numpy())
        # Not chained: Pandera's own error shows what stands in the cells.
        raise RuntimeError(f"a table broke its contract ({names})") from None
    return all_issues(
        *(
            issues_at(
                table.loc[found["index"].astype("int64").drop_duplicates()],
                str(code),
                column=headers.get(str(column)),
            )
            for (code, column), found in cases.groupby(["check", "column"], sort=False)
        )
    )


def no_issues() -> DataFrame[Issues]:
    """Give the empty table of issues."""
    return cast(DataFrame[Issues], Issues.no_rows())


def all_issues(*tables: DataFrame[Issues]) -> DataFrame[Issues]:
    """Put tables of issues one below the other."""
    filled = [table for table in tables if len(table)]
    return _as_issues(pd.concat(filled, ignore_index=True)) if filled else no_issues()


def without_follow_ups(issues: DataFrame[Issues], of_cells: DataFrame[Issues]) -> DataFrame[Issues]:
    """Leave out what follows from a cell that could not be read: it is named once.

    A cell with a sign in front was read without it, so that what stands in it is judged too.

    Args:
        issues: Issues of results.
        of_cells: Issues of the cells that they were read from.
    """
    place = ["result_id", "column"]
    errors = of_cells[of_cells["severity"].eq(str(ERROR))].drop_duplicates(place)
    cause = issues[place].merge(errors[[*place, "code"]], on=place, how="left")["code"]
    is_signed = cause.eq("hold-unchecked").to_numpy() & ~issues["code"].isin(_OF_EMPTY_IDS)
    return _as_issues(issues[cause.isna().to_numpy() | is_signed].reset_index(drop=True))


def set_aside(issues: DataFrame[Issues]) -> "pd.Series[int]":
    """List the result ids that issues of severity error set aside."""
    errors = issues[issues["severity"].eq(str(ERROR))]
    return errors["result_id"].dropna().astype("int64").drop_duplicates()


def _as_issues(frame: pd.DataFrame) -> DataFrame[Issues]:
    return cast(DataFrame[Issues], frame.astype(Issues.column_types()))
