"""One call of a verb fails, somebody goes on, and the site is compared with one of no fault."""

import contextlib
import gc
import io
import os
import random
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.faults import program, world
from tests.faults.look import State, describe, find_texts
from tests.faults.program import KILLED, Ended, Point
from tests.faults.scenarios import Scenario, where

# A site in memory, where there is such a place: which calls are made, and in which order, is the
# same as on a disk, and nothing waits for one.
SCRATCH = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
# What is worked out from remembered answers is remembered only the next time.
_WARM = 3
_FINISHED = (0, 1)
_REFUSED = (1, 3, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of it."""

    violations: tuple[str, ...]
    was_met: bool
    was_stored: bool
    """Whether the change was in the history when the verb ended."""
    was_interrupted_again: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """A site as it is before a verb, what the verb makes of it, and its calls."""

    scenario: Scenario
    site: Path
    template: Path
    arguments: list[str]
    """The command line that is tried."""
    again: list[str]
    """What is given next."""
    before: State
    reference: State
    """After both."""
    points: list[Point]
    points_again: list[Point]
    trace: str

    def try_point(self, fault: str, point: Point, chance: random.Random) -> Trial:
        """Let one call of the verb fail, from the beginning, and go on."""
        world.reset(self.site, self.template)
        ended = program.run(self.arguments, inject=inject(fault, point))
        now = describe(self.site)
        was_stored = self._is_stored(now)
        found = [*self._check_at_once(fault, ended, now)]
        interrupted = chance.random() < 1 / 3
        if interrupted:
            # What recovers does not come through either.
            second = chance.choice(self.points_again)
            ended_again = program.run(self.again, inject=inject(fault, second))
            now = describe(self.site)
            found += self._check_at_once(fault, ended_again, now)
            was_stored = was_stored or self._is_stored(now)
        found += self.recover(was_stored=was_stored)
        if chance.random() < 1 / 3:
            found += self.check_end(program.run(self.again))
        return Trial(
            violations=tuple(dict.fromkeys(found)),
            was_met=ended.was_met,
            was_stored=was_stored,
            was_interrupted_again=interrupted,
        )

    def recover(self, *, was_stored: bool) -> Iterator[str]:
        """Go on, and give the verb again if the history says that it did not happen."""
        ended = program.run(self.again)
        state = describe(self.site)
        if not self._is_done(state):
            if was_stored:
                yield "what was stored is not in the reports after a run"
                yield from self._compare(state)
            elif self.scenario.is_one_change and state.facts != self.before.facts:
                yield "stored in part"
            if ended.code not in (*_FINISHED, *self.scenario.refused):
                yield f"the run before it is given again ended with {ended.code}: {tail(ended)}"
            ended = program.run(self.arguments)
            if ended.code not in self.scenario.ends:
                yield f"given again it ended with {ended.code}: {tail(ended)}"
            ended = program.run(self.again)
        yield from self.check_end(ended)

    def check_end(self, ended: Ended, *, but: Collection[str] = ()) -> Iterator[str]:
        """Check that the site is as if nothing had happened.

        Args:
            ended: The last run.
            but: Outputs and tables that somebody has changed meanwhile.
        """
        if ended.code not in _FINISHED:
            yield f"the run that recovers ended with {ended.code}: {tail(ended)}"
        state = describe(self.site)
        yield from state.faults
        yield from self._compare(state, but)
        if state.due:
            yield f"still due: {state.due}"
        yield from (f"stale: {shown}" for shown in find_texts(self.site, self.scenario.gone))
        yield from self.verify()

    def verify(self) -> Iterator[str]:
        """Let the log be checked."""
        if self.scenario.has_log:
            of_site = where(self.site, self.scenario)
            verified = program.run(["audit", "verify", *of_site])
            if verified.code != 0:
                yield f"audit: {tail(verified)}"

    def _is_stored(self, state: State) -> bool:
        """Whether the change is in the history, whatever the reports show."""
        changed = self.reference.facts != self.before.facts
        return (changed and state.facts == self.reference.facts) or bool(state.due)

    def _is_done(self, state: State) -> bool:
        return state.facts == self.reference.facts and state.outputs == self.reference.outputs

    def _compare(self, state: State, but: Collection[str] = ()) -> Iterator[str]:
        for name in ("inputs", "outputs", "stored"):
            expected, found = getattr(self.reference, name), getattr(state, name)
            keys = {*expected, *found} - {*but}
            parts = [key for key in keys if expected.get(key) != found.get(key)]
            if parts:
                yield f"not as uninterrupted: {name}: {', '.join(sorted(parts))}"

    def _check_at_once(self, fault: str, ended: Ended, state: State) -> Iterator[str]:
        """Check what must hold at every moment: no input lost, no report torn, no half a change."""
        allowed = (*_FINISHED, KILLED) if fault == "KILL" else (*_FINISHED, *_REFUSED)
        if ended.code not in (*allowed, *self.scenario.refused):
            yield f"ended with {ended.code}: {tail(ended)}"
        lost = set(self.reference.inputs.values()) - set(state.inputs.values())
        if lost:
            yield f"lost: {len(lost)} inputs"
        yield from (fault for fault in state.faults if not fault.startswith("left behind"))
        known = (self.before.facts, self.reference.facts)
        if self.scenario.is_one_change and self.before.facts and state.facts not in known:
            yield "stored in part"
        # In place of one of a person in conflict comes a notice; they all stand at every moment, old or new.
        kept = set(self.before.outputs) & set(self.reference.outputs)
        if not kept <= set(state.outputs):
            yield "a report that stood before is gone"


def inject(fault: str, point: Point) -> str:
    """Say to strace what is to happen where."""
    kind = "signal=KILL" if fault == "KILL" else f"error={fault}"
    return f"{point.call}:{kind}:when={point.number}"


def tail(ended: Ended) -> str:
    """Give the end of what was said."""
    return ended.said.strip()[-300:]


def begin(scratch: Path) -> None:
    """Import everything, and make a run in this process: what is done once, no fork has to do."""
    from pipeline.cli import main as labflag

    os.environ["FAULTS_SCRATCH"] = str(scratch)
    program.import_everything()
    # No process here lives long.
    gc.disable()
    site = scratch / "warm"
    world.make_site(site)
    world.drop(site, {"first.csv": world.FIRST})
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
        labflag(["run", "-q", "--config", str(site / "labflag.toml")], prog_name="labflag")


def make_matrix(scratch: Path, scenario: Scenario, *, is_short: bool = False) -> Matrix:
    """Make the site of a verb, and see what it does where nothing fails.

    Args:
        scratch: Where everything lies.
        scenario: The verb.
        is_short: Few points are tried: little is worked out before, so that it is remembered.
    """
    site, template = scratch / "site", scratch / "template"
    for folder in (site, template):
        shutil.rmtree(folder, ignore_errors=True)
    verb = [*scenario.prepare(site)]
    of_site = [] if verb[0] == "init" else where(site, scenario)
    arguments = [*verb, *of_site]
    again = [*scenario.again, *where(site, scenario)] if scenario.again else arguments
    shutil.copytree(site, template)
    before = describe(template)
    for _ in range(1 if is_short else _WARM):
        # What the next command does is worked out once as well, with the verb and without it.
        for commands in ([arguments, again], *([] if is_short else [[again]])):
            for command in commands:
                program.run(command)
            world.reset(site, template)
    ended = program.run(arguments, traced=True)
    require(ended, scenario.ends)
    require(program.run(again), _FINISHED)
    reference = describe(site)
    stale = [*find_texts(site, scenario.gone)]
    if reference.faults or stale or reference.due:
        raise RuntimeError(f"without a fault it leaves {reference.faults} {stale} {reference.due}")
    points = program.list_points(ended.trace)
    points_again = points
    if not is_short:
        # What recovers makes other calls than the verb: those after it was stored, mostly.
        world.reset(site, template)
        program.run(arguments, inject=inject("KILL", points[len(points) * 2 // 3]))
        recovers = program.run(again, traced=True)
        points_again = program.list_points(recovers.trace) or points
    return Matrix(
        scenario=scenario,
        site=site,
        template=template,
        arguments=arguments,
        again=again,
        before=before,
        reference=reference,
        points=points,
        points_again=points_again,
        trace=ended.trace,
    )


def require(ended: Ended, codes: tuple[int, ...]) -> None:
    """Make sure that a preparation ended as it should.

    Raises:
        RuntimeError: It did not.
    """
    if ended.code not in codes:
        raise RuntimeError(f"ended with {ended.code}, not {codes}: {ended.said}")
