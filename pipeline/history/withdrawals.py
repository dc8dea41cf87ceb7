"""Files that were taken back: none of their results counts until that is undone.

A file that was dropped by mistake, or read in the wrong way, stays stored with all that it said,
and is left out whenever the history is read. So nothing depends on when it was taken back, and it
can be undone. Rows of it that were handed back corrected are left out as well.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from pipeline.errors import ArgumentError
from pipeline.history.patient_ids import WITH_RESULTS
from pipeline.history.store.records import Decision
from pipeline.ingest.stored_file import ReceivedFile, distinguish_names
from pipeline.texts.counts import count_text

WITHDRAW, UNDO = "withdraw", "withdraw-undo"
_FEWEST_DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What is left of the history without the files that were taken back."""

    files: tuple[ReceivedFile, ...]
    withdrawn: tuple[ReceivedFile, ...]
    """The files that were taken back."""
    frames: Mapping[str, pd.DataFrame]
    """The tables without their rows."""
    replaced: pd.DataFrame
    """Results of files in whose place another one was put; with `file_id`."""
    answered: tuple[str, ...]
    """Hashes of the files that handed rows of theirs back."""


def list_withdrawn(decisions: Sequence[Decision]) -> dict[str, str]:
    """List the files that are taken back: hash → hash of the file in its place, or ""."""
    withdrawn: dict[str, str] = {}
    for decision in decisions:
        if decision.kind == WITHDRAW:
            withdrawn[decision.facts["sha256"]] = decision.facts.get("replaced_by", "")
        elif decision.kind == UNDO:
            withdrawn.pop(decision.facts["sha256"], None)
    return withdrawn


def find_file(files: Sequence[ReceivedFile], text: str) -> ReceivedFile:
    """Find a stored file by its name, or by the beginning of its hash.

    Raises:
        ArgumentError: There is none, or several.
    """
    found = [file for file in files if text and file.name == text]
    if not found:
        # As reports and issues.csv call files that share a name.
        apart = {file.sha256 for file in distinguish_names(files) if file.name == text}
        found = [file for file in files if file.sha256 in apart]
    if not found and len(text) >= _FEWEST_DIGITS:
        found = [file for file in files if file.sha256.startswith(text.casefold())]
    if not found:
        raise ArgumentError(
            f"no stored file is called {text}, and none has a hash that begins so; manifest.json "
            "and issues.csv list names, the archive holds the files"
        )
    if len(found) > 1:
        listed = "; ".join(map(describe_file, found))
        raise ArgumentError(f"{len(found)} stored files are called so; name one by hash: {listed}")
    return found[0]


def describe_file(file: ReceivedFile) -> str:
    """Name a file by its hash, when it came and how much it holds; without its name."""
    came = f"received {file.received_at:%Y-%m-%d %H:%M}, " if file.received_at else ""
    return f"{file.sha256[:8]}, {came}{count_text(file.read, 'result')}"


def leave_out(
    files: Mapping[int, ReceivedFile],
    frames: Mapping[str, pd.DataFrame],
    withdrawn: Mapping[str, str],
) -> Left:
    """Leave out what was taken back.

    Args:
        files: Number of the file → what is known of it.
        frames: Tables of the history, with `file_id`.
        withdrawn: As `list_withdrawn` gives it.
    """
    gone = {number for number, file in files.items() if file.sha256 in withdrawn}
    stored = {file.sha256 for file in files.values()}
    results = frames["results"]
    replaced = {
        number
        for number in gone
        if (other := withdrawn[files[number].sha256]) in stored and other not in withdrawn
    }
    kept = {name: rows[~rows["file_id"].isin(gone)] for name, rows in frames.items()}
    left: list[ReceivedFile] = []
    answered: list[str] = []
    for number, file in files.items():
        if number in gone:
            continue
        places = _rows_of_withdrawn(file, withdrawn)
        if places:
            kept, count = _drop_rows(kept, number, places)
            answered.append(file.sha256)
            file = _without_rows(file, withdrawn, count)
        left.append(file)
    return Left(
        files=tuple(left),
        withdrawn=tuple(files[number] for number in sorted(gone)),
        frames=kept,
        replaced=results[results["file_id"].isin(replaced)],
        answered=tuple(answered),
    )


def _rows_of_withdrawn(file: ReceivedFile, withdrawn: Mapping[str, str]) -> set[tuple[str, int]]:
    """List the sheets and rows of a file that stand for rows of one that was taken back."""
    sha8s = {sha256[:8] for sha256 in withdrawn}
    return {
        (said.sheet, row)
        for said in file.returned
        for row, hold in said.holds.items()
        if hold.sha8 in sha8s
    }


def _drop_rows(
    frames: Mapping[str, pd.DataFrame], number: int, places: Collection[tuple[str, int]]
) -> tuple[dict[str, pd.DataFrame], int]:
    """Leave rows of one file out of all tables; give these and how many results went."""
    kept = dict(frames)
    ids: set[int] = set()
    for name in WITH_RESULTS:
        rows = kept[name]
        at = pd.MultiIndex.from_frame(rows[["source_sheet", "source_row"]])
        leaves = rows["file_id"].eq(number) & at.isin(list(places))
        ids |= {*rows.loc[leaves, "result_id"].dropna().astype("int64")}
        kept[name] = rows[~leaves]
    issues = kept["issues"]
    of_rows = issues["file_id"].eq(number) & issues["result_id"].isin(ids)
    kept["issues"] = issues[~of_rows.fillna(False).astype(bool)]
    return kept, len(ids)


def _without_rows(file: ReceivedFile, withdrawn: Mapping[str, str], count: int) -> ReceivedFile:
    sha8s = {sha256[:8] for sha256 in withdrawn}
    returned = tuple(
        replace(
            said, holds={row: hold for row, hold in said.holds.items() if hold.sha8 not in sha8s}
        )
        for said in file.returned
    )
    return replace(file, returned=returned, withdrawn=count)
