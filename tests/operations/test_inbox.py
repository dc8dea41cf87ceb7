"""The drop folder: what is taken, when, and where it goes; nothing is lost, wherever it stops."""

import os
import time
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from pipeline.errors import ConfigError, InboxError
from pipeline.site.arrivals import find_arrivals
from pipeline.site.inbox import (
    Verdict,
    begin_claim,
    claim_files,
    file_away,
    list_claims,
    locate_inbox,
    open_inbox,
)

NOW = datetime(2026, 3, 1, 12)


@pytest.fixture
def private(tmp_path):
    (tmp_path / "private").mkdir()
    return tmp_path / "private"


@pytest.fixture
def inbox(tmp_path, private):
    folder = tmp_path / "inbox"
    folder.mkdir()
    placed = locate_inbox(folder, tmp_path / "archive", None, None)
    open_inbox(placed, private)
    return placed


def look(inbox, private, now):
    leave = frozenset(inbox.folders.values())
    found = find_arrivals(inbox.folder, private, now=now, settle=10, leave=leave)
    return [path.name for path in found.whole], found.waiting


def claims(inbox):
    return [(claim.path.name, claim.is_begun) for claim in list_claims(inbox)]


def files_below(folder: Path):
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


@pytest.mark.parametrize(
    ("name", "content", "taken_after"),
    [
        ("whole.csv", b"a,b\n1,2\n", 10),
        ("whole.txt", "a;b\r\n".encode("utf-16"), 10),
        ("cut.csv", b"a,b\n1,2", 60),
        ("empty.csv", b"", 60),
        ("cut.xlsx", b"PK\x03\x04 and no end", 60),
        ("cut.xls", b"\xd0\xcf\x11\xe0" + b"x" * 100, 60),
        ("letter.pdf", b"%PDF", 10),
        ("march.csv.part", b"a,b\n", None),
        ("march.xlsx.crdownload", b"a,b\n", None),
        ("~$march.xlsx", b"a,b\n", None),
        (".march.csv", b"a,b\n", None),
    ],
)
def test_when_a_file_is_taken(inbox, private, name, content, taken_after):
    (inbox.folder / name).write_bytes(content)
    found = {at: look(inbox, private, 1000.0 + at)[0] for at in (0, 9.9, 10, 59.9, 60, 9000)}
    expected = {at: [name] if taken_after is not None and at >= taken_after else [] for at in found}
    assert found == expected


def test_a_whole_workbook_need_not_wait_longer(inbox, private):
    Workbook().save(inbox.folder / "whole.xlsx")
    cut = (inbox.folder / "whole.xlsx").read_bytes()[:-1]
    (inbox.folder / "cut.xlsx").write_bytes(cut)
    assert look(inbox, private, 0) == ([], 2)
    assert look(inbox, private, 10) == (["whole.xlsx"], 1)


def test_a_file_waits_while_it_changes_whatever_its_own_time_says(inbox, private):
    path = inbox.folder / "slow.csv"
    path.write_bytes(b"a\n")
    assert look(inbox, private, 0) == ([], 1)
    path.write_bytes(b"a\nb\n")
    os.utime(path, (1, 1))
    assert look(inbox, private, 11) == ([], 1)
    assert look(inbox, private, 22) == (["slow.csv"], 0)


def test_clocks_may_be_wrong(inbox, private):
    path = inbox.folder / "ahead.csv"
    path.write_bytes(b"a\n")
    os.utime(path, (time.time() + 86_400,) * 2)
    assert look(inbox, private, 5000) == ([], 1)
    # Our own clock was set back by an hour: the file waits anew, not for an hour.
    assert look(inbox, private, 1400) == ([], 1)
    assert look(inbox, private, 1410) == (["ahead.csv"], 0)


def test_files_in_folders_of_the_sender_are_taken_too_and_filed_ones_are_not(inbox, private):
    (inbox.folder / "ward 7").mkdir()
    (inbox.folder / "ward 7/march.csv").write_bytes(b"a\n")
    (inbox.quarantine / "bad.csv").write_bytes(b"a\n")
    look(inbox, private, 0)
    assert look(inbox, private, 10) == (["march.csv"], 0)


def test_every_step_can_be_the_last(inbox, private, tmp_path):
    """Each block is a run that was stopped after its last line; the next begins anew."""
    (inbox.folder / "march.csv").write_bytes(b"a\n")
    assert claim_files(inbox, [inbox.folder / "march.csv"]) == 0
    assert files_below(inbox.folder) == [".labflag-claimed/1/march.csv", ".labflag-claimed/owner"]

    open_inbox(inbox, private)
    (claim,) = list_claims(inbox)
    assert not claim.is_begun
    begin_claim(claim)
    (claim.path.parent / ".labflag-x.tmp").write_bytes(b"torn")

    (claim,) = list_claims(inbox)
    assert claim.is_begun
    filed = file_away(inbox, claim, Verdict.ARCHIVE, NOW, {})
    assert filed == tmp_path / "archive/2026/03/march.csv"
    assert list(list_claims(inbox)) == []
    assert files_below(tmp_path) == [
        "archive/2026/03/march.csv",
        "inbox/.labflag-claimed/owner",
        "private/inbox.json",
    ]


def test_nothing_is_overwritten(inbox, tmp_path):
    for content in (b"1\n", b"2\n", b"3\n"):
        (inbox.folder / "march.csv").write_bytes(content)
        claim_files(inbox, [inbox.folder / "march.csv"])
        (claim,) = list_claims(inbox)
        file_away(inbox, claim, Verdict.QUARANTINE, NOW, {".txt": content})
    assert contents(inbox.quarantine / "2026/03") == {
        "march.csv": b"1\n", "march (2).csv": b"2\n", "march (3).csv": b"3\n",
        "reasons/march.csv.txt": b"1\n", "reasons/march (2).csv.txt": b"2\n",
        "reasons/march (3).csv.txt": b"3\n",
    }  # fmt: skip


def contents(folder):
    """Return path below a folder → bytes."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.mark.parametrize(
    "names",
    [
        ("x.csv.txt", "x.csv"),
        ("x.csv", "x.csv.txt", "x.csv.txt.txt"),
        ("y.csv.held.xlsx", "y.csv"),
        ("reasons", "x.csv"),
        ("x.csv", "reasons"),
        ("x.csv", "X.CSV", "x.csv.TXT"),
        (f"{'l' * 251}.csv", f"{'l' * 251}.txt", f"{'ü' * 125}.csv"),
        ("M\udcfcller.csv", "Müller.csv", "a\nb.csv", "a\u202eb.csv"),
    ],
)
def test_no_input_is_ever_overwritten_by_what_is_written_about_another(inbox, names):
    """Each name comes twice; two explanations are written for each file."""
    written = {}
    for turn, name in enumerate(2 * names):
        content = f"{turn}\n".encode()
        (inbox.folder / name).write_bytes(content)
        claim_files(inbox, [inbox.folder / name])
        (claim,) = list_claims(inbox)
        beside = {".txt": b"why " + content, ".held.xlsx": b"rows " + content}
        assert file_away(inbox, claim, Verdict.QUARANTINE, NOW, beside) is not None
        written |= {content: name, b"why " + content: "", b"rows " + content: ""}
    kept = contents(inbox.quarantine / "2026/03")
    assert sorted(kept.values()) == sorted(written)
    assert {path: kept[path] for path in kept if not path.startswith("reasons/")}.keys() >= {
        name for name in names if name != "reasons"
    }


def test_a_file_that_is_still_written_after_it_was_claimed_is_read_again(inbox):
    (inbox.folder / "march.csv").write_bytes(b"a\n")
    with (inbox.folder / "march.csv").open("ab") as sender:
        claim_files(inbox, [inbox.folder / "march.csv"])
        (claim,) = list_claims(inbox)
        begin_claim(claim)
        sender.write(b"b\n")
    assert file_away(inbox, claim, Verdict.ARCHIVE, NOW, {}) is None
    assert claims(inbox) == [("march.csv", False)]


def test_a_file_that_goes_before_it_is_claimed_leaves_nothing(inbox):
    assert claim_files(inbox, [inbox.folder / "gone.csv"]) == 0
    assert claims(inbox) == []


def test_links_and_pipes_are_moved_and_never_opened(inbox, private, tmp_path):
    (tmp_path / "secret").write_bytes(b"a\n")
    (inbox.folder / "link.csv").symlink_to(tmp_path / "secret")
    os.mkfifo(inbox.folder / "pipe.csv")
    look(inbox, private, 0)
    names, _ = look(inbox, private, 10)
    assert names == ["link.csv", "pipe.csv"]
    claim_files(inbox, [inbox.folder / name for name in names])
    found = list(list_claims(inbox))
    assert [claim.sha256 for claim in found] == ["", ""]
    for claim in found:
        assert file_away(inbox, claim, Verdict.QUARANTINE, NOW, {}) is not None
    assert (inbox.quarantine / "2026/03/link.csv").is_symlink()


def test_a_share_that_has_gone_is_not_a_quiet_day(inbox, private, tmp_path):
    inbox.folder.rename(tmp_path / "away")
    with pytest.raises(InboxError, match="share connected"):
        open_inbox(inbox, private)
    inbox.folder.mkdir()
    with pytest.raises(InboxError, match="not the inbox that it was"):
        open_inbox(inbox, private)
    inbox.folder.rmdir()
    (tmp_path / "away").rename(inbox.folder)
    open_inbox(inbox, private)


def test_what_died_while_it_marked_the_folder_leaves_nothing_for_good(inbox, private):
    leftover = inbox.claimed / ".labflag-x.tmp"
    leftover.write_text("half a mark")
    open_inbox(inbox, private)
    assert files_below(inbox.claimed) == ["owner"]


def test_two_output_folders_do_not_share_an_inbox(inbox, tmp_path):
    (tmp_path / "other").mkdir()
    with pytest.raises(ConfigError, match="another output folder"):
        open_inbox(inbox, tmp_path / "other")


def test_folders_must_be_on_one_file_system(inbox, private, tmp_path, monkeypatch):
    elsewhere = Path("/dev/shm") / f"labflag-test-{os.getpid()}"
    if not Path("/dev/shm").is_dir() or Path("/dev/shm").stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("this machine has no second file system to try")
    try:
        placed = locate_inbox(inbox.folder, elsewhere, None, None)
        with pytest.raises(ConfigError, match="another file system"):
            open_inbox(placed, private)
    finally:
        if elsewhere.exists():
            elsewhere.rmdir()
