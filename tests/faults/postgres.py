"""A history on a PostgreSQL server: the server is killed in one round, labflag in the next.

Each round is a run over an inbox that is stopped at a random moment; the server is there again,
the next run recovers, and the site is compared with one in which nothing was stopped.

python -m tests.faults.postgres [--rounds N] [--seed N]
"""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults import program, world
from tests.faults.look import State, describe
from tests.faults.person import type_notes
from tests.faults.program import Ended
from tests.faults.trial import SCRATCH, begin, require, tail
from tests.operations.servers import Server, start_server, take_orphans

_FINISHED, _LOST = (0, 1), 5
_WARM = 3
_NOW, _TEMPLATE = "now", "template_of_all"


@dataclass(slots=True)
class InboxRun:
    """The site, its server, and what a run makes of both."""

    server: Server
    site: Path
    template: Path
    arguments: list[str]
    reference: State | None = None
    seconds: float = 0
    """How long a run takes that nothing stops."""

    def reset(self) -> None:
        """Put folder and database back to before the run."""
        world.reset(self.site, self.template)
        self.ask(
            f"DROP DATABASE IF EXISTS {_NOW} WITH (FORCE)",
            f"CREATE DATABASE {_NOW} TEMPLATE {_TEMPLATE}",
        )

    def ask(self, *statements: str) -> None:
        """Say something to the server."""
        with self._connect("postgres") as connection:
            for statement in statements:
                connection.execute(statement)

    def describe(self) -> State:
        """Look at the site."""
        return describe(self.site, lambda: self._connect(_NOW))

    def _connect(self, database: str) -> Any:
        import psycopg

        return psycopg.connect(self.server.conninfo(database), autocommit=True)

    def stop_server(self, chance: random.Random) -> tuple[bool, list[str]]:
        """Kill the server while a run is at it; give whether the run was alive, and faults."""
        pid = program.start(self.arguments)
        time.sleep(chance.uniform(0, self.seconds))
        was_alive = not _has_ended(pid)
        self.server.kill()
        code = _wait(pid)
        self.server.start()
        allowed = (*_FINISHED, _LOST)
        return was_alive, [] if code in allowed else [f"ended with {code}: {_said()}"]

    def stop_program(self, chance: random.Random) -> tuple[bool, list[str]]:
        """Kill the run; give whether it was alive, and faults."""
        pid = program.start(self.arguments)
        time.sleep(chance.uniform(0, self.seconds))
        os.kill(pid, signal.SIGKILL)
        return _wait(pid) == program.KILLED, []

    def check_end(self, ended: Ended) -> Iterator[str]:
        """Check that the site is as if nothing had happened."""
        if ended.code not in _FINISHED:
            yield f"the run that recovers ended with {ended.code}: {tail(ended)}"
        state = self.describe()
        yield from state.faults
        for name in ("inputs", "outputs", "stored", "due"):
            if getattr(state, name) != getattr(self.reference, name):
                yield f"not as uninterrupted: {name}"
        config = str(self.site / "labflag.toml")
        verified = program.run(["audit", "verify", "--config", config])
        if verified.code != 0:
            yield f"audit: {tail(verified)}"


def make_round(scratch: Path, server: Server) -> InboxRun:
    """Make a site whose history is on the server, drop two files, see what a run does."""
    site, template = scratch / "site", scratch / "template"
    world.make_site(site)
    config = site / "labflag.toml"
    text = config.read_text()
    config.write_text(f'history = "{server.url(_NOW)}"\n{text}')
    arguments = ["run", "--quiet", "--config", str(config)]
    made = InboxRun(server=server, site=site, template=template, arguments=arguments)
    made.ask(f"CREATE DATABASE {_NOW}")
    world.drop(site, {"first.csv": world.FIRST})
    require(program.run(arguments), _FINISHED)
    type_notes(site / "reports/worklist.xlsx", {"P1": ("in review", "AB", "rang the ward")})
    world.drop(site, {"second.csv": world.SECOND, "third.csv": world.THIRD})
    shutil.copytree(site, template)
    made.ask(f"ALTER DATABASE {_NOW} RENAME TO {_TEMPLATE}")
    for _ in range(_WARM):
        made.reset()
        began = time.monotonic()
        require(program.run(arguments), _FINISHED)
        made.seconds = time.monotonic() - began
    made.reference = made.describe()
    if made.reference.faults or made.reference.due:
        raise RuntimeError(f"without a fault it leaves {made.reference}")
    return made


def _has_ended(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _wait(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _said() -> str:
    return Path(os.environ["FAULTS_SCRATCH"], "said-by-many").read_text().strip()[-300:]


def main() -> int:
    """Try rounds; say what was wrong in which."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    alive = {"server": 0, "program": 0}
    wrong = 0
    take_orphans()
    with (
        tempfile.TemporaryDirectory(prefix="faults-", dir=SCRATCH) as scratch,
        start_server() as server,
    ):
        begin(Path(scratch))
        made = make_round(Path(scratch), server)
        for number in range(options.rounds):
            made.reset()
            chance = random.Random(f"{options.seed}-{number}")
            kind = "program" if number % 2 else "server"
            stop = made.stop_program if number % 2 else made.stop_server
            was_alive, faults = stop(chance)
            alive[kind] += was_alive
            faults += made.check_end(program.run(made.arguments))
            wrong += bool(faults)
            for fault in faults:
                print(f"round {number} ({kind} killed): {fault}", flush=True)
            if number % 20 == 19:
                print(f"round {number}: {alive}, {wrong} wrong", flush=True)
    print(
        f"{options.rounds} rounds on PostgreSQL, server killed during a run {alive['server']} "
        f"times, labflag killed alive {alive['program']} times, {wrong} violations"
    )
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
