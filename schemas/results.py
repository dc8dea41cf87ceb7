"""`Results`: typed results in the canonical unit of their analyte; `Held`: results set aside."""

import numpy as np
import pandas as pd
import pandera.pandas as pa

from schemas.table import Table
from schemas.vocabulary import Comparator, ResultStatus, Sex


class Origin(Table):
    """Where a result came from and whose it is."""

    result_id: int = pa.Field(ge=0, unique=True)
    source_file: str = pa.Field(ne="")
    source_sheet: str
    source_row: int = pa.Field(ge=1)
    source_column: str
    patient_id: str
    patient_name: str
    sex: str = pa.Field(isin=["", *Sex])
    birth_date: np.dtype("datetime64[us]") = pa.Field(nullable=True)  # type: ignore[valid-type]
    age_days_low: pd.Int64Dtype = pa.Field(nullable=True, ge=0)
    """Completed days of age at collection, the least that fits; missing if unknown."""
    age_days_high: pd.Int64Dtype = pa.Field(nullable=True, ge=0)
    """The most that fits; missing beside a known `age_days_low`: no upper end (">89")."""
    age_months_low: pd.Int64Dtype = pa.Field(nullable=True, ge=0)
    """Completed months of age at collection; twelve to the year."""
    age_months_high: pd.Int64Dtype = pa.Field(nullable=True, ge=0)
    population: str = pa.Field(isin=["", "adult"])
    """"adult" only if the layout or the site says that all patients are adults."""
    accession: str
    """Identifier of one collected specimen, stated or derived; "" only where held."""
    collected_at: np.dtype("datetime64[us]") = pa.Field(nullable=True)  # type: ignore[valid-type]
    """Local time as written, missing if the file gives none."""
    collected_precision: str = pa.Field(isin=["", "date", "time"])
    """Whether `collected_at` is a date only, a date with a time, or missing ("")."""
    analyte: str
    """Analyte id; "" only where held because it was not recognized."""
    status: str = pa.Field(isin=list(ResultStatus))


class Results(Origin):
    """Accepted results: `value` and `unit` are canonical, `original_…` as reported."""

    patient_id: str = pa.Field(ne="")
    accession: str = pa.Field(ne="")
    analyte: str = pa.Field(ne="")
    comparator: str = pa.Field(isin=list(Comparator))
    original_text: str
    """The cell as written."""
    original_value: pd.Float64Dtype
    """The number as reported, in `original_unit`."""
    original_unit: str = pa.Field(ne="")
    """The reported unit as a UCUM code."""
    value: pd.Float64Dtype
    unit: str = pa.Field(ne="")
    """Canonical unit of the analyte, a UCUM code."""
    reference_low: pd.Float64Dtype = pa.Field(nullable=True)
    """The laboratory's own interval, in `original_unit`."""
    reference_high: pd.Float64Dtype = pa.Field(nullable=True)
    flag: str
    """The laboratory's own flag as written (H, L, …)."""
    comment: str

    @pa.dataframe_check(error="an upper end of age below the lower end")
    def age_is_an_interval(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        """Low end at or below high end, wherever both are known."""
        fits = (frame["age_days_low"] <= frame["age_days_high"]) & (
            frame["age_months_low"] <= frame["age_months_high"]
        )
        return fits.fillna(True).astype(bool)


class Reportable(Results):
    """The one result that counts for each patient, accession and analyte."""

    derived: str
    """Id of the calculation that made the result; "" for one that was reported."""

    @pa.dataframe_check(error="more than one result for an accession and analyte")
    def counts_once(cls, frame: pd.DataFrame) -> bool:
        """Reported or calculated once; a bound may stand beside nothing else."""
        return not frame.duplicated(["patient_id", "accession", "analyte", "derived"]).any()


class Held(Origin):
    """Results that were reported but cannot be used: whose they are and why, never their value."""

    code: str = pa.Field(ne="")
    """Code of the first issue that set the result aside."""
