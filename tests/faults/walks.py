"""Walks at random over what may happen to a drop folder; a dictionary says what must come of it.

python -m tests.faults.walks [--walks N] [--from N]

A step drops an export, drops the same bytes once more, corrects a result, contradicts who a
person is, runs, or runs and is killed on the way. A walk is repeated by its number.
"""

import argparse
import csv
import hashlib
import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults import program, world
from tests.faults.look import describe
from tests.faults.program import KILLED
from tests.faults.trial import SCRATCH

PATIENTS = ("A1", "B2", "C3")
SPECIMENS = (1, 2)
BIRTH, OTHER_BIRTH = "1980-05-01", "1981-05-01"
_LAST_CALL = 110  # A run over a few files makes about so many calls that can be killed.


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One result of an export."""

    patient: str
    specimen: str
    value: str
    status: str = "final"
    birth: str = BIRTH

    @property
    def text(self) -> str:
        """The line as it stands in the file."""
        who = f"{self.patient},Sample {self.patient},F,{self.birth}"
        return f"{who},{self.specimen},2026-03-01,Hemoglobin,{self.value},g/dL,{self.status}\n"

    @property
    def is_read(self) -> bool:
        """Whether its value is a number."""
        return self.value != "odd"


def list_exports() -> dict[str, tuple[Line, ...]]:
    """List all files that may be dropped: name → lines."""
    exports = {}
    for at, patient in enumerate(PATIENTS):
        for number in SPECIMENS:
            base = Line(patient=patient, specimen=f"{patient}-{number}", value=f"{8 + at}.{number}")
            exports[f"{patient}-{number}"] = (base,)
            for change in (3, 4):
                changed = Line(
                    patient=patient,
                    specimen=base.specimen,
                    value=f"{8 + at}.{number + change}",
                    status="corrected",
                )
                exports[f"{patient}-{number} corrected {change}"] = (changed,)
        clash = Line(patient=patient, specimen=f"{patient}-9", value="7.7", birth=OTHER_BIRTH)
        exports[f"{patient} another"] = (clash,)
        odd = Line(patient=patient, specimen=f"{patient}-8", value="odd")
        exports[f"{patient} spoilt"] = (odd,)
        exports[f"{patient} mixed"] = (
            odd,
            Line(patient=patient, specimen=f"{patient}-7", value="9.9"),
        )
    return exports


EXPORTS = list_exports()


@dataclass(slots=True)
class Model:
    """What was dropped, and what must therefore be known once a run has ended."""

    dropped: Counter[str] = field(default_factory=Counter)

    @property
    def lines(self) -> set[Line]:
        """All lines that were ever dropped, each once."""
        return {line for name in self.dropped for line in EXPORTS[name]}

    @property
    def in_conflict(self) -> set[str]:
        """Patients who stand with two birth dates."""
        births: dict[str, set[str]] = {}
        for line in self.lines:
            births.setdefault(line.patient, set()).add(line.birth)
        return {patient for patient, of in births.items() if len(of) > 1}

    @property
    def findings(self) -> dict[tuple[str, str], str]:
        """Patient and specimen → the value that is reported as low."""
        said: dict[tuple[str, str], dict[str, set[str]]] = {}
        for line in self.lines:
            if line.is_read:
                of = said.setdefault((line.patient, line.specimen), {})
                of.setdefault(line.status, set()).add(line.value)
        counting = {
            where: by_status.get("corrected") or by_status["final"]
            for where, by_status in said.items()
            if where[0] not in self.in_conflict
        }
        # Two corrections that disagree: neither counts.
        return {where: min(values) for where, values in counting.items() if len(values) == 1}

    def lies_well(self, name: str, found: dict[str, int]) -> bool:
        """Whether the copies of a file lie where they belong: folder → how many."""
        first = "archive" if any(line.is_read for line in EXPORTS[name]) else "quarantine"
        if sum(found.values()) != self.dropped[name] or {*found} - {first, "duplicates"}:
            return False
        # What could not be used is tried again whenever it comes again.
        return found.get(first, 0) == 1 if first == "archive" else found.get(first, 0) >= 1


class Walk:
    """One walk over one site."""

    def __init__(self, site: Path, chance: random.Random) -> None:
        """Begin with an empty site."""
        self.site, self.chance = site, chance
        self.model = Model()
        self.runs = self.killed = 0

    def go(self, steps: int) -> Iterator[str]:
        """Make steps, then run to the end; give what is wrong."""
        for _ in range(steps):
            step = self.chance.choice((self.drop, self.drop, self.drop_again, self.run, self.crash))
            yield from step() or ()
        yield from self.run()

    def drop(self) -> None:
        """Drop an export, which may correct or contradict what was dropped before."""
        self._put(self.chance.choice(sorted(EXPORTS)))

    def drop_again(self) -> None:
        """Drop bytes that were dropped before."""
        if self.model.dropped:
            self._put(self.chance.choice(sorted(self.model.dropped)))

    def crash(self) -> Iterator[str]:
        """Run, and be killed on the way; nothing may be lost or torn."""
        ended = self._labflag("run", kill_at=self.chance.randint(1, _LAST_CALL))
        self.killed += ended.code == KILLED
        if ended.code not in (0, 1, KILLED):
            yield f"a killed run ended with {ended.code}: {ended.said[-300:]}"
        lies = Counter(name for names in self._look().values() for name in names.elements())
        if lies != self.model.dropped:
            yield f"files are lost or doubled: {lies} for {self.model.dropped}"
        state = describe(self.site)
        yield from (fault for fault in state.faults if not fault.startswith("left behind"))

    def run(self) -> Iterator[str]:
        """Run to the end: everything must be as the model says."""
        ended = self._labflag("run")
        self.runs += 1
        if ended.code not in (0, 1):
            yield f"a run ended with {ended.code}: {ended.said[-300:]}"
        yield from describe(self.site).faults
        lies = self._look()
        for name in self.model.dropped:
            found = {folder: names[name] for folder, names in lies.items() if names[name]}
            if not self.model.lies_well(name, found):
                yield f"{name} was dropped {self.model.dropped[name]} times and lies in {found}"
        if self._findings() != self.model.findings:
            yield f"findings are {self._findings()}, not {self.model.findings}"
        reports = {path.stem for path in (self.site / "reports/patients").glob("*.xlsx")}
        if reports != {patient for patient, _ in self.model.findings} | self.model.in_conflict:
            yield f"reports are there of {sorted(reports)}"
        verified = self._labflag("audit", "verify")
        if verified.code != 0 and self.model.dropped:
            yield f"audit: {verified.said[-300:]}"

    def _put(self, name: str) -> None:
        self.model.dropped[name] += 1
        path = self.site / "inbox" / f"{name}.csv"
        while path.exists():
            path = path.with_name(f"{path.stem} again.csv")
        path.write_text(world.HEADER + "".join(line.text for line in EXPORTS[name]))

    def _labflag(self, *verb: str, kill_at: int = 0) -> program.Ended:
        quiet = ("--quiet",) if verb == ("run",) else ()
        config = ("--config", str(self.site / "labflag.toml"))
        return program.run([*verb, *quiet, *config], kill_at=kill_at)

    def _look(self) -> dict[str, Counter[str]]:
        """Folder → what lies there: names of exports, by their bytes."""
        names = {
            hashlib.sha256(
                (world.HEADER + "".join(line.text for line in lines)).encode()
            ).hexdigest(): name
            for name, lines in EXPORTS.items()
        }
        lies: dict[str, Counter[str]] = {}
        for folder in ("inbox", "archive", "quarantine", "duplicates"):
            paths = (self.site / folder).rglob("*.csv")
            lies[folder] = Counter(
                names.get(hashlib.sha256(path.read_bytes()).hexdigest(), "torn") for path in paths
            )
        return lies

    def _findings(self) -> dict[tuple[str, str], str]:
        path = self.site / "reports/findings.csv"
        if not path.exists():
            return {}
        with path.open(newline="") as stream:
            return {
                (row["patient_id"], row["accession"]): row["value"]
                for row in csv.DictReader(stream)
                if row["rule"] == "anemia" and row["outcome"] == "present"
            }


def main() -> int:
    """Make walks; say what was wrong in which."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--walks", type=int, default=1000)
    parser.add_argument("--from", dest="first", type=int, default=0)
    options = parser.parse_args()
    runs = killed = wrong = 0
    with tempfile.TemporaryDirectory(prefix="faults-", dir=SCRATCH) as scratch:
        os.environ["FAULTS_SCRATCH"] = scratch
        program.import_everything()
        site, template = Path(scratch) / "site", Path(scratch) / "template"
        world.make_site(site)
        site.rename(template)
        for number in range(options.first, options.first + options.walks):
            world.reset(site, template)
            chance = random.Random(number)
            walk = Walk(site, chance)
            found = list(walk.go(chance.randint(4, 12)))
            runs, killed, wrong = runs + walk.runs, killed + walk.killed, wrong + bool(found)
            for fault in found:
                print(f"walk {number}: {fault}", flush=True)
            if number % 50 == 49:
                print(f"walk {number}: {runs} runs, {killed} killed, {wrong} wrong", flush=True)
    print(f"{options.walks} walks, {runs} runs, {killed} killed, {wrong} violations")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
