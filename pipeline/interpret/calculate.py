"""Results that are the quotient or the product of two others of the same accession."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.ingest.cells.units import round_off
from pipeline.knowledge.model import Derived, Knowledge
from schemas import DataFrame, Held, Reportable
from schemas.vocabulary import Comparator

SPECIMEN = ["patient_id", "accession"]
_IMPOSSIBLE = "value-impossible"
_INVERSE = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "": ""}


def specimens_of(rows: pd.DataFrame, analyte: str) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(rows.loc[rows["analyte"].eq(analyte), SPECIMEN])


def joint_comparator(one: "pd.Series[str]", two: "pd.Series[str]") -> "pd.Series[str]":
    """Give the sign of a product of two non-negative numbers; "?" for opposite signs."""
    joint = one.where(two.eq(""), two.where(one.eq(""), "?"))
    for upper_or_lower in ("<", ">"):
        same = one.str.startswith(upper_or_lower) & two.str.startswith(upper_or_lower)
        strict = one.eq(upper_or_lower) | two.eq(upper_or_lower)
        joint = joint.where(~same, upper_or_lower + "=")
        joint = joint.where(~(same & strict), upper_or_lower)
    return joint


def list_uncalculated(
    held: DataFrame[Held], results: DataFrame[Reportable], derived: Derived, knowledge: Knowledge
) -> Iterator[pd.DataFrame]:
    """List what could not be calculated as held: an operand is held, or the result impossible.

    Only where the analyte itself was neither reported nor held.
    """
    first, second = derived.operands
    known = specimens_of(results, derived.analyte).append(specimens_of(held, derived.analyte))
    for missing, other in ((first, second), (second, first)):
        without = held[held["analyte"].eq(missing)]
        of = pd.MultiIndex.from_frame(without[SPECIMEN])
        there = of.isin(specimens_of(results, other))
        if missing == first:
            there |= of.isin(specimens_of(held, other))
        yield without[there & ~of.isin(known)].assign(analyte=derived.analyte)
    pairs = _pair(results, held, derived)
    most = (knowledge.analytes[derived.analyte].possible or (-np.inf, np.inf))[1]
    too_high = knowledge.analytes[derived.analyte].too_high or _IMPOSSIBLE
    is_high = _NUMBERS[derived.shape](pairs, derived) > most
    code = np.where(is_high, too_high, _IMPOSSIBLE)
    yield pairs.assign(analyte=derived.analyte, code=code)[list(held.columns)]


def _divide(pairs: pd.DataFrame, derived: Derived) -> npt.NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient = pairs["value_first"].to_numpy("float64") / pairs["value"].to_numpy("float64")
        return np.asarray(quotient * derived.factor, dtype=np.float64)


def _multiply(pairs: pd.DataFrame, derived: Derived) -> npt.NDArray[np.float64]:
    product = (pairs["value_first"] * pairs["value"]).to_numpy("float64")
    return np.asarray(product * derived.factor, dtype=np.float64)


_NUMBERS = {"quotient": _divide, "product": _multiply}


def _quotient(
    results: DataFrame[Reportable], held: DataFrame[Held], derived: Derived, knowledge: Knowledge
) -> pd.DataFrame:
    pairs = _pair(results, held, derived)
    number = _divide(pairs, derived)
    signs = joint_comparator(pairs["comparator_first"], pairs["comparator"].replace(_INVERSE))
    return _make(results, pairs, number, signs, derived, knowledge)


def _product(
    results: DataFrame[Reportable], held: DataFrame[Held], derived: Derived, knowledge: Knowledge
) -> pd.DataFrame:
    pairs = _pair(results, held, derived)
    number = _multiply(pairs, derived)
    signs = joint_comparator(pairs["comparator_first"], pairs["comparator"])
    return _make(results, pairs, number, signs, derived, knowledge)


CALCULATED = {"quotient": _quotient, "product": _product}


def _pair(results: DataFrame[Reportable], held: DataFrame[Held], derived: Derived) -> pd.DataFrame:
    """Put the operands side by side where the analyte itself was neither reported nor held."""
    first_id, second_id = derived.operands
    first, second = (results[results["analyte"].eq(name)] for name in (first_id, second_id))
    pairs = second.merge(
        first[[*SPECIMEN, "comparator", "value"]], on=SPECIMEN, suffixes=("", "_first")
    )
    of = pd.MultiIndex.from_frame(pairs[SPECIMEN])
    known = specimens_of(results, derived.analyte).append(specimens_of(held, derived.analyte))
    return pairs[~of.isin(known)]


def _make(
    results: DataFrame[Reportable],
    pairs: pd.DataFrame,
    number: npt.NDArray[np.float64],
    signs: "pd.Series[str]",
    derived: Derived,
    knowledge: Knowledge,
) -> pd.DataFrame:
    """Make results in the canonical unit; what cannot be a human result is left out."""
    analyte = knowledge.analytes[derived.analyte]
    # Opposite signs bound nothing: at least none, which cannot decide anything.
    unbounded = signs.eq("?")
    value = np.where(unbounded, 0.0, round_off(number))
    if derived.decimals is not None:
        value = np.round(value, derived.decimals)
    low, high = analyte.possible or (-np.inf, np.inf)
    is_exact = signs.eq("")
    is_sound = np.isfinite(value) & (~is_exact | ((value >= low) & (value <= high)))
    column = pd.Series(value, index=pairs.index, dtype="Float64")
    made = pairs.assign(
        analyte=derived.analyte,
        derived=derived.id,
        comparator=signs.where(~unbounded, str(Comparator.AT_LEAST)),
        original_text="",
        original_value=column,
        original_unit=analyte.unit,
        value=column,
        unit=analyte.unit,
        reference_low=pd.array([pd.NA] * len(pairs), dtype="Float64"),
        reference_high=pd.array([pd.NA] * len(pairs), dtype="Float64"),
        flag="",
        comment="",
    )
    return made.loc[is_sound, list(results.columns)]
