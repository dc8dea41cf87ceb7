"""What is shipped, what it needs, and that the pages about it are complete."""

import configparser
import re
import subprocess
import tomllib
from contextlib import suppress
from enum import StrEnum
from fnmatch import fnmatch
from importlib import import_module
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from schemas import vocabulary

ROOT = Path(__file__).parents[2]
SETUP = configparser.ConfigParser()
SETUP.read(ROOT / "setup.cfg", encoding="utf-8")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def requirements(section: str, option: str) -> list[Requirement]:
    lines = SETUP[section][option].splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


NEEDED = requirements("options", "install_requires")
ALL_NEEDED = [
    *NEEDED,
    *requirements("options.extras_require", "test"),
    *requirements("options.extras_require", "check"),
]
PIN_LINES = [
    line
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


PINS = {canonical(name): version for name, _, version in (p.partition("==") for p in PIN_LINES)}


def test_setup_cfg_is_the_only_place_of_metadata() -> None:
    assert "project" not in PYPROJECT
    assert PYPROJECT["build-system"]["build-backend"] == "setuptools.build_meta"


def test_keys_of_setup_cfg_are_written_with_underscores() -> None:
    keys = [key for section in SETUP.sections() for key in SETUP[section]]
    assert not [key for key in keys if "-" in key]


def test_version_is_one_that_pip_understands() -> None:
    assert SETUP["metadata"]["version"] == "attr: pipeline.__version__"
    assert Version(import_module("pipeline").__version__).public


def test_command_leads_to_a_function() -> None:
    script = SETUP["options.entry_points"]["console_scripts"].strip()
    command, module, function = re.fullmatch(r"(\w+) = ([\w.]+):(\w+)", script).groups()
    assert command == "labflag"
    assert callable(getattr(import_module(module), function))


@pytest.mark.parametrize("line", PIN_LINES)
def test_constraints_are_plain_versions(line: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line)


@pytest.mark.parametrize("needed", ALL_NEEDED, ids=str)
def test_constraints_hold_a_version_that_setup_cfg_allows(needed: Requirement) -> None:
    assert needed.specifier.contains(PINS[canonical(needed.name)])


def test_constraints_hold_what_the_dependencies_need_themselves() -> None:
    seen: set[str] = set()
    ahead = list(ALL_NEEDED)
    while ahead:
        needed = ahead.pop()
        name = canonical(needed.name)
        if name in seen or (needed.marker and not needed.marker.evaluate({"extra": ""})):
            continue
        seen.add(name)
        with suppress(PackageNotFoundError):
            ahead += map(Requirement, requires(name) or ())
    assert len(seen) > len(ALL_NEEDED)
    assert not seen - PINS.keys()


@pytest.mark.parametrize("needed", ALL_NEEDED, ids=str)
def test_dependency_has_its_reason_written_down(needed: Requirement) -> None:
    page = (ROOT / "docs/decisions/0001-dependencies.md").read_text(encoding="utf-8")
    assert re.search(rf"\b{re.escape(needed.name)}\b", page)


def test_bounds_of_the_decision_are_those_of_setup_cfg() -> None:
    page = (ROOT / "docs/decisions/0001-dependencies.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([\w-]+) \| `([^`]+)` \|", page, flags=re.MULTILINE)
    assert {name: Requirement(name + bound).specifier for name, bound in rows} == {
        needed.name: needed.specifier for needed in NEEDED
    }


def test_knowledge_travels_with_the_package() -> None:
    patterns = SETUP["options.package_data"]["pipeline.knowledge"].split()
    assert patterns == ["**/*.toml", "cases/**/*.txt"]
    assert SETUP["options.package_data"]["pipeline.report.worklist"].split() == ["page.*"]
    for room in ("issues", "texts"):
        assert SETUP["options.package_data"][f"pipeline.{room}"].split() == ["*.toml"]
    knowledge = ROOT / "pipeline" / "knowledge"
    words = [ROOT / "pipeline" / room for room in ("issues", "texts")]
    data = [
        path
        for package in ("pipeline", "schemas")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    ]
    assert data
    left_behind = [
        path
        for path in data
        if not (path.suffix == ".toml" and path.is_relative_to(knowledge))
        and not (path.suffix == ".toml" and path.parent in words)
        and not (path.suffix == ".txt" and path.is_relative_to(knowledge / "cases"))
        and not (path.stem == "page" and path.parent == ROOT / "pipeline" / "report" / "worklist")
    ]
    assert not left_behind


@pytest.mark.parametrize("package", ["pipeline", "schemas"])
def test_every_folder_with_code_is_a_package(package: str) -> None:
    folders = {path.parent for path in (ROOT / package).rglob("*.py")}
    shipped = SETUP["options.packages.find"]["include"].split()
    assert any(fnmatch(package, pattern) for pattern in shipped)
    assert not [folder for folder in folders if not (folder / "__init__.py").exists()]


def test_ci_runs_targets_that_exist() -> None:
    make = (ROOT / "Makefile").read_text(encoding="utf-8")
    command = (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()[-1]
    targets = [word for word in command.split() if word.isalpha() and word not in ("exec", "make")]
    assert targets == ["check", "test"]
    assert all(re.search(rf"^{target}:", make, flags=re.MULTILINE) for target in targets)


def test_make_help_tells_every_target_for_people() -> None:
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    told = re.findall(r"^  make (\S+) +\S", done.stdout, flags=re.MULTILINE)
    assert {"help", "run", "test", "check", "fix", "golden", "samples", "clean"} <= set(told)


def test_reports_are_kept_out_of_git() -> None:
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert "/reports/*" in lines
    assert "!/reports/README.md" in lines


WORDS = [
    word.value
    for kind in vars(vocabulary).values()
    if isinstance(kind, type) and issubclass(kind, StrEnum) and kind is not StrEnum
    for word in kind
    if word.value
]


@pytest.mark.parametrize("word", sorted(set(WORDS)))
def test_glossary_explains_every_word_of_the_tables(word: str) -> None:
    page = (ROOT / "GLOSSARY.md").read_text(encoding="utf-8")
    first_cells = " , ".join(re.findall(r"^\| ([^|]+) \|", page, flags=re.MULTILINE))
    told = first_cells + " , " + " ".join(re.findall(r"`(\S+)`", page))
    assert re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", told)


def test_changelog_has_a_place_for_the_next_release() -> None:
    page = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "\n## [Unreleased]\n" in page
