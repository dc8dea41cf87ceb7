"""What people typed into the worklist, in the history: stored, moved, and deleted with patients."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.engine import Connection

from pipeline.history.notes import Call, Kept, Note, Unplaced, WorklistNotes, join_typed, tag_closed
from pipeline.history.store import tables
from pipeline.history.store.database import Database, next_id
from pipeline.history.store.frames import insert_many
from pipeline.history.store.ledger import note_event
from pipeline.history.store.seals import sum_typed

_NOTE, _CALL, _KEPT, _UNPLACED, _COLUMN, _OWN = (
    "note", "call", "kept", "unplaced", "column", "own",
)  # fmt: skip
_NAMES = ["folder", "id", "kind", "patient_id", "content", "at"]
_WORKLISTS_KEPT = 2_000
_Row = tuple[str, str, str]
"""Kind, patient id and content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """The worklists that were drawn in a folder, and the files that were read back."""

    made: frozenset[str]
    heads: frozenset[str]
    """Titles of columns of the last one."""
    files: Mapping[str, "ReadFile"]
    """Path → what was last read there, or drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFile:
    """A file whose typed cells are stored."""

    sha256: str
    """Of its content."""
    changes: Mapping[str, str] = field(default_factory=dict)
    """What was changed on its lines: line → check."""


def load_typed(history: Database, folder: str) -> WorklistNotes:
    """Give what people typed into the worklists of an output folder."""
    with history.look() as connection:
        return _load(connection, folder)


def load_drawn(history: Database, folder: str) -> Drawn:
    """Give which worklists were drawn in an output folder, and what was read back."""
    lists, files = tables.worklists, tables.typed_files
    with history.look() as connection:
        drawn = connection.execute(
            select(lists.c.made, lists.c.heads)
            .where(lists.c.folder == folder)
            .order_by(lists.c.made)
        ).all()
        read = connection.execute(
            select(files.c.path, files.c.sha256, files.c.changes).where(files.c.folder == folder)
        ).all()
    heads = json.loads(drawn[-1].heads) if drawn else []
    return Drawn(
        made=frozenset(row.made for row in drawn),
        heads=frozenset(heads),
        files=MappingProxyType(
            {row.path: ReadFile(sha256=row.sha256, changes=json.loads(row.changes)) for row in read}
        ),
    )


def store_typed(
    history: Database,
    folder: str,
    entries: WorklistNotes,
    files: Mapping[str, ReadFile],
    made: str = "",
    heads: Collection[str] = (),
) -> None:
    """Store what was typed and where it was read, in one transaction.

    Args:
        history: Where it is stored.
        folder: What the history calls the output folder.
        entries: All that is typed; what is not among it is deleted.
        files: Path → content whose typed cells are among it.
        made: The worklist that is being drawn; "" for none.
        heads: The titles of its columns.
    """
    with history.begin() as connection:
        if _store(connection, folder, entries, history.now()):
            note_typed(connection, history.now())
        for path, file in files.items():
            where = (tables.typed_files.c.folder == folder, tables.typed_files.c.path == path)
            connection.execute(delete(tables.typed_files).where(*where))
            row = {"folder": folder, "path": path, "sha256": file.sha256}
            row |= {"changes": json.dumps(dict(file.changes))}
            connection.execute(tables.typed_files.insert().values(**row))
        if made:
            _note_drawn(connection, folder, made, heads)


def reassign_typed(
    connection: Connection, old: str, new: str, accession: str, at: str, *, notes: bool
) -> int:
    """Let what was typed about a patient follow results to another id; give how much.

    Args:
        connection: In the transaction that moves the results.
        old: The patient id that was wrong.
        new: The one that is right.
        accession: "" for all; else calls of this specimen alone.
        at: The time, as it is stored.
        notes: Whether notes and own columns go as well.
    """
    moved = 0
    for folder in _list_folders(connection):
        entries = _load(connection, folder)
        after = _move(entries, old, new, accession, notes=notes)
        if after != entries:
            moved += 1
            _store(connection, folder, after, at)
    if moved:
        note_typed(connection, at)
    return moved


def purge_typed(
    connection: Connection,
    gone: Collection[str],
    known: Collection[str],
    before: str,
    at: str,
) -> int:
    """Delete what was typed about patients of whom nothing is left; give how many lines.

    Args:
        connection: In the transaction that deletes their results.
        gone: Patient ids of whom nothing is left since this purge.
        known: Those of whom something is left.
        before: What was typed before this time goes if nobody of it is known.
        at: The time now, as it is stored.
    """
    deleted = 0
    table = tables.typed
    for row in connection.execute(select(table)).all():
        people = _people_of(row)
        if row.kind == _COLUMN or people & {*known}:
            continue
        if people & {*gone} or row.at < before:
            where = (table.c.folder == row.folder, table.c.id == row.id)
            connection.execute(delete(table).where(*where))
            deleted += 1
    connection.execute(update(tables.typed_files).values(changes="{}"))
    if deleted:
        note_typed(connection, at)
    return deleted


def _people_of(row: Any) -> set[str]:
    if row.kind != _UNPLACED:
        return {row.patient_id} - {""}
    content = json.loads(row.content)
    return {content["shown_id"], content["tag_id"], content["belongs"]} - {""}


def _list_folders(connection: Connection) -> list[str]:
    return [*connection.execute(select(tables.typed.c.folder).distinct()).scalars()]


def _load(connection: Connection, folder: str) -> WorklistNotes:
    table = tables.typed
    query = select(table.c.kind, table.c.patient_id, table.c.content)
    rows = connection.execute(query.where(table.c.folder == folder).order_by(table.c.id)).all()
    return _unpack((row.kind, row.patient_id, row.content) for row in rows)


def note_typed(connection: Connection, at: str) -> None:
    """Seal what is typed, with an event, in the transaction that changes it."""
    note_event(connection, at, "typed", "", {"typed": sum_typed(connection)})


def _store(connection: Connection, folder: str, entries: WorklistNotes, at: str) -> bool:
    """Write what differs from what is stored: what stays keeps the time at which it came.

    Returns:
        Whether anything differed.
    """
    table = tables.typed
    query = select(table.c.id, table.c.kind, table.c.patient_id, table.c.content)
    stored = {
        (row.kind, row.patient_id, row.content): row.id
        for row in connection.execute(query.where(table.c.folder == folder)).all()
    }
    due = [(kind, _storable(who), text) for kind, who, text in dict.fromkeys(_pack(entries))]
    gone = stored.keys() - {*due}
    for row in gone:
        where = (table.c.folder == folder, table.c.id == stored[row])
        connection.execute(delete(table).where(*where))
    first = next_id(connection, table)
    fresh = [row for row in due if row not in stored]
    rows = [(folder, first + place, *row, at) for place, row in enumerate(fresh)]
    insert_many(connection, table, _NAMES, rows)
    return bool(gone or fresh)


def _note_drawn(connection: Connection, folder: str, made: str, heads: Collection[str]) -> None:
    table = tables.worklists
    where = (table.c.folder == folder, table.c.made == made)
    connection.execute(delete(table).where(*where))
    row = {"folder": folder, "made": made, "heads": json.dumps([*heads])}
    connection.execute(table.insert().values(**row))
    listed = select(table.c.made).where(table.c.folder == folder).order_by(table.c.made.desc())
    for old in connection.execute(listed.offset(_WORKLISTS_KEPT)).scalars().all():
        connection.execute(delete(table).where(table.c.folder == folder, table.c.made == old))


def _pack(entries: WorklistNotes) -> Iterator[_Row]:
    for note in entries.notes.values():
        yield _NOTE, note.patient_id, _json(asdict(note))
    for call in entries.calls.values():
        # A call that nobody has typed about is listed again as long as it is due, or was listed.
        yield _CALL, call.patient_id, _json(asdict(call))
    for kept in entries.kept:
        yield _KEPT, kept.patient_id, _json(asdict(kept))
    for line in entries.unplaced:
        yield _UNPLACED, "", _json(asdict(line))
    for place, header in enumerate(entries.columns):
        yield _COLUMN, "", _json([place, header])
    for who, cells in entries.own.items():
        yield _OWN, who, _json([who, dict(cells)])


def _unpack(rows: Iterable[_Row]) -> WorklistNotes:
    notes: dict[str, Note] = {}
    calls: dict[tuple[str, str, str], Call] = {}
    kept: list[Kept] = []
    unplaced: list[Unplaced] = []
    columns: list[tuple[int, str]] = []
    own: dict[str, Mapping[str, str | float]] = {}
    for kind, _, text in rows:
        content = json.loads(text)
        match kind:
            case "note":
                topics = content.pop("topics")
                about = None if topics is None else tuple(topics)
                note = Note(topics=about, **content)
                notes[note.patient_id] = note
            case "call":
                told, typed = (tuple(content.pop(name)) for name in ("told", "typed"))
                call = Call(told=told, typed=typed, **content)
                calls[call.key] = call
            case "kept":
                kept.append(Kept(**content))
            case "unplaced":
                unplaced.append(Unplaced(**content))
            case "column":
                columns.append((content[0], content[1]))
            case "own":
                own[content[0]] = MappingProxyType(content[1])
    return WorklistNotes(
        notes=MappingProxyType(notes),
        calls=MappingProxyType(calls),
        kept=tuple(kept),
        unplaced=tuple(unplaced),
        columns=tuple(header for _, header in sorted(columns)),
        own=MappingProxyType(own),
    )


def _move(
    entries: WorklistNotes, old: str, new: str, accession: str, *, notes: bool
) -> WorklistNotes:
    """Give entries as they are once a patient has another id."""
    calls = {}
    for call in entries.calls.values():
        moves = call.patient_id == old and accession in ("", call.accession)
        moved = _move_call(call, old, new) if moves else call
        calls[moved.key] = moved
    kept = tuple(
        _move_kept(line, old, new, accession)
        if line.patient_id == old and (notes or line.tag)
        else line
        for line in entries.kept
    )
    entries = replace(entries, calls=MappingProxyType(calls), kept=kept)
    return _move_note(entries, old, new) if notes else entries


def _move_note(entries: WorklistNotes, old: str, new: str) -> WorklistNotes:
    moved = dict(entries.notes)
    unplaced = [*entries.unplaced]
    if note := moved.pop(old, None):
        note = replace(note, patient_id=new, origin="")
        joined = join_typed(moved[new], note) if new in moved else note
        if joined is None:
            unplaced.append(
                Unplaced(
                    on="",
                    why="unplaced.too-long",
                    shown_id=new,
                    tag_id=new,
                    status=note.status,
                    reviewer=note.reviewer,
                    text=note.text,
                )
            )
        else:
            moved[new] = joined
    own = dict(entries.own)
    if cells := own.pop(old, None):
        own[new] = MappingProxyType({**cells, **own.get(new, {})})
    ids = {old: new}
    unplaced = [
        replace(
            line,
            shown_id=ids.get(line.shown_id, line.shown_id),
            tag_id=ids.get(line.tag_id, line.tag_id),
        )
        for line in unplaced
    ]
    return replace(
        entries,
        notes=MappingProxyType(moved),
        own=MappingProxyType(own),
        unplaced=tuple(unplaced),
    )


def _move_call(call: Call, old: str, new: str) -> Call:
    accession = call.accession
    if accession.startswith(f"{old}@"):
        accession = new + accession[len(old) :]
    return replace(call, patient_id=new, accession=accession, origin="")


def _move_kept(kept: Kept, old: str, new: str, accession: str) -> Kept:
    """Let a line of the archive follow, with the name of the closed call that it was."""
    if not kept.tag:
        return replace(kept, patient_id=new) if not accession else kept
    patient, specimen, rule, fact = (*map(str, json.loads(kept.tag)), "", "", "", "")[:4]
    if accession not in ("", specimen):
        return kept
    call = Call(patient_id=patient, accession=specimen, rule=rule, told=(), fact=fact)
    return replace(kept, patient_id=new, tag=tag_closed(_move_call(call, old, new)))


def _storable(patient_id: str) -> str:
    """Give an id in a form that every database takes; the content holds it as it is."""
    return patient_id.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")


def _json(content: object) -> str:
    return json.dumps(content, sort_keys=True)
