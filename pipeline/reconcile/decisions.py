"""What people decided about persons and specimens in conflict, applied before they are held.

*Release*: all versions are one person, whose details are those of one of them. *Reject*: one
version is another person; its results stay held. A decision is about these details of this
patient id, in whatever file they come; another version is a new conflict.

Of a specimen that stands with several patients a version is one of these. *Release*: the specimen
is that patient's; results of it under the others stay held. *Reject*: it is not that patient's.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from pipeline.errors import ArgumentError
from pipeline.history.store.records import Decision
from pipeline.ingest.accounting import validate_results
from pipeline.ingest.apply_verdicts import (
    join_verdicts,
    set_aside,
    verdicts_on_observations,
    verdicts_on_results,
)
from pipeline.ingest.cells.sex_and_age import ages_at
from pipeline.ingest.dataset import Dataset
from pipeline.reconcile.conflicts import hold_conflicts
from pipeline.reconcile.person_versions import DETAILS, describe_people, list_versions
from pipeline.reconcile.specimen_versions import list_owners
from schemas import DataFrame, Held, Observations

RELEASE, REJECT = "release", "reject"
_REJECTED, _OTHER_SPECIMEN = "identity-rejected", "specimen-rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A patient id that stands with contradicting details, or a specimen id with two patients."""

    hold: str
    versions: int
    results: int
    is_specimen: bool = False


def list_conflicts(held: DataFrame[Held]) -> tuple[Conflict, ...]:
    """List the conflicts that nobody has decided yet; no name, no identifier."""
    versions = list_versions(held).groupby("hold", sort=True)
    counted = versions.agg(versions=("version", "size"), results=("results", "sum"))
    owners = list_owners(held).groupby("hold", sort=True)
    of_specimens = owners.agg(versions=("version", "size"), results=("results", "sum"))
    return tuple(
        Conflict(
            hold=str(hold_id), versions=int(count), results=int(results), is_specimen=is_specimen
        )
        for is_specimen, table in ((False, counted), (True, of_specimens))
        for hold_id, count, results in table.itertuples()
    )


def details_of_decision(held: DataFrame[Held], hold_id: str, version: int) -> dict[str, str]:
    """Return what a decision is about: the id in conflict, the version chosen and all the others.

    Raises:
        ArgumentError: There is no such conflict, or no such version of it.
    """
    versions, owners = list_versions(held), list_owners(held)
    is_specimen = owners["hold"].eq(hold_id).any()
    concerned = owners if is_specimen else versions
    concerned = concerned[concerned["hold"].eq(hold_id)]
    if concerned.empty:
        raise ArgumentError(
            f"no open conflict is called {hold_id}; `labflag status` lists them. One that got "
            "another version since has another name: look at it again"
        )
    chosen = concerned[concerned["version"].eq(version)]
    if chosen.empty:
        raise ArgumentError(f"{hold_id} has the versions 1 to {len(concerned)}, and no {version}")
    if is_specimen:
        return {
            "hold": hold_id,
            "specimen": str(chosen["accession"].iloc[0]),
            "patient_id": str(chosen["patient_id"].iloc[0]),
            "patients": json.dumps(concerned["patient_id"].tolist()),
        }
    details = list(DETAILS)
    return {
        "hold": hold_id,
        "patient_id": str(chosen["patient_id"].iloc[0]),
        "version": json.dumps(chosen[details].iloc[0].tolist()),
        "versions": json.dumps(concerned[details].to_numpy().tolist()),
    }


def patients_of_decision(facts: Mapping[str, str]) -> tuple[str, ...]:
    """List the patient ids that a decision on a conflict is about."""
    return tuple(json.loads(facts["patients"])) if "specimen" in facts else (facts["patient_id"],)


def resolve_people(dataset: Dataset, decisions: Sequence[Decision]) -> Dataset:
    """Apply what was decided, hold what contradicts itself still, and what was rejected."""
    of_specimens = [each for each in decisions if "specimen" in each.facts]
    decisions = [each for each in decisions if "specimen" not in each.facts]
    for decision in decisions:
        if decision.kind == RELEASE:
            dataset = replace(
                dataset,
                results=validate_results(_unite(dataset.results, decision)),
                held=Held.require_columns(_unite(dataset.held, decision)),
                observations=Observations.require_columns(_unite(dataset.observations, decision)),
            )
    rejections = [each for each in decisions if each.kind == REJECT]
    tables = (dataset.results, dataset.held, dataset.observations)
    persons = [_is_rejected(table, rejections) for table in tables]
    specimens = [_is_other_specimen(table, of_specimens) for table in tables]
    leaving, rejected, said = (one | other for one, other in zip(persons, specimens, strict=True))
    if not any(each.any() for each in (leaving, rejected, said)):
        return hold_conflicts(dataset)
    # A remark that is no result of its own goes with the results that it was about.
    verdicts = join_verdicts(
        verdicts_on_results(dataset.results[persons[0]], _REJECTED),
        verdicts_on_results(dataset.results[specimens[0]], _OTHER_SPECIMEN),
        verdicts_on_observations(dataset.observations[persons[2]], _REJECTED),
        verdicts_on_observations(dataset.observations[specimens[2]], _OTHER_SPECIMEN),
    )
    decided = set_aside(dataset, verdicts)
    # What a person has rejected is no reason to hold what remains.
    is_decided = decided.held["result_id"].isin(
        pd.concat(
            [
                dataset.held.loc[rejected, "result_id"],
                dataset.results.loc[leaving, "result_id"],
                dataset.observations.loc[said, "result_id"].dropna(),
            ]
        )
    )
    resolved = hold_conflicts(
        replace(
            decided, held=Held.require_columns(decided.held[~is_decided].reset_index(drop=True))
        )
    )
    held = pd.concat([resolved.held, decided.held[is_decided]], ignore_index=True)
    return replace(
        resolved, held=Held.require_columns(held.sort_values("result_id", ignore_index=True))
    )


def _unite(rows: pd.DataFrame, decision: Decision) -> pd.DataFrame:
    """Give all versions the details of the one that is right, as far as it states them."""
    concerned = rows["patient_id"].eq(decision.facts["patient_id"]) & _stand_as(
        rows, json.loads(decision.facts["versions"])
    )
    if not concerned.any():
        return rows
    name, sex, born = json.loads(decision.facts["version"])
    changed = rows
    if name:
        changed = changed.assign(patient_name=rows["patient_name"].mask(concerned, name))
    if sex:
        changed = changed.assign(sex=rows["sex"].mask(concerned, sex))
    if born:
        birth_date = rows["birth_date"].mask(concerned, pd.Timestamp(born))
        was_wrong = concerned & rows["birth_date"].notna() & rows["birth_date"].ne(birth_date)
        changed = changed.assign(birth_date=birth_date)
        if "age_days_low" in rows.columns:
            changed = _age_anew(changed, was_wrong)
    kinds = {column: rows[column].dtype for column in rows.columns}
    return changed.astype(kinds)


def _age_anew(rows: pd.DataFrame, where: "pd.Series[bool]") -> pd.DataFrame:
    """Compute ages again where the birth date they came from was wrong."""
    exact = ages_at(rows["birth_date"].where(where), rows["collected_at"].where(where))
    ages = {
        # Collected before birth: no age.
        f"age_{unit}_{end}": rows[f"age_{unit}_{end}"].mask(
            where, exact[f"age_{unit}"].where(exact[f"age_{unit}"].ge(0).fillna(False))
        )
        for unit in ("days", "months")
        for end in ("low", "high")
    }
    return rows.assign(**ages)


def _is_rejected(rows: pd.DataFrame, rejections: Sequence[Decision]) -> "pd.Series[bool]":
    rejected = pd.Series(False, index=rows.index)
    for decision in rejections:
        rejected |= rows["patient_id"].eq(decision.facts["patient_id"]) & _stand_as(
            rows, [json.loads(decision.facts["version"])]
        )
    return rejected


def _is_other_specimen(rows: pd.DataFrame, decisions: Sequence[Decision]) -> "pd.Series[bool]":
    """Mark the rows of which a person decided that the specimen is another patient's."""
    others = pd.Series(False, index=rows.index)
    for decision in decisions:
        chosen = decision.facts["patient_id"]
        patients = json.loads(decision.facts["patients"])
        gone = {chosen} if decision.kind == REJECT else {*patients} - {chosen}
        others |= rows["accession"].eq(decision.facts["specimen"]) & rows["patient_id"].isin(gone)
    return others


def _stand_as(rows: pd.DataFrame, versions: Sequence[Sequence[str]]) -> "pd.Series[bool]":
    """Whether rows stand with the details of one of some versions."""
    people = describe_people(rows)
    said = people["patient_name"] + "\x1f" + people["sex"] + "\x1f" + people["birth_date"]
    return said.isin(["\x1f".join(each) for each in versions])
