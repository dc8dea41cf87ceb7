"""Ways in which the protocol could be wrong: the matrix must find each of them.

python -m tests.faults.mutants [NAME]
"""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A change of the program that breaks a promise."""

    name: str
    file: str
    old: str
    new: str
    found_by: str = "kill"
    verb: str = "run"


MUTANTS = (
    Mutant(
        name="a report is written in place",
        file="pipeline/report/excel/package.py",
        old="        folder.replace(aside, name)\n",
        new="        (folder.path / name).write_bytes((folder.path / aside).read_bytes())\n"
        "        folder.remove(aside)\n",
    ),
    Mutant(
        name="what a dead run claimed is forgotten",
        file="pipeline/commands/inbox.py",
        old="claims = tuple(list_claims(inbox))",
        new="claims = tuple(c for c in list_claims(inbox) if c.path.name in "
        "{path.name for path in arrivals.whole})",
    ),
    Mutant(
        name="which file brings its results is not noted",
        file="pipeline/commands/filing.py",
        old="                    begin_claim(claim)\n",
        new="                    pass\n",
    ),
    Mutant(
        name="a file is stored in two transactions",
        file="pipeline/history/stored.py",
        old="        stored: dict[str, pd.DataFrame] = {",
        new='        connection.exec_driver_sql("COMMIT")\n'
        '        connection.exec_driver_sql("BEGIN IMMEDIATE")\n'
        "        stored: dict[str, pd.DataFrame] = {",
    ),
    Mutant(
        name="a report is noted before it is in place",
        file="pipeline/publish/publications.py",
        old="        locked = {path.relative_to(self.folder).as_posix() for path in deliver(items)}\n",
        new="        self.history.mark_published(self.key, [each for _, each in due.values()])\n"
        "        locked = {path.relative_to(self.folder).as_posix() for path in deliver(items)}\n",
    ),
    Mutant(
        name="an input is copied and then removed",
        file="pipeline/files/durable.py",
        old="    source.replace(name, new_name, target)\n",
        new="    (target.path / new_name).write_bytes((source.path / name).read_bytes())\n"
        "    source.remove(name)\n",
    ),
    Mutant(
        name="a line of the log cannot be finished",
        file="pipeline/publish/audit_log.py",
        old="        _write_head(private, replace(head, pending=text))\n",
        new="",
    ),
    Mutant(
        name="the note of a claim goes before the file does",
        file="pipeline/site/inbox.py",
        old="            move(claimed, claim.path.name, month, target.name)\n",
        new="            claimed.remove(_BEGUN)\n"
        "            move(claimed, claim.path.name, month, target.name)\n",
    ),
    Mutant(
        name="the content of an input is not synced",
        file="pipeline/files/durable.py",
        old="    source.sync_file(name)\n",
        new="",
        found_by="order",
    ),
    Mutant(
        name="the content of a report is not synced",
        file="pipeline/files/folder.py",
        old="                os.fsync(stream.fileno())\n",
        new="",
        found_by="order",
    ),
    Mutant(
        name="a purge is not noted as due",
        file="pipeline/history/retention.py",
        old="        note_all_due(connection)\n",
        new="",
        verb="purge",
    ),
    Mutant(
        name="a replaced file goes in a transaction before",
        file="pipeline/history/stored.py",
        old='            if not is_known:\n                self._store(connection, file, "", basis)\n',
        new='            if not is_known:\n                self._store(connection, file, "", basis)\n'
        '            connection.exec_driver_sql("COMMIT")\n'
        '            connection.exec_driver_sql("BEGIN IMMEDIATE")\n',
        verb="replace",
    ),
)


def is_found(mutant: Mutant) -> bool:
    """Whether the matrix finds a mutant."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as scratch:
        for name in ("pipeline", "schemas", "tests/faults"):
            shutil.copytree(ROOT / name, Path(scratch) / name)
        place = Path(scratch) / mutant.file
        source = place.read_text()
        if source.count(mutant.old) != 1:
            raise RuntimeError(f"{mutant.name}: {mutant.file} has changed; adapt the mutant")
        place.write_text(source.replace(mutant.old, mutant.new))
        command = [sys.executable, "-m", "tests.faults.matrix", mutant.found_by]
        command += ["--verb", mutant.verb, "--stop-at", "1", "--spread"]
        done = subprocess.run(
            command,
            cwd=scratch,
            env={**os.environ, "PYTHONPATH": scratch},
            capture_output=True,
            text=True,
            check=False,
        )
    said = (done.stdout + done.stderr).strip().splitlines()
    print(
        f"{'found ' if done.returncode == 1 else 'MISSED'} {mutant.name}: {said[-2:]}", flush=True
    )
    return done.returncode == 1 and "Traceback" not in done.stderr


def main() -> int:
    """Try every mutant, or the one named."""
    wanted = [each for each in MUTANTS if not sys.argv[1:] or each.name == sys.argv[1]]
    found = [is_found(each) for each in wanted]
    print(f"{sum(found)} of {len(found)} mutants found")
    return not all(found)


if __name__ == "__main__":
    sys.exit(main())
