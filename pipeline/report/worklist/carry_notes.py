"""What people typed stays on its line in the next worklist, or goes to its archive."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from types import MappingProxyType

from pipeline.history.notes import (
    Call,
    Kept,
    Note,
    Unplaced,
    WorklistNotes,
    is_yes,
    join_own,
    join_texts,
    join_typed,
    tag_closed,
)
from pipeline.report.wording import show_date
from pipeline.texts import ENGLISH, Texts
from pipeline.texts.workbook_cells import as_shown

_NO_TOPIC_OF_A_RULE = ("held", "identity-conflict", "undecided")


def carry_over(
    entries: WorklistNotes,
    topics: Mapping[str, Sequence[str]],
    titles: Mapping[str, str],
    due: Iterable[Call],
    today: date,
    texts: Texts = ENGLISH,
    before: Mapping[str, Collection[str]] | None = None,
) -> WorklistNotes:
    """Sort what was typed into what stays in the worklist and what goes to its archive.

    What was carried once is carried again without a change.

    Args:
        entries: What was typed so far.
        topics: What stands on each patient's line now.
        titles: The words for a topic.
        due: The calls that are due now.
        today: The day of the run.
        texts: Of what goes to the archive.
        before: Rules that stood on a line of the worklist before, for notes that do not know
            what they were typed about.
    """
    entries = _place_unassigned(entries, topics, today, texts)
    known = _with_subjects(entries.notes, topics, before or {})
    notes, gone = carry_notes(replace(entries, notes=known), topics, titles, today, texts)
    calls, closed = carry_calls(entries, due, today, texts)
    left = {who: cells for who, cells in entries.own.items() if who not in topics}
    own_gone = [
        keep(today, texts("archive.own"), who, "", ("", "", join_own(cells)), texts)
        for who, cells in sorted(left.items())
        if any(cell != "" for cell in cells.values())
    ]
    return replace(
        entries,
        notes=notes,
        calls=MappingProxyType({call.key: call for call in calls}),
        kept=tuple(dict.fromkeys((*entries.kept, *gone, *closed, *own_gone))),
        own=MappingProxyType({who: own for who, own in entries.own.items() if who not in left}),
    )


def carry_notes(
    entries: WorklistNotes,
    topics: Mapping[str, Sequence[str]],
    titles: Mapping[str, str],
    today: date,
    texts: Texts = ENGLISH,
) -> tuple[Mapping[str, Note], tuple[Kept, ...]]:
    """Give the notes that stay on their line, and lines of the archive for the others.

    A note stays as long as one of the things that it was typed about still stands.
    """
    staying: dict[str, Note] = {}
    gone: list[Kept] = []
    for note in entries.notes.values():
        now, about = topics.get(note.patient_id), note.topics or ()
        if now is not None and (set(now) & set(about) or (not now and not about)):
            staying[note.patient_id] = note
        else:
            what = texts("archive.note")
            titled = ", ".join(titles.get(topic, topic) for topic in about)
            gone.append(keep(today, what, note.patient_id, titled, note.typed, texts))
    return MappingProxyType(staying), tuple(gone)


def carry_calls(
    entries: WorklistNotes, due: Iterable[Call], today: date, texts: Texts = ENGLISH
) -> tuple[tuple[Call, ...], tuple[Kept, ...]]:
    """Give the calls to list, those that are due and those not yet closed, and the closed ones.

    A call that was listed once stays with the value as it was until somebody closes it. One
    that was closed is not listed again for the same specimen.
    """
    closed = {key for key, call in entries.calls.items() if call.is_closed}
    closed_before = {kept.tag or (kept.patient_id, kept.about) for kept in entries.kept}
    listed = {key: call for key, call in entries.calls.items() if key not in closed}
    for call in due:
        names = {tag_closed(call), (call.patient_id, _about(call))}
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


def _place_unassigned(
    entries: WorklistNotes, topics: Mapping[str, Sequence[str]], today: date, texts: Texts
) -> WorklistNotes:
    """Put a note where a person has said that it belongs, and take away what is done."""
    if not any(line.belongs or line.done for line in entries.unplaced):
        return entries
    shown: dict[str, list[str]] = {}
    for who in topics:
        shown.setdefault(as_shown(who), []).append(who)
    notes, kept, waiting = dict(entries.notes), [*entries.kept], []
    for line in entries.unplaced:
        whose = shown.get(as_shown(line.belongs), []) if line.belongs else []
        joined = _join_unplaced(notes.get(whose[0]), line, whose[0]) if len(whose) == 1 else None
        if joined is not None:
            notes[whose[0]] = joined
        elif is_yes(line.done):
            typed = (line.status, line.reviewer, join_texts("; ", line.text, line.rest))
            ids = " / ".join(dict.fromkeys(filter(None, (line.shown_id, line.tag_id))))
            kept.append(keep(today, texts("archive.unplaced"), ids, "", typed, texts))
        else:
            waiting.append(line)
    return replace(
        entries, notes=MappingProxyType(notes), kept=tuple(kept), unplaced=tuple(waiting)
    )


def _join_unplaced(note: Note | None, line: Unplaced, patient: str) -> Note | None:
    placed = Note(
        patient_id=patient,
        topics=None,
        status=line.status,
        reviewer=line.reviewer,
        text=join_texts("\n", line.text, line.rest),
    )
    return placed if note is None else join_typed(note, placed)


def _with_subjects(
    notes: Mapping[str, Note],
    topics: Mapping[str, Sequence[str]],
    before: Mapping[str, Collection[str]],
) -> Mapping[str, Note]:
    """Say of notes that do not know it what they are about: what their writer may have seen."""

    def seen(patient: str) -> Iterator[str]:
        now = topics.get(patient, ())
        known = (*_NO_TOPIC_OF_A_RULE, *before.get(patient, ()))
        yield from [topic for topic in now if topic in known] or now

    return MappingProxyType(
        {
            who: note if note.topics is not None else replace(note, topics=tuple(seen(who)))
            for who, note in notes.items()
        }
    )


def _keep_call(today: date, call: Call, texts: Texts) -> Kept:
    called, by, at, read_back, _ = call.typed
    answer = texts("calls.read-back", answer=read_back) if read_back else ""
    said = "; ".join(filter(None, (called, at, answer)))
    typed, what = (texts("yes"), by, said), texts("archive.call")
    line = keep(today, what, call.patient_id, _about(call), typed, texts)
    return replace(line, tag=tag_closed(call))


def _about(call: Call) -> str:
    return "; ".join((call.accession, *call.told))
