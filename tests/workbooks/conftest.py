"""Every workbook of a run over the sample data, opened once, beside the report it was made from."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from pipeline.commands.run import run_batch
from pipeline.config import Laboratory, Settings
from pipeline.report.report_model import PatientReport
from pipeline.report.report_names import file_name

ROOT = Path(__file__).parents[2]
RUN_AT = datetime(2026, 11, 1, 6, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A workbook as a reader has it, and what it was to say."""

    path: Path
    book: Workbook
    report: PatientReport


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[PatientReport]]:
    """Run over the sample data; give the folder and the reports as they were handed over."""
    folder, reports = tmp_path_factory.mktemp("workbooks"), []

    def keep(items, length, label):
        for item in items:
            if isinstance(item, PatientReport):
                reports.append(item)
            yield item

    run_batch(
        [ROOT / "sample_data"],
        Settings(output=folder, laboratory=Laboratory(name="Example Laboratory", contact="ext. 1")),
        clock=lambda: RUN_AT,
        progress=keep,
    )
    return folder, reports


@pytest.fixture(scope="session")
def opened(run_folder) -> list[Opened]:
    """Open every patient's workbook."""

    def each() -> Iterator[Opened]:
        folder, reports = run_folder
        for report in reports:
            path = folder / "patients" / f"{file_name(report.patient_id)}.xlsx"
            yield Opened(path=path, book=load_workbook(path), report=report)

    return list(each())
