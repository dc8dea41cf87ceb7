"""Who comes first within a class of the worklist (clinical decision 6.16)."""

from collections.abc import Mapping
from datetime import datetime

import numpy as np
import pandas as pd

from pipeline.interpret.by_accession import NOWHERE, SpecimenIndex
from pipeline.interpret.evaluator import Questions
from pipeline.interpret.result_arrays import Mask, Numbers
from pipeline.interpret.timeline import Timeline
from pipeline.interpret.truth_columns import TruthColumn
from pipeline.knowledge.conditions import Compare
from pipeline.knowledge.model import Knowledge
from pipeline.knowledge.worklist import ClassOrder
from schemas.vocabulary import Comparator

SortKey = tuple[int, bool, float]
"""Class, whether somebody goes before all numbers of it, and the smallest share of a limit."""
PLACE = ["priority", "goes_first", "depth"]
_ASCENDING = [True, False, True]
_SPECIMEN = ["patient_id", "accession"]


def holds_now(answer: TruthColumn, timeline: Timeline) -> Mask:
    """Hold for the accessions on which a condition holds, unless it was refuted since."""
    return np.asarray(answer.yes & _is_latest(answer, timeline), dtype=bool)


def _is_latest(answer: TruthColumn, timeline: Timeline) -> Mask:
    return timeline.is_latest(
        answer.yes | answer.confirmed_no, answer.confirmed_yes | answer.confirmed_no
    )


def sort_patients(patients: pd.DataFrame, turns: "pd.Series[int] | int" = 0) -> pd.DataFrame:
    """Put patients in the order of the worklist.

    By class, by what comes before all numbers, by the smallest share of a limit (who has none
    comes after), patterns before single findings, `turns`, the most days since arrival, the id;
    never by the number of findings. Files that arrive on one day came at the same time.
    """
    ordered = patients.assign(
        turn=turns, arrived_on=patients["arrived_at"].dt.normalize()
    ).sort_values(
        [*PLACE, "has_pattern", "turn", "arrived_on", "patient_id"],
        ascending=[*_ASCENDING, False, True, True, True],
        ignore_index=True,
    )
    return ordered.drop(columns=["turn", "arrived_on"])


def sort_by_priority(rows: pd.DataFrame) -> pd.DataFrame:
    """Put rows in the order of class, of what goes first, and of the share of a limit."""
    # By several columns pandas sorts stably.
    return rows.sort_values(PLACE, ascending=_ASCENDING)


def prioritize_conflicts(
    patients: pd.DataFrame, places: Mapping[str, SortKey], knowledge: Knowledge
) -> pd.DataFrame:
    """Give patient ids in conflict the place of a version of theirs, if that is more urgent.

    They are at least as urgent as the class that holds conflicts.
    """
    least = min((each.rank for each in knowledge.priorities if each.holds_conflicts), default=None)
    rank = patients["priority"].to_numpy("int64").copy()
    goes_first = patients["goes_first"].to_numpy(bool).copy()
    depth = patients["depth"].to_numpy("float64").copy()
    ids = patients["patient_id"].to_numpy(object)
    for row in np.flatnonzero(patients["in_conflict"].to_numpy(bool)):
        own: SortKey = (int(rank[row]), bool(goes_first[row]), float(depth[row]))
        found = min(own, places.get(ids[row], own), key=_sort_value)
        if least is not None and found[0] > least:
            found = (least, False, np.nan)
        rank[row], goes_first[row], depth[row] = found
    return patients.assign(
        priority=rank, goes_first=goes_first, depth=pd.Series(depth, patients.index, "Float64")
    )


def _sort_value(place: SortKey) -> tuple[int, bool, float]:
    rank, goes_first, depth = place
    return rank, not goes_first, np.inf if np.isnan(depth) else depth


def measure_depth(
    patients: pd.DataFrame,
    specimen_index: SpecimenIndex,
    questions: Questions,
    timeline: Timeline,
    knowledge: Knowledge,
) -> pd.DataFrame:
    """Add `goes_first` and `depth` to patients that have a `priority`."""
    number = timeline.patients_of(patients["patient_id"])
    is_here = number != NOWHERE
    first, depth = np.zeros(len(patients), bool), np.full(len(patients), np.nan)
    for order in knowledge.orders:
        use = is_here & patients["priority"].isin(order.ranks).to_numpy()
        if not use.any():
            continue
        firsts, depths = _by_patient(order, specimen_index, questions, timeline)
        first[use], depth[use] = firsts[number[use]], depths[number[use]]
    return patients.assign(
        goes_first=first, depth=pd.array(np.where(np.isfinite(depth), depth, np.nan), "Float64")
    )


def _by_patient(
    order: ClassOrder, specimen_index: SpecimenIndex, questions: Questions, timeline: Timeline
) -> tuple[Mask, Numbers]:
    """Give, for each patient of the timeline, who goes first and the smallest share."""
    people = int(timeline.patient.max()) + 1
    first = np.zeros(people, bool)
    for condition in order.first:
        first[timeline.patient[holds_now(questions.answer(condition), timeline)]] = True
    passed, inside = np.full(people, np.inf), np.full(people, np.inf)
    decided: dict[str, Mask] = {}
    for condition in order.by:
        assert isinstance(condition, Compare)
        answer = questions.answer(condition)
        share, is_exact = _shares(answer, condition, specimen_index)
        analyte = answer.evidence[0].subject
        done = decided.setdefault(analyte, np.zeros(people, bool))
        least = _least(share, holds_now(answer, timeline), timeline, people)
        use = ~done & np.isfinite(least)
        passed[use] = np.minimum(passed[use], least[use])
        done |= use
        latest = _is_latest(answer, timeline)
        inside = np.minimum(
            inside, _least(share, answer.confirmed_no & is_exact & latest, timeline, people)
        )
    return first, np.where(np.isfinite(passed) | (not order.also_inside), passed, inside)


def _shares(
    answer: TruthColumn, condition: Compare, specimen_index: SpecimenIndex
) -> tuple[Numbers, Mask]:
    """Give the share of the limit of each accession, and where the result has no sign.

    Both are in the unit that was reported. A bound counts as the number that it names: what
    "<10" is at most.
    """
    rests = answer.evidence[0]
    there = rests.results != NOWHERE
    value = np.full(len(there), np.nan)
    rows = rests.results[there]
    value[there] = specimen_index.results["original_value"].to_numpy("float64")[rows]
    sign = np.full(len(there), "", dtype=object)
    sign[there] = specimen_index.results["comparator"].to_numpy(object)[rows]
    over, under = (value, rests.limit) if "below" in condition.direction else (rests.limit, value)
    with np.errstate(divide="ignore", invalid="ignore"):
        return over / under, np.asarray(there & (sign == str(Comparator.EXACT)), dtype=bool)


def _least(share: Numbers, where: Mask, timeline: Timeline, people: int) -> Numbers:
    use = where & np.isfinite(share)
    least = np.full(people, np.inf)
    np.minimum.at(least, timeline.patient[use], share[use])
    return least


def list_patterns(knowledge: Knowledge) -> frozenset[str]:
    """List the rules that put several results together."""
    return frozenset(
        rule.id for rule in knowledge.shown_rules() if len({*knowledge.analytes_of(rule.when)}) > 1
    )


def find_arrivals(
    seen: pd.DataFrame,
    held: pd.DataFrame,
    specimen_index: SpecimenIndex,
    arrivals: Mapping[str, datetime | None],
) -> "pd.Series[pd.Timestamp]":
    """Give for each accession of the grid when the first file that tells of it arrived.

    Args:
        seen: All results that were read.
        held: All that is held.
        grid: Its observations count too.
        arrivals: Name of a file → when it was received; a file that is missing is not known.
    """
    wanted = [*_SPECIMEN, "source_file"]
    told = [pd.DataFrame(table)[wanted] for table in (seen, held, specimen_index.observations)]
    rows: pd.DataFrame = pd.concat(told)
    known = {name: pd.Timestamp(at).tz_localize(None) for name, at in arrivals.items() if at}
    at = rows["source_file"].map(known).astype("datetime64[us]")
    return at.groupby([rows[name] for name in _SPECIMEN]).min()
