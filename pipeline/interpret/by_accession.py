"""Results laid out by accession, so that a rule can ask for all of them at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.knowledge.model import Derived
from schemas import DataFrame, Held, Observations, Reportable

Positions = npt.NDArray[np.int64]
NOWHERE = -1
_SPECIMEN = ["patient_id", "accession"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecimenIndex:
    """Where each accession has its result of each analyte: positions into the tables, or -1."""

    accessions: pd.DataFrame
    """patient_id, accession, collected_at, collected_precision; one row per accession."""
    results: DataFrame[Reportable]
    held: DataFrame[Held]
    reported: Mapping[str, Positions]
    bounds: Mapping[str, Positions]
    set_aside: Mapping[str, Positions]
    observations: DataFrame[Observations]
    result_of: Positions
    """Accession of each result."""
    held_of: Positions
    """Accession of each held result."""
    said_of: Positions
    """Accession of each observation."""

    def is_missing_everywhere(self) -> Positions:
        """Give the positions of an analyte that no accession has."""
        return np.full(len(self.accessions), NOWHERE, dtype=np.int64)


def index_results(
    results: DataFrame[Reportable],
    held: DataFrame[Held],
    derived: Iterable[Derived],
    observations: DataFrame[Observations] | None = None,
) -> SpecimenIndex:
    """Lay results out by accession. Held results without accession or analyte cannot be placed.

    An accession of which something was only said has a place, too.
    """
    said = Observations.no_rows() if observations is None else observations
    said = said.reset_index(drop=True)
    held = held[held["accession"].ne("") & held["patient_id"].ne("") & held["analyte"].ne("")]
    held = held.reset_index(drop=True)
    columns = ["patient_id", "accession", "collected_at", "collected_precision"]
    seen: pd.DataFrame = pd.concat(
        [pd.DataFrame(table[columns]) for table in (results, held, said)]
    )
    dated = seen.sort_values("collected_at", kind="stable")
    accessions = (
        dated.drop_duplicates(_SPECIMEN)
        .sort_values(["patient_id", "collected_at", "accession"])
        .reset_index(drop=True)
    )
    index = pd.MultiIndex.from_frame(accessions[_SPECIMEN])
    bounds = {item.id for item in derived if item.shape == "at_most"}
    is_bound = results["derived"].isin(bounds)
    result_of = index.get_indexer(pd.MultiIndex.from_frame(results[_SPECIMEN])).astype(np.int64)
    held_of = index.get_indexer(pd.MultiIndex.from_frame(held[_SPECIMEN])).astype(np.int64)
    return SpecimenIndex(
        accessions=accessions,
        results=results,
        held=held,
        reported=_positions(results, ~is_bound.to_numpy(), result_of, len(index)),
        bounds=_positions(results, is_bound.to_numpy(), result_of, len(index)),
        set_aside=_positions(held, np.ones(len(held), bool), held_of, len(index)),
        result_of=result_of,
        held_of=held_of,
        observations=Observations.require_columns(said),
        said_of=index.get_indexer(pd.MultiIndex.from_frame(said[_SPECIMEN])).astype(np.int64),
    )


def _positions(
    rows: pd.DataFrame, use: npt.NDArray[np.bool_], where: Positions, count: int
) -> dict[str, Positions]:
    """Place those rows to be used, by analyte; `where` is the accession of each row."""
    codes, analytes = pd.factorize(rows["analyte"])
    placed: dict[str, Positions] = {}
    for code, analyte in enumerate(analytes):
        members = np.flatnonzero((codes == code) & use)
        if len(members):
            positions = np.full(count, NOWHERE, dtype=np.int64)
            positions[where[members]] = members
            placed[str(analyte)] = positions
    return placed
