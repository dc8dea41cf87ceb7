"""The sample data, all the way: findings, issues, the worklist and six reports, as text.

`make golden` writes the expected files anew; they are reviewed as a diff. Each patient was chosen
for what the report has to say.
"""

from datetime import datetime
from pathlib import Path

import pytest

from pipeline.batch import run_batch
from pipeline.config import Settings
from tests.golden.render import render_file

ROOT = Path(__file__).parents[2]
EXPECTED = Path(__file__).parent / "samples" / "expected"
RUN_AT = datetime(2026, 11, 1, 6, 0)


def pass_through(items, length, label):
    yield from items


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("golden")
    run_batch(
        [ROOT / "sample_data"],
        Settings(output=folder),
        clock=lambda: RUN_AT,
        progress=pass_through,
    )
    return folder


def compare(expected: Path, text: str, rewrite: bool) -> None:
    """Compare with the expected file, or write it; the knowledge version is left out of both."""
    if rewrite:
        expected.parent.mkdir(parents=True, exist_ok=True)
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8"), (
        f"{expected.name} differs; see `make golden`"
    )


def neutral(text: str) -> str:
    """Leave out what changes with every edit of the knowledge, to keep diffs to the point."""
    from pipeline.knowledge.load import load_knowledge

    return text.replace(load_knowledge().version, "VERSION")


@pytest.mark.parametrize("name", ["findings.csv", "issues.csv"])
def test_table(output, name, rewrite):
    compare(EXPECTED / name, neutral((output / name).read_text(encoding="utf-8")), rewrite)


def test_worklist(output, rewrite):
    text = neutral(render_file(output / "worklist.xlsx", by_row=True))
    compare(EXPECTED / "worklist.txt", text, rewrite)


CHOSEN = {
    "A0005": "pancytopenia with low vitamin B12",
    "A0003": "followed over several dates",
    "B0009": "vitamin B12 reported only as a bound",
    "G0021": "a child: below the adult limit, no band for the age",
    "L0004": "findings beside questions that stay open: no birth date",
    "90015": "no name, no date; neutrophils calculated from the percentage",
}


@pytest.mark.parametrize("patient", CHOSEN)
def test_report(output, patient, rewrite):
    text = neutral(render_file(output / "patients" / f"{patient}.xlsx"))
    compare(EXPECTED / f"{patient}.txt", text, rewrite)


def test_two_runs_at_the_same_time_give_the_same_bytes(output, tmp_path):
    run_batch(
        [ROOT / "sample_data"],
        Settings(output=tmp_path),
        clock=lambda: RUN_AT,
        progress=pass_through,
    )
    for path in sorted(output.rglob("*")):
        # The log is salted, so that the names in it cannot be guessed.
        is_ours = ".labflag" in path.parts or path.name in ("labflag.db", "audit.log")
        if path.is_file() and not is_ours:
            assert (tmp_path / path.relative_to(output)).read_bytes() == path.read_bytes(), path
