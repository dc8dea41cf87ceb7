"""The sheet of values to be called: listed as they were, carried on until somebody closes them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from pipeline.knowledge.model import Knowledge
from pipeline.report.entries import TAG, Call, tag_call
from pipeline.report.sheet import (
    Column,
    Entry,
    add_drop_down,
    add_sheet,
    hide_column,
    put,
    put_table,
)
from pipeline.report.style import INPUT, LINK, SECTION, STRONG, TRACE, Styler
from pipeline.report.texts import Texts
from pipeline.report.wording import show_date, show_unit
from schemas import DataFrame, Findings
from schemas.vocabulary import Outcome

_JOIN = "; "
_WIDTHS = (30, 40, 30, 20, 24, 30, 24, 20, 14, 15, 12)
_FIRST_TYPED = 6


def list_due(findings: DataFrame[Findings], knowledge: Knowledge, texts: Texts) -> Iterator[Call]:
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
                show_value(row.comparator, row.value, row.unit, texts),
                show_date(at, texts, has_time=row.collected_precision == "time"),
            ),
            fact=f"{row.comparator}{row.value} {row.unit} {at or ''}".strip(),
        )


def render_calls(
    book: Workbook, styler: Styler, calls: Sequence[Call], names: Mapping[str, str], texts: Texts
) -> None:
    """Render the calls that are open; no sheet where there is none."""
    if not calls:
        return
    sheet = add_sheet(book, texts("list.calls"), texts("list.footer"), texts, repeat="1:2")
    typed = texts.heads("calls.typed")
    yes, count = texts("yes"), texts.count("calls", len(calls))
    how = texts("calls.how", count=count, yes=yes, closed=typed[-1])
    put(sheet, styler, 1, 1, Entry(how, SECTION))
    heads = (*texts.heads("calls.heads"), *typed, TAG)
    columns = [Column(title=head, most=width) for head, width in zip(heads, _WIDTHS, strict=True)]
    lines = (_line(call, names) for call in calls)
    put_table(sheet, styler, 2, "Calls", columns, lines, texts=texts)
    for column in (_FIRST_TYPED + 3, _FIRST_TYPED + 4):
        add_drop_down(sheet, (yes, texts("no")), column=column, first=3, last=len(calls) + 2)
    hide_column(sheet, len(columns))
    sheet.print_area = f"A1:{get_column_letter(len(columns) - 1)}{sheet.max_row}"
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


def show_value(comparator: str, value: str, unit: str, texts: Texts) -> str:
    """Write the evidence of a finding as people read it: "<150 ng/L; 82 g/L"."""
    parts = zip(*_pieces((comparator, value, unit)), strict=True)
    shown = (
        f"{sign}{texts.number(number)} {show_unit(code)}".strip() for sign, number, code in parts
    )
    return _JOIN.join(filter(None, shown))


def show_evidence(row: Any, knowledge: Knowledge, texts: Texts) -> str:
    """Write the evidence of a finding; where it rests on several analytes, name them."""
    analytes = row.analyte.split(_JOIN)
    if len(analytes) == 1:
        return show_value(row.comparator, row.value, row.unit, texts)
    short = {
        each: knowledge.analytes[each].short for each in analytes if each in knowledge.analytes
    }
    pieces = zip(analytes, *_pieces((row.comparator, row.value, row.unit)), strict=False)
    return _JOIN.join(
        f"{short.get(analyte, analyte)} {sign}{texts.number(number)} {show_unit(code)}"
        for analyte, sign, number, code in pieces
        if number
    )


def _pieces(texts: Iterable[str]) -> list[list[str]]:
    split = [text.split(_JOIN) for text in texts]
    most = max(map(len, split))
    return [each + [""] * (most - len(each)) for each in split]
