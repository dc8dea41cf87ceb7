"""The rules against what is known: counts, shares, and what a file of truths may hold."""

from dataclasses import asdict

import pytest

from pipeline.errors import ConfigError
from pipeline.interpret import interpret_results
from pipeline.knowledge.load import load_knowledge
from pipeline.review.accuracy import evaluate_truth, read_truth, wilson
from tests.rules.conftest import read_table, tables_from

KNOWLEDGE = load_knowledge()
DATA = """
    patient | day        | platelets
    P1      | 2026-01-01 | 149
    P1      | 2026-02-01 | 150
    P2      | 2026-01-01 | 150
    P2      | 2026-02-01 | held
    P3      | 2026-01-01 | 150
    P4      | 2026-01-01 |
    P5      | 2026-01-01 | 20
"""


def truth_in(tmp_path, text, name="truth.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return read_truth(path, "cp1252", KNOWLEDGE)


def evaluate(tmp_path, text):
    # Of the fourth patient something else was reported.
    lines = read_table(DATA)
    lines[5]["mcv"] = "90"
    data = interpret_results(*tables_from(lines, KNOWLEDGE), KNOWLEDGE)
    (found,) = evaluate_truth(truth_in(tmp_path, text), data)
    return {name: count for name, count in asdict(found).items() if count and name != "rule"}


@pytest.mark.parametrize(
    ("line", "counted"),
    [
        ("P1,,yes", "true_positive"),  # present on one of two accessions
        ("P1,,no", "false_positive"),
        ("P1,A001,yes", "false_negative"),
        ("P1,A001,no", "true_negative"),
        ("P2,,yes", "indeterminate_yes"),
        ("P2,,NO", "indeterminate_no"),
        ("P2,A002,no", "true_negative"),
        ("P3,,yes", "false_negative"),
        ("P4,,yes", "not_tested"),
        ("P4,,no", "not_tested"),
        ("P9,,yes", "not_found"),
        ("P1,A002,yes", "not_found"),  # another patient's accession
    ],
)
def test_where_a_line_of_the_truth_is_counted(tmp_path, line, counted):
    patient, accession, truth = line.split(",")
    text = f"patient_id,accession,rule,truth\n{patient},{accession},low-platelets,{truth}\n"
    assert evaluate(tmp_path, text) == {counted: 1}


def test_shares(tmp_path):
    text = "patient_id,rule,truth\n" + "".join(
        f"{patient},low-platelets,{truth}\n"
        for patient, truth in {
            "P1": "yes",
            "P2": "no",
            "P3": "yes",
            "P4": "no",
            "P5": "no",
            "P9": "no",
        }.items()
    )
    lines = read_table(DATA)
    data = interpret_results(*tables_from(lines, KNOWLEDGE), KNOWLEDGE)
    (found,) = evaluate_truth(truth_in(tmp_path, text), data)
    shares = (found.sensitivity, found.specificity, found.review_rate)
    assert [(share.count, share.of) for share in shares] == [(1, 2), (0, 1), (3, 4)]


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 1998;17:857, table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (20, 20, 0.8389, 1.0),
    ],
)
def test_intervals_after_wilson(count, of, low, high):
    share = wilson(count, of)
    assert (round(share.low, 4), round(share.high, 4)) == (low, high)


def test_no_share_of_nothing():
    assert wilson(0, 0).value is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("patient_id,rule\nP1,low-b12\n", "truth.csv: no table with the columns patient_id, rule, truth"),
        ("patient_id,rule,truth\nP1,low-b12,maybe\n", "truth.csv:2: the truth is yes or no"),
        ("patient_id,rule,truth\nP1,low-b12,yes\n\n,low-b12,no\n", "truth.csv:4: no patient_id"),
        ("patient_id,rule,truth\nP1,low-b12,yes\nP1,low-b12,no\n", "truth.csv:3: the truth of this patient, accession and rule stands twice"),
        ("patient_id,rule,truth\nP1,,yes\n", "truth.csv:2: no rule"),
        ("patient_id,rule,truth\nP1,low-b12\n", "truth.csv:2: 2 cells under a header of 3"),
        ("", "truth.csv: cannot be read"),
    ],
)  # fmt: skip
def test_a_truth_that_cannot_be_used(tmp_path, text, said):
    with pytest.raises(ConfigError) as refused:
        truth_in(tmp_path, text)
    assert str(refused.value).startswith(said)


def test_a_rule_that_is_not_there(tmp_path):
    with pytest.raises(ConfigError, match="gives no findings: 'low-platelet'"):
        evaluate(tmp_path, "patient_id,rule,truth\nP1,low-platelet,yes\n")
