"""An empty workbook for people who type results: what to fill in, with lists to choose from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.ingest.holds import NOT_READ
from pipeline.knowledge.model import Analyte, Knowledge
from pipeline.report.sheet import (
    Entry,
    add_sheet,
    columns,
    put,
    put_row,
    put_table,
    start_workbook,
)
from pipeline.report.style import (
    AS_TEXT,
    DATE,
    DATE_AND_TIME,
    HEADER,
    MARKED,
    OUR_HEADER,
    PLAIN,
    SECTION,
    Styler,
)
from pipeline.report.texts import ENGLISH
from schemas.vocabulary import ResultStatus, Sex

_NOT_READ = NOT_READ[ENGLISH.language]
LONG, WIDE, EXAMPLE, LISTS = "Results", "One row per specimen", "Example", "Lists"
TITLE = "Results for labflag"

_LAST_ROW = 20_000
_FIRST_LISTED = 4
_SCALE = "10*-"
"""Begins units that are scales of a number rather than units that people write."""
_INLINE_AT_MOST = 255
_EXPLAINED = columns("Column", "Fill in", ("What to write", 70), ("EXAMPLE", 30))
_LISTED = columns(("Analyte", 50), "Number of units", *(f"Unit {n}" for n in range(1, 13)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """A column to fill in."""

    title: str
    need: str = ""
    """ "*": always; "(*)": it or another one so marked; "": if known."""
    say: str
    example: str
    number_format: str = AS_TEXT
    choice: tuple[str, ...] = ()

    @property
    def header(self) -> str:
        return f"{self.title} {self.need}".strip()


_NEEDS = {"*": "always", "(*)": "one of the two", "": "if known"}
_PERSON = (
    _Column(title="Patient ID", need="*", say="As on the request, zeros included", example="00123"),
    _Column(title="Patient name", say="As on the request", example="Example, Erica"),
    _Column(title="Sex", say="F or M", example=Sex.FEMALE, choice=tuple(Sex)),
    _Column(title="Birth date", say="A date", example="1980-05-31", number_format=DATE),
    _Column(
        title="Age",
        say="Years, or months as 8m, or days as 12d, if the birth date is not known",
        example="45",
    ),
)
_SPECIMEN = (
    _Column(
        title="Sample ID", need="(*)", say="The same for all results of a specimen", example="S-1"
    ),
    _Column(
        title="Collected at",
        need="(*)",
        say="A date, with the time if known",
        example="2026-03-01 08:30",
        number_format=DATE_AND_TIME,
    ),
)
_RESULT = (
    _Column(title="Analyte", need="*", say=f"A name of the sheet {LISTS}", example="Hemoglobin"),
    _Column(
        title="Result",
        need="*",
        say="A number such as 12.5, or a limit such as <150",
        example="12.5",
        number_format="General",
    ),
    _Column(title="Unit", need="*", say="A unit of the analyte", example="g/dL"),
    _Column(
        title="Status",
        say="Empty means final; cancelled takes an earlier result back",
        example=ResultStatus.FINAL,
        choice=tuple(ResultStatus),
    ),
    _Column(
        title="Reference low",
        say="Lower end of the laboratory's own interval",
        example="",
        number_format="General",
    ),
    _Column(
        title="Reference high",
        say="Upper end of the laboratory's own interval",
        example="",
        number_format="General",
    ),
    _Column(title="LOINC", say="The code of the analyte", example=""),
    _Column(
        title="Comment",
        say="Anything; it is shown, and words about the specimen are read: platelet clumps",
        example="",
    ),
)
_CONTEXT = (
    _Column(title="Pregnant", say="yes or no", example="no", choice=("yes", "no")),
    _Column(title="Trimester", say="1, 2 or 3", example="", choice=("1", "2", "3")),
    _Column(
        title="Elevation (m)",
        say="Where the patient lives, in meters above the sea",
        example="",
        number_format="General",
    ),
    _Column(title="Medications", say="Names, with semicolons between them", example="metformin"),
    _Column(
        title="Conditions", say="Surgery, diseases, symptoms; semicolons between them", example=""
    ),
    _Column(
        title="B12 started on", say="First dose of vitamin B12", example="", number_format=DATE
    ),
    _Column(
        title="Transfused on", say="Last transfusion of red cells", example="", number_format=DATE
    ),
)


def render_template(knowledge: Knowledge) -> Workbook:
    """Render the import workbook: long form, wide form, explanations, lists."""
    book, styler = start_workbook(TITLE), Styler()
    long = (*_PERSON, *_SPECIMEN, *_RESULT, *_CONTEXT)
    read = _list_analytes_of_rules(knowledge)
    sheet = _render_form(book, styler, LONG, [each.header for each in long], long)
    _add_analyte_choices(sheet, long, len(knowledge.analytes))
    headers = [f"{each.title} ({each.unit})" for each in read]
    people = (*_PERSON, *_SPECIMEN, *_CONTEXT)
    wide = _render_form(book, styler, WIDE, [*(each.header for each in people), *headers], people)
    for at, analyte in enumerate(read, len(people) + 1):
        _add_choice(wide, [f"{analyte.title} ({u})" for u in _list_units(analyte)], at, 1, 1)
    _render_example(book, styler, long, headers)
    _render_lists(book, styler, knowledge)
    return book


def _list_analytes_of_rules(knowledge: Knowledge) -> list[Analyte]:
    """Give the analytes that rules look at, or that replace one of them, in their order."""
    wanted = {limit.analyte for limit in knowledge.limits.values()} | {
        name for derived in knowledge.derived for name in derived.operands
    }
    return [each for each in knowledge.analytes.values() if each.id in wanted]


def _list_units(analyte: Analyte) -> list[str]:
    """Give the units that a person writes, the canonical one first."""
    units = [unit for unit in analyte.units if not unit.startswith(_SCALE)]
    return [analyte.unit, *(unit for unit in units if unit != analyte.unit)]


def _render_form(
    book: Workbook, styler: Styler, title: str, headers: Sequence[str], known: Sequence[_Column]
) -> Worksheet:
    """Add a sheet with nothing but its header; columns beyond `known` hold results."""
    sheet = add_sheet(book, title, TITLE, repeat="1:1")
    looks = {each.header: MARKED if each.need else HEADER for each in known}
    put_row(sheet, styler, 1, [Entry(text, looks.get(text, HEADER)) for text in headers])
    for at, text in enumerate(headers, 1):
        column: Any = sheet.column_dimensions[get_column_letter(at)]
        column.width = max(len(text) + 4.0, 16.0)
        column.number_format = known[at - 1].number_format if at <= len(known) else "General"
    sheet.row_dimensions[1].height = 20.0
    for at, each in enumerate(known, 1):
        if each.choice:
            _add_choice(sheet, each.choice, at, 2, _LAST_ROW)
    sheet.freeze_panes = "B2"
    return sheet


def _add_choice(sheet: Worksheet, texts: Sequence[str], column: int, first: int, last: int) -> None:
    """Let people choose from texts, as many as a cell can offer without a list elsewhere."""
    offered = list(texts)
    while len(",".join(offered)) + 2 > _INLINE_AT_MOST:
        offered.pop()
    _add_list(sheet, f'"{",".join(offered)}"', column, first, last)


def _add_analyte_choices(sheet: Worksheet, long: Sequence[_Column], count: int) -> None:
    """Offer the analytes, and for each row the units of the analyte that stands in it."""
    places = {each.title: at for at, each in enumerate(long, 1)}
    end = _FIRST_LISTED + count - 1
    names = f"{LISTS}!$A${_FIRST_LISTED}:$A${end}"
    _add_list(sheet, names, places["Analyte"], 2, _LAST_ROW)
    found = f"MATCH(${get_column_letter(places['Analyte'])}2,{names},0)"
    counts = f"{LISTS}!$B${_FIRST_LISTED}:$B${end}"
    units = f"OFFSET({LISTS}!$C${_FIRST_LISTED},{found}-1,0,1,INDEX({counts},{found}))"
    _add_list(sheet, units, places["Unit"], 2, _LAST_ROW)


def _add_list(sheet: Worksheet, formula: str, column: int, first: int, last: int) -> None:
    # A warning, no refusal: labflag knows more spellings than a list can offer.
    choice = DataValidation(
        type="list", formula1=formula, allow_blank=True, errorStyle="warning", showErrorMessage=True
    )
    choice.errorTitle, choice.error = "Not in the list", "labflag may not know it. Keep it?"
    letter = get_column_letter(column)
    choice.add(f"{letter}{first}:{letter}{last}")
    sheet.add_data_validation(choice)


def _render_example(
    book: Workbook, styler: Styler, long: Sequence[_Column], headers: Sequence[str]
) -> None:
    """Explain every column, with an example that stands upright, so that nobody adds to it."""
    sheet = add_sheet(book, EXAMPLE, TITLE, repeat="1:1")
    put(
        sheet,
        styler,
        1,
        1,
        Entry(f"{_NOT_READ}: what the columns mean, by an example", SECTION),
    )
    says = (
        f"Fill in the sheet {LONG!r} (one row for each result) or {WIDE!r}. Columns marked * are "
        "needed; of those marked (*) at least one.",
        f"In {WIDE!r} the unit stands in the header: choose yours there before you begin, and "
        "delete columns of analytes that you do not measure.",
    )
    for row, said in enumerate(says, 2):
        put(sheet, styler, row, 1, Entry(said, PLAIN))
    rows = [
        [
            Entry(each.header, MARKED if each.need else OUR_HEADER),
            Entry(_NEEDS[each.need]),
            Entry(each.say),
            Entry(str(each.example)),
        ]
        for each in long
    ]
    rows.append(
        [
            Entry(headers[0], OUR_HEADER),
            Entry(f"in {WIDE!r}"),
            Entry("The result alone, in the unit of the header"),
            Entry("125"),
        ]
    )
    put_table(sheet, styler, 5, "Columns", _EXPLAINED, rows)


def _render_lists(book: Workbook, styler: Styler, knowledge: Knowledge) -> None:
    sheet = add_sheet(book, LISTS, TITLE, repeat="1:3")
    put(sheet, styler, 1, 1, Entry(f"{_NOT_READ}: what can be chosen", SECTION))
    rows = []
    for each in knowledge.analytes.values():
        units = _list_units(each)[: len(_LISTED) - 2]
        blank = len(_LISTED) - 2 - len(units)
        rows.append(
            [
                Entry(each.title),
                Entry(float(len(units)), number_format="0"),
                *map(Entry, [*units, *[""] * blank]),
            ]
        )
    put_table(sheet, styler, _FIRST_LISTED - 1, "Lists", _LISTED, rows)
    sheet.freeze_panes = f"B{_FIRST_LISTED}"
