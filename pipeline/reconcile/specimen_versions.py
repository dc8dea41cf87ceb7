"""The patients under whom a specimen id stands, and a hold id for each specimen in conflict."""

import hashlib

import pandas as pd

from pipeline.lookup import look_up
from schemas import DataFrame, Held

SPECIMEN_CONFLICT = "specimen-conflict"


def list_owners(held: DataFrame[Held]) -> pd.DataFrame:
    """List every patient under whom a specimen in conflict stands.

    Args:
        held: All held results.

    Returns:
        A row per specimen and patient: `hold` (id of the conflict), `version` (from 1),
        `accession`, `patient_id`, `results`. The hold id is made of all patients: one more makes
        another conflict, to be decided anew.
    """
    mixed = held.loc[held["code"].eq(SPECIMEN_CONFLICT), "accession"].unique()
    rows = held[held["accession"].isin(mixed) & held["patient_id"].ne("")]
    rows = rows[rows["code"].ne("specimen-rejected")]
    owners = (
        pd.DataFrame(rows[["accession", "patient_id"]])
        .groupby(["accession", "patient_id"], sort=True)
        .size()
        .rename("results")
        .reset_index()
    )
    by_specimen = owners.groupby("accession", sort=False)["patient_id"]
    owners["version"] = by_specimen.cumcount() + 1
    holds = {
        specimen: _hold_id("\x1e".join([str(specimen), *patients]))
        for specimen, patients in by_specimen
    }
    owners["hold"] = look_up(owners["accession"], holds)
    return owners[["hold", "version", "accession", "patient_id", "results"]]


def _hold_id(text: str) -> str:
    return f"S{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
