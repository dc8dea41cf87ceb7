"""Rows that were handed back take the place of the rows that they correct."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import pandas as pd

from pipeline.ingest.apply_verdicts import (
    join_verdicts,
    set_aside,
    verdicts_on_observations,
    verdicts_on_results,
)
from pipeline.ingest.dataset import Dataset
from pipeline.ingest.stored_file import ReceivedFile
from pipeline.issues import all_issues, issue_of_file
from pipeline.reconcile.conflicts import hold_conflicts
from pipeline.texts.counts import count_text
from schemas import DataFrame, Issues, Results, Table

T = TypeVar("T", bound=Table)

_CONTRADICTION = "hold-contradiction"
_PLACE = ["source_file", "source_sheet", "source_row"]
_SAYS = [name for name in Results.column_types() if name not in ("result_id", *_PLACE)]
"""What makes two results the same, wherever they stand."""


def without_returned(dataset: Dataset) -> Dataset:
    """Give what was read from the exports alone, without the rows that were handed back."""
    back = [file.name for file in dataset.files if file.returned]
    results = dataset.results[~dataset.results["source_file"].isin(back)]
    held = dataset.held[~dataset.held["source_file"].isin(back)]
    return hold_conflicts(
        replace(
            dataset,
            results=results.reset_index(drop=True),
            held=held.reset_index(drop=True),
            observations=dataset.observations[
                ~dataset.observations["source_file"].isin(back)
            ].reset_index(drop=True),
        )
    )


def close_holds(dataset: Dataset, held_before: "pd.Series[int]") -> Dataset:
    """Let every row that was handed back replace the row that it corrects.

    The held results of the replaced row are superseded. So are its other results, unless the
    new row says the very same: those stay and count as duplicates. Of several files that
    correct one row, one that hands back another one's rows goes before it, and a row that is
    read without a doubt before one that is not; where two remain that differ, both are held as
    `hold-contradiction`.

    Args:
        intake: All results, before people and specimens were settled; of its files, those with
            `returned` hand rows back.
        held_before: Results that would be held without them for what other rows say.

    Returns:
        The intake without the replaced results, which are counted in `superseded`; their
        issues go with them.
    """
    closings = _list_closings(dataset.files)
    if closings.empty:
        return dataset
    everything = _everything(dataset, held_before)
    gone = _find_outdone(closings, everything)
    closings = closings[~closings["place"].isin(gone)]
    rivals = _find_rivals(closings, everything)
    outdone = everything.loc[everything["place"].isin(gone), "result_id"]
    replaced = _find_replaced(closings, everything)
    said = dataset.observations
    at = _refs_of(said)
    # What a row says beside its results goes with the row: the new one says it again.
    is_old = at.isin(gone) | at.isin(_find_replaced_rows(closings, everything))
    in_words = said.loc[is_old, "result_id"].dropna().astype("int64")
    superseded = pd.concat([dataset.superseded, outdone, replaced, in_words], ignore_index=True)
    superseded = superseded.drop_duplicates(ignore_index=True)
    doubted = everything.loc[everything["result_id"].isin(rivals), "place"]
    is_doubted = at.isin(set(doubted)) & ~is_old
    left = replace(
        dataset,
        results=_without(dataset.results, superseded),
        held=_without(dataset.held, superseded),
        observations=said[~is_old].reset_index(drop=True),
        superseded=superseded.astype("int64"),
        issues=_without(dataset.issues, superseded),
    )
    in_doubt = left.results[left.results["result_id"].isin(rivals)]
    words = left.observations[is_doubted[~is_old].to_numpy()]
    verdicts = join_verdicts(
        verdicts_on_results(in_doubt, _CONTRADICTION),
        verdicts_on_observations(words, _CONTRADICTION),
    )
    closed = set_aside(left, verdicts)
    return replace(closed, issues=all_issues(closed.issues, *_notes_on(closings, dataset.files)))


def _without(table: DataFrame[T], result_ids: "pd.Series[int]") -> DataFrame[T]:
    return table[~table["result_id"].isin(result_ids)].reset_index(drop=True)


def _list_closings(files: Sequence[ReceivedFile]) -> pd.DataFrame:
    """List the rows that were handed back: `place`, the place they correct, and `after`.

    A hold names its file by the hash; every file with that hash is meant. Without one the
    original was not received, and `original` is missing.
    """
    by_hash: dict[str, list[str]] = {}
    for file in files:
        by_hash.setdefault(file.sha256[:8], []).append(file.name)
    rows = [
        (
            (file.name, said.sheet, row),
            file.name,
            file.sha256[:8],
            (found.sha8, found.sheet, found.row),
            (name, found.sheet, found.row) if name else None,
            said.read_as[row].after if row in said.read_as else (),
        )
        for file in files
        for said in file.returned
        for row, found in said.holds.items()
        for name in by_hash.get(found.sha8, [""])
    ]
    names = ["place", "source_file", "sha8", "hold", "original", "after"]
    return pd.DataFrame(rows, columns=names).astype({"source_file": "str", "sha8": "str"})


def _everything(dataset: Dataset, held_before: "pd.Series[int]") -> pd.DataFrame:
    """Put accepted and held results together, with their `place` and whether they are held."""
    table: pd.DataFrame = pd.concat(
        [pd.DataFrame(dataset.results), pd.DataFrame(dataset.held)], ignore_index=True
    )
    is_unread = table["result_id"].isin(dataset.held["result_id"])
    return table.assign(
        place=_refs_of(table),
        is_unread=is_unread,
        is_held=is_unread | table["result_id"].isin(held_before),
    )


def _refs_of(table: pd.DataFrame) -> pd.Series:
    """Give the place of each row, as `closings` writes it."""
    places = list(zip(*(table[name] for name in _PLACE), strict=True))
    return pd.Series(places, index=table.index, dtype="object")


def _find_replaced_rows(closings: pd.DataFrame, everything: pd.DataFrame) -> set[object]:
    """Find the places of corrected rows; not of those whose new row could not be split."""
    pairs = closings.dropna(subset="original")
    unsplit = everything["is_unread"] & everything["source_column"].eq("")
    again = pairs["place"].isin(set(everything.loc[unsplit, "place"]))
    return set(pairs.loc[~again, "original"])


def _find_outdone(closings: pd.DataFrame, everything: pd.DataFrame) -> set[object]:
    """Find the rows that another file hands back anew, or without a doubt."""
    unread = set(everything.loc[everything["is_unread"], "place"])
    outdone: set[object] = set()
    for _, group in _contested(closings):
        earlier = {sha8 for after in group["after"] for sha8 in after}
        was_returned = group["sha8"].isin(earlier)
        doubtful = group["place"].isin(unread)
        later = group[~was_returned]
        if later["place"].isin(unread).all():
            doubtful = doubtful & False
        outdone |= set(group.loc[was_returned | doubtful, "place"])
    return outdone


def _find_rivals(closings: pd.DataFrame, everything: pd.DataFrame) -> "pd.Series[int]":
    """Find the results of rows that correct one and the same row in different ways."""
    rivals: list[int] = []
    # What is missing equals what is missing, other than in pandas.
    accepted = everything[~everything["is_unread"]].astype("object")
    accepted = accepted.where(accepted.notna(), None)
    for _, group in _contested(closings):
        rows = accepted[accepted["place"].isin(group["place"])]
        versions = {
            frozenset(rows.loc[rows["source_file"].eq(name), _SAYS].itertuples(index=False))
            for name in group["source_file"].unique()
        }
        if len(versions) > 1:
            rivals += rows["result_id"].tolist()
    return pd.Series(rivals, dtype="int64")


def _contested(closings: pd.DataFrame) -> list[tuple[object, pd.DataFrame]]:
    """Give the holds that rows of several files correct; there are few, if any."""
    files = closings.groupby("hold")["source_file"].transform("nunique")
    return list(closings[files > 1].groupby("hold", sort=False))


def _find_replaced(closings: pd.DataFrame, everything: pd.DataFrame) -> "pd.Series[int]":
    """Find the results of the corrected rows that the new rows do not repeat."""
    pairs = closings.dropna(subset="original")
    old = everything.merge(
        pairs[["original", "hold"]].drop_duplicates(), left_on="place", right_on="original"
    )
    new = everything.merge(pairs[["place", "hold"]].drop_duplicates(), on="place")
    same = old.merge(
        new[~new["is_unread"]][["hold", *_SAYS]].drop_duplicates(), on=["hold", *_SAYS]
    )
    # Of a row that could not be split again nobody knows what it says of the good cells.
    unsplit = new.loc[new["is_unread"] & new["source_column"].eq(""), "hold"]
    stays = old["result_id"].isin(same["result_id"]) | old["hold"].isin(unsplit)
    return old.loc[old["is_held"] | ~stays, "result_id"].drop_duplicates()


def _notes_on(closings: pd.DataFrame, files: Sequence[ReceivedFile]) -> list[DataFrame[Issues]]:
    """Say of each file how many of its rows were replaced, and which corrected nothing here."""
    names = [file.name for file in files]
    closed = closings.dropna(subset="original").drop_duplicates("original")
    replaced = pd.Series([place[0] for place in closed["original"]], dtype="str").value_counts()
    astray = closings.loc[closings["original"].isna(), "source_file"].value_counts()
    return [
        issue_of_file(name, code, detail=count_text(int(count[name]), "row"))
        for name in names
        for code, count in (("hold-closed", replaced), ("hold-elsewhere", astray))
        if name in count.index
    ]
