"""What is written beside a file of which nothing could be used: why, and what to do.

A file of which no row was read may hold a critical value that nobody has seen. It is noted in the
private folder, and kept in sight until it is moved out of the quarantine, or its bytes are used.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from pipeline.files.durable import write_private
from pipeline.ingest.stored_file import ReceivedFile
from pipeline.issues.catalogue import CATALOGUE
from pipeline.issues.translate_issues import translate_messages
from pipeline.site.inbox import REASONS
from pipeline.texts import Texts
from pipeline.texts.counts import count_text
from schemas import DataFrame, Issues
from schemas.vocabulary import IssueSeverity

_MOST_LINES, _MOST_PLACES = 200, 10
_LEDGER = "unread.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """A file that is put into the quarantine."""

    name: str
    """As it was called when it came."""
    at: datetime
    has_workbook: bool
    """A workbook of its rows lies beside it."""
    is_unread: bool = False
    """No row was read of it."""
    tries: int = 0
    """How often it was tried; 0 where once was enough."""


def explain_quarantine(file: SetAside, issues: DataFrame[Issues], texts: Texts) -> str:
    """Write in plain words what is wrong with a file; its places, and nothing that stands in them.

    Args:
        file: Which one, and what became of it.
        issues: Those of this file.
        texts: Of the language of the site.
    """
    faults = issues[issues["severity"].eq(str(IssueSeverity.ERROR))]
    told = _list_sources(translate_messages(Issues.require_columns(faults), texts), texts)
    more = len(told) - _MOST_LINES
    lines = told[:_MOST_LINES]
    if more > 0:
        lines.append("  " + texts("quarantine.more", count=more))
    when = {"day": texts.dated(f"{file.at:%Y-%m-%d}"), "time": f"{file.at:%H:%M}"}
    head = (
        texts("quarantine.set-aside-tries", name=file.name, tries=file.tries, **when)
        if file.tries
        else texts("quarantine.set-aside", name=file.name, **when)
    )
    return "\n".join(
        (
            head,
            "",
            texts("quarantine.wrong"),
            *(lines or ["  " + texts("quarantine.no-result")]),
            "",
            texts("quarantine.to-do"),
            f"  {_tell_cure(file, faults, texts)}",
            "",
            texts("quarantine.unchanged"),
            *([texts("quarantine.unread")] if file.is_unread else []),
            "",
        )
    )


def _tell_cure(file: SetAside, faults: pd.DataFrame, texts: Texts) -> str:
    """Write what is to be done about a file."""
    if file.has_workbook:
        return texts("quarantine.correct-cells", workbook=f"{file.name}.held.xlsx")
    cure = texts("quarantine.correct-file")
    known = (CATALOGUE.get(code) for code in faults["code"].unique())
    if any(kind is not None and kind.solved_by_layout for kind in known):
        cure += " " + texts("quarantine.write-layout")
    return cure


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


def describe_unread(count: int, quarantine: Path) -> str:
    """Say how many files in quarantine nobody has read, and how that ends."""
    verb = "was" if count == 1 else "were"
    return (
        f"{count_text(count, 'file')} in {quarantine} {verb} not read: what is there, also a "
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


def _list_sources(faults: DataFrame[Issues], texts: Texts) -> list[str]:
    """List each kind of fault, with the first places at which it stands."""
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
            first, more = ", ".join(places[:_MOST_PLACES]), len(places) - _MOST_PLACES
            told.append("  " + texts("quarantine.rows", places=first))
            if more > 0:
                told.append("  " + texts.count("quarantine.more-rows", more))
    return told
