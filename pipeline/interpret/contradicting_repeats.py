"""Results close together that contradict each other: whom to doubt, and who is set aside."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.interpret.by_accession import NOWHERE, Positions, SpecimenIndex
from pipeline.interpret.delta_checks import result_ends
from pipeline.interpret.observed import ObservationTruth
from pipeline.interpret.result_arrays import Mask, Numbers, ResultArrays
from pipeline.interpret.timeline import Timeline
from pipeline.interpret.truth_columns import TruthColumn, rest_on, restrict, state
from pipeline.knowledge.conditions import ANY, Change, Condition, Observed, alternatives, walk
from pipeline.knowledge.contradictions import Apart, Contradiction, SetAside
from pipeline.knowledge.model import Knowledge
from schemas.vocabulary import ResultStatus

_DECIMALS = 9
"""Further ones of a difference are noise of the calculation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Series:
    """The results of one analyte that can contradict each other, in order of patient and time."""

    places: Positions
    """Accession of each."""
    low: Numbers
    """The least that each can be, in the canonical unit."""
    high: Numbers
    is_final: Mask


class Contradictions:
    """Compares each result with the next one of the same patient."""

    def __init__(
        self,
        specimen_index: SpecimenIndex,
        knowledge: Knowledge,
        timeline: Timeline,
        sayings: ObservationTruth,
        amounts: ResultArrays,
        answer: Callable[[Condition], TruthColumn],
    ) -> None:
        """Take what is known of the grid; `answer` answers what was said of a specimen."""
        self._grid, self._knowledge, self._timeline = specimen_index, knowledge, timeline
        self._sayings, self._amounts, self._answer = sayings, amounts, answer
        self._set_aside: dict[Contradiction, Mask] = {}

    def find(self, condition: Contradiction) -> TruthColumn:
        """Say which specimens are doubted because another one contradicts them."""
        count = self._timeline.count
        series = self._series_of(condition)
        places = series.places
        doubted, partner, middle = self._compare(condition, series)
        yes, there = np.zeros(count, bool), np.zeros(count, bool)
        there[places] = True
        yes[places] = doubted
        other = self._grid.is_missing_everywhere()
        other[places[doubted]] = places[partner[doubted]]
        aside = np.zeros(count, bool)
        aside[places] = middle
        self._set_aside[condition] = aside
        own = self._grid.reported.get(condition.analyte, self._grid.is_missing_everywhere())
        accessions = np.where(yes, np.arange(count), NOWHERE)
        # In order of time.
        pairs = (
            np.where(other < accessions, other, accessions),
            np.where(other < accessions, accessions, other),
        )
        return state(
            yes=yes,
            no=there & ~yes,
            reported=there,
            evidence=tuple(
                rest_on(
                    condition.analyte,
                    count,
                    results=np.where(at != NOWHERE, own[at], NOWHERE),
                )
                for at in pairs
            ),
        )

    def set_aside(self, condition: Contradiction) -> TruthColumn:
        """Say which specimens contradict two that agree, one before and one after."""
        answer = self.find(condition)
        aside = self._set_aside[condition]
        return state(
            yes=aside,
            no=answer.reported & ~aside,
            reported=answer.reported,
            evidence=restrict(answer, aside).evidence,
        )

    def _compare(self, condition: Contradiction, series: _Series) -> tuple[Mask, Positions, Mask]:
        """Say of each of the series: is it doubted, against which other one, is it in the middle.

        A pair that contradicts doubts both, unless a neighbor that is not doubted itself agrees.
        """
        count = len(series.places)
        own = np.arange(count)
        one, two = own[:-1], own[1:]
        apart = self._contradict(condition, series, one, two)
        one, two = one[apart], two[apart]
        before, after = one - 1, two + 1
        agree_after_one = self._agree(condition, series, one, after)
        agree_after_two = self._agree(condition, series, two, after)
        agree_before_one = self._agree(condition, series, before, one)
        contradicts_before = self._contradict(condition, series, before, one)
        agree_around = contradicts_before & self._agree(condition, series, before, two)
        doubted = np.zeros(count, bool)
        partner = np.full(count, NOWHERE, dtype=np.int64)
        while True:
            trusted = series.is_final & ~doubted
            ahead, behind = trusted[_clip(before, series)], trusted[_clip(after, series)]
            one_clear = behind & agree_after_one
            one_clear |= behind & ahead & agree_after_two & agree_before_one
            two_clear = (behind & agree_after_two) | (ahead & agree_around)
            found = doubted.copy()
            found[one[~one_clear]] = True
            found[two[~two_clear]] = True
            if (found == doubted).all():
                break
            doubted = found
        partner[two], partner[one] = one, two
        middle = np.zeros(count, bool)
        # Between a specimen before and one after that agree with each other and not with it.
        middle[two[doubted[two] & ~doubted[one] & behind & agree_after_one]] = True
        middle[one[doubted[one] & ~doubted[two] & ahead & agree_around]] = True
        return doubted, partner, middle

    def _series_of(self, condition: Contradiction) -> _Series:
        """Take the results that can be compared: dated, of an age that is asked for, believed."""
        here = self._grid.reported.get(condition.analyte, self._grid.is_missing_everywhere())
        usable = (here != NOWHERE) & self._timeline.dated & ~self._unfit(condition.analyte)
        places = np.flatnonzero(usable)
        amounts = self._amounts.at(here[places])
        old = amounts.age_high["months"] >= condition.from_months
        places, amounts = places[old], self._amounts.at(here[places[old]])
        low, high = result_ends(amounts, amounts.canonical)
        status = self._grid.results["status"].ne(str(ResultStatus.PRELIMINARY)).to_numpy(bool)
        return _Series(places=places, low=low, high=high, is_final=status[here[places]])

    def _unfit(self, analyte: str) -> Mask:
        """Hold where an artifact other than a comparison in time already doubts the analyte."""
        found = np.zeros(self._timeline.count, bool)
        for artifact in self._knowledge.artifacts.values():
            if any(touch.analyte in (analyte, ANY) for touch in artifact.touches):
                for member in alternatives(artifact.when):
                    if not any(isinstance(part, _COMPARED) for part in walk(member)):
                        found |= self._answer(member).yes
        return found

    def _contradict(
        self, condition: Contradiction, series: _Series, one: Positions, two: Positions
    ) -> Mask:
        """Tell which pairs are certainly too far apart, for the time between them."""
        there = self._are_pairs(series, one, two)
        first, second = _clip(one, series), _clip(two, series)
        found = np.zeros(len(one), bool)
        for apart in condition.apart:
            near = self._near(series, first, second, apart)
            found |= near & self._is_apart(condition, apart, series, first, second, certainly=True)
        dates, places = self._sayings.dates_of(*condition.not_across), series.places
        found &= ~self._is_exempt(condition, places[first], places[second])
        rises = series.low[second] > series.high[first]
        found &= ~(rises & self._timeline.may_lie_between(places[first], places[second], dates))
        return np.asarray(found & there, dtype=bool)

    def _is_exempt(self, condition: Contradiction, one: Positions, two: Positions) -> Mask:
        """Tell which pairs end in a specimen that contradicts none before it."""
        exempt = np.zeros(self._timeline.count, bool)
        for name in condition.not_by:
            exempt |= self._answer(Observed(observation=name)).yes
        is_ordered = self._timeline.last[one] < self._timeline.first[two]
        return np.asarray(exempt[two] | (exempt[one] & ~is_ordered), dtype=bool)

    def _agree(
        self, condition: Contradiction, series: _Series, one: Positions, two: Positions
    ) -> Mask:
        """Tell which pairs are certainly not too far apart.

        By the amount for the time between them; by the last one where none is for that time.
        """
        there = self._are_pairs(series, one, two)
        first, second = _clip(one, series), _clip(two, series)
        day = self._timeline.day[series.places]
        there &= day[second] - day[first] <= condition.third_within_days
        agree, timed = np.ones(len(one), bool), np.zeros(len(one), bool)
        for number, apart in enumerate(condition.apart):
            near = self._near(series, first, second, apart)
            timed |= near
            asked = near | ~timed if number == len(condition.apart) - 1 else near
            agree &= ~(
                asked & self._is_apart(condition, apart, series, first, second, certainly=False)
            )
        return np.asarray(agree & there, dtype=bool)

    def _are_pairs(self, series: _Series, one: Positions, two: Positions) -> Mask:
        count = len(series.places)
        inside = (one >= 0) & (two < count)
        patient = self._timeline.patient[series.places]
        first, second = _clip(one, series), _clip(two, series)
        return np.asarray(inside & (patient[first] == patient[second]), dtype=bool)

    def _near(self, series: _Series, one: Positions, two: Positions, apart: Apart) -> Mask:
        """Tell which pairs may lie within the time."""
        places = series.places
        if apart.within_hours is not None:
            return self._timeline.may_be_within(places[one], places[two], apart.within_hours)
        days = self._timeline.day[places[two]] - self._timeline.day[places[one]]
        return np.asarray(days <= (apart.within_days or 0), dtype=bool)

    def _is_apart(
        self,
        condition: Contradiction,
        apart: Apart,
        series: _Series,
        one: Positions,
        two: Positions,
        *,
        certainly: bool,
    ) -> Mask:
        """Tell which pairs are certainly, or possibly, so far apart."""
        least_low, least_high = series.low[one], series.low[two]
        most_low, most_high = series.high[one], series.high[two]
        if certainly:
            lower = np.minimum(most_low, most_high)
            higher = np.maximum(least_low, least_high)
        else:
            lower = np.minimum(least_low, least_high)
            higher = np.maximum(most_low, most_high)
        found = np.ones(len(one), bool)
        if apart.more_than:
            step = self._canonical(condition.analyte, apart.more_than)
            found &= np.round(higher - lower, _DECIMALS) > step
        if apart.more_than_share is not None:
            with np.errstate(divide="ignore", invalid="ignore"):
                share = 1 - lower / higher
            # Of two that are zero there is none, which is more than nothing.
            found &= np.round(share, _DECIMALS) > apart.more_than_share
        if apart.one_below:
            found &= lower < self._canonical(condition.analyte, apart.one_below)
        if apart.other_above:
            found &= higher > self._canonical(condition.analyte, apart.other_above)
        return found

    def _canonical(self, analyte: str, amounts: tuple[tuple[str, float], ...]) -> float:
        ((unit, number), *_) = amounts
        return number * self._knowledge.analytes[analyte].units[unit]


_COMPARED = (Change, Contradiction, SetAside)


def _clip(at: Positions, series: _Series) -> Positions:
    """Give a place of the series instead of one beyond its ends: no pair, but it can be read."""
    return np.clip(at, 0, len(series.places) - 1)
