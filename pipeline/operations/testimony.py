"""Whether the log and the history tell the same of what was done."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline.operations.audit import NAME, Fault
from pipeline.operations.history import open_history
from pipeline.operations.place import Place
from pipeline.operations.private_folder import find_record
from pipeline.operations.store.records import Event
from pipeline.report.folder import NotPlainError, read_plain

_RESTORED = "restored"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """What a line of the log says of an event of the history."""

    event: str
    facts: Mapping[str, object]


def verify_history(output: Path, place: Place, clock: Callable[[], datetime]) -> Iterator[Fault]:
    """Find events that the log of a folder and its history tell differently.

    Who changes the one has to change the other. What was undone by `labflag restore` stays in
    the log; what has happened since the last line is written there by the next run.

    Raises:
        OutputError: The history cannot be read.
    """
    told = _read_told(output)
    if not told:
        return
    if not place.exists:
        yield Fault(what="the history that the log tells of is not there")
        return
    with open_history(place.where, clock=clock) as history:
        events = {event.id: event for event in history.list_events_after(-1)}
    undone = [number for number, line in told.items() if line.event == _RESTORED]
    # By another folder of the same history: the next run over this one writes it into the log.
    undone += [event.id for event in events.values() if event.kind == _RESTORED]
    restored = max(undone, default=0)
    gone = sum(number not in events and number >= restored for number in told)
    if gone:
        yield Fault(
            what=f"the history lacks {gone} events that the log tells of: it is an older one, "
            "or was changed"
        )
    added = sum(number not in told and number < max(told) for number in events)
    if added:
        yield Fault(what=f"the history tells of {added} events that the log does not know")
    changed = sum(
        not _agree(line, events[number]) for number, line in told.items() if number in events
    )
    if changed:
        yield Fault(what=f"the history tells {changed} events otherwise than the log")


def _agree(line: _Line, event: Event) -> bool:
    return line == _Line(event=event.kind, facts={"run": event.run_id, **event.facts})


def _read_told(output: Path) -> dict[int, _Line]:
    """Read what the log tells of events of the history, by their numbers."""
    told = {}
    try:
        lines = read_plain(find_record(output, NAME)).splitlines()
    except (FileNotFoundError, NotPlainError):
        return {}
    for line in lines:
        try:
            said = json.loads(line)
            number, read = int(said["source"]), _Line(event=said["event"], facts=said["facts"])
        except (ValueError, KeyError, TypeError):
            # A line that is none is named where the chain is looked at.
            continue
        if number:
            told[number] = read
    return told
