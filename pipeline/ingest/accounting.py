"""Every result that was read is accepted, held or ignored, and in one of these only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import pandas as pd

from pipeline.issues import all_issues, require_contract, set_aside
from schemas import DataFrame, Held, Issues, Observations, Results
from schemas.vocabulary import IssueSeverity, ResultStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTally:
    """The results of one file or of a run, sorted by what becomes of them."""

    results: DataFrame[Results]
    held: DataFrame[Held]
    ignored: "pd.Series[int]"
    issues: DataFrame[Issues]
    observations: DataFrame[Observations]
    read: int


def tally_file(
    parsed: Sequence[pd.DataFrame],
    unsplit: Sequence[pd.DataFrame],
    not_results: Sequence["pd.Series[int]"],
    issues: DataFrame[Issues],
    observations: Sequence[DataFrame[Observations]] = (),
) -> FileTally:
    """Sort the results of a file by what the issues say of them.

    Args:
        parsed: The columns of `Results`, then `ignored`; rows with errors included.
        unsplit: `result_id` and `source_…` of rows that could not be split.
        not_results: Ids of blanks and controls.
        observations: What the tables say in words; a `result_id` in them is of a row of `parsed`
            that is no number.
        issues: All issues of the file; those of ignored results are left out of the outcome.

    Raises:
        RuntimeError: An accepted result breaks its contract, or the numbers do not add up.
    """
    rows = pd.concat([_no_rows(), *parsed], ignore_index=True)
    ids = [_ids(rows.loc[rows["ignored"], "result_id"]), *map(_ids, not_results)]
    ignored = pd.concat(ids, ignore_index=True)
    told = issues[~issues["result_id"].isin(ignored)]
    once = told["result_id"].isna() | ~told.duplicated(["result_id", "code", "column"])
    told = all_issues(told[once])
    is_held = rows["result_id"].isin(set_aside(told))
    said: pd.DataFrame = pd.concat([Observations.no_rows(), *observations])
    gone = said["result_id"].isin(set_aside(told)) | said["result_id"].isin(ignored)
    said = said[~gone.astype(bool)].reset_index(drop=True)
    in_words = rows["result_id"].isin(said["result_id"].dropna())
    accepted = rows.loc[~is_held & ~rows["ignored"] & ~in_words, list(Results.column_types())]
    held = hold(
        pd.concat([rows[is_held & ~rows["ignored"]], *map(_untyped, unsplit)], ignore_index=True),
        told,
    )
    read = len(rows) + sum(map(len, unsplit)) + sum(map(len, not_results))
    told_in_words = said["result_id"].nunique()
    if len(accepted) + len(held) + len(ignored) + told_in_words != read:
        raise RuntimeError("results read and results accounted for differ")
    return FileTally(
        results=validate_results(accepted),
        held=held,
        ignored=ignored,
        issues=told,
        observations=cast(DataFrame[Observations], said.astype(Observations.column_types())),
        read=read,
    )


def hold(rows: pd.DataFrame, issues: DataFrame[Issues]) -> DataFrame[Held]:
    """Make held results of rows that have the columns of `Origin`, with their first error.

    Raises:
        KeyError: A row without an error.
    """
    errors = issues[issues["severity"].eq(str(IssueSeverity.ERROR))]
    first = errors.dropna(subset=["result_id"]).drop_duplicates("result_id")
    code = first.set_index("result_id")["code"]
    codes = code.loc[rows["result_id"].astype("Int64")].to_numpy()
    table = rows.assign(code=codes)[list(Held.column_types())].astype(Held.column_types())
    table = table.sort_values("result_id", ignore_index=True)
    require_contract(Held, table)
    return cast(DataFrame[Held], table)


def hold_observations(rows: pd.DataFrame, code: str) -> DataFrame[Held]:
    """Make held results of the results among some observations."""
    results = rows[rows["result_id"].notna()]
    kinds = Held.column_types()
    unknown = {
        name: pd.Series([None] * len(results), index=results.index, dtype=kind)
        for name, kind in kinds.items()
        if name.startswith("age_")
    }
    table = results.assign(**unknown, population="", analyte=results["code"], code=code)
    table = table[list(kinds)].astype(kinds).reset_index(drop=True)
    require_contract(Held, table)
    return cast(DataFrame[Held], table)


def validate_results(rows: pd.DataFrame) -> DataFrame[Results]:
    """Validate accepted results; what fails here is a bug, no bad cell.

    Raises:
        RuntimeError: Names columns and checks, never what stands in a cell.
    """
    table = rows.astype(Results.column_types()).reset_index(drop=True)
    require_contract(Results, table)
    return cast(DataFrame[Results], table)


def _no_rows() -> pd.DataFrame:
    return Results.no_rows().assign(ignored=pd.Series([], dtype="bool"))


def _ids(ids: "pd.Series[int]") -> "pd.Series[int]":
    return ids.astype("int64")


def _untyped(unsplit: pd.DataFrame) -> pd.DataFrame:
    """Fill up rows that could not be split: nobody knows whose they are."""
    kinds = {name: kind for name, kind in Held.column_types().items() if name != "code"}
    known = set(unsplit.columns)
    blank = {
        name: pd.Series(["" if kind == "str" else None] * len(unsplit), dtype=kind)
        for name, kind in kinds.items()
        if name not in known
    }
    filled = unsplit.reset_index(drop=True).assign(**blank)
    return filled.assign(status=str(ResultStatus.FINAL), ignored=False)[[*kinds, "ignored"]]
