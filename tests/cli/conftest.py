"""labflag as a whole process, the way cron and people start it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEADER = "patient_id,patient_name,sex,birth_date,sample_id,collected_at,analyte,value,unit,status\n"


@pytest.fixture
def labflag(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Start labflag in a folder of its own and wait for it."""

    def start(*arguments: object, folder: Path = tmp_path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pipeline", *map(str, arguments)],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return start


@pytest.fixture
def export(tmp_path: Path) -> Callable[..., Path]:
    """Write a long export from lines of `id,name,sex,birth,sample,collected,analyte,value,unit,status`."""

    def write(*lines: str, name: str = "march.csv", header: str = HEADER) -> Path:
        path = tmp_path / name
        path.write_text(header + "".join(f"{line}\n" for line in lines), encoding="utf-8")
        return path

    return write
