"""What was done, line by line, each line sealed by a hash over itself and the one before.

The log is written under the lock of the folder of reports, and only ever grows. It names no
file and no patient: inputs are their hashes, outputs are a salted hash of their path. A copy of
the last seal is kept beside it and another where the reader of the log keeps it: who can write
all of them can write a new log.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path

from pipeline.errors import OutputError
from pipeline.files.durable import hash_file, sync_names, write_private
from pipeline.files.folder import NotPlainError, open_folder, read_plain
from pipeline.history.store.seals import move_sum
from pipeline.publish.outputs import list_reports
from pipeline.site.private_folder import LOG, find_private, find_record

NAME = LOG
OUTPUTS = "outputs"
"""The fact of an entry that lists outputs: id of the path → SHA-256; "" for one taken away."""
WRITING = "writing"
"""The entry at whose time a run began to write outputs; the run's own entry ends it."""
_ENDS = "run"
_HEAD, _SALT = "audit.head", "audit.salt"
_FIRST = "0" * 64
_CURE = (
    "`labflag audit verify` names what differs. If it is lost, `labflag audit accept` keeps what "
    "is left of the log and begins a new one"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something that was done."""

    at: datetime
    event: str
    facts: Mapping[str, object] = field(default_factory=dict)
    """Counts, hashes, codes and versions; no name, no identifier, no value."""
    source: int = 0
    """Number of the event in the history; 0 if it is not from there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Where the log ends."""

    lines: int = 0
    seal: str = _FIRST
    size: int = 0
    """In bytes."""
    source: int = 0
    """The last event of the history that is in the log."""
    pending: str = ""
    """What is being appended: a line that was cut off is written again whole."""
    sealed: str = ""
    """The sum of the seals of all that is stored, by the lines so far (see `store.seals`)."""
    history: str = ""
    """The history that the log tells of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that is not as the log says, or a log that is not as it was."""

    what: str
    """A sentence without names."""
    path: Path | None = None
    """The file, whose name may hold an identifier."""
    is_note: bool = False
    """Said, and no fault: people may write in this file."""


def append_entries(
    output: Path, private: Path, entries: Sequence[Entry], history: str = ""
) -> Head:
    """Write entries to the end of the log, down to the disk; finish what a dead run began.

    Entries of the history that are in the log already are left out.

    Args:
        output: The folder of reports.
        private: Its private folder.
        entries: What is to be written.
        history: The history that the log tells of from now on; "" leaves it.

    Raises:
        OutputError: The log cannot be written, or does not end where it did: it was changed.
    """
    try:
        head = _finish(output, _read_head(private), private)
        fresh = [entry for entry in entries if not entry.source or entry.source > head.source]
        if not fresh:
            return head
        head = replace(head, history=history or head.history)
        text, after = _seal_entries(fresh, head)
        _write_head(private, replace(head, pending=text))
        return _finish(output, replace(head, pending=text), private, after)
    except OSError as error:
        path = find_record(output, NAME)
        cure = f". Put the log back; {_CURE}" if isinstance(error, NotPlainError) else ""
        raise OutputError(f"{path} cannot be written: {error.strerror}{cure}") from None


def advance_sum(total: str, facts: Mapping[str, object]) -> str:
    """Give the sum of all seals after an event: what was sealed anew, or all of it at once."""
    if "sealed" in facts:
        return str(facts["sealed"])
    added, taken = str(facts.get("seal", "")), str(facts.get("seal_before", ""))
    return move_sum(total, added=added, taken=taken)


def read_head(private: Path) -> Head:
    """Give where the log ends; what is pending counts as written.

    Raises:
        OutputError: The seal of the last line cannot be read.
    """
    head = _read_head(private)
    if head is None or not _is_chained(head):
        raise OutputError(f"{private / _HEAD} was changed; put it back as it was; {_CURE}")
    return _resolve(head)


def line_seal(output: Path, number: int, head: Head) -> str:
    """Give the seal of a line of the log; "" if there is no such line."""
    if number == head.lines:
        return head.seal
    lines = _read_lines(output)
    try:
        return str(json.loads(lines[number - 1])["seal"])
    except (IndexError, ValueError, KeyError, TypeError):
        return ""


def seals_of(output: Path, numbers: Iterable[int]) -> dict[int, str]:
    """Return the seals of some lines of the log, as they follow from what stands in each.

    Returns:
        Number → seal; "" for what is no line, and nothing for one after the last.
    """
    lines, seals = _read_lines(output), dict[int, str]()
    for number in numbers:
        if 0 < number <= len(lines):
            try:
                said = json.loads(lines[number - 1])
                del said["seal"]
                seals[number] = _seal(said)
            except (ValueError, KeyError, TypeError):
                seals[number] = ""
    return seals


@dataclass(frozen=True, slots=True, kw_only=True)
class LogStatement:
    """What a line of the log, or an event of the history, tells."""

    event: str
    facts: Mapping[str, object]
    source: int = 0
    """Number of the event in the history; 0 if it is not from there."""


def read_statements(output: Path, word: str = "") -> Iterator[LogStatement]:
    """Give what every line of the log that can be read tells, in order.

    Args:
        output: The folder of reports.
        word: Only lines in which this stands are read, which takes a hundredth of the time.
    """
    for line in _read_lines(output):
        if word.encode() not in line:
            continue
        try:
            said = json.loads(line)
            event, facts, source = str(said["event"]), dict(said["facts"]), int(said["source"])
        except (ValueError, KeyError, TypeError):
            # A line that is none is named where the chain is looked at.
            continue
        yield LogStatement(event=event, facts=facts, source=source)


def path_id(private: Path, path: str) -> str:
    """Give the id under which the log knows an output; the salt keeps it from being guessed.

    Args:
        private: The private folder, which holds the salt.
        path: Relative to the output folder, with forward slashes.

    Raises:
        OutputError: The salt is a link, or no plain file.
    """
    place = private / _SALT
    if not place.exists():
        write_private(secrets.token_hex(32).encode(), place)
    try:
        return _salted(read_plain(place), path)
    except NotPlainError as error:
        raise OutputError(f"{place} cannot be read: {error.strerror}") from None


def read_source(private: Path) -> int:
    """Give the number of the last event of the history that is in the log."""
    return read_head(private).source


def read_outputs(output: Path) -> dict[str, str]:
    """Give the outputs as the log left them: id of the path → SHA-256."""
    outputs: dict[str, str] = {}
    for told in read_statements(output):
        listed = told.facts.get(OUTPUTS)
        if isinstance(listed, dict):
            outputs |= {str(key): str(value) for key, value in listed.items()}
    return {key: value for key, value in outputs.items() if value}


def is_writing(output: Path) -> bool:
    """Whether a run has begun to write outputs and has not recorded them: it is at it, or died."""
    events = [told.event for told in read_statements(output) if told.event in (WRITING, _ENDS)]
    return events[-1:] == [WRITING]


def verify_site(output: Path) -> Iterator[Fault]:
    """Find what is not as the log says in an output folder; wait for no lock, change nothing."""
    private = find_private(output)
    if not find_record(output, NAME).exists() and not (private / _HEAD).exists():
        yield Fault(what=f"{output} has no log: no run ended there")
        return
    yield from verify_log(output, private)
    yield from verify_outputs(output, private, list_reports(output))


def verify_log(output: Path, private: Path) -> Iterator[Fault]:
    """Find every line that was changed, removed or added, and an end that was cut off."""
    seal, number = _FIRST, 0
    content = _read_log(output)
    head = _read_head(private, missing=bool(content))
    if head is not None and _is_chained(head):
        content = _without_pending(content, head)
    for number, line in enumerate(content.splitlines(), start=1):
        try:
            said = json.loads(line)
            claimed, before, count = said.pop("seal"), said["before"], said["line"]
        except (ValueError, KeyError, TypeError, AttributeError):
            yield Fault(what=f"line {number} of the log is not one that labflag wrote")
            return
        if _seal(said) != claimed:
            yield Fault(what=f"line {number} of the log was changed")
        elif before != seal or count != number:
            yield Fault(what=f"before line {number} of the log, lines were removed or added")
        seal = claimed
    if head is None:
        yield Fault(what="the seal of the last line is missing; the end may have been cut off")
    elif not _is_chained(head):
        yield Fault(what="what is to be written to the log next is not what labflag wrote")
    elif (head.lines, head.seal) != (number, seal):
        kind = "cut off" if number < head.lines else "changed or added to"
        yield Fault(what=f"the end of the log was {kind}: {number} lines, {head.lines} sealed")


def _without_pending(content: bytes, head: Head) -> bytes:
    """Leave out what a run has written of the lines that are pending: the next one finishes it."""
    rest = content[head.size :]
    is_begun = bool(head.pending) and head.pending.encode().startswith(rest)
    return content[: head.size] if is_begun else content


def _is_chained(head: Head) -> bool:
    """Whether the lines that are pending are ours, and go on where the log ended."""
    seal, number = head.seal, head.lines
    try:
        for line in head.pending.splitlines():
            said = json.loads(line)
            claimed = said.pop("seal")
            number += 1
            if (_seal(said), said["before"], said["line"]) != (claimed, seal, number):
                return False
            seal = claimed
    except (ValueError, KeyError, TypeError, AttributeError):
        return False
    return True


def verify_outputs(output: Path, private: Path, paths: Sequence[Path]) -> Iterator[Fault]:
    """Find every output that is not as the log left it.

    Args:
        output: The folder of reports.
        private: Its private folder.
        paths: The files that lie there now.
    """
    try:
        salt = read_plain(private / _SALT)
    except OSError:
        if paths:
            yield Fault(what="the salt of the log is missing: outputs cannot be compared")
        return
    expected, is_unfinished = read_outputs(output), is_writing(output)
    if is_unfinished:
        yield Fault(
            what="a run has not recorded what it wrote: it is at work, or was stopped. Outputs "
            "that differ are named as notes; run labflag again, then verify again",
            is_note=True,
        )
    for path in paths:
        seal = expected.pop(_salted(salt, path.relative_to(output).as_posix()), None)
        if seal is None:
            said = "a file is no output that the log knows"
            yield Fault(what=said, path=path, is_note=is_unfinished)
        elif hash_file(path) != seal:
            is_note = path.name == "worklist.xlsx"
            said = "an output was changed since it was written"
            people = "; people may write in the worklist" if is_note else ""
            yield Fault(what=said + people, path=path, is_note=is_note or is_unfinished)
    if expected:
        said = f"outputs that the log knows are missing: {len(expected)}"
        yield Fault(what=said, is_note=is_unfinished)


def _seal_entries(entries: Sequence[Entry], head: Head) -> tuple[str, Head]:
    lines: list[str] = []
    for entry in entries:
        said: dict[str, object] = {
            "line": head.lines + 1,
            "at": entry.at.astimezone().isoformat(timespec="seconds"),
            "event": entry.event,
            "source": entry.source,
            "facts": dict(entry.facts),
            "before": head.seal,
        }
        seal = _seal(said)
        lines.append(_as_text({**said, "seal": seal}) + "\n")
        head = replace(
            head,
            lines=head.lines + 1,
            seal=seal,
            source=max(head.source, entry.source),
            sealed=advance_sum(head.sealed, entry.facts),
        )
    text = "".join(lines)
    return text, replace(head, size=head.size + len(text.encode()), pending="")


def _finish(output: Path, head: Head | None, private: Path, after: Head | None = None) -> Head:
    """Append what is pending, from where the log ended before; give where it ends now."""
    head = head or Head()
    path = find_record(output, NAME)
    found = path.stat().st_size if path.exists() else 0
    content = head.pending.encode()
    if found < head.size or found > head.size + len(content):
        raise OutputError(
            f"{path} does not end where it did: it was changed by somebody else. Put back the "
            f"file as it was; {_CURE}"
        )
    if not content:
        return head
    if not _is_chained(head):
        raise OutputError(
            f"{private / _HEAD} was changed by somebody else: what it says comes next in the log "
            f"is not what labflag wrote. Put it back; {_CURE}"
        )
    with open_folder(path.parent, follow=True) as folder:
        descriptor = folder.open(NAME, os.O_RDWR | os.O_CREAT)
    try:
        os.lseek(descriptor, head.size, os.SEEK_SET)
        rest = content
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    sync_names(path.parent)
    if after is None:
        after = _resolve(head)
    _write_head(private, after)
    return after


def _resolve(head: Head) -> Head:
    """Give where the log ends once what is pending is written."""
    for line in head.pending.splitlines():
        said = json.loads(line)
        head = replace(
            head,
            lines=said["line"],
            seal=said["seal"],
            size=head.size + len(line.encode()) + 1,
            source=max(head.source, said["source"]),
            sealed=advance_sum(head.sealed, said["facts"]),
        )
    return replace(head, pending="")


def _read_head(private: Path, *, missing: bool = False) -> Head | None:
    try:
        return Head(**json.loads(read_plain(private / _HEAD)))
    except FileNotFoundError:
        return None if missing else Head()
    except (OSError, ValueError, TypeError):
        return None


def forget_end(private: Path) -> None:
    """Remove the record of where the log ends, so that a new one begins at its first line.

    Raises:
        OSError: It cannot be removed.
    """
    with open_folder(private) as folder:
        folder.remove(_HEAD)
        folder.sync()


def _write_head(private: Path, head: Head) -> None:
    write_private(json.dumps(asdict(head)).encode(), private / _HEAD)


def _read_lines(output: Path) -> list[bytes]:
    """Give the lines of the log; those that are pending count as written, as in `read_head`."""
    content, pending = _read_log(output), b""
    head = _read_head(find_private(output))
    if head is not None and _is_chained(head):
        content, pending = _without_pending(content, head), head.pending.encode()
    return [*content.splitlines(), *pending.splitlines()]


def _read_log(output: Path) -> bytes:
    try:
        return read_plain(find_record(output, NAME))
    except (FileNotFoundError, NotPlainError):
        return b""


def _seal(said: Mapping[str, object]) -> str:
    return hashlib.sha256(_as_text(said).encode()).hexdigest()


def _as_text(said: Mapping[str, object]) -> str:
    return json.dumps(said, sort_keys=True, separators=(",", ":"))


def _salted(salt: bytes, path: str) -> str:
    return hashlib.sha256(salt + path.encode("utf-8", "surrogateescape")).hexdigest()[:24]
