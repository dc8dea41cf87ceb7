"""Whether a log is as it was anchored, and whether its anchor can be used; nothing is changed."""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from pipeline.config import Settings
from pipeline.errors import ConfigError, OutputError
from pipeline.files.folder import open_folder
from pipeline.operations.anchor import (
    Anchor,
    find_begun,
    find_contradictions,
    find_failures,
    has_begun,
    load_anchor,
    open_anchor,
    read_key,
)
from pipeline.operations.anchor_lines import AnchorLine, compose_line, name_log
from pipeline.operations.anchoring import find_program
from pipeline.operations.audit import Fault, read_head
from pipeline.operations.doctor import Check
from pipeline.operations.place import Place, place_history
from pipeline.operations.private_folder import find_private


def verify_anchor(settings: Settings, place: Place, other: Path | None = None) -> Iterator[Fault]:
    """Find where the log is not as it was anchored, and what is wrong with the anchor.

    Args:
        settings: Of the site.
        place: Where the history is.
        other: An anchor, or a copy of one, to be compared in place of the site's own.
    """
    path = other or settings.audit_anchor
    if path is None:
        if has_begun(settings.output):
            said = "the log was anchored; name the anchor with --config or --anchor to compare it"
            yield Fault(what=said, is_note=True)
        return
    anchor = _load(path, settings, place)
    for said in find_contradictions(anchor, settings.output):
        yield Fault(what=said)
    if other is None:
        for said in find_failures(anchor, settings.output):
            yield Fault(what=said)
    else:
        yield from _look_at_copy(anchor)
    if count := anchor.odd.get("torn"):
        yield Fault(what=f"lines of the anchor that were not written whole: {count}", is_note=True)
    if anchor.lines and anchor.lines[0].is_accepted:
        said = f"what was anchored before {anchor.lines[0].at}, when a person accepted the folder, "
        yield Fault(what=f"{said}is not compared", is_note=True)


def find_anchor_contradictions(settings: Settings, place: Place) -> Iterator[str]:
    """Say why a run would end for what was anchored; nothing if it would not."""
    if settings.audit_anchor is not None:
        anchor = _load(settings.audit_anchor, settings, place)
        yield from find_contradictions(anchor, settings.output)


def compose_last(settings: Settings, place: Place, now: datetime) -> tuple[AnchorLine, bytes]:
    """Return the line that says where the log ends now, and the key to sign it with.

    Raises:
        ConfigError: The key cannot be used.
        OutputError: The seal of the last line cannot be read.
    """
    head = read_head(find_private(settings.output))
    at = now.astimezone().isoformat(timespec="seconds")
    return compose_line(name_log(settings, place, head.history), head, at), read_key(settings)


def look_at_anchor(settings: Settings) -> Iterator[Check]:
    """Look whether the next run can write the anchor, and would start the command."""
    if settings.refused_command:
        cure = "do what is said, name the file with --config, or take the command out"
        yield Check(subject="anchor", said=settings.refused_command, cure=cure)
    if settings.audit_anchor_command:
        try:
            program = find_program(settings.audit_anchor_command)
        except OutputError as error:
            yield Check(subject="anchor", said=f"audit_anchor_command: {error}", cure="correct it")
        else:
            yield Check(subject="anchor", said=f"each run starts {program}")
    if settings.audit_key is not None:
        try:
            read_key(settings)
        except ConfigError as error:
            cure = "correct it; until then no run writes the anchor"
            yield Check(subject="audit key", said=str(error), cure=cure)
        else:
            yield Check(subject="audit key", said="the lines of the anchor are signed")
    if settings.audit_anchor is not None:
        yield from _look_at_file(settings.audit_anchor, settings)


def _look_at_file(path: Path, settings: Settings) -> Iterator[Check]:
    subject, output = "anchor", settings.output
    try:
        anchor = _load(path, settings, place_history(settings))
        said = [*find_contradictions(anchor, output), *find_failures(anchor, output)]
    except (ConfigError, OutputError) as error:
        said = [str(error)]
    for each in said:
        cure = "do what is said; where the log is not as it was anchored, no run is made till then"
        yield Check(subject=subject, said=each, cure=cure)
    if said:
        return
    if not anchor.exists:
        well = os.access(path.absolute().parent, os.W_OK)
        cure = "" if well else "make the folder, or give the account that runs labflag the right"
        yield Check(subject=subject, said=f"{path} is made by the first run", cure=cure)
        return
    try:
        with open_folder(path.absolute().parent, follow=True) as folder:
            os.close(open_anchor(folder, path.name, os.O_RDWR | os.O_APPEND))
    except OSError as error:
        cure = "give the account that runs labflag the right to append to it"
        said_of = f"{path} cannot be written: {error.strerror}"
        yield Check(subject=subject, said=said_of, cure=cure)
        return
    is_begun = find_begun(output, path.absolute())
    lines = f"holds line {anchor.last} of the log" if is_begun else "is begun by the next run"
    yield Check(subject=subject, said=f"{path} {lines}")


def _look_at_copy(anchor: Anchor) -> Iterator[Fault]:
    """Find what keeps an anchor that was named by hand from being compared."""
    if anchor.fault:
        yield Fault(what=f"the anchor is not compared whole: {anchor.fault}")
    if count := anchor.odd.get("unsigned"):
        said = f"lines of the anchor that are not signed with the key: {count}"
        yield Fault(what=f"{said}. They were forged, or the key is another one")
    if count := anchor.odd.get("damaged"):
        yield Fault(what=f"damaged lines of the anchor: {count}")
    if not (anchor.lines or anchor.fault):
        yield Fault(what=f"{anchor.path} holds no line of this log: nothing was compared")


def _load(path: Path, settings: Settings, place: Place) -> Anchor:
    try:
        history = read_head(find_private(settings.output)).history
    except OutputError:
        # Named where the log itself is looked at.
        history = ""
    return load_anchor(path.absolute(), name_log(settings, place, history), settings)
