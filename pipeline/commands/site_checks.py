"""Whether a site can run: each thing looked at, what is wrong with it, and its cure."""

import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from shlex import quote

from pipeline.config import Settings
from pipeline.errors import ConfigError, Exit, InboxError, OutputError
from pipeline.files.file_systems import find_file_system, is_remote
from pipeline.files.folder import ASIDE, open_folder
from pipeline.publish import manifest
from pipeline.publish.access import choose_access
from pipeline.publish.outputs import count_odd
from pipeline.site.arrivals import count_arrivals
from pipeline.site.heartbeat import read_heartbeat
from pipeline.site.inbox import Inbox, count_waiting, locate_inbox, require_inbox
from pipeline.site.lock import find_holder
from pipeline.site.private_folder import RECORDS, choose_private, find_private, find_record
from pipeline.site.tries import count_failed, describe_failed
from pipeline.site.workspace import refuse_links

_LEAST_FREE = 1 << 30  # bytes
_MOST_APART = timedelta(minutes=2)
_LONGEST_SILENCE = timedelta(days=1)
_OF_OTHERS = stat.S_IRWXG | stat.S_IRWXO


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
    yield from _look_at_private_folder(settings)
    yield from look_at_outputs(output)
    yield from _look_at_clock(output, clock())
    if settings.inbox is not None:
        yield look_at_last_run(output, clock())
        yield from _look_at_inbox(settings)


def _probe_folder(subject: str, folder: Path) -> Check:
    """Write, sync, rename and remove a file, as a run would."""
    if not folder.is_dir():
        parent = next(each for each in folder.parents if each.exists())
        if os.access(parent, os.W_OK) and parent.is_dir() and not os.path.lexists(folder):
            return Check(subject=subject, said=f"{folder} is made by the first run")
        cure = f"make it, or give yourself the right to write in {parent}"
        return Check(subject=subject, said=f"{folder} is not there", cure=cure)
    try:
        with open_folder(folder, follow=True) as opened:
            first = opened.write_aside(b"x", 0o600)
            second = f"{first}.probe"
            try:
                opened.replace(first, second)
                opened.sync()
            finally:
                opened.remove(first)
                opened.remove(second)
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
    cure = (
        "keep the reports on a disk of this machine and share that: locks and the history are not "
        "safe over a network"
        if is_remote(output)
        else ""
    )
    return Check(subject="file system", said=f"reports are on {kind or 'a disk'}", cure=cure)


def _look_at_lock(output: Path) -> Check:
    holder = find_holder(find_private(output))
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


def _look_at_private_folder(settings: Settings) -> Iterator[Check]:
    """Look at the private folder beside the reports, where the settings want it there."""
    subject, output = "private folder", settings.output.absolute()
    wanted = choose_private(output, settings.report_mode)
    if wanted.parent == output:
        return
    parent = next(path for path in wanted.parents if path.exists())
    mode = parent.stat().st_mode
    if not wanted.exists() and not os.access(parent, os.W_OK):
        said = f"{wanted} is not there; it keeps what the group must not rename"
        yield Check(subject=subject, said=said, cure="make it for the account that runs labflag")
    elif mode & (stat.S_IWGRP | stat.S_IWOTH) and not mode & stat.S_ISVTX:
        said = f"others may write in {parent}, and rename the private folder that is there"
        yield Check(subject=subject, said=said, cure=f"chmod go-w {quote(str(parent))}")
    elif find_private(output) != wanted and output.exists():
        said = f"the next run moves history and log to {wanted}"
        yield Check(subject=subject, said=said)
    else:
        yield Check(subject=subject, said=str(wanted))


def _look_at_clock(output: Path, now: datetime) -> Iterator[Check]:
    """Compare the clock with that of the file system, and with the last run."""
    subject = "clock"
    last = read_heartbeat(output).get("at")
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


def _look_at_inbox(settings: Settings) -> Iterator[Check]:
    assert settings.inbox is not None
    inbox = locate_inbox(settings.inbox, settings.archive, settings.quarantine, settings.duplicates)
    if not inbox.folder.is_dir():
        cure = "connect the share, or make the folder"
        yield Check(subject="inbox", said=f"{inbox.folder} is not there", cure=cure)
        yield from _look_at_folders(inbox)
        return
    yield _probe_folder("inbox", inbox.folder)
    try:
        require_inbox(inbox, find_private(settings.output.absolute()))
    except (InboxError, ConfigError) as error:
        cure = "connect the right folder; if this one is meant, do what is said above"
        yield Check(subject="inbox mark", said=str(error), cure=cure)
    mode = inbox.folder.stat().st_mode
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        said = f"everybody on this machine may write in {inbox.folder}"
        yield Check(subject="inbox", said=said, cure="take that right away: chmod o-w")
    yield from _look_at_folders(inbox)
    try:
        _, refused = count_arrivals(inbox.folder, frozenset(inbox.folders.values()))
    except InboxError as error:
        cure = "give the account that runs labflag the right to read it"
        yield Check(subject="inbox", said=str(error), cure=cure)
        return
    for folder in sorted(refused):
        said = f"{folder} may not be read or emptied: nothing in it is taken"
        cure = "give the account that runs labflag the right to read, write and open it"
        yield Check(subject="inbox", said=said, cure=cure)
    failed = count_failed(inbox)
    if failed:
        cure = (
            "see to the disk, the rights and the memory; after three tries a file is set aside, "
            "but not where the disk or the share fails"
        )
        yield Check(subject="inbox", said=describe_failed(failed), cure=cure)
    waiting = count_waiting(inbox) - sum(failed.values())
    if waiting > 0:
        said = f"taken and not filed yet: {waiting}"
        holder = find_holder(find_private(settings.output.absolute()))
        yield Check(subject="inbox", said=said, cure="" if holder else "run labflag again")


def _look_at_folders(inbox: Inbox) -> Iterator[Check]:
    """Look at where the files of an inbox go, and whether what a run made there is still there."""
    for kind, folder in inbox.folders.items():
        name = str(kind)
        if inbox.is_marked and not os.path.lexists(folder):
            cure = "connect the share that it is on; if it was removed, the next run makes it"
            yield Check(subject=name, said=f"{folder} was there and is gone", cure=cure)
            continue
        yield _probe_folder(name, folder)
        parent = next(path for path in (folder, *folder.parents) if path.exists())
        if inbox.folder.is_dir() and parent.stat().st_dev != inbox.folder.stat().st_dev:
            cure = "name a folder beside the inbox: files are renamed, within one file system only"
            yield Check(subject=name, said=f"{folder} is on another file system", cure=cure)


def look_at_outputs(output: Path) -> Iterator[Check]:
    """Look whether what the last run wrote is there, and is private where it has to be."""
    yield from _look_at_kinds(output)
    try:
        written = manifest.read_outputs(output) or ()
    except OutputError as error:
        yield Check(subject="reports", said=str(error), cure="see docs/history.md")
        return
    gone = sum(not (output / name).exists() for name in written)
    if gone:
        said = f"{gone:,} of {len(written):,} outputs of the last run are gone"
        yield Check(subject="reports", said=said, cure="write them again with `labflag rebuild`")
    if os.name == "nt":
        return
    for path in (find_private(output), *(find_record(output, name) for name in RECORDS)):
        if (
            path.exists()
            and not path.is_symlink()
            and stat.S_IMODE(path.stat().st_mode) & _OF_OTHERS
        ):
            said = f"{path} can be read by others"
            yield Check(subject="rights", said=said, cure=f"chmod go= {path}")
    for path in (output, *(output / name for name in written)):
        if path.exists() and path.stat().st_mode & stat.S_IRWXO:
            said = f"{path.parent if path != output else path}: everybody may read what is there"
            yield Check(subject="rights", said=said, cure=f"chmod -R o= {output}")
            break


def _look_at_kinds(output: Path) -> Iterator[Check]:
    """Look for links, folders and files of others under names of reports; no name is said."""
    subject = "rights"
    try:
        refuse_links(output)
        odd = count_odd(output) if output.is_dir() else {}
    except (OutputError, OSError) as error:
        said = error.strerror or "" if isinstance(error, OSError) else str(error)
        yield Check(subject=subject, said=said, cure="do what is said; until then no run is made")
        return
    for folder, count in odd.items():
        yield Check(
            subject=subject,
            said=f"{folder}: links, folders, files of other accounts, or files with a second name: "
            f"{count}. Their rights stay as they are",
            cure=f"look at them (ls -l {quote(str(folder))}) and remove what nobody knows",
        )


def look_at_last_run(output: Path, now: datetime) -> Check:
    """Look when the last run of the inbox ended, and how."""
    subject, last = "last run", read_heartbeat(output)
    try:
        at = datetime.fromisoformat(str(last["at"]))
    except (KeyError, ValueError):
        return Check(subject=subject, said="there was none yet")
    said = f"ended {at:%Y-%m-%d %H:%M} with exit code {last.get('exit_code')}"
    age = now.astimezone() - at.astimezone()
    if age > _LONGEST_SILENCE:
        cure = "is the line that starts it in force (`crontab -l`), or `labflag watch` running?"
        return Check(subject=subject, said=f"{said}, {age.days} days ago", cure=cure)
    if last.get("exit_code") not in (Exit.DONE, Exit.HELD, None):
        return Check(subject=subject, said=said, cure="run labflag by hand and read what it says")
    return Check(subject=subject, said=said)
