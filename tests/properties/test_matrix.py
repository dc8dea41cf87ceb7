"""One logical export in every way of writing it: the same findings from all of them.

Left out because it cannot exist: comma as delimiter beside an unquoted decimal comma. Its cells
cannot be told apart, and `test_unquoted_decimal_commas_between_commas_are_held` says what happens.
"""

import csv
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from pipeline.ingest.dataset import Ingested, combine
from pipeline.ingest.file import read_results
from pipeline.ingest.text_tables import SiteConventions
from pipeline.interpret import interpret_results
from pipeline.knowledge.load import load_knowledge
from pipeline.reconcile.conflicts import hold_conflicts
from pipeline.reconcile.reportable_results import select_reportable
from tests.properties.exports import (
    ANALYTES,
    NUMBER,
    PEOPLE,
    SHAPES,
    TEXT,
    WORKBOOKS,
    as_text,
    as_typed,
    csv_bytes,
    long_rows,
)

KNOWLEDGE = load_knowledge()
TODAY = date(2026, 11, 1)
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "cp1252")
DECIMALS = {"point": ".", "decimal-comma": ","}
INTERPRETED: dict[str, pd.DataFrame] = {}
RESULTS = sum(len(results) for *_, results in PEOPLE)


def ingest(folder: Path, name: str, content: bytes) -> Ingested:
    path = folder / name
    path.write_bytes(content)
    return read_results(path, name, KNOWLEDGE, SiteConventions(), today=TODAY)


def findings_of(file: Ingested) -> pd.DataFrame:
    """Everything that is found, without the places."""
    assert not len(file.held), file.held[["source_row", "source_column", "code"]].to_dict("records")
    assert len(file.results) == RESULTS
    # Equal results give equal findings; interpreting each table once halves the time.
    key = file.results[_without_places(file.results)].to_json(date_format="iso")
    if key not in INTERPRETED:
        INTERPRETED[key] = _interpret(file)
    return INTERPRETED[key]


def _interpret(file: Ingested) -> pd.DataFrame:
    dataset = hold_conflicts(combine([file]))
    selected = select_reportable(dataset.results, dataset.held, KNOWLEDGE)
    findings = interpret_results(selected.results, selected.held, KNOWLEDGE).findings
    return findings[_without_places(findings)]


def _without_places(table: pd.DataFrame) -> list[str]:
    return [name for name in table if not name.startswith("source_")]


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """What the plainest form says: long, comma, UTF-8, decimal point."""
    content = csv_bytes(long_rows(), ",", "utf-8", ".")
    return findings_of(ingest(tmp_path_factory.mktemp("plain"), "plain.csv", content))


def test_the_plainest_form_finds_what_a_person_would(expected: pd.DataFrame) -> None:
    present = expected[expected["outcome"].eq("present")]
    found = {f"{patient} {rule}" for patient, rule in present[["patient_id", "rule"]].to_numpy()}
    simple = ("anemia", "low-b12", "macrocytosis", "low-platelets", "low-white-cells")
    assert sorted(line for line in found if line.split()[1] in simple) == [
        "000123 anemia",
        "000123 low-b12",
        "000123 macrocytosis",
        "0123 anemia",
        "0123 low-platelets",
        "12 low-white-cells",
        "12E5 low-b12",
        "12E5 low-white-cells",
        "300000000000000301 low-platelets",
        "300000000000000302 low-platelets",
        "A-7/b anemia",
        "A-7/b macrocytosis",
        "B|8 low-platelets",
        "B|8 low-white-cells",
        "C;9 anemia",
        "NA-1 anemia",
        "é-11 low-b12",
    ]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("decimal", DECIMALS)
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_every_text_file_gives_the_same_findings(
    tmp_path: Path,
    expected: pd.DataFrame,
    delimiter: str,
    encoding: str,
    decimal: str,
    shape: str,
) -> None:
    content = csv_bytes(SHAPES[shape](), DELIMITERS[delimiter], encoding, DECIMALS[decimal])
    file = ingest(tmp_path, "export.csv", content)
    (conventions,) = file.table_conventions
    assert (conventions.delimiter, conventions.decimal, conventions.shape) == (
        DELIMITERS[delimiter],
        DECIMALS[decimal],
        shape,
    )
    assert ("encoding-assumed" in set(file.issues["code"])) == (encoding == "cp1252")
    pd.testing.assert_frame_equal(findings_of(file), expected)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("cells", [NUMBER, TEXT, "text with decimal comma"])
@pytest.mark.parametrize("suffix", WORKBOOKS)
def test_every_workbook_gives_the_same_findings(
    tmp_path: Path, expected: pd.DataFrame, suffix: str, cells: str, shape: str
) -> None:
    rows = SHAPES[shape]()
    written = as_typed(rows) if cells == NUMBER else as_text(rows, "." if cells == TEXT else ",")
    file = ingest(tmp_path, f"export{suffix}", WORKBOOKS[suffix](written))
    pd.testing.assert_frame_equal(findings_of(file), expected)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_line_ends_and_quotes_do_not_matter(
    tmp_path: Path, expected: pd.DataFrame, ending: str, quoting: int
) -> None:
    content = csv_bytes(long_rows(), ";", "utf-8", ",", quoting, ending)
    pd.testing.assert_frame_equal(findings_of(ingest(tmp_path, "export.txt", content)), expected)


def test_unquoted_decimal_commas_between_commas_are_held(tmp_path: Path) -> None:
    """Every line that holds one has a cell too many; the other lines are read."""
    people = [[cell for cell in row if "," not in cell] for row in as_text(long_rows(), ".")]
    rows = [row for row in people if len(row) == len(people[0])]
    lines = [",".join([*row[:7], row[7].replace(".", ","), *row[8:]]) for row in rows]
    file = ingest(tmp_path, "export.csv", "\n".join([*lines, ""]).replace('"', "").encode())
    with_comma = [number for number, row in enumerate(rows, 1) if "." in row[7]]
    assert len(with_comma) > len(ANALYTES)
    assert file.held["source_row"].tolist() == with_comma
    assert set(file.held["code"]) == {"row-shape"}
    assert len(file.results) == len(rows) - 1 - len(with_comma)
