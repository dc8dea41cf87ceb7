"""Which lines the case table of a rule must have, worked out from the rule itself.

For each number that a rule compares: a line just inside, on and just outside in each stratum, at
both ends of its ages, for each sex, in two units; bounds on either side of it; a missing and a held
result; an unknown age and sex where they matter. For each part of a compound rule: a line in which
this part alone decides, and one in which it is open. For each remark a line with and one without.
For each artifact that may falsify what the rule rests on: a line that it leaves unconfirmed.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.interpret import ask_questions
from pipeline.interpret.truth_columns import TruthColumn
from pipeline.knowledge.conditions import (
    ANY,
    Baseline,
    Change,
    Compare,
    Condition,
    Earlier,
    Group,
    Interval,
    Joined,
    Not,
    Observed,
    RuleIs,
    Seen,
    Since,
    parts_of,
    walk,
)
from pipeline.knowledge.contradictions import Contradiction, SetAside
from pipeline.knowledge.model import Artifact, Knowledge, Limit, Rule, Stratum
from pipeline.knowledge.strata import AgeEnd, describe_end, describe_span
from pipeline.review.case_tables import ANSWERS, CONTEXT
from pipeline.review.cases import CaseFile, CaseLine, accession_of, patient_of
from pipeline.review.trial import lay_cases

_RESULT = re.compile(r"(<=|>=|<|>|)([\d.]+)(?: ([^\s\[]+))?(?: \[([\d.]*)-([\d.]*)\])?")
_AGE = re.compile(r"(\d+)(?:\.\.(\d+))?(y|mo|d)(-1d)?")
_OLD_AGE = 80 * 12
_TRIMESTERS = {"1": "T1", "2": "T2", "3": "T3", "": "pregnant"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """An age as a case gives it."""

    unit: str
    """"months" or "days"."""
    low: int
    high: int
    day_before: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One result of a line: its sign, number, unit and the interval that was printed."""

    sign: str
    number: float
    unit: str
    low: float | None
    high: float | None


class Asked:
    """The case lines of one rule, and what the rules say of every part of it."""

    def __init__(self, file: CaseFile, knowledge: Knowledge) -> None:
        self.file, self.knowledge = file, knowledge
        self.lines: Sequence[CaseLine] = file.lines
        tables = lay_cases([file], knowledge).tables
        self._grid, self._questions = ask_questions(
            tables.results, tables.held, knowledge, tables.observations
        )
        rows = {name: place for place, name in enumerate(self._grid.accessions["accession"])}
        self._rows = [rows.get(accession_of(file, line)) for line in self.lines]

    def states(self, condition: Condition) -> list[str]:
        """Say of each line whether the condition is yes, no or open there."""
        answer = self._questions.answer(condition)
        return self._by_line(np.where(answer.yes, "yes", np.where(answer.no, "no", "open")), "open")

    def raised(self, artifact: str) -> list[bool]:
        """Say of each line whether a specimen of its patient is doubted for this reason."""
        found: TruthColumn = self._questions.artifacts[artifact]
        own = self._by_line(np.where(found.yes, "yes", "no"), "no")
        people = [patient_of(self.file, line) for line in self.lines]
        doubted = {who for who, said in zip(people, own, strict=True) if said == "yes"}
        return [who in doubted for who in people]

    def _by_line(self, said: np.ndarray, otherwise: str) -> list[str]:
        return [otherwise if row is None else str(said[row]) for row in self._rows]

    def given(self, line: CaseLine, analyte: str) -> Given | None:
        """Read the result of an analyte in a line; None if there is none, or it is held."""
        found = _RESULT.fullmatch(line.cells.get(analyte, ""))
        if found is None:
            return None
        sign, number, unit, low, high = found.groups()
        low, high = low or line.cells.get("low"), high or line.cells.get("high")
        return Given(
            sign=sign,
            number=float(number),
            unit=unit or line.cells.get("unit") or self.knowledge.analytes[analyte].unit,
            low=float(low) if low else None,
            high=float(high) if high else None,
        )


def age_of(line: CaseLine) -> Age | None:
    """Read the age of a line in months or days; None where it is not said."""
    found = _AGE.fullmatch(line.cells.get("age", ""))
    if found is None:
        return None
    times = 12 if found[3] == "y" else 1
    return Age(
        unit="days" if found[3] == "d" else "months",
        low=int(found[1]) * times,
        high=int(found[2] or found[1]) * times,
        day_before=bool(found[4]),
    )


def lacking(rule: Rule, file: CaseFile, knowledge: Knowledge) -> Iterator[str]:
    """Name each kind of line that the table of the rule must have and does not have."""
    asked = Asked(file, knowledge)
    compared = dict.fromkeys(
        part.limit
        for condition in (rule.when, *(step.when for step in rule.grades))
        for part in walk(condition)
        if isinstance(part, Compare)
    )
    for name in compared:
        yield from _boundaries_lacking(knowledge.limits[name], asked)
    for analyte in dict.fromkeys(knowledge.limits[name].analyte for name in compared):
        yield from _gaps_lacking(analyte, asked)
    yield from _parts_lacking(rule, asked)
    yield from _remarks_lacking(rule, asked)
    yield from _artifacts_lacking(rule, asked)


# --- Numbers ------------------------------------------------------------------------------------


def _boundaries_lacking(limit: Limit, asked: Asked) -> Iterator[str]:
    if limit.from_interval and not limit.strata:
        yield from _interval_lacking(limit.analyte, asked)
        return
    analyte = asked.knowledge.analytes[limit.analyte]
    decimals = analyte.decimals
    exact: list[tuple[CaseLine, Given]] = []
    bounds: list[tuple[CaseLine, Given]] = []
    for line in asked.lines:
        given = asked.given(line, limit.analyte)
        if given is not None:
            (bounds if given.sign else exact).append((line, given))
    near_units: set[str] = set()
    near_sexes: set[str] = set()
    signs: set[str] = set()
    for stratum in limit.strata:
        who = f"{limit.id}, {_who(stratum)}"
        numbers = stratum.values or stratum.floor
        here = [(line, given) for line, given in exact if _is_in(stratum, line)]
        sides: dict[str, set[str]] = {"low": set(), "high": set()}
        for unit, number in numbers.items():
            step = 10.0 ** -max(decimals.get(unit, 0), len(f"{number:.12g}".partition(".")[2]))
            found: set[str] = set()
            for line, given in here:
                away = given.number - number
                if given.unit != unit or abs(away) > step * 1.000001:
                    continue
                side = "on" if abs(away) < step / 1000 else "below" if away < 0 else "above"
                found.add(side)
                near_sexes.add(line.cells.get("sex", ""))
                for end in _ends_reached(stratum, line):
                    sides[end].add("on" if side == "on" else "off")
            yield from (
                f"{who}: {side} {number:g} {unit}"
                for side in ("below", "on", "above")
                if side not in found
            )
            signs |= {
                _bound_in_words(given, number)
                for line, given in bounds
                if given.unit == unit and _is_in(stratum, line)
            }
        near_units |= {given.unit for _, given in here}
        if numbers:
            for end in ("low", "high") if not stratum.pregnancy else ():
                if not sides[end]:
                    yield f"{who}: beside the number at {_end_in_words(stratum, end)}"
        elif stratum.pregnancy:
            if not here:
                yield f"{who}: without a limit"
        else:
            for end in ("low", "high"):
                if not any(end in _ends_reached(stratum, line) for line, _ in here):
                    yield f"{who}: without a limit at {_end_in_words(stratum, end)}"
    for kind in ("upper within", "upper across", "lower within", "lower across"):
        if kind not in signs:
            yield f"{limit.id}: censored, {kind} the number"
    for sex in ("F", "M"):
        if sex not in near_sexes:
            yield f"{limit.id}: beside the number with sex {sex}"
    if len(analyte.units) > 1 and len(near_units) < 2:
        yield f"{limit.id}: in a second unit"
    by_age = len({(s.ages.low, s.ages.high) for s in limit.strata if not s.pregnancy}) > 1
    ageless = any(age_of(line) is None and not line.cells.get("population") for line, _ in exact)
    if by_age and not ageless:
        yield f"{limit.id}: without an age"
    sexless = any(line.cells.get("sex", "") in ("", "?") and age_of(line) for line, _ in exact)
    if any(s.sex for s in limit.strata) and not sexless:
        yield f"{limit.id}: without a sex"


def _bound_in_words(given: Given, number: float) -> str:
    """Say whether a bound lies within one side of the number, or across it."""
    if given.sign[0] == "<":
        return f"upper {'within' if given.number <= number else 'across'}"
    return f"lower {'within' if given.number >= number else 'across'}"


def _who(stratum: Stratum) -> str:
    return ", ".join(
        filter(None, [stratum.sex or "", stratum.pregnancy or "", describe_span(stratum.ages)])
    )


def _is_in(stratum: Stratum, line: CaseLine) -> bool:
    """Say whether a line belongs to a stratum and to no other."""
    sex = line.cells.get("sex", "")
    if stratum.sex is not None and sex != stratum.sex:
        return False
    is_pregnant = line.cells.get("pregnant") == "yes"
    state = _TRIMESTERS[line.cells.get("trimester", "")] if is_pregnant else ""
    if line.cells.get("postpartum") == "yes":
        state = "postpartum"
    if stratum.pregnancy != state:
        return False
    if stratum.ages.low == ("days", 0) and stratum.ages.high is None:
        return True
    age = age_of(line)
    if age is None or age.low != age.high:
        return False
    return _reaches(age, stratum.ages.low) and not (
        stratum.ages.high is not None and _reaches(age, stratum.ages.high)
    )


def _reaches(age: Age, end: AgeEnd) -> bool:
    unit, count = end
    if unit == age.unit:
        return age.low >= count + age.day_before
    if unit == "days":
        return age.low * 30 - age.day_before >= count
    return age.low - age.day_before >= count * 30.5


def _ends_reached(stratum: Stratum, line: CaseLine) -> Iterator[str]:
    """Say at which ends of the ages of a stratum a line stands: the first day, the last."""
    if not _is_in(stratum, line):
        return
    age = age_of(line)
    if age is None:
        return
    low_unit, low = stratum.ages.low
    if (low == 0 and age.low == 0) or (
        low and (age.unit, age.low, age.day_before) == (low_unit, low, False)
    ):
        yield "low"
    if stratum.ages.high is None:
        if age.unit == "months" and age.low >= _OLD_AGE:
            yield "high"
        return
    high_unit, high = stratum.ages.high
    last_day = (age.unit, age.low, age.day_before) == (high_unit, high, True)
    last_in_days = high_unit == "days" and (age.unit, age.low) == ("days", high - 1)
    if last_day or last_in_days:
        yield "high"


def _end_in_words(stratum: Stratum, end: str) -> str:
    if end == "low":
        return f"the first day, {describe_end(stratum.ages.low)}"
    if stratum.ages.high is None:
        return "old age"
    return f"the day before {describe_end(stratum.ages.high)}"


def _gaps_lacking(analyte: str, asked: Asked) -> Iterator[str]:
    inputs = [name for name in asked.knowledge.analytes if name not in (*CONTEXT, *ANSWERS)]
    if not any(
        not line.cells.get(analyte) and any(line.cells.get(name) for name in inputs)
        for line in asked.lines
    ):
        yield f"{analyte}: missing while something else is reported"
    if not any(line.cells.get(analyte) == "held" for line in asked.lines):
        yield f"{analyte}: held"


# --- Parts of compound rules --------------------------------------------------------------------


def _parts_lacking(rule: Rule, asked: Asked) -> Iterator[str]:
    if rule.asked_if is not None:
        leaves = [part for part in walk(rule.asked_if) if not parts_of(part)]
        yield from _states_lacking(leaves, asked)
    for part in (*walk(rule.when), *walk(rule.asked_if)):
        match part:
            case Interval(analyte=analyte):
                yield from _interval_lacking(analyte, asked)
            case Observed(observation=name):
                yield from (
                    f"{name} {said or 'not said'}"
                    for said in ("yes", "no", "")
                    if not any(line.cells.get(name, "") == said for line in asked.lines)
                )
    for part in walk(rule.when):
        match part:
            case Group(kind="all" | "any" | "any_reported" as kind, members=members):
                others = "yes" if kind == "all" else "no"
                yield from _members_lacking(members, others, asked)
            case Group(kind="either", members=members):
                yield from _states_lacking(members, asked)
            case Group(kind="exactly" | "at_least", members=members, count=count):
                yield from _counts_lacking(part, members, count, asked)
            case RuleIs() | Joined():
                yield from _states_lacking((part,), asked)


def _members_lacking(members: Sequence[Condition], others: str, asked: Asked) -> Iterator[str]:
    if len(members) < 2:
        return
    states = [asked.states(member) for member in members]
    for place, member in enumerate(members):
        rest = [said for number, said in enumerate(states) if number != place]
        decides = {
            said
            for line, said in enumerate(states[place])
            if all(other[line] == others for other in rest)
        }
        wanted = ("yes", "no", "open") if can_be_open(member) else ("yes", "no")
        yield from (
            f"{in_words(member)}: {state} while every other part is {others}"
            for state in wanted
            if state not in decides
        )


def _states_lacking(members: Iterable[Condition], asked: Asked) -> Iterator[str]:
    for member in members:
        found = set(asked.states(member))
        wanted = ("yes", "no", "open") if can_be_open(member) else ("yes", "no")
        yield from (f"{in_words(member)}: {state}" for state in wanted if state not in found)


def _counts_lacking(
    group: Condition, members: Sequence[Condition], count: int, asked: Asked
) -> Iterator[str]:
    """Each member yes, no and open while the others alone make the count or lack one."""
    states = [asked.states(member) for member in members]
    name = in_words(group)
    for place, member in enumerate(members):
        rest = [said for number, said in enumerate(states) if number != place]
        for others in (count - 1, count):
            found = {
                said
                for line, said in enumerate(states[place])
                if sum(other[line] == "yes" for other in rest) == others
                and all(other[line] != "open" for other in rest)
            }
            wanted = ("yes", "no", "open") if can_be_open(member) else ("yes", "no")
            yield from (
                f"{name}: {in_words(member)} {state} while {others} of the others are yes"
                for state in wanted
                if state not in found
            )


def _interval_lacking(analyte: str, asked: Asked) -> Iterator[str]:
    found: set[str] = set()
    for line in asked.lines:
        given = asked.given(line, analyte)
        if given is None:
            found.add("held" if line.cells.get(analyte) == "held" else "missing")
        elif given.low is None and given.high is None:
            found.add("without an interval")
        elif given.number in (given.low, given.high):
            found.add("on the end of its interval")
        else:
            is_within = (given.low or 0) < given.number < (given.high or np.inf)
            found.add("within its interval" if is_within else "outside its interval")
    for kind in (
        "missing", "held", "without an interval", "on the end of its interval",
        "within its interval", "outside its interval",
    ):  # fmt: skip
        if kind not in found:
            yield f"{analyte}: {kind}"


def can_be_open(condition: Condition) -> bool:
    """Say whether a condition may be neither yes nor no."""
    match condition:
        case Observed(unsaid_is_no=settled) | Since(unsaid_is_no=settled):
            return not settled
        case Baseline(unsaid_is_no=settled):
            return not settled
        case Compare() | Interval() | RuleIs() | Change():
            return True
        case Group() | Joined() | Earlier() | Not() | Seen():
            return any(can_be_open(part) for part in parts_of(condition))
        case _:
            return False


def in_words(condition: Condition) -> str:
    """Name a condition shortly, the same from run to run."""
    match condition:
        case Compare(direction=direction, limit=limit):
            return f"{direction} {limit}"
        case Interval(direction=direction, analyte=analyte):
            return f"{analyte} {direction} its interval"
        case RuleIs(rule=rule):
            return rule
        case Observed(observation=name) | Since(observation=name):
            return name
        case Not(condition=inner):
            return f"not {in_words(inner)}"
        case Joined(condition=inner):
            return f"joined {in_words(inner)}"
        case Change(direction=way, analyte=analyte):
            return f"{way} of {analyte}"
        case Group(kind=kind, count=count, members=members):
            inner_words = ", ".join(in_words(member) for member in members)
            return f"{kind}{f' {count}' if count else ''} ({inner_words})"
        case _:
            return type(condition).__name__.lower()


# --- Remarks ------------------------------------------------------------------------------------


def _remarks_lacking(rule: Rule, asked: Asked) -> Iterator[str]:
    for code in dict.fromkeys(remark.comment for remark in rule.remarks):
        for column, what in (("comment", "with"), ("no-comment", "without")):
            if not any(
                code in line.cells.get(column, "").split("; ")
                and line.cells.get("outcome") == "present"
                for line in asked.lines
            ):
                yield f"remark {code}: present {what} it"


# --- Artifacts ----------------------------------------------------------------------------------


def _artifacts_lacking(rule: Rule, asked: Asked) -> Iterator[str]:
    for artifact in asked.knowledge.artifacts.values():
        wanted = doubtful_outcomes(rule, artifact, asked.knowledge)
        # What a contradiction doubts it doubts as delta-mcv does, which is asked for.
        of_pairs = any(isinstance(p, Contradiction | SetAside) for p in walk(artifact.when))
        if not wanted or of_pairs:
            continue
        raised = asked.raised(artifact.id)
        found = {
            line.cells.get("outcome")
            for line, is_raised in zip(asked.lines, raised, strict=True)
            if is_raised and line.cells.get("status") == "unconfirmed"
        }
        yield from (
            f"artifact {artifact.id}: {outcome}, unconfirmed"
            for outcome in sorted(wanted)
            if outcome not in found
        )


def doubtful_outcomes(rule: Rule, artifact: Artifact, knowledge: Knowledge) -> set[str]:
    """Say which outcomes of a rule an artifact may make wrong: present, absent."""
    falsified: dict[str, set[str]] = {}
    for touch in artifact.touches:
        ways = {"low", "high"} if touch.wrongly == "either" else {touch.wrongly}
        falsified.setdefault(touch.analyte, set()).update(ways)
    found: set[str] = set()
    for leaf, is_turned in _leaves(rule.when, knowledge, False):
        if isinstance(leaf, Compare):
            analyte = knowledge.limits[leaf.limit].analyte
        else:
            analyte = leaf.analyte
        ways = falsified.get(analyte, set()) | falsified.get(ANY, set())
        asks_for_low = leaf.direction in ("below", "at_or_below")
        for way in ways:
            says_yes_wrongly = (way == "low") == asks_for_low
            found.add("present" if says_yes_wrongly != is_turned else "absent")
    return found


def _leaves(
    condition: Condition, knowledge: Knowledge, is_turned: bool
) -> Iterator[tuple[Compare | Interval, bool]]:
    """Give what is compared, and whether a yes of it speaks against the rule."""
    match condition:
        case Compare() | Interval():
            yield condition, is_turned
        case Not(condition=inner):
            yield from _leaves(inner, knowledge, not is_turned)
        case RuleIs(rule=name):
            yield from _leaves(knowledge.rules[name].when, knowledge, is_turned)
        case Group(kind="either", members=(one, other)):
            yield from _leaves(one, knowledge, is_turned)
            yield from _leaves(other, knowledge, not is_turned)
        case Group(kind="exactly", members=members):
            for member in members:
                yield from _leaves(member, knowledge, is_turned)
                yield from _leaves(member, knowledge, not is_turned)
        case _:
            for part in parts_of(condition):
                yield from _leaves(part, knowledge, is_turned)
