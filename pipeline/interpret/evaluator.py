"""Conditions over all accessions at once, in three-valued logic, with the evidence for each."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from pipeline.interpret.by_accession import NOWHERE, SpecimenIndex
from pipeline.interpret.comparisons import Comparisons
from pipeline.interpret.contradicting_repeats import Contradictions
from pipeline.interpret.delta_checks import Changes
from pipeline.interpret.interference import interference_of
from pipeline.interpret.kleene import all_of, any_of, combine
from pipeline.interpret.observed import ObservationTruth
from pipeline.interpret.outside_interval import OutsideResults
from pipeline.interpret.result_arrays import Mask, arrays_of
from pipeline.interpret.timeline import Barriers, Timeline
from pipeline.interpret.treatments import Background, Courses
from pipeline.interpret.truth_columns import TruthColumn, negate, restrict, state, take
from pipeline.knowledge.conditions import (
    ANY,
    ArtifactIs,
    Baseline,
    Change,
    Compare,
    Condition,
    Earlier,
    Formula,
    Group,
    HeldAs,
    Interval,
    Joined,
    Later,
    Not,
    Observed,
    Outside,
    Precedes,
    Reported,
    RuleIs,
    Seen,
    Since,
    Stands,
    Undecided,
    parts_of,
    walk,
)
from pipeline.knowledge.contradictions import Contradiction, SetAside
from pipeline.knowledge.model import Knowledge, Limit, Rule, Stratum
from schemas.vocabulary import Grade, Reason

_DEPTH = {grade: depth for depth, grade in enumerate(Grade)}


class Questions:
    """Asks conditions of a grid; every rule and simple condition is asked once and remembered."""

    def __init__(
        self,
        specimen_index: SpecimenIndex,
        knowledge: Knowledge,
        artifacts: Mapping[str, TruthColumn] | None = None,
    ) -> None:
        """Ask with the artifacts that were found; without them every result is believed."""
        self.artifacts: Mapping[str, TruthColumn] = artifacts or {}
        """What was found of each artifact, by its id."""
        found = ((knowledge.artifacts[name], each.yes) for name, each in self.artifacts.items())
        self._answers: dict[str, TruthColumn] = {}
        self._asked: dict[Condition, TruthColumn] = {}
        self._grid = specimen_index
        self._knowledge = knowledge
        self._timeline = Timeline(specimen_index)
        self._sayings = ObservationTruth(specimen_index, knowledge, self._timeline)
        amounts = arrays_of(specimen_index.results, knowledge.populations, self._sayings.context())
        doubts = interference_of(found, knowledge.derived, amounts)
        self._doubts = doubts
        self._comparisons = Comparisons(specimen_index, knowledge, amounts, doubts)
        self._outside = OutsideResults(specimen_index, knowledge, self._comparisons, self._timeline)
        self._courses = Courses(
            specimen_index, knowledge, self._timeline, self._sayings, amounts, doubts, self.answer
        )
        self._changes = Changes(
            specimen_index, knowledge, self._timeline, self._sayings, amounts, doubts, self._courses
        )
        self._contradictions = Contradictions(
            specimen_index, knowledge, self._timeline, self._sayings, amounts, self.answer
        )
        self.background = Background(self._timeline, self._sayings, amounts, self._courses)

    def evaluate_rule(self, rule: Rule) -> TruthColumn:
        """Answer a rule, with its grade where it is present.

        It is asked only of accessions on which something was reported that it does not merely
        join; a rule that joins everything, where any of it was.
        """
        if rule.id not in self._answers:
            answer = self.answer(rule.when)
            own = self._has_own_part(rule.when)
            answer = restrict(answer, answer.here if own else answer.near | answer.here)
            if rule.asked_if is not None:
                answer = restrict(answer, self.answer(rule.asked_if).yes)
            self._answers[rule.id] = replace(answer, grade=self._grade(rule, answer))
        return self._answers[rule.id]

    def answer(self, condition: Condition) -> TruthColumn:
        """Answer a condition for every accession."""
        if condition not in self._asked:
            self._asked[condition] = self._ask(condition)
        return self._asked[condition]

    def strata_of(self, limit: Limit, row: int) -> tuple[Stratum, ...]:
        """Give the strata of a limit that could apply to a result of the grid."""
        return self._comparisons.strata_of(limit, row)

    def _ask(self, condition: Condition) -> TruthColumn:
        match condition:
            case Compare() | Interval():
                return self._comparisons.compare(condition)
            case Change(unless_artifact=name):
                left_out = self.artifacts[name].yes if name in self.artifacts else None
                return self._changes.compare_with_earlier(condition, left_out)
            case Contradiction():
                return self._contradictions.find(condition)
            case SetAside(artifact=name):
                parts = walk(self._knowledge.artifacts[name].when)
                (asked,) = (part for part in parts if isinstance(part, Contradiction))
                return self._contradictions.set_aside(asked)
            case Outside():
                rules = self._knowledge.rules
                return self._outside.find(condition, lambda name: self.evaluate_rule(rules[name]))
            case Reported() | HeldAs():
                return self._comparisons.reported(condition)
            case Formula():
                return self._comparisons.formula(condition)
            case ArtifactIs(artifact=name):
                return self._artifact_is(name)
            case Observed():
                return self._observed(condition)
            case Since(observation=name):
                return self._sayings.since(condition, self._courses.dates_of(name))
            case Precedes(observation=name):
                return self._sayings.precedes(name, self._courses.dates_of(name))
            case Baseline():
                return self._baseline(condition)
            case Seen():
                return self._seen(condition)
            case Later(condition=inner):
                return self._later(self.answer(inner))
            case Stands(condition=inner):
                return self._holds_now(self.answer(inner))
            case RuleIs():
                return self._rule_is(condition)
            case Undecided():
                return self._undecided(condition)
            case Joined(condition=inner):
                return self._joined(inner)
            case Earlier():
                return self._earlier(condition)
            case Not(condition=inner):
                return negate(self.answer(inner))
            case Group(members=members):
                return combine(condition, [self.answer(member) for member in members])

    def _observed(self, condition: Observed) -> TruthColumn:
        """Say what was said; a test in words may be doubted by name, as a number is."""
        answer = self._sayings.observed(condition)
        falsely_no = self._doubts.low.get(condition.observation)
        falsely_yes = self._doubts.high.get(condition.observation)
        return replace(
            answer,
            confirmed_yes=answer.yes if falsely_yes is None else answer.yes & ~falsely_yes,
            confirmed_no=answer.no if falsely_no is None else answer.no & ~falsely_no,
        )

    def _artifact_is(self, name: str) -> TruthColumn:
        """Say where the specimen is doubted; where what the artifact asks for was not reported, no.

        The outcome is not negated into trust: no says only that nothing speaks against it.
        """
        answers = list(self.artifacts.values()) if name == ANY else [self.artifacts[name]]
        yes, here = any_of([each.yes for each in answers]), any_of([each.here for each in answers])
        return state(yes=yes, no=here & ~yes, reported=here)

    def _joined(self, condition: Condition) -> TruthColumn:
        answer, join = self.answer(condition), self._knowledge.join
        source = self._timeline.nearest(answer.reported, join.days, self._barriers)
        known = join.before_start
        if known is not None and set(self._knowledge.analytes_of(condition)) == {known.analyte}:
            before = self._courses.known_before(answer.reported, known)
            source = np.where(source == NOWHERE, before, source)
        return take(answer, source)

    def _baseline(self, condition: Baseline) -> TruthColumn:
        answer = self.answer(condition.condition)
        usable = self._courses.believed_truth(answer) & self._courses.untransfused
        dates = self._courses.dates_of(condition.since)
        days, following = condition.within_days, condition.following
        source = self._courses.baseline(usable, dates, days, following=following)
        said = take(answer, source)
        if not condition.unsaid_is_no:
            return said
        nobody = source == NOWHERE
        return replace(said, no=said.no | nobody, confirmed_no=said.confirmed_no | nobody)

    def _seen(self, condition: Seen) -> TruthColumn:
        """What held once stays; what does not is answered as it stands here."""
        answer = self.answer(condition.condition)
        dates = self._courses.dates_of(condition.since) if condition.since else None
        usable = self._courses.believed_truth(answer) & answer.yes
        source = np.where(answer.yes, NOWHERE, self._courses.last_since(usable, dates))
        seen = source != NOWHERE
        earlier = take(answer, source)
        own = restrict(answer, ~seen)
        return replace(
            own,
            yes=own.yes | seen,
            confirmed_yes=own.confirmed_yes | seen,
            reported=answer.reported | seen,
            here=answer.here,
            evidence=(*own.evidence, *earlier.evidence),
        )

    def _later(self, answer: TruthColumn) -> TruthColumn:
        """Say whether it holds on a specimen that was certainly collected later."""
        timeline = self._timeline
        latest = np.full(timeline.count + 1, np.iinfo(np.int64).min)
        held = answer.yes & timeline.dated
        np.maximum.at(latest, timeline.patient[held], timeline.first[held])
        yes = timeline.dated & (latest[timeline.patient] > timeline.last)
        return self._of_patient(yes)

    def _holds_now(self, answer: TruthColumn) -> TruthColumn:
        usable, believed = (
            answer.yes | answer.confirmed_no,
            answer.confirmed_yes | answer.confirmed_no,
        )
        latest = self._timeline.is_latest(usable, believed) & answer.yes
        return self._of_patient(np.isin(self._timeline.patient, self._timeline.patient[latest]))

    def _of_patient(self, yes: Mask) -> TruthColumn:
        is_missing_everywhere = np.zeros(len(yes), bool)
        return state(yes=yes, no=~yes, reported=yes, here=is_missing_everywhere)

    @cached_property
    def _barriers(self) -> Barriers:
        join = self._knowledge.join
        dates = self._sayings.dates_of(*join.barriers)
        change_from, change_to = self._changes.list_changes(join.change)
        return Barriers(days=dates.keys, change_from=change_from, change_to=change_to)

    def _earlier(self, condition: Earlier) -> TruthColumn:
        """Look for an accession of long enough ago on which it held.

        What no earlier accession of the patient says was not seen before: that is an answer.
        Where one cannot decide, or has no date, the answer is open.
        """
        answer = self.answer(condition.condition)
        least, most = condition.at_least_days, condition.at_most_days

        def ago(where: Mask) -> "npt.NDArray[np.int64]":
            return self._timeline.latest_within(where, least, most)

        held, firm = ago(answer.yes), ago(answer.confirmed_yes)
        unclear = ago(answer.reported & answer.open)
        undated = self._timeline.has_undated(answer.reported & ~answer.no)
        source = np.select(
            [held != NOWHERE, unclear != NOWHERE], [held, unclear], ago(answer.reported)
        )
        yes = held != NOWHERE
        open_ = ~yes & ((unclear != NOWHERE) | undated)
        said = take(answer, source)
        no = ~yes & ~open_
        return replace(
            said,
            no=no,
            confirmed_yes=firm != NOWHERE,
            confirmed_no=no & (ago(answer.reported & ~answer.confirmed_no) == NOWHERE),
            near=np.zeros(len(yes), bool),
            undecided=open_,
        )

    def _rule_is(self, condition: RuleIs) -> TruthColumn:
        rule = self._knowledge.rules[condition.rule]
        answer = self.evaluate_rule(rule)
        if condition.grade is None:
            return answer
        # A bound such as "<100" may leave the grade open and still be deep enough.
        deep = [
            self.answer(step.when)
            for step in rule.grades
            if _DEPTH[step.grade] >= _DEPTH[condition.grade]
        ]
        yes, no = _deep_enough(answer.yes, answer.no, deep, condition, lambda a: (a.yes, a.no))
        confirmed_yes, confirmed_no = _deep_enough(
            answer.confirmed_yes,
            answer.confirmed_no,
            deep,
            condition,
            lambda a: (a.confirmed_yes, a.confirmed_no),
        )
        return replace(
            answer,
            yes=yes,
            no=no,
            confirmed_yes=confirmed_yes & yes,
            confirmed_no=confirmed_no & no,
            undecided=answer.reported & ~yes & ~no,
        )

    def _undecided(self, condition: Undecided) -> TruthColumn:
        answer = self.evaluate_rule(self._knowledge.rules[condition.rule])
        is_missing_everywhere = np.zeros(len(answer.yes), bool)
        yes = answer.undecided & answer.reasons.get(condition.because, is_missing_everywhere)
        # What is held could turn out to be anything, also undecided for this reason.
        held = answer.undecided & ~yes & answer.reasons.get(Reason.HELD, is_missing_everywhere)
        no = answer.reported & ~yes & ~held
        return state(
            yes=yes,
            no=no,
            confirmed_no=no
            & (answer.confirmed_yes | answer.confirmed_no | ~(answer.yes | answer.no)),
            reported=answer.reported,
            here=answer.here,
            near=answer.near,
            reasons={Reason.HELD: held},
        )

    def _grade(self, rule: Rule, answer: TruthColumn) -> "npt.NDArray[np.object_] | None":
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

    def _has_own_part(self, condition: Condition) -> bool:
        match condition:
            case Joined() | Earlier() | Since() | Baseline() | Later() | Stands() | Precedes():
                return False
            case Observed():
                return self._is_own(condition)
            case RuleIs(rule=name) | Undecided(rule=name):
                return self._has_own_part(self._knowledge.rules[name].when)
            case Group() | Not() | Seen():
                return any(map(self._has_own_part, parts_of(condition)))
            case _:
                return True

    def _is_own(self, condition: Observed) -> bool:
        return self._knowledge.observations[condition.observation].scope == "specimen"


def _deep_enough(
    yes: Mask,
    no: Mask,
    deep: list[TruthColumn],
    condition: RuleIs,
    of: Callable[[TruthColumn], tuple[Mask, Mask]],
) -> tuple[Mask, Mask]:
    shallow = yes & all_of([of(step)[1] for step in deep])
    certain = yes & any_of([of(step)[0] for step in deep])
    return (yes & ~shallow if condition.if_open else certain), no | shallow
