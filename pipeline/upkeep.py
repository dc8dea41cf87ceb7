"""Looking after the history: results that moved, grew too old, or are to be saved elsewhere."""

import calendar
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

from pipeline.batch import run_batch
from pipeline.config import Settings
from pipeline.errors import ArgumentError, OutputError
from pipeline.ingest.specimen_days import stands_under
from pipeline.operations.audit import read_source
from pipeline.operations.decisions import REASSIGN
from pipeline.operations.history import History, open_history
from pipeline.operations.identities import facts_of_decision
from pipeline.operations.judge import judge
from pipeline.operations.place import Place, place_history
from pipeline.operations.retention import Purged, purge
from pipeline.operations.store.engine import connect_copy
from pipeline.operations.typed_notes import reassign_typed
from pipeline.operations.worklist_update import WorklistNews, WorklistUpdate, purge_aside
from pipeline.operations.workspace import open_workspace
from pipeline.reading import Clock, Progress, load_tried_knowledge, pass_through

_AGE = re.compile(r"([1-9]\d{0,3})\s*([dmy])", re.IGNORECASE)
_MONTHS = 12


def oldest_kept(age: str, today: date) -> date:
    """Give the first day that is kept, from "5y", "18m", "90d" or a date.

    >>> oldest_kept("18m", date(2026, 8, 31))
    datetime.date(2025, 2, 28)

    Raises:
        ConfigError: It is neither, or not in the past.
    """
    if found := _AGE.fullmatch(age.strip()):
        number, unit = int(found[1]), found[2].lower()
        if unit == "d":
            return date.fromordinal(max(1, today.toordinal() - number))
        months = number * (_MONTHS if unit == "y" else 1)
        year, month = divmod(today.year * _MONTHS + today.month - 1 - months, _MONTHS)
        if year >= 1:
            return date(year, month + 1, min(today.day, calendar.monthrange(year, month + 1)[1]))
    try:
        day = date.fromisoformat(age)
    except ValueError:
        day = today
    if day >= today:
        raise ArgumentError("--older-than takes 5y, 18m, 90d, or a date in the past")
    return day


def purge_history(
    settings: Settings,
    before: date,
    *,
    clock: Clock,
    progress: Progress | None = None,
    rehearse: bool = False,
) -> Purged:
    """Delete results from before a day and bring the reports up to date; or only count them."""
    if rehearse:
        with _open(settings, clock) as history:
            history.rehearse()
            return purge(history, before)
    with _open_locked(settings, clock) as history:
        first = take_in_typed(settings, history, clock)
        purged = purge(history, before)
        known = list_people(history)
    news = (first, _refresh(settings, clock, progress))
    return replace(purged, worklists=purge_aside(settings.output, known), news=news)


def count_results(settings: Settings, patient: str, accession: str, *, clock: Clock) -> int:
    """Count the results that are stored under a patient id."""
    with _open(settings, clock) as history:
        stored = history.load()
    return sum(
        int(
            (
                table["patient_id"].eq(patient) & (stands_under(table, accession) | (not accession))
            ).sum()
        )
        for table in (stored.results, stored.held)
    )


def reassign_patient(
    settings: Settings,
    old: str,
    new: str,
    accession: str,
    by: str,
    *,
    clock: Clock,
    progress: Progress | None = None,
) -> tuple[WorklistNews, ...]:
    """Move results to another patient id and bring the reports up to date.

    Returns:
        What became of what people typed into the worklist.
    """
    facts = {"old": old, "new": new, **({"accession": accession} if accession else {})}
    with _open_locked(settings, clock) as history:
        first = take_in_typed(settings, history, clock)
        history.decide(REASSIGN, by, **facts)
        # What was typed stays where results of the specimen's former patient stay.
        reassign_typed(history, old, new, accession, notes=old not in list_people(history))
    return first, _refresh(settings, clock, progress)


def decide_conflict(
    settings: Settings,
    kind: str,
    hold_id: str,
    version: int,
    by: str,
    *,
    clock: Clock,
    progress: Progress | None = None,
) -> tuple[WorklistNews, ...]:
    """Store what a person decided about versions of a patient, bring the reports up to date.

    Args:
        settings: Of the site.
        kind: `RELEASE` or `REJECT` of `operations.identities`.
        hold_id: The conflict, as the worklist and `labflag status` call it.
        version: The one that is right (release), or that is another person (reject).
        by: Who decided.
        clock: Gives the local time.
        progress: Shows progress.

    Returns:
        What became of what people typed into the worklist.

    Raises:
        ConfigError: There is no such conflict, or no such version of it.
    """
    knowledge = load_tried_knowledge(settings)
    with _open_locked(settings, clock) as history:
        judgement = judge(
            history.load(), knowledge, history.list_decisions(), settings.specimen_ids
        )
        history.decide(kind, by, **facts_of_decision(judgement.held, hold_id, version))
    return (_refresh(settings, clock, progress),)


def back_up(settings: Settings, target: Path, *, clock: Clock) -> None:
    """Copy the history into a file.

    Raises:
        OutputError: There is something of that name, or it cannot be written.
    """
    with _open(settings, clock) as history:
        history.backup(target)
        history.record_event("backed-up")


def restore_history(
    settings: Settings, source: Path, *, clock: Clock, progress: Progress | None = None
) -> tuple[WorklistNews, ...]:
    """Put the history back to what a file holds, and write every report anew.

    Returns:
        What became of what people typed into the worklist.

    Raises:
        OutputError: The file is no history.
    """
    copy = connect_copy(source)
    where = place_history(settings).where
    with (
        open_workspace(settings.output, clock) as private,
        open_history(where, clock=clock) as history,
    ):
        history.restore(copy, after=read_source(private))
    copy.dispose()
    return (_refresh(settings, clock, progress),)


def _open(settings: Settings, clock: Clock) -> History:
    return open_history(_require_history(settings).where, clock=clock)


@contextmanager
def _open_locked(settings: Settings, clock: Clock) -> Iterator[History]:
    """Open the history with the output folder locked; where there is none, no folder is made.

    Raises:
        BusyError: Another run is at work in the folder.
        OutputError: There is no history.
    """
    _require_history(settings)
    with open_workspace(settings.output, clock), _open(settings, clock) as history:
        yield history


def _require_history(settings: Settings) -> Place:
    place = place_history(settings)
    if not place.exists:
        raise OutputError(f"there is no history in {settings.output}; name it with --history")
    return place


def take_in_typed(settings: Settings, history: History, clock: Clock) -> WorklistNews:
    """Read what people typed into the worklist before what it is about moves or goes.

    Raises:
        OutputError: The history cannot be written.
    """
    return WorklistUpdate(
        folder=settings.output,
        key=place_history(settings).key,
        history=history,
        made_at=clock(),
        people=list_people(history),
    ).take_in()


def list_people(history: History) -> set[str]:
    """List the patient ids of which anything is stored."""
    stored = history.load()
    tables = (stored.results, stored.held, stored.observations)
    return {patient for table in tables for patient in table["patient_id"]}


def _refresh(settings: Settings, clock: Clock, progress: Progress | None) -> WorklistNews:
    batch, _ = run_batch((), settings, clock=clock, progress=progress or pass_through)
    return batch.worklist
