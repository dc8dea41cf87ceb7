"""One file → its results: accepted, held, ignored."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import cast

import pandas as pd

from pipeline.ingest.accounting import FileTally, tally_file
from pipeline.ingest.cells.units import normalize_units
from pipeline.ingest.consistency import check_consistency
from pipeline.ingest.control_ids import find_dated_ids
from pipeline.ingest.dataset import Ingested
from pipeline.ingest.file_notes import note_if_nothing_supported, note_on_sheet
from pipeline.ingest.formats.delimited import Lines as TextLines
from pipeline.ingest.formats.delimited import list_bad_lines
from pipeline.ingest.formats.readers import FileTables, open_file
from pipeline.ingest.further_problems import find_further_problems
from pipeline.ingest.layout.comment_rows import find_comment_rows, join_comments
from pipeline.ingest.layout.conventions import decide_conventions
from pipeline.ingest.layout.dialect import Conventions
from pipeline.ingest.layout.headers import index_headers
from pipeline.ingest.layout.held_names import name_held
from pipeline.ingest.layout.recognize import Sheet, recognize_sheets
from pipeline.ingest.layout.sections import Lines, sort_lines
from pipeline.ingest.long_format import LongTable, make_long_table
from pipeline.ingest.parse_results import parse_results
from pipeline.ingest.read_observations import observe
from pipeline.ingest.returned_rows import Returned, restore_accessions, restore_conventions
from pipeline.ingest.specimens import check_specimens, hold_failed_runs
from pipeline.ingest.text_tables import SiteConventions, SourceFile, TextTable, UnreadableFile
from pipeline.issues import (
    Staged,
    all_issues,
    find_bad_cells,
    issue_of_file,
    no_issues,
    without_follow_ups,
)
from pipeline.knowledge.export_terms import Layout
from pipeline.knowledge.model import Knowledge
from schemas import DataFrame, Export, Issues


def read_results(
    path: Path,
    name: str,
    knowledge: Knowledge,
    site: SiteConventions,
    layout: Layout | None = None,
    today: date | None = None,
) -> Ingested:
    """Read one file; whatever stands in it becomes results and issues, never an exception.

    Args:
        path: The file.
        name: The file as shown to people.
        knowledge: Analytes, units, headers, layouts.
        site: How the site reads what a file does not say.
        layout: The layout that a person named for the file, if any.
        today: Later collections are in the future; by default the day of the call.

    Returns:
        Tables in which `result_id` runs from 0 to `read` - 1, each id in exactly one of
        `results`, `held` and `ignored`.
    """
    file = None
    try:
        file, content = open_file(path, name)
        with _no_collector():
            return _read(file, content, knowledge, site, layout, today or date.today())
    except UnreadableFile as verdict:
        return refuse_file(path, name, verdict, file)


def refuse_file(
    path: Path, name: str, verdict: UnreadableFile, file: SourceFile | None = None
) -> Ingested:
    """Give a file of which nothing is read: one issue, and no result."""
    issue = issue_of_file(name, verdict.code, detail=verdict.detail)
    file = file or SourceFile(name=name, path=path, sha256="", size=0)
    return _ingested(file, (), tally_file((), (), (), issue), ())


@contextmanager
def _no_collector() -> Iterator[None]:
    """Pause the search for circular garbage.

    A large file is millions of lists, none of them in a circle; walking them again and again
    takes longer than reading them.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _read(
    file: SourceFile,
    content: bytes,
    knowledge: Knowledge,
    site: SiteConventions,
    layout: Layout | None,
    today: date,
) -> Ingested:
    index = index_headers(knowledge)
    read, sheets, noted = recognize_sheets(file, content, index, knowledge, site, layout)
    long_table: list[LongTable] = []
    bad_rows: list[int] = []
    notes: list[DataFrame[Issues]] = [noted]
    for sheet in sheets:
        lines = sort_lines(sheet.table, sheet.plan, index, delimiter=read.delimiter)
        first_id = sum(each.count for each in long_table)
        _require_room(lines, sheet, site.most_results - first_id, site.most_results)
        long_table.append(
            make_long_table(sheet.table, sheet.plan, lines, file, first_id, read.returned)
        )
        bad_rows += lines.bad_rows
        notes += note_on_sheet(file, sheet, lines, long_table[-1])
    plans = [sheet.plan for sheet in sheets]
    decided, doubts = decide_conventions(file, read, plans, long_table, index, site)
    table_conventions = tuple(restore_conventions(each, read.returned) for each in decided)
    remarks = [find_comment_rows(each.export, knowledge) for each in long_table]
    parsed = [
        _parse(each, conventions, said, read.returned, knowledge, today)
        for each, conventions, said in zip(long_table, table_conventions, remarks, strict=True)
    ]
    said_in_words = [
        observe(each, table.table, table.issues, said, conventions, knowledge)
        for each, table, said, conventions in zip(
            long_table, parsed, remarks, table_conventions, strict=True
        )
    ]
    issues = all_issues(
        *notes,
        *(each.issues for each in long_table),
        doubts,
        *(each.issues for each in parsed),
        *(each.issues for each in said_in_words),
        no_issues() if read.returned else note_if_nothing_supported(file, parsed, long_table),
    )
    accounts = tally_file(
        [each.table for each in parsed],
        [each.unsplit for each in long_table],
        [each.not_results for each in long_table],
        issues,
        [each.table for each in said_in_words],
    )
    ingested = _ingested(file, table_conventions, accounts, read.tables)
    return replace(
        ingested,
        sheets=tuple(sheets),
        bad_lines=_look_up(bad_rows, read, content),
        returned=read.returned,
    )


def _require_room(lines: Lines, sheet: Sheet, left: int, most: int) -> None:
    """Refuse a file before its results are laid out, if they would take too much memory."""
    columns = [each.column for each in sheet.plan.results] or [0]
    count = len(lines.rows) * len(columns)
    if count > left and sheet.plan.results:
        count = sum(bool(cells[at].strip()) for cells in lines.cells for at in columns)
    if count > left:
        raise UnreadableFile("file-too-large", f"more than {most:,} results")


def _look_up(bad_rows: Sequence[int], read: FileTables, content: bytes) -> dict[int, str]:
    """Give the lines of a text that could not be split."""
    if not read.delimiter:
        return {}
    good = (row for table in read.tables for row, _ in table.rows)
    return list_bad_lines(TextLines(content, read.encoding), bad_rows, good)


def _parse(
    long_table: LongTable,
    conventions: Conventions,
    remarks: "pd.Series[bool]",
    returned: Sequence[Returned],
    knowledge: Knowledge,
    today: date,
) -> Staged[pd.DataFrame]:
    """Check the texts of a table, then give them their types and units."""
    lexical = find_bad_cells(Export, long_table.export, long_table.headers)
    # Bad rows go on, so that it is known whose and of what the held results are.
    export = cast(DataFrame[Export], join_comments(long_table.export, remarks, knowledge))
    parsed, misread = parse_results(export, conventions, knowledge, today, remarks)
    parsed["accession"] = restore_accessions(parsed, conventions.sha8, returned)
    table, misfits = normalize_units(parsed, knowledge)
    judged, doubts = check_specimens(export, table, conventions, knowledge)
    dated = find_dated_ids(export, long_table.headers, knowledge)
    found = all_issues(lexical, dated, misread, misfits, doubts)
    issues = without_follow_ups(found, long_table.issues)
    issues = all_issues(issues, hold_failed_runs(judged, issues, conventions))
    written = judged.assign(**parsed[["unit_text", "unit_in_cell"]])
    hidden = find_further_problems(export, written, issues, conventions, knowledge)
    issues = all_issues(issues, hidden)
    judged = judged.assign(analyte=name_held(judged, export, knowledge))
    return Staged(judged, all_issues(issues, check_consistency(judged, issues, knowledge)))


def _ingested(
    file: SourceFile,
    table_conventions: tuple[Conventions, ...],
    accounts: FileTally,
    raw: tuple[TextTable, ...],
) -> Ingested:
    return Ingested(
        file=file,
        table_conventions=table_conventions,
        results=accounts.results,
        held=accounts.held,
        ignored=accounts.ignored,
        issues=accounts.issues,
        observations=accounts.observations,
        read=accounts.read,
        raw=raw,
    )
