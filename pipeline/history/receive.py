"""Files into the history: each once, and read again only where that may change something."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import select

from pipeline import __version__
from pipeline.history.patient_ids import list_people
from pipeline.history.store import tables
from pipeline.history.store.due import note_due
from pipeline.history.store.ledger import list_decisions, note_event
from pipeline.history.stored import History, forget_file
from pipeline.ingest.dataset import Ingested
from pipeline.ingest.file import read_results
from pipeline.ingest.formats.readers import open_file
from pipeline.ingest.sources import ExportFile
from pipeline.ingest.text_tables import SiteConventions, UnreadableFile
from pipeline.knowledge.export_terms import Layout
from pipeline.knowledge.model import Knowledge

PASSING = "file-not-read"
"""Issue of a file that a fault of the system keeps from being read: it is no fault of the file."""
UNREAD = frozenset({PASSING, "file-no-rights", "file-memory", "reader-stopped"})
"""Issues that may be gone the next time: a file with one of them is not known as received."""


class IngestStatus(StrEnum):
    """What became of a file that was received."""

    STORED = "stored"
    KNOWN = "known"
    """The same bytes are in the history already."""
    NOT_READ = "not-read"
    """It could not be read, or not this time: nothing of it is stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A file, and what became of it."""

    export: ExportFile
    receipt: IngestStatus
    sha256: str
    """"" where it could not be read."""
    ingested: Ingested | None = None
    """None where it was known, and not read again."""

    @property
    def unopened(self) -> tuple[Ingested, ...]:
        """What there is to say of a file that is not in the history: nothing, or one."""
        is_out = self.receipt == IngestStatus.NOT_READ and self.ingested is not None
        return (self.ingested,) if is_out and self.ingested else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseContext:
    """On what the reading of a file rests, besides its bytes."""

    knowledge: Knowledge
    site: SiteConventions
    layout: Layout | None
    """The layout that a person named, if any."""

    @property
    def digest(self) -> str:
        """Another one as soon as a file might be read in another way."""
        said = repr((__version__, self.knowledge.version, self.site, self.layout))
        return hashlib.sha256(said.encode()).hexdigest()[:16]


Receive = Callable[[ExportFile, History, ParseContext, str, date], Received]
"""How a file is received; see `receive`."""


def receive(
    export: ExportFile, history: History, basis: ParseContext, run_id: str, today: date
) -> Received:
    """Read one file and store what it says, unless these bytes were read before on this basis.

    Raises:
        OutputError: The history cannot be written; nothing of the file is stored.
    """
    digest = basis.digest
    try:
        known, _ = open_file(export.path, export.name)
    except UnreadableFile:
        known = None
    if known is not None and history.has_file(known.sha256, digest):
        return Received(export=export, receipt=IngestStatus.KNOWN, sha256=known.sha256)
    file = read_results(
        export.path, export.name, basis.knowledge, basis.site, basis.layout, today=today
    )
    sha256 = file.file.sha256
    if not sha256 or not UNREAD.isdisjoint(file.issues["code"]):
        return Received(export=export, receipt=IngestStatus.NOT_READ, sha256="", ingested=file)
    history.commit(file, run_id, digest, is_dropped=export.is_dropped)
    return Received(export=export, receipt=IngestStatus.STORED, sha256=sha256, ingested=file)


def unstore(history: History, hashes: Iterable[str]) -> None:
    """Take out of the history what was stored of files, each in one transaction.

    Raises:
        OutputError: The history cannot be written.
    """
    for sha256 in hashes:
        with history.begin() as connection:
            where = (tables.files.c.sha256 == sha256, tables.files.c.purged == 0)
            file = connection.execute(select(tables.files).where(*where)).first()
            if file is None:
                continue
            note_due(connection, list_people(connection, list_decisions(connection), file.id))
            forget_file(connection, file.id)
            facts = {"sha256": sha256, "seal": "", "seal_before": history.seal_in_log(file)}
            note_event(connection, history.now(), "file-unstored", "", facts)
