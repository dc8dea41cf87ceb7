"""What was said in words or as context, answered for every accession."""

from collections.abc import Mapping

import numpy as np

from pipeline.interpret.amounts import PREGNANCY, Context, Mask, Numbers
from pipeline.interpret.answer import Answer, rest_on, state
from pipeline.interpret.grid import NOWHERE, Grid, Positions
from pipeline.interpret.timeline import Dates, Timeline
from pipeline.knowledge.conditions import Observed, Since
from pipeline.knowledge.model import Knowledge, PregnancyState

_TRIMESTERS: Mapping[int, PregnancyState] = {1: "T1", 2: "T2", 3: "T3"}


class Sayings:
    """Answers from the observations of a grid."""

    def __init__(self, grid: Grid, knowledge: Knowledge, timeline: Timeline) -> None:
        self._grid = grid
        self._knowledge = knowledge
        self._timeline = timeline
        said = grid.observations
        # The last place is that of `NOWHERE`.
        self._is_yes: Mask = np.append(said["answer"].eq("yes").to_numpy(dtype=bool), False)
        self._number: Numbers = np.append(said["number"].to_numpy("float64"), np.nan)

    def observed(self, condition: Observed) -> Answer:
        """Say yes or no as it was said.

        Of a specimen, on that accession; of a patient, the latest statement on or before the day
        of the accession, else the first one after it, else one without a date. Where yes and no
        were said of the same, yes counts: it is the answer that asks for a second look.
        """
        places = self.find(condition.observation)
        there = places != NOWHERE
        yes = self.said_yes(condition.observation)
        no = there & ~yes
        own = self._knowledge.observations[condition.observation].scope == "specimen"
        return self._answer(
            condition.observation, places, yes, no | ~there & condition.unsaid_is_no, own=own
        )

    def since(self, condition: Since) -> Answer:
        """Say whether that many days lie between the date and the collection.

        Of several dates the latest one on or before the day of collection counts.
        """
        dates = self.dates_of(condition.observation)
        day, there = self._timeline.latest_date(dates)
        ago = self._timeline.day - day
        yes = there & (ago >= condition.at_least_days)
        if condition.at_most_days is not None:
            yes &= ago <= condition.at_most_days
        recorded = self._timeline.people_with(dates)
        no = recorded & self._timeline.dated & ~yes | ~recorded & condition.unsaid_is_no
        places = np.where(recorded, self.find(condition.observation), NOWHERE)
        return self._answer(condition.observation, places, yes, no, own=False)

    def dates_of(self, *names: str) -> Dates:
        """List the dates of some observations."""
        rows = self._grid.observations
        rows = rows[rows["code"].isin(names) & rows["answer"].eq("yes")]
        return self._timeline.dates_of(rows["patient_id"], rows["day"])

    def numbers_of(self, name: str) -> Numbers:
        """Give the number that was said of each accession, missing where none was."""
        return np.where(self.said_yes(name), self._number[self.find(name)], np.nan)

    def said_yes(self, name: str) -> Mask:
        """Hold where it was said."""
        return self._is_yes[self.find(name)]

    def context(self) -> Context:
        """Say of each result what bears on its limits: pregnancy, elevation of residence."""
        pregnancy = self._knowledge.pregnancy
        stated, trimester = self.said_yes(pregnancy.stated), self.numbers_of(pregnancy.trimester)
        states: dict[PregnancyState, Mask] = {
            **{name: stated & (trimester == number) for number, name in _TRIMESTERS.items()},
            "pregnant": stated,
            "postpartum": self.said_yes(pregnancy.after),
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
        rows = rows[np.argsort(self._is_yes[rows], kind="stable")]
        if self._knowledge.observations[name].scope == "specimen":
            found = self._grid.nowhere()
            found[self._grid.said_of[rows]] = rows
            return found
        return self._find_of_patient(rows)

    def _find_of_patient(self, rows: Positions) -> Positions:
        timeline, of = self._timeline, self._grid.said_of[rows]
        dated = timeline.dated[of]
        order = np.lexsort((self._is_yes[rows], timeline.key[of]))
        # A place for each patient; accessions are as many or more.
        undated = self._grid.nowhere()
        undated[timeline.patient[of[~dated]]] = rows[~dated]
        found = undated[timeline.patient]
        in_order = order[dated[order]]
        rows, keys = rows[in_order], timeline.key[of[in_order]]
        people = timeline.patient[of[in_order]]
        if not len(rows):
            return found
        # An accession without a date takes the latest statement of all.
        last = np.searchsorted(people, timeline.patient, side="right") - 1
        before = np.searchsorted(keys, timeline.key, side="right") - 1
        after = np.minimum(before + 1, len(rows) - 1)
        at = np.where(timeline.dated, before, last)
        fits = (at >= 0) & (people[at] == timeline.patient)
        # Of the first day after, the last statement: yes after no.
        first_day = np.searchsorted(keys, keys[after], side="right") - 1
        later = people[first_day] == timeline.patient
        return np.select([fits, later], [rows[at], rows[first_day]], found)

    def _answer(self, name: str, places: Positions, yes: Mask, no: Mask, *, own: bool) -> Answer:
        reported = places != NOWHERE
        return state(
            yes=yes,
            no=no,
            reported=reported,
            here=reported & own,
            evidence=(rest_on(name, len(places), said=places),),
        )
