"""The private folder inside an output folder: the lock, and temporary files that stay there."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from pipeline.errors import OutputError
from pipeline.operations.lock import hold_lock
from pipeline.report.files import make_folder
from pipeline.report.folder import is_no_folder, open_folder

NAME = ".labflag"
_TEMPORARY = "tmp"
# Folders in which files are written aside and then renamed.
_FOLDERS = ("patients", "held", NAME)


@contextmanager
def open_workspace(output: Path, clock: Callable[[], datetime]) -> Iterator[Path]:
    """Hold an output folder for one run; give its private folder.

    While it is held, new files are private unless their mode is set, and temporary files of any
    library lie in the private folder. What a run that died left behind is removed first: only
    the holder of the lock writes here.

    Raises:
        BusyError: Another run is at work in the folder.
        OutputError: The folder cannot be made or locked.
    """
    before = os.umask(0o077)
    try:
        make_folder(output)
        refuse_links(output)
        private = output / NAME
        try:
            private.mkdir(mode=0o700, exist_ok=True)
            with open_folder(private) as opened:
                opened.set_rights(0o700)
        except OSError as error:
            raise OutputError(f"{private} cannot be made: {error.strerror}") from None
        with hold_lock(private, clock):
            _sweep(output)
            with _temporary_files_in(private):
                yield private
    finally:
        os.umask(before)


def refuse_links(output: Path) -> None:
    """Refuse a link, or anything that is no folder, where a folder of ours is or will be.

    Raises:
        OutputError: There is one.
    """
    for name in _FOLDERS:
        if is_no_folder(output / name):
            raise OutputError(
                f"{output / name} is a link, or no folder: nothing is written there. Look who made "
                "it, move it away and run labflag again"
            )


def _sweep(output: Path) -> None:
    """Remove the temporary files of a run that died.

    Raises:
        OutputError: One of them cannot be removed.
    """
    for folder in (output / NAME).glob(f"{_TEMPORARY}*"):
        shutil.rmtree(folder, ignore_errors=True)
    try:
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
    folder = tempfile.mkdtemp(prefix=f"{_TEMPORARY}-", dir=private)
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
