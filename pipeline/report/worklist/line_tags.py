"""What people typed into the worklist, and the hidden cells that say what it was typed about.

Each line of the worklist has a hidden cell, its tag: whose line it is, what stood on it, which
worklist it is of, and a check of what had been typed when that was drawn. So a change is told
from what labflag wrote itself, and a note is known to be about the findings that its writer saw.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.history.notes import Call, Kept, Note, Own, Unplaced, check_own, check_typed

TAG = "labflag tag"
_PLACED, _KEPT = "to place", "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTag:
    """The hidden cell of a patient's line."""

    patient_id: str
    shown: tuple[str, ...]
    """Topics of the line."""
    about: tuple[str, ...]
    """Topics of the note on it."""
    check: str
    made: str = ""
    """Which worklist it is of; "" of one that labflag 0.1 drew."""
    own: str = ""
    """Check of the columns that people added."""

    @property
    def origin(self) -> str:
        """Which drawn line it is."""
        return f"{self.made}/{self.check}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTag:
    """The hidden cell of a call's line."""

    patient_id: str
    accession: str
    rule: str
    told: tuple[str, ...]
    fact: str = ""
    check: str = ""
    made: str = ""

    @property
    def origin(self) -> str:
        """Which drawn line it is."""
        return f"{self.made}/{self.check}"


def tag_line(
    patient_id: str,
    topics: Iterable[str],
    note: Note | None,
    made: str = "",
    own: Mapping[str, Own] | None = None,
) -> str:
    """Make the tag of a patient's line that shows `topics` and carries `note`."""
    typed = note.typed if note else ("", "", "")
    about = (note.topics or ()) if note else ()
    return _json([patient_id, [*topics], [*about], check_typed(typed), made, check_own(own or {})])


def tag_call(call: Call, made: str = "") -> str:
    """Make the tag of a line of the critical calls."""
    return _json([*call.key, [*call.told], call.fact, check_typed(call.typed), made])


def tag_kept(kept: Kept) -> str:
    """Make the hidden cell of a line of the archive."""
    return _json([_KEPT, check_typed(kept.shown), kept.tag])


def tag_unplaced(unplaced: Unplaced) -> str:
    """Make the hidden cell of a note that is to be placed."""
    return _json([_PLACED, unplaced.id, unplaced.why, unplaced.tag_id])


def read_line_tag(text: str) -> LineTag | None:
    """Read the tag of a patient's line; None if it is none."""
    match _parse(text):
        case [str(patient), [*shown], [*about], str(check), *more]:
            made, own = (*map(str, more), "", "")[:2]
            return LineTag(
                patient_id=patient,
                shown=tuple(map(str, shown)),
                about=tuple(map(str, about)),
                check=check,
                made=made,
                own=own,
            )
    return None


def read_call_tag(text: str) -> CallTag | None:
    """Read the tag of a call's line; None if it is none."""
    match _parse(text):
        case [str(patient), str(accession), str(rule), [*told], *more]:
            fact, check, made = (*map(str, more), "", "", "")[:3]
            return CallTag(
                patient_id=patient,
                accession=accession,
                rule=rule,
                told=tuple(map(str, told)),
                fact=fact,
                check=check,
                made=made,
            )
    return None


def read_kept_tag(text: str) -> tuple[str, str]:
    """Read the hidden cell of a line of the archive: its check, and which closed call it was."""
    match _parse(text):
        case ["kept", str(check), str(tag)]:
            return check, tag
    return "", text


def read_unplaced_tag(text: str) -> tuple[str, str, str] | None:
    """Read the hidden cell of a note that is to be placed: its id, why, and the id of its tag."""
    match _parse(text):
        case ["to place", str(number), str(why), str(tag_id)]:
            return number, why, tag_id
    return None


def _parse(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None


def _json(parts: list[Any]) -> str:
    return json.dumps(parts, ensure_ascii=True, separators=(",", ":"))
