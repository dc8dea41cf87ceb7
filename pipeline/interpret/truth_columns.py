"""What a condition says of every accession."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

import numpy as np
import numpy.typing as npt

from pipeline.interpret.by_accession import NOWHERE, Positions
from pipeline.interpret.result_arrays import Mask, Numbers
from pipeline.interpret.sides import Sides
from schemas.vocabulary import Direction, Reason

K = TypeVar("K")
_MASKS = ("yes", "no", "confirmed_yes", "confirmed_no", "reported", "undecided", "met")


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceColumn:
    """One thing behind an answer: which row each accession rests on, and which limit."""

    subject: str
    """Id of the analyte or of the observation."""
    results: Positions
    held: Positions
    said: Positions
    """Into the table of observations."""
    limit: Numbers
    """The number compared, in the unit reported."""
    side: Sides
    """Of that number on which the result is found."""
    direction: Direction | Literal[""]
    """On which side of it the condition asks the result to be."""

    @property
    def there(self) -> Mask:
        """Where there is any."""
        there = (self.results != NOWHERE) | (self.held != NOWHERE) | (self.said != NOWHERE)
        return np.asarray(there, dtype=bool)

    def at(self, rows: Positions) -> "EvidenceColumn":
        """Give that of some accessions only."""
        return replace(
            self,
            results=self.results[rows],
            held=self.held[rows],
            said=self.said[rows],
            limit=self.limit[rows],
            side=self.side[rows],
        )

    def same_as(self, other: "EvidenceColumn") -> Mask:
        """Where both rest on the same row."""
        same = (self.results == other.results) & (self.held == other.held)
        return np.asarray(same & (self.said == other.said), dtype=bool)


@dataclass(frozen=True, slots=True, kw_only=True)
class TruthColumn:
    """What a condition says of each accession: `yes`, `no`, or neither."""

    yes: Mask
    no: Mask
    confirmed_yes: Mask
    """Yes, also if every result that an artifact may have falsified were unknown."""
    confirmed_no: Mask
    reported: Mask
    """Something that the condition needs was reported, usable or not."""
    here: Mask
    """Something that it needs was reported on this very accession, and is not merely joined."""
    near: Mask
    """Something that it would join was reported on this very accession."""
    undecided: Mask
    """Something that was reported cannot decide."""
    met: Mask
    """One part of a compound condition holds."""
    reasons: Mapping[Reason, Mask]
    comments: Mapping[str, Mask]
    remarks: Mapping[str, Mask]
    """Comments that are made also where the answer is open."""
    evidence: tuple[EvidenceColumn, ...]
    grade: "npt.NDArray[np.object_] | None" = None

    @property
    def open(self) -> Mask:
        """Neither yes nor no."""
        return ~self.yes & ~self.no


def rest_on(
    subject: str,
    count: int,
    *,
    results: Positions | None = None,
    held: Positions | None = None,
    said: Positions | None = None,
    limit: Numbers | None = None,
    side: Sides | None = None,
    direction: Direction | Literal[""] = "",
) -> EvidenceColumn:
    """Name what an answer for so many accessions rests on; what is left out is nowhere."""
    is_missing_everywhere = np.full(count, NOWHERE, dtype=np.int64)
    return EvidenceColumn(
        subject=subject,
        results=is_missing_everywhere if results is None else results,
        held=is_missing_everywhere if held is None else held,
        said=is_missing_everywhere if said is None else said,
        limit=np.full(count, np.nan) if limit is None else limit,
        side=np.zeros(count, np.int8) if side is None else side,
        direction=direction,
    )


def state(
    *,
    yes: Mask,
    no: Mask,
    reported: Mask,
    confirmed_yes: Mask | None = None,
    confirmed_no: Mask | None = None,
    here: Mask | None = None,
    near: Mask | None = None,
    reasons: Mapping[Reason, Mask] | None = None,
    comments: Mapping[str, Mask] | None = None,
    remarks: Mapping[str, Mask] | None = None,
    evidence: tuple[EvidenceColumn, ...] = (),
) -> TruthColumn:
    """Answer a simple condition: as firmly as said, of what was reported here, with no parts."""
    is_missing_everywhere = np.zeros(len(yes), bool)
    return TruthColumn(
        yes=yes,
        no=no,
        confirmed_yes=yes if confirmed_yes is None else confirmed_yes,
        confirmed_no=no if confirmed_no is None else confirmed_no,
        reported=reported,
        here=reported if here is None else here,
        near=is_missing_everywhere if near is None else near,
        undecided=reported & ~yes & ~no,
        met=is_missing_everywhere,
        reasons=reasons or {},
        comments=comments or {},
        remarks=remarks or {},
        evidence=evidence,
    )


def negate(answer: TruthColumn) -> TruthColumn:
    """Give the contrary; what is open stays open."""
    return replace(
        answer,
        yes=answer.no,
        no=answer.yes,
        confirmed_yes=answer.confirmed_no,
        confirmed_no=answer.confirmed_yes,
        grade=None,
    )


def restrict(answer: TruthColumn, asked: Mask) -> TruthColumn:
    """Leave everything open and unreported where the condition is not asked."""
    return replace(
        answer,
        **{name: getattr(answer, name) & asked for name in _MASKS},
        reasons=_distinct(answer.reasons, lambda mask: mask & asked),
        comments=_distinct(answer.comments, lambda mask: mask & asked),
        remarks=_distinct(answer.remarks, lambda mask: mask & asked),
        evidence=tuple(
            replace(
                item,
                results=np.where(asked, item.results, NOWHERE),
                held=np.where(asked, item.held, NOWHERE),
                said=np.where(asked, item.said, NOWHERE),
            )
            for item in answer.evidence
        ),
    )


def take(answer: TruthColumn, source: Positions) -> TruthColumn:
    """Give each accession the answer of another one; where that is `NOWHERE`, nothing."""
    there = source != NOWHERE

    def of(mask: Mask) -> Mask:
        return np.asarray(mask[source] & there, dtype=bool)

    def place(positions: Positions) -> Positions:
        return np.where(there, positions[source], NOWHERE)

    moved: dict[str, Mask] = {name: of(getattr(answer, name)) for name in _MASKS}
    return TruthColumn(
        **moved,
        here=np.zeros(len(source), bool),
        near=answer.reported,
        reasons=_distinct(answer.reasons, of),
        comments=_distinct(answer.comments, of),
        remarks=_distinct(answer.remarks, of),
        evidence=tuple(
            replace(
                item,
                results=place(item.results),
                held=place(item.held),
                said=place(item.said),
                limit=np.where(there, item.limit[source], np.nan),
                side=np.where(there, item.side[source], 0).astype(np.int8),
            )
            for item in answer.evidence
        ),
        grade=None if answer.grade is None else np.where(there, answer.grade[source], ""),
    )


def _distinct(masks: Mapping[K, Mask], change: Callable[[Mask], Mask]) -> dict[K, Mask]:
    return {key: change(mask) for key, mask in masks.items()}
