"""`Issues`: data-quality problems, each at a place."""

import pandas as pd
import pandera.pandas as pa

from schemas.table import Table
from schemas.vocabulary import IssueSeverity


class Issues(Table):
    """One row per problem. Messages never hold a name, an identifier or a cell's content."""

    source_file: str
    sheet: str
    row: pd.Int64Dtype = pa.Field(nullable=True, ge=1)
    """Row as Excel shows it; missing for a problem of the whole file or a grouped note."""
    column: str
    code: str = pa.Field(ne="")
    severity: str = pa.Field(isin=list(IssueSeverity))
    message: str = pa.Field(ne="")
    result_id: pd.Int64Dtype = pa.Field(nullable=True, ge=0)
    """The result concerned; missing for a problem of a file or of many rows."""
