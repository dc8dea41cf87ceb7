"""The patient ids of which anything is stored, as they are after what people decided."""

from collections.abc import Sequence

import pandas as pd
from sqlalchemy import select
from sqlalchemy.engine import Connection

from pipeline.history.reassign import reassign_results
from pipeline.history.store import tables
from pipeline.history.store.records import Decision

WITH_RESULTS = ("results", "held", "observations")
"""Tables of the history in which results and remarks stand, each with a patient id."""


def list_people(
    connection: Connection, decisions: Sequence[Decision], file_id: int | None = None
) -> set[str]:
    """List the patient ids of which anything is stored, of all files or of one."""
    people: set[str] = set()
    for name in WITH_RESULTS:
        columns = tables.ROWS[name][1].c
        query = select(columns.file_id, columns.patient_id, columns.accession).distinct()
        if file_id is not None:
            query = query.where(columns.file_id == file_id)
        rows = connection.execute(query).all()
        table = pd.DataFrame(rows, columns=["file_id", "patient_id", "accession"])
        text = table.astype({"patient_id": "str", "accession": "str"})
        people |= {*reassign_results(text, decisions)["patient_id"]}
    return people
