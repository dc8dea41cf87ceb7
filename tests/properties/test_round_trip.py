"""Reading undoes writing: any id and any name comes back letter by letter, or is held."""

import csv
import io
import re
import tempfile
import unicodedata
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.ingest.file import read_results
from pipeline.ingest.formats.delimited import Lines, find_encoding, split_rows
from pipeline.ingest.formats.readers import read_text
from pipeline.ingest.formats.workbook.reader import read_workbook
from pipeline.ingest.text_tables import SiteConventions
from pipeline.knowledge.load import load_knowledge
from tests.properties import examples

KNOWLEDGE = load_knowledge()
DELIMITERS = st.sampled_from([",", ";", "\t", "|"])
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])
PURE = settings(max_examples=examples(100), deadline=None)
WHOLE = settings(max_examples=examples(15), deadline=None)

# All that text may be; NUL and lone surrogates cannot be written in a text file of any encoding.
letters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
lines = st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n")
troublesome = st.sampled_from(
    ["", "NA", "nan", "None", "0012", "12E5", "1.23E+11", "=1+1", "'", '"', '""', "a,b", "a;b", "a|b",
     "a\tb", '"a', 'a"', " a ", "\u00a0a", "\ufeffa", "é", "e\u0301", "\u2028", "\x0b", "\x1c", "\x85",
     "#N/A", "_x0041_", "TRUE", "2026-03-04", "100000000000000301", "\U0001f9ea", "-", "+1", "@x"]
)  # fmt: skip
texts = st.one_of(troublesome, st.text(lines, max_size=20))


def write_csv(rows: list[list[str]], delimiter: str, ending: str = "\n") -> str:
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter, lineterminator=ending).writerows(rows)
    return stream.getvalue()


@PURE
@given(rows=st.lists(st.lists(texts, min_size=2, max_size=4), min_size=1), delimiter=DELIMITERS)
def test_cells_of_one_line_come_back_as_they_were(rows: list[list[str]], delimiter: str) -> None:
    split, bad = split_rows(io.StringIO(write_csv(rows, delimiter)).readlines(), delimiter)
    assert [cells for _, cells in split] == rows
    assert not bad


@PURE
@given(
    rows=st.lists(st.lists(st.text(letters, max_size=12), min_size=2, max_size=4), min_size=1),
    delimiter=DELIMITERS,
)
@example(rows=[["a", "b\nc"], ["d", "e"]], delimiter=",")
@example(rows=[["a", "b\nc,d"], ["e", "f"]], delimiter=",")
def test_cells_with_line_breaks_come_back_or_their_lines_are_held(
    rows: list[list[str]], delimiter: str
) -> None:
    # With this ending the writer puts both kinds of line breaks in quotation marks.
    written = write_csv(rows, delimiter, "\r\n").replace("\r\n", "\n").replace("\r", "\n")
    split, bad = split_rows(io.StringIO(written).readlines(), delimiter)
    expected = [[c.replace("\r\n", "\n").replace("\r", "\n") for c in cells] for cells in rows]
    whole = [c for c in expected if not any("\n" in cell and delimiter in cell for cell in c)]
    assert [cells for _, cells in split] == whole
    assert bool(bad) == (len(whole) < len(rows))


def decode_text(content: bytes) -> tuple[str, str]:
    encoding = find_encoding(content, "cp1252")
    return "".join(Lines(content, encoding)), encoding


def unify_breaks(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


@PURE
@given(text=st.text(letters), encoding=ENCODINGS)
def test_text_comes_back_from_its_bytes(text: str, encoding: str) -> None:
    if encoding == "utf-8" and text.startswith("\ufeff"):
        text = text.lstrip("\ufeff")
    assert decode_text(text.encode(encoding))[0] == unify_breaks(text)


@PURE
@given(text=st.text(letters, min_size=1, max_size=30))
def test_bytes_of_a_code_page_are_read_in_it_or_as_what_they_are(text: str) -> None:
    """A text that happens to be UTF-8 as well is read as that: the code page is a fallback."""
    content = text.encode("cp1252", "ignore")
    read, encoding = decode_text(content)
    if encoding == "cp1252":
        assert read == unify_breaks(content.decode("cp1252"))


@WHOLE
@given(people=st.lists(st.tuples(texts, texts), min_size=1, max_size=8), delimiter=DELIMITERS)
def test_id_and_name_come_back_from_a_text_file(
    people: list[tuple[str, str]], delimiter: str
) -> None:
    head = ["patient_id", "patient_name", "sample_id", "analyte", "value", "unit"]
    rows = [[*each, f"S{at}", "Hemoglobin", "11.2", "g/dL"] for at, each in enumerate(people)]
    check_file("export.csv", write_csv([head, *rows], delimiter).encode(), people)


def check_file(name: str, content: bytes, people: list[tuple[str, str]]) -> None:
    """Each id is accepted as it was written, trimmed and composed, or held for a reason of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        file = read_results(path, name, KNOWLEDGE, SiteConventions(), today=date(2026, 11, 1))
    assert file.read == len(people)
    accepted = file.results.set_index("source_row")
    for row, (patient, person) in enumerate(people, 2):
        if row in accepted.index:
            assert accepted.at[row, "patient_id"] == unicodedata.normalize("NFC", patient.strip())
            assert accepted.at[row, "patient_name"] == person.strip()
    held = file.held[["source_row", "code"]].to_numpy().tolist()
    assert {code for _, code in held} <= {
        "patient-id-missing",
        "patient-id-damaged",
        "patient-id-unsafe",
        "cell-unprintable",
    }
    clean = {
        row
        for row, (patient, person) in enumerate(people, 2)
        if is_clean(patient) and person.isprintable()
    }
    assert clean.isdisjoint(row for row, _ in held)


def is_clean(text: str) -> bool:
    """Letters and digits, and among them one that a word for "no id" does not have."""
    return text.isascii() and text.isalnum() and any(digit in text for digit in "123456789")


# What XML cannot hold, openpyxl refuses to write; carriage returns become line breaks in XML.
workbook_letters = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
workbook_texts = st.one_of(
    troublesome.filter(lambda text: not set(text) & set("\x0b\x1c\x85")),
    st.text(workbook_letters, max_size=20),
)


@WHOLE
@given(rows=st.lists(st.lists(workbook_texts, min_size=3, max_size=3), min_size=1, max_size=20))
@example(rows=[["_x0041_", "_x000D_", "_X0041_"]])
def test_cells_come_back_from_a_workbook(rows: list[list[str]]) -> None:
    book = openpyxl.Workbook()
    for at, cells in enumerate([["first", "second", "third"], *rows], 1):
        for column, text in enumerate(cells, 1):
            # In a workbook _x0041_ means A, unless its first line is itself written so.
            escaped = re.sub("_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", text)
            cell = book.active.cell(at, column, escaped)
            cell.data_type = "s"
    stream = io.BytesIO()
    book.save(stream)
    (table,) = read_workbook(Path("export.xlsx"), stream.getvalue())
    assert not table.bad_cells
    read = dict(table.rows)
    for at, cells in enumerate(rows, 2):
        # A row of nothing but blanks, such as a line separator, is no row.
        assert read.get(at, ["", "", ""]) == (cells if "".join(cells).strip() else ["", "", ""])


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_of_a_file_is_found_by_its_header(delimiter: str) -> None:
    content = write_csv([["Patient ID", "HGB (g/dL)"], ["P1", "11.2"]], delimiter).encode()
    read = read_text(
        Path("a.csv"), content, "cp1252", lambda cells: sum("P" in c or "H" in c for c in cells)
    )
    assert read.delimiter == delimiter
