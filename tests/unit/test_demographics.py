"""Sex and age as exports write them."""

import pandas as pd
import pytest

from pipeline.ingest.cells.sex_and_age import (
    age_unit_of,
    ages_at,
    index_ages,
    index_sexes,
    parse_ages,
    parse_sexes,
)
from pipeline.knowledge.load import load_knowledge
from schemas.vocabulary import Sex

HELD = "held"
WORDS = index_sexes(load_knowledge())
AGES = index_ages(load_knowledge())


def sexes(column: str, key: dict[str, Sex] | None = None) -> str:
    read = parse_sexes(column.split(","), key or {}, WORDS)
    cells = zip(read["sex"], read["code"], strict=True)
    return ",".join(HELD if code == "sex-unreadable" else sex or "?" for sex, code in cells)


@pytest.mark.parametrize(
    ("column", "answer"),
    [
        ("F,M", "F,M"),
        ("f,m ,M.", "F,M,M"),
        ("M", "M"),
        ("W,M", "F,M"),
        ("female,male,Woman,man", "F,M,F,M"),
        ("weiblich,männlich,maennlich", "F,M,M"),
        ("femme,homme,Féminin,masculin", "F,M,F,M"),
        ("mujer,hombre,femenino,varón", "F,M,F,M"),
        ("femmina,maschio", "F,M"),
        ("mulher,homem", "F,M"),
        ("H,F", "M,F"),
        ("H,M", "M,F"),
        ("H", "held"),
        ("H,M,F", "held,held,F"),
        ("V,M", "held,held"),
        ("V,F", "M,F"),
        ("V,H,M", "held,held,held"),
        ("F,N", "?,?"),
        ("F,M,N", "F,M,?"),
        ("0,1", "held,held"),
        ("1,2", "held,held"),
        (",U,unknown,X,-,?,other,D,divers", "?,?,?,?,?,?,?,?,?"),
        ("zz,MF,F/M", "held,held,?"),
        ("F,I,NB,UN,A", "F,?,?,?,?"),
        ("F,M,Non-binary,Unspecified,Intersex", "F,M,?,?,?"),
        ("W,M,divers,nicht binär,k.A.", "F,M,?,?,?"),
        ("femme,homme,non binaire,autre", "F,M,?,?"),
        ("mujer,hombre,no binario,otro", "F,M,?,?"),
        ("♀,♂,Mme,Ms", "F,M,F,F"),
        ("F,N,T,K", "F,?,held,held"),
    ],
)
def test_sexes(column: str, answer: str) -> None:
    assert sexes(column) == answer


def test_the_key_of_a_layout_decides() -> None:
    key = {"1": Sex.MALE, "2": Sex.FEMALE}
    assert sexes("1,2,9,M,", key) == "M,F,held,held,?"
    assert sexes("h,m", {"H": Sex.MALE, "M": Sex.FEMALE}) == "M,F"


def ages(text: str, bare: str = "years") -> str:
    read = parse_ages([text], AGES, bare).iloc[0]
    if read["code"]:
        return HELD
    ends = ("age_days_low", "age_days_high", "age_months_low", "age_months_high")
    low, high, months_low, months_high = ("" if pd.isna(read[end]) else read[end] for end in ends)
    return f"{low}..{high}d {months_low}..{months_high}m"


@pytest.mark.parametrize(
    ("text", "bare", "answer"),
    [
        ("12d", "years", "12..12d 0..0m"),
        ("30 days", "years", "30..30d 0..1m"),
        ("3w", "years", "21..27d 0..0m"),
        ("36 h", "years", "1..1d 0..0m"),
        ("8m", "years", "242..275d 8..8m"),
        ("8 mo", "years", "242..275d 8..8m"),
        ("8", "months", "242..275d 8..8m"),
        ("8", "days", "8..8d 0..0m"),
        ("0", "years", "0..365d 0..11m"),
        ("1y 3m", "years", "454..488d 15..15m"),
        ("2 Jahre 3 Monate", "years", "819..853d 27..27m"),
        ("44", "years", "16070..16436d 528..539m"),
        ("44y", "days", "16070..16436d 528..539m"),
        ("44 years", "years", "16070..16436d 528..539m"),
        ("44 ans", "years", "16070..16436d 528..539m"),
        ("44 años", "years", "16070..16436d 528..539m"),
        ("044Y", "years", "16070..16436d 528..539m"),
        ("0.5", "years", "150..244d 5..7m"),
        ("0,5 J.", "years", "held"),
        (">89", "years", "32506..d 1068..m"),
        ("90+", "years", "32871..d 1080..m"),
        (">=90 y", "years", "32871..d 1080..m"),
        ("<1", "years", "0..365d 0..11m"),
        ("< 2 m", "years", "0..61d 0..1m"),
        ("", "years", "..d ..m"),
        ("unknown", "years", "..d ..m"),
        ("999", "years", "held"),
        ("131", "years", "held"),
        ("<0", "years", "held"),
        ("-1", "years", "held"),
        ("5 j", "years", "held"),
        ("adult", "years", "held"),
        ("1y 3d", "years", "held"),
        ("99999 days", "years", "held"),
        ("44 45", "years", "held"),
        ("44 furlongs", "years", "held"),
        ("٤٤", "years", "held"),
    ],
)
def test_ages(text: str, bare: str, answer: str) -> None:
    assert ages(text, bare) == answer


@pytest.mark.parametrize(
    ("header", "answer"),
    [
        ("Age", "years"),
        ("age (years)", "years"),
        ("Alter (Monate)", "months"),
        ("age_in_days", "days"),
        ("Age weeks", "weeks"),
        ("", "years"),
    ],
)
def test_the_header_names_the_unit_of_bare_ages(header: str, answer: str) -> None:
    assert age_unit_of(header, AGES) == answer


@pytest.mark.parametrize(
    ("born", "collected", "days", "months"),
    [
        ("2024-05-31", "2024-05-31", 0, 0),
        ("2024-05-31", "2024-06-30", 30, 0),
        ("2024-05-31", "2024-07-01", 31, 1),
        ("2020-02-29", "2021-02-28", 365, 11),
        ("2020-02-29", "2021-03-01", 366, 12),
        ("2020-02-29", "2024-02-29", 1461, 48),
        ("1980-06-15", "2024-06-14 23:59", 16070, 527),
        ("1980-06-15", "2024-06-15 00:01", 16071, 528),
        ("2024-05-31", "2024-05-30", -1, -1),
        ("", "2024-05-30", None, None),
        ("2024-05-31", "", None, None),
    ],
)
def test_age_by_the_calendar(
    born: str, collected: str, days: int | None, months: int | None
) -> None:
    birth_date, collected_at = (
        pd.Series(pd.to_datetime([text or None])).astype("datetime64[us]")
        for text in (born, collected)
    )
    age = ages_at(birth_date, collected_at).iloc[0]
    assert [None if pd.isna(each) else each for each in age] == [days, months]
