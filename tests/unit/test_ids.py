"""What counts as an id, and what only says that there is none."""

import pytest

from pipeline.ingest.cells.ids import clean_ids, index_missing_ids
from pipeline.knowledge.load import load_knowledge

MISSING = index_missing_ids(load_knowledge())


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("0012", "0012"),
        ("12E5", "12E5"),
        ("ab1", "ab1"),
        ("AB1", "AB1"),
        ("A/7", "A/7"),
        ("e\u03011", "\u00e91"),
        ("Nana", "Nana"),
        ("NA-1", "NA-1"),
        ("X", "X"),
        ("1.23E+11", "1.23E+11"),
        ("#N/A", "#N/A"),
        ("P\u200b1", "P\u200b1"),
        ("\u200b", "\u200b"),
        ("100", "100"),
        ("001", "001"),
        ('="0012"', "0012"),
        ("'0012", "0012"),
        ("'Neil", "'Neil"),
        ('="NA"', ""),
        ('=""', ""),
        ('="1"&"2"', '="1"&"2"'),
        ("NA", ""),
        ("n/a", ""),
        ("NaN", ""),
        ("<NA>", ""),
        ("None", ""),
        ("NULL", ""),
        ("-", ""),
        ("---", ""),
        ("?", ""),
        (".", ""),
        ("0", ""),
        ("000", ""),
        ("00-00", ""),
        ("UNKNOWN", ""),
        ("Not  known", ""),
        ("unbekannt", ""),
        ("An\u00f3nimo", ""),
        ("", ""),
    ],
)
def test_id(text: str, answer: str) -> None:
    assert clean_ids([text], MISSING) == [answer]


def test_ids_keep_their_order() -> None:
    assert clean_ids(["b", "NA", "a", "b"], MISSING) == ["b", "", "a", "b"]
