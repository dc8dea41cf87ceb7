"""Every call that changes a file fails once: what must hold afterwards, and what was found.

python -m tests.faults.matrix kill ENOSPC EIO EACCES order [--verb V] [--step N] [--seed N]
python -m tests.faults.matrix kill:30 order
python -m tests.faults.matrix --verb all kill ENOSPC:12
"""

import argparse
import os
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.order import check_order
from tests.faults.scenarios import SCENARIOS
from tests.faults.trial import SCRATCH, Matrix, begin, make_matrix


def try_points(name: str, matrix: Matrix, fault: str, options: argparse.Namespace) -> int:
    """Try the points asked for; say what was wrong at which; give how many were wrong."""
    kind, _, count = fault.partition(":")
    points = list(enumerate(matrix.points))[options.first : options.last : options.step]
    if count:
        points = [points[len(points) * at // int(count)] for at in range(int(count))]
    if options.spread:
        # Coarse, then finer: what breaks in one stretch of the run is soon met.
        points.sort(key=lambda each: f"{each[0]:016b}"[::-1])
    wrong = tried = met = stored = again = 0
    for number, point in points:
        chance = random.Random(f"{options.seed}-{number}")
        trial = matrix.try_point(kind.upper(), point, chance)
        tried += 1
        met += trial.was_met
        stored += trial.was_stored
        again += trial.was_interrupted_again
        wrong += bool(trial.violations)
        for violation in trial.violations:
            print(
                f"{name}: {kind} point {number} ({point.call} {point.number}): {violation}",
                flush=True,
            )
        if tried % 50 == 0:
            print(f"{name}: {kind}: {tried} points, the last was {number}, {wrong} wrong")
        if wrong >= options.stop_at:
            break
    print(
        f"{name}: {kind}: {tried} of {len(matrix.points)} points, {met} met, {stored} stored, "
        f"{again} recoveries interrupted, {wrong} violations",
        flush=True,
    )
    return wrong


def main() -> int:
    """Make the site of each verb once and try one fault after the other."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "faults",
        nargs="+",
        metavar="fault[:count]",
        help="kill, an errno such as ENOSPC, or order; so many points, spread over all",
    )
    parser.add_argument("--verb", default="run", help=f"all, rest, or of {', '.join(SCENARIOS)}")
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--to", dest="last", type=int, default=10**9)
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--spread", action="store_true", help="not from the first to the last")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stop-at", type=int, default=10**9, help="so many violations")
    options = parser.parse_args()
    names = {"all": [*SCENARIOS], "rest": [name for name in SCENARIOS if name != "run"]}
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="faults-", dir=SCRATCH) as scratch:
        begin(Path(scratch))
        for name in names.get(options.verb, options.verb.split(",")):
            is_short = all(":" in fault or fault == "order" for fault in options.faults)
            matrix = make_matrix(Path(scratch), SCENARIOS[name], is_short=is_short)
            print(f"{name}: made, {sum(os.times()[:4]):.0f} s of CPU so far", flush=True)
            for fault in options.faults:
                began, used = time.monotonic(), sum(os.times()[:4])
                if fault == "order":
                    violations = list(check_order(matrix.trace, matrix.site))
                    print(*violations, f"{name}: order: {len(violations)} violations", sep="\n")
                    wrong += len(violations)
                else:
                    wrong += try_points(name, matrix, fault, options)
                took, used = time.monotonic() - began, sum(os.times()[:4]) - used
                print(f"  in {took:.0f} s, {used:.0f} s of CPU", flush=True)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
