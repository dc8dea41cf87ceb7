"""Notes on a table or a file as a whole: what was left out, repeated, or not used."""

from collections.abc import Iterator, Sequence

import pandas as pd

from pipeline.ingest.layout.recognize import Sheet
from pipeline.ingest.layout.sections import Lines
from pipeline.ingest.long_format import LongTable
from pipeline.ingest.text_tables import SourceFile
from pipeline.issues import (
    Staged,
    issue_of_file,
    no_issues,
)
from pipeline.texts.counts import count_text
from schemas import DataFrame, Issues

_MOST_NAMED = 12


def note_on_sheet(
    file: SourceFile, sheet: Sheet, lines: Lines, long_table: LongTable
) -> Iterator[DataFrame[Issues]]:
    """Say what concerns a table as a whole."""
    plan, name = sheet.plan, sheet.table.sheet
    for code, detail in sheet.table.notes:
        yield issue_of_file(file.name, code, sheet=name, detail=detail)
    if plan.unit_row and plan.unit_row.is_taken:
        row = plan.unit_row.row
        yield issue_of_file(file.name, "units-below-header", sheet=name, row=row)
    if plan.layout and plan.layout.specimen_ids:
        yield issue_of_file(file.name, "specimen-ids-daily", sheet=name)
    repeats = _list_repeats(lines) if plan.layout and plan.layout.row_is_patient else []
    if repeats:
        detail = f"{count_text(len(repeats), 'row')}, the first here"
        yield issue_of_file(file.name, "rows-repeated", sheet=name, row=repeats[0], detail=detail)
    if lines.left_out:
        detail = f"{count_text(len(lines.left_out), 'line')}, the first here"
        row = lines.left_out[0]
        yield issue_of_file(file.name, "lines-left-out", sheet=name, row=row, detail=detail)
    if len(long_table.not_results):
        detail = count_text(len(long_table.not_results), "result")
        yield issue_of_file(file.name, "not-patient-results", sheet=name, detail=detail)
    foreign = [each.header for each in plan.results if each.meaning.kind == "foreign"]
    count = int(long_table.export["source_column"].isin(foreign).sum())
    if count:
        detail = f"{count_text(count, 'result')} ({_name_some(foreign)})"
        yield issue_of_file(file.name, "analyte-unknown", sheet=name, detail=detail)
    used = plan.used() | {each.column for each in plan.doubtful}
    unused = [header for at, header in enumerate(plan.headers) if header and at not in used]
    if unused:
        detail = _name_some(unused)
        yield issue_of_file(file.name, "columns-not-used", sheet=name, detail=detail)


def _list_repeats(lines: Lines) -> list[int]:
    """List the row numbers of rows that say the same as a row before them."""
    seen: set[tuple[str, ...]] = set()
    repeats: list[int] = []
    for row, cells in zip(lines.rows, lines.cells, strict=True):
        key = tuple(cell.strip() for cell in cells)
        if key in seen:
            repeats.append(row)
        seen.add(key)
    return repeats


def _name_some(headers: Sequence[str]) -> str:
    more = len(headers) - _MOST_NAMED
    return ", ".join(headers[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def note_if_nothing_supported(
    file: SourceFile, parsed: Sequence[Staged[pd.DataFrame]], long_table: Sequence[LongTable]
) -> DataFrame[Issues]:
    """Say that a file has no rows, or no row that concerns labflag."""
    if not any(each.count for each in long_table):
        return issue_of_file(file.name, "file-empty")
    if any(len(each.unsplit) for each in long_table) or not all(
        x.table["ignored"].all() for x in parsed
    ):
        return no_issues()
    return issue_of_file(file.name, "no-analyte")
