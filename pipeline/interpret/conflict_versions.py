"""What each version of a person in conflict would say, so that nobody urgent waits for a decision.

The results of an id or a specimen in conflict are held, and no report is made of them. Each version
is interpreted by itself, and only two things are taken from it: the class in the worklist, and what
the sheet of identity conflicts shows to whoever decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import pandas as pd

from pipeline.ingest.accounting import validate_results
from pipeline.ingest.dataset import Dataset
from pipeline.interpret import interpret_results
from pipeline.interpret.worklist_order import PLACE, SortKey, sort_by_priority
from pipeline.knowledge.model import Knowledge
from pipeline.reconcile.joined_observations import join_selected, select_observations
from pipeline.reconcile.person_versions import CONFLICT, CONFLICTS, DETAILS, describe_people
from pipeline.reconcile.reportable_results import select_reportable
from schemas import DataFrame, Evidence, Findings, Held, Observations
from schemas.vocabulary import Outcome

_PERSON = ["patient_id", *DETAILS]
_FROM_HELD = ["patient_name", "sex", "birth_date"]


def _no_findings() -> DataFrame[Findings]:
    return Findings.require_columns(Findings.no_rows())


def _no_people() -> pd.DataFrame:
    return pd.DataFrame(columns=[*_PERSON, "version_id", *PLACE])


def _no_evidence() -> DataFrame[Evidence]:
    return Evidence.require_columns(Evidence.no_rows())


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """What the versions of all persons in conflict would say."""

    places: Mapping[str, SortKey] = field(default_factory=lambda: MappingProxyType({}))
    """Patient id → the most urgent place in the worklist that a version of its data gives."""
    people: pd.DataFrame = field(default_factory=_no_people)
    """A row per version: patient_id, the details as text, `version_id`, its place."""
    findings: DataFrame[Findings] = field(default_factory=_no_findings)
    """What would be present; `patient_id` is a `version_id`."""
    evidence: DataFrame[Evidence] = field(default_factory=_no_evidence)
    """What `findings` rest on, and others."""


def interpret_versions(received: Dataset, resolved: Dataset, knowledge: Knowledge) -> Versions:
    """Interpret each version of every id and specimen in conflict by itself.

    Args:
        received: Before anything was held for a conflict.
        settled: After that.
        knowledge: The rules.
    """
    held = resolved.held[resolved.held["code"].isin(CONFLICTS)]
    if held.empty:
        return Versions()
    people = _number_people(pd.concat([held, _left_out(received, resolved)]))
    concerned = received.results["result_id"].isin(held["result_id"])
    details = held.set_index("result_id")[_FROM_HELD]
    rows = received.results[concerned].set_index("result_id", drop=False)
    rows[_FROM_HELD] = details.loc[rows.index]
    results = validate_results(_as_versions(rows, people).reset_index(drop=True))
    aside = received.held[received.held["result_id"].isin(held["result_id"])]
    set_aside = Held.require_columns(_as_versions(aside, people).reset_index(drop=True))
    said = select_observations(
        Observations.require_columns(
            _as_versions(_left_out(received, resolved), people).reset_index(drop=True)
        ),
        knowledge,
    )
    selected = join_selected(select_reportable(results, set_aside, knowledge), said)
    all_held = Held.require_columns(pd.concat([set_aside, selected.held], ignore_index=True))
    found = interpret_results(selected.results, all_held, knowledge, results, said.observations)
    places = found.patients.rename(columns={"patient_id": "version_id"})[["version_id", *PLACE]]
    people = people.merge(places, on="version_id")
    present = found.current["outcome"].eq(Outcome.PRESENT)
    return Versions(
        places=_most_urgent(people, held),
        people=people,
        findings=Findings.require_columns(found.current[present].reset_index(drop=True)),
        evidence=found.evidence,
    )


def _left_out(received: Dataset, resolved: Dataset) -> DataFrame[Observations]:
    """Give what was said of ids and specimens in conflict, which counts for nobody."""
    said, kept = received.observations, resolved.observations
    keys = ["source_file", "source_sheet", "source_row", "source_column", "code", "patient_id"]
    there = pd.MultiIndex.from_frame(said[keys]).isin(pd.MultiIndex.from_frame(kept[keys]))
    return Observations.require_columns(said[~there].reset_index(drop=True))


def _number_people(rows: pd.DataFrame) -> pd.DataFrame:
    """Give each version of a person an id of its own."""
    said = pd.DataFrame({"patient_id": rows["patient_id"], **describe_people(rows)})
    people = said.drop_duplicates().sort_values(_PERSON, ignore_index=True)
    return people.assign(version_id=[f"version {number}" for number in range(len(people))])


def _as_versions(rows: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Put the id of the version in the place of the patient id."""
    said = pd.DataFrame({"patient_id": rows["patient_id"], **describe_people(rows)})
    found = said.merge(people, how="left", on=_PERSON)["version_id"]
    return rows.assign(patient_id=pd.Series(found.to_numpy(), index=rows.index, dtype="str"))


def _most_urgent(people: pd.DataFrame, held: pd.DataFrame) -> Mapping[str, SortKey]:
    """Give the most urgent place of each patient id.

    A specimen under several ids may belong to any of them: the place of one counts for all.
    """
    shared = held[held["code"].ne(CONFLICT)][["patient_id", "accession"]].drop_duplicates()
    claims = shared.merge(shared, on="accession", suffixes=("", "_other"))
    of_others = claims.merge(people, left_on="patient_id_other", right_on="patient_id")
    of_others = of_others.drop(columns="patient_id_y").rename(
        columns={"patient_id_x": "patient_id"}
    )
    rows: pd.DataFrame = pd.concat([people, of_others])[["patient_id", *PLACE]]
    first = sort_by_priority(rows).drop_duplicates("patient_id")
    return {
        str(patient): (
            int(rank),
            bool(goes_first),
            float("nan") if pd.isna(depth) else float(depth),
        )
        for patient, rank, goes_first, depth in first.to_numpy(object)
    }
