"""Looking after the history: results that moved, grew too old, or are to be saved elsewhere."""

import calendar
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

from pipeline.assessment import assess
from pipeline.commands.batch import Batch
from pipeline.commands.context import Clock, Progress
from pipeline.commands.open_site import open_site, open_stored, take_in_typed
from pipeline.commands.run import refresh
from pipeline.config import Settings
from pipeline.errors import ArgumentError, ConfigError, OutputError
from pipeline.history.patient_ids import list_people
from pipeline.history.reassign import REASSIGN
from pipeline.history.retention import Purged, purge
from pipeline.history.store.engine import connect_copy
from pipeline.history.store.ledger import list_decisions
from pipeline.history.typed_notes import reassign_typed
from pipeline.ingest.specimen_days import is_of_specimen
from pipeline.publish.audit_log import read_source
from pipeline.publish.new_audit_log import set_log_aside
from pipeline.publish.worklist_update import WorklistNews, purge_aside
from pipeline.publish.write_anchor import anchor_log, require_anchored
from pipeline.reconcile.decisions import details_of_decision, patients_of_decision

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
) -> tuple[Purged, tuple[WorklistNews, ...]]:
    """Delete results from before a day and bring the reports up to date; or only count them.

    Returns:
        What left the history, and what became of what people typed into the worklist.
    """
    if rehearse:
        with open_stored(settings, clock) as history:
            history.rehearse()
            return purge(history, before), ()
    with open_site(settings, clock, progress) as site:
        first = take_in_typed(site)
        purged = purge(site.history, before)
        known = site.history.list_people()
        news = (first, refresh(site).worklist)
    return replace(purged, worklists=purge_aside(settings.output, known)), news


def count_results(settings: Settings, patient: str, accession: str, *, clock: Clock) -> int:
    """Count the results that are stored under a patient id."""
    with open_stored(settings, clock) as history:
        stored = history.load()
    return sum(
        int(
            (
                table["patient_id"].eq(patient)
                & (is_of_specimen(table, accession) | (not accession))
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
    with open_site(settings, clock, progress) as site:
        history = site.history
        first = take_in_typed(site)
        with history.begin() as connection:
            history.note_decision(connection, REASSIGN, by, (old, new), facts)
            decisions = list_decisions(connection)
            # What was typed stays where results of the specimen's former patient stay.
            stays = old in list_people(connection, decisions)
            reassign_typed(connection, old, new, accession, history.now(), notes=not stays)
        return first, refresh(site).worklist


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
        kind: `RELEASE` or `REJECT` of `reconcile.decisions`.
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
    with open_site(settings, clock, progress) as site:
        history = site.history
        assessment = assess(
            history.load(), site.knowledge, history.list_decisions(), settings.specimen_ids
        )
        decided = details_of_decision(assessment.held, hold_id, version)
        history.decide(kind, by, patients_of_decision(decided), decided)
        return (refresh(site).worklist,)


def rebuild_reports(settings: Settings, *, clock: Clock, progress: Progress | None = None) -> Batch:
    """Write everything anew from the history; the same bytes if nothing has changed.

    Raises:
        OutputError: There is no history to make reports of.
        ConfigError: The stop switch is on.
    """
    if settings.hold_all:
        raise ConfigError("the stop switch is on (hold_all): no report is written")
    with open_site(settings, clock, progress) as site:
        # Whoever goes on after this line, this run or the next, writes every report again.
        site.history.distrust_reports(site.place.key)
        last = next(iter(site.history.list_runs(1, site.place.key)), None)
        return refresh(site, last)


def back_up(settings: Settings, target: Path, *, clock: Clock) -> None:
    """Copy the history into a file.

    Raises:
        OutputError: There is something of that name, or it cannot be written.
    """
    with open_stored(settings, clock) as history:
        history.backup(target)
        history.record_event("backed-up")


def accept_history(
    settings: Settings, *, clock: Clock, progress: Progress | None = None
) -> tuple[tuple[WorklistNews, ...], Path | None]:
    """Take the history that is there for the right one, whatever log and anchor say.

    A log that is not as it was written is set aside, and a new one begun.

    Returns:
        What became of what people typed into the worklist, and where the old log is kept; None
        if it goes on.

    Raises:
        OutputError: The anchor cannot be written; it is accepted all the same, but for that.
    """
    with open_site(settings, clock, progress, is_trusted=False) as site:
        kept = set_log_aside(settings.output, site.private, clock())
        site.history.accept(site.place.key, after=read_source(site.private))
        news = (refresh(site).worklist,)
        failed = anchor_log(settings, site.place, site.private, clock(), is_accepted=True)
    if failed:
        raise OutputError(f"accepted in the log, and not in the anchor: {failed}")
    return news, kept


def restore_history(
    settings: Settings, source: Path, *, clock: Clock, progress: Progress | None = None
) -> tuple[WorklistNews, ...]:
    """Put the history back to what a file holds, and write every report anew.

    Returns:
        What became of what people typed into the worklist.

    Raises:
        OutputError: The file is no history, or the log is not the one that was anchored.
    """
    copy = connect_copy(source)
    with open_site(settings, clock, progress, is_trusted=False) as site:
        require_anchored(settings, site.place, site.private, site.history)
        site.history.restore(copy, after=read_source(site.private))
        copy.dispose()
        return (refresh(site).worklist,)
