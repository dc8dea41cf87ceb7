"""Which results an artifact may have falsified, and which way."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from pipeline.interpret.amounts import Mask
from pipeline.knowledge.conditions import ANY
from pipeline.knowledge.model import Artifact


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubts:
    """By analyte ("any" for all): accessions on which it may be falsely low, falsely high."""

    low: Mapping[str, Mask]
    high: Mapping[str, Mask]

    def of(self, analyte: str, count: int) -> tuple[Mask, Mask]:
        """Give the accessions on which this analyte may be falsely low, falsely high."""
        return _of(self.low, analyte, count), _of(self.high, analyte, count)


def doubts_from(artifacts: Iterable[tuple[Artifact, Mask]]) -> Doubts:
    """Put together what artifacts touch, each where it is present."""
    low: dict[str, Mask] = {}
    high: dict[str, Mask] = {}
    for artifact, present in artifacts:
        for touch in artifact.touches:
            for way, masks in (("low", low), ("high", high)):
                if touch.wrongly in (way, "either"):
                    known = masks.get(touch.analyte)
                    masks[touch.analyte] = present if known is None else known | present
    return Doubts(low=low, high=high)


def _of(masks: Mapping[str, Mask], analyte: str, count: int) -> Mask:
    found = np.zeros(count, bool)
    for name in (analyte, ANY):
        if name in masks:
            found = found | masks[name]
    return found
