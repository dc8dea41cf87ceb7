"""Every result is accounted for: what was read is used, held, duplicate, superseded or ignored."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.ingest.intake import Ingested, Intake
from pipeline.interpret.reportable import Selected
from schemas.vocabulary import Disposition, IssueSeverity


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """What a run read, in counts that reconcile."""

    files: int
    unreadable_files: int
    """Files of which nothing could be taken."""
    read: int
    used: int
    held: int
    duplicate: int
    superseded: int
    ignored: int

    @property
    def readable_files(self) -> int:
        """Files that were recognized, whatever became of their rows."""
        return self.files - self.unreadable_files

    def dispositions(self) -> dict[Disposition, int]:
        """What became of the results read; adds up to `read`."""
        return {kind: getattr(self, kind) for kind in Disposition}


def reconcile(files: Sequence[Ingested], intake: Intake, selected: Selected) -> Accounts:
    """Count what became of every result that was read.

    Raises:
        RuntimeError: The counts do not add up: a result was lost or counted twice.
    """
    fate = selected.dispositions.value_counts()
    counts = {kind: int(fate.get(str(kind), 0)) for kind in Disposition}
    counts[Disposition.HELD] += len(intake.held)
    counts[Disposition.IGNORED] += len(intake.ignored)
    counts[Disposition.SUPERSEDED] += len(intake.superseded)
    if sum(counts.values()) != intake.read:
        raise RuntimeError(f"{intake.read} results were read, {sum(counts.values())} accounted for")
    of_file = intake.issues[
        intake.issues["severity"].eq(IssueSeverity.ERROR)
        & intake.issues["row"].isna()
        & intake.issues["result_id"].isna()
    ]
    unreadable = {
        file.file.name
        for file in files
        if file.read == 0 and of_file["source_file"].eq(file.file.name).any()
    }
    return Accounts(
        files=len(files),
        unreadable_files=len(unreadable),
        read=intake.read,
        **{str(kind): count for kind, count in counts.items()},
    )
