"""Titles and conventions in the language chosen; ids, limits and published wording stay."""

from collections.abc import Mapping
from dataclasses import replace

from pipeline.errors import KnowledgeError
from pipeline.knowledge.model import Knowledge, Limit, Rule

KINDS = (
    *("rules", "analytes", "shorts", "observations", "artifacts", "suggestions"),
    *("priorities", "profiles", "descriptions", "conventions"),
)
"""Tables `[words.…]` of a file in `comments/`: id (or the English words) → words."""


def translate(knowledge: Knowledge, words: Mapping[str, Mapping[str, str]]) -> Knowledge:
    """Put the words of another language in the place of the English ones.

    What has no translation keeps its English words; names by which exports are recognized do
    not change.

    Raises:
        KnowledgeError: There are words of an unknown kind.
    """
    for kind in words:
        if kind not in KINDS:
            raise KnowledgeError(f"unknown kind of words {kind!r}; there are: {', '.join(KINDS)}")
    rules, analytes, shorts, observations, artifacts, suggestions, *rest = (
        words.get(kind, {}) for kind in KINDS
    )
    priorities, profiles, descriptions, conventions = rest

    def of_rule(rule: Rule) -> Rule:
        suggest = tuple(suggestions.get(name, name) for name in rule.suggest)
        return replace(rule, title=rules.get(rule.id, rule.title), suggest=suggest)

    def of_limit(limit: Limit) -> Limit:
        # What was published stands in the words in which it was published.
        if limit.is_published:
            return limit
        return replace(limit, wording=conventions.get(limit.wording, limit.wording))

    profile = knowledge.profile
    panels = {suggestions.get(name, name): panel for name, panel in knowledge.panels.items()}
    return replace(
        knowledge,
        rules={name: of_rule(rule) for name, rule in knowledge.rules.items()},
        limits={name: of_limit(limit) for name, limit in knowledge.limits.items()},
        analytes={
            name: replace(
                analyte,
                title=analytes.get(name, analyte.title),
                short=shorts.get(name, analyte.short),
            )
            for name, analyte in knowledge.analytes.items()
        },
        observations={
            name: replace(each, title=observations.get(name, each.title))
            for name, each in knowledge.observations.items()
        },
        artifacts={
            name: replace(
                artifact,
                title=artifacts.get(name, artifact.title),
                suggest=tuple(suggestions.get(test, test) for test in artifact.suggest),
            )
            for name, artifact in knowledge.artifacts.items()
        },
        priorities=tuple(
            replace(each, title=priorities.get(each.title, each.title))
            for each in knowledge.priorities
        ),
        panels=panels,
        profile=replace(
            profile,
            title=profiles.get(profile.id, profile.title),
            description=descriptions.get(profile.id, profile.description),
        ),
    )
