"""Counts that stand for another: the corrected one counts, and an uncorrected one never alone."""

from typing import NamedTuple

import pandas as pd

from pipeline.knowledge.model import Knowledge
from pipeline.lookup import look_up
from schemas import DataFrame, Held, Results
from schemas.vocabulary import ResultStatus

_SPECIMEN = ["patient_id", "accession"]
_NOT_MEASURED = ("not-measured", "value-missing")
"""Codes of held results that say nothing against another one."""


class Corrected(NamedTuple):
    """Results of which those that stand for another carry its analyte."""

    results: pd.DataFrame
    replaced: "pd.Series[bool]"
    """A corrected count stands in their place."""
    held: "pd.Series[str]"
    """Code of the issue that sets a result aside; "" for the others."""


def prefer_corrected(
    results: DataFrame[Results], held: DataFrame[Held], knowledge: Knowledge
) -> Corrected:
    """Let the corrected count be the count, in each specimen that has one.

    Where the corrected one is held, the others are held with it (`correction-held`); what is said
    to be uncorrected is held where nothing else stands beside it (`count-uncorrected`).
    """
    stands_for = {a.id: a.stands_for for a in knowledge.analytes.values() if a.stands_for}
    precedence = {name: knowledge.analytes[name].precedence for name in stands_for}
    nothing = pd.Series("", index=results.index, dtype="str")
    none = pd.Series(False, index=results.index)
    against = held[~held["code"].isin(_NOT_MEASURED) & held["accession"].ne("")]
    special = [
        pd.DataFrame(table).loc[table["analyte"].isin(list(stands_for)), [*_SPECIMEN, "analyte"]]
        for table in (results, against)
    ]
    if not any(map(len, special)):
        return Corrected(pd.DataFrame(results), none, nothing)

    def keyed(table: pd.DataFrame) -> pd.DataFrame:
        base = table["analyte"].map(stands_for).fillna(table["analyte"]).astype("str")
        rank = table["analyte"].map(precedence).fillna(0).astype("int64")
        stands = table["status"].ne(str(ResultStatus.CANCELLED))
        return table[_SPECIMEN].assign(base=base, rank=rank, stands=stands)

    own, other = keyed(pd.DataFrame(results)), keyed(pd.DataFrame(against))
    keys = [*_SPECIMEN, "base"]
    best = own["rank"].where(own["stands"]).groupby([own[key] for key in keys]).transform("max")
    # Only what is held with a word that corrects stands above; a held plain count does not.
    above = other[other["stands"] & (other["rank"] > 0)].groupby(keys)["rank"].max()
    highest = own[keys].merge(above.rename("above").reset_index(), on=keys, how="left")["above"]
    highest = highest.set_axis(own.index)
    is_supported = own["base"].isin(list(stands_for.values())) & own["stands"]
    # Nothing is above where none is held: a missing number is no greater one.
    unsettled = is_supported & (highest > best)
    alone = is_supported & ~unsettled & (best < 0)
    replaced = is_supported & ~unsettled & ~alone & (own["rank"] < best)
    code = nothing.mask(unsettled, "correction-held").mask(alone, "count-uncorrected")
    # A corrected count that was withdrawn takes back no other one.
    analyte = own["base"].where(own["stands"], results["analyte"])
    return Corrected(results.assign(analyte=analyte), replaced, code.astype("str"))


def name_corrected(held: DataFrame[Held], knowledge: Knowledge) -> pd.DataFrame:
    """Give held counts that stand for another its analyte, so that rules know of them."""
    stands_for = {a.id: a.stands_for for a in knowledge.analytes.values() if a.stands_for}
    concerned = held["analyte"].isin(list(stands_for))
    base = look_up(held["analyte"], stands_for)
    return held.assign(analyte=held["analyte"].where(~concerned, base))
