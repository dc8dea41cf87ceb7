"""Which export is this: where its header stands and what each of its columns is."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from pipeline.ingest.layout.dialect import HEADER_WITHIN
from pipeline.ingest.layout.headers import ATTACHED, RESULTS, HeaderIndex, Meaning, meanings_of
from pipeline.ingest.layout.layout_words import LayoutWords
from pipeline.ingest.layout.unit_row import UnitRow, read_unit_row
from pipeline.ingest.text_tables import TextTable, UnreadableFile
from pipeline.knowledge.export_terms import Layout
from pipeline.knowledge.name_key import name_key
from schemas import Export

_MOST_NAMED = 5
_TIME = re.compile(r"\d{1,2}:\d\d(?::\d\d)?(?:\s*[ap]\.?\s?m\.?)?", re.ASCII | re.IGNORECASE)
_TWO = 2
_SEVERAL = frozenset({"patient_name", "comment", "comparator", "material"})
_ONCE = frozenset({*Export.column_types(), "reference"}) - _SEVERAL
"""Fields that have one column; names, comments and context may be spread over several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultColumn:
    """A column of a wide table that holds results of one analyte, and what belongs to it."""

    column: int
    header: str
    meaning: Meaning
    attached: Mapping[str, int]
    """Flag, unit or reference end (column of Export) → the column that holds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtfulColumn:
    """A column that is not read although some of its cells could change a finding."""

    column: int
    header: str
    holds: str
    """What its cells are, as `CATALOGUE` is to say it."""
    texts: frozenset[str]
    """The cells that set the results beside them aside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a table becomes Export: the outcome of recognizing its header."""

    header_at: int
    """Position of the header in `rows` of the table."""
    header_row: int
    headers: tuple[str, ...]
    """As they stand, trimmed; "" for unnamed columns."""
    layout: Layout | None
    shape: Literal["long", "wide"]
    fields: Mapping[str, tuple[int, ...]]
    """Column of Export or kind of context → columns of the table, several only for names,
    comments and context."""
    results: tuple[ResultColumn, ...]
    """Of a wide table; also those of analytes that labflag does not use."""
    meanings: tuple[Meaning, ...]
    """One for each of `headers`."""
    words: LayoutWords
    """Words of cells that decide what a row is."""
    unit_row: UnitRow | None = None
    """The row below the header, where it states the units of the columns."""
    doubtful: tuple[DoubtfulColumn, ...] = ()

    def used(self) -> set[int]:
        """Columns that are read."""
        fields = {column for columns in self.fields.values() for column in columns}
        attached = {column for each in self.results for column in each.attached.values()}
        return fields | attached | {each.column for each in self.results}


def identify_layout(
    table: TextTable,
    index: HeaderIndex,
    layouts: Sequence[Layout],
    forced: Layout | None = None,
) -> Plan:
    """Find the header of a table and say what its columns are.

    Args:
        table: Rows as read.
        index: Known headers and names.
        layouts: Layouts that the table may have.
        forced: The layout that a person named; no other is considered.

    Raises:
        UnreadableFile: `no-layout`, `layout-ambiguous`, `missing-column`, `patient-column-missing`,
            `duplicate-column`.
    """
    if forced and (stated := _stated_headers(forced)):
        return _make_plan(table, _find_stated(table.rows, stated, forced), forced, index)
    if not forced and (found := find_header(table.rows, index, layouts)):
        position, layout = found
        return _make_plan(table, position, layout, index)
    return _make_plan(table, _find_nearest(table.rows, index), forced, index)


def find_header(
    rows: Sequence[tuple[int, list[str]]], index: HeaderIndex, layouts: Sequence[Layout]
) -> tuple[int, Layout | None] | None:
    """Find the first row that is a complete header, and the layout that it has, if any.

    Raises:
        UnreadableFile: `layout-ambiguous`.
    """
    for position, (_, cells) in enumerate(rows[:HEADER_WITHIN]):
        fitting = [layout for layout in layouts if _holds(cells, layout.requires)]
        if len(fitting) > 1:
            raise UnreadableFile("layout-ambiguous", ", ".join(sorted(x.id for x in fitting)))
        if fitting or is_header(cells, index):
            return position, fitting[0] if fitting else None
    return None


def _find_nearest(rows: Sequence[tuple[int, list[str]]], index: HeaderIndex) -> int:
    """Find the row that comes nearest to a header: it tells best what is missing."""
    heads = rows[:HEADER_WITHIN]
    known = [index.count_known(cells) for _, cells in heads]
    if not known or not max(known):
        raise UnreadableFile("no-layout", _name_nearest(heads, index))
    return known.index(max(known))


def _stated_headers(layout: Layout) -> tuple[str, ...]:
    return layout.requires or (*layout.columns, *(each.header for each in layout.analytes))


def _find_stated(
    rows: Sequence[tuple[int, list[str]]], stated: Sequence[str], layout: Layout
) -> int:
    for position, (_, cells) in enumerate(rows[:HEADER_WITHIN]):
        if _holds(cells, stated):
            return position
    raise UnreadableFile("no-layout", f"layout {layout.id!r} needs the headers {', '.join(stated)}")


def _holds(cells: Sequence[str], headers: Sequence[str]) -> bool:
    return bool(headers) and {name_key(header) for header in headers} <= set(map(name_key, cells))


def is_header(cells: Sequence[str], index: HeaderIndex) -> bool:
    """Whether plain headers name a patient and a result."""
    known = [index.meaning_of(cell.strip()) for cell in cells if index.is_known(cell)]
    fields = {meaning.field for meaning in known}
    has_value = not fields.isdisjoint({"value", "second_value"})
    is_long = has_value and not fields.isdisjoint({"analyte", "loinc"})
    has_results = is_long or any(meaning.kind in RESULTS for meaning in known)
    return "patient_id" in fields and has_results


def score_header(cells: Sequence[str], index: HeaderIndex, layouts: Sequence[Layout]) -> int:
    """Count the headers of a row that are known, also those that only a layout knows."""
    stated = [len(layout.requires) for layout in layouts if _holds(cells, layout.requires)]
    return max(index.count_known(cells), *stated, 0)


def _make_plan(table: TextTable, position: int, layout: Layout | None, index: HeaderIndex) -> Plan:
    if layout and layout.species != "human":
        raise UnreadableFile("species-not-human")
    row, cells = table.rows[position]
    headers = [" ".join(cell.split()) for cell in cells]
    meanings = meanings_of(headers, index, layout)
    below = table.rows[position + 1 :]
    shape = _decide_shape(meanings, layout)
    results: tuple[ResultColumn, ...] = ()
    unit_row = read_unit_row(below, headers, meanings, index) if shape == "wide" else None
    if unit_row:
        meanings = unit_row.meanings
        below = [each for each in below if each[0] > unit_row.row]
    body = [cells for _, cells in below]
    if shape == "wide":
        results = _list_results(headers, meanings, layout, body)
    attached = {column for each in results for column in each.attached.values()}
    wanted = {
        position: meaning
        for position, meaning in enumerate(meanings)
        if (meaning.kind == "field" or (shape == "long" and meaning.kind == "said"))
        and position not in attached
    }
    if shape == "wide":
        unread = {*ATTACHED, "analyte", "loinc", "value", "comparator"}
        wanted = {at: meaning for at, meaning in wanted.items() if meaning.field not in unread}
    return Plan(
        header_at=position,
        header_row=row,
        headers=tuple(headers),
        layout=layout,
        shape=shape,
        fields=_resolve_fields(wanted, headers, meanings, layout, body),
        results=results,
        meanings=meanings,
        words=index.words,
        unit_row=unit_row,
    )


def _decide_shape(meanings: Sequence[Meaning], layout: Layout | None) -> Literal["long", "wide"]:
    fields = {meaning.field for meaning in meanings if meaning.kind == "field"}
    names_analyte, has_value = not fields.isdisjoint({"analyte", "loinc"}), "value" in fields
    kinds = {meaning.kind for meaning in meanings if meaning.code != "analyte-unclear"}
    says_long = bool(layout and "value" in layout.columns.values())
    says_wide = bool(layout and layout.analytes)
    is_long = names_analyte and has_value and not says_wide
    if is_long and "analyte" in kinds and not says_long:
        raise UnreadableFile("layout-ambiguous", "columns of a long and of a wide table")
    if not is_long and all(meaning.kind not in RESULTS for meaning in meanings):
        if not names_analyte and not has_value:
            raise UnreadableFile("no-layout", "no column of an analyte or of results")
        raise UnreadableFile("missing-column", "result" if names_analyte else "analyte")
    if "patient_id" not in fields and not (layout and layout.row_is_patient):
        raise UnreadableFile("patient-column-missing")
    return "long" if is_long else "wide"


def _list_results(
    headers: Sequence[str],
    meanings: Sequence[Meaning],
    layout: Layout | None,
    body: Sequence[Sequence[str]],
) -> tuple[ResultColumn, ...]:
    """List the result columns of a wide table, each analyte once."""
    here = set(map(name_key, headers))
    own = [each for each in (layout.analytes if layout else ()) if name_key(each.header) in here]
    stated = {name_key(column.header) for column in own}
    taken = {column.analyte for column in own}
    claims: dict[str, list[int]] = {}
    for at, meaning in enumerate(meanings):
        outdone = meaning.analyte in taken and name_key(headers[at]) not in stated
        if meaning.kind in RESULTS and not outdone:
            # Film words under two headers are two statements; they need not agree.
            one = meaning.analyte if meaning.kind == "analyte" else ""
            claims.setdefault(one or str(at), []).append(at)
    columns = sorted(_resolve(each, headers, meanings, body) for each in claims.values())
    is_stated = layout is not None and bool(_stated_headers(layout))
    attached = _attach(headers, meanings, columns, body, is_stated)
    return tuple(
        ResultColumn(
            column=at, header=headers[at], meaning=meanings[at], attached=attached.get(at, {})
        )
        for at in columns
    )


def _attach(
    headers: Sequence[str],
    meanings: Sequence[Meaning],
    results: Sequence[int],
    body: Sequence[Sequence[str]],
    is_stated: bool,
) -> dict[int, dict[str, int]]:
    """Find the flag, unit and reference columns of single analytes: result column → them.

    Units in columns without a header are how veterinary counters write: only a layout,
    which says what the export is, makes them readable.
    """
    by_name = {name_key(meanings[at].name): at for at in results}
    by_name |= {meanings[at].analyte: at for at in results if meanings[at].analyte}
    attached: dict[int, dict[str, int]] = {}
    for at, meaning in enumerate(meanings):
        is_beside = meaning.kind in ("flag", "mark", "unit")
        owner = by_name.get(name_key(meaning.name)) if is_beside else None
        if owner is not None:
            attached.setdefault(owner, {}).setdefault(meaning.kind, at)
            if meaning.kind == "mark":
                attached[owner].setdefault("flag", at)
    # Between one result and the next: repeated "Flag" or "Unit" columns, or unnamed units.
    times = [meaning.field for meaning in meanings if meaning.kind == "field"]
    for begin, end in pairwise((*results, len(headers))):
        for at in range(begin + 1, end):
            meaning = meanings[at]
            repeated = times.count(meaning.field) > 1 or len(results) == 1
            if meaning.field in ATTACHED and repeated:
                attached.setdefault(begin, {}).setdefault(meaning.field, at)
            elif not headers[at] and at == begin + 1 and not meanings[begin].unit:
                if not any(at < len(cells) and cells[at].strip() for cells in body):
                    break  # every line ends in a delimiter
                if not is_stated:
                    raise UnreadableFile("unit-column-unnamed")
                attached.setdefault(begin, {}).setdefault("unit", at)
            else:
                break
    return attached


def _resolve_fields(
    wanted: Mapping[int, Meaning],
    headers: Sequence[str],
    meanings: Sequence[Meaning],
    layout: Layout | None,
    body: Sequence[Sequence[str]],
) -> dict[str, tuple[int, ...]]:
    """Give each field its column, what the layout says first."""
    stated = {name_key(header) for header in layout.columns} if layout else set()
    claims: dict[str, list[int]] = {}
    for at, meaning in wanted.items():
        claims.setdefault(meaning.field, []).append(at)
    settled: dict[str, tuple[int, ...]] = {}
    for name, columns in claims.items():
        preferred = [at for at in columns if name_key(headers[at]) in stated] or columns
        if name == "collected_at" and (date_and_time := _date_and_time(preferred, body)):
            preferred = date_and_time
        elif name in _ONCE:
            preferred = [_resolve(preferred, headers, meanings, body)]
        settled[name] = tuple(preferred)
    return settled


def _date_and_time(columns: Sequence[int], body: Sequence[Sequence[str]]) -> list[int]:
    """Order a column of dates and one of times; [] if the columns are anything else."""
    texts = {at: {cells[at].strip() for cells in body if at < len(cells)} - {""} for at in columns}
    times = [at for at in columns if texts[at] and all(map(_TIME.fullmatch, texts[at]))]
    dates = [at for at in columns if texts[at] and not any(":" in text for text in texts[at])]
    return [*dates, *times] if len(columns) == _TWO and len(dates) == len(times) == 1 else []


def _resolve(
    claims: Sequence[int],
    headers: Sequence[str],
    meanings: Sequence[Meaning],
    body: Sequence[Sequence[str]],
) -> int:
    """Choose between columns that claim the same; they must not disagree anywhere."""
    if len(claims) == 1:
        return claims[0]
    texts = {at: [cells[at].strip() for cells in body if at < len(cells)] for at in claims}
    filled = [at for at in claims if any(texts[at])] or [claims[0]]
    first = filled[0]
    for other in filled[1:]:
        if texts[other] != texts[first] or meanings[other].unit != meanings[first].unit:
            raise UnreadableFile("duplicate-column", f"{headers[first]!r} and {headers[other]!r}")
    return first


def _name_nearest(heads: Sequence[tuple[int, list[str]]], index: HeaderIndex) -> str:
    """Say which known headers come nearest; of the file itself only column numbers are named.

    Without a header the first rows are people, whose names must not get into a message.
    """
    widest = max((cells for _, cells in heads), key=len, default=[])
    near = [(at, index.nearest(cell)) for at, cell in enumerate(widest, start=1) if cell.strip()]
    named = [f"column {at} is like {name!r}" for at, name in near if name][:_MOST_NAMED]
    return ", ".join(named) or "nothing in the first rows is like a known header"
