"""A run over the sample data at a fixed time, also in a process of its own.

`python -m tests.golden.one_run FOLDER NAME…` runs over these files, or without a name makes the
outputs again from the history.
"""

import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from pipeline.commands.history import rebuild_reports
from pipeline.commands.run import run_batch
from pipeline.config import Settings

ROOT = Path(__file__).parents[2]
RUN_AT = datetime(2026, 11, 1, 6, 0)


def pass_through(items, length, label) -> Iterator:
    yield from items


def run_once(folder: Path, *names: str) -> None:
    """Run over the sample data, or over some of its files, into a folder."""
    run_batch(
        [ROOT / "sample_data" / name for name in names] or [ROOT / "sample_data"],
        Settings(output=folder),
        clock=lambda: RUN_AT,
        progress=pass_through,
    )


if __name__ == "__main__":
    where, *chosen = sys.argv[1:]
    if chosen:
        run_once(Path(where), *chosen)
    else:
        settings = Settings(output=Path(where))
        rebuild_reports(settings, clock=lambda: RUN_AT, progress=pass_through)
