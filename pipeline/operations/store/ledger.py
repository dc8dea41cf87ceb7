"""The part of the history that tells of itself: runs, events, decisions, what was published."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, select, update
from sqlalchemy.engine import Connection

from pipeline.ingest.received import ReceivedFile
from pipeline.operations.store import tables
from pipeline.operations.store.database import Database, next_id
from pipeline.operations.store.frames import insert_many
from pipeline.operations.store.records import Decision, Event, Publication, Run, read_file

_PUBLISHED = [column.name for column in tables.published.columns]


class Ledger(Database):
    """What was done, when, and by whom."""

    __slots__ = ()

    def begin_run(
        self, started_at: datetime, *, version: str = "", profile: str = "", knowledge: str = ""
    ) -> Run:
        """Store that a run has begun."""
        with self.begin() as connection:
            number = next_id(connection, tables.runs, "number")
            run = Run(
                id=f"{started_at:%Y%m%dT%H%M%S}-{number}",
                number=number,
                started_at=started_at,
                version=version,
                profile=profile,
                knowledge_version=knowledge,
            )
            connection.execute(
                tables.runs.insert().values(
                    id=run.id,
                    number=number,
                    started_at=started_at.isoformat(),
                    finished_at="",
                    version=version,
                    profile=profile,
                    knowledge_version=knowledge,
                )
            )
        return run

    def finish_run(self, run_id: str) -> None:
        """Store that a run has done all that it had to do."""
        finished = update(tables.runs).where(tables.runs.c.id == run_id)
        with self.begin() as connection:
            connection.execute(finished.values(finished_at=self.now()))

    def list_runs(self, last: int = 20) -> tuple[Run, ...]:
        """List the last runs, newest first."""
        query = select(tables.runs).order_by(tables.runs.c.number.desc()).limit(last)
        return tuple(map(Run.read, self._all(query)))

    def record_event(self, kind: str, run_id: str = "", **facts: object) -> None:
        """Store that something was done. Facts are counts, hashes and codes; no name, no value."""
        with self.begin() as connection:
            note_event(connection, self.now(), kind, run_id, facts)

    def list_events(self, last: int = 100) -> tuple[Event, ...]:
        """List the last events, newest first."""
        query = select(tables.events).order_by(tables.events.c.id.desc()).limit(last)
        return tuple(map(Event.read, self._all(query)))

    def list_events_after(self, number: int) -> tuple[Event, ...]:
        """List the events after one, oldest first."""
        later = select(tables.events).where(tables.events.c.id > number)
        return tuple(map(Event.read, self._all(later.order_by(tables.events.c.id))))

    def list_files(self) -> tuple[ReceivedFile, ...]:
        """List what was received, in order, without its rows."""
        return tuple(map(read_file, self._all(select(tables.files).order_by(tables.files.c.id))))

    def decide(self, kind: str, by: str, **facts: str) -> Decision:
        """Store what a person decided; it holds for the files received so far."""
        with self.begin() as connection:
            decision = Decision(
                id=next_id(connection, tables.decisions),
                at=self.clock(),
                by=by,
                kind=kind,
                facts=facts,
                last_file=next_id(connection, tables.files) - 1,
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
            number = {"decision": decision.id}
            note_event(connection, self.now(), f"decided-{kind}", "", number)
        return decision

    def list_decisions(self) -> tuple[Decision, ...]:
        """List what was decided, in order."""
        query = select(tables.decisions).order_by(tables.decisions.c.id)
        return tuple(map(Decision.read, self._all(query)))

    def list_published(self, folder: str) -> dict[str, Publication]:
        """Give what was last written to an output folder, by path."""
        query = select(tables.published).where(tables.published.c.folder == folder)
        return {row.path: Publication.read(row) for row in self._all(query)}

    def mark_published(self, folder: str, publications: Sequence[Publication]) -> None:
        """Store what now stands in an output folder, all of it or nothing."""
        rows = [
            (folder, *(getattr(each, name) for name in _PUBLISHED[1:])) for each in publications
        ]
        moments = _PUBLISHED.index("changed_at")
        rows = [(*row[:moments], row[moments].isoformat(), *row[moments + 1 :]) for row in rows]
        with self.begin() as connection:
            _forget(connection, folder, [each.path for each in publications])
            insert_many(connection, tables.published, _PUBLISHED, rows)

    def forget_published(self, folder: str, paths: Sequence[str]) -> None:
        """Store that these paths of an output folder are not written any more."""
        with self.begin() as connection:
            _forget(connection, folder, paths)

    def _all(self, query: Select[Any]) -> Sequence[Any]:
        with self.look() as connection:
            return connection.execute(query).all()


def note_event(
    connection: Connection,
    at: str,
    kind: str,
    run_id: str,
    facts: Mapping[str, object],
    after: int = 0,
) -> None:
    """Store an event within a transaction, with a number greater than `after`."""
    connection.execute(
        tables.events.insert().values(
            id=max(next_id(connection, tables.events), after + 1),
            at=at,
            run_id=run_id,
            kind=kind,
            facts=json.dumps(facts, sort_keys=True),
        )
    )


def _forget(connection: Connection, folder: str, paths: Sequence[str]) -> None:
    columns = tables.published.c
    for path in paths:
        where = (columns.folder == folder, columns.path == path)
        connection.execute(delete(tables.published).where(*where))
