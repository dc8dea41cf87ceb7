"""The line to a PostgreSQL server is cut at every request of a run; the end is as if it had held.

python -m tests.faults.statements [--every N | --spread N] [VERB ...]

Each point is tried in four ways: the request is lost, or the answer to one that was done; and the
server is there again at once, or only when the run has ended. A run that fails has to say so with
exit code 5 and count nothing against its files; then it is done again. `watch` is `run` as far as
this goes; how it goes on is in tests/operations/test_server_faults.py.
"""

import argparse
import hashlib
import io
import logging
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from unittest import mock

from openpyxl import load_workbook

from pipeline.commands.context import knowledge_of, pass_through
from pipeline.commands.history import purge_history, reassign_patient
from pipeline.commands.inbox import process_inbox
from pipeline.commands.withdraw import find_stored, replace_file, withdraw_file
from pipeline.config import Settings
from pipeline.errors import Exit, LabflagError, exit_code
from pipeline.publish.audit_check import verify_history
from pipeline.publish.audit_log import verify_site
from pipeline.site.inbox import Inbox, list_claim_folders, locate_inbox
from pipeline.site.location import locate_history
from pipeline.site.tries import load_tries
from tests.faults import world
from tests.faults.memory import Memory
from tests.operations.servers import Line, Server, short_folder, start_server
from tests.properties.test_histories import without_changes

NOW = datetime(2026, 11, 1, 7, 30)
FIRST = """\
P1,Aster Sample,F,1980-05-01,S1,2026-03-01,Hemoglobin,11.2,g/dL,final
P2,Borage Sample,M,1970-01-31,S2,2026-03-01,Vitamin B12,150,pg/mL,final
P0,Ash Sample,F,1931-01-01,S0,2019-03-01,MCV,104,fL,final
"""
SECOND = """\
P1,Aster Sample,F,1980-05-01,S1,2026-03-01,Hemoglobin,10.2,g/dL,corrected
P4,Daisy Sample,F,1960-02-03,S4,2026-03-01,Hemoglobin,many,g/dL,final
"""
THIRD = "P5,Elder Sample,M,1950-02-03,S6,2026-03-01,WBC,2.1,10*3/uL,final\n"
# Tables and columns that are the same however often a run had to be made.
SAME = {
    "files": "sha256, name, received_at, read, held, ignored, purged, basis, seal",
    "results": "*",
    "held": "*",
    "issues": "*",
    "seals": "*",
    "typed": "folder, kind, patient_id, content",
    "tombstones": "sha256, reason",
    "decisions": '"by", kind, facts',
    "due": "*",
}
KINDS = {
    "request": (False, False),
    "request, away": (False, True),
    "answer": (True, False),
    "answer, away": (True, True),
}
"""Whether it is the answer that is lost, and whether the server stays away until the run ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A site on a server, what is done in it, and the end that this comes to."""

    server: Server
    line: Line
    memory: Memory
    site: Path
    settings: Settings
    do: Callable[[Settings], object]
    requests: int
    end: dict[str, object]


def clock() -> datetime:
    """Stand still."""
    return NOW


def run(settings: Settings) -> None:
    """Take what lies in the inbox."""
    process_inbox(settings, clock=clock, progress=pass_through)


def withdraw(settings: Settings) -> None:
    """Take a file back, unless it is taken back."""
    found = find_stored(settings, "first.csv", clock=clock)
    if not found.is_withdrawn:
        withdraw_file(settings, found.file, "somebody", clock=clock)


def replace(settings: Settings) -> None:
    """Put a file in the place of another one, unless it is."""
    found = find_stored(settings, "first.csv", clock=clock)
    if not found.is_withdrawn:
        new = settings.output.parent / "new.csv"
        replace_file(settings, found.file, new, "somebody", clock=clock)


def purge(settings: Settings) -> None:
    """Delete what is old."""
    purge_history(settings, date(2021, 1, 1), clock=clock)


def reassign(settings: Settings) -> None:
    """Move a patient, unless nothing is left to move."""
    reassign_patient(settings, "P2", "P9", "", "somebody", clock=clock)


VERBS = {each.__name__: each for each in (run, withdraw, purge, replace, reassign)}


def set_scene(
    server: Server, line: Line, memory: Memory, folder: Path, line_folder: Path, verb: str
) -> Scene:
    """Make a site with one file stored and others dropped, and do it once without a fault."""
    site = folder / "site"
    settings = Settings(
        output=site / "reports",
        inbox=site / "inbox",
        settle=0,
        history=server.url("work", line_folder),
    )
    shutil.rmtree(site, ignore_errors=True)
    (site / "inbox").mkdir(parents=True)
    (site / "new.csv").write_text(world.HEADER + FIRST.replace("11.2", "9.9"))
    server.make_database("work")
    line.mend()
    drop(site, {"first.csv": FIRST})
    run(settings)
    if verb == "run":
        drop(site, {"second.csv": SECOND, "third.csv": THIRD, "again.csv": FIRST})
    shutil.rmtree(folder / "template", ignore_errors=True)
    shutil.copytree(site, folder / "template", symlinks=True)
    server.make_database("template_of_work", "work")
    line.mend()
    VERBS[verb](settings)
    requests = line.count
    # Whatever is left to do by the next run is done: it is that end that counts.
    run(settings)
    end = describe(server, settings)
    return Scene(
        server=server,
        line=line,
        memory=memory,
        site=site,
        settings=settings,
        do=VERBS[verb],
        requests=requests,
        end=end,
    )


def drop(site: Path, files: dict[str, str]) -> None:
    """Put files into the inbox."""
    for name, lines in files.items():
        (site / "inbox" / name).write_text(world.HEADER + lines, encoding="utf-8")


def describe(server: Server, settings: Settings) -> dict[str, object]:
    """Say what a site looks like, but for what tells how often something was tried."""
    site = settings.output.parent
    state: dict[str, object] = {
        f"rows of {table}": sorted(
            map(repr, server.execute(f"SELECT {columns} FROM {table}", name="work"))
        )
        for table, columns in SAME.items()
    }
    state["inputs"] = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() + path.relative_to(site).parts[0]
        for path in sorted(site.rglob("*.csv"))
        if "reports" not in path.relative_to(site).parts
    }
    reports = settings.output
    state |= {name: (reports / name).read_text() for name in ("findings.csv", "issues.csv")}
    return state | {
        path.relative_to(reports).as_posix(): _read_sheets(path.read_bytes(), path.name)
        for path in sorted(reports.rglob("*.xlsx"))
    }


@lru_cache(maxsize=500)
def _read_sheets(content: bytes, name: str) -> dict[str, list[tuple[object, ...]]]:
    """Read a workbook, but for what tells of the run before, which may have been one that failed."""
    book = load_workbook(io.BytesIO(content))
    sheets = {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}
    if name != "worklist.xlsx":
        return sheets
    kept = {title: rows for title, rows in sheets.items() if "change" not in title.casefold()}
    return {title: without_changes(rows) for title, rows in kept.items()}


def try_point(scene: Scene, at: int, kind: str) -> tuple[bool, list[str]]:
    """Cut the line at a request, do it again; say whether it failed, and what is not as it should."""
    server, settings = scene.server, scene.settings
    scene.memory.gather()
    server.make_database("work", "template_of_work")
    shutil.rmtree(scene.site)
    shutil.copytree(scene.site.parent / "template", scene.site, symlinks=True)
    is_answer, stays_cut = KINDS[kind]
    scene.line.mend(at, is_answer=is_answer, stays_cut=stays_cut)
    faults: list[str] = []
    said = ""
    with listening() as records:
        try:
            scene.do(settings)
        except LabflagError as error:
            said = str(error)
            if exit_code(error) != Exit.OUTPUT or "server" not in said:
                faults.append(f"ended with {exit_code(error)}: {said}")
        except Exception as error:
            faults.append(f"ended with {type(error).__name__}: {error}")
    faults += [f"logged: {each}" for each in records]
    faults += list(find_counted(settings))
    scene.line.mend()
    try:
        if said:
            scene.do(settings)
        run(settings)
    except Exception as error:
        faults.append(f"the next run ended with {type(error).__name__}: {error}")
    end = describe(server, settings)
    faults += [
        f"{name} differs" for name in end.keys() | scene.end if end.get(name) != scene.end.get(name)
    ]
    faults += [fault.what for fault in verify_site(settings.output) if not fault.is_note]
    told = verify_history(settings.output, locate_history(settings), clock)
    faults += [fault.what for fault in told if not fault.is_note]
    return bool(said), faults


def find_counted(settings: Settings) -> Iterator[str]:
    """Find tries that are counted against a file."""
    for folder in list_claim_folders(inbox_of(settings)):
        tries = load_tries(folder)
        if tries.begun or tries.code or tries.is_open:
            yield f"counted against a file: {tries}"


def inbox_of(settings: Settings) -> Inbox:
    """Give the inbox of a site."""
    assert settings.inbox is not None
    return locate_inbox(settings.inbox, None, None, None)


class listening(logging.Handler):
    """What a library would print on the terminal though labflag says it."""

    def __enter__(self) -> list[str]:
        self._found: list[str] = []
        logging.getLogger().addHandler(self)
        return self._found

    def __exit__(self, *_: object) -> None:
        logging.getLogger().removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.WARNING:
            # As on the terminal of a person, where no program has asked for more.
            self._found.append(f"{record.name}: {record.getMessage()}")


def try_points(verb: str, points: Callable[[int], Sequence[tuple[int, str]]]) -> tuple[str, int]:
    """Try points of a verb; give one line about them, and how many were not as they should be."""
    # Not before ours: it would keep texts in another way.
    from pandera.config import config_context

    knowledge = knowledge_of(Settings())
    with (
        # It touches neither a file nor the server.
        config_context(validation_enabled=False),
        start_server("fsync=off") as server,
        short_folder("line") as line_folder,
        tempfile.TemporaryDirectory() as name,
        mock.patch("pipeline.commands.run.load_tried_knowledge", return_value=knowledge),
        mock.patch("pipeline.commands.inbox.load_tried_knowledge", return_value=knowledge),
        mock.patch("pipeline.commands.open_site.load_tried_knowledge", return_value=knowledge),
    ):
        line = Line(line_folder, server.folder)
        memory = Memory(Path(name) / "memory")
        memory.attach(is_traced=False)
        scene = set_scene(server, line, memory, Path(name), line_folder, verb)
        tried = failed = wrong = 0
        for at, kind in points(scene.requests):
            has_failed, faults = try_point(scene, at, kind)
            tried += 1
            failed += has_failed
            wrong += bool(faults)
            for fault in faults:
                print(f"{verb}, request {at} ({kind}): {fault}", flush=True)
        line.close()
    return f"{verb}: {tried} of {4 * scene.requests} points, {failed} failed, {wrong} wrong", wrong


def main() -> int:
    """Try the points of some verbs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("verbs", nargs="*", metavar="VERB", help=", ".join(VERBS))
    parser.add_argument("--every", type=int, default=1, help="try each so-manieth request")
    parser.add_argument("--spread", type=int, default=0, help="try so many points of all")
    options = parser.parse_args()

    def choose(count: int) -> list[tuple[int, str]]:
        listed = [(at, kind) for at in range(1, count + 1, options.every) for kind in KINDS]
        if not options.spread:
            return listed
        # So that all kinds take part: their number does not divide the step.
        step = len(listed) // options.spread | 1
        return listed[step // 2 :: step][: options.spread]

    wrong = 0
    for verb in options.verbs or VERBS:
        said, found = try_points(verb, choose)
        wrong += found
        print(said, flush=True)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
