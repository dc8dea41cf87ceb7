"""The manifest of a run: what went in, what came out, and by which knowledge."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.assessment import Assessment
from pipeline.errors import OutputError
from pipeline.files.durable import write_text
from pipeline.files.folder import read_plain
from pipeline.ingest.stored_file import ReceivedFile
from pipeline.reconcile.tally import RunTally
from pipeline.report.report_model import RunInfo
from schemas import DataFrame, Findings
from schemas.vocabulary import Outcome

NAME = "manifest.json"
# What a run may write and another may take away; anything else in a manifest is not ours.
_OURS = re.compile(
    r"worklist\.xlsx|index\.html|findings\.csv|issues\.csv|(?:patients|held)/(?!\.)[^/\\:]+\.xlsx"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A file that a run wrote."""

    path: str
    """Relative to the output folder, with forward slashes."""
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What a run was given, and what became of it."""

    files: tuple[ReceivedFile, ...]
    accounts: RunTally
    """Of these files."""
    withdrawn: tuple[ReceivedFile, ...] = ()
    """Files of the history that were taken back, by this run or an earlier one."""


def hash_outputs(folder: Path, paths: Sequence[Path]) -> tuple[Output, ...]:
    """Hash what was written, in order of path."""
    return tuple(
        Output(
            path=path.relative_to(folder).as_posix(),
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in sorted(paths)
    )


def manifest_text(
    run: RunInfo,
    inputs: Inputs,
    assessment: Assessment,
    outputs: Sequence[Output],
    locked: Sequence[str] = (),
) -> str:
    """Write a run down as JSON, keys in a fixed order.

    `results` and `inputs` are of this run, `history`, `findings`, `patients` and `issues` of
    everything received. No patient's name, id or value stands in it, except in the names of
    files written for one.
    """
    accounts = inputs.accounts
    content: Mapping[str, Any] = {
        "labflag": run.version,
        "finished": True,
        "run_at": run.run_at.isoformat(timespec="seconds"),
        "profile": run.profile,
        "knowledge_version": run.knowledge_version,
        "results": {
            "read": accounts.read,
            **{str(kind): count for kind, count in accounts.dispositions().items()},
        },
        "history": {
            "files": len(run.files),
            "read": run.read,
            **{str(kind): count for kind, count in run.dispositions.items()},
        },
        # Taken back by a person: stored, and in none of the counts here.
        "withdrawn": {
            "files": len(inputs.withdrawn),
            "results": sum(file.read - file.purged for file in inputs.withdrawn),
        },
        "inputs": [
            {
                "name": file.name,
                "sha256": file.sha256,
                "bytes": file.size,
                "layouts": list(file.layouts),
                "read": file.read,
                "held": file.held,
                "ignored": file.ignored,
            }
            for file in inputs.files
        ],
        "patients": {
            str(rank): int(count)
            for rank, count in assessment.patients["priority"]
            .value_counts(sort=False)
            .sort_index()
            .items()
        },
        # Among these patients.
        "for_information": int(assessment.patients["for_information"].sum()),
        "identity_conflicts": int(assessment.patients["in_conflict"].sum()),
        "findings": _counts(assessment.findings),
        "shadow": _counts(assessment.shadow),
        "issues": {
            str(code): int(count)
            for code, count in assessment.issues["code"].value_counts().sort_index().items()
        },
        # Open in another program, so that they stand as they were; tried again by the next run.
        "locked": list(locked),
        "outputs": [{"path": output.path, "sha256": output.sha256} for output in outputs],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _counts(findings: DataFrame[Findings]) -> dict[str, dict[str, int]]:
    """Count the outcomes of each rule."""
    counted = findings.groupby(["rule", "outcome"], sort=False).size()
    return {
        rule: {str(outcome): int(counted.get((rule, str(outcome)), 0)) for outcome in Outcome}
        for rule in dict.fromkeys(findings["rule"])
    }


def list_edited(folder: Path, below: str) -> tuple[str, ...]:
    """List the outputs below a folder that a person has changed since they were written.

    Raises:
        OutputError: There is a manifest, but it cannot be read.
    """
    names = read_outputs(folder) or ()
    content = json.loads(read_plain(folder / NAME)) if names else {}
    written = {str(output["path"]): output.get("sha256") for output in content.get("outputs", ())}
    present = [
        folder / name
        for name in names
        if name.startswith(f"{below}/") and (folder / name).is_file()
    ]
    return tuple(
        output.path
        for output in hash_outputs(folder, present)
        if written[output.path] and output.sha256 != written[output.path]
    )


def list_locked(folder: Path) -> tuple[str, ...]:
    """List the outputs that the last run found open in another program."""
    try:
        content = json.loads(read_plain(folder / NAME))
        return tuple(map(str, content.get("locked", ())))
    except (OSError, ValueError, AttributeError):
        return ()


def begin(folder: Path, outputs: Iterable[str], version: str) -> None:
    """Say before anything is written what will be: a run that is stopped can be replaced.

    Raises:
        OutputError: The manifest cannot be written.
    """
    listed = [{"path": name, "sha256": ""} for name in sorted(outputs)]
    content = {"labflag": version, "finished": False, "outputs": listed}
    write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", folder / NAME)


def read_outputs(folder: Path) -> tuple[str, ...] | None:
    """List what an earlier run wrote here, by its manifest; None if there is no manifest.

    Raises:
        OutputError: There is a manifest, but it cannot be read, or names files of others.
    """
    path = folder / NAME
    try:
        outputs = json.loads(read_plain(path))["outputs"]
        names = tuple(str(output["path"]) for output in outputs)
        if not all(map(_OURS.fullmatch, names)):
            raise ValueError("a file that labflag does not write")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OutputError(
            f"{path}: cannot be read, so nothing here is replaced; "
            "move it away or give another folder with -o"
        ) from error
    return names
