"""The drop folder: files are claimed by renaming them, and filed away when they are stored.

At every moment a file lies in the inbox, among the claimed ones or where it was filed, and only
there: it is renamed, never copied, overwritten or deleted. A run that is stopped anywhere is
finished by the next one, which begins with what is still claimed.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from pipeline.errors import ConfigError, InboxError
from pipeline.files.durable import (
    FILE_MODE,
    close_to_world,
    hash_file,
    make_folder,
    move,
    sync_names,
    write_private,
)
from pipeline.files.folder import is_no_folder, open_below, open_folder
from pipeline.ingest.formats.readers import MAX_TEXT_BYTES

CLAIMED = ".labflag-claimed"
REASONS = "reasons"
"""Folder beside files in quarantine: why each is there, and its rows to correct."""
_LONGEST_NAME = 255  # bytes, on every file system in use
_OWNER, _BEGUN = "owner", ".begun.json"
_KNOWN = "inbox.json"


class Verdict(StrEnum):
    """Where a claimed file goes."""

    ARCHIVE = "archive"
    QUARANTINE = "quarantine"
    DUPLICATE = "duplicates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """A drop folder and where its files go; all on one file system."""

    folder: Path
    archive: Path
    quarantine: Path
    duplicates: Path

    @property
    def claimed(self) -> Path:
        """Where files lie that a run has taken and not yet filed."""
        return self.folder / CLAIMED

    @property
    def is_marked(self) -> bool:
        """Whether a run has worked here: the folders that it needs were made then."""
        return (self.claimed / _OWNER).exists()

    @property
    def folders(self) -> dict[Verdict, Path]:
        """Where files go, by verdict."""
        return {
            Verdict.ARCHIVE: self.archive,
            Verdict.QUARANTINE: self.quarantine,
            Verdict.DUPLICATE: self.duplicates,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A file that was taken out of the inbox."""

    path: Path
    """In a folder of its own, under the name that it came with."""
    sha256: str
    """As claimed, in hex; "" if it is no plain file, cannot be read, or is too large to be."""
    is_begun: bool
    """A run began to store these bytes because of this file: stored or not, they are no copy."""


def locate_inbox(
    folder: Path, archive: Path | None, quarantine: Path | None, duplicates: Path | None
) -> Inbox:
    """Say where the files of a drop folder go: folders inside it, unless others are given."""
    return Inbox(
        folder=folder.absolute(),
        archive=(archive or folder / Verdict.ARCHIVE).absolute(),
        quarantine=(quarantine or folder / Verdict.QUARANTINE).absolute(),
        duplicates=(duplicates or folder / Verdict.DUPLICATE).absolute(),
    )


def require_inbox(inbox: Inbox, private: Path) -> None:
    """Make sure that the folder is there and is the one that it was; change nothing.

    An empty folder in the place of a share that is not mounted looks like a quiet day. So the
    folder is marked, and the mark remembered in the private folder of the reports.

    Raises:
        InboxError: It is not there, or it is not the one that was used before.
        ConfigError: Another output folder takes its files.
    """
    mark, ours = inbox.claimed / _OWNER, _read_record(private)
    if not inbox.folder.is_dir():
        raise InboxError(
            f"the inbox {inbox.folder} is not there: is the share connected? Nothing was "
            "taken, and earlier reports stand"
        )
    if ours and str(inbox.folder) in ours.folders and not mark.exists():
        raise InboxError(
            f"{inbox.folder} is there but is not the inbox that it was: is the share "
            f"connected? If the folder is a new one, remove {private / _KNOWN}"
        )
    if mark.exists() and mark.read_text(encoding="utf-8").strip() != (ours.id if ours else ""):
        raise ConfigError(
            f"another output folder takes the files of {inbox.folder}; give each its own "
            f"inbox. If the other one is not used any more, remove {mark}"
        )


def open_inbox(inbox: Inbox, private: Path) -> None:
    """Make sure that the folder is the one it was and can be worked in; mark one that is new.

    Raises:
        InboxError: It is not there, cannot be used, or is not the one that was used before.
        ConfigError: Another output folder takes its files, or they cannot be moved to where
            they go because that is on another file system.
    """
    mark = inbox.claimed / _OWNER
    _refuse_links(inbox)
    try:
        require_inbox(inbox, private)
        ours = _read_record(private) or _write_record(
            private, _FolderRecord(id=secrets.token_hex(16))
        )
        if not mark.exists():
            inbox.claimed.mkdir(mode=0o700, exist_ok=True)
            write_private(ours.id.encode(), mark)
            sync_names(inbox.folder)
        with open_folder(inbox.claimed) as claimed:
            # What a run left behind that died while it marked the folder.
            claimed.sweep()
        if str(inbox.folder) not in ours.folders:
            _write_record(private, replace(ours, folders=(*ours.folders, str(inbox.folder))))
        for target in inbox.folders.values():
            _make_folders(target)
        here = inbox.claimed.stat().st_dev
        elsewhere = [each for each in inbox.folders.values() if each.stat().st_dev != here]
    except OSError as error:
        raise InboxError(f"the inbox {inbox.folder} cannot be used: {error.strerror}") from error
    if elsewhere:
        raise ConfigError(
            f"{elsewhere[0]} is on another file system than {inbox.folder}: files are renamed, "
            "which works within one only; name a folder beside the inbox"
        )


def _refuse_links(inbox: Inbox) -> None:
    """Refuse a folder of ours that lies in the inbox and is a link; who sends files may make one.

    Raises:
        InboxError: There is one.
    """
    for folder in (inbox.claimed, *inbox.folders.values()):
        if folder.parent == inbox.folder and is_no_folder(folder):
            raise InboxError(
                f"{folder} is a link, or no folder: files are not moved there. Move it away, or "
                "name the folder that it stands for in labflag.toml"
            )


def claim_files(inbox: Inbox, arrived: Sequence[Path]) -> int:
    """Take files out of the inbox; give the number of those that could not be taken yet.

    One that stays holds up no other: on Windows somebody has it open, elsewhere the right to
    rename it is missing, or the disk fails.

    Raises:
        InboxError: Nothing can be taken.
    """
    left = 0
    numbers = [int(each.name) for each in list_claim_folders(inbox)]
    number = max(numbers, default=0)
    for path in arrived:
        number += 1
        own = inbox.claimed / str(number)
        try:
            own.mkdir(mode=0o700)
        except OSError as error:
            raise InboxError(f"a file cannot be taken from the inbox: {error.strerror}") from error
        try:
            with open_below(inbox.folder, path.parent) as sent, open_folder(own) as taken:
                move(sent, path.name, taken, path.name)
            sync_names(inbox.claimed)
        except OSError as error:
            if os.path.lexists(own / path.name):
                said = f"a file cannot be taken from the inbox: {error.strerror}"
                raise InboxError(said) from error
            own.rmdir()
            left += os.path.lexists(path)
    return left


def list_claims(inbox: Inbox) -> Iterator[Claim]:
    """Give what is claimed and not yet filed, by this run or by one that died, oldest first."""
    for own in list_claim_folders(inbox):
        files = [path for path in sorted(own.iterdir()) if not path.name.startswith(".")]
        if not files:
            _remove_folder(own)
        for path in files:
            sha256 = hash_file(path, MAX_TEXT_BYTES)
            yield Claim(path=path, sha256=sha256, is_begun=bool(sha256) and _begun(own) == sha256)


def begin_claim(claim: Claim) -> None:
    """Write down, before the bytes are stored, that it is this file that brings them."""
    content = json.dumps({"sha256": claim.sha256}).encode()
    write_private(content, claim.path.parent / _BEGUN)


def file_away(
    inbox: Inbox,
    claim: Claim,
    verdict: Verdict,
    now: datetime,
    beside: Mapping[str, bytes],
    note: Callable[[Path], None] = lambda path: None,
) -> Path | None:
    """Rename a claimed file to where it goes; give its path there.

    Args:
        inbox: Where files go.
        claim: The file.
        verdict: What became of it.
        now: Files are kept by year and month.
        beside: What is written of the file: ending, put behind the whole name, → content. It
            lies in the folder `REASONS` beside the file, where no file of a sender ever is.
        note: Is told where the file will lie, before it is moved there.

    Returns:
        None if the file is not what it was when it was claimed: its sender went on writing.
        It stays claimed, to be read again.

    Raises:
        InboxError: It cannot be moved; it stays claimed.
    """
    if hash_file(claim.path, MAX_TEXT_BYTES) != claim.sha256:
        return None
    own = claim.path.parent
    try:
        kind = inbox.folders[verdict]
        target = _free_name(kind / f"{now:%Y}" / f"{now:%m}" / claim.path.name)
        _make_folders(target.parent / REASONS if beside else target.parent)
        with open_folder(own) as claimed, open_below(kind, target.parent) as month:
            for ending, content in beside.items():
                aside = claimed.write_aside(content, FILE_MODE)
                with month.open_folder(REASONS) as reasons:
                    # Names of ours: a run that died after this line writes the same once more.
                    claimed.replace(aside, _shorten(target.name, ending), reasons)
                    reasons.sync()
            # Before it is moved: a run that died between the two does it once more.
            close_to_world(claimed, claim.path.name)
            note(target)
            move(claimed, claim.path.name, month, target.name)
        _remove_folder(own)
    except OSError as error:
        raise InboxError(f"a file cannot be filed away: {error.strerror}") from error
    return target


def _make_folders(folder: Path) -> None:
    """Make a folder and those above it that are missing, so that they are on disk."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    make_folder(folder)
    for each in missing:
        sync_names(each.parent)


def _remove_folder(own: Path) -> None:
    """Remove a claim's folder and what we wrote in it; hidden files are never claimed."""
    for path in own.glob(".*"):
        path.unlink()
    own.rmdir()
    sync_names(own.parent)


def count_waiting(inbox: Inbox) -> int:
    """Count the files that are claimed and not yet filed."""
    try:
        return len(list_claim_folders(inbox))
    except OSError:
        return 0


def _free_name(path: Path) -> Path:
    """Return the path itself, or one with a number that is not taken."""
    number, free = 1, path
    while os.path.lexists(free) or free.name == REASONS:
        number += 1
        free = path.with_name(_shorten(path.stem, f" ({number}){path.suffix}"))
    return free


def _shorten(stem: str, ending: str) -> str:
    """Return stem and ending as one name, the stem cut where a file system would refuse it."""
    room = _LONGEST_NAME - len(os.fsencode(ending))
    if len(os.fsencode(stem)) > room:
        mark = hashlib.sha256(os.fsencode(stem)).hexdigest()[:8]
        # Cut between signs, so that no half of one is left.
        while len(os.fsencode(stem)) > room - len(mark) - 1:
            stem = stem[:-1]
        stem = f"{stem}~{mark}"
    return stem + ending


def list_claim_folders(inbox: Inbox) -> list[Path]:
    """Give the folders of claims, in the order in which they were made.

    Raises:
        OSError: They cannot be listed.
    """
    with os.scandir(inbox.claimed) as entries:
        names = [entry.name for entry in entries if entry.name.isdecimal()]
    return [inbox.claimed / name for name in sorted(names, key=int)]


def _begun(own: Path) -> str:
    try:
        return str(json.loads((own / _BEGUN).read_text(encoding="utf-8"))["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _FolderRecord:
    """What an output folder knows of its inboxes."""

    id: str
    folders: tuple[str, ...] = ()


def _read_record(private: Path) -> _FolderRecord | None:
    """Read what is known; None if nothing is yet."""
    try:
        known = json.loads((private / _KNOWN).read_text(encoding="utf-8"))
        return _FolderRecord(id=str(known["id"]), folders=tuple(map(str, known["folders"])))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _write_record(private: Path, mark: _FolderRecord) -> _FolderRecord:
    write_private(json.dumps(asdict(mark), indent=2).encode(), private / _KNOWN)
    return mark
