"""Which strata of a limit could apply to each result: by sex, age and pregnancy."""

from collections.abc import Iterator

import numpy as np

from pipeline.interpret.result_arrays import PREGNANCY, Mask, ResultArrays
from pipeline.knowledge.model import Limit, PregnancyState, Stratum
from schemas.vocabulary import Sex


def list_strata(amounts: ResultArrays, limit: Limit) -> tuple[Mask, ...]:
    """Say of each stratum of a limit to which results it could apply."""
    found = [np.zeros(len(amounts.value), bool) for _ in limit.strata]
    for sex in Sex:
        for number, _, here in strata_for(limit, amounts, sex):
            found[number] |= here & amounts.sexes[sex]
    return tuple(found)


def strata_for(
    limit: Limit, amounts: ResultArrays, sex: Sex
) -> Iterator[tuple[int, Stratum, Mask]]:
    """Give the strata of one sex with their numbers, and where each could apply."""
    states = _states_of_pregnancy(limit, amounts, sex)
    for number, stratum in enumerate(limit.strata):
        if stratum.sex in (None, sex) and stratum.pregnancy in states:
            yield number, stratum, _could_be_in(stratum, amounts, states[stratum.pregnancy])


def _could_be_in(stratum: Stratum, amounts: ResultArrays, pregnant: Mask) -> Mask:
    low_unit, low = stratum.ages.low
    here = (amounts.age_high[low_unit] >= low) & pregnant
    if stratum.ages.high is not None:
        high_unit, high = stratum.ages.high
        here = here & (amounts.age_low[high_unit] < high)
    return here


def _states_of_pregnancy(
    limit: Limit, amounts: ResultArrays, sex: Sex
) -> dict[PregnancyState, Mask]:
    """Say for which results the strata of each state of pregnancy are the ones that apply.

    A trimester without strata of its own goes by those of any pregnancy, and a state without
    any by those of everyone.
    """
    there = {stratum.pregnancy for stratum in limit.strata}
    if sex == Sex.MALE:
        return {"": np.ones(len(amounts.value), bool)}
    chosen: list[PregnancyState] = []
    for state in PREGNANCY:
        is_trimester = state.startswith("T") and "pregnant" in there
        chosen.append(state if state in there else "pregnant" if is_trimester else "")
    codes = np.array([PREGNANCY.index(state) for state in chosen])[amounts.pregnancy]
    return {state: codes == PREGNANCY.index(state) for state in dict.fromkeys(chosen)}
