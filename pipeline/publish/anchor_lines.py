"""A line of an anchor: the time, whose log it is, how far the log goes, and a signature."""

import hashlib
import hmac
import json
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from pipeline.config import Settings
from pipeline.publish.audit_log import Head
from pipeline.site.location import HistoryLocation

_MARK = {"anchor": "labflag"}
_BEGINS, _ENDS = b'{"anchor":"labflag",', b"}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorLine:
    """Where a log ended at a time."""

    at: str
    """ISO 8601, with its offset."""
    site: str
    """Stands for the machine and the path of the folder of reports."""
    history: str
    """The history, and what it calls the folder."""
    lines: int
    """How many lines the log had."""
    seal: str
    """Of the last one."""
    is_accepted: bool = False
    """A person took the folder for right as it was: what was anchored before counts no more."""
    mac: str = ""
    """HMAC-SHA-256 over all of this, by which the line is signed."""

    def sign(self, key: bytes) -> str:
        """Return the HMAC that the line has with a key; "" without one."""
        said = _as_text(asdict(self) | {"mac": ""})
        return hmac.new(key, said.encode(), hashlib.sha256).hexdigest() if key else ""

    def is_signed(self, key: bytes) -> bool:
        """Whether the line was signed with a key."""
        return hmac.compare_digest(self.mac.encode(), self.sign(key).encode())

    def as_text(self, key: bytes) -> str:
        """Return the line as it is written, signed where there is a key."""
        return _as_text(asdict(self) | {"mac": self.sign(key)})


@dataclass(frozen=True, slots=True, kw_only=True)
class LogName:
    """By what the lines of one log are known in an anchor that several may share."""

    site: str
    history: str

    def owns(self, line: AnchorLine) -> bool:
        """Whether a line is of this log: of the same folder, or of the same history of it."""
        return line.site == self.site or (bool(self.history) and line.history == self.history)


def name_log(settings: Settings, place: HistoryLocation, history: str) -> LogName:
    """Return by what the log of a folder of reports is known.

    Args:
        settings: Of the site.
        place: Where the history is, and what it calls the folder.
        history: The id of the history.
    """
    where = f"{socket.gethostname()}\0{settings.output.resolve()}"
    folder = "" if place.key == "." else f"/{digest(place.key)}"
    return LogName(site=digest(where), history=f"{history}{folder}" if history else "")


def compose_line(name: LogName, head: Head, at: str, *, is_accepted: bool = False) -> AnchorLine:
    """Return the line that says where a log ends."""
    return AnchorLine(
        at=at,
        site=name.site,
        history=name.history,
        lines=head.lines,
        seal=head.seal,
        is_accepted=is_accepted,
    )


def parse_line(text: bytes, name: LogName) -> AnchorLine | str:
    """Return a line of a log, what else it is of that log, or "" if it is none of it."""
    # What a system log puts before a line is passed over.
    begin = text.find(_BEGINS)
    if begin < 0:
        return ""
    text = text[begin:].strip()
    if not text.endswith(_ENDS):
        return "torn"
    try:
        said = json.loads(text)
        del said["anchor"]
        line = AnchorLine(**said)
        is_whole = type(line.lines) is int and type(line.is_accepted) is bool
        # It is shown to people as it stands.
        is_whole &= bool(datetime.fromisoformat(line.at))
        is_whole &= all(isinstance(said[key], str) for key in ("at", "site", "seal", "mac"))
    except (ValueError, KeyError, TypeError, RecursionError):
        is_whole = False
    if is_whole:
        return line if name.owns(line) else ""
    return "damaged" if name.site.encode() in text else ""


def _as_text(said: Mapping[str, object]) -> str:
    return json.dumps({**_MARK, **said}, sort_keys=True, separators=(",", ":"))


def digest(text: str) -> str:
    """Return 16 digits that stand for a path or another name."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
