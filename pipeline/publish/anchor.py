"""An anchor: where the log ended after each run, kept where whoever changes the log cannot write.

A folder that is put back as a whole, or rewritten with its log, is consistent in itself. What was
anchored tells: the log must still hold each line that was anchored, unchanged. Lines that came
after it are no fault. A line of an anchor holds no name and no value of a patient: time, place,
history, number and seal of the last line of the log, and where the site has a key, a signature.
"""

import os
import stat
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pipeline.config import Settings
from pipeline.errors import ConfigError
from pipeline.files.folder import Folder, open_folder, read_plain
from pipeline.publish.anchor_lines import AnchorLine, LogName, digest, parse_line
from pipeline.publish.audit_log import read_statements, seals_of
from pipeline.site.private_folder import find_private

T = TypeVar("T")
BEGUN = "anchor-begun"
"""The entry of the log after the first line of an anchor; from then on the anchor must be there."""
_CURE = "Put it back as it was, or begin it anew with `labflag audit accept`"
_LEAST_KEY = 32
_LARGEST = 1 << 26  # bytes
_PATIENCE = 20.0  # seconds for a share that does not answer
_OF_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """What an anchor holds of one log."""

    path: Path
    exists: bool = False
    lines: tuple[AnchorLine, ...] = ()
    """Those that count: since a person last accepted the folder, and signed if there is a key."""
    odd: Mapping[str, int] = field(default_factory=dict)
    """How many lines the key did not sign ("unsigned"), are "damaged", or have no end ("torn")."""
    key: bytes = b""
    fault: str = ""
    """Why nothing can be read or written."""

    @property
    def last(self) -> int:
        """The greatest number of a line of the log that is anchored."""
        return max((line.lines for line in self.lines), default=0)


def read_key(settings: Settings) -> bytes:
    """Return the key that lines are signed with; nothing if the site names none.

    Raises:
        ConfigError: It cannot be read, lies with the reports, is too short, or others may read it.
    """
    path = settings.audit_key
    if path is None:
        return b""
    require_elsewhere("audit_key", path, settings)
    try:
        found = path.lstat()
        key = read_plain(path)
    except OSError as error:
        raise ConfigError(f"audit_key: {path} cannot be read: {error.strerror}") from None
    if hasattr(os, "geteuid"):
        if found.st_uid not in (os.geteuid(), 0):
            raise ConfigError(f"audit_key: {path} belongs to another account")
        if found.st_mode & _OF_OTHERS:
            raise ConfigError(f"audit_key: others may read or write {path}: chmod go= {path}")
    if len(key) < _LEAST_KEY:
        raise ConfigError(
            f"audit_key: {path} holds {len(key)} bytes; a key has {_LEAST_KEY} or more "
            "(openssl rand -hex 32)"
        )
    return key


def require_elsewhere(name: str, path: Path, settings: Settings) -> None:
    """Make sure that a file is not in the folder of reports, nor in the private one beside it.

    Raises:
        ConfigError: It is: what changes the folder would change it too.
    """
    output = settings.output.absolute()
    for folder in (output, find_private(output)):
        if path.resolve().is_relative_to(folder.resolve()):
            raise ConfigError(
                f"{name}: {path} lies with the reports, and would be put back and rewritten with "
                "them; name a file elsewhere"
            )


def load_anchor(path: Path, name: LogName, settings: Settings) -> Anchor:
    """Return what an anchor holds of a log; why it cannot be used stands in `fault`.

    Args:
        path: Of the anchor.
        name: By what the log is known.
        settings: Name the key.
    """
    try:
        key = read_key(settings)
    except ConfigError as error:
        # Who signed is not known then; what the lines say is compared all the same.
        key, fault = b"", str(error)
    else:
        fault = ""
    try:
        require_elsewhere("audit_anchor", path, settings)
        content = within(_PATIENCE, lambda: _read(path))
    except FileNotFoundError:
        return Anchor(path=path, key=key, fault=fault)
    except ConfigError as error:
        return Anchor(path=path, key=key, fault=str(error))
    except OSError as error:
        return Anchor(path=path, key=key, fault=f"{path} cannot be read: {error.strerror}")
    lines: list[AnchorLine] = []
    odd = Counter[str]()
    for text in content.splitlines():
        line = parse_line(text, name)
        if isinstance(line, AnchorLine) and key and not line.is_signed(key):
            line = "unsigned"
        if isinstance(line, AnchorLine):
            if line.is_accepted:
                lines, odd = [], Counter()
            lines.append(line)
        elif line:
            odd[line] += 1
    return Anchor(path=path, exists=True, lines=tuple(lines), odd=odd, key=key, fault=fault)


def find_contradictions(anchor: Anchor, output: Path) -> Iterator[str]:
    """Say where the log is not as it was anchored; nothing if it is, whatever came since."""
    seals = seals_of(output, {line.lines for line in anchor.lines})
    gone = [line for line in anchor.lines if line.lines not in seals]
    if gone:
        last = max(gone, key=lambda line: line.lines)
        yield (
            f"the log in {output} is shorter than its anchor: line {last.lines} was anchored at "
            f"{last.at}, and is gone. The folder was put back to an earlier state, begun anew, or "
            "its log was cut off"
        )
    changed = [line for line in anchor.lines if seals.get(line.lines, line.seal) != line.seal]
    if changed:
        first = min(changed, key=lambda line: line.lines)
        yield (
            f"line {first.lines} of the log in {output} is not the one that was anchored at "
            f"{first.at}: the log was rewritten"
        )


def find_failures(anchor: Anchor, output: Path) -> Iterator[str]:
    """Say what is wrong with an anchor itself, so that it does not show what it should."""
    if anchor.fault:
        yield f"the anchor is not in use: {anchor.fault}"
        return
    if not anchor.exists:
        if find_begun(output, anchor.path):
            yield f"the anchor {anchor.path} is gone: is the share connected? {_CURE}"
        return
    if count := anchor.odd.get("unsigned"):
        yield (
            f"lines of the anchor {anchor.path} that are not signed with the key: {count}. They "
            f"were forged, or the key is another one. {_CURE}"
        )
    if count := anchor.odd.get("damaged"):
        yield f"damaged lines of the anchor {anchor.path}: {count}. {_CURE}"
    begun = find_begun(output, anchor.path)
    if begun and begun not in {line.lines for line in anchor.lines}:
        yield (
            f"the anchor {anchor.path} was emptied or changed: line {begun} of the log was "
            f"anchored there, and is not in it. {_CURE}"
        )


def find_begun(output: Path, target: object) -> int:
    """Return the first line of the log that a file or command was given; 0 if there was none."""
    begun = 0
    for told in read_statements(output, BEGUN):
        if told.event == BEGUN and told.facts.get("anchor") == name_target(target):
            begun = int(str(told.facts.get("lines", 0)))
    return begun


def has_begun(output: Path) -> bool:
    """Whether the log was ever anchored in a file."""
    return any(
        told.event == BEGUN and told.facts.get("kind") == "file"
        for told in read_statements(output, BEGUN)
    )


def name_target(target: object) -> str:
    """Return by what the log knows an anchor: a path or a command."""
    return digest(str(target.absolute()) if isinstance(target, Path) else repr(target))


def within(seconds: float, work: Callable[[], T]) -> T:
    """Do something that waits for a disk or a share, and give up when it never answers.

    Raises:
        TimeoutError: It took too long; it may be done later all the same.
    """
    done: list[T] = []
    failed: list[BaseException] = []

    def act() -> None:
        try:
            done.append(work())
        except BaseException as error:
            failed.append(error)

    worker = threading.Thread(target=act, daemon=True)
    worker.start()
    worker.join(seconds)
    if failed:
        raise failed[0]
    if not done:
        raise TimeoutError(0, f"no answer within {seconds:g} seconds")
    return done[0]


def open_anchor(folder: Folder, name: str, flags: int) -> int:
    """Open an anchor in its folder; nothing is waited for.

    Raises:
        OSError: It is no plain file, has a second name, or cannot be opened.
    """
    descriptor = folder.open(name, flags)
    if os.fstat(descriptor).st_nlink > 1:
        os.close(descriptor)
        raise OSError(0, "it is a file with a second name")
    return descriptor


def _read(path: Path) -> bytes:
    with open_folder(path.parent, follow=True) as folder:
        descriptor = open_anchor(folder, path.name, os.O_RDONLY)
    with os.fdopen(descriptor, "rb") as stream:
        content = stream.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise OSError(0, "it is larger than 64 MiB; name a new one")
    return content
