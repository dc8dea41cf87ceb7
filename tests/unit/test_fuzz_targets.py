"""The fuzz targets still fit the code: each takes its own first inputs, without the fuzzer."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# A process of its own: the target for files puts ready-made indexes into the pipeline.
START = """
import contextlib, pathlib, runpy, sys, types
fuzzer = types.ModuleType("atheris")
fuzzer.instrument_imports = lambda include: contextlib.nullcontext()
sys.modules["atheris"] = fuzzer
target = runpy.run_path(sys.argv[1])[sys.argv[2]]
seeds = sorted(pathlib.Path(sys.argv[3]).iterdir())
for seed in seeds:
    target(seed.read_bytes())
print(len(seeds))
"""


def start(*arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("seeds")
    start("fuzz/make_seeds.py", folder)
    return folder


@pytest.mark.parametrize(
    ("target", "function", "folder", "least"),
    [
        ("fuzz/fuzz_values.py", "fuzz_cell", "values", 1000),
        ("fuzz/fuzz_text.py", "fuzz_file", "text", 40),
    ],
)
def test_target_takes_its_first_inputs(
    seeds: Path, target: str, function: str, folder: str, least: int
) -> None:
    assert int(start("-c", START, target, function, seeds / folder)) >= least
