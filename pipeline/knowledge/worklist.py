"""How the knowledge puts a worklist in order, and whom it lists for information only."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.errors import KnowledgeError
from pipeline.knowledge.conditions import Compare, Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassOrder:
    """What decides who comes first within some classes of the worklist.

    Results are compared as shares of a limit: value / limit, or limit / value of an upper limit.
    The smallest share of a patient counts, and the smallest of all comes first.
    """

    id: str
    ranks: tuple[int, ...]
    """The classes."""
    first: tuple[Condition, ...] = ()
    """Whoever one of these holds for comes before everybody with a number."""
    by: tuple[Condition, ...] = ()
    """Comparisons; of each analyte the first that holds gives the share."""
    also_inside: bool = False
    """Results on the other side of the limit give a share too, where no comparison holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForInformation:
    """Whose line stands on a list of its own, because nothing waits to be done.

    All must hold: the class; exactly one finding, confirmed, on a specimen on which `when` holds
    and `unless` does not; nothing held or preliminary; the age; nothing of `never_stated` said.
    """

    id: str
    rank: int
    """The class."""
    from_years: int
    """Age in whole years at the collection; an unknown age does not do."""
    never_stated: tuple[str, ...]
    """Observations that keep a patient on the list, whenever they were stated."""
    never: tuple[Condition, ...]
    """Conditions that do, on whatever specimen they hold."""
    when: tuple[Condition, ...]
    """Any of these, and certainly."""
    unless: tuple[Condition, ...]
    """None of these, on the same specimen."""


def conditions_of(orders: tuple[ClassOrder, ...], aside: ForInformation) -> Iterator[Condition]:
    """Give every condition that the order of the worklist asks."""
    for order in orders:
        yield from (*order.first, *order.by)
    yield from (*aside.never, *aside.when, *aside.unless)


def check_order(order: ClassOrder, ranks: frozenset[int]) -> None:
    """Refuse an order of a class that is not there, or one by something without a number.

    Raises:
        KnowledgeError: Names the order.
    """
    where = f"order {order.id!r}"
    for rank in order.ranks:
        if rank not in ranks:
            raise KnowledgeError(f"{where}: there is no priority {rank}")
    for condition in order.by:
        if not isinstance(condition, Compare):
            raise KnowledgeError(f"{where}: `by` holds comparisons with a limit alone")
