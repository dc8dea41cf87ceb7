"""What a report says, as frozen values: no layout, no spreadsheet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from schemas.vocabulary import Disposition, Outcome, Reason

SourceRef = tuple[str, str, str, str, str]
"""File, sheet, row, analyte and comparator of a result, as findings cite it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """The run that made a report."""

    run_at: datetime
    """Local time of the run, with or without an offset."""
    version: str
    """Version of labflag."""
    profile: str
    knowledge_version: str
    files: tuple[tuple[str, str], ...]
    """(name as in `source_file`, SHA-256 in hex) of every file read."""
    laboratory: str = ""
    """Name of the laboratory, for the letterhead; "" without one."""
    address: str = ""
    contact: str = ""
    language: str = "en"
    """Of the reports: a key of `texts.LANGUAGES`."""
    units_display: str = "as-reported"
    """Or "si" or "conventional": numbers are also shown in such a unit."""
    read: int | None = None
    """Results read; None if nobody counted."""
    dispositions: Mapping[Disposition, int] = field(default_factory=dict)
    """What became of them; adds up to `read`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """Where a limit comes from."""

    title: str
    year: int | None = None
    where: str = ""
    link: str = ""

    def __str__(self) -> str:
        """Title, year and place on one line."""
        return ", ".join(part for part in (self.title, str(self.year or ""), self.where) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleText:
    """What is said of a rule whoever the patient is."""

    id: str
    title: str
    wording: str
    """Limits as published, joined by "; "."""
    conventions: str
    """Limits that nobody published, conventions of the profile, likewise."""
    citations: tuple[Citation, ...]
    comparisons: tuple[tuple[str, str], ...]
    """(analyte id, direction) of every comparison the rule rests on, in rule order."""
    limited: tuple[str, ...]
    """Analyte id of each limit of the rule, each limit once."""
    needs: tuple[str, ...]
    """Analyte ids the rule needs, each once, in rule order."""
    suggest: tuple[tuple[tuple[str, ...], str], ...]
    """(analyte ids, name in a sentence) of follow-up tests, most useful first; no id where a test
    is none of analytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CitedResult:
    """One result that a finding rests on."""

    title: str
    comparator: str
    value: str
    """As reported, in `unit`; "" where the result is held."""
    number: float | None
    """The same as a number; None where it is none."""
    unit: str
    """For people, as are all units here."""
    limits: tuple[float, ...]
    """Numbers really compared, in `limit_unit`."""
    limit_unit: str
    directions: tuple[str, ...]
    """What is asked of the result for each limit: "below", …; none where it cannot be said."""
    interval: str
    """The laboratory's own interval and flag in words; "" without one."""
    collected: str
    """Date in words; "" if not known."""
    state: Literal["", "yes", "no", "open"] = ""
    """Whether the result lies beyond the limit; "" where no single limit says so."""
    status: str = ""
    """"preliminary" or "corrected", if it is; "" otherwise."""
    other_value: str = ""
    """The number in `other_unit`, where another unit than the one reported is to be shown."""
    other_unit: str = ""
    place: SourceRef = ("", "", "", "", "")
    """Where the result stands; that of a `ResultRow`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    """One rule on one accession."""

    rule: RuleText
    collected_at: datetime | None
    has_time: bool
    accession: str
    outcome: Outcome
    reasons: tuple[Reason, ...]
    grade: str
    unconfirmed: bool
    """An artifact is suspected: the specimen itself may mislead."""
    evidence: tuple[CitedResult, ...]
    comments: tuple[str, ...]
    suggest: tuple[str, ...]
    """Follow-up tests that were not done on the specimen, most useful first."""
    source_file: str
    source_sheet: str
    source_row: str
    course: str = ""
    """How far results moved since a recorded start; "" where the finding says nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRow:
    """One result as reported, or one that is held."""

    collected_at: datetime | None
    has_time: bool
    accession: str
    analyte: str
    """Title for people."""
    is_held: bool
    comparator: str = ""
    value: float | str | None = None
    """A word where the result is one."""
    decimals: int = 0
    unit: str = ""
    low: float | None = None
    high: float | None = None
    """The laboratory's own interval, in `unit`."""
    flag_sent: str = ""
    flag: str = ""
    """L, H, "within", "cannot tell"; "" without an interval."""
    converted: float | None = None
    """In `converted_unit`: the canonical one, or the one that the site asked for."""
    converted_decimals: int = 0
    converted_unit: str = ""
    findings: str = ""
    remark: str = ""
    """Notes on the result, or why it is held and what to do."""
    as_written: str = ""
    source_file: str = ""
    source_sheet: str = ""
    source_row: int = 0
    status: str = ""
    """In words: final, preliminary, corrected, calculated."""
    is_provisional: bool = False
    """Preliminary or corrected, so not simply final."""
    corrected_from: str = ""
    """The number that a correction replaced, with its sign."""
    place: SourceRef = ("", "", "", "", "")
    """What findings cite it by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingCard:
    """A finding on the Summary, in plain words."""

    mark: str
    """Symbol and word."""
    grade: str
    unconfirmed: bool
    title: str
    evidence: str
    limit: str
    change: str
    """What became of it since the specimen before, or that there was none."""
    comment: str
    """At most three sentences."""
    suggest: str
    """One next step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactCard:
    """Something that makes the specimen or the measurement doubtful."""

    title: str
    evidence: str
    touches: str
    """Analytes, and which way they may mislead."""
    specimen: str
    comment: str
    suggest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQuestion:
    """Something that could not be assessed."""

    title: str
    evidence: str
    why: str
    settled_by: str
    rests_on: frozenset[tuple[str, ...]] = frozenset()
    """Specimens and places of the results that `evidence` tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCount:
    """Results held for one reason."""

    count: int
    sentence: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileUse:
    """What of this patient came from one sheet of one file."""

    name: str
    sheet: str
    sha256: str
    used: int
    held: int
    rows: str
    """Row numbers as Excel shows them, such as "2, 5-9"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendPoint:
    """One result of a trend; all numbers in the unit of the trend."""

    at: datetime
    has_time: bool
    value: float
    kind: Literal["result", "bound", "question"]
    """A bound is drawn at its number; in question: preliminary, or a specimen in doubt."""
    low: float | None
    high: float | None
    """The laboratory's own interval."""
    limits: tuple[float | None, ...]
    """Of each line of the trend; None where the rule had no answer by a single limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """An analyte on two or more dates, the earliest first."""

    analyte: str
    unit: str
    decimals: int
    points: tuple[TrendPoint, ...]
    limits: tuple[str, ...]
    """Titles of the rules whose limits are drawn."""

    @property
    def has_band(self) -> bool:
        """Every result came with both ends of the interval, so that none has to be made up."""
        return all(
            point.low is not None and point.high is not None and point.low <= point.high
            for point in self.points
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientReport:
    """Everything one patient's workbook says."""

    patient_id: str
    name: str
    sex: str
    """In words."""
    birth_date: date | None
    age: str
    """At the latest collection, in words."""
    latest: str
    """Date of the latest collection, in words."""
    verdict: str
    present: tuple[FindingCard, ...]
    resolved: tuple[str, ...]
    """What was present on the specimen before and is not any more."""
    undecided: tuple[OpenQuestion, ...]
    not_tested: tuple[OpenQuestion, ...]
    held: tuple[HeldCount, ...]
    basis: tuple[str, ...]
    findings: tuple[FindingRow, ...]
    results: tuple[ResultRow, ...]
    trends: tuple[Trend, ...]
    files: tuple[FileUse, ...]
    citations: tuple[Citation, ...]
    profile: str
    run: RunInfo
    artifacts: tuple[ArtifactCard, ...] = ()
