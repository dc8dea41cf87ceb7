"""How far results of an analyte move by chance, and with which earlier ones they are compared."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from pipeline.errors import KnowledgeError

Way = Literal["fall", "rise"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """What counts as a move of one analyte: more than a share of the earlier, and a least step."""

    analyte: str
    share: float
    """Reference change value, as a share of the earlier result."""
    least: Mapping[str, float]
    """Smallest step in the unit of the analyte."""
    worse: tuple[Way, ...]
    """Ways that can be the wrong one; the first in findings that rest on several analytes."""
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """With which earlier results a result is compared."""

    id: str
    last_days: int
    """The last believed one is compared when at most so many days ago."""
    best_days: int
    """The best, and the deepest grade, are those of so many days."""
    from_years: int
    """From this age on only with results from this age on."""
    not_across: tuple[str, ...]
    """Observations with a date: across one of them nothing moved."""


def check_variation(variation: Variation, units: Collection[str]) -> None:
    """Refuse a share that is none, a least step that has not one known unit, and no way at all.

    Raises:
        KnowledgeError: Names the analyte.
    """
    where = f"variation {variation.analyte!r}"
    if not 0 < variation.share < 1:
        raise KnowledgeError(f"{where}: `share` must lie between 0 and 1")
    if len(variation.least) != 1 or not set(variation.least) <= set(units):
        raise KnowledgeError(f"{where}: `least` must have one unit of the analyte")
    if not variation.worse:
        raise KnowledgeError(f"{where}: `worse` must name a way")
