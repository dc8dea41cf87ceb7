"""What checks set aside becomes held, with an issue; the only place where rows are moved."""

from dataclasses import replace
from typing import cast

import pandas as pd

from pipeline.ingest.accounting import hold, hold_observations, validate_results
from pipeline.ingest.dataset import Dataset
from pipeline.issues import all_issues, issues_at
from schemas import DataFrame, Held, Issues, Observations, Verdicts
from schemas.vocabulary import IssueSeverity


def verdicts_on_results(rows: pd.DataFrame, code: str) -> DataFrame[Verdicts]:
    """Return one verdict on each result; rows without a `result_id` are none."""
    return _verdicts(rows["result_id"].dropna(), "result_id", code)


def verdicts_on_observations(rows: pd.DataFrame, code: str) -> DataFrame[Verdicts]:
    """Return one verdict on each row of a table of observations, by its index."""
    return _verdicts(rows.index.to_series(), "observation", code)


def verdicts_of_issues(issues: DataFrame[Issues]) -> DataFrame[Verdicts]:
    """Return the verdicts of errors on results, in their order."""
    parts = [verdicts_on_results(group, str(code)) for code, group in issues.groupby("code")]
    return join_verdicts(*parts)


def join_verdicts(*tables: DataFrame[Verdicts]) -> DataFrame[Verdicts]:
    """Put tables of verdicts one below the other; of two on one result the first counts."""
    filled = [table for table in tables if len(table)]
    empty = cast(DataFrame[Verdicts], Verdicts.no_rows())
    return pd.concat(filled, ignore_index=True) if filled else empty


def set_aside(
    dataset: Dataset, verdicts: DataFrame[Verdicts], issues: DataFrame[Issues] | None = None
) -> Dataset:
    """Move what verdicts name to the held results, each with its code and an issue.

    A result that is held already is held for the new reason from now on. An observation that is a
    result becomes a held result; one that is context is left out.

    Args:
        dataset: Results, held results and observations.
        verdicts: On some of them.
        issues: Of the results concerned, where a check has made them with more to tell; else one
            is made for each result.
    """
    if verdicts.empty:
        return dataset
    results, held, observations = dataset.results, dataset.held, dataset.observations
    of_result, of_row = _codes(verdicts, "result_id"), _codes(verdicts, "observation")
    leaving = results[results["result_id"].isin(of_result.index)]
    recoded = held["result_id"].map(of_result).astype("object")
    named = observations.index.to_series().map(of_row).astype("object")
    named = named.where(named.notna(), observations["result_id"].map(of_result))
    words = observations[named.notna()]
    if issues is None:
        codes = pd.concat([leaving["result_id"].map(of_result), recoded.dropna(), named.dropna()])
        rows = pd.concat([leaving, held[recoded.notna()], words]).assign(verdict=codes.to_numpy())
        rows = rows.dropna(subset="result_id")
        by_code = rows.groupby("verdict", sort=False)
        issues = all_issues(*(issues_at(group, str(code)) for code, group in by_code))
    errors = issues[issues["severity"].eq(str(IssueSeverity.ERROR))]
    aside: pd.DataFrame = pd.concat(
        [
            held.assign(code=recoded.where(recoded.notna(), held["code"]).astype("str")),
            hold(leaving, errors),
            *(hold_observations(group, str(code)) for code, group in words.groupby(named)),
        ],
        ignore_index=True,
    )
    return replace(
        dataset,
        results=validate_results(results.drop(leaving.index)),
        held=Held.require_columns(aside.sort_values("result_id", ignore_index=True)),
        observations=Observations.require_columns(
            observations.drop(words.index).reset_index(drop=True)
        ),
        issues=all_issues(dataset.issues, issues),
    )


def _verdicts(named: "pd.Series[int]", column: str, code: str) -> DataFrame[Verdicts]:
    table = pd.DataFrame({"result_id": pd.NA, "observation": pd.NA, "code": code}, named.index)
    table = table.assign(**{column: named}).reset_index(drop=True)
    return Verdicts.require_columns(table.astype(Verdicts.column_types()))


def _codes(verdicts: DataFrame[Verdicts], column: str) -> "pd.Series[str]":
    """Return the code of the first verdict on each result or observation, by its number."""
    first = verdicts.dropna(subset=column).drop_duplicates(column)
    return first.astype({column: "int64"}).set_index(column)["code"]
