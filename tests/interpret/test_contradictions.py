"""Which specimens of a series contradict each other, and which is set aside; amounts are made up.

Every case is a patient of one table, so that all of them are asked at once.
"""

from dataclasses import replace

import pytest

from pipeline.interpret import ask_questions
from pipeline.knowledge.conditions import Change, Condition, Group, Observed
from pipeline.knowledge.contradictions import Apart, Contradiction
from pipeline.knowledge.load import load_knowledge
from pipeline.knowledge.model import AffectedAnalyte, Artifact
from pipeline.review.case_tables import tables_of
from schemas.vocabulary import ResultStatus

SHIPPED = load_knowledge()
G = (("g/L", 20.0),)

MOVED = Change(analyte="hemoglobin", direction="either", within_days=1, more_than=G)


def artifact(name: str, when: Condition, *touched: str) -> Artifact:
    touches = tuple(AffectedAnalyte(analyte=each, wrongly="either") for each in touched)
    return replace(SHIPPED.artifacts["dilution"], id=name, when=when, touches=touches)


KNOWLEDGE = replace(
    SHIPPED,
    artifacts={
        "all": artifact("all", Observed(observation="diluted"), "any"),
        "other": artifact("other", Observed(observation="hemolyzed"), "platelets"),
        "own": artifact("own", Observed(observation="lipemic"), "hemoglobin"),
        "two": artifact("two", Observed(observation="icteric"), "platelets", "hemoglobin"),
        "moved": artifact("moved", MOVED, "hemoglobin"),
        "both": artifact(
            "both",
            Group(kind="all", members=(Observed(observation="agglutinated"), MOVED)),
            "hemoglobin",
        ),
    },
)


def contradiction(*apart: Apart, **more: object) -> Contradiction:
    apart = apart or (Apart(within_hours=24, more_than=G),)
    return Contradiction(
        **{"analyte": "hemoglobin", "apart": apart, "third_within_days": 14, **more}
    )


def judge(
    cases: list[str], condition: Contradiction
) -> list[tuple[str, str, list[str], list[str]]]:
    """Ask of several series at once, each of a patient of its own.

    A series is written such as `1.08 60 diluted; 1.10 <141 preliminary; 3 100 4mo`: day of January
    and hour, value in g/L, and words: an observation, an age, a status, Q or R for another patient.

    Returns:
        For each a letter a specimen: doubted (y), not (n), not asked (-); the same for set aside;
        and on what each of them rests.
    """
    lines, preliminary = [], []
    for case, series in enumerate(cases):
        for number, specimen in enumerate(series.split(";")):
            line = read_specimen(specimen, f"{case}", preliminary, f"{case}-{number}")
            lines.append(line)
    names = {name: "" for line in lines for name in line}
    tables = tables_of([names | line for line in lines], KNOWLEDGE)
    results = tables.results.copy()
    results.loc[results["accession"].isin(preliminary), "status"] = str(ResultStatus.PRELIMINARY)
    specimen_index, questions = ask_questions(
        results, tables.held, KNOWLEDGE, observations=tables.observations
    )
    contradictions = questions._contradictions
    doubted, aside = contradictions.find(condition), contradictions.set_aside(condition)
    place = {name: row for row, name in enumerate(specimen_index.accessions["accession"])}
    number_of = [name.partition("-")[2] for name in specimen_index.results["accession"]]

    def letter(answer, row: int | None) -> str:
        if row is None or not answer.reported[row]:
            return "-"
        assert answer.yes[row] != answer.no[row]
        return "y" if answer.yes[row] else "n"

    def rests(answer, row: int | None) -> str:
        those = [] if row is None else [each.results[row] for each in answer.evidence]
        return " ".join(number_of[each] for each in those if each >= 0)

    found = []
    for case, series in enumerate(cases):
        rows = [place.get(f"{case}-{number}") for number in range(series.count(";") + 1)]
        found.append(
            (
                "".join(letter(doubted, row) for row in rows),
                "".join(letter(aside, row) for row in rows),
                [rests(doubted, row) for row in rows],
                [rests(aside, row) for row in rows],
            )
        )
    return found


def read_specimen(
    text: str, patient: str, preliminary: list[str], accession: str
) -> dict[str, str]:
    at, value, *words = text.split()
    day, _, hour = at.partition(".")
    time = f" {hour[:2]}:{hour[2:] or '00'}" if hour else ""
    line = {
        "patient": f"P{patient}",
        "age": "40y",
        "accession": accession,
        "day": "" if day == "?" else f"2026-01-{int(day):02}{time}",
        "hemoglobin": "" if value == "-" else value,
    }
    for word in words:
        if word == "preliminary":
            preliminary.append(accession)
        elif word[0].isdigit():
            line["age"] = word
        elif word in ("Q", "R"):
            line["patient"] = f"P{patient}{word}"
        else:
            name, _, said = word.partition("=")
            line[name] = said.replace("T", " ") or "yes"
    return line


def check(cases: dict[str, str], condition: Contradiction, which: int = 0) -> None:
    """Compare the letters of every series with what is expected."""
    found = [each[which] for each in judge(list(cases), condition)]
    assert dict(zip(cases, found, strict=True)) == cases


WHO_IS_DOUBTED = {
    # More than 20 g/L apart, up or down, within 24 hours.
    "1.08 60; 1.10 141": "yy",
    "1.08 141; 1.10 60": "yy",
    "1.08 100; 1.10 120": "nn",
    "1.08 100; 1.10 121": "yy",
    "1.08 100; 2.08 121": "yy",
    "1.08 100; 2.0801 121": "nn",
    # Without a time it may have been within.
    "1 100; 2 121": "yy",
    "1 100; 3.0100 121": "nn",
    # What is certain of a bound.
    "1.08 <100; 1.10 121": "yy",
    "1.08 >100; 1.10 121": "nn",
    "1.08 100; 1.10 >120": "nn",
    "1.08 100; 1.10 >121": "yy",
    "1.08 121; 1.10 <100": "yy",
    "1.08 <121; 1.10 100": "nn",
    # Another patient, no result, no date, another one between: the next of the same patient.
    "1.08 60; 1.10 141 Q": "nn",
    "1.08 60; 1.09 -; 1.10 141": "y-y",
    "1.08 60; ? 141": "n-",
    "1.08 60": "n",
    "1.08 -": "-",
    # One that something else doubts already is not asked; of another analyte it is.
    "1.08 60 diluted; 1.10 141": "-n",
    "1.08 60 lipemic; 1.10 141": "-n",
    "1.08 60 hemolyzed; 1.10 141": "yy",
    "1.08 60 icteric; 1.10 141": "-n",
    "1.08 60; 1.09 100 diluted; 1.10 141": "y-y",
    # A doubt that itself comes of comparing the two, alone or with something else, is none here.
    "1.08 60; 1.10 141 agglutinated": "yy",
    # Three: the third agrees with one of them.
    "1.08 60; 1.10 141; 1.12 140": "ynn",
    "1.08 60; 1.10 141; 1.12 62": "nyn",
    "1.08 60; 1.10 141; 1.12 100": "yyy",
    # What came before agrees with the first of the two; the last may still be a true change.
    "1.08 62; 1.10 60; 1.12 141": "nyy",
    "1.08 140; 1.10 60; 1.12 62": "ynn",
    # A third one within 14 days, no later.
    "1.08 60; 1.10 141; 15.10 140": "ynn",
    "1.08 60; 1.10 141; 16.10 140": "yyn",
    # A preliminary third one clears nothing; it may be one of the two.
    "1.08 60; 1.10 141; 1.12 140 preliminary": "yyn",
    "1.08 60 preliminary; 1.10 141": "yy",
    "1.08 60; 1.10 141 preliminary; 1.12 140": "ynn",
    # One before and one after clear the first only together: both believed, both in agreement.
    "1.08 60; 1.10 61; 1.12 141; 1.14 >100": "nyyn",
    "1.08 60; 1.10 61; 1.12 141; 1.14 140 preliminary": "nyyn",
    "1.08 60 preliminary; 1.10 61; 1.12 141; 1.14 140": "nynn",
    # One before that is near both says nothing for either.
    "1.08 110; 1.10 100; 1.12 125": "nyy",
    # A bound that may be near neither clears nor is cleared.
    "1.08 60; 1.10 141; 1.12 >100": "yyn",
    # Four: pairs that agree on both sides.
    "1.08 60; 1.10 61; 1.12 141; 1.14 140": "nnnn",
    # Who agrees with one that is doubted clears nothing.
    "1.08 60; 1.10 141; 1.12 61; 1.14 140": "yyyy",
    "1.08 100; 1.10 141; 1.12 60; 1.14 141": "yyyy",
    # Of one patient alone no pair goes on to the next.
    "1.08 60; 1.10 61": "nn",
    # Of another patient on either side: no neighbor.
    "1.08 60 Q; 1.10 60; 1.12 141; 1.14 141 R": "nyyn",
}


def test_who_is_doubted():
    check(WHO_IS_DOUBTED, contradiction())


WHO_IS_SET_ASIDE = {
    # Between two that agree with each other and not with it; never the newest or the first.
    "1.08 141; 1.10 60; 1.12 140": "nyn",
    "1.08 60; 1.10 141; 1.12 62": "nyn",
    "1.08 60; 1.10 141": "nn",
    "1.08 60; 1.10 141; 1.12 100": "nnn",
    "1.08 62; 1.10 60; 1.12 141": "nnn",
    "1.08 60; 1.10 -; 1.12 141": "n-n",
    # Also where the one after it is too late to contradict it.
    "1.08 60; 1.10 141; 3.10 62": "nyn",
}


def test_who_is_set_aside():
    check(WHO_IS_SET_ASIDE, contradiction(), which=1)


def test_a_doubt_rests_on_both_in_order_of_time():
    assert judge(["1.08 60; 1.10 141"], contradiction())[0][2] == ["0 1", "0 1"]
    assert judge(["1.10 141; 1.08 60"], contradiction())[0][2] == ["1 0", "1 0"]
    assert judge(["1.08 60; 1.10 141; 1.12 140"], contradiction())[0][2] == ["0 1", "", ""]
    assert judge(["1.08 100; 1.10 110"], contradiction())[0][2] == ["", ""]


def test_who_is_set_aside_rests_on_the_same_two():
    (found,) = judge(["1.08 60; 1.10 141; 1.12 62; 5.08 62; 5.10 141"], contradiction())
    assert found[1:] == ("nynnn", ["", "1 2", "", "3 4", "3 4"], ["", "1 2", "", "", ""])


DAYS = Apart(within_days=7, more_than=(("g/L", 30.0),))
SHARE = Apart(within_hours=24, more_than_share=0.5)
LOW = Apart(within_hours=24, one_below=(("g/L", 80.0),), other_above=(("g/L", 120.0),))


HOW_FAR = [
    (
        (DAYS,),
        {
            "1 100; 8 131": "yy",
            "1 100; 9 131": "nn",
            "1 100; 8 130": "nn",
            "1.08 100; 8.23 131": "yy",
        },
    ),
    # Any of several is enough, each for its own time.
    (
        (Apart(within_hours=24, more_than=G), DAYS),
        {"1.08 100; 3.08 125": "nn", "1.08 100; 1.10 125": "yy", "1.08 100; 3.08 135": "yy"},
    ),
    # Without any day between them.
    ((replace(DAYS, within_days=0),), {"1 100; 1 131": "yy", "1 100; 2 131": "nn"}),
    # To nine decimals.
    (
        (Apart(within_hours=24, more_than=G),),
        {"1.08 100; 1.10 120.0000000006": "yy", "1.08 100; 1.10 120.0000000004": "nn"},
    ),
    # A third one agrees by the amount of its own time, or the last one where none is.
    (
        (Apart(within_hours=24, more_than=G), DAYS),
        {
            "1.08 60; 1.10 141; 3.10 116": "ynn",
            "1.08 60; 1.10 141; 12.10 116": "ynn",
            "1.08 60; 1.10 141; 12.10 105": "yyn",
            "1.08 60; 1.10 141; 1.12 116": "yyy",
            # By all amounts of its time.
            "1.08 60; 1.10 20; 1.12 <25": "yyn",
        },
    ),
    # Whatever the order: the amount of its own time is enough.
    (
        (DAYS, Apart(within_hours=24, more_than=G)),
        {"1.08 60; 1.10 141; 3.10 116": "ynn"},
    ),
    # By more than half of the higher one.
    (
        (SHARE,),
        {
            "1.08 100; 1.10 50": "nn",
            "1.08 100; 1.10 49": "yy",
            "1.08 49; 1.10 100": "yy",
            "1.08 0; 1.10 0": "nn",
            "1.08 0; 1.10 1": "yy",
            "1.08 <5; 1.10 <10": "nn",
        },
    ),
    # One below, the other above.
    (
        (LOW,),
        {
            "1.08 79; 1.10 121": "yy",
            "1.08 80; 1.10 121": "nn",
            "1.08 79; 1.10 120": "nn",
            "1.08 121; 1.10 79": "yy",
        },
    ),
    # All that is given must hold.
    (
        (replace(SHARE, more_than=G),),
        {"1.08 30; 1.10 10": "nn", "1.08 31; 1.10 10": "yy", "1.08 60; 1.10 39": "nn"},
    ),
    (
        (replace(LOW, other_above=(), more_than=G),),
        {"1.08 79; 1.10 90": "nn", "1.08 79; 1.10 100": "yy"},
    ),
]


@pytest.mark.parametrize(("apart", "cases"), HOW_FAR)
def test_how_far_apart_is_too_far(apart, cases):
    check(cases, contradiction(*apart))


def test_amounts_are_in_the_unit_that_is_named():
    condition = contradiction(Apart(within_hours=24, more_than=(("g/dL", 2.0),)))
    check({"1.08 100; 1.10 120": "nn", "1.08 100; 1.10 121": "yy"}, condition)


FROM_WHICH_AGE_ON = {
    # Younger patients are not asked; of the age itself they are.
    "1.08 60 2mo; 1.10 141 2mo": "--",
    "1.08 60 3mo; 1.10 141 3mo": "yy",
    "1.08 60 2mo; 1.10 141 3mo": "-n",
}


def test_from_which_age_on():
    check(FROM_WHICH_AGE_ON, contradiction(from_months=3))


ACROSS_WHAT_IS_GIVEN = {
    # Blood explains a rise, and no fall.
    "1.08 60; 1.20 141 transfused=2026-01-01T12:00": "nn",
    "1.08 141; 1.20 60 transfused=2026-01-01T12:00": "yy",
    "1.08 60; 1.20 141 transfused=2026-01-03T12:00": "yy",
    "1.08 60; 1.20 141 platelets-transfused=2026-01-01T12:00": "yy",
}


def test_across_what_is_given():
    check(ACROSS_WHAT_IS_GIVEN, contradiction(not_across=("transfused",)))


WHAT_CONTRADICTS_NONE_BEFORE_IT = {
    # It contradicts none before it, but those after it.
    "1.08 60; 1.10 141 citrate-count": "nn",
    "1.08 60 citrate-count; 1.10 141": "yy",
    # Which one came first cannot be told.
    "1 60 citrate-count; 1 141": "nn",
    "1 60 citrate-count; 1.10 141": "nn",
    "1.00 60 citrate-count; 1 141": "nn",
    "1.08 60 citrate-count; 1.08 141": "nn",
    # Any of several.
    "1.08 60; 1.10 141 myeloma=no": "yy",
    "1.08 60; 1.10 141 myeloma": "nn",
}


def test_what_contradicts_none_before_it():
    check(WHAT_CONTRADICTS_NONE_BEFORE_IT, contradiction(not_by=("citrate-count", "myeloma")))
