"""Marks by which an analyzer doubts a number: the doubt reaches the finding."""

import pandas as pd

from pipeline.ingest.cell_words import CellWords


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


def _look_up(texts: "pd.Series[str]", words: CellWords) -> "pd.Series[str]":
    meant = {text: words.mark(text) for text in texts.unique()}
    return texts.map(meant).astype("str")
