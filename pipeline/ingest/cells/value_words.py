"""Words in and beside cells of results: comparators, "not measured", doubts, flags."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.knowledge.memo import cached_by_knowledge
from pipeline.knowledge.model import Knowledge
from pipeline.knowledge.name_key import fold_words
from pipeline.knowledge.words import any_beginning, any_word

# Spaces that nobody types by accident, and apostrophes: they group digits and nothing else.
GROUPING = "\u00a0\u2007\u2009\u202f'’"
NUMBER = rf"[0-9]+(?:[.,{GROUPING}][0-9]+)*|[.,][0-9]+"
EMPTY_MARKS = frozenset(["n/a", "na", "nan", "none", "null"])
"""What programs write where there is nothing, in no language."""

_SIGNS = {"": "", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "≤": "<=", "≥": ">="}
_NAMED = {"less-than": "<", "greater-than": ">", "at-most": "<=", "at-least": ">="}
_NO_ENTRY = EMPTY_MARKS | {"-", "#n/a", "<na>"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueWords:
    """Words of results, ready to be looked up; all but the range in folded text."""

    comparators: Mapping[str, str]
    """Sign or words before a number → comparator, "" for none."""
    not_measured: frozenset[str]
    """Whole cells that say that there is no result."""
    not_measured_beside: frozenset[str]
    """Those of them that say so in a flag or a comment as well."""
    not_measured_stems: re.Pattern[str]
    unreliable_stems: re.Pattern[str]
    denied: re.Pattern[str]
    """A denial at the end of what stands before one of them."""
    flags: frozenset[str]
    """Flags in words, without capitals."""
    range: re.Pattern[str]
    """Both ends of an interval, and what follows them."""


@cached_by_knowledge
def index_value_words(knowledge: Knowledge) -> ValueWords:
    """Prepare the words of `knowledge.phrases` that stand in and beside results."""

    def words(*kinds: str) -> list[str]:
        return [fold_words(word) for kind in kinds for word in knowledge.phrases[kind].words]

    comparators = dict(_SIGNS)
    for kind, sign in _NAMED.items():
        comparators |= dict.fromkeys(words(kind, f"{kind}-number"), sign)
    not_measured = frozenset(words("not-measured"))
    denied, link = any_word(words("doubt-denied")), any_word(words("doubt-denied-link"))
    to = any_word(knowledge.phrases["range-to"].words)
    return ValueWords(
        comparators=comparators,
        not_measured=not_measured | _NO_ENTRY,
        not_measured_beside=not_measured - _NO_ENTRY,
        not_measured_stems=re.compile(any_beginning(words("not-measured-stem"))),
        unreliable_stems=re.compile(any_beginning(words("unreliable-stem"))),
        denied=re.compile(rf"\b{denied}[ -](?:{link} )?$"),
        flags=frozenset(word.casefold() for word in knowledge.phrases["flag-beside-number"].words),
        range=re.compile(rf"({NUMBER})\s*(?:-|–|—|\.\.|{to})\s*({NUMBER})\s*(\D*)"),
    )


def comparator_of(text: str, words: ValueWords) -> str | None:
    """Return the comparator that a text by itself names, "" for none; None if it names none."""
    return words.comparators.get(fold_words(text))


def doubt_of(text: str, words: ValueWords) -> str:
    """Return what a flag or comment says against a result; letters and normal words say nothing.

    Returns:
        "", or the code that the same words have in the cell of a result: `not-measured` or
        `specimen-unreliable`.
    """
    folded = fold_words(text)
    found = words.unreliable_stems.finditer(folded)
    if any(not words.denied.search(folded[: at.start()]) for at in found):
        return "specimen-unreliable"
    is_bare = folded.strip(" .!") in words.not_measured_beside
    return "not-measured" if is_bare or words.not_measured_stems.search(folded) else ""
