"""The cases that ship beside the rules hold, and no rule is without."""

import pytest

from pipeline.knowledge.load import load_knowledge
from pipeline.review.trial import try_rules

TRIALS = {trial.rule: trial for trial in try_rules()}


@pytest.mark.parametrize("rule", TRIALS)
def test_the_cases_of_a_rule_hold(rule):
    assert not TRIALS[rule].failures


@pytest.mark.parametrize("rule", [rule.id for rule in load_knowledge().shown_rules()])
def test_a_rule_has_cases(rule):
    assert TRIALS[rule].not_tried == ""
    assert TRIALS[rule].passed > 0
