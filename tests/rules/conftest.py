"""A rule asked of a pipe table in the syntax of the cases: see `pipeline.review.case_tables`."""

from collections.abc import Callable

import pandas as pd
import pytest

from pipeline.interpret import Interpretation, interpret_results
from pipeline.knowledge.load import load_knowledge
from pipeline.knowledge.model import Knowledge
from pipeline.review.case_tables import tables_of
from pipeline.review.cases import CaseFile, read_lines
from pipeline.review.trial import try_cases


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return load_knowledge()


def read_table(text: str) -> list[dict[str, str]]:
    """Split a pipe table into one dictionary a line."""
    return [dict(line.cells) for line in read_lines(text, "table")]


def tables_from(
    lines: list[dict[str, str]], knowledge: Knowledge
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make the tables of reportable and held results from the lines of a pipe table."""
    tables = tables_of(lines, knowledge)
    return tables.results, tables.held


@pytest.fixture
def interpret(knowledge: Knowledge) -> Callable[[str], Interpretation]:
    def run(text: str) -> Interpretation:
        results, held = tables_from(read_table(text), knowledge)
        return interpret_results(results, held, knowledge)

    return run


@pytest.fixture
def evaluate(knowledge: Knowledge) -> Callable[[str, str], None]:
    """Ask one rule of every line and compare with the answers in the table."""

    def run(rule: str, text: str) -> None:
        file = CaseFile(rule=rule, name=rule, lines=read_lines(text, rule))
        (trial,) = try_cases([file], knowledge)
        assert not trial.failures

    return run
