"""The sheet of the worklist on which contradicting versions of a person stand side by side."""

from datetime import datetime

import pandas as pd
from openpyxl import Workbook

from pipeline.issues.catalogue import CATALOGUE
from pipeline.report.sheet import Entry, add_sheet, columns, put, put_table
from pipeline.report.style import DATE, MOMENT, NUMBER, SECTION, STRONG, WHOLE, Styler
from pipeline.report.wording import NOT_STATED, show_rows
from schemas import DataFrame, Held

FOOTER = "For decision support only"
_CODES = ("identity-conflict", "specimen-conflict")
_VERSION = ["patient_name", "sex", "birth_date", "source_file", "source_sheet"]
_COLUMNS = columns(
    ("In conflict", 24),
    ("What", 16),
    ("Patient id", 24),
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
    versions = named.groupby(["key", "kind", "patient_id", *_VERSION], dropna=False, sort=True)
    counted = versions.agg(results=("result_id", "size"), rows=("source_row", list)).reset_index()
    put_table(sheet, styler, 2, "Conflicts", _COLUMNS, [_line(*row) for row in counted.to_numpy()])
    sheet.freeze_panes = "A3"


def _line(
    key: str,
    kind: str,
    patient: str,
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
        Entry(name or NOT_STATED),
        Entry(_SEXES[sex]),
        Entry(NOT_STATED if pd.isna(birth_date) else birth_date.date(), MOMENT, DATE),
        Entry(results, NUMBER, WHOLE),
        Entry(file),
        Entry(sheet),
        Entry(show_rows(rows)),
    ]
