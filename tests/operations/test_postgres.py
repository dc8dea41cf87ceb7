"""The history on a real PostgreSQL server, started for the test where its programs are installed."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from pipeline.batch import run_batch
from pipeline.config import Settings
from pipeline.operations.history import open_history
from pipeline.upkeep import back_up, purge_history, rebuild_reports, restore_history
from tests.operations.conftest import HEADER
from tests.operations.test_history import B12, BAD, GLUCOSE, GOOD, MCV, assert_same
from tests.operations.test_upkeep import NOW, OLD, clock, pass_through, reports

FOUND = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1:] or [
    Path(found).resolve().parent for found in [shutil.which("initdb")] if found
]
psycopg = pytest.importorskip("psycopg", reason="needs `pip install labflag[postgres]`")
pytestmark = pytest.mark.skipif(
    not FOUND, reason="needs the programs of a PostgreSQL server: apt install postgresql"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Start a server that listens on a socket of its own; give the folder of that."""
    # Short: the path of a socket has at most 107 characters.
    folder = Path(
        subprocess.run(
            ["mktemp", "-d", "/tmp/pg-XXXXXX"], capture_output=True, text=True, check=True
        ).stdout.strip()
    )
    owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if owner:
        shutil.chown(folder, "postgres")
    bin_, data = FOUND[0], folder / "data"
    quiet = {"check": True, "capture_output": True, "cwd": folder, "timeout": 120}
    subprocess.run(
        [
            *owner,
            bin_ / "initdb",
            "-D",
            data,
            "-U",
            "labflag",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
        ],
        **quiet,
    )
    options = f"-c listen_addresses='' -c unix_socket_directories={folder}"
    start = [
        *owner,
        bin_ / "pg_ctl",
        "-D",
        data,
        "-w",
        "-l",
        folder / "log",
        "-o",
        options,
        "start",
    ]
    subprocess.run(start, **quiet)
    try:
        yield folder
    finally:
        subprocess.run([*owner, bin_ / "pg_ctl", "-D", data, "-m", "immediate", "stop"], **quiet)
        shutil.rmtree(folder)


@pytest.fixture
def url(server: Path, request: pytest.FixtureRequest) -> str:
    """Give the URL of an empty database."""
    name = f"db_{abs(hash(request.node.name))}"
    with psycopg.connect(f"host={server} user=labflag dbname=postgres", autocommit=True) as open_:
        open_.execute(f"CREATE DATABASE {name}")
    return f"postgresql+psycopg://labflag@/{name}?host={server}"


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
