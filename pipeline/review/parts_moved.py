"""Limits and conditions with one number or sign made wrong."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

from pipeline.knowledge.conditions import (
    Change,
    Compare,
    Condition,
    Earlier,
    Formula,
    Group,
    Interval,
    Since,
)
from pipeline.knowledge.model import AgeSpan, Analyte, Knowledge, Limit, Stratum
from pipeline.knowledge.strata import AgeEnd, describe_end, describe_span
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


def numbers_moved(limit: Limit, knowledge: Knowledge) -> Iterator[tuple[str, Limit]]:
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


def ages_moved(limit: Limit) -> Iterator[tuple[str, Limit]]:
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


def condition_mutants(
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
                for what, changed in condition_mutants(member, knowledge):
                    others = (*members[:place], changed, *members[place + 1 :])
                    yield what, _with(condition, members=others)
    if isinstance(condition, Formula):
        yield from _formula_moved(condition, knowledge)
    if isinstance(condition, Change | Earlier | Since):
        yield from _change_limits_moved(condition, knowledge)
    inner = getattr(condition, "condition", None)
    if is_dataclass(inner):
        for what, changed in condition_mutants(cast(Condition, inner), knowledge):
            yield what, _with(condition, condition=changed)


def _formula_moved(condition: Formula, knowledge: Knowledge) -> Iterator[tuple[str, Condition]]:
    of = f"{condition.shape} of {' and '.join(condition.of)}"
    name = condition.apart_from or condition.of[0]
    analyte = knowledge.analytes[name]
    for side in ("less_than", "more_than"):
        number: float | None = getattr(condition, side)
        if number is not None:
            for moved in _moved(number, analyte.unit, analyte):
                yield f"{of}, {side} {number:g} to {moved:g}", _with(condition, **{side: moved})


def _change_limits_moved(
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


def _moved(number: float, unit: str, analyte: Analyte | None) -> Iterator[float]:
    """Move a number by one of the last decimal in which the analyte is reported."""
    decimals = analyte.decimals.get(unit, 0) if analyte is not None else 0
    written = f"{number:.12g}".partition(".")[2]
    step = 10.0 ** -max(decimals, len(written))
    for moved in (number - step, number + step):
        yield float(f"{moved:.12g}")


def _with(thing: T, /, **changed: Any) -> T:
    return replace(cast(Any, thing), **changed)  # type: ignore[no-any-return]


def _who(stratum: Stratum) -> str:
    return ", ".join(
        filter(None, [stratum.sex or "", stratum.pregnancy or "", describe_span(stratum.ages)])
    )
