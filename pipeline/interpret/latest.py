"""From when on what was decided stands: of specimens close together the later decides."""

import numpy as np
import numpy.typing as npt

from pipeline.interpret.result_arrays import Mask

Minutes = npt.NDArray[np.int64]
_CLOSE = 24 * 60
"""Specimens so many minutes apart, or less, are close together."""
_NEVER = np.iinfo(np.int64).min


def valid_from(
    groups: Minutes, first: Minutes, last: Minutes, decided: Mask, believed: Mask
) -> Minutes:
    """Give for each the minute before which what was collected does not stand any more.

    That of the latest one that is believed, of those decided within 24 hours before the latest;
    where none of them is believed, those hours. What was certainly collected before that minute
    does not stand; one without a time, or of the same time, does: then the worse decides.

    Args:
        groups: Number of what is decided together: a patient, a rule of a patient.
        first: The first minute that each may have been collected in.
        last: The last one.
        decided: Where there is a date and an answer.
        believed: Where nothing speaks against the answer.
    """
    count = int(groups.max(initial=-1)) + 1
    latest = np.full(count, _NEVER)
    np.maximum.at(latest, groups[decided], first[decided])
    since = np.where(latest == _NEVER, _NEVER, latest - _CLOSE)
    close = decided & believed & (last >= since[groups])
    sure = np.full(count, _NEVER)
    np.maximum.at(sure, groups[close], first[close])
    return np.where(sure == _NEVER, since, sure)[groups]
