"""Words for people: what codes, units, dates and rules are called in a workbook."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from itertools import islice
from types import MappingProxyType
from typing import TypeVar

from pipeline.knowledge.conditions import Compare, Condition, Interval, RuleIs, walk
from pipeline.knowledge.model import CONVENTION, Knowledge, Limit, Rule
from pipeline.report.report_model import Citation, RuleText
from pipeline.texts import ENGLISH, Texts

T = TypeVar("T")

DIRECTIONS: Mapping[str, str] = MappingProxyType(
    {
        "below": "below",
        "at_or_below": "at or below",
        "above": "above",
        "at_or_above": "at or above",
    }
)

SPAN = "from … to"


_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def distinct(items: Iterable[T]) -> tuple[T, ...]:
    """Keep the first of each, in order."""
    return tuple(dict.fromkeys(items))


def show_unit(ucum: str) -> str:
    """Write a UCUM code as laboratories print it: "10*9/L" → "×10⁹/L", "ug/L" → "µg/L"."""
    shown = re.sub(r"10\*(-?\d+)", lambda found: f"×10{found[1].translate(_SUPERSCRIPT)}", ucum)
    shown = shown.replace("{1.73_m2}", "1.73 m²")
    return re.sub(r"(?<![A-Za-z])u(?=(g|mol|L|kat|m)(?![A-Za-z]))", "µ", shown)


def show_date(at: date | None, texts: Texts = ENGLISH, *, has_time: bool = False) -> str:
    """Write a date as the language does, with hours and minutes if they are known."""
    if at is None:
        return ""
    return texts.dated(at.strftime("%Y-%m-%d %H:%M" if has_time else "%Y-%m-%d"))


def show_age(
    days_low: int | None,
    days_high: int | None,
    months_low: int | None,
    months_high: int | None,
    texts: Texts = ENGLISH,
) -> str:
    """Write an age: days in the first month, months below two years, then completed years."""
    if months_low is None:
        return texts("not-stated")
    if months_low == 0 and months_high == 0 and days_low is not None:
        return _show_span(days_low, days_high, "day", texts)
    if months_high is not None and months_high < 24:
        return _show_span(months_low, months_high, "month", texts)
    years_high = None if months_high is None else months_high // 12
    return _show_span(months_low // 12, years_high, "year", texts)


def show_rows(numbers: Iterable[int], limit: int = 400, texts: Texts = ENGLISH) -> str:
    """Write row numbers with runs joined: "2, 5-9"; a long list is cut, and says so."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    shown = [str(low) if low == high else f"{low}-{high}" for low, high in runs[:limit]]
    rest = sum(high - low + 1 for low, high in runs[limit:])
    return ", ".join(shown) + (texts("rows.more", count=texts.whole(rest)) if rest else "")


def count_decimals(number: float) -> int:
    """Count the decimals that a number needs to be shown as it is, nine at most."""
    return len(f"{number:.9f}".rstrip("0").partition(".")[2])


def show_number(value: float) -> str:
    """Write a number with at most nine decimals and without zeros that say nothing."""
    return f"{value:.9f}".rstrip("0").rstrip(".")


def describe_rules(knowledge: Knowledge, texts: Texts = ENGLISH) -> Mapping[str, RuleText]:
    """Collect what is said of each rule whoever the patient is, by rule id, in rule order."""
    return MappingProxyType(
        {rule.id: _describe(rule, knowledge, texts) for rule in knowledge.shown_rules()}
    )


_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-ZÄÖÜ])")
_MOST_SENTENCES = 3


def describe_comments(codes: Iterable[str], knowledge: Knowledge) -> tuple[str, ...]:
    """Give the sentences of comment codes: what matters most first, none twice, three at most.

    Raises:
        KeyError: A finding carries a code that the knowledge does not have: a bug.
    """
    comments = sorted((knowledge.comments[code] for code in codes), key=lambda each: each.rank)
    sentences = (said for each in comments for said in _SENTENCE.split(each.clinical) if said)
    return distinct(sentences)[:_MOST_SENTENCES]


def latest_of(times: Iterable[datetime | None]) -> datetime | None:
    """Give the latest time that is known."""
    return max((at for at in times if at is not None), default=None)


def _describe(rule: Rule, knowledge: Knowledge, texts: Texts) -> RuleText:
    limits = list({limit.id: limit for limit in knowledge.limits_of(rule.when)}.values())
    several = len({limit.analyte for limit in limits}) > 1

    def wording_of(which: Iterable[Limit]) -> str:
        shorts = ((knowledge.analytes[each.analyte].short, each.wording) for each in which)
        return "; ".join(distinct(f"{a}: {said}" if several else said for a, said in shorts))

    return RuleText(
        id=rule.id,
        title=rule.title,
        wording=wording_of(each for each in limits if each.is_published),
        conventions=wording_of(each for each in limits if not each.is_published),
        citations=distinct(
            _cite(source, knowledge, texts) for limit in limits for source in limit.sources
        ),
        comparisons=distinct(_comparisons_of(rule.when, knowledge)),
        limited=tuple(limit.analyte for limit in limits),
        needs=distinct(knowledge.analytes_of(rule.when)),
        suggest=tuple(_name_test(name, knowledge, texts) for name in rule.suggest),
    )


def _comparisons_of(condition: Condition, knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    for part in walk(condition):
        match part:
            case Compare(limit=name, direction=direction):
                yield knowledge.limits[name].analyte, DIRECTIONS[direction]
            case Interval(analyte=name, direction=direction):
                yield name, DIRECTIONS[direction]
            case RuleIs(rule=name):
                yield from _comparisons_of(knowledge.rules[name].when, knowledge)


def _cite(source: str, knowledge: Knowledge, texts: Texts) -> Citation:
    if source == CONVENTION:
        return Citation(title=texts("convention"))
    known = knowledge.sources[source]
    return Citation(title=known.title, year=known.year, where=known.where, link=known.link)


def _name_test(name: str, knowledge: Knowledge, texts: Texts) -> tuple[tuple[str, ...], str]:
    """Give the analytes of a follow-up test, if it is one of analytes, and its name."""
    if name in knowledge.panels:
        return knowledge.panels[name].of, name
    if name in knowledge.analytes:
        return (name,), texts.in_sentence(knowledge.analytes[name].title)
    known = (
        analyte.id
        for analyte in knowledge.analytes.values()
        if name.casefold()
        in map(
            str.casefold, (analyte.title, analyte.short, *analyte.names, *analyte.names_with_unit)
        )
    )
    return tuple(islice(known, 1)), name


def _show_span(low: int, high: int | None, noun: str, texts: Texts) -> str:
    if high is None:
        return texts("or-more", age=texts.count(noun, low))
    if low == high:
        return texts.count(noun, low)
    return texts("span", low=low, age=texts.count(noun, high))
