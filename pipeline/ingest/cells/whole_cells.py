"""What a whole cell says beside a number: a comparator, a material, a status, a warning."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.ingest.cells.free_text import FreeTextIndex, index_free_text, read_free_text
from pipeline.ingest.cells.materials import MaterialWords, index_materials, material_of
from pipeline.ingest.cells.statuses import index_statuses, parse_statuses
from pipeline.ingest.cells.value_words import (
    ValueWords,
    comparator_of,
    doubt_of,
    index_value_words,
)
from pipeline.knowledge.memo import cached_by_knowledge
from pipeline.knowledge.model import Knowledge
from pipeline.knowledge.name_key import fold_words
from schemas.vocabulary import ResultStatus

SIGNS = frozenset(["<", ">", "<=", ">=", "≤", "≥"])
"""What can be nothing but a comparator, wherever it is the whole cell."""

_COMPARATORS = {
    "less-than": "<",
    "greater-than": ">",
    "at-most": "<=",
    "at-least": ">=",
    "exactly": "",
}
_LONGEST_CODE = 3
_MOST_WORDS = 4
"""More words are a sentence, and sentences are not read here."""
_OF_NO_CONSEQUENCE = ("", str(ResultStatus.FINAL))


@dataclass(frozen=True, slots=True, kw_only=True)
class CellWords:
    """Words of whole cells, ready to be looked up."""

    values: ValueWords
    """Words in and beside results."""
    comparators: Mapping[str, str]
    """Folded → comparator, "" for the words that say that there is none."""
    materials: MaterialWords
    everyday: frozenset[str]
    """Words of materials that mean other things as often."""
    sound: frozenset[str]
    """What says that a specimen is as it should be."""
    remarks: FreeTextIndex
    statuses: Mapping[str, str]
    plain_marks: frozenset[str]
    doubtful_marks: frozenset[str]
    no_number_marks: frozenset[str]

    def comparator(self, text: str) -> str | None:
        """Return the comparator that a cell names, "" for none; None if it names nothing such.

        A code is written in letters of one size: `lE` is a message of an analyzer.
        """
        code = text.strip()
        if (
            len(code) <= _LONGEST_CODE
            and code.isalpha()
            and code not in (code.upper(), code.lower())
        ):
            return None
        return self.comparators.get(_fold(text))

    def material(self, text: str) -> str:
        """Return the kind of material that a cell names, "?" if it names none for certain."""
        return "?" if _fold(text) in self.everyday else material_of(text, self.materials)

    def status(self, text: str) -> str:
        """Return the status that a word names; "" for anything else, single letters included."""
        return (
            str(parse_statuses([text], self.statuses)["status"][0]) if len(text.strip()) > 1 else ""
        )

    def warning(self, text: str) -> str:
        """Return "remark" or "doubt" if the cell as a whole warns of the specimen, else "".

        A `remark` says something that is known (clumps, hemolysis), a `doubt` only that the
        specimen is not to be relied on.
        """
        if len(text.split()) > _MOST_WORDS or text.strip().isdigit():
            return ""
        if any(said.answer == "yes" for said in read_free_text(text, self.remarks)):
            return "remark"
        return "doubt" if doubt_of(text, self.values) == "specimen-unreliable" else ""

    def mark(self, text: str) -> str:
        """Return "doubtful", "no-number" or "plain" for a mark of an analyzer, else ""."""
        mark = left = text.strip()
        for sign in self.plain_marks | self.doubtful_marks | self.no_number_marks:
            left = left.replace(sign, "")
        if not mark or left.strip():
            return ""
        if any(sign in mark for sign in self.doubtful_marks):
            return "doubtful"
        return "no-number" if any(sign in mark for sign in self.no_number_marks) else "plain"

    def is_sound(self, text: str) -> bool:
        """Whether a cell says that the specimen is as it should be."""
        return _fold(text) in self.sound


def is_of_consequence(status: str) -> bool:
    """Whether a status changes what becomes of a result."""
    return status not in _OF_NO_CONSEQUENCE


@cached_by_knowledge
def index_cells(knowledge: Knowledge) -> CellWords:
    """Prepare the words of `knowledge` that whole cells are compared with."""
    return CellWords(
        values=index_value_words(knowledge),
        comparators={
            _fold(word): sign
            for name, sign in _COMPARATORS.items()
            for kind in (name, f"{name}-cell")
            if kind in knowledge.phrases
            for word in knowledge.phrases[kind].words
        },
        materials=index_materials(knowledge),
        everyday=frozenset(
            _fold(word) for each in knowledge.materials.values() for word in each.everyday
        ),
        sound=frozenset(_fold(word) for word in knowledge.phrases["specimen-sound"].words),
        remarks=index_free_text(knowledge, "specimen"),
        statuses=index_statuses(knowledge),
        plain_marks=frozenset(knowledge.phrases["mark-plain"].words),
        doubtful_marks=frozenset(knowledge.phrases["mark-doubtful"].words),
        no_number_marks=frozenset(knowledge.phrases["mark-no-number"].words),
    )


def read_comparator(text: str, words: CellWords) -> str | None:
    """Return the comparator of a cell in a column of comparators; None if it is none."""
    known = words.comparator(text)
    return comparator_of(text, words.values) if known is None else known


def _fold(text: str) -> str:
    return fold_words(unicodedata.normalize("NFKC", text)).strip(" .") or text.strip()
