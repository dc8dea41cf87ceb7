"""What became of each finding since the specimen before: told from the results alone."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

import pandas as pd

from pipeline.interpret.standing import standing_findings
from pipeline.interpret.trends import compare_standing
from pipeline.report.wording import show_unit
from schemas import DataFrame, Findings
from schemas.vocabulary import Change, Outcome

_KEY = ["patient_id", "rule"]


class Since(NamedTuple):
    """How a finding stands to the last earlier day on which its rule was asked."""

    change: Change
    on: date
    """That day."""
    was_open: bool
    """It could not be decided then."""
    value: str
    """As reported then, with its sign, in `unit`; "" where the finding rests on several."""
    unit: str


def list_changes(
    findings: DataFrame[Findings], standing: DataFrame[Findings]
) -> Mapping[tuple[str, str], Since]:
    """Compare what stands with what stood on the days before it, by patient and rule.

    A rule that was never asked before has no entry.
    """
    day = standing.groupby(_KEY)["collected_at"].max().dt.normalize().rename("latest")
    placed = findings.merge(day, on=_KEY, how="inner")
    is_earlier = placed["collected_at"].dt.normalize() < placed["latest"]
    before = standing_findings(
        Findings.validate(findings_of(placed[is_earlier]).reset_index(drop=True))
    )
    if before.empty:
        return {}
    changes = compare_standing(before, standing).set_index(_KEY)["change"]
    last = before.sort_values("collected_at", kind="stable").drop_duplicates(_KEY, keep="last")
    told = last.set_index(_KEY).join(changes, how="inner")
    wanted = ["change", "collected_at", "outcome", "comparator", "value", "unit"]
    rows = zip(told.index, *(told[name] for name in wanted), strict=True)
    return {
        (patient, rule): Since(
            Change(change),
            at.date(),
            outcome == Outcome.INDETERMINATE,
            "" if "; " in value else comparator + value,
            "" if "; " in value else show_unit(unit),
        )
        for (patient, rule), change, at, outcome, comparator, value, unit in rows
    }


def findings_of(table: pd.DataFrame) -> pd.DataFrame:
    """Keep the columns of Findings."""
    return table[list(Findings.column_types())]
