"""Every call that changes a file fails once: what must hold afterwards, and what was found.

python -m tests.faults.matrix kill ENOSPC EIO EACCES order [--from N] [--to N] [--step N] [--seed N]
python -m tests.faults.matrix kill:30 order
"""

import argparse
import contextlib
import io
import os
import random
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.faults import program, world
from tests.faults.program import KILLED, Ended, Point
from tests.faults.world import State

# A site in memory, where there is such a place: which calls are made, and in which order, is the
# same as on a disk, and nothing waits for one.
SCRATCH = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
# What is worked out from remembered answers is remembered only the next time.
_WARM = 3
_FINISHED = (0, 1)
_REFUSED = (1, 3, 5)
_PLACE = r'(?:(?:AT_FDCWD|\d+)(?:<([^>]*)>)?, )?"([^"]*)"'
_RENAMED = re.compile(rf"^\d+\s+rename\w*\({_PLACE}, {_PLACE}")
_SYNCED = re.compile(r"^\d+\s+f(?:data)?sync\(\d+<([^>]*)>\)\s+= 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """A site as it is before a run, what the run makes of it, and its calls."""

    site: Path
    template: Path
    before: State
    reference: State
    points: list[Point]
    trace: str

    @property
    def arguments(self) -> list[str]:
        """The command line that is tried."""
        return ["run", "--quiet", "--config", str(self.site / "labflag.toml")]

    def fail_at(self, fault: str, point: Point) -> Ended:
        """Let one call of a run fail, from the beginning."""
        world.reset(self.site, self.template)
        return program.run(self.arguments, inject=inject(fault, point))

    def check_point(self, fault: str, ended: Ended, chance: random.Random) -> Iterator[str]:
        """Let the next run recover, and compare; give what is wrong."""
        yield from self._check_at_once(fault, ended)
        if chance.random() < 1 / 3:
            # The run that recovers does not come through either.
            second = chance.choice(self.points)
            again = program.run(self.arguments, inject=inject(fault, second))
            yield from self._check_at_once(fault, again)
        last = program.run(self.arguments)
        yield from self.check_end(last)
        if chance.random() < 1 / 3:
            yield from self.check_end(program.run(self.arguments))

    def _check_at_once(self, fault: str, ended: Ended) -> Iterator[str]:
        """Check what must hold at every moment: no input lost, no report torn."""
        allowed = (*_FINISHED, KILLED) if fault == "KILL" else (*_FINISHED, *_REFUSED)
        if ended.code not in allowed:
            yield f"ended with {ended.code}: {ended.said.strip()[-300:]}"
        state = world.describe(self.site)
        lost = set(self.reference.inputs.values()) - set(state.inputs.values())
        if lost:
            yield f"lost: {len(lost)} inputs"
        yield from (fault for fault in state.faults if not fault.startswith("left behind"))
        # In place of one of a person in conflict comes a notice; they all stand at every moment, old or new.
        kept = set(self.before.outputs) & set(self.reference.outputs)
        if not kept <= set(state.outputs):
            yield "a report that stood before is gone"

    def check_end(self, ended: Ended) -> Iterator[str]:
        """Check that the site is as if nothing had happened."""
        if ended.code not in _FINISHED:
            yield f"the run that recovers ended with {ended.code}: {ended.said.strip()[-300:]}"
        state = world.describe(self.site)
        yield from state.faults
        for name in ("inputs", "outputs", "stored"):
            expected, found = getattr(self.reference, name), getattr(state, name)
            if expected != found:
                parts = sorted(
                    key for key in {*expected, *found} if expected.get(key) != found.get(key)
                )
                yield f"not as uninterrupted: {name}: {', '.join(parts)}"
        verified = program.run(["audit", "verify", "--config", str(self.site / "labflag.toml")])
        if verified.code != 0:
            yield f"audit: {verified.said.strip()[-300:]}"

    def check_order(self) -> Iterator[str]:
        """Check in a trace that data is on disk before its name is, and the name at the end."""
        synced: set[str] = set()
        due: dict[str, str] = {}
        for line in self.trace.splitlines():
            if found := _SYNCED.match(line):
                synced.add(found[1])
                due.pop(found[1], None)
            elif (found := _RENAMED.match(line)) and line.rstrip().endswith("= 0"):
                # A path that is whole stands for itself, whatever folder it is looked up in.
                source, target = (os.path.join(found[at] or "", found[at + 1]) for at in (1, 3))
                if source not in synced:
                    yield f"renamed before it was synced: {_show(source, self.site)}"
                else:
                    # It keeps its content under its new name, and may be renamed once more.
                    synced.add(target)
                for folder in (Path(target).parent, Path(source).parent):
                    due[str(folder)] = target
        yield from (f"never synced after a rename: {_show(each, self.site)}" for each in due)


def inject(fault: str, point: Point) -> str:
    """Say to strace what is to happen where."""
    kind = "signal=KILL" if fault == "KILL" else f"error={fault}"
    return f"{point.call}:{kind}:when={point.number}"


def make_matrix(scratch: Path) -> Matrix:
    """Make a site with reports, drop two files, and see what an uninterrupted run does."""
    os.environ["FAULTS_SCRATCH"] = str(scratch)
    program.import_everything()
    _warm_up(scratch / "warm")
    site, template = scratch / "site", scratch / "template"
    _require(program.run(["init", str(site)]), (0,))
    config = site / "labflag.toml"
    config.write_text(config.read_text().replace("settle = 10", "settle = 0"))
    arguments = ["run", "--quiet", "--config", str(config)]
    world.drop(site, {"first.csv": world.FIRST})
    _require(program.run(arguments), (0,))
    world.drop(site)
    shutil.copytree(site, template)
    for _ in range(_WARM):
        _require(program.run(arguments), (1,))
        world.reset(site, template)
    ended = program.run(arguments, traced=True)
    _require(ended, (1,))
    reference = world.describe(site)
    if reference.faults:
        raise RuntimeError(f"an uninterrupted run leaves {reference.faults}")
    return Matrix(
        site=site,
        template=template,
        before=world.describe(template),
        reference=reference,
        points=program.list_points(ended.trace),
        trace=ended.trace,
    )


def _warm_up(site: Path) -> None:
    """Make a run in this process: what libraries do once is not done in every fork."""
    from pipeline.cli import main as labflag

    with contextlib.redirect_stdout(io.StringIO()):
        for arguments in (
            ["init", str(site)],
            ["run", "-q", "--config", str(site / "labflag.toml")],
        ):
            if arguments[0] == "run":
                world.drop(site)
                config = site / "labflag.toml"
                config.write_text(config.read_text().replace("settle = 10", "settle = 0"))
            with contextlib.suppress(SystemExit):
                labflag(arguments, prog_name="labflag")


def _require(ended: Ended, codes: tuple[int, ...]) -> None:
    if ended.code not in codes:
        raise RuntimeError(f"ended with {ended.code}, not {codes}: {ended.said}")


def _show(path: str, site: Path) -> str:
    return path.replace(str(site), "")


def try_points(matrix: Matrix, fault: str, options: argparse.Namespace) -> int:
    """Try the points asked for; say what was wrong at which; give how many were wrong."""
    name, _, count = fault.partition(":")
    points = list(enumerate(matrix.points))[options.first : options.last : options.step]
    if count:
        points = [points[len(points) * at // int(count)] for at in range(int(count))]
    if options.spread:
        # Coarse, then finer: what breaks in one stretch of the run is soon met.
        points.sort(key=lambda each: f"{each[0]:016b}"[::-1])
    wrong = tried = met = 0
    for number, point in points:
        chance = random.Random(f"{options.seed}-{number}")
        ended = matrix.fail_at(name.upper(), point)
        found = list(matrix.check_point(name.upper(), ended, chance))
        tried += 1
        met += ended.was_met
        wrong += bool(found)
        for violation in found:
            print(f"{name} point {number} ({point.call} {point.number}): {violation}", flush=True)
        if tried % 50 == 0:
            print(f"{name}: {tried} points, the last was {number}, {wrong} wrong", flush=True)
        if wrong >= options.stop_at:
            break
    print(
        f"{name}: {tried} of {len(matrix.points)} points, {met} met, {wrong} violations", flush=True
    )
    return wrong


def main() -> int:
    """Make the site once and try one fault after the other."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "faults",
        nargs="+",
        metavar="fault[:count]",
        help="kill, an errno such as ENOSPC, or order; so many points, spread over all",
    )
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--to", dest="last", type=int, default=10**9)
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--spread", action="store_true", help="not from the first to the last")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stop-at", type=int, default=10**9, help="so many violations")
    options = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="faults-", dir=SCRATCH) as scratch:
        matrix = make_matrix(Path(scratch))
        for fault in options.faults:
            if fault == "order":
                violations = list(matrix.check_order())
                print(*violations, f"order: {len(violations)} violations", sep="\n", flush=True)
                wrong += len(violations)
            else:
                wrong += try_points(matrix, fault, options)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
