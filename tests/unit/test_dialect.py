"""The decimal sign of a file and the order of its dates."""

import pytest

from pipeline.ingest.layout.dialect import decide_date_order, decide_decimal, reads_two_ways


# One sign for the whole file; where numbers contradict each other the point stands.
@pytest.mark.parametrize(
    ("texts", "layout", "site", "sign", "is_contradicted"),
    [
        ("12 404 <5", "", "", "", False),
        ("12 404", "", ",", ",", False),
        ("11.2 9", "", "", ".", False),
        ("11,2 9", "", "", ",", False),
        ("<0,5", "", "", ",", False),
        (">=11.25H", "", "", ".", False),
        ("0.125", "", "", ".", False),
        ("1234.567", "", "", ".", False),
        ("1,025.36", "", "", ".", False),
        ("1.025,36", "", "", ",", False),
        ("1,234,567", "", "", ".", False),
        ("1.234.567", "", "", ",", False),
        ("12.05.2024", "", "", "", False),
        ("1.060 404,000", "", "", "", False),
        ("1,060", "", ",", ",", False),
        ("1,060", ",", "", ",", False),
        ("1,060 11.2", "", "", ".", False),
        ("1.060 11,2", "", "", ",", False),
        ("11.2 11,2", "", "", ".", True),
        ("11.2", ",", "", ",", True),
        ("11.2", "", ",", ".", False),
        ("see:11,2", "", "", "", False),
        ("١١.٢", "", "", "", False),
    ],
)
def test_decimal_sign(texts, layout, site, sign, is_contradicted):
    found = decide_decimal(texts.split(), layout=layout, site=site)
    assert (found.sign, found.is_contradicted) == (sign, is_contradicted)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("1.060", True),
        ("1,060", True),
        ("<404,000", True),
        ("404,000 H", True),
        ("0.125", False),
        ("1060", False),
        ("10.60", False),
        ("1234,567", False),
        ("1,060.5", False),
        ("", False),
    ],
)
def test_numbers_that_read_two_ways(text, answer):
    assert reads_two_ways(text) is answer


# A part above twelve settles the column; what was stated must not be contradicted.
@pytest.mark.parametrize(
    ("texts", "stated", "order"),
    [
        ("03/04/2024", "", ""),
        ("03/04/2024", "day-first", "day-first"),
        ("03/04/2024", "month-first", "month-first"),
        ("03/04/2024 25/12/2024", "", "day-first"),
        ("03/04/2024 12/25/2024", "", "month-first"),
        ("3-4-2024 25-12-2024", "", "day-first"),
        ("25/12/2024 12/25/2024", "", ""),
        ("12/25/2024", "day-first", ""),
        ("25/12/2024", "month-first", ""),
        ("2024-04-25 20240425", "", ""),
        ("25/12/24", "", ""),
        ("31/31/2024", "", ""),
        ("25.12.2024", "", ""),
        ("03.04.2024 12/25/2024", "", "month-first"),
    ],
)
def test_date_order(texts, stated, order):
    assert decide_date_order(texts.split(), stated) == order


def test_times_do_not_hide_a_date():
    assert decide_date_order(["25/12/2024 10:30", "3/4/2024 11:51 a.m."]) == "day-first"
