"""Values, ages and units under text that nobody thought of."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pandas as pd
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.ingest.cells.numbers import read_value
from pipeline.ingest.cells.sex_and_age import (
    LEAST_DAYS,
    MOST_DAYS,
    ages_at,
    index_ages,
    parse_ages,
)
from pipeline.ingest.cells.units import round_off, unit_key
from pipeline.ingest.cells.value_words import index_value_words
from pipeline.knowledge.load import load_knowledge
from tests.properties import examples

PURE = settings(max_examples=examples(100), deadline=None)
WORDS = index_value_words(load_knowledge())
AGES = index_ages(load_knowledge())
DECIMALS = st.sampled_from(["", ".", ","])
UNITS = ("g/L", "%", "K/uL", "x10^9/L")

# Written from docs/values.md, not from the code: what a cell with a number may look like.
_FLAG = r"(?:HH|LL|AA|[HLNAE!↑↓]|[HL]\*|high|low|normal|abnormal|critical|hi|lo)"
_FLAGGED = rf"(?:{_FLAG}|\({_FLAG}\)|\[{_FLAG}\])"
_GAP = "[\u00a0\u2007\u2009\u202f'’]"
_DIGITS = (
    rf"(?:[0-9]+(?:[.,][0-9]+)?|[.,][0-9]+|[0-9]{{1,3}}(?:,[0-9]{{3}})+(?:\.[0-9]+)?|[0-9]{{1,3}}(?:\.[0-9]{{3}})+(?:,[0-9]+)?"
    rf"|[0-9]{{1,2}}(?:,[0-9]{{2}})+,[0-9]{{3}}(?:\.[0-9]+)?|[0-9]{{1,3}}(?:{_GAP}[0-9]{{3}})+(?:[.,][0-9]+)?)"
)
_POWER = r"[xX×*]\s*10\s*(?:[\^*ˆ'⁻⁰¹²³⁴⁵⁶⁷⁸⁹(eE].*)"
_UNIT = rf"(?:{'|'.join(re.escape(unit) for unit in UNITS)}|{_POWER})"
_SIGN = r"(?:[<>]=?|≤|≥|[a-zäöüßéèáà ]{4,}\s*)"
GRAMMAR = re.compile(
    rf"\s*(?:(?:HH|LL|H|L)\s+)?(?:{_SIGN}\s*)?{_DIGITS}(?:[eE][+-]?[0-9]{{1,3}})?"
    rf"\s*(?:{_FLAGGED}|{_UNIT}(?:\s+{_FLAGGED})?|{_FLAGGED}\s+{_UNIT})?\s*",
    re.IGNORECASE,
)

numbers = st.decimals(
    min_value=0, max_value=10**9, places=3, allow_nan=False, allow_infinity=False
).map(lambda number: number.normalize())
lookalikes = st.text(
    alphabet="0123456789.,<>=≤≥+-* \u00a0\u202f'xX^eEHLg/%()_:~!\u0661\uff12½²NA", max_size=12
)


def is_unit(text: str) -> bool:
    return text in UNITS


@PURE
@given(
    number=numbers, sign=st.sampled_from([".", ","]), comparator=st.sampled_from(["", "<", ">="])
)
def test_a_number_in_the_decimal_sign_of_its_file_reads_back(
    number: Decimal, sign: str, comparator: str
) -> None:
    text = f"{number:f}".replace(".", sign)
    value = read_value(comparator + text, WORDS, sign, is_unit)
    assert (value.comparator, value.number, value.code) == (comparator, float(number), "")


@PURE
@given(number=st.integers(1000, 10**9), cents=st.integers(0, 99))
def test_grouped_thousands_with_cents_are_never_misread(number: int, cents: int) -> None:
    text, answer = f"{number:,}.{cents:02}", float(f"{number}.{cents:02}")
    other = text.translate(str.maketrans(",.", ".,"))
    for decimal in ("", ".", ","):
        assert {read_value(each, WORDS, decimal, is_unit).number for each in (text, other)} == {
            answer
        }


@PURE
@given(number=st.integers(1, 999), tail=st.integers(0, 999), decimal=DECIMALS)
def test_three_digits_after_the_only_separator_are_read_one_way_or_not_at_all(
    number: int, tail: int, decimal: str
) -> None:
    for separator in ".,":
        value = read_value(f"{number}{separator}{tail:03}", WORDS, decimal, is_unit)
        if decimal == separator:
            assert value.number == float(f"{number}.{tail:03}")
        else:
            assert value.code == "number-ambiguous"


@PURE
@given(text=lookalikes | st.text(max_size=15), decimal=DECIMALS)
@example(text="1e400", decimal=".")
@example(text="12\u200b", decimal=".")
@example(text="\u0661\u0662", decimal=".")
@example(text="1_0", decimal="")
def test_no_number_comes_of_a_cell_outside_the_documented_classes(text: str, decimal: str) -> None:
    value = read_value(text, WORDS, decimal, is_unit)
    assert (value.number is None) == bool(value.code)
    if value.number is not None:
        assert GRAMMAR.fullmatch(text)
        assert 0 <= value.number < float("inf")
        assert text.isascii() or not any(
            c.isdigit() and not c.isascii() for c in text if c not in "²"
        )


@PURE
@given(
    born=st.dates(date(1900, 1, 1), date(2024, 12, 31)),
    days=st.integers(0, 45_000),
)
def test_an_age_in_months_brackets_its_days_and_the_other_way_round(born: date, days: int) -> None:
    collected = born + timedelta(days=days)
    dates = [pd.Series([pd.Timestamp(day)]).astype("datetime64[us]") for day in (born, collected)]
    exact = ages_at(dates[0], dates[1]).iloc[0]
    months = int(exact["age_months"])
    assert exact["age_days"] == days
    assert LEAST_DAYS[months] <= days < MOST_DAYS[months + 1]
    for text in (
        f"{months // 12}",
        f"{months}m",
        f"{days}d",
        f"{days // 7}w",
        f"{months / 12:.1f}",
    ):
        stated = parse_ages([text], AGES).iloc[0]
        assert stated["age_days_low"] <= days <= stated["age_days_high"], text
        assert stated["age_months_low"] <= months <= stated["age_months_high"], text


@PURE
@given(number=st.floats(1e-10, 1e15))
def test_rounding_keeps_twelve_digits(number: float) -> None:
    assert round_off(pd.array([number], dtype="float64").to_numpy())[0] == float(f"{number:.12g}")


@PURE
@given(text=st.text(max_size=20))
def test_a_key_of_a_unit_is_its_own_key(text: str) -> None:
    key = unit_key(text)
    assert not re.search(r"\s", key)
    assert unit_key(key) in (key, unit_key(unit_key(key)))
