"""Is this workbook safe to open, and is it what its name says: the container, before any cell.

Nothing here looks at cells; that is for the limited child process.
"""

import io
import re
import struct
import zipfile
import zlib
from typing import IO

from pipeline.ingest.formats.refusal import Refused
from pipeline.ingest.formats.workbook.ole import read_entries

MAX_FILE_BYTES = 50 << 20
MAX_INFLATED_BYTES = 200 << 20
MAX_PARTS = 10_000
CHUNK = 1 << 16

ZIP_MAGIC = b"PK\x03\x04"
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP_PART = b"PK\x01\x02"
"""Begins each entry of the list of parts."""
_ZIP_END = b"PK\x05\x06"
_ZIP_END_BYTES = 22
_PACKINGS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}

_DTD = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_DECLARED_ENCODING = re.compile(rb"""^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']""")
_UTF8_NAMES = {b"utf-8", b"utf8", b"us-ascii", b"ascii"}


def check_workbook(suffix: str, content: bytes) -> str:
    """Name the kind of a workbook whose container is safe: "xlsx", "xls" or "ods".

    Args:
        suffix: Ending of the file's name with its dot, in lower case.
        content: The whole file.

    Raises:
        Refused: It is encrypted, has macros, is damaged, unpacks to too much, is built to
            mislead, or is of another kind than its name says.
    """
    if len(content) > MAX_FILE_BYTES:
        raise Refused("file-too-large", f"more than {MAX_FILE_BYTES >> 20} MiB")
    if content.startswith(ZIP_MAGIC):
        kind = _check_zip(content)
    elif content.startswith(OLE_MAGIC):
        kind = _check_ole(content)
    else:
        raise Refused("file-not-what-it-says", _describe_other(suffix, content))
    if suffix != f".{kind}":
        raise Refused("file-not-what-it-says", f"named {suffix}, but it is an .{kind} workbook")
    return kind


def _describe_other(suffix: str, content: bytes) -> str:
    """Say what a file is that is no workbook at all."""
    head = content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not content:
        found = "it is empty"
    elif not content.strip(b"\0"):
        found = "it holds only zero bytes; the copy was probably cut off"
    elif head.startswith((b"<html", b"<!doctype html", b"<table", b"<meta")):
        found = "it is a web page that a program wrote under a workbook's name"
    elif b"urn:schemas-microsoft-com:office:spreadsheet" in head:
        found = "it is an XML spreadsheet of 2003"
    elif b"\0" in content[:4096]:
        found = "its content is of an unknown kind"
    else:
        found = "its content is plain text"
    return f"named {suffix}, but {found}"


def _check_zip(content: bytes) -> str:
    # Before the list of parts is read: a million of them take a kilobyte each.
    if content.count(_ZIP_PART) > MAX_PARTS:
        raise Refused("workbook-unsafe", f"more than {MAX_PARTS} parts")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            if not content[-_ZIP_END_BYTES:].startswith(_ZIP_END):
                raise Refused("workbook-unsafe", "something follows the end of the package")
            names = _check_names(package)
            kind = _kind_of_package(names, package)
            if any(part.flag_bits & 0x1 for part in package.infolist()):
                raise Refused("file-encrypted")
            if any(part.compress_type not in _PACKINGS for part in package.infolist()):
                raise Refused("workbook-unsafe", "packed in an unusual way")
            _check_macros(kind, names)
            _check_parts(package)
            return kind
    except (zipfile.BadZipFile, zlib.error, EOFError, struct.error, ValueError) as error:
        raise Refused("workbook-damaged", "the package cannot be unpacked") from error
    except (NotImplementedError, RuntimeError, OSError) as error:
        raise Refused("workbook-unsafe", "packed in an unusual way") from error


def _check_names(package: zipfile.ZipFile) -> set[str]:
    """Refuse member names that two readers could take for different files."""
    parts = package.infolist()
    if min((part.header_offset for part in parts), default=0) != 0:
        raise Refused("workbook-unsafe", "something stands before the package's first part")
    names = [part.orig_filename for part in parts]
    for name in names:
        if name.startswith("/") or re.search(r"[\\:\0]|(?:^|/)\.\.(?:/|$)", name):
            raise Refused("workbook-unsafe", "a part has a misleading name")
    folded = {name.casefold() for name in names}
    if len(folded) != len(names):
        raise Refused("workbook-unsafe", "the package holds one part twice")
    return folded


def _kind_of_package(names: set[str], package: zipfile.ZipFile) -> str:
    if "xl/workbook.xml" in names:
        return "xlsx"
    if "mimetype" in names:
        with package.open("mimetype") as stream:
            if b"opendocument.spreadsheet" in stream.read(200):
                return "ods"
    if "xl/workbook.bin" in names:
        raise Refused("file-kind", "a binary workbook (.xlsb); save it as .xlsx")
    if "[content_types].xml" in names:
        raise Refused("file-kind", "a document of another program of an office suite")
    raise Refused("file-kind", "a zip archive; unpack it first")


def _check_macros(kind: str, names: set[str]) -> None:
    found = (
        any(name.startswith(("basic/", "scripts/")) for name in names)
        if kind == "ods"
        else any(
            name.endswith("vbaproject.bin")
            or name.startswith(("xl/macrosheets/", "xl/dialogsheets/", "xl/activex/"))
            for name in names
        )
    )
    if found:
        raise Refused("file-macros")


def _check_parts(package: zipfile.ZipFile) -> None:
    """Unpack every part once, piece by piece, and keep nothing of it.

    The declared sizes are a limit that holds: a part of which more comes out does not fit its
    checksum, and unpacking stops at the declared size.
    """
    if sum(part.file_size for part in package.infolist()) > MAX_INFLATED_BYTES:
        limit = MAX_INFLATED_BYTES >> 20
        raise Refused("file-too-large", f"unpacks to more than {limit} MiB")
    for part in package.infolist():
        name = part.filename.casefold()
        with package.open(part) as stream:
            if name.endswith((".xml", ".rels")):
                _check_markup(name, stream)
            while stream.read(CHUNK):
                pass


def _check_markup(name: str, stream: IO[bytes]) -> None:
    """Look through the markup of one part, up to its end."""
    tail = b""
    while piece := stream.read(CHUNK):
        if not tail:
            _check_encoding(piece)
        # Words may stand across the border of two pieces.
        window = tail + piece
        if _DTD.search(window):
            raise Refused("workbook-unsafe", "it declares entities or a DTD")
        if name == "[content_types].xml" and b"macroEnabled" in window:
            raise Refused("file-macros")
        if name == "meta-inf/manifest.xml" and b"encryption-data" in window:
            raise Refused("file-encrypted")
        tail = piece[-32:]


def _check_encoding(head: bytes) -> None:
    """Refuse parts not in UTF-8: a reader may see an empty sheet where Excel sees results."""
    declared = _DECLARED_ENCODING.match(head.removeprefix(b"\xef\xbb\xbf"))
    if (
        head.startswith((b"\xfe\xff", b"\xff\xfe"))
        or b"\0" in head
        or (declared and declared[1].lower() not in _UTF8_NAMES)
    ):
        raise Refused("workbook-unsafe", "a part of it is not in UTF-8")


def _check_ole(content: bytes) -> str:
    names = set(read_entries(content))
    if {"encryptedpackage", "encryptioninfo"} & names:
        raise Refused("file-encrypted")
    if not {"workbook", "book"} & names:
        raise Refused("file-kind", "an old office file that holds no workbook")
    if {"_vba_project_cur", "_vba_project", "vba"} & names:
        raise Refused("file-macros")
    return "xls"
