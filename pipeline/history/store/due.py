"""What has changed and is not in the reports yet: noted with the change, cleared when they are out.

Each output folder of a history has notes of its own. A note is made in the transaction that makes
the change, so that whatever stops between the change and the reports, the next run over any of
the folders finds what it has to bring up to date.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import delete, select
from sqlalchemy.engine import Connection

from pipeline.history.store import tables
from pipeline.history.store.database import next_id
from pipeline.history.store.frames import insert_many

_NAMES = ["folder", "kind", "patient_id", "number"]


class Due(StrEnum):
    """What is to be brought up to date."""

    PATIENT = "patient"
    """The report of one patient."""
    TABLES = "tables"
    """Worklist and tables: nobody's results changed, such as by a file that cannot be read."""
    ALL = "all"
    """Everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dues:
    """What is due in an output folder."""

    patients: frozenset[str]
    is_all: bool
    """Everything is, also what is not named."""
    last: int
    """The greatest number among the notes; 0 if nothing is due."""

    def __bool__(self) -> bool:
        """Whether anything is due."""
        return self.last > 0


def register_folder(connection: Connection, folder: str) -> None:
    """Know an output folder from now on, so that changes are noted for it."""
    query = select(tables.folders.c.folder).where(tables.folders.c.folder == folder)
    if connection.execute(query).first() is None:
        connection.execute(tables.folders.insert().values(folder=folder, basis=""))


def note_due(connection: Connection, patients: Iterable[str]) -> None:
    """Note patients as due in every output folder; of none, that the tables are."""
    listed = [(str(Due.PATIENT), patient) for patient in sorted({*patients})]
    _note(connection, listed or [(str(Due.TABLES), "")])


def note_all_due(connection: Connection, folders: Iterable[str] | None = None) -> None:
    """Note that everything is due, in these output folders or in every one."""
    _note(connection, [(str(Due.ALL), "")], folders)


def list_due(connection: Connection, folder: str) -> Dues:
    """Give what is due in an output folder."""
    query = select(tables.due).where(tables.due.c.folder == folder)
    rows = connection.execute(query).all()
    return Dues(
        patients=frozenset(row.patient_id for row in rows if row.kind == Due.PATIENT),
        is_all=any(row.kind == Due.ALL for row in rows),
        last=max((row.number for row in rows), default=0),
    )


def clear_due(connection: Connection, folder: str, last: int) -> None:
    """Forget what was due in an output folder, up to the note of a number.

    What was noted since, by a run over another folder, stays.
    """
    where = (tables.due.c.folder == folder, tables.due.c.number <= last)
    connection.execute(delete(tables.due).where(*where))


def _note(
    connection: Connection,
    listed: list[tuple[str, str]],
    folders: Iterable[str] | None = None,
) -> None:
    """Write notes; one that is there already gets the new number."""
    number = next_id(connection, tables.due, "number")
    columns = tables.due.c
    if folders is None:
        folders = connection.execute(select(tables.folders.c.folder)).scalars().all()
    for folder in folders:
        known = select(columns.kind, columns.patient_id).where(columns.folder == folder)
        noted = {(row.kind, row.patient_id) for row in connection.execute(known)}
        for kind, patient in noted.intersection(listed):
            where = (columns.folder == folder, columns.kind == kind, columns.patient_id == patient)
            connection.execute(delete(tables.due).where(*where))
        rows = [(folder, kind, patient, number) for kind, patient in listed]
        insert_many(connection, tables.due, _NAMES, rows)
