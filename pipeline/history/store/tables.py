"""The tables of the results database; those of results are made from the hand-over tables."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)
from sqlalchemy.types import TypeEngine

from schemas import Held, Issues, Observations, Results
from schemas.table import Table as Schema

VERSION = 3
"""Of the form of the database; a change other than a new table or column needs a step in
`migrate`."""

METADATA = MetaData()

_KINDS: dict[str, TypeEngine[Any]] = {
    "str": Text(),
    "int64": BigInteger(),
    "Int64": BigInteger(),
    "float64": Double(),
    "Float64": Double(),
    "bool": Boolean(),
    "boolean": Boolean(),
    # ISO 8601, which people and both databases read and sort alike.
    "datetime64[us]": Text(),
}

meta = Table(
    "meta",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

files = Table(
    "files",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("sha256", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("received_at", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    # What the reading rested on; the same bytes are read again only if it has changed.
    Column("basis", Text, nullable=False),
    Column("layouts", Text, nullable=False),
    Column("read", BigInteger, nullable=False),
    Column("held", BigInteger, nullable=False),
    Column("ignored", BigInteger, nullable=False),
    Column("purged", BigInteger, nullable=False),
    Column("returned", Text, nullable=False),
    # Over all that is stored of it (see `store.seals`).
    Column("seal", Text, nullable=False, server_default=""),
    # Whether it came through an inbox, so that its bytes lie in the archive.
    Column("dropped", Boolean, nullable=False, server_default="0"),
)

# One digest for each patient of a file, over its rows.
seals = Table(
    "seals",
    METADATA,
    Column("file_id", Integer, ForeignKey("files.id", ondelete="CASCADE"), primary_key=True),
    Column("patient_id", Text, primary_key=True),
    Column("digest", Text, nullable=False),
)

originals = Table(
    "originals",
    METADATA,
    Column("file_id", Integer, ForeignKey("files.id", ondelete="CASCADE"), primary_key=True),
    Column("content", LargeBinary, nullable=False),
    # SHA-256 of the content.
    Column("digest", Text, nullable=False, server_default=""),
)

runs = Table(
    "runs",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("number", Integer, nullable=False, server_default="0"),
    Column("started_at", Text, nullable=False),
    Column("finished_at", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("profile", Text, nullable=False),
    Column("knowledge_version", Text, nullable=False),
    # What the history calls the output folder; "" for runs of before this was stored.
    Column("folder", Text, nullable=False, server_default=""),
)

events = Table(
    "events",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("at", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("facts", Text, nullable=False),
)

decisions = Table(
    "decisions",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("at", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("facts", Text, nullable=False),
    # The last file that had been received when it was made.
    Column("last_file", Integer, nullable=False),
)

published = Table(
    "published",
    METADATA,
    Column("folder", Text, primary_key=True),
    Column("path", Text, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("changed_at", Text, nullable=False),
    Column("run", Integer, nullable=False, server_default="0"),
    Column("sha256", Text, nullable=False, server_default=""),
    Column("standing", Text, nullable=False, server_default="[]"),
    Column("before", Text, nullable=False, server_default="[]"),
)

# The output folders whose reports are made of this history.
folders = Table(
    "folders",
    METADATA,
    Column("folder", Text, primary_key=True),
    # What the reports in it rest on besides what is stored; "" until a run has ended there.
    Column("basis", Text, nullable=False),
    # Where its log ended after the last run: by this a folder put back to an older state shows.
    Column("log_lines", Integer, nullable=False, server_default="0"),
    Column("log_seal", Text, nullable=False, server_default=""),
)

# What has changed and the reports of an output folder do not show yet (see `store.due`).
due = Table(
    "due",
    METADATA,
    Column("folder", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("patient_id", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
)

tombstones = Table(
    "tombstones",
    METADATA,
    Column("sha256", Text, primary_key=True),
    Column("at", Text, nullable=False),
    Column("reason", Text, nullable=False),
)


# What people typed into the worklists of an output folder: notes, calls, archive, own columns.
typed = Table(
    "typed",
    METADATA,
    Column("folder", Text, primary_key=True),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    # "" where it is not certain whose it is, or of what is nobody's.
    Column("patient_id", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("at", Text, nullable=False),
)

# The worklists that were drawn: by this a line that was drawn long ago is known as ours.
worklists = Table(
    "worklists",
    METADATA,
    Column("folder", Text, primary_key=True),
    Column("made", Text, primary_key=True),
    Column("heads", Text, nullable=False),
)

# The files whose typed cells are in the history, by their content.
typed_files = Table(
    "typed_files",
    METADATA,
    Column("folder", Text, primary_key=True),
    Column("path", Text, primary_key=True),
    Column("sha256", Text, nullable=False),
    # What was changed on its lines, as checks: the same change is not read twice.
    Column("changes", Text, nullable=False),
)


def _make(name: str, schema: type[Schema]) -> Table:
    """Make the table that keeps rows of a hand-over table, each under its file.

    The name of the file is left out: it stands in `files`, and depends on the other files.
    """
    columns = [
        # Not NULL by the contract of the schema, not of the database: columns come and go.
        Column(column, _KINDS[kind], nullable=True, server_default="" if kind == "str" else None)
        for column, kind in schema.column_types().items()
        if column != "source_file"
    ]
    return Table(
        name,
        METADATA,
        Column("file_id", Integer, ForeignKey("files.id", ondelete="CASCADE"), primary_key=True),
        Column("position", BigInteger, primary_key=True),
        *columns,
    )


ROWS: dict[str, tuple[type[Schema], Table]] = {
    schema.__name__.lower(): (schema, _make(schema.__name__.lower(), schema))
    for schema in (Results, Held, Issues, Observations)
}
"""Name → hand-over table, and the table in which it is kept."""
