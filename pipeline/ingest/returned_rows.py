"""Held rows that come back: their labflag columns are taken off, what they stand for is kept.

A row that labflag hands back carries the place that it came from (its hold id) and how its file
was read, because a few rows by themselves do not settle a decimal sign or an order of dates.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import NamedTuple, Self, cast
from unicodedata import normalize
from urllib.parse import parse_qs, urlencode

import pandas as pd

from pipeline.ingest.cells.ids import accession_stem
from pipeline.ingest.layout.dialect import HEADER_WITHIN, Conventions
from pipeline.ingest.text_tables import DateOrder, DecimalSign, TextTable, UnreadableFile
from pipeline.texts import LANGUAGES

HOLD, REASON, FIX = "labflag_hold", "labflag_reason", "labflag_fix"
RAW, READ_AS = "labflag_raw", "labflag_read_as"
COLUMNS = (HOLD, REASON, FIX, RAW, READ_AS)


_ID = re.compile(r"([0-9a-f]{8}):(.*):([1-9][0-9]{0,9})", re.DOTALL)
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


def _pattern_of(sign: str) -> str:
    """Write a sign as a pattern of what stands between its brackets."""
    # An umlaut may come back in two letters, or damaged by a program that has none.
    return _NOT_ASCII.sub(
        lambda letter: r"[^\s\]]{1,4}" if normalize("NFKD", letter[0])[0].isascii() else letter[0],
        re.escape(sign.strip().strip("[]")),
    )


_SIGNS = [texts.signs for texts in LANGUAGES.values()]
_CELL = "|".join(_pattern_of(signs.cell) for signs in _SIGNS)
_ROW = "|".join(_pattern_of(signs.row) for signs in _SIGNS)
_SIGN = re.compile(rf"\s*\[(?:{_CELL}|({_ROW}))\]", re.IGNORECASE)
_NOT_READ = tuple(signs.not_read for signs in _SIGNS)
_DATES = ("birth_date", "collected_at")
_DECIMALS = ("", ".", ",")
_ORDERS = ("", "day-first", "month-first")


class Hold(NamedTuple):
    """The place of a held row in the file that it first stood in."""

    sha8: str
    """First eight hex digits of the SHA-256 of that file."""
    sheet: str
    row: int

    def __str__(self) -> str:
        """Give the hold id, as in `labflag_hold`."""
        return f"{self.sha8}:{self.sheet}:{self.row}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read a hold id; None if it is none."""
        found = _ID.fullmatch(text.strip())
        return cls(found[1], found[2], int(found[3])) if found else None


class Beside(NamedTuple):
    """A cell beside a result that held its row, in a column that no header names.

    Such a column is recognized by most of its cells. A few rows that come back do not show it, so
    the row stays held as long as the cell stays as it was.
    """

    code: str
    """Of the issue."""
    header: str
    digest: str
    """Of the text of the cell."""

    @classmethod
    def of(cls, code: str, header: str, text: str) -> Self:
        """Note a cell."""
        return cls(code, header.strip(), sha256(text.strip().encode()).hexdigest()[:8])


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAs:
    """How the file was read in which a held row first stood."""

    decimal: DecimalSign = ""
    date_order: Mapping[str, DateOrder] = field(default_factory=dict)
    """Date column of Export → order; "" is also kept, as "not settled"."""
    patient: str = ""
    """Id that a row without one was given by its layout."""
    after: tuple[str, ...] = ()
    """First eight hex digits of the workbooks that handed the row back before."""
    beside: tuple[Beside, ...] = ()
    """Cells of columns that no header names which held the row."""

    def __str__(self) -> str:
        """Write it down without a character that a delimited text would mind."""
        said = {"decimal": self.decimal, **self.date_order, "patient": self.patient}
        pairs = [*said.items(), ("after", ".".join(self.after))]
        return urlencode([*pairs, *(("beside", "\t".join(each)) for each in self.beside)])

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str` wrote; what is not understood says nothing."""
        said = {name: texts[0] for name, texts in parse_qs(text, keep_blank_values=True).items()}
        decimal = said.get("decimal", "")
        return cls(
            decimal=cast(DecimalSign, decimal) if decimal in _DECIMALS else "",
            date_order={
                name: cast(DateOrder, said[name])
                for name in _DATES
                if name in said and said[name] in _ORDERS
            },
            patient=said.get("patient", ""),
            after=tuple(filter(None, said.get("after", "").split("."))),
            beside=tuple(
                Beside(*parts)
                for each in parse_qs(text).get("beside", [])
                if len(parts := each.split("\t")) == len(Beside._fields)
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What the labflag columns of one table say."""

    sheet: str
    holds: Mapping[int, Hold]
    """Row number → the hold that the row closes."""
    read_as: Mapping[int, ReadAs]

    def conventions(self) -> ReadAs | None:
        """How the files of all its rows were read; None if no row says.

        Raises:
            UnreadableFile: They were read with different decimal signs.
        """
        said = list(self.read_as.values())
        if not said:
            return None
        decimals = {each.decimal for each in said} - {""}
        if len(decimals) > 1:
            raise UnreadableFile("hold-mixed")
        orders: dict[str, DateOrder] = {}
        for name in _DATES:
            stated = {each.date_order[name] for each in said if name in each.date_order}
            if stated:
                orders[name] = stated.pop() if len(stated) == 1 else ""
        return ReadAs(decimal=decimals.pop() if decimals else "", date_order=orders)


def take_back(tables: Iterable[TextTable]) -> tuple[tuple[TextTable, ...], tuple[Returned, ...]]:
    """Take the labflag columns off the tables of a file.

    Sheets that only explain a workbook are left out. A row whose hold id cannot be read, or
    which does not have as many cells as its header, becomes a bad row; a cell that still
    carries the sign `[check]`, in any language, a bad cell.
    """
    kept: list[TextTable] = []
    returned: list[Returned] = []
    for table in tables:
        if table.rows and "".join(table.rows[0][1][:1]).startswith(_NOT_READ):
            continue
        found = _find_header(table)
        if found is None:
            kept.append(table)
            continue
        bare, said = _take_off(table, found)
        kept.append(bare)
        returned.append(said)
    return tuple(kept), tuple(returned)


def restore_conventions(conventions: Conventions, returned: Sequence[Returned]) -> Conventions:
    """Read a table of held rows the way in which the files were read that they come from.

    Raises:
        UnreadableFile: Those files were read with different decimal signs.
    """
    stated = next(
        (each.conventions() for each in returned if each.sheet == conventions.sheet), None
    )
    if stated is None:
        return conventions
    orders = dict(conventions.date_order)
    for name, order in stated.date_order.items():
        # What was not settled by all dates of a column is not settled by a few of them.
        orders[name] = order if orders.get(name, "") in ("", order) else ""
    return replace(conventions, decimal=stated.decimal or conventions.decimal, date_order=orders)


def restore_patients(
    export: pd.DataFrame, sha8: str, returned: Sequence[Returned]
) -> "pd.Series[str]":
    """Give rows that are patients of their own the id that they had in the original.

    Args:
        export: Columns of `Export`, of one table.
        sha8: First eight hex digits of the SHA-256 of the file that is read.
        returned: What its labflag columns say.
    """
    ids = export["patient_id"]
    given = {
        (each.sheet, row): said.patient
        for each in returned
        for row, said in each.read_as.items()
        if said.patient
    }
    if not given:
        return ids
    places = zip(export["source_sheet"], export["source_row"], strict=True)
    former = pd.Series([given.get(place, "") for place in places], index=ids.index, dtype="str")
    made_here = ids.str.contains(f"{sha8}(?:-.*)?-row-", regex=True)
    return ids.mask(former.ne("") & made_here, former)


def restore_accessions(
    parsed: pd.DataFrame, sha8: str, returned: Sequence[Returned]
) -> "pd.Series[str]":
    """Name the specimens of rows without specimen id and date as in the original.

    Args:
        parsed: Columns of `Origin`, of one table.
        sha8: First eight hex digits of the SHA-256 of the file that is read.
        returned: What its labflag columns say.
    """
    accessions = parsed["accession"]
    former = {
        (each.sheet, row): f"{accession_stem(hold.sha8, hold.sheet)}{hold.row}"
        for each in returned
        for row, hold in each.holds.items()
    }
    stems = parsed["source_sheet"].map(lambda sheet: accession_stem(sha8, sheet))
    by_row = accessions.eq(stems + parsed["source_row"].astype("str"))
    if not former or not by_row.any():
        return accessions
    places = zip(parsed["source_sheet"], parsed["source_row"], strict=True)
    named = pd.Series([former.get(place, "") for place in places], index=accessions.index)
    return accessions.mask(by_row & named.ne(""), named).astype("str")


def drop_sign(text: str) -> str:
    """Leave out the sign before a cell that was to be checked."""
    sign = _SIGN.match(text)
    return text[sign.end() :].removeprefix(" ") if sign else text


class _Header(NamedTuple):
    position: int
    """In the rows of the table."""
    ours: dict[str, int]
    """labflag column → its place."""


def _find_header(table: TextTable) -> _Header | None:
    for position, (_, cells) in enumerate(table.rows[:HEADER_WITHIN]):
        named = {cell.strip().casefold(): at for at, cell in enumerate(cells)}
        if HOLD in named:
            return _Header(position, {name: named[name] for name in COLUMNS if name in named})
    return None


def _take_off(table: TextTable, header: _Header) -> tuple[TextTable, Returned]:
    ours = header.ours
    width = len(table.rows[header.position][1])
    kept = [at for at in range(width) if at not in ours.values()]
    place = {at: new for new, at in enumerate(kept)}
    rows: list[tuple[int, list[str]]] = list(table.rows[: header.position])
    rows.append((table.rows[header.position][0], [table.rows[header.position][1][k] for k in kept]))
    bad_cells = {
        (row, place[at]): code for (row, at), code in table.bad_cells.items() if at in place
    }
    bad_rows = dict(table.bad_rows)
    holds: dict[int, Hold] = {}
    read_as: dict[int, ReadAs] = {}
    for row, cells in table.rows[header.position + 1 :]:
        own = [cells[at] for at in kept if at < len(cells)]
        rows.append((row, own))
        text = cells[ours[HOLD]].strip() if ours[HOLD] < len(cells) else ""
        hold = Hold.parse(text)
        if hold is not None:
            holds[row] = hold
            if READ_AS in ours and ours[READ_AS] < len(cells):
                read_as[row] = ReadAs.parse(cells[ours[READ_AS]].strip())
        elif text:
            bad_rows[row] = "hold-damaged"
        # A cell more or less, and it is not known which cells are the user's own.
        is_blank = not any(map(str.strip, cells))
        if (len(cells) < width and not is_blank) or any(map(str.strip, cells[width:])):
            bad_rows[row] = "row-shape"
        for at, cell in enumerate(own):
            if "[" in cell and (sign := _SIGN.match(cell)):
                if sign[1]:
                    bad_rows[row] = "hold-unchecked"
                else:
                    bad_cells[row, at] = "hold-unchecked"
                    # What stands behind the sign may have problems of its own.
                    own[at] = drop_sign(cell)
    bare = replace(table, rows=rows, bad_cells=bad_cells, bad_rows=bad_rows)
    return bare, Returned(sheet=table.sheet, holds=holds, read_as=read_as)
