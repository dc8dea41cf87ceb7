"""Tables → plain rows per patient: sorted once, then cut by position."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.issues.catalogue import CATALOGUE
from pipeline.knowledge.model import Knowledge
from pipeline.lookup import look_up
from pipeline.report.patient.shown_numbers import (
    convert_results,
    flag_against_interval,
    show_decimals,
    usual_decimals,
)
from pipeline.report.wording import show_age, show_unit
from pipeline.texts import Texts
from schemas import DataFrame, Findings, Held, Issues, Observations, Reportable
from schemas.vocabulary import IssueSeverity, Outcome

Objects = npt.NDArray[np.object_]


class ReportedResult(NamedTuple):
    """A row of Results as Python values, with what a reader needs beside it."""

    result_id: int
    source_file: str
    source_sheet: str
    source_row: int
    accession: str
    collected_at: Any
    collected_precision: str
    analyte: str
    comparator: str
    original_text: str
    original_value: float
    original_unit: str
    converted: float
    """In `converted_unit`: the unit that is to be shown beside the one reported."""
    converted_unit: str
    factor: float
    """From the unit reported to that one."""
    reference_low: float | None
    reference_high: float | None
    flag: str
    comment: str
    status: str
    derived: str
    place: int
    """Of the analyte in the order of the knowledge."""
    computed: str
    """Flag against the laboratory's own interval."""
    decimals: int
    converted_decimals: int
    notes: str


class HeldResult(NamedTuple):
    """A row of Held as Python values."""

    source_file: str
    source_sheet: str
    source_row: int
    accession: str
    collected_at: Any
    collected_precision: str
    analyte: str
    code: str
    place: int


class QualitativeResult(NamedTuple):
    """A result in words, a row of Observations, as Python values."""

    source_file: str
    source_sheet: str
    source_row: int
    accession: str
    collected_at: Any
    collected_precision: str
    code: str
    answer: str
    number: float | None
    day: Any
    status: str
    place: int


class Finding(NamedTuple):
    """A row of Findings as Python values."""

    collected_at: Any
    collected_precision: str
    accession: str
    rule: str
    outcome: str
    reason: str
    grade: str
    status: str
    comment: str
    place: int
    """Of the rule in the order of the knowledge."""


class PatientRows:
    """A table in the order of the patients, of which each patient's rows are a slice."""

    def __init__(self, table: pd.DataFrame, patients: "pd.Series[str]", kind: Any) -> None:
        """Sort once: by patient, newest collection first, then accession and `place`."""
        known = pd.Index(patients)
        ordered = table.assign(patient=known.get_indexer(pd.Index(table["patient_id"])))
        ordered = ordered[ordered["patient"] >= 0].sort_values(
            ["patient", "collected_at", "accession", "place"],
            ascending=[True, False, True, True],
            na_position="last",
            kind="stable",
        )
        self._starts = np.searchsorted(ordered["patient"].to_numpy(), np.arange(len(known) + 1))
        self._columns = [_as_objects(ordered[name]) for name in kind._fields]
        self._kind = kind

    def of(self, patient: int) -> list[Any]:
        """Give the rows of the patient at this position, as values of the kind."""
        part = slice(*self._starts[patient : patient + 2])
        rows = zip(*(column[part].tolist() for column in self._columns), strict=True)
        return [self._kind._make(row) for row in rows]


def list_results(
    results: DataFrame[Reportable],
    issues: DataFrame[Issues],
    patients: "pd.Series[str]",
    knowledge: Knowledge,
    units: Mapping[str, str],
    texts: Texts,
) -> PatientRows:
    """List reportable results, with flag, decimals and notes.

    `units` gives the unit in which each analyte is shown beside the one reported, where that is
    not its canonical one.
    """
    shown = convert_results(results, knowledge, units)
    table = shown.assign(
        place=_source_refs(shown["analyte"], knowledge.analytes),
        computed=flag_against_interval(shown),
        decimals=show_decimals(shown, "original_value", "original_unit", knowledge),
        converted_decimals=show_decimals(shown, "converted", "converted_unit", knowledge),
        notes=look_up(shown["result_id"], _notes_of(issues, texts)),
    )
    is_converted = table["converted_unit"].ne(table["original_unit"])
    # One place more than usual, so that rounding does not move a converted number onto a limit.
    usual = usual_decimals(table["analyte"], table["converted_unit"], knowledge)
    table["converted_decimals"] = table["converted_decimals"].mask(is_converted, usual + 1)
    return PatientRows(table, patients, ReportedResult)


def list_held(
    held: DataFrame[Held], patients: "pd.Series[str]", knowledge: Knowledge
) -> PatientRows:
    """List held results."""
    table = held.assign(place=_source_refs(held["analyte"], knowledge.analytes))
    return PatientRows(table, patients, HeldResult)


def list_qualitative(
    said: DataFrame[Observations], patients: "pd.Series[str]", knowledge: Knowledge
) -> PatientRows:
    """List the results in words."""
    table = list_reported(said)
    table = table.assign(place=_source_refs(table["code"], knowledge.observations))
    return PatientRows(table, patients, QualitativeResult)


def list_reported(said: DataFrame[Observations]) -> pd.DataFrame:
    """Select what was reported as a result of its own, not in a remark or beside results."""
    return said[said["result_id"].notna()]


def list_with_report(
    results: pd.DataFrame, said: DataFrame[Observations] | None, current: pd.DataFrame
) -> "pd.Series[str]":
    """List whose report there is something for: a number, a result in words, or a finding."""
    present = current.loc[current["outcome"].eq(Outcome.PRESENT), "patient_id"]
    in_words = [] if said is None else [list_reported(said)["patient_id"]]
    everyone: pd.Series[str] = pd.concat([results["patient_id"], *in_words, present])
    return everyone.drop_duplicates()


def list_findings(
    findings: DataFrame[Findings], patients: "pd.Series[str]", knowledge: Knowledge
) -> PatientRows:
    """List findings of any outcome."""
    table = findings.assign(place=_source_refs(findings["rule"], knowledge.rules))
    return PatientRows(table, patients, Finding)


def describe_ages(results: DataFrame[Reportable], texts: Texts) -> "pd.Series[str]":
    """Age at the latest collection at which it is known, in words, by patient."""
    ends = ["age_days_low", "age_days_high", "age_months_low", "age_months_high"]
    known = results[results["age_months_low"].notna()]
    latest = known.sort_values("collected_at", na_position="first", kind="stable")
    latest = latest.drop_duplicates("patient_id", keep="last")
    rows = zip(
        *(latest[name].astype(object).where(latest[name].notna(), None) for name in ends),
        strict=True,
    )
    return pd.Series(
        [
            show_age(days_low, days_high, months_low, months_high, texts)
            for days_low, days_high, months_low, months_high in rows
        ],
        index=pd.Index(latest["patient_id"]),
        dtype="str",
    )


def list_assumed_adults(results: DataFrame[Reportable]) -> "pd.Series[str]":
    """List patients without an age who count as adults, as the site says that all are."""
    is_assumed = results["population"].eq("adult") & results["age_months_low"].isna()
    return results.loc[is_assumed, "patient_id"].drop_duplicates()


def _source_refs(names: "pd.Series[str]", order: Iterable[str]) -> "pd.Series[int]":
    places = {name: place for place, name in enumerate(order)}
    return names.map(places).fillna(len(places)).astype("int64")


def _notes_of(issues: DataFrame[Issues], texts: Texts) -> "pd.Series[str]":
    """Sentences of the notes on each result, by result id."""
    notes = issues[issues["severity"].eq(IssueSeverity.NOTE) & issues["result_id"].notna()]
    notes = notes.drop_duplicates(["result_id", "code"])
    sentences = {code: texts.problem(code)[0] for code in CATALOGUE}
    said = notes["code"].map(sentences).fillna(notes["message"])
    return said.groupby(notes["result_id"].astype("int64")).agg(" ".join)


def _as_objects(column: "pd.Series[Any]") -> Objects:
    """Values as Python has them, None where missing.

    In an array and not in a list: the garbage collector would walk long lists again and again
    while workbooks are made.
    """
    objects: Objects
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        objects = column.to_numpy("datetime64[us]").astype(object)
    elif isinstance(column.dtype, pd.Float64Dtype):
        numbers = column.to_numpy(float, na_value=np.nan)
        objects = numbers.astype(object)
        objects[np.isnan(numbers)] = None
    elif column.name in ("original_unit", "converted_unit"):
        codes, units = pd.factorize(column)
        shown = np.array([show_unit(unit) for unit in units] + [""], dtype=object)
        objects = shown[codes]
    else:
        objects = column.to_numpy(object)
    return objects
