"""Entries of medications and conditions that hold no word labflag knows: counted, never silent."""

import re
from functools import cache

import pandas as pd

from pipeline.ingest.cells.free_text import FreeTextIndex, fold_text
from pipeline.ingest.layout.comment_rows import is_neutral
from pipeline.issues import issue_of_file, no_issues
from pipeline.knowledge.model import Knowledge
from schemas import DataFrame, Issues

ABOUT_PERSON = ("medications", "conditions")
"""Columns of running text about the person, as in `knowledge/fields.toml`."""

_ENTRY = re.compile(r"[;,|\r\n]+")
_WORD = re.compile(r"[^\W\d_]{2}")


def note_unknown(
    rows: pd.DataFrame, header: str, index: FreeTextIndex, knowledge: Knowledge
) -> DataFrame[Issues]:
    """Count the entries of one column in which no word is known.

    Args:
        rows: One row for each filled cell, with `text` and where it stands.
        header: Of the column.
        index: Of the words that count in the column.
        knowledge: With the words that mean nothing, such as "none".

    Returns:
        One issue `context-not-understood` with the count, at the first such cell; else none.
    """

    @cache
    def count(text: str) -> int:
        return sum(_is_unknown(entry, index, knowledge) for entry in _ENTRY.split(text))

    counts = rows["text"].map(count).astype("int64")
    if not counts.any():
        return no_issues()
    first = rows[counts > 0].iloc[0]
    return issue_of_file(
        first["source_file"],
        "context-not-understood",
        sheet=first["source_sheet"],
        column=header,
        row=int(first["source_row"]),
        detail=f"{_count_entries(int(counts.sum()))}, the first here",
    )


def _count_entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count:,} entries"


def _is_unknown(entry: str, index: FreeTextIndex, knowledge: Knowledge) -> bool:
    if not _WORD.search(entry) or is_neutral(entry, knowledge):
        return False
    return next(index.find(fold_text(entry)), None) is None
