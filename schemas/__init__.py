"""The shape of each table at each hand-over, and the words that tables use; nothing else."""

from pandera.typing import DataFrame

from schemas.changes import Changes
from schemas.export import Export
from schemas.findings import Findings
from schemas.issues import Issues
from schemas.observations import Observations
from schemas.patients import Patients
from schemas.results import Held, Reportable, Results
from schemas.table import Table

__all__ = [
    "Changes",
    "DataFrame",
    "Export",
    "Findings",
    "Held",
    "Issues",
    "Observations",
    "Patients",
    "Reportable",
    "Results",
    "Table",
]
