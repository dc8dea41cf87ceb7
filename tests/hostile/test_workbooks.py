"""Workbooks built to mislead or to harm: each is refused with its reason, or read right."""

import io
import random
import struct
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlwt

import pipeline
from pipeline.ingest.formats.workbook import reader
from pipeline.ingest.formats.workbook.reader import read_workbook
from pipeline.ingest.text_tables import TextTable, UnreadableFile
from pipeline.issues.catalogue import CATALOGUE
from tests.hostile import workbooks as hostile
from tests.hostile.workbooks import (
    MAIN,
    list_relations,
    list_sheets,
    number_cells,
    pack_ods,
    pack_ole,
    pack_xlsx,
    repeat,
    write_sheet,
    write_strings,
)

SECONDS = 30
MEMORY_KIB = 1 << 20

ONE_CELL = write_sheet(number_cells({"A1": 120}))
TEXT_CELL = '<c r="A1" t="inlineStr"><is><t>{}</t></is></c>'
_OPEN, _CLOSE = write_sheet("|").split("|")


def read(content: bytes, name: str = "export.xlsx") -> list[TextTable]:
    return read_workbook(Path(name), content)


def refusal(content: bytes, name: str = "export.xlsx") -> str:
    """Give the code and detail with which a file is refused, "read" if it is not."""
    try:
        read(content, name)
    except UnreadableFile as error:
        return f"{CATALOGUE[error.code].code}: {error.detail}"
    return "read"


def patch_sizes(content: bytes, size: int) -> bytes:
    """Let the package's directory declare another size for every part."""
    patched = bytearray(content)
    at = patched.find(b"PK\x01\x02")
    while at >= 0:
        patched[at + 24 : at + 28] = struct.pack("<I", size)
        at = patched.find(b"PK\x01\x02", at + 4)
    return bytes(patched)


def set_flags(content: bytes, flags: int) -> bytes:
    """Set flag bits of every member, as an encrypting packer does."""
    patched = bytearray(content)
    for magic, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        at = patched.find(magic)
        while at >= 0:
            patched[at + offset] |= flags
            at = patched.find(magic, at + 4)
    return bytes(patched)


def repack(content: bytes, packing: int) -> bytes:
    """Pack the members another way."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(packed, "w", packing) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    return packed.getvalue()


def pack_zip(members: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as package:
        for name, content in members.items():
            package.writestr(name, content)
    return packed.getvalue()


def xls_bytes(fill: Callable[[xlwt.Worksheet], object]) -> bytes:
    book, packed = xlwt.Workbook(), io.BytesIO()
    fill(book.add_sheet("Sheet1"))
    book.save(packed)
    return packed.getvalue()


def corner_xls(sheet: xlwt.Worksheet) -> None:
    sheet.write(0, 0, 1)
    sheet.write(65_535, 255, 2)


def double_xls() -> bytes:
    """Move the second number of a row onto the first."""

    def fill(sheet: xlwt.Worksheet) -> None:
        sheet.write(0, 0, 1.23456789)
        sheet.write(0, 1, 9.87654321)

    number = struct.Struct("<HHHH")
    content = xls_bytes(fill)
    assert number.pack(0x0203, 14, 0, 1) in content
    return content.replace(number.pack(0x0203, 14, 0, 1), number.pack(0x0203, 14, 0, 0))


def laugh(levels: int) -> str:
    entities = "".join(
        f'<!ENTITY e{i} "{f"&e{i - 1};" * 10 if i else "ha"}">' for i in range(levels)
    )
    sheet = write_sheet(f'<row r="1">{TEXT_CELL.format(f"&e{levels - 1};")}</row>')
    return sheet.replace("<worksheet", f"<!DOCTYPE worksheet [{entities}]><worksheet", 1)


ODS_CELL = '<table:table-cell office:value-type="float" office:value="1"{}/>'
ODS_TABLE = '<table:table table:name="S"><table:table-row{}>{}</table:table-row></table:table>'

REFUSED: list[tuple[str, str, Callable[[], bytes], str]] = [
    # Too much
    ("corner cells", "xlsx",
     lambda: pack_xlsx(write_sheet(number_cells({"A1": 1}) + number_cells({"XFD1048576": 2}))),
     "file-too-large: a sheet spans more than 5,000,000 cells"),
    ("corners within the old limits", "xlsx",
     lambda: pack_xlsx(write_sheet(number_cells({"A1": 1}) + number_cells({"ALL200000": 2}))),
     "file-too-large: a sheet spans more than 5,000,000 cells"),
    ("corner cells over several sheets", "xlsx",
     lambda: pack_xlsx(*[
         write_sheet(number_cells({"A1": 1}) + number_cells({"D1000000": 2}))] * 2),
     "file-too-large: its sheets span more than 5,000,000 cells"),
    ("corner cells of .xls", "xls", lambda: xls_bytes(corner_xls),
     "file-too-large: a sheet spans more than 5,000,000 cells"),
    ("repeated row of .ods", "ods",
     lambda: pack_ods(ODS_TABLE.format(
         ' table:number-rows-repeated="1000000"',
         ODS_CELL.format(' table:number-columns-repeated="16384"'))),
     "file-too-large: a sheet spans more than 5,000,000 cells"),
    ("1 GiB of text", "xlsx",
     lambda: pack_xlsx(repeat(_OPEN + '<row r="1"><c r="A1" t="inlineStr"><is><t>', "A" * 4096,
                              1 << 18, "</t></is></c></row>" + _CLOSE)),
     "file-too-large: unpacks to more than 200 MiB"),
    ("text that declares to be small", "xlsx",
     lambda: patch_sizes(pack_xlsx(repeat(_OPEN, " " * 4096, 60_000, _CLOSE)), 1000),
     "workbook-damaged: the package cannot be unpacked"),
    ("one text in very many cells", "xlsx",
     lambda: pack_xlsx(
         repeat(_OPEN, '<row><c t="s"><v>0</v></c></row>', 100_000, _CLOSE),
         parts={"xl/sharedStrings.xml": write_strings("A" * 32_000)}),
     "file-too-large: more than 200 MiB of text"),
    ("20 million cells", "xlsx",
     lambda: pack_xlsx(
         repeat(_OPEN, "<row>" + "<c><v>1</v></c>" * 16_000 + "</row>", 700, _CLOSE)),
     "file-too-large: a sheet spans more than 5,000,000 cells"),
    ("20 million empty cells", "xlsx",
     lambda: pack_xlsx(repeat(_OPEN, "<row>" + "<c/>" * 16_000 + "</row>", 1250, _CLOSE)),
     "file-too-large: a sheet has more than 10,000,000 cells"),
    ("10 million shared strings", "xlsx",
     lambda: pack_xlsx(ONE_CELL, parts={
         "xl/sharedStrings.xml": repeat(f'<sst xmlns="{MAIN}">', "<si/>", 10_000_000, "</sst>")}),
     "file-too-large: more than 5,000,000 texts"),
    ("merged A1:CV100000", "xlsx",
     lambda: pack_xlsx(write_sheet(
         number_cells({"A1": 1}),
         after='<mergeCells count="1"><mergeCell ref="A1:CV100000"/></mergeCells>')),
     "workbook-unsafe: more than 200,000 cells are merged"),
    ("20 000 parts", "xlsx",
     lambda: pack_xlsx(ONE_CELL, extra=((f"x{i}", b"") for i in range(20_000))),
     "workbook-unsafe: more than 10000 parts"),
    ("a file of 60 MiB", "xlsx", lambda: b"PK\x03\x04" + bytes(60 << 20),
     "file-too-large: more than 50 MiB"),
    # Entities and encodings
    ("billion laughs in the sheet", "xlsx", lambda: pack_xlsx(laugh(10)),
     "workbook-unsafe: it declares entities or a DTD"),
    ("one small entity", "xlsx", lambda: pack_xlsx(laugh(1)),
     "workbook-unsafe: it declares entities or a DTD"),
    ("entity in workbook.xml", "xlsx",
     lambda: pack_xlsx(ONE_CELL, parts={"xl/workbook.xml": list_sheets(("S", "visible")).replace(
         "<workbook", '<!DOCTYPE workbook [<!ENTITY n "S">]><workbook', 1)}),
     "workbook-unsafe: it declares entities or a DTD"),
    ("external entity", "xlsx",
     lambda: pack_xlsx(ONE_CELL.replace(
         "<worksheet", '<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]><worksheet', 1)),
     "workbook-unsafe: it declares entities or a DTD"),
    ("entity across a border of pieces", "xlsx",
     lambda: pack_xlsx(ONE_CELL, extra=[
         ("docProps/app.xml", " " * ((1 << 16) - 4) + "<!DOCTYPE w []><w/>")]),
     "workbook-unsafe: it declares entities or a DTD"),
    ("entity in a part of another ending", "xlsx",
     lambda: pack_xlsx(ONE_CELL, parts={
         "xl/_rels/workbook.xml.rels": list_relations(1).replace("sheet1.xml", "sheet1.bin"),
         "xl/worksheets/sheet1.bin": laugh(10)}),
     "workbook-unsafe: it declares entities or a DTD"),
    ("entity in .ods", "ods",
     lambda: pack_ods("<!DOCTYPE x []>"), "workbook-unsafe: it declares entities or a DTD"),
    ("sheet in UTF-16", "xlsx",
     lambda: pack_xlsx(ONE_CELL.replace("UTF-8", "UTF-16").encode("utf-16")),
     "workbook-unsafe: a part of it is not in UTF-8"),
    ("sheet in UTF-16 without a mark", "xlsx", lambda: pack_xlsx(ONE_CELL.encode("utf-16-le")),
     "workbook-unsafe: a part of it is not in UTF-8"),
    ("sheet declared as latin-1", "xlsx",
     lambda: pack_xlsx(ONE_CELL.replace('"UTF-8"', "'ISO-8859-1'")),
     "workbook-unsafe: a part of it is not in UTF-8"),
    ("UTF-16 in a part of another ending", "xlsx",
     lambda: pack_xlsx(ONE_CELL, parts={
         "xl/_rels/workbook.xml.rels": list_relations(1).replace("sheet1.xml", "sheet1.bin"),
         "xl/worksheets/sheet1.bin": ONE_CELL.replace("UTF-8", "UTF-16").encode("utf-16")}),
     "workbook-damaged: two ways of reading it give different cells"),
    # Containers
    ("a part twice", "xlsx",
     lambda: pack_xlsx(ONE_CELL, extra=[("xl/worksheets/sheet1.xml", ONE_CELL)]),
     "workbook-unsafe: the package holds one part twice"),
    ("a part twice but for case", "xlsx",
     lambda: pack_xlsx(ONE_CELL, extra=[("xl/worksheets/SHEET1.xml", ONE_CELL)]),
     "workbook-unsafe: the package holds one part twice"),
    ("a part outside", "xlsx", lambda: pack_xlsx(ONE_CELL, extra=[("../../evil.xml", "x")]),
     "workbook-unsafe: a part has a misleading name"),
    ("a part at the root of the disk", "xlsx", lambda: pack_xlsx(ONE_CELL, extra=[("/evil", "x")]),
     "workbook-unsafe: a part has a misleading name"),
    ("macros", "xlsx", lambda: pack_xlsx(ONE_CELL, extra=[("xl/vbaProject.bin", b"x")]),
     "file-macros: "),
    ("macros said by the content type alone", "xlsx",
     lambda: pack_xlsx(ONE_CELL, parts={"[Content_Types].xml": hostile.CONTENT_TYPES.replace(
         "openxmlformats-officedocument.spreadsheetml.sheet", "ms-excel.sheet.macroEnabled")}),
     "file-macros: "),
    ("macro sheet", "xlsx",
     lambda: pack_xlsx(ONE_CELL, parts={"xl/_rels/workbook.xml.rels": list_relations(1).replace(
         "/worksheet\"", "/xlMacrosheet\"")}),
     "file-macros: "),
    ("macros of .xls", "xls", lambda: pack_ole("Workbook", "_VBA_PROJECT_CUR"), "file-macros: "),
    ("encrypted", "xlsx", lambda: pack_ole("EncryptionInfo", "EncryptedPackage"),
     "file-encrypted: "),
    ("encrypted .xls", "xls",
     lambda: xls_bytes(corner_xls).replace(
         struct.pack("<HHH", 0xE1, 2, 1200), struct.pack("<HHH", 0x2F, 2, 1), 1),
     "file-encrypted: "),
    ("encrypted .ods", "ods",
     lambda: pack_ods(manifest="<manifest:file-entry><manifest:encryption-data/>"
                      "</manifest:file-entry>"),
     "file-encrypted: "),
    ("encrypted zip", "xlsx", lambda: set_flags(pack_xlsx(ONE_CELL), 1), "file-encrypted: "),
    ("packed by LZMA", "xlsx", lambda: repack(pack_xlsx(ONE_CELL), zipfile.ZIP_LZMA),
     "workbook-unsafe: packed in an unusual way"),
    ("OLE without a workbook", "xls", lambda: pack_ole("WordDocument", "1Table"),
     "file-kind: an old office file that holds no workbook"),
    ("OLE that runs in a circle", "xls",
     lambda: (lambda b: b[:516] + struct.pack("<I", 1) + b[520:])(pack_ole("x", "y", "z")),
     "workbook-unsafe: the container runs in a circle"),
    ("OLE cut off", "xls", lambda: pack_ole("Workbook")[:600],
     "workbook-damaged: the container is cut off"),
    (".xls cut off", "xls", lambda: pack_ole("Workbook"), "workbook-damaged: it is cut off"),
    (".xls of Excel 95", "xls", lambda: pack_ole("Book"),
     "file-kind: a workbook from before 1997; save it as .xlsx"),
    ("cut off", "xlsx", lambda: pack_xlsx(ONE_CELL)[:-300],
     "workbook-damaged: the package cannot be unpacked"),
    ("zeros", "xlsx", lambda: bytes(5000),
     "file-not-what-it-says: named .xlsx, but it holds only zero bytes; "
     "the copy was probably cut off"),
    ("something at the end", "xlsx", lambda: pack_xlsx(ONE_CELL) + b"more",
     "workbook-unsafe: something follows the end of the package"),
    ("two packages in a row", "xlsx", lambda: pack_xlsx(ONE_CELL) + pack_xlsx(ONE_CELL),
     "workbook-unsafe: something stands before the package's first part"),
    ("other zip", "xlsx", lambda: pack_zip({"readme.txt": "hello"}),
     "file-kind: a zip archive; unpack it first"),
    ("text document", "xlsx",
     lambda: pack_zip({"[Content_Types].xml": "", "word/document.xml": ""}),
     "file-kind: a document of another program of an office suite"),
    ("binary workbook", "xlsx",
     lambda: pack_xlsx(ONE_CELL, parts={"xl/workbook.xml": ""}, extra=[("xl/workbook.bin", "x")]),
     "file-kind: a binary workbook (.xlsb); save it as .xlsx"),
    # Names
    ("csv named .xlsx", "xlsx", lambda: b"patient_id,HGB\nP1,120\n",
     "file-not-what-it-says: named .xlsx, but its content is plain text"),
    ("html named .xls", "xls", lambda: b"\xef\xbb\xbf\n<html><table><tr><td>P1</td></tr></table>",
     "file-not-what-it-says: named .xls, but it is a web page that a program wrote under a "
     "workbook's name"),
    (".xlsx named .xls", "xls", lambda: pack_xlsx(ONE_CELL),
     "file-not-what-it-says: named .xls, but it is an .xlsx workbook"),
    (".xls named .xlsx", "xlsx", lambda: xls_bytes(corner_xls),
     "file-not-what-it-says: named .xlsx, but it is an .xls workbook"),
    # Sheets that two readers read differently
    ("a cell twice", "xlsx",
     lambda: pack_xlsx(write_sheet(
         '<row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row>')),
     "workbook-damaged: its cells are out of order, or one stands twice"),
    ("a cell of .xls twice", "xls", double_xls,
     "workbook-damaged: one of its cells stands twice"),
    ("a cell of another row", "xlsx",
     lambda: pack_xlsx(write_sheet('<row r="1"><c r="A2"><v>1</v></c></row>')),
     "workbook-damaged: its cells are out of order, or one stands twice"),
    ("a row of cells of row 11", "xlsx",
     lambda: pack_xlsx(write_sheet('<row r="1"><c r="A11"><v>1</v></c></row>')),
     "workbook-damaged: its cells are out of order, or one stands twice"),
    ("rows out of order", "xlsx",
     lambda: pack_xlsx(write_sheet(number_cells({"A2": 1}) + number_cells({"A1": 2}))),
     "workbook-damaged: its rows are out of order, or one stands twice"),
    ("a row twice", "xlsx",
     lambda: pack_xlsx(write_sheet(number_cells({"A1": 1}) + number_cells({"B1": 2}))),
     "workbook-damaged: its rows are out of order, or one stands twice"),
    ("a cell outside every row", "xlsx",
     lambda: pack_xlsx(write_sheet('<c r="A1"><v>1</v></c>')),
     "workbook-damaged: its cells are out of order, or one stands twice"),
    ("cells hidden in another namespace", "xlsx",
     lambda: pack_xlsx(write_sheet(
         '<row r="1"><c r="A1"><v>1</v></c>'
         '<x:c xmlns:x="urn:x" r="B1"><x:v>2</x:v></x:c></row>')),
     "workbook-damaged: two ways of reading it give different cells"),
    ("a text that is not there", "xlsx",
     lambda: pack_xlsx(write_sheet('<row r="1"><c r="A1" t="s"><v>7</v></c></row>')),
     "workbook-damaged: a text of it is missing"),
    ("a style that is not there", "xlsx",
     lambda: pack_xlsx(write_sheet('<row r="1"><c r="A1" s="7"><v>7</v></c></row>')),
     "workbook-damaged: a style of it is missing"),
    ("a number that is none", "xlsx",
     lambda: pack_xlsx(write_sheet('<row r="1"><c r="A1"><v>seven</v></c></row>')),
     "workbook-damaged: a number of it cannot be read"),
    ("a decimal comma in a number", "xlsx",
     lambda: pack_xlsx(write_sheet('<row r="1"><c r="A1"><v>11,2</v></c></row>')),
     "workbook-damaged: a number of it cannot be read"),
    ("a kind of cell unknown", "xlsx",
     lambda: pack_xlsx(write_sheet('<row r="1"><c r="A1" t="x"><v>7</v></c></row>')),
     "workbook-damaged: a cell is of an unknown kind"),
    ("XML cut off", "xlsx", lambda: pack_xlsx(ONE_CELL[:-20]),
     "workbook-damaged: a part of it is not well-formed XML"),
    ("a sheet without its part", "xlsx",
     lambda: pack_xlsx(ONE_CELL, parts={"xl/worksheets/sheet1.xml": ""}),
     "workbook-damaged: a part of it is missing"),
    ("two sheets of one name", "xlsx",
     lambda: pack_xlsx(ONE_CELL, ONE_CELL, parts={
         "xl/workbook.xml": list_sheets(("S", "visible"), ("s", "visible"))}),
     "workbook-damaged: two sheets have one name"),
    ("every sheet hidden", "xlsx",
     lambda: pack_xlsx(ONE_CELL, ONE_CELL, parts={
         "xl/workbook.xml": list_sheets(("S", "hidden"), ("T", "veryHidden"))}),
     "workbook-no-visible-sheet: "),
    ("text between cells of .ods", "ods",
     lambda: pack_ods(ODS_TABLE.format("", "\n" + ODS_CELL.format(""))),
     "workbook-damaged: the reader failed (CalamineError)"),
    ("table within a table of .ods", "ods",
     lambda: pack_ods(ODS_TABLE.format("", "").replace(
         "</table:table>", ODS_TABLE + "</table:table>")),
     "workbook-unsafe: a table stands inside another"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("suffix", "build", "outcome"),
    [case[1:] for case in REFUSED],
    ids=[case[0] for case in REFUSED],
)
def test_hostile_workbook_is_refused_for_its_reason(
    suffix: str, build: Callable[[], bytes], outcome: str
) -> None:
    content = build()
    started = time.monotonic()
    found = refusal(content, f"export.{suffix}")
    assert (found, time.monotonic() - started < SECONDS) == (outcome, True)


READ: list[tuple[str, Callable[[], bytes], list[tuple[int, list[str]]]]] = [
    ("dimension that lies",
     lambda: pack_xlsx(write_sheet(number_cells({"A1": 1, "B1": 2}) + number_cells({"A2": 3}),
                                   before='<dimension ref="A1:A1"/>')),
     [(1, ["1", "2"]), (2, ["3", ""])]),
    ("single quotes",
     lambda: pack_xlsx(write_sheet("<row r='3'><c r='B3'><v>1</v></c></row>")),
     [(3, ["", "1"])]),
    ("cells and rows without a place",
     lambda: pack_xlsx(write_sheet("<row><c/><c><v>1</v></c></row><row><c><v>2</v></c></row>")),
     [(1, ["", "1"]), (2, ["2", ""])]),
    ("prefixed names",
     lambda: pack_xlsx(
         f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row r="1"><x:c r="A1"><x:v>1</x:v></x:c>'
         '</x:row></x:sheetData></x:worksheet>'),
     [(1, ["1"])]),
    ("formats to the last column",
     lambda: pack_xlsx(write_sheet(
         '<row r="1"><c r="A1"><v>1</v></c><c r="XFD1" s="0"/></row><row r="1048576"><c/></row>')),
     [(1, ["1"])]),
    ("formulas of other namespaces below the cells",
     lambda: pack_xlsx(write_sheet(
         number_cells({"A1": 1}),
         after='<extLst xmlns:y="urn:y"><y:c r="A1"><y:f>1</y:f><y:v>9</y:v></y:c></extLst>')),
     [(1, ["1"])]),
    ("deep nesting",
     lambda: pack_xlsx(write_sheet(number_cells({"A1": 1}),
                                   after="<a>" * 10_000 + "</a>" * 10_000)),
     [(1, ["1"])]),
    ("formula that would call a program",
     lambda: pack_xlsx(write_sheet(f'<row r="1">{TEXT_CELL.format("=cmd|calc!A0")}</row>')),
     [(1, ["=cmd|calc!A0"])]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("build", "rows"), [case[1:] for case in READ], ids=[case[0] for case in READ]
)
def test_odd_workbook_is_read_in_full(
    build: Callable[[], bytes], rows: list[tuple[int, list[str]]]
) -> None:
    (table,) = read(build())
    assert table.rows == rows
    assert not table.bad_cells


def test_bit_rot_is_never_read_as_another_result() -> None:
    rows = "".join(number_cells({f"A{i}": i, f"B{i}": i * 1.5}) for i in range(1, 40))
    content = pack_xlsx(write_sheet(rows))
    sound = read(content)
    random_bits = random.Random(1)
    outcomes = set()
    for _ in range(60):
        rotten = bytearray(content)
        rotten[random_bits.randrange(len(rotten))] ^= 1 << random_bits.randrange(8)
        try:
            outcomes.add(read(bytes(rotten)) == sound)
        except UnreadableFile:
            outcomes.add(None)
    assert None in outcomes
    assert False not in outcomes


START = "import sys; sys.stdout.write('[\"ready\"]\\n'); sys.stdout.flush(); sys.stdin.read(); "
DEATHS = [
    ("import os; os.abort()", "workbook-exhausting: the reader ran out of memory or failed"),
    ("import os; os.kill(os.getpid(), 9)", "reader-stopped: signal 9, mostly for want of memory"),
    ("import os, signal; os.kill(os.getpid(), signal.SIGXCPU)",
     "workbook-exhausting: it takes too long"),
    ("import time; time.sleep(60)", "workbook-exhausting: not read after 1 seconds"),
    ("raise ValueError", "workbook-exhausting: the reader ran out of memory or failed"),
    ("pass", "workbook-damaged: the reader stopped half-way"),
    ("print('[\"sheet\",\"S\"]')", "workbook-damaged: the reader stopped half-way"),
    ("print('[\"sheet\",\"end\"]')", "workbook-damaged: the reader stopped half-way"),
]  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
@pytest.mark.parametrize(("ending", "outcome"), DEATHS)
def test_death_of_the_child_becomes_a_reason(
    monkeypatch: pytest.MonkeyPatch, ending: str, outcome: str
) -> None:
    monkeypatch.setattr(reader, "_START", START + ending)
    monkeypatch.setattr(reader, "WALL_SECONDS", 1)
    assert refusal(pack_xlsx(ONE_CELL)) == outcome


def test_child_sees_nothing_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITE_PASSWORD", "secret")
    names = "import os, json; print(json.dumps(['refused', 'file-empty', ' '.join(os.environ)]))"
    monkeypatch.setattr(reader, "_START", START + names)
    found = refusal(pack_xlsx(ONE_CELL))
    assert found.startswith("file-empty: ")
    assert "SITE_PASSWORD" not in found


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
@pytest.mark.parametrize(
    ("start", "how"),
    [
        ("import a_module_that_is_not_there", "exit 1"),
        ("import os; os.kill(os.getpid(), 9)", "signal 9"),
    ],
)
def test_reader_that_does_not_start_is_no_fault_of_the_file(
    monkeypatch: pytest.MonkeyPatch, start: str, how: str
) -> None:
    monkeypatch.setattr(reader, "_START", start)
    said = f"the program that reads workbooks did not start ({how}), mostly for want of memory"
    assert refusal(pack_xlsx(ONE_CELL)) == f"file-not-read: {said}"


LIMITED = "from pipeline.ingest.formats.workbook.child import limit_process; limit_process(); "


@pytest.mark.skipif(sys.platform != "linux", reason="limits differ elsewhere")
@pytest.mark.parametrize(
    ("action", "outcome"),
    [
        ("bytearray(900 << 20)", "done"),
        ("bytearray(1100 << 20)", "MemoryError"),
        ("open(sys.argv[1], 'wb', buffering=0).write(b'x')", "OSError"),
    ],
)
def test_child_keeps_its_limits(tmp_path: Path, action: str, outcome: str) -> None:
    script = (
        f"{LIMITED}import sys, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"try:\n    {action}; print('done')\nexcept Exception as error: print(type(error).__name__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "written"],
        cwd=Path(pipeline.__path__[0]).parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == outcome


@pytest.mark.skipif(sys.platform != "linux", reason="limits differ elsewhere")
def test_child_that_computes_for_ever_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    forever = (
        "import pipeline.ingest.formats.workbook.child as child\n"
        "child.CPU_SECONDS = 1\n"
        "def read(*_):\n    while True: pass\n"
        "child._read = read; child.main()"
    )
    start = (
        reader._START.replace("from pipeline.ingest.formats.workbook.child import main; main()", "")
        + forever
    )
    monkeypatch.setattr(reader, "_START", start)
    assert refusal(pack_xlsx(ONE_CELL)) == "workbook-exhausting: it takes too long"


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of memory")
def test_library_that_aborts_takes_only_the_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """The corner cells that the marks refuse, given to the library all the same."""
    careless = (
        "import pipeline.ingest.formats.workbook.child as child, io\n"
        "def read(scan, content, writer): list(child.calamine.load_workbook(io.BytesIO(content))"
        ".get_sheet_by_index(0).iter_rows())\n"
        "child._read = read; child.main()"
    )
    monkeypatch.setattr(
        reader,
        "_START",
        reader._START.replace("from pipeline.ingest.formats.workbook.child import main; main()", "")
        + careless,
    )
    corners = write_sheet(number_cells({"A1": 1}) + number_cells({"XFD1048576": 2}))
    assert refusal(pack_xlsx(corners)).startswith("workbook-exhausting: ")


@pytest.mark.skipif(sys.platform == "win32", reason="no resource module")
def test_parent_stays_small() -> None:
    """Stands last: the high-water mark of all files above, and of their making."""
    import resource

    unit = 1024 if sys.platform == "darwin" else 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit < MEMORY_KIB
