"""One file → its results: accepted, held, ignored."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import cast

import pandas as pd

from pipeline.ingest.accounting import Accounts, close_accounts
from pipeline.ingest.cells.units import normalize_units
from pipeline.ingest.consistency import check_consistency
from pipeline.ingest.control_ids import find_dated_ids
from pipeline.ingest.dataset import Ingested
from pipeline.ingest.file_notes import say_if_nothing_is_ours, say_of_sheet
from pipeline.ingest.formats.delimited import Lines as TextLines
from pipeline.ingest.formats.delimited import list_bad_lines
from pipeline.ingest.formats.readers import FileTables, open_file
from pipeline.ingest.further_problems import find_further_problems
from pipeline.ingest.layout.conventions import decide_readings
from pipeline.ingest.layout.dialect import Reading
from pipeline.ingest.layout.headers import index_headers
from pipeline.ingest.layout.held_names import name_held
from pipeline.ingest.layout.recognize import Sheet, recognize_sheets
from pipeline.ingest.layout.remark_rows import find_remark_rows, join_remarks
from pipeline.ingest.layout.sections import Lines, sort_lines
from pipeline.ingest.long_format import Melted, melt_table
from pipeline.ingest.parse_results import parse_results
from pipeline.ingest.read_observations import observe
from pipeline.ingest.returned_rows import Returned, restore_accessions, restore_reading
from pipeline.ingest.specimens import hold_failed_runs, judge_specimens
from pipeline.ingest.text_tables import SiteReading, SourceFile, TextTable, UnreadableFile
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
    site: SiteReading,
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
    return _ingested(file, (), close_accounts((), (), (), issue), ())


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
    site: SiteReading,
    layout: Layout | None,
    today: date,
) -> Ingested:
    index = index_headers(knowledge)
    read, sheets, noted = recognize_sheets(file, content, index, knowledge, site, layout)
    melted: list[Melted] = []
    bad_rows: list[int] = []
    notes: list[DataFrame[Issues]] = [noted]
    for sheet in sheets:
        lines = sort_lines(sheet.table, sheet.plan, index, delimiter=read.delimiter)
        first_id = sum(each.count for each in melted)
        _require_room(lines, sheet, site.most_results - first_id, site.most_results)
        melted.append(melt_table(sheet.table, sheet.plan, lines, file, first_id, read.returned))
        bad_rows += lines.bad_rows
        notes += say_of_sheet(file, sheet, lines, melted[-1])
    plans = [sheet.plan for sheet in sheets]
    decided, doubts = decide_readings(file, read, plans, melted, index, site)
    readings = tuple(restore_reading(each, read.returned) for each in decided)
    remarks = [find_remark_rows(each.export, knowledge) for each in melted]
    parsed = [
        _parse(each, reading, said, read.returned, knowledge, today)
        for each, reading, said in zip(melted, readings, remarks, strict=True)
    ]
    said_in_words = [
        observe(each, table.table, table.issues, said, reading, knowledge)
        for each, table, said, reading in zip(melted, parsed, remarks, readings, strict=True)
    ]
    issues = all_issues(
        *notes,
        *(each.issues for each in melted),
        doubts,
        *(each.issues for each in parsed),
        *(each.issues for each in said_in_words),
        no_issues() if read.returned else say_if_nothing_is_ours(file, parsed, melted),
    )
    accounts = close_accounts(
        [each.table for each in parsed],
        [each.unsplit for each in melted],
        [each.not_results for each in melted],
        issues,
        [each.table for each in said_in_words],
    )
    ingested = _ingested(file, readings, accounts, read.tables)
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
    melted: Melted,
    reading: Reading,
    remarks: "pd.Series[bool]",
    returned: Sequence[Returned],
    knowledge: Knowledge,
    today: date,
) -> Staged[pd.DataFrame]:
    """Check the texts of a table, then give them their types and units."""
    lexical = find_bad_cells(Export, melted.export, melted.headers)
    # Bad rows go on, so that it is known whose and of what the held results are.
    export = cast(DataFrame[Export], join_remarks(melted.export, remarks, knowledge))
    parsed, misread = parse_results(export, reading, knowledge, today, remarks)
    parsed["accession"] = restore_accessions(parsed, reading.sha8, returned)
    table, misfits = normalize_units(parsed, knowledge)
    judged, doubts = judge_specimens(export, table, reading, knowledge)
    dated = find_dated_ids(export, melted.headers, knowledge)
    found = all_issues(lexical, dated, misread, misfits, doubts)
    issues = without_follow_ups(found, melted.issues)
    issues = all_issues(issues, hold_failed_runs(judged, issues, reading))
    written = judged.assign(**parsed[["unit_text", "unit_in_cell"]])
    hidden = find_further_problems(export, written, issues, reading, knowledge)
    issues = all_issues(issues, hidden)
    judged = judged.assign(analyte=name_held(judged, export, knowledge))
    return Staged(judged, all_issues(issues, check_consistency(judged, issues, knowledge)))


def _ingested(
    file: SourceFile,
    readings: tuple[Reading, ...],
    accounts: Accounts,
    raw: tuple[TextTable, ...],
) -> Ingested:
    return Ingested(
        file=file,
        readings=readings,
        results=accounts.results,
        held=accounts.held,
        ignored=accounts.ignored,
        issues=accounts.issues,
        observations=accounts.observations,
        read=accounts.read,
        raw=raw,
    )
