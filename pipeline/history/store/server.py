"""A PostgreSQL server as a place of the history: how it is connected to, and how long it may take.

Whatever a server does not answer in time, or ends, is an error that the next run mends; what must
not be is a run that waits for ever, or a lock of a run that is no more.
"""

import logging
import os
from collections.abc import Collection
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from pipeline.errors import ConfigError

# How the library of the client connects: seconds until it gives up, and until it notices that a
# machine on the way is gone.
_CLIENT = {
    "connect_timeout": 15,
    "keepalives_idle": 60,
    "keepalives_interval": 10,
    "keepalives_count": 6,
}
# What the server is asked to end by itself, where its administrator has said nothing. The last
# three end the transaction of a machine that was switched off, and with it all its locks.
_SESSION = {
    "statement_timeout": "15min",
    "lock_timeout": "2min",
    "idle_in_transaction_session_timeout": "1h",
    "tcp_keepalives_idle": "60",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "6",
}
_ENCODING = "UTF8"
_LOGGERS = ("psycopg", "sqlalchemy")


def connect_server(place: object) -> Engine:
    """Prepare the connection to a server; it is made when it is needed.

    Raises:
        ConfigError: The URL cannot be used.
    """
    try:
        url = make_url(str(place))
        if url.drivername != "postgresql+psycopg":
            raise ConfigError(
                "--history takes a file, or a URL that begins with postgresql+psycopg://"
            )
        engine = create_engine(
            url,
            hide_parameters=True,
            connect_args=_choose(set(url.query)),
            # A server that was started anew between two transactions is not even noticed.
            pool_pre_ping=True,
        )
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError):
        # Not chained: a URL may hold a password.
        raise ConfigError(
            "--history: the URL cannot be used; it reads "
            "postgresql+psycopg://user@host/database and needs `pip install labflag[postgres]`"
        ) from None
    event.listen(engine, "connect", _set_up)
    for name in _LOGGERS:
        # What fails is raised, and said by us; what they write besides might quote a row.
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return engine


def _choose(given: Collection[str]) -> dict[str, int]:
    """Choose what the site has not said itself, in the URL or for all programs of the user."""
    known = {*given, *(["connect_timeout"] if "PGCONNECT_TIMEOUT" in os.environ else [])}
    return {name: value for name, value in _CLIENT.items() if name not in known}


def _set_up(connection: Any, _: object) -> None:
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != _ENCODING:
        raise ConfigError(
            f"the database of the history is in {encoding}, which cannot hold every name; make "
            f"one with ENCODING '{_ENCODING}'"
        )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config(name, wanted, false) FROM pg_settings "
            "JOIN unnest(%s::text[], %s::text[]) AS given (of, wanted) ON name = of "
            "WHERE source = 'default'",
            ([*_SESSION], [*_SESSION.values()]),
        )
    connection.commit()
