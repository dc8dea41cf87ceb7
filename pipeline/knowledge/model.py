"""What clinical knowledge is made of: frozen values, loaded from TOML by `knowledge.load`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from pipeline.knowledge.conditions import (
    Change,
    Compare,
    Condition,
    Formula,
    Interval,
    Outside,
    RuleIs,
    Undecided,
    walk,
)
from pipeline.knowledge.contradictions import Contradiction, SetAside
from pipeline.knowledge.export_terms import Field, Layout, LookAlike, Material, Observation
from pipeline.knowledge.variation import Comparison, Variation
from pipeline.knowledge.words import Phrases
from pipeline.knowledge.worklist import ClassOrder, ForInformation
from schemas.vocabulary import CriticalValues, Grade, Sex


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A publication that a number rests on."""

    id: str
    title: str
    year: int | None = None
    where: str = ""
    """Table, page or section."""
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """What is suggested under one name: several analytes, or what is reported in words."""

    id: str
    """As it stands in `suggest`."""
    of: tuple[str, ...]
    """Analytes and observations: where all of them were reported, it is not suggested again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A UCUM code and the ways in which laboratories write it."""

    ucum: str
    spellings: tuple[str, ...] = ()
    is_of_blood_count: bool = False
    """Hardly anything else is reported in it: what carries it and is not known is held."""


CONVENTION = "convention"
"""Source of a number that nobody published: a laboratory convention of the profile."""
UNIT_SYSTEMS = ("si", "conventional")
"""In which a site may want results shown, beside as they were reported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Analyte:
    """Something that is measured."""

    id: str
    title: str
    short: str
    """As on a blood-count slip: Hb, MCV, PLT."""
    group: str
    """Block of the report: blood-count, differential, vitamins, renal, …"""
    unit: str
    """Canonical unit (UCUM)."""
    units: Mapping[str, float]
    """Accepted units → factor to the canonical unit."""
    source: str
    """Where the factors come from."""
    loinc: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    """Names that mean this analyte, whatever the unit."""
    names_with_unit: tuple[str, ...] = ()
    """Names that mean it only together with one of its units (neutrophils: % or a count)."""
    unit_spellings: Mapping[str, str] = field(default_factory=dict)
    """Spellings that mean a unit for this analyte only (MCHC in "%" is g/dL)."""
    decimals: Mapping[str, int] = field(default_factory=dict)
    """Unit → decimals to show."""
    display: Mapping[str, str] = field(default_factory=dict)
    """"si", "conventional" → the unit in which a site may want it shown; else the canonical one."""
    possible: tuple[float, float] | None = None
    """Canonical; outside, the number cannot be a human result in that unit: held."""
    usual: tuple[float, float] | None = None
    """Canonical; outside, a note asks for a second look."""

    line: str = ""
    """Of a differential: the kind of cell, the same for its count and its percentage."""
    is_main_line: bool = False
    """A differential without this line was not whole."""
    human_low: tuple[float, float] | None = None
    """Canonical; between these lies the lower end of every human reference interval."""
    human_high: tuple[float, float] | None = None
    """Canonical; the same for the upper end."""
    too_high: str = ""
    """Code of the issue for a number above what is possible; otherwise `value-impossible`."""
    stands_for: str = ""
    """The analyte that this one is, corrected or not yet corrected; "" for all others."""
    precedence: int = 0
    """Of two that stand for one analyte of a specimen, the higher counts; below 0: never alone."""
    qualifiers: tuple[str, ...] = ()
    """Words that make a name of `stands_for` one of this analyte: "WBC corrected"."""
    qualifier_links: tuple[str, ...] = ()
    """Words after which only the reason of the qualifier follows: "for", "por"."""
    qualifier_fillers: tuple[str, ...] = ()
    """Words beside a qualifier that say no more: "NRBC corrected WBC"."""
    least: Mapping[str, float] = field(default_factory=dict)
    """Unit → the smallest number other than zero that a laboratory writes in it; less is held."""
    most: Mapping[str, float] = field(default_factory=dict)
    """Unit → the largest number that a laboratory writes in it; more is held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeSpan:
    """Ages from `low` up to but not including `high`, in whole days or whole months.

    Each end is (unit, count); years are held as twelve months, weeks as seven days.
    """

    low: tuple[Literal["days", "months"], int]
    high: tuple[Literal["days", "months"], int] | None
    """None: no upper end."""


PregnancyState = Literal["", "T1", "T2", "T3", "pregnant", "postpartum"]
"""`pregnant`: in a trimester that is not known, or for which there is no limit of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratum:
    """One part of the population with its own limit, or with none."""

    ages: AgeSpan
    sex: Sex | None = None
    """None: both."""
    pregnancy: PregnancyState = ""
    """Only of those who are said to be so; "": of everyone of whom nothing else is said."""
    values: Mapping[str, float] = field(default_factory=dict)
    """Unit → limit, as published in that unit."""
    no_limit: str = ""
    """Why there is none."""
    floor: Mapping[str, float] = field(default_factory=dict)
    """Without a limit: unit → number below every published limit."""
    comment: tuple[str, ...] = ()
    """Comments that a finding carries when this stratum decided."""
    source: str = ""
    """Where it differs from the limit's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A cited decision limit of one analyte."""

    id: str
    analyte: str
    source: str
    """Key of a source, or `CONVENTION`."""
    wording: str
    """As published, to be read beside the numbers."""
    strata: tuple[Stratum, ...]
    from_interval: Literal["", "low", "high"] = ""
    """The laboratory's own printed bound decides, and the strata only where none was printed."""
    no_interval_comment: str = ""
    """Said where neither was."""
    interval_tolerance: float | None = None
    """Say so if the laboratory's own lower limit differs by more than this share."""
    interval_comment: str = ""

    @property
    def is_published(self) -> bool:
        """Say whether anybody published it; else it is a convention of the profile."""
        return self.source != CONVENTION

    @property
    def sources(self) -> tuple[str, ...]:
        """Every source that the limit rests on, its own first."""
        return tuple(dict.fromkeys((self.source, *(s.source for s in self.strata if s.source))))


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeStep:
    """The grade given when the condition is the first that holds, deepest step first."""

    grade: Grade
    when: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRemark:
    """A comment that a present finding carries where a condition holds; it changes no outcome."""

    comment: str
    when: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A named question asked of every accession."""

    id: str
    title: str
    when: Condition
    grades: tuple[GradeStep, ...] = ()
    comment: tuple[str, ...] = ()
    asked_if: Condition | None = None
    """Asked only where this holds; elsewhere nothing is said, not even that it is absent."""
    remarks: tuple[RuleRemark, ...] = ()
    """What else is said where it is present: confounders, context."""
    suggest: tuple[str, ...] = ()
    """Analyte ids or names of follow-up tests, most useful first."""
    shown: bool = True
    """False: a building block of other rules, never a finding of its own."""
    critical: bool = False
    """What it finds is a critical value: it goes on the list of what is to be telephoned."""
    silent: bool = False
    """Where nothing was reported that it needs, reports do not name it: nobody orders such a test
    to answer it (a word of a film, a flag)."""
    formerly: tuple[str, ...] = ()
    """Ids under which it was known: overlays and what was reported may still name them."""
    shadow: bool = False
    """Tried out: evaluated and counted, but in no report, worklist or table for readers."""
    group: str = ""
    """Asked only where a profile or a site switches this group on; "" is always asked."""

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The condition of the rule, and those of its grades and remarks."""
        grades = (step.when for step in self.grades)
        asked = () if self.asked_if is None else (self.asked_if,)
        return (self.when, *asked, *grades, *(remark.when for remark in self.remarks))


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """An analyte that can be calculated or bounded from others of the same accession."""

    id: str
    analyte: str
    shape: Literal["percent_of", "at_most", "quotient", "product"]
    """`percent_of`: first × second / 100, in the unit of the first. `at_most`: cannot exceed the
    operand. `quotient` and `product`: of first and second, times `factor`, in canonical units."""
    operands: tuple[str, ...]
    factor: float = 1.0
    decimals: int | None = None
    """To so many decimals the result is rounded before it is compared or shown."""
    is_unconfirmed: bool = False
    """What is present by such a result alone is unconfirmed."""
    comment: tuple[str, ...] = ()
    tolerance: float = 0.0
    """`at_most`: beyond this share above the operand the two contradict each other."""
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pregnancy:
    """Observations that say who is pregnant; what is not said counts as not pregnant."""

    id: str
    stated: str
    trimester: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notices:
    """Observations under which is kept what a laboratory marked or wrote beside its results."""

    id: str
    critical: str
    """A critical flag, on any row."""
    flagged: str
    """Any other flag, on a row of an analyte that is not used."""
    unread: str
    """A text that was not understood."""
    film: str
    """A blood film was reported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingFound:
    """What must have been judged before a patient counts as one of whom nothing was found."""

    id: str
    months: int
    """Before the latest specimen; older results are not counted."""
    enough: tuple[tuple[str, ...], ...]
    """Sets of analytes, of which one is enough."""
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """Limits that are raised by what is known of the patient; the result stays as it is."""

    id: str
    limits: tuple[str, ...]
    observation: str
    """A number, such as the elevation of residence."""
    unit: str
    steps: tuple[tuple[float, float], ...]
    """(from this number on, raise by this much in `unit`), upward."""
    source: str
    comment: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareOfChange:
    """A change of an analyte by more than this share of the earlier result."""

    analyte: str
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BeforeStart:
    """A result of before a start that is still known on the specimens after it."""

    analyte: str
    since: str
    """Observation with a date."""
    days: int
    """At most so many days before that date."""
    until_days: int
    """And for specimens of so many days after it."""
    comment: str
    """Made on findings to which it is known: the test is not suggested again there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Which results count where the course of a treatment is read."""

    id: str
    transfused: str
    """Observation with a date."""
    transfused_days: int
    """What was collected so many days after it does not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inferred:
    """A date that nobody recorded: the day of a specimen on which the condition holds."""

    id: str
    title: str
    when: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """How far apart two accessions may be to be read together, and what keeps them apart."""

    id: str
    days: int
    barriers: tuple[str, ...]
    """Observations with a date: nothing is joined across it."""
    change: ShareOfChange
    """Nothing is joined across such a change."""
    before_start: BeforeStart | None = None
    """What is joined across a barrier all the same, where nothing nearer is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Where two ways of writing one result are told apart."""

    id: str
    sum_of_fractions: tuple[float, float]
    """Between these a differential in percent adds up to one: it is written in fractions."""
    lone_fraction: float
    """Below this a single percentage of a main kind of cell may be a fraction."""
    rounded_apart: float
    """Share by which a result may differ from the same in its second unit."""
    recurring_numbers: int
    """So many specimen numbers that come back with other people start anew each day."""
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A result that must follow from two others of the same specimen."""

    id: str
    analyte: str
    title: str
    """What is compared, in words."""
    shape: Literal["quotient", "product"]
    operands: tuple[str, str]
    factor: float
    """Between the canonical units."""
    tolerance: float
    """In the canonical unit of `analyte`."""
    share: float = 0.0
    """Tolerance as a part of the value, where that is more."""
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AffectedAnalyte:
    """What an artifact does to an analyte."""

    analyte: str
    """Id, or "any" for whatever was measured on the specimen."""
    wrongly: Literal["low", "high", "either"]
    """Which way it is falsified; a number that may be wrong both ways is believed in neither."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A reason to doubt the specimen or its measurement."""

    id: str
    title: str
    when: Condition
    touches: tuple[AffectedAnalyte, ...]
    source: str
    comment: tuple[str, ...] = ()
    suggest: tuple[str, ...] = ()
    """What settles it, most useful first."""
    stays: bool = False
    """It stays on the Summary, also when no finding rests on the specimen any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityClass:
    """Patients of this class when the condition holds; the first that does decides."""

    rank: int
    title: str
    when: Condition | None
    """None: decided by the program (nothing assessable, nothing found)."""
    holds_conflicts: bool = False
    """A patient id in conflict is at least as urgent as this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A coded sentence in one language."""

    id: str
    clinical: str
    internal: str = ""
    rank: int = 2
    """1: changes how the finding is to be read; 2: what it says; 3: background."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """Comments and titles in one language."""

    comments: Mapping[str, Comment]
    words: Mapping[str, Mapping[str, str]]
    """Kind (see `translate.KINDS`) → id or English words → words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Ages assumed when a site says who its patients are and a result has no age."""

    id: str
    ages: AgeSpan
    comment: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A named choice of limits."""

    id: str
    title: str
    description: str = ""
    rule_groups: tuple[str, ...] = ()
    """Groups of rules that it switches on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """All clinical content of a run, checked for consistency."""

    version: str
    """Hash of what was really loaded."""
    profile: Profile
    analytes: Mapping[str, Analyte]
    look_alikes: tuple[LookAlike, ...]
    units: Mapping[str, Unit]
    limits: Mapping[str, Limit]
    rules: Mapping[str, Rule]
    """In order of evaluation: a rule comes after the rules that it refers to."""
    derived: tuple[Derived, ...]
    relations: tuple[Relation, ...]
    agreement: Agreement
    artifacts: Mapping[str, Artifact]
    join: Join
    course: Course
    variations: Mapping[str, Variation]
    """By analyte."""
    comparison: Comparison
    inferred: Mapping[str, Inferred]
    pregnancy: Pregnancy
    notices: Notices
    nothing_found: NothingFound
    adjustments: tuple[Adjustment, ...]
    priorities: tuple[PriorityClass, ...]
    orders: tuple[ClassOrder, ...]
    for_information: ForInformation
    populations: Mapping[str, Population]
    sources: Mapping[str, Source]
    comments: Mapping[str, Comment]
    """In English, like titles; what is not written in English, in another language."""
    translations: Mapping[str, Translation]
    """By language, English included."""
    fields: Mapping[str, Field]
    materials: Mapping[str, Material]
    layouts: Mapping[str, Layout]
    observations: Mapping[str, Observation]
    phrases: Mapping[str, Phrases]
    """Words by their kind, of all languages."""
    panels: Mapping[str, Panel]
    critical_values: CriticalValues = ""
    """What the site says of the critical values to telephone."""

    def shown_rules(self) -> Iterator[Rule]:
        """Rules that give findings, in order."""
        return (rule for rule in self.rules.values() if rule.shown and not rule.shadow)

    def critical_rules(self) -> Iterator[Rule]:
        """Rules of the critical values to telephone, each beside a rule for the same value."""
        return (rule for rule in self.rules.values() if rule.critical and rule.group)

    def shadow_rules(self) -> Iterator[Rule]:
        """Rules that are tried out: they give findings that no reader sees."""
        return (rule for rule in self.rules.values() if rule.shadow)

    @property
    def former_rules(self) -> Mapping[str, str]:
        """Id under which a rule was known → its id now."""
        return {old: rule.id for rule in self.rules.values() for old in rule.formerly}

    def walk(self, condition: Condition | None) -> Iterator[Condition]:
        """Give all that a condition is made of, rules that it refers to included."""
        for part in walk(condition):
            yield part
            if isinstance(part, RuleIs | Undecided):
                yield from self.walk(self.rules[part.rule].when)

    def limits_of(self, condition: Condition | None) -> Iterator[Limit]:
        """Every limit that a condition rests on, rules that it refers to included."""
        for part in self.walk(condition):
            if isinstance(part, Compare):
                yield self.limits[part.limit]
            if isinstance(part, Outside):
                yield from (self.limits[name] for name in part.bounds)

    def analytes_of(self, condition: Condition | None) -> Iterator[str]:
        """Id of every analyte that a condition asks for, rules that it refers to included."""
        for part in self.walk(condition):
            match part:
                case Compare(limit=name):
                    yield self.limits[name].analyte
                case Interval(analyte=name) | Change(analyte=name) | Contradiction(analyte=name):
                    yield name
                case SetAside(artifact=name):
                    yield from self.analytes_of(self.artifacts[name].when)
                case Formula(of=operands, apart_from=other):
                    yield from filter(None, (*operands, other))
