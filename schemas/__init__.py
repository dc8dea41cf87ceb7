"""The shape of each table at each hand-over, and the words that tables use; nothing else."""

import pandas as pd

# Pandera asks once, when it is imported: with pyarrow installed, texts would be kept in it, and
# types have other names and patterns another dialect. A run is the same whatever else is installed.
pd.set_option("mode.string_storage", "python")

from pandera.errors import SchemaErrors
from pandera.typing import DataFrame

from schemas.artifacts import Artifacts
from schemas.changes import Changes
from schemas.differences import Differences, PatientChanges
from schemas.evidence import Evidence
from schemas.export import Export
from schemas.findings import CurrentFindings, Findings, JoinedFindings
from schemas.issues import Issues
from schemas.observations import Observations
from schemas.patients import Patients
from schemas.results import Held, Reportable, Results
from schemas.superseded import Superseded
from schemas.table import Table
from schemas.truth import Truth
from schemas.verdicts import Verdicts

__all__ = [
    "Artifacts",
    "Changes",
    "CurrentFindings",
    "DataFrame",
    "Differences",
    "Evidence",
    "Export",
    "Findings",
    "Held",
    "Issues",
    "JoinedFindings",
    "Observations",
    "PatientChanges",
    "Patients",
    "Reportable",
    "Results",
    "SchemaErrors",
    "Superseded",
    "Table",
    "Truth",
    "Verdicts",
]
