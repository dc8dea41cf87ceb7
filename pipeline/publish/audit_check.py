"""Whether the log and the history tell the same of what was done."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from pipeline.history.store.records import Event
from pipeline.history.stored import open_history
from pipeline.publish.audit_log import Fault, LogStatement, read_statements
from pipeline.site.location import HistoryLocation

_RESTORED = "restored"
_ACCEPTED = "accepted"


def verify_history(
    output: Path, place: HistoryLocation, clock: Callable[[], datetime]
) -> Iterator[Fault]:
    """Find events that the log of a folder and its history tell differently.

    Who changes the one has to change the other. What was undone by `labflag restore` stays in
    the log; what has happened since the last line is written there by the next run. Of before
    `labflag audit accept` nothing is compared: that the two differed is why it was given.

    Raises:
        OutputError: The history cannot be read.
    """
    told = {each.source: each for each in read_statements(output) if each.source}
    if not told:
        return
    if not place.exists:
        yield Fault(what="the history that the log tells of is not there")
        return
    with open_history(place.where, clock=clock) as history:
        events = {event.id: event for event in history.list_events_after(-1)}
    accepted = max((n for n, line in told.items() if line.event == _ACCEPTED), default=0)
    told = {number: line for number, line in told.items() if number >= accepted}
    events = {number: event for number, event in events.items() if number >= accepted}
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


def _agree(told: LogStatement, event: Event) -> bool:
    return (told.event, told.facts) == (event.kind, {"run": event.run_id, **event.facts})
