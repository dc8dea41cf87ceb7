"""`Verdicts`: what a check sets aside, and for which reason."""

import pandas as pd
import pandera.pandas as pa

from schemas.table import Table


class Verdicts(Table):
    """One row per result or observation that a check names; the first one on each counts."""

    result_id: pd.Int64Dtype = pa.Field(nullable=True, ge=0)
    """Of a result, accepted or held; missing where an observation is named."""
    observation: pd.Int64Dtype = pa.Field(nullable=True, ge=0)
    """Row of the table of observations; missing where a result is named."""
    code: str = pa.Field(ne="")
    """Code of the issue."""
