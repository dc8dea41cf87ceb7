"""Which finding made a patient's class in the worklist, and so comes first."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from pipeline.knowledge.conditions import Compare, RuleIs, alternatives, walk, without_exceptions
from pipeline.knowledge.model import Knowledge
from pipeline.report.report_model import RuleText
from schemas.vocabulary import Grade

T = TypeVar("T")

_DEPTH: Mapping[str, int] = {grade: depth for depth, grade in enumerate(["", *Grade])}


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityText:
    """A class of the worklist: its word, and what brings a patient into it."""

    rank: int
    title: str
    analytes: frozenset[str]
    """Analytes whose depth alone can do so."""
    rules: Mapping[str, int]
    """Rules that can do so → least depth of their grade."""

    def order(self, found: Iterable[T], graded: Callable[[T], tuple[RuleText, str]]) -> list[T]:
        """Put first what made the class, where depth did: its analytes at their deepest.

        Findings come in order of their rules, and keep it otherwise. `graded` gives the rule and
        the grade of a finding. What is mild stays where it is.
        """
        found = list(found)
        depth_of = []
        for each in found:
            rule, grade = graded(each)
            depth = _DEPTH[grade]
            if depth >= self.rules.get(rule.id, len(_DEPTH)):
                return found
            depth_of.append(depth if set(rule.needs) <= self.analytes else 0)
        deepest = max(depth_of, default=0)
        if deepest < _DEPTH[Grade.MODERATE]:
            return found
        pairs = sorted(zip(depth_of, found, strict=True), key=lambda pair: pair[0] != deepest)
        return [each for _, each in pairs]


def describe_priorities(knowledge: Knowledge) -> Mapping[int, PriorityText]:
    """Describe every class of the worklist, by rank."""
    return {
        each.rank: PriorityText(
            rank=each.rank,
            title=each.title,
            analytes=frozenset(
                knowledge.limits[part.limit].analyte
                for part in walk(each.when)
                if isinstance(part, Compare)
            ),
            rules={
                member.rule: _DEPTH[member.grade or ""]
                for alternative in alternatives(each.when)
                for member in (without_exceptions(alternative),)
                if isinstance(member, RuleIs)
            },
        )
        for each in knowledge.priorities
    }
