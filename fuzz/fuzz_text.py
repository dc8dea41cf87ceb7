"""Fuzz target: a whole text file on its way from bytes to accepted and held results.

Every input is decoded, split, recognized and sorted into rows; one in sixteen, chosen by its own
bytes, also goes through the tables. Start it with `make fuzz`.
"""

import sys
import tempfile
import zlib
from datetime import date
from itertools import pairwise
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["pipeline"]):
    from pipeline.ingest import file, parse_results
    from pipeline.ingest.cells import units
    from pipeline.ingest.layout import headers, recognize, sections
    from pipeline.ingest.text_tables import SiteConventions, SourceFile, UnreadableFile
    from pipeline.issues import CATALOGUE
    from pipeline.knowledge.load import load_knowledge

KNOWLEDGE = load_knowledge()
HEADERS = headers.index_headers(KNOWLEDGE)
# Making these anew for each file takes longer than reading it, and never differs.
file.index_headers = lambda knowledge: HEADERS
parse_results.index_names = lambda knowledge: HEADERS.names
units.index_units = lambda knowledge: HEADERS.names.units

SITE = SiteConventions()
TODAY = date(2026, 1, 1)
SUFFIXES = (".csv", ".tsv", ".txt")
WHOLE_RUNS = 16
MOST_SEEN = 10_000
FOLDER = tempfile.TemporaryDirectory(prefix="labflag-fuzz-")


def fuzz_file(data: bytes) -> None:
    """Read the bytes as a text file of one of the kinds; the first byte says which."""
    if len(data) < 2:
        return
    name, content = f"fuzz{SUFFIXES[data[0] % len(SUFFIXES)]}", data[1:]
    if len(HEADERS.seen) > MOST_SEEN:
        HEADERS.seen.clear()
    split_file(name, content)
    if zlib.crc32(data) % WHOLE_RUNS == 0:
        read_file(name, content)


def split_file(name: str, content: bytes) -> None:
    """Each line of the file is left out, set aside, or gives a row of its own cells."""
    file = SourceFile(name=name, path=Path(name), sha256="0" * 64, size=len(content))
    try:
        read, sheets, _ = recognize.recognize_sheets(file, content, HEADERS, KNOWLEDGE, SITE, None)
    except UnreadableFile as verdict:
        if verdict.code not in CATALOGUE:
            raise
        return
    text = unify_breaks(content.decode(read.encoding))
    written = text.split("\n")
    for sheet in sheets:
        sorted_lines = sections.sort_lines(
            sheet.table, sheet.plan, HEADERS, delimiter=read.delimiter
        )
        below = {row for row, _ in sheet.table.rows[sheet.plan.header_at + 1 :]}
        parts = [set(sorted_lines.rows), set(sorted_lines.bad_rows), set(sorted_lines.left_out)]
        assert sum(map(len, parts)) == len(set.union(*parts)), "a line has two fates"
        blank = {row for row, cells in sheet.table.rows if not "".join(cells).strip()}
        assert below - blank <= set.union(*parts), "a line is lost"
        numbers = [*sorted(row for row, _ in sheet.table.rows), len(written) + 1]
        ends = dict(pairwise(numbers))
        for row, cells in zip(sorted_lines.rows, sorted_lines.cells, strict=True):
            joined = any("\n" in cell and read.delimiter in cell for cell in cells)
            assert not joined, "lines that a stray quotation mark joined"
            source = "\n".join(written[row - 1 : ends[row] - 1]).replace('"', "")
            for cell in cells:
                assert cell.replace('"', "") in source, "a cell that does not stand in its line"


def read_file(name: str, content: bytes) -> None:
    """Each result of the file is accepted, held or ignored, and is what stands in its line."""
    path = Path(FOLDER.name) / name
    path.write_bytes(content)
    found = file.read_results(path, name, KNOWLEDGE, SITE, today=TODAY)
    ids = [*found.results["result_id"], *found.held["result_id"], *found.ignored]
    assert sorted(ids) == list(range(found.read)), "results that are not accounted for"
    assert set(found.issues["code"]) <= set(CATALOGUE)
    assert found.held["code"].isin(list(CATALOGUE)).all()
    if not len(found.results):
        return
    written = (
        unify_breaks(content.decode(found.table_conventions[0].encoding))
        .replace('"', "")
        .split("\n")
    )
    for row, cell in found.results[["source_row", "original_text"]].itertuples(index=False):
        assert cell.split("\n")[0].replace('"', "") in "\n".join(written[row - 1 :])
    assert found.results["value"].ge(0).all()
    assert found.results["patient_id"].str.strip().ne("").all()


def unify_breaks(text: str) -> str:
    """End every line as the reader does."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


if __name__ == "__main__":
    atheris.Setup(sys.argv, fuzz_file)
    atheris.Fuzz()
