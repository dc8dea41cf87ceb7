"""Names that are a name of ours with a word more, and mean another analyte: "WBC corrected"."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.knowledge.model import Analyte, Knowledge
from pipeline.knowledge.name_key import name_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Qualified:
    """An analyte that stands for another, and the words that say so, as keys."""

    analyte: str
    stands_for: str
    qualifiers: frozenset[str]
    links: frozenset[str]
    fillers: frozenset[str]


def index_qualified(knowledge: Knowledge) -> tuple[Qualified, ...]:
    """Prepare the analytes that stand for another."""
    return tuple(map(_prepare, (a for a in knowledge.analytes.values() if a.qualifiers)))


def _prepare(analyte: Analyte) -> Qualified:
    return Qualified(
        analyte=analyte.id,
        stands_for=analyte.stands_for,
        qualifiers=frozenset(map(name_key, analyte.qualifiers)),
        links=frozenset(map(name_key, analyte.qualifier_links)),
        fillers=frozenset(map(name_key, analyte.qualifier_fillers)),
    )


def qualified_analyte(
    words: tuple[str, ...],
    names: Mapping[str, str],
    names_with_unit: Mapping[str, tuple[str, ...]],
    qualified: tuple[Qualified, ...],
) -> str:
    """Return the analyte of a name that holds a qualifier; "" if it holds none.

    Without the qualifier, and without the reason that follows it ("for NRBC"), the name must be
    one of the analyte that is qualified.
    """
    for each in qualified:
        if each.qualifiers.isdisjoint(words):
            continue
        ends = [at for at, word in enumerate(words) if word in each.links and at]
        kept = words[: min(ends, default=len(words))]
        rest = "".join(w for w in kept if w not in each.qualifiers | each.fillers)
        if names.get(rest) == each.stands_for or each.stands_for in names_with_unit.get(rest, ()):
            return each.analyte
    return ""
