"""Whether a remark was understood: word by word, or as one that means nothing here."""

import re
from functools import lru_cache

from pipeline.ingest.cells.free_text import FreeTextIndex, fold_text

_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
_PHRASES = (
    *("neutral", "understood", "link", "yes", "no", "positive", "negative", "not-said"),
    *("denied-before", "denied-after", "suspected", "historical", "ends-denial"),
)
"""Words that are understood beside those of observations."""
_SHORTEST = 2
"""A lone letter says nothing by itself."""


class Understanding:
    """Tells texts of which every word is known from those that a person has to read."""

    def __init__(self, index: FreeTextIndex) -> None:
        """Understand with the words of `index`."""
        self._index = index
        self.is_understood = lru_cache(maxsize=None)(self._is_understood)

    def _is_understood(self, text: str) -> bool:
        """Hold if nothing is left of a text but numbers when all known words are taken out."""
        folded = fold_text(text)
        known = [(start, end) for start, end, _ in self._index.find(folded)]
        for name in _PHRASES:
            known += [found.span() for found in self._index.phrases[name].finditer(folded)]
        covered = bytearray(len(folded))
        for start, end in known:
            covered[start:end] = b"\x01" * (end - start)
        return not any(
            not all(covered[found.start() : found.end()])
            for found in _WORD.finditer(folded)
            if len(found[0]) >= _SHORTEST
        )
