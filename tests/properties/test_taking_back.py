"""Files that are taken back, replaced and used again: what is left is as if the others never came."""

import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from unittest import mock

import pandas as pd
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipeline.assessment import assess
from pipeline.commands.context import knowledge_of
from pipeline.commands.history import rebuild_reports
from pipeline.commands.run import run_batch
from pipeline.commands.withdraw import (
    _require_replacement,
    find_stored,
    replace_file,
    withdraw_file,
)
from pipeline.config import Settings
from pipeline.errors import ArgumentError
from pipeline.files.durable import hash_file
from pipeline.history.stored import open_history
from pipeline.ingest.file import read_results
from pipeline.ingest.text_tables import SiteConventions
from tests.properties import examples
from tests.properties.test_histories import FILES, NOW, end_state, line, write_files
from tests.properties.test_runs import pass_through

ACTIONS = ("give", "give", "give", "run", "withdraw", "withdraw", "undo", "replace", "rebuild")
"""`give` puts a file among those of the next run, which is made before anything else is done."""
Step = tuple[str, int, int]
STEPS = st.lists(
    st.tuples(st.sampled_from(ACTIONS), st.integers(0, 3), st.integers(0, 3)),
    min_size=2,
    max_size=9,
)
TAKEN_BACK = settings(
    max_examples=examples(1), deadline=None, suppress_health_check=list(HealthCheck)
)
PLAIN = [line(analyte="Hemoglobin", value="11.2", unit="g/dL")]
OTHER = [line(analyte="Hemoglobin", value="8.8", unit="g/dL")]
CORRECTED = [line(analyte="Hemoglobin", value="8.8", unit="g/dL", status="corrected")]
CONFLICT = [line(analyte="MCV", value="104", unit="fL", birth_date="1980-05-01", sex="M")]


@cache
def _knowledge():
    return knowledge_of(Settings())


class Model:
    """Which files stand, in a few lines; `do` is told what to do with those that change."""

    def __init__(self, files: Sequence[str]) -> None:
        self.files = files
        self.given: list[str] = []
        self.known: set[str] = set()
        self.withdrawn: dict[str, str] = {}

    @property
    def current(self) -> list[str]:
        """The files that were read and not taken back."""
        return sorted(self.known - self.withdrawn.keys())

    @property
    def has_former(self) -> bool:
        """Whether results are shown as corrected because a file was put in the place of another."""
        return any(new in self.current for new in self.withdrawn.values())

    def follow(self, steps: Sequence[Step], do: Callable[[str, list[str]], object]) -> None:
        """Do the steps that can be done; a file is named by its hash."""
        for action, first, second in steps:
            old, new = (self.files[number % len(self.files)] for number in (first, second))
            if action == "give":
                self.given.append(old)
                continue
            self._read(do)
            stands = old in self.current
            if action == "withdraw" and stands:
                do("withdraw", [old])
                self.withdrawn[old] = ""
            elif action == "undo" and old in self.withdrawn:
                do("undo", [old])
                del self.withdrawn[old]
            elif action == "replace" and stands and do("replace", [old, new]):
                self.known.add(new)
                self.withdrawn[old] = new
            elif action == "rebuild" and self.known:
                do("rebuild", [])
        self._read(do)

    def _read(self, do: Callable[[str, list[str]], object]) -> None:
        if self.given:
            do("read", self.given)
            self.known |= {*self.given}
            self.given = []


def clock():
    return NOW


CASES = [
    ([PLAIN, OTHER], [("give", 0, 0), ("replace", 0, 1), ("withdraw", 1, 0)]),
    ([PLAIN, CORRECTED], [("give", 0, 0), ("give", 1, 0), ("withdraw", 1, 0)]),
    ([PLAIN, CONFLICT], [("give", 0, 0), ("give", 1, 0), ("withdraw", 0, 0)]),
    (
        [PLAIN, OTHER, CONFLICT],
        [
            *[("give", 0, 0), ("give", 2, 0), ("replace", 0, 1), ("give", 0, 0), ("undo", 0, 0)],
            *[("withdraw", 2, 0), ("give", 2, 0), ("replace", 1, 2)],
        ],
    ),
]


def given_cases(test):
    """Add the cases to those that are made at random."""
    for files, steps in CASES:
        test = example(files=files, steps=steps)(test)
    return test


@settings(TAKEN_BACK, max_examples=examples(6))
@given(files=FILES, steps=STEPS)
@given_cases
def test_what_counts_is_what_would_count_if_only_what_stands_had_ever_been_read(files, steps):
    """In the history, as it is judged; the reports are tried below."""
    with tempfile.TemporaryDirectory() as name:
        read = {
            file.file.sha256: file
            for path in write_files(Path(name), files)[::-1]
            for file in [
                read_results(path, path.name, _knowledge(), SiteConventions(), today=NOW.date())
            ]
        }
    model = Model([*read])
    with open_history(None, clock=clock) as history, open_history(None, clock=clock) as other:

        def do(action: str, named: list[str]) -> bool:
            if action == "read":
                for each in named:
                    history.commit(read[each], "")
            elif action == "replace":
                old, new = named
                try:
                    _require_replacement(read[new], remember(old), model.withdrawn)
                except ArgumentError:
                    return False
                history.store_replacement(remember(old), read[new], "somebody")
            elif action != "rebuild":
                {"withdraw": history.withdraw, "undo": history.undo_withdrawal}[action](
                    remember(named[0]), "somebody"
                )
            return True

        def remember(sha256: str):
            return next(file for file in history.list_files() if file.sha256 == sha256)

        model.follow(steps, do)
        for each in model.current:
            other.commit(read[each], "")
        assert_same(judged(history), judged(other), has_former=model.has_former)


def judged(history):
    return assess(history.load(), _knowledge(), history.list_decisions())


def assert_same(found, expected, *, has_former):
    tables = {
        "files": lambda said: pd.DataFrame(
            [(file.name, file.sha256, file.read, file.held) for file in said.dataset.files]
        ),
        "findings": lambda said: said.findings,
        "evidence": lambda said: said.evidence,
        "results": lambda said: said.selected.results,
        "observations": lambda said: said.observations,
        "held": lambda said: said.held,
        "issues": lambda said: said.issues,
    }
    if not has_former:
        tables["superseded"] = lambda said: said.selected.superseded
    for name, give in tables.items():
        pd.testing.assert_frame_equal(give(found), give(expected), obj=name)


@TAKEN_BACK
@given(files=FILES, steps=STEPS)
@given_cases
def test_reports_are_those_of_a_site_into_which_only_what_stands_was_ever_read(files, steps):
    with (
        tempfile.TemporaryDirectory() as name,
        mock.patch("pipeline.commands.run.load_tried_knowledge", return_value=_knowledge()),
        mock.patch("pipeline.commands.open_site.load_tried_knowledge", return_value=_knowledge()),
    ):
        folder = Path(name)
        paths = {hash_file(path): path for path in write_files(folder, files)[::-1]}
        model = Model([*paths])
        site, only = Settings(output=folder / "site"), Settings(output=folder / "only")

        def do(action: str, named: list[str]) -> bool:
            how = {"clock": clock, "progress": pass_through}
            stored = [
                find_stored(site, each, clock=clock).file for each in named[:1] if action != "read"
            ]
            try:
                if action == "read":
                    run_batch([paths[each] for each in named], site, **how)
                elif action == "replace":
                    replace_file(site, stored[0], paths[named[1]], "somebody", **how)
                elif action == "rebuild":
                    rebuild_reports(site, **how)
                else:
                    withdraw_file(site, stored[0], "somebody", undo=action == "undo", **how)
            except ArgumentError:
                return False
            return True

        model.follow(steps, do)
        found = end_state(site.output) if (site.output / "findings.csv").exists() else {}
        if model.current:
            listed = [paths[each] for each in model.current]
            run_batch(listed, only, clock=clock, progress=pass_through)
        if not (only.output / "findings.csv").exists():
            # Nothing that can be read stands: no patient is told of.
            assert not [path for path in found if path.startswith("patients/")]
            assert len(str(found.get("findings.csv", "")).splitlines()) <= 1
            return
        expected = end_state(only.output)
        if model.has_former:
            found, expected = without_former(found), without_former(expected)
        assert found == expected


def without_former(state: dict[str, object]) -> dict[str, object]:
    """Leave out the column of former values, which a replacement fills."""
    return {
        path: {title: _without(rows) for title, rows in said.items()}
        if isinstance(said, dict) and path.startswith("patients/")
        else said
        for path, said in state.items()
    }


def _without(rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    place = next((row.index("Corrected from") for row in rows if "Corrected from" in row), None)
    return rows if place is None else [(*row[:place], *row[place + 1 :]) for row in rows]
