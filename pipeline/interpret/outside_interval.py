"""Results beyond what their laboratory expects, on whichever side, that no finding explains."""

from collections.abc import Callable
from typing import Literal

import numpy as np

from pipeline.interpret.by_accession import NOWHERE, Positions, SpecimenIndex
from pipeline.interpret.comparisons import Comparisons
from pipeline.interpret.result_arrays import Mask, Numbers
from pipeline.interpret.sides import Sides
from pipeline.interpret.timeline import Timeline
from pipeline.interpret.truth_columns import EvidenceColumn, TruthColumn, rest_on, state
from pipeline.knowledge.conditions import Compare, Interval, Outside
from pipeline.knowledge.flags import index_flags
from pipeline.knowledge.model import Knowledge
from schemas.vocabulary import Direction, Reason

_BEYOND: tuple[tuple[Literal["below", "above"], str], ...] = (("below", "low"), ("above", "high"))
_OPEN = (Reason.AGE_UNKNOWN, Reason.SEX_UNKNOWN, Reason.CENSORED)
"""Why a bound may leave a result open; where there is no bound, nothing is asked."""


class OutsideResults:
    """Looks at every result of a grid, whatever it is of."""

    def __init__(
        self,
        specimen_index: SpecimenIndex,
        knowledge: Knowledge,
        comparisons: Comparisons,
        timeline: Timeline,
    ) -> None:
        """Take the results, how they are compared, and their order in time."""
        self._timeline = timeline
        self._grid = specimen_index
        self._knowledge = knowledge
        self._comparisons = comparisons
        kinds = index_flags(knowledge).kinds_of(specimen_index.results["flag"])
        self._flags = np.append(kinds.to_numpy(object), "")
        low, high = (
            np.append(specimen_index.results[f"reference_{end}"].to_numpy("float64"), np.nan)
            for end in ("low", "high")
        )
        in_order = ~(low > high)
        self._ends: dict[str, Numbers] = {
            "below": np.where(in_order, low, np.nan),
            "above": np.where(in_order, high, np.nan),
        }

    def find(self, condition: Outside, ask: Callable[[str], TruthColumn]) -> TruthColumn:
        """Say where a result lies outside, and which.

        Outside is what lies beyond the printed interval, what the laboratory flags, and, where no
        upper end is printed, what lies above a wide bound. Not outside is what another rule says
        already, named by `condition.unless` and answered by `ask`. An analyte that was not measured
        again counts by its last result, for as long as the condition says.
        """
        count = len(self._grid.accessions)
        is_missing_everywhere = np.zeros(count, bool)
        yes, firm, open_, reported = (np.zeros(count, bool) for _ in range(4))
        reasons = {reason: np.zeros(count, bool) for reason in _OPEN}
        evidence: list[EvidenceColumn] = []
        explained = [ask(rule) for rule in condition.unless]
        for analyte, places in self._grid.reported.items():
            reported |= places != NOWHERE
            flags = self._flags[places]
            sides: list[tuple[Direction | Literal[""], Mask, Mask, Numbers, Sides]] = []
            for side, flag in _BEYOND:
                said = self._compare(analyte, side)
                beyond, limit = said.yes, self._ends[side][places]
                found_at = said.evidence[0].side
                firmly = said.confirmed_yes
                if side == "above":
                    for name in condition.bounds:
                        if self._knowledge.limits[name].analyte == analyte:
                            bound = self._comparisons.compare(
                                Compare(direction="above", limit=name)
                            )
                            ours = np.isnan(limit) & (places != NOWHERE)
                            limit = np.where(bound.yes & ours, bound.evidence[0].limit, limit)
                            found_at = np.where(bound.yes & ours, bound.evidence[0].side, found_at)
                            beyond = beyond | (bound.yes & ours)
                            firmly = firmly | (bound.confirmed_yes & ours)
                            for reason in _OPEN:
                                where = (
                                    bound.reasons.get(reason, is_missing_everywhere)
                                    & ours
                                    & bound.open
                                )
                                reasons[reason] |= where
                                open_ = open_ | where
                flagged = flags == flag
                told = _explained(explained, analyte, side)
                firmly = (firmly | flagged) & ~told
                sides.append((side, (beyond | flagged) & ~told, firmly, limit, found_at))
            told = _explained(explained, analyte, "below") | _explained(explained, analyte, "above")
            marked = (flags == "abnormal") & ~told & ~sides[0][1] & ~sides[1][1]
            unlimited = rest_on(analyte, count)
            sides.append(("", marked, marked, unlimited.limit, unlimited.side))
            before = self._timeline.previous(places != NOWHERE, condition.within_days)
            last = np.where(places != NOWHERE, np.arange(count), before)
            carried = np.where(last == NOWHERE, NOWHERE, places[last])
            for direction, at, at_surely, limits, sides_found in sides:
                found, surely = at[last] & (last != NOWHERE), at_surely[last] & (last != NOWHERE)
                limit = np.where(last == NOWHERE, np.nan, limits[last])
                yes, firm = yes | found, firm | surely
                if found.any():
                    evidence.append(
                        rest_on(
                            analyte,
                            count,
                            results=np.where(found, carried, NOWHERE),
                            limit=np.where(found, limit, np.nan),
                            side=np.where(found, sides_found[last], 0).astype(np.int8),
                            direction=direction,
                        )
                    )
        return state(
            yes=yes,
            no=reported & ~yes & ~open_,
            confirmed_yes=firm & yes,
            reported=reported,
            reasons={reason: where & ~yes for reason, where in reasons.items()},
            evidence=tuple(evidence),
        )

    def _compare(self, analyte: str, side: Literal["below", "above"]) -> TruthColumn:
        return self._comparisons.compare(Interval(analyte=analyte, direction=side))


def _explained(answers: list[TruthColumn], analyte: str, side: str) -> Mask:
    """Hold where a rule is present because a result of the analyte lies on this side."""
    is_missing_everywhere = np.zeros(len(answers[0].yes) if answers else 0, bool)
    told = is_missing_everywhere if answers else np.zeros(1, bool)
    for answer in answers:
        for item in answer.evidence:
            if item.subject == analyte and item.direction.removeprefix("at_or_") == side:
                told = told | (answer.yes & (item.results != NOWHERE))
    return told


def list_assessed(specimen_index: SpecimenIndex, answers: list[TruthColumn]) -> Positions:
    """List the results that a rule decided by a limit, or beside which an interval is printed."""
    printed = (
        specimen_index.results["reference_low"].notna()
        | specimen_index.results["reference_high"].notna()
    )
    judged = printed.to_numpy(dtype=bool).copy()
    for answer in answers:
        decided = answer.yes | answer.no
        for item in answer.evidence:
            rows = item.results[decided & (item.results != NOWHERE) & ~np.isnan(item.limit)]
            judged[rows] = True
    return np.flatnonzero(judged).astype(np.int64)
