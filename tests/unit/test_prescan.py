"""The container of a workbook: what it is, before any cell is looked at."""

import io
import zipfile

import openpyxl
import pytest
import xlwt

from pipeline.ingest.formats.refusal import Refused
from pipeline.ingest.formats.workbook.prescan import MAX_INFLATED_BYTES, check_workbook


def xlsx() -> bytes:
    packed = io.BytesIO()
    openpyxl.Workbook().save(packed)
    return packed.getvalue()


def xls(rows: int = 1) -> bytes:
    book, packed = xlwt.Workbook(), io.BytesIO()
    sheet = book.add_sheet("Results")
    for row in range(rows):
        sheet.write(row, 0, f"P{row}")
    book.save(packed)
    return packed.getvalue()


def ods(mimetype: str = "application/vnd.oasis.opendocument.spreadsheet") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as package:
        package.writestr("mimetype", mimetype)
        package.writestr("content.xml", "<x/>")
    return packed.getvalue()


@pytest.mark.parametrize(
    ("suffix", "content", "outcome"),
    [
        (".xlsx", xlsx(), "xlsx"),
        (".xls", xls(), "xls"),
        (".xls", xls(rows=20_000), "xls"),
        (".ods", ods(), "ods"),
        (".ods", ods("application/vnd.oasis.opendocument.text"), "file-kind"),
        (".xls", xlsx(), "file-not-what-it-says"),
        (".xlsx", ods(), "file-not-what-it-says"),
        (".xlsx", b"", "file-not-what-it-says"),
        (".xls", b"P1\t120\n", "file-not-what-it-says"),
        (".xlsx", xlsx()[:2000], "workbook-damaged"),
        (".xls", xls()[:400], "workbook-damaged"),
    ],
)
def test_kind_is_told_by_content(suffix: str, content: bytes, outcome: str) -> None:
    try:
        found = check_workbook(suffix, content)
    except Refused as refusal:
        found = refusal.code
    assert found == outcome


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\0" * 100, "zero bytes"),
        (b"  <HTML><body>", "web page"),
        (b"\xef\xbb\xbf<!DOCTYPE html>", "web page"),
        (b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
         "XML spreadsheet"),
        (b"P1;120\r\n", "plain text"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "unknown kind"),
    ],
)  # fmt: skip
def test_other_content_is_named_in_plain_words(content: bytes, words: str) -> None:
    with pytest.raises(Refused) as caught:
        check_workbook(".xlsx", content)
    assert caught.value.code == "file-not-what-it-says"
    assert words in caught.value.detail


@pytest.mark.parametrize(("excess", "outcome"), [(0, "xlsx"), (1, "file-too-large")])
def test_unpacked_size_is_limited_over_all_parts(excess: int, outcome: str) -> None:
    packed = io.BytesIO(xlsx())
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as package:
        used = sum(part.file_size for part in package.infolist())
        half = (MAX_INFLATED_BYTES - used) // 2
        package.writestr("xl/media/a.bin", bytes(half))
        package.writestr("xl/media/b.bin", bytes(MAX_INFLATED_BYTES - used - half + excess))
    try:
        found = check_workbook(".xlsx", packed.getvalue())
    except Refused as refusal:
        found = refusal.code
    assert found == outcome


def test_parts_are_counted_before_they_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A million entries take 640 MiB once a library has made objects of them."""

    def refuse(*_: object) -> None:
        raise AssertionError("the list of parts was read")

    monkeypatch.setattr("pipeline.ingest.formats.workbook.prescan.zipfile.ZipFile", refuse)
    with pytest.raises(Refused, match="more than 10000 parts"):
        check_workbook(".xlsx", b"PK\x03\x04" + (b"PK\x01\x02" + b"\0" * 43) * 10_001)
