"""Time to read grows with the length of a cell, whatever stands in it: no cell stops the reader.

Compared are two lengths in one process, never a time with the clock.
"""

import time
from itertools import islice

import pytest

from pipeline.ingest.file import read_results
from pipeline.ingest.formats.delimited import MAX_CELL
from pipeline.ingest.text_tables import SiteConventions
from pipeline.knowledge.load import load_knowledge

KNOWLEDGE = load_knowledge()
COLUMNS = (
    "patient_id", "patient_name", "sex", "birth_date", "age", "sample_id", "collected_at", "analyte",
    "value", "unit", "reference_range", "flag", "status", "comment", "medications", "conditions",
    "loinc", "material", "Remarks", "Foo",
)  # fmt: skip
GOOD = {
    "patient_id": "P1", "patient_name": "Aster", "sex": "F", "birth_date": "1980-05-01",
    "sample_id": "S1", "collected_at": "2026-03-01", "analyte": "Hemoglobin", "value": "11.2",
    "unit": "g/dL", "status": "final",
}  # fmt: skip
REPEATED = (
    " ", "1", "a", "1 ", "1.", "1,", "1/", "a ", "a/", "(", "( ", "[a", "- ", "<", "10*", "^", "# ",
    "no ", "clumps ", "clumps? ", "clumps,", "1:", "% ", "µ", "n=1 ", "blasts 1% ", "old sample ",
    "evtl. ", "+", "a;", "é", "not ", "g/dL ", "Hb ", "in ", "10^9/L ", "01/", "MCV, ", "?", "_1",
)  # fmt: skip
SHORT, LONG = MAX_CELL // 8, MAX_CELL - 100
MOST = 20
"""Times eight is linear, times 64 square."""
ENOUGH = 0.5
"""Seconds of the processor below which nothing is compared: too short to tell."""


def repeat(text, length):
    return (text * length)[:length] + "x"


def seconds(folder, cells):
    path = folder / "a.csv"
    row = {**GOOD, **cells}
    quoted = ('"' + row.get(name, "").replace('"', '""') + '"' for name in COLUMNS)
    path.write_text(",".join(COLUMNS) + "\n" + ",".join(quoted) + "\n", encoding="utf-8")
    began = time.process_time()
    read_results(path, "a.csv", KNOWLEDGE, SiteConventions())
    return time.process_time() - began


@pytest.mark.parametrize("columns", [COLUMNS[at::3] for at in range(3)], ids=lambda each: each[0])
@pytest.mark.parametrize("text", REPEATED)
def test_a_long_cell_takes_no_longer_than_its_length(tmp_path, text, columns):
    long = seconds(tmp_path, dict.fromkeys(columns, repeat(text, LONG)))
    if long > ENOUGH:
        assert long < MOST * seconds(tmp_path, dict.fromkeys(columns, repeat(text, SHORT)))


@pytest.mark.parametrize("text", list(islice(REPEATED, 3, None)))
def test_a_long_header_takes_no_longer_than_its_length(tmp_path, text):
    def read(length: int) -> float:
        path = tmp_path / "a.csv"
        path.write_text(
            f'patient_id,Hb (g/dL),"{repeat(text, length)}"\nP1,12,5\n', encoding="utf-8"
        )
        began = time.process_time()
        read_results(path, "a.csv", KNOWLEDGE, SiteConventions())
        return time.process_time() - began

    read(10)
    long = read(LONG)
    assert long < max(ENOUGH, MOST * read(SHORT))
