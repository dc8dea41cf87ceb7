"""Groups of rules that a profile or a site switches on."""

from collections.abc import Collection
from dataclasses import replace

from pipeline.errors import KnowledgeError
from pipeline.knowledge.check import rules_in
from pipeline.knowledge.model import Knowledge

EVERY = frozenset({"*"})
"""Every group: for whoever looks at all the rules."""


def switch_on(knowledge: Knowledge, groups: Collection[str]) -> Knowledge:
    """Keep the rules that belong to no group, and those of the groups given.

    Raises:
        KnowledgeError: A group does not exist, or something that stays refers to a rule that goes.
    """
    if set(groups) >= EVERY:
        return knowledge
    known = sorted({rule.group for rule in knowledge.rules.values()} - {""})
    for group in groups:
        if group not in known:
            there = ", ".join(known) or "none"
            raise KnowledgeError(f"no group of rules named {group!r}; there are: {there}")
    kept = {name: rule for name, rule in knowledge.rules.items() if rule.group in {"", *groups}}
    conditions = [rule.when for rule in kept.values()]
    conditions += [step.when for rule in kept.values() for step in rule.grades]
    conditions += [priority.when for priority in knowledge.priorities if priority.when is not None]
    for name in rules_in(conditions):
        if name not in kept:
            group = knowledge.rules[name].group
            raise KnowledgeError(
                f"rule {name!r} is needed by another rule, but its group {group!r} is off"
            )
    return replace(knowledge, rules=kept)
