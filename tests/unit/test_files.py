import csv
import io
import os
import stat
import tempfile
import unicodedata
import zipfile
from datetime import UTC, datetime, timedelta, timezone

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from pipeline.errors import OutputError
from pipeline.files.durable import make_folder, write_bytes, write_text
from pipeline.publish.csv_text import csv_text, neutralize
from pipeline.report.excel.package import pack_workbook, save_workbook
from pipeline.report.report_names import file_name

RUN_AT = datetime(2026, 3, 10, 8, 30)


@pytest.mark.parametrize(
    ("patient_id", "is_plain"),
    [
        ("P1", True),
        ("0012", True),
        ("A.B_C-9", True),
        ("A" * 64, True),
        ("A" * 65, False),
        ("", False),
        ("p1", False),
        ("P 1", False),
        ("P/1", False),
        ("../../etc/PASSWD", False),
        ("..", False),
        (".P1", False),
        ("-P1", False),
        ("P1.", False),
        ("P1\n", False),
        ("CON", False),
        ("CON.TXT", False),
        ("NUL", False),
        ("COM1", False),
        ("LPT9.A.B", False),
        ("CONE", True),
        ("COM10", True),
        ("Ä1", False),
        ("\uff301", False),
        ("٣", False),
        ("P-BA7816BF8F01CFEA", False),
        ("患者", False),
        ("\ud800", False),
    ],
)
def test_a_plain_id_names_its_file(patient_id, is_plain):
    name = file_name(patient_id)
    assert (name == patient_id) is is_plain
    assert name.isascii()
    assert not set(name) & set('\\/:*?"<>| \n')
    assert not name.startswith((".", "-"))
    assert not name.endswith(".")
    assert 1 <= len(name) <= 64


def as_a_disk_sees_it(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def test_a_plain_id_cannot_take_the_name_of_another():
    hashed = file_name("abc")
    assert as_a_disk_sees_it(file_name(hashed.upper())) != as_a_disk_sees_it(hashed)


@given(
    st.lists(
        st.text(st.sampled_from("aAbBÄä.-_ /é\u0301e0"), max_size=6) | st.text(max_size=80),
        unique=True,
        max_size=30,
    )
)
def test_no_two_ids_share_a_name(ids):
    assert len({as_a_disk_sees_it(file_name(each)) for each in ids}) == len(ids)


def make_book(text="x") -> Workbook:
    book = Workbook()
    book.active["A1"] = text
    return book


def test_the_same_workbook_gives_the_same_bytes(tmp_path, monkeypatch):
    save_workbook(make_book(), tmp_path / "1.xlsx", RUN_AT)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    save_workbook(make_book(), tmp_path / "2.xlsx", RUN_AT)
    save_workbook(make_book("y"), tmp_path / "3.xlsx", RUN_AT)
    first, second, third = ((tmp_path / f"{n}.xlsx").read_bytes() for n in (1, 2, 3))
    assert first == second != third
    with zipfile.ZipFile(tmp_path / "1.xlsx") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.create_system for entry in archive.infolist()} == {3}


def test_a_workbook_is_whole_though_no_temporary_file_can_be_made(tmp_path, monkeypatch):
    """On a full disk openpyxl loses the end of a sheet that it makes in a file, and says nothing."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "not there"))
    book = make_book()
    for number in range(5000):
        book.active.append([f"row {number}"])
    save = pack_workbook(book, RUN_AT)
    assert load_workbook(io.BytesIO(save)).active.cell(book.active.max_row, 1).value == "row 4999"


@pytest.mark.parametrize(
    ("run_at", "stamp"),
    [
        (RUN_AT, RUN_AT),
        (RUN_AT.replace(tzinfo=UTC), RUN_AT),
        (RUN_AT.replace(tzinfo=timezone(timedelta(hours=2))), RUN_AT - timedelta(hours=2)),
        (RUN_AT.replace(microsecond=9), RUN_AT),
    ],
)
def test_properties_carry_the_time_of_the_run(tmp_path, run_at, stamp):
    save_workbook(make_book(), tmp_path / "b.xlsx", run_at)
    properties = load_workbook(tmp_path / "b.xlsx").properties
    assert (properties.created, properties.modified) == (stamp, stamp)


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX")
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_nothing_written_is_open_to_the_world(tmp_path, umask):
    before = os.umask(umask)
    try:
        write_text("x", tmp_path / "new" / "deeper" / "a.csv")
    finally:
        os.umask(before)
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in [tmp_path / "new", *(tmp_path / "new").rglob("*")]
    }
    assert modes == {"new": 0o750, "deeper": 0o750, "a.csv": 0o640}


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX")
def test_a_folder_that_was_there_keeps_its_mode(tmp_path):
    tmp_path.chmod(0o755)
    make_folder(tmp_path)
    write_text("x", tmp_path / "a.csv")
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    target = tmp_path / "SECRET-ID.xlsx"
    target.write_bytes(b"old")

    def fail(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OutputError) as caught:
        write_bytes(b"new", target)
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == [target.name]
    assert "No space left" in str(caught.value)
    assert "SECRET-ID" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_file_where_a_folder_should_be_is_an_output_error(tmp_path):
    (tmp_path / "a").write_text("x")
    with pytest.raises(OutputError):
        write_text("x", tmp_path / "a" / "b.csv")


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd|x", "'+cmd|x"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t'=1"),
        ("\rx", "'\rx"),
        ("\nx", "'\nx"),
        (" =1", "' =1"),
        ("\uff1d1", "'\uff1d1"),
        ("-", "'-"),
        ("-5", "-5"),
        ("+5.2", "+5.2"),
        ("-1e-3", "-1e-3"),
        ("-.5", "-.5"),
        ("-5\n", "'-5\n"),
        ("-٣", "'-٣"),
        ("<150", "<150"),
        ("a=b", "a=b"),
        ("", ""),
        ("98; 112", "98; 112"),
        ("-5; -3", "'-5; -3"),
        ("5; -3", "5; -3"),
        ('A;=HYPERLINK("x")', 'A;\'=HYPERLINK("x")'),
        ("A; =1", "A;' =1"),
        ("A\t@SUM(A1)", "A\t'@SUM(A1)"),
        ("A\n+cmd|x", "A\n'+cmd|x"),
        ('A;"=1";-2+3', "A;'\"=1\";'-2+3"),
        ("';=1+1.csv", "';'=1+1.csv"),
        ("A;\uff1d1", "A;'\uff1d1"),
        ("A;b=c", "A;b=c"),
        ("A,=1", "A,=1"),
        ("A;;=1;", "A;;'=1;"),
    ],
)
def test_neutralize(text, safe):
    assert neutralize(text) == safe


def test_csv_text():
    table = pd.DataFrame(
        {
            "patient_id": pd.Series(["=P1", "P,2", 'P"3\n'], dtype="str"),
            "collected_at": pd.to_datetime(["2026-03-01 08:15", "2026-03-02 00:00", None]).as_unit(
                "us"
            ),
            "collected_precision": pd.Series(["time", "date", ""], dtype="str"),
            "change": pd.array([-5, None, 7], dtype="Int64"),
            "value": pd.array([-0.5, 1.25, None], dtype="Float64"),
        }
    )
    before = table.copy()
    rows = list(csv.reader(io.StringIO(csv_text(table)), strict=True))
    assert rows == [
        ["patient_id", "collected_at", "change", "value"],
        ["'=P1", "2026-03-01T08:15:00", "-5", "-0.5"],
        ["P,2", "2026-03-02", "", "1.25"],
        ['P"3\n', "", "7", ""],
    ]
    pd.testing.assert_frame_equal(table, before)


def test_csv_text_of_no_rows_keeps_the_header():
    empty = pd.DataFrame(
        {
            "collected_at": pd.Series([], dtype="datetime64[us]"),
            "collected_precision": pd.Series([], dtype="str"),
            "a": pd.Series([], dtype="str"),
        }
    )
    assert csv_text(empty) == "collected_at,a\n"


def test_text_that_utf8_cannot_hold_is_written_visibly(tmp_path):
    write_text("a\ud800b\n", tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == b"a\\ud800b\n"
