"""What can be asked of an accession: the kinds of condition, and the one walk through them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pipeline.knowledge.contradictions import Contradiction, SetAside
from schemas.vocabulary import Direction, Grade, Reason

ResultArrays = tuple[tuple[str, float], ...]
"""(unit, number) as published in each unit; `SHARE` as a unit means a share of the earlier one."""
SHARE = "share"
ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare:
    """The result of the limit's analyte stands in this direction of the limit."""

    direction: Direction
    limit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """The result stands in this direction of the interval that its own laboratory printed."""

    direction: Literal["below", "above"]
    analyte: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleIs:
    """Another rule is present, and at least as deep as `grade` if one is named."""

    rule: str
    grade: Grade | None = None
    if_open: bool = False
    """Also where the grade is withheld or cannot be told: what may be deep is not called mild."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """Another rule is indeterminate for this reason."""

    rule: str
    because: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """Something was said in words or as context: yes or no as said."""

    observation: str
    unsaid_is_no: bool = False
    """What nobody said counts as no; otherwise it is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A condition answered on the nearest accession of the patient on which it was reported."""

    condition: "Condition"


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A condition held on an earlier accession of the patient, that many days back."""

    condition: "Condition"
    at_least_days: int = 1
    at_most_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """So many days lie between the date of an observation and the collection."""

    observation: str
    at_least_days: int = 0
    at_most_days: int | None = None
    unsaid_is_no: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How far the result of an analyte moved from an earlier one of the patient.

    The earlier one is the previous one within so many days, or, with `since`, the baseline: the
    last believed one that is not after the date of that observation, at most so many days before
    it. Give one of `less_than`, `at_least`, `more_than`.
    """

    analyte: str
    direction: Literal["rise", "fall", "either"]
    since: str = ""
    within_days: int | None = None
    within_hours: int | None = None
    """Instead of days: from the highest (of a fall) or lowest one of these hours."""
    from_months: int = 0
    """Younger patients are not asked."""
    unless_artifact: str = ""
    """A specimen with this artifact is left out."""
    against: Literal["", "highest", "lowest"] = ""
    """With `since`: instead of the baseline, the highest or lowest believed one after the date."""
    not_across: tuple[str, ...] = ()
    """Observations with a date: a pair with one of them in between is not compared."""
    each_days: int | None = None
    """The amount, and as much again for each so many days between the two."""
    less_than: ResultArrays = ()
    at_least: ResultArrays = ()
    more_than: ResultArrays = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """A condition held on the last believed specimen that is not after the date of `since`.

    At most so many days before it, and not within the days of `[course]` after a transfusion.
    """

    condition: "Condition"
    since: str
    within_days: int
    following: bool = False
    """Of the first date after the specimen, instead of the latest one before it."""
    unsaid_is_no: bool = False
    """Where there is no such specimen the answer is no."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A condition holds, or held on an earlier specimen that is believed.

    With `since`, on one after the latest date of that observation.
    """

    condition: "Condition"
    since: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """A condition held on a later specimen of the patient."""

    condition: "Condition"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stands:
    """A condition holds on the latest specimen of the patient on which it is decided."""

    condition: "Condition"


@dataclass(frozen=True, slots=True, kw_only=True)
class Precedes:
    """A date of the observation lies after the specimen, or on its day."""

    observation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """A result of any analyte lies outside what its laboratory expects, and no rule says so."""

    bounds: tuple[str, ...] = ()
    """Limits above which a result lies outside where no upper end is printed."""
    unless: tuple[str, ...] = ()
    """Rules that say already on which side a result lies."""
    within_days: int = 0
    """For so long the last result of an analyte that was not measured again counts, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A usable result of the analyte is there."""

    analyte: str
    """Id, or `ANY`."""
    or_held: bool = False
    """Or one that is held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldAs:
    """A result of the analyte is held for this reason, or for any."""

    analyte: str
    because: str = ""
    """Code of the issue; "": whatever it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """What two results give, in canonical units, or how far that is from a third.

    `ratio`: first / second × `times`. `difference`: first − second × `times`.
    """

    shape: Literal["ratio", "difference"]
    of: tuple[str, str]
    times: float = 1.0
    apart_from: str = ""
    """Analyte; the distance to its result is asked for, whichever is higher."""
    less_than: float | None = None
    more_than: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactIs:
    """The specimen is doubted for this reason, or for any."""

    artifact: str
    """Id, or `ANY`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """The contrary of a condition; what is not known stays so."""

    condition: "Condition"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Several conditions together, in three-valued logic."""

    kind: Literal["all", "any", "any_reported", "either", "exactly", "at_least"]
    """`any_reported` leaves out what was not reported at all; `either` says yes where the first
    holds, no where the second does, and is open in between; the last two count."""
    members: tuple["Condition", ...]
    count: int = 0
    partial_comment: str = ""
    """`any_reported`: comment when something was left out."""


Condition = (
    Compare
    | Interval
    | RuleIs
    | Undecided
    | Observed
    | Joined
    | Earlier
    | Since
    | Baseline
    | Seen
    | Later
    | Stands
    | Precedes
    | Change
    | Outside
    | Reported
    | HeldAs
    | Formula
    | ArtifactIs
    | Contradiction
    | SetAside
    | Not
    | Group
)


def parts_of(condition: Condition) -> tuple[Condition, ...]:
    """Give the conditions that a condition is made of; none for a simple one."""
    match condition:
        case Group(members=members):
            return members
        case Joined(condition=inner) | Earlier(condition=inner) | Not(condition=inner):
            return (inner,)
        case Baseline(condition=inner) | Seen(condition=inner):
            return (inner,)
        case Later(condition=inner) | Stands(condition=inner):
            return (inner,)
        case _:
            return ()


def walk(condition: Condition | None) -> Iterator[Condition]:
    """Give a condition and all that it is made of, outermost first, in the order written.

    Rules that it refers to are not entered: `Knowledge.walk` does that.
    """
    if condition is None:
        return
    yield condition
    for part in parts_of(condition):
        yield from walk(part)


def alternatives(condition: Condition | None) -> tuple[Condition, ...]:
    """Give the conditions of which any one is enough: the members of an outer `any`."""
    match condition:
        case None:
            return ()
        case Group(kind="any", members=members):
            return members
        case _:
            return (condition,)


def without_exceptions(condition: Condition) -> Condition:
    """Give what must hold of an `all` whose other members are all denied; else the condition."""
    match condition:
        case Group(kind="all", members=members):
            asked = [each for each in members if not isinstance(each, Not)]
            return asked[0] if len(asked) == 1 else condition
        case _:
            return condition
