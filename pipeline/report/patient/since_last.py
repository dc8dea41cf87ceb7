"""What became of each finding since the specimen before: told from the results alone."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import NamedTuple

import pandas as pd

from pipeline.interpret.course import Moves
from pipeline.interpret.current import current_findings
from pipeline.interpret.joined_evidence import list_current, list_values
from pipeline.interpret.since_last_report import compare_current, summarize_current
from pipeline.report.wording import show_unit
from schemas import DataFrame, Evidence, Findings
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
    current: DataFrame[Findings],
    evidence: DataFrame[Evidence],
    moves: Moves = MappingProxyType({}),
) -> Mapping[tuple[str, str], Since]:
    """Compare what stands with what stood before it, by patient and rule.

    A rule that was never asked before has no entry.
    """
    stands = summarize_current(current).set_index(_KEY)
    # What stands may be older than what could not be decided since: it is not its own past.
    latest = stands["collected_at"].rename("latest")
    placed = findings.merge(latest, on=_KEY, how="inner")
    at, until = placed["collected_at"], placed["latest"]
    is_earlier = at.dt.normalize() < until.dt.normalize()
    # Of the same day what has a time, too: without one nobody knows which came first.
    is_earlier |= placed["collected_precision"].eq("time") & (at < until)
    before = current_findings(findings_of(placed[is_earlier].reset_index(drop=True)))
    if before.empty:
        return {}
    then, now = (list_current(found, evidence) for found in (before, current))
    changes = compare_current(then, now, moves).set_index(_KEY)[["change", "way"]]
    last = before.sort_values("collected_at", kind="stable").drop_duplicates(_KEY, keep="last")
    told = last.join(changes, on=_KEY, how="inner")
    values = list_values(findings_of(told), evidence)
    present = before[before["outcome"].eq(Outcome.PRESENT)]
    known = {*zip(present["patient_id"], present["rule"], strict=True)}
    wanted = [*_KEY, "change", "collected_at", "outcome", "way"]
    rows = zip(values, *(told[name] for name in wanted), strict=True)
    told_of: dict[tuple[str, str], Since] = {}
    for cited, patient, rule, change, at, outcome, way in rows:
        key = (patient, rule)
        # Of several values none is shown.
        sign, value, unit = cited[0] if len(cited) == 1 else ("", "", "")
        since = Since(
            Change(change),
            at.date(),
            outcome == Outcome.INDETERMINATE,
            sign + value,
            show_unit(unit),
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


def findings_of(table: pd.DataFrame) -> DataFrame[Findings]:
    """Keep the columns of Findings."""
    return Findings.require_columns(table[list(Findings.column_types())])
