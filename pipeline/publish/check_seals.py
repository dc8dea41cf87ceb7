"""Everything that is stored, compared with what was sealed: each row, the kept cells, decisions."""

from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import OutputError
from pipeline.history.sealed import Sealed, find_changed_rows, stored_seals, sum_seals
from pipeline.history.store.database import Clock
from pipeline.history.stored import History, open_history
from pipeline.publish.audit_log import Fault, LogStatement, advance_sum, read_head, read_statements
from pipeline.publish.trust import find_strangers, read_sealed
from pipeline.site.location import HistoryLocation
from pipeline.site.private_folder import find_private

_FIRST = "sealed-first"


def verify_seals(output: Path, place: HistoryLocation, clock: Clock) -> Iterator[Fault]:
    """Find what is stored otherwise than it was sealed; wait for no lock, change nothing.

    Raises:
        OutputError: The history cannot be read.
    """
    if not place.exists:
        return
    private = find_private(output)
    try:
        read_head(private)
    except OutputError:
        # Named where the log itself is looked at; there is nothing to compare with.
        return
    with open_history(place.where, clock=clock) as history:
        for said in find_strangers(output, private, history, place.key):
            yield Fault(what=said)
        for said in find_changed_rows(history):
            yield Fault(what=said)
        yield from _verify_log(output, private, history)


def _verify_log(output: Path, private: Path, history: History) -> Iterator[Fault]:
    """Compare the seals that are stored with those that the log tells of."""
    events = history.list_events_after(read_head(private).source)
    told = [
        *read_statements(output),
        *(LogStatement(event=each.kind, facts=each.facts) for each in events),
    ]
    total, typed = sum_seals(history)
    expected = ""
    for each in told:
        if each.event == _FIRST and expected:
            yield Fault(what="everything stored was sealed anew, though it had been sealed before")
        expected = advance_sum(expected, each.facts)
    if expected not in ("", total):
        named = list(
            _name_differences(read_sealed(each.facts for each in told), stored_seals(history))
        )
        yield from named or [Fault(what="what is stored is not, as a whole, what the log tells of")]
    last_typed = [str(each.facts["typed"]) for each in told if "typed" in each.facts]
    if last_typed and last_typed[-1] != typed:
        yield Fault(what="what people typed into the worklist was changed in the history")


def _name_differences(told: Sealed, stored: Sealed) -> Iterator[Fault]:
    """Name the files and decisions of which log and history tell different seals."""
    for name in sorted(told.files.keys() | stored.files.keys()):
        if name not in stored.files:
            yield Fault(what=f"file {name[:8]} is not stored any more, and was not purged")
        elif name not in told.files:
            yield Fault(what=f"file {name[:8]} is stored, and the log does not know it")
        elif told.files[name] != stored.files[name]:
            yield Fault(what=f"file {name[:8]} was changed, and sealed again")
    for number in sorted(told.decisions.keys() | stored.decisions.keys()):
        if told.decisions.get(number) != stored.decisions.get(number):
            said = "is gone" if number not in stored.decisions else "was changed or added"
            yield Fault(what=f"decision {number} {said}")
