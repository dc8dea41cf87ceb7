"""`Differences`: where two sets of rules answer differently; `PatientChanges`: for whom."""

import numpy as np
import pandas as pd
import pandera.pandas as pa

from schemas.table import Table
from schemas.vocabulary import Confirmation, Difference, Grade, Outcome


class Differences(Table):
    """One row per accession and rule whose answer is not the same before and after.

    An empty outcome means that there was no such rule, or that nothing of the accession was
    read.
    """

    patient_id: str = pa.Field(ne="")
    accession: str = pa.Field(ne="")
    collected_at: np.dtype("datetime64[us]") = pa.Field(nullable=True)  # type: ignore[valid-type]
    collected_precision: str = pa.Field(isin=["", "date", "time"])
    rule: str = pa.Field(ne="")
    difference: str = pa.Field(isin=list(Difference))
    outcome_before: str = pa.Field(isin=["", *Outcome])
    outcome_after: str = pa.Field(isin=["", *Outcome])
    reason_before: str
    reason_after: str
    grade_before: str = pa.Field(isin=["", *Grade])
    grade_after: str = pa.Field(isin=["", *Grade])
    status_before: str = pa.Field(isin=["", *Confirmation])
    status_after: str = pa.Field(isin=["", *Confirmation])
    value_before: str
    """As reported, in `unit_before`; the two differ only if the files were read differently."""
    value_after: str
    unit_before: str
    unit_after: str
    limit_before: str
    limit_after: str


class PatientChanges(Table):
    """One row per patient with a difference in an answer or in the class of the worklist."""

    patient_id: str = pa.Field(ne="", unique=True)
    priority_before: pd.Int64Dtype = pa.Field(nullable=True)
    priority_after: pd.Int64Dtype = pa.Field(nullable=True)
    gained: str
    """Rules that became present on one of the patient's accessions, joined by "; "."""
    lost: str
    differences: int = pa.Field(ge=0)
    """Rows of `Differences`."""
