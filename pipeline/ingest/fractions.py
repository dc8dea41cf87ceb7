"""Percentages of a differential that are written, or may be written, as fractions of one."""

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from pipeline.ingest.cells.units import distinct_rows, resolve_unit
from pipeline.ingest.layout.analyte_names import NameIndex
from pipeline.knowledge.model import Agreement

_SPECIMEN = ["patient_id", "accession"]


class Finding(NamedTuple):
    """One kind of problem and the rows that have it."""

    code: str
    rows: "pd.Series[bool]"
    field: str = ""
    """Column of Export that holds the trouble; "" for the result itself."""
    detail: str = ""


def find_fractions(
    table: pd.DataFrame, index: NameIndex, agreement: Agreement
) -> Iterator[Finding]:
    """Find the percentages of a differential that are, or may be, fractions of one.

    Seen by specimen. `percent-as-fraction`: at least two kinds of cell, a main one among them,
    that add up to about one; of kinds reported more than once the least counts.
    `percent-or-fraction`: a main kind alone, between zero and one, which nothing beside it
    settles; a bound such as <1 is none.

    Args:
        table: `patient_id`, `accession`, `analyte`, `unit_text`, `unit_in_cell`, `comparator`,
            `original_value`, of results of one file.
        index: Analytes and units.
        agreement: What counts as about one.
    """
    codes, kinds = distinct_rows(table["analyte"], table["unit_text"], table["unit_in_cell"])
    read = [_line_in_percent(name, unit, cell, index) for name, unit, cell in kinds]
    lines = pd.DataFrame(read, columns=["line", "is_main"]).iloc[codes].reset_index(drop=True)
    number = table["original_value"].astype("Float64")
    counts = lines["line"].ne("") & number.notna() & table["accession"].ne("")
    rows = table.assign(line=lines["line"], is_main=lines["is_main"], number=number)[counts]
    by_line = rows.groupby([*_SPECIMEN, "line"], as_index=False).agg(
        number=("number", "min"), is_main=("is_main", "max")
    )
    sums = by_line.groupby(_SPECIMEN, as_index=False).agg(
        number=("number", "sum"), is_main=("is_main", "max"), lines=("line", "size")
    )
    is_main, is_alone = sums["is_main"].astype(bool), sums["lines"].eq(1)
    is_sum = sums["number"].between(*agreement.sum_of_fractions).fillna(False).astype(bool)
    is_fraction = rows["number"].le(1).astype(bool)
    is_small = (rows["number"] > 0) & (rows["number"] < agreement.lone_fraction)
    is_lone = (is_small & rows["comparator"].eq("")).astype(bool)
    yield Finding(
        "percent-as-fraction",
        _flag(table, rows[_are_of(rows, sums[is_sum & is_main & ~is_alone]) & is_fraction]),
    )
    yield Finding(
        "percent-or-fraction",
        _flag(table, rows[_are_of(rows, sums[is_main & is_alone]) & is_lone]),
    )


def _are_of(rows: pd.DataFrame, specimens: pd.DataFrame) -> "pd.Series[bool]":
    wanted = pd.MultiIndex.from_frame(specimens[_SPECIMEN])
    return pd.Series(pd.MultiIndex.from_frame(rows[_SPECIMEN]).isin(wanted), index=rows.index)


def _flag(table: pd.DataFrame, rows: pd.DataFrame) -> "pd.Series[bool]":
    return pd.Series(table.index.isin(rows.index), index=table.index)


def _line_in_percent(name: str, unit: str, cell: str, index: NameIndex) -> tuple[str, bool]:
    """Give (kind of cell, whether a main one) of a percentage; ("", False) of anything else."""
    analyte = index.analytes.get(name)
    if not analyte or not analyte.line or resolve_unit(unit, cell, analyte, index.units)[0] != "%":
        return "", False
    return analyte.line, analyte.is_main_line
