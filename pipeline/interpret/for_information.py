"""Whose line in the worklist is for information: nothing waits to be done (decision 6.16)."""

import numpy as np
import pandas as pd

from pipeline.interpret.by_accession import SpecimenIndex
from pipeline.interpret.evaluator import Questions
from pipeline.interpret.kleene import any_of
from pipeline.interpret.result_arrays import Mask
from pipeline.knowledge.conditions import Condition
from pipeline.knowledge.model import Knowledge
from schemas.vocabulary import Outcome, ResultStatus

_MONTHS = 12
_SPECIMEN = ["patient_id", "accession"]


def find_for_information(
    patients: pd.DataFrame,
    current: pd.DataFrame,
    specimen_index: SpecimenIndex,
    questions: Questions,
    knowledge: Knowledge,
) -> "pd.Series[bool]":
    """Mark the patients whose line goes to the list for information.

    All conditions of `ForInformation` must hold; what is not known keeps a patient on the
    worklist.
    """
    aside = knowledge.for_information
    ids = patients["patient_id"]
    present = current[current["outcome"].eq(Outcome.PRESENT)]
    rules = present.groupby("patient_id")["rule"].nunique()
    listed = (
        patients["priority"].eq(aside.rank)
        & ids.map(rules).eq(1)
        & patients["unconfirmed"].eq(0)
        & patients["held"].eq(0)
        & ~patients["in_conflict"]
    )
    if not listed.any():
        return listed.astype(bool)
    fits = _holds(aside.when, questions, specimen_index, certainly=True) & _is_of_age(
        specimen_index, knowledge
    )
    fits &= ~_holds(aside.unless, questions, specimen_index)
    where = pd.MultiIndex.from_frame(specimen_index.accessions[_SPECIMEN])
    rows = where.get_indexer(pd.MultiIndex.from_frame(present[_SPECIMEN]))
    apart = set(present.loc[(rows < 0) | ~fits[rows], "patient_id"])
    apart |= set(
        specimen_index.accessions.loc[_holds(aside.never, questions, specimen_index), "patient_id"]
    )
    said = specimen_index.observations
    stated = said["answer"].eq("yes") & said["code"].isin(aside.never_stated)
    apart |= set(said.loc[stated, "patient_id"])
    early = specimen_index.results["status"].eq(ResultStatus.PRELIMINARY)
    apart |= set(specimen_index.results.loc[early, "patient_id"])
    return (listed & ~ids.isin(apart)).astype(bool)


def _holds(
    conditions: tuple[Condition, ...],
    questions: Questions,
    specimen_index: SpecimenIndex,
    *,
    certainly: bool = False,
) -> Mask:
    """Hold for the accessions on which any of the conditions does."""
    answers = [questions.answer(each) for each in conditions]
    is_missing_everywhere = np.zeros(len(specimen_index.accessions), bool)
    return any_of(
        [
            is_missing_everywhere,
            *(each.confirmed_yes if certainly else each.yes for each in answers),
        ]
    )


def _is_of_age(specimen_index: SpecimenIndex, knowledge: Knowledge) -> Mask:
    """Hold for the accessions of which every result is of somebody old enough."""
    results = specimen_index.results
    least = knowledge.for_information.from_years * _MONTHS
    months = results["age_months_low"]
    for population in knowledge.populations.values():
        unit, count = population.ages.low
        if unit == "months":
            assumed = months.isna() & results["population"].eq(population.id)
            months = months.mask(assumed, count)
    young = ~(months >= least).fillna(False).to_numpy(bool)
    of_age = np.bincount(specimen_index.result_of, minlength=len(specimen_index.accessions)) > 0
    of_age[specimen_index.result_of[young]] = False
    return np.asarray(of_age, dtype=bool)
