"""Accessions of each patient in the order of time: what is near, what is earlier, what between."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.interpret.amounts import Mask
from pipeline.interpret.grid import NOWHERE, Grid, Positions

Keys = npt.NDArray[np.int64]
_NO_DAY = np.iinfo(np.int64).min
_AROUND = 2
"""Room before and after the days on which anything was collected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Barriers:
    """What separates two accessions: days of something recorded, and changes between two days."""

    days: Keys
    """Sorted keys of days."""
    change_from: Keys
    """Sorted keys of the earlier end of each change."""
    change_to: Keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """Dates of one observation, in order of patient and day."""

    keys: Keys
    days: Keys
    patients: Keys


class Timeline:
    """Days as keys: one whole number for a patient and a day, in the order of the grid.

    Only whole days are compared: a result may have a time, another of the same day only a date.
    """

    def __init__(self, grid: Grid) -> None:
        """Number patients and days once."""
        accessions = grid.accessions
        self.count = len(accessions)
        self._codes, self._people = pd.factorize(accessions["patient_id"])
        self.patient: Keys = self._codes.astype(np.int64)
        self.day = _days_of(accessions["collected_at"])
        self.dated: Mask = self.day != _NO_DAY
        known = self.day[self.dated]
        self._first = int(known.min()) if len(known) else 0
        self._span = (int(known.max()) - self._first if len(known) else 0) + 2 * _AROUND
        self.key = self._key(self.patient, np.where(self.dated, self.day, self._first))

    def _key(self, patient: Keys, day: Keys) -> Keys:
        offset = np.clip(day - self._first + 1, 0, self._span - 1)
        return np.asarray(patient * self._span + offset, dtype=np.int64)

    def patients_of(self, ids: "pd.Series[str]") -> Keys:
        """Number patients as here; -1 where nobody of that id has an accession."""
        codes = pd.Index(self._people).get_indexer(pd.Index(ids))
        return np.asarray(codes, dtype=np.int64)

    def dates_of(self, ids: "pd.Series[str]", days: "pd.Series[pd.Timestamp]") -> Dates:
        """Put dates in order; those of people who are not here, and missing ones, are left out."""
        patients, of_day = self.patients_of(ids), _days_of(days)
        use = (patients != NOWHERE) & (of_day != _NO_DAY)
        patients, of_day = patients[use], of_day[use]
        order = np.lexsort((of_day, patients))
        patients, of_day = patients[order], of_day[order]
        return Dates(keys=self._key(patients, of_day), days=of_day, patients=patients)

    def latest_date(self, dates: Dates, *, before: bool = False) -> tuple[Keys, Mask]:
        """Give the latest date on (or `before`) the day of each accession, and where there is."""
        if not len(dates.keys):
            return np.zeros(self.count, np.int64), np.zeros(self.count, bool)
        side = "left" if before else "right"
        at = np.searchsorted(dates.keys, self.key, side=side) - 1  # type: ignore[call-overload]
        there = (at >= 0) & self.dated
        at = np.maximum(at, 0)
        there &= dates.patients[at] == self.patient
        return dates.days[at], there

    def people_with(self, dates: Dates) -> Mask:
        """Hold for every accession of a patient who has any of these dates."""
        return np.isin(self.patient, dates.patients)

    def nearest(self, usable: Mask, days: int, barriers: Barriers) -> Positions:
        """Give the accession itself where usable, else the nearest usable one of the patient.

        At most so many days away, the earlier one on ties, never beyond a barrier; `NOWHERE` if
        there is none.
        """
        own = np.arange(self.count)
        usable = usable.astype(bool)
        candidate = usable & self.dated
        before = _previous(candidate)
        after = self.count - 1 - _previous(candidate[::-1])[::-1]
        after = np.where(after >= self.count, NOWHERE, after)
        back = self._distance(own, before)
        ahead = self._distance(own, after)
        use_before = (back <= days) & ~self._apart(before, own, barriers)
        use_after = (ahead <= days) & ~self._apart(own, after, barriers)
        use_before &= ~use_after | (back <= ahead)
        found = np.where(use_before, before, np.where(use_after, after, NOWHERE))
        return np.where(usable, own, found)

    def latest_within(self, usable: Mask, least: int, most: int | None) -> Positions:
        """Give the latest usable accession that lies so many days back; `NOWHERE` if none."""
        places = np.flatnonzero(usable & self.dated)
        if not len(places):
            return np.full(self.count, NOWHERE, dtype=np.int64)
        upper = self._key(self.patient, np.where(self.dated, self.day - least, self._first - 1))
        at = np.searchsorted(self.key[places], upper, side="right") - 1
        found = places[np.maximum(at, 0)]
        fits = (at >= 0) & self.dated & (self.patient[found] == self.patient)
        fits &= self.day - self.day[found] >= least
        if most is not None:
            fits &= self.day - self.day[found] <= most
        return np.where(fits, found, NOWHERE)

    def previous(self, usable: Mask, days: int) -> Positions:
        """Give the previous usable accession, at most so many days back, also of the same day."""
        before = _previous(usable & self.dated)
        near = self._distance(np.arange(self.count), before) <= days
        return np.where(near, before, NOWHERE)

    def last_until(self, usable: Mask, days: Keys, there: Mask) -> Positions:
        """Give the last usable accession on or before a day of its own for each accession."""
        places = np.flatnonzero(usable & self.dated)
        if not len(places):
            return np.full(self.count, NOWHERE, dtype=np.int64)
        at = np.searchsorted(self.key[places], self._key(self.patient, days), side="right") - 1
        found = places[np.maximum(at, 0)]
        fits = there & (at >= 0) & (self.patient[found] == self.patient)
        fits &= self.day[found] <= days
        return np.where(fits, found, NOWHERE)

    def is_latest(self, usable: Mask) -> Mask:
        """Hold for what has no date, and for the latest day of the patient with a usable one."""
        latest = np.full(int(self.patient.max(initial=-1)) + 1, _NO_DAY)
        np.maximum.at(latest, self.patient[usable], self.day[usable])
        return np.asarray(~self.dated | (self.day == latest[self.patient]), dtype=bool)

    def is_separated(self, earlier: Positions, dates: Dates) -> Mask:
        """Tell where one of the dates lies between an earlier accession and this one."""
        none = np.zeros(0, np.int64)
        barriers = Barriers(days=dates.keys, change_from=none, change_to=none)
        return self._apart(earlier, np.arange(self.count), barriers)

    def has_undated(self, usable: Mask) -> Mask:
        """Hold where the patient has a usable accession whose place in time is not known.

        For an accession that has no date itself every other one is such.
        """
        people = int(self.patient.max()) + 1 if self.count else 0
        undated = np.bincount(self.patient[usable & ~self.dated], minlength=people)
        everyone = np.bincount(self.patient[usable], minlength=people)
        others = np.where(self.dated, undated[self.patient], everyone[self.patient] - usable)
        return np.asarray(others > 0, dtype=bool)

    def _distance(self, here: Positions, there: Positions) -> Keys:
        """Days between two accessions of one patient; more than any where there is no such pair."""
        fits = (here != NOWHERE) & (there != NOWHERE)
        one, two = np.where(fits, here, 0), np.where(fits, there, 0)
        fits &= (self.patient[one] == self.patient[two]) & self.dated[one] & self.dated[two]
        apart = np.abs(np.where(fits, self.day[one], 0) - np.where(fits, self.day[two], 0))
        return np.where(fits, apart, np.iinfo(np.int64).max)

    def _apart(self, earlier: Positions, later: Positions, barriers: Barriers) -> Mask:
        """Tell which pairs a barrier separates; the two of one day are separated by no day.

        A day recorded counts as between from the day of the earlier accession on: nobody wrote
        down which came first.
        """
        one, two = self.key[np.maximum(earlier, 0)], self.key[np.maximum(later, 0)]
        up_to = np.searchsorted(barriers.days, two, side="right")
        before = np.searchsorted(barriers.days, one, side="left")
        apart: Mask = (up_to > before) & (one < two)
        if len(barriers.change_from):
            at = np.searchsorted(barriers.change_from, one, side="left")
            end = barriers.change_to[np.minimum(at, len(barriers.change_to) - 1)]
            apart |= (at < len(barriers.change_from)) & (end <= two)
        return apart


def _previous(usable: Mask) -> Positions:
    """Give the last usable place before each one, whoever's it is; `NOWHERE` if none."""
    places = np.where(usable, np.arange(len(usable)), NOWHERE)
    latest = np.maximum.accumulate(places) if len(places) else places
    return np.concatenate([[NOWHERE], latest[:-1]]).astype(np.int64) if len(latest) else latest


def _days_of(times: "pd.Series[pd.Timestamp]") -> Keys:
    """Count days since 1970; `_NO_DAY` where missing."""
    days = times.to_numpy("datetime64[D]").astype(np.int64)
    return np.where(times.isna().to_numpy(), _NO_DAY, days)
