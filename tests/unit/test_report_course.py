"""How far results moved since a recorded start, in one line."""

import pytest

from pipeline.knowledge.load import load_knowledge
from pipeline.report.patient.patient_rows import Finding
from pipeline.report.patient.treatment_course import show_course
from pipeline.texts import ENGLISH, LANGUAGES

KNOWLEDGE = load_knowledge()
START = ("b12-started", "2026-03-05", "", "2026-03-26")
BEFORE = ("hemoglobin", "8.3", "g/dL", "2026-03-01")
AFTER = ("hemoglobin", "10.6", "g/dL", "2026-03-26")


def finding(*cited):
    """A row of findings that rests on (analyte, value, unit, day) each."""
    empty = dict.fromkeys(Finding._fields, "")
    joined = ["; ".join(texts) for texts in zip(*cited, strict=True)]
    names = ("analyte", "value", "unit", "from_date")
    return Finding(**{**empty, **dict(zip(names, joined, strict=True))})


@pytest.mark.parametrize(
    ("cited", "said"),
    [
        ([BEFORE, AFTER, START], "Day 21 after the start: Hb +2.3 g/dL"),
        ([AFTER, BEFORE, START], "Day 21 after the start: Hb +2.3 g/dL"),
        (
            [
                ("hemoglobin", "83", "g/L", "2026-03-01"),
                ("hemoglobin", "106", "g/L", "2026-03-26"),
                ("mcv", "118", "fL", "2026-03-01"),
                ("mcv", "107.5", "fL", "2026-03-26"),
                START,
            ],
            "Day 21 after the start: Hb +23 g/L, MCV −10.5 fL",
        ),
        ([BEFORE, AFTER], ""),
        ([AFTER, START], ""),
        ([BEFORE, ("hemoglobin", "106", "g/L", "2026-03-26"), START], ""),
        ([BEFORE, ("hemoglobin", "9", "g/dL", ""), START], ""),
        ([BEFORE, ("hemoglobin", "", "", "2026-03-26"), START], ""),
        ([BEFORE, AFTER, ("b12-started", "yes", "", "2026-03-26")], ""),
    ],
)
def test_what_moved_since_a_start_is_said_with_its_day(cited, said):
    assert show_course(finding(*cited), KNOWLEDGE, ENGLISH) == said


def test_a_difference_is_written_as_the_language_does():
    said = show_course(finding(BEFORE, AFTER, START), KNOWLEDGE, LANGUAGES["de"])
    assert said == "Tag 21 nach Beginn: Hb +2,3 g/dL"
