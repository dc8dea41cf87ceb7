"""Names that hold a name of ours and mean something else."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipeline.knowledge.export_terms import LookAlike
from pipeline.knowledge.name_key import name_key

_SHORTEST_WORD = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAlikes:
    """Look-alikes, ready to be looked up; names are given as keys, parts of them as words."""

    whole: frozenset[str]
    """Keys of names that are look-alikes as a whole."""
    any_order: frozenset[tuple[str, ...]]
    """The same, as the sorted words of those that have several long ones."""
    starts: tuple[str, ...]
    ends: tuple[str, ...]
    words: frozenset[str]

    def fits(self, text: str) -> bool:
        """Whether a name is a look-alike, as a whole or by one of its parts.

        To be asked only of names that are none of ours: a name of ours may end like one.
        """
        key, words = name_key(text), words_of(text)
        return (
            key in self.whole
            or tuple(sorted(words)) in self.any_order
            or key.startswith(self.starts)
            or key.endswith(self.ends)
            or not self.words.isdisjoint(words)
        )


def index_look_alikes(look_alikes: Iterable[LookAlike]) -> LookAlikes:
    """Sort look-alikes by the place at which they are looked for in a name."""
    at: Mapping[str, list[str]] = {"": [], "start": [], "end": [], "word": []}
    for each in look_alikes:
        at[each.at].append(each.name)
    # Single letters change their meaning with their place: "WBC-B" is a channel, "B-WBC" blood.
    several = [
        tuple(sorted(words))
        for words in map(words_of, at[""])
        if min(map(len, words), default=0) >= _SHORTEST_WORD
    ]
    return LookAlikes(
        whole=frozenset(map(name_key, at[""])),
        any_order=frozenset(words for words in several if len(words) > 1),
        starts=tuple(map(name_key, at["start"])),
        ends=tuple(map(name_key, at["end"])),
        words=frozenset(map(name_key, at["word"])),
    )


def words_of(name: str) -> tuple[str, ...]:
    """Give the keys of the words of a name.

    >>> words_of("White_cells, NEUT#")
    ('white', 'cells', 'neut#')
    """
    keys = (name_key(word) for word in re.split(r"[^\w#%&]+|_", name))
    return tuple(key for key in keys if key)
