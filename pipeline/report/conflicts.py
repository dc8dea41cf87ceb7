"""The sheet of the worklist on which contradicting versions of a person stand side by side."""

from datetime import datetime

import pandas as pd
from openpyxl import Workbook

from pipeline.ingest.versions import DETAILS, describe_people, list_versions
from pipeline.issues.catalogue import CATALOGUE
from pipeline.report.sheet import Entry, add_sheet, columns, put, put_table
from pipeline.report.style import DATE, MOMENT, NUMBER, SECTION, STRONG, WHOLE, Styler
from pipeline.report.wording import NOT_STATED, show_rows
from schemas import DataFrame, Held

FOOTER = "For decision support only"
_CODES = ("identity-conflict", "specimen-conflict")
_VERSION = ["hold", "version", "patient_name", "sex", "birth_date", "source_file", "source_sheet"]
_COLUMNS = columns(
    ("In conflict", 24),
    ("What", 16),
    ("Patient id", 24),
    ("Hold", 14),
    ("Version", 10),
    ("Name", 30),
    ("Sex", 12),
    ("Birth date", 16),
    ("Results", 12),
    ("File", 34),
    ("Sheet", 20),
    ("Rows", 40),
)
_SEXES = {"F": "female", "M": "male", "": NOT_STATED}


def render_conflicts(book: Workbook, styler: Styler, held: DataFrame[Held]) -> None:
    """Show every version of each id or specimen in conflict; no sheet without a conflict."""
    concerned = held[held["code"].isin(_CODES)]
    if concerned.empty:
        return
    sheet = add_sheet(book, "Identity conflicts", FOOTER, repeat="1:2")
    fixes = " ".join(CATALOGUE[code].fix for code in _CODES if concerned["code"].eq(code).any())
    put(sheet, styler, 1, 1, Entry(f"Versions that contradict each other. {fixes}", SECTION))
    is_id = concerned["code"].eq("identity-conflict")
    named = concerned.assign(
        key=concerned["patient_id"].where(is_id, concerned["accession"]),
        kind=is_id.map({True: "patient id", False: "specimen id"}),
    )
    numbered = _number_versions(named, held)
    versions = numbered.groupby(["key", "kind", "patient_id", *_VERSION], dropna=False, sort=True)
    counted = versions.agg(results=("result_id", "size"), rows=("source_row", list)).reset_index()
    put_table(sheet, styler, 2, "Conflicts", _COLUMNS, [_line(*row) for row in counted.to_numpy()])
    sheet.freeze_panes = "A3"


def _number_versions(rows: pd.DataFrame, held: DataFrame[Held]) -> pd.DataFrame:
    """Add the hold id and the number of the version, by which a person decides; else ""."""
    known = list_versions(held).astype({"version": "str"})
    said = rows.assign(born=rows["birth_date"], **describe_people(rows))
    keys = ["patient_id", *DETAILS]
    found = said.merge(known[[*keys, "hold", "version"]], how="left", on=keys)
    is_id = found["kind"].eq("patient id")
    return found.assign(
        birth_date=found["born"],
        hold=found["hold"].where(is_id, "").fillna(""),
        version=found["version"].where(is_id, "").fillna(""),
    )


def _line(
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
        Entry(name or NOT_STATED),
        Entry(_SEXES[sex]),
        Entry(NOT_STATED if pd.isna(birth_date) else birth_date.date(), MOMENT, DATE),
        Entry(results, NUMBER, WHOLE),
        Entry(file),
        Entry(sheet),
        Entry(show_rows(rows)),
    ]
