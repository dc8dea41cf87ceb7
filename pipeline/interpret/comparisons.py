"""Results against limits and against each other, for every accession."""

from collections.abc import Mapping

import numpy as np

from pipeline.interpret.applicable_strata import list_strata
from pipeline.interpret.by_accession import NOWHERE, Positions, SpecimenIndex
from pipeline.interpret.interference import Interference
from pipeline.interpret.limits import Verdicts, compare_results
from pipeline.interpret.result_arrays import Mask, ResultArrays
from pipeline.interpret.truth_columns import TruthColumn, rest_on, state
from pipeline.knowledge.conditions import ANY, Compare, Formula, HeldAs, Interval, Reported
from pipeline.knowledge.model import Knowledge, Limit, Stratum
from schemas.vocabulary import Comparator, Reason

_DECIMALS = 9
"""Further ones of a calculation are noise."""


class Comparisons:
    """Compares the results of a grid."""

    def __init__(
        self,
        specimen_index: SpecimenIndex,
        knowledge: Knowledge,
        amounts: ResultArrays,
        doubts: Interference,
    ) -> None:
        self._grid = specimen_index
        self._knowledge = knowledge
        self._amounts = amounts
        self._doubts = doubts

    def compare(self, condition: Compare | Interval) -> TruthColumn:
        """Say on which side of a limit, or of the laboratory's own interval, each result stands.

        Where a result is only bounded by another one (neutrophils by white cells), the bound
        speaks if it decides.
        """
        limit = self._limit_of(condition)
        here = self._grid.reported.get(limit.analyte, self._grid.is_missing_everywhere())
        held = self._grid.set_aside.get(limit.analyte, self._grid.is_missing_everywhere())
        bound = self._grid.bounds.get(limit.analyte, self._grid.is_missing_everywhere())
        said = self._verdicts(condition, limit, here)
        by_bound = self._verdicts(condition, limit, bound)
        # A bound speaks only where it decides: otherwise nothing was measured.
        use = ~said.yes & ~said.no & (by_bound.yes | by_bound.no)
        yes, no = np.where(use, by_bound.yes, said.yes), np.where(use, by_bound.no, said.no)
        results = np.where(use, bound, here)
        only_held = (results == NOWHERE) & (held != NOWHERE)
        reported = (results != NOWHERE) | only_held
        open_ = ~yes & ~no
        reasons = {reason: where & open_ for reason, where in said.reasons.items()}
        reasons[Reason.HELD] = only_held
        low, high = self._doubts.of_results(limit.analyte, results)
        falsely_yes, falsely_no = (
            (low, high) if condition.direction in ("below", "at_or_below") else (high, low)
        )
        return state(
            yes=yes,
            no=no,
            confirmed_yes=yes & ~falsely_yes & ~self._doubts.is_unconfirmed(limit.analyte, results),
            confirmed_no=no & ~falsely_no,
            reported=reported,
            reasons=reasons,
            comments=_either(use, by_bound.comments, said.comments),
            remarks={code: where & (results != NOWHERE) for code, where in said.remarks.items()},
            evidence=(
                rest_on(
                    limit.analyte,
                    len(yes),
                    results=results,
                    held=np.where(only_held, held, NOWHERE),
                    limit=np.where(use, by_bound.limit, said.limit),
                    side=np.where(use, by_bound.side, said.side).astype(np.int8),
                    direction=condition.direction,
                ),
            ),
        )

    def strata_of(self, limit: Limit, row: int) -> tuple[Stratum, ...]:
        """Give the strata of a limit that could apply to one result."""
        amounts = self._amounts.at(np.array([row]))
        where = list_strata(amounts, limit)
        return tuple(s for s, here in zip(limit.strata, where, strict=True) if here[0])

    def formula(self, condition: Formula) -> TruthColumn:
        """Compare what two results give with a number, or with a third result.

        Only numbers without a sign are calculated with; others leave the answer open.
        """
        names = (*condition.of, *filter(None, [condition.apart_from]))
        places = [
            self._grid.reported.get(name, self._grid.is_missing_everywhere()) for name in names
        ]
        there = np.logical_and.reduce([place != NOWHERE for place in places])
        rows = np.flatnonzero(there)
        taken = [self._amounts.at(place[rows]) for place in places]
        exact = np.logical_and.reduce([each.is_[Comparator.EXACT] for each in taken])
        one, two = taken[0].canonical, taken[1].canonical * condition.times
        if condition.shape == "ratio":
            with np.errstate(divide="ignore", invalid="ignore"):
                value = one / taken[1].canonical * condition.times
        else:
            value = one - two
        if condition.apart_from:
            value = np.abs(value - taken[2].canonical)
        value = np.round(value, _DECIMALS)
        if condition.less_than is not None:
            is_yes = value < condition.less_than
        else:
            assert condition.more_than is not None
            is_yes = value > condition.more_than
        usable = exact & np.isfinite(value)
        yes, no = np.zeros(len(there), bool), np.zeros(len(there), bool)
        yes[rows], no[rows] = is_yes & usable, ~is_yes & usable
        return state(
            yes=yes,
            no=no,
            reported=there,
            reasons={Reason.CENSORED: there & ~yes & ~no},
            evidence=tuple(
                rest_on(name, len(there), results=np.where(there, place, NOWHERE))
                for name, place in zip(names, places, strict=True)
            ),
        )

    def reported(self, condition: Reported | HeldAs) -> TruthColumn:
        """Say whether a result is there, or held for a certain reason; both are always known."""
        if isinstance(condition, Reported) and condition.analyte == ANY:
            there = np.isin(np.arange(len(self._grid.accessions)), self._grid.result_of)
            return state(yes=there, no=~there, reported=there)
        if isinstance(condition, Reported):
            places = self._grid.reported.get(condition.analyte, self._grid.is_missing_everywhere())
            evidence = rest_on(condition.analyte, len(places), results=places)
            if condition.or_held:
                held_too = self._grid.set_aside.get(
                    condition.analyte, self._grid.is_missing_everywhere()
                )
                places = np.where(places == NOWHERE, held_too, places)
        else:
            held = self._grid.held
            is_so = held["analyte"].eq(condition.analyte)
            if condition.because:
                is_so &= held["code"].eq(condition.because)
            rows = np.flatnonzero(is_so)
            places = self._grid.is_missing_everywhere()
            places[self._grid.held_of[rows]] = rows
            evidence = rest_on(condition.analyte, len(places), held=places)
        yes = places != NOWHERE
        return state(yes=yes, no=~yes, reported=yes, evidence=(evidence,))

    def _limit_of(self, condition: Compare | Interval) -> Limit:
        if isinstance(condition, Compare):
            return self._knowledge.limits[condition.limit]
        return Limit(
            id=f"{condition.analyte}.own",
            analyte=condition.analyte,
            source="",
            wording="",
            from_interval="high" if condition.direction == "above" else "low",
            strata=(),
        )

    def _verdicts(
        self, condition: Compare | Interval, limit: Limit, positions: Positions
    ) -> Verdicts:
        """Compare the results at these positions; where there is none, say nothing."""
        there = np.flatnonzero(positions != NOWHERE)
        amounts = self._amounts.at(positions[there])
        said = compare_results(amounts, condition.direction, limit, self._knowledge)
        comments = dict(said.comments)
        for derived in self._knowledge.derived:
            if derived.id in amounts.derived:
                made = amounts.derived_codes == amounts.derived.index(derived.id)
                comments |= dict.fromkeys(derived.comment, made)

        def spread(mask: Mask) -> Mask:
            everywhere = np.zeros(len(positions), bool)
            everywhere[there] = mask
            return everywhere

        numbers, sides = np.full(len(positions), np.nan), np.zeros(len(positions), np.int8)
        numbers[there], sides[there] = said.limit, said.side
        return Verdicts(
            yes=spread(said.yes),
            no=spread(said.no),
            limit=numbers,
            side=sides,
            reasons={reason: spread(where) for reason, where in said.reasons.items()},
            comments={code: spread(where) for code, where in comments.items()},
            remarks={code: spread(where) for code, where in said.remarks.items()},
        )


def _either(
    use_first: Mask, first: Mapping[str, Mask], second: Mapping[str, Mask]
) -> dict[str, Mask]:
    is_missing_everywhere = np.zeros(len(use_first), bool)
    return {
        code: np.where(
            use_first,
            first.get(code, is_missing_everywhere),
            second.get(code, is_missing_everywhere),
        )
        for code in {**first, **second}
    }
