"""Whether a site can run: each thing looked at, what is wrong with it, and its cure."""

import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pipeline.config import Settings
from pipeline.errors import ConfigError, InboxError
from pipeline.operations import workspace
from pipeline.operations.access import choose_access
from pipeline.operations.durable import sync_file
from pipeline.operations.heartbeat import read_beat
from pipeline.operations.inbox import count_waiting, place_inbox, require_inbox
from pipeline.operations.lock import find_holder
from pipeline.report.files import ASIDE, sync_names

_LEAST_FREE = 1 << 30  # bytes
_MOST_APART = timedelta(minutes=2)
_NETWORK = ("nfs", "cifs", "smb", "9p", "afs", "fuse.sshfs", "fuse.davfs", "ncpfs", "webdav")
_MOUNTS = Path("/proc/self/mounts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at."""

    subject: str
    said: str
    cure: str = ""
    """What to do; "" if all is well."""

    @property
    def is_well(self) -> bool:
        """Whether there is nothing to do."""
        return not self.cure


def examine_site(settings: Settings, clock: Callable[[], datetime]) -> Iterator[Check]:
    """Look at everything that a run needs from the machine; change nothing that lasts."""
    output = settings.output.absolute()
    yield _probe_folder("output folder", output)
    yield from _look_at_disk(output)
    yield _look_at_file_system(output)
    yield _look_at_lock(output)
    yield _look_at_access(settings)
    yield from _look_at_clock(output, clock())
    if settings.inbox is not None:
        yield from _look_at_inbox(settings, clock())


def _probe_folder(subject: str, folder: Path) -> Check:
    """Write, sync, rename and remove a file, as a run would."""
    if not folder.is_dir():
        parent = next(each for each in folder.parents if each.exists())
        if os.access(parent, os.W_OK) and parent.is_dir() and not os.path.lexists(folder):
            return Check(subject=subject, said=f"{folder} is made by the first run")
        cure = f"make it, or give yourself the right to write in {parent}"
        return Check(subject=subject, said=f"{folder} is not there", cure=cure)
    try:
        handle, name = tempfile.mkstemp(prefix=ASIDE[0], suffix=ASIDE[1], dir=folder)
        os.close(handle)
        first, second = Path(name), Path(name).with_suffix(".probe")
        try:
            first.write_bytes(b"x")
            sync_file(first)
            first.rename(second)
            sync_names(folder)
        finally:
            first.unlink(missing_ok=True)
            second.unlink(missing_ok=True)
    except OSError as error:
        cure = "give the account that runs labflag the right to write there, or free the disk"
        return Check(subject=subject, said=f"{folder}: {error.strerror}", cure=cure)
    return Check(subject=subject, said=f"{folder} can be written")


def _look_at_disk(output: Path) -> Iterator[Check]:
    parent = next(each for each in (output, *output.parents) if each.exists())
    free = shutil.disk_usage(parent).free
    said = f"{free / 2**30:.1f} GiB free"
    cure = "free some space: a run needs 1 GiB at hand" if free < _LEAST_FREE else ""
    yield Check(subject="disk space", said=said, cure=cure)


def _look_at_file_system(output: Path) -> Check:
    kind = find_file_system(output)
    is_remote = kind.startswith(_NETWORK)
    cure = (
        "keep the reports on a disk of this machine and share that: locks and the history are not "
        "safe over a network"
        if is_remote
        else ""
    )
    return Check(subject="file system", said=f"reports are on {kind or 'a disk'}", cure=cure)


def find_file_system(folder: Path) -> str:
    """Name the kind of file system a folder is on; "" where the system does not tell."""
    try:
        lines = _MOUNTS.read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    place = folder.resolve()
    found: tuple[int, str] = (0, "")
    for line in lines:
        _, where, kind, *_ = line.split(" ")
        mount = Path(where.replace("\\040", " "))
        if place == mount or mount in place.parents:
            found = max(found, (len(mount.parts), kind))
    return found[1]


def _look_at_lock(output: Path) -> Check:
    holder = find_holder(output / workspace.NAME)
    said = f"held by {holder}" if holder else "free"
    return Check(subject="lock", said=said)


def _look_at_access(settings: Settings) -> Check:
    try:
        access = choose_access(settings.report_mode, settings.report_group)
    except ConfigError as error:
        return Check(subject="report rights", said=str(error), cure="correct labflag.toml")
    mine = {os.getegid(), *os.getgroups()} if hasattr(os, "getgroups") else set()
    if access.group is not None and os.geteuid() != 0 and access.group not in mine:
        said = f"the account that runs labflag is not in the group {settings.report_group}"
        return Check(subject="report rights", said=said, cure="add it to the group")
    return Check(subject="report rights", said=f"mode {access.mode:04o}")


def _look_at_clock(output: Path, now: datetime) -> Iterator[Check]:
    """Compare the clock with that of the file system, and with the last run."""
    subject = "clock"
    last = read_beat(output).get("at")
    if last and datetime.fromisoformat(str(last)) > now.astimezone() + _MOST_APART:
        said = f"it is {now:%Y-%m-%d %H:%M}, before the last run"
        yield Check(subject=subject, said=said, cure="set the clock: ages and trends depend on it")
        return
    parent = next(each for each in (output, *output.parents) if each.exists())
    try:
        with tempfile.NamedTemporaryFile(dir=parent, prefix=ASIDE[0], suffix=ASIDE[1]) as stream:
            written = datetime.fromtimestamp(os.fstat(stream.fileno()).st_mtime).astimezone()
    except OSError:
        return
    apart = abs(written - now.astimezone())
    cure = "set the clocks of both machines" if apart > _MOST_APART else ""
    yield Check(
        subject=subject,
        said=f"{now:%Y-%m-%d %H:%M}, that of the disk agrees"
        if not cure
        else f"that of the disk is {apart} apart",
        cure=cure,
    )


def _look_at_inbox(settings: Settings, now: datetime) -> Iterator[Check]:
    assert settings.inbox is not None
    inbox = place_inbox(settings.inbox, settings.archive, settings.quarantine, settings.duplicates)
    if not inbox.folder.is_dir():
        cure = "connect the share, or make the folder"
        yield Check(subject="inbox", said=f"{inbox.folder} is not there", cure=cure)
        return
    yield _probe_folder("inbox", inbox.folder)
    try:
        require_inbox(inbox, settings.output.absolute() / workspace.NAME)
    except (InboxError, ConfigError) as error:
        cure = "connect the right folder; if this one is meant, do what is said above"
        yield Check(subject="inbox mark", said=str(error), cure=cure)
    mode = inbox.folder.stat().st_mode
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        said = f"everybody on this machine may write in {inbox.folder}"
        yield Check(subject="inbox", said=said, cure="take that right away: chmod o-w")
    places: Mapping[str, Path] = {str(kind): path for kind, path in inbox.folders.items()}
    for name, folder in places.items():
        yield _probe_folder(name, folder)
        parent = next(each for each in (folder, *folder.parents) if each.exists())
        if parent.stat().st_dev != inbox.folder.stat().st_dev:
            cure = "name a folder beside the inbox: files are renamed, within one file system only"
            yield Check(subject=name, said=f"{folder} is on another file system", cure=cure)
    waiting = count_waiting(inbox)
    if waiting:
        said = f"taken and not filed yet: {waiting}"
        holder = find_holder(settings.output.absolute() / workspace.NAME)
        yield Check(subject="inbox", said=said, cure="" if holder else "run labflag again")
