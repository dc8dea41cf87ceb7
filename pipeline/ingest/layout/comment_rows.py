"""Rows and columns that hold remarks: their names, their texts, and the results they go with."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain

import pandas as pd

from pipeline.ingest.cells.free_text import FreeTextIndex, index_free_text, read_free_text
from pipeline.ingest.cells.numbers import parse_values
from pipeline.ingest.cells.value_words import index_value_words
from pipeline.ingest.layout.analyte_names import (
    LONGEST_NAME,
    NameIndex,
    index_names,
    split_header,
)
from pipeline.ingest.layout.look_alikes import words_of
from pipeline.knowledge.memo import cached_by_knowledge
from pipeline.knowledge.model import Knowledge
from pipeline.knowledge.name_key import fold_words, name_key
from pipeline.lookup import look_up

_FIELDS = ("comment", "film", "specimen_remark")
"""Fields whose names a remark has."""
_SPECIMEN = ["patient_id", "sample_id", "collected_at"]
_NUMBERED = re.compile(r"[\s\d.:#]+$")
_BETWEEN = "; "
_SENTENCES = re.compile(r"[.;,\n]")


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentNames:
    """Names of rows and columns that hold remarks, ready to be looked up."""

    whole: frozenset[str]
    words: frozenset[str]

    def fits(self, name: str) -> bool:
        """Whether a name is that of a remark: as a whole, numbered, or by one of its words."""
        if len(name) > LONGEST_NAME:
            return False
        bare = _NUMBERED.sub("", name)
        return name_key(bare) in self.whole or not self.words.isdisjoint(words_of(bare))


@cached_by_knowledge
def index_comment_names(knowledge: Knowledge) -> CommentNames:
    """Prepare the names of remarks."""
    fields = [knowledge.fields[name] for name in _FIELDS]
    return CommentNames(
        whole=frozenset(map(name_key, chain.from_iterable(each.headers for each in fields))),
        words=frozenset(map(name_key, chain.from_iterable(each.words for each in fields))),
    )


def find_comment_rows(export: pd.DataFrame, knowledge: Knowledge) -> "pd.Series[bool]":
    """Mark the rows that hold a remark instead of a result.

    A row is one if its name is that of a remark and its value no number. So is a row without a
    name whose text says something of the specimen: the line of a comment that goes on.
    """
    named = index_comment_names(knowledge)
    is_named = _map_distinct(export["analyte"], named.fits)
    is_bare = export[["analyte", "loinc", "unit"]].apply(lambda cells: cells.str.strip().eq(""))
    nameless = is_bare.all(axis=1) & export["value"].str.strip().ne("")
    rows = is_named | nameless
    found = pd.Series(False, index=export.index)
    if not rows.any():
        return found
    texts = export.loc[rows, "value"]
    codes, distinct = pd.factorize(texts)
    read = parse_values(list(distinct), index_value_words(knowledge))
    is_text = read["number"].isna().take(codes).set_axis(texts.index)
    index = index_free_text(knowledge, "specimen")
    says = _map_distinct(texts, lambda text: bool(read_free_text(text, index)))
    found[texts.index] = is_text & (is_named[texts.index] | says)
    return found


def comment_texts(export: pd.DataFrame, index: FreeTextIndex) -> "pd.Series[str]":
    """Give the text of each remark, behind the word for the specimen in its name, if any."""
    text = export["value"].where(export["value"].ne(""), export["comment"]).str.strip()
    written = {name: _specimen_of(name, index) for name in pd.unique(export["analyte"])}
    ahead = look_up(export["analyte"], written)
    return (ahead + text).where(text.ne(""), "")


def name_texts(texts: "pd.Series[str]", header: str, index: FreeTextIndex) -> "pd.Series[str]":
    """Put the word for the specimen in the header of a column before its texts."""
    return _specimen_of(header, index) + texts


def _specimen_of(name: str, index: FreeTextIndex) -> str:
    """Give the word for the specimen in a name: "Sample quality: old" is said of a sample."""
    found = index.phrases["specimen"].search(fold_words(name))
    return f"{found[0]}: " if found else ""


@cached_by_knowledge
def _index_neutral(knowledge: Knowledge) -> frozenset[str]:
    named = ("neutral", "no", "not-said", "yes", "negative")
    words = chain.from_iterable(knowledge.phrases[name].words for name in named)
    return frozenset(fold_words(word) for word in words)


def is_neutral(text: str, knowledge: Knowledge) -> bool:
    """Whether a whole remark is one of those that change nothing."""
    bare = fold_words(text).strip(" .!*:")
    bare = bare.rpartition(": ")[2]
    parts = [part.strip(" .!*:") for part in _SENTENCES.split(bare)]
    neutral = _index_neutral(knowledge)
    return not bare or bare in neutral or all(part in neutral for part in parts if part)


def join_comments(
    export: pd.DataFrame, remarks: "pd.Series[bool]", knowledge: Knowledge
) -> pd.DataFrame:
    """Put the text of each remark beside the result that it was written for.

    That is the result of its specimen that its name names ("PLT comment"), else the one above
    it, else the next below. A remark without a specimen stays by itself.
    """
    if not remarks.any():
        return export
    texts = comment_texts(export[remarks], index_free_text(knowledge, "specimen"))
    names = index_names(knowledge)
    known = (export["sample_id"].ne("") | export["collected_at"].ne("")) & export["patient_id"].ne(
        ""
    )
    concerned = export[known].merge(
        export.loc[remarks & known, _SPECIMEN].drop_duplicates(), on=_SPECIMEN, how="inner"
    )
    by_id = dict(zip(export["result_id"], export.index, strict=True))
    comments = export["comment"].copy()
    for _, group in concerned.groupby(_SPECIMEN, sort=False):
        places = [by_id[each] for each in group["result_id"]]
        results = [at for at in places if not remarks[at]]
        for at in places:
            if remarks[at] and texts[at] and results:
                target = _target_of(at, results, export["analyte"], names)
                comments[target] = _BETWEEN.join(filter(None, [comments[target], texts[at]]))
    return export.assign(comment=comments)


def _target_of(
    comment_name: int, results: list[int], written: "pd.Series[str]", names: NameIndex
) -> int:
    """Choose the result of a specimen to which a remark belongs."""
    about = {each for word in words_of(written[comment_name]) for each in names.claimants(word)}
    if about:
        for at in results:
            if about & set(names.claimants(split_header(written[at], names).name)):
                return at
    above = [at for at in results if at < comment_name]
    return above[-1] if above else results[0]


def _map_distinct(texts: "pd.Series[str]", says: Callable[[str], bool]) -> "pd.Series[bool]":
    """Ask something of each distinct text, and give every row the answer."""
    known = {text: says(text) for text in pd.unique(texts)}
    return texts.map(known).astype(bool)
