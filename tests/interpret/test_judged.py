"""Of what is said that nothing was found: what was judged, by the last result of each analyte."""

import pytest

from pipeline.interpret import interpret_results
from pipeline.knowledge.load import load_knowledge
from pipeline.review.case_tables import tables_of
from pipeline.review.cases import read_lines

KNOWLEDGE = load_knowledge()


def patients_of(text):
    tables = tables_of([dict(line.cells) for line in read_lines(text, "t")], KNOWLEDGE)
    found = interpret_results(
        tables.results, tables.held, KNOWLEDGE, observations=tables.observations
    ).patients
    return found.set_index("patient_id")


def judged(heads, line, what="judged"):
    """The analytes of one patient, of one result each."""
    text = f"patient | sex | age | {heads}\nA | F | 40y | {line}"
    return patients_of(text)[what]["A"]


@pytest.mark.parametrize(
    ("heads", "line", "yes", "no"),
    [
        ("platelets", "200", "platelets", ""),
        ("platelets", "100", "platelets", ""),
        # A bound is judged where it leaves nothing open: not too few, not too many.
        ("platelets", ">160", "", "platelets"),
        ("platelets", "<200", "", "platelets"),
        # Too few for certain; how few is open.
        ("platelets", "<100", "", "platelets"),
        ("platelets", "<200 [150-400]", "", "platelets"),
        ("hemoglobin | mcv", "125 | 90", "hemoglobin; mcv", ""),
        ("mcv | hemoglobin", "90 | 125", "hemoglobin; mcv", ""),
        # Where no limit of ours asks, the printed interval does.
        ("ldh", "200", "", "ldh"),
        ("ldh", "200 [120-250]", "ldh", ""),
        ("ldh", "200 [-250]", "ldh", ""),
        ("bilirubin | platelets", "10 | 200", "platelets", "bilirubin"),
        # What is only derived as a bound of another count is no result.
        ("white-cells", "5", "white-cells", ""),
        ("white-cells", "1.2", "white-cells", ""),
    ],
)
def test_what_was_judged_and_what_was_not(heads, line, yes, no):
    assert (judged(heads, line), judged(heads, line, "not_judged")) == (yes, no)


@pytest.mark.parametrize(
    ("head", "yes", "no"),
    [
        (" | F | 40y | 125", "hemoglobin", ""),
        (" | | 40y | 125", "", "hemoglobin"),
        (" | F | | 125", "", "hemoglobin"),
        # Either sex, any age: the same answer.
        (" | | 40y | 90", "hemoglobin", ""),
        (" | | 40y | 125 [120-160]", "hemoglobin", ""),
        (" | F | | 125 [120-160]", "hemoglobin", ""),
        (" | F | 3mo | 105", "", "hemoglobin"),
        (" | F | 3mo | 105 [95-130]", "hemoglobin", ""),
    ],
)
def test_a_limit_that_age_or_sex_leaves_open_judges_nothing_unless_an_interval_is_printed(
    head, yes, no
):
    (found,) = patients_of(f"patient | sex | age | hemoglobin\nA{head}").itertuples()
    assert (found.judged, found.not_judged) == (yes, no)


@pytest.mark.parametrize(
    ("lines", "yes", "no"),
    [
        # The last result of each analyte counts.
        (["2026-01-01 | 200 | ", "2026-02-01 | <200 | "], "", "platelets"),
        (["2026-01-01 | <200 | ", "2026-02-01 | 200 | "], "platelets", ""),
        (["2026-01-01 | 200 | ", "2026-02-01 | | 90"], "mcv; platelets", ""),
        # What is much older than the newest result does not count any more.
        (["2024-12-31 | 200 | ", "2026-02-01 | | 90"], "mcv", ""),
        (["2025-02-01 | 200 | ", "2026-02-01 | | 90"], "mcv; platelets", ""),
        (["2025-01-31 | 200 | ", "2026-02-01 | | 90"], "mcv", ""),
        (["| 200 | ", "2026-02-01 | | 90"], "mcv; platelets", ""),
        # An undated result counts before all dated ones.
        (["| <200 | ", "2026-02-01 | 200 | "], "platelets", ""),
        (["| 200 | ", "2026-02-01 | <200 | "], "", "platelets"),
    ],
)
def test_the_last_result_counts_and_not_an_old_one(lines, yes, no):
    rows = "\n".join(f"A | F | 40y | {line}" for line in lines)
    (found,) = patients_of(f"patient | sex | age | day | platelets | mcv\n{rows}").itertuples()
    assert (found.judged, found.not_judged) == (yes, no)


@pytest.mark.parametrize(
    ("age", "line", "none"),
    [
        # From 13 years a wide bound stands in for the end that is not printed.
        ("40y", "200", ""),
        ("40y", "200 [150-]", ""),
        ("8y", "200", "platelets"),
        ("8y", "200 [150-]", "platelets"),
        ("8y", "200 [-400]", ""),
        ("8y", "200 [150-400]", ""),
    ],
)
def test_who_has_no_upper_end_was_not_judged_for_being_high(age, line, none):
    text = f"patient | sex | age | platelets\nA | F | {age} | {line}"
    found = patients_of(text)
    assert (found["no_upper"]["A"], found["judged"]["A"]) == (none, "platelets")


@pytest.mark.parametrize(
    ("heads", "line", "rank"),
    [
        ("hemoglobin | platelets | white-cells", "125 | 200 | 5", 6),
        ("hemoglobin | platelets | neutrophils", "125 | 200 | 3", 6),
        ("hemoglobin | mcv | platelets", "125 | 90 | 200", 5),
        ("hemoglobin | platelets | white-cells", "125 | >200 | 5", 5),
        ("vitamin-b12", "500", 6),
        ("hemoglobin", "125", 5),
        ("ferritin", "30", 5),
    ],
)
def test_a_few_results_are_not_enough_to_say_that_nothing_was_found(heads, line, rank):
    assert judged(heads, line, "priority") == rank
