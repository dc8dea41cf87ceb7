"""What differs between two sets of rules on the same data, kind by kind."""

from dataclasses import asdict, replace

import pytest

from pipeline.interpret import interpret_results
from pipeline.knowledge.load import load_knowledge
from pipeline.review.difference import compare_interpretations
from tests.rules.conftest import read_table, tables_from

SHIPPED = load_knowledge()
STRICT = {"platelets.low": 160, "platelets.severe": 60, "hemoglobin.second": 100}


def with_limits(**shadow):
    """Replace limits that have one stratum and one unit, and put rules into the shadow."""
    limits = dict(SHIPPED.limits)
    for name, number in STRICT.items():
        (stratum,) = limits[name].strata
        (unit,) = stratum.values
        limits[name] = replace(limits[name], strata=(replace(stratum, values={unit: number}),))
    rules = {name: replace(rule, shadow=name in shadow) for name, rule in SHIPPED.rules.items()}
    return replace(SHIPPED, limits=limits, rules=rules)


def compare(text, after, before=SHIPPED):
    lines = read_table(text)
    return compare_interpretations(
        *(interpret_results(*tables_from(lines, each), each) for each in (before, after))
    )


@pytest.mark.parametrize(
    ("platelets", "forth", "back"),
    [
        ("149", "", ""),
        ("155", "gained", "lost"),
        ("160", "", ""),
        (">150", "outcome", "outcome"),
        ("<155", "gained", "lost"),
        ("55", "grade", "grade"),
        ("49", "", ""),
    ],
)
def test_each_kind_of_difference(platelets, forth, back):
    text = f"platelets\n{platelets}"
    for comparison, kind in (
        (compare(text, with_limits()), forth),
        (compare(text, SHIPPED, with_limits()), back),
    ):
        of_rule = comparison.differences[comparison.differences["rule"].eq("low-platelets")]
        assert list(of_rule["difference"]) == [kind] * bool(kind)


def test_counts_and_patients():
    comparison = compare(
        """
        patient | sex | age | platelets | hemoglobin
        P1      | F   | 40y | 155       | 140
        P1      | F   | 40y | 158       | 140
        P2      | F   | 40y | 55        | 140
        P3      | F   | 40y | 149       | 140
        P4      | F   | 40y | 300       | 95
        P5      | F   | 40y | 300       | 140
        """,
        with_limits(),
    )
    counts = {rule.rule: asdict(rule) for rule in comparison.rules}
    assert counts["low-platelets"] == {
        "rule": "low-platelets", "before": 2, "after": 4, "both": 2, "gained": 2, "lost": 0,
        "outcome": 0, "reason": 0, "grade": 1, "status": 0,
    }  # fmt: skip
    assert not any(
        v for k, v in counts["anemia"].items() if k not in ("rule", "before", "after", "both")
    )
    assert list(counts) == [rule.id for rule in SHIPPED.shown_rules()]
    told = comparison.patients.set_index("patient_id")
    assert told["gained"].to_dict() == {"P1": "low-platelets", "P2": "", "P4": ""}
    # With low platelets bicytopenia is open until the white cells are counted.
    assert told["differences"].to_dict() == {"P1": 4, "P2": 1, "P4": 0}
    assert told.loc["P1", ["priority_before", "priority_after"]].to_list() == [5, 4]
    assert told.loc["P4", ["priority_before", "priority_after"]].to_list() == [3, 2]
    assert (comparison.patients_seen, comparison.patients_moved) == (5, 2)


def test_a_rule_that_only_one_side_has():
    kept = ("anemia", "macrocytosis", "low-platelets")
    without = replace(SHIPPED, rules={name: SHIPPED.rules[name] for name in kept},
                      priorities=(), orders=(),
                      for_information=replace(SHIPPED.for_information, when=(), unless=(), never=()))  # fmt: skip
    text = "age | vitamin-b12\n40y | 100\n40y | 400"
    there, gone = compare(text, SHIPPED, without), compare(text, without, SHIPPED)
    assert list(there.differences.query("rule == 'low-b12'")["difference"]) == ["gained", "outcome"]
    assert list(gone.differences.query("rule == 'low-b12'")["difference"]) == ["lost", "outcome"]


def test_shadow_rules_are_compared_too():
    text = "platelets\n149\n155"
    comparison = compare(text, with_limits(**{"low-platelets": True}))
    counts = {rule.rule: rule for rule in comparison.rules}
    assert (counts["low-platelets"].both, counts["low-platelets"].gained) == (1, 1)


def test_nothing_differs_from_itself():
    comparison = compare("platelets | vitamin-b12\n149 | 100", SHIPPED)
    assert len(comparison.differences) == len(comparison.patients) == 0


def test_no_data_at_all():
    results, held = tables_from(read_table("platelets\n1"), SHIPPED)
    nothing = interpret_results(results.iloc[:0], held, SHIPPED)
    comparison = compare_interpretations(nothing, nothing)
    assert (comparison.rules, comparison.patients_seen) == ((), 0)
