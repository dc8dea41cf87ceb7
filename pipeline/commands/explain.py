"""Why each rule answers as it does for one patient."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.commands.context import Clock, Progress
from pipeline.commands.run import check_batch
from pipeline.config import Settings
from pipeline.knowledge.describe import require_rule
from pipeline.review.explanation import Node, explain_patient


def explain_batch(
    patient: str,
    sources: Sequence[Path],
    settings: Settings,
    *,
    rule: str = "",
    accession: str = "",
    clock: Clock,
    progress: Progress,
) -> tuple[Node, ...]:
    """Say why each rule says what it says of one patient; nothing if nothing was read of them.

    Raises:
        KnowledgeError: See `load_tried_knowledge`; or no rule of that name gives findings.
    """
    batch = check_batch(sources, settings, clock=clock, progress=progress)
    said = batch.assessment
    if rule:
        rule = require_rule(rule, batch.knowledge).id

    def own(table: pd.DataFrame) -> Any:
        return table[table["patient_id"].eq(patient)].reset_index(drop=True)

    return explain_patient(
        own(pd.concat([said.findings, said.shadow], ignore_index=True)),
        own(said.results[said.results["derived"].eq("")]),
        own(batch.held),
        own(batch.dataset.observations),
        batch.knowledge,
        rule=rule,
        accession=accession,
    )
