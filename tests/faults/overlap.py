"""Three runs at once, killed at random, while a person saves the worklist.

The end is as if one run had run in peace, and every note that was saved is in the history once
and on the worklist, or in a worklist that was set aside, which was said.

python -m tests.faults.overlap [--rounds N] [--seed N]
"""

import argparse
import io
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import ZipFile

from tests.faults import program, world
from tests.faults.look import find_texts, list_events, typed_texts
from tests.faults.person import start_person
from tests.faults.scenarios import SCENARIOS
from tests.faults.trial import SCRATCH, Matrix, begin, make_matrix

_FEW = 10
_TYPED = ("worklist.xlsx", "typed")


@dataclass(slots=True)
class Counts:
    """What happened in all rounds."""

    killed: int = 0
    """Runs that were killed alive."""
    saved: Counter[str] = field(default_factory=Counter)
    """How the person saved → notes."""
    aside: int = 0
    """Notes that are in a worklist set aside alone."""


def try_round(matrix: Matrix, chance: random.Random, counts: Counts) -> list[str]:
    """Let three runs and a person overlap, kill some of the runs; give what is wrong."""
    world.reset(matrix.site, matrix.template)
    diary = matrix.site.with_name("diary")
    diary.write_text("")
    worklist = matrix.site / "reports/worklist.xlsx"
    person = start_person(worklist, random.Random(chance.random()), diary)
    running = []
    for _ in range(3):
        running.append(program.start(matrix.arguments))
        time.sleep(chance.uniform(0, 0.3))
    for pid in running:
        if chance.random() < 0.7:
            time.sleep(chance.uniform(0, 1.0))
            ended, _ = os.waitpid(pid, os.WNOHANG)
            if ended:
                continue
            os.kill(pid, signal.SIGKILL)
            counts.killed += 1
        os.waitpid(pid, 0)
    os.kill(person, signal.SIGTERM)
    os.waitpid(person, 0)
    found = [*matrix.check_end(program.run(matrix.again), but=_TYPED)]
    return [*found, *_check_notes(matrix.site, diary, counts)]


def _check_notes(site: Path, diary: Path, counts: Counts) -> Iterator[str]:
    """Look for every note that was saved."""
    stored = typed_texts(site)
    kept = [_read(path) for path in sorted((site / "reports").glob("worklist-*.xlsx"))]
    was_said = any(
        kind == "worklist-read" and '"kept"' in facts for kind, facts in list_events(site)
    )
    for line in diary.read_text().splitlines():
        patient, note, how = line.split("\t")
        counts.saved[how] += 1
        places = sum(note in text for text in stored)
        if places > 1:
            yield f"doubled: {note} of {patient}, saved {how}, is stored {places} times"
        elif places:
            if not any("worklist.xlsx" in shown for shown in find_texts(site, (note,))):
                yield f"not shown: {note} of {patient}, saved {how}"
        elif any(note.encode() in text for text in kept) and was_said:
            counts.aside += 1
        else:
            yield f"lost: {note} of {patient}, saved {how}"


def _read(path: Path) -> bytes:
    with ZipFile(io.BytesIO(path.read_bytes())) as archive:
        return b"".join(archive.read(name) for name in archive.namelist())


def main() -> int:
    """Try rounds; say what was wrong in which."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    counts, wrong = Counts(), 0
    with tempfile.TemporaryDirectory(prefix="faults-", dir=SCRATCH) as scratch:
        begin(Path(scratch))
        matrix = make_matrix(Path(scratch), SCENARIOS["run"], is_short=options.rounds < _FEW)
        for number in range(options.rounds):
            faults = try_round(matrix, random.Random(f"{options.seed}-{number}"), counts)
            wrong += bool(faults)
            for fault in faults:
                print(f"round {number}: {fault}", flush=True)
            if number % 20 == 19:
                print(f"round {number}: {counts}, {wrong} wrong", flush=True)
    saved = ", ".join(f"{count} {how}" for how, count in sorted(counts.saved.items()))
    print(
        f"{options.rounds} rounds of 3 runs and a person, {counts.killed} killed alive, "
        f"{counts.saved.total()} notes saved ({saved}), {counts.aside} set aside alone, "
        f"{wrong} violations"
    )
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
