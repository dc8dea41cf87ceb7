"""What is written beside a file of which nothing could be used: why, and what to do.

A file of which no row was read may hold a critical value that nobody has seen. A mark beside it
keeps it in sight until it is moved out of the quarantine, or the same bytes could be used.
"""

import json
import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from pipeline.ingest.received import ReceivedFile
from pipeline.issues.counts import say_count
from pipeline.operations.inbox import REASONS, shorten_name
from schemas import DataFrame, Issues
from schemas.vocabulary import IssueSeverity

_MOST_LINES = 200
_UNREAD = ".unread"
_UNREAD_WORDS = (
    "What is in it stands in no report, and may be critical. `labflag status` and `labflag doctor` "
    "name it as a fault until it is moved out of the quarantine or, put into the inbox again, "
    "could be used."
)

_NO_TABLE = {
    "no-layout", "layout-ambiguous", "missing-column", "patient-column-missing", "duplicate-column",
    "unit-column-unnamed", "delimiter-ambiguous", "file-encoding",
}  # fmt: skip
"""Problems of files that a layout can solve."""


def explain_quarantine(
    name: str,
    issues: DataFrame[Issues],
    now: datetime,
    *,
    has_workbook: bool,
    is_unread: bool = False,
    tries: int = 0,
) -> str:
    """Say in plain words what is wrong with a file; its places, and nothing that stands in them.

    Args:
        name: The file, as it was called when it came.
        issues: Those of this file.
        now: When it was set aside.
        has_workbook: Whether a workbook of its rows lies beside it.
        is_unread: Whether no row was read of it.
        tries: How often it was tried; 0 where once was enough.
    """
    faults = issues[issues["severity"].eq(str(IssueSeverity.ERROR))]
    lines = list(_tell_places(faults))
    more = len(lines) - _MOST_LINES
    shown = lines[:_MOST_LINES] + ([f"  and {more} more"] if more > 0 else [])
    todo = (
        f"Correct the marked cells of {name}.held.xlsx, which lies beside this text, and put it "
        "into the inbox."
        if has_workbook
        else "Put a corrected file into the inbox."
    )
    if not has_workbook and not _NO_TABLE.isdisjoint(faults["code"]):
        todo += (
            " The same file may be put there again when a layout says what its columns are "
            "(labflag identify FILE --save LAYOUT)."
        )
    when = f"{now:%Y-%m-%d at %H:%M}{f' after {tries} tries' if tries else ''}"
    return "\n".join(
        (
            f"No result of {name} could be used. It was set aside on {when}.",
            "",
            "What is wrong:",
            *(shown or ["  It holds no result."]),
            "",
            "What to do:",
            f"  {todo}",
            "",
            "The file was not changed. It can be deleted when it is not needed any more.",
            *([_UNREAD_WORDS] if is_unread else []),
            "",
        )
    )


def note_unread(sha256: str) -> tuple[str, bytes]:
    """Return ending and content of the mark of a file of which no row was read.

    Args:
        sha256: Of the file; "" where it could not be read at all.
    """
    return _UNREAD, json.dumps({"sha256": sha256}).encode()


def count_unread(quarantine: Path, files: Iterable[ReceivedFile]) -> int:
    """Count the files in quarantine of which no row was read, now or later.

    Args:
        quarantine: The folder of all that is set aside.
        files: All that were received: a file in quarantine may be used now.
    """
    used = {file.sha256 for file in files if file.is_usable}
    count = 0
    for reasons in quarantine.glob(f"*/*/{REASONS}"):
        marks = {name for name in os.listdir(reasons) if name.endswith(_UNREAD)}
        if not marks:
            continue
        for name in os.listdir(reasons.parent):
            mark = shorten_name(name, _UNREAD)
            count += mark in marks and _read_mark(reasons / mark) not in used
    return count


def say_unread(count: int, quarantine: Path) -> str:
    """Say how many files in quarantine nobody has read, and how that ends."""
    verb = "was" if count == 1 else "were"
    return (
        f"{say_count(count, 'file')} in {quarantine} {verb} not read: what is there, also a "
        "critical value, stands in no report. The texts in its folders `reasons` say why"
    )


def _read_mark(path: Path) -> str:
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _tell_places(faults: DataFrame[Issues]) -> list[str]:
    """Give each kind of fault a line, with the first places at which it stands."""
    told: list[str] = []
    for message, group in faults.groupby("message", sort=False):
        places = [
            f"{f'{sheet}!' if sheet else ''}{row}{f' ({column})' if column else ''}"
            for sheet, row, column in group.dropna(subset="row")[
                ["sheet", "row", "column"]
            ].itertuples(index=False)
        ]
        told.append(f"- {message}")
        if places:
            told.append(f"  row {', '.join(places[:10])}")
            if len(places) > 10:
                told.append(f"  and {len(places) - 10} more rows; issues.csv lists all")
    return told
