"""Limits as published, as numbers in the unit that each result was reported in."""

from collections.abc import Iterable, Mapping
from math import isclose, log10

import numpy as np

from pipeline.interpret.result_arrays import Mask, Numbers, ResultArrays
from pipeline.knowledge.model import Adjustment, Analyte, Limit


def raise_limits(
    limit: Limit, analyte: Analyte, amounts: ResultArrays, adjustments: Iterable[Adjustment]
) -> tuple[Numbers, dict[str, Mask]]:
    """Say by how much the limit is raised for each result, in the unit reported."""
    total = np.zeros(len(amounts.value))
    comments: dict[str, Mask] = {}
    for adjustment in adjustments:
        if limit.id in adjustment.limits and adjustment.id in amounts.raised:
            by = amounts.raised[adjustment.id]
            total = total + by * limits_in_reported_units({adjustment.unit: 1}, analyte, amounts)
            comments |= dict.fromkeys(adjustment.comment, by != 0)
    return total, comments


def limits_in_reported_units(
    values: Mapping[str, float], analyte: Analyte, amounts: ResultArrays
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
