"""Files become tables of text, or are refused with a reason."""

import errno
import hashlib
import os
import threading

import pytest

from pipeline.errors import ConfigError
from pipeline.ingest.formats import delimited, readers
from pipeline.ingest.formats.delimited import Lines, find_encoding, list_bad_lines, split_rows
from pipeline.ingest.formats.readers import READERS, open_file, read_tables
from pipeline.ingest.text_tables import UnreadableFile


def count_headers(cells):
    """Know three headers and no more."""
    return sum(cell.strip() in ("id", "hb", "mcv") for cell in cells)


def read(tmp_path, content, name="march.csv", code_page="cp1252"):
    return read_tables(tmp_path / name, content, code_page, count_headers)


def refuse(path):
    """Give the code with which a file is refused; none if that takes more than ten seconds."""
    codes = []

    def attempt():
        with pytest.raises(UnreadableFile) as refused:
            open_file(path, "shown.csv")
        if str(path.parent) not in refused.value.detail:
            codes.append(refused.value.code)

    # A reader that waits for the other end of a pipe would never come back.
    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(timeout=10)
    return codes


def test_open_file_reads_bytes_once(tmp_path):
    path = tmp_path / "march.CSV"
    path.write_bytes(b"id,hb\r\n1,120\r\n")
    file, content = open_file(path, "inbox/march.CSV")
    assert content == b"id,hb\r\n1,120\r\n"
    assert (file.name, file.path, file.size) == ("inbox/march.CSV", path, 14)
    assert file.sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("number", "times", "code"),
    [
        (errno.EIO, 1, ""),
        (errno.EIO, 2, ""),
        (errno.EIO, 99, "file-not-read"),
        (errno.ESTALE, 1, ""),
        (errno.EMFILE, 99, "file-not-read"),
        (errno.ENOMEM, 99, "file-not-read"),
        (errno.EACCES, 1, "file-no-rights"),
        (errno.EPERM, 1, "file-no-rights"),
        (errno.ELOOP, 1, "file-unreadable"),
    ],
)
def test_a_fault_that_passes_is_tried_again(tmp_path, monkeypatch, number, times, code):
    path = tmp_path / "march.csv"
    path.write_bytes(b"id,hb\n1,120\n")
    faults = iter([number] * times)
    really = os.open

    def fail(*how, **more):
        if fault := next(faults, 0):
            raise OSError(fault, os.strerror(fault))
        return really(*how, **more)

    monkeypatch.setattr(readers.os, "open", fail)
    if not code:
        assert open_file(path, "march.csv")[1] == b"id,hb\n1,120\n"
        return
    with pytest.raises(UnreadableFile) as verdict:
        open_file(path, "march.csv")
    assert (verdict.value.code, verdict.value.detail) == (code, os.strerror(number))


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("absent.csv", "file-unreadable"),
        ("nul\0.csv", "file-unreadable"),
        ("folder.csv", "file-not-plain"),
        ("link.csv", "file-not-plain"),
        ("dangling.csv", "file-not-plain"),
        ("pipe.csv", "file-not-plain"),
        ("plain.csv.gz", "file-kind"),
        ("plain", "file-kind"),
        ("big.csv", "file-too-large"),
        ("big.xlsx", "file-too-large"),
    ],
)
def test_open_file_refuses(tmp_path, monkeypatch, name, code):
    monkeypatch.setattr(readers, "MAX_TEXT_BYTES", 2**20)
    monkeypatch.setattr(readers, "MAX_WORKBOOK_BYTES", 2**20)
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "plain.csv").write_bytes(b"id\n")
    (tmp_path / "plain.csv.gz").write_bytes(b"id\n")
    (tmp_path / "plain").write_bytes(b"id\n")
    (tmp_path / "big.csv").write_bytes(b"x" * (2**20 + 1))
    (tmp_path / "big.xlsx").write_bytes(b"x" * (2**20 + 1))
    (tmp_path / "link.csv").symlink_to(tmp_path / "plain.csv")
    (tmp_path / "dangling.csv").symlink_to(tmp_path / "nowhere.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    assert refuse(tmp_path / name) == [code]


@pytest.mark.parametrize(
    ("name", "code"), [("pipe.csv", "file-not-plain"), ("link.csv", "file-unreadable")]
)
def test_open_file_is_not_fooled_by_a_name_that_changes_its_meaning(
    tmp_path, monkeypatch, name, code
):
    plain = tmp_path / "plain.csv"
    plain.write_bytes(b"id\n")
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "link.csv").symlink_to(plain)
    looked_at = plain.stat()
    monkeypatch.setattr(readers.os, "lstat", lambda path: looked_at)
    assert refuse(tmp_path / name) == [code]


def test_open_file_refuses_what_changes_under_it(tmp_path, monkeypatch):
    path = tmp_path / "march.csv"
    path.write_bytes(b"id,hb\n")
    true_fstat = os.fstat

    def grow(descriptor):
        seen = true_fstat(descriptor)
        with path.open("ab") as more:
            more.write(b"1,1")
        return seen

    monkeypatch.setattr(readers.os, "fstat", grow)
    with pytest.raises(UnreadableFile, match="changed while it was read"):
        open_file(path, "march.csv")


@pytest.mark.parametrize(
    ("content", "text", "encoding"),
    [
        ("Müller,µ".encode(), "Müller,µ", "utf-8"),
        ("Müller".encode("utf-8-sig"), "Müller", "utf-8-sig"),
        ("Müller".encode("utf-16"), "Müller", "utf-16"),
        (b"\xfe\xff" + "Müller".encode("utf-16-be"), "Müller", "utf-16"),
        ("Müller,µ".encode("cp1252"), "Müller,µ", "cp1252"),
    ],
)
def test_find_encoding(content, text, encoding):
    assert find_encoding(content, "cp1252") == encoding
    assert list(Lines(content, encoding)) == [text]


@pytest.mark.parametrize(
    ("content", "code_page", "detail"),
    [
        (b"M\x81ller", "cp1252", "read as cp1252"),
        ("Müller".encode("cp1252"), "ascii", "read as ascii"),
        (b"\xef\xbb\xbfM\xfcller", "cp1252", "marked as utf-8"),
        (b"\xff\xfeM", "cp1252", "marked as utf-16"),
        (b"id,hb\n1,12\0\0\0", "cp1252", "it holds zero bytes"),
        ("id,hb".encode("utf-16-le"), "cp1252", "it holds zero bytes"),
    ],
)
def test_find_encoding_refuses(content, code_page, detail):
    with pytest.raises(UnreadableFile) as refused:
        find_encoding(content, code_page)
    assert (refused.value.code, refused.value.detail) == ("file-encoding", detail)


def test_unknown_code_page_is_a_fault_of_the_configuration():
    with pytest.raises(ConfigError, match="cp9999"):
        find_encoding(b"\xff", "cp9999")


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "march.csv", "file-empty"),
        (b"\xef\xbb\xbf\r\n  \n", "march.csv", "file-empty"),
        (b"PK\x03\x04rest", "march.csv", "file-not-what-it-says"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "march.txt", "file-not-what-it-says"),
        (b"\x1f\x8b\x08", "march.tsv", "file-not-what-it-says"),
        (b"%PDF-1.7", "march.csv", "file-not-what-it-says"),
        (b"id,hb\n1,120\n", "march.xlsx", "file-not-what-it-says"),
        (b"id,hb\n1,120\n", "march.xls", "file-not-what-it-says"),
    ],
)
def test_content_and_name_must_agree(tmp_path, content, name, code):
    with pytest.raises(UnreadableFile) as refused:
        read(tmp_path, content, name)
    assert refused.value.code == code


@pytest.mark.parametrize("suffix", sorted(READERS))
def test_every_reader_refuses_noise(tmp_path, suffix):
    noise = bytes(range(1, 256)) * 8
    with pytest.raises(UnreadableFile):
        read(tmp_path, noise, f"noise{suffix}")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rows_have_the_number_of_the_line_on_which_they_begin(tmp_path, end):
    text = end.join(["id,hb,note", '1,120,"two', 'lines"', "", "2,130,x", ""])
    found = read(tmp_path, text.encode())
    assert found.tables[0].rows == [
        (1, ["id", "hb", "note"]),
        (2, ["1", "120", "two\nlines"]),
        (4, []),
        (5, ["2", "130", "x"]),
    ]
    assert (found.encoding, found.delimiter) == ("utf-8", ",")


def test_only_line_ends_end_a_line(tmp_path):
    content = "id,hb\n1,form\x0cfeed\n2,next\u0085line\u2028sep\n".encode()
    assert [cells for _, cells in read(tmp_path, content).tables[0].rows[1:]] == [
        ["1", "form\x0cfeed"],
        ["2", "next\u0085line\u2028sep"],
    ]


def test_cells_are_kept_as_they_stand(tmp_path):
    rows = read(tmp_path, b'id,hb\n007, NA \n"a ""b""",\n').tables[0].rows
    assert [cells for _, cells in rows[1:]] == [["007", " NA "], ['a "b"', ""]]


@pytest.mark.parametrize(
    ("content", "notes"),
    [
        (b"id,hb\n1,120\n", []),
        (b"id,hb\n1,120", ["last-line-open"]),
        (b"id,hb\nM\xfcller,120\n", ["encoding-assumed"]),
    ],
)
def test_notes_of_a_text_file(tmp_path, content, notes):
    assert [code for code, _ in read(tmp_path, content).tables[0].notes] == notes


# Quotation marks: what may have joined two results is set aside, line by line.
@pytest.mark.parametrize(
    ("lines", "rows", "bad"),
    [
        # one stray mark at the beginning of a cell, another at the end of a later one
        (['1,"Doe,10', "2,Roe,20", '3,Poe",30', "4,Low,40"], {4: "Low"}, [1, 2, 3]),
        # never closed: all that follows may be swallowed
        (["1,Doe,10", '2,"Roe,20', "3,Poe,30", "4,Low,40"], {1: "Doe"}, [2, 3, 4]),
        # ended by the mark that opens a sound cell
        (['1,"Doe,10', "2,Roe,20", '3,"Poe, P",30', "4,Low,40"], {4: "Low"}, [1, 2, 3]),
        # text after a closing mark
        (['1,"Doe"x,10', "2,Roe,20"], {2: "Roe"}, [1]),
        # a mark within a cell is a mark
        (['1,5" tube,10', "2,Roe,20"], {1: '5" tube', 2: "Roe"}, []),
        # two lines in one cell without a delimiter cannot hold a result
        (['1,"Doe', 'Jane",10', "3,Roe,20"], {1: "Doe\nJane", 3: "Roe"}, []),
        # two lines in one cell with a delimiter can
        (['1,"Doe,', 'Jane",10', "3,Roe,20"], {3: "Roe"}, [1, 2]),
    ],
)
def test_stray_quotation_marks_never_merge(lines, rows, bad):
    found, bad_rows = split_rows([f"{line}\n" for line in lines], ",")
    assert {row: cells[1] for row, cells in found} == rows
    assert bad_rows == dict.fromkeys(bad, "row-quotes")


def test_a_line_without_end_is_cut_off_and_set_aside(monkeypatch):
    monkeypatch.setattr(delimited, "MAX_LINE", 10)
    lines = Lines(b"1,a\n2,45678901234567890123\n3,c\n1234567890\n4," + b"x" * 18, "utf-8")
    assert [len(line) for line in lines] == [4, 10, 4, 10, 10]
    monkeypatch.setattr(delimited, "MAX_CELL", 7)
    rows, bad_rows = split_rows(lines, ",")
    assert [row for row, _ in rows] == [1, 3]
    assert bad_rows == dict.fromkeys([2, 4, 5], "cell-too-long")
    assert lines.ends_open


def test_a_file_torn_to_pieces_is_refused_as_a_whole(monkeypatch):
    monkeypatch.setattr(delimited, "MAX_BAD_LINES", 3)
    torn = ['1,"Doe"x\n'] * 3
    assert len(split_rows(["id,name\n", *torn], ",")[1]) == 3
    with pytest.raises(UnreadableFile, match="first is line 2") as refused:
        split_rows(["id,name\n", *torn, *torn], ",")
    assert refused.value.code == "row-quotes"


def test_a_file_whose_cells_take_too_much_memory_is_refused(monkeypatch):
    lines = [f"{at},same,same\n" for at in range(1000)]
    monkeypatch.setattr(delimited, "MAX_MEMORY", 370_000)
    assert len(split_rows(lines, ",")[0]) == 1000
    with pytest.raises(UnreadableFile, match=r"more than [0-9,]+ lines") as refused:
        split_rows([f"{at},{at}a,{at}b\n" for at in range(1000)], ",")
    assert refused.value.code == "file-too-large"


def test_bad_lines_are_looked_up_as_far_as_a_cell_holds_them(monkeypatch):
    monkeypatch.setattr(delimited, "MAX_CELL", 8)
    lines = [f"{at}abc\n" for at in range(1, 8)]
    assert list_bad_lines(lines, [2, 5, 6], [1, 4]) == {2: "2abc\n3ab", 5: "5abc", 6: "6abc\n7ab"}
    assert list_bad_lines(lines, [], [1]) == {}


def test_overlong_cells_are_set_aside():
    lines = ["1,a\n", f"2,{'x' * 32_001}\n", f"3,{'x' * 200_000}\n", f"4,{'x' * 32_000}\n"]
    rows, bad_rows = split_rows(lines, ",")
    assert [row for row, _ in rows] == [1, 4]
    assert bad_rows == {2: "cell-too-long", 3: "cell-too-long"}


def test_a_thousand_columns_are_enough():
    assert len(split_rows([",".join(["x"] * 1000)], ",")[0][0][1]) == 1000
    with pytest.raises(UnreadableFile) as refused:
        split_rows([",".join(["x"] * 1001)], ",")
    assert refused.value.code == "file-too-large"


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("id,hb\n1,120\n", ","),
        ("id;hb\n1;11,2\n", ";"),
        ("id\thb\n1\t11,2\n", "\t"),
        ("id|hb\n1|120\n", "|"),
        ("Report, of March, 2024\nprinted; by, someone\n\nid;hb\n1;120\n", ";"),
        ('id;"hb, or\nmcv";mcv\n1;2;3\n', ";"),
        ("nothing;of;ours\n1;2;3\n", ";"),
    ],
)
def test_delimiter_is_the_one_that_gives_a_header(tmp_path, text, delimiter):
    assert read(tmp_path, text.encode()).delimiter == delimiter


def test_two_delimiters_that_fit_are_refused(tmp_path):
    with pytest.raises(UnreadableFile) as refused:
        read(tmp_path, b"id,hb,x;id;hb\n1,2,3;4;5\n")
    assert refused.value.code == "delimiter-ambiguous"
