"""Results as arrays: what a comparison asks of each of them, taken out of the table once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.knowledge.model import Population, PregnancyState
from schemas import DataFrame, Reportable
from schemas.vocabulary import Comparator, Sex

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]

K = TypeVar("K")
T = TypeVar("T", bound=np.generic)

PREGNANCY: tuple[PregnancyState, ...] = get_args(PregnancyState)
_DAYS_PER_MONTH = 28  # the shortest month: that many months are at least that many days


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultArrays:
    """Results as intervals in the units reported, with age and sex as intervals, too."""

    value: Numbers
    canonical: Numbers
    is_: Mapping[Comparator, Mask]
    unit_codes: Codes
    units: tuple[str, ...]
    reference_low: Numbers
    reference_high: Numbers
    sexes: Mapping[Sex, Mask]
    """Where the patient may be of that sex."""
    age_low: Mapping[str, Numbers]
    """By unit ("days", "months"): completed at collection, the least that fits."""
    age_high: Mapping[str, Numbers]
    assumed: Mapping[str, Mask]
    """Comment → where the age is one that the site states for all its patients."""
    derived_codes: Codes
    derived: tuple[str, ...]
    pregnancy: npt.NDArray[np.int8]
    """Index into `PREGNANCY`."""
    raised: Mapping[str, Numbers]
    """Id of an adjustment → by how much its limits are raised, in its unit."""

    @property
    def is_exact(self) -> Mask:
        """Where a result is a number, and no mere bound."""
        return self.is_[Comparator.EXACT]

    def at(self, rows: npt.NDArray[np.int64]) -> "ResultArrays":
        """Give those of some rows only."""

        def each(masks: Mapping[K, npt.NDArray[T]]) -> dict[K, npt.NDArray[T]]:
            return {key: values[rows] for key, values in masks.items()}

        return ResultArrays(
            value=self.value[rows],
            canonical=self.canonical[rows],
            is_=each(self.is_),
            unit_codes=self.unit_codes[rows],
            units=self.units,
            reference_low=self.reference_low[rows],
            reference_high=self.reference_high[rows],
            sexes=each(self.sexes),
            age_low=each(self.age_low),
            age_high=each(self.age_high),
            assumed=each(self.assumed),
            derived_codes=self.derived_codes[rows],
            derived=self.derived,
            pregnancy=self.pregnancy[rows],
            raised=each(self.raised),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What is said of the patient of each result and bears on limits."""

    pregnancy: npt.NDArray[np.int8]
    raised: Mapping[str, Numbers]


def arrays_of(
    results: DataFrame[Reportable],
    populations: Mapping[str, Population],
    context: Context,
) -> ResultArrays:
    """Take the arrays out of the table; where a site states its population, ages follow it.

    Who is said to be pregnant counts as a woman where the sex is not stated.
    """
    is_pregnant = context.pregnancy > 0
    signs = results["comparator"].to_numpy(dtype=object)
    unit_codes, units = pd.factorize(results["original_unit"])
    derived_codes, derived = pd.factorize(results["derived"])
    sex = results["sex"].to_numpy(dtype=object)
    age_low, age_high, assumed = _ages_of(results, populations)
    return ResultArrays(
        value=_numbers(results["original_value"]),
        canonical=_numbers(results["value"]),
        is_={sign: signs == str(sign) for sign in Comparator},
        unit_codes=unit_codes,
        units=tuple(str(unit) for unit in units),
        reference_low=_numbers(results["reference_low"]),
        reference_high=_numbers(results["reference_high"]),
        sexes={
            Sex.FEMALE: (sex == "") | (sex == str(Sex.FEMALE)),
            Sex.MALE: ((sex == "") & ~is_pregnant) | (sex == str(Sex.MALE)),
        },
        age_low=age_low,
        age_high=age_high,
        assumed=assumed,
        derived_codes=derived_codes,
        derived=tuple(str(name) for name in derived),
        pregnancy=context.pregnancy,
        raised=context.raised,
    )


def _ages_of(
    results: DataFrame[Reportable], populations: Mapping[str, Population]
) -> tuple[dict[str, Numbers], dict[str, Numbers], dict[str, Mask]]:
    low = {unit: _numbers(results[f"age_{unit}_low"]) for unit in ("days", "months")}
    high = {
        unit: results[f"age_{unit}_high"].to_numpy("float64", na_value=np.inf)
        for unit in ("days", "months")
    }
    unknown = np.isnan(low["days"])
    comments: dict[str, Mask] = {}
    for population in populations.values():
        assumed = unknown & results["population"].eq(population.id).to_numpy()
        unit, count = population.ages.low
        in_days = count * _DAYS_PER_MONTH if unit == "months" else count
        low["days"] = np.where(assumed, in_days, low["days"])
        low["months"] = np.where(assumed, count if unit == "months" else 0, low["months"])
        for code in population.comment:
            comments[code] = assumed
    return {unit: np.nan_to_num(ends) for unit, ends in low.items()}, high, comments


def _numbers(column: "pd.Series[float]") -> Numbers:
    return np.asarray(column.to_numpy("float64"), dtype=np.float64)
