"""What became of each finding since the specimen before: told from the results alone."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import NamedTuple

import pandas as pd

from pipeline.interpret.course import Moves
from pipeline.interpret.current import standing_findings
from pipeline.interpret.since_last_report import compare_standing, sum_up_standing
from pipeline.report.wording import show_unit
from schemas import DataFrame, Findings
from schemas.vocabulary import Change, Outcome

_KEY = ["patient_id", "rule"]


class Since(NamedTuple):
    """How a finding stands to earlier ones.

    To the last earlier day on which its rule was asked, or, where it is better or worse by value,
    to the result that it is better or worse than.
    """

    change: Change
    on: date
    """That day."""
    was_open: bool
    """It could not be decided then."""
    value: str
    """As reported then, with its sign, in `unit`; "" where the finding rests on several."""
    unit: str
    way: str = ""
    """`Way` of the value that made it better or worse."""
    was_present: bool = False


def list_changes(
    findings: DataFrame[Findings],
    standing: DataFrame[Findings],
    moves: Moves = MappingProxyType({}),
) -> Mapping[tuple[str, str], Since]:
    """Compare what stands with what stood before it, by patient and rule.

    A rule that was never asked before has no entry.
    """
    stands = sum_up_standing(standing).set_index(_KEY)
    # What stands may be older than what could not be decided since: it is not its own past.
    latest = stands["collected_at"].rename("latest")
    placed = findings.merge(latest, on=_KEY, how="inner")
    at, until = placed["collected_at"], placed["latest"]
    is_earlier = at.dt.normalize() < until.dt.normalize()
    # Of the same day what has a time, too: without one nobody knows which came first.
    is_earlier |= placed["collected_precision"].eq("time") & (at < until)
    before = standing_findings(
        Findings.require_columns(findings_of(placed[is_earlier]).reset_index(drop=True))
    )
    if before.empty:
        return {}
    changes = compare_standing(before, standing, moves).set_index(_KEY)[["change", "way"]]
    last = before.sort_values("collected_at", kind="stable").drop_duplicates(_KEY, keep="last")
    told = last.set_index(_KEY).join(changes, how="inner")
    present = before[before["outcome"].eq(Outcome.PRESENT)]
    known = {*zip(present["patient_id"], present["rule"], strict=True)}
    wanted = ["change", "collected_at", "outcome", "comparator", "value", "unit", "way"]
    rows = zip(told.index, *(told[name] for name in wanted), strict=True)
    told_of: dict[tuple[str, str], Since] = {}
    for key, change, at, outcome, comparator, value, unit, way in rows:
        since = Since(
            Change(change),
            at.date(),
            outcome == Outcome.INDETERMINATE,
            "" if "; " in value else comparator + value,
            "" if "; " in value else show_unit(unit),
            way,
            key in known,
        )
        move = moves.get((*key, stands["accession"][key]))
        if move is not None and move.collected_at is not None and way:
            since = since._replace(
                on=move.collected_at.date(), value=move.value, unit=show_unit(move.unit)
            )
        told_of[key] = since
    return told_of


def findings_of(table: pd.DataFrame) -> pd.DataFrame:
    """Keep the columns of Findings."""
    return table[list(Findings.column_types())]
