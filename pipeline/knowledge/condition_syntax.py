"""Conditions of rules as they are written in TOML."""

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, get_args

from pipeline.errors import KnowledgeError
from pipeline.knowledge.conditions import (
    ArtifactIs,
    Baseline,
    Change,
    Compare,
    Condition,
    Earlier,
    Formula,
    Group,
    HeldAs,
    Interval,
    Joined,
    Later,
    Not,
    Observed,
    Outside,
    Precedes,
    Reported,
    ResultArrays,
    RuleIs,
    Seen,
    Since,
    Stands,
    Undecided,
)
from pipeline.knowledge.contradictions import Apart, Contradiction, SetAside
from pipeline.knowledge.model import GradeStep, RuleRemark
from schemas.vocabulary import Direction, Grade, Reason

Entry = dict[str, Any]

_DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
_GROUPS = ("all", "any", "any_reported", "either")
_COUNTS = ("exactly", "at_least")
_TWO = 2
_AMOUNTS = ("less_than", "at_least", "more_than")


def condition_from(entry: Entry, where: str) -> Condition:
    """Take the condition out of an entry.

    Forms: `below = "limit"` (also at_or_below, above, at_or_above); `rule = "id"`, with
    `grade = "moderate"` for at least that grade; `undecided = "id"`, `because = "censored"`;
    `interval = "analyte"`, `direction = "above"`; `observed = "id"`, with `unsaid = "no"`;
    `joined = {condition}`, `not = {condition}`; `earlier = {condition}`, `at_least_days = 28`;
    `since = "observation"`, `at_least_days = 56`; `change = "analyte"`, `direction = "rise"`,
    `within_days = 14` or `since = "observation"` (with `within_days = 60` or
    `against = "highest"`), `less_than = { "g/L" = 10 }`; `baseline = {condition}`,
    `since = "observation"`, `within_days = 60`, `following = true`; `seen = {condition}`,
    `since = "observation"`; `later`, `stands = {condition}`; `precedes = "observation"`;
    `reported = "analyte"`, `or_held = true`; `held = "analyte"`, `because = "issue-code"`;
    `outside = [limits]`, `unless = [rules]`, `within_days = 365`;
    `formula = "ratio"`, `of = [analyte, analyte]`, `apart_from = "analyte"`, `more_than = 3`;
    `artifact = "id"`; `contradiction = "analyte"`, `third_within_days = 14`,
    `apart = [{ within_hours = 24, more_than = … }]`; `set_aside = "artifact"`; `all`, `any`,
    `any_reported` = [conditions]; `either = [yes if, no if]`; `exactly = 2` or `at_least = 2`
    with `of`.

    Raises:
        KnowledgeError: There is none, there are two, or a part is missing.
    """
    heads = _heads_of(entry)
    if len(heads) != 1:
        found = " and ".join(heads) or "none"
        raise KnowledgeError(f"{where}: one condition is needed, {found} given")
    head = heads[0]
    return _BUILD[head](head, entry.pop(head), entry, where)


def _heads_of(entry: Entry) -> list[str]:
    """Find the words that say which kind it is; some are parts of another kind as well."""
    heads = [key for key in _BUILD if key in entry]
    return next(([key] for key in ("change", "baseline", "seen") if key in heads), heads)


def _compare(head: str, content: Any, entry: Entry, where: str) -> Condition:
    return Compare(direction=head, limit=_text(content, where))  # type: ignore[arg-type]


def _interval(head: str, content: Any, entry: Entry, where: str) -> Condition:
    direction = _one_of(("below", "above"), entry.pop("direction", None), "direction", where)
    return Interval(analyte=_text(content, where), direction=direction)  # type: ignore[arg-type]


def _rule(head: str, content: Any, entry: Entry, where: str) -> Condition:
    grade = entry.pop("grade", None)
    return RuleIs(
        rule=_text(content, where),
        grade=None if grade is None else Grade(_one_of(tuple(Grade), grade, "grade", where)),
        if_open=bool(entry.pop("if_open", False)),
    )


def _undecided(head: str, content: Any, entry: Entry, where: str) -> Condition:
    reason = _one_of(tuple(Reason), entry.pop("because", Reason.CENSORED), "because", where)
    return Undecided(rule=_text(content, where), because=Reason(reason))


def _observed(head: str, content: Any, entry: Entry, where: str) -> Condition:
    return Observed(observation=_text(content, where), unsaid_is_no=_unsaid_is_no(entry, where))


def _since(head: str, content: Any, entry: Entry, where: str) -> Condition:
    return Since(
        observation=_text(content, where),
        at_least_days=_days(entry, "at_least_days", where) or 0,
        at_most_days=_days(entry, "at_most_days", where),
        unsaid_is_no=_unsaid_is_no(entry, where),
    )


def _joined(head: str, content: Any, entry: Entry, where: str) -> Condition:
    return Joined(condition=_whole(content, where))


def _not(head: str, content: Any, entry: Entry, where: str) -> Condition:
    return Not(condition=_whole(content, where))


def _earlier(head: str, content: Any, entry: Entry, where: str) -> Condition:
    least = _days(entry, "at_least_days", where)
    return Earlier(
        condition=_whole(content, where),
        at_least_days=1 if least is None else least,
        at_most_days=_days(entry, "at_most_days", where),
    )


def _change(head: str, content: Any, entry: Entry, where: str) -> Condition:
    ways = ("rise", "fall", "either")
    amounts = {name: _quantities(entry.pop(name), where) for name in _AMOUNTS if name in entry}
    if len(amounts) != 1:
        raise KnowledgeError(f"{where}: a change needs one of {', '.join(_AMOUNTS)}")
    since, within = entry.pop("since", ""), _days(entry, "within_days", where)
    against = entry.pop("against", "")
    hours = _whole_number(entry, "within_hours", where)
    if not since and within is None and hours is None:
        raise KnowledgeError(f"{where}: a change needs since, within_days or within_hours")
    if hours is not None and (since or within is not None):
        raise KnowledgeError(f"{where}: within_hours stands alone")
    if against and (not since or within is not None):
        raise KnowledgeError(f"{where}: against needs since, and no within_days")
    return Change(
        against=_one_of(("", "highest", "lowest"), against, "against", where),  # type: ignore[arg-type]
        analyte=_text(content, where),
        direction=_one_of(ways, entry.pop("direction", None), "direction", where),  # type: ignore[arg-type]
        since=_text(since, where),
        within_days=within,
        within_hours=hours,
        from_months=_whole_number(entry, "from_months", where) or 0,
        unless_artifact=_text(entry.pop("unless_artifact", ""), where),
        each_days=_days(entry, "each_days", where),
        not_across=tuple(_text(name, where) for name in entry.pop("not_across", [])),
        **amounts,
    )


def _baseline(head: str, content: Any, entry: Entry, where: str) -> Condition:
    within = _days(entry, "within_days", where)
    if within is None:
        raise KnowledgeError(f"{where}: a baseline needs within_days")
    return Baseline(
        condition=_whole(content, where),
        since=_text(entry.pop("since", None), where),
        within_days=within,
        following=bool(entry.pop("following", False)),
        unsaid_is_no=_unsaid_is_no(entry, where),
    )


def _seen(head: str, content: Any, entry: Entry, where: str) -> Condition:
    return Seen(condition=_whole(content, where), since=_text(entry.pop("since", ""), where))


def _later(head: str, content: Any, entry: Entry, where: str) -> Condition:
    return Later(condition=_whole(content, where))


def _holds_now(head: str, content: Any, entry: Entry, where: str) -> Condition:
    return Stands(condition=_whole(content, where))


def _precedes(head: str, content: Any, entry: Entry, where: str) -> Condition:
    return Precedes(observation=_text(content, where))


def _count(head: str, content: Any, entry: Entry, where: str) -> Condition:
    members = _members(entry.pop("of", None), where)
    return Group(kind=head, count=int(content), members=members)  # type: ignore[arg-type]


def _group(head: str, content: Any, entry: Entry, where: str) -> Condition:
    if head == "either" and (not isinstance(content, list) or len(content) != _TWO):
        raise KnowledgeError(f"{where}: either = [yes if, no if] takes two conditions")
    return Group(
        kind=head,  # type: ignore[arg-type]
        members=_members(content, where),
        partial_comment=entry.pop("partial_comment", ""),
    )


def _outside(head: str, content: Any, entry: Entry, where: str) -> Condition:
    if not isinstance(content, list):
        raise KnowledgeError(f"{where}: outside = [limits] takes a list of wide bounds")
    return Outside(
        bounds=tuple(_text(name, where) for name in content),
        unless=tuple(_text(name, where) for name in entry.pop("unless", [])),
        within_days=_days(entry, "within_days", where) or 0,
    )


def _reported(head: str, content: Any, entry: Entry, where: str) -> Condition:
    or_held = bool(entry.pop("or_held", False))
    return Reported(analyte=_text(content, where), or_held=or_held)


def _held(head: str, content: Any, entry: Entry, where: str) -> Condition:
    because = _text(entry.pop("because", ""), where)
    return HeldAs(analyte=_text(content, where), because=because)


def _formula(head: str, content: Any, entry: Entry, where: str) -> Condition:
    operands = entry.pop("of", None)
    if not isinstance(operands, list) or len(operands) != 2:
        raise KnowledgeError(f"{where}: a formula needs of = [analyte, analyte]")
    bounds = {name: float(entry.pop(name)) for name in ("less_than", "more_than") if name in entry}
    if len(bounds) != 1:
        raise KnowledgeError(f"{where}: a formula needs either less_than or more_than")
    return Formula(
        shape=_one_of(("ratio", "difference"), content, "formula", where),  # type: ignore[arg-type]
        of=(_text(operands[0], where), _text(operands[1], where)),
        times=float(entry.pop("times", 1)),
        apart_from=_text(entry.pop("apart_from", ""), where),
        **bounds,
    )


def _artifact(head: str, content: Any, entry: Entry, where: str) -> Condition:
    return ArtifactIs(artifact=_text(content, where))


def _contradiction(head: str, content: Any, entry: Entry, where: str) -> Condition:
    third = _days(entry, "third_within_days", where)
    apart = entry.pop("apart", None)
    if third is None or not isinstance(apart, list) or not apart:
        raise KnowledgeError(f"{where}: a contradiction needs apart and third_within_days")
    return Contradiction(
        analyte=_text(content, where),
        apart=tuple(_apart(dict(each), where) for each in apart),
        third_within_days=third,
        from_months=_whole_number(entry, "from_months", where) or 0,
        not_across=tuple(_text(name, where) for name in entry.pop("not_across", [])),
        not_by=tuple(_text(name, where) for name in entry.pop("not_by", [])),
    )


def _apart(entry: Entry, where: str) -> Apart:
    hours, days = _whole_number(entry, "within_hours", where), _days(entry, "within_days", where)
    if (hours is None) == (days is None):
        raise KnowledgeError(f"{where}: apart needs either within_hours or within_days")
    share = entry.pop("more_than_share", None)
    names = ("more_than", "one_below", "other_above")
    amounts = {name: _quantities(entry.pop(name), where) for name in names if name in entry}
    if entry or (share is None and not amounts):
        raise KnowledgeError(f"{where}: apart needs {', '.join(names)} or more_than_share alone")
    return Apart(
        within_hours=hours,
        within_days=days,
        more_than_share=None if share is None else float(share),
        **amounts,
    )


def _set_aside(head: str, content: Any, entry: Entry, where: str) -> Condition:
    return SetAside(artifact=_text(content, where))


_BUILD: dict[str, Callable[[str, Any, Entry, str], Condition]] = {
    **dict.fromkeys(_DIRECTIONS, _compare),
    "interval": _interval,
    "rule": _rule,
    "undecided": _undecided,
    "observed": _observed,
    "joined": _joined,
    "earlier": _earlier,
    "since": _since,
    "baseline": _baseline,
    "seen": _seen,
    "later": _later,
    "stands": _holds_now,
    "precedes": _precedes,
    "change": _change,
    "outside": _outside,
    "reported": _reported,
    "held": _held,
    "formula": _formula,
    "artifact": _artifact,
    "contradiction": _contradiction,
    "set_aside": _set_aside,
    "not": _not,
    **dict.fromkeys(_COUNTS, _count),
    **dict.fromkeys(_GROUPS, _group),
}
_PARTS = (
    *("of", "grade", "if_open", "because", "partial_comment", "direction", "unsaid"),
    *("at_least_days", "at_most_days", "within_days", "not_across", "less_than", "more_than"),
    *("times", "apart_from", "against", "following", "or_held", "unless"),
    *("each_days", "within_hours", "from_months", "unless_artifact"),
    *("apart", "third_within_days", "more_than_share", "one_below", "other_above", "not_by"),
)
_WORDS = (*_BUILD, *_PARTS)


def parse_precondition(entry: dict[str, Any], where: str) -> Condition | None:
    """Take the condition under which a rule is asked at all out of it: `asked_if = { … }`."""
    written = entry.pop("asked_if", None)
    return None if written is None else _whole(written, f"{where}, asked_if")


def parse_rule_comments(entry: dict[str, Any], where: str) -> tuple[RuleRemark, ...]:
    """Take the remarks out of a rule: `remarks = [{ comment = "code", when = { … } }]`."""
    found = []
    for remark in entry.pop("remarks", []):
        if set(remark) != {"comment", "when"}:
            raise KnowledgeError(f"{where}: a remark is written {{ comment = …, when = {{ … }} }}")
        when = _whole(remark["when"], f"{where}, remark")
        found.append(RuleRemark(comment=_text(remark["comment"], where), when=when))
    return tuple(found)


def conditions_from(entry: dict[str, Any], key: str, where: str) -> tuple[Condition, ...]:
    """Take a list of conditions out of an entry: `key = [{ … }, { … }]`; it may be left out."""
    return tuple(_whole(each, f"{where}, {key}") for each in entry.pop(key, []))


def grade_steps_from(entry: dict[str, Any], where: str) -> tuple[GradeStep, ...]:
    """Take the grades out of a rule, deepest first: `grades = [{ severe = { below = … } }]`."""
    steps = []
    for step in entry.pop("grades", []):
        if len(step) != 1:
            raise KnowledgeError(f"{where}: a grade is written {{ severe = {{ below = … }} }}")
        ((name, condition),) = step.items()
        if name not in list(Grade):
            raise KnowledgeError(f"{where}: no grade {name!r}; there are {', '.join(Grade)}")
        steps.append(GradeStep(grade=Grade(name), when=_whole(condition, f"{where}, {name}")))
    return tuple(steps)


def _members(entries: Any, where: str) -> tuple[Condition, ...]:
    if not isinstance(entries, list) or not entries:
        raise KnowledgeError(f"{where}: a list of conditions is needed")
    return tuple(_whole(entry, where) for entry in entries)


def _whole(entry: Any, where: str) -> Condition:
    """Read a condition that stands alone: nothing may be left over."""
    if not isinstance(entry, dict):
        raise KnowledgeError(f"{where}: a condition is written {{ below = … }}")
    rest = dict(entry)
    unknown = [key for key in rest if key not in _WORDS]
    if unknown:
        close = get_close_matches(unknown[0], _WORDS, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise KnowledgeError(f"{where}: unknown key {unknown[0]!r}{hint}")
    condition = condition_from(rest, where)
    if rest:
        raise KnowledgeError(f"{where}: {', '.join(rest)} does not belong here")
    return condition


def _text(content: Any, where: str) -> str:
    if not isinstance(content, str):
        raise KnowledgeError(f"{where}: an id in quotes is needed")
    return content


def _one_of(words: tuple[str, ...], content: Any, key: str, where: str) -> str:
    if content not in words:
        raise KnowledgeError(f"{where}: {key} is one of {', '.join(words)}")
    return str(content)


def _days(entry: Entry, key: str, where: str) -> int | None:
    days = entry.pop(key, None)
    if days is not None and (not isinstance(days, int) or days < 0):
        raise KnowledgeError(f"{where}: {key} is a whole number of days")
    return days


def _whole_number(entry: Entry, key: str, where: str) -> int | None:
    number = entry.pop(key, None)
    if number is not None and (not isinstance(number, int) or number < 0):
        raise KnowledgeError(f"{where}: {key} is a whole number")
    return number


def _unsaid_is_no(entry: Entry, where: str) -> bool:
    if "unsaid" not in entry:
        return False
    return _one_of(("no",), entry.pop("unsaid"), "unsaid", where) == "no"


def _quantities(content: Any, where: str) -> ResultArrays:
    if not isinstance(content, dict) or not content:
        raise KnowledgeError(f'{where}: an amount is written {{ "g/L" = 10 }}')
    return tuple((str(unit), float(number)) for unit, number in content.items())
