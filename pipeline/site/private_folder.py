"""Where labflag keeps what is its own: in the folder of reports, or beside it.

Who may write in a folder may rename whatever stands in it. So where the site lets a group write
in the folder of reports, the private folder stands beside that, and history and log in it. Which
of the two holds is said by a file in the folder beside, where no group can write; what lies in
the folder of reports says nothing. A site whose settings change is moved over by the next run.
"""

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.errors import OutputError
from pipeline.files.durable import write_private
from pipeline.files.folder import ASIDE, Folder, is_private_to, open_folder
from pipeline.history.store.engine import fold_file
from pipeline.history.stored import FILE_NAME
from pipeline.site.lock import NAME as LOCK

NAME = ".labflag"
LOG = "audit.log"
TEMPORARY = "tmp"
"""How the names of folders of temporary files begin."""
RECORDS = (FILE_NAME, LOG)
"""What stands in the folder of reports itself, or in the private folder if that is beside it."""
_IN_USE = "in-use"


def find_private(output: Path) -> Path:
    """Return where the private folder of a folder of reports is, or will be if there is none.

    Raises:
        OutputError: It belongs to another account.
    """
    beside = folder_beside(output)
    try:
        found = beside.lstat()
        os.lstat(beside / _IN_USE)
    except PermissionError:
        return beside
    except OSError:
        return output / NAME
    _require_own(beside, found, output)
    return beside


def find_record(output: Path, name: str) -> Path:
    """Return where one of `RECORDS` is, or will be if there is none.

    Raises:
        OutputError: The private folder belongs to another account.
    """
    return _path_of(output, find_private(output), name)


def folder_beside(output: Path) -> Path:
    """Return the private folder beside a folder of reports."""
    real = output.resolve()
    return real.parent / f".{real.name}{NAME}"


def choose_private(output: Path, report_mode: str) -> Path:
    """Return where the private folder belongs by the settings of the site."""
    may_write = int(report_mode, 8) & stat.S_IWGRP and os.name != "nt"
    return folder_beside(output) if may_write else output / NAME


def make_private(output: Path, private: Path) -> None:
    """Make the private folder, if it is not there, and let its owner alone enter it.

    Raises:
        OutputError: It cannot be made, is a link, or belongs to another account.
    """
    try:
        private.mkdir(mode=0o700, exist_ok=True)
        with open_folder(private) as folder:
            _require_own(private, folder.stat(), output)
            folder.set_rights(0o700)
    except OSError as error:
        advice = (
            ""
            if private.parent == output
            else "; it keeps what the group that may write the reports must not rename. Make it "
            "for the account that runs labflag, or give report_mode 0640"
        )
        raise OutputError(f"{private} cannot be made: {error.strerror}{advice}") from None


def move_private(output: Path, here: Path, there: Path) -> None:
    """Move everything from one private folder to the other; the locks of both are held.

    Every file gets a second name, one file then says which folder holds, and the first names go:
    a run that is stopped anywhere is finished by the next one.

    Raises:
        OutputError: Something cannot be moved, or is in the way; the first folder still holds.
    """
    beside = folder_beside(output)
    try:
        if there == beside:
            _require_one_file_system(output, beside)
        with suppress(FileNotFoundError):
            if stat.S_ISREG(_path_of(output, here, FILE_NAME).lstat().st_mode):
                fold_file(_path_of(output, here, FILE_NAME))
        for source, target in _list_moves(output, here, there):
            _add_name(output, source, target)
        if there == beside:
            write_private(b"", beside / _IN_USE)
        else:
            with open_folder(beside) as folder:
                folder.remove(_IN_USE)
                folder.sync()
    except OSError as error:
        raise OutputError(
            f"what is in {here} cannot be moved to {there}: {error.strerror}"
        ) from None
    clear_former(output, there)


def clear_former(output: Path, private: Path) -> None:
    """Remove the first names of what was moved; what another account put there stays.

    Raises:
        OutputError: They cannot be removed.
    """
    beside = folder_beside(output)
    former = output / NAME if private == beside else beside
    try:
        for source, target in _list_moves(output, private, former):
            with suppress(FileNotFoundError, NotADirectoryError):
                _remove_name(output, source, target)
    except OSError as error:
        raise OutputError(f"what was moved from {former} cannot go: {error.strerror}") from None
    # The rest holds nothing; what is none of labflag's stays, and the folder with it.
    with suppress(OSError), open_folder(former) as folder:
        if _is_own(folder.stat(), output):
            folder.remove(LOCK)
            folder.sweep()
            for name in folder.list_names():
                if name.startswith(TEMPORARY):
                    shutil.rmtree(former / name, ignore_errors=True)
            former.rmdir()


def _path_of(output: Path, private: Path, name: str) -> Path:
    return (output if private == output / NAME else private) / name


def _list_moves(output: Path, here: Path, there: Path) -> list[tuple[Path, Path]]:
    """List what is to be moved: where it is, and where it goes; what is there must hold."""
    with open_folder(here) as folder:
        names = [name for name in folder.list_names() if name not in (LOCK, _IN_USE, *RECORDS)]
    kept = [name for name in names if not name.startswith((ASIDE[0], TEMPORARY))]
    return [
        *((here / name, there / name) for name in kept),
        *((_path_of(output, here, name), _path_of(output, there, name)) for name in RECORDS),
    ]


def _add_name(output: Path, source: Path, target: Path) -> None:
    """Give a file its second name, unless a run that was stopped has done so."""
    with _open_both(output, source, target) as (here, there):
        try:
            found = here.stat(source.name)
        except FileNotFoundError:
            return
        with suppress(FileNotFoundError):
            if os.path.samestat(found, there.stat(target.name)):
                return
            raise OutputError(f"{target} is in the way of {source}: look at it and move it away")
        if not is_private_to(found, output.stat().st_uid):
            raise OutputError(
                f"{source} is a link, belongs to another account or has a second name; look who "
                "made it, and put back what was there"
            )
        here.link(source.name, target.name, there)
        there.sync()


def _remove_name(output: Path, source: Path, target: Path) -> None:
    """Remove the name at the target, if it is one of the same file."""
    with _open_both(output, source, target) as (here, there):
        if os.path.samestat(here.stat(source.name), there.stat(target.name)):
            there.remove(target.name)
            there.sync()


@contextmanager
def _open_both(output: Path, source: Path, target: Path) -> Iterator[tuple[Folder, Folder]]:
    with (
        open_folder(source.parent, follow=source.parent == output) as here,
        open_folder(target.parent, follow=target.parent == output) as there,
    ):
        yield here, there


def _require_one_file_system(output: Path, beside: Path) -> None:
    """Give a file a name in both folders, as runs will.

    Raises:
        OutputError: They are on two file systems.
    """
    with open_folder(beside) as private, open_folder(output, follow=True) as reports:
        name = private.write_aside(b"", 0o600)
        try:
            private.link(name, name, reports)
        except OSError as error:
            raise OutputError(
                f"{beside} keeps what the group that may write the reports must not rename, and "
                f"files cannot be moved from there to {output}: {error.strerror}. Name a folder "
                f"in {output} as the folder of reports, or give report_mode 0640"
            ) from None
        finally:
            private.remove(name)
            reports.remove(name)


def _require_own(private: Path, found: os.stat_result, output: Path) -> None:
    if not _is_own(found, output):
        raise OutputError(
            f"{private} belongs to another account; look who made it, and move it away. If that "
            "is the account of labflag, run labflag as it"
        )


def _is_own(found: os.stat_result, output: Path) -> bool:
    if not hasattr(os, "geteuid"):
        return True
    return found.st_uid in (os.geteuid(), output.stat().st_uid)
