"""Which analyte a held result is near to, so that rules know that something of it is open."""

import pandas as pd

from pipeline.ingest.cells.units import distinct_rows
from pipeline.ingest.layout.analyte_names import NameIndex, analyte_of, index_names
from pipeline.knowledge.model import Knowledge


def name_held(table: pd.DataFrame, export: pd.DataFrame, knowledge: Knowledge) -> "pd.Series[str]":
    """Return the analyte of every row; for a row without one, that which its name is nearest to.

    Such a row is held. "WBC, revised" beside a white cell count leaves that count open, and by
    itself the rules on white cells.
    """
    unnamed = table["analyte"].eq("") & ~table["ignored"]
    if not unnamed.any():
        return table["analyte"]
    index = index_names(knowledge)
    rows = export.loc[unnamed.to_numpy()]
    codes, pairs = distinct_rows(rows["analyte"], rows["unit"])
    found = [_nearest(name, unit, index) for name, unit in pairs]
    named = table["analyte"].copy()
    named[unnamed] = [found[code] for code in codes]
    return named


def _nearest(name: str, unit: str, index: NameIndex) -> str:
    known = analyte_of(name, unit, "", index)
    if known.analyte in index.analytes:
        return known.analyte
    claimants = index.claimants(known.nearest) if known.nearest else index.claimants(name)
    accepting = index.accepting(claimants, unit)
    return next(iter(accepting or claimants), "")
