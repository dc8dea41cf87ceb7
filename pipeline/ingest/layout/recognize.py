"""Which tables of a file hold results, and in which code page its text is written."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.ingest.formats.readers import FileTables, read_tables
from pipeline.ingest.layout.columns_by_content import read_unused_columns
from pipeline.ingest.layout.headers import HeaderIndex
from pipeline.ingest.layout.plan import Plan, identify_layout, score_header
from pipeline.ingest.text_tables import SiteConventions, SourceFile, TextTable, UnreadableFile
from pipeline.issues import all_issues, issue_of_file
from pipeline.knowledge.export_terms import Layout
from pipeline.knowledge.model import Knowledge
from schemas import DataFrame, Issues


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table whose columns are known."""

    table: TextTable
    plan: Plan


def recognize_sheets(
    file: SourceFile,
    content: bytes,
    index: HeaderIndex,
    knowledge: Knowledge,
    site: SiteConventions,
    forced: Layout | None,
) -> tuple[FileTables, list[Sheet], DataFrame[Issues]]:
    """Split a file into tables and recognize them; a layout may bring its own code page.

    Raises:
        UnreadableFile: No table can be used.
    """
    layouts = list(knowledge.layouts.values())
    known = [*layouts, forced] if forced else layouts

    def score(cells: Sequence[str]) -> int:
        return score_header(cells, index, known)

    page = (forced.encoding if forced else "") or site.encoding
    try:
        read = read_tables(file.path, content, page, score)
        sheets, issues = _identify_sheets(file, read, index, layouts, forced)
        stated = {sheet.plan.layout.encoding for sheet in sheets if sheet.plan.layout} - {"", page}
        if read.encoding != page or not stated:
            return read, sheets, issues
    except UnreadableFile as verdict:
        if verdict.code != "file-encoding" or forced:
            raise
        stated = {layout.encoding for layout in layouts} - {"", page}
        refusal = verdict
    else:
        refusal = UnreadableFile("file-encoding", f"read as {page}")
    for other in sorted(stated):
        try:
            read = read_tables(file.path, content, other, score)
            sheets, issues = _identify_sheets(file, read, index, layouts, forced)
        except UnreadableFile:
            continue
        if any(sheet.plan.layout and sheet.plan.layout.encoding == other for sheet in sheets):
            return read, sheets, issues
    raise refusal


def _identify_sheets(
    file: SourceFile,
    read: FileTables,
    index: HeaderIndex,
    layouts: Sequence[Layout],
    forced: Layout | None,
) -> tuple[list[Sheet], DataFrame[Issues]]:
    sheets: list[Sheet] = []
    verdicts: list[tuple[str, UnreadableFile]] = []
    for table in read.tables:
        if any("".join(cells).strip() for _, cells in table.rows):
            try:
                plan = identify_layout(table, index, layouts, forced)
                plan = read_unused_columns(plan, table, index)
                sheets.append(Sheet(table=table, plan=plan))
            except UnreadableFile as verdict:
                verdicts.append((table.sheet, verdict))
        elif table.bad_rows:
            verdicts.append((table.sheet, UnreadableFile(next(iter(table.bad_rows.values())))))
    if not sheets:
        # What is nearest to a table with results says best what is wrong.
        telling = [verdict for _, verdict in verdicts if verdict.code != "no-layout"]
        raise next(iter([*telling, *(v for _, v in verdicts)]), UnreadableFile("file-empty"))
    return sheets, all_issues(
        *(
            issue_of_file(
                file.name,
                "sheet-not-used" if verdict.code == "no-layout" else verdict.code,
                sheet=sheet,
                detail="" if verdict.code == "no-layout" else verdict.detail,
            )
            for sheet, verdict in verdicts
        )
    )
