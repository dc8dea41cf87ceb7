"""Every result is accounted for: what was read is used, held, duplicate, superseded or ignored."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.ingest.dataset import Dataset
from pipeline.reconcile.reportable_results import Selected
from schemas.vocabulary import Disposition, IssueSeverity


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTally:
    """What was read, in counts that reconcile."""

    files: int
    unreadable_files: int
    """Files of which nothing could be taken."""
    read: int
    used: int
    held: int
    duplicate: int
    superseded: int
    ignored: int

    @property
    def readable_files(self) -> int:
        """Files that were recognized, whatever became of their rows."""
        return self.files - self.unreadable_files

    def dispositions(self) -> dict[Disposition, int]:
        """What became of the results read; adds up to `read`."""
        return {kind: getattr(self, kind) for kind in Disposition}


def reconcile(
    dataset: Dataset, selected: Selected, names: Collection[str] | None = None
) -> RunTally:
    """Count what became of every result that was read.

    Args:
        intake: All that was received, people and specimens settled.
        selected: What was chosen of it.
        names: The files to count; None counts all.

    Raises:
        RuntimeError: The counts do not add up: a result was lost or counted twice.
    """
    files = [file for file in dataset.files if names is None or file.name in names]
    is_counted = np.array([names is None or file.name in names for file in dataset.files], bool)
    starts = np.cumsum([0, *(file.read for file in dataset.files)])[:-1]

    def count(ids: "pd.Series[int]") -> int:
        numbers = ids.to_numpy("int64")
        return int(is_counted[np.searchsorted(starts, numbers, side="right") - 1].sum())

    fates = selected.dispositions
    counts = {
        kind: count(pd.Series(fates.index[fates.eq(str(kind)).to_numpy()])) for kind in Disposition
    }
    counts[Disposition.HELD] += count(dataset.held["result_id"])
    counts[Disposition.IGNORED] += sum(file.ignored for file in files)
    counts[Disposition.SUPERSEDED] += count(dataset.superseded)
    read = sum(file.read - file.purged - file.withdrawn for file in files)
    if sum(counts.values()) != read:
        raise RuntimeError(f"{read} results were read, {sum(counts.values())} accounted for")
    of_file = dataset.issues[
        dataset.issues["severity"].eq(IssueSeverity.ERROR)
        & dataset.issues["row"].isna()
        & dataset.issues["result_id"].isna()
    ]
    in_doubt = set(of_file["source_file"])
    return RunTally(
        files=len(files),
        unreadable_files=sum(file.read == 0 and file.name in in_doubt for file in files),
        read=read,
        **{str(kind): number for kind, number in counts.items()},
    )
