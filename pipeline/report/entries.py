"""What people typed into the worklist, and what of it stays on its line in the next one.

Each line of the worklist has a hidden cell, its tag: whose line it is, what stood on it, and a
check of what had been typed when it was written. So a note is known to be about the findings
that its writer saw, wherever the line was moved to by sorting.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import Any

from pipeline.report.texts import ENGLISH, LANGUAGES, Texts
from pipeline.report.wording import show_date

TAG = "labflag tag"
ANSWERS = 5
"""Cells that people type into for each call."""
_CLOSED = ("y", "j", *(texts("yes") for texts in LANGUAGES.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What was typed on a patient's line."""

    patient_id: str
    topics: tuple[str, ...]
    """What stood on the line when it was typed: rule ids, and "held" for held results."""
    status: str = ""
    reviewer: str = ""
    text: str = ""

    @property
    def typed(self) -> tuple[str, ...]:
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

    @property
    def key(self) -> tuple[str, str, str]:
        """Which call it is."""
        return self.patient_id, self.accession, self.rule

    @property
    def is_closed(self) -> bool:
        """Somebody answered "Closed" with yes."""
        return self.typed[-1].strip().casefold() in _CLOSED


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
    def cells(self) -> tuple[str, ...]:
        """In the order of the columns of the archive."""
        return (
            *(self.on, self.what, self.patient_id, self.about, self.status, self.who, self.text),
            self.tag,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """Everything that people typed into a worklist."""

    notes: Mapping[str, Note] = field(default_factory=lambda: MappingProxyType({}))
    calls: Mapping[tuple[str, str, str], Call] = field(default_factory=lambda: MappingProxyType({}))
    kept: tuple[Kept, ...] = ()
    loose: tuple[Kept, ...] = ()
    """Typed on lines that are nobody's, such as one that a person added."""


def tag_line(patient_id: str, topics: Iterable[str], note: Note | None) -> str:
    """Make the tag of a patient's line that shows `topics` and carries `note`."""
    typed = note.typed if note else ("", "", "")
    about = note.topics if note else ()
    return _json([patient_id, [*topics], [*about], check_typed(typed)])


def tag_call(call: Call) -> str:
    """Make the tag of a line of the critical calls."""
    return _json([*call.key, [*call.told], call.fact])


def carry_notes(
    entries: Entries,
    topics: Mapping[str, Sequence[str]],
    titles: Mapping[str, str],
    today: date,
    texts: Texts = ENGLISH,
) -> tuple[Mapping[str, Note], tuple[Kept, ...]]:
    """Sort what was typed into what stays on its line and what goes to the archive.

    `topics` gives what stands on each patient's line now, `titles` the words for a topic. A
    note stays as long as one of the things that it was typed about still stands.
    """
    staying: dict[str, Note] = {}
    gone: list[Kept] = []
    for note in entries.notes.values():
        now = topics.get(note.patient_id)
        still = now is not None and (set(now) & set(note.topics) or (not now and not note.topics))
        if still:
            staying[note.patient_id] = note
        else:
            about = ", ".join(titles.get(each, each) for each in note.topics)
            what = texts("archive.note")
            gone.append(keep(today, what, note.patient_id, about, note.typed, texts))
    return MappingProxyType(staying), tuple(dict.fromkeys((*entries.kept, *entries.loose, *gone)))


def carry_calls(
    entries: Entries, due: Iterable[Call], today: date, texts: Texts = ENGLISH
) -> tuple[tuple[Call, ...], tuple[Kept, ...]]:
    """Give the calls to list, those that are due and those not yet closed, and the closed ones.

    A call that was listed once stays with the value as it was until somebody closes it. One
    that was closed is not listed again for the same specimen.
    """
    closed = {key for key, call in entries.calls.items() if call.is_closed}
    closed_before = {kept.tag or (kept.patient_id, kept.about) for kept in entries.kept}
    listed = {key: call for key, call in entries.calls.items() if key not in closed}
    for call in due:
        names = {_tag_closed(call), (call.patient_id, _about(call))}
        if call.key not in closed and not names & closed_before:
            listed.setdefault(call.key, call)
    kept = tuple(_keep_call(today, entries.calls[key], texts) for key in sorted(closed))
    return tuple(listed[key] for key in sorted(listed)), kept


def keep(
    today: date, what: str, patient: str, about: str, typed: Sequence[str], texts: Texts
) -> Kept:
    """Make a line of the archive."""
    status, who, text = typed
    return Kept(
        on=show_date(today, texts),
        what=what,
        patient_id=patient,
        about=about,
        status=status,
        who=who,
        text=text,
    )


def check_typed(typed: Sequence[str]) -> str:
    """Give the check of what is typed on a line."""
    return hashlib.sha256("\x1f".join(typed).encode("utf-8", "replace")).hexdigest()[:12]


def _keep_call(today: date, call: Call, texts: Texts) -> Kept:
    called, by, at, read_back, _ = call.typed
    answer = texts("calls.read-back", answer=read_back) if read_back else ""
    said = "; ".join(filter(None, (called, at, answer)))
    typed, what = (texts("yes"), by, said), texts("archive.call")
    line = keep(today, what, call.patient_id, _about(call), typed, texts)
    return replace(line, tag=_tag_closed(call))


def _tag_closed(call: Call) -> str:
    return _json([*call.key, call.fact]) if call.fact else ""


def _about(call: Call) -> str:
    return "; ".join((call.accession, *call.told))


def _json(parts: list[Any]) -> str:
    return json.dumps(parts, ensure_ascii=True, separators=(",", ":"))
