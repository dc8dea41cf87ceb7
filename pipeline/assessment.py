"""From what was received to what the rules say of it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import pandas as pd

from pipeline.history.broken_patients import hold_broken
from pipeline.history.store.records import Decision
from pipeline.ingest.accounting import validate_results
from pipeline.ingest.dataset import Dataset
from pipeline.interpret import Interpretation, interpret_results
from pipeline.interpret.conflict_versions import Versions, interpret_versions
from pipeline.issues import all_issues
from pipeline.knowledge.model import Knowledge
from pipeline.reconcile.conflicts import hold_against_sex, hold_misidentified
from pipeline.reconcile.corrections import close_holds, without_returned
from pipeline.reconcile.daily_numbers import SpecimenIds, name_by_day
from pipeline.reconcile.decisions import resolve_people
from pipeline.reconcile.joined_observations import join_selected, select_observations
from pipeline.reconcile.reportable_results import Selected, select_reportable, show_replaced
from pipeline.reconcile.unreadable_siblings import hold_superseded
from schemas import DataFrame, Held, Issues, Observations


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment(Interpretation):
    """What was received, what counts of it, and what the rules say: what outputs are made of."""

    knowledge: Knowledge
    dataset: Dataset
    selected: Selected
    observations: DataFrame[Observations]
    """Qualitative results and context, as far as they count."""
    held: DataFrame[Held]
    """At intake, and where results that count alike disagree."""
    issues: DataFrame[Issues]
    versions: Versions
    """What the versions of persons in conflict would say."""


def assess(
    received: Dataset,
    knowledge: Knowledge,
    decisions: Sequence[Decision] = (),
    specimen_ids: SpecimenIds = "",
) -> Assessment:
    """Settle who is who, select what counts, apply the rules: the same whatever came first.

    Args:
        received: Everything, as it was received.
        knowledge: By which it is judged.
        decisions: What people decided about persons and specimens in conflict.
        specimen_ids: What the site says of the numbers of its specimens.
    """
    named = _name_specimens(received, specimen_ids, knowledge)
    returned = apply_resubmissions(named, knowledge)
    people = resolve_people(hold_misidentified(returned, knowledge), decisions)
    settled = hold_broken(people)
    versions = interpret_versions(returned, settled, knowledge)
    dataset = hold_superseded(hold_against_sex(settled, knowledge), knowledge)
    said = select_observations(dataset.observations, knowledge)
    chosen = select_reportable(dataset.results, dataset.held, knowledge)
    selected = join_selected(show_replaced(chosen, named.replaced), said)
    held = Held.validate(pd.concat([dataset.held, selected.held], ignore_index=True))
    interpretation = interpret_results(
        selected.results,
        held,
        knowledge,
        dataset.results,
        said.observations,
        arrivals={file.name: file.received_at for file in received.files},
        versions=versions.places,
    )
    return Assessment(
        **{part.name: getattr(interpretation, part.name) for part in fields(interpretation)},
        knowledge=knowledge,
        dataset=dataset,
        selected=selected,
        observations=said.observations,
        held=held,
        issues=all_issues(dataset.issues, selected.issues),
        versions=versions,
    )


def _name_specimens(received: Dataset, specimen_ids: SpecimenIds, knowledge: Knowledge) -> Dataset:
    """Name specimens by their day where numbers start anew, those of replaced files as well."""
    least = knowledge.agreement.recurring_numbers
    if received.replaced is None:
        return name_by_day(received, specimen_ids, least)
    together = pd.concat([received.results, received.replaced], ignore_index=True)
    named = name_by_day(replace(received, results=validate_results(together)), specimen_ids, least)
    of_replaced = named.results["result_id"].isin(received.replaced["result_id"])
    held = named.held[~named.held["result_id"].isin(received.replaced["result_id"])]
    return replace(
        named,
        results=validate_results(named.results[~of_replaced]),
        replaced=validate_results(named.results[of_replaced]),
        held=Held.validate(held.reset_index(drop=True)),
    )


def apply_resubmissions(dataset: Dataset, knowledge: Knowledge) -> Dataset:
    """Put rows that were handed back in place of those they correct."""
    if not any(file.returned for file in dataset.files):
        return dataset
    exports = without_returned(dataset)
    selected = select_reportable(exports.results, exports.held, knowledge)
    before = pd.concat([exports.held["result_id"], selected.held["result_id"]])
    return close_holds(dataset, before)
