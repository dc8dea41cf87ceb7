"""What every file needs of the knowledge is prepared once, not once a file."""

from collections import deque
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from pipeline.knowledge.model import Knowledge

P = ParamSpec("P")
T = TypeVar("T")
_KEPT = 8


def cached_by_knowledge(
    prepare: Callable[Concatenate[Knowledge, P], T],
) -> Callable[Concatenate[Knowledge, P], T]:
    """Let a function remember what it made of the knowledge that it was last given.

    Knowledge never changes, and neither may what is made of it. It is told by identity: two
    versions of it, side by side, are kept apart.
    """
    made: deque[tuple[Knowledge, object, T]] = deque(maxlen=_KEPT)

    @wraps(prepare)
    def cached_part(knowledge: Knowledge, /, *args: P.args, **named: P.kwargs) -> T:
        asked = (args, named)
        for known, given, answer in made:
            if known is knowledge and given == asked:
                return answer
        answer = prepare(knowledge, *args, **named)
        made.append((knowledge, asked, answer))
        return answer

    return cached_part
