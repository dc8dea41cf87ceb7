"""Claimed files are read, reported and filed away in turns; one that fails holds up no other."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from pipeline.commands.batch import Batch
from pipeline.commands.open_site import OpenSite
from pipeline.commands.run import update_reports
from pipeline.errors import LabflagError
from pipeline.files.folder import read_plain
from pipeline.history.receive import unstore
from pipeline.ingest.file_names import show_name
from pipeline.ingest.sources import ExportFile, Found
from pipeline.ingest.stored_file import ReceivedFile
from pipeline.report.held_rows.held_workbook import name_held
from pipeline.site.inbox import Claim, Inbox, Verdict, begin_claim, file_away
from pipeline.site.quarantine import SetAside, explain_quarantine, note_unread
from pipeline.site.tries import (
    begin_try,
    explain_failure,
    fail_try,
    load_tries,
    part_turn,
    plan_turns,
    receive_noted,
    resolve_tries,
    undo_try,
)
from pipeline.texts import LANGUAGES


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """What became of claimed files."""

    batches: list[Batch] = field(default_factory=list)
    """One for each turn that came to its end."""
    written: list[Path] = field(default_factory=list)
    filed: Counter[Verdict] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    """Files that could not be read and are tried again, by the code of the issue."""
    faults: list[str] = field(default_factory=list)
    """Where labflag itself failed at a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """How claimed files get into the history, the reports and the folders."""

    inbox: Inbox
    site: OpenSite
    done: Filed = field(default_factory=Filed)

    def process(self, claims: Sequence[Claim]) -> Filed:
        """Read claimed files, bring the reports up to date, file away what is done.

        All files are one turn, unless a run before ended at some: those come afterwards, when
        the others are reported, and what was stored of them is taken out until then. A turn
        that fails is undone; then each of its files has a turn of its own.

        Args:
            claims: With none, the reports alone are brought up to date.

        Raises:
            LabflagError: As for `update_reports`; it is no fault of a file.
        """
        resolve_tries(claims, {file.sha256 for file in self.site.history.list_files()})
        fresh = self._begin(claims)
        turns = deque(plan_turns(fresh))
        first = turns.popleft() if turns else ()
        spent = [claim for claim in first if load_tries(claim.path.parent).is_spent]
        tried = (*spent, *(claim for turn in turns for claim in turn))
        unstore(self.site.history, (claim.sha256 for claim in tried))
        copies = [claim for claim in claims if claim not in fresh]
        try:
            self._take_turns(deque([first, *turns]), _name_exports(fresh))
            self._count_withdrawn(copies)
            for claim in copies:
                self._file(claim, Verdict.DUPLICATE)
        except (LabflagError, OSError):
            for claim in fresh:
                # Where the disk is full the note stays open, and this counts as a try after all.
                with suppress(OSError):
                    undo_try(claim)
            raise
        return self.done

    def _count_withdrawn(self, copies: Sequence[Claim]) -> None:
        """Let the last batch say which copies are of files that a person took back."""
        last = self.done.batches[-1]
        withdrawn = {file.sha256 for file in last.dataset.withdrawn}
        still = sum(claim.sha256 in withdrawn for claim in copies)
        self.done.batches[-1] = replace(last, still_withdrawn=last.still_withdrawn + still)

    def _begin(self, claims: Sequence[Claim]) -> list[Claim]:
        """Choose the files that are no copies of known ones; note that it is they that bring it."""
        known = {file.sha256 for file in self.site.history.list_files() if file.is_usable}
        # What was changed from outside is read again from the file that says it.
        brought = known & {claim.sha256 for claim in claims}
        known -= {sha256 for sha256 in brought if not self.site.history.has_file(sha256)}
        fresh: list[Claim] = []
        for claim in claims:
            if claim.sha256 in known and not claim.is_begun:
                continue
            if claim.sha256:
                if not claim.is_begun:
                    begin_claim(claim)
                known.add(claim.sha256)
            fresh.append(claim)
        return fresh

    def _take_turns(self, turns: "deque[tuple[Claim, ...]]", names: dict[Path, ExportFile]) -> None:
        while turns:
            turn = turns.popleft()
            failure = self._attempt(turn, names)
            if failure is None:
                continue
            left = [claim for claim in turn if claim.path.exists()]
            unstore(self.site.history, (claim.sha256 for claim in left))
            for claim in left:
                undo_try(claim)
            # Without the files: if this fails too, it is not their fault.
            self._take((), names)
            if len(turn) > 1:
                turns.extendleft(reversed(part_turn(left)))
                continue
            for claim in left:
                begin_try(claim)
                fail_try(claim, *failure)
                if load_tries(claim.path.parent).is_spent:
                    # It is not opened: it is set aside.
                    self._take((claim,), names)
                else:
                    self._count_failed(claim)

    def _attempt(
        self, turn: tuple[Claim, ...], names: dict[Path, ExportFile]
    ) -> tuple[str, str] | None:
        """Take a turn; return code and detail of what it failed with, if it did."""
        try:
            self._take(turn, names)
        except (LabflagError, OSError):
            raise
        except Exception as error:
            if not turn:
                raise
            # What the failed turn holds in memory goes when this returns.
            return explain_failure(error)
        return None

    def _take(self, turn: tuple[Claim, ...], names: dict[Path, ExportFile]) -> None:
        """Store and report some files, and file away those that could be read or never can."""
        batch, written = update_reports(
            self.site,
            Found(exports=tuple(names[claim.path] for claim in turn)),
            receive_noted({claim.path: claim for claim in turn}),
        )
        self.done.batches.append(batch)
        self.done.written.extend(written)
        known = {file.sha256: file for file in batch.dataset.files}
        withdrawn = {file.sha256 for file in batch.dataset.withdrawn}
        for claim in turn:
            tries = load_tries(claim.path.parent)
            if tries.code and not (tries.is_open or tries.is_spent):
                self._count_failed(claim)
                continue
            file = known.get(claim.sha256)
            # Taken back by a person while it was still claimed: it could be used, and is stored.
            if claim.sha256 in withdrawn or (file and file.is_usable):
                self._file(claim, Verdict.ARCHIVE)
            else:
                self._set_aside(claim, file, names[claim.path].name, batch)

    def _set_aside(self, claim: Claim, file: ReceivedFile | None, name: str, batch: Batch) -> None:
        """Put a file into the quarantine, with the reasons, and keep it in sight."""
        name = file.name if file else name
        issues = batch.issues[batch.issues["source_file"].eq(name)]
        # An empty file holds no critical value.
        is_unread = not (file and file.read) and not issues["code"].eq("file-empty").any()
        beside: dict[str, bytes] = {}
        if claim.sha256:
            with suppress(OSError):
                path = self.site.settings.output / "held" / name_held(name, claim.sha256)
                beside[".held.xlsx"] = read_plain(path)
        tries = load_tries(claim.path.parent)
        file_aside = SetAside(
            name=show_name(claim.path.name),
            at=self.site.clock(),
            has_workbook=bool(beside),
            is_unread=is_unread,
            tries=tries.begun if tries.is_spent else 0,
        )
        text = explain_quarantine(file_aside, issues, LANGUAGES[self.site.settings.language])
        beside[".txt"] = text.encode()

        def note(path: Path) -> None:
            if is_unread:
                note_unread(self.site.private, self.inbox.quarantine, path, claim.sha256)

        self._file(claim, Verdict.QUARANTINE, beside, note)

    def _file(
        self,
        claim: Claim,
        verdict: Verdict,
        beside: Mapping[str, bytes] = MappingProxyType({}),
        note: Callable[[Path], None] = lambda path: None,
    ) -> None:
        """File a claim away; one that changed meanwhile stays."""
        if file_away(self.inbox, claim, verdict, self.site.clock(), beside, note) is not None:
            self.done.filed[verdict] += 1
        else:
            undo_try(claim)

    def _count_failed(self, claim: Claim) -> None:
        tries = load_tries(claim.path.parent)
        self.done.failed[tries.code] += 1
        if tries.code == "file-fault":
            self.done.faults.append(tries.detail)


def _name_exports(claims: Iterable[Claim]) -> dict[Path, ExportFile]:
    """Call each file by its name, with the number of its claim where two share one."""
    claims = tuple(claims)
    times = Counter(claim.path.name for claim in claims)
    return {
        claim.path: ExportFile(
            path=claim.path,
            name=show_name(_name_of(claim, times[claim.path.name] > 1)),
            is_dropped=True,
        )
        for claim in claims
    }


def _name_of(claim: Claim, is_shared: bool) -> str:
    return f"{claim.path.parent.name}/{claim.path.name}" if is_shared else claim.path.name
