"""docs/rules.md says what the knowledge says."""

from pathlib import Path

from pipeline.knowledge.load import load_knowledge
from pipeline.knowledge.rule_groups import EVERY
from pipeline.knowledge.rules_page import rules_page

PAGE = Path(__file__).parents[2] / "docs/rules.md"


def test_the_page_is_current():
    # If it is not: make rules
    assert PAGE.read_text(encoding="utf-8") == rules_page()


def test_the_page_names_every_rule_limit_and_number():
    page = rules_page()
    knowledge = load_knowledge(groups=EVERY)
    assert all(f"### `{name}`" in page for name in (*knowledge.rules, *knowledge.limits))
    for limit in knowledge.limits.values():
        for stratum in limit.strata:
            for unit, number in (*stratum.values.items(), *stratum.floor.items()):
                assert f"{number:g} {unit}" in page
