"""What findings cite: the rows of `Evidence` as Python values, by finding."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pipeline.report.report_model import SourceRef
from schemas import DataFrame, Evidence, Findings

_KEY = ["patient_id", "accession", "rule"]
_COLUMNS = (
    "accession", "rule", "comparison", "observation", "analyte", "comparator", "value", "text",
    "unit", "limit", "direction", "side", "from_date", "source_file", "source_sheet", "source_row",
)  # fmt: skip


class Compared(NamedTuple):
    """A limit that a result was compared with."""

    limit: float
    """In the unit of the result."""
    direction: str
    """Where the condition asks the result to be."""
    side: str
    """Where it was found."""


class Cited(NamedTuple):
    """A result, a held result or an observation that a finding rests on."""

    observation: str
    analyte: str
    comparator: str
    value: float | None
    text: str
    unit: str
    """UCUM code."""
    compared: tuple[Compared, ...]
    day: date | None
    source_file: str
    source_sheet: str
    source_row: int

    @property
    def subject(self) -> str:
        """Id of the analyte or of the observation."""
        return self.analyte or self.observation

    @property
    def written(self) -> str:
        """The number as short as it reads back, else the words; "" where the result is held."""
        return self.text if self.value is None else f"{self.value:.12g}"

    @property
    def place(self) -> SourceRef:
        """Where it stands, as results name their places."""
        return (
            self.source_file,
            self.source_sheet,
            str(self.source_row),
            self.subject,
            self.comparator,
        )


ByFinding = Mapping[tuple[str, str], Sequence[Cited]]
"""By accession and rule; a finding that rests on nothing has no entry."""


class CitedResults:
    """The evidence of findings, patient by patient: text and values are made when asked for."""

    def __init__(self, evidence: DataFrame[Evidence]) -> None:
        """Keep the columns, in the order of the patients."""
        codes, patients = pd.factorize(evidence["patient_id"])
        order = np.argsort(codes, kind="stable")
        starts = np.searchsorted(codes[order], np.arange(len(patients) + 1))
        self._slices = {
            str(patient): slice(*starts[number : number + 2])
            for number, patient in enumerate(patients)
        }
        self._columns = [_as_objects(evidence[name])[order] for name in _COLUMNS]
        self.of = lru_cache(maxsize=1)(self._of)

    def _of(self, patient: str) -> ByFinding:
        """Return what each finding of a patient cites, in rule order."""
        part = self._slices.get(patient, slice(0, 0))
        found: dict[tuple[str, str], list[Cited]] = {}
        for row in zip(*(column[part].tolist() for column in self._columns), strict=True):
            accession, rule, comparison, *named, limit, direction, side = row[:12]
            cited = found.setdefault((accession, rule), [])
            compared = () if limit is None else (Compared(limit, direction, side),)
            if comparison:
                before = cited.pop()
                cited.append(before._replace(compared=before.compared + compared))
            else:
                day, *source = row[12:]
                values = (*named, compared, day and day.date(), *source)
                cited.append(Cited._make(values))
        return found

    def of_finding(self, finding: Any) -> Sequence[Cited]:
        """Return what one row of findings cites."""
        return self.of(finding.patient_id).get((finding.accession, finding.rule), ())


def cite(findings: DataFrame[Findings], evidence: DataFrame[Evidence]) -> CitedResults:
    """Take the evidence of some findings out of that of all."""
    keys = pd.MultiIndex.from_frame(findings[_KEY])
    of_patients = evidence[evidence["patient_id"].isin(findings["patient_id"].unique())]
    is_wanted = pd.MultiIndex.from_frame(of_patients[_KEY]).isin(keys)
    return CitedResults(Evidence.require_columns(of_patients[is_wanted]))


def _as_objects(column: "pd.Series[Any]") -> "np.typing.NDArray[np.object_]":
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return np.asarray(column.to_numpy("datetime64[us]").astype(object))
    return np.asarray(column.astype(object).where(column.notna(), None).to_numpy(object))
