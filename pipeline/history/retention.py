"""Results that are older than they may be kept leave the history; an input file never goes."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import delete, func, select, update
from sqlalchemy.engine import Connection

from pipeline.history.originals import Original, pack_original, unpack_original
from pipeline.history.patient_ids import WITH_RESULTS, list_people
from pipeline.history.store import tables
from pipeline.history.store.due import note_all_due
from pipeline.history.store.ledger import note_event
from pipeline.history.store.seals import seal_file
from pipeline.history.stored import History, forget_file
from pipeline.history.typed_notes import purge_typed


@dataclass(frozen=True, slots=True, kw_only=True)
class Purged:
    """What left the history."""

    results: int
    files: int
    """Files of which nothing is left; their hashes stay, so that they are not read again."""
    notes: int = 0
    """What people typed about patients of whom nothing is left."""
    worklists: int = 0
    """Worklists that were kept and named such a patient."""


def purge(history: History, before: date) -> Purged:
    """Delete results collected before a day, or received before it where they have no date.

    Everything in one transaction, with an event. The cells that were kept for handing rows back
    go as well, but for rows that still hold a result.

    Raises:
        OutputError: The history cannot be written, or was changed from outside; it is as it was.
    """
    history.require_sealed()
    count = gone = 0
    decisions = history.list_decisions()
    with history.begin() as connection:
        people = list_people(connection, decisions)
        listed = connection.execute(select(tables.files)).all()
        sealed: list[dict[str, str]] = []
        for file in listed:
            file_id, received_at = file.id, file.received_at
            is_old_file = received_at < before.isoformat()
            deleted = _delete_rows(connection, file_id, before, is_old_file=is_old_file)
            count += deleted
            if not deleted and not is_old_file:
                continue
            if _rows_left(connection, file_id):
                _shorten_original(connection, file_id)
                purged = update(tables.files).where(tables.files.c.id == file_id)
                connection.execute(purged.values(purged=tables.files.c.purged + deleted))
                seal = seal_file(connection, file_id)
            else:
                _bury(connection, file_id, history.now())
                seal = ""
                gone += 1
            sealed.append({"sha256": file.sha256, "seal": seal, "seal_before": file.seal})
        left = list_people(connection, decisions)
        notes = purge_typed(connection, people - left, left, before.isoformat(), history.now())
        facts = {"before": before.isoformat(), "results": count, "files": gone, "notes": notes}
        note_event(connection, history.now(), "purged", "", facts)
        for each in sealed:
            note_event(connection, history.now(), "sealed-again", "", each)
        note_all_due(connection)
    if not history.is_rehearsing:
        history.compact()
    return Purged(results=count, files=gone, notes=notes)


def _delete_rows(connection: Connection, file_id: int, before: date, *, is_old_file: bool) -> int:
    """Delete what is too old of one file; give the number of its results."""
    ids: set[int] = set()
    for name in WITH_RESULTS:
        _, table = tables.ROWS[name]
        columns = table.c
        is_dated = func.coalesce(columns.collected_at, "") != ""
        is_old = is_dated & (columns.collected_at < before.isoformat())
        where = (columns.file_id == file_id, (is_old | ~is_dated) if is_old_file else is_old)
        ids |= set(connection.execute(select(columns.result_id).where(*where)).scalars())
        connection.execute(delete(table).where(*where))
    _, issues = tables.ROWS["issues"]
    for part in _parts(sorted(ids - {None})):
        connection.execute(
            delete(issues).where(issues.c.file_id == file_id, issues.c.result_id.in_(part))
        )
    return len(ids - {None})


def _parts(ids: list[int], size: int = 500) -> Iterable[list[int]]:
    """Cut a list: a statement takes only so many parameters."""
    return (ids[at : at + size] for at in range(0, len(ids), size))


def _rows_left(connection: Connection, file_id: int) -> set[tuple[str, int]]:
    """List the sheets and rows that still hold something."""
    found: set[tuple[str, int]] = set()
    for name in WITH_RESULTS:
        columns = tables.ROWS[name][1].c
        query = select(columns.source_sheet, columns.source_row).where(columns.file_id == file_id)
        found |= {(sheet, row) for sheet, row in connection.execute(query.distinct())}
    return found


def _shorten_original(connection: Connection, file_id: int) -> None:
    """Keep of the cells of a file those of rows that still hold something."""
    where = tables.originals.c.file_id == file_id
    content = connection.execute(select(tables.originals.c.content).where(where)).scalar_one()
    original = _keep_rows(unpack_original(content), _rows_left(connection, file_id))
    shortened = update(tables.originals).where(where).values(content=pack_original(original))
    connection.execute(shortened)


def _keep_rows(original: Original, places: set[tuple[str, int]]) -> Original:
    rows = {row for _, row in places}
    return replace(
        original,
        sheets=tuple(
            replace(
                sheet,
                rows=tuple(
                    (row, cells)
                    for row, cells in sheet.rows
                    if row == sheet.header_row or (sheet.sheet, row) in places
                ),
            )
            for sheet in original.sheets
        ),
        bad_lines={row: lines for row, lines in original.bad_lines.items() if row in rows},
    )


def _bury(connection: Connection, file_id: int, at: str) -> None:
    """Delete a file of which nothing is left, but for the hash that tells it again."""
    where = tables.files.c.id == file_id
    sha256 = connection.execute(select(tables.files.c.sha256).where(where)).scalar_one()
    tombstone = tables.tombstones.insert()
    connection.execute(tombstone.values(sha256=sha256, at=at, reason="purged"))
    forget_file(connection, file_id)
