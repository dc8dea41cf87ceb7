"""What a specimen is: blood, another fluid, a control, an animal, or words that are not known."""

import re
from collections.abc import Mapping

from pipeline.knowledge.memo import prepared_once
from pipeline.knowledge.model import Knowledge
from pipeline.knowledge.name_key import name_key

UNKNOWN = "?"
SEVERAL = "; "
"""Parts what several columns say of one specimen."""

_GRAVEST_FIRST = ("animal", "control", "other", "blood", UNKNOWN)
_PARTS = re.compile(r"[()\[\],/|:+]|\s[-–]\s|\s+(?:by|from|von|aus|de|du)\s+")


@prepared_once
def index_materials(knowledge: Knowledge) -> Mapping[str, str]:
    """Prepare the words of materials: key of a word → its kind; "" for words that add nothing."""
    return {
        name_key(word): "" if material.kind == "neutral" else material.kind
        for material in knowledge.materials.values()
        for word in material.words
    }


def material_of(text: str, words: Mapping[str, str]) -> str:
    """Return the kind of material that a cell names; "" if it is empty, "?" if it is not known.

    Of what several columns say, the gravest counts: a fluid is a fluid, whatever the tube.
    """
    kinds = {_kind_of(part, words) for part in text.split(SEVERAL)} - {""}
    return next((kind for kind in _GRAVEST_FIRST if kind in kinds), "")


def _kind_of(text: str, words: Mapping[str, str]) -> str:
    """Return the kind of one cell: of the whole, else the one that all its parts agree on."""
    text = text.strip()
    if not text:
        return ""
    if whole := words.get(name_key(text), ""):
        return whole
    for split in (_PARTS.split, str.split):
        parts = [key for part in split(text) if (key := name_key(part))]
        kinds = {words.get(part, UNKNOWN) for part in parts} - {""}
        if len(kinds) == 1 and UNKNOWN not in kinds:
            return kinds.pop()
    return UNKNOWN
