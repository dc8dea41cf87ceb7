"""Words that an export may write: kinds of words, and a table of them for each language."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from pipeline.errors import KnowledgeError
from pipeline.knowledge.toml_store import nearest

PhraseKind = Literal[
    "yes", "no", "positive", "negative", "equivocal", "not-said",
    "denied-before", "denied-after", "doubtful", "suspected", "tentative", "historical", "link",
    "ends-denial", "specimen", "analytical", "neutral", "understood", "look-alike",
    "status-final", "status-corrected", "status-preliminary", "status-cancelled",
    "sex-female", "sex-male", "sex-unknown", "sex-other",
    "control", "control-level", "summary", "summary-or-name", "month",
    "less-than-cell", "greater-than-cell", "at-most-cell", "at-least-cell", "exactly",
    "specimen-sound", "flag-critical", "flag-low", "flag-high", "flag-abnormal", "flag-none",
    "mark-doubtful", "mark-no-number", "mark-plain",
]  # fmt: skip
"""Kinds whose words stand in one list for all languages, beside what they belong to."""

LanguageKind = Literal[
    "less-than", "greater-than", "at-most", "at-least",
    "less-than-number", "greater-than-number", "at-most-number", "at-least-number",
    "range-to", "reference-to", "reference-up-to", "reference-from",
    "not-measured", "not-measured-stem", "unreliable-stem", "doubt-denied", "doubt-denied-link",
    "flag-beside-number",
    "month-1", "month-2", "month-3", "month-4", "month-5", "month-6",
    "month-7", "month-8", "month-9", "month-10", "month-11", "month-12",
    "day-ordinal", "before-month", "before-year", "format-day", "format-month", "format-year",
    "age-years", "age-months", "age-days", "age-weeks", "age-hours",
    "age-years-cell", "age-months-cell", "age-days-cell", "gestation-weeks", "gestation-days",
    "unknown", "no-id", "no-age", "and", "or", "material-link",
    "other-fluid", "about-a-result", "header-flag", "header-mark", "header-yes", "header-no",
    "unit-title", "unit-title-row", "unit-in", "closing-line", "summary-line",
]  # fmt: skip
"""Kinds whose words stand in `words.toml`, in the table of their language."""

WordKind = PhraseKind | LanguageKind
_OF_LANGUAGES: tuple[str, ...] = get_args(LanguageKind)
WORD_KINDS: tuple[str, ...] = (*get_args(PhraseKind), *_OF_LANGUAGES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """Words of one kind."""

    id: WordKind
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Words of one language, by kind."""

    language: str
    """Two letters of ISO 639-1."""
    kinds: Mapping[str, tuple[str, ...]]


def words_entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry of words with its kinds in one table.

    Raises:
        KnowledgeError: A kind is not known, or the language is no code of two letters.
    """
    language = entry.get("language")
    if not re.fullmatch("[a-z]{2}", str(language)):
        raise KnowledgeError(f"words {language!r}: the language is a code of two letters")
    kinds = {kind: words for kind, words in entry.items() if kind != "language"}
    for kind in kinds:
        if kind not in WORD_KINDS:
            hint = nearest(kind, list(WORD_KINDS))
            raise KnowledgeError(f"words {language!r}: unknown kind of words {kind!r}{hint}")
    return {"language": language, "kinds": kinds}


def join_words(
    phrases: Mapping[str, Phrases], languages: Mapping[str, Words]
) -> dict[str, Phrases]:
    """Return the words of every kind, those of one list and those of all languages together.

    A kind that no language has words of is empty; one of a list that is not there is missing.
    """
    joined: dict[str, Phrases] = {}
    for kind in WORD_KINDS:
        own = phrases[kind].words if kind in phrases else ()
        of_languages = (word for each in languages.values() for word in each.kinds.get(kind, ()))
        words = tuple(dict.fromkeys((*own, *of_languages)))
        if words or kind in _OF_LANGUAGES:
            joined[kind] = Phrases(id=kind, words=words)  # type: ignore[arg-type]
    return joined


def any_word(words: Iterable[str]) -> str:
    r"""Return the pattern of any of some words, escaped, the longest first.

    >>> any_word(["std dev", "std. dev"]), any_word([])
    ('(?:std\\.\\ dev|std\\ dev)', '(?!)')
    """
    longest = sorted(set(words), key=lambda word: (-len(word), word))
    return f"(?:{'|'.join(map(re.escape, longest))})" if longest else "(?!)"


def any_beginning(words: Iterable[str]) -> str:
    r"""Return the pattern of any of some words; where one ends in a star, any ending may follow.

    >>> any_beginning(["wrong", "clot*"])
    '\\b(?:clot|wrong\\b)'
    """
    longest = sorted(set(words), key=lambda word: (-len(word), word))
    patterns = (
        re.escape(word[:-1]) if word.endswith("*") else rf"{re.escape(word)}\b" for word in longest
    )
    return rf"\b(?:{'|'.join(patterns)})" if longest else "(?!)"
