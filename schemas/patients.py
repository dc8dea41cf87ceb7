"""`Patients`: one row per patient of a run, in worklist order."""

import numpy as np
import pandera.pandas as pa

from schemas.table import Table
from schemas.vocabulary import Sex


class Patients(Table):
    """Everyone who was seen, most urgent first, also those whose results are all held."""

    patient_id: str = pa.Field(ne="", unique=True)
    patient_name: str
    sex: str = pa.Field(isin=["", *Sex])
    birth_date: np.dtype("datetime64[us]") = pa.Field(nullable=True)  # type: ignore[valid-type]
    priority: int = pa.Field(ge=0, le=6)
    """Class of clinical decision 5: 0 identity conflict … 6 nothing found."""
    reasons: str
    """Ids of the standing findings, deepest class first, joined by "; "."""
    findings: int = pa.Field(ge=0)
    """Standing findings that are present."""
    unconfirmed: int = pa.Field(ge=0)
    not_assessable: int = pa.Field(ge=0)
    """Standing findings that are indeterminate."""
    held: int = pa.Field(ge=0)
    """Results of this patient that are held."""
    waiting_since: np.dtype("datetime64[us]") = pa.Field(nullable=True)  # type: ignore[valid-type]
    """Collection of the oldest specimen with a standing finding."""
    last_collected_at: np.dtype("datetime64[us]") = pa.Field(nullable=True)  # type: ignore[valid-type]
