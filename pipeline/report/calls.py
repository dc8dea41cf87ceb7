"""The sheet of values to be called: listed as they were, carried on until somebody closes them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
from openpyxl import Workbook

from pipeline.knowledge.model import Knowledge
from pipeline.report.entries import CALL_TITLES, TAG, YES, Call, tag_call
from pipeline.report.sheet import (
    Entry,
    add_drop_down,
    add_sheet,
    columns,
    hide_column,
    put,
    put_table,
)
from pipeline.report.style import INPUT, LINK, SECTION, STRONG, TRACE, Styler
from pipeline.report.wording import show_count, show_date, show_unit
from schemas import DataFrame, Findings
from schemas.vocabulary import Outcome

TITLE = "Critical calls"
FOOTER = "For decision support only"
_JOIN = "; "
_COLUMNS = columns(
    ("Patient id", 30),
    ("Finding", 40),
    ("Value as it was", 30),
    ("Collected", 20),
    ("Specimen", 24),
    (CALL_TITLES[0], 30),
    (CALL_TITLES[1], 24),
    (CALL_TITLES[2], 20),
    (CALL_TITLES[3], 14),
    (CALL_TITLES[4], 12),
    (TAG, 12),
)
_FIRST_TYPED = 6


def list_due(findings: DataFrame[Findings], knowledge: Knowledge) -> Iterator[Call]:
    """List the values that the site wants called: findings of rules marked as critical."""
    critical = {rule.id: rule.title for rule in knowledge.rules.values() if rule.critical}
    due = findings[findings["rule"].isin(list(critical)) & findings["outcome"].eq(Outcome.PRESENT)]
    for row in rows_of(due):
        at = None if pd.isna(row.collected_at) else row.collected_at
        yield Call(
            patient_id=row.patient_id,
            accession=row.accession,
            rule=row.rule,
            told=(
                critical[row.rule],
                show_value(row.comparator, row.value, row.unit),
                show_date(at, has_time=row.collected_precision == "time"),
            ),
        )


def render_calls(
    book: Workbook, styler: Styler, calls: Sequence[Call], names: Mapping[str, str]
) -> None:
    """Render the calls that are open; no sheet where there is none."""
    if not calls:
        return
    sheet = add_sheet(book, TITLE, FOOTER, repeat="1:2")
    text = (
        f"{show_count(len(calls), 'value')} to call. Fill in the marked columns; "
        f'"{YES}" under {CALL_TITLES[-1]} takes a line to the archive with the next run'
    )
    put(sheet, styler, 1, 1, Entry(text, SECTION))
    put_table(sheet, styler, 2, "Calls", _COLUMNS, (_line(call, names) for call in calls))
    add_drop_down(sheet, (YES, "no"), column=_FIRST_TYPED + 3, first=3, last=len(calls) + 2)
    add_drop_down(sheet, (YES, "no"), column=_FIRST_TYPED + 4, first=3, last=len(calls) + 2)
    hide_column(sheet, len(_COLUMNS))
    sheet.freeze_panes = "B3"


def _line(call: Call, names: Mapping[str, str]) -> list[Entry]:
    link = names.get(call.patient_id, "")
    finding, value, collected = (*call.told, "", "", "")[:3]
    return [
        Entry(call.patient_id, LINK if link else STRONG, link=link),
        Entry(finding),
        Entry(value, STRONG),
        Entry(collected),
        Entry(call.accession),
        *(Entry(text, INPUT) for text in call.typed),
        Entry(tag_call(call), TRACE),
    ]


def rows_of(table: pd.DataFrame) -> Iterator[Any]:
    """Give the rows of a table as named tuples."""
    return iter(table.itertuples(index=False))


def show_value(comparator: str, value: str, unit: str) -> str:
    """Write the evidence of a finding as people read it: "<150 ng/L; 82 g/L"."""
    parts = zip(*_pieces((comparator, value, unit)), strict=True)
    shown = (f"{sign}{number} {show_unit(code)}".strip() for sign, number, code in parts)
    return _JOIN.join(filter(None, shown))


def show_evidence(row: Any, knowledge: Knowledge) -> str:
    """Write the evidence of a finding; where it rests on several analytes, name them."""
    analytes = row.analyte.split(_JOIN)
    if len(analytes) == 1:
        return show_value(row.comparator, row.value, row.unit)
    pieces = zip(analytes, *_pieces((row.comparator, row.value, row.unit)), strict=False)
    return _JOIN.join(
        f"{knowledge.analytes[analyte].short if analyte in knowledge.analytes else analyte} "
        f"{sign}{number} {show_unit(code)}"
        for analyte, sign, number, code in pieces
        if number
    )


def _pieces(texts: Iterable[str]) -> list[list[str]]:
    split = [text.split(_JOIN) for text in texts]
    most = max(map(len, split))
    return [each + [""] * (most - len(each)) for each in split]
