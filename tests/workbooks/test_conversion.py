"""Opened and saved by LibreOffice, every cell and chart is still there.

`make convert` does so with every workbook of the sample data; `make convert WORKBOOKS=1000` with
so many of invented patients (`many.py`), of whom the usual run takes a few.
"""

import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from tests.needs import needs_program
from tests.workbooks.many import make_workbooks

pytestmark = [
    needs_program("soffice", "libreoffice-calc"),
    # It writes dates of charts in a way that openpyxl does not read; the parts are counted.
    pytest.mark.filterwarnings("ignore:Unable to read chart"),
]

WANTED = os.environ.get("LABFLAG_CONVERT", "")
MADE = int(WANTED) if WANTED.isdecimal() else 12
AT_ONCE = 50


def test_of_the_sample_data(opened, tmp_path):
    with_charts = [each for each in opened if each.report.trends][:1]
    chosen = [*with_charts, *[each for each in opened if not each.report.trends][:2]]
    if WANTED == "all":
        chosen = opened
    cells, _ = compare_converted([each.path for each in chosen], tmp_path)
    assert cells > 100 * len(chosen)


def test_of_invented_patients(tmp_path):
    paths = make_workbooks(tmp_path, MADE)
    assert len(paths) == MADE
    cells, charts = compare_converted(paths, tmp_path)
    print(f"{len(paths)} workbooks, {cells:,} cells, {charts:,} charts")
    assert cells > 100 * len(paths)
    assert charts


def compare_converted(paths: Sequence[Path], folder: Path) -> tuple[int, int]:
    """Convert workbooks and compare; give how many cells and charts there were."""
    cells = charts = 0
    for first in range(0, len(paths), AT_ONCE):
        part, out = paths[first : first + AT_ONCE], folder / f"converted-{first}"
        subprocess.run(
            [
                "soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless",
                "--convert-to", "xlsx", "--outdir", str(out), *map(str, part),
            ],
            check=True, capture_output=True, timeout=120 + 30 * len(part),
        )  # fmt: skip
        assert sorted(path.name for path in out.iterdir()) == sorted(path.name for path in part)
        for path in part:
            said = compare_by_openpyxl(path, out / path.name)
            assert compare_by_calamine(path, out / path.name) == said, path.name
            cells += said
            charts += count_charts(path)
            assert count_charts(out / path.name) == count_charts(path), path.name
        shutil.rmtree(out)
    return cells, charts


def compare_by_openpyxl(ours: Path, theirs: Path) -> int:
    """Compare the cells that say something, as openpyxl reads them; give how many there are."""
    book, again = load_workbook(ours), load_workbook(theirs)
    assert again.sheetnames == book.sheetnames, ours.name
    count = 0
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value is None:
                    continue
                read = again[sheet.title].cell(cell.row, cell.column)
                where = (str(ours), sheet.title, cell.coordinate)
                assert read.data_type == cell.data_type, where
                assert is_same(cell.value, read.value), where
                count += 1
    return count


def compare_by_calamine(ours: Path, theirs: Path) -> int:
    """Compare them as a reader does that knows nothing of either writer."""
    book, again = (CalamineWorkbook.from_path(str(path)) for path in (ours, theirs))
    assert again.sheet_names == book.sheet_names, ours.name
    count = 0
    for name in book.sheet_names:
        said, read = (
            each.get_sheet_by_name(name).to_python(skip_empty_area=False) for each in (book, again)
        )
        for row, (cells, others) in enumerate(zip(said, read, strict=False), 1):
            for column, (cell, other) in enumerate(zip(cells, others, strict=False), 1):
                assert cell == "" or is_same(cell, other), (str(ours), name, row, column)
                count += cell != ""
    return count


def is_same(said: object, read: object) -> bool:
    if isinstance(said, str) and isinstance(read, str):
        # "_x0041_" is stored escaped, and LibreOffice stores it again without.
        said, read = (text.replace("_x005F_", "_") for text in (said, read))
    return read == (pytest.approx(said) if isinstance(said, float) else said)


def count_charts(path: Path) -> int:
    with zipfile.ZipFile(path) as archive:
        return sum(
            bool(re.fullmatch(r"xl/charts/chart\d+\.xml", name)) for name in archive.namelist()
        )
