"""Everything that a run needs, looked at beforehand: the machine, the history, the knowledge."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pipeline.commands.anchor_checks import look_at_anchor
from pipeline.commands.context import Clock, chosen_layout, load_tried_knowledge
from pipeline.commands.site_checks import Check, examine_site
from pipeline.config import Settings
from pipeline.errors import ConfigError, KnowledgeError, OutputError
from pipeline.history.stored import open_history
from pipeline.ingest.stored_file import ReceivedFile
from pipeline.site.inbox import locate_inbox
from pipeline.site.location import locate_history
from pipeline.site.lock import find_holder
from pipeline.site.private_folder import find_private
from pipeline.site.quarantine import count_unread, describe_unread


def check_up(settings: Settings, clock: Clock) -> Iterator[Check]:
    """Look at a site; change nothing that lasts."""
    yield from examine_site(settings, clock)
    yield from _look_at_history(settings, clock)
    yield from look_at_anchor(settings)
    yield from _look_at_knowledge(settings)


def _look_at_history(settings: Settings, clock: Clock) -> Iterator[Check]:
    subject = "history"
    try:
        place = locate_history(settings)
        if place.said:
            cure = "keep the history on a disk of this machine, or on a server: docs/history.md"
            yield Check(subject=subject, said=place.said, cure=cure)
        if not place.exists:
            yield Check(subject=subject, said="it is made by the first run")
            return
        with open_history(place.where, clock=clock) as history:
            files = history.list_files()
            last = next(iter(history.list_runs(1, place.key)), None)
            is_due = bool(history.list_due(place.key))
            is_sound = history.is_sound()
    except (ConfigError, OutputError) as error:
        cure = "see docs/history.md; `labflag restore FILE` puts back a copy"
        yield Check(subject=subject, said=str(error), cure=cure)
        return
    yield from _look_at_quarantine(settings, files)
    if not is_sound:
        cure = "put back a copy with `labflag restore FILE`; keep the damaged file"
        yield Check(subject=subject, said="the file is damaged", cure=cure)
        return
    at_work = find_holder(find_private(settings.output.absolute()))
    if last is not None and last.finished_at is None and not (at_work or settings.hold_all):
        said = f"the run of {last.started_at:%Y-%m-%d %H:%M} did not come to its end"
        yield Check(subject=subject, said=said, cure="run labflag again: it goes on from there")
        return
    if is_due and not (at_work or settings.hold_all):
        said = "changes are stored that the reports do not show yet"
        yield Check(subject=subject, said=said, cure="run labflag again: it brings them up to date")
        return
    yield Check(subject=subject, said=f"{len(files):,} files are stored, and the file is sound")


def _look_at_quarantine(settings: Settings, files: Sequence[ReceivedFile]) -> Iterator[Check]:
    """Look whether files are set aside that may hold what nobody has seen."""
    if settings.inbox is None:
        return
    inbox = locate_inbox(settings.inbox, settings.archive, settings.quarantine, settings.duplicates)
    count = count_unread(find_private(settings.output.absolute()), inbox.quarantine, files)
    if count:
        cure = "put a file that can be read into the inbox; then move the old one out of there"
        yield Check(subject="quarantine", said=describe_unread(count, inbox.quarantine), cure=cure)


def _look_at_knowledge(settings: Settings) -> Iterator[Check]:
    cure = "correct it; until then no run reads or writes anything"
    try:
        knowledge = load_tried_knowledge(replace(settings, layout=""))
    except (ConfigError, KnowledgeError) as error:
        yield Check(subject="rules", said=str(error), cure=cure)
        return
    said = f"profile {knowledge.profile.id}, version {knowledge.version}"
    yield Check(subject="rules", said=said)
    if not settings.layout:
        return
    try:
        layout = chosen_layout(settings, knowledge)
    except (ConfigError, KnowledgeError) as error:
        yield Check(subject="layout", said=str(error), cure=cure)
        return
    assert layout is not None
    yield Check(subject="layout", said=layout.id)
