"""Three runs at once, killed at random: the end is as if one had run in peace.

python -m tests.faults.overlap [--rounds N] [--seed N]
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.faults import program, world
from tests.faults.matrix import SCRATCH, Matrix, make_matrix


def try_round(matrix: Matrix, chance: random.Random) -> tuple[int, list[str]]:
    """Let three runs overlap, kill some of them; give how many were killed alive, and faults."""
    world.reset(matrix.site, matrix.template)
    running = []
    for _ in range(3):
        running.append(program.start(matrix.arguments))
        time.sleep(chance.uniform(0, 0.3))
    killed = 0
    for pid in running:
        if chance.random() < 0.7:
            time.sleep(chance.uniform(0, 1.0))
            ended, _ = os.waitpid(pid, os.WNOHANG)
            if ended:
                continue
            os.kill(pid, signal.SIGKILL)
            killed += 1
        os.waitpid(pid, 0)
    return killed, list(matrix.check_end(program.run(matrix.arguments)))


def main() -> int:
    """Try rounds; say what was wrong in which."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    killed = wrong = 0
    with tempfile.TemporaryDirectory(prefix="faults-", dir=SCRATCH) as scratch:
        matrix = make_matrix(Path(scratch))
        for number in range(options.rounds):
            alive, faults = try_round(matrix, random.Random(f"{options.seed}-{number}"))
            killed += alive
            wrong += bool(faults)
            for fault in faults:
                print(f"round {number}: {fault}", flush=True)
    print(f"{options.rounds} rounds of 3 runs, {killed} killed alive, {wrong} violations")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
