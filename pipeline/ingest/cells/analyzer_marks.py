"""Marks by which an analyzer doubts a number: the doubt reaches the finding."""

import re

import pandas as pd

from pipeline.ingest.cells.whole_cells import CellWords
from pipeline.ingest.layout.analyte_names import index_names
from pipeline.knowledge.model import Knowledge

_WORD = re.compile(r"[^\W_]+")


def find_doubted(export: pd.DataFrame, words: CellWords) -> "pd.Series[bool]":
    """Return whether the analyzer doubts each number.

    In a column of marks a doubtful one counts. Among flags an asterisk by itself says no more than
    "abnormal" in many exports: it counts where the flags of the table are plainly those of an
    analyzer, with `+`, `-` or a mark that has no other meaning.

    Args:
        export: The results of one table, as text: the columns of `Export`.
        words: What the marks are.
    """
    marks, flags = (_look_up(export[name], words) for name in ("mark", "flag"))
    lone = export["flag"].str.strip().eq("*")
    counts = flags.eq("doubtful") & ~lone
    if bool(flags.eq("plain").any()) or bool(counts.any()):
        counts = flags.eq("doubtful")
    doubted: pd.Series[bool] = marks.isin(["doubtful", "no-number"]) | counts
    return doubted


def list_marked(knowledge: Knowledge) -> dict[str, str]:
    """Return the observation that a doubtful mark beside each analyte says."""
    return {analyte: each.id for each in knowledge.observations.values() for analyte in each.marks}


def list_suspected(header: str, knowledge: Knowledge) -> tuple[str, ...]:
    """Return the observations that a yes in a column of suspect flags says.

    Of the analytes that the header names ("PLT Suspect"); of all where it names none.
    """
    marked, index = list_marked(knowledge), index_names(knowledge)
    named = (name for word in _WORD.findall(header) for name in index.claimants(word))
    found = {marked[name] for name in named if name in marked}
    return tuple(sorted(found or set(marked.values())))


def _look_up(texts: "pd.Series[str]", words: CellWords) -> "pd.Series[str]":
    meant = {text: words.mark(text) for text in texts.unique()}
    return texts.map(meant).astype("str")
