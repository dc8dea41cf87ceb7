"""`Patients`: one row per patient of a run, in worklist order."""

import numpy as np
import pandas as pd
import pandera.pandas as pa

from schemas.table import Table
from schemas.vocabulary import Sex


class Patients(Table):
    """Everyone who was seen, most urgent first, also those whose results are all held."""

    patient_id: str = pa.Field(ne="", unique=True)
    patient_name: str
    sex: str = pa.Field(isin=["", *Sex])
    birth_date: np.dtype("datetime64[us]") = pa.Field(nullable=True)  # type: ignore[valid-type]
    priority: int = pa.Field(ge=1, le=6)
    """Class of clinical decision 5: 1 at once … 6 nothing found."""
    in_conflict: bool
    """The id, or a specimen of it, stands for several persons: no value is shown on the list."""
    for_information: bool
    """Nothing waits to be done: the line stands on a list of its own."""
    goes_first: bool
    """Comes before all numbers of its class."""
    depth: pd.Float64Dtype = pa.Field(nullable=True)
    """The smallest share of a limit by which the class is ordered; missing without a number."""
    has_pattern: bool
    """A standing finding puts several results together."""
    reasons: str
    """Ids of the standing findings, deepest class first, joined by "; "."""
    findings: int = pa.Field(ge=0)
    """Standing findings that are present."""
    unconfirmed: int = pa.Field(ge=0)
    not_assessable: int = pa.Field(ge=0)
    """Standing findings that are indeterminate."""
    held: int = pa.Field(ge=0)
    """Results of this patient that are held."""
    judged: str
    """Ids of the analytes of which the last result was judged, joined by "; "."""
    not_judged: str
    no_upper: str
    """Those judged of which nothing could say whether they are high."""
    waiting_since: np.dtype("datetime64[us]") = pa.Field(nullable=True)  # type: ignore[valid-type]
    """Collection of the oldest specimen with a standing finding."""
    arrived_at: np.dtype("datetime64[us]") = pa.Field(nullable=True)  # type: ignore[valid-type]
    """When the first file with a standing finding was received; missing where nobody noted it."""
    last_collected_at: np.dtype("datetime64[us]") = pa.Field(nullable=True)  # type: ignore[valid-type]
