"""The sheet of the worklist on which contradicting versions of a person stand side by side."""

from collections import defaultdict
from datetime import datetime

import pandas as pd
from openpyxl import Workbook

from pipeline.interpret.conflict_versions import Versions
from pipeline.knowledge.model import Knowledge
from pipeline.lookup import look_up
from pipeline.reconcile.person_versions import (
    CONFLICT,
    CONFLICTS,
    DETAILS,
    describe_people,
    list_versions,
)
from pipeline.reconcile.specimen_versions import list_owners
from pipeline.report.cited import cite
from pipeline.report.excel.sheet import Column, Entry, add_sheet, put, put_table
from pipeline.report.excel.style import NUMBER, PLAIN, RANKS, SECTION, STRONG, WHOLE, Styler
from pipeline.report.wording import show_date, show_rows
from pipeline.report.worklist.critical_calls import rows_of, show_evidence
from pipeline.report.worklist.lines import day_entry
from pipeline.texts import Texts
from schemas import DataFrame, Held

_VERSION = ["hold", "version", "patient_name", "sex", "birth_date", "source_file", "source_sheet"]
_WIDTHS = (24, 16, 24, 14, 10, 30, 12, 16, 12, 34, 20, 40)
_MORE_WIDTHS = (14, 60)


def render_conflicts(
    book: Workbook,
    styler: Styler,
    held: DataFrame[Held],
    versions: Versions,
    knowledge: Knowledge,
    texts: Texts,
) -> None:
    """Show every version of each id or specimen in conflict; no sheet without a conflict.

    Beside it stands what it would say, so that whoever decides knows what waits.
    """
    concerned = held[held["code"].isin(CONFLICTS)]
    if concerned.empty:
        return
    sheet = add_sheet(book, texts("list.conflicts"), texts("list.footer"), texts, repeat="1:2")
    codes = [code for code in CONFLICTS if concerned["code"].eq(code).any()]
    put(sheet, styler, 1, 1, Entry(texts("conflicts.heading"), SECTION))
    for row, code in enumerate(codes, 2):
        put(sheet, styler, row, 1, Entry(texts.problem(code)[1], PLAIN))
    top = len(codes) + 2
    sheet.print_title_rows = f"1:{top}"
    columns, lines = tabulate_versions(concerned, held, texts, versions, knowledge)
    put_table(sheet, styler, top, "Conflicts", columns, lines, texts=texts)
    sheet.freeze_panes = f"B{top + 1}"


def tabulate_versions(
    concerned: pd.DataFrame,
    held: DataFrame[Held],
    texts: Texts,
    outcomes: Versions | None = None,
    knowledge: Knowledge | None = None,
) -> tuple[list[Column], list[list[Entry]]]:
    """Give columns, and a line for each version of each id or specimen in conflict.

    Args:
        concerned: Rows of `held` that are held for a conflict.
        held: All that is held: by it versions are numbered.
        texts: In the language of the reader.
        would_say: What each version would say, for whoever decides; None leaves it out.
        knowledge: The classes and rules of that.
    """
    is_id = concerned["code"].eq(CONFLICT)
    named = concerned.assign(
        key=concerned["patient_id"].where(is_id, concerned["accession"]),
        kind=is_id.map({True: texts("conflicts.patient"), False: texts("conflicts.specimen")}),
    )
    numbered = _number_versions(named, held)
    versions = numbered.groupby(["key", "kind", "patient_id", *_VERSION], dropna=False, sort=True)
    counted = versions.agg(results=("result_id", "size"), rows=("source_row", list)).reset_index()
    heads = zip(texts.heads("conflicts.heads"), _WIDTHS, strict=True)
    columns = [Column(title=head, most=width) for head, width in heads]
    lines = [_line(texts, *row) for row in counted.to_numpy()]
    if outcomes is None or knowledge is None:
        return columns, lines
    more = zip(texts.heads("conflicts.more"), _MORE_WIDTHS, strict=True)
    columns += [Column(title=head, most=width) for head, width in more]
    told = _list_versions(counted, outcomes, knowledge, texts)
    return columns, [[*line, *more] for line, more in zip(lines, told, strict=True)]


def _list_versions(
    counted: pd.DataFrame, outcomes: Versions, knowledge: Knowledge, texts: Texts
) -> list[list[Entry]]:
    """Say of each version its class, and what would be found, with its values."""
    said = pd.DataFrame({"patient_id": counted["patient_id"], **describe_people(counted)})
    found = said.merge(outcomes.people, how="left", on=["patient_id", *DETAILS])
    titles = {each.rank: each.title for each in knowledge.priorities}
    told: dict[str, list[str]] = defaultdict(list)
    cited = cite(outcomes.findings, outcomes.evidence)
    for row in rows_of(outcomes.findings):
        title = knowledge.rules[row.rule].title
        at = None if pd.isna(row.collected_at) else row.collected_at
        day = show_date(at, texts) or texts("not-stated")
        evidence = show_evidence(cited.of_finding(row), knowledge, texts)
        told[row.patient_id].append(f"{title}: {evidence} ({day})")
    return [
        [
            Entry("") if pd.isna(rank) else Entry(titles[int(rank)], RANKS[int(rank)]),
            Entry("\n".join(told.get(version, ()))),
        ]
        for version, rank in zip(found["version_id"], found["priority"], strict=True)
    ]


def _number_versions(rows: pd.DataFrame, held: DataFrame[Held]) -> pd.DataFrame:
    """Add the hold id and the number of the version, by which a person decides."""
    known = list_versions(held).astype({"version": "str"})
    owners = list_owners(held).set_index(["accession", "patient_id"])
    said = rows.assign(born=rows["birth_date"], **describe_people(rows))
    keys = ["patient_id", *DETAILS]
    found = said.merge(known[[*keys, "hold", "version"]], how="left", on=keys)
    is_id = found["code"].eq(CONFLICT)
    places = list(zip(found["accession"], found["patient_id"], strict=True))
    place = pd.Series(places, index=found.index, dtype="object")
    return found.assign(
        birth_date=found["born"],
        hold=found["hold"].where(is_id, look_up(place, owners["hold"].to_dict())).fillna(""),
        version=found["version"]
        .where(is_id, look_up(place, owners["version"].astype("str").to_dict()))
        .fillna(""),
    )


def _line(
    texts: Texts,
    key: str,
    kind: str,
    patient: str,
    hold: str,
    version: str,
    name: str,
    sex: str,
    birth_date: datetime,
    file: str,
    sheet: str,
    results: int,
    rows: list[int],
) -> list[Entry]:
    return [
        Entry(key, STRONG),
        Entry(kind),
        Entry(patient),
        Entry(hold),
        Entry(version),
        Entry(name or texts("not-stated")),
        Entry(texts(f"sex.{sex}") if sex else texts("not-stated")),
        day_entry(birth_date, texts),
        Entry(results, NUMBER, WHOLE),
        Entry(file),
        Entry(sheet),
        Entry(show_rows(rows, texts=texts)),
    ]
