"""Everything that is stored, compared with what was sealed: each row, the kept cells, decisions."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.engine import Connection

from pipeline.errors import OutputError
from pipeline.operations.audit import Fault, Told, advance_sum, read_head, read_told
from pipeline.operations.history import History, open_history
from pipeline.operations.people import WITH_RESULTS
from pipeline.operations.place import Place
from pipeline.operations.private_folder import find_private
from pipeline.operations.store import tables
from pipeline.operations.store.database import Clock
from pipeline.operations.store.seals import Key, digest_rows, find_broken, sum_history, sum_typed
from pipeline.operations.trust import Sealed, find_strangers, read_sealed, stored_seals

_FIRST = "sealed-first"


def verify_seals(output: Path, place: Place, clock: Clock) -> Iterator[Fault]:
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
        with history.look() as connection:
            files = connection.execute(select(tables.files)).all()
            broken = find_broken(connection, digest_rows(connection), files)
            names = {row.id: row.sha256[:8] for row in files}
            for number, keys in _by_file(broken).items():
                name = names.get(number, f"number {number}, which is not listed")
                rows = _rows_of(connection, number, keys)
                yield Fault(what=f"what is stored of file {name} was changed{rows}")
            yield from _verify_originals(connection, names)
        yield from _verify_log(output, private, history)


def _by_file(broken: Iterable[Key]) -> dict[int, list[str]]:
    by_file: dict[int, list[str]] = defaultdict(list)
    for number, patient in sorted(broken):
        by_file[number].append(patient)
    return by_file


def _rows_of(connection: Connection, number: int, patients: list[str]) -> str:
    """Name the sheets and rows in which a change lies; "" where it is not in rows of a patient."""
    places: set[tuple[str, int]] = set()
    for name in WITH_RESULTS:
        columns = tables.ROWS[name][1].c
        query = select(columns.source_sheet, columns.source_row).where(
            columns.file_id == number, columns.patient_id.in_([*filter(None, patients)])
        )
        # What was written there from outside is not shown.
        places |= {
            (str(sheet or ""), row if isinstance(row, int) else 0)
            for sheet, row in connection.execute(query)
        }
    if not any(patients):
        return ": what is known of it, its problems, or the order of its rows"
    if not places:
        return ": all rows of a patient are gone"
    listed = ", ".join(
        f"{sheet}!{row or '?'}" if sheet else str(row or "?") for sheet, row in sorted(places)
    )
    return f", in rows of a patient: {listed}; or a row beside them is gone"


def _verify_originals(connection: Connection, names: dict[int, str]) -> Iterator[Fault]:
    """Compare the cells that are kept of each file with their digest."""
    known = select(tables.originals.c.file_id, tables.originals.c.digest)
    digests = {row.file_id: row.digest for row in connection.execute(known)}
    for number, name in names.items():
        if number not in digests:
            yield Fault(what=f"the cells that were kept of file {name} are gone")
            continue
        where = tables.originals.c.file_id == number
        content = connection.execute(select(tables.originals.c.content).where(where)).scalar_one()
        if hashlib.sha256(bytes(content)).hexdigest() != digests[number]:
            yield Fault(what=f"the cells that were kept of file {name} were changed")


def _verify_log(output: Path, private: Path, history: History) -> Iterator[Fault]:
    """Compare the seals that are stored with those that the log tells of."""
    events = history.list_events_after(read_head(private).source)
    told = [*read_told(output), *(Told(event=each.kind, facts=each.facts) for each in events)]
    with history.look() as connection:
        total, typed = sum_history(connection), sum_typed(connection)
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
