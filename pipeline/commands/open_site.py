"""A site held by one command: what it changes and the reports that follow, under one lock."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.commands.context import Clock, Progress, load_tried_knowledge, pass_through
from pipeline.config import Settings
from pipeline.errors import OutputError
from pipeline.history.stored import History, open_history
from pipeline.knowledge.model import Knowledge
from pipeline.publish.publish import check_folder
from pipeline.publish.trust import open_trusted
from pipeline.publish.worklist_update import WorklistNews, WorklistUpdate
from pipeline.site.location import HistoryLocation, locate_history
from pipeline.site.workspace import open_workspace


def open_stored(settings: Settings, clock: Clock) -> History:
    """Open the history to look at it; nothing is locked.

    Raises:
        OutputError: There is none.
    """
    return open_history(_require_history(settings).where, clock=clock)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSite:
    """A site of which nobody else changes anything just now."""

    settings: Settings
    knowledge: Knowledge
    place: HistoryLocation
    private: Path
    history: History
    clock: Clock
    progress: Progress = pass_through


@contextmanager
def open_site(
    settings: Settings, clock: Clock, progress: Progress | None = None, *, is_trusted: bool = True
) -> Iterator[OpenSite]:
    """Open the history with the output folder locked, until its reports follow.

    Args:
        settings: Of the site.
        clock: Returns the local time.
        progress: Shows progress.
        is_trusted: There is a history, and it is the one that the log tells of; else whatever is
            there is opened, or made.

    Raises:
        BusyError: Another run is at work in the folder.
        OutputError: There is no history, and no folder is made; or the folder holds what is not
            ours.
    """
    if is_trusted:
        _require_history(settings)
    # Before anything is changed: what cannot be assessed could not be reported either.
    knowledge = load_tried_knowledge(settings)
    with hold_site(settings, knowledge, clock, progress, is_trusted=is_trusted) as site:
        yield site


@contextmanager
def hold_site(
    settings: Settings,
    knowledge: Knowledge,
    clock: Clock,
    progress: Progress | None = None,
    *,
    is_trusted: bool = True,
) -> Iterator[OpenSite]:
    """Lock the output folder and open its history; both are made where they are not there.

    Raises:
        BusyError: Another run is at work in the folder.
        OutputError: The folder holds what is not ours, or the history is not its own.
    """
    with open_workspace(settings.output, clock, settings.report_mode) as private:
        # Before the history is made: it is by the history that a folder is known as ours.
        check_folder(settings.output)
        place = locate_history(settings)
        opened = (
            open_trusted(place, settings, private, clock)
            if is_trusted
            else open_history(place.where, clock=clock)
        )
        with opened as history:
            yield OpenSite(
                settings=settings,
                knowledge=knowledge,
                place=place,
                private=private,
                history=history,
                clock=clock,
                progress=progress or pass_through,
            )


def _require_history(settings: Settings) -> HistoryLocation:
    place = locate_history(settings)
    if not place.exists:
        raise OutputError(f"there is no history in {settings.output}; name it with --history")
    return place


def take_in_typed(site: OpenSite) -> WorklistNews:
    """Read what people typed into the worklist before what it is about moves or goes.

    Raises:
        OutputError: The history cannot be written.
    """
    return WorklistUpdate(
        folder=site.settings.output,
        key=site.place.key,
        history=site.history,
        made_at=site.clock(),
        people=site.history.list_people(),
    ).take_in()
