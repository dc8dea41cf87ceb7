"""What people have put on cells of an .xlsx workbook: comments, and lines through them.

Standard library only; runs in the limited child process.
"""

import re
from collections.abc import Callable
from typing import IO

from pipeline.ingest.formats.refusal import Refused
from pipeline.ingest.formats.workbook.markup import CellCount
from pipeline.ingest.formats.workbook.xlsx_parts import Attributes, parse_part, read_relations

_REFERENCE = re.compile(r"[A-Z]{1,3}[0-9]{1,7}")


def read_struck_styles(stream: IO[bytes]) -> frozenset[int]:
    """List the cell styles whose font is struck through."""
    struck_fonts: set[int] = set()
    struck: set[int] = set()
    place = ""
    fonts = styles = -1

    def start(name: str, attributes: Attributes) -> None:
        nonlocal place, fonts, styles
        local = name.rpartition(" ")[2]
        if local in ("fonts", "fills", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs"):
            place = local
        elif local == "font" and place == "fonts":
            fonts += 1
        elif local == "strike" and place == "fonts":
            if attributes.get("val", "1") not in ("0", "false"):
                struck_fonts.add(fonts)
        elif local == "xf" and place == "cellXfs":
            styles += 1
            if attributes.get("fontId", "0") in map(str, struck_fonts):
                struck.add(styles)

    parse_part(stream, start)
    return frozenset(struck)


def count_commented(
    open_part: Callable[[str], IO[bytes]], sheet_part: str, commented: CellCount
) -> None:
    """Count the cells of a sheet that carry a comment.

    Args:
        open_part: Opens a part of the workbook by its name; refuses where there is none.
        sheet_part: Name of the sheet's own part.
        commented: They are added to it.
    """
    folder, _, name = sheet_part.rpartition("/")
    try:
        stream = open_part(f"{folder}/_rels/{name}.rels")
    except Refused:
        return

    def start(name: str, attributes: Attributes) -> None:
        if name.rpartition(" ")[2] == "comment":
            reference = attributes.get("ref", "")
            commented.add(reference if _REFERENCE.fullmatch(reference) else "?")

    for kind, part in read_relations(stream, folder).values():
        if kind == "comments":
            parse_part(open_part(part), start)
