"""The sheet of the worklist on which contradicting versions of a person stand side by side."""

from datetime import datetime

import pandas as pd
from openpyxl import Workbook

from pipeline.ingest.versions import CONFLICT, DETAILS, describe_people, list_versions
from pipeline.issues.catalogue import CATALOGUE
from pipeline.report.sheet import Column, Entry, add_sheet, put, put_table
from pipeline.report.style import NUMBER, PLAIN, SECTION, STRONG, WHOLE, Styler
from pipeline.report.texts import Texts
from pipeline.report.wording import show_rows
from pipeline.report.worklist_lines import day_entry
from schemas import DataFrame, Held

_CODES = (CONFLICT, "specimen-conflict", "specimen-misidentified")
_VERSION = ["hold", "version", "patient_name", "sex", "birth_date", "source_file", "source_sheet"]
_WIDTHS = (24, 16, 24, 14, 10, 30, 12, 16, 12, 34, 20, 40)


def render_conflicts(book: Workbook, styler: Styler, held: DataFrame[Held], texts: Texts) -> None:
    """Show every version of each id or specimen in conflict; no sheet without a conflict."""
    concerned = held[held["code"].isin(_CODES)]
    if concerned.empty:
        return
    sheet = add_sheet(book, texts("list.conflicts"), texts("list.footer"), texts, repeat="1:2")
    codes = [code for code in _CODES if concerned["code"].eq(code).any()]
    put(sheet, styler, 1, 1, Entry(texts("conflicts.heading"), SECTION))
    for row, code in enumerate(codes, 2):
        put(sheet, styler, row, 1, Entry(texts.problem(CATALOGUE[code])[1], PLAIN))
    top = len(codes) + 2
    sheet.print_title_rows = f"1:{top}"
    put_table(
        sheet, styler, top, "Conflicts", *tabulate_versions(concerned, held, texts), texts=texts
    )
    sheet.freeze_panes = f"B{top + 1}"


def tabulate_versions(
    concerned: pd.DataFrame, held: DataFrame[Held], texts: Texts
) -> tuple[list[Column], list[list[Entry]]]:
    """Give columns, and a line for each version of each id or specimen in conflict.

    Args:
        concerned: Rows of `held` that are held for a conflict.
        held: All that is held: by it versions are numbered.
        texts: In the language of the reader.
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
    return columns, [_line(texts, *row) for row in counted.to_numpy()]


def _number_versions(rows: pd.DataFrame, held: DataFrame[Held]) -> pd.DataFrame:
    """Add the hold id and the number of the version, by which a person decides; else ""."""
    known = list_versions(held).astype({"version": "str"})
    said = rows.assign(born=rows["birth_date"], **describe_people(rows))
    keys = ["patient_id", *DETAILS]
    found = said.merge(known[[*keys, "hold", "version"]], how="left", on=keys)
    is_id = found["code"].eq(CONFLICT)
    return found.assign(
        birth_date=found["born"],
        hold=found["hold"].where(is_id, "").fillna(""),
        version=found["version"].where(is_id, "").fillna(""),
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
