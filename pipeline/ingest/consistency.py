"""Do the results of a specimen fit together, and does each fit its own flag?"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from pipeline.issues import all_issues, issues_at, set_aside
from pipeline.knowledge.model import Knowledge, Relation
from schemas import DataFrame, Issues

_SPECIMEN = ["patient_id", "accession"]
_HIGH, _LOW = ("H", "HH", "H*", "↑"), ("L", "LL", "L*", "↓")
_NOISE = 1e-9


def check_consistency(
    table: pd.DataFrame, found: DataFrame[Issues], knowledge: Knowledge
) -> DataFrame[Issues]:
    """Note results that contradict others of their specimen, or their own flag.

    Args:
        table: The columns of `Results`, then `ignored`.
        found: Issues so far; what they set aside is compared with nothing.
        knowledge: What follows from what, and what is possible.

    Returns:
        Notes `index-mismatch`, at the result that should follow from others or, where it was not
        reported, at the first of these; and `flag-contradicts`. Bounds, and analytes that a
        specimen has more than once, are left out.
    """
    left = table[~table["ignored"] & ~table["result_id"].isin(set_aside(found))]
    single = left[
        left["value"].notna()
        & left["comparator"].eq("")
        & left["accession"].ne("")
        & ~left.duplicated([*_SPECIMEN, "analyte"], keep=False)
    ]
    return all_issues(
        *_mismatches(single, knowledge),
        issues_at(left[_contradicts_flag(left)], "flag-contradicts"),
    )


def _mismatches(single: pd.DataFrame, knowledge: Knowledge) -> Iterator[DataFrame[Issues]]:
    needed = {name for each in knowledge.relations for name in (each.analyte, *each.operands)}
    concerned = single[single["analyte"].isin(needed)]
    if concerned.empty:
        return
    floats = concerned.assign(value=concerned["value"].astype("float64"))
    values, places = (
        floats.pivot(index=_SPECIMEN, columns="analyte", values=name).reindex(
            columns=pd.Index(sorted(needed))
        )
        for name in ("value", "result_id")
    )
    for each in knowledge.relations:
        implied = _imply(values, each)
        stated = values[each.analyte]
        room = np.maximum(each.tolerance, each.share * stated)
        apart = (implied - stated).abs() > room * (1 + _NOISE)
        low, high = knowledge.analytes[each.analyte].possible or (-np.inf, np.inf)
        impossible = stated.isna() & implied.notna() & ~implied.between(low, high)
        noted = [
            *places.loc[apart, each.analyte].dropna(),
            *places.loc[impossible, each.operands[0]].dropna(),
        ]
        rows = concerned[concerned["result_id"].isin(noted)]
        yield issues_at(rows, "index-mismatch", detail=each.title)


def _imply(values: pd.DataFrame, relation: Relation) -> "pd.Series[float]":
    """Calculate what a relation says of its analyte, in the canonical unit."""
    first, second = (values[name] for name in relation.operands)
    if relation.shape == "product":
        return first * second * relation.factor
    return first / second.where(second > 0) * relation.factor


def _contradicts_flag(rows: pd.DataFrame) -> "pd.Series[bool]":
    """Which numbers lie on the other side of their interval than their flag says."""
    number, sign = rows["original_value"], rows["comparator"]
    below = (number < rows["reference_low"]) & sign.isin(["", "<", "<="])
    above = (number > rows["reference_high"]) & sign.isin(["", ">", ">="])
    flag = rows["flag"].str.strip()
    wrong = (flag.isin(_HIGH) & below) | (flag.isin(_LOW) & above)
    return wrong.fillna(False).astype(bool)
