"""Whether a history is the one that a folder's log tells of, and as the log left it.

What looks like an attack is a mistake much more often: a copy put in the wrong place, a folder put
back to last week's. Nothing is published from such a history, and no report is taken away: the run
ends with a sentence that says what to do. `labflag audit accept` takes what is there for right,
which stands in the log from then on.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pipeline.config import Settings
from pipeline.errors import OutputError
from pipeline.history.sealed import Sealed, last_event, noted_log, stored_seals, sum_seals
from pipeline.history.store.database import Clock
from pipeline.history.stored import History, open_history
from pipeline.publish.audit_log import advance_sum, line_seal, read_head, read_statements
from pipeline.publish.write_anchor import require_anchored
from pipeline.site.location import HistoryLocation

_CURE = (
    "Put the right one back, or a copy of it with `labflag restore FILE`. If all is as it should "
    "be, `labflag audit accept` says so in the log"
)


def require_own_history(output: Path, private: Path, history: History, key: str) -> None:
    """Make sure that history, log and folder belong together and are of one time.

    Args:
        output: The folder of reports.
        private: Its private folder.
        history: Opened.
        key: What the history calls the folder.

    Raises:
        OutputError: They do not.
    """
    for said in find_strangers(output, private, history, key):
        raise OutputError(f"{said}. {_CURE}")


def find_strangers(output: Path, private: Path, history: History, key: str) -> Iterator[str]:
    """Say why history, log and folder do not belong together; nothing if they do."""
    head = read_head(private)
    noted, last = noted_log(history, key), last_event(history)
    if head.history and head.history != history.id:
        yield "the history is that of another site, or one begun anew"
        return
    if head.source > last:
        yield "the history is older than the log of this folder: something that was stored is gone"
        return
    if noted is not None and noted.log_lines > head.lines:
        yield (
            f"{output} is older than its history: it was put back to an earlier state, or its log "
            "was removed"
        )
        return
    if noted is not None and noted.log_lines:
        seal = line_seal(output, noted.log_lines, head)
        if seal != noted.log_seal:
            yield f"the log in {output} is not the one that was written: it was begun anew"


def find_resealed(output: Path, private: Path, history: History) -> dict[str, str]:
    """List the files whose seals are not those that the log tells of: rows and seal were changed.

    The log is read for it only where the sums of all seals differ.

    Returns:
        Hash of the file → its seal by the log.

    Raises:
        OutputError: A decision was changed, removed or added: nobody knows whom it concerns.
    """
    expected = read_head(private)
    total = expected.sealed
    events = history.list_events_after(expected.source)
    for event in events:
        total = advance_sum(total, event.facts)
    if total in ("", sum_seals(history)[0]):
        return {}
    told = read_sealed(
        (*(each.facts for each in read_statements(output)), *(e.facts for e in events))
    )
    stored = stored_seals(history)
    if told.decisions != stored.decisions:
        raise OutputError(f"what people decided was changed in the history. {_CURE}")
    if told.files.keys() != stored.files.keys():
        raise OutputError(f"files were added to the history or removed from it. {_CURE}")
    return {name: seal for name, seal in told.files.items() if stored.files[name] != seal}


def read_sealed(told: Iterable[Mapping[str, object]]) -> Sealed:
    """Follow the seals through the facts of events, in order.

    After a restore, or where something was accepted, what was sealed before counts as it is: of
    these the log holds the sum alone.
    """
    files: dict[str, str] = {}
    decisions: dict[int, str] = {}
    for facts in told:
        seal = str(facts.get("seal", ""))
        if "decision" in facts:
            decisions[int(str(facts["decision"]))] = seal
        elif "seal_before" in facts:
            files[str(facts["sha256"])] = seal
    return Sealed(files={name: seal for name, seal in files.items() if seal}, decisions=decisions)


@contextmanager
def open_trusted(
    place: HistoryLocation, settings: Settings, private: Path, clock: Clock
) -> Iterator[History]:
    """Open the history of a folder, if it is the one that its log tells of.

    Raises:
        OutputError: It is another one, older than the log, or newer than the folder; or the log
            is not the one that was anchored.
    """
    with open_history(place.where, clock=clock) as history:
        require_own_history(settings.output, private, history, place.key)
        require_anchored(settings, place, private, history)
        history.distrusted = find_resealed(settings.output, private, history)
        yield history
