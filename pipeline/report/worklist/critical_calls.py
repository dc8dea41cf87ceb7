"""The sheet of critical values to telephone: listed as they were, until somebody closes them."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from pipeline.history.notes import Call
from pipeline.knowledge.model import Knowledge
from pipeline.reconcile.person_versions import CONFLICT, CONFLICTS, describe_people
from pipeline.report.cited import Cited, cite
from pipeline.report.excel.sheet import (
    Column,
    Entry,
    add_drop_down,
    add_sheet,
    hide_column,
    put,
    put_table,
)
from pipeline.report.excel.style import INPUT, LINK, PLAIN, SECTION, STRONG, TRACE, Styler
from pipeline.report.wording import show_date, show_unit
from pipeline.report.worklist.line_tags import TAG, tag_call
from pipeline.texts import Texts
from schemas import DataFrame, Evidence, Findings, Held, Patients, Reportable
from schemas.joined_codes import JOIN, split_codes
from schemas.vocabulary import Confirmation, Outcome, ResultStatus

_WIDTHS = (30, 40, 30, 20, 24, 30, 24, 20, 14, 15, 12)
_FIRST_TYPED = 6
_AT_ONCE = 1


def list_due(
    findings: DataFrame[Findings],
    evidence: DataFrame[Evidence],
    results: DataFrame[Reportable],
    knowledge: Knowledge,
    texts: Texts,
) -> Iterator[Call]:
    """List the critical values to telephone: findings of rules marked as critical.

    Doubted and preliminary values too; beside the value stands that they are.
    """
    critical = {rule.id: rule.title for rule in knowledge.rules.values() if rule.critical}
    due = findings[findings["rule"].isin(list(critical)) & findings["outcome"].eq(Outcome.PRESENT)]
    early = results[results["status"].eq(ResultStatus.PRELIMINARY)]
    preliminary = set(zip(early["patient_id"], early["accession"], early["analyte"], strict=True))
    by_finding = cite(Findings.require_columns(due), evidence)
    for row in rows_of(due):
        cited = by_finding.of_finding(row)
        signs, values, units = (
            JOIN.join(texts)
            for texts in (
                [result.comparator for result in cited],
                [result.written for result in cited],
                [result.unit for result in cited],
            )
        )
        at = None if pd.isna(row.collected_at) else row.collected_at
        yield Call(
            patient_id=row.patient_id,
            accession=row.accession,
            rule=row.rule,
            told=(
                critical[row.rule],
                "; ".join(
                    filter(
                        None,
                        (
                            show_evidence(cited, knowledge, texts),
                            *_reservations(row, cited, preliminary, knowledge, texts),
                        ),
                    )
                ),
                show_date(at, texts, has_time=row.collected_precision == "time"),
            ),
            fact=f"{signs}{values} {units} {at or ''}".strip(),
        )


def list_identity_calls(
    patients: DataFrame[Patients], held: DataFrame[Held], texts: Texts
) -> Iterator[Call]:
    """List the ids in conflict of which a version is in the first class; no value is told."""
    urgent = patients.loc[patients["in_conflict"] & patients["priority"].eq(_AT_ONCE), "patient_id"]
    concerned = held[held["code"].isin(CONFLICTS) & held["patient_id"].isin(urgent)]
    for patient, rows in concerned.groupby("patient_id"):
        people = zip(*describe_people(rows).values(), strict=True)
        # One more version or specimen makes another call.
        known = sorted({*rows["accession"], *map(repr, people)})
        yield Call(
            patient_id=str(patient),
            accession="",
            rule=CONFLICT,
            told=(texts("calls.identity"), "", ""),
            fact=hashlib.sha256(repr(known).encode("utf-8", "replace")).hexdigest()[:12],
        )


def _reservations(
    row: Any,
    cited: Sequence[Cited],
    preliminary: Collection[tuple[str, str, str]],
    knowledge: Knowledge,
    texts: Texts,
) -> Iterator[str]:
    """Say why a value is not sure; it is telephoned all the same."""
    if row.status == Confirmation.UNCONFIRMED:
        known = [knowledge.artifacts.get(name) for name in split_codes(row.artifact)]
        why = ", ".join(texts.in_sentence(each.title) for each in known if each is not None)
        yield texts("calls.unconfirmed") + (f": {why}" if why else "")
    if any((row.patient_id, row.accession, result.subject) in preliminary for result in cited):
        yield texts("calls.preliminary")


def render_calls(
    book: Workbook,
    styler: Styler,
    calls: Sequence[Call],
    names: Mapping[str, str],
    knowledge: Knowledge,
    texts: Texts,
    made: str = "",
) -> None:
    """Render the calls that are open; no sheet only where a site wants none and none is open."""
    if not calls and knowledge.critical_values == "off":
        return
    top = 3 if knowledge.critical_values == "" else 2
    sheet = add_sheet(book, texts("list.calls"), texts("list.footer"), texts, repeat=f"1:{top}")
    typed = texts.heads("calls.typed")
    yes, count = texts("yes"), texts.count("calls", len(calls))
    how = texts("calls.how", count=count, yes=yes, closed=typed[-1])
    put(sheet, styler, 1, 1, Entry(how if calls else texts("calls.none"), SECTION))
    if top > 2:
        put(sheet, styler, 2, 1, Entry(texts("calls.not-confirmed"), PLAIN))
    heads = (*texts.heads("calls.heads"), *typed, TAG)
    columns = [Column(title=head, most=width) for head, width in zip(heads, _WIDTHS, strict=True)]
    lines = (_line(call, names, made) for call in calls)
    put_table(sheet, styler, top, "Calls", columns, lines, texts=texts)
    for column in (_FIRST_TYPED + 3, _FIRST_TYPED + 4):
        add_drop_down(
            sheet, (yes, texts("no")), column=column, first=top + 1, last=max(len(calls), 1) + top
        )
    hide_column(sheet, len(columns))
    sheet.print_area = f"A1:{get_column_letter(len(columns) - 1)}{sheet.max_row}"
    sheet.freeze_panes = f"B{top + 1}"


def _line(call: Call, names: Mapping[str, str], made: str) -> list[Entry]:
    link = names.get(call.patient_id, "")
    finding, value, collected = (*call.told, "", "", "")[:3]
    return [
        Entry(call.patient_id, LINK if link else STRONG, link=link),
        Entry(finding),
        Entry(value, STRONG),
        Entry(collected),
        Entry(call.accession),
        *(Entry(text, INPUT) for text in call.typed),
        Entry(tag_call(call, made), TRACE),
    ]


def rows_of(table: pd.DataFrame) -> Iterator[Any]:
    """Give the rows of a table as named tuples."""
    return iter(table.itertuples(index=False))


def show_value(comparator: str, value: str, unit: str, texts: Texts) -> str:
    """Write a value as people read it: "<150 ng/L"."""
    return f"{comparator}{texts.number(value)} {show_unit(unit)}".strip()


def show_evidence(cited: Sequence[Cited], knowledge: Knowledge, texts: Texts) -> str:
    """Write what a finding rests on; where that is several results, with their names."""
    if len(cited) == 1:
        (row,) = cited
        return show_value(row.comparator, row.written, row.unit, texts)
    return JOIN.join(
        f"{_short(row.subject, knowledge)} {row.comparator}{texts.number(row.written)} "
        f"{show_unit(row.unit)}"
        for row in cited
        if row.written
    )


def _short(subject: str, knowledge: Knowledge) -> str:
    return knowledge.analytes[subject].short if subject in knowledge.analytes else subject
