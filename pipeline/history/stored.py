"""The history: every result ever received, each file in one transaction; reports come from it."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pandas as pd
from sqlalchemy import Engine, Table, delete, func, select, update
from sqlalchemy.engine import Connection

from pipeline.errors import OutputError
from pipeline.history.broken_patients import balance
from pipeline.history.originals import (
    Original,
    keep_original,
    pack_original,
    pack_returned,
    unpack_original,
)
from pipeline.history.patient_ids import WITH_RESULTS, list_people
from pipeline.history.reassign import REASSIGN, reassign_results
from pipeline.history.row_order import RowOrder, name_replaced
from pipeline.history.store import tables
from pipeline.history.store.copies import write_aside
from pipeline.history.store.database import Clock, next_id
from pipeline.history.store.database_errors import guarded
from pipeline.history.store.due import note_all_due, note_due, register_folder
from pipeline.history.store.engine import connect
from pipeline.history.store.frames import insert_many, read_rows, write_rows
from pipeline.history.store.ledger import (
    HISTORY,
    Ledger,
    forget_digests,
    list_decisions,
    note_event,
)
from pipeline.history.store.records import Decision, read_file
from pipeline.history.store.seals import (
    Key,
    Tally,
    digest_rows,
    find_broken,
    seal_file,
    sum_history,
    sum_typed,
)
from pipeline.history.withdrawals import UNDO, WITHDRAW, leave_out, list_withdrawn
from pipeline.ingest.dataset import Dataset, Ingested
from pipeline.ingest.file_names import show_name
from pipeline.ingest.stored_file import ReceivedFile, distinguish_names
from pipeline.issues import all_issues, issue_of_file
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
        which results were deleted are never read again; those are that were stored and are not
        as they were sealed.
        """
        with self.look() as connection:
            found = connection.execute(
                select(tables.files).where(tables.files.c.sha256 == sha256)
            ).first()
            if found is not None and not self._is_sealed(connection, found):
                return False
            if found is not None:
                return basis is None or found.basis == basis or found.purged > 0
            buried = select(tables.tombstones.c.sha256).where(tables.tombstones.c.sha256 == sha256)
            return connection.execute(buried).first() is not None

    def commit(
        self, file: Ingested, run_id: str, basis: str = "", *, is_dropped: bool = False
    ) -> None:
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
            self._store(connection, file, run_id, basis, is_dropped=is_dropped)
        # Read again, it is what the log tells of.
        sha256 = file.file.sha256
        self.distrusted = {name: seal for name, seal in self.distrusted.items() if name != sha256}

    def store_replacement(
        self, old: ReceivedFile, file: Ingested, by: str, basis: str = ""
    ) -> None:
        """Store a file and take back the one in whose place it is put, in one transaction."""
        is_known = self.has_file(file.file.sha256, basis)
        with self.begin() as connection:
            if not is_known:
                self._store(connection, file, "", basis)
            self._withdraw(connection, old, by, file.file.sha256)

    def _store(
        self,
        connection: Connection,
        file: Ingested,
        run_id: str,
        basis: str,
        *,
        is_dropped: bool = False,
    ) -> None:
        of_file = select(tables.files).where(tables.files.c.sha256 == file.file.sha256)
        former = connection.execute(of_file).first()
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
                dropped=is_dropped or (former is not None and former.dropped),
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
            "seal": seal_file(connection, file_id),
            "seal_before": "" if former is None else self.seal_in_log(former),
        }
        note_event(connection, self.now(), "file-received", run_id, facts)
        note_due(connection, concerned | list_people(connection, decisions, file_id))

    def _read_sealed(
        self, connection: Connection, files: Sequence[Any]
    ) -> tuple[dict[str, pd.DataFrame], set[Key]]:
        """Read all rows but those that are not as they were sealed; give where these are."""
        tally = Tally()
        frames: dict[str, pd.DataFrame] = {}
        try:
            for name, (schema, table) in tables.ROWS.items():
                frames[name] = read_rows(connection, table, schema, tally.add)
            digests, failed = tally.digests(), None
        except (ValueError, TypeError, OverflowError) as error:
            # What somebody wrote from outside need not even be of the right type.
            digests, failed = digest_rows(connection), error
        broken = find_broken(connection, digests, files)
        numbers = {row.id for row in files if row.sha256 in self.distrusted}
        broken |= {(number, "") for number in numbers}
        broken |= {key for key in digests if key[0] in numbers}
        if failed is not None and not broken:
            raise failed
        if broken:
            frames = {
                name: read_rows(connection, table, schema, without=broken)
                for name, (schema, table) in tables.ROWS.items()
            }
        return frames, broken

    def require_sealed(self) -> None:
        """Refuse to seal again what was changed from outside.

        Raises:
            OutputError: A stored file is not as it was sealed.
        """
        with self.look() as connection:
            files = connection.execute(select(tables.files)).all()
            is_whole = not find_broken(connection, digest_rows(connection), files)
        if self.distrusted or not is_whole:
            raise OutputError(
                "stored results were changed from outside: nothing is deleted until they are "
                "mended. `labflag audit verify` says where, issues.csv what to do"
            )

    def _is_sealed(self, connection: Connection, row: Any) -> bool:
        """Whether a stored file is as it was sealed, and sealed as the log tells."""
        is_trusted = row.sha256 not in self.distrusted
        return is_trusted and not find_broken(connection, digest_rows(connection, row.id), [row])

    def list_people(self, file: ReceivedFile | None = None) -> set[str]:
        """List the patient ids of which anything is stored, or of which one file tells."""
        with self.look() as connection:
            if file is not None:
                return self._concerned(connection, file)
            return list_people(connection, list_decisions(connection))

    def load(self) -> Dataset:
        """Give everything stored, as if all files had been read together.

        Order and `result_id` do not depend on the order in which the files came. Results of one
        patient cannot be judged without everybody's: a specimen may stand under two ids.
        """
        with self.look() as connection:
            listed = connection.execute(select(tables.files)).all()
            frames, broken = self._read_sealed(connection, listed)
            decisions = list_decisions(connection)
        received = {int(row.id): read_file(row) for row in listed}
        if broken:
            received, frames = balance(received, frames, broken)
        for name in WITH_RESULTS:
            frames[name] = reassign_results(frames[name], decisions)
        left = leave_out(received, frames, list_withdrawn(decisions))
        files = distinguish_names(left.files)
        numbered = {file.sha256: number for number, file in received.items()}
        places = RowOrder(files, [numbered[file.sha256] for file in files])
        names = {file.sha256: file.name for file in files}
        issues = cast(DataFrame[Issues], places.settle(left.frames["issues"], Issues))
        said = [issue_of_file(names[sha256], "hold-withdrawn") for sha256 in left.answered]
        in_doubt = {received[number].sha256 for number, _ in broken if number in received}
        said += [issue_of_file(names[each], "file-changed") for each in in_doubt & names.keys()]
        return Dataset(
            files=files,
            results=cast(DataFrame[Results], places.settle(left.frames["results"], Results)),
            held=cast(DataFrame[Held], places.settle(left.frames["held"], Held)),
            issues=all_issues(issues, *said) if said else issues,
            observations=cast(
                DataFrame[Observations], places.settle(left.frames["observations"], Observations)
            ),
            withdrawn=left.withdrawn,
            broken=_list_owners(broken, decisions),
            replaced=name_replaced(left.replaced, received, files),
        )

    def withdraw(self, file: ReceivedFile, by: str, in_place: str = "") -> None:
        """Take a file back, with an event: none of its results counts until that is undone.

        Args:
            file: One that is stored.
            by: Who decided.
            in_place: The hash of the file that was put in its place.
        """
        with self.begin() as connection:
            self._withdraw(connection, file, by, in_place)

    def _withdraw(self, connection: Connection, file: ReceivedFile, by: str, in_place: str) -> None:
        facts = {"sha256": file.sha256} | ({"replaced_by": in_place} if in_place else {})
        self.note_decision(connection, WITHDRAW, by, self._concerned(connection, file), facts)

    def undo_withdrawal(self, file: ReceivedFile, by: str) -> None:
        """Let the results of a file count again that was taken back, with an event."""
        with self.begin() as connection:
            concerned = self._concerned(connection, file)
            self.note_decision(connection, UNDO, by, concerned, {"sha256": file.sha256})

    def _concerned(self, connection: Connection, file: ReceivedFile) -> set[str]:
        """List the patients of a file, and of the rows of it that were handed back."""
        decisions = list_decisions(connection)
        numbers = [
            row.id
            for row in connection.execute(select(tables.files)).all()
            if row.sha256 == file.sha256 or file.sha256[:8] in row.returned
        ]
        people = [list_people(connection, decisions, number) for number in numbers]
        return set().union(*people)

    def list_bases(self) -> dict[str, str]:
        """List on what the reading of each file rested, by its hash."""
        return {row.sha256: row.basis for row in self._all(select(tables.files))}

    def rows_of(self, sha256: str) -> dict[str, pd.DataFrame]:
        """Give the rows of one file as they are stored, by table."""
        where = tables.files.c.sha256 == sha256
        with self.look() as connection:
            number = connection.execute(select(tables.files.c.id).where(where)).scalar_one()
            return {
                name: read_rows(connection, table, schema, file_id=number)
                for name, (schema, table) in tables.ROWS.items()
            }

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
            ours = here.execute(
                select(tables.meta.c.value).where(tables.meta.c.key == HISTORY)
            ).scalar_one()
            _copy_tables(there, here)
            # It stays the history of this site, also with a copy of another one's.
            of_id = update(tables.meta).where(tables.meta.c.key == HISTORY)
            here.execute(of_id.values(value=ours))
            here.execute(update(tables.folders).values(log_lines=0, log_seal=""))
            # The other folders of this history are to follow as well.
            for folder in folders:
                register_folder(here, folder)
            forget_digests(here)
            note_all_due(here)
            facts = {"sealed": sum_history(here), "typed": sum_typed(here)}
            note_event(here, self.now(), "restored", "", facts, after=last)

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
        with write_aside(path) as aside:
            target = connect(aside)
            try:
                copy_all(self.engine, target)
            finally:
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


def _list_owners(broken: Iterable[Key], decisions: Sequence[Decision]) -> frozenset[str]:
    """Return the patients whose rows are not as sealed, as stored and after all decisions.

    Where one specimen was moved, nobody knows whether it is its rows that were changed: whoever
    it was moved to is among them.
    """
    moves = [decision for decision in decisions if decision.kind == REASSIGN]
    owners: set[str] = set()
    for number, patient in broken:
        names = {patient} if patient else set()
        for move in moves:
            if number <= move.last_file and move.facts["old"] in names:
                names.add(move.facts["new"])
        owners |= names
    return frozenset(owners)


def _require_count(connection: Connection, table: Table, file_id: int, count: int) -> None:
    stored = select(func.count()).select_from(table).where(table.c.file_id == file_id)
    if connection.execute(stored).scalar_one() != count:
        raise RuntimeError("rows given and rows stored differ")


def forget_file(connection: Connection, file_id: int) -> None:
    """Delete everything that is stored of a file."""
    listed: list[Table] = [table for _, table in tables.ROWS.values()]
    listed += [tables.originals, tables.seals]
    for table in listed:
        connection.execute(delete(table).where(table.c.file_id == file_id))
    connection.execute(delete(tables.files).where(tables.files.c.id == file_id))
