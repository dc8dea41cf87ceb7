"""Which results an artifact may have falsified, and which way."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from pipeline.interpret.by_accession import NOWHERE, Positions
from pipeline.interpret.result_arrays import Mask, ResultArrays
from pipeline.knowledge.conditions import ANY
from pipeline.knowledge.model import Artifact, Derived


@dataclass(frozen=True, slots=True, kw_only=True)
class Interference:
    """By analyte ("any" for all): accessions on which it may be falsely low, falsely high."""

    low: Mapping[str, Mask]
    high: Mapping[str, Mask]
    derived: tuple[Derived, ...]
    amounts: ResultArrays

    def of_results(self, analyte: str, results: Positions) -> tuple[Mask, Mask]:
        """Say where the result of each accession may be falsely low, falsely high.

        What was calculated or bounded from others is as doubtful as they are; what was divided
        by a falsely low one is falsely high.
        """
        low, high = self._of(analyte, len(results))
        for derived in self.derived:
            if derived.analyte == analyte and derived.id in self.amounts.derived:
                code = self.amounts.derived.index(derived.id)
                made = (results != NOWHERE) & (self.amounts.derived_codes[results] == code)
                for place, operand in enumerate(derived.operands):
                    operand_low, operand_high = self._of(operand, len(results))
                    if derived.shape == "quotient" and place > 0:
                        operand_low, operand_high = operand_high, operand_low
                    low, high = low | (made & operand_low), high | (made & operand_high)
        return low, high

    def is_unconfirmed(self, analyte: str, results: Positions) -> Mask:
        """Return where the result was calculated in a way that confirms nothing."""
        unconfirmed = np.zeros(len(results), bool)
        for derived in self.derived:
            asks = derived.is_unconfirmed and derived.analyte == analyte
            if asks and derived.id in self.amounts.derived:
                code = self.amounts.derived.index(derived.id)
                made = (results != NOWHERE) & (self.amounts.derived_codes[results] == code)
                unconfirmed |= made
        return unconfirmed

    def _of(self, analyte: str, count: int) -> tuple[Mask, Mask]:
        return _either(self.low, analyte, count), _either(self.high, analyte, count)


def interference_of(
    artifacts: Iterable[tuple[Artifact, Mask]], derived: tuple[Derived, ...], amounts: ResultArrays
) -> Interference:
    """Put together what artifacts touch, each where it is present."""
    low: dict[str, Mask] = {}
    high: dict[str, Mask] = {}
    for artifact, present in artifacts:
        for touch in artifact.touches:
            for way, masks in (("low", low), ("high", high)):
                if touch.wrongly in (way, "either"):
                    known = masks.get(touch.analyte)
                    masks[touch.analyte] = present if known is None else known | present
    return Interference(low=low, high=high, derived=derived, amounts=amounts)


def _either(masks: Mapping[str, Mask], analyte: str, count: int) -> Mask:
    found = np.zeros(count, bool)
    for name in (analyte, ANY):
        if name in masks:
            found = found | masks[name]
    return found
