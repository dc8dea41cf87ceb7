"""Files read from text, and histories that hold them."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from pipeline.ingest.dataset import Ingested
from pipeline.ingest.file import read_results
from pipeline.ingest.text_tables import SiteConventions
from pipeline.knowledge.load import load_knowledge
from tests.cli.conftest import labflag  # noqa: F401 - a fixture of both folders

HEADER = "patient_id,patient_name,sex,birth_date,sample_id,collected_at,analyte,value,unit,status\n"


@pytest.fixture(scope="session")
def knowledge():
    return load_knowledge()


@pytest.fixture
def read(tmp_path: Path, knowledge) -> Callable[..., Ingested]:
    """Read a long export of `id,name,sex,birth,sample,collected,analyte,value,unit,status`."""

    def read(*lines: str, name: str = "march.csv", folder: str = "in") -> Ingested:
        path = tmp_path / folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(HEADER + "".join(f"{line}\n" for line in lines), encoding="utf-8")
        return read_results(path, name, knowledge, SiteConventions(), today=date(2026, 11, 1))

    return read
