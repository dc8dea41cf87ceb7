"""`Observations`: what was said in words or as context, beside the numeric results."""

import numpy as np
import pandas as pd
import pandera.pandas as pa

from schemas.table import Table
from schemas.vocabulary import ResultStatus, Sex


class Observations(Table):
    """Film words, remarks on the specimen, and context: one row per thing said.

    Sparse: a file that says nothing gives no row. What was not said has no row either, which is
    not the same as "no".
    """

    result_id: pd.Int64Dtype = pa.Field(nullable=True, ge=0)
    """The result row that said it; missing where a remark or a context column did."""
    patient_id: str = pa.Field(ne="")
    patient_name: str
    sex: str = pa.Field(isin=["", *Sex])
    birth_date: np.dtype("datetime64[us]") = pa.Field(nullable=True)  # type: ignore[valid-type]
    accession: str = pa.Field(ne="")
    collected_at: np.dtype("datetime64[us]") = pa.Field(nullable=True)  # type: ignore[valid-type]
    collected_precision: str = pa.Field(isin=["", "date", "time"])
    code: str = pa.Field(ne="")
    """Id of an observation of the knowledge: "macro-ovalocytes", "pregnant", "b12-started"."""
    answer: str = pa.Field(isin=["yes", "no", "unclear"])
    """"yes" also where a number or a date is given; "no" where it was looked for and not seen;
    "unclear" where the laboratory itself gives neither (a weak or equivocal antibody)."""
    number: pd.Float64Dtype = pa.Field(nullable=True)
    """Trimester (1, 2, 3), elevation in meters; missing for the others."""
    day: np.dtype("datetime64[us]") = pa.Field(nullable=True)  # type: ignore[valid-type]
    """Start of vitamin B12, transfusion; missing for the others."""
    text: str
    """The words as received, where reports quote them; "" elsewhere."""
    status: str = pa.Field(isin=list(ResultStatus))
    """Where the result stands that said it; "final" where a remark or a context column did."""
    source_file: str = pa.Field(ne="")
    source_sheet: str
    source_row: int = pa.Field(ge=1)
    source_column: str
