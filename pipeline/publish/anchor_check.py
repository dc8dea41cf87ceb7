"""Whether a log is as it was anchored, and whether its anchor can be used; nothing is changed."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from pipeline.config import Settings
from pipeline.errors import OutputError
from pipeline.publish.anchor import (
    Anchor,
    find_contradictions,
    find_failures,
    has_begun,
    load_anchor,
    read_key,
)
from pipeline.publish.anchor_lines import AnchorLine, compose_line, name_log
from pipeline.publish.audit_log import Fault, read_head
from pipeline.site.location import HistoryLocation
from pipeline.site.private_folder import find_private


def verify_anchor(
    settings: Settings, place: HistoryLocation, other: Path | None = None
) -> Iterator[Fault]:
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
    anchor = load_for(path, settings, place)
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


def find_anchor_contradictions(settings: Settings, place: HistoryLocation) -> Iterator[str]:
    """Say why a run would end for what was anchored; nothing if it would not."""
    if settings.audit_anchor is not None:
        anchor = load_for(settings.audit_anchor, settings, place)
        yield from find_contradictions(anchor, settings.output)


def compose_last(
    settings: Settings, place: HistoryLocation, now: datetime
) -> tuple[AnchorLine, bytes]:
    """Return the line that says where the log ends now, and the key to sign it with.

    Raises:
        ConfigError: The key cannot be used.
        OutputError: The seal of the last line cannot be read.
    """
    head = read_head(find_private(settings.output))
    at = now.astimezone().isoformat(timespec="seconds")
    return compose_line(name_log(settings, place, head.history), head, at), read_key(settings)


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


def load_for(path: Path, settings: Settings, place: HistoryLocation) -> Anchor:
    """Read an anchor as that of the log of a site."""
    try:
        history = read_head(find_private(settings.output)).history
    except OutputError:
        # Named where the log itself is looked at.
        history = ""
    return load_anchor(path.absolute(), name_log(settings, place, history), settings)
