"""The tables of a worklist that people have edited: found by their titles, wherever they stand."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from openpyxl.utils.escape import unescape

from pipeline.report.worklist.line_tags import TAG, read_call_tag, read_line_tag
from pipeline.texts import ENGLISH, LANGUAGES, Texts

_FIRST_ROWS = 200
"""A title row stands among these."""
_LINE_HEADS = ("worklist.heads", "worklist.typed", "worklist.more")
_KEYS = {
    "lines": _LINE_HEADS,
    "calls": ("calls.heads", "calls.typed"),
    "kept": ("archive.heads",),
    "unplaced": ("unplaced.heads", "unplaced.typed"),
}
_TYPED = {
    "lines": "worklist.typed",
    "calls": "calls.typed",
    "kept": "archive.heads",
    "unplaced": "unplaced.typed",
}
Rows = Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetTable:
    """A table on a sheet: where its columns are, and its lines."""

    kind: str
    texts: Texts
    """Of the language of its titles."""
    titles: Mapping[str, int]
    """Title → column, of those that stand there once."""
    missing: tuple[str, ...]
    """Titles that do not stand there, or twice."""
    own: Mapping[int, str]
    """Column → header, of columns that are none of labflag's."""
    tag: int | None
    """Column of the hidden cells."""
    rows: Rows

    def cells(self, row: Sequence[Any], key: str) -> tuple[Any, ...]:
        """Give the cells of a line under the titles of a text; None where a title is missing."""
        return tuple(
            _at(row, self.titles[title]) if title in self.titles else None
            for title in self.texts.heads(key)
        )

    def tag_of(self, row: Sequence[Any]) -> str:
        """Give the hidden cell of a line; "" where there is none."""
        cell = None if self.tag is None else _at(row, self.tag)
        return str(unescape(cell)) if isinstance(cell, str) else ""


class _Match(NamedTuple):
    score: int
    kind: str
    texts: Texts


def find_tables(
    sheets: Mapping[str, Rows], columns: Sequence[str], heads_before: Collection[str]
) -> tuple[list[SheetTable], Counter[str]]:
    """Find the tables that people type into, and count what else they have added or removed.

    Args:
        sheets: Title of a sheet → its rows.
        columns: Headers of columns that people have added before.
        heads_before: Titles that labflag wrote before, which it may have renamed since.
    """
    tables: list[SheetTable] = []
    odd: Counter[str] = Counter()
    for title, rows in sheets.items():
        table = _find_table(rows, heads_before)
        if table is None:
            odd["own-sheets"] += bool(any(map(any, rows))) and not _is_own(title)
            continue
        tables.append(table)
    if not any(table.kind == "lines" for table in tables):
        tables += [
            table
            for rows in sheets.values()
            if (table := _find_without_titles(rows, columns)) is not None
        ]
    lines = [table for table in tables if table.kind == "lines"]
    odd["no-lines"] += not lines
    odd["no-tags"] += sum(table.tag is None for table in tables if table.kind != "kept")
    odd["titles-missing"] += sum(len(table.missing) for table in tables)
    own = {header for table in lines for header in table.own.values()}
    odd["own-columns"] += len(own - set(columns))
    odd["columns-elsewhere"] += sum(len(table.own) for table in tables if table.kind != "lines")
    return tables, +odd


def _find_table(rows: Rows, heads_before: Collection[str]) -> SheetTable | None:
    for top, row in enumerate(rows[:_FIRST_ROWS]):
        heads = [_head(cell) for cell in row]
        match = _match(heads)
        if match is None:
            continue
        return _describe(match.kind, match.texts, heads, rows[top + 1 :], heads_before)
    return None


def _match(heads: Sequence[str]) -> _Match | None:
    """Say which table has these titles, and in which language."""
    found = set(heads)
    if len(found) < 2:
        return None
    matches = []
    for texts in LANGUAGES.values():
        for kind, keys in _KEYS.items():
            titles = texts.heads(*keys)
            score = len(found & set(titles))
            is_typed = bool(found & {TAG, *texts.heads(_TYPED[kind])})
            has_id = texts.heads("worklist.heads")[2] in found or TAG in found
            is_enough = {
                "lines": (is_typed and has_id) or score > len(titles) // 2,
                "calls": is_typed and score > len(titles) // 2,
                "kept": score >= len(titles) - 1,
                "unplaced": score > len(titles) // 2,
            }[kind]
            if is_enough and score >= 2:
                matches.append(_Match(score, kind, texts))
    return max(matches, key=lambda match: match.score, default=None)


def _describe(
    kind: str, texts: Texts, heads: Sequence[str], rows: Rows, heads_before: Collection[str]
) -> SheetTable:
    titles = texts.heads(*_KEYS[kind])
    typed = set(texts.heads(_TYPED[kind]))
    places: dict[str, list[int]] = {}
    for column, head in enumerate(heads):
        places.setdefault(head, []).append(column)
    # Which of two columns under one title is the one that labflag drew is not certain.
    once = {
        title: places[title][0]
        for title in titles
        if title in places and (len(places[title]) == 1 or title not in typed)
    }
    tag = places[TAG][0] if TAG in places else _find_tags(rows, kind)
    ours = {*once.values(), tag}
    width = max([len(heads), *map(len, rows)], default=0)
    own: dict[int, str] = {}
    taken = {title.casefold() for title in (*titles, TAG)}
    for column in range(width):
        head = heads[column] if column < len(heads) else ""
        if column in ours or (head in heads_before and head not in titles):
            continue
        if head or any(_at(row, column) not in (None, "") for row in rows):
            own[column] = _name_column(head, column, taken, texts)
            taken.add(own[column].casefold())
    return SheetTable(
        kind=kind,
        texts=texts,
        titles=once,
        missing=tuple(
            title
            for title in titles
            if title not in once and (not heads_before or kind != "lines" or title in heads_before)
        ),
        own=own,
        tag=tag,
        rows=rows,
    )


def _find_without_titles(rows: Rows, columns: Sequence[str]) -> SheetTable | None:
    """Find lines whose title row is gone: sure only where all columns are where they were."""
    heads = (*ENGLISH.heads(*_LINE_HEADS), *columns)
    if _find_tags(rows, "lines") != len(heads):
        return None
    return SheetTable(
        kind="lines",
        texts=ENGLISH,
        titles={title: column for column, title in enumerate(heads[: len(heads) - len(columns)])},
        missing=(TAG,),
        own={len(heads) - len(columns) + place: header for place, header in enumerate(columns)},
        tag=len(heads),
        rows=rows,
    )


def _find_tags(rows: Rows, kind: str) -> int | None:
    """Find the column of tags by what stands in it."""
    read = read_call_tag if kind == "calls" else read_line_tag
    for row in rows[:_FIRST_ROWS]:
        for column, cell in enumerate(row):
            if isinstance(cell, str) and cell.startswith("[") and read(cell) is not None:
                return column
    return None


def _name_column(head: str, column: int, taken: Collection[str], texts: Texts) -> str:
    """Name a column that a person added; no two columns of a table may have one name."""
    name = head or texts("own.column", number=column + 1)
    number = 2
    while name.casefold() in taken:
        name = f"{head or texts('own.column', number=column + 1)} {number}"
        number += 1
    return name


def _is_own(title: str) -> bool:
    return any(known in title for known in _sheet_titles())


def _sheet_titles() -> Iterator[str]:
    for texts in LANGUAGES.values():
        for key in texts.entries:
            if key.startswith("list.") and key != "list.footer":
                yield texts(key)


def _head(cell: Any) -> str:
    return " ".join(str(cell).split())[:200] if cell is not None else ""


def _at(row: Sequence[Any], column: int) -> Any:
    return row[column] if column < len(row) else None
