"""Groups of rules that a profile or a site switches on."""

from collections.abc import Collection
from dataclasses import replace

from pipeline.errors import KnowledgeError
from pipeline.knowledge.check import rules_in
from pipeline.knowledge.model import Knowledge, Rule
from pipeline.knowledge.worklist import conditions_of
from schemas.vocabulary import CriticalValues

EVERY = frozenset({"*"})
"""Every group: for whoever looks at all the rules."""
CRITICAL = "critical-values"
"""The group of the critical values to telephone: on until a site switches it off."""
_NOT_CONFIRMED = "critical-value-not-confirmed"
"""Comment on a critical value as long as the site has not confirmed the list."""


def enable_groups(knowledge: Knowledge, groups: Collection[str]) -> Knowledge:
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
    conditions += conditions_of(knowledge.orders, knowledge.for_information)
    for name in rules_in(conditions):
        if name not in kept:
            group = knowledge.rules[name].group
            raise KnowledgeError(
                f"rule {name!r} is needed by another rule, but its group {group!r} is off"
            )
    return replace(knowledge, rules=kept)


def choose_critical_values(knowledge: Knowledge, choice: CriticalValues) -> Knowledge:
    """Apply what the site says of the critical values to telephone.

    Args:
        knowledge: With the groups that are switched on.
        choice: "confirmed": the list is the laboratory's own; "off": nothing is listed; "": the
            site has not chosen, so they are listed and said to be not yet confirmed.
    """

    def chosen(rule: Rule) -> Rule:
        if choice == "off":
            return replace(rule, critical=False)
        if choice == "confirmed":
            comment = tuple(code for code in rule.comment if code != _NOT_CONFIRMED)
            return replace(rule, comment=comment)
        return rule

    rules = {name: chosen(rule) for name, rule in knowledge.rules.items()}
    return replace(knowledge, rules=rules, critical_values=choice)
