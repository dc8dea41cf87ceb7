"""The held rows of a file: what is wrong with each, in which of its cells, and what to do."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from pipeline.history.originals import Original, OriginalSheet
from pipeline.ingest.layout.unused_columns import OF_COLUMNS
from pipeline.ingest.returned_rows import Beside, Hold, ReadAs
from pipeline.texts import Texts
from schemas import DataFrame, Held, Issues
from schemas.vocabulary import IssueSeverity

_DEMOGRAPHICS = ("patient_name", "sex", "birth_date")
_WHOLE_ROW = (
    "row-shape",
    "row-quotes",
    "row-header",
    "row-units",
    "cell-too-long",
    "hold-unchecked",
)
"""Codes of rows that could not be split; of results they concern single cells."""
_IN_DOUBT = ("date-ambiguous", "date-unreadable", "number-ambiguous")
"""Codes that rest on what stands in other rows too, which are not handed back."""
_INTERVAL = ("reference", "reference_low", "reference_high")
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "unit-missing": ("unit", *_INTERVAL),
    "unit-not-accepted": ("unit", *_INTERVAL),
    "unit-contradiction": ("unit", *_INTERVAL),
    "value-impossible": ("value", "unit", *_INTERVAL),
    "index-too-high": ("value", "unit", *_INTERVAL),
    "interval-not-human": ("unit", *_INTERVAL),
    "percent-as-fraction": ("value", "unit", *_INTERVAL),
    "percent-or-fraction": ("value", "unit", *_INTERVAL),
    "values-disagree": ("value", "unit", "second_value", "second_unit", *_INTERVAL),
    "material-unclear": ("material",),
    "analyte-contradiction": ("analyte", "loinc"),
    "analyte-missing": ("analyte", "loinc"),
    "loinc-unknown": ("loinc",),
    "specimen-unknown": ("sample_id", "collected_at"),
    "specimen-conflict": ("patient_id", "sample_id"),
    "specimen-two-days": ("sample_id", "collected_at"),
    "specimen-rejected": ("patient_id", "sample_id"),
    "specimen-no-day": ("sample_id", "collected_at"),
}
"""Code → columns of Export that may have to be corrected, where it is not the one named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One error of one row."""

    code: str
    column: str
    message: str
    is_of_row: bool
    """The row could not be split."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRow:
    row: int
    problems: tuple[Problem, ...]
    patient: str
    contradicted: tuple[str, ...]
    """Columns of Export in which rows of one patient id contradict each other."""


def find_contradictions(held: DataFrame[Held]) -> dict[str, tuple[str, ...]]:
    """Say in which columns the rows of each conflicting patient id differ."""
    people = pd.DataFrame(held[held["code"].eq("identity-conflict")])
    if people.empty:
        return {}
    known = people.assign(
        **{name: people[name].mask(people[name].eq("")) for name in ("patient_name", "sex")}
    )
    several = known.groupby("patient_id")[list(_DEMOGRAPHICS)].nunique().gt(1)
    return {
        str(patient): tuple(name for name in _DEMOGRAPHICS if differs[name])
        for patient, differs in several.to_dict("index").items()
    }


def list_rows(
    own: pd.DataFrame, issues: DataFrame[Issues], contradictions: Mapping[str, tuple[str, ...]]
) -> dict[str, list[HeldRow]]:
    """List the held rows of each sheet in their order, with their errors."""
    unsplit = set(own.loc[own["source_column"].eq(""), "result_id"])
    errors = issues[
        issues["severity"].eq(str(IssueSeverity.ERROR)) & issues["result_id"].isin(own["result_id"])
    ]
    problems: dict[tuple[str, int], dict[Problem, None]] = {}
    columns = ["sheet", "row", "code", "column", "message", "result_id"]
    for sheet, row, code, column, message, result in errors[columns].itertuples(index=False):
        problem = Problem(
            code=code, column=column, message=message, is_of_row=int(result) in unsplit
        )
        problems.setdefault((sheet, int(row)), {})[problem] = None
    once = own.sort_values("source_row").drop_duplicates(["source_sheet", "source_row"])
    rows: dict[str, list[HeldRow]] = {}
    for sheet, row, patient in once[["source_sheet", "source_row", "patient_id"]].itertuples(
        index=False
    ):
        rows.setdefault(sheet, []).append(
            HeldRow(
                row=int(row),
                problems=tuple(problems.get((sheet, int(row)), ())),
                patient=patient,
                contradicted=contradictions.get(patient, ()),
            )
        )
    return rows


class Page:
    """One sheet of the file: its columns, and the text of its rows."""

    def __init__(self, original: Original, sheet: OriginalSheet, texts: Texts) -> None:
        self.original, self.sheet, self.texts = original, sheet, texts
        self.cells = dict(sheet.rows)
        self.headers = self.cells[sheet.header_row]

    def text_of(self, row: int) -> list[str]:
        """Give the cells of a row as far as they go, one for each header."""
        cells = self.cells.get(row)
        if cells is None:
            cells = self._line_of(row).split(self.sheet.delimiter or None)
        return (cells + [""] * len(self.headers))[: len(self.headers)]

    def raw_of(self, row: int) -> str:
        """Give the whole line of a row that could not be split."""
        return self._line_of(row) or " | ".join(self.cells.get(row, []))

    def _line_of(self, row: int) -> str:
        return " ".join(self.original.bad_lines.get(row, "").split("\n"))

    def hold_of(self, row: int) -> Hold:
        """Give the place where the row stood first."""
        first = Hold(self.original.sha8, self.sheet.sheet, row)
        returned = self.sheet.returned
        return returned.holds.get(row, first) if returned else first

    def read_as(self, held: HeldRow) -> ReadAs:
        """Say how the row was read, for the time when it comes back."""
        returned = self.sheet.returned
        before = returned.read_as.get(held.row) if returned else None
        was_returned = returned is not None and held.row in returned.holds
        cells = self.text_of(held.row)
        return ReadAs(
            decimal=self.sheet.decimal,
            date_order=self.sheet.date_order,
            patient=held.patient if self.sheet.row_is_patient else "",
            after=(*(before.after if before else ()), *[self.original.sha8][:was_returned]),
            beside=tuple(
                Beside.of(problem.code, self.headers[at], cells[at])
                for problem in held.problems
                if problem.code in OF_COLUMNS
                for at in self.columns_of(problem, held)
                if at not in self.sheet.results
            ),
        )

    def signs_of(self, held: HeldRow) -> dict[int, str]:
        """Say which cells are to be marked: column → the sign before its text, or ""."""
        marks: dict[int, str] = {}
        signs = self.texts.signs
        for problem in held.problems:
            if problem.is_of_row and problem.code in _WHOLE_ROW:
                marks[0] = signs.row
                continue
            for at in self.columns_of(problem, held):
                in_doubt = problem.code in _IN_DOUBT or (held.row, at) in self.sheet.bad_cells
                marks[at] = marks.get(at) or (signs.cell if in_doubt else "")
        return marks

    def columns_of(self, problem: Problem, held: HeldRow) -> list[int]:
        """Find the columns of a problem."""
        fields = _FIELDS.get(problem.code, ())
        if problem.code == "identity-conflict":
            fields = held.contradicted
        named = [at for at, name in enumerate(self.sheet.headers) if name == problem.column]
        own = [at for at in named if at in self.sheet.results][:1]
        beside = self.sheet.attached.get(own[0], {}) if own else {}
        known = [at for name in fields for at in self._columns_of(name, own, beside)]
        cells = self.text_of(held.row)
        intervals = {at for name in _INTERVAL for at in self._columns_of(name, own, beside)}
        known = [at for at in known if at not in intervals or cells[at].strip()]
        if known:
            return known
        return (own or named[:1]) if problem.column else []

    def _columns_of(
        self, field: str, own: Sequence[int], beside: Mapping[str, int]
    ) -> tuple[int, ...]:
        """Find the columns of a field of Export: of one result first, else of its row."""
        if field in beside:
            return (beside[field],)
        if field == "value" and own:
            return tuple(own)
        return tuple(self.sheet.fields.get(field, ()))

    def reason_of(self, held: HeldRow) -> str:
        """Name every problem of a row and the columns that it lies in."""
        # On one line: text files whose cells hold line breaks are hard to tell from damaged ones.
        return "; ".join(dict.fromkeys(self._reasons(held)))

    def _reasons(self, held: HeldRow) -> Iterator[str]:
        for problem in held.problems:
            if problem.is_of_row:
                yield self.texts("hand-back.whole-row", code=problem.code)
                continue
            columns = self.columns_of(problem, held)
            named = ", ".join(
                self.sheet.headers[at] or self.texts("hand-back.column", number=at + 1)
                for at in columns
            )
            yield f"{problem.code} ({named})" if named else problem.code


def fix_of(held: HeldRow, texts: Texts) -> str:
    """Say of every problem of a row what is wrong and what to do, with an example."""
    return " ".join(dict.fromkeys(_fixes(held, texts)))


def _fixes(held: HeldRow, texts: Texts) -> Iterator[str]:
    for problem in held.problems:
        # The message itself says more, in English.
        said = problem.message
        if texts.problems:
            said = " ".join(filter(None, texts.problem(problem.code)))
        example = texts.examples.get(problem.code)
        yield texts("example", message=said, example=example) if example else said


def is_unsplit(held: HeldRow) -> bool:
    return any(problem.is_of_row for problem in held.problems)
