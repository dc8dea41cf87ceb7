"""Rules in words: for the command line and the generated reference."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from pipeline.errors import ArgumentError
from pipeline.knowledge.conditions import (
    ANY,
    SHARE,
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
    ResultArrays,
    RuleIs,
    Seen,
    Since,
    Stands,
    Undecided,
)
from pipeline.knowledge.contradictions import Apart, Contradiction, SetAside
from pipeline.knowledge.model import CONVENTION, Artifact, Knowledge, Limit, Rule, Stratum
from pipeline.knowledge.strata import describe_span
from pipeline.texts.counts import count_text

_DIRECTIONS = {
    "below": "below",
    "at_or_below": "at or below",
    "above": "above",
    "at_or_above": "at or above",
}
_JOINS = {
    "all": " and ",
    "any": " or ",
    "any_reported": " or ",
    "either": "; no if ",
    "exactly": ", ",
    "at_least": ", ",
}


def rule_lines(knowledge: Knowledge) -> Iterator[str]:
    """List the rules that give findings: id, title, condition."""
    rules = [*knowledge.shown_rules(), *knowledge.shadow_rules()]
    width = max(len(rule.id) for rule in rules)
    yield f"Profile {knowledge.profile.id}, knowledge {knowledge.version}"
    for rule in rules:
        mark = "(shadow) " if rule.shadow else ""
        yield f"{rule.id:<{width}}  {mark}{describe_condition(rule.when, knowledge)}"


def describe_rule(name: str, knowledge: Knowledge) -> Iterator[str]:
    """Say everything about one rule: condition, grades, limits by age and sex, sources.

    Raises:
        ArgumentError: There is no such rule; names the nearest.
    """
    rule = require_rule(name, knowledge)
    yield f"{rule.id}: {rule.title}"
    if rule.shadow:
        yield "  shadow       evaluated and counted, never shown to readers"
    yield f"  present if   {describe_condition(rule.when, knowledge)}"
    yield "  compared in  the unit that the laboratory reported, within one accession"
    if rule.asked_if is not None:
        yield f"  asked only if {describe_condition(rule.asked_if, knowledge)}"
    for step in rule.grades:
        yield f"  {step.grade:<12} if {describe_condition(step.when, knowledge)}"
    if rule.suggest:
        yield f"  suggests     {', '.join(rule.suggest)}"
    for remark in rule.remarks:
        said = knowledge.comments[remark.comment].clinical
        yield f"  adds         {said} [if {describe_condition(remark.when, knowledge)}]"
    for code in rule.comment:
        yield f"  says         {knowledge.comments[code].clinical}"
    for limit in _limits_of_rule(rule, knowledge):
        yield from describe_limit(limit, knowledge)


def require_rule(name: str, knowledge: Knowledge) -> Rule:
    """Give a rule by its name.

    Raises:
        ArgumentError: There is no such rule; names the nearest.
    """
    name = knowledge.former_rules.get(name, name)
    if name not in knowledge.rules:
        close = get_close_matches(name, list(knowledge.rules), n=1)
        hint = f"; did you mean {close[0]!r}?" if close else "; see `labflag rules list`"
        raise ArgumentError(f"no rule named {name!r}{hint}")
    return knowledge.rules[name]


def describe_limit(limit: Limit, knowledge: Knowledge) -> Iterator[str]:
    """Say a limit with its strata, the wording as published, and where it comes from."""
    yield f"  limit {limit.id} ({knowledge.analytes[limit.analyte].title})"
    yield f"    {'published as' if limit.is_published else 'convention'}: {limit.wording}"
    if limit.from_interval:
        side = "lower" if limit.from_interval == "low" else "upper"
        without = "the following" if limit.strata else "indeterminate"
        yield f"    the {side} limit that the laboratory printed; without one: {without}"
    for stratum in limit.strata:
        yield f"    {describe_stratum(stratum, knowledge)}"
    yield f"    source: {cite(limit.source, knowledge)}"


def describe_affected(artifact: Artifact, knowledge: Knowledge) -> str:
    """Say what an artifact may falsify, and which way: "PLT too low, WBC too high"."""
    return ", ".join(
        f"{_name_touched(touch.analyte, knowledge)} "
        f"{'either way' if touch.wrongly == 'either' else f'too {touch.wrongly}'}"
        if touch.analyte not in knowledge.observations
        else f"{_name_touched(touch.analyte, knowledge)} falsely {_ANSWERS[touch.wrongly]}"
        for touch in artifact.touches
    )


_ANSWERS = {"high": "positive", "low": "negative", "either": "positive or negative"}
"""What a test in words says wrongly."""


def _name_touched(name: str, knowledge: Knowledge) -> str:
    if name == ANY:
        return "every result"
    if name in knowledge.observations:
        return knowledge.observations[name].title
    return knowledge.analytes[name].short


def describe_stratum(stratum: Stratum, knowledge: Knowledge) -> str:
    """Say for whom a stratum is, and its limit in each unit or why there is none."""
    who = ", ".join(
        filter(None, [stratum.sex or "", stratum.pregnancy, describe_span(stratum.ages)])
    )
    if stratum.no_limit:
        floor = f"; below {_numbers(stratum.floor)} low all the same" if stratum.floor else ""
        said = f"no limit: {stratum.no_limit}{floor}"
    else:
        said = _numbers(stratum.values)
    source = f"  [{cite(stratum.source, knowledge)}]" if stratum.source else ""
    return f"{who:<28} {said}{source}"


def describe_condition(condition: Condition, knowledge: Knowledge) -> str:
    """Say a condition in words, with the ids of limits and rules."""
    match condition:
        case Compare(direction=direction, limit=name):
            analyte = knowledge.analytes[knowledge.limits[name].analyte]
            return f"{analyte.short} {_DIRECTIONS[direction]} {name}"
        case Interval(direction=direction, analyte=analyte_id):
            short = knowledge.analytes[analyte_id].short
            return f"{short} {direction} the laboratory's own interval"
        case RuleIs(rule=name, grade=None):
            return name
        case RuleIs(rule=name, grade=grade):
            return f"{name} at least {grade}"
        case Undecided(rule=name, because=reason):
            return f"{name} indeterminate ({reason})"
        case Observed(observation=name, unsaid_is_no=silent):
            return f"{name} observed{' (unsaid counts as no)' if silent else ''}"
        case Since(observation=name):
            return f"{name} {_describe_days(condition)} before collection"
        case Joined(condition=inner):
            return f"{describe_condition(inner, knowledge)} (nearest specimen)"
        case Earlier(condition=inner):
            return f"{describe_condition(inner, knowledge)} {_describe_days(condition)} earlier"
        case Baseline(condition=inner, since=name, within_days=days, following=following):
            which = "the next " if following else ""
            said = describe_condition(inner, knowledge)
            return f"{said} (last believed at most {days} days before {which}{name})"
        case Seen(condition=inner, since=name):
            span = f" after {name}" if name else ""
            return f"{describe_condition(inner, knowledge)} (now or earlier{span})"
        case Later(condition=inner):
            return f"{describe_condition(inner, knowledge)} (on a later specimen)"
        case Stands(condition=inner):
            return f"{describe_condition(inner, knowledge)} (as it stands now)"
        case Precedes(observation=name):
            return f"{name} after collection"
        case Outside(bounds=bounds, unless=unless):
            said = "a result outside its printed interval, flagged"
            said += f", or above {' or '.join(bounds)} where none is printed" if bounds else ""
            return f"{said}; not what {', '.join(unless)} say" if unless else said
        case Reported(analyte=name) if name == ANY:
            return "any result reported"
        case Reported(analyte=name, or_held=or_held):
            return f"{knowledge.analytes[name].short} reported{' or held' if or_held else ''}"
        case HeldAs(analyte=name, because=code):
            return f"{knowledge.analytes[name].short} held{f' ({code})' if code else ''}"
        case Formula():
            return _describe_formula(condition, knowledge)
        case ArtifactIs(artifact=name):
            return f"{name} artifact"
        case Not(condition=inner):
            return f"not ({describe_condition(inner, knowledge)})"
        case Contradiction():
            return _describe_contradiction(condition, knowledge)
        case SetAside(artifact=name):
            return f"between two that agree and contradict it ({name})"
        case Change():
            return _describe_change(condition, knowledge)
        case Group(kind=kind, members=members, count=count):
            parts = [describe_condition(member, knowledge) for member in members]
            said = _JOINS[kind].join(f"({part})" if " or " in part else part for part in parts)
            return f"{kind.replace('_', ' ')} {count} of {said}" if count else said


def _describe_days(condition: Since | Earlier) -> str:
    least, most = condition.at_least_days, condition.at_most_days
    return (
        f"{count_text(least, 'day')} or more"
        if most is None
        else f"{least} to {count_text(most, 'day')}"
    )


def _describe_change(change: Change, knowledge: Knowledge) -> str:
    short = knowledge.analytes[change.analyte].short
    way = "change" if change.direction == "either" else change.direction
    said = [
        f"{words} {_quantities(amounts)}"
        for words, amounts in (
            ("less than", change.less_than),
            ("at least", change.at_least),
            ("more than", change.more_than),
        )
        if amounts
    ]
    span = f"within {count_text(change.within_days or 0, 'day')}"
    if change.within_hours is not None:
        span = f"within {count_text(change.within_hours, 'hour')}"
    if change.against:
        span = f"from the {change.against} since {change.since}"
    elif change.since:
        span = f"since {change.since}"
        if change.within_days is not None:
            days = count_text(change.within_days, "day")
            span = f"from the last {days} or less before {change.since}"
    across = f", not across {' or '.join(change.not_across)}" if change.not_across else ""
    again = f" and as much for each {change.each_days} days" if change.each_days else ""
    ages = f", from {count_text(change.from_months, 'month')} of age" if change.from_months else ""
    without = f", without {change.unless_artifact} artifact" if change.unless_artifact else ""
    return f"{way} of {short} {said[0]}{again} {span}{across}{ages}{without}"


def _describe_contradiction(contradiction: Contradiction, knowledge: Knowledge) -> str:
    short = knowledge.analytes[contradiction.analyte].short
    apart = " or ".join(_describe_apart(each) for each in contradiction.apart)
    said = [f"two specimens with {short} {apart}"]
    if contradiction.from_months:
        said.append(f"from {count_text(contradiction.from_months, 'month')} of age")
    if contradiction.not_across:
        said.append(f"no rise across {' or '.join(contradiction.not_across)}")
    if contradiction.not_by:
        said.append(f"the later one without {' or '.join(contradiction.not_by)}")
    days = count_text(contradiction.third_within_days, "day")
    said.append(f"until a third one within {days} agrees with either")
    return ", ".join(said)


def _describe_apart(apart: Apart) -> str:
    said = []
    if apart.more_than:
        said.append(f"more than {_quantities(apart.more_than)} apart")
    if apart.more_than_share is not None:
        said.append(f"more than {apart.more_than_share:.0%} of the higher apart")
    if apart.one_below:
        said.append(f"below {_quantities(apart.one_below)} in one")
    if apart.other_above:
        said.append(f"above {_quantities(apart.other_above)} in the other")
    hours, days = apart.within_hours, apart.within_days
    span = count_text(days or 0, "day") if hours is None else count_text(hours, "hour")
    return f"{' and '.join(said)} within {span}"


def _describe_formula(formula: Formula, knowledge: Knowledge) -> str:
    one, two = (knowledge.analytes[name].short for name in formula.of)
    times = "" if formula.times == 1 else f" × {formula.times:g}"
    said = f"{one} {'/' if formula.shape == 'ratio' else '−'} {two}{times}"
    if formula.apart_from:
        said = f"{said} apart from {knowledge.analytes[formula.apart_from].short}"
    if formula.less_than is not None:
        return f"{said} by less than {formula.less_than:g}"
    return f"{said} by more than {formula.more_than:g}"


def _quantities(amounts: ResultArrays) -> str:
    return " or ".join(
        f"{number:.0%}" if unit == SHARE else f"{number:g} {unit}" for unit, number in amounts
    )


def cite(source: str, knowledge: Knowledge) -> str:
    """Name a source in one line; a convention is called one."""
    if source == CONVENTION:
        return "laboratory convention of this profile"
    found = knowledge.sources[source]
    parts = [found.title, str(found.year) if found.year else "", found.where, found.link]
    return ", ".join(part for part in parts if part)


def _limits_of_rule(rule: Rule, knowledge: Knowledge) -> list[Limit]:
    conditions = [rule.when, *(step.when for step in rule.grades)]
    limits = [limit for condition in conditions for limit in knowledge.limits_of(condition)]
    return list({limit.id: limit for limit in limits}.values())


def _numbers(values: Mapping[str, float]) -> str:
    return " or ".join(f"{number:g} {unit}" for unit, number in values.items())
