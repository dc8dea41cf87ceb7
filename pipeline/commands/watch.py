"""The loop of `labflag watch`: look, and give each round that has something to do its own process.

A round needs memory for all that is stored, and a process that has needed memory does not give it
all back; one that is made for a round does, when it ends. And if the system ends it, for memory
or by a fault in a library, the loop goes on and says so.
"""

import multiprocessing
import signal
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.commands.context import Clock, load_tried_knowledge, pass_through
from pipeline.commands.inbox import InboxRun, claim_work, process_inbox
from pipeline.config import Settings
from pipeline.errors import ConfigError, KnowledgeError, LabflagError, OutputError
from pipeline.knowledge.model import Knowledge


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """The counts of a round: no names, which may be of patients."""

    filed: Mapping[str, int]
    waiting: int
    read: int | None
    """Results; None if there was nothing to do."""
    held: int
    locked: int
    """Reports that are open in another program."""
    is_withheld: bool
    """The stop switch is on."""
    to_place: int = 0
    """Notes of which it is not certain whose they are."""
    is_worklist_kept: bool = False
    """The worklist was not as it was written, and is kept under another name."""
    failed: Mapping[str, int] = field(default_factory=dict)
    """Files that could not be read and are tried again, by the code of the issue."""
    unseen: int = 0
    """Folders and files of the inbox that cannot be looked at or taken."""
    faults: tuple[str, ...] = ()
    """Where labflag itself failed at a file."""
    unanchored: str = ""
    """Why it was not noted elsewhere where the log ends, though the site wants it."""


def tally_of(done: InboxRun) -> Tally:
    """Count what a round came to."""
    counts = [batch.accounts for batch in done.batches]
    last = done.batches[-1] if done.batches else None
    return Tally(
        filed={str(kind): count for kind, count in done.filed.items()},
        waiting=done.waiting,
        read=sum(each.read for each in counts) if counts else None,
        held=sum(each.held for each in counts),
        locked=0 if last is None else len(last.locked),
        is_withheld=last is not None and last.is_withheld,
        to_place=0 if last is None else last.worklist.to_place,
        is_worklist_kept=any(batch.worklist.kept for batch in done.batches),
        failed=done.failed,
        unseen=done.unseen,
        faults=done.faults,
        unanchored=done.unanchored,
    )


def watch_inbox(
    settings: Settings,
    *,
    clock: Clock,
    wait: Callable[[float], bool],
    tell: Callable[[Tally | LabflagError], None],
) -> None:
    """Make a round, wait, make the next one, until told to end.

    A share that is not there, a full disk and another run are said once and tried again; what
    a person has to mend in the configuration ends the loop.

    Args:
        settings: With an inbox.
        clock: Gives the local time.
        wait: Waits so many seconds; True: end now.
        tell: Is told of a round in which something happened, and of what went wrong.

    Raises:
        ConfigError: See `process_inbox`.
        KnowledgeError: See `load_tried_knowledge`.
    """
    knowledge = load_tried_knowledge(settings)
    said = ""
    while True:
        try:
            idle = claim_work(settings, knowledge, clock=clock)
            done = tally_of(idle) if idle else process_inbox_apart(settings, knowledge)
        except (ConfigError, KnowledgeError):
            raise
        except LabflagError as error:
            if str(error) != said:
                tell(error)
            said = str(error)
        else:
            if done.read is not None or done.unanchored not in ("", said):
                tell(done)
            said = done.unanchored
        if wait(settings.interval):
            return


def process_inbox_apart(settings: Settings, knowledge: Knowledge) -> Tally:
    """Make a round in a process of its own, and wait for it.

    Raises:
        LabflagError: As for `process_inbox`.
        OutputError: The process was ended from outside, or had too little memory.
    """
    # Begun anew, not forked: the same on every system, and nothing is inherited half done.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=_be_left_to_finish) as pool:
        try:
            return pool.submit(_run_apart, settings, knowledge).result()
        except BrokenProcessPool:
            raise OutputError(
                "the round was ended from outside before it was done (is there too little memory?)"
                "; nothing is lost, and the next one does it again"
            ) from None
        except MemoryError:
            raise OutputError(
                "there was too little memory for the round; nothing is lost, and the next one "
                "does it again"
            ) from None


def _be_left_to_finish() -> None:
    """Let the loop be told to end, also by a key that all processes of a terminal hear."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _run_apart(settings: Settings, knowledge: Knowledge) -> Tally:
    done = process_inbox(settings, clock=datetime.now, progress=pass_through, knowledge=knowledge)
    return tally_of(done)
