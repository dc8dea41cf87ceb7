"""Texts of many rows as places in a list of few words, so that each is written and joined once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.extensions import ExtensionArray

from pipeline.interpret.result_arrays import Codes, Mask
from schemas.joined_codes import join_codes

Texts = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Categorical:
    """A text for each row."""

    codes: Codes
    """Place of the text among the words."""
    words: Texts
    """Need not differ from each other."""

    @classmethod
    def same(cls, text: str, count: int) -> "Categorical":
        """Give the same text so many times."""
        return cls(codes=np.zeros(count, np.intp), words=np.array([text], dtype=object))

    @property
    def texts(self) -> Texts:
        """Each text in full."""
        return np.asarray(self.words[self.codes], dtype=object)


def join_where(where: Mapping[str, Mask], count: int) -> Categorical:
    """Join those words whose mask holds, in the order given."""
    holds = {word: mask for word, mask in where.items() if mask.any()}
    if not holds:
        return Categorical.same("", count)
    packed = np.packbits(np.stack(list(holds.values()), axis=1), axis=1, bitorder="little")
    codes = np.zeros(count, np.uint64)
    for place in range(packed.shape[1]):
        codes |= packed[:, place].astype(np.uint64) << np.uint64(8 * place)
    places, combinations = pd.factorize(codes)
    words = list(holds)
    joined = [
        join_codes(word for place, word in enumerate(words) if int(code) >> place & 1)
        for code in combinations
    ]
    return Categorical(codes=places, words=np.array(joined, dtype=object))


def choose_word(masks: Mapping[str, Mask], otherwise: str) -> Categorical:
    """Give the word whose mask holds; masks exclude each other."""
    words = np.array([str(otherwise), *map(str, masks)], dtype=object)
    codes = np.zeros(len(next(iter(masks.values()))), np.intp)
    for place, mask in enumerate(masks.values(), start=1):
        codes[mask] = place
    return Categorical(codes=codes, words=words)


def take_turns(columns: Iterable[Categorical]) -> ExtensionArray:
    """Give the first text of each column, then the second of each, and so on, as a text column."""
    several = list(columns)
    starts = np.cumsum([0, *(len(column.words) for column in several)])
    codes = np.stack(
        [column.codes + start for column, start in zip(several, starts, strict=False)], axis=1
    )
    words = np.concatenate([column.words for column in several])
    return pd.array(words, dtype="str").take(codes.ravel())
