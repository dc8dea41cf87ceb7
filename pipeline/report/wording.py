"""Words for people: what codes, units, dates and rules are called in a workbook."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import TypeVar

from pipeline.knowledge.model import Compare, Condition, Group, Knowledge, Rule, RuleIs, Undecided
from pipeline.report.facts import Citation, RuleText
from schemas.vocabulary import Change, Grade, Outcome, Reason, Sex

T = TypeVar("T")

CONVENTION = Citation(title="Laboratory convention of this profile")
NOT_STATED = "not stated"

SEXES: Mapping[str, str] = MappingProxyType(
    {Sex.FEMALE: "female", Sex.MALE: "male", "": NOT_STATED}
)
OUTCOMES: Mapping[str, str] = MappingProxyType(
    {
        Outcome.PRESENT: "present",
        Outcome.ABSENT: "absent",
        Outcome.INDETERMINATE: "cannot be decided",
        Outcome.NOT_TESTED: "not tested",
    }
)
# The number of triangles says the depth without color.
MARKS: Mapping[str, str] = MappingProxyType(
    {
        Grade.SEVERE: "▲▲▲ severe",
        Grade.MODERATE: "▲▲ moderate",
        Grade.MILD: "▲ mild",
        "": "▲ present",
    }
)
UNDECIDED_MARK = "? undecided"
NOT_TESTED_MARK = "– not tested"
HELD_MARK = "■ held"
REPEAT_FIRST = "◇ unconfirmed: repeat first"

CHANGES: Mapping[str, str] = MappingProxyType(
    {
        Change.NEW: "● new",
        Change.WORSE: "↑ worse",
        Change.CORRECTED: "✎ corrected",
        Change.CONTINUING: "= continuing",
        Change.BETTER: "↓ better",
        Change.UNDECIDED: "? undecided now",
        Change.RESOLVED: "○ resolved",
    }
)
DIRECTIONS: Mapping[str, str] = MappingProxyType(
    {
        "below": "below",
        "at_or_below": "at or below",
        "above": "above",
        "at_or_above": "at or above",
    }
)

SPAN = "from … to"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonText:
    """Why something is undecided, and what would decide it.

    `{…}` is filled with analytes; `short` stands in a table.
    """

    why: str
    settled_by: str
    short: str


REASONS: Mapping[Reason, ReasonText] = MappingProxyType(
    {
        Reason.MISSING_INPUT: ReasonText(
            why="Not reported for this specimen: {missing}.",
            settled_by="{first_missing}, from the same specimen.",
            short="needed result not reported",
        ),
        Reason.HELD: ReasonText(
            why="Reported but held, so not used: {held}.",
            settled_by="{first_held}, once its row is corrected (see Held results).",
            short="needed result held",
        ),
        Reason.CENSORED: ReasonText(
            why="Reported only as a bound, which leaves both answers open.",
            settled_by="The figure itself: ask the laboratory for {first_bound}.",
            short="reported as a bound",
        ),
        Reason.NO_LIMIT_FOR_AGE: ReasonText(
            why="The profile has no published limit for this age.",
            settled_by="The laboratory's own interval for this age.",
            short="no limit for this age",
        ),
        Reason.AGE_UNKNOWN: ReasonText(
            why="The limit depends on age, and the age is not known well enough.",
            settled_by="The birth date.",
            short="age not known",
        ),
        Reason.SEX_UNKNOWN: ReasonText(
            why="The limit depends on sex, and the sex is not stated.",
            settled_by="The sex of the patient.",
            short="sex not stated",
        ),
    }
)

_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def distinct(items: Iterable[T]) -> tuple[T, ...]:
    """Keep the first of each, in order."""
    return tuple(dict.fromkeys(items))


def show_unit(ucum: str) -> str:
    """Write a UCUM code as laboratories print it: "10*9/L" → "×10⁹/L", "ug/L" → "µg/L"."""
    shown = re.sub(r"10\*(-?\d+)", lambda found: f"×10{found[1].translate(_SUPERSCRIPT)}", ucum)
    return re.sub(r"(?<![A-Za-z])u(?=(g|mol|L|kat|m)(?![A-Za-z]))", "µ", shown)


def show_date(at: date | None, *, has_time: bool = False) -> str:
    """Write a date as ISO 8601, with hours and minutes if they are known."""
    if at is None:
        return ""
    return at.strftime("%Y-%m-%d %H:%M") if has_time else at.strftime("%Y-%m-%d")


def show_count(count: int, one: str, many: str = "") -> str:
    """Write a number with its noun in the right form."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def show_age(
    days_low: int | None, days_high: int | None, months_low: int | None, months_high: int | None
) -> str:
    """Write an age: days in the first month, months below two years, then completed years."""
    if months_low is None:
        return NOT_STATED
    if months_low == 0 and months_high == 0 and days_low is not None:
        return _show_span(days_low, days_high, "day")
    if months_high is not None and months_high < 24:
        return _show_span(months_low, months_high, "month")
    return _show_span(months_low // 12, None if months_high is None else months_high // 12, "year")


def show_rows(numbers: Iterable[int], limit: int = 400) -> str:
    """Write row numbers with runs joined: "2, 5-9"; a long list is cut, and says so."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    shown = [str(low) if low == high else f"{low}-{high}" for low, high in runs[:limit]]
    rest = sum(high - low + 1 for low, high in runs[limit:])
    return ", ".join(shown) + (f" … and {rest:,} more" if rest else "")


def in_sentence(title: str) -> str:
    """Write a title as it stands within a sentence: "Anemia" → "anemia", "MCV" stays."""
    return title[:1].lower() + title[1:] if title[1:2].islower() else title


def join_words(words: Iterable[str]) -> str:
    """Join as in a sentence: "a, b and c"."""
    *first, last = [*words] or [""]
    return f"{', '.join(first)} and {last}" if first else last


def describe_rules(knowledge: Knowledge) -> Mapping[str, RuleText]:
    """Collect what is said of each rule whoever the patient is, by rule id, in rule order."""
    return MappingProxyType(
        {rule.id: _describe(rule, knowledge) for rule in knowledge.shown_rules()}
    )


def describe_comments(codes: Iterable[str], knowledge: Knowledge) -> tuple[str, ...]:
    """Give the sentences of comment codes.

    Raises:
        KeyError: A finding carries a code that the knowledge does not have: a bug.
    """
    return tuple(knowledge.comments[code].clinical for code in codes)


def latest_of(times: Iterable[datetime | None]) -> datetime | None:
    """Give the latest time that is known."""
    return max((at for at in times if at is not None), default=None)


def _describe(rule: Rule, knowledge: Knowledge) -> RuleText:
    limits = list({limit.id: limit for limit in knowledge.limits_of(rule.when)}.values())
    comparisons = (
        (knowledge.limits[each.limit].analyte, DIRECTIONS[each.direction])
        for each in distinct(_comparisons_of(rule.when, knowledge))
    )
    several = len({limit.analyte for limit in limits}) > 1
    wordings = (
        f"{knowledge.analytes[limit.analyte].short}: {limit.wording}" if several else limit.wording
        for limit in limits
    )
    return RuleText(
        id=rule.id,
        title=rule.title,
        wording="; ".join(distinct(wordings)),
        citations=distinct(
            _cite(source, knowledge) for limit in limits for source in limit.sources
        ),
        comparisons=tuple(comparisons),
        needs=distinct(limit.analyte for limit in limits),
        suggest=tuple(_name_test(name, knowledge) for name in rule.suggest),
    )


def _comparisons_of(condition: Condition, knowledge: Knowledge) -> Iterator[Compare]:
    match condition:
        case Compare():
            yield condition
        case RuleIs(rule=name):
            yield from _comparisons_of(knowledge.rules[name].when, knowledge)
        case Group(members=members):
            for member in members:
                yield from _comparisons_of(member, knowledge)
        case Undecided():
            return


def _cite(source: str, knowledge: Knowledge) -> Citation:
    if source == "convention":
        return CONVENTION
    known = knowledge.sources[source]
    return Citation(title=known.title, year=known.year, where=known.where, link=known.link)


def _name_test(name: str, knowledge: Knowledge) -> tuple[str, str]:
    if name in knowledge.analytes:
        return name, in_sentence(knowledge.analytes[name].title)
    known = (
        analyte.id
        for analyte in knowledge.analytes.values()
        if name.casefold() in (analyte.title.casefold(), analyte.short.casefold())
    )
    return next(known, ""), name


def _show_span(low: int, high: int | None, noun: str) -> str:
    if high is None:
        return f"{low} {noun}s or more"
    if low == high:
        return show_count(low, noun)
    return f"{low} to {high} {noun}s"
