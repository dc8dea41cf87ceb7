"""`Artifacts`: reasons to doubt a specimen, one row per accession and artifact."""

import numpy as np
import pandera.pandas as pa

from schemas.table import Table


class Artifacts(Table):
    """What speaks against believing a specimen, with the evidence, joined as in `Findings`."""

    patient_id: str = pa.Field(str_length={"min_value": 1})
    accession: str = pa.Field(str_length={"min_value": 1})
    collected_at: np.dtype("datetime64[us]") = pa.Field(nullable=True)  # type: ignore[valid-type]
    collected_precision: str = pa.Field(isin=["", "date", "time"])
    artifact: str = pa.Field(str_length={"min_value": 1})
    analyte: str
    comparator: str
    value: str
    unit: str
    limit: str
    limit_unit: str
    from_accession: str
    from_date: str
    comment: str
    """Codes of comments, joined by "; "."""
    source: str = pa.Field(str_length={"min_value": 1})
    """Where it is published; a key of the sources, or "convention"."""
    profile: str = pa.Field(str_length={"min_value": 1})
    knowledge_version: str = pa.Field(str_length={"min_value": 1})
    source_file: str
    source_sheet: str
    source_row: str
