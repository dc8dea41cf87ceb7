"""Results against earlier ones of the same patient, for every accession."""

from collections.abc import Mapping

import numpy as np

from pipeline.interpret.by_accession import NOWHERE, Positions, SpecimenIndex
from pipeline.interpret.interference import Interference
from pipeline.interpret.observed import ObservationTruth
from pipeline.interpret.result_arrays import Mask, Numbers, ResultArrays
from pipeline.interpret.timeline import Keys, Timeline
from pipeline.interpret.treatments import Courses
from pipeline.interpret.truth_columns import TruthColumn, rest_on, state
from pipeline.interpret.unit_limits import limit_in_unit
from pipeline.knowledge.conditions import SHARE, Change
from pipeline.knowledge.model import Analyte, Knowledge, ShareOfChange
from schemas.vocabulary import Comparator, Reason

_DECIMALS = 9
"""Further ones of a difference are noise of the calculation."""


class Changes:
    """Compares the results of a grid with earlier ones."""

    def __init__(
        self,
        specimen_index: SpecimenIndex,
        knowledge: Knowledge,
        timeline: Timeline,
        sayings: ObservationTruth,
        amounts: ResultArrays,
        doubts: Interference,
        courses: Courses,
    ) -> None:
        self._courses = courses
        self._grid = specimen_index
        self._knowledge = knowledge
        self._timeline = timeline
        self._sayings = sayings
        self._amounts = amounts
        self._doubts = doubts

    def compare_with_earlier(self, condition: Change, left_out: Mask | None = None) -> TruthColumn:
        """Say whether a result moved that far from the earlier one that it is compared with.

        What is left out is not compared. Where one of the two is held, and nothing usable takes
        its place, the answer is open.
        """
        here = self._grid.reported.get(condition.analyte, self._grid.is_missing_everywhere())
        held = self._grid.set_aside.get(condition.analyte, self._grid.is_missing_everywhere())
        held = np.where(here == NOWHERE, held, NOWHERE)
        if condition.from_months:
            age = np.append(self._amounts.age_high["months"], np.inf)
            here = np.where(age[here] >= condition.from_months, here, NOWHERE)
        if left_out is not None:
            here = np.where(left_out, NOWHERE, here)
        is_course = bool(condition.since)
        if is_course:
            counts = self._courses.untransfused
            here, held = np.where(counts, here, NOWHERE), np.where(counts, held, NOWHERE)
        believed = self._courses.believed(condition.analyte)
        if condition.within_hours is not None:
            before = self._extreme_within(condition, here)
        else:
            before = self._earlier_of(condition, (here != NOWHERE) & (believed | ~is_course))
        then = _there(here, before)
        held_before = np.where(
            (before == NOWHERE) & (condition.against == "") & (condition.within_hours is None),
            self._earlier_of(condition, held != NOWHERE),
            NOWHERE,
        )
        held_then = _there(held, held_before)
        pair = np.flatnonzero((here != NOWHERE) & (then != NOWHERE))
        least, most = self._moved(condition, here[pair], then[pair])
        analyte = self._knowledge.analytes[condition.analyte]
        amounts = condition.less_than or condition.at_least or condition.more_than
        step = self._step(dict(amounts), analyte, here[pair])
        if condition.each_days:
            apart = self._timeline.day[pair] - self._timeline.day[before[pair]]
            step = step * (1 + apart / condition.each_days)
        if condition.less_than:
            is_yes, is_no = most < step, least >= step
        elif condition.at_least:
            is_yes, is_no = least >= step, most < step
        else:
            is_yes, is_no = least > step, most <= step
        yes, no = np.zeros(len(here), bool), np.zeros(len(here), bool)
        yes[pair], no[pair] = is_yes, is_no
        compared = np.zeros(len(here), bool)
        compared[pair] = True
        any_here = (here != NOWHERE) | (held != NOWHERE)
        waits = any_here & ((then != NOWHERE) | (held_then != NOWHERE)) & ~compared
        low, high = self._doubts.of_results(condition.analyte, here)
        firm = ~(low | high)
        firm &= firm[before] | (before == NOWHERE)
        rests = compared | waits
        return state(
            yes=yes,
            no=no,
            confirmed_yes=yes & firm,
            confirmed_no=no & firm,
            reported=rests,
            here=any_here,
            reasons={Reason.CENSORED: compared & ~yes & ~no, Reason.HELD: waits},
            evidence=tuple(
                rest_on(
                    condition.analyte,
                    len(here),
                    results=np.where(rests, positions, NOWHERE),
                    held=np.where(rests, set_aside, NOWHERE),
                )
                for positions, set_aside in ((then, held_then), (here, held))
            ),
        )

    def _earlier_of(self, condition: Change, reported: Mask) -> Positions:
        """Find the accession with which each is compared."""
        if condition.since:
            dates = self._courses.dates_of(condition.since)
            if condition.against:
                highest = condition.against == "highest"
                before = self._courses.extreme_since(condition.analyte, dates, highest=highest)
            else:
                before = self._courses.baseline(reported, dates, condition.within_days)
        else:
            before = self._timeline.previous(reported, condition.within_days or 0)
        if condition.against:
            return before
        dates = self._sayings.dates_of(*condition.not_across)
        return np.where(self._timeline.is_separated(before, dates), NOWHERE, before)

    def _extreme_within(self, condition: Change, here: Positions) -> Positions:
        """Find the accession with the highest, or lowest, result of the hours before each."""
        timeline = self._timeline
        places = np.flatnonzero((here != NOWHERE) & timeline.dated)
        sign = -1 if condition.direction == "rise" else 1
        value = sign * np.append(self._amounts.canonical, np.nan)[here[places]]
        best, found = np.full(len(places), -np.inf), np.full(len(places), NOWHERE, np.int64)
        for lag in range(1, len(places)):
            one, two = places[:-lag], places[lag:]
            near = timeline.patient[one] == timeline.patient[two]
            near &= timeline.may_be_within(one, two, condition.within_hours or 0)
            if not near.any():
                break
            more = near & (value[:-lag] > best[lag:])
            best[lag:] = np.where(more, value[:-lag], best[lag:])
            found[lag:] = np.where(more, one, found[lag:])
        before = self._grid.is_missing_everywhere()
        before[places] = found
        return before

    def _moved(
        self, condition: Change, here: Positions, then: Positions
    ) -> tuple[Numbers, Numbers]:
        """Give the least and the most by which each result moved in the direction asked for."""
        now, past = self._amounts.at(here), self._amounts.at(then)
        same_unit = now.unit_codes == past.unit_codes
        low, high = result_ends(now, now.value)
        if SHARE in dict(condition.less_than or condition.at_least or condition.more_than):
            low, high = result_ends(now, now.canonical)
            past_low, past_high = result_ends(past, past.canonical)
            least, most = _share(low, past_high), _share(high, past_low)
        else:
            factor = self._factors(condition.analyte)[now.unit_codes]
            in_unit_now = np.where(same_unit, past.value, past.canonical / factor)
            past_low, past_high = result_ends(past, in_unit_now)
            least, most = low - past_high, high - past_low
        least, most = np.round(least, _DECIMALS), np.round(most, _DECIMALS)
        if condition.direction == "fall":
            return -most, -least
        if condition.direction == "either":
            # Below zero where it may not have moved at all; every step asked for is above.
            return np.maximum(least, -most), np.maximum(-least, most)
        return least, most

    def _step(self, published: Mapping[str, float], analyte: Analyte, here: Positions) -> Numbers:
        if SHARE in published:
            return np.full(len(here), published[SHARE])
        steps = [
            limit_in_unit(published, unit, analyte) if unit in analyte.units else np.nan
            for unit in self._amounts.units
        ]
        return np.array(steps)[self._amounts.unit_codes[here]]

    def _factors(self, name: str) -> Numbers:
        units = self._knowledge.analytes[name].units
        return np.array([units.get(unit, np.nan) for unit in self._amounts.units])

    def list_changes(self, change: ShareOfChange) -> tuple[Keys, Keys]:
        """List where the analyte certainly changed by more than the share, as keys of days."""
        here = self._grid.reported.get(change.analyte, self._grid.is_missing_everywhere())
        places = np.flatnonzero((here != NOWHERE) & self._timeline.dated)
        one, two = places[:-1], places[1:]
        same = self._timeline.patient[one] == self._timeline.patient[two]
        one, two = one[same], two[same]
        past, now = self._amounts.at(here[one]), self._amounts.at(here[two])
        past_low, past_high = result_ends(past, past.canonical)
        low, high = result_ends(now, now.canonical)
        rise, fall = _share(low, past_high), -_share(high, past_low)
        moved = np.round(np.maximum(rise, fall), _DECIMALS) > change.share
        return self._timeline.key[one[moved]], self._timeline.key[two[moved]]


def _there(positions: Positions, accessions: Positions) -> Positions:
    """Give what other accessions have; `NOWHERE` where there is no such accession."""
    return np.where(accessions != NOWHERE, positions[accessions], NOWHERE)


def result_ends(amounts: ResultArrays, value: Numbers) -> tuple[Numbers, Numbers]:
    """Give each result as the least and the most that it can be; none is below zero."""
    upper = amounts.is_[Comparator.LESS] | amounts.is_[Comparator.AT_MOST]
    lower = amounts.is_[Comparator.GREATER] | amounts.is_[Comparator.AT_LEAST]
    return np.where(upper, np.minimum(value, 0), value), np.where(lower, np.inf, value)


def _share(now: Numbers, past: Numbers) -> Numbers:
    """Give the change as a share of the past; without limit where the past was nothing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(now == past, 0.0, now / past - 1)
