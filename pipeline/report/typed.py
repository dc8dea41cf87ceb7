"""Writing the worklist over the one before it without losing a word that people typed into it."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from openpyxl import Workbook

from pipeline.errors import OutputError
from pipeline.report.entries import Entries
from pipeline.report.files import save_workbook, write_text
from pipeline.report.read_back import UnreadableWorklist, entries_of
from pipeline.report.texts import ENGLISH, Texts

_TRIES = 3


def write_worklist(
    path: Path,
    page: Path,
    render: Callable[[Entries], tuple[Workbook, str]],
    made_at: datetime,
    texts: Texts = ENGLISH,
) -> None:
    """Render the worklist with what was typed into the one at `path`, and take its place.

    `render` gives the workbook and the web page, which goes to `page`.

    If someone saves it while it is being rendered, it is read again. One that cannot be read
    back is kept beside the new one under another name.

    Raises:
        OutputError: The worklist cannot be read or written, or is being saved over and over.
    """
    for _ in range(_TRIES):
        content = _read(path)
        entries = Entries()
        if content is not None:
            try:
                entries = entries_of(content, made_at.date(), texts)
            except UnreadableWorklist:
                _keep(path, content)
        book, text = render(entries)
        if _read(path) == content or not path.exists():
            save_workbook(book, path, made_at)
            write_text(text, page)
            return
    raise OutputError(f"{path.name} is being changed while it is written; run again")


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if path.exists() else None
    except OSError as error:
        raise OutputError(
            f"{path.name} cannot be read, so what was typed into it would be lost: "
            f"{error.strerror}. If it is open in another program, close it and run again."
        ) from None


def _keep(path: Path, content: bytes) -> None:
    """Move a worklist that cannot be read out of the way; its bytes name it."""
    digest = hashlib.sha256(content).hexdigest()[:8]
    path.replace(path.with_name(f"{path.stem}-unreadable-{digest}{path.suffix}"))
