"""Comments, titles and conventions in a language; ids, limits and published wording stay."""

from collections.abc import Mapping
from dataclasses import replace

from pipeline.errors import KnowledgeError
from pipeline.knowledge.check import check_knowledge
from pipeline.knowledge.memo import cached_by_knowledge
from pipeline.knowledge.model import Comment, Knowledge, Limit, Rule, Translation

ENGLISH = "en"
"""The language in which knowledge is written."""
KINDS = (
    *("rules", "analytes", "shorts", "observations", "artifacts", "suggestions"),
    *("priorities", "profiles", "descriptions", "conventions"),
)
"""Tables `[words.…]` of a file in `comments/`: id (or the English words) → words."""


def check_words(translations: Mapping[str, Translation]) -> None:
    """Refuse words of an unknown kind.

    Raises:
        KnowledgeError: There are such.
    """
    for kind in (kind for translation in translations.values() for kind in translation.words):
        if kind not in KINDS:
            raise KnowledgeError(f"unknown kind of words {kind!r}; there are: {', '.join(KINDS)}")


def join_comments(translations: Mapping[str, Translation]) -> dict[str, Comment]:
    """Return the comments in English, and in another language those that are not in English."""
    languages = sorted(translations, key=lambda language: language != ENGLISH)
    joined: dict[str, Comment] = {}
    for language in languages:
        joined = {**translations[language].comments, **joined}
    return joined


@cached_by_knowledge
def translate(knowledge: Knowledge, language: str) -> Knowledge:
    """Put the comments and words of a language in the place of the English ones.

    Titles without a translation stay English, comments must all be there; names by which exports
    are recognized do not change, and neither does the version.

    Raises:
        KnowledgeError: A comment that something refers to is not written in the language.
    """
    if language not in knowledge.translations:
        known = ", ".join(knowledge.translations)
        raise KnowledgeError(f"no comments in the language {language!r}; there are: {known}")
    translation = knowledge.translations[language]
    comments, words = translation.comments, translation.words
    if not words and comments.keys() == knowledge.comments.keys() and language == ENGLISH:
        return knowledge
    knowledge = replace(knowledge, comments=comments)
    check_knowledge(knowledge)
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
