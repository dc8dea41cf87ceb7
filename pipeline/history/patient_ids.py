"""The patient ids of which anything is stored, as they are after what people decided."""

from collections.abc import Sequence

import pandas as pd
from sqlalchemy import select
from sqlalchemy.engine import Connection

from pipeline.history.reassign import REASSIGN, reassign_results
from pipeline.history.store import tables
from pipeline.history.store.records import Decision

_WHEN = ("collected_at", "collected_precision")

WITH_RESULTS = ("results", "held", "observations")
"""Tables of the history in which results and remarks stand, each with a patient id."""


def list_people(
    connection: Connection, decisions: Sequence[Decision], file_id: int | None = None
) -> set[str]:
    """List the patient ids of which anything is stored, of all files or of one."""
    people: set[str] = set()
    # Only who moves a single specimen asks for its day, too; that makes many more rows.
    is_by_specimen = any(
        decision.kind == REASSIGN and decision.facts.get("accession") for decision in decisions
    )
    names = ["file_id", "patient_id", "accession", *(_WHEN if is_by_specimen else ())]
    for table in WITH_RESULTS:
        columns = tables.ROWS[table][1].c
        query = select(*(columns[name] for name in names)).distinct()
        if file_id is not None:
            query = query.where(columns.file_id == file_id)
        rows = pd.DataFrame(connection.execute(query).all(), columns=names)
        rows = rows.astype({"patient_id": "str", "accession": "str"})
        if is_by_specimen:
            rows = rows.assign(collected_at=pd.to_datetime(rows["collected_at"], format="ISO8601"))
        people |= {*reassign_results(rows, decisions)["patient_id"]}
    return people
