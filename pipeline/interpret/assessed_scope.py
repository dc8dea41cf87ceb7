"""What was judged of each patient: nothing is found only in what was looked at."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from pipeline.interpret.by_accession import NOWHERE, SpecimenIndex
from pipeline.interpret.evaluator import Questions
from pipeline.interpret.outside_interval import list_assessed
from pipeline.knowledge.conditions import Compare, Outside, walk
from pipeline.knowledge.model import Knowledge
from schemas.joined_codes import join_codes, split_codes
from schemas.vocabulary import Reason

_UNDECIDED = (
    Reason.CENSORED,
    Reason.AGE_UNKNOWN,
    Reason.SEX_UNKNOWN,
    Reason.NO_LIMIT_FOR_AGE,
)
COLUMNS = ("judged", "not_judged", "no_upper")


def describe_assessed_scope(
    specimen_index: SpecimenIndex, questions: Questions, knowledge: Knowledge
) -> pd.DataFrame:
    """Say of each patient which analytes were judged by their last results.

    Judged is a result that a rule decided by a limit, or beside which an interval is printed, and
    that leaves no limit undecided: `<200` platelets are not too many, and may be too few.

    Returns:
        By patient id: `judged`, `not_judged`, and `no_upper` (judged, but not for being high), ids
        of analytes in their order, joined; and `is_enough`, whether that is enough to say that
        nothing was found.
    """
    answers = [questions.evaluate_rule(rule) for rule in knowledge.shown_rules()]
    bounds = [derived.id for derived in knowledge.derived if derived.shape == "at_most"]
    judged = np.zeros(len(specimen_index.results), bool)
    judged[list_assessed(specimen_index, answers)] = True
    judged &= ~_is_undecided(specimen_index, questions, knowledge)
    rows = specimen_index.results[["patient_id", "analyte", "collected_at"]].assign(
        judged=judged, no_upper=_lacks_upper(specimen_index, questions, knowledge)
    )
    rows = rows[~specimen_index.results["derived"].isin(bounds).to_numpy()]
    latest = rows.groupby("patient_id")["collected_at"].transform("max")
    since = latest - pd.DateOffset(months=knowledge.nothing_found.months)
    rows = rows[rows["collected_at"].isna() | (rows["collected_at"] >= since)]
    last = rows.sort_values("collected_at", kind="stable", na_position="first")
    last = last.drop_duplicates(["patient_id", "analyte"], keep="last")
    place = {name: place for place, name in enumerate(knowledge.analytes)}
    last = last.assign(place=last["analyte"].map(place)).sort_values("place", kind="stable")
    people = {
        name: last[where].groupby("patient_id")["analyte"].agg(join_codes)
        for name, where in (
            ("judged", last["judged"]),
            ("not_judged", ~last["judged"]),
            ("no_upper", last["judged"] & last["no_upper"]),
        )
    }
    sets = [frozenset(names) for names in knowledge.nothing_found.enough]
    table = pd.DataFrame(people, index=pd.Index(last["patient_id"].unique(), dtype="str"))
    table = table.astype(object).fillna("").astype("str")
    enough = [_is_enough(split_codes(text), sets) for text in table["judged"]]
    return table.assign(is_enough=pd.Series(enough, index=table.index, dtype=bool))


def _is_enough(names: Iterable[str], sets: Iterable[frozenset[str]]) -> bool:
    known = set(names)
    return any(each <= known for each in sets)


def _is_undecided(
    specimen_index: SpecimenIndex, questions: Questions, knowledge: Knowledge
) -> np.ndarray:
    """Mark the results that a limit of a shown rule cannot decide.

    A bound such as `<200` is undecided whatever is printed beside it. Where age or sex is not
    known, the printed interval decides instead.
    """
    undecided = np.zeros(len(specimen_index.results), bool)
    ends = specimen_index.results[["reference_low", "reference_high"]]
    printed = ends.notna().any(axis="columns").to_numpy(bool)
    parts = (part for rule in knowledge.shown_rules() for part in walk(rule.when))
    for part in {part for part in parts if isinstance(part, Compare)}:
        said = questions.answer(part)
        for reason in _UNDECIDED:
            where = said.open & said.reasons.get(reason, np.zeros(len(said.open), bool))
            for item in said.evidence:
                rows = item.results[where & (item.results != NOWHERE)]
                undecided[rows[~printed[rows]] if reason != Reason.CENSORED else rows] = True
    return undecided


def _lacks_upper(
    specimen_index: SpecimenIndex, questions: Questions, knowledge: Knowledge
) -> np.ndarray:
    """Mark the results that have a wide bound for others, and neither that nor a printed end."""
    lacks = np.zeros(len(specimen_index.results), bool)
    parts = (part for rule in knowledge.shown_rules() for part in walk(rule.when))
    bounds = {name for part in parts if isinstance(part, Outside) for name in part.bounds}
    printed = specimen_index.results["reference_high"].notna().to_numpy()
    for name in sorted(bounds):
        places = specimen_index.reported.get(
            knowledge.limits[name].analyte, specimen_index.is_missing_everywhere()
        )
        said = questions.answer(Compare(direction="above", limit=name))
        rows = places[(places != NOWHERE) & said.open]
        lacks[rows] = ~printed[rows]
    return lacks
