"""A row of units below a header: its cells belong to the columns, not to a patient."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.ingest.cells.units import unit_key, unit_of
from pipeline.ingest.layout.headers import ATTACHED, HeaderIndex, Meaning
from pipeline.ingest.text_tables import UnreadableFile
from pipeline.knowledge.name_key import fold_words

MEASURED = ("analyte", "foreign")
"""Kinds of headers under which units may stand."""

_NO_UNIT = re.compile(r"[-–—_./ ]*")
_NUMBER = re.compile(r"\s*[<>≤≥=]*\s*[-+]?[\d.,]+\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRow:
    """The first row below the header, where it states units."""

    row: int
    is_taken: bool
    """Whether it states nothing else; otherwise it must be held."""
    meanings: tuple[Meaning, ...]
    """What the headers mean, by these units."""


def read_unit_row(
    rows: Sequence[tuple[int, list[str]]],
    headers: Sequence[str],
    meanings: tuple[Meaning, ...],
    index: HeaderIndex,
) -> UnitRow | None:
    """Read the first row below the header of a wide table, if it states units and no results.

    Under at least one result stands a known unit, and under none a number.

    Args:
        rows: Those below the header.
        headers: As they stand.
        meanings: What they mean by themselves, or by a layout.
        index: Known units.

    Raises:
        UnreadableFile: `unit-contradiction`, the header of a column names another unit.
    """
    row, cells = next(((row, cells) for row, cells in rows if any(map(str.strip, cells))), (0, []))
    stated = [
        (at, cell)
        for at, cell in enumerate(map(str.strip, cells[: len(headers)]))
        if not _NO_UNIT.fullmatch(cell)
    ]
    results = [(at, cell) for at, cell in stated if meanings[at].kind in MEASURED]
    if not any(index.names.units.knows(cell) for _, cell in results):
        return None
    if any(_NUMBER.fullmatch(cell) for _, cell in results):
        return None
    found = list(meanings)
    is_taken = True
    for at, cell in stated:
        if (at, cell) in results:
            found[at] = _give_unit(headers[at], meanings[at], cell, row, index)
        elif meaning := _format_of(headers[at], meanings[at], cell, index):
            found[at] = meaning
        else:
            is_taken = False
    return UnitRow(row=row, is_taken=is_taken, meanings=tuple(found) if is_taken else meanings)


def states_units(cells: Sequence[str], columns: Sequence[int], index: HeaderIndex) -> bool:
    """Whether a row states units under columns of results: a known one at least, and no number."""
    stated = [cells[at].strip() for at in columns if at < len(cells)]
    return any(map(index.names.units.knows, stated)) and not any(map(_NUMBER.fullmatch, stated))


def names_units(cell: str, index: HeaderIndex) -> bool:
    """Whether the cell of the patient id is empty, as in a row of units, or says "Units"."""
    return not cell.strip() or fold_words(cell) in index.words.unit_titles


def _give_unit(header: str, meaning: Meaning, unit: str, row: int, index: HeaderIndex) -> Meaning:
    if meaning.unit:
        if not _is_same(meaning, unit, index):
            raise UnreadableFile("unit-contradiction", f"row {row} and the header {header!r}")
        return meaning
    by_header = index.meaning_of(f"{header} ({unit})")
    # A layout that says what a column is has been asked before.
    if by_header.kind == "analyte" and by_header.unit and meaning.name != meaning.analyte:
        return by_header
    return replace(meaning, unit=unit)


def _is_same(meaning: Meaning, unit: str, index: HeaderIndex) -> bool:
    analyte = index.names.analytes.get(meaning.analyte)
    if analyte is None:
        return unit_key(unit).casefold() == unit_key(meaning.unit).casefold()
    of_header, of_row = (
        analyte.units.get(unit_of(text, analyte, index.names.units))
        for text in (meaning.unit, unit)
    )
    return of_header == of_row is not None


def _format_of(header: str, meaning: Meaning, cell: str, index: HeaderIndex) -> Meaning | None:
    """Say what a header means by a cell that states a unit or format; None if it does not."""
    if fold_words(cell) in index.words.unit_titles:
        return meaning
    if meaning.kind == "said":
        return None
    if meaning.kind == "unused":
        return None if _NUMBER.fullmatch(cell) else meaning
    if meaning.kind in ("flag", "unit") or meaning.field in ATTACHED:
        return meaning if index.names.units.knows(cell) else None
    by_header = index.meaning_of(f"{header} ({cell})")
    return by_header if by_header.field == meaning.field else None
