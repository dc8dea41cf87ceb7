"""Which limit applies to a result, and on which side of it the result stands."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from pipeline.interpret.applicable_strata import strata_for
from pipeline.interpret.result_arrays import Mask, Numbers, ResultArrays
from pipeline.interpret.sides import Sides, find_sides, lies_beyond
from pipeline.interpret.unit_limits import limits_in_reported_units, raise_limits
from pipeline.knowledge.model import Analyte, Knowledge, Limit
from schemas.vocabulary import Direction, Reason, Sex

_DECIMALS = 9
"""Further ones of a calculation are noise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What a comparison says of each result, in three values: `yes`, `no`, or neither."""

    yes: Mask
    no: Mask
    limit: Numbers
    """The number compared, in the unit reported; of several possible ones the least favorable."""
    side: Sides
    """Of that number on which the result is found."""
    reasons: Mapping[Reason, Mask]
    """Why neither."""
    comments: Mapping[str, Mask]
    remarks: Mapping[str, Mask]
    """What is said also where the answer is neither."""


def compare_results(
    amounts: ResultArrays, direction: Direction, limit: Limit, knowledge: Knowledge
) -> Verdicts:
    """Say for each result of the limit's analyte whether it stands in that direction of the limit.

    The comparison is made in the unit that the laboratory reported. A censored result is an
    interval. Where age or sex leave several strata possible, the answer is given only if it is
    the same in all of them. A limit that is the laboratory's own goes by what was printed, and by
    its strata only where nothing was.
    """
    said = _compare_by_strata(amounts, direction, limit, knowledge)
    if limit.from_interval:
        said = _compare_with_interval(amounts, direction, limit, said)
        return replace(said, side=find_sides(amounts, said.limit))
    if limit.interval_tolerance is None:
        return said
    own = amounts.reference_low
    apart = (own > 0) & (
        np.round(np.abs(own / said.limit - 1), _DECIMALS) > limit.interval_tolerance
    )
    return replace(said, comments={**said.comments, limit.interval_comment: apart})


def _compare_with_interval(
    amounts: ResultArrays, direction: Direction, limit: Limit, by_strata: Verdicts
) -> Verdicts:
    own = amounts.reference_low if limit.from_interval == "low" else amounts.reference_high
    printed = ~np.isnan(own) & ~(amounts.reference_low > amounts.reference_high)
    yes, no = _side_of(amounts, direction, own)
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
        side=by_strata.side,
        reasons=reasons,
        comments={code: where & ~printed for code, where in by_strata.comments.items()},
        remarks=remarks,
    )


def _compare_by_strata(
    amounts: ResultArrays, direction: Direction, limit: Limit, knowledge: Knowledge
) -> Verdicts:
    analyte = knowledge.analytes[limit.analyte]
    possible = amounts.sexes
    raised, comments_of_raised = raise_limits(limit, analyte, amounts, knowledge.adjustments)
    by_sex = {sex: _compare_for_sex(amounts, direction, limit, analyte, sex, raised) for sex in Sex}
    yes = np.logical_and.reduce([by_sex[sex].yes | ~possible[sex] for sex in Sex])
    no = np.logical_and.reduce([by_sex[sex].no | ~possible[sex] for sex in Sex])
    if not limit.strata:
        yes, no = np.zeros(len(yes), bool), np.zeros(len(no), bool)
    either = possible[Sex.FEMALE] & possible[Sex.MALE]
    female, male = by_sex[Sex.FEMALE], by_sex[Sex.MALE]
    reasons: dict[Reason, Mask] = {
        reason: np.logical_or.reduce([by_sex[sex].reasons[reason] & possible[sex] for sex in Sex])
        for reason in female.reasons
    }
    sexes_differ = (female.yes != male.yes) | (female.no != male.no)
    reasons[Reason.SEX_UNKNOWN] = either & sexes_differ
    comments = _comments_of(limit, by_sex, possible, yes | no)
    for code, where in (*amounts.assumed.items(), *comments_of_raised.items()):
        comments[code] = comments.get(code, np.zeros(len(yes), bool)) | where
    shown = _limit_shown(by_sex, possible, direction, yes, no)
    return Verdicts(
        yes=yes,
        no=no,
        limit=shown,
        side=find_sides(amounts, shown),
        reasons=reasons,
        comments=comments,
        remarks={},
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
    amounts: ResultArrays,
    direction: Direction,
    limit: Limit,
    analyte: Analyte,
    sex: Sex,
    raised: Numbers,
) -> _ForSex:
    count = len(amounts.value)
    all_yes, all_no = np.ones(count, bool), np.ones(count, bool)
    any_decided, any_no_limit, any_censored = (np.zeros(count, bool) for _ in range(3))
    lowest, highest = np.full(count, np.inf), np.full(count, -np.inf)
    possible: dict[int, Mask] = {}
    for number, stratum, here in strata_for(limit, amounts, sex):
        numbers = limits_in_reported_units(stratum.values or stratum.floor, analyte, amounts)
        if stratum.values:
            numbers = np.where(raised, np.round(numbers + raised, _DECIMALS), numbers)
        yes, no = _side_of(amounts, direction, numbers)
        if stratum.no_limit:
            yes, no = _side_by_floor(direction, yes, no)
            any_no_limit |= here & ~yes & ~no
        else:
            any_censored |= here & ~yes & ~no
        any_decided |= here & (yes | no)
        all_yes &= yes | ~here
        all_no &= no | ~here
        compared = here & (yes | no) if stratum.no_limit else here
        lowest = np.where(compared, np.fmin(lowest, numbers), lowest)
        highest = np.where(compared, np.fmax(highest, numbers), highest)
        possible[number] = here
    open_ = ~all_yes & ~all_no
    # What one stratum decides and the others do not leave open, they leave to the age.
    by_age = open_ & any_decided
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


def _side_of(amounts: ResultArrays, direction: Direction, limit: Numbers) -> tuple[Mask, Mask]:
    """Certainly so, certainly not; neither for a censored result that could be either."""
    return lies_beyond(direction, find_sides(amounts, limit))


def _side_by_floor(direction: Direction, yes: Mask, no: Mask) -> tuple[Mask, Mask]:
    """Below the floor is below every published limit; above it nothing is known."""
    is_missing_everywhere = np.zeros(len(yes), bool)
    if direction in ("below", "at_or_below"):
        return yes, is_missing_everywhere
    return is_missing_everywhere, no


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
