"""Where the log ends, written elsewhere at the end of a run: into a file, and to a command.

The results are reported by then. What fails here is said and makes the run end with 1; the next
run tries again, also where it finds nothing else to do.
"""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from pipeline.command_rule import find_weakness
from pipeline.config import Settings
from pipeline.errors import LabflagError, OutputError
from pipeline.files.durable import write_private
from pipeline.files.folder import open_folder, read_plain
from pipeline.history.stored import History
from pipeline.publish.anchor import (
    BEGUN,
    find_begun,
    find_contradictions,
    find_failures,
    load_anchor,
    name_target,
    open_anchor,
    read_key,
    within,
)
from pipeline.publish.anchor_lines import compose_line, name_log
from pipeline.publish.audit_log import Entry, append_entries, read_head
from pipeline.site.location import HistoryLocation

_GIVEN = "audit.given"
"""What the command was last given: number and seal of a line of the log."""
_PATIENCE = 20.0  # seconds for a command or a share
_ADVICE = (
    "Put the right folder back. If all is as it should be, `labflag audit accept` says so in the "
    "log and in the anchor"
)


def require_anchored(
    settings: Settings, place: HistoryLocation, private: Path, history: History
) -> None:
    """Make sure that the log of a folder holds what was anchored of it.

    An anchor that cannot be read stops nothing: that is said at the end of the run.

    Raises:
        OutputError: The anchor contradicts the log.
    """
    if settings.audit_anchor is None:
        return
    name = name_log(settings, place, read_head(private).history or history.id)
    anchor = load_anchor(settings.audit_anchor.absolute(), name, settings)
    for said in find_contradictions(anchor, settings.output):
        raise OutputError(f"{said}. {_ADVICE}")


def anchor_log(
    settings: Settings,
    place: HistoryLocation,
    private: Path,
    now: datetime,
    *,
    is_accepted: bool = False,
) -> str:
    """Write where the log ends into the anchor, and give it to the command, if it is not there.

    Args:
        settings: Of the site; with the command only where it may be started.
        place: Where the history is.
        private: The private folder; its lock is held.
        now: The time that the line says.
        is_accepted: A person took the folder for right: what was anchored before counts no more.

    Returns:
        What failed, in a sentence or two; "" if nothing did.
    """
    failed = [settings.refused_command] if settings.refused_command else []
    with_file = _anchor_in_file(settings, place, private, now, is_accepted=is_accepted)
    failed += [*with_file, *_give_to_command(settings, place, private, now)]
    return "; ".join(each.removesuffix(".") for each in failed)


def find_program(command: tuple[str, ...]) -> Path:
    """Return the program of a command, if nobody else can put another one in its place.

    Raises:
        OutputError: It is not there, or others may change it.
    """
    program = command[0]
    # From where a run starts nobody can foresee.
    is_relative = os.sep in program and not os.path.isabs(program)
    found = None if is_relative else shutil.which(program)
    if found is None:
        raise OutputError(f"the program {program} was not found; give its whole path")
    if weakness := find_weakness(Path(found)):
        raise OutputError(f"the program {found} is not started: {weakness}")
    return Path(found).absolute()


def _anchor_in_file(
    settings: Settings, place: HistoryLocation, private: Path, now: datetime, *, is_accepted: bool
) -> Iterator[str]:
    if settings.audit_anchor is None:
        return
    path, head = settings.audit_anchor.absolute(), read_head(private)
    name = name_log(settings, place, head.history)
    anchor = load_anchor(path, name, settings)
    begun = 0 if is_accepted else find_begun(settings.output, path)
    if anchor.fault or not is_accepted:
        yield from find_failures(anchor, settings.output)
    # One that was there and is gone is not made: what it stands on may not be connected.
    if anchor.fault or (begun and not anchor.exists) or not head.lines:
        return
    if is_accepted or head.lines > anchor.last:
        line = compose_line(name, head, _stamp(now), is_accepted=is_accepted)
        text = line.as_text(anchor.key)
        try:
            within(_PATIENCE, lambda: _append(path, text, is_new=not begun))
        except OSError as error:
            yield f"the anchor {path} cannot be written: {error.strerror}. The next run tries again"
            return
    if not begun:
        _note_begun(settings.output, private, now, path)


def _append(path: Path, text: str, *, is_new: bool) -> None:
    """Append a line to an anchor, down to the disk; nothing that stands there is touched."""
    with open_folder(path.parent, follow=True) as folder:
        create = os.O_CREAT if is_new else 0
        descriptor = open_anchor(folder, path.name, os.O_RDWR | os.O_APPEND | create)
        try:
            end = b"\n"
            if os.fstat(descriptor).st_size:
                os.lseek(descriptor, -1, os.SEEK_END)
                end = os.read(descriptor, 1)
            # After a line that was not written to its end.
            rest = (b"" if end == b"\n" else b"\n") + text.encode() + b"\n"
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if is_new:
            folder.sync()


def _give_to_command(
    settings: Settings, place: HistoryLocation, private: Path, now: datetime
) -> Iterator[str]:
    """Start the command with the line on its standard input; nothing of what it says is kept."""
    command, head = settings.audit_anchor_command, read_head(private)
    if not command or not head.lines or _read_given(private) == [head.lines, head.seal]:
        return
    try:
        name = name_log(settings, place, head.history)
        line = compose_line(name, head, _stamp(now)).as_text(read_key(settings))
        _start(command, line)
    except LabflagError as error:
        yield f"audit_anchor_command: {error}. The next run tries again"
        return
    write_private(json.dumps([head.lines, head.seal]).encode(), private / _GIVEN)
    if not find_begun(settings.output, command):
        _note_begun(settings.output, private, now, command)


def _start(command: tuple[str, ...], line: str) -> None:
    program = find_program(command)
    try:
        process = subprocess.Popen(
            [str(program), *command[1:]],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=program.anchor,
            # So that what it starts in turn can be ended with it.
            start_new_session=True,
        )
    except OSError as error:
        raise OutputError(f"{program} cannot be started: {error.strerror}") from None
    try:
        process.communicate(f"{line}\n".encode(), timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        raise OutputError(f"{program} was ended after {_PATIENCE:g} seconds") from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.returncode:
        raise OutputError(f"{program} ended with {process.returncode}")


def _note_begun(output: Path, private: Path, now: datetime, target: object) -> None:
    """Let the log say from which of its lines on an anchor holds where it ended."""
    facts = {
        "anchor": name_target(target),
        "kind": "file" if isinstance(target, Path) else "command",
        "lines": read_head(private).lines,
    }
    append_entries(output, private, [Entry(at=now, event=BEGUN, facts=facts)])


def _read_given(private: Path) -> object:
    try:
        return json.loads(read_plain(private / _GIVEN))
    except (OSError, ValueError):
        return None


def _stamp(now: datetime) -> str:
    return now.astimezone().isoformat(timespec="seconds")
