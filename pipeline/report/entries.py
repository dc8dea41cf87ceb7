"""What people typed into the worklist, and the hidden cells that say what it was typed about.

Each line of the worklist has a hidden cell, its tag: whose line it is, what stood on it, which
worklist it is of, and a check of what had been typed when that was drawn. So a change is told
from what labflag wrote itself, and a note is known to be about the findings that its writer saw.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from openpyxl.utils.escape import unescape

from pipeline.report.excel.sheet import clean_text
from pipeline.report.texts import LANGUAGES

TAG = "labflag tag"
ANSWERS = 5
"""Cells that people type into for each call."""
_CLOSED = ("y", "j", *(texts("yes") for texts in LANGUAGES.values()))
_PLACED, _KEPT = "to place", "kept"

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
class Entries:
    """Everything that people typed into a worklist."""

    notes: Mapping[str, Note] = field(default_factory=lambda: MappingProxyType({}))
    calls: Mapping[tuple[str, str, str], Call] = field(default_factory=lambda: MappingProxyType({}))
    kept: tuple[Kept, ...] = ()
    unplaced: tuple[Unplaced, ...] = ()
    columns: tuple[str, ...] = ()
    """Headers of the columns that people added."""
    own: Mapping[str, Mapping[str, Own]] = field(default_factory=lambda: MappingProxyType({}))
    """Patient id → header of such a column → what stands there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTag:
    """The hidden cell of a patient's line."""

    patient_id: str
    shown: tuple[str, ...]
    """Topics of the line."""
    about: tuple[str, ...]
    """Topics of the note on it."""
    check: str
    made: str = ""
    """Which worklist it is of; "" of one that labflag 0.1 drew."""
    own: str = ""
    """Check of the columns that people added."""

    @property
    def origin(self) -> str:
        """Which drawn line it is."""
        return f"{self.made}/{self.check}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTag:
    """The hidden cell of a call's line."""

    patient_id: str
    accession: str
    rule: str
    told: tuple[str, ...]
    fact: str = ""
    check: str = ""
    made: str = ""

    @property
    def origin(self) -> str:
        """Which drawn line it is."""
        return f"{self.made}/{self.check}"


def tag_line(
    patient_id: str,
    topics: Iterable[str],
    note: Note | None,
    made: str = "",
    own: Mapping[str, Own] | None = None,
) -> str:
    """Make the tag of a patient's line that shows `topics` and carries `note`."""
    typed = note.typed if note else ("", "", "")
    about = (note.topics or ()) if note else ()
    return _json([patient_id, [*topics], [*about], check_typed(typed), made, check_own(own or {})])


def tag_call(call: Call, made: str = "") -> str:
    """Make the tag of a line of the critical calls."""
    return _json([*call.key, [*call.told], call.fact, check_typed(call.typed), made])


def tag_kept(kept: Kept) -> str:
    """Make the hidden cell of a line of the archive."""
    return _json([_KEPT, check_typed(kept.shown), kept.tag])


def tag_unplaced(unplaced: Unplaced) -> str:
    """Make the hidden cell of a note that is to be placed."""
    return _json([_PLACED, unplaced.id, unplaced.why, unplaced.tag_id])


def read_line_tag(text: str) -> LineTag | None:
    """Read the tag of a patient's line; None if it is none."""
    match _parse(text):
        case [str(patient), [*shown], [*about], str(check), *more]:
            made, own = (*map(str, more), "", "")[:2]
            return LineTag(
                patient_id=patient,
                shown=tuple(map(str, shown)),
                about=tuple(map(str, about)),
                check=check,
                made=made,
                own=own,
            )
    return None


def read_call_tag(text: str) -> CallTag | None:
    """Read the tag of a call's line; None if it is none."""
    match _parse(text):
        case [str(patient), str(accession), str(rule), [*told], *more]:
            fact, check, made = (*map(str, more), "", "", "")[:3]
            return CallTag(
                patient_id=patient,
                accession=accession,
                rule=rule,
                told=tuple(map(str, told)),
                fact=fact,
                check=check,
                made=made,
            )
    return None


def read_kept_tag(text: str) -> tuple[str, str]:
    """Read the hidden cell of a line of the archive: its check, and which closed call it was."""
    match _parse(text):
        case ["kept", str(check), str(tag)]:
            return check, tag
    return "", text


def read_unplaced_tag(text: str) -> tuple[str, str, str] | None:
    """Read the hidden cell of a note that is to be placed: its id, why, and the id of its tag."""
    match _parse(text):
        case ["to place", str(number), str(why), str(tag_id)]:
            return number, why, tag_id
    return None


def tag_closed(call: Call) -> str:
    """Name a closed call, so that it is not listed again."""
    return _json([*call.key, call.fact]) if call.fact else ""


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


@lru_cache(maxsize=100_000)
def as_drawn(text: str) -> str:
    """Give a text as it is read back from a cell that it was written to."""
    return str(unescape(clean_text(text))).replace("\r\n", "\n").strip()


@lru_cache(maxsize=100_000)
def as_shown(patient_id: str) -> str:
    """Give a patient id as it may come back from a cell: programs differ in what they escape."""
    text = as_drawn(patient_id)
    while (plain := str(unescape(text)).strip()) != text:
        text = plain
    return text


def is_yes(answer: str) -> bool:
    """Whether an answer is yes in any language of the reports."""
    return answer.strip().casefold() in _CLOSED


def _parse(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None


def _json(parts: list[Any]) -> str:
    return json.dumps(parts, ensure_ascii=True, separators=(",", ":"))
