"""`Truth`: what is known of patients from elsewhere, to judge the rules by."""

import pandera.pandas as pa

from schemas.table import Table


class Truth(Table):
    """One row per patient, accession and rule."""

    patient_id: str = pa.Field(ne="")
    accession: str
    """ "": the truth is about the patient, whichever the accession."""
    rule: str = pa.Field(ne="")
    truth: str = pa.Field(isin=["yes", "no"])
