"""Results held because of what others say of the same person or specimen."""

from dataclasses import replace

import pandas as pd

from pipeline.ingest.apply_verdicts import (
    join_verdicts,
    set_aside,
    verdicts_of_issues,
    verdicts_on_observations,
    verdicts_on_results,
)
from pipeline.ingest.dataset import Dataset
from pipeline.issues import (
    all_issues,
)
from pipeline.knowledge.model import Knowledge
from pipeline.lookup import look_up
from pipeline.reconcile.demographics import complete_people
from pipeline.reconcile.identity import drop_conflicting, resolve_identity
from schemas.vocabulary import IssueSeverity, ResultStatus

_SPECIMEN = ["patient_id", "accession"]


def hold_conflicts(dataset: Dataset) -> Dataset:
    """Hold the results of ids and specimens about which the files contradict each other.

    What is held already counts as in conflict too. Of those who remain, sex and birth date are
    filled in from their other rows.
    """
    said = dataset.observations
    kept, found = resolve_identity(dataset.results, dataset.held, said)
    left, _ = drop_conflicting(said, found, dataset.results, dataset.held)
    conflicts = found[found["severity"].eq(str(IssueSeverity.ERROR))]
    verdicts = verdicts_of_issues(conflicts)
    completed, filled = complete_people(kept)
    settled = set_aside(dataset, verdicts, found)
    return replace(
        settled,
        results=completed,
        observations=left,
        issues=all_issues(settled.issues, filled),
    )


def hold_against_sex(dataset: Dataset, knowledge: Knowledge) -> Dataset:
    """Hold the results of specimens of which something is said that the sex contradicts.

    To be called when people are settled: pregnancy may be stated in one file, sex in another.
    """
    only = {
        each.id: str(each.only_sex) for each in knowledge.observations.values() if each.only_sex
    }
    said = dataset.observations
    stated = pd.concat(
        [
            pd.DataFrame(table)[["patient_id", "sex"]]
            for table in (dataset.results, dataset.held, said)
        ]
    )
    sex = stated[stated["sex"].ne("")].drop_duplicates("patient_id").set_index("patient_id")["sex"]
    known, wanted = look_up(said["patient_id"], sex), look_up(said["code"], only)
    yes = said["answer"].eq("yes") & known.ne("") & wanted.ne("")
    against = said[yes & known.ne(wanted)].drop_duplicates(["patient_id", "accession"])
    if against.empty:
        return dataset
    leaving, words = (_rows_of(table, against) for table in (dataset.results, said))
    code = "context-against-sex"
    verdicts = [verdicts_on_results(leaving, code), verdicts_on_observations(words, code)]
    return set_aside(dataset, join_verdicts(*verdicts))


def hold_misidentified(dataset: Dataset, knowledge: Knowledge) -> Dataset:
    """Hold every result of the specimens of which the laboratory says that they are another's."""
    for each in knowledge.observations.values():
        if each.holds_specimen:
            said = dataset.observations
            told = said[said["code"].eq(each.id) & said["answer"].eq("yes")]
            told = told[told["status"].ne(str(ResultStatus.CANCELLED))]
            rows = [_rows_of(table, told) for table in (dataset.results, dataset.held, said)]
            verdicts = [
                *(verdicts_on_results(part, each.holds_specimen) for part in rows[:2]),
                verdicts_on_observations(rows[2], each.holds_specimen),
            ]
            dataset = set_aside(dataset, join_verdicts(*verdicts))
    return dataset


def _rows_of(table: pd.DataFrame, specimens: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of some specimens."""
    keys = pd.MultiIndex.from_frame(specimens[_SPECIMEN])
    return table[pd.MultiIndex.from_frame(table[_SPECIMEN]).isin(keys)]
