"""What the header of a column says: a field of Export, an analyte, its flag, or nothing of ours."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Literal

from pipeline.ingest.cells.whole_cells import CellWords, index_cells
from pipeline.ingest.layout.analyte_names import (
    LONGEST_NAME,
    NameIndex,
    analyte_of,
    index_names,
    split_header,
)
from pipeline.ingest.layout.comment_rows import CommentNames, index_comment_names
from pipeline.ingest.layout.layout_words import AgeUnit, LayoutWords, index_layout_words
from pipeline.ingest.text_tables import DateOrder
from pipeline.knowledge.check_observations import AS_RESULTS, columns_of
from pipeline.knowledge.export_terms import Layout
from pipeline.knowledge.memo import cached_by_knowledge
from pipeline.knowledge.model import Knowledge
from pipeline.knowledge.name_key import name_key

Kind = Literal["field", "analyte", "said", "foreign", "flag", "mark", "unit", "unused"]

RESULTS = ("analyte", "said", "foreign")
"""Kinds of headers under which a wide table holds results."""
ATTACHED = ("flag", "unit", "reference_low", "reference_high", "reference")
"""Fields that in a wide table may stand once for each analyte, right of its column."""

_BRACKET = re.compile(r"(.*?)\s*[(\[]([^()\[\]]*)[)\]]\s*[*^:]?\s*", re.DOTALL)
_MONTH_FIRST = re.compile(r"m{1,2}[./-]?d{1,2}[./-]?y{2,4}\b.*", re.IGNORECASE)
_LIKE = 0.75


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What one header was taken for."""

    kind: Kind
    """`said`: a qualitative result; `foreign`: a result of something that labflag does not use."""
    field: str = ""
    """Column of Export, "reference" for both ends in one column, or what the column says of a
    person or specimen: id of an observation or of a scale, "medications", "conditions", "film",
    "specimen_remark"."""
    name: str = ""
    """Name of the analyte as written, or an analyte id that a layout assigned."""
    unit: str = ""
    """Unit in the header, as written."""
    analyte: str = ""
    """Analyte id; "" if the unit or a correction is needed to know it."""
    code: str = ""
    """Issue code that each result of the column will get because of its header; "" if none."""
    nearest: str = ""
    date_order: DateOrder = ""
    """Order of day and month that the header itself states: "Collected (dd/mm/yyyy)"."""
    age_unit: AgeUnit = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderIndex:
    """Headers and names, ready to be looked up."""

    names: NameIndex
    fields: Mapping[str, str]
    """Key of a header → column of Export."""
    written: Mapping[str, str]
    """Key of a header or name → as a person writes it."""
    by_cells: Mapping[str, str]
    """Key of a header that counts only where its cells are words of the field → the field."""
    words: LayoutWords
    cells: CellWords
    remarks: CommentNames
    seen: dict[str, Meaning] = field(default_factory=dict)
    """Headers that were looked up before."""

    def meaning_of(self, header: str) -> Meaning:
        """Say what a header means by itself, without a layout."""
        if header not in self.seen:
            self.seen[header] = _meaning_of(header, self)
        return self.seen[header]

    def count_known(self, cells: Iterable[str]) -> int:
        """Count the cells that are headers of ours, exactly."""
        return sum(self.is_known(cell) for cell in cells)

    def is_known(self, cell: str) -> bool:
        """Whether a cell is a header of ours, exactly; quick, and so without near misses."""
        if len(cell) > _LONGEST or not name_key(cell).strip("0123456789%#"):
            return False
        return bool(
            _field_of(cell, self)
            or self.names.claimants(split_header(cell, self.names).name)
            or name_key(cell) in self.names.look_alikes.whole
        )

    def may_be_header(self, cell: str) -> bool:
        """Like `is_known`, but quick enough for every patient id of a file."""
        if "(" in cell or "[" in cell:
            return self.is_known(cell)
        return len(cell) <= _LONGEST and name_key(cell) in self.written

    def nearest(self, text: str) -> str:
        """Find the known header or name that is most like a text; "" if none is like it."""
        found = get_close_matches(name_key(text), self.written, n=1, cutoff=_LIKE)
        return self.written[found[0]] if found else ""


_LONGEST = 80
_NOTHING = Meaning(kind="unused")


@cached_by_knowledge
def index_headers(knowledge: Knowledge) -> HeaderIndex:
    """Prepare `knowledge.fields`, its analytes and its look-alikes."""
    names = index_names(knowledge)
    fields = {
        name_key(header): each.name
        for each in knowledge.fields.values()
        for header in (*each.headers, each.name)
    }
    for each in knowledge.observations.values():
        if each.group not in AS_RESULTS:
            for code, said in columns_of(each).items():
                fields |= {name_key(header): code for header in said}
    headers = {
        name_key(header): header for each in knowledge.fields.values() for header in each.headers
    }
    written = {**names.written, **{key: headers.get(key, key) for key in fields}}
    by_cells = {
        name_key(header): each.name
        for each in knowledge.fields.values()
        for header in each.headers_by_cells
    }
    return HeaderIndex(
        names=names,
        fields=fields,
        written=written,
        by_cells=by_cells,
        words=index_layout_words(knowledge),
        cells=index_cells(knowledge),
        remarks=index_comment_names(knowledge),
    )


def meanings_of(
    headers: Iterable[str], index: HeaderIndex, layout: Layout | None
) -> tuple[Meaning, ...]:
    """Say what each header of a row means; what a layout says of a header goes first."""
    stated = _stated_by(layout, index) if layout else {}
    found = tuple(
        stated.get(name_key(header)) or index.meaning_of(header.strip()) for header in headers
    )
    if any(meaning.field == "value" for meaning in found):
        return found
    # Where the second unit is the only one, it is the first.
    first = {"second_value": "value", "second_unit": "unit"}
    return tuple(
        replace(meaning, field=first.get(meaning.field, meaning.field)) for meaning in found
    )


def _stated_by(layout: Layout, index: HeaderIndex) -> dict[str, Meaning]:
    stated = {
        name_key(header): Meaning(kind="field", field=name) if name else _NOTHING
        for header, name in layout.columns.items()
    }
    for column in layout.analytes:
        bracket = _BRACKET.fullmatch(column.header)
        unit = column.unit or (bracket[2] if bracket else "")
        unit = unit or split_header(column.header, index.names).unit
        stated[name_key(column.header)] = Meaning(
            kind="analyte", name=column.analyte, unit=unit, analyte=column.analyte
        )
    return stated


def _meaning_of(header: str, index: HeaderIndex) -> Meaning:
    if not name_key(header) or len(header) > LONGEST_NAME:
        return _NOTHING
    if as_field := _field_of(header, index):
        return as_field
    if said := index.names.said.get(name_key(header)):
        return Meaning(kind="said", field=said, name=header, analyte=said)
    if mark := index.words.mark.fullmatch(header):
        return Meaning(kind="mark", name=next(part for part in mark.groups() if part))
    if index.remarks.fits(header):
        return Meaning(kind="field", field="specimen_remark")
    if flag := index.words.flag.fullmatch(header):
        return Meaning(kind="flag", name=next(part for part in flag.groups() if part))
    if unit_of_one := index.words.unit.fullmatch(header):
        return Meaning(kind="unit", name=next(part for part in unit_of_one.groups() if part))
    parts = split_header(header, index.names)
    found = analyte_of(header, "", "", index.names)
    if not found.is_ignored:
        return Meaning(
            kind="analyte",
            name=parts.name,
            unit=parts.unit or found.unit,
            analyte=found.analyte,
            code=found.code,
            nearest=found.nearest,
        )
    base, unit = _part_unit(header, index)
    # The unit must not hide that a name is only misspelled.
    found = analyte_of(base, unit, "", index.names)
    if unit and not found.is_supported and not found.is_ignored:
        return Meaning(kind="analyte", name=base, unit=unit, code=found.code, nearest=found.nearest)
    # What carries a unit is a result too, if not one of ours, and is counted as one.
    is_result = bool(unit) or name_key(header) in index.names.look_alikes.whole
    return Meaning(kind="foreign" if is_result else "unused", name=header)


def _field_of(header: str, index: HeaderIndex) -> Meaning | None:
    """Recognize a field, also one that states its format: "Age (years)", "DOB (dd/mm/yyyy)"."""
    bracket = _BRACKET.fullmatch(header)
    base, inside = (bracket[1], bracket[2].strip()) if bracket else (header, "")
    name = index.fields.get(name_key(base), "")
    if inside and name:
        unit = index.words.age_units.get(name_key(inside), "")
        if name == "age" and unit:
            return Meaning(kind="field", field=name, age_unit=unit)
        if name in ("birth_date", "collected_at"):
            if index.words.day_first.fullmatch(inside):
                return Meaning(kind="field", field=name, date_order="day-first")
            if _MONTH_FIRST.fullmatch(inside):
                return Meaning(kind="field", field=name, date_order="month-first")
            if index.words.year_first.fullmatch(inside):
                return Meaning(kind="field", field=name)
        if index.fields.get(name_key(inside)) == name:
            return Meaning(kind="field", field=name)
        if name and index.words.yes_or_no.fullmatch(inside):
            return Meaning(kind="field", field=name)
    whole = index.fields.get(name_key(header), "")
    return Meaning(kind="field", field=whole) if whole else None


def _part_unit(header: str, index: HeaderIndex) -> tuple[str, str]:
    """Part a header into name and unit, whatever the name is; the unit "" if there is none."""
    bracket = _BRACKET.fullmatch(header)
    base, _, unit = header.rpartition(" ")
    if bracket:
        base, unit = bracket[1], bracket[2]
    is_unit = "/" in unit or "%" in unit or index.names.units.knows(unit)
    return (base, unit) if base and is_unit else (header, "")
