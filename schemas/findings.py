"""`Findings`: one row per accession and rule; what trends and `findings.csv` need of them."""

import numpy as np
import pandera.pandas as pa

from schemas.table import Table
from schemas.vocabulary import Confirmation, Grade, Outcome


class Findings(Table):
    """What each rule says of each accession; what it rests on is in `Evidence`."""

    patient_id: str = pa.Field(ne="")
    accession: str = pa.Field(ne="")
    collected_at: np.dtype("datetime64[us]") = pa.Field(nullable=True)  # type: ignore[valid-type]
    collected_precision: str = pa.Field(isin=["", "date", "time"])
    rule: str = pa.Field(ne="")
    outcome: str = pa.Field(isin=list(Outcome))
    reason: str
    """Why it is indeterminate: one of `Reason`, or several joined by "; "."""
    grade: str = pa.Field(isin=["", *Grade])
    status: str = pa.Field(isin=["", *Confirmation])
    """Of what is present, and `unconfirmed` of what is absent on a specimen that is doubted."""
    artifact: str
    """Ids of the artifacts that make it unconfirmed, joined by "; "."""
    comment: str
    """Codes of the comments that belong to the finding, joined by "; "."""
    profile: str = pa.Field(ne="")
    knowledge_version: str = pa.Field(ne="")


class JoinedFindings(Table):
    """`Findings` with the evidence as texts, in rule order: the stable contract of `findings.csv`.

    Of several results they are joined by "; ". Made where a table is written, for people and for
    other programs; nothing in this program takes them apart again.
    """

    patient_id: str = pa.Field(ne="")
    accession: str = pa.Field(ne="")
    collected_at: np.dtype("datetime64[us]") = pa.Field(nullable=True)  # type: ignore[valid-type]
    collected_precision: str = pa.Field(isin=["", "date", "time"])
    rule: str = pa.Field(ne="")
    outcome: str = pa.Field(isin=list(Outcome))
    reason: str
    grade: str = pa.Field(isin=["", *Grade])
    status: str = pa.Field(isin=["", *Confirmation])
    artifact: str
    analyte: str
    """Or the id of an observation."""
    comparator: str
    value: str
    """As reported, in `unit`."""
    unit: str
    limit: str
    """The number really compared, in `limit_unit`, which is the unit reported."""
    limit_unit: str
    from_accession: str
    """Where the result belongs: another accession, where it was joined or is an earlier one."""
    from_date: str
    """Day of its collection as ISO 8601, empty if not known."""
    comment: str
    profile: str = pa.Field(ne="")
    knowledge_version: str = pa.Field(ne="")
    source_file: str
    source_sheet: str
    source_row: str


class CurrentFindings(Table):
    """Findings that stand, now or when the last report was made, as far as trends need them."""

    patient_id: str = pa.Field(ne="")
    rule: str = pa.Field(ne="")
    outcome: str = pa.Field(isin=list(Outcome))
    grade: str = pa.Field(isin=["", *Grade])
    accession: str
    collected_at: np.dtype("datetime64[us]") = pa.Field(nullable=True)  # type: ignore[valid-type]
    values: object
    """(value, UCUM unit) of each result that a present finding rests on, as texts; else ()."""
