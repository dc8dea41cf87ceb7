"""What was said in words or as context, answered for every accession."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from pipeline.interpret.by_accession import NOWHERE, Positions, SpecimenIndex
from pipeline.interpret.result_arrays import PREGNANCY, Context, Mask, Numbers
from pipeline.interpret.timeline import Dates, Timeline
from pipeline.interpret.truth_columns import TruthColumn, rest_on, state
from pipeline.knowledge.conditions import Observed, Since
from pipeline.knowledge.export_terms import Observation
from pipeline.knowledge.model import Knowledge, PregnancyState
from schemas.vocabulary import Reason

_TRIMESTERS: Mapping[int, PregnancyState] = {1: "T1", 2: "T2", 3: "T3"}
_LONG_AGO = -1_000_000_000
"""A day before every other."""


class ObservationTruth:
    """Answers from the observations of a grid."""

    def __init__(
        self, specimen_index: SpecimenIndex, knowledge: Knowledge, timeline: Timeline
    ) -> None:
        self._grid = specimen_index
        self._knowledge = knowledge
        self._timeline = timeline
        said = specimen_index.observations
        # The last place is that of `NOWHERE`.
        self._is_yes: Mask = np.append(said["answer"].eq("yes").to_numpy(dtype=bool), False)
        self._is_unclear: Mask = np.append(said["answer"].eq("unclear").to_numpy(dtype=bool), False)
        self._number: Numbers = np.append(said["number"].to_numpy("float64"), np.nan)
        self._dates: dict[tuple[str, ...], Dates] = {}
        """Names → dates; rules ask for the same ones again and again."""

    def observed(self, condition: Observed) -> TruthColumn:
        """Say yes or no as it was said.

        Of a specimen, on that accession; of a patient, the latest statement up to the accession,
        else one without a date; a later one says nothing of it, unless it `reaches_back`. Where
        yes and no were said of the same, yes counts: it is the answer that asks for a second
        look. A treatment is said from its start on, until so many days after its stop.
        """
        known = self._knowledge.observations[condition.observation]
        if known.started_by:
            places, yes = self._course_of(known)
        else:
            places, yes = self.find(condition.observation), self.is_stated(condition.observation)
        no = (places != NOWHERE) & ~yes & ~self._is_unclear[places]
        there = places != NOWHERE
        own = known.scope == "specimen"
        return self._truth_of(
            condition.observation, places, yes, no | ~there & condition.unsaid_is_no, own=own
        )

    def since(self, condition: Since, dates: Dates) -> TruthColumn:
        """Say whether that many days lie between the date and the collection.

        Of several dates the latest one before the collection counts: from the day after, on its
        own day only where both carry a time.
        """
        at, there = self._timeline.latest_before(dates)
        ago = self._timeline.day - (dates.days[at] if len(dates.days) else 0)
        yes = there & (ago >= condition.at_least_days)
        if condition.at_most_days is not None:
            yes &= ago <= condition.at_most_days
        recorded = self._timeline.people_with(dates)
        no = recorded & self._timeline.dated & ~yes | ~recorded & condition.unsaid_is_no
        return self._truth_of(condition.observation, self._positions_of(dates), yes, no, own=False)

    def precedes(self, name: str, dates: Dates) -> TruthColumn:
        """Say whether one of the dates does not lie before the collection."""
        at, there = self._timeline.first_after(dates)
        places = self._row_of(dates, at, there)
        return self._truth_of(name, places, there, ~there, own=False)

    def _positions_of(self, dates: Dates) -> Positions:
        """Give the date that counts for each accession, else the next one, as rows."""
        if not len(dates.rows):
            return self._grid.is_missing_everywhere()
        before, there = self._timeline.latest_before(dates)
        after, later = self._timeline.first_after(dates)
        last = np.searchsorted(dates.patients, self._timeline.patient, side="right") - 1
        undated = ~self._timeline.dated & (dates.patients[last] == self._timeline.patient)
        chosen = [dates.rows[before], dates.rows[after], dates.rows[last]]
        return np.select([there, later, undated], chosen, NOWHERE).astype(np.int64)

    def _course_of(self, treatment: Observation) -> tuple[Positions, Mask]:
        """Say what counts of a treatment for each accession, and where it is being given.

        Begun by a recorded start or by a yes; a recorded stop or a later no ends it, after so
        many days.
        """
        timeline, name = self._timeline, treatment.id
        said, is_stated = self.find(name), self.is_stated(name)
        starts, stops = self.dates_of(treatment.started_by), self._stops_of(treatment)
        at, started = timeline.latest_before(starts)
        of = starts.days[at] if len(starts.days) else timeline.day
        begun = np.where(started, of, _LONG_AGO)
        latest = self._latest_yes(name)
        told = latest != NOWHERE
        on_row = np.full(timeline.count, _LONG_AGO)
        on_row[told] = timeline.day[self._grid.said_of[latest[told]]]
        from_row = on_row >= begun
        begun = np.maximum(begun, on_row)
        ended = timeline.first_from(stops, begun + 1)
        over = timeline.day - ended > treatment.lasts_days
        on = (started | told) & ~over
        places = np.where(told & from_row, latest, self._row_of(starts, at, started))
        yes = np.where(timeline.dated, on, is_stated)
        return np.where(timeline.dated & (started | told), places, said), np.asarray(yes, bool)

    def _row_of(self, dates: Dates, at: Positions, there: Mask) -> Positions:
        return (
            np.where(there, dates.rows[at], NOWHERE)
            if len(dates.rows)
            else self._grid.is_missing_everywhere()
        )

    def _stops_of(self, treatment: Observation) -> Dates:
        """List the recorded stops of a treatment, and the days on which it was denied."""
        said = self._grid.observations
        dated = said["code"].eq(treatment.stopped_by) & said["answer"].eq("yes")
        denied = said["code"].eq(treatment.id) & said["answer"].eq("no")
        rows = said[dated | denied]
        days = rows["day"].where(dated[rows.index], rows["collected_at"])
        return self._timeline.dates_of(rows["patient_id"], days)

    def _latest_yes(self, name: str) -> Positions:
        """Give the latest yes of a patient up to each accession; of a dated row only."""
        rows = np.flatnonzero(self._grid.observations["code"].eq(name).to_numpy())
        rows = rows[self._is_yes[rows] & self._timeline.dated[self._grid.said_of[rows]]]
        if not len(rows):
            return self._grid.is_missing_everywhere()
        rows = rows[np.argsort(self._timeline.first[self._grid.said_of[rows]], kind="stable")]
        return self._up_to(rows)

    def _up_to(self, rows: Positions) -> Positions:
        """Give the last of some rows, in order of time, that is not after each accession."""
        timeline = self._timeline
        of = self._grid.said_of[rows]
        at = np.searchsorted(timeline.first[of], timeline.last, side="right") - 1
        fits = (at >= 0) & timeline.dated & (timeline.patient[of[at]] == timeline.patient)
        return np.where(fits, rows[at], NOWHERE)

    def dates_of(self, *names: str) -> Dates:
        """List the dates of some observations, with their places among all that was said."""
        if names not in self._dates:
            said = self._grid.observations
            use = np.flatnonzero((said["code"].isin(names) & said["answer"].eq("yes")).to_numpy())
            rows = said.iloc[use]
            dates = self._timeline.dates_of(rows["patient_id"], rows["day"])
            self._dates[names] = replace(dates, rows=use[dates.rows])
        return self._dates[names]

    def numbers_of(self, name: str) -> Numbers:
        """Give the number that was said of each accession, missing where none was."""
        return np.where(self.is_stated(name), self._number[self.find(name)], np.nan)

    def is_stated(self, name: str) -> Mask:
        """Hold where it was said."""
        return self._is_yes[self.find(name)]

    def context(self) -> Context:
        """Say of each result what bears on its limits: pregnancy, elevation of residence."""
        pregnancy = self._knowledge.pregnancy
        stated, trimester = self.is_stated(pregnancy.stated), self.numbers_of(pregnancy.trimester)
        states: dict[PregnancyState, Mask] = {
            **{name: stated & (trimester == number) for number, name in _TRIMESTERS.items()},
            "pregnant": stated,
            "postpartum": self.is_stated(pregnancy.after),
        }
        state = np.select(list(states.values()), list(map(PREGNANCY.index, states)))
        of = self._grid.result_of
        raised: dict[str, Numbers] = {}
        for each in self._knowledge.adjustments:
            number = self.numbers_of(each.observation)
            if not np.isnan(number).all():
                starts, steps = np.array(each.steps).T
                at = np.searchsorted(starts, number, side="right") - 1
                by = np.where(np.isnan(number) | (at < 0), 0.0, steps[at])
                raised[each.id] = by[of]
        return Context(pregnancy=state[of].astype(np.int8), raised=raised)

    def find(self, name: str) -> Positions:
        """Give the statement that counts for each accession, as a place in the observations."""
        rows = np.flatnonzero(self._grid.observations["code"].eq(name).to_numpy())
        # Last in order is the one that counts: yes after no.
        rows = rows[np.argsort(2 * self._is_yes[rows] + self._is_unclear[rows], kind="stable")]
        if self._knowledge.observations[name].scope == "specimen":
            found = self._grid.is_missing_everywhere()
            found[self._grid.said_of[rows]] = rows
            return found
        back = self._knowledge.observations[name].reaches_back
        return self._find_of_patient(rows, reaches_back=back)

    def _find_of_patient(self, rows: Positions, *, reaches_back: bool) -> Positions:
        timeline, of = self._timeline, self._grid.said_of[rows]
        dated = timeline.dated[of]
        # A place for each patient; accessions are as many or more.
        undated = self._grid.is_missing_everywhere()
        undated[timeline.patient[of[~dated]]] = rows[~dated]
        found = undated[timeline.patient]
        order = np.lexsort((self._is_yes[rows], timeline.first[of]))
        rows = rows[order[dated[order]]]
        if not len(rows):
            return found
        of = self._grid.said_of[rows]
        at = np.searchsorted(timeline.first[of], timeline.last, side="right") - 1
        # An accession without a date takes the latest statement of all.
        last = np.searchsorted(timeline.patient[of], timeline.patient, side="right") - 1
        at = np.where(timeline.dated, at, last)
        fits = (at >= 0) & (timeline.patient[of[at]] == timeline.patient)
        places = np.where(fits, rows[self._yes_of_the_day(rows)[at]], found)
        if not reaches_back:
            return places
        first = np.searchsorted(timeline.patient[of], timeline.patient, side="left")
        first = np.minimum(first, len(rows) - 1)
        later = ~fits & timeline.dated & (timeline.patient[of[first]] == timeline.patient)
        day = np.searchsorted(timeline.key[of], timeline.key[of[first]], side="right") - 1
        return np.where(later, rows[self._yes_of_the_day(rows)[day]], places)

    def _yes_of_the_day(self, rows: Positions) -> Positions:
        """Give for each of some rows, in order of time, the last yes of its day up to it, or it."""
        key, own = self._timeline.key[self._grid.said_of[rows]], np.arange(len(rows))
        last = np.maximum.accumulate(np.where(self._is_yes[rows], own, NOWHERE))
        return np.where((last != NOWHERE) & (key[last] == key), last, own)

    def _truth_of(
        self, name: str, places: Positions, yes: Mask, no: Mask, *, own: bool
    ) -> TruthColumn:
        reported = places != NOWHERE
        return state(
            yes=yes,
            no=no,
            reported=reported,
            here=reported & own,
            reasons={Reason.INCONCLUSIVE: np.asarray(self._is_unclear[places], dtype=bool)},
            evidence=(rest_on(name, len(places), said=places),),
        )
