"""A file becomes tables of text: opened without trust, decoded and split strictly."""

import errno
import hashlib
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.files.file_kinds import TEXT_SUFFIXES, WORKBOOK_SUFFIXES
from pipeline.ingest.formats.delimited import SELF_EVIDENT, Lines, find_encoding, split_rows
from pipeline.ingest.formats.workbook.reader import read_workbook
from pipeline.ingest.layout.dialect import DELIMITERS, HEADER_WITHIN, HeaderTest, choose_delimiter
from pipeline.ingest.returned_rows import Returned, take_back
from pipeline.ingest.text_tables import SiteConventions, SourceFile, TextTable, UnreadableFile

MAX_TEXT_BYTES = 192 * 2**20
"""A million rows of an ordinary export are 100 MiB."""
MAX_WORKBOOK_BYTES = 50 * 2**20

_TRIES = 3
_PASSING = frozenset(
    getattr(errno, name)
    for name in (
        *("EIO", "EAGAIN", "EINTR", "EBUSY", "ESTALE", "ETIMEDOUT", "EHOSTDOWN", "EREMOTEIO"),
        *("ENFILE", "EMFILE", "ENOMEM", "ENOLCK", "ENETDOWN", "ENETUNREACH", "ECONNRESET"),
    )
    if hasattr(errno, name)
)
"""Faults of the system or the share, not of the file."""

_NO_RIGHTS = (errno.EACCES, errno.EPERM)

# Cells of the header may hold line breaks.
_HEAD = 5 * HEADER_WITHIN
_NOT_TEXT = {
    b"PK\x03\x04": "a workbook or archive under the name of a text file",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook under the name of a text file",
    b"\x1f\x8b": "a compressed file under the name of a text file",
    b"%PDF": "a PDF under the name of a text file",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTables:
    """The tables of one file and how they were taken from its bytes."""

    tables: tuple[TextTable, ...]
    encoding: str = ""
    """Of a text file; "" for workbooks."""
    delimiter: str = ""
    """Of a text file; "" for workbooks."""
    returned: tuple[Returned, ...] = ()
    """What was taken off tables of rows that were handed back."""


Reader = Callable[[Path, bytes, str, HeaderTest], FileTables]
"""(path, content, code page, header test) → tables; raises UnreadableFile."""


def open_file(path: Path, name: str) -> tuple[SourceFile, bytes]:
    """Read a plain file whole, once.

    Args:
        path: The file; a link, pipe or device is refused without waiting for it.
        name: The file as shown to people.

    Raises:
        UnreadableFile: Not a plain file, of no known kind, too large, or not to be opened; or
            `file-not-read` or `file-no-rights`, which the next run may read.
    """
    if path.suffix.lower() not in READERS:
        raise UnreadableFile("file-kind")
    content = _read_patiently(path)
    digest = hashlib.sha256(content).hexdigest()
    return SourceFile(name=name, path=path, sha256=digest, size=len(content)), content


def _read_patiently(path: Path) -> bytes:
    """Read all bytes; a fault that passes, as on a share that was away, is tried again.

    Raises:
        UnreadableFile: `file-not-read` if such a fault goes on, `file-no-rights` where the
            right to read is missing, else what is wrong for good.
    """
    reason = ""
    for _ in range(_TRIES):
        try:
            return _read_whole(path)
        except (OSError, ValueError) as error:
            number = error.errno if isinstance(error, OSError) else None
            reason = error.strerror if isinstance(error, OSError) and error.strerror else "bad name"
            if number in _NO_RIGHTS:
                raise UnreadableFile("file-no-rights", reason) from None
            if number not in _PASSING:
                raise UnreadableFile("file-unreadable", reason) from None
    raise UnreadableFile("file-not-read", reason)


def _read_whole(path: Path) -> bytes:
    """Read a plain file whole, once; follow no link and wait for nothing."""
    most = MAX_TEXT_BYTES if READERS[path.suffix.lower()] is read_text else MAX_WORKBOOK_BYTES
    flags = os.O_RDONLY
    for flag in ("O_BINARY", "O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK"):
        flags |= getattr(os, flag, 0)
    if not stat.S_ISREG(os.lstat(path).st_mode):
        raise UnreadableFile("file-not-plain")
    with os.fdopen(os.open(path, flags), "rb") as opened:
        before = os.fstat(opened.fileno())
        # The name may have come to mean something else since `lstat`.
        if not stat.S_ISREG(before.st_mode):
            raise UnreadableFile("file-not-plain")
        if before.st_size > most:
            raise UnreadableFile("file-too-large", f"more than {most // 2**20} MiB")
        # No more is asked for than there is: room for all that is asked for is taken at once.
        content = opened.read(before.st_size + 1)
        after = os.fstat(opened.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise UnreadableFile("file-unreadable", "it changed while it was read")
    return content


def read_tables(path: Path, content: bytes, code_page: str, is_header: HeaderTest) -> FileTables:
    """Take the tables out of the bytes of a file, by the reader of its suffix.

    Args:
        path: Decides the reader.
        content: All bytes of the file.
        code_page: For text that is neither UTF-8 nor UTF-16.
        is_header: How many cells of a row are known headers; 0 if the row is no header.

    Raises:
        UnreadableFile: The content cannot be read, or must not be.
    """
    if not content:
        raise UnreadableFile("file-empty")
    read = READERS[path.suffix.lower()](path, content, code_page, is_header)
    tables, returned = take_back(read.tables)
    return replace(read, tables=tables, returned=returned)


def read_text(path: Path, content: bytes, code_page: str, is_header: HeaderTest) -> FileTables:
    """Read delimited text into one table."""
    for magic, kind in _NOT_TEXT.items():
        if content.startswith(magic):
            raise UnreadableFile("file-not-what-it-says", kind)
    encoding = find_encoding(content, code_page)
    lines = Lines(content, encoding)
    if not any(map(str.strip, lines)):
        raise UnreadableFile("file-empty")
    head = lines.head(_HEAD)
    heads = {each: split_rows(head, each)[0] for each in DELIMITERS}
    delimiter = choose_delimiter(heads, is_header)
    rows, bad_rows = split_rows(lines, delimiter)
    notes: list[tuple[str, str]] = []
    if encoding not in SELF_EVIDENT:
        is_named = code_page != SiteConventions().encoding
        whence = "as the configuration or the layout names it" if is_named else "the usual one"
        notes.append(("encoding-assumed", f"{code_page}, {whence}"))
    if lines.ends_open:
        notes.append(("last-line-open", ""))
    table = TextTable(sheet="", rows=rows, bad_rows=bad_rows, notes=tuple(notes))
    return FileTables(tables=(table,), encoding=encoding, delimiter=delimiter)


def _read_workbook(path: Path, content: bytes, code_page: str, is_header: HeaderTest) -> FileTables:
    return FileTables(tables=tuple(read_workbook(path, content)))


READERS: dict[str, Reader] = {
    **dict.fromkeys(TEXT_SUFFIXES, read_text),
    **dict.fromkeys(WORKBOOK_SUFFIXES, _read_workbook),
}
"""Suffix → reader; a new kind of file is one function, one line here and its suffix."""
