"""Ages and strata: how a part of the population is written, and how strata fit together."""

import re
from collections.abc import Sequence
from typing import Any, Literal

from pipeline.errors import KnowledgeError
from pipeline.knowledge.model import AgeSpan, Stratum
from pipeline.texts.counts import count_text
from schemas.vocabulary import Sex

AgeEnd = tuple[Literal["days", "months"], int]

_START: AgeEnd = ("days", 0)
_NO_END = 999  # years; written where a stratum has no upper end
_MONTHS_PER_YEAR = 12
_DAYS_PER_WEEK = 7
_DAYS_PER_MONTH = 30.44  # only to put ends in order, never to compare an age


def age_span_from(entry: dict[str, Any], where: str) -> AgeSpan:
    """Take the ages out of an entry: `years`, `months`, `days` = [low, high] or `ages`.

    `ages = ["7 months", "3 years"]` is for ends in different units. Without any, all ages.

    Raises:
        KnowledgeError: Two of them are given, or an end cannot be read.
    """
    given = [key for key in ("ages", "years", "months", "days") if key in entry]
    if not given:
        return AgeSpan(low=_START, high=None)
    if len(given) > 1:
        raise KnowledgeError(f"{where}: give one of {' and '.join(given)}")
    key = given[0]
    ends = entry.pop(key)
    if not isinstance(ends, list) or len(ends) != 2:
        raise KnowledgeError(f"{where}: {key} needs two ends, as in {key} = [16, 999]")
    texts = [str(end) if key == "ages" else f"{end} {key}" for end in ends]
    low, high = (_age_end_from(text, where) for text in texts)
    if low is None:
        raise KnowledgeError(f"{where}: {key} must begin at an age")
    return AgeSpan(low=low, high=high)


def _age_end_from(text: str, where: str) -> AgeEnd | None:
    match = re.fullmatch(r"(\d+) (day|week|month|year)s?", text)
    if match is None:
        raise KnowledgeError(f"{where}: cannot read the age {text!r}; write it as '7 months'")
    count, unit = int(match[1]), match[2]
    if count == 0:
        return _START
    match unit:
        case "year" if count == _NO_END:
            return None
        case "year":
            return ("months", count * _MONTHS_PER_YEAR)
        case "month":
            return ("months", count)
        case "week":
            return ("days", count * _DAYS_PER_WEEK)
        case _:
            return ("days", count)


def _in_days(end: AgeEnd) -> float:
    unit, count = end
    return count * _DAYS_PER_MONTH if unit == "months" else float(count)


def check_strata(strata: Sequence[Stratum], where: str) -> None:
    """Refuse strata that leave an age of one sex without an answer, or give it two.

    Those of a pregnancy must cover every age by themselves; where there are some of a trimester,
    one is needed for pregnancies of which no trimester is known.

    Raises:
        KnowledgeError: Names the sex, the pregnancy and the ages concerned.
    """
    states = dict.fromkeys(stratum.pregnancy for stratum in strata if stratum.pregnancy)
    if any(stratum.pregnancy and stratum.sex == Sex.MALE for stratum in strata):
        raise KnowledgeError(f"{where}: a stratum of pregnancy is of women")
    if any(state.startswith("T") for state in states) and "pregnant" not in states:
        raise KnowledgeError(f'{where}: no stratum of pregnancy = "pregnant", trimester not known')
    for sex in Sex:
        usual = [s for s in strata if s.sex in (None, sex) and not s.pregnancy]
        _check_ages(usual, where, f"sex {sex}")
    for state in states:
        _check_ages([s for s in strata if s.pregnancy == state], where, f"pregnancy {state}")


def _check_ages(strata: Sequence[Stratum], where: str, whose: str) -> None:
    ordered = sorted((stratum.ages for stratum in strata), key=lambda ages: _in_days(ages.low))
    expected: AgeEnd | None = _START
    for ages in ordered:
        if expected is None or ages.low != expected:
            raise KnowledgeError(
                f"{where}: strata of {whose} do not meet at {describe_end(ages.low)}"
            )
        expected = ages.high
    if expected is not None or not ordered:
        raise KnowledgeError(f"{where}: no stratum of {whose} for the oldest")


def describe_end(end: AgeEnd) -> str:
    """Say an end of an age span in words: "7 months", "16 years"."""
    unit, count = end
    if unit == "months" and count % _MONTHS_PER_YEAR == 0 and count > 0:
        return count_text(count // _MONTHS_PER_YEAR, "year")
    return count_text(count, unit.removesuffix("s"))


def describe_span(ages: AgeSpan) -> str:
    """Say an age span in words: "7 months to under 3 years", "from 16 years", "all ages"."""
    if ages.high is None:
        return "all ages" if ages.low == _START else f"from {describe_end(ages.low)}"
    if ages.low == _START:
        return f"under {describe_end(ages.high)}"
    return f"{describe_end(ages.low)} to under {describe_end(ages.high)}"
