"""A folder that is put back or rewritten as a whole is noticed by what was noted elsewhere."""

import hashlib
import json
import os
import shutil
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from functools import cache

import pytest

from pipeline.command_rule import find_weakness
from pipeline.commands.context import load_tried_knowledge, pass_through
from pipeline.commands.doctor import check_up
from pipeline.commands.history import accept_history, back_up, reassign_patient, restore_history
from pipeline.commands.inbox import process_inbox
from pipeline.commands.status import look_at_site
from pipeline.commands.watch import watch_inbox
from pipeline.config import Settings, load_settings, load_with_commands
from pipeline.errors import Exit, OutputError
from pipeline.publish import anchor, write_anchor
from pipeline.publish.anchor_check import compose_last, verify_anchor
from pipeline.publish.anchor_lines import AnchorLine
from pipeline.publish.audit_check import verify_history
from pipeline.publish.audit_log import Entry, append_entries, verify_site
from pipeline.publish.check_seals import verify_seals
from pipeline.site.location import locate_history
from tests.operations.conftest import HEADER

ONE = "PATQ1,Aster Sample,F,1980-05-01,SPEC1,2026-03-01,Hemoglobin,9.2,g/dL,final"
TWO = "PATQ2,Borage Sample,M,1970-01-31,SPEC2,2026-03-02,MCV,104,fL,final"
CANARIES = ("PATQ", "SPEC", "Aster", "Borage", "1980", "one.csv")
NOW = datetime(2026, 11, 1, 7, 30)
KEY = b"0123456789abcdef" * 2


def clock():
    return NOW


@pytest.fixture
def elsewhere(tmp_path):
    """A folder that whoever changes the reports cannot reach, with a key."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "key").write_bytes(KEY)
    (folder / "key").chmod(0o600)
    return folder


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A site after one run and after two, none of them anchored: where it is, and both copies."""
    place = tmp_path_factory.mktemp("anchor")
    made = settings_at(place / "site", None)
    run(made, ONE)
    shutil.copytree(place / "site", place / "after one")
    run(made, TWO)
    shutil.copytree(place / "site", place / "after two")
    return place


def settings_at(site, anchor):
    (site / "in").mkdir(parents=True, exist_ok=True)
    return Settings(output=site / "out", inbox=site / "in", settle=0, audit_anchor=anchor)


@pytest.fixture
def settings(template, elsewhere):
    """A site that was run once; the next run finds nothing to do, and anchors what was done."""
    shutil.rmtree(template / "site")
    shutil.copytree(template / "after one", template / "site")
    return settings_at(template / "site", elsewhere / "anchor")


@pytest.fixture
def keyed(settings, elsewhere):
    return replace(settings, audit_key=elsewhere / "key")


def drop(settings, *lines, name="one.csv"):
    content = HEADER + "".join(f"{line}\n" for line in lines)
    (settings.inbox / name).write_text(content, encoding="utf-8")


def run(settings, *lines):
    if lines:
        drop(settings, *lines)
    known = load_once()
    return process_inbox(settings, clock=clock, progress=pass_through, knowledge=known)


@cache
def load_once():
    return load_tried_knowledge(Settings())


def grow(settings):
    """Let the log become longer, as every verb does that changes something."""
    entry = Entry(at=NOW, event="backed-up")
    append_entries(settings.output, settings.output / ".labflag", [entry])


def anchored(settings):
    return [json.loads(line) for line in settings.audit_anchor.read_text().splitlines()]


def log_lines(settings):
    return [json.loads(line) for line in (settings.output / "audit.log").read_text().splitlines()]


def faults(settings, other=None):
    place = locate_history(settings)
    found = [*verify_anchor(settings, place, other), *verify_site(settings.output)]
    found += verify_history(settings.output, place, clock)
    found += verify_seals(settings.output, place, clock)
    return [fault.what for fault in found if not fault.is_note]


def reports(settings):
    return {path.name: path.read_bytes() for path in (settings.output / "patients").iterdir()}


def ill(settings):
    said = {}
    for check in check_up(settings, datetime.now):
        if check.cure and check.subject in ("anchor", "audit key"):
            said[check.subject] = f"{said.get(check.subject, '')} {check.said}"
    return said


def put_back(settings, copy):
    """The folder as a whole as it was, with history, private folder, head and all."""
    shutil.rmtree(settings.output)
    shutil.copytree(copy, settings.output)


def rewrite(settings):
    """As somebody would who can read the code: another line, all hashes and what rests on them."""
    log, before, lines = settings.output / "audit.log", "0" * 64, []
    for number, said in enumerate(log_lines(settings)):
        if number == 0:
            said["at"] = "2020-01-01T00:00:00+00:00"
        said["before"] = before
        del said["seal"]
        text = json.dumps(said, sort_keys=True, separators=(",", ":"))
        before = said["seal"] = hashlib.sha256(text.encode()).hexdigest()
        lines.append(json.dumps(said, sort_keys=True, separators=(",", ":")) + "\n")
    log.write_text("".join(lines))
    head = settings.output / ".labflag/audit.head"
    known = json.loads(head.read_text())
    head.write_text(json.dumps(known | {"seal": before, "size": len("".join(lines))}))
    seals = [json.loads(line)["seal"] for line in lines]
    with closing(sqlite3.connect(settings.output / "labflag.db")) as connection:
        for line, seal in enumerate(seals, start=1):
            connection.execute("update folders set log_seal=? where log_lines=?", (seal, line))
        connection.commit()
    return seals


def test_each_run_adds_where_the_log_ends_and_names_nobody(settings):
    assert run(settings).exit_code == Exit.DONE
    (line,) = anchored(settings)
    begun = log_lines(settings)[-1]
    assert (begun["event"], begun["facts"]["lines"]) == ("anchor-begun", line["lines"])
    assert log_lines(settings)[line["lines"] - 1]["seal"] == line["seal"]
    assert run(settings, TWO).exit_code == Exit.DONE
    assert [each["lines"] for each in anchored(settings)][1:] == [len(log_lines(settings))]
    assert run(settings).exit_code == Exit.DONE
    assert len(anchored(settings)) == 2, "nothing was done, so nothing is to be said"
    assert faults(settings) == []
    assert ill(settings) == {}
    text = settings.audit_anchor.read_text()
    assert not [name for name in CANARIES if name in text]
    assert settings.audit_anchor.stat().st_mode & 0o777 == 0o600


def test_a_whole_folder_that_was_put_back_stops_everything_until_it_is_accepted(settings, tmp_path):
    run(settings)
    shutil.copytree(settings.output, tmp_path / "last week")
    run(settings, TWO)
    put_back(settings, tmp_path / "last week")
    before = reports(settings)
    assert faults(replace(settings, audit_anchor=None)) == [], "it is consistent in itself"
    assert ["put back to an earlier state" in fault for fault in faults(settings)] == [True]
    drop(settings, TWO.replace("Q2", "Q3").replace("SPEC2", "SPEC3"), name="next.csv")
    with pytest.raises(OutputError, match=r"shorter than its anchor.*audit accept"):
        run(settings)
    assert json.loads((settings.output / "heartbeat.json").read_text())["exit_code"] == Exit.OUTPUT
    assert reports(settings) == before
    assert any("shorter" in fault for fault in look_at_site(settings).faults)
    assert "shorter" in ill(settings)["anchor"]
    with pytest.raises(OutputError, match="shorter"):
        reassign_patient(settings, "PATQ1", "PATQ9", "", "somebody", clock=clock)
    back_up(settings, tmp_path / "saved.db", clock=clock)
    with pytest.raises(OutputError, match="shorter"):
        restore_history(settings, tmp_path / "saved.db", clock=clock)
    accept_history(settings, clock=clock)
    assert [line["is_accepted"] for line in anchored(settings)][-1]
    assert run(settings).exit_code == Exit.DONE
    assert faults(settings) == []
    notes = [fault.what for fault in verify_anchor(settings, locate_history(settings))]
    assert any("accepted the folder" in note for note in notes)
    assert ill(settings) == {}
    put_back(settings, tmp_path / "last week")
    with pytest.raises(OutputError, match="shorter"):
        run(settings)


def test_a_folder_begun_anew_in_its_place_is_noticed(settings):
    run(settings)
    shutil.rmtree(settings.output)
    shutil.rmtree(settings.inbox)
    settings.inbox.mkdir()
    drop(settings, ONE.replace("9.2", "15.2"))
    with pytest.raises(OutputError, match="begun anew"):
        run(settings)
    assert not (settings.output / "patients").exists()


def test_a_log_that_was_rewritten_with_all_its_hashes_is_noticed(settings):
    run(settings)
    rewrite(settings)
    assert faults(replace(settings, audit_anchor=None)) == [], "it is consistent in itself"
    assert ["the log was rewritten" in fault for fault in faults(settings)] == [True]
    with pytest.raises(OutputError, match="the log was rewritten"):
        run(settings)


def test_a_line_that_claims_the_anchored_seal_is_not_believed(settings):
    run(settings)
    (line,) = anchored(settings)
    lines = (settings.output / "audit.log").read_bytes().splitlines(keepends=True)
    lines[line["lines"] - 1] = lines[line["lines"] - 1].replace(b"2026-11-01", b"2026-10-01")
    (settings.output / "audit.log").write_bytes(b"".join(lines))
    with pytest.raises(OutputError, match="the log was rewritten"):
        run(settings)


@pytest.mark.parametrize("forge", ["unsigned", "another key", "mac of another line"])
def test_an_anchor_forged_without_the_key_is_noticed(keyed, forge):
    run(keyed)
    run(keyed)
    assert faults(keyed) == []
    seals = rewrite(keyed)
    lines = anchored(keyed)
    for line in lines:
        line["seal"] = seals[line["lines"] - 1]
        if forge == "unsigned":
            line["mac"] = ""
        elif forge == "another key":
            said = {key: value for key, value in line.items() if key != "anchor"}
            line["mac"] = AnchorLine(**said).sign(b"x" * 32)
    write_lines(keyed, "w", *lines)
    assert faults(replace(keyed, audit_key=None)) == [], "without the key nobody could tell"
    assert any("not signed with the key: 2" in fault for fault in faults(keyed))
    done = run(keyed)
    assert done.exit_code == Exit.HELD
    assert "not signed" in done.unanchored
    assert "not signed" in ill(keyed)["anchor"]


def write_lines(settings, mode, *lines):
    text = [json.dumps(line, sort_keys=True, separators=(",", ":")) + "\n" for line in lines]
    with settings.audit_anchor.open(mode) as stream:
        stream.writelines(text)


def test_a_line_that_the_key_did_not_sign_stops_nothing(keyed):
    run(keyed)
    forged = anchored(keyed)[0] | {"lines": 9000, "mac": "0" * 64}
    write_lines(keyed, "a", forged)
    assert run(keyed, TWO).exit_code == Exit.HELD
    assert (keyed.output / "patients/PATQ2.xlsx").exists(), "results are reported all the same"
    assert len(anchored(keyed)) == 3, "and what is right is written after it"
    with pytest.raises(OutputError, match="shorter"):
        run(replace(keyed, audit_key=None))
    accept_history(keyed, clock=clock)
    assert run(keyed).exit_code == Exit.DONE
    assert faults(keyed) == []


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda key, out: key.write_bytes(KEY[:31]), "31 bytes"),
        (lambda key, out: key.chmod(0o640), "others may read"),
        (lambda key, out: key.unlink(), "cannot be read"),
        (lambda key, out: (key.rename(key.parent / "k"), key.symlink_to("k")), "link"),
        (lambda key, out: (key.unlink(), os.mkfifo(key)), "plain file"),
        (lambda key, out: (key.rename(out / "k"), key.symlink_to(out / "k")), "with the reports"),
    ],
)
def test_a_key_that_is_none_signs_nothing_and_stops_nothing(keyed, spoil, said):
    run(keyed)
    spoil(keyed.audit_key, keyed.output)
    grow(keyed)
    before = keyed.audit_anchor.read_bytes()
    done = run(keyed)
    assert (done.exit_code, said in done.unanchored) == (Exit.HELD, True), done.unanchored
    assert keyed.audit_anchor.read_bytes() == before, "no line without its signature"
    assert any(said in fault for fault in faults(keyed))
    assert said in ill(keyed)["audit key"]


def test_an_anchor_that_cannot_be_written_is_written_by_the_next_run(settings, elsewhere):
    settings = replace(settings, audit_anchor=elsewhere / "not connected/anchor")
    done = run(settings, TWO)
    assert (done.exit_code, "cannot be written" in done.unanchored) == (Exit.HELD, True)
    assert (settings.output / "patients/PATQ2.xlsx").exists(), "results are reported all the same"
    assert done.batches[-1].exit_code == Exit.DONE
    assert "anchor" in ill(settings)
    settings.audit_anchor.parent.mkdir()
    assert run(settings).exit_code == Exit.DONE, "also where there is nothing else to do"
    assert len(anchored(settings)) == 1
    assert faults(settings) == []


def test_an_anchor_in_the_folder_of_reports_is_none(settings):
    settings = replace(settings, audit_anchor=settings.output / "anchor")
    assert "lies with the reports" in run(settings).unanchored
    assert not settings.audit_anchor.exists()


def test_an_anchor_that_is_gone_is_not_begun_anew_in_silence(settings):
    run(settings)
    settings.audit_anchor.rename(settings.audit_anchor.with_name("aside"))
    done = run(settings)
    assert (done.exit_code, "is gone" in done.unanchored) == (Exit.HELD, True)
    assert "cannot be written" not in done.unanchored
    assert not settings.audit_anchor.exists()
    assert any("is gone" in fault for fault in faults(settings))
    assert "is gone" in ill(settings)["anchor"]
    settings.audit_anchor.with_name("aside").rename(settings.audit_anchor)
    assert run(settings).exit_code == Exit.DONE
    assert len(anchored(settings)) == 2
    assert faults(settings) == []


@pytest.mark.parametrize("content", ["", "nonsense\n", "\0" * 600])
def test_an_anchor_that_was_emptied_stays_a_fault(settings, content):
    run(settings)
    settings.audit_anchor.write_text(content)
    for _ in range(2):
        assert "emptied or changed" in run(settings).unanchored
        assert any("emptied or changed" in fault for fault in faults(settings))
        grow(settings)


def test_a_damaged_line_is_named_and_one_that_was_cut_off_is_a_note(settings):
    run(settings)
    whole = settings.audit_anchor.read_text()
    settings.audit_anchor.write_text(whole + whole[:90])
    assert run(settings).exit_code == Exit.DONE
    last = settings.audit_anchor.read_text().splitlines()[-1]
    assert json.loads(last)["lines"] == len(log_lines(settings)), "on a line of its own"
    assert faults(settings) == []
    notes = [fault.what for fault in verify_anchor(settings, locate_history(settings))]
    assert any("not written whole: 1" in note for note in notes)
    for old, new in (
        ('"lines":', '"lines":x'),
        ('"lines":', '"lines":"9",'),
        ('"at":"20', '"at":"'),
    ):
        settings.audit_anchor.write_text(whole + whole.replace(old, new))
        assert any("damaged lines" in fault for fault in faults(settings)), new
        assert run(settings).exit_code == Exit.HELD


@pytest.mark.parametrize("kind", ["link", "dangling link", "pipe", "second name", "folder"])
def test_what_is_no_plain_file_is_no_anchor(settings, elsewhere, kind):
    other = elsewhere / "other"
    if kind != "dangling link":
        other.write_text("not yours\n")
    {
        "link": lambda path: path.symlink_to(other),
        "dangling link": lambda path: path.symlink_to(other),
        "pipe": os.mkfifo,
        "second name": lambda path: os.link(other, path),
        "folder": lambda path: path.mkdir(),
    }[kind](settings.audit_anchor)
    begun = time.monotonic()
    done = run(settings)
    assert time.monotonic() - begun < 15
    assert (done.exit_code, bool(done.unanchored)) == (Exit.HELD, True)
    assert not other.exists() or other.read_text() == "not yours\n"
    assert "anchor" in ill(settings)


def test_a_share_that_does_not_answer_holds_nothing_up(settings, monkeypatch):
    run(settings)
    grow(settings)
    for name in ("_read", "_append"):
        module = anchor if name == "_read" else write_anchor
        with monkeypatch.context() as patch:
            patch.setattr(module, "_PATIENCE", 0.2)
            patch.setattr(module, name, lambda *_, **__: time.sleep(5))
            begun = time.monotonic()
            done = run(settings)
            assert time.monotonic() - begun < 4
        assert (done.exit_code, "no answer within" in done.unanchored) == (Exit.HELD, True)


def test_a_run_that_is_killed_at_the_anchor_is_no_alarm(settings, monkeypatch):
    def die(*_, **__):
        raise KeyboardInterrupt

    for where in ("_append", "_note_begun", "_append"):
        with monkeypatch.context() as patch:
            patch.setattr(write_anchor, where, die)
            with pytest.raises(KeyboardInterrupt):
                run(settings)
        assert faults(settings) == [], where
        if where == "_note_begun":
            assert run(settings).exit_code == Exit.DONE
            grow(settings)
    assert run(settings).exit_code == Exit.DONE
    assert [line["lines"] for line in anchored(settings)][-1] == len(log_lines(settings))
    assert faults(settings) == []


def test_what_other_verbs_write_is_anchored_by_the_next_run(settings):
    run(settings)
    reassign_patient(settings, "PATQ1", "PATQ9", "", "somebody", clock=clock)
    assert faults(settings) == []
    assert anchored(settings)[-1]["lines"] < len(log_lines(settings))
    assert run(settings).exit_code == Exit.DONE
    assert anchored(settings)[-1]["lines"] == len(log_lines(settings))


def test_two_sites_share_one_anchor(settings, template, tmp_path):
    run(settings)
    shutil.copytree(template / "after two", tmp_path / "other")
    other = settings_at(tmp_path / "other", settings.audit_anchor)
    with closing(sqlite3.connect(other.output / "labflag.db")) as connection:
        connection.execute("update meta set value = 'another site' where key = 'history'")
        connection.commit()
    head = other.output / ".labflag/audit.head"
    head.write_text(json.dumps(json.loads(head.read_text()) | {"history": "another site"}))
    run(other)
    shutil.copytree(other.output, tmp_path / "last week")
    grow(other)
    run(other)
    assert (faults(settings), faults(other)) == ([], [])
    assert run(settings).exit_code == Exit.DONE
    put_back(other, tmp_path / "last week")
    assert faults(settings) == []
    with pytest.raises(OutputError, match="shorter"):
        run(other)


def test_a_folder_that_was_moved_is_known_by_its_history(settings, tmp_path):
    run(settings)
    shutil.copytree(settings.output, tmp_path / "last week")
    grow(settings)
    run(settings)
    settings.output.rename(tmp_path / "moved")
    moved = replace(settings, output=tmp_path / "moved", inbox=tmp_path / "new inbox")
    moved.inbox.mkdir()
    shutil.rmtree(moved.output / ".labflag/inbox", ignore_errors=True)
    assert faults(moved) == []
    put_back(moved, tmp_path / "last week")
    assert any("shorter" in fault for fault in faults(moved))


def test_a_line_that_was_kept_by_hand_is_compared(keyed, elsewhere, tmp_path):
    by_hand, kept = replace(keyed, audit_anchor=None), elsewhere / "kept"
    shutil.copytree(keyed.output, tmp_path / "last week")
    grow(keyed)
    line, key = compose_last(by_hand, locate_history(by_hand), NOW)
    kept.write_text(f"Nov  1 07:30:00 host labflag: {line.as_text(key)}\n")
    assert faults(by_hand, kept) == []
    put_back(keyed, tmp_path / "last week")
    assert faults(by_hand) == []
    assert any("shorter" in fault for fault in faults(by_hand, kept))
    kept.write_text("")
    assert any("nothing was compared" in fault for fault in faults(by_hand, kept))


def test_that_the_log_was_anchored_is_said_where_no_anchor_is_named(settings):
    without = replace(settings, audit_anchor=None)
    assert [*verify_anchor(without, locate_history(without))] == []
    run(settings)
    (note,) = verify_anchor(without, locate_history(without))
    assert note.is_note


def test_the_loop_says_once_that_nothing_is_anchored(settings):
    run(settings)
    settings.audit_anchor.unlink()
    told, looks = [], iter([False, False, True])
    watch_inbox(settings, clock=clock, wait=lambda seconds: next(looks), tell=told.append)
    assert ["is gone" in each.unanchored for each in told] == [True]
    assert json.loads((settings.output / "heartbeat.json").read_text())["exit_code"] == Exit.HELD


# Commands


@pytest.fixture
def program(elsewhere):
    """Write a program that a command starts; it may note what it is given in `given`."""

    def write(text="cat >> given"):
        path = elsewhere / "program"
        path.write_text(f"#!/bin/sh\ncd '{elsewhere}'\n{text}\n")
        path.chmod(0o700)
        return str(path)

    return write


def test_a_command_is_given_the_line_of_each_run(keyed, elsewhere, program):
    keyed = replace(keyed, audit_anchor=None, audit_anchor_command=(program(),))
    assert run(keyed).exit_code == Exit.DONE
    grow(keyed)
    assert run(keyed).exit_code == Exit.DONE
    run(keyed)
    lines = [json.loads(line) for line in (elsewhere / "given").read_text().splitlines()]
    assert [line["lines"] for line in lines][1:] == [len(log_lines(keyed))]
    assert faults(keyed, elsewhere / "given") == []
    rewrite(keyed)
    assert any("rewritten" in fault for fault in faults(keyed, elsewhere / "given"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("exit 3", "ended with 3"),
        ("sleep 60", "ended after 1 seconds"),
        ("sleep 60 & wait", "ended after 1 seconds"),
        ("", "not found"),
    ],
)
def test_a_command_that_fails_is_said_and_tried_again(
    settings, elsewhere, program, monkeypatch, text, said
):
    monkeypatch.setattr(write_anchor, "_PATIENCE", 1)
    command = (program(text) if text else "no-such-program-here",)
    settings = replace(settings, audit_anchor=None, audit_anchor_command=command)
    begun = time.monotonic()
    done = run(settings)
    assert time.monotonic() - begun < 20
    assert (done.exit_code, said in done.unanchored) == (Exit.HELD, True), done.unanchored
    monkeypatch.undo()
    settings = replace(settings, audit_anchor_command=(program(),))
    assert run(settings).exit_code == Exit.DONE
    assert len((elsewhere / "given").read_text().splitlines()) == 1


def test_a_program_that_others_may_change_is_not_started(settings, elsewhere, program):
    settings = replace(settings, audit_anchor=None, audit_anchor_command=(program(),))
    (elsewhere / "program").chmod(0o770)
    assert "others may write" in run(settings).unanchored
    assert "others may write" in ill(settings)["anchor"]
    assert not (elsewhere / "given").exists()


@pytest.fixture
def config(tmp_path, program):
    folder = tmp_path / "lab"
    folder.mkdir(mode=0o700)
    path = folder / "labflag.toml"
    path.write_text(f'output = "out"\naudit_anchor_command = ["{program()}"]\n')
    path.chmod(0o600)
    return path


def as_link(path):
    path.rename(path.with_name("real.toml"))
    path.symlink_to("real.toml")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda path: None, ""),
        (lambda path: path.chmod(0o644), ""),
        (as_link, ""),
        (lambda path: path.chmod(0o660), "others may write"),
        (lambda path: path.chmod(0o602), "others may write"),
        (lambda path: path.parent.chmod(0o770), "others may write"),
        (lambda path: path.parent.chmod(0o1777), ""),
        (lambda path: (path.unlink(), os.mkfifo(path)), "no plain file"),
    ],
)
def test_a_file_that_others_may_change_starts_nothing(config, change, said):
    change(config)
    assert said in find_weakness(config)
    assert bool(find_weakness(config)) == bool(said)
    if config.is_file():
        loaded = load_with_commands(config)
        assert bool(loaded.audit_anchor_command) == (not said)
        assert said in loaded.refused_command
        assert load_settings(config).audit_anchor_command == ()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="gives files away")
def test_a_file_a_folder_or_a_link_of_another_account_starts_nothing(config):
    as_link(config)
    for path in (config, config.with_name("real.toml"), config.parent):
        os.chown(path, 12345, -1, follow_symlinks=False)
        assert "belongs to another account" in find_weakness(config), path
        os.chown(path, 0, -1, follow_symlinks=False)
    assert find_weakness(config) == ""


def test_a_command_is_started_by_run_alone_and_only_from_a_file_that_was_named(
    config, elsewhere, labflag, tmp_path
):
    (tmp_path / "march.csv").write_text(f"{HEADER}{ONE}\n")
    for arguments in (
        ("check", tmp_path / "march.csv", "--config", config),
        ("run", tmp_path / "march.csv"),
        ("audit", "verify", "--config", config),
        ("audit", "seal", "--config", config),
        ("doctor", "--config", config),
    ):
        done = labflag(*arguments, folder=config.parent)
        assert not (elsewhere / "given").exists(), arguments
        if arguments[0] == "run":
            assert done.returncode == Exit.HELD
            assert "a command counts only in a file that --config names" in done.stderr
            assert (config.parent / "out/patients/PATQ1.xlsx").exists()
    done = labflag("run", tmp_path / "march.csv", "--config", config)
    assert (done.returncode, done.stderr) == (Exit.DONE, "")
    assert len((elsewhere / "given").read_text().splitlines()) == 1


def test_the_program_anchors_and_verifies(labflag, settings, elsewhere, template, tmp_path):
    config = tmp_path / "labflag.toml"
    lines = (f'output = "{settings.output}"', 'audit_anchor = "elsewhere/anchor"')
    config.write_text("\n".join((*lines, 'audit_key = "elsewhere/key"', "")))
    (tmp_path / "march.csv").write_text(f"{HEADER}{TWO}\n")
    assert labflag("run", "march.csv").returncode == Exit.DONE
    assert labflag("audit", "verify").returncode == Exit.DONE
    printed = labflag("audit", "seal").stdout
    (last,) = (elsewhere / "anchor").read_text().splitlines()
    assert json.loads(printed)["lines"] == json.loads(last)["lines"] + 1
    assert len(json.loads(printed)["mac"]) == 64
    (tmp_path / "kept").write_text(printed)
    assert labflag("audit", "verify", "--anchor", "kept").returncode == Exit.DONE
    put_back(settings, template / "after one/out")
    done = labflag("run", "march.csv")
    assert (done.returncode, "shorter than its anchor" in done.stderr) == (Exit.OUTPUT, True)
    for arguments in ((), ("--anchor", "kept")):
        done = labflag("audit", "verify", *arguments)
        assert (done.returncode, "FAULT the log" in done.stdout) == (Exit.HELD, True)
