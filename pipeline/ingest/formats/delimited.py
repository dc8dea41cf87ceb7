"""Delimited text: bytes become lines and lines become rows, without a second copy of the file."""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise

from pipeline.errors import ConfigError
from pipeline.ingest.text_tables import UnreadableFile

MAX_COLUMNS = 1000
MAX_CELL = 32_000
"""Characters; a cell of a workbook holds 32,767."""
MAX_LINE = 4_000_000
"""Characters; what goes beyond is no row of results, and is not kept."""
MAX_BAD_LINES = 20_000
"""With more lines than these torn by quotation marks a file is refused as a whole."""
MAX_MEMORY = 512 * 2**20
"""Bytes that the cells of a file may take: a million rows of an ordinary export take half. The
process stays below 1 GiB with it."""

_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
SELF_EVIDENT = ("utf-8", *_BOMS.values())
"""Encodings that are not assumed."""

_CHUNK = 2**20
# What CPython takes for a row, for a place in it, and for a text with its place in a set.
_ROW, _PLACE, _TEXT = 200, 8, 120


def find_encoding(content: bytes, code_page: str) -> str:
    """Say in what encoding bytes are text: UTF-8, UTF-16 if a mark says so, else the code page.

    Raises:
        UnreadableFile: The bytes are not text in that encoding.
        ConfigError: There is no such code page.
    """
    marked = next((name for mark, name in _BOMS.items() if content.startswith(mark)), "")
    encoding = marked or "utf-8"
    try:
        _check_text(content, encoding)
    except UnicodeDecodeError:
        if marked:
            raise UnreadableFile(
                "file-encoding", f"marked as {marked.removesuffix('-sig')}"
            ) from None
        encoding = code_page
        try:
            _check_text(content, encoding)
        except LookupError:
            raise ConfigError(f"encoding {code_page!r}: there is no such code page") from None
        except UnicodeDecodeError:
            raise UnreadableFile("file-encoding", f"read as {code_page}") from None
    return encoding


def _check_text(content: bytes, encoding: str) -> None:
    """Decode strictly, and keep nothing."""
    # It knows an encoding of text from one of anything else.
    io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    decoder = codecs.getincrementaldecoder(encoding)()
    view = memoryview(content)
    has_zero = False
    for at in range(0, len(content), _CHUNK):
        is_last = at + _CHUNK >= len(content)
        has_zero |= "\0" in decoder.decode(view[at : at + _CHUNK], is_last)
    if has_zero:
        raise UnreadableFile("file-encoding", "it holds zero bytes")


class Lines:
    r"""The lines of a text, each with "\n" at its end but perhaps the last; read when asked for.

    A line longer than any row may be is cut off, and its number is kept in `cut`.
    """

    def __init__(self, content: bytes, encoding: str) -> None:
        self._content, self._encoding = content, encoding
        self.cut: set[int] = set()
        self.ends_open = False
        """Whether the last line that was read had no line break."""

    def head(self, count: int) -> list[str]:
        """Give the first lines, fewer if they are long."""
        taken: list[str] = []
        length = 0
        for line in islice(self, count):
            length += len(line)
            taken.append(line)
            if length > MAX_LINE:
                break
        return taken

    def __iter__(self) -> Iterator[str]:
        # Not str.splitlines: it also breaks lines at form feeds and other separators in cells.
        text = io.TextIOWrapper(io.BytesIO(self._content), self._encoding, newline=None)
        number = 0
        while line := text.readline(MAX_LINE):
            number += 1
            self.ends_open = not line.endswith("\n")
            if self.ends_open and len(line) == MAX_LINE:
                self.cut.add(number)
                while self.ends_open and (rest := text.readline(MAX_LINE)):
                    self.ends_open = not rest.endswith("\n")
            yield line


def split_rows(
    lines: Iterable[str], delimiter: str
) -> tuple[list[tuple[int, list[str]]], dict[int, str]]:
    r"""Split lines into rows of cells, never joining what may be two results.

    Args:
        lines: Lines with "\n" at their end.
        delimiter: One character.

    Returns:
        Rows by the number of the line on which they begin, and line number → issue code of
        every line that could not be split or may have been swallowed by a stray quotation mark.

    Raises:
        UnreadableFile: A line has more than 1000 columns, more than 20,000 lines cannot be
            split, or the cells take more memory than a file may.
    """
    rows: list[tuple[int, list[str]]] = []
    bad_rows: dict[int, str] = {}
    feed = _Feed(lines, delimiter)
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    # Most cells repeat; one copy of each keeps a million rows in memory.
    texts: dict[str, str] = {}
    keep, places = texts.setdefault, 0
    while True:
        begin = reader.line_num + 1
        feed.first = feed.longest = 0
        try:
            cells = next(reader)
        except StopIteration:
            return rows, bad_rows
        except csv.Error:
            code = "cell-too-long" if feed.first > MAX_CELL else "row-quotes"
            bad_rows.update(dict.fromkeys(range(begin, reader.line_num + 1), code))
        else:
            end = reader.line_num
            if end > begin and any("\n" in cell and delimiter in cell for cell in cells):
                bad_rows.update(dict.fromkeys(range(begin, end + 1), "row-quotes"))
            elif feed.longest > MAX_CELL and _is_too_long(cells, lines, begin, end):
                bad_rows[begin] = "cell-too-long"
            else:
                rows.append((begin, [keep(cell, cell) for cell in cells]))
                places += len(cells)
                if _ROW * len(rows) + _PLACE * places + _TEXT * len(texts) > MAX_MEMORY:
                    raise UnreadableFile("file-too-large", f"more than {begin:,} lines")
        if len(bad_rows) > MAX_BAD_LINES:
            first, code = next(iter(bad_rows.items()))
            detail = f"more than {MAX_BAD_LINES:,} lines, the first is line {first}"
            raise UnreadableFile(code, detail)


class _Feed:
    """Hands lines on and remembers their lengths; refuses lines of too many columns."""

    __slots__ = ("delimiter", "first", "lines", "longest")

    def __init__(self, lines: Iterable[str], delimiter: str) -> None:
        self.lines, self.delimiter = iter(lines), delimiter
        self.first = 0
        """Length of the first line since this was set to zero."""
        self.longest = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self.lines)
        length = len(line)
        if length > MAX_COLUMNS and line.count(self.delimiter) >= MAX_COLUMNS:
            raise UnreadableFile("file-too-large", f"a line has more than {MAX_COLUMNS} columns")
        self.first = self.first or length
        if length > self.longest:
            self.longest = length
        return line


def _is_too_long(cells: Sequence[str], lines: Iterable[str], begin: int, end: int) -> bool:
    was_cut = isinstance(lines, Lines) and not lines.cut.isdisjoint(range(begin, end + 1))
    return was_cut or any(len(cell) > MAX_CELL for cell in cells)


def list_bad_lines(lines: Iterable[str], bad: Sequence[int], good: Iterable[int]) -> dict[int, str]:
    """Look up the lines of rows that could not be split, as much of each as a cell may hold.

    Args:
        lines: All lines of the file.
        bad: Numbers of the lines on which rows begin that could not be split.
        good: The same of all other rows; a row ends where the next one begins.
    """
    if not bad:
        return {}
    begins = sorted({*bad, *good})
    ends = dict(pairwise(begins))
    found = dict.fromkeys(bad, "")
    wanted = {line: row for row in bad for line in range(row, ends.get(row, row))}
    last = begins[-1] if begins[-1] in found else 0
    for number, line in enumerate(lines, 1):
        row = wanted.get(number) or (last if last and number >= last else 0)
        if row and len(found[row]) < MAX_CELL:
            found[row] += line[:MAX_CELL]
    return {row: text[:MAX_CELL].rstrip("\n") for row, text in found.items()}
