"""Which specimens of a series contradict each other, and which is set aside; amounts are made up.

Every case is a patient of one table, so that all of them are asked at once.
"""

from dataclasses import replace

import pytest

from pipeline.interpret import ask_questions
from pipeline.knowledge.conditions import Observed
from pipeline.knowledge.contradictions import Apart, Contradiction
from pipeline.knowledge.load import load_knowledge
from pipeline.knowledge.model import Artifact, Touch
from pipeline.review.case_tables import tables_of
from schemas.vocabulary import ResultStatus

SHIPPED = load_knowledge()
G = (("g/L", 20.0),)


def artifact(name: str, when: Observed, *touched: str) -> Artifact:
    touches = tuple(Touch(analyte=each, wrongly="either") for each in touched)
    return replace(SHIPPED.artifacts["dilution"], id=name, when=when, touches=touches)


KNOWLEDGE = replace(
    SHIPPED,
    artifacts={
        "all": artifact("all", Observed(observation="diluted"), "any"),
        "other": artifact("other", Observed(observation="hemolyzed"), "platelets"),
        "own": artifact("own", Observed(observation="lipemic"), "hemoglobin"),
    },
)


def contradiction(*apart: Apart, **more: object) -> Contradiction:
    apart = apart or (Apart(within_hours=24, more_than=G),)
    return Contradiction(
        **{"analyte": "hemoglobin", "apart": apart, "third_within_days": 14, **more}
    )


def judge(series: str, condition: Contradiction) -> tuple[str, str, list[str]]:
    """Read specimens such as `1.08 60 diluted; 1.10 <141 preliminary; 3 100 4m` of one patient.

    Day of January and hour, value in g/L, and words: an observation, an age, a status, `of Q` for
    another patient.

    Returns:
        For each a letter: doubted (y), not (n), not asked (-); set aside; and on what each rests.
    """
    lines, preliminary = [], []
    for number, specimen in enumerate(series.split(";")):
        at, value, *words = specimen.split()
        day, _, hour = at.partition(".")
        time = f" {hour[:2]}:{hour[2:] or '00'}" if hour else ""
        line = {
            "patient": "P",
            "age": "40y",
            "accession": f"A{number}",
            "day": "" if day == "?" else f"2026-01-{int(day):02}{time}",
            "hemoglobin": "" if value == "-" else value,
        }
        for word in words:
            if word == "preliminary":
                preliminary.append(number)
            elif word[0].isdigit():
                line["age"] = word
            elif word in ("Q", "R"):
                line["patient"] = word
            else:
                name, _, said = word.partition("=")
                line[name] = said.replace("T", " ") or "yes"
        lines.append(line)
    names = {name: "" for line in lines for name in line}
    tables = tables_of([names | line for line in lines], KNOWLEDGE)
    results = tables.results.copy()
    rows = results["accession"].isin([f"A{number}" for number in preliminary])
    results.loc[rows, "status"] = str(ResultStatus.PRELIMINARY)
    grid, questions = ask_questions(
        results, tables.held, KNOWLEDGE, observations=tables.observations
    )
    contradictions = questions._contradictions
    doubted, aside = contradictions.find(condition), contradictions.set_aside(condition)
    place = {name: row for row, name in enumerate(grid.accessions["accession"])}
    of_result = {row: int(name[1:]) for row, name in enumerate(grid.results["accession"])}

    def letters(answer) -> str:
        rows = [place.get(f"A{number}") for number in range(len(lines))]
        return "".join(
            "-" if row is None or not answer.reported[row] else "y" if answer.yes[row] else "n"
            for row in rows
        )

    rests = []
    for number in range(len(lines)):
        row = place.get(f"A{number}")
        found = [] if row is None else [each.results[row] for each in doubted.evidence]
        rests.append(" ".join(str(of_result[each]) for each in found if each >= 0))
    return letters(doubted), letters(aside), rests


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        # More than 20 g/L apart, up or down, within 24 hours.
        ("1.08 60; 1.10 141", "yy"),
        ("1.08 141; 1.10 60", "yy"),
        ("1.08 100; 1.10 120", "nn"),
        ("1.08 100; 1.10 121", "yy"),
        ("1.08 100; 2.08 121", "yy"),
        ("1.08 100; 2.0801 121", "nn"),
        # Without a time it may have been within.
        ("1 100; 2 121", "yy"),
        ("1 100; 3.0100 121", "nn"),
        # What is certain of a bound.
        ("1.08 <100; 1.10 121", "yy"),
        ("1.08 >100; 1.10 121", "nn"),
        ("1.08 100; 1.10 >120", "nn"),
        ("1.08 100; 1.10 >121", "yy"),
        ("1.08 121; 1.10 <100", "yy"),
        ("1.08 <121; 1.10 100", "nn"),
        # Another patient, no result, no date, another one between: the next of the same patient.
        ("1.08 60; 1.10 141 Q", "nn"),
        ("1.08 60; 1.09 -; 1.10 141", "y-y"),
        ("1.08 60; ? 141", "n-"),
        ("1.08 60", "n"),
        ("1.08 -", "-"),
        # One that something else doubts already is not asked; of another analyte it is.
        ("1.08 60 diluted; 1.10 141", "-n"),
        ("1.08 60 lipemic; 1.10 141", "-n"),
        ("1.08 60 hemolyzed; 1.10 141", "yy"),
        ("1.08 60; 1.09 100 diluted; 1.10 141", "y-y"),
        # Three: the third agrees with one of them.
        ("1.08 60; 1.10 141; 1.12 140", "ynn"),
        ("1.08 60; 1.10 141; 1.12 62", "nyn"),
        ("1.08 60; 1.10 141; 1.12 100", "yyy"),
        # What came before agrees with the first of the two; the last may still be a true change.
        ("1.08 62; 1.10 60; 1.12 141", "nyy"),
        ("1.08 140; 1.10 60; 1.12 62", "ynn"),
        # A third one within 14 days, no later.
        ("1.08 60; 1.10 141; 15.10 140", "ynn"),
        ("1.08 60; 1.10 141; 16.10 140", "yyn"),
        # A preliminary third one clears nothing; it may be one of the two.
        ("1.08 60; 1.10 141; 1.12 140 preliminary", "yyn"),
        ("1.08 60 preliminary; 1.10 141", "yy"),
        ("1.08 60; 1.10 141 preliminary; 1.12 140", "ynn"),
        # A bound that may be near neither clears nor is cleared.
        ("1.08 60; 1.10 141; 1.12 >100", "yyn"),
        # Four: pairs that agree on both sides.
        ("1.08 60; 1.10 61; 1.12 141; 1.14 140", "nnnn"),
        # Who agrees with one that is doubted clears nothing.
        ("1.08 60; 1.10 141; 1.12 61; 1.14 140", "yyyy"),
        ("1.08 100; 1.10 141; 1.12 60; 1.14 141", "yyyy"),
        # Of another patient on either side: no neighbor.
        ("1.08 60 Q; 1.10 60; 1.12 141; 1.14 141 R", "nyyn"),
    ],
)
def test_who_is_doubted(series, expected):
    assert judge(series, contradiction())[0] == expected


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        # Between two that agree with each other and not with it; never the newest or the first.
        ("1.08 141; 1.10 60; 1.12 140", "nyn"),
        ("1.08 60; 1.10 141; 1.12 62", "nyn"),
        ("1.08 60; 1.10 141", "nn"),
        ("1.08 60; 1.10 141; 1.12 100", "nnn"),
        ("1.08 62; 1.10 60; 1.12 141", "nnn"),
        ("1.08 60; 1.10 -; 1.12 141", "n-n"),
    ],
)
def test_who_is_set_aside(series, expected):
    assert judge(series, contradiction())[1] == expected


def test_a_doubt_rests_on_both_in_order_of_time():
    assert judge("1.08 60; 1.10 141", contradiction())[2] == ["0 1", "0 1"]
    assert judge("1.10 141; 1.08 60", contradiction())[2] == ["1 0", "1 0"]
    assert judge("1.08 60; 1.10 141; 1.12 140", contradiction())[2] == ["0 1", "", ""]
    assert judge("1.08 100; 1.10 110", contradiction())[2] == ["", ""]


DAYS = Apart(within_days=7, more_than=(("g/L", 30.0),))
SHARE = Apart(within_hours=24, more_than_share=0.5)
LOW = Apart(within_hours=24, one_below=(("g/L", 80.0),), other_above=(("g/L", 120.0),))


@pytest.mark.parametrize(
    ("apart", "series", "expected"),
    [
        ((DAYS,), "1 100; 8 131", "yy"),
        ((DAYS,), "1 100; 9 131", "nn"),
        ((DAYS,), "1 100; 8 130", "nn"),
        ((DAYS,), "1.08 100; 8.23 131", "yy"),
        # Any of several is enough, each for its own time.
        ((Apart(within_hours=24, more_than=G), DAYS), "1.08 100; 3.08 125", "nn"),
        ((Apart(within_hours=24, more_than=G), DAYS), "1.08 100; 1.10 125", "yy"),
        ((Apart(within_hours=24, more_than=G), DAYS), "1.08 100; 3.08 135", "yy"),
        # A third one agrees by the amount of its own time, or the last one where none is.
        ((Apart(within_hours=24, more_than=G), DAYS), "1.08 60; 1.10 141; 3.10 116", "ynn"),
        ((Apart(within_hours=24, more_than=G), DAYS), "1.08 60; 1.10 141; 12.10 116", "ynn"),
        ((Apart(within_hours=24, more_than=G), DAYS), "1.08 60; 1.10 141; 12.10 105", "yyn"),
        ((Apart(within_hours=24, more_than=G), DAYS), "1.08 60; 1.10 141; 1.12 116", "yyy"),
        # By more than half of the higher one.
        ((SHARE,), "1.08 100; 1.10 50", "nn"),
        ((SHARE,), "1.08 100; 1.10 49", "yy"),
        ((SHARE,), "1.08 49; 1.10 100", "yy"),
        ((SHARE,), "1.08 0; 1.10 0", "nn"),
        ((SHARE,), "1.08 0; 1.10 1", "yy"),
        # One below, the other above.
        ((LOW,), "1.08 79; 1.10 121", "yy"),
        ((LOW,), "1.08 80; 1.10 121", "nn"),
        ((LOW,), "1.08 79; 1.10 120", "nn"),
        ((LOW,), "1.08 121; 1.10 79", "yy"),
        # All that is given must hold.
        ((replace(SHARE, more_than=G),), "1.08 30; 1.10 10", "nn"),
        ((replace(SHARE, more_than=G),), "1.08 31; 1.10 10", "yy"),
        ((replace(SHARE, more_than=G),), "1.08 60; 1.10 39", "nn"),
    ],
)
def test_how_far_apart_is_too_far(apart, series, expected):
    assert judge(series, contradiction(*apart))[0] == expected


def test_amounts_are_in_the_unit_that_is_named():
    condition = contradiction(Apart(within_hours=24, more_than=(("g/dL", 2.0),)))
    assert judge("1.08 100; 1.10 120", condition)[0] == "nn"
    assert judge("1.08 100; 1.10 121", condition)[0] == "yy"


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        # Younger patients are not asked; of the age itself they are.
        ("1.08 60 2mo; 1.10 141 2mo", "--"),
        ("1.08 60 3mo; 1.10 141 3mo", "yy"),
        ("1.08 60 2mo; 1.10 141 3mo", "-n"),
    ],
)
def test_from_which_age_on(series, expected):
    assert judge(series, contradiction(from_months=3))[0] == expected


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        # Blood explains a rise, and no fall.
        ("1.08 60; 1.20 141 transfused=2026-01-01T12:00", "nn"),
        ("1.08 141; 1.20 60 transfused=2026-01-01T12:00", "yy"),
        ("1.08 60; 1.20 141 transfused=2026-01-03T12:00", "yy"),
        ("1.08 60; 1.20 141 platelets-transfused=2026-01-01T12:00", "yy"),
    ],
)
def test_across_what_is_given(series, expected):
    assert judge(series, contradiction(not_across=("transfused",)))[0] == expected


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        # It contradicts none before it, but those after it.
        ("1.08 60; 1.10 141 citrate-count", "nn"),
        ("1.08 60 citrate-count; 1.10 141", "yy"),
        # Which one came first cannot be told.
        ("1 60 citrate-count; 1 141", "nn"),
    ],
)
def test_what_contradicts_none_before_it(series, expected):
    assert judge(series, contradiction(not_by=("citrate-count",)))[0] == expected
