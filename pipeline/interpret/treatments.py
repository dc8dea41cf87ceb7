"""The course of a treatment: what was before its start, what came since, what does not count."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from pipeline.interpret.by_accession import NOWHERE, Positions, SpecimenIndex
from pipeline.interpret.interference import Interference
from pipeline.interpret.observed import ObservationTruth
from pipeline.interpret.result_arrays import Mask, ResultArrays
from pipeline.interpret.timeline import Dates, Timeline, dates_with_time
from pipeline.interpret.truth_columns import TruthColumn
from pipeline.knowledge.conditions import Condition
from pipeline.knowledge.model import BeforeStart, Knowledge
from schemas.vocabulary import ResultStatus


class Courses:
    """Finds the specimens of a grid that a specimen is compared with over a treatment."""

    def __init__(
        self,
        specimen_index: SpecimenIndex,
        knowledge: Knowledge,
        timeline: Timeline,
        sayings: ObservationTruth,
        amounts: ResultArrays,
        doubts: Interference,
        answer: Callable[[Condition], TruthColumn],
    ) -> None:
        """Take what is known of the grid; `answer` answers the conditions of inferred dates."""
        self._grid, self._knowledge = specimen_index, knowledge
        self._timeline, self._sayings = timeline, sayings
        self._amounts, self._doubts, self._answer = amounts, doubts, answer
        status = specimen_index.results["status"].ne(str(ResultStatus.PRELIMINARY)).to_numpy(bool)
        # The last place is that of `NOWHERE`.
        self._is_final: Mask = np.append(status, True)
        self.untransfused = self._find_untransfused()
        """What was not collected within the days after a transfusion."""

    def dates_of(self, name: str) -> Dates:
        """List the dates of an observation, or those that results suggest."""
        inferred = self._knowledge.inferred.get(name)
        if inferred is None:
            return self._sayings.dates_of(name)
        answer = self._answer(inferred.when)
        rows = np.flatnonzero(answer.confirmed_yes & self._is_final_of(answer))
        accessions = self._grid.accessions.iloc[rows]
        dates = self._timeline.dates_of(accessions["patient_id"], accessions["collected_at"])
        dates.rows[:] = NOWHERE  # Nobody said it.
        return dates

    def believed(self, analyte: str) -> Mask:
        """Hold where a result of the analyte is final or corrected and not doubted."""
        results = self._grid.reported.get(analyte, self._grid.is_missing_everywhere())
        low, high = self._doubts.of_results(analyte, results)
        return np.asarray((results != NOWHERE) & self._is_final[results] & ~low & ~high, bool)

    def believed_truth(self, answer: TruthColumn) -> Mask:
        """Hold where an answer rests on results that are final or corrected and not doubted."""
        return (answer.confirmed_yes | answer.confirmed_no) & self._is_final_of(answer)

    def baseline(
        self, usable: Mask, dates: Dates, days: int | None, *, following: bool = False
    ) -> Positions:
        """Give the last usable specimen that is not after the date that counts for each.

        At most so many days before it; the date is the latest before each specimen, or the first
        one `following` it.
        """
        if not len(dates.keys):
            return self._grid.is_missing_everywhere()
        pick = self._timeline.first_after if following else self._timeline.latest_before
        at, there = pick(dates)
        found = self._timeline.last_until(usable, dates.ends[at], there)
        if days is None:
            return found
        near = dates.days[at] - self._timeline.day[found] <= days
        return np.where(near, found, NOWHERE)

    def known_before(self, usable: Mask, known: BeforeStart) -> Positions:
        """Give the last usable specimen before the start, for those of some time after it."""
        dates = self._sayings.dates_of(known.since)
        found = self.baseline(usable, dates, known.days)
        if not len(dates.keys):
            return found
        at, _ = self._timeline.latest_before(dates)
        soon = self._timeline.day - dates.days[at] <= known.until_days
        return np.where(soon, found, NOWHERE)

    def last_since(self, usable: Mask, dates: Dates | None) -> Positions:
        """Give the last usable specimen up to each; with dates, after the same one of them."""
        own = np.arange(self._timeline.count)
        places = pd.Series(np.where(usable & self._timeline.dated, own, np.nan))
        last = places.groupby(self._segments(dates)).ffill()
        found = last.fillna(NOWHERE).to_numpy(np.int64)
        return np.where(self._timeline.dated & self._has_begun(dates), found, NOWHERE)

    def extreme_since(self, analyte: str, dates: Dates, *, highest: bool) -> Positions:
        """Give the specimen with the highest or lowest believed result since the date."""
        results = self._grid.reported.get(analyte, self._grid.is_missing_everywhere())
        is_exact = np.append(self._amounts.is_exact, False)[results]
        usable = self.believed(analyte) & self.untransfused & is_exact & self._timeline.dated
        amount = np.append(self._amounts.canonical, np.nan)[results]
        value = amount if highest else -amount
        best = pd.Series(np.where(usable, value, -np.inf))
        segments = self._segments(dates)
        reached = best.groupby(segments).cummax().to_numpy()
        is_best = usable & (value == reached)
        places = pd.Series(np.where(is_best, np.arange(len(value)), np.nan))
        found = places.groupby(segments).ffill().fillna(NOWHERE).to_numpy(np.int64)
        return np.where(self._timeline.dated & self._has_begun(dates), found, NOWHERE)

    def _segments(self, dates: Dates | None) -> Positions:
        """Number what belongs together: patient, and the date that counts."""
        patient = self._timeline.patient
        if dates is None:
            return patient
        at, there = self._timeline.latest_before(dates)
        return np.where(there, at, -1 - patient)

    def _has_begun(self, dates: Dates | None) -> Mask:
        if dates is None:
            return np.ones(self._timeline.count, bool)
        return self._timeline.latest_before(dates)[1]

    def _find_untransfused(self) -> Mask:
        course, timeline = self._knowledge.course, self._timeline
        dates = self._sayings.dates_of(course.transfused)
        if not len(dates.keys):
            return np.ones(timeline.count, bool)
        at = np.searchsorted(dates.keys, timeline.key, side="right") - 1
        # Certainly collected before it, on the same day: the last one before the minute counts.
        ahead = dates_with_time(dates)[at] & (timeline.last <= dates.ends[at])
        at = np.where(ahead, np.searchsorted(dates.ends, timeline.last) - 1, at)
        of_patient = (at >= 0) & timeline.dated & (dates.patients[at] == timeline.patient)
        near = timeline.day - dates.days[at] <= course.transfused_days
        return np.asarray(~(of_patient & near), dtype=bool)

    def _is_final_of(self, answer: TruthColumn) -> Mask:
        final = np.ones(self._timeline.count, bool)
        for item in answer.evidence:
            final &= self._is_final[item.results]
        return final


class Background(NamedTuple):
    """What results of a grid are compared on."""

    timeline: Timeline
    sayings: ObservationTruth
    amounts: ResultArrays
    courses: Courses
