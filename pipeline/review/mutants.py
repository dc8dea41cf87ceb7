"""Rules made wrong on purpose, one number or sign at a time: do the cases notice?

A number that can be moved without any case failing is a number that nobody checked.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from itertools import chain
from typing import Any, TypeVar, cast

from pipeline.knowledge.conditions import (
    Change,
    Compare,
    Condition,
    Earlier,
    Group,
    Interval,
    Since,
)
from pipeline.knowledge.model import AgeSpan, Analyte, Knowledge, Limit, Rule, Stratum
from pipeline.knowledge.strata import AgeEnd, describe_end, describe_span
from pipeline.review.cases import PRIORITY, CaseFile
from pipeline.review.trial import Laid, answer_cases, lay_cases
from schemas.vocabulary import Sex

T = TypeVar("T")

_STRICTNESS = {
    "below": "at_or_below",
    "at_or_below": "below",
    "above": "at_or_above",
    "at_or_above": "above",
}
_TURNED = {
    "below": "above",
    "at_or_below": "at_or_above",
    "above": "below",
    "at_or_above": "at_or_below",
    "rise": "fall",
    "fall": "rise",
}
_KINDS = {"all": "any", "any": "all", "any_reported": "all"}
_DAYS = ("at_least_days", "at_most_days", "within_days")
_AMOUNTS = ("less_than", "at_least", "more_than")


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
    laid: dict[tuple[str, ...], Laid] = {}
    for number, mutant in enumerate(list_mutants(knowledge)):
        if number % every:
            continue
        rules = tuple(rule for rule in mutant.rules if rule in cases)
        if rules not in laid:
            laid[rules] = lay_cases([cases[rule] for rule in rules], knowledge)
        yield Verdict(what=mutant.what, killed_by=_killer(laid[rules], mutant, rules))


def _killer(laid: Laid, mutant: Mutant, rules: Sequence[str]) -> str:
    if not rules:
        return ""
    trials = answer_cases(laid, _only(mutant.knowledge, rules))
    failures = chain.from_iterable(trial.failures for trial in trials)
    return next((f"{failure.file}:{failure.line}" for failure in failures), "")


def _only(knowledge: Knowledge, rules: Iterable[str]) -> Knowledge:
    """Leave out the rules that nobody asks for here; they would only take time."""
    if PRIORITY in rules:
        return knowledge
    asked = {
        name: replace(rule, shown=name in rules, shadow=False)
        for name, rule in knowledge.rules.items()
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
        if not users(limit.id, ""):
            # Only artifacts rest on it, and these have no cases of their own yet.
            continue
        for what, changed in chain(_numbers_moved(limit, knowledge), _ages_moved(limit)):
            limits = {**knowledge.limits, limit.id: changed}
            yield Mutant(
                what=f"limit {limit.id}, {what}",
                knowledge=replace(knowledge, limits=limits),
                rules=users(limit.id, ""),
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
            for what, when in _condition_mutants(priority.when, knowledge):
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
    conditions[PRIORITY] = tuple(
        priority.when for priority in knowledge.priorities if priority.when is not None
    )
    used = {
        name: {
            used
            for condition in _whole(own, knowledge)
            for used in (getattr(condition, "limit", ""), getattr(condition, "rule", ""))
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


def _numbers_moved(limit: Limit, knowledge: Knowledge) -> Iterator[tuple[str, Limit]]:
    analyte = knowledge.analytes[limit.analyte]
    for place, stratum in enumerate(limit.strata):
        for name in ("values", "floor"):
            published: Mapping[str, float] = getattr(stratum, name)
            for unit, number in published.items():
                for moved in _moved(number, unit, analyte):
                    changed = _with(stratum, **{name: {**published, unit: moved}})
                    strata = (*limit.strata[:place], changed, *limit.strata[place + 1 :])
                    yield (
                        f"{_who(stratum)}: {number:g} to {moved:g} {unit}",
                        replace(limit, strata=strata),
                    )


def _moved(number: float, unit: str, analyte: Analyte | None) -> Iterator[float]:
    """Move a number by one of the last decimal in which the analyte is reported."""
    decimals = analyte.decimals.get(unit, 0) if analyte is not None else 0
    written = f"{number:.12g}".partition(".")[2]
    step = 10.0 ** -max(decimals, len(written))
    for moved in (number - step, number + step):
        yield float(f"{moved:.12g}")


def _ages_moved(limit: Limit) -> Iterator[tuple[str, Limit]]:
    """Move each age at which strata meet by one month or day, for both neighbors at once."""
    ends = dict.fromkeys(
        (end, touching)
        for sex in Sex
        for end in dict.fromkeys(s.ages.low for s in limit.strata if s.sex in (None, sex))
        if end[1] > 0
        for touching in [_touching(limit, end, sex)]
    )
    for end, places in ends:
        unit, count = end
        for moved in (count - 1, count + 1):
            to: AgeEnd = (unit, moved)
            strata = list(limit.strata)
            for place in places:
                strata[place] = _with(strata[place], ages=_with_end(strata[place].ages, end, to))
            sexes = {limit.strata[place].sex for place in places}
            whose = ", ".join(sorted(str(sex) for sex in sexes if sex)) if None not in sexes else ""
            yield (
                f"age {describe_end(end)} to {describe_end(to)}{f', {whose}' if whose else ''}",
                replace(limit, strata=tuple(strata)),
            )


def _touching(limit: Limit, end: AgeEnd, sex: Sex) -> tuple[int, ...]:
    """Give the strata that meet at an age: of one sex, or of both where one stratum is shared."""
    by_sex = {
        each: {
            place
            for place, stratum in enumerate(limit.strata)
            if stratum.sex in (None, each) and end in (stratum.ages.low, stratum.ages.high)
        }
        for each in Sex
    }
    (other,) = set(Sex) - {sex}
    shared = by_sex[sex] & by_sex[other]
    return tuple(sorted(by_sex[sex] | by_sex[other] if shared else by_sex[sex]))


def _with_end(ages: AgeSpan, end: AgeEnd, to: AgeEnd) -> AgeSpan:
    return AgeSpan(
        low=to if ages.low == end else ages.low, high=to if ages.high == end else ages.high
    )


def _rule_mutants(rule: Rule, knowledge: Knowledge) -> Iterator[tuple[str, Rule]]:
    for what, when in _condition_mutants(rule.when, knowledge):
        yield what, replace(rule, when=when)
    for place, step in enumerate(rule.grades):
        for what, when in _condition_mutants(step.when, knowledge):
            grades = (*rule.grades[:place], replace(step, when=when), *rule.grades[place + 1 :])
            yield f"{step.grade}: {what}", replace(rule, grades=grades)


def _condition_mutants(
    condition: Condition, knowledge: Knowledge
) -> Iterator[tuple[str, Condition]]:
    """Turn each sign, count and number of a condition and of all that it is made of."""
    match condition:
        case Compare(direction=sign, limit=name):
            for other in (_STRICTNESS[sign], _TURNED[sign]):
                yield f"{sign} {name} to {other}", _with(condition, direction=other)
        case Interval(direction=sign, analyte=name):
            yield f"{sign} interval of {name} turned", _with(condition, direction=_TURNED[sign])
        case Change(direction=way, analyte=name) if way in _TURNED:
            yield f"{way} of {name} turned", _with(condition, direction=_TURNED[way])
        case Group(kind=kind, count=count, members=members):
            if kind in _KINDS and len(members) > 1:
                yield (
                    f"{kind} of {len(members)} to {_KINDS[kind]}",
                    _with(condition, kind=_KINDS[kind]),
                )
            for other_count in (count - 1, count + 1) if count else ():
                yield f"{kind} {count} to {other_count}", _with(condition, count=other_count)
            for place, member in enumerate(members):
                for what, changed in _condition_mutants(member, knowledge):
                    others = (*members[:place], changed, *members[place + 1 :])
                    yield what, _with(condition, members=others)
    if isinstance(condition, Change | Earlier | Since):
        yield from _amounts_moved(condition, knowledge)
    inner = getattr(condition, "condition", None)
    if is_dataclass(inner):
        for what, changed in _condition_mutants(cast(Condition, inner), knowledge):
            yield what, _with(condition, condition=changed)


def _amounts_moved(
    condition: Change | Earlier | Since, knowledge: Knowledge
) -> Iterator[tuple[str, Condition]]:
    analyte = knowledge.analytes.get(getattr(condition, "analyte", ""))
    of = type(condition).__name__.lower()
    for field in fields(condition):
        written: Any = getattr(condition, field.name)
        if field.name in _DAYS and written is not None:
            for moved in (written - 1, written + 1):
                yield (
                    f"{of}, {field.name} {written} to {moved}",
                    _with(condition, **{field.name: moved}),
                )
        if field.name in _AMOUNTS and isinstance(condition, Change):
            for place, (unit, number) in enumerate(written):
                for amount in _moved(number, unit, analyte):
                    changed = (*written[:place], (unit, amount), *written[place + 1 :])
                    yield (
                        f"{of}, {field.name} {number:g} to {amount:g} {unit}",
                        _with(condition, **{field.name: changed}),
                    )


def _with(thing: T, /, **changed: Any) -> T:
    return replace(cast(Any, thing), **changed)  # type: ignore[no-any-return]


def _who(stratum: Stratum) -> str:
    return ", ".join(
        filter(None, [stratum.sex or "", stratum.pregnancy or "", describe_span(stratum.ages)])
    )
