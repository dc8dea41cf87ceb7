"""How answers go together: Kleene's logic, and what is still open where it leaves a question."""

from collections.abc import Iterable, Mapping
from functools import reduce

import numpy as np

from pipeline.interpret.result_arrays import Mask
from pipeline.interpret.truth_columns import TruthColumn
from pipeline.knowledge.conditions import Group
from schemas.vocabulary import Reason


def combine(group: Group, members: list[TruthColumn]) -> TruthColumn:
    """Join answers as the group says, by Kleene's logic."""
    reported = [member.reported for member in members]
    any_reported = any_of(reported)
    yes, no = _decide(group, [(m.yes, m.no) for m in members], reported)
    confirmed_yes, confirmed_no = _decide(
        group, [(m.confirmed_yes, m.confirmed_no) for m in members], reported
    )
    open_ = ~yes & ~no
    comments = _any_comment(member.comments for member in members)
    if group.partial_comment:
        comments[group.partial_comment] = any_reported & ~all_of(reported)
    return TruthColumn(
        yes=yes,
        no=no,
        confirmed_yes=confirmed_yes,
        confirmed_no=confirmed_no,
        reported=any_reported,
        here=any_of([member.here for member in members]),
        near=any_of([member.near for member in members]),
        undecided=open_
        & any_of([*(member.undecided for member in members), _lies_between(group, members)]),
        # What silence answers is no part that holds: it says nothing of the specimen.
        met=open_ & any_of([member.yes & member.reported for member in members]),
        reasons=_reasons(group, members, open_),
        comments=comments,
        remarks=_any_comment(member.remarks for member in members),
        evidence=tuple(item for member in members for item in member.evidence),
    )


def _lies_between(group: Group, members: list[TruthColumn]) -> Mask:
    """Hold where an `either` stays open although something it needs is known to speak."""
    is_missing_everywhere = np.zeros(len(members[0].yes), bool)
    if group.kind != "either":
        return is_missing_everywhere
    decided = any_of([member.yes | member.no for member in members])
    none_holds = all_of([member.no for member in members])
    return none_holds | (decided & any_of([member.met for member in members]))


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


def _reasons(group: Group, members: list[TruthColumn], open_: Mask) -> dict[Reason, Mask]:
    reasons: dict[Reason, Mask] = {reason: np.zeros(len(open_), bool) for reason in Reason}
    for member in members:
        counts = open_ & member.open
        if group.kind == "any_reported":
            counts = counts & member.reported
        for reason, where in member.reasons.items():
            reasons[reason] |= where & counts
        reasons[Reason.MISSING_INPUT] |= ~member.reported & counts
    if group.kind == "either":
        reasons[Reason.INCONCLUSIVE] |= open_ & all_of([member.no for member in members])
    return reasons


def _any_comment(several: Iterable[Mapping[str, Mask]]) -> dict[str, Mask]:
    said: dict[str, Mask] = {}
    for comments in several:
        for code, where in comments.items():
            said[code] = said[code] | where if code in said else where
    return said
