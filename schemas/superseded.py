"""`Superseded`: what a result said before it was corrected."""

import pandas as pd
import pandera.pandas as pa

from schemas.table import Table
from schemas.vocabulary import Comparator, ResultStatus


class Superseded(Table):
    """One row per other value that a reportable result replaced, oldest standing first."""

    result_id: int = pa.Field(ge=0)
    """Of the result that counts."""
    patient_id: str = pa.Field(ne="")
    status: str = pa.Field(isin=list(ResultStatus))
    """Of the result that was replaced."""
    comparator: str = pa.Field(isin=list(Comparator))
    original_value: pd.Float64Dtype
    """The number as reported, in `original_unit`."""
    original_unit: str = pa.Field(ne="")
    source_file: str = pa.Field(ne="")
    source_sheet: str
    source_row: int = pa.Field(ge=1)
