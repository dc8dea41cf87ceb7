"""Cells that answer a question in words, with a number or with a date."""

import pytest

from pipeline.ingest.cells.qualitative import index_qualitative_words, read_cells
from pipeline.knowledge.load import load_knowledge

KNOWLEDGE = load_knowledge()
WORDS = index_qualitative_words(KNOWLEDGE)


def say(code, *texts, **how):
    observation = KNOWLEDGE.observations[code]
    return [
        cell.answer
        if cell.number is None and cell.day is None
        else f"{cell.number:g}" if cell.day is None else f"{cell.day:%Y-%m-%d}"
        for cell in read_cells(texts, observation, WORDS, **how)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("present", "yes"),
        ("Present.", "yes"),
        ("1+", "yes"),
        ("++", "yes"),
        ("(+)", "yes"),
        ("+2", "yes"),
        ("2", "yes"),
        ("few", "yes"),
        ("Few (1+)", "yes"),
        ("slight 1+", "yes"),
        ("seen", "yes"),
        ("occasional", "yes"),
        ("vereinzelt", "yes"),
        ("présents", "yes"),
        ("escasos", "yes"),
        ("not seen", "no"),
        ("NOT SEEN", "no"),
        ("absent", "no"),
        ("none", "no"),
        ("0", "no"),
        ("0.0", "no"),
        ("negative", "no"),
        ("keine", "no"),
        ("no se observan", "no"),
        ("", ""),
        ("unknown", ""),
        ("n/a", ""),
        ("5", "?"),
        ("0.5 %", "?"),
        ("+++++", "?"),
        ("not seen 1+", "?"),
        ("see comment", "?"),
        ("normal", "?"),
        ("perhaps", "?"),
    ],
)
def test_film_words(text, said):
    assert say("schistocytes", text) == [said]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("positive", "yes"),
        ("POSITIV", "yes"),
        ("pos.", "yes"),
        ("Reactive", "yes"),
        ("détectés", "yes"),
        ("nachweisbar", "yes"),
        ("+", "yes"),
        ("+++", "yes"),
        ("positive 34 AU/mL", "yes"),
        ("34,5 RU/ml (positiv)", "yes"),
        ("positive (<1.0)", "yes"),
        ("pos 1:40", "yes"),
        ("negative", "no"),
        ("Neg.", "no"),
        ("negative (<1.0)", "no"),
        ("<1.0 negative", "no"),
        ("negativ 0,8 E/mL", "no"),
        ("Non-Reactive", "no"),
        ("nonreactive", "no"),
        ("not detected, < 1.5", "no"),
        ("nicht nachweisbar", "no"),
        ("non détecté", "no"),
        ("No reactivo", "no"),
        ("não reagente", "no"),
        # A number by itself, and digits that are grades elsewhere.
        ("34", "?"),
        ("34 AU/mL", "?"),
        ("<1.0", "?"),
        ("0", "?"),
        ("1", "?"),
        ("2", "?"),
        ("1+", "?"),
        ("(+)", "?"),
        ("+/-", "?"),
        # Neither, or of both.
        ("indeterminate", "unclear"),
        ("equivocal", "unclear"),
        ("borderline", "unclear"),
        ("grenzwertig", "unclear"),
        ("weakly positive", "unclear"),
        ("schwach positiv", "unclear"),
        ("positive?", "?"),
        ("not positive", "?"),
        ("non-negative", "?"),
        ("negative/positive", "?"),
        ("positive; negative on repeat", "?"),
        ("not 34 detected", "?"),
        ("1+ positive", "?"),
        ("see comment", "?"),
        # Words of films and of context.
        ("yes", "?"),
        ("no", "?"),
        ("none", "?"),
        ("few", "?"),
        ("trace", "?"),
        ("seen", "?"),
        ("normal", "?"),
        ("", ""),
        ("-", ""),
        ("n/a", ""),
        ("unknown", ""),
    ],
)
def test_antibodies(text, said):
    assert say("intrinsic-factor-antibody", text) == [said]


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["yes", "no", "", "unknown"], ["yes", "no", "", ""]),
        (["Y", "N", "U"], ["yes", "no", ""]),
        (["ja", "nein"], ["yes", "no"]),
        (["oui", "non"], ["yes", "no"]),
        (["sí", "no"], ["yes", "no"]),
        (["1", "0"], ["yes", "no"]),
        (["1"], ["yes"]),
        (["1", "2"], ["?", "?"]),
        (["1", "0", "9"], ["?", "?", "?"]),
        (["not pregnant"], ["no"]),
        (["negative"], ["no"]),
        (["maybe", "yes?"], ["?", "?"]),
        (["2nd trimester"], ["?"]),
        (["1+"], ["?"]),
    ],
)
def test_yes_or_no_of_a_person(texts, said):
    assert say("pregnant", *texts) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1", "1"),
        ("3", "3"),
        ("T2", "2"),
        ("II", "2"),
        ("2nd", "2"),
        ("2.", "2"),
        ("Third trimester", "3"),
        ("3e trimestre", "3"),
        ("", ""),
        ("n/a", ""),
        ("0", "?"),
        ("4", "?"),
        ("1.5", "?"),
        ("<3", "?"),
        ("yes", "?"),
        ("28 weeks", "?"),
    ],
)
def test_trimesters(text, said):
    assert say("trimester", text) == [said]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1", "?"),
        ("2", "1"),
        ("13", "1"),
        ("13+6", "1"),
        ("14", "2"),
        ("27+6", "2"),
        ("27 w 6 d", "2"),
        ("28", "3"),
        ("28/40", "3"),
        ("44", "3"),
        ("45", "?"),
        ("T2", "?"),
        ("-", ""),
    ],
)
def test_weeks_of_pregnancy(text, said):
    weeks = KNOWLEDGE.observations["trimester"].scales[0]
    assert say("trimester", text, scale=weeks) == [said]


@pytest.mark.parametrize(
    ("text", "decimal", "said"),
    [
        ("2240", "", "2240"),
        ("2240 m", "", "2240"),
        ("2240.5", ".", "2240.5"),
        ("3 640 m", "", "?"),
        ("0", "", "0"),
        ("-430", "", "?"),
        ("5500", "", "5500"),
        ("5501", "", "?"),
        ("2,240", "", "?"),
        ("2,240", ".", "?"),
        ("7000 ft", "", "?"),
        ("high", "", "?"),
        ("unknown", "", ""),
    ],
)
def test_elevation(text, decimal, said):
    assert say("elevation-m", text, decimal=decimal) == [said]


def test_elevation_in_feet():
    feet = KNOWLEDGE.observations["elevation-m"].scales[0]
    assert say("elevation-m", "5000", scale=feet) == ["1524"]


@pytest.mark.parametrize(
    ("text", "order", "said"),
    [
        ("2026-01-15", "", "2026-01-15"),
        ("15.1.2026", "", "2026-01-15"),
        ("2026-01-15 08:30", "", "2026-01-15"),
        ("03/04/2026", "day-first", "2026-04-03"),
        ("03/04/2026", "", "?"),
        ("yes", "", "yes"),
        ("no", "", "no"),
        ("", "", ""),
        ("unknown", "", ""),
        ("2026", "", "?"),
        ("last week", "", "?"),
    ],
)
def test_dates(text, order, said):
    assert say("transfused", text, order=order) == [said]
