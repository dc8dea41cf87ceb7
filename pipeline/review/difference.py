"""What changes when the same data is interpreted by another set of rules."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.interpret import Interpretation
from pipeline.interpret.joined_evidence import join_evidence
from schemas import DataFrame, Differences, PatientChanges, Patients
from schemas.vocabulary import Difference, Outcome

_KEY = ["patient_id", "accession", "rule"]
_COLLECTED = ["collected_at", "collected_precision"]
_SAID = ["outcome", "reason", "grade", "status", "value", "unit", "limit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChanges:
    """How the answers of one rule differ, in counts of accessions."""

    rule: str
    before: int
    """Present before."""
    after: int
    both: int
    gained: int
    """Present after and not before; `lost` is the reverse."""
    lost: int
    outcome: int
    """Neither present before nor after, and yet another outcome."""
    reason: int
    """Indeterminate for another reason."""
    grade: int
    """Present in both, with another grade."""
    status: int
    """The same outcome and grade, confirmed in one and unconfirmed in the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two interpretations of the same data, side by side."""

    rules: tuple[RuleChanges, ...]
    differences: DataFrame[Differences]
    patients: DataFrame[PatientChanges]
    patients_seen: int

    @property
    def patients_moved(self) -> int:
        """Patients who stand in another class of the worklist."""
        before, after = self.patients["priority_before"], self.patients["priority_after"]
        return int((before.fillna(-1) != after.fillna(-1)).sum())


def compare_interpretations(before: Interpretation, after: Interpretation) -> Comparison:
    """Compare every answer of two interpretations, shadow rules included."""
    both = _side_by_side(_outcomes(before), _outcomes(after))
    differences = Differences.validate(
        both.loc[both["difference"].ne(""), list(Differences.column_types())].reset_index(drop=True)
    )
    return Comparison(
        rules=_count(both),
        differences=differences,
        patients=_patients(before.patients, after.patients, differences),
        patients_seen=len({*before.patients["patient_id"], *after.patients["patient_id"]}),
    )


def _outcomes(interpretation: Interpretation) -> pd.DataFrame:
    together = pd.concat(
        [
            join_evidence(interpretation.findings, interpretation.evidence),
            join_evidence(interpretation.shadow, interpretation.shadow_evidence),
        ],
        ignore_index=True,
    )
    return together[[*_KEY, *_COLLECTED, *_SAID]]


def _side_by_side(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Put the answers of both beside each other, in the order of the first, and name the change."""
    order = pd.concat([before["rule"], after["rule"]]).drop_duplicates()
    both = before.merge(
        after, on=_KEY, how="outer", suffixes=("_before", "_after"), validate="one_to_one"
    )
    for name in _COLLECTED:
        both[name] = both[f"{name}_before"].combine_first(both[f"{name}_after"])
    sides = [f"{name}_{side}" for name in _SAID for side in ("before", "after")]
    both = both.fillna(dict.fromkeys(sides, "")).fillna({"collected_precision": ""})
    both["difference"] = _difference(both)
    place = both["rule"].map(dict(zip(order, range(len(order)), strict=True)))
    return both.assign(place=place).sort_values(
        ["patient_id", "collected_at", "accession", "place"], ignore_index=True
    )


def _difference(both: pd.DataFrame) -> "pd.Series[str]":
    was, is_ = (both[f"outcome_{side}"].eq(Outcome.PRESENT) for side in ("before", "after"))
    other = {
        name: both[f"{name}_before"].ne(both[f"{name}_after"])
        for name in ("outcome", "reason", "grade", "status")
    }
    kinds = {
        Difference.GAINED: is_ & ~was,
        Difference.LOST: was & ~is_,
        Difference.OUTCOME: other["outcome"],
        Difference.REASON: other["reason"],
        Difference.GRADE: other["grade"],
        Difference.STATUS: other["status"],
    }
    named = np.select(list(kinds.values()), [str(kind) for kind in kinds], "")
    return pd.Series(named, index=both.index, dtype="str")


def _count(both: pd.DataFrame) -> tuple[RuleChanges, ...]:
    was, is_ = (both[f"outcome_{side}"].eq(Outcome.PRESENT) for side in ("before", "after"))
    present = pd.DataFrame({"before": was, "after": is_, "both": was & is_})
    changes = {str(kind): both["difference"].eq(kind) for kind in Difference}
    counted = present.assign(**changes).groupby(both["rule"]).sum()
    in_order = both.drop_duplicates("rule").sort_values("place")["rule"]
    return tuple(
        RuleChanges(rule=str(rule), **{str(name): int(count) for name, count in row.items()})
        for rule, row in counted.reindex(in_order).to_dict("index").items()
    )


def _patients(
    before: DataFrame[Patients], after: DataFrame[Patients], differences: DataFrame[Differences]
) -> DataFrame[PatientChanges]:
    ranks = [each.set_index("patient_id")["priority"].astype("Int64") for each in (before, after)]
    listed = pd.concat(ranks, axis=1, keys=["priority_before", "priority_after"])
    moved = listed["priority_before"].fillna(-1).ne(listed["priority_after"].fillna(-1))
    counts = differences["patient_id"].value_counts()
    named = {
        str(kind): differences[differences["difference"].eq(kind)]
        .drop_duplicates(["patient_id", "rule"])
        .groupby("patient_id")["rule"]
        .agg("; ".join)
        .astype("str")
        for kind in (Difference.GAINED, Difference.LOST)
    }
    complete = listed.assign(
        **{name: rules.reindex(listed.index).fillna("") for name, rules in named.items()},
        differences=counts.reindex(listed.index).fillna(0).astype("int64"),
    )
    changed = complete[moved | complete["differences"].gt(0)].sort_index()
    kinds = PatientChanges.column_types()
    told = changed.rename_axis("patient_id").reset_index()[list(kinds)]
    return PatientChanges.validate(told.astype(kinds))
