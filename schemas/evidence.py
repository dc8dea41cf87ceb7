"""`Evidence`: what each finding rests on, one row per result and limit it was compared with."""

from typing import get_args

import numpy as np
import pandas as pd
import pandera.pandas as pa

from schemas.table import Table
from schemas.vocabulary import Comparator, Direction, Side


class Evidence(Table):
    """Results, held results and observations behind the findings of a table, absent ones included.

    A result compared with two limits ("80 to 100 fL") has a row for each. Rows are in the order of
    accessions, rules, `position` and `comparison`. What a finding of no row rests on is nothing.
    """

    patient_id: str = pa.Field(ne="")
    accession: str = pa.Field(ne="")
    """Of the finding; that of the result is `from_accession`."""
    rule: str = pa.Field(ne="")
    """Id of the rule, or of the artifact where the table belongs to `Artifacts`."""
    position: int = pa.Field(ge=0)
    """Number of the result among those of the finding, from 0, in rule order."""
    comparison: int = pa.Field(ge=0)
    """Number of the limit among those of the result, from 0, in rule order."""
    result_id: pd.Int64Dtype = pa.Field(nullable=True, ge=0)
    """Result, held result, or result in words; missing where a remark or a context column said
    it."""
    observation: str
    """Id of the observation; "" where the row is a result or a held result."""
    analyte: str
    """Id of the analyte; "" beside an observation."""
    comparator: str = pa.Field(isin=list(Comparator))
    value: pd.Float64Dtype = pa.Field(nullable=True)
    """The number as reported, in `unit`, to twelve digits; missing where the result is held, and
    where an observation is no number."""
    text: str
    """Answer, ISO day or quoted words of an observation that is no number; "" elsewhere."""
    unit: str
    """The reported unit as a UCUM code; "" where the result is held, and of observations."""
    limit: pd.Float64Dtype = pa.Field(nullable=True)
    """The number really compared, in `limit_unit`, to twelve digits; missing where there is none:
    nothing was compared, or age or sex leave several possible."""
    limit_unit: str
    """The unit reported; "" without a limit."""
    direction: str = pa.Field(isin=["", *get_args(Direction)])
    """On which side of the limit the condition asks the result to be; "" where it asks for none."""
    side: str = pa.Field(isin=["", *Side])
    """Where the result was found, as the comparison decided it; "" without a limit."""
    from_accession: str
    """Where the result belongs: another accession, where it was joined or is an earlier one."""
    from_date: np.dtype("datetime64[us]") = pa.Field(nullable=True)  # type: ignore[valid-type]
    """Day of its collection, without a time; missing if not known."""
    source_file: str = pa.Field(ne="")
    source_sheet: str
    source_row: int = pa.Field(ge=1)

    @pa.dataframe_check(error="neither or both of an analyte and an observation")
    def names_one_subject(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        """An analyte or an observation, never both."""
        return frame["analyte"].eq("") != frame["observation"].eq("")

    @pa.dataframe_check(error="a limit without a side or a unit, or one of these without a limit")
    def limit_has_a_side(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        """Side and unit stand beside each limit, and nowhere else."""
        compared = frame["limit"].notna()
        return frame["side"].ne("").eq(compared) & frame["limit_unit"].ne("").eq(compared)

    @pa.dataframe_check(error="the same comparison twice")
    def counts_once(cls, frame: pd.DataFrame) -> bool:
        """Each comparison of each result of a finding has one row."""
        key = ["patient_id", "accession", "rule", "position", "comparison"]
        return not frame.duplicated(key).any()
