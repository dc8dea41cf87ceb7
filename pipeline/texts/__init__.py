"""What people read, one TOML file a language; nothing that a person reads stands elsewhere."""

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from pipeline.files.file_kinds import list_suffixes

_ISO_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_LANGUAGE, _SIGNS, _ISSUES = "language", "signs", "issues"
"""Tables of a file that hold something else than texts by key."""


class Signs(NamedTuple):
    """What stands in workbooks of held rows, and is read back in every language."""

    cell: str
    """Before a cell that cannot be trusted."""
    row: str
    """Before the first cell of a row that could not be split."""
    not_read: str
    """Begins the first cell of the sheets that explain a workbook."""


class Texts:
    """The texts of one language: `texts("held", count=3)`; its file is read at first use."""

    def __init__(self, language: str, path: Path) -> None:
        """Name a language, as in BCP 47 ("en", "de"), and its file."""
        self.language = language
        self._path = path

    def __repr__(self) -> str:
        """Return the language; not the texts."""
        return f"Texts({self.language!r})"

    def __call__(self, key: str, **values: object) -> str:
        """Return a text with its places filled.

        Raises:
            KeyError: There is no such text, or a place was not filled: a bug.
        """
        text = self.entries[key]
        return text.format(**values) if values else text

    def count(self, key: str, number: int, **values: object) -> str:
        """Return a text with a number and the right form of its noun."""
        return self(f"{key}.{'one' if number == 1 else 'many'}", count=self.whole(number), **values)

    def problem(self, code: str) -> tuple[str, str]:
        """Return what is wrong and what to do about it, by the code of an issue."""
        return self.problems[code]

    def message(self, code: str) -> str:
        """Return what is wrong and what to do about it, as one text."""
        return " ".join(self.problems[code]).strip()

    def whole(self, number: int) -> str:
        """Write a count with a sign between thousands."""
        return f"{number:,}".replace(",", self.grouping)

    def dated(self, text: str) -> str:
        """Write the ISO dates in a text as the language does."""
        return text if self.date == "yyyy-mm-dd" else _ISO_DATE.sub(self._date_pattern, text)

    def heads(self, *keys: str) -> tuple[str, ...]:
        """Return what stands in a text with bars between: heads of a table, choices."""
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

    @cached_property
    def entries(self) -> Mapping[str, str]:
        """Key → text with `{places}` to be filled.

        Raises:
            ValueError: A key stands in two tables.
        """
        tables = [
            table
            for name, table in self._tables.items()
            if name not in (_LANGUAGE, _SIGNS, _ISSUES)
        ]
        entries = {key: text for table in tables for key, text in table.items()}
        if len(entries) != sum(map(len, tables)):
            raise ValueError(f"{self._path.name}: a key stands in two tables")
        return MappingProxyType(entries)

    @cached_property
    def problems(self) -> Mapping[str, tuple[str, str]]:
        """Code of an issue → what is wrong and what to do."""
        suffixes = list_suffixes(self("or"))
        return {
            code: (issue["sentence"], issue["fix"].replace("{suffixes}", suffixes))
            for code, issue in self._tables[_ISSUES].items()
        }

    @cached_property
    def examples(self) -> Mapping[str, str]:
        """Code of an error that concerns a row → what a corrected cell looks like."""
        issues = self._tables[_ISSUES].items()
        return {code: issue["example"] for code, issue in issues if "example" in issue}

    @cached_property
    def signs(self) -> Signs:
        """Signs in workbooks of held rows."""
        return Signs(**self._tables[_SIGNS])

    @cached_property
    def decimal(self) -> str:
        """The decimal sign within a text; cells that hold numbers follow the reader's program."""
        return str(self._tables[_LANGUAGE]["decimal"])

    @cached_property
    def grouping(self) -> str:
        """Between thousands within a text."""
        return str(self._tables[_LANGUAGE]["grouping"])

    @cached_property
    def date(self) -> str:
        """How a date is shown in a cell, as a number format."""
        return str(self._tables[_LANGUAGE]["date"])

    @cached_property
    def lowers(self) -> bool:
        """A title within a sentence begins with a small letter."""
        return bool(self._tables[_LANGUAGE]["lowers"])

    @cached_property
    def digest(self) -> str:
        """Another one as soon as anything in the file differs."""
        from hashlib import sha256

        return sha256(self._content[1].encode()).hexdigest()[:12]

    @cached_property
    def _date_pattern(self) -> str:
        """The form of a date, as what the parts of an ISO date are replaced by."""
        return self.date.replace("yyyy", r"\1").replace("mm", r"\2").replace("dd", r"\3")

    @property
    def _tables(self) -> dict[str, dict[str, Any]]:
        return self._content[0]

    @cached_property
    def _content(self) -> tuple[dict[str, Any], str]:
        # Late, here and above: a program that starts to show its help needs neither.
        from pipeline.files.toml import read_toml

        return read_toml(self._path)


def find_languages(folder: Path) -> Mapping[str, Texts]:
    """List the languages that have a file in a folder, English first."""
    paths = sorted(folder.glob("*.toml"), key=lambda path: (path.stem != "en", path.stem))
    return MappingProxyType({path.stem: Texts(path.stem, path) for path in paths})


LANGUAGES = find_languages(Path(__file__).parent)
"""Language → its texts."""
ENGLISH = LANGUAGES["en"]
"""The language of messages on the terminal, and of what the history stores."""
