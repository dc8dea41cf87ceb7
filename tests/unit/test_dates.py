"""Dates and times as laboratories write them."""

import pandas as pd
import pytest

from pipeline.ingest.cells.dates import index_dates, parse_dates
from pipeline.knowledge.load import load_knowledge

WORDS = index_dates(load_knowledge())


def shown(text: str, order: str = "") -> str:
    read = parse_dates([text], WORDS, order).iloc[0]
    if read["code"]:
        assert pd.isna(read["at"]), "a held date must not carry one"
        return str(read["code"])
    if pd.isna(read["at"]):
        return ""
    at = read["at"].isoformat(sep=" ")
    return (at[:10] if read["precision"] == "date" else at) + ("+" if read["has_offset"] else "")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("", ""),
        ("2024-05-31", "2024-05-31"),
        ("2024-5-3", "2024-05-03"),
        ("2024/05/31", "2024-05-31"),
        ("20240531", "2024-05-31"),
        ("20240531083015", "2024-05-31 08:30:15"),
        ("2024-05-31T08:30", "2024-05-31 08:30:00"),
        ("2024-05-31 08:30:15", "2024-05-31 08:30:15"),
        ("2024-05-31 08:30:15.25", "2024-05-31 08:30:15.250000"),
        ("2024-05-31T08:30:00Z", "2024-05-31 08:30:00+"),
        ("2024-05-31T08:30:00+02:00", "2024-05-31 08:30:00+"),
        ("2024-05-31 00:00:00", "2024-05-31"),
        ("31.5.2024", "2024-05-31"),
        ("05.06.2024 8:05", "2024-06-05 08:05:00"),
        ("31 May 2024", "2024-05-31"),
        ("31-MAY-2024", "2024-05-31"),
        ("31MAY2024:10:20:00", "2024-05-31 10:20:00"),
        ("May 31, 2024", "2024-05-31"),
        ("31. Mai 2024", "2024-05-31"),
        ("8. März 2024", "2024-03-08"),
        ("12 août 2024", "2024-08-12"),
        ("31 de mayo de 2024", "2024-05-31"),
        ("3/3/2015 11:51 a.m.", "2015-03-03 11:51:00"),
        ("3/3/2015 12:10 AM", "2015-03-03 00:10:00"),
        ("3/3/2015 11:51 PM", "2015-03-03 23:51:00"),
        ("3/3/2015 13:51 PM", "date-unreadable"),
        ("31/05/24", "date-unreadable"),
        ("31-May-24", "date-unreadable"),
        ("45443", "date-unreadable"),
        ("45443.5", "date-unreadable"),
        ("2024", "date-unreadable"),
        ("2024-05", "date-unreadable"),
        ("2023-02-29", "date-unreadable"),
        ("2024-05-31 24:00", "date-unreadable"),
        ("31/31/2024", "date-unreadable"),
        ("1899-12-30", "date-unreadable"),
        ("0024-05-31", "date-unreadable"),
        ("00/00/0000", "date-unreadable"),
        ("31 Foo 2024", "date-unreadable"),
        ("\uff12\uff10\uff12\uff14-05-31", "date-unreadable"),
        ("yesterday", "date-unreadable"),
    ],
)
def test_forms(text: str, answer: str) -> None:
    assert shown(text) == answer


@pytest.mark.parametrize(
    ("text", "order", "answer"),
    [
        ("05/06/2024", "", "date-ambiguous"),
        ("05/06/2024", "day-first", "2024-06-05"),
        ("05/06/2024", "month-first", "2024-05-06"),
        ("05-06-2024 08:30", "month-first", "2024-05-06 08:30:00"),
        ("05/05/2024", "", "2024-05-05"),
        ("25/06/2024", "", "2024-06-25"),
        ("06/25/2024", "", "2024-06-25"),
        ("06/25/2024", "day-first", "date-unreadable"),
        ("25/06/2024", "month-first", "date-unreadable"),
        ("05.06.2024", "month-first", "2024-06-05"),
    ],
)
def test_order_of_day_and_month(text: str, order: str, answer: str) -> None:
    assert shown(text, order) == answer


def test_a_dotted_date_that_is_month_first_spoils_the_dots_of_its_column() -> None:
    read = parse_dates(["05.06.2024", "06.25.2024", "2024-05-31"], WORDS)
    assert read["code"].tolist() == ["date-unreadable", "date-unreadable", ""]


@pytest.mark.parametrize("text", ["00/00/0000", "0000-00-00", "00.00.0000", "00000000"])
def test_a_birth_date_of_zeros_is_none(text: str) -> None:
    birth = parse_dates([text], WORDS, zero_is_missing=True)
    collected = parse_dates([text], WORDS)
    assert (birth["code"][0], collected["code"][0]) == ("", "date-unreadable")
    assert birth["at"].isna().all()


def test_dates_come_as_a_typed_table() -> None:
    for texts in (["2024-05-31", "x"], []):
        kinds = {name: str(kind) for name, kind in parse_dates(texts, WORDS).dtypes.items()}
        assert kinds == {
            "at": "datetime64[us]",
            "precision": "str",
            "has_offset": "bool",
            "code": "str",
            "detail": "str",
        }
