"""Try the properties on examples at random for as long as one likes: `make properties`.

Every file of tests with a property is run by itself, again and again, with other examples each
time, several files beside each other. What fails is printed with the example that Hypothesis made
small, and is to become an `@example` of its test, or a row of a table. The file that is being
tried when the time is up is tried to its end.
"""

import argparse
import os
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PROPERTY = re.compile(r"^@given\(", re.MULTILINE)
_NO_TESTS = 5
_SHOWN = re.compile(r"^={5,} FAILURES.*?(?=^={5,} short test summary|\Z)", re.MULTILINE | re.DOTALL)


def list_properties(folder: Path) -> list[str]:
    """List the files of tests below a folder that hold a property."""
    return [
        path.relative_to(ROOT).as_posix()
        for path in sorted(folder.rglob("test_*.py"))
        if _PROPERTY.search(path.read_text(encoding="utf-8"))
    ]


def try_file(file: str, examples: int) -> str:
    """Run the properties of a file on other examples; return what was found, "" if nothing."""
    environment = {
        **os.environ,
        "LABFLAG_PROFILE": "explore",
        "LABFLAG_EXAMPLES": str(examples),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-m", "hypothesis", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, file], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode in (0, _NO_TESTS):
        return ""
    shown = _SHOWN.search(done.stdout)
    return shown[0] if shown else f"{done.stdout}\n{done.stderr}"


def explore(files: Sequence[str], seconds: float, examples: int, workers: int) -> bool:
    """Try files in turn until the time is up; return whether every property held."""
    until = time.monotonic() + seconds
    turns, lock = cycle(files), threading.Lock()
    tried: Counter[str] = Counter()
    found: Counter[str] = Counter()

    def work() -> None:
        while time.monotonic() < until:
            with lock:
                file = next(turns)
            said = try_file(file, examples)
            with lock:
                tried[file] += 1
                if said:
                    found[file] += 1
                    print(f"\n{file}\n{said}", flush=True)

    with ThreadPoolExecutor(workers) as pool:
        for worker in [pool.submit(work) for _ in range(workers)]:
            worker.result()
    for file in files:
        print(f"{file}: tried {tried[file]} times, {found[file]} of them with a fault")
    return not found


def main() -> int:
    """Read the command line; 1 if a property does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", help="files of tests; by default all with a property")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--examples", type=int, default=2, help="times as many as in `make test`")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    files = options.files or list_properties(ROOT / "tests")
    return 0 if explore(files, options.seconds, options.examples, options.workers) else 1


if __name__ == "__main__":
    sys.exit(main())
