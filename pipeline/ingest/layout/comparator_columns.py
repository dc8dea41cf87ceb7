"""To which result of a wide table does a column of comparators belong?"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeline.ingest.layout.plan import Plan, ResultColumn
from pipeline.knowledge.name_key import name_key

_PATTERN = 2
"""One column alone beside a result may as well concern another one."""


def attach_comparators(plan: Plan, columns: Sequence[int]) -> tuple[Plan, list[int]]:
    """Give each column of comparators to its result: by its name, else by its place.

    Args:
        plan: Of a wide table.
        columns: Places of columns that hold comparators.

    Returns:
        The plan, and the columns of which it is not certain to which result they belong.
    """
    owners = _owners(plan, columns)
    owned = list(owners.values())
    owners = {at: owner for at, owner in owners.items() if owned.count(owner) == 1}
    signs = {owner: at for at, owner in owners.items()}
    results = tuple(
        replace(each, attached={**each.attached, "comparator": signs[each.column]})
        if each.column in signs
        else each
        for each in plan.results
    )
    return replace(plan, results=results), [at for at in columns if at not in owners]


def _owners(plan: Plan, columns: Sequence[int]) -> dict[int, int]:
    """Return the result column of each column of comparators for which there is one."""
    named = {
        at: owner for at in columns if (owner := _named_in(plan.headers[at], plan)) is not None
    }
    places = {each.column: each.column for each in plan.results}
    if len(places) == 1:
        return {at: next(iter(places)) for at in columns}
    left = places | {at: each.column for each in plan.results for at in each.attached.values()}
    rest = [at for at in columns if at not in named]
    if len(rest) < _PATTERN:
        return named
    behind = {at: left[at - 1] for at in rest if at - 1 in left}
    before = {at: places[at + 1] for at in rest if at + 1 in places}
    # Between two results a comparator may belong to either; the ends of the table tell.
    fitting = [side for side in (behind, before) if len(side) == len(rest)]
    return named | (fitting[0] if len(fitting) == 1 else {})


def _named_in(header: str, plan: Plan) -> int | None:
    """Find the result whose name the header of another column begins or ends with."""
    key = name_key(header)
    found: Mapping[int, int] = {
        each.column: max(
            (len(name) for name in _names_of(each) if key.startswith(name) or key.endswith(name)),
            default=0,
        )
        for each in plan.results
    }
    longest = max(found.values(), default=0)
    best = [at for at, length in found.items() if length == longest]
    return best[0] if longest and len(best) == 1 else None


def _names_of(each: ResultColumn) -> set[str]:
    names = (each.header, each.meaning.name, each.meaning.analyte)
    return {key for name in names if (key := name_key(name))}
