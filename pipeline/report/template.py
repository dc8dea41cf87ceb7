"""An empty workbook for people who type results: what to fill in, with lists to choose from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.knowledge.model import Analyte, Knowledge
from pipeline.report.excel.sheet import (
    Entry,
    add_sheet,
    columns,
    put,
    put_row,
    put_table,
    start_workbook,
)
from pipeline.report.excel.style import (
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
from pipeline.texts import ENGLISH, Texts

LONG, WIDE, EXAMPLE, LISTS = (
    f"template.sheet.{name}" for name in ("long", "wide", "example", "lists")
)

_LAST_ROW = 20_000
_FIRST_LISTED = 4
_SCALE = "10*-"
"""Begins units that are scales of a number rather than units that people write."""
_INLINE_AT_MOST = 255
_WIDTHS = (40, 40, 70, 30)
_UNITS_AT_MOST = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """A column to fill in, in a language."""

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


class _Plan(NamedTuple):
    """A column in no language yet."""

    name: str
    need: str = ""
    number_format: str = AS_TEXT
    has_choice: bool = False

    def column(self, texts: Texts) -> _Column:
        """Word the column: header, what to write and an example stand together."""
        title, say, example = texts.heads(f"template.{self.name}")
        return _Column(
            title=title,
            need=self.need,
            say=say.replace("{lists}", texts(LISTS)),
            example=example,
            number_format=self.number_format,
            choice=texts.heads(f"template.choice.{self.name}") if self.has_choice else (),
        )


_NUMBER = "General"
_NEEDS = ("*", "(*)", "")
_PERSON = (
    _Plan("patient-id", "*"),
    _Plan("patient-name"),
    _Plan("sex", has_choice=True),
    _Plan("birth-date", number_format=DATE),
    _Plan("age"),
)
_SPECIMEN = (_Plan("sample-id", "(*)"), _Plan("collected-at", "(*)", DATE_AND_TIME))
_RESULT = (
    _Plan("analyte", "*"),
    _Plan("result", "*", _NUMBER),
    _Plan("result-unit", "*"),
    _Plan("status", has_choice=True),
    _Plan("reference-low", number_format=_NUMBER),
    _Plan("reference-high", number_format=_NUMBER),
    _Plan("loinc"),
    _Plan("comment"),
)
_CONTEXT = (
    _Plan("pregnant", has_choice=True),
    _Plan("trimester", has_choice=True),
    _Plan("elevation", number_format=_NUMBER),
    _Plan("medications"),
    _Plan("conditions"),
    _Plan("b12-started", number_format=DATE),
    _Plan("transfused", number_format=DATE),
)
_LONG = (*_PERSON, *_SPECIMEN, *_RESULT, *_CONTEXT)
_AT_ANALYTE, _AT_UNIT = (
    [plan.name for plan in _LONG].index(name) + 1 for name in ("analyte", "result-unit")
)


def render_template(knowledge: Knowledge, texts: Texts = ENGLISH) -> Workbook:
    """Render the import workbook: long form, wide form, explanations, lists."""
    book = start_workbook(texts("template.title"), texts.language)
    styler = Styler(texts)
    long = [plan.column(texts) for plan in _LONG]
    read = _list_analytes_of_rules(knowledge)
    sheet = _render_form(book, styler, LONG, [each.header for each in long], long, texts)
    _add_analyte_choices(sheet, len(knowledge.analytes), texts)
    headers = [f"{each.title} ({each.unit})" for each in read]
    people = [plan.column(texts) for plan in (*_PERSON, *_SPECIMEN, *_CONTEXT)]
    wide = _render_form(
        book, styler, WIDE, [*(each.header for each in people), *headers], people, texts
    )
    for at, analyte in enumerate(read, len(people) + 1):
        offered = [f"{analyte.title} ({unit})" for unit in _list_units(analyte)]
        _add_choice(wide, offered, at, 1, 1, texts)
    _render_example(book, styler, long, headers, texts)
    _render_lists(book, styler, knowledge, texts)
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
    book: Workbook,
    styler: Styler,
    name: str,
    headers: Sequence[str],
    known: Sequence[_Column],
    texts: Texts,
) -> Worksheet:
    """Add a sheet with nothing but its header; columns beyond `known` hold results."""
    sheet = add_sheet(book, texts(name), texts("template.title"), texts, repeat="1:1")
    looks = {each.header: MARKED if each.need else HEADER for each in known}
    put_row(sheet, styler, 1, [Entry(text, looks.get(text, HEADER)) for text in headers])
    for at, text in enumerate(headers, 1):
        column: Any = sheet.column_dimensions[get_column_letter(at)]
        column.width = max(len(text) + 4.0, 16.0)
        shown = known[at - 1].number_format if at <= len(known) else _NUMBER
        column.number_format = styler.format_of(shown)
    sheet.row_dimensions[1].height = 20.0
    for at, each in enumerate(known, 1):
        if each.choice:
            _add_choice(sheet, each.choice, at, 2, _LAST_ROW, texts)
    sheet.freeze_panes = "B2"
    return sheet


def _add_choice(
    sheet: Worksheet, choices: Sequence[str], column: int, first: int, last: int, texts: Texts
) -> None:
    """Let people choose, from as much as a cell can offer without a list elsewhere."""
    offered = list(choices)
    while len(",".join(offered)) + 2 > _INLINE_AT_MOST:
        offered.pop()
    _add_list(sheet, f'"{",".join(offered)}"', column, first, last, texts)


def _add_analyte_choices(sheet: Worksheet, count: int, texts: Texts) -> None:
    """Offer the analytes, and for each row the units of the analyte that stands in it."""
    lists, end = texts(LISTS), _FIRST_LISTED + count - 1
    names = f"{lists}!$A${_FIRST_LISTED}:$A${end}"
    _add_list(sheet, names, _AT_ANALYTE, 2, _LAST_ROW, texts)
    found = f"MATCH(${get_column_letter(_AT_ANALYTE)}2,{names},0)"
    counts = f"{lists}!$B${_FIRST_LISTED}:$B${end}"
    units = f"OFFSET({lists}!$C${_FIRST_LISTED},{found}-1,0,1,INDEX({counts},{found}))"
    _add_list(sheet, units, _AT_UNIT, 2, _LAST_ROW, texts)


def _add_list(
    sheet: Worksheet, formula: str, column: int, first: int, last: int, texts: Texts
) -> None:
    # A warning, no refusal: labflag knows more spellings than a list can offer.
    choice = DataValidation(
        type="list", formula1=formula, allow_blank=True, errorStyle="warning", showErrorMessage=True
    )
    choice.errorTitle, choice.error = texts("template.not-listed"), texts("template.keep")
    letter = get_column_letter(column)
    choice.add(f"{letter}{first}:{letter}{last}")
    sheet.add_data_validation(choice)


def _render_example(
    book: Workbook, styler: Styler, long: Sequence[_Column], headers: Sequence[str], texts: Texts
) -> None:
    """Explain every column, with an example that stands upright, so that nobody adds to it."""
    sheet = add_sheet(book, texts(EXAMPLE), texts("template.title"), texts, repeat="1:1")
    heading = texts("template.example", not_read=texts.signs.not_read)
    put(sheet, styler, 1, 1, Entry(heading, SECTION))
    names = {"long": texts(LONG), "wide": texts(WIDE)}
    says = (texts("template.fill-in", **names), texts("template.units", wide=names["wide"]))
    for row, said in enumerate(says, 2):
        put(sheet, styler, row, 1, Entry(said, PLAIN))
    needs = dict(zip(_NEEDS, texts.heads("template.needs"), strict=True))
    rows = [
        [
            Entry(each.header, MARKED if each.need else OUR_HEADER),
            Entry(needs[each.need]),
            Entry(each.say),
            Entry(each.example),
        ]
        for each in long
    ]
    rows.append(
        [
            Entry(headers[0], OUR_HEADER),
            Entry(texts("template.in-wide", wide=names["wide"])),
            Entry(texts("template.alone")),
            Entry("125"),
        ]
    )
    heads = zip(texts.heads("template.explained"), _WIDTHS, strict=True)
    put_table(sheet, styler, 5, "Columns", columns(*heads), rows, texts=texts)


def _render_lists(book: Workbook, styler: Styler, knowledge: Knowledge, texts: Texts) -> None:
    sheet = add_sheet(book, texts(LISTS), texts("template.title"), texts, repeat="1:3")
    heading = texts("template.lists", not_read=texts.signs.not_read)
    put(sheet, styler, 1, 1, Entry(heading, SECTION))
    rows = []
    for each in knowledge.analytes.values():
        units = _list_units(each)[:_UNITS_AT_MOST]
        blank = _UNITS_AT_MOST - len(units)
        rows.append(
            [
                Entry(each.title),
                Entry(float(len(units)), number_format="0"),
                *map(Entry, [*units, *[""] * blank]),
            ]
        )
    analyte, count = texts.heads("template.listed")
    numbers = range(1, _UNITS_AT_MOST + 1)
    units_of = [texts("template.unit", number=number) for number in numbers]
    listed = columns((analyte, 50), count, *units_of)
    put_table(sheet, styler, _FIRST_LISTED - 1, "Lists", listed, rows, texts=texts)
    sheet.freeze_panes = f"B{_FIRST_LISTED}"
