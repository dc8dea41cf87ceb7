"""What people typed into the worklist: read back from it, so that every later run carries it on.

Each line of the worklist has a hidden cell, its tag: whose line it is, what stood on it, and a
check of what had been typed when it was written. So a note is known to be about the findings
that its writer saw, wherever the line was moved to by sorting.
"""

import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils.escape import unescape

from pipeline.ingest.prescan import check_workbook
from pipeline.ingest.refusal import Refused

TAG = "labflag tag"
STATUSES = ("open", "in review", "repeat requested", "reported", "done")
LINE_TITLES = ("Review status", "Reviewer", "Notes")
CALL_TITLES = ("Called", "Called by", "Called at", "Read back", "Closed")
ARCHIVE_TITLES = ("Kept on", "What", "Patient id", "About", "Status", "Who", "Text")
YES = "yes"


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
    typed: tuple[str, ...] = ("",) * len(CALL_TITLES)

    @property
    def key(self) -> tuple[str, str, str]:
        """Which call it is."""
        return self.patient_id, self.accession, self.rule

    @property
    def is_closed(self) -> bool:
        """Somebody answered "Closed" with yes."""
        return self.typed[-1].strip().casefold() in (YES, "ja", "y", "j")


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

    @property
    def cells(self) -> tuple[str, ...]:
        """In the order of `ARCHIVE_TITLES`."""
        return (self.on, self.what, self.patient_id, self.about, self.status, self.who, self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """Everything that people typed into a worklist."""

    notes: Mapping[str, Note] = field(default_factory=lambda: MappingProxyType({}))
    calls: Mapping[tuple[str, str, str], Call] = field(default_factory=lambda: MappingProxyType({}))
    kept: tuple[Kept, ...] = ()
    loose: tuple[Kept, ...] = ()
    """Typed on lines that are nobody's, such as one that a person added."""


class UnreadableWorklist(Exception):
    """A worklist that cannot be read back; it must not be overwritten."""


def read_entries(path: Path, today: date) -> Entries:
    """Read back what was typed into a worklist; nothing if there is none yet.

    Raises:
        UnreadableWorklist: There is one and it cannot be read.
    """
    return entries_of(path.read_bytes(), today) if path.exists() else Entries()


def entries_of(content: bytes, today: date) -> Entries:
    """Read what was typed out of the bytes of a worklist.

    Raises:
        UnreadableWorklist: It is no workbook that can be opened.
    """
    try:
        check_workbook(".xlsx", content)
        book = load_workbook(io.BytesIO(content), read_only=True)
        tables = {sheet.title: [*sheet.iter_rows(values_only=True)] for sheet in book.worksheets}
    except (Refused, BadZipFile, ValueError, KeyError, OSError, TypeError, IndexError) as error:
        raise UnreadableWorklist from error
    notes: dict[str, Note] = {}
    calls: dict[tuple[str, str, str], Call] = {}
    kept: list[Kept] = []
    loose: list[Kept] = []
    for rows in tables.values():
        for typed, tag, cells in _lines_under(rows, LINE_TITLES):
            if not any(typed):
                continue
            note = _note_of(typed, tag)
            if note is not None:
                notes[note.patient_id] = _joined(notes.get(note.patient_id), note)
            else:
                text = "; ".join(filter(None, (*cells, *typed)))
                loose.append(_kept(today, "line added by hand", "", "", ("", "", text)))
        for typed, tag, cells in _lines_under(rows, CALL_TITLES):
            call = _call_of(typed, tag)
            if call is not None:
                calls[call.key] = call
            elif any(typed):
                text = "; ".join(filter(None, (*cells, *typed)))
                loose.append(_kept(today, "call added by hand", "", "", ("", "", text)))
        kept += _archive_of(rows)
    return Entries(
        notes=MappingProxyType(notes),
        calls=MappingProxyType(calls),
        kept=tuple(dict.fromkeys(kept)),
        loose=tuple(dict.fromkeys(loose)),
    )


def tag_line(patient_id: str, topics: Iterable[str], note: Note | None) -> str:
    """Make the tag of a patient's line that shows `topics` and carries `note`."""
    typed = note.typed if note else ("", "", "")
    about = note.topics if note else ()
    return _json([patient_id, [*topics], [*about], _check(typed)])


def tag_call(call: Call) -> str:
    """Make the tag of a line of the critical calls."""
    return _json([*call.key, [*call.told]])


def carry_notes(
    entries: Entries, topics: Mapping[str, Sequence[str]], titles: Mapping[str, str], today: date
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
            gone.append(_kept(today, "note", note.patient_id, about, note.typed))
    return MappingProxyType(staying), tuple(dict.fromkeys((*entries.kept, *entries.loose, *gone)))


def carry_calls(
    entries: Entries, due: Iterable[Call], today: date
) -> tuple[tuple[Call, ...], tuple[Kept, ...]]:
    """Give the calls to list, those that are due and those not yet closed, and the closed ones.

    A call that was listed once stays with the value as it was until somebody closes it. One
    that was closed is not listed again for the same specimen.
    """
    closed = {key for key, call in entries.calls.items() if call.is_closed}
    closed_before = {(kept.patient_id, kept.about) for kept in entries.kept}
    listed = {key: call for key, call in entries.calls.items() if key not in closed}
    for call in due:
        if call.key not in closed and (call.patient_id, _about(call)) not in closed_before:
            listed.setdefault(call.key, call)
    kept = tuple(
        _kept(
            today,
            "closed call",
            entries.calls[key].patient_id,
            _about(entries.calls[key]),
            (YES, *_call_words(entries.calls[key])),
        )
        for key in sorted(closed)
    )
    return tuple(listed[key] for key in sorted(listed)), kept


def _about(call: Call) -> str:
    return "; ".join((call.accession, *call.told))


def _call_words(call: Call) -> tuple[str, str]:
    called, by, at, read_back, _ = call.typed
    return by, "; ".join(filter(None, (called, at, f"read back: {read_back}" if read_back else "")))


def _lines_under(
    rows: Sequence[Sequence[Any]], titles: Sequence[str]
) -> Iterator[tuple[tuple[str, ...], list[Any] | None, list[str]]]:
    """Find a table by the titles that people type under; give its typed cells, tags and rest."""
    for top, row in enumerate(rows):
        heads = [_text(cell) for cell in row]
        if TAG in heads and all(title in heads for title in titles):
            places = [heads.index(title) for title in titles]
            tag = heads.index(TAG)
            for line in rows[top + 1 :]:
                cells = [_text(cell) for cell in line] + [""] * len(heads)
                rest = [
                    cell
                    for place, cell in enumerate(cells[: len(heads)])
                    if place not in (*places, tag)
                ]
                yield tuple(cells[place] for place in places), _tag_of(cells[tag]), rest
            return


def _archive_of(rows: Sequence[Sequence[Any]]) -> Iterator[Kept]:
    for top, row in enumerate(rows):
        heads = [_text(cell) for cell in row]
        if all(title in heads for title in ARCHIVE_TITLES):
            places = [heads.index(title) for title in ARCHIVE_TITLES]
            for line in rows[top + 1 :]:
                cells = [_text(cell) for cell in line] + [""] * len(heads)
                wanted = [cells[place] for place in places]
                if any(wanted[2:]):
                    yield Kept(**dict(zip(Kept.__dataclass_fields__, wanted, strict=True)))
            return


def _note_of(typed: tuple[str, ...], tag: list[Any] | None) -> Note | None:
    match tag:
        case [str(patient), [*shown], [*about], str(check)]:
            topics = about if check == _check(typed) else shown
            status, reviewer, text = typed
            return Note(
                patient_id=patient,
                topics=tuple(map(str, topics)),
                status=status,
                reviewer=reviewer,
                text=text,
            )
    return None


def _call_of(typed: tuple[str, ...], tag: list[Any] | None) -> Call | None:
    match tag:
        case [str(patient), str(accession), str(rule), [*told]]:
            return Call(
                patient_id=patient,
                accession=accession,
                rule=rule,
                told=tuple(map(str, told)),
                typed=typed,
            )
    return None


def _joined(one: Note | None, other: Note) -> Note:
    """Join what stands on two lines of one patient, one of them copied by a person."""
    if one is None or one.typed == other.typed:
        return one or other
    return replace(
        one,
        topics=tuple(dict.fromkeys((*one.topics, *other.topics))),
        status=one.status or other.status,
        reviewer=" / ".join(dict.fromkeys(filter(None, (one.reviewer, other.reviewer)))),
        text="\n".join(dict.fromkeys(filter(None, (one.text, other.text)))),
    )


def _kept(today: date, what: str, patient: str, about: str, typed: Sequence[str]) -> Kept:
    status, who, text = typed
    return Kept(
        on=today.isoformat(),
        what=what,
        patient_id=patient,
        about=about,
        status=status,
        who=who,
        text=text,
    )


def _tag_of(text: str) -> list[Any] | None:
    try:
        tag = json.loads(text) if text else None
    except ValueError:
        return None
    return tag if isinstance(tag, list) else None


def _json(parts: list[Any]) -> str:
    return json.dumps(parts, ensure_ascii=True, separators=(",", ":"))


def _check(typed: Sequence[str]) -> str:
    return hashlib.sha256("\x1f".join(typed).encode("utf-8", "replace")).hexdigest()[:12]


def _text(cell: Any) -> str:
    """Give what a person sees in a cell, as text."""
    match cell:
        case None:
            return ""
        case datetime() if cell.time() == time.min:
            return cell.date().isoformat()
        case datetime():
            return cell.isoformat(" ", "minutes")
        case bool():
            return YES if cell else "no"
        case float() if cell.is_integer():
            return str(int(cell))
        case _:
            return str(unescape(str(cell))).replace("\r\n", "\n").strip()
