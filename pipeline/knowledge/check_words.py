"""Does every word of exports mean one thing: no word of a kind says the contrary in another."""

from collections.abc import Callable, Mapping
from typing import get_args

from pipeline.errors import KnowledgeError
from pipeline.knowledge.name_key import fold_words, name_key
from pipeline.knowledge.words import WORD_KINDS, LanguageKind, Phrases

_MONTHS = tuple((f"month-{number}",) for number in range(1, 13))
_IN_CELLS = ("less-than", "greater-than", "at-most", "at-least")

_APART: tuple[tuple[Callable[[str], str], tuple[tuple[str, ...], ...]], ...] = (
    (fold_words, (*((name, f"{name}-cell", f"{name}-number") for name in _IN_CELLS), ("exactly",))),
    (fold_words, (("range-to", "reference-to"), ("reference-from",))),
    (fold_words, (("not-measured", "not-measured-stem"), ("unreliable-stem",))),
    (fold_words, _MONTHS),
    (fold_words, (("format-day",), ("format-month",), ("format-year",))),
    (
        fold_words,
        (
            ("age-years", "age-years-cell"),
            ("age-months", "age-months-cell"),
            ("age-weeks",),
            ("age-days", "age-days-cell"),
            ("age-hours",),
        ),
    ),
    (fold_words, (("gestation-weeks",), ("gestation-days",))),
    (fold_words, (("sex-female",), ("sex-male",), ("sex-unknown", "unknown"), ("sex-other",))),
    (
        name_key,
        (("status-final",), ("status-corrected",), ("status-preliminary",), ("status-cancelled",)),
    ),
    (fold_words, (("and",), ("or",))),
    (fold_words, (("header-yes",), ("header-no",))),
    (fold_words, (("header-flag",), ("header-mark",), ("unit-title", "unit-title-row"))),
    (name_key, (("other-fluid",), ("about-a-result",))),
    (str.casefold, (("yes", "positive"), ("no", "negative"), ("not-said",))),
)
"""How words are compared, and the kinds that contradict one another; those of one meaning in one
tuple."""


def check_words(phrases: Mapping[str, Phrases]) -> None:
    """Refuse kinds that are missing, words of two meanings, and words that cannot be looked for.

    Raises:
        KnowledgeError: Names the word and its kinds.
    """
    if missing := set(WORD_KINDS) - phrases.keys():
        raise KnowledgeError(f"no words of the kind {', '.join(sorted(missing))}")
    for kind in get_args(LanguageKind):
        for word in phrases[kind].words:
            _check_word(kind, word)
    for fold, meanings in _APART:
        claimed: dict[str, tuple[str, int]] = {}
        for meaning, kinds in enumerate(meanings):
            for kind in kinds:
                for word in phrases[kind].words:
                    other, before = claimed.setdefault(fold(word), (kind, meaning))
                    if before != meaning:
                        raise KnowledgeError(f"the word {word!r} means both {kind!r} and {other!r}")


def _check_word(kind: str, word: str) -> None:
    if not fold_words(word).strip("*"):
        raise KnowledgeError(f"words: a word of the kind {kind!r} is empty")
    if "*" in (word[:-1] if kind.endswith("-stem") else word):
        raise KnowledgeError(
            f"the word {word!r} of the kind {kind!r}: a star stands at the end of a stem only"
        )
    if kind.startswith("format-") and len(word) != 1:
        raise KnowledgeError(f"the word {word!r} of the kind {kind!r} is no single letter")
