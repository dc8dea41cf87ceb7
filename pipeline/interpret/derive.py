"""Analytes that follow from others of the same accession: calculated, or bounded."""

from typing import cast

import numpy as np
import pandas as pd

from pipeline.ingest.cells.units import round_off
from pipeline.interpret.calculate import (
    CALCULATED,
    SPECIMEN,
    joint_comparator,
    list_uncalculated,
    specimens_of,
)
from pipeline.knowledge.model import Derived, Knowledge
from pipeline.reconcile.corrected_counts import name_corrected
from schemas import DataFrame, Held, Reportable
from schemas.vocabulary import Comparator


def derive_results(
    results: DataFrame[Reportable], held: DataFrame[Held], knowledge: Knowledge
) -> DataFrame[Reportable]:
    """Add what can be calculated or bounded, marked with the id of the calculation.

    A calculation is made only where the analyte itself was not reported, usable or held. Its
    result carries the unit of its first operand and the place of its last one. A bound is added
    wherever its operand was reported; it speaks only where it decides (see `rules`).
    """
    made = [
        Reportable.require_columns(_SHAPES[derived.shape](results, held, derived, knowledge))
        for derived in knowledge.derived
    ]
    together = pd.concat([results, *made], ignore_index=True)
    # What was reported has been validated before; what was made of it is new.
    Reportable.validate(together[len(results) :])
    return together.assign(result_id=_numbers(together))


def derive_held(
    held: DataFrame[Held], results: DataFrame[Reportable], knowledge: Knowledge
) -> DataFrame[Held]:
    """Add the analytes that would have been calculated, had an operand not been held.

    For the interpretation only: the rows added stand beside those that they follow from.
    """
    held = Held.require_columns(name_corrected(held, knowledge))
    made: list[pd.DataFrame] = [pd.DataFrame(held)]
    for derived in knowledge.derived:
        if derived.shape in CALCULATED:
            made += list_uncalculated(held, results, derived, knowledge)
        if derived.shape != "percent_of":
            continue
        whole, percent = derived.operands
        for missing, other in ((percent, whole), (whole, percent)):
            without = held[held["analyte"].eq(missing)]
            of = pd.MultiIndex.from_frame(without[SPECIMEN])
            there = of.isin(specimens_of(results, other))
            if missing == percent:
                there |= of.isin(specimens_of(held, other))
            made.append(without[there].assign(analyte=derived.analyte))
    together: pd.DataFrame = pd.concat(made, ignore_index=True)
    # Rows of tables that were validated.
    return cast(DataFrame[Held], together)


def _numbers(together: pd.DataFrame) -> "pd.Series[int]":
    """Keep the ids of reported results, and give the others ids of their own."""
    reported = together["derived"].eq("")
    own = together["result_id"].max() + (~reported).cumsum()
    return together["result_id"].where(reported, own).astype("int64")


def _percent_of(
    results: DataFrame[Reportable], held: DataFrame[Held], derived: Derived, knowledge: Knowledge
) -> pd.DataFrame:
    whole_id, percent_id = derived.operands
    whole = results[results["analyte"].eq(whole_id)]
    percent = results[results["analyte"].eq(percent_id)]
    pairs = percent.merge(
        whole[[*SPECIMEN, "comparator", "original_value", "original_unit", "value", "unit"]],
        on=SPECIMEN,
        suffixes=("", "_whole"),
    )
    of = pd.MultiIndex.from_frame(pairs[SPECIMEN])
    reported = of.isin(specimens_of(results, derived.analyte))
    pairs = pairs[~reported & ~of.isin(specimens_of(held, derived.analyte))]
    joint = joint_comparator(pairs["comparator"], pairs["comparator_whole"])
    # Opposite signs bound nothing: at least none, which cannot decide anything.
    unbounded = joint.eq("?")
    comparator = joint.where(~unbounded, str(Comparator.AT_LEAST))
    share = (pairs["value"] / 100).where(~unbounded, 0)
    made = pairs.assign(
        analyte=derived.analyte,
        derived=derived.id,
        comparator=comparator,
        original_text="",
        original_value=_product(pairs["original_value_whole"], share),
        original_unit=pairs["original_unit_whole"],
        value=_product(pairs["value_whole"], share),
        unit=pairs["unit_whole"],
        reference_low=pd.array([pd.NA] * len(pairs), dtype="Float64"),
        reference_high=pd.array([pd.NA] * len(pairs), dtype="Float64"),
        flag="",
        comment="",
    )
    return made[list(results.columns)]


def _at_most(
    results: DataFrame[Reportable], held: DataFrame[Held], derived: Derived, knowledge: Knowledge
) -> pd.DataFrame:
    (operand,) = derived.operands
    whole = results[results["analyte"].eq(operand)]
    bounded_above = whole["comparator"].isin(
        [Comparator.EXACT, Comparator.LESS, Comparator.AT_MOST]
    )
    whole = whole[bounded_above]
    return whole.assign(
        analyte=derived.analyte,
        derived=derived.id,
        comparator=whole["comparator"].replace("", str(Comparator.AT_MOST)),
        reference_low=pd.array([pd.NA] * len(whole), dtype="Float64"),
        reference_high=pd.array([pd.NA] * len(whole), dtype="Float64"),
        flag="",
        comment="",
    )


def _product(whole: "pd.Series[float]", share: "pd.Series[float]") -> "pd.Series[float]":
    product = np.asarray((whole * share).to_numpy("float64"), dtype=np.float64)
    return pd.Series(round_off(product), index=whole.index, dtype="Float64")


_SHAPES = {"percent_of": _percent_of, "at_most": _at_most, **CALCULATED}
