"""What the history tells of itself: runs, events, decisions, publications."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipeline.history.originals import unpack_returned
from pipeline.ingest.stored_file import ReceivedFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run over the history."""

    id: str
    number: int
    """Of the run among all; each has a greater one than those before it."""
    started_at: datetime
    version: str
    profile: str
    knowledge_version: str
    finished_at: datetime | None = None
    """None where the run was stopped."""
    folder: str = ""
    """What the history calls the output folder."""

    @classmethod
    def read(cls, row: Any) -> "Run":
        """Make it of a row."""
        return cls(
            id=row.id,
            number=row.number,
            started_at=datetime.fromisoformat(row.started_at),
            version=row.version,
            profile=row.profile,
            knowledge_version=row.knowledge_version,
            finished_at=datetime.fromisoformat(row.finished_at) if row.finished_at else None,
            folder=row.folder,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that was done, for the audit: what kind, when, by which run."""

    id: int
    at: datetime
    run_id: str
    kind: str
    facts: Mapping[str, object]

    @classmethod
    def read(cls, row: Any) -> "Event":
        """Make it of a row."""
        at, facts = datetime.fromisoformat(row.at), json.loads(row.facts)
        return cls(id=row.id, at=at, run_id=row.run_id, kind=row.kind, facts=facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a person decided about stored results, and up to which file it holds."""

    id: int
    at: datetime
    by: str
    kind: str
    facts: Mapping[str, str]
    last_file: int
    """Number of the last file that had been received."""

    @classmethod
    def read(cls, row: Any) -> "Decision":
        """Make it of a row."""
        return cls(
            id=row.id,
            at=datetime.fromisoformat(row.at),
            by=row.by,
            kind=row.kind,
            facts=json.loads(row.facts),
            last_file=row.last_file,
        )


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
    run: int = 0
    """Number of the run that changed it."""
    sha256: str = ""
    """Of the bytes written."""
    standing: str = "[]"
    """Of a report: the findings that it says are present, as `pack_current` writes them."""
    before: str = "[]"
    """The same of the report before; of the worklist, the number of the run before."""

    @classmethod
    def read(cls, row: Any) -> "Publication":
        """Make it of a row."""
        return cls(
            path=row.path,
            subject=row.subject,
            digest=row.digest,
            changed_at=datetime.fromisoformat(row.changed_at),
            run=row.run,
            sha256=row.sha256,
            standing=row.standing,
            before=row.before,
        )


def read_file(row: Any) -> ReceivedFile:
    """Make what is known of a file of its row; of one that was changed from outside, its name."""
    try:
        return ReceivedFile(
            name=row.name,
            sha256=row.sha256,
            size=row.size,
            layouts=tuple(json.loads(row.layouts)),
            read=int(row.read),
            held=int(row.held),
            ignored=int(row.ignored),
            purged=int(row.purged),
            returned=tuple(map(unpack_returned, json.loads(row.returned))),
            received_at=datetime.fromisoformat(row.received_at),
            was_dropped=bool(row.dropped),
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return ReceivedFile(
            name=str(row.name),
            sha256=str(row.sha256),
            size=0,
            layouts=(),
            read=0,
            held=0,
            ignored=0,
        )
