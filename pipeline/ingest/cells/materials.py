"""What a specimen is: blood, another fluid, a control, an animal, or words that are not known."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.knowledge.memo import cached_by_knowledge
from pipeline.knowledge.model import Knowledge
from pipeline.knowledge.name_key import name_key
from pipeline.knowledge.words import any_word

UNKNOWN = "?"
SEVERAL = "; "
"""Parts what several columns say of one specimen."""

_GRAVEST_FIRST = ("animal", "control", "other", "blood", UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialWords:
    """Words of materials, ready to be looked up."""

    kinds: Mapping[str, str]
    """Key of a word → its kind; "" for words that add nothing."""
    between: re.Pattern[str]
    """What stands between the parts of a cell."""


@cached_by_knowledge
def index_materials(knowledge: Knowledge) -> MaterialWords:
    """Prepare the words of materials."""
    link = any_word(knowledge.phrases["material-link"].words)
    return MaterialWords(
        kinds={
            name_key(word): "" if material.kind == "neutral" else material.kind
            for material in knowledge.materials.values()
            for word in material.words
        },
        between=re.compile(rf"[()\[\],/|:+]|\s[-–]\s|\s+{link}\s+"),
    )


def material_of(text: str, words: MaterialWords) -> str:
    """Return the kind of material that a cell names; "" if it is empty, "?" if it is not known.

    Of what several columns say, the gravest counts: a fluid is a fluid, whatever the tube.
    """
    kinds = {_kind_of(part, words) for part in text.split(SEVERAL)} - {""}
    return next((kind for kind in _GRAVEST_FIRST if kind in kinds), "")


def _kind_of(text: str, words: MaterialWords) -> str:
    """Return the kind of one cell: of the whole, else the one that all its parts agree on."""
    text = text.strip()
    if not text:
        return ""
    if whole := words.kinds.get(name_key(text), ""):
        return whole
    for split in (words.between.split, str.split):
        parts = [key for part in split(text) if (key := name_key(part))]
        kinds = {words.kinds.get(part, UNKNOWN) for part in parts} - {""}
        if len(kinds) == 1 and UNKNOWN not in kinds:
            return kinds.pop()
    return UNKNOWN
