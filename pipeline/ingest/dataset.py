"""The results of many files together, each with a `result_id` of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import cast

import pandas as pd

from pipeline.ingest.layout.dialect import Conventions
from pipeline.ingest.layout.recognize import Sheet
from pipeline.ingest.returned_rows import Returned
from pipeline.ingest.stored_file import ReceivedFile
from pipeline.ingest.text_tables import SourceFile, TextTable
from pipeline.issues import (
    all_issues,
)
from schemas import DataFrame, Held, Issues, Observations, Results


def _no_ids() -> "pd.Series[int]":
    return cast("pd.Series[int]", pd.Series([], dtype="int64"))


def no_observations() -> DataFrame[Observations]:
    """Give an empty table."""
    return cast(DataFrame[Observations], Observations.no_rows())


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """What became of one file."""

    file: SourceFile
    table_conventions: tuple[Conventions, ...]
    """One for each table with results."""
    results: DataFrame[Results]
    """Accepted."""
    held: DataFrame[Held]
    """Set aside, each with the code of its first issue."""
    ignored: "pd.Series[int]"
    """Result ids of what is no result of ours: other analytes, look-alikes, blanks, controls."""
    issues: DataFrame[Issues]
    read: int
    """Results read: accepted, held and ignored ones together."""
    raw: tuple[TextTable, ...]
    """As read, for handing rows back."""
    sheets: tuple[Sheet, ...] = ()
    """The tables with results and what their columns are, one for each of `table_conventions`."""
    bad_lines: Mapping[int, str] = field(default_factory=dict)
    """Of a text file: row number → the lines of a row that could not be split."""
    returned: tuple[Returned, ...] = ()
    """What its rows say that were handed back, for each table of such rows."""
    observations: DataFrame[Observations] = field(default_factory=no_observations)
    """What it says in words or as context."""

    def remember(self) -> ReceivedFile:
        """Give what is remembered of the file beside its tables."""
        return ReceivedFile(
            name=self.file.name,
            sha256=self.file.sha256,
            size=self.file.size,
            layouts=tuple(conventions.layout for conventions in self.table_conventions),
            read=self.read,
            held=len(self.held),
            ignored=len(self.ignored),
            returned=self.returned,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """What became of all files that were received; `result_id` is unique over them."""

    files: tuple[ReceivedFile, ...]
    """The `result_id` of each go on where those of the one before it end."""
    results: DataFrame[Results]
    held: DataFrame[Held]
    issues: DataFrame[Issues]
    observations: DataFrame[Observations] = field(default_factory=no_observations)
    superseded: "pd.Series[int]" = field(default_factory=_no_ids)
    """Result ids of rows that were handed back corrected; they are in no table."""
    withdrawn: tuple[ReceivedFile, ...] = ()
    """Files that were taken back: none of their rows is in a table."""
    replaced: DataFrame[Results] | None = None
    """Results of files in whose place another one was put; what they said is shown as corrected."""
    broken: frozenset[str] = frozenset()
    """Patients whose stored rows were changed from outside: nothing of them can be relied on."""

    @property
    def read(self) -> int:
        """Results read, but for those that were deleted or taken back since."""
        return sum(file.read - file.purged - file.withdrawn for file in self.files)


def combine(files: Sequence[Ingested]) -> Dataset:
    """Put the results of all files of a run together, each with a `result_id` of its own."""
    offsets = list(accumulate((each.read for each in files), initial=0))
    results = _renumber([each.results for each in files], offsets)
    held = _renumber([each.held for each in files], offsets)
    return Dataset(
        files=tuple(each.remember() for each in files),
        results=cast(DataFrame[Results], results if files else Results.no_rows()),
        held=cast(DataFrame[Held], held if files else Held.no_rows()),
        issues=all_issues(
            *(
                cast(DataFrame[Issues], _renumber([each.issues], [offset]))
                for each, offset in zip(files, offsets, strict=False)
            )
        ),
        observations=all_observations(
            *(
                cast(DataFrame[Observations], _renumber([each.observations], [offset]))
                for each, offset in zip(files, offsets, strict=False)
            )
        ),
    )


def all_observations(*tables: DataFrame[Observations]) -> DataFrame[Observations]:
    """Put tables of observations one below the other."""
    filled = [table for table in tables if len(table)]
    if not filled:
        return no_observations()
    return pd.concat(filled, ignore_index=True)


def _renumber(tables: Sequence[pd.DataFrame], offsets: Sequence[int]) -> pd.DataFrame:
    moved = [
        table.assign(result_id=table["result_id"] + offset)
        for table, offset in zip(tables, offsets, strict=False)
    ]
    return pd.concat(moved, ignore_index=True) if moved else pd.DataFrame()
