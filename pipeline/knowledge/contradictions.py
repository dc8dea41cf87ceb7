"""Two specimens of one patient that cannot both be true: how far apart is too far."""

from dataclasses import dataclass

ResultArrays = tuple[tuple[str, float], ...]
"""(unit, number) of an analyte."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """How far apart two results contradict each other, and within which time.

    Of what is given, everything must hold.
    """

    within_hours: int | None = None
    within_days: int | None = None
    more_than: ResultArrays = ()
    more_than_share: float | None = None
    """Of the higher result."""
    one_below: ResultArrays = ()
    other_above: ResultArrays = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """A result contradicts the next one of the patient, or the one before.

    Both are doubted, until a third specimen agrees with one of them: then the other is set aside,
    but never the newest.
    """

    analyte: str
    apart: tuple[Apart, ...]
    """Any of these is enough."""
    third_within_days: int
    from_months: int = 0
    """Younger patients are not asked."""
    not_across: tuple[str, ...] = ()
    """Observations with a date: a rise across one of them contradicts nothing."""
    not_by: tuple[str, ...] = ()
    """Observations of a specimen: where one was said, it contradicts none before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """A specimen contradicts two that agree, one before and one after it."""

    artifact: str
    """Id of the artifact that asks for the contradiction."""
