"""What reports say, one catalogue per language; nothing that a person reads stands elsewhere."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pipeline.issues.catalogue import IssueKind
from pipeline.report.texts import english, german


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """The texts of one language: `texts("held", count=3)`."""

    language: str
    """As in BCP 47: "en", "de"."""
    entries: Mapping[str, str]
    """Key → text with `{places}` to be filled."""
    problems: Mapping[str, tuple[str, str]]
    """Code of an issue → what is wrong and what to do, where it is not the catalogue's own."""
    decimal: str
    """The decimal sign within a text; cells that hold numbers follow the reader's own program."""
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
        return self(f"{key}.{'one' if number == 1 else 'many'}", count=f"{number:,}", **values)

    def problem(self, kind: IssueKind) -> tuple[str, str]:
        """Say what is wrong and what to do about it."""
        return self.problems.get(kind.code, (kind.sentence, kind.fix))

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
    entries=MappingProxyType(english.ENTRIES),
    problems=MappingProxyType({}),
    decimal=".",
    lowers=True,
)
GERMAN = Texts(
    language="de",
    entries=MappingProxyType(german.ENTRIES),
    problems=MappingProxyType(german.PROBLEMS),
    decimal=",",
    lowers=False,
)
LANGUAGES: Mapping[str, Texts] = MappingProxyType(
    {each.language: each for each in (ENGLISH, GERMAN)}
)
