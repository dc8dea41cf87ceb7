"""`Changes`: what became of each finding since the last report."""

import numpy as np
import pandera.pandas as pa

from schemas.table import Table
from schemas.vocabulary import Change, Grade, Way


class Changes(Table):
    """One row per patient and rule that is present now or was present in the last report."""

    patient_id: str = pa.Field(ne="")
    rule: str = pa.Field(ne="")
    change: str = pa.Field(isin=list(Change))
    way: str = pa.Field(isin=["", *Way])
    """Of the value that made it better or worse; "" where none or several ways did."""
    was_grade: str = pa.Field(isin=["", *Grade])
    was_values: object
    """What it is better or worse than, else evidence of the last report: (value, UCUM unit) of each
    result as reported; () for a new finding."""
    was_collected_at: np.dtype("datetime64[us]") = pa.Field(nullable=True)  # type: ignore[valid-type]
