"""The parts of an .xlsx workbook around its sheets: list of sheets, number formats, texts.

Standard library only; runs in the limited child process.
"""

import posixpath
import re
import zipfile
from array import array
from collections.abc import Callable
from typing import IO
from xml.parsers.expat import ExpatError, ParserCreate

from pipeline.ingest.formats.refusal import Refused
from pipeline.ingest.formats.workbook.number_formats import NumberFormat, read_format

MAX_TEXTS = 5_000_000

_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")

Attributes = dict[str, str]


class Sheet:
    """One sheet as workbook.xml lists it."""

    __slots__ = ("is_visible", "name", "part")

    def __init__(self, name: str, part: str, is_visible: bool) -> None:
        self.name = name
        self.part = part
        """Name of the part that holds its cells."""
        self.is_visible = is_visible


class WorkbookParts:
    """What the sheets of a workbook share."""

    __slots__ = ("formats", "lengths", "open", "sheets", "styles")

    def __init__(
        self,
        sheets: list[Sheet],
        formats: list[NumberFormat | None],
        lengths: "array[int]",
        open_part: Callable[[str], IO[bytes]],
        styles: str = "",
    ) -> None:
        self.sheets = sheets
        self.formats = formats
        """Number format of each cell style; nothing where numbers are always plain."""
        self.lengths = lengths
        """Length of each shared text, 0 for blank ones."""
        self.open = open_part
        self.styles = styles
        """Name of the part that holds fonts and number formats; "" without one."""


def read_workbook_parts(package: zipfile.ZipFile) -> WorkbookParts:
    """Read everything around the sheets.

    Raises:
        Refused: A part is missing or damaged, there are macros, or no sheet is visible.
    """
    names = {name.casefold(): name for name in package.namelist()}

    def open_part(name: str) -> IO[bytes]:
        if name.casefold() not in names:
            raise Refused("workbook-damaged", "a part of it is missing")
        return package.open(names[name.casefold()])

    relations = read_relations(open_part("xl/_rels/workbook.xml.rels"))
    sheets = [
        Sheet(name, relations[relation][1], is_visible)
        for name, relation, is_visible in read_sheets(open_part("xl/workbook.xml"))
        if _is_worksheet(relations, relation)
    ]
    if not any(sheet.is_visible for sheet in sheets):
        raise Refused("workbook-no-visible-sheet")
    parts = dict(relations.values())
    styles, strings = parts.get("styles"), parts.get("sharedStrings")
    return WorkbookParts(
        sheets,
        read_formats(open_part(styles)) if styles else [],
        measure_strings(open_part(strings)) if strings else array("L"),
        open_part,
        styles or "",
    )


def _is_worksheet(relations: dict[str, tuple[str, str]], relation: str) -> bool:
    if relation not in relations:
        raise Refused("workbook-damaged", "a sheet has no content")
    kind = relations[relation][0]
    if kind.casefold() in ("xlmacrosheet", "xlintlmacrosheet", "dialogsheet"):
        raise Refused("file-macros")
    return kind == "worksheet"


def parse_part(
    stream: IO[bytes],
    start: Callable[[str, Attributes], None],
    text: Callable[[str], None] | None = None,
) -> None:
    """Send the elements of one part to `start` and its text to `text`, as they come.

    Names are "namespace local"; attributes of a namespace likewise.
    """
    parser = ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = refuse_dtd
    if text:
        parser.CharacterDataHandler = text
    try:
        parser.ParseFile(stream)
    except ExpatError as error:
        raise Refused("workbook-damaged", "a part of it is not well-formed XML") from error


def refuse_dtd(*_: object) -> None:
    """Refuse a part that declares anything: a place in which to hide or to explode."""
    raise Refused("workbook-unsafe", "it declares entities or a DTD")


def read_sheets(stream: IO[bytes]) -> list[tuple[str, str, bool]]:
    """List name, relation id and visibility of the sheets of workbook.xml, in their order."""
    sheets: list[tuple[str, str, bool]] = []

    def start(name: str, attributes: Attributes) -> None:
        if name.endswith(" sheet"):
            relation = "".join(v for key, v in attributes.items() if key.endswith("ships id"))
            is_visible = attributes.get("state", "visible") == "visible"
            sheets.append((attributes.get("name", ""), relation, is_visible))

    parse_part(stream, start)
    if len({name.casefold() for name, _, _ in sheets}) != len(sheets):
        raise Refused("workbook-damaged", "two sheets have one name")
    return sheets


def read_relations(stream: IO[bytes], folder: str = "xl") -> dict[str, tuple[str, str]]:
    """Map relation id → (last word of its type, name of the part), for a part in this folder."""
    relations: dict[str, tuple[str, str]] = {}

    def start(name: str, attributes: Attributes) -> None:
        if name.endswith(" Relationship") and attributes.get("TargetMode") != "External":
            target = attributes.get("Target", "")
            part = posixpath.normpath(posixpath.join("/", folder, target))[1:]
            kind = attributes.get("Type", "").rpartition("/")[2]
            relations[attributes.get("Id", "")] = (kind, part)

    parse_part(stream, start)
    return relations


def read_formats(stream: IO[bytes]) -> list[NumberFormat | None]:
    """List the number format of each cell style; nothing where numbers are always plain."""
    custom: dict[int, str] = {}
    styles: list[int] = []
    is_cell_style = False

    def start(name: str, attributes: Attributes) -> None:
        nonlocal is_cell_style
        local = name.rpartition(" ")[2]
        if local == "numFmt" and not styles and not is_cell_style:
            custom[_number(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
        elif local == "cellXfs":
            is_cell_style = True
        elif local in ("cellStyles", "dxfs", "cellStyleXfs", "tableStyles", "colors", "extLst"):
            is_cell_style = False
        elif local == "xf" and is_cell_style:
            styles.append(_number(attributes.get("numFmtId", "0")))

    parse_part(stream, start)
    formats = {number: read_format(number, custom) for number in set(styles)}
    return [formats[number] for number in styles]


def measure_strings(stream: IO[bytes]) -> "array[int]":
    """List the length of each shared string, 0 for blank ones."""
    lengths = array("L")
    pieces: list[str] = []
    element = ""
    is_phonetic = False

    def start(name: str, attributes: Attributes) -> None:
        nonlocal element, is_phonetic
        element = name.rpartition(" ")[2]
        if element == "si":
            if lengths:
                lengths[-1] = measure_text("".join(pieces))
            pieces.clear()
            is_phonetic = False
            lengths.append(0)
            if len(lengths) > MAX_TEXTS:
                raise Refused("file-too-large", f"more than {MAX_TEXTS:,} texts")
        elif element == "rPh":
            is_phonetic = True

    def text(data: str) -> None:
        if element == "t" and not is_phonetic:
            pieces.append(data)

    parse_part(stream, start, text)
    if lengths:
        lengths[-1] = measure_text("".join(pieces))
    return lengths


def measure_text(text: str) -> int:
    """Count the characters of a text, 0 if it is blank once its escapes are read."""
    if "_x" in text:
        text = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    return len(text) if text.strip() else 0


def _number(text: str | None) -> int:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Refused("workbook-damaged", "a number format has no number")
    return int(text)
