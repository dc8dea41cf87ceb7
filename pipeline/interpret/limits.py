"""Which limit applies to a result, and on which side of it the result stands."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import isclose, log10

import numpy as np

from pipeline.interpret.amounts import PREGNANCY, Amounts, Mask, Numbers
from pipeline.knowledge.conditions import Direction
from pipeline.knowledge.model import (
    Adjustment,
    Analyte,
    Knowledge,
    Limit,
    PregnancyState,
    Stratum,
)
from schemas.vocabulary import Comparator, Reason, Sex

_DECIMALS = 9
"""Further ones of a sum are noise of the calculation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What a comparison says of each result, in three values: `yes`, `no`, or neither."""

    yes: Mask
    no: Mask
    limit: Numbers
    """The number compared, in the unit reported; of several possible ones the least favorable."""
    reasons: Mapping[Reason, Mask]
    """Why neither."""
    comments: Mapping[str, Mask]
    remarks: Mapping[str, Mask]
    """What is said also where the answer is neither."""


def compare_results(
    amounts: Amounts, direction: Direction, limit: Limit, knowledge: Knowledge
) -> Verdicts:
    """Say for each result of the limit's analyte whether it stands in that direction of the limit.

    The comparison is made in the unit that the laboratory reported. A censored result is an
    interval. Where age or sex leave several strata possible, the answer is given only if it is
    the same in all of them. A limit that is the laboratory's own goes by what was printed, and by
    its strata only where nothing was.
    """
    said = _compare_by_strata(amounts, direction, limit, knowledge)
    if limit.from_interval:
        return _compare_with_interval(amounts, direction, limit, said)
    if limit.interval_tolerance is None:
        return said
    own = amounts.reference_low
    apart = (own > 0) & (np.round(np.abs(own / said.limit - 1), 12) > limit.interval_tolerance)
    return replace(said, comments={**said.comments, limit.interval_comment: apart})


def _compare_with_interval(
    amounts: Amounts, direction: Direction, limit: Limit, by_strata: Verdicts
) -> Verdicts:
    own = amounts.reference_low if limit.from_interval == "low" else amounts.reference_high
    printed = ~np.isnan(own) & ~(amounts.reference_low > amounts.reference_high)
    yes, no = _stands(amounts, direction, own)
    reasons = {reason: where & ~printed for reason, where in by_strata.reasons.items()}
    reasons[Reason.CENSORED] = reasons[Reason.CENSORED] | (printed & ~yes & ~no)
    remarks = dict(by_strata.remarks)
    if not limit.strata:
        reasons[Reason.MISSING_INPUT] = ~printed
        if limit.no_interval_comment:
            remarks[limit.no_interval_comment] = ~printed
    return Verdicts(
        yes=np.where(printed, yes, by_strata.yes),
        no=np.where(printed, no, by_strata.no),
        limit=np.where(printed, own, by_strata.limit),
        reasons=reasons,
        comments={code: where & ~printed for code, where in by_strata.comments.items()},
        remarks=remarks,
    )


def _compare_by_strata(
    amounts: Amounts, direction: Direction, limit: Limit, knowledge: Knowledge
) -> Verdicts:
    analyte = knowledge.analytes[limit.analyte]
    possible = amounts.sexes
    raised, comments_of_raised = _raise(limit, analyte, amounts, knowledge.adjustments)
    by_sex = {sex: _compare_for_sex(amounts, direction, limit, analyte, sex, raised) for sex in Sex}
    yes = np.logical_and.reduce([by_sex[sex].yes | ~possible[sex] for sex in Sex])
    no = np.logical_and.reduce([by_sex[sex].no | ~possible[sex] for sex in Sex])
    if not limit.strata:
        yes, no = np.zeros(len(yes), bool), np.zeros(len(no), bool)
    open_ = ~yes & ~no
    either = possible[Sex.FEMALE] & possible[Sex.MALE]
    female, male = by_sex[Sex.FEMALE], by_sex[Sex.MALE]
    reasons: dict[Reason, Mask] = {
        reason: open_
        & np.logical_or.reduce([by_sex[sex].reasons[reason] & possible[sex] for sex in Sex])
        for reason in female.reasons
    }
    sexes_differ = (female.yes != male.yes) | (female.no != male.no)
    reasons[Reason.SEX_UNKNOWN] = open_ & either & sexes_differ
    comments = _comments_of(limit, by_sex, possible, yes | no)
    for code, where in (*amounts.assumed.items(), *comments_of_raised.items()):
        comments[code] = comments.get(code, np.zeros(len(yes), bool)) | where
    return Verdicts(
        yes=yes,
        no=no,
        limit=_limit_shown(by_sex, possible, direction, yes, no),
        reasons=reasons,
        comments=comments,
        remarks={},
    )


def list_strata(amounts: Amounts, limit: Limit, knowledge: Knowledge) -> tuple[Mask, ...]:
    """Say of each stratum of a limit to which results it could apply."""
    analyte = knowledge.analytes[limit.analyte]
    raised, _ = _raise(limit, analyte, amounts, knowledge.adjustments)
    by_sex = {sex: _compare_for_sex(amounts, "below", limit, analyte, sex, raised) for sex in Sex}
    nowhere = np.zeros(len(amounts.value), bool)
    return tuple(
        np.logical_or.reduce(
            [by_sex[sex].here.get(number, nowhere) & amounts.sexes[sex] for sex in Sex]
        )
        for number in range(len(limit.strata))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _ForSex:
    """The comparison as it would be if everyone had this sex."""

    yes: Mask
    no: Mask
    reasons: Mapping[Reason, Mask]
    lowest: Numbers
    highest: Numbers
    here: Mapping[int, Mask]
    """Where the stratum of that number could apply."""


def _compare_for_sex(
    amounts: Amounts,
    direction: Direction,
    limit: Limit,
    analyte: Analyte,
    sex: Sex,
    raised: Numbers,
) -> _ForSex:
    count = len(amounts.value)
    all_yes, all_no = np.ones(count, bool), np.ones(count, bool)
    any_decided, any_no_limit, any_censored = (np.zeros(count, bool) for _ in range(3))
    how_many = np.zeros(count, int)
    lowest, highest = np.full(count, np.inf), np.full(count, -np.inf)
    possible: dict[int, Mask] = {}
    states = _states_of_pregnancy(limit, amounts, sex)
    for number, stratum in enumerate(limit.strata):
        if stratum.sex not in (None, sex) or stratum.pregnancy not in states:
            continue
        here = _could_be_in(stratum, amounts, states[stratum.pregnancy])
        numbers = _limits_in_reported_units(stratum.values or stratum.floor, analyte, amounts)
        if stratum.values:
            numbers = np.where(raised, np.round(numbers + raised, _DECIMALS), numbers)
        yes, no = _stands(amounts, direction, numbers)
        if stratum.no_limit:
            yes, no = _stands_by_floor(direction, yes, no)
            any_no_limit |= here & ~yes & ~no
        else:
            any_censored |= here & ~yes & ~no
        any_decided |= here & (yes | no)
        all_yes &= yes | ~here
        all_no &= no | ~here
        how_many += here
        compared = here & (yes | no) if stratum.no_limit else here
        lowest = np.where(compared, np.fmin(lowest, numbers), lowest)
        highest = np.where(compared, np.fmax(highest, numbers), highest)
        possible[number] = here
    open_ = ~all_yes & ~all_no
    by_age = open_ & (how_many > 1) & any_decided
    return _ForSex(
        yes=all_yes,
        no=all_no,
        reasons={
            Reason.CENSORED: open_ & ~by_age & any_censored,
            Reason.NO_LIMIT_FOR_AGE: open_ & ~by_age & any_no_limit,
            Reason.AGE_UNKNOWN: by_age,
        },
        lowest=lowest,
        highest=highest,
        here=possible,
    )


def _could_be_in(stratum: Stratum, amounts: Amounts, pregnant: Mask) -> Mask:
    low_unit, low = stratum.ages.low
    here = (amounts.age_high[low_unit] >= low) & pregnant
    if stratum.ages.high is not None:
        high_unit, high = stratum.ages.high
        here = here & (amounts.age_low[high_unit] < high)
    return here


def _states_of_pregnancy(limit: Limit, amounts: Amounts, sex: Sex) -> dict[PregnancyState, Mask]:
    """Say for which results the strata of each state of pregnancy are the ones that apply.

    A trimester without strata of its own goes by those of any pregnancy, and a state without
    any by those of everyone.
    """
    count = len(amounts.value)
    there = {stratum.pregnancy for stratum in limit.strata if stratum.pregnancy}
    if not there or sex == Sex.MALE:
        return {"": np.ones(count, bool)}
    chosen: list[PregnancyState] = []
    for state in PREGNANCY:
        is_trimester = state.startswith("T") and "pregnant" in there
        chosen.append(state if state in there else "pregnant" if is_trimester else "")
    codes = np.array([PREGNANCY.index(state) for state in chosen])[amounts.pregnancy]
    return {state: codes == PREGNANCY.index(state) for state in dict.fromkeys(chosen)}


def _raise(
    limit: Limit, analyte: Analyte, amounts: Amounts, adjustments: Iterable[Adjustment]
) -> tuple[Numbers, dict[str, Mask]]:
    """Say by how much the limit is raised for each result, in the unit reported."""
    total = np.zeros(len(amounts.value))
    comments: dict[str, Mask] = {}
    for adjustment in adjustments:
        if limit.id in adjustment.limits and adjustment.id in amounts.raised:
            by = amounts.raised[adjustment.id]
            total = total + by * _limits_in_reported_units({adjustment.unit: 1}, analyte, amounts)
            comments |= dict.fromkeys(adjustment.comment, by != 0)
    return total, comments


def _limits_in_reported_units(
    values: Mapping[str, float], analyte: Analyte, amounts: Amounts
) -> Numbers:
    if not values or not amounts.units:
        return np.full(len(amounts.value), np.nan)
    numbers = np.array(
        [
            limit_in_unit(values, unit, analyte) if unit in analyte.units else np.nan
            for unit in amounts.units
        ]
    )
    return numbers[amounts.unit_codes]


def limit_in_unit(values: Mapping[str, float], unit: str, analyte: Analyte) -> float:
    """Express a limit in a unit of its analyte: as published if it was, else converted.

    Published pairs are rounded (180 ng/L is not exactly 133 pmol/L), so a published number is
    never recomputed; among several the one that differs by a power of ten only is taken.
    """
    if unit in values:
        return values[unit]

    def is_other_kind(published: str) -> bool:
        power = log10(analyte.units[published] / analyte.units[unit])
        return not isclose(power, round(power), abs_tol=1e-9)

    published = min(values, key=is_other_kind)
    return float(f"{values[published] * analyte.units[published] / analyte.units[unit]:.12g}")


def _stands(amounts: Amounts, direction: Direction, limit: Numbers) -> tuple[Mask, Mask]:
    """Certainly so, certainly not; neither for a censored result that could be either."""
    if direction == "at_or_above":
        no, yes = _stands(amounts, "below", limit)
        return yes, no
    if direction == "at_or_below":
        no, yes = _stands(amounts, "above", limit)
        return yes, no
    value, is_ = amounts.value, amounts.is_
    exact, less, at_most = (is_[Comparator.EXACT], is_[Comparator.LESS], is_[Comparator.AT_MOST])
    greater, at_least = is_[Comparator.GREATER], is_[Comparator.AT_LEAST]
    if direction == "below":
        yes = ((exact | at_most) & (value < limit)) | (less & (value <= limit))
        no = (exact | greater | at_least) & (value >= limit)
    else:
        yes = ((exact | at_least) & (value > limit)) | (greater & (value >= limit))
        no = (exact | less | at_most) & (value <= limit)
    return yes, no


def _stands_by_floor(direction: Direction, yes: Mask, no: Mask) -> tuple[Mask, Mask]:
    """Below the floor is below every published limit; above it nothing is known."""
    nowhere = np.zeros(len(yes), bool)
    if direction == "below":
        return yes, nowhere
    if direction == "at_or_above":
        return nowhere, no
    return nowhere, nowhere


def _limit_shown(
    by_sex: Mapping[Sex, _ForSex],
    possible: Mapping[Sex, Mask],
    direction: Direction,
    yes: Mask,
    no: Mask,
) -> Numbers:
    lowest = np.minimum.reduce([np.where(possible[sex], by_sex[sex].lowest, np.inf) for sex in Sex])
    highest = np.maximum.reduce(
        [np.where(possible[sex], by_sex[sex].highest, -np.inf) for sex in Sex]
    )
    hardest, easiest = (
        (lowest, highest) if direction in ("below", "at_or_below") else (highest, lowest)
    )
    shown = np.select([yes, no, lowest == highest], [hardest, easiest, lowest], np.nan)
    return np.where(np.isfinite(shown), shown, np.nan)


def _comments_of(
    limit: Limit, by_sex: Mapping[Sex, _ForSex], possible: Mapping[Sex, Mask], decided: Mask
) -> dict[str, Mask]:
    """Give the comments that every stratum that could apply carries."""
    codes = dict.fromkeys(code for stratum in limit.strata for code in stratum.comment)
    comments: dict[str, Mask] = {}
    for code in codes:
        where = decided.copy()
        for sex in Sex:
            for number, here in by_sex[sex].here.items():
                if code not in limit.strata[number].comment:
                    where &= ~(here & possible[sex])
        comments[code] = where
    return comments
