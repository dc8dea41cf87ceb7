"""Stored results compared with the files that they came from, read once more."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from pipeline.commands.context import Clock, load_tried_knowledge, parse_context
from pipeline.config import Settings
from pipeline.files.durable import hash_file
from pipeline.history.patient_ids import WITH_RESULTS
from pipeline.history.stored import open_history
from pipeline.ingest.file import read_results
from pipeline.ingest.stored_file import ReceivedFile
from pipeline.publish.audit_log import Fault
from pipeline.site.inbox import locate_inbox
from pipeline.site.location import locate_history

Tables = Mapping[str, pd.DataFrame]
_KEY = ["source_sheet", "source_row", "source_column"]
_NOT_COMPARED = {"file_id", "position", *_KEY}


def verify_inputs(settings: Settings, clock: Clock) -> Iterator[Fault]:
    """Read every archived input again and find each row that is stored otherwise.

    Files that came through the inbox must lie in the archive as they came. Files that were named
    on the command line are compared where a copy lies there.

    Raises:
        OutputError: The history cannot be read.
    """
    place = locate_history(settings)
    if not place.exists:
        return
    knowledge = load_tried_knowledge(settings)
    basis = parse_context(settings, knowledge)
    archived = _list_archived(settings)
    with open_history(place.where, clock=clock) as history:
        bases = history.list_bases()
        for file in history.list_files():
            path = archived.get(file.sha256)
            if path is None:
                if file.was_dropped:
                    yield Fault(what=f"the archived input {file.sha256[:8]} is gone or was changed")
                continue
            if file.purged:
                # Its rows were deleted for their age, so that they are not in both.
                continue
            if bases[file.sha256] != basis.digest:
                said = f"file {file.sha256[:8]} was read by other rules or settings: not compared"
                yield Fault(what=said, is_note=True)
                continue
            today = (file.received_at or clock()).date()
            read = read_results(path, path.name, knowledge, basis.site, basis.layout, today=today)
            with open_history(None, clock=clock) as again:
                again.commit(read, "")
                both = history.rows_of(file.sha256), again.rows_of(file.sha256)
            yield from _compare(file, *both)


def _list_archived(settings: Settings) -> dict[str, Path]:
    """List the files of an inbox that lie where they were filed: hash → path."""
    if settings.inbox is None:
        return {}
    inbox = locate_inbox(settings.inbox, settings.archive, settings.quarantine, settings.duplicates)
    paths = [
        path
        for folder in (inbox.quarantine, inbox.duplicates, inbox.archive)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    ]
    return {hash_file(path): path for path in paths}


def _compare(file: ReceivedFile, stored: Tables, read: Tables) -> Iterator[Fault]:
    """Name the rows of one file that are stored otherwise than they are read."""
    places: set[tuple[str, int]] = set()
    for name in WITH_RESULTS:
        places |= _differences(stored[name], read[name])
    for sheet, row in sorted(places):
        at = f"{sheet}!{row}" if sheet else str(row)
        yield Fault(what=f"file {file.sha256[:8]}, row {at}: stored otherwise than the file says")


def _differences(one: pd.DataFrame, other: pd.DataFrame) -> set[tuple[str, int]]:
    columns = [name for name in one.columns if name not in _NOT_COMPARED]
    sides = [_as_text(table, columns) for table in (one, other)]
    counted = pd.concat(sides).groupby([*_KEY, "says"], dropna=False)["side"].nunique()
    odd = counted[counted < len(sides)].reset_index()
    return {(str(sheet), int(row)) for sheet, row in odd[_KEY[:2]].to_numpy()}


def _as_text(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    said = table[columns].astype(object)
    rows = said.where(said.notna(), None).to_numpy().tolist()
    return table[_KEY].assign(says=[repr(row) for row in rows], side=id(table))
