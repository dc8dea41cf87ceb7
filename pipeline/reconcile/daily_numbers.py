"""Specimen numbers that start anew each day: number and day of collection name the specimen.

That they do is said by the site or by a layout, or it is assumed of a source in which many numbers
come back with other people. It is decided from everything that is known and not while a file is
read: so it does not matter in which files, runs or order the results came.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, cast

import numpy as np
import pandas as pd

from pipeline.ingest.accounting import validate_results
from pipeline.ingest.apply_verdicts import (
    join_verdicts,
    set_aside,
    verdicts_on_observations,
    verdicts_on_results,
)
from pipeline.ingest.dataset import Dataset
from pipeline.ingest.specimen_days import name_specimens, specimen_days
from pipeline.issues import all_issues, issue_of_file
from schemas import DataFrame, Held, Issues, Observations, Results

SpecimenIds = Literal["", "unique", "restart-daily"]
DAILY, UNIQUE = "restart-daily", "unique"
SAID_BY_LAYOUT, ASSUMED, NO_DAY = "specimen-ids-daily", "specimen-ids-assumed", "specimen-no-day"

_BY_ROW = re.compile(r"[0-9a-f]{8}#")
_MISDATED = ("date-impossible", "date-ambiguous", "date-unreadable")
_COLUMNS = [
    "patient_id", "accession", "collected_at", "collected_precision", "source_file", "source_sheet",
]  # fmt: skip


def name_by_day(dataset: Dataset, specimen_ids: SpecimenIds, least: int) -> Dataset:
    """Name the specimens of sources whose numbers start anew each day by number and day.

    What was collected before six in the morning belongs to the day before where the same person
    has the same number from six in the evening on. A number without a day names no specimen:
    such results are held.

    Args:
        intake: Everything that was received, specimens as the files write them.
        specimen_ids: What the site says of its numbers; "": nothing.
        least: So many numbers of one source that stand with other people on other days show that
            they start anew; only asked where the site says nothing.
    """
    held = pd.DataFrame(dataset.held)
    tables = [pd.DataFrame(dataset.results), held, pd.DataFrame(dataset.observations)]
    # A day for which a result is held tells nothing.
    told = held.assign(collected_at=held["collected_at"].mask(held["code"].isin(_MISDATED)))
    rows = pd.concat([table[_COLUMNS] for table in (tables[0], told, tables[2])], ignore_index=True)
    is_daily = rows["accession"].ne("") & (specimen_ids == DAILY or _is_stated(rows, dataset))
    notes: Sequence[DataFrame[Issues]] = ()
    if not specimen_ids:
        is_assumed, notes = _assume(rows[~is_daily], dataset, least)
        is_daily |= is_assumed.reindex(rows.index, fill_value=False)
    daily = rows[is_daily]
    daily = daily[_is_number(daily)]
    if daily.empty:
        return dataset
    named = name_specimens(daily)
    return _rename(dataset, tables, rows, named, notes)


def _is_stated(rows: pd.DataFrame, dataset: Dataset) -> "pd.Series[bool]":
    """Mark the rows of sheets of which a layout states that their numbers start anew."""
    said = dataset.issues[dataset.issues["code"].eq(SAID_BY_LAYOUT)]
    if said.empty:
        return pd.Series(False, index=rows.index)
    sheets = pd.MultiIndex.from_frame(said[["source_file", "sheet"]])
    of_rows = pd.MultiIndex.from_frame(rows[["source_file", "source_sheet"]])
    return pd.Series(of_rows.isin(sheets), index=rows.index)


def _assume(
    rows: pd.DataFrame, dataset: Dataset, least: int
) -> tuple["pd.Series[bool]", list[DataFrame[Issues]]]:
    """Mark the rows of sources in which so many numbers stand with other people on other days.

    A source is what one layout describes; all files that are read by their plain headers are one.
    A number that stands with two people on one day is a conflict and shows nothing. What has no
    day is left as it is.
    """
    known = rows[rows["patient_id"].ne("") & rows["collected_at"].notna()]
    owned = known[["patient_id", "accession"]].drop_duplicates()
    shared = owned.loc[owned["accession"].duplicated(), "accession"].unique()
    nothing = pd.Series(False, index=rows.index)
    if len(shared) < least:
        return nothing, []
    known = known[known["accession"].isin(shared)]
    source_of = {file.name: "\n".join(sorted(set(file.layouts))) for file in dataset.files}
    known = known[_is_number(known)]
    placed = known.assign(source=known["source_file"].map(source_of), day=specimen_days(known))
    once = placed.drop_duplicates(["source", "accession", "day", "patient_id"])
    once = once[~once.duplicated(["source", "accession", "day"], keep=False)]
    people = once.groupby(["source", "accession"])["patient_id"].nunique()
    counts = people[people > 1].groupby(level="source").size()
    counts = counts[counts >= least]
    if counts.empty:
        return nothing, []
    notes = [
        issue_of_file(
            min(name for name in source_of if source_of[name] == source),
            ASSUMED,
            detail=f"{count} numbers",
        )
        for source, count in counts.items()
    ]
    files = [name for name, source in source_of.items() if source in counts.index]
    return rows["source_file"].isin(files) & rows["collected_at"].notna(), notes


def _is_number(rows: pd.DataFrame) -> list[bool]:
    """Whether specimens carry a number of the laboratory, and no name made of patient or row."""
    return [
        bool(accession) and not accession.startswith(f"{patient}@") and not _BY_ROW.match(accession)
        for patient, accession in zip(rows["patient_id"], rows["accession"], strict=True)
    ]


def _rename(
    dataset: Dataset,
    tables: Sequence[pd.DataFrame],
    rows: pd.DataFrame,
    named: "pd.Series[str]",
    notes: Sequence[DataFrame[Issues]],
) -> Dataset:
    """Put the names into the tables; hold what has a number and no day."""
    accessions = rows["accession"].where(~rows.index.isin(named.index), named)
    ends = np.cumsum([len(table) for table in tables])[:-1]
    texts = np.split(accessions.to_numpy(object), ends)
    results, held, said = (
        table.assign(accession=pd.array(text, dtype="str"))
        for table, text in zip(tables, texts, strict=True)
    )
    dayless = results[results["accession"].isna()]
    # What is said of a person without a day is said of no specimen.
    is_loose = said["accession"].isna()
    in_words = said[is_loose & said["result_id"].notna()]
    said = said.assign(accession=said["accession"].where(~is_loose, said["patient_id"] + "@"))
    said.loc[in_words.index, "accession"] = ""
    verdicts = join_verdicts(
        verdicts_on_results(dayless, NO_DAY), verdicts_on_observations(in_words, NO_DAY)
    )
    renamed = replace(
        dataset,
        results=cast(DataFrame[Results], results.fillna({"accession": ""})),
        held=Held.require_columns(held.fillna({"accession": ""})),
        observations=cast(DataFrame[Observations], said),
        issues=all_issues(dataset.issues, *notes),
    )
    aside = set_aside(renamed, verdicts)
    return replace(aside, results=validate_results(aside.results))
