"""Cases beside the rules: pipe tables in text files, one line one accession, the answer last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources.abc import Traversable
from pathlib import Path

from pipeline.errors import KnowledgeError
from pipeline.knowledge.model import Knowledge
from pipeline.review.case_tables import ANSWERS, CONTEXT

FOLDER = "cases"
PRIORITY = "priority"
"""Name of the file, and of the answer, about the class of the patient in the worklist."""
ARTIFACTS = "artifacts"
"""Name of the file, and of the answer, about reasons to doubt a specimen."""
NAMED_FOR_NO_RULE = (PRIORITY, ARTIFACTS)
_SUFFIX = ".txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    """One line of a table: an accession as it is reported, and what the rule says of it."""

    number: int
    """Line of the file, as an editor counts."""
    table: int
    """Which table of the file: ids of patients and accessions hold within one."""
    cells: Mapping[str, str]
    """Column → cell, empty ones included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFile:
    """The cases of one rule."""

    rule: str
    name: str
    """As messages call it: "cases/low-b12.txt"."""
    lines: tuple[CaseLine, ...]


def read_case_folder(folder: Traversable | Path) -> dict[str, CaseFile]:
    """Read the case files of one folder, by the rule that each is named for.

    Raises:
        KnowledgeError: A file cannot be read, or a line does not fit its header.
    """
    if not folder.is_dir():
        return {}
    read = {}
    for path in sorted(folder.iterdir(), key=lambda item: item.name):
        if path.name.endswith(_SUFFIX):
            rule = path.name.removesuffix(_SUFFIX)
            name = f"{FOLDER}/{path.name}"
            try:
                text = path.read_text(encoding="utf-8")
            except (UnicodeDecodeError, OSError) as error:
                raise KnowledgeError(f"{name}: cannot be read as text: {error}") from error
            read[rule] = CaseFile(rule=rule, name=name, lines=read_lines(text, name))
    return read


def read_lines(text: str, name: str) -> tuple[CaseLine, ...]:
    """Split a file into the lines of its tables.

    A table begins with its header and ends at an empty line or at one that begins with "#",
    which says what the next table is about.

    Raises:
        KnowledgeError: Names the file and line whose cells do not fit the header, or the column
            that stands twice.
    """
    lines: list[CaseLine] = []
    header: list[str] = []
    table = 0
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            header = []
            continue
        cells = [cell.strip() for cell in line.split("|")]
        if not header:
            header, table = cells, table + 1
            if len(set(header)) != len(header):
                raise KnowledgeError(f"{name}:{number}: a column stands twice")
            continue
        if len(cells) != len(header):
            raise KnowledgeError(
                f"{name}:{number}: {len(cells)} cells under a header of {len(header)}"
            )
        row = dict(zip(header, cells, strict=True))
        lines.append(CaseLine(number=number, table=table, cells=row))
    return tuple(lines)


def check_columns(file: CaseFile, knowledge: Knowledge) -> None:
    """Refuse a column that is neither an input nor an answer: it would never be looked at.

    Raises:
        KnowledgeError: Names the file, the line, the column and the nearest one there is.
    """
    known = (*CONTEXT, *ANSWERS, *knowledge.analytes, *knowledge.observations)
    checked: set[int] = set()
    for line in file.lines:
        if line.table in checked:
            continue
        checked.add(line.table)
        for column in line.cells:
            if column not in known:
                close = get_close_matches(column, known, n=1)
                hint = f"; did you mean {close[0]!r}?" if close else ""
                raise KnowledgeError(f"{file.name}:{line.number}: unknown column {column!r}{hint}")
        answers = {answer for answer in ANSWERS if answer in line.cells}
        if file.rule in NAMED_FOR_NO_RULE and answers != {file.rule}:
            raise KnowledgeError(f"{file.name}:{line.number}: the answer here is {file.rule!r}")
        if not answers:
            raise KnowledgeError(f"{file.name}:{line.number}: a table without an answer")


def number_lines(files: Sequence[CaseFile]) -> list[Mapping[str, str]]:
    """Give every line its own patient and accession, but those that a table itself joins."""
    return [
        {
            **line.cells,
            "patient": patient_of(file, line),
            "accession": accession_of(file, line),
            "file": file.name,
            "line": str(line.number),
        }
        for file in files
        for line in file.lines
    ]


def patient_of(file: CaseFile, line: CaseLine) -> str:
    """Name the patient of a line, unlike those of other tables and files."""
    return f"{file.name}#{line.table}#{line.cells.get('patient') or line.number}"


def accession_of(file: CaseFile, line: CaseLine) -> str:
    """Name the accession of a line, unlike those of other tables and files."""
    return f"{file.name}#{line.table}#{line.cells.get('accession') or line.number}"
