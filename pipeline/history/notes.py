"""What people type into a worklist: notes on patients, answers about calls, cells of their own."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from pipeline.texts import LANGUAGES
from pipeline.texts.workbook_cells import TEXT_AT_MOST, as_drawn

ANSWERS = 5
"""Cells that people type into for each call."""
_YES, _NO = ({texts(key) for texts in LANGUAGES.values()} for key in ("yes", "no"))
_CLOSED = _YES | ({yes[0] for yes in _YES} - {no[0] for no in _NO})
"""Yes in any language, and its first letter where no language's no begins with it."""

Own = str | float
"""What stands in a cell of a column that people added: text, or a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What was typed on a patient's line."""

    patient_id: str
    topics: tuple[str, ...] | None
    """What stood on the line when it was typed: rule ids, and "held" for held results; None
    where the line had no tag to say so."""
    status: str = ""
    reviewer: str = ""
    text: str = ""
    origin: str = ""
    """Of which drawn line it is a change: the same line may be changed again."""

    @property
    def typed(self) -> tuple[str, str, str]:
        """The three cells."""
        return self.status, self.reviewer, self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A value to be called, and what was typed about the call."""

    patient_id: str
    accession: str
    rule: str
    told: tuple[str, ...]
    """Finding, value and collection as they were first listed; a later correction leaves them."""
    fact: str = ""
    """Value and collection, the same in every language."""
    typed: tuple[str, ...] = ("",) * ANSWERS
    origin: str = ""
    """Of which drawn line the answers are a change."""

    @property
    def key(self) -> tuple[str, str, str]:
        """Which call it is."""
        return self.patient_id, self.accession, self.rule

    @property
    def is_closed(self) -> bool:
        """Somebody answered "Closed" with yes."""
        return is_yes(self.typed[-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A line of the archive: something typed whose finding or call is gone."""

    on: str
    what: str
    patient_id: str
    about: str
    status: str
    who: str
    text: str
    tag: str = ""
    """Of a closed call: which one it was; "" otherwise."""

    @property
    def shown(self) -> tuple[str, ...]:
        """In the order of the columns of the archive, without the hidden one."""
        return self.on, self.what, self.patient_id, self.about, self.status, self.who, self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Unplaced:
    """Something typed of which it is not certain whose line it belongs to."""

    on: str
    """The day on which it was set aside."""
    why: str
    """Key of the text that says why it is not certain."""
    shown_id: str = ""
    """The patient id in the visible cell of its line."""
    tag_id: str = ""
    """The patient id in the hidden cell of its line."""
    status: str = ""
    reviewer: str = ""
    text: str = ""
    rest: str = ""
    """What else people typed on the line: "header: cell; header: cell"."""
    belongs: str = ""
    """Typed later: the patient id that it belongs to."""
    done: str = ""
    """Typed later: yes, if it need not be placed any more."""

    @property
    def id(self) -> str:
        """Which line it is: the same text from the same cells is one line, however often read."""
        return check_typed(
            (self.shown_id, self.tag_id, self.status, self.reviewer, self.text, self.rest)
        )

    @property
    def typed(self) -> tuple[str, str, str]:
        """The three cells of a line of the worklist."""
        return self.status, self.reviewer, self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class WorklistNotes:
    """Everything that people typed into a worklist."""

    notes: Mapping[str, Note] = field(default_factory=lambda: MappingProxyType({}))
    calls: Mapping[tuple[str, str, str], Call] = field(default_factory=lambda: MappingProxyType({}))
    kept: tuple[Kept, ...] = ()
    unplaced: tuple[Unplaced, ...] = ()
    columns: tuple[str, ...] = ()
    """Headers of the columns that people added."""
    own: Mapping[str, Mapping[str, Own]] = field(default_factory=lambda: MappingProxyType({}))
    """Patient id → header of such a column → what stands there."""


def tag_closed(call: Call) -> str:
    """Name a closed call, so that it is not listed again."""
    return json.dumps([*call.key, call.fact], separators=(",", ":")) if call.fact else ""


def check_typed(typed: Iterable[str]) -> str:
    """Give the check of what is typed on a line, as it reads once it was drawn."""
    drawn = "\x1f".join(map(as_drawn, typed))
    return hashlib.sha256(drawn.encode("utf-8", "replace")).hexdigest()[:12]


def check_own(own: Mapping[str, Own]) -> str:
    """Give the check of what stands in the columns that people added; "" for nothing."""
    cells = sorted((header, cell) for header, cell in own.items() if cell != "")
    return check_typed(f"{header}\x1e{show_own(cell)}" for header, cell in cells) if cells else ""


def show_own(cell: Own) -> str:
    """Write a cell of such a column as text."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def is_yes(answer: str) -> bool:
    """Whether an answer is yes in any language of the reports."""
    return answer.strip().casefold() in _CLOSED


def join_typed(one: Note, other: Note) -> Note | None:
    """Join two notes on one patient into one; None if a cell could not hold it."""
    text = join_texts("\n", one.text, other.text)
    if len(text) > TEXT_AT_MOST // 2 and len(as_drawn(text)) < len(text.strip()):
        return None
    topics: tuple[str, ...] | None = None
    if one.topics is not None and other.topics is not None:
        topics = tuple(dict.fromkeys((*one.topics, *other.topics)))
    return replace(
        one,
        topics=topics,
        status=join_texts(" / ", one.status, other.status),
        reviewer=join_texts(" / ", one.reviewer, other.reviewer),
        text=text,
    )


def join_own(cells: Mapping[str, Own]) -> str:
    """Write the cells of columns that people added into one."""
    return "; ".join(f"{header}: {show_own(cell)}" for header, cell in cells.items() if cell != "")


def join_texts(sign: str, one: str, other: str) -> str:
    """Join two texts unless one of them already holds the other."""
    if not other or other in one:
        return one
    return other if not one or one in other else f"{one}{sign}{other}"
