"""Seals: digests over what is stored, so that a change from outside does not pass unseen.

One digest for each patient of a file, over the rows that are stored of them; one for the file, over
these, what is known of the file, and its cells. They are stored beside the rows, and in the log,
which is a chain (see `operations.audit`): who changes a row has to change its digest, the seal of
the file, and every line of the log since.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import compress
from typing import Any

from sqlalchemy import Table, delete, select, update
from sqlalchemy.engine import Connection

from pipeline.history.store import tables
from pipeline.history.store.frames import insert_many

_WIDTH = 1 << 256
_NAMES = ["file_id", "patient_id", "digest"]
_AT_ONCE = 20_000
# Of a file that changes without another meaning: by which run it came, and its own seal.
_NOT_SEALED = frozenset({"run_id", "seal", "id"})

Key = tuple[int, str]
"""Number of a file and patient id; "" for rows of no patient, such as issues."""


class Tally:
    """Adds up digests of rows, in whatever order they come."""

    def __init__(self) -> None:
        """Begin with no rows."""
        self._sums: dict[Key, int] = defaultdict(int)

    def add(self, table: str, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Add rows of a table that hold `file_id` and, in some tables, `patient_id`.

        What is empty is left out: a column that is added later changes no digest.
        """
        number = names.index("file_id")
        patient = names.index("patient_id") if "patient_id" in names else None
        heads: dict[bytes, str] = {}
        for row in rows:
            # PostgreSQL gives booleans where SQLite gives numbers.
            whole = [int(value) if value is True or value is False else value for value in row]
            # The number of a file is another one in a copy or on another server.
            whole[number] = None
            flags = bytes(value is not None and value != "" for value in whole)
            if flags not in heads:
                heads[flags] = repr((table, [*compress(names, flags)]))
            content = f"{heads[flags]}{[*compress(whole, flags)]!r}"
            digest = hashlib.sha256(content.encode("utf-8", "surrogatepass")).digest()
            key = (row[number], "" if patient is None else row[patient] or "")
            self._sums[key] += int.from_bytes(digest)

    def digests(self) -> dict[Key, str]:
        """Give the digest of each file and patient, in hex."""
        return {key: f"{total % _WIDTH:064x}" for key, total in self._sums.items()}


def digest_rows(connection: Connection, file_id: int | None = None) -> dict[Key, str]:
    """Digest what is stored of one file, or of all, part by part."""
    tally = Tally()
    for name, (schema, table) in tables.ROWS.items():
        names = sealed_columns(schema)
        query = select(*(table.c[each] for each in names))
        if file_id is not None:
            query = query.where(table.c.file_id == file_id)
        fetched = connection.execute(query).cursor
        while fetched is not None and (rows := fetched.fetchmany(_AT_ONCE)):
            tally.add(name, names, rows)
    return tally.digests()


def sealed_columns(schema: Any) -> list[str]:
    """List the columns of a table of rows in the order in which they are read."""
    kinds = {"file_id": "", "position": "", **schema.column_types()}
    kinds.pop("source_file", None)
    return list(kinds)


def seal_file(connection: Connection, file_id: int) -> str:
    """Seal what is stored of a file; give its seal."""
    digests = digest_rows(connection, file_id)
    digest_original(connection, file_id)
    connection.execute(delete(tables.seals).where(tables.seals.c.file_id == file_id))
    rows = [(number, patient, digest) for (number, patient), digest in digests.items()]
    insert_many(connection, tables.seals, _NAMES, rows)
    by_patient = {patient: digest for (_, patient), digest in digests.items()}
    seal = compute_seal(connection, file_id, by_patient)
    connection.execute(update(tables.files).where(tables.files.c.id == file_id).values(seal=seal))
    return seal


def read_seals(connection: Connection) -> dict[Key, str]:
    """Give the digests that are stored beside the rows."""
    rows = connection.execute(select(tables.seals)).all()
    return {(row.file_id, row.patient_id): row.digest for row in rows}


def compute_seal(connection: Connection, file_id: int, digests: Mapping[str, str]) -> str:
    """Give the seal of a file as it follows from digests of its patients and all else of it."""
    said = connection.execute(select(tables.files).where(tables.files.c.id == file_id)).one()
    known = {name: value for name, value in said._mapping.items() if name not in _NOT_SEALED}
    original = connection.execute(
        select(tables.originals.c.digest).where(tables.originals.c.file_id == file_id)
    ).scalar()
    parts = (
        sorted((name, value) for name, value in known.items() if value not in (None, "")),
        sorted(digests.items()),
        original or "",
    )
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()


def digest_original(connection: Connection, file_id: int) -> None:
    """Store the digest of the cells that are kept of a file."""
    where = tables.originals.c.file_id == file_id
    content = connection.execute(select(tables.originals.c.content).where(where)).scalar()
    digest = hashlib.sha256(bytes(content or b"")).hexdigest()
    connection.execute(update(tables.originals).where(where).values(digest=digest))


def find_broken(connection: Connection, found: Mapping[Key, str], files: Iterable[Any]) -> set[Key]:
    """Find where what is stored is not what was sealed.

    Args:
        connection: To the history.
        found: The digests of the rows of these files as they are.
        files: Rows of the table of files.

    Returns:
        Number of the file and patient id; "" where it is not the rows of one patient.
    """
    looked_at = {file.id for file in files} | {number for number, _ in found}
    stored = {key: seal for key, seal in read_seals(connection).items() if key[0] in looked_at}
    broken = {key for key in found.keys() | stored.keys() if found.get(key) != stored.get(key)}
    by_file: dict[int, dict[str, str]] = defaultdict(dict)
    for (number, patient), digest in stored.items():
        by_file[number][patient] = digest
    for file in files:
        if compute_seal(connection, file.id, by_file[file.id]) != file.seal:
            broken.add((file.id, ""))
    return broken


def digest_row(table: Table, row: Any) -> str:
    """Digest one row of a table that is not one of results, such as a decision."""
    listed = [(column.name, getattr(row, column.name)) for column in table.columns]
    return hashlib.sha256(repr((table.name, listed)).encode()).hexdigest()


def seal_decision(row: Any) -> str:
    """Give the seal of a decision."""
    return digest_row(tables.decisions, row)


def sum_history(connection: Connection) -> str:
    """Add up the seals of all files and decisions that are stored."""
    total = ""
    for seal in connection.execute(select(tables.files.c.seal)).scalars():
        total = move_sum(total, added=seal)
    for row in connection.execute(select(tables.decisions)):
        total = move_sum(total, added=seal_decision(row))
    return total


def sum_typed(connection: Connection) -> str:
    """Add up the digests of all that people typed into worklists."""
    total = ""
    for row in connection.execute(select(tables.typed)):
        total = move_sum(total, added=digest_row(tables.typed, row))
    return total


def move_sum(total: str, *, added: str = "", taken: str = "") -> str:
    """Add a seal to a sum of seals and take another off it, in whatever order they come."""
    if not (added or taken):
        return total
    number = int(total or "0", 16)
    for seal, sign in ((added, 1), (taken, -1)):
        if seal:
            number += sign * int.from_bytes(hashlib.sha256(seal.encode()).digest())
    return f"{number % _WIDTH:064x}"
