"""Sites and files for the tests of poison: runs as processes of their own, killed or failing."""

import ctypes
import io
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

from pipeline.site import setup as sites

ROOT = Path(__file__).parents[2]
HEADER = "patient_id,patient_name,sex,birth_date,sample_id,collected_at,analyte,value,unit,status\n"
OURS = (("Hemoglobin", 11.2, "g/dL"), ("MCV", 90, "fL"), ("Platelets", 200, "10*3/uL"))
OTHERS = (("Sodium", 140, "mmol/L"), ("Potassium", 4.1, "mmol/L"), ("Chloride", 101, "mmol/L"))
"""They take as long to be read, and are no results of ours."""
_DAC_OVERRIDE, _DAC_READ_SEARCH, _CAPBSET_DROP = 1, 2, 24

# A run in which some function is another one, as where data make a library or labflag itself fail.
_CHANGED = """
import os, signal, sys
import pipeline.commands.run, pipeline.history.receive as receive, pipeline.site.tries
import pipeline.ingest.formats.workbook.reader as workbooks
{code}
sys.argv[0] = "labflag"
from pipeline.cli import main
main()
"""
IN_JUDGING = """
assess = pipeline.commands.run.assess
def fail(intake, *rest):
    if {who!r} in set(intake.results["patient_id"]):
        {what}
    return assess(intake, *rest)
pipeline.commands.run.assess = fail
"""
IN_READING = """
read = receive.read_results
def fail(path, name, *rest, **more):
    if {who!r} in name:
        {what}
    return read(path, name, *rest, **more)
receive.read_results = fail
"""
KILL = "os.kill(os.getpid(), signal.SIGKILL)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run ended."""

    code: int
    said: str
    peak: int
    """Bytes of memory of the process itself."""


class Site:
    """A site that takes files at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = sites.make_site(folder).folder
        self.config = self.folder / "labflag.toml"
        self.config.write_text(self.config.read_text().replace("settle = 10", "settle = 0"))
        self.inbox = self.folder / "inbox"

    def drop(self, name: str, *patients: str, more: str = "") -> None:
        """Put a good file into the inbox, with one specimen for each patient."""
        (self.inbox / name).write_text(HEADER + "".join(map(row_of, patients)) + more)

    def start(self, *arguments: str, change: str = "", limit: int = 0) -> subprocess.Popen[bytes]:
        """Start labflag, without the rights of an administrator to read everything."""
        how = ["-c", _CHANGED.format(code=change)] if change else ["-m", "pipeline"]

        def prepare() -> None:
            for right in (_DAC_OVERRIDE, _DAC_READ_SEARCH) if os.geteuid() == 0 else ():
                ctypes.CDLL(None).prctl(_CAPBSET_DROP, right, 0, 0, 0)
            if limit:
                resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

        return subprocess.Popen(
            [sys.executable, *how, *arguments, "--config", str(self.config)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=prepare,
        )

    def run(self, *arguments: str, change: str = "", limit: int = 0) -> Ended:
        """Let labflag do something, and wait for its end."""
        started = self.start(*(arguments or ("run",)), change=change, limit=limit)
        assert started.stdout is not None
        said = started.stdout.read().decode()
        _, status, usage = os.wait4(started.pid, 0)
        started.stdout.close()
        started.returncode = os.waitstatus_to_exitcode(status)
        return Ended(code=started.returncode, said=said, peak=usage.ru_maxrss * 1024)

    def kill_at(self, name: str, begun: int) -> None:
        """Kill a run as soon as it has noted that it tries a file for the so-manieth time."""
        started = self.start("run", "--quiet")
        end = time.monotonic() + 120
        while self.tries(name) != {"begun": begun, "is_open": True}:
            assert started.poll() is None, "the run ended before it could be killed"
            assert time.monotonic() < end
            time.sleep(0.005)
        started.send_signal(signal.SIGKILL)
        started.communicate(timeout=60)
        assert started.returncode == -signal.SIGKILL

    def tries(self, name: str) -> dict[str, object]:
        """What is noted of the tries of a claimed file."""
        for claim in (self.inbox / ".labflag-claimed").glob(f"*/{name}"):
            try:
                note = json.loads((claim.parent / ".tries.json").read_text())
            except FileNotFoundError:
                continue
            return {"begun": note["begun"], "is_open": note["is_open"]}
        return {}

    def set_tries(self, name: str, begun: int) -> None:
        """Change how many tries are noted, as if runs before had made them."""
        (claim,) = (self.inbox / ".labflag-claimed").glob(f"*/{name}")
        path = claim.parent / ".tries.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"begun": begun}))

    def where(self, name: str) -> str:
        """In which folder of the site a file lies."""
        (found,) = (
            path.relative_to(self.folder).parts[0]
            for path in self.folder.rglob("*")
            if path.name == name and "reasons" not in path.parts
        )
        return found

    def why(self, name: str) -> str:
        """What is written beside a file in quarantine."""
        (text,) = self.folder.glob(f"quarantine/*/*/reasons/{name}.txt")
        return text.read_text()

    @property
    def reports(self) -> set[str]:
        """Patients of whom there is a report."""
        return {path.stem for path in (self.folder / "reports/patients").glob("*.xlsx")}

    @property
    def health(self) -> tuple[int, int, int]:
        """Exit codes of `status`, `doctor` and `audit verify`."""
        asked = (("status",), ("doctor",), ("audit", "verify"))
        codes = [self.run(*arguments).code for arguments in asked]
        return codes[0], codes[1], codes[2]


def row_of(patient: str) -> str:
    return f"{patient},Sample,F,1980-05-01,S{patient},2026-03-01,Hemoglobin,11.2,g/dL,final\n"


def many_rows(count: int, analytes: Sequence[tuple[str, float, str]]) -> str:
    """Rows of invented patients: it takes seconds to read a hundred thousand."""
    return "".join(
        f"L{number},Sample,F,1980-05-01,T{number},2026-03-01,{name},{value},{unit},final\n"
        for number in range(count // 3)
        for name, value, unit in analytes
    )


def zip_of_many_parts(count: int) -> bytes:
    """A package whose list of parts names one part so often."""
    small = io.BytesIO()
    with ZipFile(small, "w") as package:
        package.writestr("xl/workbook.xml", b"<workbook/>")
    content = small.getvalue()
    at, end = content.index(b"PK\x01\x02"), content.index(b"PK\x05\x06")
    parts = content[at:end] * count
    size = len(parts).to_bytes(4, "little")
    tail = content[end:]
    return content[:at] + parts + tail[:12] + size + tail[16:]
