"""A person who types into the worklist and saves it, the way spreadsheet programs do."""

import contextlib
import io
import os
import random
import secrets
import signal
import time
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

HEADS = ("Review status", "Reviewer", "Notes")
_ID = "Patient id"


def type_notes(path: Path, notes: Mapping[str, tuple[str, str, str]]) -> None:
    """Type status, reviewer and note on the lines of patients, and save."""
    book = load_workbook(path)
    lines, heads = find_lines(book.worksheets[0])
    for patient, typed in notes.items():
        for head, text in zip(HEADS, typed, strict=True):
            book.worksheets[0].cell(lines[patient], heads[head]).value = text or None
    book.save(path)


def find_lines(sheet: Any) -> tuple[dict[str, int], dict[str, int]]:
    """Give the row of each patient, and the column of each title."""
    for row in sheet.iter_rows(max_row=12):
        heads = {cell.value: cell.column for cell in row if cell.value}
        if {_ID, *HEADS} <= {*heads}:
            rows = range(row[0].row + 1, sheet.max_row + 1)
            return {str(sheet.cell(at, heads[_ID]).value): at for at in rows}, heads
    raise ValueError("the worklist has no titles")


class Person:
    """Somebody who goes on typing notes, one on each save, each on a line without one."""

    def __init__(self, worklist: Path, chance: random.Random, diary: Path) -> None:
        """Begin.

        Args:
            worklist: Where they save.
            chance: Chooses lines, moments and ways of saving.
            diary: What was saved: a line for each note, written once its save is done.
        """
        self._path, self._chance, self._diary = worklist, chance, diary
        self._typed: set[str] = set()
        self._is_over = False

    def go_on(self) -> None:
        """Type and save until told to end; a save that is begun is ended."""
        signal.signal(signal.SIGTERM, self._end)
        number = 0
        while not self._is_over:
            time.sleep(self._chance.uniform(0, 0.25))
            with contextlib.suppress(OSError, zipfile.BadZipFile, KeyError, ValueError, EOFError):
                number += self._save(f"note {number}.")

    def _end(self, *_: object) -> None:
        self._is_over = True

    def _save(self, note: str) -> bool:
        in_place = self._chance.random() < 1 / 4
        with self._owner_file() if in_place else contextlib.nullcontext():
            book = load_workbook(io.BytesIO(self._path.read_bytes()))
            lines, heads = find_lines(book.worksheets[0])
            column = heads[HEADS[2]]
            free = [
                patient
                for patient, row in sorted(lines.items())
                if patient not in self._typed and not book.worksheets[0].cell(row, column).value
            ]
            if not free:
                return False
            patient = self._chance.choice(free)
            book.worksheets[0].cell(lines[patient], column).value = note
            stream = io.BytesIO()
            book.save(stream)
            # Whatever becomes of it, this line is not typed on again.
            self._typed.add(patient)
            if in_place:
                self._path.write_bytes(stream.getvalue())
            else:
                aside = self._path.with_name(secrets.token_hex(4).upper())
                aside.write_bytes(stream.getvalue())
                aside.replace(self._path)
        with self._diary.open("a") as diary:
            diary.write(f"{patient}\t{note}\t{'in place' if in_place else 'renamed'}\n")
        return True

    @contextlib.contextmanager
    def _owner_file(self) -> Iterator[None]:
        """Lay an owner file beside it as long as it is open, as programs do that save in place."""
        owner = self._path.with_name(f".~lock.{self._path.name}#")
        owner.write_text(",somebody,desk,01.12.2026 08:00,;")
        try:
            yield
        finally:
            owner.unlink(missing_ok=True)


def start_person(worklist: Path, chance: random.Random, diary: Path) -> int:
    """Let a person begin; give the process, which ends at SIGTERM."""
    pid = os.fork()
    if not pid:
        try:
            Person(worklist, chance, diary).go_on()
        finally:
            os._exit(0)
    return pid
