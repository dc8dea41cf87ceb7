"""One file's results, text → types: what was measured, on whom, when, and how it stands."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta

import numpy as np
import pandas as pd

from pipeline.ingest.cells.analyzer_marks import find_doubted
from pipeline.ingest.cells.dates import DateWords, index_dates, parse_dates
from pipeline.ingest.cells.ids import accession_stem
from pipeline.ingest.cells.numbers import parse_reservations, parse_values, read_interval
from pipeline.ingest.cells.sex_and_age import (
    age_unit_of,
    ages_at,
    index_ages,
    index_sexes,
    parse_ages,
    parse_sexes,
)
from pipeline.ingest.cells.statuses import index_statuses, parse_statuses
from pipeline.ingest.cells.units import distinct_rows, unit_of
from pipeline.ingest.cells.whole_cells import CellWords, index_cells
from pipeline.ingest.fractions import Finding, find_fractions
from pipeline.ingest.join_comparators import join_comparators, take_comparators
from pipeline.ingest.layout.analyte_names import (
    NOT_OURS,
    NameIndex,
    analyte_of,
    index_names,
    list_unsupported,
)
from pipeline.ingest.layout.dialect import Conventions
from pipeline.issues import Staged, all_issues, issue_of_file, issues_at
from pipeline.issues.catalogue import CATALOGUE, ERROR
from pipeline.knowledge.model import Knowledge
from pipeline.texts.counts import count_text
from schemas import DataFrame, Export, Issues
from schemas.results import Origin
from schemas.vocabulary import ResultStatus

_MEASURED = {
    "comparator": "str",
    "original_text": "str",
    "original_value": "Float64",
    "unit_text": "str",
    "unit_in_cell": "str",
    "reference_low": "Float64",
    "reference_high": "Float64",
    "flag": "str",
    "comment": "str",
    "ignored": "bool",
}
_AGES = ["age_days_low", "age_days_high", "age_months_low", "age_months_high"]
_SAID_ONCE = ("analyte-unknown", "specimen-by-date", "time-offset")
"""Notes that are said once for the table, with a count."""
_FAILED_FLAG, _ASTERISK, _MONTHS_APART = "E", "*", 12
_IN_THE_FUTURE = timedelta(days=2)
_GRAVEST_FIRST = (
    "analyte-missing",
    "analyte-unclear",
    "analyte-unlisted",
    "analyte-contradiction",
    "loinc-unknown",
    "value-missing",
    "not-measured",
    "measurement-failed",
    "specimen-unreliable",
    "not-a-number",
    "number-ambiguous",
    "comparator-contradiction",
    "comparator-unclear",
    "unit-missing",
    "unit-not-accepted",
    "unit-contradiction",
    "percent-as-fraction",
    "percent-or-fraction",
    "date-unreadable",
    "date-ambiguous",
    "date-impossible",
    "specimen-unknown",
    "sex-unreadable",
    "age-unreadable",
    "status-unreadable",
)
"""A held result shows the first of its errors; notes follow."""


def parse_results(
    export: DataFrame[Export],
    conventions: Conventions,
    knowledge: Knowledge,
    today: date,
    remarks: "pd.Series[bool] | None" = None,
) -> Staged[pd.DataFrame]:
    """Read every cell of an export into its type.

    Args:
        export: Results of one file, all text; what fails its schema has its issues already.
        reading: How the file is to be read: decimal sign, order of dates, key of sex, …
        knowledge: Analytes, units and look-alikes.
        today: A date later than tomorrow is in the future (clocks and time zones differ).
        remarks: Rows of `export` that hold a remark; they are ignored without a word, and read by
            `observe`.

    Returns:
        One row per row of `export`, in its order: the columns of `Origin`, then `comparator`,
        `original_text`, `original_value` (Float64), `unit_text` and `unit_in_cell` (as
        written), `reference_low`, `reference_high` (Float64), `flag`, `comment`, and `ignored`
        (bool: not an analyte of ours). Rows with errors stay, with what could be read.
        Ignored rows raise no issues. A row's issues are listed gravest first.
    """
    texts = export.reset_index(drop=True)
    found: list[Finding] = []
    index = index_names(knowledge)
    words = index_cells(knowledge)
    values = _take(
        texts["value"],
        lambda cells: parse_values(cells, words.values, conventions.decimal, index.units.knows),
    )
    named = _recognize(texts, values, conventions, index, remarks, found)
    is_said = named["analyte"].isin(list(index.said.values()))
    # What is said in words is read by `observe`.
    said = {"number": values["number"].mask(is_said)} | {
        name: values[name].mask(is_said, "") for name in ("comparator", "code", "flag_in_cell")
    }
    measured = _measure(texts, values.assign(**said), conventions, index, words, found)
    when = _date(texts, conventions, index_dates(knowledge), today, found)
    people = _describe(texts, when, conventions, knowledge, found)
    statuses = index_statuses(knowledge)
    status = _take(texts["status"], lambda cells: parse_statuses(cells, statuses))["status"]
    found.append(Finding("status-unreadable", status.eq(""), "status"))
    origin = pd.DataFrame(
        {
            "population": conventions.population,
            "accession": _accession(texts, when, conventions, found),
            "status": status.where(status.ne(""), str(ResultStatus.FINAL)),
        }
    )
    measures = pd.concat([texts["patient_id"], named, measured, origin], axis=1)
    found += find_fractions(measures, index, knowledge.agreement)
    unread = texts.drop(columns=[*measured, *when, *people, *named, *origin], errors="ignore")
    parsed = pd.concat([unread, named, measured, when, people, origin], axis=1)
    kinds = Origin.column_types() | _MEASURED
    table = parsed[list(kinds)].astype(kinds)
    return Staged(table, all_issues(*_issues_of(table, found, conventions)))


def _take(column: "pd.Series[str]", parse: Callable[[Sequence[str]], pd.DataFrame]) -> pd.DataFrame:
    """Parse the distinct texts of a column, and give every row what its text became."""
    codes, distinct = pd.factorize(column)
    return parse(list(distinct)).iloc[codes].reset_index(drop=True)


def _recognize(
    texts: pd.DataFrame,
    values: pd.DataFrame,
    conventions: Conventions,
    index: NameIndex,
    remarks: "pd.Series[bool] | None",
    found: list[Finding],
) -> pd.DataFrame:
    """Find the analyte of every row: `analyte`, `unit_text` and `ignored`."""
    codes, combinations = distinct_rows(
        texts["analyte"], texts["unit"], texts["loinc"], values["unit_in_cell"]
    )
    known = [
        _recognize_one(name, unit, loinc, cell, index) for name, unit, loinc, cell in combinations
    ]
    rows = pd.DataFrame(known, columns=["analyte", "unit_text", "code", "nearest"]).astype("str")
    rows = rows.iloc[codes].reset_index(drop=True)
    ignored = rows["code"].eq(NOT_OURS)
    if remarks is not None:
        is_remark = remarks.reset_index(drop=True)
        ignored |= is_remark
        rows.loc[is_remark, ["analyte", "code", "nearest"]] = ""
    for code, nearest in rows[["code", "nearest"]].drop_duplicates().itertuples(index=False):
        # In a wide table the columns that are not ours are named where its header is read.
        if code and (code != NOT_OURS or conventions.shape == "long"):
            hit = rows["code"].eq(code) & rows["nearest"].eq(nearest)
            detail = _name_unsupported(texts[hit]) if code == NOT_OURS else nearest
            found.append(Finding(code, hit, "analyte", detail))
    return rows[["analyte", "unit_text"]].assign(ignored=ignored)


def _name_unsupported(rows: pd.DataFrame) -> str:
    """Name the analytes of some rows that are not ours, by their codes where names are missing."""
    names = rows["analyte"].where(rows["analyte"].str.strip().ne(""), "LOINC " + rows["loinc"])
    counts = {str(name): int(count) for name, count in names.value_counts(sort=False).items()}
    return list_unsupported(
        counts, pd.unique(rows[["patient_id", "patient_name"]].to_numpy().ravel())
    )


def _recognize_one(
    name: str, unit: str, loinc: str, cell: str, index: NameIndex
) -> tuple[str, str, str, str]:
    """Give (analyte, unit as written, issue code, nearest name) for one combination."""
    known = analyte_of(name, unit or cell, loinc, index)
    if known.is_supported and unit and known.unit:
        analyte = index.analytes[known.analyte]
        meant = {
            analyte.units.get(unit_of(each, analyte, index.units)) for each in (unit, known.unit)
        }
        if len(meant) > 1:
            return known.analyte, unit, "unit-contradiction", ""
    return known.analyte, unit or known.unit, known.code, known.nearest


def _measure(
    texts: pd.DataFrame,
    values: pd.DataFrame,
    conventions: Conventions,
    index: NameIndex,
    words: CellWords,
    found: list[Finding],
) -> pd.DataFrame:
    """Read value, comparator, flag and reference interval of every row."""
    codes, pairs = distinct_rows(texts["reference_low"], texts["reference_high"])
    read = [
        read_interval(low, high, words.values, conventions.decimal, index.units.knows)
        for low, high in pairs
    ]
    ends = pd.DataFrame(
        [(None, None, True) if pair is None else (*pair, False) for pair in read],
        columns=["reference_low", "reference_high", "unreadable"],
    )
    ends = ends.iloc[codes].reset_index(drop=True)
    found.append(
        Finding("reference-unreadable", ends.pop("unreadable").astype(bool), "reference_low")
    )
    flag = texts["flag"].str.strip()
    joined = join_comparators(
        take_comparators(texts),
        flag,
        values["comparator"],
        ends.astype("Float64").assign(number=values["number"]),
        words,
    )
    is_number = values["number"].notna()
    found += [
        Finding("comparator-unclear", joined.is_unclear & is_number, "comparator"),
        Finding("comparator-contradiction", joined.is_contradictory & is_number, "comparator"),
    ]
    flag = joined.flag.where(joined.flag.ne(""), values["flag_in_cell"])
    failed = flag.eq(_FAILED_FLAG) & values["number"].eq(0).fillna(False).astype(bool)
    code = values["code"].where(~failed, "measurement-failed")
    found += [Finding(each, code.eq(each)) for each in code.unique() if each]
    doubted = find_doubted(texts, words)
    found.append(Finding("mark-doubtful", doubted & is_number, "mark"))
    found.append(Finding("mark-unclear", flag.eq(_ASTERISK) & ~doubted, "flag"))
    flag_doubts, warnings = (
        _take(texts[name], lambda cells: parse_reservations(cells, words.values))["code"]
        for name in ("flag", "comment")
    )
    doubt = flag_doubts.where(code.eq(""), "")
    found += [Finding(each, doubt.eq(each), "flag") for each in doubt.unique() if each]
    code = code.where(doubt.eq(""), doubt)
    found.append(Finding("comment-warns", warnings.ne(""), "comment"))
    return ends.assign(
        comparator=joined.comparator.where(is_number, values["comparator"]),
        original_text=texts["value"],
        original_value=values["number"].where(code.eq("")),
        unit_in_cell=values["unit_in_cell"],
        flag=flag,
    )


def _date(
    texts: pd.DataFrame,
    conventions: Conventions,
    words: DateWords,
    today: date,
    found: list[Finding],
) -> pd.DataFrame:
    """Read `birth_date`, `collected_at` and `collected_precision`."""
    read = {
        field: _take(
            texts[field],
            lambda cells, field=field: parse_dates(  # type: ignore[misc]
                cells,
                words,
                conventions.date_order.get(field, ""),
                zero_is_missing=field == "birth_date",
            ),
        )
        for field in ("collected_at", "birth_date")
    }
    for field, cells in read.items():
        kinds = cells[["code", "detail"]].drop_duplicates()
        for code, detail in kinds[kinds["code"].ne("")].itertuples(index=False):
            hit = cells["code"].eq(code) & cells["detail"].eq(detail)
            found.append(Finding(code, hit, field, detail))
        too_late = cells["at"] >= pd.Timestamp(today) + _IN_THE_FUTURE
        found.append(Finding("date-impossible", too_late, field))
    born, collected = read["birth_date"]["at"].dt.normalize(), read["collected_at"]
    # Nobody knows which of the two is wrong.
    for field in ("collected_at", "birth_date"):
        found.append(Finding("date-impossible", collected["at"] < born, field))
    found.append(Finding("time-offset", collected["has_offset"], "collected_at"))
    return pd.DataFrame(
        {
            "birth_date": born,
            "collected_at": collected["at"],
            "collected_precision": collected["precision"],
        }
    )


def _describe(
    texts: pd.DataFrame,
    when: pd.DataFrame,
    conventions: Conventions,
    knowledge: Knowledge,
    found: list[Finding],
) -> pd.DataFrame:
    """Read sex, and settle the age at collection: by the birth date, else as stated."""
    words, ages_in_words = index_sexes(knowledge), index_ages(knowledge)
    sexes = _take(texts["sex"], lambda cells: parse_sexes(cells, conventions.sex, words))
    for code in ("sex-unreadable", "sex-other"):
        found.append(Finding(code, sexes["code"].eq(code), "sex"))
    bare = conventions.age_unit or age_unit_of(_header_of("age", conventions) or "", ages_in_words)
    stated = _take(texts["age"], lambda cells: parse_ages(cells, ages_in_words, bare))
    found.append(Finding("age-unreadable", stated["code"].ne(""), "age"))
    exact = ages_at(when["birth_date"], when["collected_at"])
    exact = exact.where(exact.ge(0).fillna(False).astype(bool))
    has_both = exact["age_months"].notna() & stated["age_months_low"].notna()
    too_young = exact["age_months"] < stated["age_months_low"] - _MONTHS_APART
    too_old = exact["age_months"] > stated["age_months_high"] + _MONTHS_APART
    apart = (too_young | too_old).fillna(False).astype(bool) & has_both
    found.append(Finding("age-contradiction", apart, "age"))
    is_exact = exact["age_days"].notna()
    ages = {name: stated[name].where(~is_exact, exact[name.rpartition("_")[0]]) for name in _AGES}
    return pd.DataFrame({"sex": sexes["sex"], **ages})


def _accession(
    texts: pd.DataFrame, when: pd.DataFrame, conventions: Conventions, found: list[Finding]
) -> "pd.Series[str]":
    """Name the specimen of every row: as stated, else by patient and time, else by row."""
    patient, at = texts["patient_id"], when["collected_at"]
    codes, moments = pd.factorize(at)
    written = np.datetime_as_string(moments.to_numpy("datetime64[s]"))
    # Position -1, no time at all, takes the empty text at the end.
    iso = np.array([*(each.removesuffix("T00:00:00") for each in written), ""], "object")[codes]
    by_date = when["collected_precision"].eq("date")
    derived = (patient + "@" + iso).where(at.notna(), "")
    if conventions.shape == "wide":
        stem = accession_stem(conventions.sha8, conventions.sheet)
        by_row = stem + texts["source_row"].astype("str")
        derived = derived.where(at.notna(), by_row)
    derived = derived.where(patient.ne(""), "")
    stated = texts["sample_id"].ne("")
    accession = texts["sample_id"].where(stated, derived)
    found.append(Finding("specimen-by-date", ~stated & by_date & patient.ne(""), "collected_at"))
    found.append(Finding("specimen-unknown", accession.eq("") & patient.ne(""), "sample_id"))
    return accession


def _issues_of(
    table: pd.DataFrame, found: Sequence[Finding], conventions: Conventions
) -> Iterator[DataFrame[Issues]]:
    """Write down what was found: errors gravest first, then notes."""
    ranks = {code: rank for rank, code in enumerate(_GRAVEST_FIRST)}
    for each in sorted(found, key=lambda each: ranks.get(each.code, len(ranks))):
        rows = table[each.rows & (~table["ignored"] | (each.code == NOT_OURS))]
        header = _header_of(each.field, conventions) if each.field else None
        if rows.empty:
            continue
        if each.code in _SAID_ONCE:
            yield issue_of_file(
                conventions.source_file,
                each.code,
                sheet=conventions.sheet,
                column=header or "",
                detail=count_text(len(rows), "result")
                + (f" ({each.detail})" if each.detail else ""),
            )
            continue
        if CATALOGUE[each.code].severity != ERROR:
            place = "patient_id" if each.field in ("age", "sex") else "source_row"
            rows = rows.drop_duplicates(place)
        yield issues_at(rows, each.code, column=header, detail=each.detail)


def _header_of(field: str, conventions: Conventions) -> str | None:
    """Find the header of a column of Export; None if the table has none."""
    return next((header for header, taken in conventions.columns.items() if taken == field), None)
