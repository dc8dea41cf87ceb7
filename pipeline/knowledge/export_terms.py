"""What is known of the exports themselves: headers, layouts, materials, look-alike names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from schemas.vocabulary import Sex


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAlike:
    """A name that resembles an analyte of ours and is something else: ignored on purpose."""

    name: str
    is_really: str
    at: Literal["", "start", "end", "word"] = ""
    """Where a name shows it: "" if it is the whole name, else what is not ours itself is
    explained by how it begins, how it ends, or a word in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Words by which exports say what a specimen or a record is."""

    id: str
    kind: Literal["blood", "other", "control", "animal", "neutral"]
    """`neutral`: says nothing by itself and may stand beside the others ("left", "sample")."""
    words: tuple[str, ...]
    everyday: tuple[str, ...] = ()
    """Those of the words that mean other things as often: they count only under a header that is
    known ("standard", "control")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A column of the Export table and the headers under which it arrives."""

    name: str
    headers: tuple[str, ...]
    headers_by_cells: tuple[str, ...] = ()
    """Headers that may mean something else too: they count where the cells are words of the
    field (materials, statuses)."""
    words: tuple[str, ...] = ()
    """Words that make a header one of this field, whatever stands beside them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutColumn:
    """A column of a wide export that holds an analyte."""

    header: str
    analyte: str
    unit: str = ""
    """As written; "" if the header itself says it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How one kind of export is to be read, where plain headers do not say it all."""

    id: str
    title: str
    requires: tuple[str, ...]
    """Headers that must all be there for the layout to be recognized."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Header → column of Export."""
    analytes: tuple[LayoutColumn, ...] = ()
    sex: Mapping[str, Sex] = field(default_factory=dict)
    """What the export writes → sex; needed for 0/1 and 1/2."""
    age_unit: Literal["", "years", "months", "days"] = ""
    """Unit of ages written as bare numbers."""
    date_order: Literal["", "day-first", "month-first"] = ""
    decimal: Literal["", ".", ","] = ""
    encoding: str = ""
    population: Literal["", "adult"] = ""
    specimen_ids: Literal["", "restart-daily"] = ""
    """"restart-daily" if numbers of specimens start anew each day."""
    row_is_patient: bool = False
    """Rows without a patient id are patients of their own."""
    species: str = "human"
    """Anything but human is refused: all limits are of people."""
    not_results: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Header → cell texts that mark rows which are no patient results (blanks, controls)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Another way in which a number is given, and how it becomes ours."""

    id: str
    """By which a layout names it, as it names an observation."""
    names: tuple[str, ...]
    """Headers and names under which it arrives: "Gestational weeks", "Elevation (ft)"."""
    range: tuple[float, float]
    """Both ends accepted."""
    factor: float | None = None
    steps: tuple[tuple[float, float], ...] = ()
    """(from, ours), upward: the last step at or below the number gives ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Something that is said in words or as context, beside the numbers."""

    id: str
    title: str
    group: Literal[
        "film", "specimen", "antibody", "test", "notice", "medication", "condition", "context"
    ]
    """What remarks on a result can say: film, specimen. What is measured and reported in words:
    antibody, test. What the laboratory marked or wrote beside its results: notice. What is said
    of a person: the others."""
    kind: Literal["yes-no", "number", "date"]
    scope: Literal["specimen", "patient"]
    """Whether it holds for the accession that it was said of, or for all of the patient's."""
    names: tuple[str, ...]
    """Headers of columns and names of qualitative results that mean it."""
    words: tuple[str, ...] = ()
    """What says it in running text: whole words; a star at the end takes any ending."""
    medication_words: tuple[str, ...] = ()
    """What says it in a list of medications only."""
    specimen_words: tuple[str, ...] = ()
    """What says it in running text only beside a word for the specimen ("old", "diluted")."""
    counts_if_suspected: bool = False
    """A mere suspicion ("PLT clumps?") is a yes: the specimen is doubted rather than believed."""
    only_unexplained: bool = False
    """A text says it only if it gives no other reason to doubt the specimen."""
    if_suspected: str = ""
    """The observation that a mere suspicion, or a text that leaves this one open, says instead."""
    holds_specimen: str = ""
    """Code of the issue with which a yes holds all results of the specimen; "" if it holds none."""
    queried: str = ""
    """Of a word: the observation that a queried, historical or unclear mention of it says."""
    flagged: str = ""
    """Of a word: the observation that the word says where an analyzer flags it, and no film."""
    quotes: bool = False
    """Reports quote the words in which it was said."""
    counted: bool = False
    """A number says it too: above zero is yes, zero is no."""
    result_words: tuple[str, ...] = ()
    """Of a test: results in words that are positive, beside those of all tests."""
    implies: str = ""
    """Another observation that a yes or a number says too."""
    started_by: str = ""
    """Of a treatment: the observation that dates its start; from then on it is said as well."""
    stopped_by: str = ""
    """Of a treatment: the observation that dates its stop; a later no is a stop too."""
    lasts_days: int = 0
    """Of a treatment: it counts for so many days after a stop."""
    reaches_back: bool = False
    """What is said first of a later specimen holds for the earlier ones, too; otherwise time runs
    forward."""
    marks: tuple[str, ...] = ()
    """Analytes beside which a doubtful mark of the analyzer says it."""
    only_sex: Sex | None = None
    """A yes contradicts the other sex."""
    range: tuple[float, float] | None = None
    """Of a number: both ends accepted."""
    whole: bool = False
    """Of a number: fractions cannot be."""
    number_words: Mapping[str, float] = field(default_factory=dict)
    """Of a number: words that stand for one ("T2", "second")."""
    unit_words: tuple[str, ...] = ()
    """Of a number: units that may stand behind it and change nothing. Of an antibody: units of
    its assays, behind its name or behind a number beside its answer."""
    scales: tuple[Scale, ...] = ()
    source: str = ""
    """Where a clinical number comes from; a key of sources.toml, or "convention"."""
