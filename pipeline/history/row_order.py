"""Rows of the history in an order, and under ids, that do not depend on when files came."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
import pandas as pd

from pipeline.ingest.stored_file import ReceivedFile
from schemas import DataFrame, Results


def name_replaced(
    rows: pd.DataFrame, received: Mapping[int, ReceivedFile], files: Sequence[ReceivedFile]
) -> DataFrame[Results] | None:
    """Give results of replaced files ids of their own, behind those of all files that count."""
    if rows.empty:
        return None
    first = sum(file.read for file in files)
    names = rows["file_id"].map({number: file.name for number, file in received.items()})
    kinds = Results.column_types()
    named = rows.assign(source_file=names, result_id=range(first, first + len(rows)))
    settled = named[list(kinds)].reset_index(drop=True).astype(kinds)
    return cast(DataFrame[Results], settled)


class RowOrder:
    """Where the files of a history stand in their order, whatever the order they came in."""

    def __init__(self, files: tuple[ReceivedFile, ...], ids: list[int]) -> None:
        self._files = files
        self._order = pd.Series(range(len(ids)), index=ids, dtype="int64")
        self._starts = np.cumsum([0, *(file.read for file in files)])[:-1].astype("int64")

    def settle(self, rows: pd.DataFrame, schema: Any) -> pd.DataFrame:
        """Give rows their order, the name of their file, and ids that are unique over files."""
        kinds = schema.column_types()
        rank = rows["file_id"].map(self._order).to_numpy("int64")
        order = np.lexsort((rows["position"].to_numpy(), rank))
        ordered, rank = rows.iloc[order], rank[order]
        names = np.array([file.name for file in self._files], dtype=object)
        starts = self._starts[rank] if len(self._starts) else rank
        settled = ordered.assign(
            source_file=pd.array(names[rank] if len(names) else [], dtype="str"),
            result_id=ordered["result_id"] + starts,
        )
        return settled[list(kinds)].reset_index(drop=True).astype(kinds)
