"""One connection to the results database, in transactions that are all or nothing."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Self

from sqlalchemy import Engine, Table, func, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from pipeline.history.store.database_errors import guarded
from pipeline.history.store.engine import READS

Clock = Callable[[], datetime]


@dataclass(slots=True)
class Database:
    """The database, open. One process at a time may write to it (see `lock`)."""

    engine: Engine
    clock: Clock
    """Gives the local time."""
    distrusted: Mapping[str, str] = field(default_factory=dict)
    """Stored files whose seals are not those that the log tells of: hash → seal by the log."""
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
            # A server that is gone has undone it by itself.
            with suppress(SQLAlchemyError):
                self._outer.rollback()
                self._outer.close()
            self._outer = None
        self.engine.dispose()

    @property
    def is_rehearsing(self) -> bool:
        """Whether everything will be undone."""
        return self._outer is not None

    def rehearse(self) -> None:
        """From now on let everything that is stored be undone when the database is closed."""
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
    def look(self) -> Iterator[Connection]:
        """Give a connection that only reads, beside which others may write."""
        with guarded():
            if self._outer is not None:
                yield self._outer
                return
            with self.engine.connect() as connection:
                yield connection.execution_options(**{READS: True})

    def now(self) -> str:
        """Give the time as it is stored."""
        return self.clock().isoformat()


def next_id(connection: Connection, table: Table, column: str = "id") -> int:
    """Give the number after the greatest one."""
    greatest = func.coalesce(func.max(table.c[column]), 0)
    return int(connection.execute(select(greatest)).scalar_one()) + 1
