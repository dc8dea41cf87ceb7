"""The sentence that says in what nothing was found, and what was not judged."""

from collections.abc import Mapping
from typing import Any

from pipeline.knowledge.model import Knowledge
from pipeline.texts import Texts
from schemas.joined_codes import split_codes

NOTHING_FOUND = 6


def describe_scope(
    scope: Mapping[str, str], knowledge: Knowledge, texts: Texts, *, is_enough: bool
) -> str:
    """Say in which analytes nothing was found; "" if none was judged.

    Args:
        is_enough: Not only too little was judged: it is class 6, or something else keeps it out.
        scope: `judged`, `not_judged` and `no_upper` of Patients.
        knowledge: Names of the analytes.
        texts: Of the language.
    """

    def name(joined: str) -> str:
        return ", ".join(knowledge.analytes[each].short for each in split_codes(joined))

    judged = name(scope["judged"])
    if not judged:
        return ""
    left = [name(scope["not_judged"])]
    if scope["no_upper"]:
        left.append(texts("verdict.no-upper", analytes=name(scope["no_upper"])))
    said = ", ".join(filter(None, left))
    rest = texts("verdict.not-judged", analytes=said) if said else ""
    key = "verdict.nothing-found-in" if is_enough else "verdict.too-little"
    return texts(key, judged=judged, rest=rest)


def scope_of(person: Any) -> Mapping[str, str]:
    """Take what was judged out of a row of Patients."""
    return {name: getattr(person, name) for name in ("judged", "not_judged", "no_upper")}
