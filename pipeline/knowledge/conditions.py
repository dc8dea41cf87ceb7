"""Conditions of rules as they are written in TOML."""

from difflib import get_close_matches
from typing import Any, get_args

from pipeline.errors import KnowledgeError
from pipeline.knowledge.model import (
    Compare,
    Condition,
    Direction,
    GradeStep,
    Group,
    RuleIs,
    Undecided,
)
from schemas.vocabulary import Grade, Reason

_DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
_GROUPS = ("all", "any", "any_reported")
_COUNTS = ("exactly", "at_least")
_PARTS = ("of", "grade", "if_open", "because", "partial_comment")
_HEADS = (*_DIRECTIONS, *_GROUPS, *_COUNTS, "rule", "undecided")


def condition_from(entry: dict[str, Any], where: str) -> Condition:
    """Take the condition out of an entry.

    Forms: `below = "limit"` (also at_or_below, above, at_or_above); `rule = "id"`, with
    `grade = "moderate"` for at least that grade; `undecided = "id"`, `because = "censored"`;
    `all`, `any`, `any_reported` = [conditions]; `exactly = 2` or `at_least = 2` with `of`.

    Raises:
        KnowledgeError: There is none, there are two, or a part is missing.
    """
    heads = [key for key in _HEADS if key in entry]
    if len(heads) != 1:
        found = " and ".join(heads) or "none"
        raise KnowledgeError(f"{where}: one condition is needed, {found} given")
    head = heads[0]
    content = entry.pop(head)
    if head in _DIRECTIONS:
        return Compare(direction=head, limit=_text(content, where))
    if head == "rule":
        grade = entry.pop("grade", None)
        return RuleIs(
            rule=_text(content, where),
            grade=None if grade is None else Grade(grade),
            if_open=bool(entry.pop("if_open", False)),
        )
    if head == "undecided":
        return Undecided(
            rule=_text(content, where), because=Reason(entry.pop("because", Reason.CENSORED))
        )
    if head in _COUNTS:
        members = _members(entry.pop("of", None), where)
        return Group(kind=head, count=int(content), members=members)  # type: ignore[arg-type]
    return Group(
        kind=head,  # type: ignore[arg-type]
        members=_members(content, where),
        partial_comment=entry.pop("partial_comment", ""),
    )


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
    unknown = [key for key in rest if key not in (*_HEADS, *_PARTS)]
    if unknown:
        close = get_close_matches(unknown[0], (*_HEADS, *_PARTS), n=1)
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
