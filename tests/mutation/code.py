"""The code of `pipeline/interpret/`, or `reconcile.MODULE`, made wrong on purpose: does a test notice?

python -m tests.mutation.code MODULE … [--again] [--list]

Every change of `wrongs` is tried in a process forked off one that has imported everything and
collected the tests: it puts the changed code in the place of the right one and runs the tests
that come by the changed lines, the likeliest first, until one fails. What was found out is kept
in build/mutants/ and not tried again while the module stays as it is; those that survived are.
Ends with 1 if one survives that survivors.toml does not list with a reason.
"""

import argparse
import contextlib
import hashlib
import json
import os
import signal
import sys
import time
import tomllib
import types
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from itertools import groupby
from pathlib import Path

import coverage
import pytest
from _pytest.runner import runtestprotocol

from tests.mutation.wrongs import Wrong, list_wrongs

ROOT = Path(__file__).parents[2]
STATE = ROOT / "build/mutants"
SURVIVORS = Path(__file__).with_name("survivors.toml")
PACKAGE = "pipeline.interpret"
RECONCILE = ("joined_observations", "corrected_counts", "reportable_results")
TESTS = (
    "tests/interpret",
    "tests/rules",
    *(f"tests/unit/test_{name}.py" for name in ("agreed", "doubts", "reportable", "standing")),
    "tests/unit/test_trends.py",
)
_SECONDS = 30
"""A change that makes a test compute for longer than that was noticed, however busy the machine."""


@dataclass(slots=True, kw_only=True)
class Map:
    """Which tests come by which lines."""

    tests_of: dict[int, set[str]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


class Trial:
    """Takes the place of pytest's loop over the tests."""

    def __init__(self, modules: list[str], again: bool, most: int | None) -> None:
        self.modules, self.again, self.most = modules, again, most
        self.survived: dict[str, list[str]] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests once on the code as it is, then for every change those that it concerns."""
        items = {item.nodeid: item for item in session.items}
        if _learn_lines(self.modules, session.items):
            for name in self.modules:
                known = _map_of(name, session.items)
                self.survived[name] = list(
                    _try_module(name, items, known, again=self.again, most=self.most)
                )
        return True


def _learn_lines(modules: list[str], items: list[pytest.Item]) -> bool:
    """Learn which test comes by which line, as far as it is not known from before.

    False: a test fails on the code as it is.
    """
    for file, its in _by_file(items):
        unknown = [name for name in modules if not _notes_of(name, file, its).exists()]
        lines = _run_right(its, [_path_of(name) for name in unknown]) if unknown else {}
        if lines is None:
            return False
        STATE.mkdir(parents=True, exist_ok=True)
        for name in unknown:
            notes = json.dumps(lines[_path_of(name)])
            _notes_of(name, file, its).write_text(notes, encoding="utf-8")
    return True


def _map_of(module: str, items: list[pytest.Item]) -> Map:
    known = Map()
    for file, its in _by_file(items):
        notes = _notes_of(module, file, its).read_text(encoding="utf-8")
        for name, seconds, lines_of_test in json.loads(notes):
            known.seconds[name] = seconds
            for line in lines_of_test:
                known.tests_of.setdefault(line, set()).add(name)
    return known


def _by_file(items: list[pytest.Item]) -> list[tuple[Path, list[pytest.Item]]]:
    return [(file, list(its)) for file, its in groupby(items, lambda item: item.path)]


def _notes_of(module: str, file: Path, items: list[pytest.Item]) -> Path:
    names = _print_of_names([item.nodeid for item in items])
    return STATE / f"map-{module}-{_print_of(_path_of(module), file)}-{names}.json"


def _print_of(*paths: Path) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()[:12]


def _print_of_names(names: list[str]) -> str:
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:6]


def _run_right(
    items: list[pytest.Item], paths: list[Path]
) -> dict[Path, list[tuple[str, float, list[int]]]] | None:
    """Run tests of one file and note the lines that each comes by; None if one fails."""
    found: dict[Path, list[tuple[str, float, list[int]]]] = {path: [] for path in paths}
    shared: dict[Path, set[int]] = {}
    for place, item in enumerate(items):
        traced = coverage.Coverage(data_file=None, include=list(map(str, paths)), config_file=False)
        traced.set_option("run:disable_warnings", ["no-data-collected"])
        began = time.process_time()
        traced.start()
        # What lasts for the session stays set up for the forks.
        after = items[place + 1] if place + 1 < len(items) else items[0]
        reports = runtestprotocol(item, nextitem=after, log=False)
        traced.stop()
        seconds = time.process_time() - began
        failed = [report for report in reports if report.failed]
        if failed:
            print(f"{item.nodeid} fails on the code as it is\n{failed[0].longrepr}")
            return None
        for path in paths:
            lines = set(traced.get_data().lines(str(path)) or [])
            # What the first test of a file sets up may serve all of them.
            shared.setdefault(path, lines)
            found[path].append((item.nodeid, seconds, sorted(lines | shared[path])))
    items[0].session._setupstate.teardown_exact(None)
    return found


def _name_of(module: str) -> str:
    if module.startswith("reconcile."):
        return f"pipeline.{module}"
    return PACKAGE if module == "__init__" else f"{PACKAGE}.{module}"


def _path_of(module: str) -> Path:
    name = f"{PACKAGE}.{module}" if module == "__init__" else _name_of(module)
    return (ROOT / name.replace(".", "/")).with_suffix(".py")


def _try_module(
    module: str, items: dict[str, pytest.Item], known: Map, *, again: bool, most: int | None
) -> Iterator[str]:
    source = _path_of(module).read_text(encoding="utf-8")
    notes = STATE / f"{module}-{_print_of(_path_of(module))}.jsonl"
    done = {} if again else _read(notes)
    listed = set(_listed(module))
    kills: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    notes.parent.mkdir(parents=True, exist_ok=True)
    with notes.open("a", encoding="utf-8") as stream:
        for wrong in list_wrongs(source):
            killer = done.get(wrong.name, "")
            if not killer and wrong.name not in listed:
                killer = _try_one(wrong, module, items, known, kills, most)
                stream.write(json.dumps({"wrong": wrong.name, "killer": killer}) + "\n")
                stream.flush()
            kills[killer] += 1
            verdict = "killed" if killer else "listed" if wrong.name in listed else "survived"
            counts[verdict] += 1
            if verdict == "survived":
                print(f"  {module}.py:{wrong.lines[0]} {wrong.name}", flush=True)
                yield wrong.name
    print(
        f"{module}: {counts.total()} changes, {counts['killed']} killed, "
        f"{counts['listed']} listed as equivalent, {counts['survived']} survived",
        flush=True,
    )


def _read(notes: Path) -> dict[str, str]:
    if not notes.exists():
        return {}
    lines = [json.loads(line) for line in notes.read_text(encoding="utf-8").splitlines()]
    return {line["wrong"]: line["killer"] for line in lines}


def _listed(module: str) -> dict[str, str]:
    """Change → reason why nothing can notice it."""
    entries = tomllib.loads(SURVIVORS.read_text(encoding="utf-8"))
    return {each["change"]: each["reason"] for each in entries.get(module, [])}


def _try_one(
    wrong: Wrong,
    module: str,
    items: dict[str, pytest.Item],
    known: Map,
    kills: Counter[str],
    most: int | None,
) -> str:
    """Give the test that noticed a change, "" if none did."""
    first, last = wrong.lines
    lines = [known.tests_of.get(line, set()) for line in range(first, last + 1)]
    tests: set[str] = set().union(*lines)
    if not wrong.where or not tests:
        tests = set(items)
    ordered = sorted(tests, key=lambda name: (-kills[name], known.seconds[name]))[:most]
    conventions, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(conventions)
        with contextlib.suppress(BaseException):
            os.write(writing, (_run_wrong(wrong, module, [items[n] for n in ordered])).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(conventions, encoding="utf-8") as stream:
        said = stream.read()
    os.waitpid(child, 0)
    return "" if said == "-" else said or "ended without an answer"


def _run_wrong(wrong: Wrong, module: str, items: list[pytest.Item]) -> str:
    """Put the change in place and run tests until one fails; "-" if none does."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    try:
        _put_in_place(wrong, import_module(_name_of(module)))
    except Exception:
        return "cannot be imported"
    for place, item in enumerate(items):
        signal.setitimer(signal.ITIMER_PROF, _SECONDS)
        after = items[place + 1] if place + 1 < len(items) else items[0]
        reports = runtestprotocol(item, nextitem=after, log=False)
        if any(report.failed for report in reports):
            return item.nodeid
    return "-"


def _put_in_place(wrong: Wrong, right: types.ModuleType) -> None:
    """Give the functions of a module the changed code; whoever has imported them has it, too."""
    other = types.ModuleType(right.__name__)
    other.__dict__.update(__file__=right.__file__, __package__=right.__package__)
    sys.modules[right.__name__] = other
    try:
        exec(compile(wrong.tree, str(right.__file__), "exec"), other.__dict__)
    finally:
        sys.modules[right.__name__] = right
    _copy_code(vars(right), vars(other), right.__name__)
    if not wrong.where:
        _copy_constants(right, other)


def _copy_code(right: dict[str, object], other: dict[str, object], module: str) -> None:
    for name, thing in list(right.items()):
        wrong = other.get(name)
        if isinstance(thing, type) and isinstance(wrong, type) and thing.__module__ == module:
            _copy_code(dict(vars(thing)), dict(vars(wrong)), module)
            continue
        one, two = _function_of(thing), _function_of(wrong)
        if one is not None and two is not None and _is_of(one, module):
            if len(one.__code__.co_freevars) == len(two.__code__.co_freevars):
                one.__code__ = two.__code__
            one.__defaults__, one.__kwdefaults__ = two.__defaults__, two.__kwdefaults__


def _is_of(function: types.FunctionType, module: str) -> bool:
    """Tell whether a function was written in a module, or made for a named tuple of it."""
    home = function.__module__ or module
    return home == module or home.startswith("namedtuple_")


def _function_of(thing: object) -> types.FunctionType | None:
    for name in ("fget", "func", "__func__", "__wrapped__"):
        thing = getattr(thing, name, None) or thing
    return thing if isinstance(thing, types.FunctionType) else None


def _copy_constants(right: types.ModuleType, other: types.ModuleType) -> None:
    own = {"__builtins__", "__name__", "__doc__"}
    for name, value in vars(other).items():
        old = vars(right).get(name)
        is_code = isinstance(value, type | types.FunctionType | types.ModuleType)
        if name in own or is_code or repr(value) == repr(old):
            continue
        for module in [each for key, each in sys.modules.items() if key.startswith("pipeline.")]:
            if vars(module).get(name) is old:
                setattr(module, name, value)


def main() -> int:
    """Try the modules named, or all."""
    every = sorted(path.stem for path in _path_of("x").parent.glob("*.py"))
    every += [f"reconcile.{name}" for name in RECONCILE]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="MODULE")
    parser.add_argument("--again", action="store_true", help="forget what was found out")
    parser.add_argument("--list", action="store_true", help="list the changes, try none")
    parser.add_argument("--tests", nargs="*", default=TESTS, help="tests that are to notice")
    parser.add_argument(
        "--most",
        type=int,
        help="tests for each change, those that noticed most and then the quickest; a second "
        "run without it tries what survived",
    )
    asked = parser.parse_args()
    modules = asked.modules or every
    if asked.list:
        for name in modules:
            for wrong in list_wrongs(_path_of(name).read_text(encoding="utf-8")):
                print(f"{name}.py:{wrong.lines[0]} {wrong.name}")
        return 0
    trial = Trial(modules, asked.again, asked.most)
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--capture=no"]
    code = pytest.main([*options, *asked.tests], plugins=[trial])
    return int(code != 0 or not trial.survived or any(trial.survived.values()))


if __name__ == "__main__":
    sys.exit(main())
