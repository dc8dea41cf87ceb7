"""A file becomes tables of text: opened without trust, decoded and split strictly."""

import codecs
import csv
import hashlib
import io
import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from sys import intern

from pipeline.errors import ConfigError
from pipeline.ingest.dialect import DELIMITERS, HEADER_WITHIN, HeaderTest, choose_delimiter
from pipeline.ingest.holds import Returned, take_back
from pipeline.ingest.tables import SourceFile, TextTable, UnreadableFile
from pipeline.ingest.workbooks import read_workbook

MAX_TEXT_BYTES = 512 * 2**20
MAX_WORKBOOK_BYTES = 50 * 2**20
MAX_COLUMNS = 1000
MAX_CELL = 32_000
"""Characters; a cell of a workbook holds 32,767."""

# Cells of the header may hold line breaks.
_HEAD = 5 * HEADER_WITHIN
_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_SELF_EVIDENT = ("utf-8", *_BOMS.values())
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
        UnreadableFile: Not a plain file, of no known kind, too large, or not to be opened.
    """
    if path.suffix.lower() not in READERS:
        raise UnreadableFile("file-kind")
    most = MAX_TEXT_BYTES if READERS[path.suffix.lower()] is read_text else MAX_WORKBOOK_BYTES
    flags = os.O_RDONLY
    for flag in ("O_BINARY", "O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK"):
        flags |= getattr(os, flag, 0)
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            raise UnreadableFile("file-not-plain")
        with os.fdopen(os.open(path, flags), "rb") as opened:
            before = os.fstat(opened.fileno())
            # The name may have come to mean something else since `lstat`.
            if not stat.S_ISREG(before.st_mode):
                raise UnreadableFile("file-not-plain")
            content = opened.read(most + 1)
            after = os.fstat(opened.fileno())
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "bad name"
        raise UnreadableFile("file-unreadable", reason) from None
    if len(content) > most:
        raise UnreadableFile("file-too-large", f"more than {most // 2**20} MiB")
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise UnreadableFile("file-unreadable", "it changed while it was read")
    digest = hashlib.sha256(content).hexdigest()
    return SourceFile(name=name, path=path, sha256=digest, size=len(content)), content


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
    text, encoding = decode_text(content, code_page)
    lines = split_lines(text)
    if not any(line.strip() for line in lines):
        raise UnreadableFile("file-empty")
    notes: list[tuple[str, str]] = []
    if encoding not in _SELF_EVIDENT:
        notes.append(("encoding-assumed", code_page))
    if not lines[-1].endswith("\n"):
        notes.append(("last-line-open", ""))
    heads = {each: split_rows(lines[:_HEAD], each)[0] for each in DELIMITERS}
    delimiter = choose_delimiter(heads, is_header)
    rows, bad_rows = split_rows(lines, delimiter)
    table = TextTable(sheet="", rows=rows, bad_rows=bad_rows, notes=tuple(notes))
    return FileTables(tables=(table,), encoding=encoding, delimiter=delimiter)


def decode_text(content: bytes, code_page: str) -> tuple[str, str]:
    """Decode bytes as UTF-8, as UTF-16 if a mark says so, else in the one code page; strictly.

    Returns:
        The text and the name of the encoding; `code_page` itself if that was needed.

    Raises:
        UnreadableFile: The bytes are not text in that encoding.
        ConfigError: There is no such code page.
    """
    marked = next((name for mark, name in _BOMS.items() if content.startswith(mark)), "")
    try:
        text, encoding = content.decode(marked or "utf-8"), marked or "utf-8"
    except UnicodeDecodeError:
        if marked:
            raise UnreadableFile(
                "file-encoding", f"marked as {marked.removesuffix('-sig')}"
            ) from None
        try:
            text, encoding = content.decode(code_page), code_page
        except LookupError:
            raise ConfigError(f"encoding {code_page!r}: there is no such code page") from None
        except UnicodeDecodeError:
            raise UnreadableFile("file-encoding", f"read as {code_page}") from None
    if "\0" in text:
        raise UnreadableFile("file-encoding", "it holds zero bytes")
    return text, encoding


def split_lines(text: str) -> list[str]:
    r"""Split text into lines, each with "\n" at its end but perhaps the last."""
    # Not str.splitlines: it also breaks lines at form feeds and other separators inside cells.
    return io.StringIO(text, newline=None).readlines()


def split_rows(
    lines: Sequence[str], delimiter: str
) -> tuple[list[tuple[int, list[str]]], dict[int, str]]:
    r"""Split lines into rows of cells, never joining what may be two results.

    Args:
        lines: Lines with "\n" at their end.
        delimiter: One character.

    Returns:
        Rows by the number of the line on which they begin, and line number → issue code of
        every line that could not be split or may have been swallowed by a stray quotation mark.

    Raises:
        UnreadableFile: A line has more than 1000 columns.
    """
    longest = max(map(len, lines), default=0)
    if longest > MAX_COLUMNS and any(line.count(delimiter) >= MAX_COLUMNS for line in lines):
        raise UnreadableFile("file-too-large", f"a line has more than {MAX_COLUMNS} columns")
    rows: list[tuple[int, list[str]]] = []
    bad_rows: dict[int, str] = {}
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        begin = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return rows, bad_rows
        except csv.Error:
            code = "cell-too-long" if len(lines[begin - 1]) > MAX_CELL else "row-quotes"
            bad_rows.update(dict.fromkeys(range(begin, reader.line_num + 1), code))
            continue
        end = reader.line_num
        if end > begin and any("\n" in cell and delimiter in cell for cell in cells):
            bad_rows.update(dict.fromkeys(range(begin, end + 1), "row-quotes"))
        elif longest > MAX_CELL and any(len(cell) > MAX_CELL for cell in cells):
            bad_rows[begin] = "cell-too-long"
        else:
            # Most cells repeat; one copy of each keeps a million rows in memory.
            rows.append((begin, list(map(intern, cells))))


def list_bad_lines(read: FileTables, content: bytes, rows: Sequence[int]) -> dict[int, str]:
    """Look up the lines of rows of a text that could not be split.

    A row ends where the next one begins.
    """
    if not rows or not read.delimiter:
        return {}
    lines = split_lines(decode_text(content, read.encoding)[0])
    begins = sorted({*rows, *(row for table in read.tables for row, _ in table.rows)})
    ends = dict(pairwise([*begins, len(lines) + 1]))
    return {row: "".join(lines[row - 1 : ends[row] - 1]).rstrip("\n") for row in rows}


def _read_workbook(path: Path, content: bytes, code_page: str, is_header: HeaderTest) -> FileTables:
    return FileTables(tables=tuple(read_workbook(path, content)))


READERS: dict[str, Reader] = {
    ".csv": read_text,
    ".tsv": read_text,
    ".txt": read_text,
    ".xlsx": _read_workbook,
    ".xls": _read_workbook,
    ".ods": _read_workbook,
}
"""Suffix → reader; a new kind of file is one function and one line here."""
