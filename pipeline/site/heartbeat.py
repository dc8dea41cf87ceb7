"""A file by which monitoring sees that runs are made and how the last one ended."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline import __version__
from pipeline.files.durable import write_text
from pipeline.files.folder import read_plain

NAME = "heartbeat.json"


def write_heartbeat(output: Path, now: datetime, *, exit_code: int, **counts: int) -> None:
    """Write when a run ended, with which exit code, and counts.

    Raises:
        OutputError: It cannot be written.
    """
    content = {
        "labflag": __version__,
        "at": now.astimezone().isoformat(timespec="seconds"),
        "exit_code": exit_code,
        **counts,
    }
    write_text(json.dumps(content, indent=2) + "\n", output / NAME)


def read_heartbeat(output: Path) -> dict[str, Any]:
    """Give the last heartbeat; empty if there was none."""
    try:
        content = json.loads(read_plain(output / NAME))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
