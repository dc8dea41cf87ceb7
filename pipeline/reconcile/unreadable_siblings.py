"""Results in words that another result speaks against which cannot be read itself."""

from pipeline.ingest.apply_verdicts import set_aside, verdicts_on_observations
from pipeline.ingest.dataset import Dataset
from pipeline.knowledge.check_observations import AS_RESULTS, IN_WORDS
from pipeline.knowledge.model import Knowledge
from pipeline.reconcile.reportable_results import RANK
from schemas.vocabulary import ResultStatus

_KEY = ["patient_id", "accession", "code"]
_CODE = "observations-disagree"
_UNREADABLE = "answer-unreadable"
# Between final and corrected: what is cancelled takes back all but what was corrected.
_CANCELLED = RANK[ResultStatus.FINAL] + 0.5
_SAYS_ELSE = 0.25


def hold_superseded(dataset: Dataset, knowledge: Knowledge) -> Dataset:
    """Hold results in words that no longer stand alone.

    A correction to "indeterminate" is held, because it is no answer; the result that it corrects
    must not go on as if it had not come. Of the same specimen and test, a held result speaks
    against one of a lower standing, and a cancelled one against all but a corrected one. Of an
    antibody, words that are neither positive nor negative also speak against a result of their
    own standing; a bare number does not: it stands beside its word. What casts doubt on the
    specimen goes on doing so.
    """
    observations = knowledge.observations.values()
    antibodies = [each.id for each in observations if each.group in IN_WORDS]
    words = [
        each.id
        for each in observations
        if each.group in AS_RESULTS and not each.counts_if_suspected
    ]
    said, held = dataset.observations, dataset.held
    results = said[said["result_id"].notna() & said["code"].isin(words)]
    against = held[held["analyte"].isin(words) & held["accession"].ne("")]
    if results.empty or against.empty:
        return dataset
    rank = against["status"].map(RANK).astype("float64").fillna(_CANCELLED)
    is_neither = against["code"].eq(_UNREADABLE) & against["analyte"].isin(antibodies)
    rank = rank.add(_SAYS_ELSE).where(is_neither, rank)
    keys = [against["patient_id"], against["accession"], against["analyte"].rename("code")]
    highest = rank.groupby(keys).max().rename("against").reset_index()
    own = results["status"].map(RANK)
    other = results[_KEY].merge(highest, on=_KEY, how="left")["against"].set_axis(results.index)
    # A cancelled result is no answer: it goes on to withdraw others.
    overtaken = results[own.notna() & (other > own)]
    return set_aside(dataset, verdicts_on_observations(overtaken, _CODE))
