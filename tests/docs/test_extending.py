"""The blocks in docs/extending.md do what the page says."""

import re
from pathlib import Path

import pytest

from pipeline.interpret import interpret_results
from pipeline.knowledge.load import load_knowledge
from pipeline.review.trial import try_rules
from tests.rules.conftest import read_table, tables_from

PAGE = Path(__file__).parents[2] / "docs/extending.md"
CASES = re.search(r"```text\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[1]
BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def knowledge(tmp_path):
    *blocks, layout = BLOCKS
    (tmp_path / "site.toml").write_text("".join(blocks), encoding="utf-8")
    (tmp_path / "layouts").mkdir()
    (tmp_path / "layouts/ward7.toml").write_text(layout, encoding="utf-8")
    return load_knowledge(tmp_path)


def test_the_blocks_of_the_page_load_together(knowledge):
    assert knowledge.analytes["copper"].units["mg/L"] == 15.737
    assert knowledge.panels["liver tests"].of == ("bilirubin", "ldh")
    assert knowledge.observations["rouleaux"].words == ("rouleaux", "geldrollen*")
    assert {"tammikuuta", "january"} < set(knowledge.phrases["month-1"].words)
    assert knowledge.layouts["ward7"].population == "adult"


def test_the_new_rule_finds_what_it_says(knowledge):
    lines = read_table("""
        sex | age | hemoglobin
        F   | 40y | 165
        F   | 40y | 166
        M   | 40y | 166
        F   | 9y  | 166
    """)
    findings = interpret_results(*tables_from(lines, knowledge), knowledge).findings
    said = findings.loc[findings["rule"].eq("high-hemoglobin"), "outcome"]
    assert list(said) == ["absent", "present", "absent", "indeterminate"]


def test_the_cases_of_the_page_hold(knowledge, tmp_path):
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases/high-hemoglobin.txt").write_text(CASES, encoding="utf-8")
    trials = {trial.rule: trial for trial in try_rules(tmp_path)}
    assert (trials["high-hemoglobin"].passed, trials["high-hemoglobin"].failures) == (4, ())
