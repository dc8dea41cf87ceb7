"""Accessions of each patient in the order of time: what is near, what is earlier, what between."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.interpret.by_accession import NOWHERE, Positions, SpecimenIndex
from pipeline.interpret.latest import valid_from
from pipeline.interpret.result_arrays import Mask

Keys = npt.NDArray[np.int64]
_NO_DAY = np.iinfo(np.int64).min
_NEVER = np.iinfo(np.int64).max
_FAR = 10_000_000_000
"""More than the days or minutes between any two dates that a table can hold."""
_HOUR = 60
_DAY = 24 * _HOUR
"""Minutes."""


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
    """Dates of one observation, in order of patient and time."""

    keys: Keys
    days: Keys
    patients: Keys
    ends: Keys
    """Key of the last minute that each can mean: of the whole day where it has no time."""
    rows: Keys
    """Place of each among those that were given."""


def dates_with_time(dates: Dates) -> Mask:
    """Hold for the dates that were stated with a time of day."""
    last_minute = _key(dates.patients, dates.days * _DAY) + _DAY - 1
    return np.asarray(dates.ends != last_minute, dtype=bool)


class Timeline:
    """Days and minutes as keys: one whole number for a patient and a day, in the order of the grid.

    A result may have a time, another of the same day only a date: what has none may be of any
    minute of its day, from `first` to `last`.
    """

    def __init__(self, specimen_index: SpecimenIndex) -> None:
        """Number patients and days once."""
        accessions = specimen_index.accessions
        self.count = len(accessions)
        self._codes, self._people = pd.factorize(accessions["patient_id"])
        self.patient: Keys = self._codes.astype(np.int64)
        self.day = _days_of(accessions["collected_at"])
        self.dated: Mask = self.day != _NO_DAY
        self.key = _key(self.patient, self.day)
        self.has_time: Mask = accessions["collected_precision"].eq("time").to_numpy(bool)
        minute = np.where(self.dated, _minutes_of(accessions["collected_at"]), 0)
        start = np.where(self.has_time, minute, np.where(self.dated, self.day, 0) * _DAY)
        end = np.where(self.has_time, start, start + _DAY - 1)
        self.first = _key(self.patient, start)
        self.last = _key(self.patient, end)

    def patients_of(self, ids: "pd.Series[str]") -> Keys:
        """Number patients as here; -1 where nobody of that id has an accession."""
        codes = pd.Index(self._people).get_indexer(pd.Index(ids))
        return np.asarray(codes, dtype=np.int64)

    def dates_of(self, ids: "pd.Series[str]", days: "pd.Series[pd.Timestamp]") -> Dates:
        """Put dates in order; those of people who are not here, and missing ones, are left out.

        A date at midnight has no time.
        """
        patients, of_day = self.patients_of(ids), _days_of(days)
        rows = np.flatnonzero((patients != NOWHERE) & (of_day != _NO_DAY))
        patients, of_day = patients[rows], of_day[rows]
        minutes = _minutes_of(days)[rows]
        ends = np.where(minutes % _DAY == 0, minutes + _DAY - 1, minutes)
        order = np.lexsort((ends, patients))
        patients, of_day = patients[order], of_day[order]
        return Dates(
            keys=_key(patients, of_day),
            days=of_day,
            patients=patients,
            ends=_key(patients, ends[order]),
            rows=rows[order],
        )

    def latest_before(self, dates: Dates) -> tuple[Positions, Mask]:
        """Give the place of the latest date that lies before each accession, and where there is.

        A date counts from the day after, on its own day only where both carry a time.
        """
        if not len(dates.keys):
            return np.zeros(self.count, np.int64), np.zeros(self.count, bool)
        at = np.searchsorted(dates.ends, self.first, side="left") - 1
        there = (at >= 0) & self.dated & (dates.patients[at] == self.patient)
        return np.maximum(at, 0), there

    def first_after(self, dates: Dates) -> tuple[Positions, Mask]:
        """Give the place of the first date that does not lie before each accession."""
        if not len(dates.keys):
            return np.zeros(self.count, np.int64), np.zeros(self.count, bool)
        at = np.searchsorted(dates.ends, self.first, side="left")
        at = np.minimum(at, len(dates.keys) - 1)
        there = (dates.ends[at] >= self.first) & self.dated & (dates.patients[at] == self.patient)
        return at, there

    def first_from(self, dates: Dates, days: Keys) -> Keys:
        """Give the first date on or after a day of its own for each accession; else far away."""
        if not len(dates.keys):
            return np.full(self.count, _FAR, dtype=np.int64)
        at = np.searchsorted(dates.keys, _key(self.patient, days), side="left")
        at = np.minimum(at, len(dates.keys) - 1)
        there = (dates.patients[at] == self.patient) & (dates.days[at] >= days)
        return np.where(there, dates.days[at], _FAR)

    def people_with(self, dates: Dates) -> Mask:
        """Hold for every accession of a patient who has any of these dates."""
        return np.isin(self.patient, dates.patients)

    def nearest(self, usable: Mask, days: int, barriers: Barriers) -> Positions:
        """Give the accession itself where usable, else the nearest usable one of the patient.

        At most so many days away, the earlier one on ties, never beyond a barrier; `NOWHERE` if
        there is none.
        """
        own = np.arange(self.count)
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
        upper = self.key - least
        at = np.searchsorted(self.key[places], upper, side="right") - 1
        found = places[at]
        fits = (at >= 0) & self.dated & (self.patient[found] == self.patient)
        if most is not None:
            fits &= self.day - self.day[found] <= most
        return np.where(fits, found, NOWHERE)

    def previous(self, usable: Mask, days: int) -> Positions:
        """Give the previous usable accession, at most so many days back, also of the same day."""
        before = _previous(usable & self.dated)
        near = self._distance(np.arange(self.count), before) <= days
        return np.where(near, before, NOWHERE)

    def last_until(self, usable: Mask, ends: Keys, there: Mask) -> Positions:
        """Give the last usable accession that is not after a minute of its own for each."""
        places = np.flatnonzero(usable & self.dated)
        if not len(places):
            return np.full(self.count, NOWHERE, dtype=np.int64)
        at = np.searchsorted(self.first[places], ends, side="right") - 1
        found = places[at]
        fits = there & (at >= 0) & (self.patient[found] == self.patient)
        return np.where(fits, found, NOWHERE)

    def is_latest(self, usable: Mask, believed: Mask) -> Mask:
        """Hold for what has no date, and for what no later usable one of the patient replaces.

        Of those close together the latest believed one decides: see `valid_from`.
        """
        decided = usable & self.dated
        since = valid_from(self.patient, self.first, self.last, decided, believed)
        return np.asarray(~self.dated | (self.last >= since), dtype=bool)

    def is_separated(self, earlier: Positions, dates: Dates) -> Mask:
        """Tell where one of the dates lies between an earlier accession and this one."""
        return _is_between(dates.keys, self.key[earlier], self.key)

    def may_be_within(self, earlier: Positions, later: Positions, hours: int) -> Mask:
        """Tell which pairs may lie at most so many hours apart."""
        return np.asarray(self.first[later] - self.last[earlier] <= hours * _HOUR, dtype=bool)

    def may_lie_between(self, earlier: Positions, later: Positions, dates: Dates) -> Mask:
        """Tell where one of the dates may lie between two accessions, also of one day."""
        if not len(dates.keys):
            return np.zeros(len(earlier), bool)
        at = np.searchsorted(dates.ends, self.first[earlier], side="left")
        at = np.minimum(at, len(dates.ends) - 1)
        midnight = _key(dates.patients[at], dates.days[at] * _DAY)
        starts = np.where(dates_with_time(dates)[at], dates.ends[at], midnight)
        there = (dates.ends[at] >= self.first[earlier]) & (starts <= self.last[later])
        return np.asarray(there, dtype=bool)

    def has_undated(self, usable: Mask) -> Mask:
        """Hold where the patient has a usable accession whose place in time is not known.

        For an accession that has no date itself every other one is such.
        """
        people = len(self._people)
        undated = np.bincount(self.patient[usable & ~self.dated], minlength=people)
        everyone = np.bincount(self.patient[usable], minlength=people)
        others = np.where(self.dated, undated[self.patient], everyone[self.patient] - usable)
        return np.asarray(others > 0, dtype=bool)

    def _distance(self, here: Positions, there: Positions) -> Keys:
        """Days between two accessions of one patient; more than any where there is no such pair."""
        fits = (here != NOWHERE) & (there != NOWHERE) & (self.patient[here] == self.patient[there])
        fits &= self.dated[here] & self.dated[there]
        return np.where(fits, np.abs(self.day[here] - self.day[there]), _NEVER)

    def _apart(self, earlier: Positions, later: Positions, barriers: Barriers) -> Mask:
        """Tell which pairs a barrier separates."""
        one, two = self.key[earlier], self.key[later]
        # Of the changes that begin on or after the earlier accession the first one ends first.
        ends = np.append(barriers.change_to, _NEVER)[np.searchsorted(barriers.change_from, one)]
        return _is_between(barriers.days, one, two) | (ends <= two)


def _is_between(days: Keys, one: Keys, two: Keys) -> Mask:
    """Tell where a day lies between two; the two of one day are separated by no day.

    A day recorded counts as between from the day of the earlier one on: nobody wrote down which
    came first.
    """
    some = np.searchsorted(days, two, side="right") > np.searchsorted(days, one)
    return np.asarray(some & (one < two), dtype=bool)


def _previous(usable: Mask) -> Positions:
    """Give the last usable place before each one, whoever's it is; `NOWHERE` if none."""
    places = np.where(usable, np.arange(len(usable)), NOWHERE)
    return np.concatenate([[NOWHERE], np.maximum.accumulate(places)])[:-1].astype(np.int64)


def _key(patient: Keys, day: Keys) -> Keys:
    return np.asarray(patient * _FAR + day, dtype=np.int64)


def _days_of(times: "pd.Series[pd.Timestamp]") -> Keys:
    """Count days since 1970; `_NO_DAY` where missing."""
    days = times.to_numpy("datetime64[D]").astype(np.int64)
    return np.where(times.isna().to_numpy(), _NO_DAY, days)


def _minutes_of(times: "pd.Series[pd.Timestamp]") -> Keys:
    """Count minutes since 1970; 0 where missing."""
    minutes = times.to_numpy("datetime64[m]").astype(np.int64)
    return np.where(times.isna().to_numpy(), 0, minutes)
