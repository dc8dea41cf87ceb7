"""A new worklist takes the place of the one that people have in their hands; no word is lost.

What was typed goes into the history first, and the worklist is drawn from there. Right before
the new one takes its place the old one is looked at once more, and what was replaced is looked
at again: a file that somebody saved in that moment is read, kept, and the worklist drawn anew.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from pipeline.errors import OutputError
from pipeline.files.durable import write_bytes, write_text
from pipeline.files.exchange import keep_as, replace_keeping
from pipeline.files.folder import open_folder
from pipeline.history.notes import WorklistNotes
from pipeline.history.stored import History
from pipeline.history.typed_notes import Drawn, ReadFile, load_drawn, load_typed, store_typed
from pipeline.publish.worklist_file import (
    NAME,
    OTHER,
    Found,
    is_as_found,
    is_open,
    list_aside,
    list_copies,
    look_at,
    name_aside,
)
from pipeline.report.worklist.merge_notes import Context, merge
from pipeline.report.worklist.read_notes import ReadBack, UnreadableWorklist, read_typed
from pipeline.site.private_folder import find_private
from pipeline.texts import ENGLISH, Texts
from pipeline.texts.workbook_cells import as_shown

_TRIES = 3
_HEADS = ("worklist.heads", "worklist.typed", "worklist.more")
_COPIES = "copies"
"""Under this name the history keeps which copies were named before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorklistNews:
    """What became of the worklist, to be said: counts, and names of files that labflag knows."""

    is_drawn: bool = False
    """Whether there is a new one."""
    left: str = ""
    """Why the old one was left: "open", "changing", "no-file", "unreadable", "no-reader"."""
    kept: tuple[str, ...] = ()
    """Names under which workbooks were kept that were not as labflag drew them."""
    odd: Mapping[str, int] = field(default_factory=dict)
    """What was not: kind → count."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """What was read: notes, calls, notes taken back, notes that are new to be placed."""
    to_place: int = 0
    """Notes that wait to be placed."""
    other: bool = False
    """There is a worklist.ods, and what was typed in it is read."""
    copies: tuple[str, ...] = ()
    """Files that look like copies; what is typed into them is not read."""
    has_new_copy: bool = False

    @property
    def needs_person(self) -> bool:
        """Whether something of this run waits for a person."""
        return bool(self.kept or self.counts.get("unplaced"))


@dataclass(slots=True, kw_only=True)
class WorklistUpdate:
    """One update of the worklist of an output folder."""

    folder: Path
    key: str
    """What the history calls the folder."""
    history: History
    made_at: datetime
    people: Collection[str] = ()
    """Patient ids that are known."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """The words for a topic of a note."""
    texts: Texts = ENGLISH
    _kept: dict[str, str] = field(default_factory=dict)
    """SHA-256 → name of what was kept."""
    _odd: Counter[str] = field(default_factory=Counter)
    _counts: Counter[str] = field(default_factory=Counter)
    _is_unread: bool = False
    """The worklist in place could not be read just now."""
    _as_read: ReadFile | None = None
    """The worklist in place, as it was last read."""

    @property
    def path(self) -> Path:
        """Of the worklist."""
        return self.folder / NAME

    def take_in(self) -> WorklistNews:
        """Read what was typed into the history, and let the worklist stand.

        Raises:
            OutputError: The history cannot be written, or a workbook not be kept.
        """
        with _guarded():
            self._recover()
            found = look_at(self.path)
            if found.content is not None:
                self._read(NAME, found)
            self._read_other()
            return self._news()

    def update(
        self,
        page: Path,
        carry: Callable[[WorklistNotes], WorklistNotes],
        render: Callable[[WorklistNotes], tuple[bytes, str]],
    ) -> WorklistNews:
        """Read what was typed, draw the worklist with it, and let it take its place.

        Args:
            page: Where the web page with the same lines goes; it is always written.
            carry: Gives what stays in the worklist, and what goes to its archive.
            render: Gives the bytes of the workbook, and the page.

        Raises:
            OutputError: A file cannot be written, or the history.
        """
        left, text = "changing", ""
        with _guarded():
            self._recover()
            for _ in range(_TRIES):
                found = look_at(self.path)
                if found.content is not None:
                    self._read(NAME, found)
                self._read_other()
                carried = carry(load_typed(self.history, self.key))
                content, text = render(carried)
                left = self._why_left(found)
                if not left:
                    left = self._replace(found, carried, content)
                if left != "changing":
                    break
            write_text(text, page)
            return replace(self._news(), is_drawn=not left, left=left)

    def _why_left(self, found: Found) -> str:
        """Say why the worklist must not be replaced; "" if it may."""
        if found.fault in ("no-file", "unreadable"):
            return found.fault
        if self._is_unread:
            return "no-reader"
        return "open" if found.is_there and is_open(self.path) else ""

    def _replace(self, found: Found, carried: WorklistNotes, content: bytes) -> str:
        """Let a new worklist take the place of the one that was found; say why it was left."""
        sha256 = hashlib.sha256(content).hexdigest()
        store_typed(
            self.history,
            self.key,
            carried,
            {NAME: ReadFile(sha256=sha256)},
            made=self.made_at.isoformat(),
            heads=self.texts.heads(*_HEADS),
        )
        new = find_private(self.folder) / NAME
        write_bytes(content, new)
        left = "" if is_as_found(self.path, found) else "changing"
        left = left or self._why_left(found)
        replaced = None
        if not left:
            try:
                replaced = replace_keeping(new, self.path)
            except PermissionError:
                left = "open"
        if left:
            new.unlink(missing_ok=True)
            # What stands there is still the one that was read.
            self._forget(found)
            return left
        if replaced is None:
            return ""
        was = look_at(replaced)
        if (was.content, was.fault) == (found.content, found.fault):
            if found.content is None:
                self._odd[found.fault] += 1
                self._keep_file(replaced)
            replaced.unlink(missing_ok=True)
            return ""
        # Saved in the last moment, over the one that was read.
        if was.content is not None:
            self._keep(was)
            self._read(NAME, was)
            replaced.unlink(missing_ok=True)
        else:
            self._keep_file(replaced)
        return "changing"

    def _recover(self) -> None:
        """Take up what a run that died has left: a worklist that was just replaced."""
        for path in sorted(find_private(self.folder).glob(f"{NAME}*")):
            found = look_at(path)
            known = load_drawn(self.history, self.key).files.get(NAME)
            if found.content is None:
                self._odd[found.fault] += 1
                self._keep_file(path)
            elif known is None or known.sha256 != found.sha256:
                self._read(NAME, found, remember=False)
            path.unlink(missing_ok=True)

    def _read(self, name: str, found: Found, *, remember: bool = True) -> None:
        """Take what was typed into the history, unless it is there."""
        drawn = load_drawn(self.history, self.key)
        known = drawn.files.get(name)
        if known is not None and known.sha256 == found.sha256:
            self._as_read = known if name == NAME else self._as_read
            return
        stored, content = load_typed(self.history, self.key), found.content or b""
        try:
            read = read_typed(name, content, stored.columns, drawn.heads)
        except UnreadableWorklist as error:
            if error.is_passing and remember:
                self._is_unread |= name == NAME
                return
            self._odd[error.kind] += 1
            self._keep_or_name(name, found)
            file = ReadFile(sha256=found.sha256)
            self._as_read = file if name == NAME and remember else self._as_read
            if remember:
                store_typed(self.history, self.key, stored, {name: file})
            return
        merged = merge(read, stored, self._context(drawn, known))
        odd = Counter(read.odd) + _miss_calls(read, stored, drawn)
        counts = Counter(merged.counts)
        odd += Counter({"ids-differ": counts.pop("ids-differ", 0)})
        self._odd += odd
        self._counts += counts
        if odd or counts["unplaced"]:
            # Before the history knows that it was read: it is kept whatever happens then.
            self._keep_or_name(name, found)
        file = ReadFile(sha256=found.sha256, changes=merged.seen)
        self._as_read = file if name == NAME and remember else self._as_read
        files = {name: file} if remember else {}
        store_typed(self.history, self.key, merged.entries, files)

    def _context(self, drawn: Drawn, known: ReadFile | None) -> Context:
        return Context(
            made=drawn.made,
            people=self.people,
            titles=self.titles,
            today=self.made_at.date(),
            texts=self.texts,
            seen=known.changes if known else {},
        )

    def _read_other(self) -> None:
        found = look_at(self.folder / OTHER)
        if found.content is not None:
            self._read(OTHER, found)

    def _forget(self, found: Found) -> None:
        """Note that the worklist in place is the one that was read, not the one that was drawn."""
        file = self._as_read or ReadFile(sha256=found.sha256)
        store_typed(self.history, self.key, load_typed(self.history, self.key), {NAME: file})

    def _keep_or_name(self, name: str, found: Found) -> None:
        """Keep a worklist as it was saved; another file stays where it is."""
        if name == NAME:
            self._keep(found)

    def _keep(self, found: Found) -> None:
        if found.content is None or found.sha256 in self._kept:
            return
        with open_folder(find_private(self.folder)) as private:
            aside = private.write_aside(found.content, 0o600)
        self._keep_file(private.path / aside, found.sha256)

    def _keep_file(self, source: Path, sha256: str = "") -> None:
        for target in name_aside(self.path, self.made_at):
            try:
                keep_as(source, target)
            except FileExistsError:
                continue
            self._kept[sha256 or target.name] = target.name
            return

    def _news(self) -> WorklistNews:
        facts = Counter(self._counts) + self._odd + Counter(kept=len(self._kept))
        if facts:
            self.history.record_event("worklist-read", "", **{**facts})
        copies = tuple(path.name for path in list_copies(self.folder))
        drawn = load_drawn(self.history, self.key)
        named = hashlib.sha256("\n".join(copies).encode("utf-8", "surrogateescape")).hexdigest()
        known = drawn.files.get(_COPIES)
        has_new = bool(copies) and (known is None or known.sha256 != named)
        stored = load_typed(self.history, self.key)
        if has_new:
            store_typed(self.history, self.key, stored, {_COPIES: ReadFile(sha256=named)})
        return WorklistNews(
            kept=tuple(self._kept.values()),
            odd=dict(self._odd),
            counts=dict(self._counts),
            to_place=len(stored.unplaced),
            other=OTHER in drawn.files and (self.folder / OTHER).is_file(),
            copies=copies,
            has_new_copy=has_new,
        )


def purge_aside(folder: Path, known: Collection[str]) -> int:
    """Delete the worklists that were kept and name a patient of whom nothing is known.

    One that cannot be read may name anybody. What could be read from them stays in the history.

    Args:
        folder: Of the outputs.
        known: Patient ids of which anything is stored.

    Returns:
        How many were deleted.
    """
    shown = {as_shown(who) for who in known}
    count = 0
    for path in list_aside(folder):
        try:
            read = read_typed(path.name, look_at(path).content or b"")
            named = {line.shown_id for line in read.lines} | {call.shown[0] for call in read.calls}
            named |= {as_shown(line.tag.patient_id) for line in read.lines if line.tag}
            is_due = not read.lines or bool(named - shown - {None, ""})
        except UnreadableWorklist as error:
            is_due = not error.is_passing
        if is_due:
            path.unlink(missing_ok=True)
            count += 1
    return count


@contextmanager
def _guarded() -> Iterator[None]:
    """Turn a failure of the disk into a sentence.

    Raises:
        OutputError: What was being written could not be written.
    """
    try:
        yield
    except OSError as error:
        raise OutputError(f"{NAME} cannot be replaced: {error.strerror}") from None


def _miss_calls(read: ReadBack, stored: WorklistNotes, drawn: Drawn) -> Counter[str]:
    """Count whether the sheet of calls is gone from the worklist that was drawn last."""
    last = max(drawn.made, default="")
    is_last = any(line.tag is not None and line.tag.made == last for line in read.lines)
    return Counter({"no-calls": 1} if stored.calls and is_last and not read.calls else {})
