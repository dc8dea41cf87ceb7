"""The kinds of data-quality problems, by code; their words stand in the texts of each language."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from pipeline.files.toml import read_toml
from pipeline.texts import ENGLISH
from schemas.vocabulary import IssueSeverity

ERROR, NOTE = IssueSeverity.ERROR, IssueSeverity.NOTE


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueKind:
    """One kind of problem."""

    code: str
    severity: IssueSeverity
    solved_by_layout: bool = False
    """A layout can say what the columns of such a file are."""

    @property
    def sentence(self) -> str:
        """What is wrong, in English."""
        return ENGLISH.problem(self.code)[0]

    @property
    def message(self) -> str:
        """What is wrong and what to do about it, in English: on the terminal, in the history."""
        return ENGLISH.message(self.code)


def load_issues(path: Path) -> Mapping[str, IssueKind]:
    """Load the kinds of problems from a TOML file with a table for each code."""
    kinds = (
        IssueKind(code=code, severity=IssueSeverity(entry.pop("severity")), **entry)
        for code, entry in read_toml(path)[0].items()
    )
    return MappingProxyType({kind.code: kind for kind in kinds})


CATALOGUE = load_issues(Path(__file__).parent / "issues.toml")
"""Code → kind, in the order in which docs list them."""
