"""A PostgreSQL server that fails, refuses or goes away: a sentence, and the next run goes on."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from pipeline.commands.context import knowledge_of, pass_through
from pipeline.commands.inbox import process_inbox
from pipeline.config import Settings
from pipeline.errors import ConfigError, LabflagError, OutputError, exit_code
from pipeline.history.store import tables
from pipeline.history.store.frames import insert_many
from pipeline.history.stored import open_history
from pipeline.site.inbox import list_claim_folders
from tests.faults import statements
from tests.needs import IS_CI, needs
from tests.operations.poison import HEADER, row_of
from tests.operations.servers import FOUND, Line, Server, short_folder

if not IS_CI:
    pytest.importorskip("psycopg", reason="needs `pip install labflag[postgres]`")
import psycopg

pytestmark = needs(FOUND, "needs the programs of a PostgreSQL server: apt install postgresql")
ROOT = Path(__file__).parents[2]
FULL = """
CREATE FUNCTION fill() RETURNS trigger AS $$ BEGIN
    RAISE 'could not extend file "base/1/1": No space left on device' USING ERRCODE = '53100';
END $$ LANGUAGE plpgsql;
CREATE TRIGGER fill BEFORE INSERT ON results EXECUTE FUNCTION fill()
"""


@pytest.fixture(scope="module")
def server():
    with short_folder("pg") as folder:
        server = Server(folder)
        server.start("fsync=off")
        server.execute("CREATE ROLE guest LOGIN")
        yield server
        server.stop()


@pytest.fixture
def database(server):
    """The name of a database in which a history was made."""
    open_history(server.make_database("work")).close()
    return "work"


@pytest.fixture
def settings(server, database, tmp_path, monkeypatch):
    """A site whose history is on the server, with a file in its inbox."""
    known = knowledge_of(Settings())
    monkeypatch.setattr("pipeline.commands.inbox.load_tried_knowledge", lambda _: known)
    settings = Settings(
        output=tmp_path / "reports",
        inbox=tmp_path / "inbox",
        settle=0,
        history=server.url(database, user="guest"),
    )
    settings.inbox.mkdir()
    drop(settings, "a.csv", "P1")
    server.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO guest", name="work")
    return settings


def drop(settings, name, patient):
    (settings.inbox / name).write_text(HEADER + row_of(patient), encoding="utf-8")


def run(settings):
    """Make a round; give its exit code and what was said."""
    try:
        return process_inbox(settings, clock=datetime.now, progress=pass_through).exit_code, ""
    except LabflagError as error:
        return exit_code(error), str(error)


def assert_it_went_on(settings, *patients):
    assert run(settings) == (0, "")
    assert {path.stem for path in (settings.output / "patients").iterdir()} == {*patients}
    assert not list_claim_folders(statements.inbox_of(settings))


# What an administrator or a disk does → what is said, and how it ends.
REFUSALS = {
    "read only": (
        "ALTER DATABASE work SET default_transaction_read_only = on",
        "takes no writes",
        "ALTER DATABASE work RESET default_transaction_read_only",
    ),
    "no rights": (
        "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM guest",
        "may not be used by this user",
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO guest",
    ),
    "no connection left": (
        "ALTER ROLE guest CONNECTION LIMIT 0",
        "has no connection left",
        "ALTER ROLE guest CONNECTION LIMIT -1",
    ),
    "disk full": (FULL, "the disk of its server is full", "DROP FUNCTION fill CASCADE"),
    "no such user": ("ALTER ROLE guest NOLOGIN", "let this user in", "ALTER ROLE guest LOGIN"),
}


@pytest.mark.parametrize("kind", REFUSALS)
def test_what_the_server_refuses_is_said_and_goes_on_when_it_does_not(server, settings, kind):
    spoil, said, mend = REFUSALS[kind]
    server.execute(spoil, name="work")
    code, sentence = run(settings)
    server.execute(mend, name="work" if "DATABASE" not in mend else "postgres")
    assert (code, said in sentence) == (5, True), sentence
    assert [*statements.find_counted(settings)] == []
    assert_it_went_on(settings, "P1")


# Set by an administrator → what is said, where somebody else keeps a table locked.
@pytest.mark.parametrize(
    ("name", "said"), [("statement_timeout", "cancelled a statement"), ("lock_timeout", "locked")]
)
def test_a_limit_of_the_administrator_holds_and_is_named(server, settings, name, said):
    server.execute(f"ALTER DATABASE work SET {name} = '2s'")
    with psycopg.connect(f"host={server.folder} user=labflag dbname=work") as other:
        other.execute("LOCK TABLE files")
        code, sentence = run(settings)
    server.execute(f"ALTER DATABASE work RESET {name}")
    assert (code, said in sentence, name in sentence) == (5, True, True), sentence
    assert [*statements.find_counted(settings)] == []
    assert_it_went_on(settings, "P1")


def test_a_server_that_is_not_there_is_said_and_watch_goes_on_when_it_is_back(
    server, settings, tmp_path
):
    config = tmp_path / "labflag.toml"
    config.write_text(
        f'output = "{settings.output}"\ninbox = "{settings.inbox}"\nsettle = 0\ninterval = 0.1\n'
        f'history = "{settings.history}"\n'
    )
    command = [sys.executable, "-m", "pipeline", "--config", str(config)]
    server.stop()
    # More often than a file is tried.
    assert {run(settings)[0] for _ in range(4)} == {5}
    assert [*statements.find_counted(settings)] == []
    command.insert(3, "run")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (5, "")
    assert re.fullmatch(r"labflag: the history .* cannot be reached: .*\n", done.stderr)
    assert json.loads((settings.output / "heartbeat.json").read_text())["exit_code"] == 5
    command[3] = "watch"
    watching = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        drop(settings, "b.csv", "P2")
        (settings.output / "heartbeat.json").unlink()
        wait_for((settings.output / "heartbeat.json").exists)
        assert watching.poll() is None
        server.start("fsync=off")
        wait_for(lambda: len([*settings.output.glob("patients/*.xlsx")]) == 2)
    finally:
        watching.send_signal(signal.SIGTERM)
        said, _ = watching.communicate(timeout=120)
    assert (watching.returncode, said.count(b"cannot be reached")) == (0, 1), said
    assert_it_went_on(settings, "P1", "P2")


@pytest.mark.parametrize("how", ["begin", "look"])
def test_a_transaction_that_was_idle_for_too_long_is_named(server, database, how, caplog):
    server.execute("ALTER DATABASE work SET idle_in_transaction_session_timeout = '1s'")
    with open_history(server.url(database)) as history:

        def be_idle():
            with getattr(history, how)() as connection:
                connection.execute(text("SELECT 1"))
                time.sleep(2)
                connection.execute(text("SELECT 1"))

        with pytest.raises(OutputError, match="idle_in_transaction_session_timeout"):
            be_idle()
        assert history.list_files() == ()
    assert caplog.records == []


def test_what_is_rehearsed_ends_with_a_sentence(server, database, caplog):
    def rehearse():
        with open_history(server.url(database)) as history:
            history.rehearse()
            end_others(server)
            history.list_files()

    with pytest.raises(OutputError, match="ended the connection"):
        rehearse()
    assert caplog.records == []


def test_a_server_that_was_started_anew_between_two_transactions_is_not_noticed(server, database):
    with open_history(server.url(database)) as history:
        for _ in range(2):
            end_others(server)
            assert history.list_files() == ()
            history.record_event("backed-up")
        assert len(history.list_events()) == 2


def test_a_lock_ends_with_its_session(server, database):
    with short_folder("line") as folder:
        line = Line(folder, server.folder)

        def vanish():
            with (
                open_history(server.url(database, folder)) as history,
                history.begin() as connection,
            ):
                connection.execute(text("SELECT pg_advisory_xact_lock(1)"))
                line.mend(1)
                connection.execute(text("SELECT 1"))

        with pytest.raises(OutputError, match="cannot be reached"):
            vanish()
        started = time.monotonic()
        with open_history(server.url(database)) as history:
            history.record_event("backed-up")
        assert time.monotonic() - started < 20
        line.close()


def test_nothing_waits_for_ever_and_what_the_administrator_set_stays(server, database):
    server.execute("ALTER DATABASE work SET lock_timeout = '7s'")
    with open_history(server.url(database)) as history, history.look() as connection:
        shown = {
            name: connection.execute(text(f"SHOW {name}")).scalar_one()
            for name in (
                "statement_timeout",
                "lock_timeout",
                "idle_in_transaction_session_timeout",
            )
        }
    assert shown == {
        "statement_timeout": "15min",
        "lock_timeout": "7s",
        "idle_in_transaction_session_timeout": "1h",
    }


def test_a_server_that_does_not_answer_is_given_up(monkeypatch):
    monkeypatch.setattr("pipeline.history.store.server._CLIENT", {"connect_timeout": 2})
    with short_folder("line") as folder, socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(folder / ".s.PGSQL.5432"))
        deaf.listen()
        started = time.monotonic()
        with pytest.raises(OutputError, match="cannot be reached"):
            open_history(f"postgresql+psycopg://labflag@/work?host={folder}")
        assert time.monotonic() - started < 30


def test_what_does_not_fit_is_no_fault_of_the_server(server, database):
    """What a file holds must not stop every run: it counts as a fault at that file."""
    with open_history(server.url(database)) as history:
        with pytest.raises(RuntimeError), history.begin() as connection:
            insert_many(connection, tables.meta, ["key", "value"], [("x", "a\0b")])
        assert history.list_files() == ()


def test_a_database_that_cannot_hold_every_name_is_refused(server):
    url = server.make_database("latin", "template0", "ENCODING 'LATIN1' LOCALE 'C'")
    with pytest.raises(ConfigError, match="UTF8"):
        open_history(url)


@pytest.mark.parametrize("verb", ["run", "withdraw"])
def test_the_line_is_cut_between_two_statements(verb):
    """Some points of each kind; `python -m tests.faults.statements` tries all."""
    said = subprocess.run(
        [sys.executable, "-m", "tests.faults.statements", verb, "--spread", "6"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    found = re.search(rf"^{verb}: 6 of (\d+) points, (\d) failed, 0 wrong$", said.stdout, re.M)
    assert found, said.stdout + said.stderr
    # One in which little can be cut is not the one that was meant.
    assert int(found[1]) > 400
    assert int(found[2]) >= 3


def end_others(server):
    """End the connection of everybody else to the database."""
    server.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = 'work'"
    )


def wait_for(what):
    end = time.monotonic() + 90
    while not what():
        assert time.monotonic() < end
        time.sleep(0.05)
