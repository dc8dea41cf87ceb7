"""What is stored, beside the seals over it: which rows were changed, and what the seals are."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Connection, Row

from pipeline.history.patient_ids import WITH_RESULTS
from pipeline.history.store import tables
from pipeline.history.store.seals import (
    Key,
    digest_rows,
    find_broken,
    seal_decision,
    sum_history,
    sum_typed,
)
from pipeline.history.stored import History


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What the log, or a history, says of seals."""

    files: Mapping[str, str]
    """Hash of the file → its seal."""
    decisions: Mapping[int, str]


def stored_seals(history: History) -> Sealed:
    """Give the seals that are stored beside the rows, and those of decisions as they are."""
    with history.look() as connection:
        files = connection.execute(select(tables.files.c.sha256, tables.files.c.seal)).all()
        decisions = connection.execute(select(tables.decisions)).all()
    return Sealed(
        files={row.sha256: row.seal for row in files},
        decisions={row.id: seal_decision(row) for row in decisions},
    )


def sum_seals(history: History) -> tuple[str, str]:
    """Give the sum of all seals, and that of what people typed."""
    with history.look() as connection:
        return sum_history(connection), sum_typed(connection)


def last_event(history: History) -> int:
    """Give the number of the last event; 0 if there is none."""
    with history.look() as connection:
        return connection.execute(select(func.max(tables.events.c.id))).scalar() or 0


def noted_log(history: History, key: str) -> "Row[Any] | None":
    """Give what the history noted of the log of a folder of reports: `log_lines`, `log_seal`."""
    with history.look() as connection:
        where = tables.folders.c.folder == key
        return connection.execute(select(tables.folders).where(where)).first()


def find_changed_rows(history: History) -> Iterator[str]:
    """Say of each file what was changed in its rows, or in the cells kept of it."""
    with history.look() as connection:
        files = connection.execute(select(tables.files)).all()
        broken = find_broken(connection, digest_rows(connection), files)
        names = {row.id: row.sha256[:8] for row in files}
        for number, keys in _by_file(broken).items():
            name = names.get(number, f"number {number}, which is not listed")
            rows = _rows_of(connection, number, keys)
            yield f"what is stored of file {name} was changed{rows}"
        yield from _verify_originals(connection, names)


def _by_file(broken: Iterable[Key]) -> dict[int, list[str]]:
    by_file: dict[int, list[str]] = defaultdict(list)
    for number, patient in sorted(broken):
        by_file[number].append(patient)
    return by_file


def _rows_of(connection: Connection, number: int, patients: list[str]) -> str:
    """Name the sheets and rows in which a change lies; "" where it is not in rows of a patient."""
    places: set[tuple[str, int]] = set()
    for name in WITH_RESULTS:
        columns = tables.ROWS[name][1].c
        query = select(columns.source_sheet, columns.source_row).where(
            columns.file_id == number, columns.patient_id.in_([*filter(None, patients)])
        )
        # What was written there from outside is not shown.
        places |= {
            (str(sheet or ""), row if isinstance(row, int) else 0)
            for sheet, row in connection.execute(query)
        }
    if not any(patients):
        return ": what is known of it, its problems, or the order of its rows"
    if not places:
        return ": all rows of a patient are gone"
    listed = ", ".join(
        f"{sheet}!{row or '?'}" if sheet else str(row or "?") for sheet, row in sorted(places)
    )
    return f", in rows of a patient: {listed}; or a row beside them is gone"


def _verify_originals(connection: Connection, names: dict[int, str]) -> Iterator[str]:
    """Compare the cells that are kept of each file with their digest."""
    known = select(tables.originals.c.file_id, tables.originals.c.digest)
    digests = {row.file_id: row.digest for row in connection.execute(known)}
    for number, name in names.items():
        if number not in digests:
            yield f"the cells that were kept of file {name} are gone"
            continue
        where = tables.originals.c.file_id == number
        content = connection.execute(select(tables.originals.c.content).where(where)).scalar_one()
        if hashlib.sha256(bytes(content)).hexdigest() != digests[number]:
            yield f"the cells that were kept of file {name} were changed"
