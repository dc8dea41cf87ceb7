"""The history: every result ever received, each file in one transaction; reports come from it."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
from sqlalchemy import Engine, Table, delete, func, select
from sqlalchemy.engine import Connection

from pipeline.errors import OutputError
from pipeline.ingest.file_names import show_name
from pipeline.ingest.intake import Ingested, Intake
from pipeline.ingest.originals import (
    Original,
    keep_original,
    pack_original,
    pack_returned,
    unpack_original,
)
from pipeline.ingest.received import ReceivedFile, tell_apart
from pipeline.operations.decisions import reassign_results
from pipeline.operations.people import list_people
from pipeline.operations.store import tables
from pipeline.operations.store.database import Clock, next_id
from pipeline.operations.store.due import note_all_due, note_due, register_folder
from pipeline.operations.store.engine import connect, guarded
from pipeline.operations.store.frames import insert_many, read_rows, write_rows
from pipeline.operations.store.ledger import Ledger, forget_digests, list_decisions, note_event
from pipeline.operations.store.records import read_file
from schemas import DataFrame, Held, Issues, Observations, Results

FILE_NAME = "labflag.db"


def open_history(place: str | Path | None, *, clock: Clock = datetime.now) -> "History":
    """Open a history, and make it if it is not there.

    Args:
        place: A file; a URL that begins with `postgresql+psycopg://`; None: one in memory that
            is gone when it is closed.
        clock: Gives the local time.

    Raises:
        ConfigError: The URL cannot be used, or a newer labflag made the history.
        OutputError: It cannot be opened or made.
    """
    return History(connect(place), clock)


class History(Ledger):
    """Files and their results, besides what the ledger holds."""

    __slots__ = ()

    def has_file(self, sha256: str, basis: str | None = None) -> bool:
        """Whether these bytes were received, or received and deleted for their age.

        With `basis`: whether reading them again would rest on the same knowledge. Bytes of
        which results were deleted are never read again.
        """
        with self.look() as connection:
            found = connection.execute(
                select(tables.files.c.basis, tables.files.c.purged).where(
                    tables.files.c.sha256 == sha256
                )
            ).first()
            if found is not None:
                return basis is None or found.basis == basis or found.purged > 0
            buried = select(tables.tombstones.c.sha256).where(tables.tombstones.c.sha256 == sha256)
            return connection.execute(buried).first() is not None

    def commit(self, file: Ingested, run_id: str, basis: str = "") -> None:
        """Store one file in one transaction: what is known of it, its tables, an event.

        Bytes that were received before are stored anew if their `basis` differs; what was
        stored of them goes. The event holds counts and the hash, no name and no value.

        Raises:
            OutputError: The database cannot be written; nothing of the file is stored.
            RuntimeError: Results read and results accounted for differ.
        """
        told = file.observations["result_id"].nunique()
        if file.read != len(file.results) + len(file.held) + len(file.ignored) + told:
            raise RuntimeError("results read and results accounted for differ")
        if not file.file.sha256 or self.has_file(file.file.sha256, basis):
            return
        with self.begin() as connection:
            former = connection.execute(
                select(tables.files.c.id, tables.files.c.received_at).where(
                    tables.files.c.sha256 == file.file.sha256
                )
            ).first()
            decisions = list_decisions(connection)
            file_id = next_id(connection, tables.files) if former is None else former.id
            concerned = list_people(connection, decisions, file_id)
            if former is not None:
                forget_file(connection, former.id)
            received = file.remember()
            connection.execute(
                tables.files.insert().values(
                    id=file_id,
                    sha256=received.sha256,
                    # Folders differ from run to run; the hash tells files of one name apart.
                    name=show_name(file.file.path.name),
                    size=received.size,
                    # Reading it again does not make it arrive again.
                    received_at=self.now() if former is None else former.received_at,
                    run_id=run_id,
                    basis=basis,
                    layouts=json.dumps(received.layouts),
                    read=received.read,
                    held=received.held,
                    ignored=received.ignored,
                    purged=0,
                    returned=json.dumps([pack_returned(each) for each in received.returned]),
                )
            )
            content = pack_original(keep_original(file))
            connection.execute(tables.originals.insert().values(file_id=file_id, content=content))
            stored: dict[str, pd.DataFrame] = {
                "results": file.results,
                "held": file.held,
                "issues": file.issues,
                "observations": file.observations,
            }
            for name, rows in stored.items():
                _, table = tables.ROWS[name]
                write_rows(connection, table, file_id, rows)
                _require_count(connection, table, file_id, len(rows))
            facts = {
                "sha256": received.sha256,
                "bytes": received.size,
                "read": received.read,
                "held": received.held,
                "ignored": received.ignored,
                "again": former is not None,
            }
            note_event(connection, self.now(), "file-received", run_id, facts)
            note_due(connection, concerned | list_people(connection, decisions, file_id))

    def list_people(self) -> set[str]:
        """List the patient ids of which anything is stored."""
        with self.look() as connection:
            return list_people(connection, list_decisions(connection))

    def load(self) -> Intake:
        """Give everything stored, as if all files had been read together.

        Order and `result_id` do not depend on the order in which the files came. Results of one
        patient cannot be judged without everybody's: a specimen may stand under two ids.
        """
        with self.look() as connection:
            listed = connection.execute(select(tables.files)).all()
            frames = {
                name: read_rows(connection, table, schema)
                for name, (schema, table) in tables.ROWS.items()
            }
        decisions = self.list_decisions()
        for name in ("results", "held", "observations"):
            frames[name] = reassign_results(frames[name], decisions)
        files = tell_apart([read_file(row) for row in listed])
        numbers = {row.sha256: int(row.id) for row in listed}
        places = _Places(files, [numbers[file.sha256] for file in files])
        return Intake(
            files=files,
            results=cast(DataFrame[Results], places.settle(frames["results"], Results)),
            held=cast(DataFrame[Held], places.settle(frames["held"], Held)),
            issues=cast(DataFrame[Issues], places.settle(frames["issues"], Issues)),
            observations=cast(
                DataFrame[Observations], places.settle(frames["observations"], Observations)
            ),
        )

    def load_original(self, sha256: str) -> Original:
        """Give the cells of one file, for handing rows back."""
        query = (
            select(tables.originals.c.content)
            .join(tables.files, tables.files.c.id == tables.originals.c.file_id)
            .where(tables.files.c.sha256 == sha256)
        )
        with self.look() as connection:
            return unpack_original(connection.execute(query).scalar_one())

    def restore(self, source: Engine, after: int) -> None:
        """Hold what another history holds and nothing else, in one transaction, with an event.

        Outputs may be newer than what is held then: what was published is no longer relied on.

        Args:
            source: Opened; it stays as it is.
            after: The last event that was logged: its number, and those before it, are not given
                again, or the log would take what happens next for known.
        """
        with guarded(), source.connect() as there, self.begin() as here:
            last = max(after, next_id(here, tables.events) - 1)
            folders = here.execute(select(tables.folders.c.folder)).scalars().all()
            _copy_tables(there, here)
            # The other folders of this history are to follow as well.
            for folder in folders:
                register_folder(here, folder)
            forget_digests(here)
            note_all_due(here)
            note_event(here, self.now(), "restored", "", {}, after=last)

    def is_sound(self) -> bool:
        """Whether the file of a history holds together; a server looks after itself."""
        if self.engine.dialect.name != "sqlite":
            return True
        with self.look() as connection:
            return connection.exec_driver_sql("PRAGMA quick_check").scalar() == "ok"

    def compact(self) -> None:
        """Overwrite what was deleted, so that it cannot be found in the file any more."""
        if self.engine.dialect.name == "sqlite":
            with guarded(), self.engine.connect() as connection:
                raw = connection.connection.driver_connection
                if raw is not None:
                    raw.execute("VACUUM")
                    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def backup(self, path: Path) -> None:
        """Copy everything into a new SQLite file, also from a server.

        Raises:
            OutputError: There is something of that name, or it cannot be written.
        """
        if path.exists() or path.is_symlink():
            raise OutputError(f"{path} is there already; move it away or give another name")
        target = connect(path)
        try:
            copy_all(self.engine, target)
        except BaseException:
            target.dispose()
            path.unlink(missing_ok=True)
            raise
        target.dispose()


def copy_all(source: Engine, target: Engine) -> None:
    """Copy every table, in place of what the target holds, in one transaction.

    Raises:
        OutputError: Either database cannot be used; the target is as it was.
    """
    with guarded(), source.connect() as there, target.begin() as here:
        _copy_tables(there, here)


def _copy_tables(there: Connection, here: Connection) -> None:
    listed = tables.METADATA.sorted_tables
    for table in reversed(listed):
        here.execute(delete(table))
    for table in listed:
        names = [column.name for column in table.columns]
        rows = there.execution_options(stream_results=True).execute(select(table))
        for part in rows.partitions(10_000):
            insert_many(here, table, names, [tuple(row) for row in part])


class _Places:
    """Where the files of a history stand in their order, whatever the order they came in."""

    def __init__(self, files: tuple[ReceivedFile, ...], ids: list[int]) -> None:
        self._files = files
        self._order = pd.Series(range(len(ids)), index=ids, dtype="int64")
        self._starts = np.cumsum([0, *(file.read for file in files)])[:-1].astype("int64")

    def settle(self, rows: pd.DataFrame, schema: Any) -> pd.DataFrame:
        """Give rows their order, the name of their file, and ids that are unique over files."""
        kinds = schema.column_types()
        rank = rows["file_id"].map(self._order).to_numpy("int64")
        order = np.lexsort((rows["position"].to_numpy(), rank))
        ordered, rank = rows.iloc[order], rank[order]
        names = np.array([file.name for file in self._files], dtype=object)
        starts = self._starts[rank] if len(self._starts) else rank
        settled = ordered.assign(
            source_file=pd.array(names[rank] if len(names) else [], dtype="str"),
            result_id=ordered["result_id"] + starts,
        )
        return settled[list(kinds)].reset_index(drop=True).astype(kinds)


def _require_count(connection: Connection, table: Table, file_id: int, count: int) -> None:
    stored = select(func.count()).select_from(table).where(table.c.file_id == file_id)
    if connection.execute(stored).scalar_one() != count:
        raise RuntimeError("rows given and rows stored differ")


def forget_file(connection: Connection, file_id: int) -> None:
    """Delete everything that is stored of a file."""
    listed: list[Table] = [*(table for _, table in tables.ROWS.values()), tables.originals]
    for table in listed:
        connection.execute(delete(table).where(table.c.file_id == file_id))
    connection.execute(delete(tables.files).where(tables.files.c.id == file_id))
