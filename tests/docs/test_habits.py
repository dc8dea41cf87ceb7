"""What guards the repository itself: no files of laboratories, the same Pythons, no dead links."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.docs.test_packaging import ROOT, SETUP

HOOKS = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
WORKFLOW = (ROOT / ".github/workflows/check.yml").read_text(encoding="utf-8")
TRACKED = subprocess.run(
    ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
).stdout.split("\0")[:-1]
PAGES = [name for name in TRACKED if name.endswith(".md")]


def is_refused(name: str) -> bool:
    """Say whether the hook on data refuses a file of this name."""
    files = re.search(r"files: '(.+)'", HOOKS)
    kept = re.search(r"exclude: (.+)", HOOKS)
    assert files
    assert kept
    return bool(re.search(files[1], name)) and not re.search(kept[1], name)


@pytest.mark.parametrize(
    "name", ["march.csv", "tests/unit/Export.XLSX", "a/labflag.db", "reports/audit.log", "x.hl7"]
)
def test_files_of_laboratories_are_refused(name: str) -> None:
    assert is_refused(name)


def test_what_is_there_is_not_refused() -> None:
    assert [name for name in TRACKED if is_refused(name)] == []


def test_every_python_that_is_promised_is_tried() -> None:
    promised = re.findall(r"Python :: (3\.\d+)", SETUP["metadata"]["classifiers"])
    tried = re.search(r"python: \[(.+)\]", WORKFLOW)
    assert tried
    assert re.findall(r"[\d.]+", tried[1]) == promised


def test_programs_that_tests_drive_are_named_in_both_places() -> None:
    needed = re.findall(r"\]=([\w-]+)", (ROOT / ".ci/run").read_text(encoding="utf-8"))
    assert len(needed) >= 5
    assert [name for name in needed if name not in WORKFLOW] == []


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = [to for to in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in to]
    here = Path(ROOT / page).parent
    assert [to for to in targets if not to.startswith("mailto:") and not (here / to).exists()] == []
