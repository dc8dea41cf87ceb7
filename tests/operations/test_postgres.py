"""The history on a real PostgreSQL server, started for the test where its programs are installed."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from pipeline.commands.history import back_up, purge_history, rebuild_reports, restore_history
from pipeline.commands.run import run_batch
from pipeline.config import Settings
from pipeline.history.stored import open_history
from tests.needs import IS_CI, needs
from tests.operations.conftest import HEADER
from tests.operations.servers import FOUND, Server, start_server
from tests.operations.test_history import B12, BAD, GLUCOSE, GOOD, MCV, assert_same
from tests.operations.test_upkeep import NOW, OLD, clock, pass_through, reports

if not IS_CI:
    pytest.importorskip("psycopg", reason="needs `pip install labflag[postgres]`")

pytestmark = needs(FOUND, "needs the programs of a PostgreSQL server: apt install postgresql")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Start a server that listens on a socket of its own."""
    with start_server() as started:
        yield started


@pytest.fixture
def url(server: Server, request: pytest.FixtureRequest) -> str:
    """Give the URL of an empty database."""
    return server.make_database(f"db_{abs(hash(request.node.name))}")


def test_it_holds_what_a_file_holds(url, tmp_path, read):
    files = [read(GOOD, MCV, BAD, GLUCOSE, name="a.csv"), read(B12, BAD, name="b.csv")]
    with (
        open_history(url, clock=lambda: NOW) as server,
        open_history(tmp_path / "x.db", clock=lambda: NOW) as file,
    ):
        for each in files:
            for history in (server, file):
                history.commit(each, "run")
        assert_same(server.load(), file.load())
        assert server.load().files == file.load().files
        assert server.list_events() == file.list_events()
        for each in files:
            sha256 = each.file.sha256
            assert server.load_original(sha256) == file.load_original(sha256)
        server.rehearse()
        server.commit(read(OLD, name="c.csv"), "run")
        assert len(server.load().files) == 3
    with open_history(url) as server:
        assert len(server.load().files) == 2


def test_runs_give_the_same_bytes_as_with_a_file(url, tmp_path):
    for name, lines in {"a.csv": [GOOD, MCV], "b.csv": [B12, BAD, OLD]}.items():
        path = tmp_path / name
        path.write_text(HEADER + "".join(f"{line}\n" for line in lines), encoding="utf-8")
        for settings in sites(url, tmp_path):
            run_batch([path], settings, clock=clock, progress=pass_through)
    assert contents(tmp_path / "server") == contents(tmp_path / "file")
    server, _ = sites(url, tmp_path)
    before = contents(server.output)
    rebuild_reports(server, clock=lambda: datetime(2027, 1, 1), progress=pass_through)
    assert contents(server.output) == before


def test_it_can_be_saved_purged_and_restored(url, tmp_path):
    settings, _ = sites(url, tmp_path)
    path = tmp_path / "a.csv"
    path.write_text(HEADER + f"{OLD}\n{B12}\n", encoding="utf-8")
    run_batch([path], settings, clock=clock, progress=pass_through)
    back_up(settings, tmp_path / "saved.db", clock=clock)
    purge_history(settings, NOW.date().replace(year=2021), clock=clock)
    assert reports(settings) == ["P2"]
    restore_history(settings, tmp_path / "saved.db", clock=clock)
    assert reports(settings) == ["P1", "P2"]


def sites(url: str, folder: Path) -> tuple[Settings, Settings]:
    return Settings(output=folder / "server", history=url), Settings(output=folder / "file")


def contents(folder: Path) -> dict[str, bytes]:
    ours = [*folder.rglob("*.xlsx"), *folder.glob("*.csv")]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in ours}
