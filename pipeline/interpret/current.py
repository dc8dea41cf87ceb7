"""What stands now: of each rule and patient the latest answer, and who comes first."""

from collections.abc import Collection, Mapping
from datetime import datetime
from types import MappingProxyType

import numpy as np
import pandas as pd

from pipeline.interpret.assessed_scope import COLUMNS, describe_assessed_scope
from pipeline.interpret.by_accession import SpecimenIndex
from pipeline.interpret.evaluator import Questions
from pipeline.interpret.for_information import find_for_information
from pipeline.interpret.latest import valid_from
from pipeline.interpret.result_arrays import Mask
from pipeline.interpret.timeline import Timeline
from pipeline.interpret.worklist_order import (
    SortKey,
    find_arrivals,
    holds_now,
    list_patterns,
    measure_depth,
    prioritize_conflicts,
    sort_patients,
)
from pipeline.knowledge.conditions import Condition, RuleIs, alternatives, without_exceptions
from pipeline.knowledge.model import Knowledge
from pipeline.lookup import look_up
from pipeline.reconcile.person_versions import CONFLICTS
from schemas import DataFrame, Findings, Held, Patients, Results
from schemas.vocabulary import Confirmation, Outcome

_DAY = 24 * 60
"""Minutes."""
_NOT_ASSESSABLE, _NOTHING_FOUND = 5, 6


def current_findings(
    findings: DataFrame[Findings], critical: Collection[str] = ()
) -> DataFrame[Findings]:
    """Select the findings that stand now.

    Of each patient and rule: the latest one that decided the rule, those that could not be
    decided then or later, and those of specimens without a date, which cannot be put in order.
    So a low vitamin B12 of January stands until B12 is measured again. Of specimens within 24
    hours the latest believed one decides, and all of them where that cannot be told: see
    `valid_from`. Absent on a specimen that is doubted settles nothing.

    Args:
        findings: Of all accessions.
        critical: Rules of critical values. Where one of them is not present, the rule for the
            same value says what there is to say.
    """
    findings = findings[findings["outcome"].ne(Outcome.NOT_TESTED)]
    decided = _settles(findings)
    at = findings["collected_at"]
    undated = at.isna().to_numpy()
    start = np.where(undated, 0, at.to_numpy("datetime64[m]").astype(np.int64))
    has_time = findings["collected_precision"].eq("time").to_numpy(bool)
    start = np.where(has_time, start, start - start % _DAY)
    end = np.where(has_time, start, start + _DAY - 1)
    numbers = findings.groupby(["patient_id", "rule"], sort=False).ngroup()
    groups = np.asarray(numbers, dtype=np.int64)
    believed = findings["status"].ne(Confirmation.UNCONFIRMED).to_numpy(bool)
    since = valid_from(groups, start, end, decided.to_numpy(bool) & ~undated, believed)
    stands = undated | (end >= since)
    repeats = findings["rule"].isin([*critical]) & findings["outcome"].ne(Outcome.PRESENT)
    return findings[stands & ~repeats].reset_index(drop=True)


def rank_patients(
    specimen_index: SpecimenIndex,
    seen: DataFrame[Results],
    held: DataFrame[Held],
    current: DataFrame[Findings],
    questions: Questions,
    knowledge: Knowledge,
    arrivals: Mapping[str, datetime | None] = MappingProxyType({}),
    versions: Mapping[str, SortKey] = MappingProxyType({}),
) -> DataFrame[Patients]:
    """List everyone who was seen, most urgent first: see `sort_patients`.

    Class by the first priority of the knowledge whose condition stands. Held results that name no
    patient cannot be listed here; they are in the held data.

    Args:
        grid: What counts.
        seen: Everything that was read, also what was withdrawn: nobody is left out for it.
        held: All that is held.
        standing: What stands now.
        questions: Asked of the grid.
        knowledge: The rules and the classes.
        arrivals: Name of a file → when it was received.
        versions: Patient id in conflict → the most urgent place that a version of its data gives.
    """
    people = _people(seen, held, specimen_index)
    ids, patterns = people["patient_id"], list_patterns(knowledge)
    present = current[current["outcome"].eq(Outcome.PRESENT)]
    open_ = current[current["outcome"].eq(Outcome.INDETERMINATE)]
    unconfirmed = current[current["status"].eq(Confirmation.UNCONFIRMED)]
    conflicts = held.loc[held["code"].isin(CONFLICTS), "patient_id"]
    counts = {
        "findings": present["patient_id"].value_counts(),
        "unconfirmed": unconfirmed["patient_id"].value_counts(),
        "not_assessable": open_["patient_id"].value_counts(),
        "held": held["patient_id"].value_counts(),
    }
    scope = describe_assessed_scope(specimen_index, questions, knowledge)
    listed = people.assign(
        **{name: ids.map(count).fillna(0).astype("int64") for name, count in counts.items()},
        **{name: look_up(ids, scope[name]).to_numpy() for name in COLUMNS},
        reasons=_reasons(present, knowledge).reindex(ids).fillna("").to_numpy(),
        waiting_since=_oldest(present).combine_first(_oldest(open_)).reindex(ids).to_numpy(),
        in_conflict=ids.isin(conflicts),
        has_pattern=ids.isin(present.loc[present["rule"].isin(patterns), "patient_id"]),
    )
    arrived = find_arrivals(seen, held, specimen_index, arrivals)
    since = _oldest_arrival(present, arrived).combine_first(_oldest_arrival(open_, arrived))
    listed = listed.assign(arrived_at=since.reindex(ids).to_numpy())
    decided = current["outcome"].isin([Outcome.PRESENT, Outcome.ABSENT])
    rank = pd.Series(_NOTHING_FOUND, index=listed.index)
    rank[~ids.isin(current.loc[decided, "patient_id"])] = _NOT_ASSESSABLE
    rank[(listed["not_assessable"] > 0) | (listed["held"] > 0)] = _NOT_ASSESSABLE
    rank[~ids.isin(scope.index[scope["is_enough"]])] = _NOT_ASSESSABLE
    timeline = Timeline(specimen_index)
    asked = [(each.rank, each.when) for each in knowledge.priorities if each.when is not None]
    if asked:
        # Whatever rule a site adds: what is found is never filed under "nothing found".
        rank[ids.isin(present["patient_id"])] = asked[-1][0]
    for class_, when in reversed(asked):
        where = _is_current(when, timeline, questions)
        rank[ids.isin(specimen_index.accessions.loc[where, "patient_id"])] = class_
    listed = measure_depth(
        listed.assign(priority=rank.astype("int64")), specimen_index, questions, timeline, knowledge
    )
    listed = prioritize_conflicts(listed, versions, knowledge)
    listed["for_information"] = find_for_information(
        listed, current, specimen_index, questions, knowledge
    )
    ordered = sort_patients(listed)
    kinds = Patients.column_types()
    return Patients.require_columns(ordered[list(kinds)].astype(kinds))


def _settles(findings: pd.DataFrame) -> "pd.Series[bool]":
    """Say which findings decide their rule: present, or absent on a specimen that is believed."""
    doubted = findings["status"].eq(Confirmation.UNCONFIRMED)
    absent = findings["outcome"].eq(Outcome.ABSENT)
    return findings["outcome"].eq(Outcome.PRESENT) | (absent & ~doubted)


def _oldest(findings: pd.DataFrame) -> "pd.Series[pd.Timestamp]":
    return findings.groupby("patient_id")["collected_at"].min()


def _oldest_arrival(
    findings: pd.DataFrame, arrived: "pd.Series[pd.Timestamp]"
) -> "pd.Series[pd.Timestamp]":
    """Give for each patient when the first of the specimens of these findings arrived."""
    keys = pd.MultiIndex.from_frame(findings[["patient_id", "accession"]])
    at = pd.Series(arrived.reindex(keys).to_numpy(), index=findings.index, dtype="datetime64[us]")
    return at.groupby(findings["patient_id"]).min()


def _people(
    seen: DataFrame[Results], held: DataFrame[Held], specimen_index: SpecimenIndex
) -> pd.DataFrame:
    """Give each patient once, with what is known of them anywhere.

    Of whom something was only said in words, no more than the id is known.
    """
    columns = ["patient_id", "patient_name", "sex", "birth_date", "collected_at"]
    said = specimen_index.observations[["patient_id", "collected_at"]].assign(
        patient_name="",
        sex="",
        birth_date=pd.Series(
            pd.NaT, index=specimen_index.observations.index, dtype="datetime64[us]"
        ),
    )
    rows: pd.DataFrame = pd.concat([pd.DataFrame(table[columns]) for table in (seen, held, said)])
    rows = rows[rows["patient_id"].ne("")]
    latest_first = rows.assign(
        patient_name=rows["patient_name"].replace("", pd.NA), sex=rows["sex"].replace("", pd.NA)
    ).sort_values(
        # The rest only makes the choice between two spellings independent of the order of rows.
        ["collected_at", "patient_name", "sex", "birth_date"],
        ascending=[False, True, True, True],
    )
    people = latest_first.groupby("patient_id", as_index=False).agg(
        patient_name=("patient_name", "first"),
        sex=("sex", "first"),
        birth_date=("birth_date", "first"),
        last_collected_at=("collected_at", "max"),
    )
    return people.fillna({"patient_name": "", "sex": ""})


def _reasons(present: pd.DataFrame, knowledge: Knowledge) -> "pd.Series[str]":
    """Join the rules that stand, those of the most urgent class first."""
    order = {name: place for place, name in enumerate(_rules_by_priority(knowledge))}
    once = present.drop_duplicates(["patient_id", "rule"])
    by_urgency = once.assign(place=once["rule"].map(order)).sort_values(["patient_id", "place"])
    return _join_texts(by_urgency["patient_id"], by_urgency["rule"])


def _join_texts(keys: "pd.Series[str]", texts: "pd.Series[str]") -> "pd.Series[str]":
    """Join the texts of each key, in order; keys that are the same stand together."""
    places = keys.groupby(keys.to_numpy()).cumcount().to_numpy()
    joined = texts[places == 0].to_numpy(object).copy()
    rows = np.cumsum(places == 0) - 1
    for place in np.unique(places[places > 0]):
        at = places == place
        joined[rows[at]] += "; " + texts[at].to_numpy(object)
    return pd.Series(joined, index=pd.Index(keys[places == 0], dtype="str"), dtype="str")


def _rules_by_priority(knowledge: Knowledge) -> list[str]:
    named = [
        member.rule
        for priority in knowledge.priorities
        for alternative in alternatives(priority.when)
        for member in (without_exceptions(alternative),)
        if isinstance(member, RuleIs)
    ]
    return list(dict.fromkeys([*named, *(rule.id for rule in knowledge.shown_rules())]))


def _is_current(condition: Condition, timeline: Timeline, questions: Questions) -> Mask:
    """Hold for the accessions on which one of the alternatives stands now."""
    found = np.zeros(timeline.count, bool)
    for member in alternatives(condition):
        found |= holds_now(questions.answer(member), timeline)
    return found
