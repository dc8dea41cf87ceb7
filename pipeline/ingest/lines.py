"""The rows below a header: results, rows that cannot be read, and lines that are no results."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.ingest.headers import HeaderIndex
from pipeline.ingest.layouts import Plan
from pipeline.ingest.tables import TextTable

_CLOSING = re.compile(
    r"[*#=_~<>+.-]{2,}.*"
    r"|(?:end|total|count|number|no\.|printed|generated|created|exported|page|rows?|records?"
    r"|report|ende|summe|anzahl|gesamt|gedruckt|erstellt|seite|zeilen|fin|nombre|lignes|impreso"
    r"|filas|registros|p[aá]gina)\b.*",
    re.IGNORECASE | re.DOTALL,
)
_SUMMARY = re.compile(
    r"(?:grand )?total|sum|mean|average|median|minimum|maximum|min\.?|max\.?|count|sd"
    r"|std\.? ?dev\.?|summe|mittelwert|anzahl|somme|moyenne|suma|media|promedio",
    re.IGNORECASE,
)
_SAME_HEADER = 2


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


def sort_lines(table: TextTable, plan: Plan, index: HeaderIndex, *, is_text: bool) -> Lines:
    """Sort the rows below the header.

    In text a row must have as many cells as the header; a delimiter more at the end is fine
    if every row has it. In a workbook missing cells are empty cells. Below a second header
    with other columns nothing is read: its cells would get the wrong meaning.
    """
    below = [
        (row, cells)
        for row, cells in table.rows[plan.header_at + 1 :]
        if row not in table.bad_rows and any(map(str.strip, cells))
    ]
    width = len(plan.headers)
    lengths = _accepted_lengths(plan, [cells for _, cells in below]) if is_text else set()
    lines = Lines(
        rows=[],
        cells=[],
        bad_rows={row: code for row, code in table.bad_rows.items() if row > plan.header_row},
        left_out=[],
    )
    id_at = plan.fields.get("patient_id", (0,))[0]
    seen: dict[str, bool] = {}
    for position, (row, cells) in enumerate(below):
        fits = len(cells) in lengths if is_text else True
        first = cells[id_at] if id_at < len(cells) else ""
        if first not in seen:
            seen[first] = index.may_be_header(first) or bool(_SUMMARY.fullmatch(first.strip()))
        alone = not fits or cells.count("") >= len(cells) - 1
        if (alone or seen[first]) and _is_left_out(cells, first, plan):
            lines.left_out.append(row)
        elif seen[first] and index.count_known(cells) >= _SAME_HEADER:
            lines.bad_rows.update(dict.fromkeys((row for row, _ in below[position:]), "row-header"))
            return lines
        elif not fits:
            lines.bad_rows[row] = "row-shape"
        else:
            lines.rows.append(row)
            lines.cells.append(_fit(cells, width))
    return lines


def _accepted_lengths(plan: Plan, body: Sequence[Sequence[str]]) -> set[int]:
    whole = len(plan.headers)
    named = max(at + 1 for at, header in enumerate(plan.headers) if header)
    lengths = {whole, named}
    wide = [cells for cells in body if len(cells) == whole + 1]
    # One more empty cell on some rows only may be a value that slipped to the right.
    if wide and not any(cells[-1].strip() for cells in wide) and len(wide) == len(body):
        lengths.add(whole + 1)
    return lengths


def _is_left_out(cells: Sequence[str], first: str, plan: Plan) -> bool:
    filled = [cell.strip() for cell in cells if cell.strip()]
    if len(filled) == 1:
        return bool(_CLOSING.fullmatch(filled[0]))
    if [" ".join(cell.split()) for cell in cells][: len(plan.headers)] == list(plan.headers):
        return True
    return bool(_SUMMARY.fullmatch(first.strip()))


def _fit(cells: list[str], width: int) -> list[str]:
    if len(cells) == width:
        return cells
    return (cells + [""] * width)[:width]
