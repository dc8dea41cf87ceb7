"""A log that was cut off, changed or lost stops every run, and a person can begin a new one."""

import json

import pytest

from pipeline.commands.history import accept_history
from pipeline.commands.run import run_batch
from pipeline.config import Settings
from pipeline.errors import OutputError
from pipeline.publish.audit_check import verify_history
from pipeline.publish.audit_log import verify_site
from pipeline.publish.check_seals import verify_seals
from pipeline.site.location import locate_history
from tests.operations.conftest import HEADER
from tests.operations.test_history import GOOD
from tests.operations.test_upkeep import clock, pass_through


def ruin_head(output, name):
    head = output / ".labflag/audit.head"
    log = output / "audit.log"
    match name:
        case "no record of the end":
            head.unlink()
        case "a record of the end that is none":
            head.write_bytes(b"\x00" * 40)
        case "no log":
            log.unlink()
        case "a log that is cut off":
            log.write_bytes(log.read_bytes()[:-30])
        case "a line that was changed":
            log.write_bytes(log.read_bytes().replace(b'"event":"', b'"event":"x', 1))
        case "a log that is a link":
            log.rename(output / "elsewhere")
            log.symlink_to("elsewhere")


@pytest.mark.parametrize(
    "name",
    [
        "no record of the end",
        "a record of the end that is none",
        "no log",
        "a log that is cut off",
        "a line that was changed",
        "a log that is a link",
    ],
)
def test_a_log_that_cannot_go_on_is_set_aside_when_a_person_says_so(tmp_path, name):
    path = tmp_path / "a.csv"
    path.write_text(HEADER + f"{GOOD}\n", encoding="utf-8")
    settings = Settings(output=tmp_path / "out")
    run_batch([path], settings, clock=clock, progress=pass_through)
    log = settings.output / "audit.log"
    before = log.read_bytes()
    ruin_head(settings.output, name)
    left = log.read_bytes() if log.exists() else None

    with pytest.raises(OutputError, match="labflag audit accept"):
        run_batch([path], settings, clock=clock, progress=pass_through)
    assert (log.read_bytes() if log.exists() else None) == left
    _, kept = accept_history(settings, clock=clock)

    assert (kept is not None) == (name != "no log")
    if kept is not None and not kept.is_symlink():
        assert kept.read_bytes() == left
        assert kept.stat().st_mode & 0o077 == 0
    first = json.loads(log.read_bytes().splitlines()[0])
    assert first["event"] == "log-set-aside"
    assert log.read_bytes() != before
    run_batch([path], settings, clock=clock, progress=pass_through)
    place = locate_history(settings)
    found = [
        *verify_site(settings.output),
        *verify_history(settings.output, place, clock),
        *verify_seals(settings.output, place, clock),
    ]
    assert [fault.what for fault in found if not fault.is_note] == []
