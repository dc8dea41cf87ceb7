"""Conditions over all accessions at once, in three-valued logic, with the evidence for each."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from pipeline.interpret.grid import NOWHERE, Grid, Positions
from pipeline.interpret.limits import Mask, Numbers, Verdicts, compare_results
from pipeline.knowledge.model import (
    Compare,
    Condition,
    Group,
    Knowledge,
    Rule,
    RuleIs,
    Undecided,
)
from schemas.vocabulary import Grade, Reason

_DEPTH = {"": -1, **{str(grade): depth for depth, grade in enumerate(Grade)}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One comparison behind an answer: which result of each accession, and which limit."""

    analyte: str
    results: Positions
    held: Positions
    limit: Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a condition says of each accession: `yes`, `no`, or neither."""

    yes: Mask
    no: Mask
    reported: Mask
    """Something that the condition needs was reported, usable or not."""
    undecided: Mask
    """Something that was reported cannot decide."""
    met: Mask
    """One part of a compound condition holds."""
    reasons: Mapping[Reason, Mask]
    comments: Mapping[str, Mask] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    grade: "npt.NDArray[np.object_] | None" = None

    @property
    def open(self) -> Mask:
        """Neither yes nor no."""
        return ~self.yes & ~self.no


class Questions:
    """Asks conditions of a grid; every rule and comparison is made once and remembered."""

    def __init__(self, grid: Grid, knowledge: Knowledge) -> None:
        self._grid = grid
        self._knowledge = knowledge
        self._answers: dict[str, Answer] = {}
        self._compared: dict[Compare, Answer] = {}

    def answer_rule(self, rule: Rule) -> Answer:
        """Answer a rule, with its grade where it is present."""
        if rule.id not in self._answers:
            answer = self.answer(rule.when)
            self._answers[rule.id] = replace(answer, grade=self._grade(rule, answer))
        return self._answers[rule.id]

    def answer(self, condition: Condition) -> Answer:
        """Answer a condition for every accession."""
        match condition:
            case Compare():
                if condition not in self._compared:
                    self._compared[condition] = self._compare(condition)
                return self._compared[condition]
            case RuleIs():
                return self._rule_is(condition)
            case Undecided():
                return self._undecided(condition)
            case Group():
                return _combine(condition, [self.answer(member) for member in condition.members])

    def _compare(self, condition: Compare) -> Answer:
        limit = self._knowledge.limits[condition.limit]
        here = self._grid.reported.get(limit.analyte, self._grid.nowhere())
        held = self._grid.set_aside.get(limit.analyte, self._grid.nowhere())
        bound = self._grid.bounds.get(limit.analyte, self._grid.nowhere())
        said = self._verdicts(condition, here)
        by_bound = self._verdicts(condition, bound)
        # A bound speaks only where it decides: otherwise nothing was measured.
        use = ~said.yes & ~said.no & (by_bound.yes | by_bound.no)
        yes, no = np.where(use, by_bound.yes, said.yes), np.where(use, by_bound.no, said.no)
        results = np.where(use, bound, here)
        only_held = (results == NOWHERE) & (held != NOWHERE)
        reported = (results != NOWHERE) | only_held
        open_ = ~yes & ~no
        reasons = {reason: where & open_ for reason, where in said.reasons.items()}
        reasons[Reason.HELD] = only_held
        return Answer(
            yes=yes,
            no=no,
            reported=reported,
            undecided=reported & open_,
            met=np.zeros(len(yes), bool),
            reasons=reasons,
            comments=_either(use, by_bound.comments, said.comments),
            evidence=(
                Evidence(
                    analyte=limit.analyte,
                    results=results,
                    held=np.where(only_held, held, NOWHERE),
                    limit=np.where(use, by_bound.limit, said.limit),
                ),
            ),
        )

    def _verdicts(self, condition: Compare, positions: Positions) -> Verdicts:
        """Compare the results at these positions; where there is none, say nothing."""
        limit = self._knowledge.limits[condition.limit]
        there = np.flatnonzero(positions != NOWHERE)
        rows = self._grid.results.iloc[positions[there]]
        said = compare_results(rows, condition.direction, limit, self._knowledge)
        comments = dict(said.comments)
        for derived in self._knowledge.derived:
            made = rows["derived"].eq(derived.id).to_numpy()
            if made.any():
                comments |= dict.fromkeys(derived.comment, made)

        def spread(mask: Mask) -> Mask:
            everywhere = np.zeros(len(positions), bool)
            everywhere[there] = mask
            return everywhere

        numbers = np.full(len(positions), np.nan)
        numbers[there] = said.limit
        return Verdicts(
            yes=spread(said.yes),
            no=spread(said.no),
            limit=numbers,
            reasons={reason: spread(where) for reason, where in said.reasons.items()},
            comments={code: spread(where) for code, where in comments.items()},
        )

    def _rule_is(self, condition: RuleIs) -> Answer:
        rule = self._knowledge.rules[condition.rule]
        answer = self.answer_rule(rule)
        if condition.grade is None:
            return answer
        # A bound such as "<100" may leave the grade open and still be deep enough.
        deep = [
            self.answer(step.when)
            for step in rule.grades
            if _DEPTH[step.grade] >= _DEPTH[condition.grade]
        ]
        shallow = answer.yes & _all([step.no for step in deep])
        no = answer.no | shallow
        certain = answer.yes & _any([step.yes for step in deep])
        yes = answer.yes & ~shallow if condition.if_open else certain
        return replace(answer, yes=yes, no=no, undecided=answer.reported & ~yes & ~no, grade=None)

    def _undecided(self, condition: Undecided) -> Answer:
        answer = self.answer_rule(self._knowledge.rules[condition.rule])
        nowhere = np.zeros(len(answer.yes), bool)
        yes = answer.undecided & answer.reasons.get(condition.because, nowhere)
        # What is held could turn out to be anything, also undecided for this reason.
        held = answer.undecided & ~yes & answer.reasons.get(Reason.HELD, nowhere)
        return Answer(
            yes=yes,
            no=answer.reported & ~yes & ~held,
            reported=answer.reported,
            undecided=held,
            met=nowhere,
            reasons={Reason.HELD: held},
        )

    def _grade(self, rule: Rule, answer: Answer) -> "npt.NDArray[np.object_] | None":
        """Give the deepest grade that certainly holds; none if a deeper one cannot be excluded."""
        if not rule.grades:
            return None
        grade = np.full(len(answer.yes), "", dtype=object)
        still_open = answer.yes.copy()
        for step in rule.grades:
            reached = self.answer(step.when)
            grade[still_open & reached.yes] = str(step.grade)
            still_open &= reached.no
        return grade


def _combine(group: Group, members: list[Answer]) -> Answer:
    yes = [member.yes for member in members]
    no = [member.no for member in members]
    reported = [member.reported for member in members]
    any_yes, any_reported = _any(yes), _any(reported)
    match group.kind:
        case "all":
            is_yes, is_no = _all(yes), _any(no)
        case "any":
            is_yes, is_no = any_yes, _all(no)
        case "any_reported":
            is_yes = any_yes
            is_no = any_reported & _all([member.no | ~member.reported for member in members])
        case "exactly":
            most = len(members) - np.stack(no).sum(axis=0)
            least = np.stack(yes).sum(axis=0)
            is_yes = (least == group.count) & (most == group.count)
            is_no = (least > group.count) | (most < group.count)
        case "at_least":
            most = len(members) - np.stack(no).sum(axis=0)
            least = np.stack(yes).sum(axis=0)
            is_yes, is_no = least >= group.count, most < group.count
    open_ = ~is_yes & ~is_no
    comments: dict[str, Mask] = {}
    for member in members:
        for code, where in member.comments.items():
            comments[code] = comments.get(code, np.zeros(len(open_), bool)) | where
    if group.partial_comment:
        comments[group.partial_comment] = any_reported & ~_all(reported)
    return Answer(
        yes=is_yes,
        no=is_no,
        reported=any_reported,
        undecided=open_ & _any([member.undecided for member in members]),
        met=open_ & any_yes,
        reasons=_reasons(group, members, open_),
        comments=comments,
        evidence=tuple(item for member in members for item in member.evidence),
    )


def _any(masks: list[Mask]) -> Mask:
    return np.logical_or.reduce(masks)  # type: ignore[no-any-return]


def _all(masks: list[Mask]) -> Mask:
    return np.logical_and.reduce(masks)  # type: ignore[no-any-return]


def _reasons(group: Group, members: list[Answer], open_: Mask) -> dict[Reason, Mask]:
    reasons: dict[Reason, Mask] = {reason: np.zeros(len(open_), bool) for reason in Reason}
    for member in members:
        counts = open_ & member.open
        if group.kind == "any_reported":
            counts = counts & member.reported
        for reason, where in member.reasons.items():
            reasons[reason] |= where & counts
        reasons[Reason.MISSING_INPUT] |= ~member.reported & counts
    return reasons


def _either(
    use_first: Mask, first: Mapping[str, Mask], second: Mapping[str, Mask]
) -> dict[str, Mask]:
    nowhere = np.zeros(len(use_first), bool)
    return {
        code: np.where(use_first, first.get(code, nowhere), second.get(code, nowhere))
        for code in {**first, **second}
    }
