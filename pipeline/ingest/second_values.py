"""The same result in a second unit, as trials export it: two that are understood must agree."""

import re

import pandas as pd

from pipeline.ingest.cells.numbers import parse_values
from pipeline.ingest.cells.units import index_units, unit_of
from pipeline.ingest.cells.value_words import index_value_words
from pipeline.ingest.layout.dialect import Conventions
from pipeline.issues import all_issues, issue_of_file, issues_at
from pipeline.knowledge.model import Knowledge
from schemas import DataFrame, Export, Issues

SAYS_NONE = ("not-measured", "specimen-unreliable", "measurement-failed")
"""Codes of second values that contradict a number."""
_MOST_NAMED = 6
# A unit, and neither a sentence nor a number that stands for a person.
_LIKE_A_UNIT = re.compile(r"(?=.*[^\d\s])[^\s;,]{1,12}(?: [^\s;,]{1,8})?")


def compare_second_values(
    export: DataFrame[Export], rows: pd.DataFrame, conventions: Conventions, knowledge: Knowledge
) -> DataFrame[Issues]:
    """Set aside results that say something else in their second unit.

    Args:
        export: The results as text.
        rows: Those of ours, with `value` in the canonical unit.
        reading: How the file was read.
        knowledge: Units, and how far rounding moves a result.

    Returns:
        `values-disagree` for each result that differs, naming both columns; where the second
        unit or value is not understood, one note `second-unit-unclear` with the units.
    """
    second = export.loc[rows.index, ["second_value", "second_unit"]]
    stated = second["second_value"].ne("") & rows["value"].notna()
    if not stated.any():
        return all_issues()
    both, second = rows[stated], second[stated]
    index = index_units(knowledge)
    texts = list(second["second_value"])
    words, in_line = index_value_words(knowledge), list(export.loc[both.index, "value"])
    read = parse_values(texts, words, conventions.decimal, index.knows).set_axis(both.index)
    inline = parse_values(in_line, words, conventions.decimal, index.knows)
    factors = []
    for name, unit in zip(both["analyte"], second["second_unit"], strict=True):
        analyte = knowledge.analytes[name]
        factors.append(analyte.units.get(unit_of(unit, analyte, index)) if unit else None)
    factor = pd.Series(factors, index=both.index, dtype="Float64")
    value = read["number"] * factor
    apart = (value - both["value"]).abs() > knowledge.agreement.rounded_apart * both["value"].abs()
    # A comparator in a column of its own stands for both.
    is_beside = inline["comparator"].eq("").set_axis(both.index) & read["comparator"].eq("")
    other_sign = read["comparator"].ne(both["comparator"]) & ~is_beside
    is_number = read["number"].notna()
    differs = (apart.fillna(False) | (other_sign & is_number & factor.notna())).astype(bool)
    differs |= read["code"].isin(SAYS_NONE)
    is_unclear = ~differs & value.isna()
    first, other = (_header_of(name, conventions) for name in ("value", "second_value"))
    return all_issues(
        issues_at(both[differs], "values-disagree", detail=f"{first} and {other}"),
        _note_unclear(second[is_unclear], export, conventions),
    )


def _note_unclear(
    second: pd.DataFrame, export: DataFrame[Export], conventions: Conventions
) -> DataFrame[Issues]:
    """Note once which second units are not understood; never what may be a person."""
    if second.empty:
        return all_issues()
    never = {*export["patient_id"], *export["patient_name"], *export["sample_id"]}
    units = [
        unit
        for unit in second["second_unit"].drop_duplicates()
        if unit not in never and _LIKE_A_UNIT.fullmatch(unit)
    ]
    more = len(units) - _MOST_NAMED
    named = ", ".join(units[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    missing = "none stated" if second["second_unit"].eq("").any() else ""
    said = ", ".join(filter(None, [named, missing])) or _header_of("second_unit", conventions)
    return issue_of_file(
        conventions.source_file,
        "second-unit-unclear",
        sheet=conventions.sheet,
        column=_header_of("second_value", conventions),
        detail=f"second unit not understood: {said} ({len(second)} results)",
    )


def _header_of(field: str, conventions: Conventions) -> str:
    return next((header for header, taken in conventions.columns.items() if taken == field), field)
