"""The whole clinical content as one page, for reviewers: generated, never edited."""

from collections.abc import Iterator
from importlib.resources import files

from pipeline.knowledge.describe import (
    cite,
    describe_affected,
    describe_condition,
    describe_limit,
)
from pipeline.knowledge.load import load_knowledge
from pipeline.knowledge.model import Artifact, Knowledge, Limit, Rule
from pipeline.knowledge.rule_groups import CRITICAL, EVERY

_DEFAULT = "default"


def rules_page() -> str:
    """Write what ships as a Markdown page: rules, limits, worklist, profiles."""
    knowledge = load_knowledge(groups=EVERY)
    return "\n".join(_lines(knowledge)).rstrip() + "\n"


def _lines(knowledge: Knowledge) -> Iterator[str]:
    yield "# Rules and limits"
    yield ""
    yield "Written by `labflag rules document` (`make rules`) from the knowledge; do not edit."
    yield f"Profile `{knowledge.profile.id}`: {knowledge.profile.description}"
    yield ""
    yield "A limit is compared in the unit that the laboratory reported, strictly unless it says"
    yield '"at or". Where age or sex leave several strata possible, all of them must agree.'
    yield ""
    yield "## Rules"
    for rule in knowledge.rules.values():
        yield ""
        yield from _rule(rule, knowledge)
    yield ""
    yield "## Reasons to doubt a specimen"
    yield ""
    yield "Asked before any rule. A finding that is present, or absent, because of a number that"
    yield "may be falsely so is unconfirmed. Shares, days and distances that have no limit here"
    yield "are conventions of the profile; the source is that of the pattern."
    for artifact in knowledge.artifacts.values():
        yield ""
        yield from _artifact(artifact, knowledge)
    yield ""
    yield "## Limits"
    for limit in knowledge.limits.values():
        yield ""
        yield from _limit(limit, knowledge)
    yield ""
    yield "## Classes of the worklist"
    yield ""
    yield "The first whose condition stands."
    yield ""
    yield "| class | title | if |"
    yield "| --- | --- | --- |"
    for priority in knowledge.priorities:
        when = describe_condition(priority.when, knowledge) if priority.when else "by the program"
        yield f"| {priority.rank} | {priority.title} | {_cell(when)} |"
    yield ""
    yield from _order(knowledge)
    yield ""
    yield "## Profiles"
    for name in _profiles():
        if name != _DEFAULT:
            yield ""
            yield from _profile(name, knowledge)


def _rule(rule: Rule, knowledge: Knowledge) -> Iterator[str]:
    yield f"### `{rule.id}`: {rule.title}"
    yield ""
    if rule.shadow:
        yield "- tried out: evaluated and counted, never shown to readers"
    if not rule.shown:
        yield "- part of other rules, no finding of its own"
    if rule.group:
        is_default = rule.group == CRITICAL
        yield (
            '- until a site says `critical_values = "off"`'
            if is_default
            else f"- only where the group `{rule.group}` is switched on"
        )
    if rule.asked_if is not None:
        yield f"- asked only if {describe_condition(rule.asked_if, knowledge)}"
    yield f"- present if {describe_condition(rule.when, knowledge)}"
    for step in rule.grades:
        yield f"- {step.grade} if {describe_condition(step.when, knowledge)}"
    for code in rule.comment:
        yield f"- says: {knowledge.comments[code].clinical}"
    for remark in rule.remarks:
        when = describe_condition(remark.when, knowledge)
        yield f"- adds, if {when}: {knowledge.comments[remark.comment].clinical}"
    if rule.suggest:
        yield f"- suggests: {', '.join(rule.suggest)}"


def _artifact(artifact: Artifact, knowledge: Knowledge) -> Iterator[str]:
    yield f"### `{artifact.id}`: {artifact.title}"
    yield ""
    yield f"- raised if {describe_condition(artifact.when, knowledge)}"
    yield f"- may be wrong: {describe_affected(artifact, knowledge)}"
    for code in artifact.comment:
        yield f"- says: {knowledge.comments[code].clinical}"
    yield f"- suggests: {', '.join(artifact.suggest)}"
    yield f"- source: {cite(artifact.source, knowledge)}"


def _order(knowledge: Knowledge) -> Iterator[str]:
    yield "### Order within a class"
    yield ""
    for order in knowledge.orders:
        ranks = " and ".join(map(str, order.ranks))
        first = "; ".join(describe_condition(each, knowledge) for each in order.first)
        by = "; ".join(describe_condition(each, knowledge) for each in order.by)
        start = f"first if {first}; then " if first else ""
        yield f"- class {ranks}: {start}by the smallest share of {by}"
    aside = knowledge.for_information
    yield ""
    yield "### For information"
    yield ""
    yield f"Class {aside.rank}, from {aside.from_years} years, one finding, confirmed:"
    yield ""
    for word, conditions in (
        ("if", aside.when),
        ("not if", aside.unless),
        ("never if, on any specimen,", aside.never),
    ):
        for condition in conditions:
            yield f"- {word} {describe_condition(condition, knowledge)}"
    yield f"- never with {', '.join(aside.never_stated)}"


def _limit(limit: Limit, knowledge: Knowledge) -> Iterator[str]:
    yield f"### `{limit.id}` ({knowledge.analytes[limit.analyte].title})"
    yield ""
    if limit.wording:
        yield f"{'Published as' if limit.is_published else 'Convention'}: {limit.wording}"
        yield ""
    # The first two lines are the id and the wording, which stand above; the last is the source.
    _, _, *strata, _ = describe_limit(limit, knowledge)
    yield "```text"
    yield from (line.removeprefix("    ") for line in strata)
    yield "```"
    yield ""
    yield f"Source: {cite(limit.source, knowledge)}"


def _profile(name: str, default: Knowledge) -> Iterator[str]:
    knowledge = load_knowledge(None, name, groups=EVERY)
    yield f"### Profile `{name}`: {knowledge.profile.title}"
    yield ""
    if knowledge.profile.description:
        yield knowledge.profile.description
        yield ""
    if knowledge.profile.rule_groups:
        groups = ", ".join(f"`{group}`" for group in knowledge.profile.rule_groups)
        yield f"Switches on: {groups}"
    for rule in knowledge.rules.values():
        if default.rules.get(rule.id) != rule:
            yield ""
            yield from _rule(rule, knowledge)
    for limit in knowledge.limits.values():
        if default.limits.get(limit.id) != limit:
            yield ""
            yield from _limit(limit, knowledge)


def _profiles() -> list[str]:
    folder = files("pipeline.knowledge") / "profiles"
    names = (path.name for path in folder.iterdir())
    return sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
