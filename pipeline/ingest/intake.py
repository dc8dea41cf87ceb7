"""One file → its results: accepted, held, ignored; and all files of a run together."""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import accumulate
from pathlib import Path
from typing import cast

import pandas as pd

from pipeline.ingest.accounts import Accounts, close_accounts, hold, hold_observations
from pipeline.ingest.consistency import check_consistency
from pipeline.ingest.control_ids import find_dated_ids
from pipeline.ingest.delimited import Lines as TextLines
from pipeline.ingest.delimited import list_bad_lines
from pipeline.ingest.dialect import Reading
from pipeline.ingest.further_problems import find_further_problems
from pipeline.ingest.headers import index_headers
from pipeline.ingest.held_names import name_held
from pipeline.ingest.holds import Returned, restore_accessions, restore_reading
from pipeline.ingest.identity import drop_conflicting, settle_identity
from pipeline.ingest.lines import Lines, sort_lines
from pipeline.ingest.melt import Melted, melt_table
from pipeline.ingest.observe import observe
from pipeline.ingest.parse import parse_results
from pipeline.ingest.people import complete_people
from pipeline.ingest.readers import FileTables, open_file
from pipeline.ingest.readings import decide_readings
from pipeline.ingest.received import ReceivedFile
from pipeline.ingest.recognize import Sheet, recognize_sheets
from pipeline.ingest.remark_rows import find_remark_rows, join_remarks
from pipeline.ingest.specimens import hold_failed_runs, judge_specimens
from pipeline.ingest.tables import SiteReading, SourceFile, TextTable, UnreadableFile
from pipeline.ingest.units import normalize_units
from pipeline.issues import (
    Staged,
    all_issues,
    find_bad_cells,
    issue_of_file,
    issues_at,
    no_issues,
    without_follow_ups,
)
from pipeline.issues.counts import say_count
from pipeline.knowledge.forms import Layout
from pipeline.knowledge.model import Knowledge
from pipeline.lookup import look_up
from schemas import DataFrame, Export, Held, Issues, Observations, Results
from schemas.vocabulary import IssueSeverity, ResultStatus

_MOST_NAMED = 12
_SPECIMEN = ["patient_id", "accession"]


def _no_ids() -> "pd.Series[int]":
    return cast("pd.Series[int]", pd.Series([], dtype="int64"))


def _no_observations() -> DataFrame[Observations]:
    return cast(DataFrame[Observations], Observations.no_rows())


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """What became of one file."""

    file: SourceFile
    readings: tuple[Reading, ...]
    """One for each table with results."""
    results: DataFrame[Results]
    """Accepted."""
    held: DataFrame[Held]
    """Set aside, each with the code of its first issue."""
    ignored: "pd.Series[int]"
    """Result ids of what is no result of ours: other analytes, look-alikes, blanks, controls."""
    issues: DataFrame[Issues]
    read: int
    """Results read: accepted, held and ignored ones together."""
    raw: tuple[TextTable, ...]
    """As read, for handing rows back."""
    sheets: tuple[Sheet, ...] = ()
    """The tables with results and what their columns are, one for each of `readings`."""
    bad_lines: Mapping[int, str] = field(default_factory=dict)
    """Of a text file: row number → the lines of a row that could not be split."""
    returned: tuple[Returned, ...] = ()
    """What its rows say that were handed back, for each table of such rows."""
    observations: DataFrame[Observations] = field(default_factory=_no_observations)
    """What it says in words or as context."""

    def remember(self) -> ReceivedFile:
        """Give what is remembered of the file beside its tables."""
        return ReceivedFile(
            name=self.file.name,
            sha256=self.file.sha256,
            size=self.file.size,
            layouts=tuple(reading.layout for reading in self.readings),
            read=self.read,
            held=len(self.held),
            ignored=len(self.ignored),
            returned=self.returned,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What became of all files that were received; `result_id` is unique over them."""

    files: tuple[ReceivedFile, ...]
    """The `result_id` of each go on where those of the one before it end."""
    results: DataFrame[Results]
    held: DataFrame[Held]
    issues: DataFrame[Issues]
    observations: DataFrame[Observations] = field(default_factory=_no_observations)
    superseded: "pd.Series[int]" = field(default_factory=_no_ids)
    """Result ids of rows that were handed back corrected; they are in no table."""
    withdrawn: tuple[ReceivedFile, ...] = ()
    """Files that were taken back: none of their rows is in a table."""
    replaced: DataFrame[Results] | None = None
    """Results of files in whose place another one was put; what they said is shown as corrected."""
    broken: frozenset[str] = frozenset()
    """Patients whose stored rows were changed from outside: nothing of them can be relied on."""

    @property
    def read(self) -> int:
        """Results read, but for those that were deleted or taken back since."""
        return sum(file.read - file.purged - file.withdrawn for file in self.files)


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
        notes += _say_of_sheet(file, sheet, lines, melted[-1])
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
        no_issues() if read.returned else _say_if_nothing_is_ours(file, parsed, melted),
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


def combine(files: Sequence[Ingested]) -> Intake:
    """Put the results of all files of a run together, each with a `result_id` of its own."""
    offsets = list(accumulate((each.read for each in files), initial=0))
    results = _renumber([each.results for each in files], offsets)
    held = _renumber([each.held for each in files], offsets)
    return Intake(
        files=tuple(each.remember() for each in files),
        results=cast(DataFrame[Results], results if files else Results.no_rows()),
        held=cast(DataFrame[Held], held if files else Held.no_rows()),
        issues=all_issues(
            *(
                cast(DataFrame[Issues], _renumber([each.issues], [offset]))
                for each, offset in zip(files, offsets, strict=False)
            )
        ),
        observations=all_observations(
            *(
                cast(DataFrame[Observations], _renumber([each.observations], [offset]))
                for each, offset in zip(files, offsets, strict=False)
            )
        ),
    )


def all_observations(*tables: DataFrame[Observations]) -> DataFrame[Observations]:
    """Put tables of observations one below the other."""
    filled = [table for table in tables if len(table)]
    if not filled:
        return _no_observations()
    return pd.concat(filled, ignore_index=True)


def hold_conflicts(intake: Intake) -> Intake:
    """Hold the results of ids and specimens about which the files contradict each other.

    What is held already counts as in conflict too. Of those who remain, sex and birth date are
    filled in from their other rows.
    """
    said = intake.observations
    kept, found = settle_identity(intake.results, intake.held, said)
    left, _ = drop_conflicting(said, found, intake.results, intake.held)
    leaving = intake.results[~intake.results["result_id"].isin(kept["result_id"])]
    conflicts = found[found["severity"].eq(str(IssueSeverity.ERROR))]
    code = conflicts.drop_duplicates("result_id").set_index("result_id")["code"]
    now = intake.held["result_id"].map(code).astype("object")
    before = intake.held.assign(code=now.where(now.notna(), intake.held["code"]).astype("str"))
    completed, filled = complete_people(kept)
    issues = all_issues(intake.issues, found, filled)
    gone = said[~said["result_id"].isin(left["result_id"].dropna())]
    gone = gone.assign(held_by=gone["result_id"].map(code)).dropna(subset=["held_by"])
    in_words = [hold_observations(rows, str(why)) for why, rows in gone.groupby("held_by")]
    held = pd.concat([before, hold(leaving, conflicts), *in_words], ignore_index=True)
    return replace(
        intake,
        results=completed,
        observations=left,
        held=held.sort_values("result_id", ignore_index=True),
        issues=issues,
    )


def hold_against_sex(intake: Intake, knowledge: Knowledge) -> Intake:
    """Hold the results of specimens of which something is said that the sex contradicts.

    To be called when people are settled: pregnancy may be stated in one file, sex in another.
    """
    only = {
        each.id: str(each.only_sex) for each in knowledge.observations.values() if each.only_sex
    }
    said = intake.observations
    stated = pd.concat(
        [
            pd.DataFrame(table)[["patient_id", "sex"]]
            for table in (intake.results, intake.held, said)
        ]
    )
    sex = stated[stated["sex"].ne("")].drop_duplicates("patient_id").set_index("patient_id")["sex"]
    known, wanted = look_up(said["patient_id"], sex), look_up(said["code"], only)
    yes = said["answer"].eq("yes") & known.ne("") & wanted.ne("")
    against = said[yes & known.ne(wanted)].drop_duplicates(["patient_id", "accession"])
    if against.empty:
        return intake
    specimen = ["patient_id", "accession"]
    keys = pd.MultiIndex.from_frame(against[specimen])
    leaving, in_words = (
        table[pd.MultiIndex.from_frame(table[specimen]).isin(keys)]
        for table in (pd.DataFrame(intake.results), pd.DataFrame(said))
    )
    code = "context-against-sex"
    issues = issues_at(pd.concat([leaving, in_words.dropna(subset=["result_id"])]), code)
    held = [intake.held, hold(leaving, issues), hold_observations(in_words, code)]
    return replace(
        intake,
        results=intake.results.drop(leaving.index).reset_index(drop=True),
        held=pd.concat(held, ignore_index=True).sort_values("result_id", ignore_index=True),
        observations=said.drop(in_words.index).reset_index(drop=True),
        issues=all_issues(intake.issues, issues),
    )


def hold_misidentified(intake: Intake, knowledge: Knowledge) -> Intake:
    """Hold every result of the specimens of which the laboratory says that they are another's."""
    for each in knowledge.observations.values():
        if each.holds_specimen:
            said = intake.observations
            told = said[said["code"].eq(each.id) & said["answer"].eq("yes")]
            told = told[told["status"].ne(str(ResultStatus.CANCELLED))]
            intake = _hold_specimens(intake, told[_SPECIMEN], each.holds_specimen)
    return intake


def _hold_specimens(intake: Intake, specimens: pd.DataFrame, code: str) -> Intake:
    """Hold all results of some specimens; what is held already is held for this, too."""
    if specimens.empty:
        return intake
    keys = pd.MultiIndex.from_frame(specimens)

    def of(table: pd.DataFrame) -> pd.DataFrame:
        return table[pd.MultiIndex.from_frame(table[_SPECIMEN]).isin(keys)]

    leaving, before, said = (
        of(pd.DataFrame(table)) for table in (intake.results, intake.held, intake.observations)
    )
    in_words = said.dropna(subset=["result_id"])
    issues = issues_at(pd.concat([leaving, before, in_words]), code)
    kept = intake.held.assign(
        code=intake.held["code"].mask(intake.held.index.isin(before.index), code)
    )
    held = pd.concat(
        [kept, hold(leaving, issues), hold_observations(in_words, code)], ignore_index=True
    )
    return replace(
        intake,
        results=intake.results.drop(leaving.index).reset_index(drop=True),
        held=held.sort_values("result_id", ignore_index=True),
        observations=intake.observations.drop(said.index).reset_index(drop=True),
        issues=all_issues(intake.issues, issues),
    )


def _renumber(tables: Sequence[pd.DataFrame], offsets: Sequence[int]) -> pd.DataFrame:
    moved = [
        table.assign(result_id=table["result_id"] + offset)
        for table, offset in zip(tables, offsets, strict=False)
    ]
    return pd.concat(moved, ignore_index=True) if moved else pd.DataFrame()


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


def _say_of_sheet(
    file: SourceFile, sheet: Sheet, lines: Lines, melted: Melted
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
        detail = f"{say_count(len(repeats), 'row')}, the first here"
        yield issue_of_file(file.name, "rows-repeated", sheet=name, row=repeats[0], detail=detail)
    if lines.left_out:
        detail = f"{say_count(len(lines.left_out), 'line')}, the first here"
        row = lines.left_out[0]
        yield issue_of_file(file.name, "lines-left-out", sheet=name, row=row, detail=detail)
    if len(melted.not_results):
        detail = say_count(len(melted.not_results), "result")
        yield issue_of_file(file.name, "not-patient-results", sheet=name, detail=detail)
    foreign = [each.header for each in plan.results if each.meaning.kind == "foreign"]
    count = int(melted.export["source_column"].isin(foreign).sum())
    if count:
        detail = f"{say_count(count, 'result')} ({_name_some(foreign)})"
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


def _say_if_nothing_is_ours(
    file: SourceFile, parsed: Sequence[Staged[pd.DataFrame]], melted: Sequence[Melted]
) -> DataFrame[Issues]:
    """Say that a file has no rows, or no row that concerns labflag."""
    if not any(each.count for each in melted):
        return issue_of_file(file.name, "file-empty")
    if any(len(each.unsplit) for each in melted) or not all(
        x.table["ignored"].all() for x in parsed
    ):
        return no_issues()
    return issue_of_file(file.name, "no-analyte")


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
