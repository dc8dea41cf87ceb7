"""What reports say, one catalogue per language; nothing that a person reads stands elsewhere."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pipeline.issues.catalogue import IssueKind
from pipeline.texts import (
    english,
    english_lists,
    english_template,
    german,
    german_lists,
    german_problems,
    german_template,
)
from pipeline.texts.examples import EXAMPLES

_ISO_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """The texts of one language: `texts("held", count=3)`."""

    language: str
    """As in BCP 47: "en", "de"."""
    entries: Mapping[str, str]
    """Key → text with `{places}` to be filled."""
    problems: Mapping[str, tuple[str, str]]
    """Code of an issue → what is wrong and what to do, where it is not the catalogue's own."""
    examples: Mapping[str, str]
    """Code of an error that concerns a row → what a corrected cell looks like."""
    decimal: str
    """The decimal sign within a text; cells that hold numbers follow the reader's own program."""
    grouping: str
    """Between thousands within a text."""
    date: str
    """How a date is shown in a cell, as a number format."""
    lowers: bool
    """A title within a sentence begins with a small letter."""

    def __call__(self, key: str, **values: object) -> str:
        """Give a text with its places filled.

        Raises:
            KeyError: The catalogue has no such text, or a place was not filled: a bug.
        """
        text = self.entries[key]
        return text.format(**values) if values else text

    def count(self, key: str, number: int, **values: object) -> str:
        """Give a text with a number and the right form of its noun."""
        return self(f"{key}.{'one' if number == 1 else 'many'}", count=self.whole(number), **values)

    def problem(self, kind: IssueKind) -> tuple[str, str]:
        """Say what is wrong and what to do about it."""
        return self.problems.get(kind.code, (kind.sentence, kind.fix))

    def whole(self, number: int) -> str:
        """Write a count with a sign between thousands."""
        return f"{number:,}".replace(",", self.grouping)

    def dated(self, text: str) -> str:
        """Write the ISO dates in a text as the language does."""
        return text if self.date == "yyyy-mm-dd" else _ISO_DATE.sub(r"\3.\2.\1", text)

    def heads(self, *keys: str) -> tuple[str, ...]:
        """Give what stands in the catalogue with bars between: heads of a table, choices."""
        return tuple(head for key in keys for head in self(key).split("|"))

    def number(self, text: str) -> str:
        """Write a number within a text with the decimal sign of the language."""
        return text.replace(".", self.decimal)

    def join(self, words: Iterable[str]) -> str:
        """Join as in a sentence: "a, b and c"."""
        *first, last = [*words] or [""]
        return f"{', '.join(first)} {self('and')} {last}" if first else last

    def in_sentence(self, title: str) -> str:
        """Write a title as it stands within a sentence: "Anemia" → "anemia", "MCV" stays."""
        return title[:1].lower() + title[1:] if self.lowers and title[1:2].islower() else title


ENGLISH = Texts(
    language="en",
    entries=MappingProxyType(english.ENTRIES | english_lists.ENTRIES | english_template.ENTRIES),
    problems=MappingProxyType({}),
    examples=EXAMPLES,
    decimal=".",
    grouping=",",
    date="yyyy-mm-dd",
    lowers=True,
)
GERMAN = Texts(
    language="de",
    entries=MappingProxyType(german.ENTRIES | german_lists.ENTRIES | german_template.ENTRIES),
    problems=MappingProxyType(german_problems.PROBLEMS),
    examples=MappingProxyType(german_problems.EXAMPLES),
    decimal=",",
    grouping=".",
    date="dd.mm.yyyy",
    lowers=False,
)
LANGUAGES: Mapping[str, Texts] = MappingProxyType(
    {each.language: each for each in (ENGLISH, GERMAN)}
)
