"""On which side of a number a result is found; every answer about limits follows from it."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from pipeline.interpret.result_arrays import Mask, Numbers, ResultArrays
from schemas.vocabulary import Comparator, Direction, Side

Sides = npt.NDArray[np.int8]
"""Indices into `SIDES`."""

SIDES = ("", *Side)
"""The first one: there is no number to compare with."""
_CODE: Mapping[str, int] = {side: code for code, side in enumerate(SIDES)}

_NONE: frozenset[Side] = frozenset()
_UNDER = frozenset({Side.BELOW})
_NOT_OVER = frozenset({Side.BELOW, Side.AT_OR_BELOW, Side.AT})
_OVER = frozenset({Side.ABOVE})
_NOT_UNDER = frozenset({Side.ABOVE, Side.AT_OR_ABOVE, Side.AT})
BEYOND: Mapping[str, tuple[frozenset[Side], frozenset[Side]]] = MappingProxyType(
    {
        "below": (_UNDER, _NOT_UNDER),
        "at_or_below": (_NOT_OVER, _OVER),
        "above": (_OVER, _NOT_OVER),
        "at_or_above": (_NOT_UNDER, _UNDER),
    }
)
"""The sides that certainly lie in a direction, and those that certainly do not."""


def find_sides(amounts: ResultArrays, limit: Numbers) -> Sides:
    """Return the side on which each result is found, seen from its number in the unit reported.

    A censored result is an interval: "<120" is below 120, and open against 100.
    """
    value, is_ = amounts.value, amounts.is_
    under, equal, over = value < limit, value == limit, value > limit
    exact, at_most, at_least = (
        is_[Comparator.EXACT],
        is_[Comparator.AT_MOST],
        is_[Comparator.AT_LEAST],
    )
    sides = np.where(np.isnan(limit), 0, _CODE[Side.OPEN]).astype(np.int8)
    sides[(under & (exact | at_most)) | ((under | equal) & is_[Comparator.LESS])] = _CODE[
        Side.BELOW
    ]
    sides[(over & (exact | at_least)) | ((over | equal) & is_[Comparator.GREATER])] = _CODE[
        Side.ABOVE
    ]
    sides[equal & exact] = _CODE[Side.AT]
    sides[equal & at_most] = _CODE[Side.AT_OR_BELOW]
    sides[equal & at_least] = _CODE[Side.AT_OR_ABOVE]
    return sides


def lies_beyond(direction: Direction, sides: Sides) -> tuple[Mask, Mask]:
    """Return where results certainly lie in a direction, and where they certainly do not."""
    yes, no = _MASKS[direction]
    return yes[sides], no[sides]


def is_beyond(direction: str, side: str) -> bool | None:
    """Say whether one side lies in a direction; None where it may or may not, or there is none."""
    yes, no = BEYOND.get(direction, (_NONE, _NONE))
    return True if side in yes else False if side in no else None


_MASKS: Mapping[str, tuple[Mask, Mask]] = {
    direction: (
        np.array([side in yes for side in SIDES]),
        np.array([side in no for side in SIDES]),
    )
    for direction, (yes, no) in BEYOND.items()
}
