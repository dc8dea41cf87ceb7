"""The part of the history that tells of itself: runs, events, decisions, what was published."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, select, update
from sqlalchemy.engine import Connection

from pipeline.history.store import tables
from pipeline.history.store.database import Database, next_id
from pipeline.history.store.due import (
    Dues,
    clear_due,
    list_due,
    note_all_due,
    note_due,
    register_folder,
)
from pipeline.history.store.frames import insert_many
from pipeline.history.store.records import Decision, Event, Publication, Run, read_file
from pipeline.history.store.seals import seal_decision, sum_history, sum_typed
from pipeline.ingest.stored_file import ReceivedFile

HISTORY = "history"
"""Key of the id of a history, which is drawn when it is made."""
_PUBLISHED = [column.name for column in tables.published.columns]


class Ledger(Database):
    """What was done, when, and by whom."""

    __slots__ = ()

    def begin_run(
        self,
        started_at: datetime,
        *,
        version: str = "",
        profile: str = "",
        knowledge: str = "",
        folder: str = "",
    ) -> Run:
        """Store that a run has begun; from now on what changes is noted for its output folder."""
        with self.begin() as connection:
            number = next_id(connection, tables.runs, "number")
            run = Run(
                id=f"{started_at:%Y%m%dT%H%M%S}-{number}",
                number=number,
                started_at=started_at,
                version=version,
                profile=profile,
                knowledge_version=knowledge,
                folder=folder,
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
                    folder=folder,
                )
            )
            register_folder(connection, folder)
        return run

    @property
    def id(self) -> str:
        """Tell this history from those of other sites."""
        return str(next(row.value for row in self._all(select(tables.meta)) if row.key == HISTORY))

    def finish_run(
        self, run: Run, basis: str = "", last_due: int = 0, log: tuple[int, str] = (0, "")
    ) -> None:
        """Store that a run has done all that it had to do: what was due till then is in place.

        Args:
            run: The run.
            basis: What the reports rest on besides what is stored.
            last_due: The last note of what was due when the run read what is stored.
            log: Number and seal of the last line of the log.
        """
        finished = update(tables.runs).where(tables.runs.c.id == run.id)
        of_folder = update(tables.folders).where(tables.folders.c.folder == run.folder)
        with self.begin() as connection:
            connection.execute(finished.values(finished_at=self.now()))
            connection.execute(of_folder.values(basis=basis, log_lines=log[0], log_seal=log[1]))
            clear_due(connection, run.folder, last_due)

    def list_runs(self, last: int = 20, folder: str | None = None) -> tuple[Run, ...]:
        """List the last runs, newest first; of one output folder, or of all."""
        query = select(tables.runs).order_by(tables.runs.c.number.desc()).limit(last)
        if folder is not None:
            # Runs of before the folder was stored may be of any.
            query = query.where(tables.runs.c.folder.in_((folder, "")))
        return tuple(map(Run.read, self._all(query)))

    def seal_in_log(self, file: Any) -> str:
        """Give the seal that the log tells of a stored file, whatever stands beside its rows."""
        return self.distrusted.get(file.sha256, str(file.seal))

    def list_due(self, folder: str) -> Dues:
        """Give what has changed and is not in the reports of an output folder yet."""
        with self.look() as connection:
            return list_due(connection, folder)

    def accept(self, folder: str, after: int) -> None:
        """Take what is stored for right, whatever the log says, with an event that says so.

        Args:
            folder: Whose log told otherwise.
            after: The number of the last event in its log.
        """
        with self.begin() as connection:
            of_folder = update(tables.folders).where(tables.folders.c.folder == folder)
            connection.execute(of_folder.values(log_lines=0, log_seal=""))
            facts = {"sealed": sum_history(connection), "typed": sum_typed(connection)}
            note_event(connection, self.now(), "accepted", "", facts, after=after)
            # It says what was published by its own time; other reports may lie there.
            forget_digests(connection)
            note_all_due(connection)

    def basis_of(self, folder: str) -> str:
        """Give what the reports of an output folder rest on; "" where no run has ended there."""
        query = select(tables.folders.c.basis).where(tables.folders.c.folder == folder)
        return next((str(row.basis) for row in self._all(query)), "")

    def distrust_reports(self, folder: str) -> None:
        """Note that every report of an output folder is to be written again, as it is."""
        with self.begin() as connection:
            register_folder(connection, folder)
            forget_digests(connection, folder)
            note_all_due(connection, [folder])

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

    def decide(
        self, kind: str, by: str, patients: Iterable[str], facts: Mapping[str, str]
    ) -> Decision:
        """Store what a person decided; it holds for the files received so far.

        Args:
            kind: Of the decision.
            by: Who decided.
            patients: The patient ids that it is about: their reports are due.
            facts: What it says.
        """
        with self.begin() as connection:
            return self.note_decision(connection, kind, by, patients, facts)

    def note_decision(
        self,
        connection: Connection,
        kind: str,
        by: str,
        patients: Iterable[str],
        facts: Mapping[str, str],
    ) -> Decision:
        """Store what a person decided within a transaction (see `decide`)."""
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
                facts=json.dumps(dict(facts), sort_keys=True),
                last_file=decision.last_file,
            )
        )
        note_due(connection, patients)
        hashes = {name: facts[name] for name in ("sha256", "replaced_by") if name in facts}
        row = connection.execute(
            select(tables.decisions).where(tables.decisions.c.id == decision.id)
        ).one()
        told = {"decision": decision.id, "seal": seal_decision(row), **hashes}
        note_event(connection, self.now(), f"decided-{kind}", "", told)
        return decision

    def list_decisions(self) -> tuple[Decision, ...]:
        """List what was decided, in order."""
        with self.look() as connection:
            return list_decisions(connection)

    def list_published(self, folder: str) -> dict[str, Publication]:
        """Give what was last written to an output folder, by path."""
        query = select(tables.published).where(tables.published.c.folder == folder)
        return {row.path: Publication.read(row) for row in self._all(query)}

    def record_published(self, folder: str, publications: Sequence[Publication]) -> None:
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


def list_decisions(connection: Connection) -> tuple[Decision, ...]:
    """List what was decided, in order, within a transaction."""
    query = select(tables.decisions).order_by(tables.decisions.c.id)
    return tuple(map(Decision.read, connection.execute(query)))


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


def forget_digests(connection: Connection, folder: str | None = None) -> None:
    """Rely no longer on what was published: it may stand there otherwise than was noted.

    The digest stays readable: by it a report that says the same keeps the time of its change.
    """
    columns = tables.published.c
    trusted = columns.digest.not_like("?%") & (columns.digest != "")
    where = trusted if folder is None else trusted & (columns.folder == folder)
    noted = update(tables.published).where(where)
    connection.execute(noted.values(digest="?" + columns.digest))


def _forget(connection: Connection, folder: str, paths: Sequence[str]) -> None:
    columns = tables.published.c
    for path in paths:
        where = (columns.folder == folder, columns.path == path)
        connection.execute(delete(tables.published).where(*where))
