"""What people decided about stored results, applied to what comes out of the history."""

from collections.abc import Sequence

import pandas as pd

from pipeline.history.store.records import Decision
from pipeline.ingest.specimen_days import is_of_specimen

REASSIGN = "reassign"


def reassign_results(rows: pd.DataFrame, decisions: Sequence[Decision]) -> pd.DataFrame:
    """Give results the patient id that they were moved to, decision after decision.

    A decision holds for the files that had been received by then. Where the accession is made
    of the patient id, it changes with it.

    Args:
        rows: With `file_id`, `patient_id` and `accession`; where a decision names a specimen, with
            `collected_at` and `collected_precision`.
        decisions: Those of the kind `reassign` are applied.
    """
    for decision in decisions:
        if decision.kind != REASSIGN:
            continue
        old, new = decision.facts["old"], decision.facts["new"]
        moves = rows["patient_id"].eq(old) & rows["file_id"].le(decision.last_file)
        if accession := decision.facts.get("accession", ""):
            moves &= is_of_specimen(rows, accession)
        if not moves.any():
            continue
        accessions = rows["accession"]
        made_of_id = moves & accessions.str.startswith(f"{old}@")
        moved = new + accessions.str.slice(len(old))
        rows = rows.assign(
            patient_id=rows["patient_id"].mask(moves, new).astype("str"),
            accession=accessions.mask(made_of_id, moved).astype("str"),
        )
    return rows
