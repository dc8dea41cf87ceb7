"""What a condition says of every accession, and how such answers go together."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import reduce
from typing import Literal, TypeVar

import numpy as np
import numpy.typing as npt

from pipeline.interpret.amounts import Mask, Numbers
from pipeline.interpret.grid import NOWHERE, Positions
from pipeline.knowledge.conditions import Group
from schemas.vocabulary import Reason

K = TypeVar("K")
Role = Literal["here", "joined", "earlier"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One thing behind an answer: which row each accession rests on, and which limit."""

    subject: str
    """Id of the analyte or of the observation."""
    results: Positions
    held: Positions
    said: Positions
    """Into the table of observations."""
    limit: Numbers
    direction: str = ""
    role: Role = "here"
    """Of this accession, of the nearest one, or of an earlier one."""

    @property
    def there(self) -> Mask:
        """Where there is any."""
        there = (self.results != NOWHERE) | (self.held != NOWHERE) | (self.said != NOWHERE)
        return np.asarray(there, dtype=bool)

    def same_as(self, other: "Evidence") -> Mask:
        """Where both rest on the same row."""
        same = (self.results == other.results) & (self.held == other.held)
        return np.asarray(same & (self.said == other.said), dtype=bool)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a condition says of each accession: `yes`, `no`, or neither."""

    yes: Mask
    no: Mask
    firm_yes: Mask
    """Yes, also if every result that an artifact may have falsified were unknown."""
    firm_no: Mask
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
    comments: Mapping[str, Mask] = field(default_factory=dict)
    remarks: Mapping[str, Mask] = field(default_factory=dict)
    """Comments that are made also where the answer is open."""
    evidence: tuple[Evidence, ...] = ()
    grade: "npt.NDArray[np.object_] | None" = None

    @property
    def open(self) -> Mask:
        """Neither yes nor no."""
        return ~self.yes & ~self.no


def negate(answer: Answer) -> Answer:
    """Give the contrary; what is open stays open."""
    return replace(
        answer,
        yes=answer.no,
        no=answer.yes,
        firm_yes=answer.firm_no,
        firm_no=answer.firm_yes,
        grade=None,
    )


def restrict(answer: Answer, asked: Mask) -> Answer:
    """Leave everything open and unreported where the condition is not asked."""
    masks = ("yes", "no", "firm_yes", "firm_no", "reported", "undecided", "met")
    return replace(
        answer,
        **{name: getattr(answer, name) & asked for name in masks},
        reasons=_each(answer.reasons, lambda mask: mask & asked),
        comments=_each(answer.comments, lambda mask: mask & asked),
        remarks=_each(answer.remarks, lambda mask: mask & asked),
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


def take(answer: Answer, source: Positions, role: Role) -> Answer:
    """Give each accession the answer of another one; where that is `NOWHERE`, nothing."""
    there = source != NOWHERE
    at = np.where(there, source, 0)

    def of(mask: Mask) -> Mask:
        return mask[at] & there if len(mask) else mask

    def place(positions: Positions) -> Positions:
        return np.where(there, positions[at], NOWHERE) if len(positions) else positions

    moved: dict[str, Mask] = {
        item.name: of(getattr(answer, item.name))
        for item in fields(Answer)
        if item.name in ("yes", "no", "firm_yes", "firm_no", "reported", "undecided", "met")
    }
    return Answer(
        **moved,
        here=np.zeros(len(source), bool),
        near=answer.reported,
        reasons=_each(answer.reasons, of),
        comments=_each(answer.comments, of),
        remarks=_each(answer.remarks, of),
        evidence=tuple(
            replace(
                item,
                results=place(item.results),
                held=place(item.held),
                said=place(item.said),
                limit=np.where(there, item.limit[at], np.nan) if len(at) else item.limit,
                role=role,
            )
            for item in answer.evidence
        ),
        grade=None if answer.grade is None else np.where(there, answer.grade[at], ""),
    )


def combine(group: Group, members: list[Answer]) -> Answer:
    """Join answers as the group says, by Kleene's logic."""
    reported = [member.reported for member in members]
    any_reported = any_of(reported)
    yes, no = _decide(group, [(m.yes, m.no) for m in members], reported)
    firm_yes, firm_no = _decide(group, [(m.firm_yes, m.firm_no) for m in members], reported)
    open_ = ~yes & ~no
    comments = _either_said(member.comments for member in members)
    if group.partial_comment:
        comments[group.partial_comment] = any_reported & ~all_of(reported)
    return Answer(
        yes=yes,
        no=no,
        firm_yes=firm_yes,
        firm_no=firm_no,
        reported=any_reported,
        here=any_of([member.here for member in members]),
        near=any_of([member.near for member in members]),
        undecided=open_
        & any_of([*(member.undecided for member in members), _lies_between(group, members)]),
        # What silence answers is no part that holds: it says nothing of the specimen.
        met=open_ & any_of([member.yes & member.reported for member in members]),
        reasons=_reasons(group, members, open_),
        comments=comments,
        remarks=_either_said(member.remarks for member in members),
        evidence=tuple(item for member in members for item in member.evidence),
    )


def _lies_between(group: Group, members: list[Answer]) -> Mask:
    """Hold where an `either` stays open although something it needs is known to speak."""
    nowhere = np.zeros(len(members[0].yes), bool)
    if group.kind != "either":
        return nowhere
    decided = [member.yes | member.no for member in members]
    return all_of(decided) | (any_of(decided) & any_of([member.met for member in members]))


def any_of(masks: list[Mask]) -> Mask:
    """Hold where one of them does."""
    return reduce(np.logical_or, masks)


def all_of(masks: list[Mask]) -> Mask:
    """Hold where each of them does."""
    return reduce(np.logical_and, masks)


def _decide(
    group: Group, members: list[tuple[Mask, Mask]], reported: list[Mask]
) -> tuple[Mask, Mask]:
    yes, no = [each[0] for each in members], [each[1] for each in members]
    match group.kind:
        case "all":
            return all_of(yes), any_of(no)
        case "any":
            return any_of(yes), all_of(no)
        case "any_reported":
            left_out_or_no = [each | ~said for each, said in zip(no, reported, strict=True)]
            return any_of(yes), any_of(reported) & all_of(left_out_or_no)
        case "either":
            return yes[0], no[0] & yes[1]
    most = len(members) - np.stack(no).sum(axis=0)
    least = np.stack(yes).sum(axis=0)
    if group.kind == "exactly":
        exactly: Mask = (least == group.count) & (most == group.count)
        return exactly, (least > group.count) | (most < group.count)
    return least >= group.count, most < group.count


def _reasons(group: Group, members: list[Answer], open_: Mask) -> dict[Reason, Mask]:
    reasons: dict[Reason, Mask] = {reason: np.zeros(len(open_), bool) for reason in Reason}
    for member in members:
        counts = open_ & member.open
        if group.kind == "any_reported":
            counts = counts & member.reported
        for reason, where in member.reasons.items():
            reasons[reason] |= where & counts
        reasons[Reason.MISSING_INPUT] |= ~member.reported & counts
    if group.kind == "either":
        decided = all_of([member.yes | member.no for member in members])
        reasons[Reason.INCONCLUSIVE] |= open_ & decided
    return reasons


def _either_said(several: Iterable[Mapping[str, Mask]]) -> dict[str, Mask]:
    said: dict[str, Mask] = {}
    for comments in several:
        for code, where in comments.items():
            said[code] = said[code] | where if code in said else where
    return said


def _each(masks: Mapping[K, Mask], change: Callable[[Mask], Mask]) -> dict[K, Mask]:
    return {key: change(mask) for key, mask in masks.items()}
