"""The versions of a person in which a patient id stands, and a hold id for each id in conflict."""

import hashlib

import pandas as pd

from pipeline.lookup import look_up
from schemas import DataFrame, Held

CONFLICT = "identity-conflict"
CONFLICTS = (CONFLICT, "specimen-conflict", "specimen-misidentified")
"""Codes of results that are held because it is not known whose they are."""
DETAILS = ("patient_name", "sex", "birth_date")


def list_versions(held: DataFrame[Held]) -> pd.DataFrame:
    """List every version of each patient id in conflict.

    Args:
        held: All held results.

    Returns:
        A row per version: `hold` (id of the conflict), `version` (from 1), `patient_id`, the
        `DETAILS` with `birth_date` as ISO text, `results`. The hold id is made of all versions:
        one more version makes another conflict, to be decided anew.
    """
    rows = held[held["code"].eq(CONFLICT)]
    versions = (
        pd.DataFrame({"patient_id": rows["patient_id"], **describe_people(rows)})
        .groupby(["patient_id", *DETAILS], sort=True)
        .size()
        .rename("results")
        .reset_index()
    )
    by_patient = versions.groupby("patient_id", sort=False)
    versions["version"] = by_patient.cumcount() + 1
    said = versions["patient_id"].str.cat(versions[list(DETAILS)], sep="\x1f")
    joined = said.groupby(versions["patient_id"], sort=False).agg("\x1e".join)
    holds = {patient: _hold_id(text) for patient, text in joined.items()}
    versions["hold"] = look_up(versions["patient_id"], holds)
    return versions[["hold", "version", "patient_id", *DETAILS, "results"]]


def describe_people(rows: pd.DataFrame) -> "dict[str, pd.Series[str]]":
    """Give the details of each row as text, by which versions are compared."""
    return {
        "patient_name": rows["patient_name"].astype("str"),
        "sex": rows["sex"].astype("str"),
        "birth_date": rows["birth_date"].dt.strftime("%Y-%m-%d").fillna("").astype("str"),
    }


def _hold_id(said: str) -> str:
    return f"C{hashlib.sha256(said.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
