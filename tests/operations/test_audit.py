"""The log: every change to it, and to what it speaks of, is found; a dead run is carried on."""

import json
import os
from datetime import UTC, datetime

import pytest

from pipeline.errors import OutputError
from pipeline.files.durable import hash_file
from pipeline.publish.audit_log import (
    OUTPUTS,
    Entry,
    append_entries,
    path_id,
    read_outputs,
    verify_log,
    verify_site,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def output(tmp_path):
    (tmp_path / ".labflag").mkdir(mode=0o700)
    (tmp_path / "patients").mkdir()
    return tmp_path


def write_log(output, events=("one", "two", "three")):
    for number, event in enumerate(events, start=1):
        append_entries(output, output / ".labflag", [Entry(at=NOW, event=event, source=number)])
    return (output / "audit.log").read_bytes().splitlines(keepends=True)


def faults_of(output):
    return [fault.what for fault in verify_log(output, output / ".labflag")]


def test_a_log_is_a_chain(output):
    lines = [json.loads(line) for line in write_log(output)]
    assert [line["before"] for line in lines[1:]] == [line["seal"] for line in lines[:-1]]
    assert faults_of(output) == []
    assert (output / "audit.log").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (lambda lines: [lines[0], lines[1].replace(b"two", b"TWO"), lines[2]], "line 2 of the log was changed"),
        (lambda lines: [lines[0].replace(b"2026", b"2025"), *lines[1:]], "line 1 of the log was changed"),
        (lambda lines: [lines[0], lines[2]], "before line 2"),
        (lambda lines: [lines[0], lines[0], *lines[1:]], "before line 2"),
        (lambda lines: [lines[1], lines[0], lines[2]], "before line 1"),
        (lambda lines: lines[:2], "cut off"),
        (lambda lines: [], "cut off"),
        (lambda lines: [*lines[:2], lines[2][:-40]], "line 3 of the log is not one"),
        (lambda lines: [*lines, b"nonsense\n"], "line 4 of the log is not one"),
    ],
)  # fmt: skip
def test_a_change_is_found_and_named(output, tamper, said):
    (output / "audit.log").write_bytes(b"".join(tamper(write_log(output))))
    assert any(said in fault for fault in faults_of(output)), faults_of(output)


def test_every_changed_byte_is_found(output):
    content = b"".join(write_log(output, ("one", "two")))
    for place in range(len(content) - 1):
        changed = bytearray(content)
        changed[place] ^= 1
        (output / "audit.log").write_bytes(changed)
        assert faults_of(output), place


def test_a_line_rewritten_with_all_that_follow_does_not_end_as_sealed(output):
    head = output / ".labflag/audit.head"
    write_log(output)
    sealed = head.read_bytes()
    (output / "audit.log").unlink()
    head.unlink()
    write_log(output, ("one", "other", "three"))
    head.write_bytes(sealed)
    assert any("end of the log was changed" in fault for fault in faults_of(output))


def test_what_is_in_the_log_is_not_written_again(output):
    write_log(output)
    append_entries(
        output,
        output / ".labflag",
        [Entry(at=NOW, event="two", source=2), Entry(at=NOW, event="run")],
    )
    events = [json.loads(line)["event"] for line in (output / "audit.log").read_text().splitlines()]
    assert events == ["one", "two", "three", "run"]


def test_a_line_that_was_cut_by_a_dead_run_is_finished(output, monkeypatch):
    whole = b"".join(write_log(output))
    private = output / ".labflag"
    for cut in (0, 1, 60):
        real = os.write

        def die(descriptor, content, cut=cut, real=real):
            real(descriptor, content[:cut])
            raise KeyboardInterrupt

        before = (private / "audit.head").read_bytes()
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", die)
            with pytest.raises(KeyboardInterrupt):
                append_entries(output, private, [Entry(at=NOW, event="four", source=4)])
        append_entries(output, private, [Entry(at=NOW, event="four", source=4)])
        assert faults_of(output) == []
        content = (output / "audit.log").read_bytes()
        assert content.startswith(whole)
        assert len(content.splitlines()) == 4
        (output / "audit.log").write_bytes(whole)
        (private / "audit.head").write_bytes(before)


def test_a_log_that_was_changed_is_not_written_on(output):
    lines = write_log(output)
    (output / "audit.log").write_bytes(b"".join(lines[:2]))
    with pytest.raises(OutputError, match="does not end where it did"):
        append_entries(output, output / ".labflag", [Entry(at=NOW, event="four")])


def test_outputs_are_compared_and_not_named_in_the_log(output):
    private, report = output / ".labflag", output / "patients/P1.xlsx"
    report.write_bytes(b"one")
    (output / "worklist.xlsx").write_bytes(b"list")
    told = {
        path_id(private, name): hash_file(output / name)
        for name in ("patients/P1.xlsx", "worklist.xlsx")
    }
    append_entries(output, private, [Entry(at=NOW, event="run", facts={OUTPUTS: told})])
    assert b"P1" not in (output / "audit.log").read_bytes()
    assert list(verify_site(output)) == []
    report.write_bytes(b"two")
    (output / "worklist.xlsx").write_bytes(b"list with notes")
    (output / "patients/P2.xlsx").write_bytes(b"new")
    found = {
        fault.path.name: (fault.what, fault.is_note) for fault in verify_site(output) if fault.path
    }
    assert found["P1.xlsx"] == ("an output was changed since it was written", False)
    assert found["P2.xlsx"] == ("a file is no output that the log knows", False)
    assert found["worklist.xlsx"][1]
    for name in ("P1.xlsx", "P2.xlsx"):
        (output / "patients" / name).unlink()
    assert [fault.what for fault in verify_site(output) if not fault.is_note] == [
        "outputs that the log knows are missing: 1"
    ]
    gone = {path_id(private, "patients/P1.xlsx"): ""}
    append_entries(output, private, [Entry(at=NOW, event="run", facts={OUTPUTS: gone})])
    assert set(read_outputs(output)) == {path_id(private, "worklist.xlsx")}
