"""An output folder held for one run: the lock, and temporary files that stay in one place."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from pipeline.errors import BusyError, OutputError
from pipeline.files.durable import make_folder
from pipeline.files.folder import is_no_folder, open_folder
from pipeline.site.lock import hold_lock
from pipeline.site.private_folder import (
    TEMPORARY,
    choose_private,
    clear_former,
    find_private,
    make_private,
    move_private,
)

# Folders in the folder of reports in which files are written aside and then renamed.
_FOLDERS = ("patients", "held")


@contextmanager
def open_workspace(output: Path, clock: Callable[[], datetime], report_mode: str) -> Iterator[Path]:
    """Hold an output folder for one run; give its private folder.

    While it is held, new files are private unless their mode is set, and temporary files of any
    library lie in the private folder. What a run that died left behind is removed first: only
    the holder of the lock writes here. If the private folder is not where the settings want it,
    it is moved there: ask where the history is once the folder is held.

    Args:
        output: The folder.
        clock: Says since when it is held.
        report_mode: That of the settings: whether a group may write in the folder.

    Raises:
        BusyError: Another run is at work in the folder.
        OutputError: The folder cannot be made or locked.
    """
    before = os.umask(0o077)
    try:
        make_folder(output)
        refuse_links(output)
        with _hold_private(output, clock, report_mode) as private:
            _sweep(output, private)
            with _temporary_files_in(private):
                yield private
    finally:
        os.umask(before)


@contextmanager
def _hold_private(output: Path, clock: Callable[[], datetime], report_mode: str) -> Iterator[Path]:
    """Lock the private folder, and have it where the settings want it."""
    private, wanted = find_private(output), choose_private(output, report_mode)
    make_private(output, private)
    with hold_lock(private, clock, output):
        if find_private(output) != private:
            raise BusyError(f"another run was at work in {output}; try again")
        if private == wanted:
            clear_former(output, private)
            yield private
            return
        make_private(output, wanted)
        with hold_lock(wanted, clock, output):
            move_private(output, private, wanted)
            yield wanted


def refuse_links(output: Path) -> None:
    """Refuse a link, or anything that is no folder, where a folder of ours is or will be.

    Raises:
        OutputError: There is one, or the private folder belongs to another account.
    """
    for path in (*(output / name for name in _FOLDERS), find_private(output)):
        if is_no_folder(path):
            raise OutputError(
                f"{path} is a link, or no folder: nothing is written there. Look who made it, "
                "move it away and run labflag again"
            )


def _sweep(output: Path, private: Path) -> None:
    """Remove the temporary files of a run that died.

    Raises:
        OutputError: One of them cannot be removed.
    """
    for folder in private.glob(f"{TEMPORARY}*"):
        shutil.rmtree(folder, ignore_errors=True)
    try:
        with open_folder(private) as opened:
            opened.sweep()
        with open_folder(output, follow=True) as opened:
            opened.sweep()
            for name in _FOLDERS:
                with suppress(FileNotFoundError), opened.open_folder(name) as inner:
                    inner.sweep()
    except OSError as error:
        said = "what a run left behind that was stopped cannot be removed"
        raise OutputError(f"{output}: {said}: {error.strerror}") from None


@contextmanager
def _temporary_files_in(private: Path) -> Iterator[None]:
    """Have this process and its children keep temporary files in a folder, removed at the end."""
    folder = tempfile.mkdtemp(prefix=f"{TEMPORARY}-", dir=private)
    set_before, variable_before = tempfile.tempdir, os.environ.get("TMPDIR")
    tempfile.tempdir = os.environ["TMPDIR"] = folder
    try:
        yield
    finally:
        tempfile.tempdir = set_before
        if variable_before is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = variable_before
        shutil.rmtree(folder, ignore_errors=True)
