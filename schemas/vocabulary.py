"""The words that tables use: closed sets, spelled the same in every table, file and workbook."""

from enum import StrEnum
from typing import Literal


class Sex(StrEnum):
    """Sex as limits use it. An empty text in a table means that it is not known."""

    FEMALE = "F"
    MALE = "M"


class Comparator(StrEnum):
    """The sign in front of a number, as in FHIR Quantity. `EXACT` is the empty text."""

    EXACT = ""
    LESS = "<"
    AT_MOST = "<="
    AT_LEAST = ">="
    GREATER = ">"


Direction = Literal["below", "at_or_below", "above", "at_or_above"]
"""On which side of a limit a condition asks a result to be."""


class Side(StrEnum):
    """Where a result is certainly found, seen from the limit that it was compared with."""

    BELOW = "below"
    AT_OR_BELOW = "at-or-below"
    """A bound such as "<=120" against 120: nobody knows which."""
    AT = "at"
    AT_OR_ABOVE = "at-or-above"
    ABOVE = "above"
    OPEN = "open"
    """A bound such as "<200" against 120: it may be found on either side."""


class ResultStatus(StrEnum):
    """Where a result stands with the laboratory that sent it."""

    FINAL = "final"
    CORRECTED = "corrected"
    PRELIMINARY = "preliminary"
    CANCELLED = "cancelled"


class Outcome(StrEnum):
    """What a rule says of one accession."""

    PRESENT = "present"
    ABSENT = "absent"
    INDETERMINATE = "indeterminate"
    NOT_TESTED = "not-tested"
    """Nothing that the rule needs was reported: not a statement about the patient."""


class Reason(StrEnum):
    """Why an outcome is indeterminate."""

    MISSING_INPUT = "missing-input"
    HELD = "held"
    CENSORED = "censored"
    NO_LIMIT_FOR_AGE = "no-limit-for-age"
    AGE_UNKNOWN = "age-unknown"
    SEX_UNKNOWN = "sex-unknown"
    INCONCLUSIVE = "inconclusive"
    """All that is needed was reported, and lies where neither answer is given."""


class Confirmation(StrEnum):
    """Whether the specimen itself is believed."""

    CONFIRMED = "confirmed"
    UNCONFIRMED = "unconfirmed"


class Grade(StrEnum):
    """Depth of a finding, mildest first. An empty text in a table means not graded.

    A rule grades in words or in numbers, never in both.
    """

    GRADE_1 = "grade-1"
    MILD = "mild"
    GRADE_2 = "grade-2"
    MODERATE = "moderate"
    GRADE_3 = "grade-3"
    SEVERE = "severe"
    GRADE_4 = "grade-4"


class Change(StrEnum):
    """What became of a finding since the last report."""

    NEW = "new"
    WORSE = "worse"
    """By value, or by a grade, further the wrong way."""
    CORRECTED = "corrected"
    """The same specimen, another result, or a result that was taken back."""
    CONTINUING = "continuing"
    BETTER = "better"
    """By value back the right way, and not worse."""
    UNDECIDED = "undecided"
    """It was present, and the latest specimen cannot decide."""
    RESOLVED = "resolved"
    """It was present, and is absent from a later specimen."""


class Way(StrEnum):
    """Which way the value of a finding moved against the earlier one it is compared with."""

    RISE = "rise"
    FALL = "fall"
    TRANSFUSED = "transfused"
    """Not told: there was a transfusion between the two."""


class Difference(StrEnum):
    """How an answer differs between two sets of rules; the first that fits."""

    GAINED = "gained"
    LOST = "lost"
    OUTCOME = "outcome"
    """Present in neither, and yet another outcome."""
    REASON = "reason"
    GRADE = "grade"
    STATUS = "status"


class IssueSeverity(StrEnum):
    """`ERROR` sets a result, row or file aside; `NOTE` is said, and the result goes on."""

    ERROR = "error"
    NOTE = "note"


class Disposition(StrEnum):
    """What became of a result that was read. Each result has exactly one."""

    USED = "used"
    HELD = "held"
    DUPLICATE = "duplicate"
    SUPERSEDED = "superseded"
    IGNORED = "ignored"


CriticalValues = Literal["", "confirmed", "off"]
"""What a site says of the critical values to telephone; "": it has not chosen."""
