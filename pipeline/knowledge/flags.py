"""What the flag of a laboratory means: critical, low, high, abnormal, or nothing."""

import re
from collections.abc import Mapping
from typing import Literal

import pandas as pd

from pipeline.knowledge.memo import cached_by_knowledge
from pipeline.knowledge.model import Knowledge
from pipeline.lookup import look_up

FlagKind = Literal["", "critical", "low", "high", "abnormal"]
_PARTS = re.compile(r"[\s,;/|()\[\]]+")
_GRAVEST_FIRST: tuple[FlagKind, ...] = ("critical", "low", "high", "abnormal", "")


class Flags:
    """Words of flags, ready to be looked up."""

    def __init__(self, meant: Mapping[str, FlagKind]) -> None:
        """Take words without capitals and what each means."""
        self._meant = meant

    def kind_of(self, flag: str) -> FlagKind:
        """Say what a flag means; one that is not known is abnormal: somebody set it."""
        text = " ".join(flag.casefold().split()).strip(" .:")
        if not text:
            return ""
        if text in self._meant:
            return self._meant[text]
        kinds = {self._meant.get(part, "abnormal") for part in _PARTS.split(text) if part}
        return next((kind for kind in _GRAVEST_FIRST if kind in kinds), "")

    def kinds_of(self, flags: "pd.Series[str]") -> "pd.Series[str]":
        """Say of each flag what it means."""
        known = {flag: self.kind_of(flag) for flag in flags.unique()}
        return look_up(flags, known)


@cached_by_knowledge
def index_flags(knowledge: Knowledge) -> Flags:
    """Prepare the words of flags."""
    meant: dict[str, FlagKind] = {}
    kinds: tuple[tuple[FlagKind, str], ...] = (
        ("", "flag-none"),
        ("abnormal", "flag-abnormal"),
        ("high", "flag-high"),
        ("low", "flag-low"),
        ("critical", "flag-critical"),
    )
    for kind, name in kinds:
        meant |= {word.casefold(): kind for word in knowledge.phrases[name].words}
    return Flags(meant)
