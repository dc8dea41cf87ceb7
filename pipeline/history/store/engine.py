"""Opening the results database: SQLite in a file of its own, or a PostgreSQL server."""

import json
import os
import secrets
import sqlite3
import stat
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Inspector, Table, create_engine, event, func, inspect, select
from sqlalchemy.engine import URL, Connection
from sqlalchemy.pool import StaticPool
from sqlalchemy.schema import CreateColumn

from pipeline.errors import ConfigError, OutputError
from pipeline.files.folder import NotPlainError, is_private_to, open_folder, set_rights
from pipeline.history.store import tables
from pipeline.history.store.database_errors import guarded
from pipeline.history.store.seals import seal_file, sum_history
from pipeline.history.store.server import connect_server

FILE_MODE, FOLDER_MODE = 0o600, 0o700
READS = "labflag_reads"
"""Option of a connection that will not write."""
_BUSY_SECONDS = 30
_SIDE_FILES = ("-wal", "-shm", "-journal")
_EARLIEST = 1
_MIGRATION = 0x6C61_6266_6C61_67
"""Number of the lock of a server under which tables are made: "labflag" in ASCII."""


def connect(place: str | Path | None) -> Engine:
    """Open a database and give it the tables it lacks.

    Args:
        place: A file, which is made if it is missing; a URL of PostgreSQL; None: in memory.

    Raises:
        ConfigError: The URL cannot be used, or a newer labflag made the database.
        OutputError: The database cannot be opened, made or changed.
    """
    engine = connect_server(place) if is_url(place) else _connect_file(place)
    try:
        with guarded(), engine.begin() as connection:
            _migrate(connection)
    except BaseException:
        engine.dispose()
        raise
    return engine


def connect_copy(path: Path) -> Engine:
    """Open a copy in memory of a file, which stays as it is.

    Raises:
        ConfigError: A newer labflag made it.
        OutputError: It is no history.
    """
    engine = connect(None)
    with guarded():
        # Nothing is laid beside a copy, nor is it where no file may be made; the history of a site
        # that is in use has files beside it that belong to it.
        is_whole = not any(path.with_name(path.name + each).exists() for each in _SIDE_FILES)
        how = "immutable=1" if is_whole else "mode=ro"
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True)) as source:
            found = source.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if not {tables.meta.name, tables.files.name} <= {name for (name,) in found}:
                raise OutputError(f"{path.name} holds no history")
            with engine.connect() as connection:
                target: Any = connection.connection.driver_connection
                source.backup(target)
        with engine.begin() as connection:
            _migrate(connection)
    return engine


def fold_file(path: Path) -> None:
    """Take what stands in the side files of a database into its file, so that it can be moved.

    Raises:
        OutputError: Another program uses the database, or it cannot be read.
    """
    with guarded(), closing(sqlite3.connect(path, timeout=_BUSY_SECONDS)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")


def is_url(place: object) -> bool:
    """Whether a place names a server rather than a file."""
    return isinstance(place, str) and "://" in place


def _connect_file(place: str | Path | None) -> Engine:
    if place is None:
        url = URL.create("sqlite")
    else:
        path = Path(place)
        _make_private(path)
        url = URL.create("sqlite", database=str(path))
    engine = create_engine(
        url,
        # One process, one connection: what is said of it holds until it is closed.
        poolclass=StaticPool,
        connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False},
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _: object) -> None:
        # Transactions begin where we say so, not where the driver guesses.
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        if place is not None:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reads = connection.get_execution_options().get(READS)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _make_private(path: Path) -> None:
    """Make an empty file that nobody else can read; SQLite gives its side files the same mode.

    A link is refused, also in the place of a side file: SQLite would follow it.
    """
    try:
        path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        with open_folder(path.parent, follow=True) as folder:
            descriptor = folder.open(path.name, os.O_CREAT | os.O_RDWR, FILE_MODE)
            try:
                if is_private_to(os.fstat(descriptor)):
                    set_rights(descriptor, FILE_MODE)
            finally:
                os.close(descriptor)
            for ending in _SIDE_FILES:
                with suppress(FileNotFoundError):
                    if not stat.S_ISREG(folder.stat(path.name + ending).st_mode):
                        raise NotPlainError
    except OSError as error:
        raise OutputError(f"the history cannot be opened: {path}: {error.strerror}") from None


def _migrate(connection: Connection) -> None:
    """Bring an older database into the present form.

    Raises:
        ConfigError: It was made by a newer labflag.
    """
    if connection.dialect.name == "postgresql":
        # Two first runs at once: the second waits until the tables are there.
        connection.execute(select(func.pg_advisory_xact_lock(_MIGRATION)))
    inspector: Inspector = inspect(connection)
    present = set(inspector.get_table_names())
    version = tables.VERSION
    if tables.meta.name in present:
        found = connection.execute(
            select(tables.meta.c.value).where(tables.meta.c.key == "version")
        ).scalar()
        version = int(found or _EARLIEST)
    if version > tables.VERSION:
        raise ConfigError("the history was made by a newer labflag; install that one")
    tables.METADATA.create_all(connection)
    is_unsealed = tables.files.name in present and "seal" not in _columns(inspector, tables.files)
    older = [table for table in tables.METADATA.tables.values() if table.name in present]
    added = [_add_columns(connection, inspector, table) for table in older]
    if is_unsealed:
        _seal_all(connection)
    if any(added) or version != tables.VERSION:
        # What is stored has another form: every report is made again of it.
        connection.execute(tables.folders.update().values(basis=""))
    known = connection.execute(select(tables.meta.c.key)).scalars().all()
    if "history" not in known:
        connection.execute(tables.meta.insert().values(key="history", value=secrets.token_hex(16)))
    connection.execute(tables.meta.delete().where(tables.meta.c.key == "version"))
    connection.execute(tables.meta.insert().values(key="version", value=str(tables.VERSION)))


def _columns(inspector: Inspector, table: Table) -> set[str]:
    return {column["name"] for column in inspector.get_columns(table.name)}


def _seal_all(connection: Connection) -> None:
    """Seal what was stored before there were seals, and tell of it."""
    for number in connection.execute(select(tables.files.c.id)).scalars().all():
        seal_file(connection, number)
    facts = json.dumps({"sealed": sum_history(connection)})
    last = connection.execute(select(func.max(tables.events.c.id))).scalar() or 0
    event = {"id": last + 1, "at": datetime.now().isoformat(), "run_id": "", "kind": "sealed-first"}
    connection.execute(tables.events.insert().values(**event, facts=facts))


def _add_columns(connection: Connection, inspector: Inspector, table: Table) -> bool:
    """Add the columns that a table has been given since; what stands in it keeps their default.

    Returns:
        Whether any was missing.
    """
    known = _columns(inspector, table)
    quote = connection.dialect.identifier_preparer.quote
    missing = [column for column in table.columns if column.name not in known]
    for column in missing:
        clause = CreateColumn(column).compile(dialect=connection.dialect)
        connection.exec_driver_sql(f"ALTER TABLE {quote(table.name)} ADD COLUMN {clause}")
    return bool(missing)
