"""Results laid out by accession, so that a rule can ask for all of them at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.knowledge.model import Derived
from schemas import DataFrame, Held, Reportable

Positions = npt.NDArray[np.int64]
NOWHERE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Where each accession has its result of each analyte: positions into the tables, or -1."""

    accessions: pd.DataFrame
    """patient_id, accession, collected_at, collected_precision; one row per accession."""
    results: DataFrame[Reportable]
    held: DataFrame[Held]
    reported: Mapping[str, Positions]
    bounds: Mapping[str, Positions]
    set_aside: Mapping[str, Positions]

    def nowhere(self) -> Positions:
        """Give the positions of an analyte that no accession has."""
        return np.full(len(self.accessions), NOWHERE, dtype=np.int64)


def place_results(
    results: DataFrame[Reportable], held: DataFrame[Held], derived: Iterable[Derived]
) -> Grid:
    """Lay results out by accession. Held results without accession or analyte cannot be placed."""
    held = held[held["accession"].ne("") & held["patient_id"].ne("") & held["analyte"].ne("")]
    held = held.reset_index(drop=True)
    columns = ["patient_id", "accession", "collected_at", "collected_precision"]
    seen: pd.DataFrame = pd.concat(
        [pd.DataFrame(results[columns]), pd.DataFrame(held[columns])], ignore_index=True
    )
    dated = seen.sort_values("collected_at", na_position="last", kind="stable")
    accessions = (
        dated.drop_duplicates(["patient_id", "accession"])
        .sort_values(["patient_id", "collected_at", "accession"], kind="stable")
        .reset_index(drop=True)
    )
    index = pd.MultiIndex.from_frame(accessions[["patient_id", "accession"]])
    bounds = {item.id for item in derived if item.shape == "at_most"}
    is_bound = results["derived"].isin(bounds)
    return Grid(
        accessions=accessions,
        results=results,
        held=held,
        reported=_positions(results[~is_bound], index),
        bounds=_positions(results[is_bound], index),
        set_aside=_positions(held, index),
    )


def _positions(rows: pd.DataFrame, index: pd.MultiIndex) -> dict[str, Positions]:
    where = index.get_indexer(pd.MultiIndex.from_frame(rows[["patient_id", "accession"]]))
    placed: dict[str, Positions] = {}
    for analyte, members in rows.groupby("analyte", sort=False).indices.items():
        positions = np.full(len(index), NOWHERE, dtype=np.int64)
        positions[where[members]] = rows.index.to_numpy()[members]
        placed[str(analyte)] = positions
    return placed
