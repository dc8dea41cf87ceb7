"""A table whose columns are known becomes `Export`: long, all text, one row per result."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np
import pandas as pd

from pipeline.ingest.cells.ids import clean_ids, is_guarded
from pipeline.ingest.cells.intervals import split_references
from pipeline.ingest.cells.units import unit_key
from pipeline.ingest.layout.plan import Plan, ResultColumn
from pipeline.ingest.layout.sections import Lines
from pipeline.ingest.layout.unused_columns import (
    issues_of_doubtful_columns,
    issues_of_returned_cells,
)
from pipeline.ingest.returned_rows import Returned, restore_patients
from pipeline.ingest.text_tables import SourceFile, TextTable
from pipeline.issues import all_issues, issue_of_file, issues_at
from pipeline.knowledge.name_key import name_key
from pipeline.texts.counts import count_text
from schemas import DataFrame, Export, Issues

Texts = np.ndarray[tuple[int], np.dtype[np.object_]]
Positions = np.ndarray[tuple[int], np.dtype[np.intp]]

_IDS = ("patient_id", "sample_id")
_NOT_HELD = ("patient_name", "comment", "reference", "reference_low", "reference_high")
"""A cell of these that cannot be trusted is left empty; the result goes on."""
_APART = ("comment", "comparator", "material")
"""Several columns of these stay apart, by semicolons."""
_PLACE = ("result_id", "source_file", "source_sheet", "source_row", "source_column")
_STEM = 30
# Written by programs, never as a word of a person: "Null" is a surname.
_DATABASE_NULL = frozenset(["NULL", "null", "(null)", "(NULL)", "<null>", "<NULL>", "\\N"])
_OF_EXPORT = frozenset(Export.column_types())
_CONTEXT = {
    "source_row": "int64",
    "column": "str",
    "about": "str",
    "text": "str",
    "is_bad": "bool",
}
_NO_CONTEXT = pd.DataFrame({name: pd.Series([], dtype=kind) for name, kind in _CONTEXT.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class LongTable:
    """The results of one table, as text."""

    export: pd.DataFrame
    """dict[str, Texts] and types of `Export`, a running index; bad cells are still in it."""
    not_results: "pd.Series[int]"
    """Result ids of blanks and controls, as the layout says; they are not in `export`."""
    unsplit: pd.DataFrame
    """`result_id` and the `source_…` columns of rows that could not be split."""
    issues: DataFrame[Issues]
    headers: Mapping[str, str]
    """Column of Export → header in the file."""
    context: pd.DataFrame
    """Filled cells of the columns that say something of a person or specimen: `source_row`,
    `column` (header), `about` (as in `Plan.fields`), `text`, `is_bad`."""
    sheet: str = ""

    @property
    def count(self) -> int:
        """Results read."""
        return len(self.export) + len(self.not_results) + len(self.unsplit)


def make_long_table(
    table: TextTable,
    plan: Plan,
    lines: Lines,
    file: SourceFile,
    first_id: int,
    returned: Sequence[Returned] = (),
) -> LongTable:
    """Make one row of Export of each result of a table.

    Args:
        table: As read; its bad cells become issues here.
        plan: What its columns are.
        lines: Its rows below the header.
        file: Where it comes from.
        first_id: The first `result_id`; they run on without gaps.
        returned: What rows say that were handed back.
    """
    bad = [*_list_bad_cells(table, plan, lines), *_list_unit_contradictions(plan, lines)]
    fields = _take_fields(plan, lines, bad, file, table.sheet)
    if plan.shape == "wide":
        rows, results = _lengthen_wide(plan, lines, bad)
    else:
        rows = np.arange(len(lines.rows))
        at = plan.fields["value"][0]
        results = {"source_column": _repeat(plan.headers[at], len(rows))}
    own = {
        "result_id": np.arange(first_id, first_id + len(rows)),
        "source_file": _repeat(file.name, len(rows)),
        "source_sheet": _repeat(table.sheet, len(rows)),
        "source_row": np.array(lines.rows, dtype="int64")[rows],
        **{name: texts[rows] for name, texts in fields.items()},
        **results,
    }
    nothing = _repeat("", len(rows))
    frame = pd.DataFrame(
        {
            name: pd.Series(own.get(name, nothing), dtype=kind)
            for name, kind in Export.column_types().items()
        }
    )
    if plan.layout and plan.layout.row_is_patient:
        frame["patient_id"] = restore_patients(frame, file.sha256[:8], returned)
    headers = {name: plan.headers[at[0]] for name, at in plan.fields.items() if name != "value"}
    read_as = {
        row: how
        for each in returned
        if each.sheet == table.sheet
        for row, how in each.read_as.items()
    }
    unsplit = _list_unsplit(lines, file, table.sheet, first_id + len(frame))
    issues = all_issues(
        *_issues_of_bad_cells(frame, bad, plan),
        *issues_of_doubtful_columns(frame, plan, lines),
        *issues_of_returned_cells(frame, plan, lines, read_as),
        *(
            issues_at(unsplit[unsplit["source_row"].isin(group)], code)
            for code, group in _by_code(lines.bad_rows).items()
        ),
    )
    guarded = _count_guarded(plan, lines)
    if guarded:
        detail = count_text(guarded, "cell")
        said = issue_of_file(file.name, "id-guarded", sheet=table.sheet, detail=detail)
        issues = all_issues(issues, said)
    is_result = _is_patient_row(plan, lines)[rows]
    return LongTable(
        export=frame[is_result].reset_index(drop=True),
        not_results=frame.loc[~is_result, "result_id"],
        unsplit=unsplit,
        issues=issues,
        headers=headers,
        context=_take_context(plan, lines, bad),
        sheet=table.sheet,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _BadCell:
    row: int
    position: int
    """Of the row in `lines`."""
    column: int
    code: str


def _list_bad_cells(table: TextTable, plan: Plan, lines: Lines) -> list[_BadCell]:
    """List the bad cells in columns that are read."""
    if not table.bad_cells:
        return []
    position = {row: at for at, row in enumerate(lines.rows)}
    used = plan.used()
    return [
        _BadCell(row=row, position=position[row], column=column, code=code)
        for (row, column), code in table.bad_cells.items()
        if row in position and column in used
    ]


def _list_unit_contradictions(plan: Plan, lines: Lines) -> Iterator[_BadCell]:
    """List the cells of unit columns that name another unit than the header of the result."""
    for each in plan.results:
        if each.meaning.unit and "unit" in each.attached:
            at, stated = each.attached["unit"], unit_key(each.meaning.unit).casefold()
            for position, unit in enumerate(_take(lines, at, set())):
                if unit and unit_key(unit).casefold() != stated:
                    row = lines.rows[position]
                    yield _BadCell(row=row, position=position, column=at, code="unit-contradiction")


def _take_fields(
    plan: Plan, lines: Lines, bad: Sequence[_BadCell], file: SourceFile, sheet: str
) -> dict[str, Texts]:
    """Take the columns that say the same of every result of a row; texts are trimmed."""
    emptied = {at for name in (*_IDS, *_NOT_HELD) for at in plan.fields.get(name, ())}
    untrusted: dict[int, set[int]] = {}
    for cell in bad:
        if cell.column in emptied:
            untrusted.setdefault(cell.column, set()).add(cell.position)
    fields: dict[str, Texts] = {}
    context = list_context(plan)
    for name, columns in plan.fields.items():
        if name in context:
            continue
        parts = [
            # What stands for "not measured" in the column of results is read with the value.
            _take(lines, at, untrusted.get(at, set()))
            if name == "value"
            else _take_filled(lines, at, untrusted.get(at, set()))
            for at in columns
        ]
        separator = "; " if name in _APART else " "
        texts = (
            parts[0]
            if len(parts) == 1
            else [separator.join(filter(None, cells)) for cells in zip(*parts, strict=True)]
        )
        if name in _IDS:
            texts = clean_ids(texts, plan.words.missing_ids)
        fields[name] = _array(texts)
    if plan.layout and plan.layout.row_is_patient:
        ids = fields.get("patient_id", _repeat("", len(lines.rows)))
        # The hash keeps rows of like-named files apart: they are other people.
        stem = "-".join(filter(None, (PurePath(file.name).stem[:_STEM], file.sha256[:8], sheet)))
        named = zip(ids, lines.rows, strict=True)
        fields["patient_id"] = _array([text or f"{stem}-row-{row}" for text, row in named])
    if "reference" in fields:
        low, high = split_references(fields.pop("reference"), plan.words.intervals)
        fields.setdefault("reference_low", low)
        fields.setdefault("reference_high", high)
    return fields


def _take_context(plan: Plan, lines: Lines, bad: Sequence[_BadCell]) -> pd.DataFrame:
    """Take the filled cells of the columns of context, one row each."""
    rows = np.array(lines.rows, dtype="int64")
    parts = [_NO_CONTEXT]
    for about in list_context(plan):
        for at in plan.fields[about]:
            texts = _array(_take_filled(lines, at))
            is_bad = np.zeros(len(rows), dtype=bool)
            is_bad[[cell.position for cell in bad if cell.column == at]] = True
            filled = np.flatnonzero((texts != "") | is_bad)
            said = {"column": plan.headers[at], "about": about, "text": texts[filled]}
            part = pd.DataFrame({"source_row": rows[filled], **said, "is_bad": is_bad[filled]})
            parts.append(part.astype(_CONTEXT))
    return pd.concat(parts, ignore_index=True)


def list_context(plan: Plan) -> list[str]:
    """List what the columns of a table say that is no column of Export."""
    return [name for name in plan.fields if name not in (*_OF_EXPORT, "reference")]


def _lengthen_wide(
    plan: Plan, lines: Lines, bad: Sequence[_BadCell]
) -> tuple[Positions, dict[str, Texts]]:
    """Give the position of the row of each non-empty result cell, and what is its own."""
    parts: list[dict[str, Texts]] = []
    rows: list[Positions] = []
    for each in plan.results:
        values = _array(_take(lines, each.column, set()))
        is_filled = values != ""
        is_filled[[cell.position for cell in bad if cell.column == each.column]] = True
        at = np.flatnonzero(is_filled)
        rows.append(at)
        own = _own_columns(each, values, lines, plan)
        parts.append({name: texts[at] for name, texts in own})
    all_rows = np.concatenate(rows) if rows else np.array([], dtype=np.intp)
    order = np.argsort(all_rows, kind="stable")
    names = {name for part in parts for name in part}
    columns = {
        name: np.concatenate(
            [part.get(name, _repeat("", len(at))) for part, at in zip(parts, rows, strict=True)]
        )[order]
        for name in names
    }
    return all_rows[order], columns


def _own_columns(
    each: ResultColumn, values: Texts, lines: Lines, plan: Plan
) -> Iterator[tuple[str, Texts]]:
    count = len(values)
    yield "value", values
    yield "source_column", _repeat(each.header, count)
    yield "analyte", _repeat(each.meaning.name, count)
    attached = {name: _array(_take_filled(lines, at)) for name, at in each.attached.items()}
    if "reference" in attached:
        low, high = split_references(attached.pop("reference"), plan.words.intervals)
        attached = {"reference_low": low, "reference_high": high} | attached
    if each.meaning.unit or "unit" not in attached:
        attached["unit"] = _repeat(each.meaning.unit, count)
    yield from attached.items()


def _issues_of_bad_cells(
    export: pd.DataFrame, bad: Sequence[_BadCell], plan: Plan
) -> Iterator[DataFrame[Issues]]:
    """One issue for each result that a bad cell touches."""
    owner = {each.column: each for each in plan.results}
    owner |= {at: each for each in plan.results for at in each.attached.values()}
    field = {at: name for name, columns in plan.fields.items() for at in columns}
    groups: dict[tuple[int, str], list[int]] = {}
    for cell in bad:
        groups.setdefault((cell.column, cell.code), []).append(cell.row)
    for (column, code), rows in groups.items():
        touched = export["source_row"].isin(rows)
        name = field.get(column, "")
        if column in owner:
            touched &= export["source_column"].eq(owner[column].header)
            name = next((n for n, at in owner[column].attached.items() if at == column), "value")
        if name.startswith("reference"):
            code = "reference-unreadable"
        elif name in (*_NOT_HELD, *list_context(plan)):
            continue
        yield issues_at(export[touched], code, column=plan.headers[column])


def _count_guarded(plan: Plan, lines: Lines) -> int:
    columns = [at for name in _IDS for at in plan.fields.get(name, ())]
    return sum(sum(map(is_guarded, _take(lines, at, set()))) for at in columns)


def _list_unsplit(lines: Lines, file: SourceFile, sheet: str, first_id: int) -> pd.DataFrame:
    rows = sorted(lines.bad_rows)
    kinds = {name: kind for name, kind in Export.column_types().items() if name in _PLACE}
    return pd.DataFrame(
        {
            "result_id": np.arange(first_id, first_id + len(rows)),
            "source_file": _repeat(file.name, len(rows)),
            "source_sheet": _repeat(sheet, len(rows)),
            "source_row": np.array(rows, dtype="int64"),
            "source_column": _repeat("", len(rows)),
        }
    ).astype(kinds)


def _is_patient_row(plan: Plan, lines: Lines) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which rows are of patients: not the blanks and controls that the layout names."""
    is_result = np.ones(len(lines.rows), dtype=bool)
    if plan.layout:
        for header, texts in plan.layout.not_results.items():
            marks = {text.strip().casefold() for text in texts}
            for at, each in enumerate(plan.headers):
                if name_key(each) == name_key(header):
                    cells = _take(lines, at, set())
                    is_result &= np.array([cell.casefold() not in marks for cell in cells], bool)
    return is_result


def _take(lines: Lines, column: int, untrusted: Set[int]) -> list[str]:
    if not untrusted:
        return [cells[column].strip() for cells in lines.cells]
    return [
        "" if at in untrusted else cells[column].strip() for at, cells in enumerate(lines.cells)
    ]


def _take_filled(lines: Lines, column: int, untrusted: Set[int] = frozenset()) -> list[str]:
    """Take a column; what a database writes where it has nothing is empty."""
    return ["" if cell in _DATABASE_NULL else cell for cell in _take(lines, column, untrusted)]


def _array(texts: Sequence[str]) -> Texts:
    array = np.empty(len(texts), dtype=object)
    array[:] = texts
    return array


def _repeat(text: str, count: int) -> Texts:
    # numpy.full would make a text of its own for every row.
    texts = np.empty(count, dtype=object)
    texts.fill(text)
    return texts


def _by_code(bad_rows: Mapping[int, str]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for row, code in bad_rows.items():
        groups.setdefault(code, []).append(row)
    return groups
