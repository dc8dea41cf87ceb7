"""What is written beside a file of which nothing could be used: why, and what to do.

A file of which no row was read may hold a critical value that nobody has seen. It is noted in the
private folder, and kept in sight until it is moved out of the quarantine, or its bytes are used.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from pipeline.files.durable import write_private
from pipeline.ingest.stored_file import ReceivedFile
from pipeline.site.inbox import REASONS
from pipeline.texts.counts import say_count
from schemas import DataFrame, Issues
from schemas.vocabulary import IssueSeverity

_MOST_LINES = 200
_LEDGER = "unread.json"
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


def note_unread(private: Path, quarantine: Path, path: Path, sha256: str) -> None:
    """Note that nothing is known of a file, before it is moved into the quarantine.

    Args:
        private: The folder in which it is noted.
        quarantine: The folder of all that is set aside.
        path: Where the file will lie.
        sha256: Of the file; "" where it could not be read at all.

    Raises:
        OSError: It cannot be noted.
    """
    listed = {_key(quarantine, each) for each in _list_files(quarantine)}
    noted = {key: value for key, value in _read_noted(private).items() if key in listed}
    noted[_key(quarantine, path)] = sha256
    write_private(json.dumps(noted).encode(), private / _LEDGER)


def count_unread(private: Path, quarantine: Path, files: Iterable[ReceivedFile]) -> int:
    """Count the files in quarantine of which nothing is known, then or since.

    Args:
        private: The folder in which they are noted.
        quarantine: The folder of all that is set aside.
        files: All that were received: a file in quarantine may be used now.
    """
    noted = _read_noted(private)
    if not noted:
        return 0
    used = {file.sha256 for file in files if file.is_usable}
    keys = (_key(quarantine, path) for path in _list_files(quarantine))
    return sum(key in noted and noted[key] not in used for key in keys)


def say_unread(count: int, quarantine: Path) -> str:
    """Say how many files in quarantine nobody has read, and how that ends."""
    verb = "was" if count == 1 else "were"
    return (
        f"{say_count(count, 'file')} in {quarantine} {verb} not read: what is there, also a "
        "critical value, stands in no report. The texts in its folders `reasons` say why"
    )


def _list_files(quarantine: Path) -> Iterator[Path]:
    """Give what lies in the folders of the months, but for what was written beside it."""
    return (path for path in quarantine.glob("*/*/*") if path.name != REASONS)


def _key(quarantine: Path, path: Path) -> str:
    """Name a file in the notes: a file's name may hold a patient's."""
    return hashlib.sha256(os.fsencode(path.relative_to(quarantine))).hexdigest()[:32]


def _read_noted(private: Path) -> dict[str, str]:
    try:
        noted = json.loads((private / _LEDGER).read_text(encoding="utf-8"))
        return {str(key): str(value) for key, value in noted.items()}
    except (OSError, ValueError, AttributeError):
        return {}


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
