"""What one run was given, and what is known with it."""

from dataclasses import dataclass, field

from pipeline.assessment import Assessment
from pipeline.errors import Exit
from pipeline.ingest.dataset import Dataset
from pipeline.ingest.stored_file import ReceivedFile
from pipeline.knowledge.model import Knowledge
from pipeline.publish.worklist_update import WorklistNews
from pipeline.reconcile.tally import RunTally
from pipeline.report.held_rows.cell_texts import CellTexts
from schemas import DataFrame, Held, Issues


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one run was given, and what is known with it."""

    files: tuple[ReceivedFile, ...]
    """Of this run."""
    known: int
    """How many of them had been received before."""
    still_withdrawn: int
    """How many of them were taken back before; they stay so."""
    passed_over: tuple[str, ...]
    unreachable: tuple[str, ...]
    assessment: Assessment
    accounts: RunTally
    """Of the files of this run."""
    issues: DataFrame[Issues]
    """Of everything known, and what could not be opened in this run."""
    locked: tuple[str, ...] = ()
    """Outputs that are open in another program; the next run tries again."""
    is_withheld: bool = False
    """The stop switch is on: no report was written."""
    history: str = ""
    """Where the history is, if not among the outputs."""
    cells: CellTexts = field(default_factory=dict)
    """What stands in the cells that problems lie in, where a person asked for it."""
    worklist: WorklistNews = field(default_factory=WorklistNews)
    """What became of the worklist, and of what people typed into it."""
    unanchored: str = ""
    """Why it was not noted elsewhere where the log ends, though the site wants it."""

    @property
    def knowledge(self) -> Knowledge:
        """By which results were read and assessed; in the language of the reports."""
        return self.assessment.knowledge

    @property
    def dataset(self) -> Dataset:
        """All that was received, people and specimens settled."""
        return self.assessment.dataset

    @property
    def held(self) -> DataFrame[Held]:
        """All that is held."""
        return self.assessment.held

    @property
    def exit_code(self) -> int:
        """Nothing readable, something held, or done."""
        if self.accounts.files and not self.accounts.readable_files:
            return Exit.NOTHING_READABLE
        if self.accounts.held or self.accounts.unreadable_files or self.unreachable:
            return Exit.HELD
        if self.dataset.broken or self.issues["code"].eq("file-changed").any():
            return Exit.HELD
        if self.is_withheld or self.still_withdrawn or self.worklist.needs_person:
            return Exit.HELD
        if self.unanchored:
            return Exit.HELD
        return Exit.DONE
