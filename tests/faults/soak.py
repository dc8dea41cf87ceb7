"""Many small files through `labflag watch`: memory and descriptors stay flat, nothing is left.

python -m tests.faults.soak [--files N]
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from pipeline.site.setup import make_site

ROOT = Path(__file__).parents[2]
HEADER = "patient_id,patient_name,sex,birth_date,sample_id,collected_at,analyte,value,unit,status\n"
PLANTED = ("QXPATIENT", "Quillwort", "QXSPECIMEN")
_MAY_HOLD_PATIENTS = (".xlsx", ".db", ".db-wal", ".db-shm", ".csv", ".html")
_PATIENTS = 20
_AT_ONCE = 20
_FLAT = 5  # MiB by which memory may grow in all


def make_file(number: int) -> str:
    """Make a small export; every tenth holds a cell that cannot be read."""
    patient = number % _PATIENTS
    value = "odd" if number % 10 == 7 else f"{11 + number % 30 / 10:.1f}"
    return (
        f"{HEADER}QXPATIENT{patient},Quillwort Sample,F,1980-05-01,QXSPECIMEN{number},"
        f"2026-03-01,Hemoglobin,{value},g/dL,final\n"
    )


def main() -> int:
    """Drop files and watch the watcher."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2000)
    files = parser.parse_args().files
    with tempfile.TemporaryDirectory(prefix="soak-") as scratch:
        site = make_site(Path(scratch) / "site").folder
        config = site / "labflag.toml"
        text = config.read_text().replace("settle = 10", "settle = 0")
        config.write_text(text.replace("interval = 30", "interval = 0.1"))
        log = Path(scratch) / "log"
        command = [sys.executable, "-m", "pipeline", "watch", "--config", str(config)]
        (Path(scratch) / "tmp").mkdir()
        environment = {**os.environ, "TMPDIR": str(Path(scratch) / "tmp")}
        with (
            log.open("w") as said,
            subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=said, stderr=said
            ) as watcher,
        ):
            rounds = _Rounds(watcher.pid)
            measured = list(_feed(site, files, watcher.pid, rounds))
            watcher.send_signal(signal.SIGTERM)
            code = watcher.wait(120)
        return _judge(measured, code, site, log, Path(scratch) / "tmp", files)


def _feed(site, files, pid, rounds):
    """Drop files, a few at once; measure at every tenth of the way."""
    for number in range(files):
        aside = site / "inbox" / f"{number} Quillwort.csv.part"
        aside.write_text(make_file(number))
        aside.rename(aside.with_suffix(""))
        if number % _AT_ONCE == _AT_ONCE - 1:
            _wait_until_taken(site, rounds)
        if number % max(1, files // 10) == max(1, files // 10) - 1:
            _wait_until_taken(site, rounds)
            rounds.wait()
            yield number + 1, _memory_of(pid, "VmRSS"), _descriptors_of(pid), rounds.most
    _wait_until_taken(site, rounds)


def _wait_until_taken(site, rounds):
    end = time.monotonic() + 600
    claimed = site / "inbox/.labflag-claimed"
    while any((site / "inbox").glob("*.csv")) or any(claimed.glob("[0-9]*")):
        if time.monotonic() > end:
            raise RuntimeError("files are not taken")
        rounds.look()
        time.sleep(0.05)


class _Rounds:
    """The processes that `watch` makes, one for each round: how much memory the largest took."""

    def __init__(self, pid):
        self._children = Path(f"/proc/{pid}/task/{pid}/children")
        self.most = 0

    def look(self):
        for child in self._list():
            with suppress(OSError, IndexError):  # it has ended meanwhile
                self.most = max(self.most, _memory_of(child, "VmHWM"))

    def wait(self):
        end = time.monotonic() + 60
        while self._list() and time.monotonic() < end:
            time.sleep(0.01)

    def _list(self):
        """Processes of rounds, not what Python keeps beside them."""
        found = []
        for child in self._children.read_text().split():
            with suppress(OSError):
                if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                    found.append(child)
        return found


def _descriptors_of(pid):
    """Count open files between two looks: within one there are more."""
    counts = []
    for _ in range(40):
        counts.append(len(os.listdir(f"/proc/{pid}/fd")))
        time.sleep(0.025)
    return min(counts)


def _memory_of(pid, which):
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split(f"{which}:")[1].split()[0]) / 1024


def _judge(measured, code, site, log, tmp, files):
    faults = [] if code == 0 else [f"watch ended with {code}"]
    for number, memory, descriptors, most in measured:
        print(
            f"{number:>6} files: {memory:.1f} MiB, {descriptors} descriptors; "
            f"largest round so far {most:.0f} MiB"
        )
    # The first fifth loads and warms. A round needs memory for all that is stored, and gives it back.
    settled = measured[2:] or measured
    growth = settled[-1][1] - settled[0][1]
    print(f"memory: {growth:+.1f} MiB over {settled[-1][0] - settled[0][0]} files")
    if growth > _FLAT:
        faults.append("memory is not flat")
    if len({each[2] for each in settled}) > 1:
        faults.append("descriptors are not constant")
    archived = sum(1 for path in (site / "archive").rglob("*.csv"))
    quarantined = sum(1 for path in (site / "quarantine").rglob("*.csv"))
    if archived + quarantined != files:
        faults.append(f"{archived} + {quarantined} of {files} files were filed")
    left = [path for place in (site, tmp) for path in place.rglob("*.tmp")] + list(tmp.iterdir())
    faults += [f"left behind: {len(left)} files"] if left else []
    for path in [log, *site.rglob("*")]:
        of_patients = path.suffix in _MAY_HOLD_PATIENTS or "quarantine" in path.parts
        # The manifest names inputs and outputs as they are called.
        if path.is_file() and not of_patients and path.name != "manifest.json":
            content = path.read_bytes()
            if any(word.encode() in content for word in PLANTED):
                faults.append(f"planted words stand in {path.name}")
    for fault in faults:
        print(f"FAULT {fault}")
    print(
        f"soak: {files} files, {archived} archived, {quarantined} quarantined, {len(faults)} faults"
    )
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
