"""What a reader hands on: a file as tables of text, and what the site says about its files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

DateOrder = Literal["", "day-first", "month-first"]
DecimalSign = Literal["", ".", ","]


class UnreadableFile(Exception):
    """The file cannot be read at all, or must not be.

    Args:
        code: Key of `issues.CATALOGUE`.
        detail: Words for a person that go before the catalogue's sentence; no cell content.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTable:
    """One sheet, or one text file, as text and nothing else."""

    sheet: str
    """Name of the sheet; "" for text files."""
    rows: list[tuple[int, list[str]]]
    """(row number as Excel or a text editor shows it, cells as they stand, untrimmed).

    A row of a text file has the number of the line on which it begins. Lengths may differ.
    """
    bad_cells: Mapping[tuple[int, int], str] = field(default_factory=dict)
    """(row number, column from 0) → issue code of a cell whose text cannot be trusted."""
    bad_rows: Mapping[int, str] = field(default_factory=dict)
    """Row number → issue code of a row that could not be split; it need not be in `rows`."""
    notes: tuple[tuple[str, str], ...] = ()
    """(issue code, detail) said once for the sheet: hidden rows, code page used, …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteConventions:
    """How the site reads files where a file does not say it itself."""

    encoding: str = "cp1252"
    """The one code page for text files that are neither UTF-8 nor UTF-16."""
    date_order: DateOrder = ""
    decimal: DecimalSign = ""
    population: Literal["", "adult"] = ""
    most_results: int = 1_000_000
    """A file with more of them is refused: it would not fit into memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """One file as it was read."""

    name: str
    """As shown to people: relative to what was named on the command line."""
    path: Path
    sha256: str
    """Of the bytes that were read, in hex; "" if none could be."""
    size: int
    """In bytes."""
