"""How far results moved since a recorded start, in one line."""

import re
from datetime import date

import pytest

from pipeline.knowledge.load import load_knowledge
from pipeline.report.cited import Cited
from pipeline.report.patient.treatment_course import show_course
from pipeline.texts import ENGLISH, LANGUAGES

KNOWLEDGE = load_knowledge()
START = ("b12-started", "2026-03-05", "", "2026-03-26")
BEFORE = ("hemoglobin", "8.3", "g/dL", "2026-03-01")
AFTER = ("hemoglobin", "10.6", "g/dL", "2026-03-26")


def finding(*cited):
    """What a finding rests on, of (analyte, value, unit, day) each."""
    return [
        Cited(
            observation=subject if subject in KNOWLEDGE.observations else "",
            analyte="" if subject in KNOWLEDGE.observations else subject,
            comparator="",
            value=float(value) if re.fullmatch(r"[0-9.]+", value) else None,
            text="" if re.fullmatch(r"[0-9.]+", value) else value,
            unit=unit,
            compared=(),
            day=date.fromisoformat(day) if day else None,
            source_file="march.csv",
            source_sheet="",
            source_row=2,
        )
        for subject, value, unit, day in cited
    ]


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
