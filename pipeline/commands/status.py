"""How a site stands: what came, what is held, what waits, how the last runs ended."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipeline.assessment import assess
from pipeline.commands.context import load_tried_knowledge
from pipeline.config import Settings
from pipeline.errors import Exit
from pipeline.history.store.ledger import Ledger
from pipeline.history.store.records import Run
from pipeline.history.stored import open_history
from pipeline.publish import manifest
from pipeline.publish.anchor_check import find_anchor_contradictions
from pipeline.publish.trust import find_strangers
from pipeline.reconcile.decisions import Conflict, list_conflicts
from pipeline.site.arrivals import count_arrivals
from pipeline.site.heartbeat import read_heartbeat
from pipeline.site.inbox import count_waiting, locate_inbox
from pipeline.site.location import locate_history
from pipeline.site.lock import find_holder
from pipeline.site.private_folder import find_private
from pipeline.site.quarantine import count_unread, describe_unread
from pipeline.site.tries import count_failed, describe_failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A site as it stands: counts, hold ids, times; no name of a file or a patient."""

    files: int = 0
    results: int = 0
    held: int = 0
    conflicts: tuple[Conflict, ...] = ()
    """Persons and specimens in conflict, to be decided with `labflag release` or `reject`."""
    listed: int = 0
    """Patients on the worklist."""
    for_information: int = 0
    """Patients whose line stands on the sheet for information."""
    in_conflict: int = 0
    """Patients with an id or a specimen in conflict, open until decided."""
    withdrawn_files: int = 0
    """Files that were taken back; their results are in none of the counts."""
    withdrawn_results: int = 0
    locked: int = 0
    """Reports that were open in another program."""
    runs: tuple[Run, ...] = ()
    """The last ones, newest first."""
    dropped: int = 0
    """Files in the inbox."""
    claimed: int = 0
    """Files that were taken and are not filed yet."""
    failed: Mapping[str, int] = field(default_factory=dict)
    """Of these, files that could not be read so far, by the code of the issue."""
    refused: int = 0
    """Folders of the inbox that cannot be listed, or from which no file can be taken."""
    inbox_is_there: bool = True
    holder: str = ""
    """The run that is at work, if one is."""
    beat_at: str = ""
    beat_exit_code: int | None = None
    is_withheld: bool = False
    """The stop switch is on."""
    faults: tuple[str, ...] = ()
    """What stops reports from being up to date, a sentence each."""


def look_at_site(settings: Settings) -> Status:
    """Look at a site; change nothing, and wait for no run.

    A site that was never run is a fault: the name of the folder may be wrong.

    Raises:
        OutputError: There is a history, and it cannot be read.
    """
    write_heartbeat = read_heartbeat(settings.output)
    holder = find_holder(find_private(settings.output.absolute()))
    status: dict[str, Any] = {
        "locked": len(manifest.list_locked(settings.output)),
        "holder": str(holder) if holder else "",
        "beat_at": str(write_heartbeat.get("at", "")),
        "beat_exit_code": write_heartbeat.get("exit_code"),
        "is_withheld": settings.hold_all,
        **_look_at_inbox(settings),
    }
    place = locate_history(settings)
    if not place.exists:
        never = f"there is no history in {settings.output}: no run was made there yet"
        faults = (never, *_faults_of(status, ()), *_look_at_quarantine(settings, None))
        return Status(**status, faults=faults)
    with open_history(place.where, clock=datetime.now) as history:
        knowledge = load_tried_knowledge(settings)
        assessment = assess(
            history.load(), knowledge, history.list_decisions(), settings.specimen_ids
        )
        patients = assessment.patients
        aside = int(patients["for_information"].sum())
        return Status(
            listed=len(patients) - aside,
            for_information=aside,
            in_conflict=int(patients["in_conflict"].sum()),
            files=len(assessment.dataset.files),
            withdrawn_files=len(assessment.dataset.withdrawn),
            withdrawn_results=sum(file.read - file.purged for file in assessment.dataset.withdrawn),
            results=len(assessment.selected.results),
            held=len(assessment.held),
            conflicts=list_conflicts(assessment.held),
            runs=(runs := history.list_runs(5, place.key)),
            faults=(
                *_faults_of(
                    status,
                    runs,
                    is_due=bool(history.list_due(place.key)),
                    is_changed=bool(assessment.issues["code"].eq("file-changed").any()),
                ),
                *find_strangers(settings.output, find_private(settings.output), history, place.key),
                *find_anchor_contradictions(settings, place),
                *_look_at_quarantine(settings, history),
            ),
            **status,
        )


def _faults_of(
    status: Mapping[str, Any],
    runs: Sequence[Run],
    *,
    is_due: bool = False,
    is_changed: bool = False,
) -> tuple[str, ...]:
    """Return what stops reports from being up to date."""
    faults = []
    waits = not (status["holder"] or status["is_withheld"])
    if not status.get("inbox_is_there", True):
        faults.append("the inbox is not there: is the share connected?")
    if waits and runs and runs[0].finished_at is None:
        faults.append("the last run did not come to its end: run labflag again")
    elif waits and is_due:
        faults.append("changes are stored that the reports do not show yet: run labflag again")
    if is_changed:
        faults.append("stored results were changed from outside: see `labflag audit verify`")
    if status["beat_exit_code"] not in (None, Exit.DONE, Exit.HELD):
        faults.append(f"the last look into the inbox ended with {status['beat_exit_code']}")
    if status.get("failed"):
        faults.append(describe_failed(status["failed"]))
    if status.get("refused"):
        faults.append(f"folders of the inbox that may not be read or emptied: {status['refused']}")
    return tuple(faults)


def _look_at_quarantine(settings: Settings, history: Ledger | None) -> Iterator[str]:
    """Say whether files are set aside that may hold what nobody has seen."""
    if settings.inbox is None:
        return
    inbox = locate_inbox(settings.inbox, settings.archive, settings.quarantine, settings.duplicates)
    private = find_private(settings.output.absolute())
    count = count_unread(private, inbox.quarantine, history.list_files() if history else ())
    if count:
        yield describe_unread(count, inbox.quarantine)


def _look_at_inbox(settings: Settings) -> dict[str, Any]:
    if settings.inbox is None:
        return {}
    inbox = locate_inbox(settings.inbox, settings.archive, settings.quarantine, settings.duplicates)
    if not inbox.folder.is_dir():
        return {"inbox_is_there": False}
    dropped, refused = count_arrivals(inbox.folder, frozenset(inbox.folders.values()))
    return {
        "dropped": dropped,
        "refused": len(refused),
        "claimed": count_waiting(inbox),
        "failed": count_failed(inbox),
    }
