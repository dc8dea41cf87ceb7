"""What was typed into a saved worklist joins what was typed before; nothing is guessed.

A line counts as a patient's if its hidden cell and the patient id beside it agree, or if it has
no hidden cell and its id stands once on the sheet. Whatever was typed elsewhere is to be placed
by a person. A cell that was emptied is a note taken back; a line that is missing is not.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType

from pipeline.history.notes import (
    Kept,
    Note,
    Own,
    Unplaced,
    WorklistNotes,
    check_own,
    check_typed,
    join_own,
    join_typed,
    show_own,
)
from pipeline.report.wording import show_date
from pipeline.report.worklist.carry_notes import keep
from pipeline.report.worklist.line_tags import LineTag
from pipeline.report.worklist.merge_calls import merge_calls
from pipeline.report.worklist.read_notes import KeptLine, ReadBack, TypedLine, UnplacedLine
from pipeline.texts import ENGLISH, Texts
from pipeline.texts.workbook_cells import as_drawn, as_shown

_NOTHING = ("", "", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What is known beside the saved worklist."""

    made: Collection[str]
    """The worklists that were drawn by this history: what they said and it does not hold any
    more was taken away on purpose."""
    people: Collection[str]
    """Patient ids that are known."""
    titles: Mapping[str, str]
    """The words for a topic."""
    today: date
    texts: Texts = ENGLISH
    seen: Mapping[str, str] = field(default_factory=dict)
    """What was read from the same file before: line → check; it is not read twice."""

    @property
    def last(self) -> str:
        """The worklist that was drawn last."""
        return max(self.made, default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What was typed so far, and what the saved worklist has added to it."""

    entries: WorklistNotes
    counts: Mapping[str, int]
    """"notes": new or changed; "taken-back"; "unplaced": new lines of that kind; "calls";
    "ids-differ": lines whose hidden cell is another patient's."""
    seen: Mapping[str, str]
    """What is changed on the lines of the file, for when it is read again."""


def merge(read: ReadBack, stored: WorklistNotes, context: Context) -> Merged:
    """Join what was read from a saved worklist with what was typed before."""
    work = _Merging(read, stored, context)
    for patient, lines in work.sort_lines().items():
        work.merge_patient(patient, lines)
    calls, unplaced = merge_calls(
        read.calls, stored.calls, context.made, show_date(context.today, context.texts)
    )
    for line in (*unplaced, *work.lines_to_place):
        work.add_unplaced(line)
    work.merge_unplaced(read.unplaced)
    kept = (*stored.kept, *_merge_kept(read.kept, stored.kept, context), *work.replaced)
    columns = dict.fromkeys((*stored.columns, *read.columns))
    used = {header for cells in work.own.values() for header, cell in cells.items() if cell != ""}
    is_sheet = bool(read.lines)
    work.counts["calls"] += sum(call != stored.calls.get(key) for key, call in calls.items())
    entries = WorklistNotes(
        notes=MappingProxyType(work.notes),
        calls=MappingProxyType(calls),
        kept=tuple(dict.fromkeys(kept)),
        unplaced=tuple(work.unplaced.values()),
        columns=tuple(
            header for header in columns if header in used or header in read.columns or not is_sheet
        ),
        own=MappingProxyType({who: cells for who, cells in work.own.items() if cells}),
    )
    return Merged(entries=entries, counts=+work.counts, seen=work.seen)


class _Merging:
    """A saved worklist on its way into what was typed before."""

    def __init__(self, read: ReadBack, stored: WorklistNotes, context: Context) -> None:
        self.stored, self.context = stored, context
        self.lines = read.lines
        self.notes = dict(stored.notes)
        self.own = {who: dict(cells) for who, cells in stored.own.items()}
        self.unplaced = {line.id: line for line in stored.unplaced}
        self.lines_to_place: list[Unplaced] = []
        self.replaced: list[Kept] = []
        self.counts: Counter[str] = Counter()
        self.seen: dict[str, str] = {}
        self._times = Counter(line.shown_id for line in read.lines)
        self._tags = {line.tag.patient_id: line.tag for line in read.lines if line.tag}
        self._shown: dict[str, set[str]] = defaultdict(set)
        for who in {*context.people, *stored.notes, *stored.own, *self._tags}:
            self._shown[as_shown(who)].add(who)

    def sort_lines(self) -> dict[str, list[TypedLine]]:
        """Give the lines of which it is certain whose they are; put the others aside."""
        sorted_lines: dict[str, list[TypedLine]] = defaultdict(list)
        for line in self.lines:
            patient, why = self._identify(line)
            self.counts["ids-differ"] += why == "unplaced.ids-differ"
            if patient:
                sorted_lines[patient].append(line)
            elif any(line.typed) or any(cell != "" for cell in line.own.values()):
                self._put_aside(line, why)
        return sorted_lines

    def merge_patient(self, patient: str, lines: Sequence[TypedLine]) -> None:
        """Take in the lines of one patient, of which there may be copies."""
        self._merge_own(patient, lines)
        stored = self.notes.get(patient)
        if all(self._is_as_drawn(line, stored) for line in lines) or self._was_read(patient, lines):
            return
        if len(lines) == 1:
            note = self._read_note(patient, lines[0], stored)
        else:
            note = self._join_lines(patient, lines, stored)
        if note is None:
            self._take_back(patient, lines, stored)
            return
        if stored is not None and stored.typed == note.typed:
            return
        if stored is not None and not self._follows(lines, stored, note):
            self._replace(stored)
        self.notes[patient] = note
        self.counts["notes"] += 1

    def add_unplaced(self, line: Unplaced) -> None:
        """Add a line that is to be placed, unless it is known."""
        if line.id not in self.unplaced:
            self.unplaced[line.id] = line
            self.counts["unplaced"] += 1

    def merge_unplaced(self, lines: Sequence[UnplacedLine]) -> None:
        """Take over what was typed on the sheet of notes to be placed."""
        for line, number in lines:
            known = self.unplaced.get(number)
            if known is not None:
                self.unplaced[number] = replace(
                    known,
                    status=line.status or known.status,
                    reviewer=line.reviewer or known.reviewer,
                    text=line.text or known.text,
                    belongs=line.belongs,
                    done=line.done,
                )
            elif number and self._is_of_here() and line.id == number:
                continue  # Placed or purged since it was drawn.
            else:
                self.unplaced.setdefault(line.id, line)

    def _identify(self, line: TypedLine) -> tuple[str, str]:
        """Say whose a line is, or why that is not certain."""
        shown, tag = line.shown_id, line.tag
        if tag is not None:
            drawn = as_shown(tag.patient_id)
            if (shown == drawn) if shown is not None else (drawn in _seen_on(line)):
                return tag.patient_id, ""
            return "", "unplaced.ids-differ" if shown else "unplaced.id-missing"
        if not shown:
            return "", "unplaced.id-missing"
        whose = self._shown.get(shown, set())
        if self._times[shown] > 1:
            return "", "unplaced.id-twice"
        return (next(iter(whose)), "") if len(whose) == 1 else ("", "unplaced.id-unknown")

    def _put_aside(self, line: TypedLine, why: str) -> None:
        """Keep what was typed on a line that is nobody's, unless it is known already."""
        typed = _filled(line.typed)
        candidates = {*self._shown.get(line.shown_id or "", ())}
        candidates |= {line.tag.patient_id} if line.tag else set()
        own = {header: cell for header, cell in line.own.items() if cell != ""}
        for who in candidates:
            note, tag = self.stored.notes.get(who), self._tags.get(who)
            is_known = typed == (note.typed if note else _NOTHING)
            if tag is not None and tag.made in self.context.made:
                is_known |= check_typed(typed) == tag.check
            if is_known and check_own(own) in ("", check_own(self.stored.own.get(who, {}))):
                return
        rest = join_own(own)
        if why == "unplaced.id-unknown" or (why == "unplaced.id-missing" and line.tag is None):
            rest = "; ".join(filter(None, (*line.rest, rest)))
        self.lines_to_place.append(
            Unplaced(
                on=show_date(self.context.today, self.context.texts),
                why=why,
                shown_id=line.shown_id or "",
                tag_id=line.tag.patient_id if line.tag else "",
                status=typed[0],
                reviewer=typed[1],
                text=typed[2],
                rest=rest,
            )
        )

    def _is_as_drawn(self, line: TypedLine, stored: Note | None) -> bool:
        """Whether nobody has changed a line since it was drawn, or not so that it matters."""
        typed = _filled(line.typed, stored)
        tag = line.tag
        if tag is None or None in line.typed:
            # Without its cells a line does not say what was taken back.
            return not any(line.typed) or (stored is not None and typed == stored.typed)
        if check_typed(typed) != tag.check:
            return False
        # Drawn by another history, one that was lost or put back to what it was: it may know more.
        known = stored.typed if stored else _NOTHING
        return tag.made in self.context.made or not any(typed) or typed == known

    def _was_read(self, patient: str, lines: Sequence[TypedLine]) -> bool:
        """Whether the lines of a patient say what they said when the file was last read."""
        who = check_typed((patient,))
        cells = [cell if cell is not None else "-" for line in lines for cell in line.typed]
        self.seen[who] = check_typed(cells)
        return self.context.seen.get(who) == self.seen[who]

    def _read_note(self, patient: str, line: TypedLine, stored: Note | None) -> Note | None:
        typed, tag = _filled(line.typed, stored), line.tag
        if not any(typed):
            return None
        topics: tuple[str, ...] | None = None
        if tag is not None:
            topics = tag.about if check_typed(typed) == tag.check else tag.shown
        return Note(
            patient_id=patient,
            topics=topics,
            status=typed[0],
            reviewer=typed[1],
            text=typed[2],
            origin=tag.origin if tag else "",
        )

    def _join_lines(
        self, patient: str, lines: Sequence[TypedLine], stored: Note | None
    ) -> Note | None:
        """Join what stands on several lines of one patient, some of them copied by a person."""
        joined: Note | None = None
        for line in lines:
            note = self._read_note(patient, line, stored)
            if note is None:
                continue
            both = note if joined is None else join_typed(joined, note)
            if both is None:
                self._put_aside(line, "unplaced.too-long")
            else:
                joined = both
        return joined

    def _take_back(self, patient: str, lines: Sequence[TypedLine], stored: Note | None) -> None:
        """Take a note back, if it is the one that stood in the cells that were emptied."""
        tags = [line.tag for line in lines if line.tag is not None]
        if stored is not None and any(self._is_change_of(tag, stored) for tag in tags):
            del self.notes[patient]
            self.counts["taken-back"] += 1

    def _follows(self, lines: Sequence[TypedLine], stored: Note, note: Note) -> bool:
        """Whether a new note was typed over the one that is stored, or holds it."""
        if any(line.tag is not None and self._is_change_of(line.tag, stored) for line in lines):
            return True
        return all(old in new for old, new in zip(stored.typed, note.typed, strict=True))

    def _replace(self, note: Note) -> None:
        """Keep a note that another worklist held beside the one that takes its place."""
        about = ", ".join(self.context.titles.get(each, each) for each in note.topics or ())
        what, texts = self.context.texts("archive.replaced"), self.context.texts
        self.replaced.append(
            keep(self.context.today, what, note.patient_id, about, note.typed, texts)
        )

    def _merge_own(self, patient: str, lines: Sequence[TypedLine]) -> None:
        """Take over what stands in the columns that people added."""
        before = self.stored.own.get(patient, {})
        changed: dict[str, Own] = {}
        for line in lines:
            own = {header: cell for header, cell in line.own.items() if cell != ""}
            tag = line.tag
            if tag and tag.made in self.context.made and check_own(own) == tag.own:
                continue
            for header, cell in own.items():
                known = changed.get(header, cell)
                same = as_drawn(show_own(known)) == as_drawn(show_own(cell))
                changed[header] = cell if same else f"{show_own(known)} / {show_own(cell)}"
            if tag is not None and tag.own == check_own(before) and len(lines) == 1:
                headers = {header for header, cell in line.own.items() if cell == ""}
                changed |= dict.fromkeys(headers & {*before}, "")
        if changed:
            self.own[patient] = {
                header: cell for header, cell in {**before, **changed}.items() if cell != ""
            }

    def _is_change_of(self, tag: LineTag, stored: Note) -> bool:
        """Whether a line was drawn with this note, or the note was read from it just before."""
        if tag.check == check_typed(stored.typed):
            return True
        return tag.origin == stored.origin and tag.made == self.context.last

    def _is_of_here(self) -> bool:
        """Whether the saved worklist was drawn by this history."""
        return any(tag.made in self.context.made for tag in self._tags.values())


def _merge_kept(
    lines: Sequence[KeptLine], stored: Sequence[Kept], context: Context
) -> tuple[Kept, ...]:
    """Give the lines of the archive that the history does not hold and did not take away."""
    known = {tuple(map(as_drawn, kept.shown)) for kept in stored}
    return tuple(
        kept
        for kept, check in lines
        if tuple(map(as_drawn, kept.shown)) not in known
        and not (context.made and check == check_typed(kept.shown))
    )


def _seen_on(line: TypedLine) -> set[str]:
    """Give what stands in the cells of a line that people do not type notes into."""
    return {as_shown(cell) for cell in (*line.rest, *map(show_own, line.own.values()))}


def _filled(typed: Sequence[str | None], stored: Note | None = None) -> tuple[str, str, str]:
    """Give the three cells; what has no column is as it was."""
    before = stored.typed if stored else _NOTHING
    status, reviewer, text = (
        was if cell is None else cell for cell, was in zip(typed, before, strict=True)
    )
    return status, reviewer, text
