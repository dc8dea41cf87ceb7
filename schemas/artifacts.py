"""`Artifacts`: reasons to doubt a specimen, one row per accession and artifact."""

import numpy as np
import pandera.pandas as pa

from schemas.table import Table


class Artifacts(Table):
    """What speaks against believing a specimen; what it rests on is in a table of `Evidence`."""

    patient_id: str = pa.Field(ne="")
    accession: str = pa.Field(ne="")
    collected_at: np.dtype("datetime64[us]") = pa.Field(nullable=True)  # type: ignore[valid-type]
    collected_precision: str = pa.Field(isin=["", "date", "time"])
    artifact: str = pa.Field(ne="")
    comment: str
    """Codes of comments, joined by "; "."""
    source: str = pa.Field(ne="")
    """Where it is published; a key of the sources, or "convention"."""
    profile: str = pa.Field(ne="")
    knowledge_version: str = pa.Field(ne="")
