"""Which way the value of a finding moved: better, worse or continuing (clinical decision 6.5)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from pipeline.interpret.by_accession import NOWHERE, Positions, SpecimenIndex
from pipeline.interpret.earlier import EarlierResults, NowAndEarlier
from pipeline.interpret.evaluator import Questions
from pipeline.interpret.result_arrays import Mask, Numbers
from pipeline.knowledge.conditions import (
    Compare,
    Condition,
    Group,
    Interval,
    Joined,
    RuleIs,
    alternatives,
    parts_of,
)
from pipeline.knowledge.model import Knowledge, Rule
from pipeline.knowledge.variation import Variation
from pipeline.knowledge.variation import Way as Wrong
from schemas import DataFrame, Findings
from schemas.vocabulary import Change, Grade, Outcome, Way

_DECIMALS = 9
"""Further ones of a difference are noise of the calculation."""
_DEPTH = {grade: depth for depth, grade in enumerate(["", *map(str, Grade)])}
_CONTRARY = {"fall": Way.RISE, "rise": Way.FALL}
_NO_CLASS = 99


class Move(NamedTuple):
    """How the value of one finding stands to earlier believed results."""

    change: Change
    """Worse, better, continuing; new where there is nothing to compare with."""
    way: str = ""
    """`Way` of the value that decided; "" where none or several ways did."""
    value: str = ""
    """That it is better or worse than, as reported; "" where the finding rests on several."""
    unit: str = ""
    collected_at: pd.Timestamp | None = None


Moves = Mapping[tuple[str, str, str], Move]
"""By patient, rule and accession."""


class _Reported(NamedTuple):
    """Columns of the results of a grid, as reported."""

    comparator: ExtensionArray
    value: ExtensionArray
    unit: ExtensionArray
    collected_at: ExtensionArray


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One value of some findings of a rule, against earlier ones."""

    change: "np.typing.NDArray[np.object_]"
    way: "np.typing.NDArray[np.object_]"
    against: Positions
    """Result that it is better or worse than."""
    by_last: Mask
    """That is the last believed one."""


def list_moves(
    current: DataFrame[Findings],
    specimen_index: SpecimenIndex,
    questions: Questions,
    knowledge: Knowledge,
) -> Moves:
    """Say of each finding that stands and is present how its values moved.

    Findings whose values have no variation in the knowledge are left out.
    """
    index = pd.MultiIndex.from_frame(specimen_index.accessions[["patient_id", "accession"]])
    present = current[current["outcome"].eq(Outcome.PRESENT)]
    earlier = EarlierResults(specimen_index, questions.background, knowledge.comparison)
    names = ("comparator", "original_value", "original_unit", "collected_at")
    reported = _Reported(*(specimen_index.results[name].array for name in names))
    moves: dict[tuple[str, str, str], Move] = {}
    for name, found in present.groupby("rule", sort=False):
        rule = knowledge.rules[str(name)]
        ways = _ways_of(rule, knowledge)
        if not ways:
            continue
        rows = index.get_indexer(pd.MultiIndex.from_frame(found[["patient_id", "accession"]]))
        parts = [
            _compare(
                rule, knowledge.variations[analyte], wrong, rows, earlier, questions, knowledge
            )
            for analyte, wrong in ways.items()
        ]
        keys = zip(found["patient_id"], found["accession"], strict=True)
        for place, (patient, accession) in enumerate(keys):
            moves[patient, rule.id, accession] = _sum_up(parts, place, reported)
    return moves


def _ways_of(rule: Rule, knowledge: Knowledge) -> dict[str, Wrong]:
    """Give the analytes that a finding of the rule is read by, and the wrong way of each."""
    sides: dict[str, set[Wrong]] = {}
    for analyte, side in _sides_of(rule.when, knowledge):
        if analyte in knowledge.variations:
            sides.setdefault(analyte, set()).add(side)
    ways: dict[str, Wrong] = {}
    for analyte, found in sides.items():
        worse = knowledge.variations[analyte].worse
        fitting = [way for way in worse if way in found]
        if fitting and (len(sides) == 1 or fitting[0] == worse[0]):
            ways[analyte] = fitting[0]
    return ways


def _sides_of(condition: Condition, knowledge: Knowledge) -> Iterator[tuple[str, Wrong]]:
    """Give the analytes that are to lie beyond a limit, and the way that leads there."""
    match condition:
        case Compare(direction=direction, limit=name):
            yield knowledge.limits[name].analyte, "fall" if "below" in direction else "rise"
        case Interval(direction=direction, analyte=name):
            yield name, "fall" if direction == "below" else "rise"
        case RuleIs(rule=name):
            yield from _sides_of(knowledge.rules[name].when, knowledge)
        case Group() | Joined():
            for part in parts_of(condition):
                yield from _sides_of(part, knowledge)


def _compare(
    rule: Rule,
    variation: Variation,
    wrong: Wrong,
    rows: Positions,
    earlier: EarlierResults,
    questions: Questions,
    knowledge: Knowledge,
) -> _Part:
    """Compare the value of each accession with the last believed and the best one before."""
    ((unit, least),) = variation.least.items()
    least *= knowledge.analytes[variation.analyte].units[unit]
    answer = questions.evaluate_rule(rule)
    depth = np.zeros(len(answer.yes), np.int64)
    if answer.grade is not None:
        for grade, number in _DEPTH.items():
            depth[answer.grade == grade] = number
    firm = earlier.courses.believed_truth(answer) & answer.yes
    pair = earlier.find(variation.analyte, rows, wrong, np.where(firm, depth, 0))
    to_last = _gap(pair, pair.last, wrong)
    to_best = _gap(pair, pair.best, wrong)
    back = _gap(pair, pair.last, _other(wrong))
    is_far = _is_move(to_last, pair, pair.last, wrong, variation.share, least)
    is_far_from_best = _is_move(to_best, pair, pair.best, wrong, variation.share, least)
    # A step into a grade alone is no move: 1 g/L across a limit is within the variation.
    furthest = np.fmax(to_last, to_best)
    deeper = (pair.depth > 0) & (depth[rows] > pair.depth) & (furthest >= least)
    urgent = _class_by(variation.analyte, questions, knowledge)
    nearer = (to_last > 0) & (urgent[rows] < urgent[pair.last])
    told = ~pair.across
    of_last = told & is_far
    worse = of_last | is_far_from_best | (told & deeper) | nearer
    is_back = _is_move(back, pair, pair.last, _other(wrong), variation.share, least)
    better = told & is_back & pair.believed & ~worse
    change = np.full(len(rows), str(Change.CONTINUING), dtype=object)
    change[better], change[worse] = str(Change.BETTER), str(Change.WORSE)
    change[(pair.last == NOWHERE) & ~worse & pair.dated] = str(Change.NEW)
    change[pair.here == NOWHERE] = ""
    way = np.full(len(rows), "", dtype=object)
    way[worse], way[better] = wrong, str(_CONTRARY[wrong])
    way[pair.across & ~worse] = str(Way.TRANSFUSED)
    by_last = better | of_last | nearer | (pair.best == NOWHERE)
    return _Part(
        change=change,
        way=way,
        against=earlier.results(variation.analyte, np.where(by_last, pair.last, pair.best)),
        by_last=by_last,
    )


def _other(wrong: Wrong) -> Wrong:
    return "rise" if wrong == "fall" else "fall"


def _gap(pair: NowAndEarlier, then: Positions, way: Wrong) -> Numbers:
    """Give by how much each certainly moved that way; less than nothing if it may not have."""
    low, high = pair.ends_at(then)
    gap = low - pair.high if way == "fall" else pair.low - high
    return np.where(then == NOWHERE, np.nan, np.round(gap, _DECIMALS))


def _is_move(
    gap: Numbers, pair: NowAndEarlier, then: Positions, way: Wrong, share: float, least: float
) -> Mask:
    low, high = pair.ends_at(then)
    step = np.round(share * (low if way == "fall" else high), _DECIMALS)
    return np.asarray((gap > step) & (gap >= least), dtype=bool)


def _class_by(analyte: str, questions: Questions, knowledge: Knowledge) -> Positions:
    """Give the most urgent class that the value of the analyte alone gives each accession."""
    count = questions.background.timeline.count
    urgent = np.full(count, _NO_CLASS, dtype=np.int64)
    for priority in knowledge.priorities:
        for member in alternatives(priority.when):
            if isinstance(member, Compare) and knowledge.limits[member.limit].analyte == analyte:
                yes = questions.answer(member).yes
                urgent[yes] = np.minimum(urgent[yes], priority.rank)
    return urgent


def _sum_up(parts: list[_Part], place: int, reported: _Reported) -> Move:
    """Worse if any part is; better if one is and none is worse; new if all of them are."""
    there = [part for part in parts if part.change[place]]
    for change in (Change.WORSE, Change.BETTER):
        moved = [part for part in there if part.change[place] == change]
        if not moved:
            continue
        ways = {part.way[place] for part in moved}
        way = ways.pop() if len(ways) == 1 else ""
        row = int(moved[0].against[place])
        if len(parts) > 1 or row == NOWHERE:
            # Without the result beside it an arrow is read against the last one.
            return Move(change, way if all(part.by_last[place] for part in moved) else "")
        value = f"{reported.comparator[row]}{reported.value[row]:.12g}"
        return Move(change, way, value, reported.unit[row], reported.collected_at[row])
    if there and all(part.change[place] == Change.NEW for part in there):
        return Move(Change.NEW)
    across = any(part.way[place] == Way.TRANSFUSED for part in there)
    return Move(Change.CONTINUING, str(Way.TRANSFUSED) if across else "")
