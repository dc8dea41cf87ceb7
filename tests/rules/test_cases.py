"""The cases that ship beside the rules hold, and no rule is without."""

import pytest

from pipeline.review.trial import Trial, applying_cases, try_rules

KNOWLEDGE, CASES = applying_cases()
GIVING = [rule.id for rule in (*KNOWLEDGE.shown_rules(), *KNOWLEDGE.shadow_rules())]


# Not while tests are collected: code that is made wrong on purpose must be run by a test.
@pytest.fixture(scope="module")
def trials() -> dict[str, Trial]:
    return {trial.rule: trial for trial in try_rules()}


@pytest.mark.parametrize("rule", CASES)
def test_the_cases_of_a_rule_hold(rule, trials):
    assert not trials[rule].failures


@pytest.mark.parametrize("rule", GIVING)
def test_a_rule_has_cases(rule, trials):
    assert trials[rule].not_tried == ""
    assert trials[rule].passed > 0
