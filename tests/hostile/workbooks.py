"""Workbooks that no honest program writes, made in memory, each small on disk."""

import io
import struct
import warnings
import zipfile
from collections.abc import Iterable

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

CONTENT_TYPES = f"""{_HEAD}<Types
 xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels"
 ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml"
 ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType=
 "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>"""
ROOT_RELATIONS = f"""{_HEAD}<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1"
 Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>"""


def list_sheets(*sheets: tuple[str, str], date_1904: bool = False) -> str:
    """Write workbook.xml for sheets of (name, state)."""
    entries = "".join(
        f'<sheet name="{name}" sheetId="{i}" state="{state}" r:id="rId{i}"/>'
        for i, (name, state) in enumerate(sheets, 1)
    )
    properties = '<workbookPr date1904="1"/>' if date_1904 else ""
    return (
        f'{_HEAD}<workbook xmlns="{MAIN}" xmlns:r="{_OFFICE}">{properties}'
        f"<sheets>{entries}</sheets></workbook>"
    )


def list_relations(sheets: int) -> str:
    """Write the relations of workbook.xml: the sheets, styles and shared strings."""
    entries = "".join(
        f'<Relationship Id="rId{i}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{i}.xml"/>'
        for i in range(1, sheets + 1)
    )
    return (
        f'{_HEAD}<Relationships xmlns="{_RELATIONS}">{entries}'
        f'<Relationship Id="s" Type="{_OFFICE}/styles" Target="styles.xml"/>'
        f'<Relationship Id="t" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
        "</Relationships>"
    )


def write_styles(*codes: str) -> str:
    """Write styles.xml: style 0 is General, style n has the n-th format code."""
    formats = "".join(
        f'<numFmt numFmtId="{164 + i}" formatCode="{code}"/>' for i, code in enumerate(codes)
    ).replace("&", "&amp;")
    styles = "".join(f'<xf numFmtId="{164 + i}" applyNumberFormat="1"/>' for i in range(len(codes)))
    return (
        f'{_HEAD}<styleSheet xmlns="{MAIN}"><numFmts>{formats}</numFmts>'
        f'<cellXfs><xf numFmtId="0"/>{styles}</cellXfs></styleSheet>'
    )


def write_strings(*texts: str) -> str:
    """Write sharedStrings.xml."""
    entries = "".join(f"<si><t>{text}</t></si>" for text in texts)
    return f'{_HEAD}<sst xmlns="{MAIN}">{entries}</sst>'


def write_sheet(rows: str, *, before: str = "", after: str = "") -> str:
    """Write a sheet around its rows."""
    return (
        f'{_HEAD}<worksheet xmlns="{MAIN}">{before}<sheetData>{rows}</sheetData>{after}</worksheet>'
    )


def pack_xlsx(
    *sheets: str | bytes | Iterable[bytes],
    parts: dict[str, str | bytes | Iterable[bytes]] | None = None,
    extra: Iterable[tuple[str, str | bytes]] = (),
) -> bytes:
    """Pack sheets as Sheet1, Sheet2, … into a workbook.

    Args:
        sheets: Content of each sheet's part; pieces are compressed one after the other.
        parts: Parts to replace or, with empty content, to leave out.
        extra: Members to add at the end, whatever their names.
    """
    count = len(sheets)
    content: dict[str, str | bytes | Iterable[bytes]] = {
        "[Content_Types].xml": CONTENT_TYPES,
        "_rels/.rels": ROOT_RELATIONS,
        "xl/workbook.xml": list_sheets(*((f"Sheet{i}", "visible") for i in range(1, count + 1))),
        "xl/_rels/workbook.xml.rels": list_relations(count),
        "xl/styles.xml": write_styles(),
        "xl/sharedStrings.xml": write_strings("first", "second"),
        **{f"xl/worksheets/sheet{i}.xml": sheet for i, sheet in enumerate(sheets, 1)},
        **(parts or {}),
    }
    packed = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        warnings.simplefilter("ignore", UserWarning)
        for name, data in content.items():
            if isinstance(data, str | bytes):
                if data:
                    package.writestr(name, data)
                continue
            with package.open(name, "w", force_zip64=True) as stream:
                for piece in data:
                    stream.write(piece)
        for name, data in extra:
            package.writestr(name, data)
    return packed.getvalue()


def repeat(head: str, piece: str, times: int, tail: str) -> Iterable[bytes]:
    """Give head, many times the piece, tail, without ever holding it all."""
    block = 1 + (1 << 20) // len(piece)
    yield head.encode()
    for _ in range(times // block):
        yield (piece * block).encode()
    yield (piece * (times % block) + tail).encode()


def number_cells(cells: dict[str, float]) -> str:
    """Write one row of number cells."""
    row = next(iter(cells)).lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    inner = "".join(f'<c r="{place}"><v>{value}</v></c>' for place, value in cells.items())
    return f'<row r="{row}">{inner}</row>'


def pack_ole(*names: str) -> bytes:
    """Build a compound file whose directory holds the names, with no content."""
    entries = [("Root Entry", 5), *((name, 2) for name in names)]
    sectors = -(-len(entries) // 4)
    directory = b"".join(
        (name + "\0").encode("utf-16-le").ljust(64, b"\0")
        + struct.pack("<HB", 2 * len(name) + 2, kind).ljust(52, b"\0")
        + struct.pack("<III", 0xFFFFFFFE, 0, 0)
        for name, kind in entries
    ).ljust(sectors * 512, b"\0")
    chain = [0xFFFFFFFD, *range(2, sectors + 1), 0xFFFFFFFE]
    table = struct.pack("<128I", *chain, *[0xFFFFFFFF] * (128 - len(chain)))
    head = struct.pack("<8s16xHHHHH6xIIIIIIIII", bytes.fromhex("d0cf11e0a1b11ae1"), 62, 3,
                       0xFFFE, 9, 6, 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)  # fmt: skip
    head += struct.pack("<109I", 0, *[0xFFFFFFFF] * 108)
    return head + table + directory


_ODS = "urn:oasis:names:tc:opendocument:xmlns:"


def pack_ods(*tables: str, manifest: str = "", styles: str = "") -> bytes:
    """Pack table:table elements into an OpenDocument workbook."""
    spaces = " ".join(f'xmlns:{n}="{_ODS}{n}:1.0"' for n in ("office", "table", "text", "style"))
    extension = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        package.writestr(
            "META-INF/manifest.xml",
            f'{_HEAD}<manifest:manifest xmlns:manifest="{_ODS}manifest:1.0">{manifest}'
            "</manifest:manifest>",
        )
        package.writestr(
            "content.xml",
            f'{_HEAD}<office:document-content {spaces} xmlns:calcext="{extension}">'
            f"<office:automatic-styles>{styles}</office:automatic-styles><office:body>"
            f"<office:spreadsheet>{''.join(tables)}</office:spreadsheet></office:body>"
            "</office:document-content>",
        )
    return packed.getvalue()
