"""Numbers of results as they are shown: in another unit, beside an interval, their decimals."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.knowledge.model import Knowledge
from pipeline.report.wording import count_decimals
from schemas.vocabulary import Comparator

BELOW, ABOVE, WITHIN, OPEN = "L", "H", "within", "cannot tell"

Mask = npt.NDArray[np.bool_]


def convert_results(
    results: pd.DataFrame, knowledge: Knowledge, units: Mapping[str, str]
) -> pd.DataFrame:
    """Add `converted` and `converted_unit`: each number in the unit that is to be shown."""
    pairs = results[["analyte", "unit"]].drop_duplicates()
    wanted = {
        (analyte, unit): units.get(analyte, unit)
        for analyte, unit in zip(pairs["analyte"], pairs["unit"], strict=True)
    }
    keys = pd.MultiIndex.from_frame(results[["analyte", "unit"]])
    codes, distinct_keys = pd.factorize(keys)
    shown = np.array([wanted[key] for key in distinct_keys] + [""], dtype=object)[codes]
    factors = [
        knowledge.analytes[analyte].units[unit]
        / knowledge.analytes[analyte].units[wanted[analyte, unit]]
        for analyte, unit in distinct_keys
    ]
    factor = np.array([*factors, np.nan])[codes]
    # As reported where the unit is the same: converting there and back adds noise.
    is_as_reported = results["original_unit"].to_numpy() == shown
    number = results["value"].to_numpy(float, na_value=np.nan) * factor
    number = np.where(
        is_as_reported, results["original_value"].to_numpy(float, na_value=np.nan), number
    )
    units_of = {name: analyte.units for name, analyte in knowledge.analytes.items()}
    reported = pd.MultiIndex.from_arrays([results["analyte"], results["original_unit"], shown])
    which, triples = pd.factorize(reported)
    factors = [units_of[analyte][one] / units_of[analyte][other] for analyte, one, other in triples]
    return results.assign(
        factor=np.array([*factors, np.nan])[which],
        converted=pd.array(number, dtype="Float64"),
        converted_unit=pd.Series(shown, index=results.index, dtype="str"),
    )


def flag_against_interval(results: pd.DataFrame) -> "pd.Series[str]":
    """Compare every result with the interval that its laboratory printed.

    Gives L, H, "within", or "cannot tell" where a bound such as <5 straddles an end of the
    interval; "" without an interval, or with one whose ends are in the wrong order.
    """
    sign = results["comparator"]
    value = results["original_value"].to_numpy(float, na_value=np.nan)
    low = results["reference_low"].to_numpy(float, na_value=np.nan)
    high = results["reference_high"].to_numpy(float, na_value=np.nan)
    is_upper = sign.isin([Comparator.LESS, Comparator.AT_MOST]).to_numpy()
    is_lower = sign.isin([Comparator.GREATER, Comparator.AT_LEAST]).to_numpy()
    # What is only bounded from above is still not less than nothing.
    least = np.where(is_upper, np.minimum(value, 0.0), value)
    most = np.where(is_lower, np.inf, value)
    excludes_most = (sign == Comparator.LESS).to_numpy()
    excludes_least = (sign == Comparator.GREATER).to_numpy()
    below: Mask = (most < low) | ((most == low) & excludes_most)
    above: Mask = (least > high) | ((least == high) & excludes_least)
    inside = (np.isnan(low) | (least >= low)) & (np.isnan(high) | (most <= high))
    missing = np.isnan(low) & np.isnan(high)
    flags = np.select(
        [missing | (low > high), below, above, inside], ["", BELOW, ABOVE, WITHIN], OPEN
    )
    return pd.Series(flags, index=results.index, dtype="str")


def show_decimals(
    results: pd.DataFrame, value: str, unit: str, knowledge: Knowledge
) -> "pd.Series[int]":
    """Usual decimals of analyte and unit, but never fewer than the number itself has."""
    codes, distinct = pd.factorize(results[value])
    needed = np.array([count_decimals(float(number)) for number in distinct] + [0])[codes]
    return usual_decimals(results["analyte"], results[unit], knowledge).clip(lower=needed)


def usual_decimals(
    analyte: "pd.Series[str]", unit: "pd.Series[str]", knowledge: Knowledge
) -> "pd.Series[int]":
    """Give the decimals that are usual for each analyte in its unit."""
    codes, pairs = pd.factorize(pd.MultiIndex.from_arrays([analyte, unit]))
    usual = [knowledge.analytes[one].decimals.get(other, 0) for one, other in pairs]
    return pd.Series(np.array([*usual, 0])[codes], index=analyte.index)
