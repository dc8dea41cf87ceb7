"""pyarrow stands in most environments of analysts; a run is the same with and without it."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd

import schemas

ROOT = Path(__file__).parents[2]
_WITHOUT = "import sys; sys.modules['pyarrow'] = None; "
_RUN = "from pipeline.cli import main; main()"


def test_texts_are_kept_by_python(tmp_path: Path) -> None:
    import pyarrow  # noqa: F401 - the test says nothing where it is not installed

    assert pd.Series(["a"], dtype="str").dtype.storage == "python"
    assert schemas.Findings.column_types()["patient_id"] == "str"


def test_the_same_bytes_with_and_without(tmp_path: Path) -> None:
    source = tmp_path / "march.csv"
    source.write_text(
        "patient_id,sex,age,sample_id,collected_at,analyte,value,unit,status\n"
        "P-1,F,40,S-1,2026-03-01,Hemoglobin,9.1,g/dL,final\n"
        "P-1,F,40,S-1,2026-03-01,MCV,112,fL,final\n"
        "P-2,M,50,S-2,2026-03-01,Platelets,many,10*3/uL,final\n",
        encoding="utf-8",
    )
    written = {}
    for name, code in (("with", _RUN), ("without", _WITHOUT + _RUN)):
        done = subprocess.run(
            [sys.executable, "-c", code, "run", str(source), "-o", str(tmp_path / name)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 1, done.stderr
        written[name] = [
            (tmp_path / name / file).read_bytes() for file in ("findings.csv", "issues.csv")
        ]
    assert written["with"] == written["without"]
    assert b"macrocytic-anemia" in written["with"][0]
