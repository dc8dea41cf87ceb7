"""Results against limits and against earlier results, for every accession."""

from collections.abc import Mapping

import numpy as np

from pipeline.interpret.amounts import Amounts, Mask, Numbers, amounts_of
from pipeline.interpret.answer import Answer, Evidence, Role
from pipeline.interpret.doubts import Doubts
from pipeline.interpret.grid import NOWHERE, Grid, Positions
from pipeline.interpret.limits import Verdicts, compare_results
from pipeline.interpret.published import limit_in_unit
from pipeline.interpret.said import Sayings
from pipeline.interpret.strata import list_strata
from pipeline.interpret.timeline import Keys, Timeline
from pipeline.knowledge.conditions import (
    SHARE,
    Change,
    Compare,
    Formula,
    HeldAs,
    Interval,
    Reported,
)
from pipeline.knowledge.model import Analyte, Knowledge, Limit, ShareOfChange, Stratum
from schemas.vocabulary import Comparator, Reason

_DECIMALS = 9
"""Further ones of a difference are noise of the calculation."""


class Comparisons:
    """Compares the results of a grid."""

    def __init__(
        self,
        grid: Grid,
        knowledge: Knowledge,
        timeline: Timeline,
        sayings: Sayings,
        doubts: Doubts,
    ) -> None:
        self._grid = grid
        self._knowledge = knowledge
        self._timeline = timeline
        self._sayings = sayings
        self._doubts = doubts
        self._amounts = amounts_of(grid.results, knowledge.populations, sayings.context())

    def compare(self, condition: Compare | Interval) -> Answer:
        """Say on which side of a limit, or of the laboratory's own interval, each result stands.

        Where a result is only bounded by another one (neutrophils by white cells), the bound
        speaks if it decides.
        """
        limit = self._limit_of(condition)
        here = self._grid.reported.get(limit.analyte, self._grid.nowhere())
        held = self._grid.set_aside.get(limit.analyte, self._grid.nowhere())
        bound = self._grid.bounds.get(limit.analyte, self._grid.nowhere())
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
        low, high = self._doubted(limit.analyte, results)
        falsely_yes, falsely_no = (
            (low, high) if condition.direction in ("below", "at_or_below") else (high, low)
        )
        return Answer(
            yes=yes,
            no=no,
            firm_yes=yes & ~falsely_yes,
            firm_no=no & ~falsely_no,
            reported=reported,
            here=reported,
            near=np.zeros(len(yes), bool),
            undecided=reported & open_,
            met=np.zeros(len(yes), bool),
            reasons=reasons,
            comments=_either(use, by_bound.comments, said.comments),
            remarks={code: where & (results != NOWHERE) for code, where in said.remarks.items()},
            evidence=(
                Evidence(
                    subject=limit.analyte,
                    results=results,
                    held=np.where(only_held, held, NOWHERE),
                    said=self._grid.nowhere(),
                    limit=np.where(use, by_bound.limit, said.limit),
                    direction=condition.direction,
                ),
            ),
        )

    def strata_of(self, limit: Limit, row: int) -> tuple[Stratum, ...]:
        """Give the strata of a limit that could apply to one result."""
        amounts = self._amounts.at(np.array([row]))
        where = list_strata(amounts, limit)
        return tuple(s for s, here in zip(limit.strata, where, strict=True) if here[0])

    def _doubted(self, analyte: str, results: Positions) -> tuple[Mask, Mask]:
        """Say where a result may be falsely low and falsely high.

        What was calculated or bounded from others is as doubtful as they are.
        """
        low, high = self._doubts.of(analyte, len(results))
        for derived in self._knowledge.derived:
            if derived.analyte == analyte and derived.id in self._amounts.derived:
                code = self._amounts.derived.index(derived.id)
                made = (results != NOWHERE) & (self._amounts.derived_codes[results] == code)
                for operand in derived.operands:
                    operand_low, operand_high = self._doubts.of(operand, len(results))
                    low, high = low | (made & operand_low), high | (made & operand_high)
        return low, high

    def formula(self, condition: Formula) -> Answer:
        """Compare what two results give with a number, or with a third result.

        Only numbers without a sign are calculated with; others leave the answer open.
        """
        names = (*condition.of, *filter(None, [condition.apart_from]))
        places = [self._grid.reported.get(name, self._grid.nowhere()) for name in names]
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
        usable = exact & ~np.isnan(value)
        yes, no = np.zeros(len(there), bool), np.zeros(len(there), bool)
        yes[rows], no[rows] = is_yes & usable, ~is_yes & usable
        nowhere = np.zeros(len(there), bool)
        return Answer(
            yes=yes,
            no=no,
            firm_yes=yes,
            firm_no=no,
            reported=there,
            here=there,
            near=nowhere,
            undecided=there & ~yes & ~no,
            met=nowhere,
            reasons={Reason.CENSORED: there & ~yes & ~no},
            evidence=tuple(
                _evidence(self._grid, name, np.where(there, place, NOWHERE))
                for name, place in zip(names, places, strict=True)
            ),
        )

    def reported(self, condition: Reported | HeldAs) -> Answer:
        """Say whether a result is there, or held for a certain reason; both are always known."""
        if isinstance(condition, Reported):
            places = self._grid.reported.get(condition.analyte, self._grid.nowhere())
            yes = places != NOWHERE
            evidence = _evidence(self._grid, condition.analyte, places)
        else:
            held = self._grid.held
            rows = np.flatnonzero(
                held["analyte"].eq(condition.analyte) & held["code"].eq(condition.because)
            )
            places = self._grid.nowhere()
            places[self._grid.held_of[rows]] = rows
            yes = places != NOWHERE
            evidence = _evidence(self._grid, condition.analyte, self._grid.nowhere(), held=places)
        nowhere = np.zeros(len(yes), bool)
        return Answer(
            yes=yes,
            no=~yes,
            firm_yes=yes,
            firm_no=~yes,
            reported=yes,
            here=yes,
            near=nowhere,
            undecided=nowhere,
            met=nowhere,
            reasons={},
            evidence=(evidence,),
        )

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

        numbers = np.full(len(positions), np.nan)
        numbers[there] = said.limit
        return Verdicts(
            yes=spread(said.yes),
            no=spread(said.no),
            limit=numbers,
            reasons={reason: spread(where) for reason, where in said.reasons.items()},
            comments={code: spread(where) for code, where in comments.items()},
            remarks={code: spread(where) for code, where in said.remarks.items()},
        )

    def compare_with_earlier(self, condition: Change) -> Answer:
        """Say whether a result moved that far from the earlier one that it is compared with."""
        here = self._grid.reported.get(condition.analyte, self._grid.nowhere())
        before = self._earlier_of(condition, here != NOWHERE)
        then = np.where(before != NOWHERE, here[before], NOWHERE) if len(here) else here
        pair = np.flatnonzero((here != NOWHERE) & (then != NOWHERE))
        least, most = self._moved(condition, here[pair], then[pair])
        analyte = self._knowledge.analytes[condition.analyte]
        amounts = condition.less_than or condition.at_least or condition.more_than
        step = self._step(dict(amounts), analyte, here[pair])
        if condition.less_than:
            is_yes, is_no = most < step, least >= step
        elif condition.at_least:
            is_yes, is_no = least >= step, most < step
        else:
            is_yes, is_no = least > step, most <= step
        yes, no = np.zeros(len(here), bool), np.zeros(len(here), bool)
        yes[pair], no[pair] = is_yes, is_no
        held = self._grid.set_aside.get(condition.analyte, self._grid.nowhere())
        only_held = (here == NOWHERE) & (held != NOWHERE)
        compared = np.zeros(len(here), bool)
        compared[pair] = True
        nowhere = np.zeros(len(here), bool)
        low, high = self._doubted(condition.analyte, here)
        doubted = low | high
        firm = ~doubted & ~np.where(before != NOWHERE, doubted[before], False)
        roles: tuple[tuple[Positions, Role], ...] = ((then, "earlier"), (here, "here"))
        return Answer(
            yes=yes,
            no=no,
            firm_yes=yes & firm,
            firm_no=no & firm,
            reported=compared,
            here=(here != NOWHERE) | only_held,
            near=nowhere,
            undecided=compared & ~yes & ~no,
            met=nowhere,
            reasons={Reason.CENSORED: compared & ~yes & ~no},
            evidence=tuple(
                Evidence(
                    subject=condition.analyte,
                    results=np.where(compared, positions, NOWHERE),
                    held=self._grid.nowhere(),
                    said=self._grid.nowhere(),
                    limit=np.full(len(here), np.nan),
                    role=role,
                )
                for positions, role in roles
            ),
        )

    def _earlier_of(self, condition: Change, reported: Mask) -> Positions:
        """Find the accession with which each is compared."""
        if condition.within_days is not None:
            before = self._timeline.previous(reported, condition.within_days)
        else:
            day, there = self._timeline.latest_date(
                self._sayings.dates_of(condition.since), before=True
            )
            before = self._timeline.last_until(reported, day, there)
        if condition.not_across:
            dates = self._sayings.dates_of(*condition.not_across)
            before = np.where(self._timeline.is_separated(before, dates), NOWHERE, before)
        return before

    def _moved(
        self, condition: Change, here: Positions, then: Positions
    ) -> tuple[Numbers, Numbers]:
        """Give the least and the most by which each result moved in the direction asked for."""
        now, past = self._amounts.at(here), self._amounts.at(then)
        same_unit = now.unit_codes == past.unit_codes
        low, high = _ends(now, now.value)
        if SHARE in dict(condition.less_than or condition.at_least or condition.more_than):
            low, high = _ends(now, now.canonical)
            past_low, past_high = _ends(past, past.canonical)
            least, most = _share(low, past_high), _share(high, past_low)
        else:
            factor = self._factors(condition.analyte)[now.unit_codes]
            in_unit_now = np.where(same_unit, past.value, past.canonical / factor)
            past_low, past_high = _ends(past, in_unit_now)
            least, most = low - past_high, high - past_low
        least, most = np.round(least, _DECIMALS), np.round(most, _DECIMALS)
        if condition.direction == "fall":
            return -most, -least
        if condition.direction == "either":
            farthest = np.maximum(np.abs(least), np.abs(most))
            nearest = np.where((least <= 0) & (most >= 0), 0, np.minimum(abs(least), abs(most)))
            return nearest, farthest
        return least, most

    def _step(self, published: Mapping[str, float], analyte: Analyte, here: Positions) -> Numbers:
        if SHARE in published:
            return np.full(len(here), published[SHARE])
        steps = [
            limit_in_unit(published, unit, analyte) if unit in analyte.units else np.nan
            for unit in self._amounts.units
        ]
        return np.array(steps)[self._amounts.unit_codes[here]] if steps else np.zeros(0)

    def _factors(self, name: str) -> Numbers:
        units = self._knowledge.analytes[name].units
        return np.array([units.get(unit, np.nan) for unit in self._amounts.units])

    def list_changes(self, change: ShareOfChange) -> tuple[Keys, Keys]:
        """List where the analyte certainly changed by more than the share, as keys of days."""
        here = self._grid.reported.get(change.analyte, self._grid.nowhere())
        places = np.flatnonzero((here != NOWHERE) & self._timeline.dated)
        one, two = places[:-1], places[1:]
        same = self._timeline.patient[one] == self._timeline.patient[two]
        one, two = one[same], two[same]
        past, now = self._amounts.at(here[one]), self._amounts.at(here[two])
        past_low, past_high = _ends(past, past.canonical)
        low, high = _ends(now, now.canonical)
        rise, fall = _share(low, past_high), -_share(high, past_low)
        moved = np.round(np.maximum(rise, fall), _DECIMALS) > change.share
        return self._timeline.key[one[moved]], self._timeline.key[two[moved]]


def _evidence(
    grid: Grid, subject: str, results: Positions, held: Positions | None = None
) -> Evidence:
    nowhere = grid.nowhere()
    return Evidence(
        subject=subject,
        results=results,
        held=nowhere if held is None else held,
        said=nowhere,
        limit=np.full(len(nowhere), np.nan),
    )


def _ends(amounts: Amounts, value: Numbers) -> tuple[Numbers, Numbers]:
    """Give each result as the least and the most that it can be; none is below zero."""
    upper = amounts.is_[Comparator.LESS] | amounts.is_[Comparator.AT_MOST]
    lower = amounts.is_[Comparator.GREATER] | amounts.is_[Comparator.AT_LEAST]
    return np.where(upper, np.minimum(value, 0), value), np.where(lower, np.inf, value)


def _share(now: Numbers, past: Numbers) -> Numbers:
    """Give the change as a share of the past; without limit where the past was nothing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = now / past - 1
    return np.where(np.isnan(share), np.where(now == past, 0.0, -np.inf), share)


def _either(
    use_first: Mask, first: Mapping[str, Mask], second: Mapping[str, Mask]
) -> dict[str, Mask]:
    nowhere = np.zeros(len(use_first), bool)
    return {
        code: np.where(use_first, first.get(code, nowhere), second.get(code, nowhere))
        for code in {**first, **second}
    }
