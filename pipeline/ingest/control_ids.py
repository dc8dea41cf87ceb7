"""Ids that name no patient: controls and summary rows, and ids that a spreadsheet made a date."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from pipeline.issues import all_issues, issues_at
from pipeline.knowledge.memo import cached_by_knowledge
from pipeline.knowledge.model import Knowledge
from pipeline.knowledge.name_key import fold_words, name_key
from schemas import DataFrame, Issues

Kind = Literal["", "control", "doubtful"]

_MOST_LEVELS = 3
_MOST_DIGITS = 9
_LONG_WORD = 5
_PARTS = re.compile(r"[^\W\d_]+%?|\d+")
_COUNT = re.compile(r"\(?\s*n\s*=\s*\d+\s*\)?")
_DATES = re.compile(
    r"\d{1,2}/\d{1,2}/(?:\d{2}|\d{4})|\d{1,2}\.\d{1,2}\.(?:\d{2}|\d{4})|\d{4}/\d{1,2}/\d{1,2}",
    re.ASCII,
)
_TIME = re.compile(r"[ T]0{1,2}:00(?::00)?$")
_WITH_MONTH = re.compile(r"(\d{1,4})?[-. /]*([^\W\d_]+)\.?[-. /]*(\d{1,4})?")
_DAMAGED = {"patient_id": "patient-id-damaged", "sample_id": "specimen-damaged"}


@dataclass(frozen=True, slots=True, kw_only=True)
class IdWords:
    """Words of ids, ready to be looked up, as keys."""

    controls: frozenset[str]
    levels: frozenset[str]
    summaries: frozenset[str]
    given_names: frozenset[str]
    """Those of `summaries` that are names of people too."""
    months: frozenset[str]

    def names_a_control(self, text: str) -> bool:
        """Whether an id is made of words for controls, their levels and small numbers."""
        parts = _PARTS.findall(fold_words(text))
        words = [name_key(part) for part in parts if not part.isdecimal()]
        digits = (part.lstrip("0")[:_MOST_DIGITS] for part in parts if part.isdecimal())
        numbers = [int(text or "0") for text in digits]
        if any(number > _MOST_LEVELS for number in numbers):
            return False
        others = [word for word in words if not self._control_in(word)]
        return len(others) < len(words) and self.levels.issuperset(others)

    def _control_in(self, word: str) -> bool:
        """Whether a word is that of a control, or such a word and a level in one."""
        if word in self.controls:
            return True
        ahead = (word[:at] for at in range(_LONG_WORD, len(word)))
        return any(head in self.controls and word[len(head) :] in self.levels for head in ahead)

    def sums_up(self, text: str) -> bool:
        """Whether an id is the name of a summary row."""
        return name_key(_COUNT.sub("", fold_words(text))) in self.summaries

    def is_given_name(self, text: str) -> bool:
        """Whether an id may be a person's name as well as that of a summary row."""
        return name_key(text) in self.given_names

    def is_date(self, text: str) -> bool:
        """Whether an id looks like a date that a spreadsheet made of it."""
        bare = _TIME.sub("", text.strip())
        if _DATES.fullmatch(bare):
            return True
        found = _WITH_MONTH.fullmatch(bare)
        if not found or not (found[1] or found[3]):
            return False
        return name_key(found[2]) in self.months


@cached_by_knowledge
def index_id_words(knowledge: Knowledge) -> IdWords:
    """Prepare the words of `knowledge.phrases`."""

    def keys(*kinds: str) -> frozenset[str]:
        return frozenset(name_key(word) for kind in kinds for word in knowledge.phrases[kind].words)

    return IdWords(
        controls=keys("control"),
        levels=keys("control-level"),
        summaries=keys("summary", "summary-line"),
        given_names=keys("summary-or-name"),
        months=keys("month"),
    )


def find_controls(export: pd.DataFrame, knowledge: Knowledge) -> "pd.Series[str]":
    """Say of each row whether its ids are of no patient: "control", "doubtful" or "".

    A row is left out if its patient id, or without one its specimen id, names a control or a
    summary. It is doubtful where a person stands beside such an id (a sex, a birth date, an age,
    a name), where the id is a name as well ("Max"), and where only the specimen id of a patient
    names a control. A whole person with a specimen, or a name, beside the word for a summary is a
    patient whose id happens to read like one.
    """
    words = index_id_words(knowledge)
    patient = export["patient_id"]
    named = _map(patient, words.names_a_control)
    sums_up = _map(patient, words.sums_up) & ~named
    tube = _map(export["sample_id"], words.names_a_control)
    is_person = export["sex"].ne("") | export["birth_date"].ne("") | export["age"].ne("")
    name = export["patient_name"]
    is_named = name.ne("") & name.ne(patient)
    is_named &= ~(_map(name, words.names_a_control) | _map(name, words.sums_up))
    is_person |= is_named
    is_whole = export["sex"].ne("") & export["birth_date"].ne("")
    is_whole &= is_named | (export["sample_id"].ne("") & ~tube)
    nobody = named | (sums_up & ~is_whole) | (tube & patient.eq(""))
    is_open = is_person | (sums_up & _map(patient, words.is_given_name))
    kind = pd.Series("", index=export.index, dtype="str")
    kind = kind.mask(nobody & ~is_open, "control")
    return kind.mask((nobody & is_open) | (tube & ~nobody), "doubtful")


def _map(column: "pd.Series[str]", says: Callable[[str], bool]) -> "pd.Series[bool]":
    return column.map({text: says(text) for text in pd.unique(column)}).astype(bool)


def find_dated_ids(
    export: pd.DataFrame, headers: Mapping[str, str], knowledge: Knowledge
) -> DataFrame[Issues]:
    """Hold the rows whose id is a date where other ids of the column have another shape."""
    return all_issues(*_dated(export, headers, index_id_words(knowledge)))


def _dated(
    export: pd.DataFrame, headers: Mapping[str, str], words: IdWords
) -> Iterator[DataFrame[Issues]]:
    for field, code in _DAMAGED.items():
        column = export[field]
        distinct = [text for text in pd.unique(column) if text]
        dates = [text for text in distinct if words.is_date(text)]
        if dates and len(dates) < len(distinct):
            header = headers.get(field)
            yield issues_at(export[column.isin(dates)], code, column=header)
