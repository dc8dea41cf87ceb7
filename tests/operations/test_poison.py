"""One poison file is set aside, and holds up no other: runs as processes, killed or failing."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.site.inbox import Claim, claim_files, list_claims, locate_inbox, open_inbox
from pipeline.site.tries import (
    PASSING,
    begin_try,
    fail_try,
    load_tries,
    plan_turns,
    resolve_tries,
    undo_try,
)
from tests.needs import needs_program
from tests.operations.poison import (
    HEADER,
    IN_JUDGING,
    IN_READING,
    KILL,
    OTHERS,
    OURS,
    ROOT,
    Site,
    many_rows,
    row_of,
    zip_of_many_parts,
)

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="rights, links and signals as Linux has them"
)
TEN = [f"P{number}" for number in range(10)]


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path / "lab")


def fill_with_poison(site):
    """Put one file of each kind of poison into the inbox; return how each is set aside."""
    inbox = site.inbox
    elsewhere = site.folder.parent / "elsewhere.csv"
    elsewhere.write_text(HEADER + row_of("PX"))
    (inbox / "link.csv").symlink_to(elsewhere)
    (inbox / "dangling.csv").symlink_to(inbox / "nowhere.csv")
    (inbox / "zero.csv").symlink_to("/dev/zero")
    (inbox / "folder.csv").symlink_to(inbox.parent / "reports")
    os.mkfifo(inbox / "pipe.csv")
    with (inbox / "sparse.csv").open("wb") as sparse:
        sparse.truncate(1 << 40)
    (inbox / "parts.xlsx").write_bytes(zip_of_many_parts(700_000))
    with (inbox / "many.csv").open("w") as many:
        many.write(HEADER)
        many.writelines(row_of(f"P-{number}") for number in range(1_400_000))
    (inbox / "quotes.csv").write_text(HEADER + 'P,"S"x,F\n' * 30_000)
    (inbox / "damaged.xlsx").write_bytes(b"PK\x03\x04 and no more\nPK\x05\x06" + b"\0" * 18)
    for sign in ("1 ", "1.", "1/"):
        row = row_of("PX").replace("Hemoglobin", sign * 15_500 + "x")
        (inbox / f"cell{sign[1:].replace('/', '-')}.csv").write_text(HEADER + row)
    odd = os.path.join(os.fsencode(inbox), b"M\xfcller\n.csv")
    with open(odd, "w", encoding="ascii") as stream:
        stream.write("no header\n")
    return {
        "link.csv": "a link",
        "dangling.csv": "a link",
        "zero.csv": "a link",
        "folder.csv": "a link",
        "pipe.csv": "a link",
        "sparse.csv": "more than 192 MiB",
        "many.csv": "The file is larger than labflag reads",
        "parts.xlsx": "more than 10000 parts",
        "quotes.csv": "more than 20,000 lines",
        "damaged.xlsx": "damaged",
    }


def test_each_poison_is_set_aside_and_the_good_files_are_reported(site):
    """Names, cells, links, memory, time, a malformed worklist, what may not be read."""
    site.drop("first.csv", "P-FIRST")
    assert site.run().code == 0
    (site.folder / "reports/worklist.xlsx").write_bytes(b"PK\x03\x04 half a workbook")
    aside = fill_with_poison(site)
    for patient in TEN:
        site.drop(f"{patient}.csv", patient)
    site.drop("closed.csv", "PX")
    (site.inbox / "closed.csv").chmod(0)
    (site.inbox / "shut").mkdir(mode=0)
    ended = site.run()
    assert (ended.code, site.reports) == (1, {"P-FIRST", *TEN}), ended.said
    assert ended.peak < 1 << 30
    assert "1 file not read so far, tried again: no right to read it" in ended.said
    assert "cannot be looked at or taken: 1" in ended.said
    assert "worklist" in ended.said
    assert not [name for name in aside if name in ended.said]
    assert {name: site.where(name) for name in aside} == dict.fromkeys(aside, "quarantine")
    assert [name for name, why in aside.items() if why not in site.why(name)] == []
    assert site.where("closed.csv") == "inbox"
    status = site.run("status")
    assert status.code == 1
    assert "folders of the inbox that may not be read or emptied: 1" in status.said
    doctor = site.run("doctor")
    assert doctor.code == 1
    assert f"{site.inbox / 'shut'} may not be read or emptied" in doctor.said
    site.set_tries("closed.csv", 2)
    assert site.run().code == 3
    assert site.where("closed.csv") == "quarantine"
    assert "after 3 tries" in site.why("closed.csv")
    assert "no right to read the file" in site.why("closed.csv")
    (site.inbox / "shut").rmdir()
    shutil.rmtree(site.folder / "quarantine")
    (site.folder / "quarantine").mkdir()
    assert site.run().code == 0
    assert site.health == (0, 0, 0)


def test_a_run_killed_while_it_reads_leaves_the_file_for_last_and_then_aside(site):
    site.drop("a-big.csv", "P-BIG", more=many_rows(90_000, OTHERS))
    site.drop("b.csv", "P1")
    site.kill_at("a-big.csv", 1)
    assert site.reports == set()
    site.drop("c.csv", "P2")
    site.kill_at("a-big.csv", 2)
    assert site.reports == {"P1", "P2"}, "reported before the file is tried that ended a run"
    site.drop("d.csv", "P3")
    site.kill_at("a-big.csv", 3)
    assert site.reports == {"P1", "P2", "P3"}
    site.drop("e.csv", "P4")
    ended = site.run()
    assert (ended.code, site.reports) == (1, {"P1", "P2", "P3", "P4"}), ended.said
    assert site.where("a-big.csv") == "quarantine"
    assert "Three runs ended while the file was read" in site.why("a-big.csv")
    log = (site.folder / "reports/audit.log").read_text()
    assert not [name for name in ("a-big", "P-BIG") if name in log + ended.said]
    status = site.run("status")
    assert f"1 file in {site.folder / 'quarantine'} was not read" in status.said
    assert site.health == (1, 1, 0)
    # Dropped again it has three tries more, and once it could be used all is well.
    aside = next((site.folder / "quarantine").glob("*/*/a-big.csv"))
    shutil.copy(aside, site.inbox / "again.csv")
    assert site.run().code == 0
    assert site.where("again.csv") == "archive"
    assert site.health == (0, 0, 0)


def test_a_file_whose_results_end_runs_is_found_among_all_that_were_stored(site):
    """Killed when all are stored: which one it was shows when each has a turn of its own."""
    change = IN_JUDGING.format(who="P-BAD", what=KILL)
    site.drop("bad.csv", "P-BAD")
    site.drop("good.csv", "P1")
    assert site.run(change=change).code == -9
    assert site.tries("bad.csv") == site.tries("good.csv") == {"begun": 1, "is_open": True}
    # What came later does not wait for those that may have ended the run.
    site.drop("later.csv", "P2")
    assert site.run(change=change).code == -9
    assert site.reports == {"P2"}
    runs = 0
    while site.where("bad.csv") != "quarantine":
        runs += 1
        assert runs < 5
        site.run(change=change)
    assert site.reports == {"P1", "P2"}
    assert (site.where("good.csv"), site.where("later.csv")) == ("archive", "archive")
    assert "its results were judged" in site.why("bad.csv")
    assert site.health == (1, 1, 0)


@pytest.mark.parametrize("where", [IN_READING, IN_JUDGING], ids=["reading", "judging"])
@pytest.mark.parametrize(
    ("what", "code", "said", "why"),
    [
        ("raise MemoryError", 1, "too little memory", "too little memory to read the file"),
        (
            "raise KeyError('P-BAD')",
            70,
            "a fault of labflag itself: KeyError in <string>:",
            "labflag itself failed at the file",
        ),
    ],
    ids=["memory", "fault"],
)
def test_a_file_at_which_labflag_fails_holds_up_no_other(site, where, what, code, said, why):
    change = where.format(who="P-BAD", what=what)
    for patient in ("P-BAD", *TEN[:3]):
        site.drop(f"{patient}.csv", patient)
    ended = site.run(change=change)
    assert (ended.code, site.reports) == (code, set(TEN[:3])), ended.said
    assert said in ended.said
    assert "P-BAD" not in ended.said
    assert site.tries("P-BAD.csv") == {"begun": 1, "is_open": False}
    site.set_tries("P-BAD.csv", 2)
    ended = site.run(change=change)
    assert (site.where("P-BAD.csv"), site.reports) == ("quarantine", set(TEN[:3])), ended.said
    assert why in site.why("P-BAD.csv")


def test_what_is_no_fault_of_the_files_is_no_try_of_theirs(site):
    """Where the reports fail also without the files, none of them is set aside."""
    site.drop("first.csv", "P-FIRST")
    assert site.run().code == 0
    change = IN_JUDGING.format(who="P-FIRST", what="raise MemoryError")
    site.drop("a.csv", "P1")
    site.drop("b.csv", "P2")
    ended = site.run(change=change)
    assert (ended.code, "too little memory" in ended.said) == (5, True), ended.said
    assert (site.tries("a.csv"), site.tries("b.csv")) == ({}, {})
    assert site.run().code == 0
    assert site.reports == {"P-FIRST", "P1", "P2"}


def test_a_disk_that_is_full_is_no_try(site):
    site.drop("a.csv", "P1")
    change = "\n".join(
        (
            "from pipeline.errors import OutputError",
            "def fail(*rest): raise OutputError('no room')",
            "pipeline.commands.run.publish_batch = fail",
        )
    )
    assert site.run(change=change).code == 5
    assert site.tries("a.csv") == {}
    assert site.run().code == 0
    assert site.where("a.csv") == "archive"


def test_with_little_memory_a_small_file_is_reported_and_a_large_one_set_aside(site):
    site.drop("large.csv", more=many_rows(150_000, OURS))
    site.drop("small.csv", "P1")
    ended = site.run(limit=1400 << 20)
    assert (ended.code, site.reports) == (1, {"P1"}), ended.said
    assert "1 file not read so far, tried again: too little memory" in ended.said
    site.set_tries("large.csv", 2)
    ended = site.run(limit=1400 << 20)
    assert (site.where("large.csv"), site.reports) == ("quarantine", {"P1"}), ended.said
    assert "too little memory" in site.why("large.csv")


READY = "import sys; sys.stdout.write('[\"ready\"]\\n'); sys.stdout.flush(); "


@pytest.mark.parametrize(
    ("start", "said", "end"),
    [
        (READY, "signal 9, mostly for want of memory: The program that reads", "quarantine"),
        ("", "the reader of workbooks fails", "inbox"),
    ],
    ids=["at work", "before it has the file"],
)
def test_a_reader_that_the_system_stops_is_said_and_tried_again(site, start, said, end):
    book = next((ROOT / "sample_data").glob("*.xlsx"))
    shutil.copy(book, site.inbox / "book.xlsx")
    site.drop("good.csv", "P1")
    change = f"workbooks._START = {start + 'import os; os.kill(os.getpid(), 9)'!r}"
    first = site.run(change=change)
    assert (first.code, site.reports) == (1, {"P1"}), first.said
    told = first.said
    site.set_tries("book.xlsx", 2 if end == "quarantine" else 0)
    site.run(change=change)
    assert site.where("book.xlsx") == end
    told += site.why("book.xlsx") if end == "quarantine" else site.run("status").said
    assert said in told
    if end == "inbox":
        assert site.tries("book.xlsx") == {"begun": 0, "is_open": False}
        assert site.run().code in (0, 1)
        assert site.where("book.xlsx") == "archive"


@needs_program("strace")
def test_a_disk_that_fails_keeps_the_file_and_is_named(site):
    site.drop("b.csv", "P1")
    claimed = site.inbox / ".labflag-claimed/1/b.csv"
    run = [sys.executable, "-m", "pipeline", "run", "--config", str(site.config)]
    trace = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", str(claimed), "-e"]
    for _ in range(2):
        done = subprocess.run(
            [*trace, "inject=openat:error=EIO", *run], cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 3, done.stdout
        assert "the disk, the share or the reader of workbooks fails" in done.stdout
        assert "still arriving" not in done.stdout
        assert claimed.exists()
        assert site.tries("b.csv") == {"begun": 0, "is_open": False}
    for verb in ("status", "doctor"):
        ended = site.run(verb)
        assert ended.code == 1
        assert "the disk, the share or the reader of workbooks fails" in ended.said
    assert site.run().code == 0
    assert site.where("b.csv") == "archive"


def test_rights_given_in_time_end_the_tries(site):
    site.drop("closed.csv", "P1")
    (site.inbox / "closed.csv").chmod(0)
    assert site.run().code == 3
    assert site.tries("closed.csv") == {"begun": 1, "is_open": False}
    next(site.inbox.glob(".labflag-claimed/*/closed.csv")).chmod(0o644)
    assert site.run().code == 0
    assert (site.where("closed.csv"), site.reports) == ("archive", {"P1"})


def test_a_folder_from_which_nothing_can_be_taken_holds_up_no_other(site):
    sealed = site.inbox / "sealed"
    sealed.mkdir()
    (sealed / "a.csv").write_text(HEADER + row_of("P1"))
    sealed.chmod(0o555)
    site.drop("b.csv", "P2")
    ended = site.run()
    assert (ended.code, site.reports) == (1, {"P2"}), ended.said
    assert "cannot be looked at or taken: 1" in ended.said
    assert site.health == (1, 1, 0)
    sealed.chmod(0o755)
    assert site.run().code == 0
    assert site.reports == {"P1", "P2"}


# The notes, without a run.


@pytest.fixture
def claims(tmp_path):
    """Claims of files of one to four bytes."""
    (tmp_path / "private").mkdir()
    (tmp_path / "inbox").mkdir()
    inbox = locate_inbox(tmp_path / "inbox", None, None, None)
    open_inbox(inbox, tmp_path / "private")
    for number in range(4):
        (inbox.folder / f"{number}.csv").write_bytes(b"x" * (4 - number))
    claim_files(inbox, sorted(inbox.folder.glob("*.csv")))
    return tuple(list_claims(inbox))


def begun(claim: Claim) -> int:
    return load_tries(claim.path.parent).begun


def test_a_try_counts_once_and_not_where_the_system_failed(claims):
    claim = claims[0]
    begin_try(claim)
    begin_try(claim)
    assert begun(claim) == 1
    fail_try(claim, PASSING, os.strerror(errno.EIO))
    assert (begun(claim), load_tries(claim.path.parent).code) == (0, PASSING)
    begin_try(claim)
    undo_try(claim)
    undo_try(claim)
    assert begun(claim) == 0
    for number in (1, 2, 3):
        begin_try(claim)
        assert not load_tries(claim.path.parent).is_spent
        fail_try(claim, "file-memory")
        assert begun(claim) == number
    assert load_tries(claim.path.parent).is_spent


@pytest.mark.parametrize(
    ("stored", "counted"),
    [((), (1, 1, 1, 0)), ((0,), (0, 1, 1, 0)), ((0, 1), (0, 0, 1, 0)), ((0, 1, 2), (1, 1, 1, 0))],
)
def test_a_run_that_ended_counts_for_what_it_was_at(claims, stored, counted):
    for claim in claims[:3]:
        begin_try(claim)
    resolve_tries(claims, {claims[number].sha256 for number in stored})
    assert tuple(map(begun, claims)) == counted
    resolve_tries(claims, set())
    assert tuple(map(begun, claims)) == counted


def test_files_of_which_something_is_noted_come_last(claims):
    for number, tries in enumerate((2, 0, 1, 2)):
        for _ in range(tries):
            begin_try(claims[number])
            fail_try(claims[number], "file-memory")
    names = [[claim.path.name for claim in turn] for turn in plan_turns(claims)]
    assert names == [["1.csv"], ["2.csv"], ["3.csv"], ["0.csv"]]
    begin_try(claims[0])
    fail_try(claims[0], "file-memory")
    names = [[claim.path.name for claim in turn] for turn in plan_turns(claims)]
    assert names == [["0.csv", "1.csv"], ["2.csv"], ["3.csv"]]


@pytest.mark.parametrize("note", [b"", b"[1]", b'{"begun": "x"', b'{"other": 1}', b"\xff"])
def test_a_damaged_note_says_nothing(claims, note):
    folder: Path = claims[0].path.parent
    (folder / ".tries.json").write_bytes(note)
    assert begun(claims[0]) == 0
