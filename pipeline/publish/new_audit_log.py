"""A log that cannot be continued is set aside where a person says so, and a new one is begun.

A log that was cut off, edited or removed, or whose record of the end is lost, stops every run: who
changed it might have changed more. The way out is `labflag audit accept`. The old log is kept, and
the new one begins with its hash and with the outputs as they lie there; the history tells the new
one again what it knows.
"""

import hashlib
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from pipeline.errors import OutputError
from pipeline.files.durable import hash_file, move
from pipeline.files.folder import open_folder, read_plain
from pipeline.publish.audit_log import (
    NAME,
    OUTPUTS,
    Entry,
    append_entries,
    forget_end,
    path_id,
    verify_log,
)
from pipeline.publish.outputs import list_reports
from pipeline.site.private_folder import find_record

SET_ASIDE = "log-set-aside"


def set_log_aside(output: Path, private: Path, now: datetime) -> Path | None:
    """Set the log aside if it is not as it was written, and begin a new one.

    Args:
        output: The folder of reports; its lock is held.
        private: Its private folder, where the old log is kept.
        now: Names the old log.

    Returns:
        Where the old log is; None if there is none, or if the log is as it was written.

    Raises:
        OutputError: It cannot be moved.
    """
    if not any(verify_log(output, private)):
        return None
    path = find_record(output, NAME)
    kept, content = None, b""
    try:
        if path.exists() or path.is_symlink():
            with suppress(OSError):
                content = read_plain(path)
            kept = _move(path, private, f"audit-{now:%Y%m%dT%H%M%S}")
        forget_end(private)
    except OSError as error:
        raise OutputError(f"{path} cannot be set aside: {error.strerror}") from None
    facts = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "lines": len(content.splitlines()),
        OUTPUTS: {
            path_id(private, each.relative_to(output).as_posix()): hash_file(each)
            for each in list_reports(output)
        },
    }
    append_entries(output, private, [Entry(at=now, event=SET_ASIDE, facts=facts)])
    return kept


def _move(path: Path, private: Path, stem: str) -> Path:
    """Move a log into the private folder, under a name that nothing has there."""
    with open_folder(path.parent, follow=True) as folder, open_folder(private) as into:
        taken = into.list_names()
        names = (f"{stem}{more}.log" for more in ("", *(f"-{n}" for n in range(2, 1000))))
        name = next(name for name in names if name not in taken)
        move(folder, path.name, into, name)
    return private / name
