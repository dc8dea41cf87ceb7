"""The private folder inside an output folder: the lock, and temporary files that stay there."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from pipeline.errors import OutputError
from pipeline.operations.lock import hold_lock
from pipeline.report.files import ASIDE, make_folder

NAME = ".labflag"
_TEMPORARY = "tmp"
# Folders in which files are written aside and then renamed.
_WRITTEN_IN = (".", "patients", "held", NAME)


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
        private = output / NAME
        try:
            private.mkdir(mode=0o700, exist_ok=True)
            private.chmod(0o700)
        except OSError as error:
            raise OutputError(f"{private} cannot be made: {error.strerror}") from None
        with hold_lock(private, clock):
            _sweep(output)
            with _temporary_files_in(private / _TEMPORARY):
                yield private
    finally:
        os.umask(before)


def _sweep(output: Path) -> None:
    """Remove the temporary files of a run that died."""
    shutil.rmtree(output / NAME / _TEMPORARY, ignore_errors=True)
    for name in _WRITTEN_IN:
        for leftover in (output / name).glob("*".join(ASIDE)):
            leftover.unlink(missing_ok=True)


@contextmanager
def _temporary_files_in(folder: Path) -> Iterator[None]:
    """Have this process and its children keep temporary files in a folder, removed at the end."""
    folder.mkdir(mode=0o700, exist_ok=True)
    set_before, variable_before = tempfile.tempdir, os.environ.get("TMPDIR")
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = set_before
        if variable_before is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = variable_before
        shutil.rmtree(folder, ignore_errors=True)
