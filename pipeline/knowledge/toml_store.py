"""TOML files → entries by kind and key, each with the place where it is written."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from difflib import get_close_matches
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from pipeline.errors import KnowledgeError
from pipeline.files.toml import read_toml
from pipeline.knowledge.former_ids import rename_rules

Entry = dict[str, Any]

COMMENT = "comment"
"""Kind of the comments; those of a file in `comments/` have their language behind it."""
_SINGLE = ("join", "pregnancy", "agreement", "for_information", "notices", "nothing_found")
"""Written as one table, since there is only one of it."""
_ADDS = ("words",)
"""Lists of an overlay are added to those of the same key, unless it says that it replaces them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocatedEntry:
    """An entry as written, and where."""

    entry: Entry
    file: str
    line: int = 0
    """Of the first line of the entry; 0 if it cannot be told."""
    written: tuple[str, ...] = ()
    """The lines of the entry."""

    def place_of(self, words: Iterator[str]) -> str:
        """Name the file, and the line on which the first of some words stands in the entry."""
        if not self.line:
            return self.file
        for word in words:
            token = re.compile(rf"(?<![\w.-]){re.escape(word)}(?![\w-])")
            for number, text in enumerate(self.written):
                if token.search(text):
                    return f"{self.file}:{self.line + number}"
        return f"{self.file}:{self.line}"


@contextmanager
def with_location(placed: LocatedEntry | None) -> Iterator[None]:
    """Put the file and the line before the message of what is wrong with an entry."""
    try:
        yield
    except KnowledgeError as error:
        if placed is None:
            raise
        names = {str(value) for key, value in placed.entry.items() if key in ("id", "name")}
        quoted = (word for word in re.findall(r"'([^']+)'", str(error)) if word not in names)
        raise KnowledgeError(f"{placed.place_of(quoted)}: {error}") from error


class TomlStore:
    """Every entry that was read, by kind and key."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        """Make an empty shelf; `keys` gives for each kind of entry what it is known by."""
        self._keys = keys
        self.entries: dict[str, dict[object, LocatedEntry]] = {kind: {} for kind in keys}
        self.words: dict[str, dict[str, dict[str, str]]] = {}
        """Titles by language, kind and id."""

    def __getitem__(self, kind: str) -> dict[object, LocatedEntry]:
        return self.entries[kind]

    def comments_in(self, language: str) -> dict[object, LocatedEntry]:
        """Return the comments of a language; those that are written for all of them win."""
        return {**self.entries.get(f"{COMMENT}.{language}", {}), **self.entries[COMMENT]}

    def read_folder(self, folder: Traversable | Path) -> None:
        """Put everything on the shelf that stands in a folder of TOML files."""
        for path in _toml_files(folder):
            self.read_file(path)
        for path in _toml_files(folder / "layouts"):
            self.put_file("layout", path)
        for path in _toml_files(folder / "profiles"):
            self.put_file("profile", path)
        for path in _toml_files(folder / "comments"):
            # "de.toml", and what stands beside it in files of its own: "de_urgent.toml".
            language = path.name.removesuffix(".toml").partition("_")[0]
            table, text = read_entries(path)
            self._add_words(language, table.pop("words", {}))
            self._put_all(table, path.name, text, language)

    def read_file(self, path: Traversable | Path) -> None:
        """Put the entries of one file on the shelf."""
        table, text = read_entries(path)
        self._put_all(table, path.name, text)

    def put_file(self, kind: str, path: Traversable | Path) -> str:
        """Put a file on the shelf that is one entry as a whole, and give its id."""
        table, text = read_entries(path)
        stem = path.name.removesuffix(".toml")
        self._put(
            kind, LocatedEntry(entry={"id": stem, **table}, file=path.name, line=1, written=text)
        )
        return stem

    def replace(self, table: Entry, file: str, text: tuple[str, ...]) -> None:
        """Put entries on the shelf in place of those of the same key."""
        for kind, key, placed in self._locate_entries(table, file, text):
            self.entries[kind][key] = placed

    def follow_renamed(self, now: Mapping[str, str]) -> None:
        """Let rules that are written under a former id, and what names them, mean those of now."""
        for kind, entries in self.entries.items():
            renamed: dict[object, LocatedEntry] = {}
            for key, placed in entries.items():
                entry = rename_rules(placed.entry, now)
                if kind == "rule":
                    key = now.get(str(key), key)
                    entry["id"] = key
                    if "replaces" in entry:
                        entry["replaces"] = now.get(entry["replaces"], entry["replaces"])
                renamed[key] = replace(placed, entry=entry)
            entries.clear()
            entries.update(renamed)
        for kinds in self.words.values():
            words = kinds.get("rules", {})
            for old in now.keys() & words.keys():
                words.setdefault(now[old], words.pop(old))

    def lay_over(self, other: "TomlStore") -> None:
        """Add the entries of another shelf; what is taken must be replaced on purpose.

        Words of a language are added to those that it has.

        Raises:
            KnowledgeError: A key is taken and `replaces` does not say so, or says another.
        """
        for kind, entries in other.entries.items():
            for key, placed in entries.items():
                replaces = placed.entry.pop("replaces", None)
                taken = self._is_taken(kind, key)
                if replaces is not None and (replaces != key or not taken):
                    raise KnowledgeError(
                        f"{placed.file}: [[{_name(kind)}]] {key!r} replaces {replaces!r}, "
                        "which is not there"
                    )
                if taken and replaces is None and kind in _ADDS:
                    placed = _add_to(self.entries[kind][key], placed)
                elif taken and replaces is None:
                    raise KnowledgeError(
                        f"{placed.file}: [[{_name(kind)}]] {key!r} is already known; "
                        f'say replaces = "{key}" if it is meant to replace it'
                    )
                self.entries.setdefault(kind, {})[key] = placed
        for language, kinds in other.words.items():
            self._add_words(language, kinds)

    def _is_taken(self, kind: str, key: object) -> bool:
        """Whether there is such an entry; a comment for all languages takes that of any."""
        return any(
            key in self.entries.get(known, {})
            for known in self.entries
            if known == kind or (kind == COMMENT == _name(known))
        )

    def _add_words(self, language: str, kinds: Mapping[str, Mapping[str, str]]) -> None:
        known = self.words.setdefault(language, {})
        for kind, words in kinds.items():
            known[kind] = known.get(kind, {}) | dict(words)

    def _put_all(self, table: Entry, file: str, text: tuple[str, ...], language: str = "") -> None:
        for kind, _, placed in self._locate_entries(table, file, text):
            self._put(f"{kind}.{language}" if language and kind == COMMENT else kind, placed)

    def _put(self, kind: str, placed: LocatedEntry) -> None:
        key = placed.entry[self._keys[_name(kind)]]
        entries = self.entries.setdefault(kind, {})
        if key in entries:
            raise KnowledgeError(f"{placed.file}: [[{_name(kind)}]] {key!r} stands twice")
        entries[key] = placed

    def _locate_entries(
        self, table: Entry, file: str, text: tuple[str, ...]
    ) -> Iterator[tuple[str, object, LocatedEntry]]:
        for kind, entries in table.items():
            if kind not in self._keys:
                line = next((n for n, said in enumerate(text, 1) if kind in said), 0)
                raise KnowledgeError(
                    f"{file}:{line}: unknown kind of entry {kind!r}{nearest(kind, self._keys)}"
                )
            if kind in _SINGLE and isinstance(entries, dict):
                entries = [{self._keys[kind]: kind, **entries}]
            if not isinstance(entries, list):
                raise KnowledgeError(f"{file}: {kind!r} must be written as [[{kind}]]")
            blocks = _blocks(kind, text)
            for number, entry in enumerate(entries):
                # Entries written as one list have no blocks of their own.
                found = len(blocks) == len(entries)
                line, written = blocks[number] if found else (0, ())
                placed = LocatedEntry(entry=entry, file=file, line=line, written=written)
                key = entry.get(self._keys[kind])
                if key is None:
                    where = placed.place_of(iter(()))
                    raise KnowledgeError(f"{where}: a [[{kind}]] has no {self._keys[kind]!r}")
                yield kind, key, placed


def _name(kind: str) -> str:
    """Return a kind of entry as it is written in a file."""
    return kind.partition(".")[0]


def _add_to(old: LocatedEntry, new: LocatedEntry) -> LocatedEntry:
    """Return an entry with the lists of another put behind those of the same name."""
    lists = {
        name: [*old.entry[name], *added]
        for name, added in new.entry.items()
        if isinstance(added, list) and isinstance(old.entry.get(name), list)
    }
    return replace(new, entry={**old.entry, **new.entry, **lists})


def read_entries(path: Traversable | Path) -> tuple[Entry, tuple[str, ...]]:
    """Read a file as TOML, and as lines.

    Raises:
        KnowledgeError: It cannot be read; says the line where TOML ends.
    """
    try:
        table, text = read_toml(path)
    except OSError as error:
        raise KnowledgeError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise KnowledgeError(f"{path.name}: cannot be read as TOML: {error}") from error
    return table, tuple(text.splitlines())


def nearest(name: str, known: Iterator[str] | Mapping[str, object] | list[str]) -> str:
    """Give "; did you mean …?" for the known name that is nearest, or nothing."""
    close = get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _toml_files(folder: Traversable | Path) -> list[Any]:
    if not folder.is_dir():
        return []
    found = (path for path in folder.iterdir() if path.name.endswith(".toml"))
    return sorted(found, key=lambda item: item.name)


def _blocks(kind: str, text: tuple[str, ...]) -> list[tuple[int, tuple[str, ...]]]:
    """Find the entries of a kind: number of the first line, and the lines."""
    heads = [n for n, line in enumerate(text) if re.match(r"\s*\[+[\w.\"' -]+\]+\s*(#|$)", line)]
    ends = [*heads, len(text)][1:]
    return [
        (head + 1, text[head:end])
        for head, end in zip(heads, ends, strict=True)
        if re.match(rf"\s*\[\[\s*{kind}\s*\]\]", text[head])
    ]
