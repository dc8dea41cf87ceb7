"""The history: every result ever received, each file in one transaction; reports come from it."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import numpy as np
import pandas as pd
from sqlalchemy import Engine, Table, delete, func, select, update
from sqlalchemy.engine import Connection

from pipeline.errors import OutputError
from pipeline.ingest.intake import Ingested, Intake
from pipeline.ingest.originals import (
    Original,
    keep_original,
    pack_original,
    pack_returned,
    unpack_original,
    unpack_returned,
)
from pipeline.ingest.received import ReceivedFile, tell_apart
from pipeline.operations.store import tables
from pipeline.operations.store.engine import READS, connect, guarded
from pipeline.operations.store.frames import insert_many, read_rows, write_rows
from schemas import DataFrame, Held, Issues, Observations, Results

FILE_NAME = "labflag.db"

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that was done, for the audit: what kind, when, by which run."""

    id: int
    at: datetime
    run_id: str
    kind: str
    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a person decided about stored results, and up to which file it holds."""

    id: int
    at: datetime
    by: str
    kind: str
    facts: Mapping[str, str]
    last_file: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What was last written to a path of an output folder."""

    path: str
    subject: str
    """Patient id; "" for what concerns all of them."""
    digest: str
    """Hash of what it says."""
    changed_at: datetime
    """When what it says last changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run over the history."""

    id: str
    started_at: datetime
    version: str = ""
    profile: str = ""
    knowledge_version: str = ""
    finished_at: datetime | None = None


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
    return History(connect(place), place, clock)


@dataclass(slots=True)
class History:
    """The results database. One process at a time may write to it (see `lock`)."""

    engine: Engine
    place: str | Path | None
    clock: Clock
    _outer: Connection | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database; what was rehearsed is undone."""
        if self._outer is not None:
            self._outer.rollback()
            self._outer.close()
            self._outer = None
        self.engine.dispose()

    def rehearse(self) -> None:
        """From now on let everything that is stored be undone when the history is closed."""
        with guarded():
            self._outer = self.engine.connect()
            self._outer.begin()

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Give a connection in one transaction: all of it is stored, or nothing."""
        with guarded():
            if self._outer is not None:
                with self._outer.begin_nested():
                    yield self._outer
                return
            with self.engine.begin() as connection:
                if connection.dialect.name == "postgresql":
                    connection.exec_driver_sql("LOCK TABLE files IN EXCLUSIVE MODE")
                yield connection

    @contextmanager
    def _look(self) -> Iterator[Connection]:
        """Give a connection that only reads, beside which others may write."""
        with guarded():
            if self._outer is not None:
                yield self._outer
                return
            with self.engine.connect() as connection:
                yield connection.execution_options(**{READS: True})

    def has_file(self, sha256: str, basis: str | None = None) -> bool:
        """Whether these bytes were received, or received and deleted for their age.

        With `basis`: whether reading them again would rest on the same knowledge. Bytes of
        which results were deleted are never read again.
        """
        with self._look() as connection:
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
                select(tables.files.c.id).where(tables.files.c.sha256 == file.file.sha256)
            ).scalar()
            if former is not None:
                _delete_file(connection, former)
            file_id = former or _next_id(connection, tables.files)
            received = file.remember()
            connection.execute(
                tables.files.insert().values(
                    id=file_id,
                    sha256=received.sha256,
                    # Folders differ from run to run; the hash tells files of one name apart.
                    name=file.file.path.name,
                    size=received.size,
                    received_at=self._now(),
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
            self._note(connection, "file-received", run_id, facts)

    def load(self) -> Intake:
        """Give everything stored, as if all files had been read together.

        Order and `result_id` do not depend on the order in which the files came. Results of one
        patient cannot be judged without everybody's: a specimen may stand under two ids.
        """
        with self._look() as connection:
            listed = connection.execute(select(tables.files)).all()
            frames = {
                name: read_rows(connection, table, schema)
                for name, (schema, table) in tables.ROWS.items()
            }
        files = tell_apart([_received(row) for row in listed])
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
        with self._look() as connection:
            return unpack_original(connection.execute(query).scalar_one())

    def begin_run(self, run: Run) -> None:
        """Store that a run has begun."""
        with self.begin() as connection:
            connection.execute(
                tables.runs.insert().values(
                    id=run.id,
                    started_at=run.started_at.isoformat(),
                    finished_at="",
                    version=run.version,
                    profile=run.profile,
                    knowledge_version=run.knowledge_version,
                )
            )

    def finish_run(self, run_id: str) -> None:
        """Store that a run has done all that it had to do."""
        with self.begin() as connection:
            connection.execute(
                update(tables.runs)
                .where(tables.runs.c.id == run_id)
                .values(finished_at=self._now())
            )

    def list_runs(self, last: int = 20) -> tuple[Run, ...]:
        """List the last runs, newest first."""
        query = select(tables.runs).order_by(tables.runs.c.started_at.desc()).limit(last)
        with self._look() as connection:
            return tuple(
                Run(
                    id=row.id,
                    started_at=datetime.fromisoformat(row.started_at),
                    version=row.version,
                    profile=row.profile,
                    knowledge_version=row.knowledge_version,
                    finished_at=datetime.fromisoformat(row.finished_at)
                    if row.finished_at
                    else None,
                )
                for row in connection.execute(query)
            )

    def record_event(self, kind: str, run_id: str = "", **facts: object) -> None:
        """Store that something was done. Facts are counts, hashes and codes; no name, no value."""
        with self.begin() as connection:
            self._note(connection, kind, run_id, facts)

    def list_events(self, last: int = 100) -> tuple[Event, ...]:
        """List the last events, newest first."""
        query = select(tables.events).order_by(tables.events.c.id.desc()).limit(last)
        with self._look() as connection:
            return tuple(
                Event(
                    id=row.id,
                    at=datetime.fromisoformat(row.at),
                    run_id=row.run_id,
                    kind=row.kind,
                    facts=json.loads(row.facts),
                )
                for row in connection.execute(query)
            )

    def decide(self, kind: str, by: str, **facts: str) -> Decision:
        """Store what a person decided; it holds for the files received so far."""
        with self.begin() as connection:
            decision = Decision(
                id=_next_id(connection, tables.decisions),
                at=self.clock(),
                by=by,
                kind=kind,
                facts=facts,
                last_file=_next_id(connection, tables.files) - 1,
            )
            connection.execute(
                tables.decisions.insert().values(
                    id=decision.id,
                    at=decision.at.isoformat(),
                    by=by,
                    kind=kind,
                    facts=json.dumps(facts, sort_keys=True),
                    last_file=decision.last_file,
                )
            )
            self._note(connection, f"decided-{kind}", "", {"decision": decision.id})
        return decision

    def list_decisions(self) -> tuple[Decision, ...]:
        """List what was decided, in order."""
        query = select(tables.decisions).order_by(tables.decisions.c.id)
        with self._look() as connection:
            return tuple(
                Decision(
                    id=row.id,
                    at=datetime.fromisoformat(row.at),
                    by=row.by,
                    kind=row.kind,
                    facts=json.loads(row.facts),
                    last_file=row.last_file,
                )
                for row in connection.execute(query)
            )

    def list_published(self, folder: str) -> dict[str, Publication]:
        """Give what was last written to an output folder, by path."""
        query = select(tables.published).where(tables.published.c.folder == folder)
        with self._look() as connection:
            return {
                row.path: Publication(
                    path=row.path,
                    subject=row.subject,
                    digest=row.digest,
                    changed_at=datetime.fromisoformat(row.changed_at),
                )
                for row in connection.execute(query)
            }

    def mark_published(self, folder: str, *publications: Publication) -> None:
        """Store what now stands in an output folder, all of it or nothing."""
        names = ("folder", "path", "subject", "digest", "changed_at")
        rows: list[tuple[Any, ...]] = [
            (folder, each.path, each.subject, each.digest, each.changed_at.isoformat())
            for each in publications
        ]
        with self.begin() as connection:
            _delete_published(connection, folder, [each.path for each in publications])
            insert_many(connection, tables.published, names, rows)

    def forget_published(self, folder: str, *paths: str) -> None:
        """Store that these paths of an output folder are not written any more."""
        with self.begin() as connection:
            _delete_published(connection, folder, paths)

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

    def _now(self) -> str:
        return self.clock().isoformat()

    def _note(
        self, connection: Connection, kind: str, run_id: str, facts: Mapping[str, object]
    ) -> None:
        connection.execute(
            tables.events.insert().values(
                id=_next_id(connection, tables.events),
                at=self._now(),
                run_id=run_id,
                kind=kind,
                facts=json.dumps(facts, sort_keys=True),
            )
        )


def copy_all(source: Engine, target: Engine) -> None:
    """Copy every table, in place of what the target holds, in one transaction.

    Raises:
        OutputError: Either database cannot be used; the target is as it was.
    """
    listed = tables.METADATA.sorted_tables
    with guarded(), source.connect() as there, target.begin() as here:
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


def _received(row: Any) -> ReceivedFile:
    return ReceivedFile(
        name=row.name,
        sha256=row.sha256,
        size=row.size,
        layouts=tuple(json.loads(row.layouts)),
        read=row.read,
        held=row.held,
        ignored=row.ignored,
        purged=row.purged,
        returned=tuple(map(unpack_returned, json.loads(row.returned))),
        received_at=datetime.fromisoformat(row.received_at),
    )


def _next_id(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one()) + 1


def _require_count(connection: Connection, table: Table, file_id: int, count: int) -> None:
    stored = select(func.count()).select_from(table).where(table.c.file_id == file_id)
    if connection.execute(stored).scalar_one() != count:
        raise RuntimeError("rows given and rows stored differ")


def _delete_published(connection: Connection, folder: str, paths: Iterable[str]) -> None:
    published = tables.published.c
    for path in paths:
        where = (published.folder == folder, published.path == path)
        connection.execute(delete(tables.published).where(*where))


def _delete_file(connection: Connection, file_id: int) -> None:
    for _, table in tables.ROWS.values():
        connection.execute(delete(table).where(table.c.file_id == file_id))
    connection.execute(delete(tables.originals).where(tables.originals.c.file_id == file_id))
    connection.execute(delete(tables.files).where(tables.files.c.id == file_id))
