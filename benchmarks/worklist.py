"""How long a worklist of many patients takes to open, and how large it is.

Opened by openpyxl and calamine, and by LibreOffice if it is installed, which is timed beside an
empty workbook: starting the program is not the worklist's. `python -m benchmarks.worklist
[patients]`.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import datetime
from pathlib import Path

from openpyxl import Workbook, load_workbook
from python_calamine import CalamineWorkbook

from benchmarks.interpretation import make_results
from pipeline.assessment import assess
from pipeline.history.notes import WorklistNotes
from pipeline.ingest.dataset import combine
from pipeline.interpret import interpret_results
from pipeline.interpret.joined_evidence import list_current
from pipeline.interpret.since_last_report import compare_current
from pipeline.knowledge.load import load_knowledge
from pipeline.reconcile.reportable_results import select_reportable
from pipeline.report.excel.package import pack_workbook
from pipeline.report.report_model import RunInfo
from pipeline.report.report_names import file_name
from pipeline.report.worklist.worklist_workbook import render_worklist
from schemas import Held

RUN_AT = datetime(2026, 11, 1, 6, 0)
OPENINGS = 3


def make_worklist(patients: int) -> tuple[bytes, str]:
    """Interpret results of so many patients; give the workbook and the page."""
    knowledge = load_knowledge()
    results, held = make_results(patients), Held.validate(Held.no_rows())
    selected = select_reportable(results, held, knowledge)
    said = interpret_results(selected.results, held, knowledge, results)
    run = RunInfo(
        run_at=RUN_AT,
        version="0",
        profile="default",
        knowledge_version=knowledge.version,
        files=(("made.csv", "0" * 64),),
    )
    parts = {part.name: getattr(said, part.name) for part in fields(said)}
    assessed = replace(assess(combine(()), knowledge), held=held, **parts)
    book, page = render_worklist(
        assessed,
        run,
        compare_current(None, list_current(said.current, said.evidence)),
        {each: f"patients/{file_name(each)}.xlsx" for each in said.patients["patient_id"]},
        WorklistNotes(),
    )
    return pack_workbook(book, RUN_AT), page


def read_lines(path: Path) -> int:
    """Read the cells of the first sheet."""
    book = load_workbook(path, read_only=True)
    return sum(1 for _ in book.worksheets[0].iter_rows(values_only=True))


def open_in_libreoffice(path: Path) -> None:
    """Let LibreOffice load a workbook and write its first sheet as text."""
    folder = path.parent
    subprocess.run(
        [
            "soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless",
            "--convert-to", "csv", "--outdir", str(folder / "text"), str(path),
        ],
        check=True, capture_output=True, timeout=600,
    )  # fmt: skip


def shortest(action: Callable[[], object]) -> float:
    """Give the seconds of the processor, programs started included, of the quickest time."""
    taken = []
    for _ in range(OPENINGS):
        start = sum(os.times()[:4])
        action()
        taken.append(sum(os.times()[:4]) - start)
    return min(taken)


def main(patients: int) -> None:
    """Print a line for each way of opening it."""
    content, page = make_worklist(patients)
    sizes = (len(content) / 1e6, len(page.encode()) / 1e6)
    print(f"{patients:,} patients: {sizes[0]:.1f} MB, page {sizes[1]:.1f} MB")
    with tempfile.TemporaryDirectory() as name:
        path, empty = Path(name, "worklist.xlsx"), Path(name, "empty.xlsx")
        path.write_bytes(content)
        Workbook().save(empty)
        measure(path, empty)


def measure(path: Path, empty: Path) -> None:
    """Print a line for each way of opening a worklist, in seconds of the processor."""
    first = shortest(lambda: CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0))
    print(f"{'calamine, first sheet':<28}{first:8.2f} s")
    print(f"{'openpyxl, first sheet':<28}{shortest(lambda: read_lines(path)):8.2f} s")
    print(f"{'openpyxl, everything':<28}{shortest(lambda: load_workbook(path)):8.2f} s")
    if shutil.which("soffice"):
        start = shortest(lambda: open_in_libreoffice(empty))
        whole = shortest(lambda: open_in_libreoffice(path))
        print(f"{'LibreOffice, an empty one':<28}{start:8.2f} s")
        print(f"{'LibreOffice, this one':<28}{whole:8.2f} s: {whole - start:.2f} s more")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
