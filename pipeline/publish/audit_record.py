"""A run, written into the log: what went in and out, and all that the history tells of."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from pipeline.files.durable import hash_file
from pipeline.history.store.records import Run
from pipeline.history.stored import History
from pipeline.ingest.stored_file import ReceivedFile
from pipeline.publish import manifest
from pipeline.publish.audit_log import (
    OUTPUTS,
    WRITING,
    Entry,
    append_entries,
    path_id,
    read_outputs,
    read_source,
)
from pipeline.reconcile.tally import RunTally


def record_start(output: Path, private: Path, history: History, run: Run, now: datetime) -> None:
    """Append that reports are being written from now on: until the run is recorded, they differ.

    What the history tells of since the last record comes first.

    Raises:
        OutputError: The log cannot be written, or somebody changed it.
    """
    events = _copy_events(history, read_source(private))
    begun = Entry(at=now, event=WRITING, facts={"run": run.id})
    append_entries(output, private, [*events, begun], history.id)


def record_run(
    output: Path,
    private: Path,
    history: History,
    run: Run,
    files: Sequence[ReceivedFile],
    accounts: RunTally,
    now: datetime,
) -> tuple[int, str]:
    """Append what happened since the last record: events of the history, then the run.

    What a run that died has stored and written stands in the record of the next one.

    Returns:
        Number and seal of the last line of the log.

    Raises:
        OutputError: The log cannot be written, or somebody changed it.
    """
    events = list(_copy_events(history, read_source(private)))
    facts = {
        "run": run.id,
        "labflag": run.version,
        "profile": run.profile,
        "knowledge": run.knowledge_version,
        "inputs": [file.sha256 for file in files],
        "results": {
            "read": accounts.read,
            **{str(kind): count for kind, count in accounts.dispositions().items()},
        },
        OUTPUTS: _changed_outputs(output, private),
    }
    entry = Entry(at=now, event="run", facts=facts)
    head = append_entries(output, private, [*events, entry], history.id)
    return head.lines, head.seal


def _copy_events(history: History, after: int) -> Iterator[Entry]:
    for event in history.list_events_after(after):
        facts = {"run": event.run_id, **event.facts}
        yield Entry(at=event.at, event=event.kind, facts=facts, source=event.id)


def _changed_outputs(output: Path, private: Path) -> dict[str, str]:
    """Compare what stands in the folder by its manifest with what the log knows."""
    try:
        content = json.loads((output / manifest.NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    now = {path_id(private, str(each["path"])): str(each["sha256"]) for each in content["outputs"]}
    now[path_id(private, manifest.NAME)] = hash_file(output / manifest.NAME)
    before = read_outputs(output)
    gone = {key: "" for key in before if key not in now}
    return {key: value for key, value in now.items() if before.get(key) != value} | gone
