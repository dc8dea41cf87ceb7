"""The verbs that change something: the site before each, and the command line that is tried."""

import json
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.faults import program, world
from tests.faults.person import type_notes

V1 = Path(__file__).parents[1] / "operations/history_v1.sql"
_DONE, _HELD, _USAGE, _OUTPUT = 0, 1, 2, 5
# Aster stands in results of long ago alone; Clover with two birth dates; Daisy in a wrong file.
_FIRST = """\
P1,Aster Sample,F,1980-05-01,S1,2019-03-01,Hemoglobin,11.2,g/dL,final
P2,Borage Sample,M,1970-01-31,S2,2026-03-01,Vitamin B12,150,pg/mL,final
P2,Borage Sample,M,1970-01-31,S2,2026-03-01,MCV,104,fL,final
"""
_CLOVER = "P3,Clover Sample,F,1990-01-01,S3,2026-03-01,Platelets,88,10*3/uL,final\n"
_OTHER = "P3,Clover Sample,F,1991-01-01,S4,2026-03-01,Platelets,70,10*3/uL,final\n"
_WRONG = """\
P4,Daisy Sample,F,1960-02-03,S5,2026-03-01,WBC,2.1,10*3/uL,final
P2,Borage Sample,M,1970-01-31,S6,2026-03-01,Hemoglobin,secretive,g/dL,final
"""
_RIGHT = _WRONG.replace("2.1", "2.7").replace("secretive", "11.9")
_NEW = "P6,Flax Sample,F,1955-02-03,S7,2026-03-01,Vitamin B12,120,pg/mL,final\n"
_READ = {"P1": ("", "AB", "letter to the ward"), "P2": ("in review", "AB", "rang the ward")}
_TYPED = {"P2": ("in review", "CD", "rang twice"), "P4": ("", "CD", "who is that")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A verb, and what is there when it is given."""

    prepare: Callable[[Path], Sequence[str]]
    """Makes the site; gives the command line that is tried, without where the site is."""
    ends: tuple[int, ...] = (_DONE, _HELD)
    """Exit codes of the verb where nothing fails."""
    again: tuple[str, ...] = ("run", "--quiet")
    """What is given next by anybody; nothing for the verb itself."""
    refused: tuple[int, ...] = ()
    """Exit codes of that where the verb has not happened."""
    gone: tuple[str, ...] = ()
    """What no output shows once it has happened."""
    has_config: bool = True
    is_one_change: bool = True
    """Whether all that it stores is stored at once."""
    has_log: bool = True


def where(site: Path, scenario: Scenario) -> list[str]:
    """Give the options that say which site is meant."""
    if scenario.has_config:
        return ["--config", str(site / "labflag.toml")]
    return ["--output", str(site / "reports")]


def call(site: Path, *arguments: str, codes: tuple[int, ...] = (_DONE, _HELD)) -> str:
    """Give a command over a site, as a preparation; give what it says."""
    ended = program.run([*arguments, "--config", str(site / "labflag.toml")])
    if ended.code not in codes:
        raise RuntimeError(f"{arguments} ended with {ended.code}: {ended.said}")
    return ended.said


def _make_small(site: Path) -> None:
    """Make a site with notes that are stored, and notes that were typed since."""
    made = site.with_name("small")
    if not made.exists():
        world.make_site(site)
        world.drop(site, {"first.csv": _FIRST, "clover.csv": _CLOVER})
        call(site, "run", "-q")
        type_notes(site / "reports/worklist.xlsx", _READ)
        # As people do who keep a copy: of the history, before the rest came.
        call(site, "backup", str(site / "early.db"))
        world.drop(site, {"other.csv": _OTHER, "wrong.csv": _WRONG})
        call(site, "run", "-q")
        type_notes(site / "reports/worklist.xlsx", _TYPED)
        shutil.copytree(site, made)
    world.reset(site, made)


def _make_big_round(site: Path) -> list[str]:
    world.make_site(site)
    world.drop(site, {"first.csv": world.FIRST})
    call(site, "run", "-q")
    type_notes(site / "reports/worklist.xlsx", {"P1": ("", "AB", "rang"), "P3": ("", "", "ask")})
    world.drop(site)
    return ["run", "--quiet"]


def _make_round(site: Path) -> list[str]:
    _make_small(site)
    world.drop(site, {"right.csv": _RIGHT, "new.csv": _NEW})
    return ["run", "--quiet"]


def _make_files(site: Path) -> list[str]:
    sources = site / "sources"
    sources.mkdir(parents=True)
    for name, lines in {"a": _FIRST + _CLOVER, "b": _OTHER, "c": _WRONG}.items():
        (sources / f"{name}.csv").write_text(world.HEADER + lines)
    first = program.run(["run", "-q", str(sources / "a.csv"), "-o", str(site / "reports")])
    if first.code != _DONE:
        raise RuntimeError(first.said)
    type_notes(site / "reports/worklist.xlsx", _READ)
    return ["run", "--quiet", str(sources / "b.csv"), str(sources / "c.csv")]


def _make(*verb: str) -> Callable[[Path], list[str]]:
    """Make the small site; in the words of a verb, {site} is its folder."""

    def prepare(site: Path) -> list[str]:
        _make_small(site)
        return [word.format(site=site) for word in verb]

    return prepare


def _make_decision(kind: str) -> Callable[[Path], list[str]]:
    def prepare(site: Path) -> list[str]:
        _make_small(site)
        hold = json.loads(call(site, "status", "--json"))["conflicts"][0]["hold"]
        return [kind, hold, "--version", "1", "--by", "AB"]

    return prepare


def _make_undo(site: Path) -> list[str]:
    _make_small(site)
    call(site, "withdraw", "wrong.csv", "--yes")
    return ["withdraw", "wrong.csv", "--undo", "--yes"]


def _make_replace(site: Path) -> list[str]:
    _make_small(site)
    (site / "sources").mkdir()
    (site / "sources/right.csv").write_text(world.HEADER + _RIGHT)
    return ["replace", "wrong.csv", str(site / "sources/right.csv"), "--yes"]


def _make_rebuild(site: Path) -> list[str]:
    """Somebody has put one report in the place of another, and removed a third."""
    _make_small(site)
    patients = site / "reports/patients"
    shutil.copyfile(patients / "P1.xlsx", patients / "P2.xlsx")
    (patients / "P4.xlsx").unlink()
    return ["rebuild", "--quiet"]


def _make_accept(site: Path) -> list[str]:
    """Somebody has put an early copy in the place of the history."""
    _make_small(site)
    (site / "early.db").replace(site / "reports/labflag.db")
    for ending in ("-wal", "-shm"):
        (site / f"reports/labflag.db{ending}").unlink(missing_ok=True)
    call(site, "run", "-q", codes=(_OUTPUT,))
    return ["audit", "accept", "--yes"]


def _make_first(site: Path) -> list[str]:
    site.mkdir()
    return ["init", str(site)]


def _make_old(site: Path) -> list[str]:
    world.make_site(site)
    (site / "reports").mkdir(exist_ok=True)
    connection = sqlite3.connect(site / "reports/labflag.db")
    connection.executescript(V1.read_text(encoding="utf-8"))
    connection.close()
    world.drop(site, {"new.csv": _NEW})
    return ["run", "--quiet"]


def _make_move(before: str, after: str) -> Callable[[Path], list[str]]:
    def prepare(site: Path) -> list[str]:
        _make_small(site)
        config = site / "labflag.toml"
        text = config.read_text()
        if before != "0640":
            config.write_text(text.replace('"0640"', f'"{before}"'))
            call(site, "run", "-q")
        config.write_text(text.replace('"0640"', f'"{after}"'))
        world.drop(site, {"new.csv": _NEW})
        return ["run", "--quiet"]

    return prepare


_ASTER = ("Aster", "P1.xlsx")
_DAISY = ("Daisy", "P4.xlsx")
SCENARIOS = {
    "run": Scenario(prepare=_make_big_round, again=(), is_one_change=False),
    "round": Scenario(prepare=_make_round, again=(), is_one_change=False),
    "run-files": Scenario(prepare=_make_files, again=(), has_config=False, is_one_change=False),
    "purge": Scenario(prepare=_make("purge", "--older-than", "2021-01-01", "--yes"), gone=_ASTER),
    "reassign": Scenario(prepare=_make("reassign", "P4", "P8", "--yes"), gone=("P4.xlsx",)),
    "release": Scenario(prepare=_make_decision("release")),
    "reject": Scenario(prepare=_make_decision("reject")),
    "withdraw": Scenario(prepare=_make("withdraw", "wrong.csv", "--yes"), gone=_DAISY),
    "undo": Scenario(prepare=_make_undo),
    "replace": Scenario(prepare=_make_replace, gone=("secretive",)),
    "restore": Scenario(prepare=_make("restore", "{site}/early.db", "--yes"), gone=_DAISY),
    "rebuild": Scenario(prepare=_make_rebuild),
    "accept": Scenario(prepare=_make_accept, refused=(_OUTPUT,), gone=_DAISY),
    "backup": Scenario(prepare=_make("backup", "{site}/saved.db")),
    "init": Scenario(prepare=_make_first, refused=(_USAGE,), has_log=False),
    "migrate": Scenario(prepare=_make_old, again=(), is_one_change=False),
    "move": Scenario(prepare=_make_move("0640", "0660"), again=(), is_one_change=False),
    "move-back": Scenario(prepare=_make_move("0660", "0640"), again=(), is_one_change=False),
}
"""Name → verb."""
