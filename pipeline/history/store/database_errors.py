"""What a database complains of, as a sentence that says what to do; it never quotes a cell."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DataError, SQLAlchemyError

from pipeline.errors import OutputError

_ALLOW = "; let its administrator raise that for this user"
# By the first two characters of SQLSTATE, or all five; the longest that fits is told. See the
# table of error codes in the manual of PostgreSQL.
_SERVER = {
    "08": "the connection to its server was lost",
    "25006": "its server takes no writes: it is a standby, is being restored, or was set so; name "
    "the one that takes them with --history, or let its administrator end that",
    "25P03": "its server ended the connection by idle_in_transaction_session_timeout" + _ALLOW,
    "25P04": "its server ended the connection by transaction_timeout" + _ALLOW,
    "28": "its server does not let this user in; see user, password and pg_hba.conf",
    "3D": "its server has no database of that name",
    "40": "another program has written at the same time; run again",
    "42": "a table of it is missing, is another, or may not be used by this user; see its rights "
    "on the server, or `labflag restore`",
    "53100": "the disk of its server is full; free some space there",
    "53200": "its server has too little memory",
    "53300": "its server has no connection left; end others, or let its administrator allow more "
    "(max_connections)",
    "53": "its server has too little of something; its log says of what",
    "55P03": "another program has kept it locked for longer than lock_timeout; run again later",
    "57014": "its server cancelled a statement, mostly by statement_timeout" + _ALLOW,
    "57P05": "its server ended the connection by idle_session_timeout" + _ALLOW,
    "57": "its server was stopped, is just starting, or ended the connection",
    "58": "its server cannot read or write its files; its log says which",
    "XX": "it is damaged, or its server is; the log of the server says how, and see `labflag "
    "restore`",
}
# A connection that never was, or that broke off, has no code, and a text in any language.
_NO_SERVER = (
    "its server cannot be reached: it does not run, is just starting, ended the connection, has no "
    "connection left, or does not let this user in; its log says which"
)
_GOES_ON = "What is stored stays; the next run goes on from there"
_FILE = {
    "OperationalError": "it is locked, full, too slow, or must not be written",
    "IntegrityError": "another run has written at the same time; run again",
    "DatabaseError": "it is damaged; see `labflag restore`",
}


@contextmanager
def guarded() -> Iterator[None]:
    """Turn what the database complains of into a sentence; it might quote a patient's data.

    Raises:
        OutputError: The database cannot be used.
        RuntimeError: What was given does not fit into it, which is no fault of the database.
    """
    try:
        yield
    except (DataError, sqlite3.DataError):
        raise RuntimeError("what is to be stored does not fit into the history") from None
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise OutputError(f"the history cannot be used: {explain_complaint(error)}") from None


def explain_complaint(error: Exception) -> str:
    """Say what a complaint of a database means, and what to do."""
    cause = getattr(error, "orig", None) or error
    if hasattr(cause, "sqlstate"):
        return f"{_explain_state(cause.sqlstate or '')}. {_GOES_ON}"
    # By its kind in the standard for drivers: they have kinds of their own below those.
    kinds = [kind.__name__ for kind in type(cause).__mro__]
    return next((_FILE[kind] for kind in kinds if kind in _FILE), kinds[0])


def _explain_state(state: str) -> str:
    if state.startswith("23"):
        return _SERVER["40"]
    found = [_SERVER[known] for known in (state, state[:2]) if known in _SERVER]
    if state and not found:
        return f"its server answers with error {state}; its log says more"
    return found[0] if found else _NO_SERVER
