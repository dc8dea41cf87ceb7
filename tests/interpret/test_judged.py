"""Of what is said that nothing was found: what was judged, by the last result of each analyte."""

from pipeline.interpret import interpret_results
from pipeline.knowledge.load import load_knowledge
from pipeline.review.case_tables import tables_of
from pipeline.review.cases import read_lines

KNOWLEDGE = load_knowledge()
EXPECTED = ("judged", "not_judged", "no_upper", "priority")


def check(text):
    """Interpret the patients of a table, and compare with its last columns.

    A patient of several lines states what is expected on the last one.
    """
    table = "\n".join(line for line in text.splitlines() if not line.strip().startswith("#"))
    rows = [dict(line.cells) for line in read_lines(table, "t")]
    expected = {
        row["patient"]: {name: row.pop(name) for name in EXPECTED if name in row} for row in rows
    }
    tables = tables_of(rows, KNOWLEDGE)
    found = interpret_results(
        tables.results, tables.held, KNOWLEDGE, observations=tables.observations
    ).patients.set_index("patient_id")
    assert {
        patient: {name: str(found[name][patient]).replace("; ", " ") for name in wanted}
        for patient, wanted in expected.items()
    } == expected


def test_what_was_judged_and_what_was_not():
    check("""
        patient | sex | age | platelets      | hemoglobin | mcv | white-cells | bilirubin | ldh           | judged         | not_judged
        A       | F   | 40y | 200            |            |     |             |           |               | platelets      |
        B       | F   | 40y | 100            |            |     |             |           |               | platelets      |
        # A bound is judged where it leaves nothing open: not too few, not too many.
        C       | F   | 40y | >160           |            |     |             |           |               |                | platelets
        D       | F   | 40y | <200           |            |     |             |           |               |                | platelets
        E       | F   | 40y | <200 [150-400] |            |     |             |           |               |                | platelets
        # Too few for certain; how few is open.
        F       | F   | 40y | <100           |            |     |             |           |               |                | platelets
        G       | F   | 40y |                | 125        | 90  |             |           |               | hemoglobin mcv |
        # Where no limit of ours asks, the printed interval does.
        H       | F   | 40y |                |            |     |             |           | 200           |                | ldh
        I       | F   | 40y |                |            |     |             |           | 200 [120-250] | ldh            |
        J       | F   | 40y |                |            |     |             |           | 200 [-250]    | ldh            |
        K       | F   | 40y | 200            |            |     |             | 10        |               | platelets      | bilirubin
        # What is only derived as a bound of another count is no result.
        L       | F   | 40y |                |            |     | 5           |           |               | white-cells    |
        M       | F   | 40y |                |            |     | 1.2         |           |               | white-cells    |
        # One open bound leaves what stands beside it judged.
        N       | F   | 40y | <200           | 90         | 110 |             |           |               | hemoglobin mcv | platelets
    """)


def test_what_is_calculated_is_judged_as_what_is_measured():
    check("""
        patient | sex | age | hemoglobin | hematocrit | red-cells | white-cells | neutrophils-percent | judged                   | not_judged
        A       | F   | 40y | 125        | 0.38       | 4.2       |             |                     | hemoglobin mcv           | hematocrit red-cells
        B       | F   | 40y |            |            |           | 5           | 60                  | white-cells neutrophils  | neutrophils-percent
    """)


def test_a_limit_that_age_or_sex_leaves_open_judges_nothing_unless_an_interval_is_printed():
    check("""
        patient | sex | age | hemoglobin    | judged     | not_judged
        A       | F   | 40y | 125           | hemoglobin |
        B       |     | 40y | 125           |            | hemoglobin
        C       | F   |     | 125           |            | hemoglobin
        # Either sex: the same answer.
        D       |     | 40y | 90            | hemoglobin |
        E       |     | 40y | 125 [120-160] | hemoglobin |
        F       | F   |     | 125 [120-160] | hemoglobin |
        G       | F   | 3mo | 105           |            | hemoglobin
        H       | F   | 3mo | 105 [95-130]  | hemoglobin |
        I       | F   |     | 125 [120-]    | hemoglobin |
        J       |     | 40y | 125 [-160]    | hemoglobin |
    """)


def test_the_last_result_counts_and_not_an_old_one():
    check("""
        patient | sex | age | day        | platelets | mcv | judged        | not_judged
        A       | F   | 40y | 2026-01-01 | 200       |     |               |
        A       | F   | 40y | 2026-02-01 | <200      |     |               | platelets
        B       | F   | 40y | 2026-01-01 | <200      |     |               |
        B       | F   | 40y | 2026-02-01 | 200       |     | platelets     |
        C       | F   | 40y | 2026-01-01 | 200       |     |               |
        C       | F   | 40y | 2026-02-01 |           | 90  | mcv platelets |
        # Not what is a year older than the newest result.
        D       | F   | 40y | 2024-12-31 | 200       |     |               |
        D       | F   | 40y | 2026-02-01 |           | 90  | mcv           |
        E       | F   | 40y | 2025-02-01 | 200       |     |               |
        E       | F   | 40y | 2026-02-01 |           | 90  | mcv platelets |
        F       | F   | 40y | 2025-01-31 | 200       |     |               |
        F       | F   | 40y | 2026-02-01 |           | 90  | mcv           |
        # An undated result counts, before all dated ones.
        G       | F   | 40y |            | 200       |     |               |
        G       | F   | 40y | 2026-02-01 |           | 90  | mcv platelets |
        H       | F   | 40y |            | <200      |     |               |
        H       | F   | 40y | 2026-02-01 | 200       |     | platelets     |
        I       | F   | 40y |            | 200       |     |               |
        I       | F   | 40y | 2026-02-01 | <200      |     |               | platelets
    """)


def test_who_has_no_upper_end_was_not_judged_for_being_high():
    """From 13 years a wide bound stands in for the end that is not printed."""
    check("""
        patient | sex | age | platelets      | judged    | no_upper
        A       | F   | 40y | 200            | platelets |
        B       | F   | 40y | 200 [150-]     | platelets |
        C       | F   | 8y  | 200            | platelets | platelets
        D       | F   | 8y  | 200 [150-]     | platelets | platelets
        E       | F   | 8y  | 200 [-400]     | platelets |
        F       | F   | 8y  | 200 [150-400]  | platelets |
    """)


def test_a_few_results_are_not_enough_to_say_that_nothing_was_found():
    check("""
        patient | sex | age | hemoglobin | mcv | platelets | white-cells | neutrophils | vitamin-b12 | ferritin | priority
        A       | F   | 40y | 125        |     | 200       | 5           |             |             |          | 6
        B       | F   | 40y | 125        |     | 200       |             | 3           |             |          | 6
        C       | F   | 40y | 125        | 90  | 200       |             |             |             |          | 5
        D       | F   | 40y | 125        |     | >200      | 5           |             |             |          | 5
        E       | F   | 40y |            |     |           |             |             | 500         |          | 6
        F       | F   | 40y | 125        |     |           |             |             |             |          | 5
        G       | F   | 40y |            |     |           |             |             |             | 30       | 5
    """)
