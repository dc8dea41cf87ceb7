"""Rules made wrong on purpose, one number or sign at a time: do the cases notice?

A number that can be moved without any case failing is a number that nobody checked.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import TypeVar

from pipeline.knowledge.conditions import (
    ANY,
    Compare,
    Condition,
    Joined,
    walk,
)
from pipeline.knowledge.model import (
    Adjustment,
    Artifact,
    Knowledge,
    Rule,
)
from pipeline.review.cases import ARTIFACTS, PRIORITY, CaseFile
from pipeline.review.parts_moved import ages_moved, condition_mutants, numbers_moved
from pipeline.review.trial import Laid, evaluate_cases, lay_cases

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """Knowledge with one thing changed, and the rules whose cases could notice."""

    what: str
    """In words, stable from run to run: "limit platelets.low, all ages: 150 to 151 10*9/L"."""
    knowledge: Knowledge
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of a mutant."""

    what: str
    killed_by: str
    """The first case that fails, as file and line; "" if none does: it survived."""


def try_mutants(
    knowledge: Knowledge, cases: Mapping[str, CaseFile], *, every: int = 1
) -> Iterator[Verdict]:
    """Try the cases on each mutant in turn; `every`: only each so-manieth, for a short look."""
    laid: dict[str, Laid] = {}

    def killer(mutant: Mutant, rule: str) -> str:
        if rule not in laid:
            laid[rule] = lay_cases([cases[rule]], knowledge)
        trials = evaluate_cases(laid[rule], _only(mutant.knowledge, rule))
        failures = chain.from_iterable(trial.failures for trial in trials)
        return next((f"{failure.file}:{failure.line}" for failure in failures), "")

    for number, mutant in enumerate(list_mutants(knowledge)):
        if number % every == 0:
            # One after the other: the rule whose own number it is notices, and the rest may rest.
            killers = (killer(mutant, rule) for rule in mutant.rules if rule in cases)
            yield Verdict(what=mutant.what, killed_by=next(filter(None, killers), ""))


def _only(knowledge: Knowledge, rule: str) -> Knowledge:
    """Leave out the rules that nobody asks for here; they would only take time."""
    if rule == PRIORITY:
        return knowledge
    asked = {
        name: replace(each, shown=name == rule, shadow=False)
        for name, each in knowledge.rules.items()
    }
    return replace(knowledge, rules=asked, priorities=())


def list_mutants(knowledge: Knowledge) -> Iterator[Mutant]:
    """Move every number of a limit by one step up and down, and turn every sign of a rule."""
    told: Counter[str] = Counter()
    for mutant in _make_mutants(knowledge):
        told[mutant.what] += 1
        count = told[mutant.what]
        yield replace(mutant, what=f"{mutant.what} ({count})") if count > 1 else mutant


def _make_mutants(knowledge: Knowledge) -> Iterator[Mutant]:
    users = _users(knowledge)
    for limit in knowledge.limits.values():
        for what, changed in chain(numbers_moved(limit, knowledge), ages_moved(limit)):
            limits = {**knowledge.limits, limit.id: changed}
            yield Mutant(
                what=f"limit {limit.id}, {what}",
                knowledge=replace(knowledge, limits=limits),
                rules=users(limit.id, ""),
            )
    yield from _adjustments_moved(knowledge, users)
    yield from _join_moved(knowledge)
    for artifact in knowledge.artifacts.values():
        for what, changed_artifact, rules in _artifact_mutants(artifact, knowledge):
            artifacts = {**knowledge.artifacts, artifact.id: changed_artifact}
            yield Mutant(
                what=f"artifact {artifact.id}, {what}",
                knowledge=replace(knowledge, artifacts=artifacts),
                rules=rules,
            )
    for rule in knowledge.rules.values():
        for what, mutant in _rule_mutants(rule, knowledge):
            yield Mutant(
                what=f"rule {rule.id}, {what}",
                knowledge=replace(knowledge, rules={**knowledge.rules, rule.id: mutant}),
                rules=users("", rule.id),
            )
    for place, priority in enumerate(knowledge.priorities):
        if priority.when is not None:
            for what, when in condition_mutants(priority.when, knowledge):
                priorities = list(knowledge.priorities)
                priorities[place] = replace(priority, when=when)
                yield Mutant(
                    what=f"priority {priority.rank}, {what}",
                    knowledge=replace(knowledge, priorities=tuple(priorities)),
                    rules=(PRIORITY,),
                )


def _users(knowledge: Knowledge) -> Callable[[str, str], tuple[str, ...]]:
    """Tell which rules rest on a limit or on a rule, their own first."""
    conditions: dict[str, tuple[Condition, ...]] = {
        name: rule.conditions for name, rule in knowledge.rules.items()
    }
    conditions[ARTIFACTS] = tuple(each.when for each in knowledge.artifacts.values())
    conditions[PRIORITY] = tuple(
        priority.when for priority in knowledge.priorities if priority.when is not None
    )
    used = {
        name: {
            used
            for condition in _whole(own, knowledge)
            for used in (
                getattr(condition, "limit", ""),
                getattr(condition, "rule", ""),
                *getattr(condition, "bounds", ()),
            )
            if used
        }
        for name, own in conditions.items()
    }

    def users(limit: str, rule: str) -> tuple[str, ...]:
        resting = [name for name, uses in used.items() if (limit or rule) in uses]
        return (*([rule] if rule else []), *(name for name in resting if name != rule))

    return users


def _whole(conditions: Iterable[Condition], knowledge: Knowledge) -> Iterator[Condition]:
    """Walk conditions, those of rules referred to, and their grades."""
    for condition in conditions:
        for part in knowledge.walk(condition):
            yield part
            name = getattr(part, "rule", "")
            if name:
                grades = (step.when for step in knowledge.rules[name].grades)
                yield from _whole(grades, knowledge)


def _adjustments_moved(
    knowledge: Knowledge, users: Callable[[str, str], tuple[str, ...]]
) -> Iterator[Mutant]:
    """Move each step of an adjustment, and what it adds."""
    for number, adjustment in enumerate(knowledge.adjustments):
        rules = dict.fromkeys(rule for limit in adjustment.limits for rule in users(limit, ""))
        own = tuple(rule for rule in rules if _compares(rule, adjustment, knowledge))
        for place, step in enumerate(adjustment.steps if own else ()):
            for part, name in enumerate(("from", "by")):
                for moved in (step[part] - 1, step[part] + 1):
                    changed = (moved, step[1]) if part == 0 else (step[0], moved)
                    steps = (*adjustment.steps[:place], changed, *adjustment.steps[place + 1 :])
                    every = list(knowledge.adjustments)
                    every[number] = replace(adjustment, steps=steps)
                    yield Mutant(
                        what=f"{adjustment.id}, {name} {step[part]:g} to {moved:g}",
                        knowledge=replace(knowledge, adjustments=tuple(every)),
                        rules=own,
                    )


def _compares(rule: str, adjustment: Adjustment, knowledge: Knowledge) -> bool:
    """Say whether a rule itself compares with an adjusted limit: the others follow it."""
    conditions = knowledge.rules[rule].conditions if rule in knowledge.rules else ()
    return any(
        isinstance(part, Compare) and part.limit in adjustment.limits
        for condition in conditions
        for part in walk(condition)
    )


def _join_moved(knowledge: Knowledge) -> Iterator[Mutant]:
    """Move how far apart specimens may be to be read together."""
    rules = tuple(
        name
        for name, rule in knowledge.rules.items()
        if any(
            isinstance(part, Joined) for condition in rule.conditions for part in walk(condition)
        )
    )
    if not rules:
        return
    join = knowledge.join
    for days in (join.days - 1, join.days + 1):
        yield Mutant(
            what=f"join, days {join.days} to {days}",
            knowledge=replace(knowledge, join=replace(join, days=days)),
            rules=rules,
        )
    for share in (join.change.share - 0.01, join.change.share + 0.01):
        change = replace(join.change, share=float(f"{share:.12g}"))
        yield Mutant(
            what=f"join, change {join.change.share:g} to {change.share:g}",
            knowledge=replace(knowledge, join=replace(join, change=change)),
            rules=rules,
        )


def _artifact_mutants(
    artifact: Artifact, knowledge: Knowledge
) -> Iterator[tuple[str, Artifact, tuple[str, ...]]]:
    """Turn the signs of an artifact, and leave out what it touches, one at a time."""
    for what, when in condition_mutants(artifact.when, knowledge):
        yield what, replace(artifact, when=when), (ARTIFACTS,)
    for place, touch in enumerate(artifact.touches):
        rules = tuple(
            name
            for name, rule in knowledge.rules.items()
            if touch.analyte == ANY or touch.analyte in set(knowledge.analytes_of(rule.when))
        )
        # What no rule compares is told to nobody but the reader of the report.
        if rules:
            others = (*artifact.touches[:place], *artifact.touches[place + 1 :])
            yield (
                f"{touch.analyte} not touched",
                replace(artifact, touches=others),
                rules,
            )
            for way in {"low": ("high",), "high": ("low",), "either": ("low", "high")}[
                touch.wrongly
            ]:
                turned = replace(touch, wrongly=way)  # type: ignore[arg-type]
                touches = (*artifact.touches[:place], turned, *artifact.touches[place + 1 :])
                yield (
                    f"{touch.analyte} wrongly {touch.wrongly} to {way}",
                    replace(artifact, touches=touches),
                    rules,
                )


def _rule_mutants(rule: Rule, knowledge: Knowledge) -> Iterator[tuple[str, Rule]]:
    for what, when in condition_mutants(rule.when, knowledge):
        yield what, replace(rule, when=when)
    if rule.asked_if is not None:
        for what, asked_if in condition_mutants(rule.asked_if, knowledge):
            yield f"asked if {what}", replace(rule, asked_if=asked_if)
    for place, remark in enumerate(rule.remarks):
        for what, when in condition_mutants(remark.when, knowledge):
            changed = replace(remark, when=when)
            remarks = (*rule.remarks[:place], changed, *rule.remarks[place + 1 :])
            yield f"{remark.comment}: {what}", replace(rule, remarks=remarks)
    for place, step in enumerate(rule.grades):
        for what, when in condition_mutants(step.when, knowledge):
            grades = (*rule.grades[:place], replace(step, when=when), *rule.grades[place + 1 :])
            yield f"{step.grade}: {what}", replace(rule, grades=grades)
