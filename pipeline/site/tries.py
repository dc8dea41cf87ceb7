"""Tries: a claimed file is noted before it is opened, so that one that ends runs is set aside.

The note lies beside the claim. It is open while a run is at work with the file, from before it is
opened until it is filed; a note that is still open tells the next run that its predecessor ended
there. After three tries that came to nothing the file is not opened any more.
"""

import json
import traceback
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

from pipeline.errors import LabflagError
from pipeline.files.durable import write_private
from pipeline.history.receive import (
    PASSING,
    UNREAD,
    IngestStatus,
    ParseContext,
    Receive,
    Received,
    receive,
)
from pipeline.history.stored import History
from pipeline.ingest.file import refuse_file
from pipeline.ingest.sources import ExportFile
from pipeline.ingest.text_tables import UnreadableFile
from pipeline.issues.catalogue import CATALOGUE
from pipeline.site.inbox import Claim, Inbox, list_claim_folders
from pipeline.texts.counts import count_text

MOST = 3
"""Tries of a file."""
ENDED = "file-ended-runs"
"""Issue of a file at which runs ended."""
_NOTE = ".tries.json"
_REASONS = {
    PASSING: "the disk, the share or the reader of workbooks fails",
    "file-no-rights": "no right to read it",
    "file-memory": "too little memory",
    "reader-stopped": "the reader of workbooks was stopped, mostly for want of memory",
    "file-fault": "a fault of labflag",
    ENDED: "a run ended at it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """What is noted of the tries of one file."""

    begun: int = 0
    """How many came to nothing, and the one that is under way."""
    is_open: bool = False
    """One is under way, or ended with its run."""
    code: str = ""
    """Issue of the last one that failed; "" if none did."""
    detail: str = ""
    """Words that go before the sentence of the issue; no cell content."""

    @property
    def is_spent(self) -> bool:
        """Whether the file is not to be opened any more."""
        return self.begun >= MOST and not self.is_open


def load_tries(folder: Path) -> Tries:
    """Read the note in the folder of a claim; one that is missing or damaged says nothing."""
    try:
        return Tries(**json.loads((folder / _NOTE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return Tries()


def list_failed_tries(inbox: Inbox) -> tuple[Tries, ...]:
    """List the notes of files that could not be read so far."""
    try:
        notes = [load_tries(folder) for folder in list_claim_folders(inbox)]
    except OSError:
        return ()
    return tuple(note for note in notes if note.code and not note.is_open)


def describe_failed(codes: Mapping[str, int]) -> str:
    """Say how many files could not be read, and why; no name.

    Args:
        codes: Issue of the last try → count of files.
    """
    count = sum(codes.values())
    reasons = "; ".join(
        f"{_REASONS.get(code, code)}{f' ({number})' if len(codes) > 1 else ''}"
        for code, number in codes.items()
    )
    return f"{count_text(count, 'file')} not read so far, tried again: {reasons}"


def count_failed(inbox: Inbox) -> Counter[str]:
    """Count the files that could not be read so far, by the issue of the last try."""
    return Counter(note.code for note in list_failed_tries(inbox))


def begin_try(claim: Claim) -> None:
    """Note, so that it is on disk, that a file is being tried."""
    before = load_tries(claim.path.parent)
    _write(claim, replace(before, begun=before.begun + (not before.is_open), is_open=True))


def fail_try(claim: Claim, code: str, detail: str = "") -> None:
    """Note why a try failed; where the fault lies in the system it does not count."""
    before = load_tries(claim.path.parent)
    begun = before.begun - (code == PASSING and before.is_open)
    _write(claim, Tries(begun=begun, code=code, detail=detail))


def undo_try(claim: Claim) -> None:
    """Note that a try did not come to nothing because of the file."""
    before = load_tries(claim.path.parent)
    if not before.is_open:
        return
    after = replace(before, begun=before.begun - 1, is_open=False)
    if after.begun or after.code:
        _write(claim, after)
    else:
        (claim.path.parent / _NOTE).unlink(missing_ok=True)


def resolve_tries(claims: Sequence[Claim], stored: Collection[str]) -> None:
    """Decide on which files the run before ended, if it did not come to its end.

    If it was reading a file, on that one; else on those whose results it had stored: one of
    them may be what ended it.

    Args:
        claims: All that are claimed.
        stored: Hashes of the files in the history.
    """
    open_ones = [claim for claim in claims if load_tries(claim.path.parent).is_open]
    being_read = [claim for claim in open_ones if claim.sha256 not in stored]
    for claim in open_ones:
        if claim in being_read or not being_read:
            fail_try(claim, ENDED)
        else:
            undo_try(claim)


def plan_turns(claims: Iterable[Claim]) -> list[tuple[Claim, ...]]:
    """Say which files are read and reported together, and in which order.

    Files of which nothing is noted come first, then those of one try; of two tries each by
    itself, the smallest first. A file that is spent comes first, as it is not opened.
    """
    first: list[Claim] = []
    second: list[Claim] = []
    last: list[Claim] = []
    for claim in claims:
        tries = load_tries(claim.path.parent)
        turn = {0: first, 1: second}.get(tries.begun, last)
        (first if tries.is_spent else turn).append(claim)
    return [turn for turn in (tuple(first), tuple(second), *part_turn(last)) if turn]


def part_turn(claims: Iterable[Claim]) -> list[tuple[Claim, ...]]:
    """Give each file a turn of its own, the smallest first: it is soonest done."""
    return [(claim,) for claim in sorted(claims, key=_size)]


def receive_noted(claims: Mapping[Path, Claim]) -> Receive:
    """Return how claimed files are received: noted before, and one that fails ends nothing."""

    def receive_one(
        export: ExportFile, history: History, basis: ParseContext, run_id: str, today: date
    ) -> Received:
        claim = claims[export.path]
        tries = load_tries(claim.path.parent)
        if tries.is_spent:
            return _refuse(export, tries.code or ENDED, tries.detail)
        begin_try(claim)
        try:
            received = receive(export, history, basis, run_id, today)
        except LabflagError:
            raise
        except Exception as error:
            code, detail = explain_failure(error)
            fail_try(claim, code, detail)
            return _refuse(export, code, detail)
        if received.receipt == IngestStatus.NOT_READ:
            _note_refusal(claim, received)
        return received

    return receive_one


def explain_failure(error: Exception) -> tuple[str, str]:
    """Return code and detail of the issue that an exception makes of a file."""
    if isinstance(error, MemoryError):
        return "file-memory", ""
    if isinstance(error, OSError):
        return PASSING, error.strerror or type(error).__name__
    return "file-fault", f"{type(error).__name__} in {locate_error(error)}"


def locate_error(error: BaseException) -> str:
    """Return file and line in which an exception was raised; never its text, which may quote."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(place.filename).name}:{place.lineno}"


def _refuse(export: ExportFile, code: str, detail: str) -> Received:
    refused = refuse_file(export.path, export.name, UnreadableFile(code, detail))
    return Received(export=export, receipt=IngestStatus.NOT_READ, sha256="", ingested=refused)


def _note_refusal(claim: Claim, received: Received) -> None:
    """Note the issue for which a file may be tried again; what is refused for good is no try."""
    issues = None if received.ingested is None else received.ingested.issues
    if issues is not None:
        for code, message in issues[["code", "message"]].itertuples(index=False):
            if code in UNREAD:
                detail = message.removesuffix(CATALOGUE[code].message).removesuffix(": ")
                fail_try(claim, code, detail)
                return
    undo_try(claim)


def _size(claim: Claim) -> int:
    try:
        return claim.path.lstat().st_size
    except OSError:
        return 0


def _write(claim: Claim, tries: Tries) -> None:
    write_private(json.dumps(asdict(tries)).encode(), claim.path.parent / _NOTE)
