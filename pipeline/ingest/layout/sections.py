"""The rows below a header: results, rows that cannot be read, and lines that are no results."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.ingest.layout.headers import HeaderIndex
from pipeline.ingest.layout.layout_words import LayoutWords
from pipeline.ingest.layout.plan import Plan
from pipeline.ingest.layout.unit_row import names_units, states_units
from pipeline.ingest.text_tables import TextTable, UnreadableFile

MAX_BAD_ROWS = 100_000
"""With more rows than these that cannot be read a file is refused as a whole."""

_NUMBER = re.compile(r"\s*[<>≤≥=]*\s*[.,]?[0-9]")
_SAME_HEADER = 2
_PERSONAL = ("patient_name", "sex", "birth_date", "age", "sample_id", "collected_at")
"""Columns of Export that a line of sums leaves empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Rows below the header, sorted by what can be done with them."""

    rows: list[int]
    """Row numbers of rows with results."""
    cells: list[list[str]]
    """Their cells, each list as long as the header."""
    bad_rows: dict[int, str]
    """Row number → issue code of a row that may hold results and cannot be split."""
    left_out: list[int]
    """Row numbers of repeated headers, closing lines and summaries."""


def sort_lines(table: TextTable, plan: Plan, index: HeaderIndex, *, delimiter: str) -> Lines:
    """Sort the rows below the header.

    In text a row must have as many cells as the header; a delimiter more at the end is fine
    if every row has it. In a workbook missing cells are empty cells. Below a second header
    with other columns, or another row of units, nothing is read: its cells would get the wrong
    meaning. A line of sums is
    left out at the end of the table only, and if it names no person and no specimen: elsewhere
    it may be a patient whose id is "Max".

    Raises:
        UnreadableFile: More rows than `MAX_BAD_ROWS` cannot be read.
    """
    bad = {row: code for row, code in table.bad_rows.items() if row > plan.header_row}
    units_at = plan.unit_row.row if plan.unit_row else 0
    if plan.unit_row and not plan.unit_row.is_taken:
        bad.setdefault(units_at, "row-units")
    below = [
        (row, cells)
        for row, cells in table.rows[plan.header_at + 1 :]
        if row not in bad and row != units_at and any(map(str.strip, cells))
    ]
    units = next((_trim(cells) for row, cells in table.rows if units_at and row == units_at), None)
    width = len(plan.headers)
    lengths = (
        _accepted_lengths(plan, [cells for _, cells in below], delimiter == ",")
        if delimiter
        else set()
    )
    lines = Lines(
        rows=[],
        cells=[],
        bad_rows=bad,
        left_out=[],
    )
    id_at = plan.fields.get("patient_id", (0,))[0]
    attached = {at for each in plan.results for at in each.attached.values()}
    unnamed = [at for at, header in enumerate(plan.headers) if not header and at not in attached]
    seen: dict[str, bool] = {}
    end = _find_end(below, id_at, plan, index.words)
    # The name of an analyte is no sign of a header there: "MCV" beside a patient called "GB".
    names = plan.fields.get("analyte", ())
    # Nor is an id such as "TEST", beside a number where numbers belong.
    columns = [each.column for each in plan.results]
    numeric = [*plan.fields.get("value", ()), *columns]
    for position, (row, cells) in enumerate(below):
        fits = not delimiter or (len(cells) in lengths and not _fills(cells, unnamed))
        first = cells[id_at] if id_at < len(cells) else ""
        if first not in seen:
            seen[first] = index.may_be_header(first)
        alone = not fits or cells.count("") >= len(cells) - 1
        is_of_units = names_units(first, index) and states_units(cells, columns, index)
        if (
            position >= end
            or ((alone or seen[first]) and _is_left_out(cells, plan, index.words))
            or (is_of_units and _trim(cells) == units)
        ):
            lines.left_out.append(row)
        elif is_of_units or (
            seen[first]
            and index.count_known(_without(cells, names)) >= _SAME_HEADER
            and not any(at < len(cells) and _NUMBER.match(cells[at]) for at in numeric)
        ):
            lines.bad_rows.update(dict.fromkeys((row for row, _ in below[position:]), "row-header"))
            _check_count(lines.bad_rows)
            return lines
        elif not fits:
            lines.bad_rows[row] = "row-shape"
            _check_count(lines.bad_rows)
        else:
            lines.rows.append(row)
            lines.cells.append(_fit(cells, width))
    return lines


def _trim(cells: Sequence[str]) -> list[str]:
    return [cell.strip() for cell in cells]


def _check_count(bad_rows: Mapping[int, str]) -> None:
    if len(bad_rows) > MAX_BAD_ROWS:
        first, code = next(iter(bad_rows.items()))
        raise UnreadableFile(code, f"more than {MAX_BAD_ROWS:,} rows, the first is row {first}")


def _accepted_lengths(plan: Plan, body: Sequence[Sequence[str]], may_be_decimal: bool) -> set[int]:
    whole = len(plan.headers)
    named = max(at + 1 for at, header in enumerate(plan.headers) if header)
    lengths = {whole, named}
    wide = [cells for cells in body if len(cells) == whole + 1]
    # One more empty cell on some rows only may be a value that slipped to the right, and
    # between commas one more cell may be the second half of a decimal number.
    is_end = all(not cells[-1].strip() for cells in wide) and len(wide) == len(body)
    if wide and is_end and not may_be_decimal:
        lengths.add(whole + 1)
    return lengths


def _find_end(
    below: Sequence[tuple[int, list[str]]], id_at: int, plan: Plan, words: LayoutWords
) -> int:
    """Find the position from which on only closing lines and lines of sums stand."""
    end = len(below)
    while end and (
        _is_left_out(below[end - 1][1], plan, words)
        or _is_summary(below[end - 1][1], id_at, plan, words)
    ):
        end -= 1
    return end


def _is_left_out(cells: Sequence[str], plan: Plan, words: LayoutWords) -> bool:
    """Whether a row is a closing line or repeats the header."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    if len(filled) == 1:
        return bool(words.closing.fullmatch(filled[0]))
    return [" ".join(cell.split()) for cell in cells][: len(plan.headers)] == list(plan.headers)


def _is_summary(cells: Sequence[str], id_at: int, plan: Plan, words: LayoutWords) -> bool:
    """Whether a row has "Mean" or the like for an id, and is no result of a person named so."""
    if id_at >= len(cells) or not words.summary.fullmatch(cells[id_at].strip()):
        return False
    personal = {at for name in _PERSONAL for at in plan.fields.get(name, ())}
    filled = {at for at, cell in enumerate(cells) if cell.strip()} - {id_at}
    return not (filled & personal and filled - personal)


def _fills(cells: Sequence[str], columns: Sequence[int]) -> bool:
    """Whether a cell stands below no header: something has slipped."""
    return any(at < len(cells) and cells[at].strip() for at in columns)


def _without(cells: Sequence[str], columns: Sequence[int]) -> list[str]:
    return [cell for at, cell in enumerate(cells) if at not in columns]


def _fit(cells: list[str], width: int) -> list[str]:
    if len(cells) == width:
        return cells
    return (cells + [""] * width)[:width]
