"""The day to which a specimen counts whose number starts anew each day, and names made of both."""

import re

import pandas as pd

_EVENING, _MORNING = 18, 6
"""The 12 hours around midnight, which are kept together."""
_NAMED = re.compile(r"(.+) \((\d{4}-\d\d-\d\d)\)", re.DOTALL)
_FORMAT = " (%Y-%m-%d)"
_DAY = pd.Timedelta(days=1)


def name_specimens(rows: pd.DataFrame) -> "pd.Series[str]":
    """Return number and day of each result: "17 (2026-03-01)"; missing where no day is known."""
    return rows["accession"] + specimen_days(rows).dt.strftime(_FORMAT)


def specimen_days(rows: pd.DataFrame) -> "pd.Series[pd.Timestamp]":
    """Return the day that each result counts to; missing where none is known."""
    at, is_timed = rows["collected_at"], rows["collected_precision"].eq("time")
    day = at.dt.normalize()
    is_early = is_timed & at.dt.hour.lt(_MORNING)
    is_late = is_timed & at.dt.hour.ge(_EVENING)
    keys = pd.DataFrame({"who": rows["patient_id"], "number": rows["accession"], "day": day})
    evenings = keys[is_late].assign(day=day[is_late] + _DAY)
    goes_back = is_early & pd.Series(
        pd.MultiIndex.from_frame(keys).isin(pd.MultiIndex.from_frame(evenings)), index=rows.index
    )
    settled: pd.Series[pd.Timestamp] = day.mask(goes_back, day - _DAY)
    return settled


def is_of_specimen(rows: pd.DataFrame, accession: str) -> "pd.Series[bool]":
    """Whether stored results are of a specimen, by its id or by number and day.

    Args:
        rows: As they were stored: with the number alone.
        accession: As reports show it.
    """
    found = _NAMED.fullmatch(accession)
    is_same = rows["accession"].eq(accession)
    if not found:
        return is_same
    at, day = rows["collected_at"], pd.Timestamp(found[2])
    is_early = rows["collected_precision"].eq("time") & at.dt.hour.lt(_MORNING)
    is_of_day = at.dt.normalize().eq(day) | (is_early & at.dt.normalize().eq(day + _DAY))
    stands: pd.Series[bool] = is_same | (rows["accession"].eq(found[1]) & is_of_day)
    return stands


def is_named_by_day(
    accessions: "pd.Series[str]", days: "pd.Series[pd.Timestamp]"
) -> "pd.Series[bool]":
    """Whether specimens carry a number and the day beside them."""
    texts = days.dt.strftime(_FORMAT)
    named = [
        isinstance(text, str) and accession.endswith(text)
        for accession, text in zip(accessions, texts, strict=True)
    ]
    return pd.Series(named, index=accessions.index, dtype="bool")
