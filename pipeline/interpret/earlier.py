"""The last believed result before each, and the best one of the time before."""

from dataclasses import dataclass

import numpy as np

from pipeline.interpret.by_accession import NOWHERE, Positions, SpecimenIndex
from pipeline.interpret.delta_checks import result_ends
from pipeline.interpret.result_arrays import Mask, Numbers, ResultArrays
from pipeline.interpret.treatments import Background
from pipeline.knowledge.variation import Comparison, Way

_MONTHS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class NowAndEarlier:
    """Results of some accessions, and which earlier accessions they are compared with."""

    here: Positions
    """Result of each."""
    low: Numbers
    """The least that it can be, in the unit of the analyte."""
    high: Numbers
    dated: Mask
    believed: Mask
    last: Positions
    """Accession of the last believed result before it."""
    best: Positions
    """Accession of the best believed one that may be compared."""
    depth: Positions
    """Deepest grade among these; 0 for none."""
    across: Mask
    """There was a transfusion since `last`."""
    lows: Numbers
    """Of every accession, as `low`."""
    highs: Numbers

    def ends_at(self, accessions: Positions) -> tuple[Numbers, Numbers]:
        """Give the least and the most that the results of accessions can be."""
        return self.lows[accessions], self.highs[accessions]


class EarlierResults:
    """Finds, for some accessions, what a result is compared with."""

    def __init__(
        self, specimen_index: SpecimenIndex, background: Background, comparison: Comparison
    ) -> None:
        """Take what is known of the grid, and the conventions of the comparison."""
        self._grid, self._comparison = specimen_index, comparison
        self._timeline, self._amounts = background.timeline, background.amounts
        self.courses = background.courses
        self._dates = background.sayings.dates_of(*comparison.not_across)

    def results(self, analyte: str, accessions: Positions) -> Positions:
        """Give the results of accessions; `NOWHERE` where there is no accession."""
        results = self._grid.reported.get(analyte, self._grid.is_missing_everywhere())
        return np.where(accessions == NOWHERE, NOWHERE, results[accessions])

    def find(self, analyte: str, rows: Positions, wrong: Way, depth: Positions) -> NowAndEarlier:
        """Look back from the accessions `rows`, specimen by specimen.

        What may be of the same time or later is passed over. `depth` is the grade that counts of
        every accession.
        """
        timeline = self._timeline
        results = self._grid.reported.get(analyte, self._grid.is_missing_everywhere())
        lows, highs = self._ends(results)
        believed = self.courses.believed(analyte)
        places = np.where(believed & timeline.dated, np.arange(timeline.count), NOWHERE)
        previous = np.concatenate([[NOWHERE], np.maximum.accumulate(places)])[:-1]
        is_young, is_old = self._ages(results)
        last = np.full(len(rows), NOWHERE, dtype=np.int64)
        best, deepest = last.copy(), np.zeros(len(rows), np.int64)
        across = np.zeros(len(rows), bool)
        at = np.flatnonzero((results[rows] != NOWHERE) & timeline.dated[rows])
        then = previous[rows[at]]
        while len(at):
            now = rows[at]
            days = timeline.day[now] - timeline.day[then]
            goes_on = (then != NOWHERE) & (timeline.patient[then] == timeline.patient[now])
            goes_on &= days <= self._comparison.last_days
            goes_on &= ~(is_old[now] & is_young[then])
            at, then, now, days = at[goes_on], then[goes_on], now[goes_on], days[goes_on]
            before = timeline.last[then] < timeline.first[now]
            apart = self._is_apart(then, now)
            first = before & (last[at] == NOWHERE)
            last[at[first]], across[at[first]] = then[first], apart[first]
            counts = before & ~apart & (days <= self._comparison.best_days)
            place, one = at[counts], then[counts]
            known = best[place]
            if wrong == "fall":
                is_better = (known == NOWHERE) | (lows[one] > lows[known])
            else:
                is_better = (known == NOWHERE) | (highs[one] < highs[known])
            best[place] = np.where(is_better, one, known)
            deepest[place] = np.maximum(deepest[place], depth[one])
            then = previous[then]
        return NowAndEarlier(
            here=results[rows],
            low=lows[rows],
            high=highs[rows],
            dated=timeline.dated[rows],
            believed=believed[rows],
            last=last,
            best=best,
            depth=deepest,
            across=across,
            lows=lows,
            highs=highs,
        )

    def _is_apart(self, then: Positions, now: Positions) -> Mask:
        """Tell which pairs have one of the dates between them, their own days included."""
        keys, of = self._dates.keys, self._timeline.key
        some = np.searchsorted(keys, of[now], side="right") > np.searchsorted(keys, of[then])
        return np.asarray(some & (of[then] < of[now]), dtype=bool)

    def _ends(self, results: Positions) -> tuple[Numbers, Numbers]:
        if not len(self._amounts.canonical):
            missing = np.full(len(results), np.nan)
            return missing, missing
        amounts: ResultArrays = self._amounts.at(results)
        low, high = result_ends(amounts, amounts.canonical)
        there = results != NOWHERE
        return np.where(there, low, np.nan), np.where(there, high, np.nan)

    def _ages(self, results: Positions) -> tuple[Mask, Mask]:
        """Say who is certainly younger than the age of the comparison, and who is not."""
        least = self._comparison.from_years * _MONTHS
        months = (self._amounts.age_low["months"], self._amounts.age_high["months"])
        low, high = (np.append(each, np.nan)[results] for each in months)
        return high < least, low >= least
