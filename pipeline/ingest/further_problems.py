"""What else is wrong with results that are held already: a row comes back once, not twice.

A stage does not look at what an earlier one could not read. What it would find once that is
corrected is named here as far as it is known, so that all of it can be corrected together.
"""

import pandas as pd

from pipeline.ingest.cells.dates import DateWords, index_dates, parse_dates
from pipeline.ingest.cells.numbers import parse_values
from pipeline.ingest.cells.units import distinct_rows, normalize_units, resolve_unit
from pipeline.ingest.cells.value_words import index_value_words
from pipeline.ingest.layout.analyte_names import NameIndex, analyte_of, index_names
from pipeline.ingest.layout.dialect import Conventions
from pipeline.ingest.second_values import SAYS_NONE
from pipeline.ingest.specimens import find_intervals_not_human
from pipeline.ingest.text_tables import DateOrder
from pipeline.issues import all_issues, issues_at, set_aside
from pipeline.knowledge.model import Knowledge
from schemas import DataFrame, Export, Issues
from schemas.vocabulary import IssueSeverity

_UNITS = ("unit-missing", "unit-not-accepted", "unit-contradiction")
_ORDERS: tuple[DateOrder, ...] = ("day-first", "month-first")


def find_further_problems(
    export: DataFrame[Export],
    table: pd.DataFrame,
    found: DataFrame[Issues],
    conventions: Conventions,
    knowledge: Knowledge,
) -> DataFrame[Issues]:
    """Find the problems of held results that are hidden behind the ones already found.

    Args:
        export: The results as text.
        table: The same rows in the same order: the columns of `Results`, `ignored`, and
            `unit_text` and `unit_in_cell` as written.
        found: Issues so far; only results that they set aside are looked at.
        reading: How the file was read.
        knowledge: Analytes, units, reference intervals.

    Returns:
        Issues of units whose value cannot be read or whose analyte is not clear, of reference
        intervals and second values beside them, and of dates that are impossible in either
        order of day and month. None of them holds a result that was not held before.
    """
    is_held = table["result_id"].isin(set_aside(found)) & ~table["ignored"]
    if not is_held.any():
        return all_issues()
    held = table[is_held]
    texts = export.loc[held.index]
    meant = [_assume(held, texts, by_loinc, knowledge) for by_loinc in (False, True)]
    # Where name and code contradict each other, only what is wrong for both is.
    trials = [normalize_units(trial, knowledge) for trial in meant]
    shared = set.intersection(*(_problems(issues) for _, issues in trials))
    shared |= _impossible_in_any_unit(pd.concat([held, meant[0]]), knowledge)
    units = _resolve_units(held, texts["analyte"], knowledge)
    hidden = held.assign(analyte=units["analyte"], original_unit=units["unit"])
    hidden = hidden[units["unit"].ne("")]
    return all_issues(
        *(issues_at(held[units["code"].eq(code)], code) for code in _UNITS),
        *(
            issues_at(held[[(result, code) in shared for result in held["result_id"]]], code)
            for code in sorted({code for _, code in shared} - {*_UNITS})
        ),
        issues_at(hidden[find_intervals_not_human(hidden, knowledge)], "interval-not-human"),
        issues_at(_second_unreadable(texts, held, conventions, knowledge), "values-disagree"),
        issues_at(
            _without_specimen(texts, held, found, conventions),
            "specimen-unknown",
            column=_header_of("sample_id", conventions),
        ),
        *_impossible_in_any_order(texts, held, found, conventions, index_dates(knowledge)),
    )


def _assume(
    held: pd.DataFrame, texts: pd.DataFrame, by_loinc: bool, knowledge: Knowledge
) -> pd.DataFrame:
    """Give the results whose analyte is not clear with the one that name or code may mean."""
    index = index_names(knowledge)
    unclear = held[held["analyte"].eq("") & held["original_value"].notna()]
    kinds = texts.loc[unclear.index, ["analyte", "loinc"]].assign(unit=unclear["unit_text"])
    assumed = []
    for name, loinc, unit in kinds.itertuples(index=False):
        known, *_ = _resolve_unit("", name, unit, "", index)
        coded = analyte_of("", unit, loinc, index).analyte
        analyte = (coded or known) if by_loinc else (known or coded)
        assumed.append(analyte if analyte in index.analytes else "")
    return unclear.assign(analyte=pd.Series(assumed, index=unclear.index, dtype="str"))


def _impossible_in_any_unit(held: pd.DataFrame, knowledge: Knowledge) -> set[tuple[int, str]]:
    """Find the numbers without a unit that can be no result whatever the unit is."""
    analytes = knowledge.analytes
    without = held[
        held["unit"].eq("") & held["original_value"].notna() & held["analyte"].isin(list(analytes))
    ]
    units = {name: list(analytes[name].units) for name in without["analyte"].unique()}
    trials = []
    for at in range(max(map(len, units.values()), default=0)):
        unit = without["analyte"].map({name: own[at % len(own)] for name, own in units.items()})
        trial = without.assign(unit_text=unit.astype("str"), unit_in_cell="")
        trials.append(_problems(normalize_units(trial, knowledge).issues))
    return set.intersection(*trials) if trials else set()


def _problems(issues: DataFrame[Issues]) -> set[tuple[int, str]]:
    errors = issues[issues["severity"].eq(str(IssueSeverity.ERROR))]
    return set(zip(errors["result_id"], errors["code"], strict=True))


def _resolve_units(
    held: pd.DataFrame, names: "pd.Series[str]", knowledge: Knowledge
) -> pd.DataFrame:
    """Give analyte, unit (UCUM) and issue code of results whose unit was not looked at.

    All are "" for other results.
    """
    index = index_names(knowledge)
    hidden = held["original_value"].isna() | held["analyte"].eq("")
    codes, kinds = distinct_rows(held["analyte"], names, held["unit_text"], held["unit_in_cell"])
    settled = [
        _resolve_unit(analyte, name, unit, cell, index) for analyte, name, unit, cell in kinds
    ]
    frame = pd.DataFrame(settled, columns=["analyte", "unit", "code"], dtype="str").iloc[codes]
    frame.index = held.index
    return frame.where(hidden, "")


def _resolve_unit(
    analyte: str, name: str, unit: str, cell: str, index: NameIndex
) -> tuple[str, str, str]:
    """Give (analyte, unit, issue code); a name that is not clear is taken for its nearest."""
    meant = analyte_of(name, unit, "", index)
    claimants = index.claimants(meant.nearest)
    if analyte or meant.analyte:
        claimants = (analyte or meant.analyte,)
    # What is said in words has no unit.
    known = [name for name in claimants if name in index.analytes]
    read = [(name, *resolve_unit(unit, cell, index.analytes[name], index.units)) for name in known]
    if read:
        return next((settled for settled in read if not settled[2]), read[0])
    is_unknown = not claimants and bool(unit) and not index.units.knows(unit)
    return "", "", "unit-not-accepted" if is_unknown else ""


def _without_specimen(
    texts: pd.DataFrame, held: pd.DataFrame, found: DataFrame[Issues], conventions: Conventions
) -> pd.DataFrame:
    """Find the rows without patient, specimen id and date: the patient alone does not suffice."""
    ours = (_header_of("sample_id", conventions), _header_of("collected_at", conventions))
    named = found.loc[found["column"].isin([name for name in ours if name]), "result_id"]
    says_nothing = (
        texts["patient_id"].eq("") & texts["sample_id"].eq("") & texts["collected_at"].eq("")
    )
    is_long = conventions.shape == "long"
    return held[says_nothing & is_long & ~held["result_id"].isin(named)]


def _second_unreadable(
    texts: pd.DataFrame, held: pd.DataFrame, conventions: Conventions, knowledge: Knowledge
) -> pd.DataFrame:
    """Find the results without a number whose second value says that there is none."""
    second = texts["second_value"]
    hidden: pd.DataFrame = held[held["value"].isna() & second.ne("")]
    if hidden.empty:
        return hidden
    knows = index_names(knowledge).units.knows
    words = index_value_words(knowledge)
    read = parse_values(list(second[hidden.index]), words, conventions.decimal, knows)
    return hidden.loc[read["code"].isin(SAYS_NONE).to_numpy()]


def _impossible_in_any_order(
    texts: pd.DataFrame,
    held: pd.DataFrame,
    found: DataFrame[Issues],
    conventions: Conventions,
    words: DateWords,
) -> list[DataFrame[Issues]]:
    """Find the collections that lie before the birth, whichever way round their dates are read."""
    ambiguous = set(found.loc[found["code"].eq("date-ambiguous"), "result_id"].dropna())
    rows = held[held["result_id"].isin(ambiguous)]
    if rows.empty:
        return []
    texts = texts.loc[rows.index]
    earliest_birth, latest_collection = (
        pd.concat([_dates(texts[name], words, order, name) for order in _ORDERS], axis=1)
        for name in ("birth_date", "collected_at")
    )
    # What is not known compares as false: then nothing is said.
    is_before = latest_collection.max(axis=1) < earliest_birth.min(axis=1).dt.normalize()
    return [
        issues_at(rows[is_before], "date-impossible", column=_header_of(name, conventions))
        for name in ("collected_at", "birth_date")
    ]


def _dates(
    texts: "pd.Series[str]", words: DateWords, order: DateOrder, name: str
) -> "pd.Series[pd.Timestamp]":
    read = parse_dates(list(texts), words, order, zero_is_missing=name == "birth_date")
    return read["at"].set_axis(texts.index)


def _header_of(field: str, conventions: Conventions) -> str | None:
    return next((header for header, taken in conventions.columns.items() if taken == field), None)
