"""What people typed into a worklist, read back from the file that they saved."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, NamedTuple

from openpyxl.utils.escape import unescape

from pipeline.history.notes import Kept, Own, Unplaced
from pipeline.ingest.formats.refusal import Refused
from pipeline.report.worklist.line_tags import (
    CallTag,
    LineTag,
    read_call_tag,
    read_kept_tag,
    read_line_tag,
    read_unplaced_tag,
)
from pipeline.report.worklist.read_cells import read_cells
from pipeline.report.worklist.read_tables import SheetTable, find_tables
from pipeline.texts.workbook_cells import as_shown

_EXHAUSTING = ("workbook-exhausting", "file-too-large")


class UnreadableWorklist(Exception):
    """A worklist that cannot be read back; it must not be overwritten."""

    def __init__(self, code: str) -> None:
        """Take the code of the problem of a file that it would be if it were an export."""
        super().__init__(code)
        self.code = code

    @property
    def is_passing(self) -> bool:
        """Whether it may be readable later: it is the machine that lacks something."""
        return self.code in ("file-not-read", "reader-stopped")

    @property
    def kind(self) -> str:
        """What is odd about the worklist."""
        return "exhausting" if self.code in _EXHAUSTING else "unreadable"


class TypedLine(NamedTuple):
    """A line of the worklist as it was saved."""

    shown_id: str | None
    """The patient id beside what was typed; None where there is no such column."""
    tag: LineTag | None
    typed: tuple[str | None, ...]
    """Status, reviewer and note; None where there is no such column."""
    own: Mapping[str, Own]
    rest: tuple[str, ...]
    """The other cells."""


class TypedCall(NamedTuple):
    """A line of the critical calls as it was saved."""

    shown: tuple[str | None, ...]
    """Patient id, finding, value, collection and specimen."""
    tag: CallTag | None
    typed: tuple[str | None, ...]
    rest: str
    """What people typed in columns of their own."""


class KeptLine(NamedTuple):
    """A line of the archive as it was saved."""

    kept: Kept
    check: str
    """As it was drawn; "" where that is not known."""


class UnplacedLine(NamedTuple):
    """A note that is to be placed, as it was saved."""

    line: Unplaced
    number: str
    """Its id when it was drawn; "" where that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBack:
    """What stands in a worklist."""

    lines: tuple[TypedLine, ...] = ()
    calls: tuple[TypedCall, ...] = ()
    kept: tuple[KeptLine, ...] = ()
    unplaced: tuple[UnplacedLine, ...] = ()
    columns: tuple[str, ...] = ()
    """Headers of columns that people added."""
    odd: Mapping[str, int] = field(default_factory=dict)
    """What is not as labflag drew it: kind → count."""

    @property
    def has_calls(self) -> bool:
        """Whether there is a sheet of calls."""
        return bool(self.calls)


def read_typed(
    name: str,
    content: bytes,
    columns: Sequence[str] = (),
    heads_before: Collection[str] = (),
) -> ReadBack:
    """Read what was typed out of the bytes of a worklist, whatever language it was written in.

    Args:
        name: Of the file; its ending says what it is: .xlsx or .ods.
        content: The whole file.
        columns: Headers of columns that people have added before.
        heads_before: Titles that labflag wrote before.

    Raises:
        UnreadableWorklist: It is no workbook that can be opened.
    """
    try:
        sheets, comments = read_cells(name, content)
    except Refused as refusal:
        raise UnreadableWorklist(refusal.code) from refusal
    # The libraries fail in many ways on what is not well formed, also out of memory.
    except Exception as error:
        raise UnreadableWorklist("workbook-damaged") from error
    tables, odd = find_tables(sheets, columns, heads_before)
    odd["comments"] += comments
    own = dict.fromkeys(header for table in _of(tables, "lines") for header in table.own.values())
    return ReadBack(
        lines=tuple(line for table in _of(tables, "lines") for line in _lines(table)),
        calls=tuple(call for table in _of(tables, "calls") for call in _calls(table)),
        kept=tuple(kept for table in _of(tables, "kept") for kept in _kept(table)),
        unplaced=tuple(each for table in _of(tables, "unplaced") for each in _unplaced(table)),
        columns=tuple(own),
        odd=+Counter(odd),
    )


def _of(tables: Sequence[SheetTable], kind: str) -> Iterator[SheetTable]:
    return (table for table in tables if table.kind == kind)


def _lines(table: SheetTable) -> Iterator[TypedLine]:
    typed = table.texts.heads("worklist.typed")
    others = sorted(column for title, column in table.titles.items() if title not in typed)
    for row in table.rows:
        own = {
            header: _own(row[column] if column < len(row) else None)
            for column, header in table.own.items()
        }
        shown = table.cells(row, "worklist.heads")[2]
        has_id = table.texts.heads("worklist.heads")[2] in table.titles
        rest = (_text(row[column]) for column in others if column < len(row))
        cells = table.cells(row, "worklist.typed")
        yield TypedLine(
            shown_id=as_shown(_text(shown)) if has_id else None,
            tag=read_line_tag(table.tag_of(row)),
            typed=tuple(
                _text(cell) if title in table.titles else None
                for cell, title in zip(cells, typed, strict=True)
            ),
            own=own,
            rest=tuple(filter(None, rest)),
        )


def _calls(table: SheetTable) -> Iterator[TypedCall]:
    heads, typed = table.texts.heads("calls.heads"), table.texts.heads("calls.typed")
    for row in table.rows:
        cells = dict(
            zip(
                (*heads, *typed),
                (*table.cells(row, "calls.heads"), *table.cells(row, "calls.typed")),
                strict=True,
            )
        )
        seen = {
            title: _text(cell) if title in table.titles else None for title, cell in cells.items()
        }
        own = (
            f"{header}: {_text(row[column])}"
            for column, header in table.own.items()
            if column < len(row) and _text(row[column])
        )
        yield TypedCall(
            shown=tuple(
                as_shown(seen[title] or "") if title == heads[0] else seen[title] for title in heads
            ),
            tag=read_call_tag(table.tag_of(row)),
            typed=tuple(seen[title] for title in typed),
            rest="; ".join(own),
        )


def _kept(table: SheetTable) -> Iterator[KeptLine]:
    for row in table.rows:
        shown = [_text(cell) for cell in table.cells(row, "archive.heads")]
        if any(shown[2:]):
            check, tag = read_kept_tag(table.tag_of(row))
            fields = [*Kept.__dataclass_fields__]
            yield KeptLine(Kept(**dict(zip(fields, [*shown, tag], strict=True))), check)


def _unplaced(table: SheetTable) -> Iterator[UnplacedLine]:
    for row in table.rows:
        on, _, shown_id, tag_id, rest = map(_text, table.cells(row, "unplaced.heads"))
        status, reviewer, text, belongs, done = map(_text, table.cells(row, "unplaced.typed"))
        if not any((status, reviewer, text, rest, belongs)):
            continue
        number, reason, whose = read_unplaced_tag(table.tag_of(row)) or ("", "", tag_id)
        line = Unplaced(
            on=on,
            why=reason or "unplaced.id-unknown",
            shown_id=shown_id,
            tag_id=whose,
            status=status,
            reviewer=reviewer,
            text=text,
            rest=rest,
            belongs=belongs,
            done=done,
        )
        yield UnplacedLine(line, number)


def _own(cell: Any) -> Own:
    """Give a cell of a column that a person added; "" where there is none."""
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return float(cell)
    return _text(cell)


def _text(cell: Any) -> str:
    """Give what a person sees in a cell, as text."""
    match cell:
        case None:
            return ""
        case datetime() if cell.time() == time.min:
            return cell.date().isoformat()
        case datetime():
            return cell.isoformat(" ", "minutes")
        case date():
            return cell.isoformat()
        case bool():
            return "yes" if cell else "no"
        case float() if cell.is_integer():
            return str(int(cell))
        case _:
            return str(unescape(str(cell))).replace("\r\n", "\n").strip()
