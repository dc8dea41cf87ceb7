"""Texts of many rows as places in a list of few words, so that each is written and joined once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.extensions import ExtensionArray

from pipeline.interpret.result_arrays import Codes, Mask

Texts = npt.NDArray[np.object_]
JOIN = "; "
_WITHIN = ";\u00a0"


def keep_whole(text: str) -> str:
    """Write a text so that it is one piece among joined ones: its own "; " joins nothing."""
    return text.replace(JOIN, _WITHIN)


def as_written(text: str) -> str:
    """Return joined texts with the names in them as they were before `keep_whole`."""
    return text.replace(_WITHIN, JOIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """A text for each row."""

    codes: Codes
    """Place of the text among the words."""
    words: Texts
    """Need not differ from each other."""

    @classmethod
    def of(cls, column: "pd.Series[str] | pd.Series[int]") -> "Coded":
        """Take the texts of a column, or its numbers as texts."""
        codes, distinct = pd.factorize(column)
        return cls(codes=codes, words=np.array([str(each) for each in distinct], dtype=object))

    @classmethod
    def named(cls, column: "pd.Series[str] | pd.Series[int]") -> "Coded":
        """Take names that may hold the sign that joins."""
        plain = cls.of(column)
        words = np.array([keep_whole(word) for word in plain.words], dtype=object)
        return cls(codes=plain.codes, words=words)

    @classmethod
    def each(cls, texts: Texts) -> "Coded":
        """Take texts as they are."""
        return cls(codes=np.arange(len(texts)), words=texts)

    @classmethod
    def same(cls, text: str, count: int) -> "Coded":
        """Give the same text so many times."""
        return cls(codes=np.zeros(count, np.intp), words=np.array([text], dtype=object))

    @property
    def texts(self) -> Texts:
        """Each text in full."""
        return np.asarray(self.words[self.codes], dtype=object)

    def at(self, rows: npt.NDArray[np.intp]) -> "Coded":
        """Give the texts of some rows."""
        codes = self.codes[rows]
        if len(self.words) > len(rows):
            return Coded.each(self.words[codes])
        return Coded(codes=codes, words=self.words)

    def put(self, rows: npt.NDArray[np.intp], other: "Coded", after: Mask) -> "Coded":
        """Put other texts in the place of some rows, or `after` what stands there."""
        if len(self.words) + len(other.words) > len(rows):
            return self._put_each(rows, other.texts, after)
        pairs = self.codes[rows[after]] * len(other.words) + other.codes[after]
        places, distinct = pd.factorize(pairs)
        first, second = np.divmod(distinct, len(other.words))
        codes = self.codes.copy()
        codes[rows] = len(self.words) + other.codes
        codes[rows[after]] = len(self.words) + len(other.words) + places
        joined = self.words[first] + JOIN + other.words[second]
        return Coded(codes=codes, words=np.concatenate([self.words, other.words, joined]))

    def _put_each(self, rows: npt.NDArray[np.intp], texts: Texts, after: Mask) -> "Coded":
        """Do the same where most texts differ."""
        all_texts = self.texts
        all_texts[rows[~after]] = texts[~after]
        all_texts[rows[after]] += JOIN + texts[after]
        return Coded.each(all_texts)


def join_distinct(columns: Sequence[Coded]) -> Coded:
    """Join texts row by row, each once, leaving out the empty ones."""
    if len(columns) == 1:
        (only,) = columns
        return only
    sizes = [len(column.words) for column in columns]
    steps = [prod(sizes[place + 1 :]) for place in range(len(sizes))]
    codes = sum(column.codes * step for column, step in zip(columns, steps, strict=True))
    places, combinations = pd.factorize(np.asarray(codes, dtype=np.int64))
    words = [
        column.words[combinations // step % size]
        for column, step, size in zip(columns, steps, sizes, strict=True)
    ]
    joined = [JOIN.join(dict.fromkeys(filter(None, row))) for row in zip(*words, strict=True)]
    return Coded(codes=places, words=np.array(joined, dtype=object))


def join_where(where: Mapping[str, Mask], count: int) -> Coded:
    """Join those words whose mask holds, in the order given."""
    holds = {word: mask for word, mask in where.items() if mask.any()}
    if not holds:
        return Coded.same("", count)
    packed = np.packbits(np.stack(list(holds.values()), axis=1), axis=1, bitorder="little")
    codes = np.zeros(count, np.uint64)
    for place in range(packed.shape[1]):
        codes |= packed[:, place].astype(np.uint64) << np.uint64(8 * place)
    places, combinations = pd.factorize(codes)
    words = list(holds)
    joined = [
        JOIN.join(word for place, word in enumerate(words) if int(code) >> place & 1)
        for code in combinations
    ]
    return Coded(codes=places, words=np.array(joined, dtype=object))


def choose_word(masks: Mapping[str, Mask], otherwise: str) -> Coded:
    """Give the word whose mask holds; masks exclude each other."""
    words = np.array([str(otherwise), *map(str, masks)], dtype=object)
    codes = np.zeros(len(next(iter(masks.values()))), np.intp)
    for place, mask in enumerate(masks.values(), start=1):
        codes[mask] = place
    return Coded(codes=codes, words=words)


def format_numbers(numbers: "pd.Series[float]") -> Coded:
    """Write numbers as short as they read back, "" where missing."""
    codes, distinct = pd.factorize(numbers)
    words = np.array([*(f"{number:.12g}" for number in distinct), ""], dtype=object)
    return Coded(codes=np.where(codes < 0, len(distinct), codes), words=words)


def take_turns(columns: Iterable[Coded]) -> ExtensionArray:
    """Give the first text of each column, then the second of each, and so on, as a text column."""
    several = list(columns)
    starts = np.cumsum([0, *(len(column.words) for column in several)])
    codes = np.stack(
        [column.codes + start for column, start in zip(several, starts, strict=False)], axis=1
    )
    words = np.concatenate([column.words for column in several])
    return pd.array(words, dtype="str").take(codes.ravel())
