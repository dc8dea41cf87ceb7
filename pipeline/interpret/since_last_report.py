"""What became of each finding since the last report."""

from collections.abc import Iterable
from types import MappingProxyType

import numpy as np
import pandas as pd

from pipeline.interpret.course import Moves
from pipeline.interpret.worklist_order import sort_patients
from schemas import Changes, CurrentFindings, DataFrame, Patients
from schemas.vocabulary import Change, Grade, Outcome

_KEY = ["patient_id", "rule"]
_DEPTH = {grade: depth for depth, grade in enumerate(["", *map(str, Grade)])}
# What counts first where several specimens of one day stand beside each other.
_FIRST = (Outcome.PRESENT, Outcome.INDETERMINATE, Outcome.ABSENT)
_WEIGHT = {outcome: weight for weight, outcome in enumerate(_FIRST)}
# Whose line comes first within a class of the worklist.
_TURNS = ((Change.NEW, Change.WORSE), (Change.CORRECTED,))
_TURN = {change: turn for turn, changes in enumerate(_TURNS) for change in changes}


def compare_current(
    before: DataFrame[CurrentFindings] | None,
    now: DataFrame[CurrentFindings],
    moves: Moves = MappingProxyType({}),
) -> DataFrame[Changes]:
    """Compare what stands now with what the last report said; None: there was none.

    One row for each patient and rule that is present on either side, ordered by patient and
    rule. A finding of the same specimen that reads differently, or is gone, was corrected; one
    of a later specimen is worse, better or continuing as `moves` say, and where they say nothing
    of it by its grade, or it is resolved.
    """
    earlier = summarize_current(CurrentFindings.no_rows() if before is None else before)
    pairs = summarize_current(now).merge(earlier, on=_KEY, how="outer", suffixes=("", "_was"))
    is_now, was = pairs["outcome"].eq(Outcome.PRESENT), pairs["outcome_was"].eq(Outcome.PRESENT)
    same_specimen = pairs["accession"].eq(pairs["accession_was"])
    reads_differently = pairs["values"].ne(pairs["values_was"])
    depth, depth_was = pairs["grade"].map(_DEPTH), pairs["grade_was"].map(_DEPTH)
    # From a stratum without grades to one that has them, or back, nothing moved.
    graded = (depth > 0) & (depth_was > 0)
    # A specimen is never compared with itself.
    moved = [
        moves.get((patient, rule, accession)) if compared else None
        for patient, rule, accession, compared in zip(
            *(pairs[name] for name in (*_KEY, "accession")),
            is_now & was & ~same_specimen,
            strict=True,
        )
    ]
    by_value = pd.Series([each.change if each else "" for each in moved], pairs.index, dtype="str")
    taken_back = pairs["outcome"].isna()
    change = np.select(
        [
            is_now & ~was,
            is_now & same_specimen & reads_differently,
            by_value.ne(""),
            is_now & graded & (depth > depth_was),
            is_now & graded & (depth < depth_was),
            is_now,
            taken_back | (pairs["outcome"].eq(Outcome.ABSENT) & same_specimen),
            pairs["outcome"].eq(Outcome.INDETERMINATE),
        ],
        [
            Change.NEW,
            Change.CORRECTED,
            by_value,
            Change.WORSE,
            Change.BETTER,
            Change.CONTINUING,
            Change.CORRECTED,
            Change.UNDECIDED,
        ],
        str(Change.RESOLVED),
    )
    # What it is better or worse than may be older than what the last report said.
    against = pd.Series([bool(each and each.collected_at) for each in moved], pairs.index)
    days = pd.Series(
        [each.collected_at if each else None for each in moved],
        pairs.index,
        dtype="datetime64[us]",
    )
    other = against & days.ne(pairs["collected_at_was"])
    told = pairs.assign(
        change=change,
        way=[each.way if each else "" for each in moved],
        was_grade=pairs["grade_was"].where(was & ~other).fillna(""),
        was_values=_as_column(
            ((move.value, move.unit),) if is_other and move else known if was_present else ()
            for move, is_other, known, was_present in zip(
                moved, other, pairs["values_was"], was, strict=True
            )
        ),
        was_collected_at=pairs["collected_at_was"].where(was).mask(other, days),
    )[is_now | was]
    kinds = Changes.column_types()
    ordered = told.sort_values(_KEY, ignore_index=True)
    return Changes.require_columns(ordered[list(kinds)].astype(kinds))


def order_by_change(
    patients: DataFrame[Patients], changes: DataFrame[Changes]
) -> DataFrame[Patients]:
    """Put patients in the order of the worklist, now that it is known what is new or worse.

    Of those who are equally urgent first whoever has something new or worse, then something
    corrected.
    """
    turn = changes["change"].map(_TURN).groupby(changes["patient_id"]).min()
    turns = patients["patient_id"].map(turn).fillna(len(_TURNS))
    return Patients.require_columns(sort_patients(patients, turns))


def summarize_current(current: pd.DataFrame) -> pd.DataFrame:
    """Give one row for each patient and rule: the deepest that stands, the latest of those."""
    weighed = current.assign(
        weight=current["outcome"].map(_WEIGHT), depth=current["grade"].map(_DEPTH)
    ).sort_values(
        ["weight", "depth", "collected_at", "accession"], ascending=[True, False, False, True]
    )
    return weighed.drop_duplicates(_KEY).drop(columns=["weight", "depth"])


def _as_column(values: Iterable[tuple[object, ...]]) -> "np.typing.NDArray[np.object_]":
    """Put tuples into a column, which numpy else would take for rows."""
    several = list(values)
    column = np.empty(len(several), dtype=object)
    column[:] = several
    return column
