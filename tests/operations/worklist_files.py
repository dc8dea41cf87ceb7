"""Runs over a small site, and what people's programs do to its worklist in between."""

import shutil
import subprocess
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

from openpyxl import Workbook, load_workbook

from pipeline.assessment import assess
from pipeline.commands.batch import Batch
from pipeline.commands.context import knowledge_of
from pipeline.commands.run import run_batch
from pipeline.config import Settings
from pipeline.report.worklist.line_tags import TAG
from tests.operations.conftest import HEADER

FIRST = """\
N-1,Aster Sample,F,1961-04-30,S1,2026-03-01,Hemoglobin,9.1,g/dL,final
N-2,Birch Sample,M,1961-04-30,S2,2026-03-01,Platelets,60,10*3/uL,final
N-3,Cedar Sample,F,1961-04-30,S3,2026-03-01,WBC,2.1,10*3/uL,final
N-4,Dahlia Sample,F,1961-04-30,S4,2026-03-01,Vitamin B12,120,pg/mL,final
"""
SECOND = """\
N-5,Elder Sample,F,1961-04-30,S5,2026-03-02,Hemoglobin,7.9,g/dL,final
N-1,Aster Sample,F,1961-04-30,S6,2026-03-05,Hemoglobin,8.8,g/dL,final
"""
NOTES = {
    "N-1": ("in review", "AB", "rang the ward"),
    "N-2": ("", "", "citrate tube\nasked for"),
    "N-3": ("", "CD", ""),
}
START = datetime(2026, 11, 1, 7, 30)


@cache
def _knowledge_in(language: str) -> Any:
    return knowledge_of(Settings(language=language))


def _knowledge_of(settings: Settings) -> Any:
    """Load the knowledge once for all runs: it is not what is tried here."""
    return _knowledge_in(settings.language)


_JUDGED: dict[object, Any] = {}


def _judge(received: Any, knowledge: Any, decisions: Any = (), *how: Any) -> Any:
    """Judge the same files once: what the rules say of them is not what is tried here."""
    key = (received.files, id(knowledge), tuple(map(repr, decisions)), how)
    if key not in _JUDGED:
        _JUDGED[key] = assess(received, knowledge, decisions, *how)
    return _JUDGED[key]


class Site:
    """An output folder, and runs into it, an hour after each other."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.folder = folder
        self.settings = Settings(output=folder / "out", **options)
        self.out = self.settings.output
        self.worklist = self.out / "worklist.xlsx"
        self.hours = iter(range(999))

    def run(self, lines: str = "", name: str = "") -> Batch:
        """Run over lines of a file."""
        hour = next(self.hours)
        sources = []
        if lines:
            sources = [self.folder / (name or f"export-{hour}.csv")]
            sources[0].write_text(HEADER + lines, encoding="utf-8")
        now = START + timedelta(hours=hour)
        with (
            mock.patch("pipeline.commands.run.load_tried_knowledge", _knowledge_of),
            mock.patch("pipeline.commands.run.assess", _judge),
        ):
            batch, _ = run_batch(sources, self.settings, clock=lambda: now, progress=pass_through)
        return batch

    def copy(self, folder: Path) -> "Site":
        """Make a site like this one elsewhere."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        other = Site(folder)
        other.hours = iter(range(next(self.hours), 999))
        return other

    @property
    def aside(self) -> list[Path]:
        """Worklists that were kept."""
        return sorted(self.out.glob("worklist-*"))


def pass_through(items, length, label):
    yield from items


def edit(path: Path, change: Callable[[Any], object]) -> None:
    """Change the first sheet of a workbook."""
    book = load_workbook(path)
    change(book.worksheets[0])
    book.save(path)


def heads_of(sheet: Any) -> tuple[int, dict[str, int]]:
    """Give the row of the titles, and the column of each."""
    for row in sheet.iter_rows(max_row=12):
        titles = {cell.value: cell.column for cell in row if cell.value}
        if {"Patient id", TAG, "Notes", "Name", "Why"} & {*titles} and len(titles) > 3:
            return row[0].row, titles
    raise AssertionError("no titles")


def row_of(sheet: Any, patient: str) -> int:
    top, heads = heads_of(sheet)
    for row in range(top + 1, sheet.max_row + 1):
        if sheet.cell(row, heads["Patient id"]).value == patient:
            return row
    raise AssertionError(f"no line of {patient}")


def type_notes(path: Path, notes: dict[str, tuple[Any, Any, Any]] = NOTES) -> None:
    """Type status, reviewer and note of some patients."""

    def change(sheet: Any) -> None:
        _, heads = heads_of(sheet)
        for patient, typed in notes.items():
            row = row_of(sheet, patient)
            for title, text in zip(("Review status", "Reviewer", "Notes"), typed, strict=True):
                sheet.cell(row, heads[title]).value = text or None

    edit(path, change)


def lines_of(path: Path) -> dict[str, dict[str, Any]]:
    """Give the lines of a worklist by patient id: title → cell."""
    sheet = load_workbook(path).worksheets[0]
    top, heads = heads_of(sheet)
    lines = {}
    for row in range(top + 1, sheet.max_row + 1):
        line = {title: sheet.cell(row, column).value for title, column in heads.items()}
        lines[str(line["Patient id"])] = line
    return lines


def typed_of(path: Path) -> dict[str, tuple[str, str, str]]:
    """Give what stands on the lines of patients; those without anything are left out."""
    typed = {
        patient: tuple(line[title] or "" for title in ("Review status", "Reviewer", "Notes"))
        for patient, line in lines_of(path).items()
    }
    return {patient: cells for patient, cells in typed.items() if any(cells)}


def sheet_of(path: Path, title: str, top: int = 3) -> list[dict[str, Any]]:
    """Give the rows of a sheet by their titles; nothing if there is no such sheet."""
    book = load_workbook(path)
    if title not in book.sheetnames:
        return []
    heads, *rows = list(book[title].iter_rows(min_row=top, values_only=True))
    return [dict(zip(heads, row, strict=True)) for row in rows]


def sort_lines(sheet: Any, last: int) -> None:
    """Sort lines by patient id downwards, up to a column."""
    top, heads = heads_of(sheet)
    rows = [
        [sheet.cell(row, column).value for column in range(1, last + 1)]
        for row in range(top + 1, sheet.max_row + 1)
    ]
    rows.sort(key=lambda row: str(row[heads["Patient id"] - 1]), reverse=True)
    for number, row in enumerate(rows, top + 1):
        for column, cell in enumerate(row, 1):
            sheet.cell(number, column).value = cell


def copy_values(path: Path) -> None:
    """Make a new workbook of the values of the first sheet."""
    sheet = load_workbook(path).worksheets[0]
    book = Workbook()
    for row in sheet.iter_rows(values_only=True):
        book.active.append(row)
    book.save(path)


def save_by_office(path: Path, kind: str = "xlsx") -> Path:
    """Let LibreOffice open a file and save it as another kind beside it."""
    folder = path.parent.parent / "office"
    home = f"-env:UserInstallation=file://{path.parent.parent}/profile"
    subprocess.run(
        ["soffice", home, "--headless", "--convert-to", kind, "--outdir", str(folder), str(path)],
        check=True,
        capture_output=True,
        timeout=180,
    )
    saved = folder / f"{path.stem}.{kind}"
    target = path.with_suffix(f".{kind}")
    shutil.move(saved, target)
    return target
