"""Findings with what they rest on joined to texts: for files and people, never split again."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.interpret.result_arrays import Codes, Mask
from schemas import CurrentFindings, DataFrame, Evidence, Findings, JoinedFindings
from schemas.joined_codes import JOIN
from schemas.vocabulary import Outcome

_KEY = ["patient_id", "accession", "rule"]

Texts = npt.NDArray[np.object_]


def join_evidence(
    findings: DataFrame[Findings], evidence: DataFrame[Evidence]
) -> DataFrame[JoinedFindings]:
    """Return findings as `findings.csv` tells them, in their order.

    Args:
        findings: Some findings; only those that are told, as texts cost time.
        evidence: What they rest on, and others.
    """
    finding, cited = _select(findings, evidence)
    joined = {
        name: _join_by(finding, texts, len(findings))
        for name, texts in write_evidence(cited).items()
    }
    kinds = JoinedFindings.column_types()
    complete = findings.reset_index(drop=True).assign(**joined)
    return JoinedFindings.require_columns(complete[list(kinds)].astype(kinds))


def write_evidence(evidence: pd.DataFrame) -> dict[str, Texts]:
    """Return a text for each cited result: its number as short as it reads back, its limits joined.

    Args:
        evidence: Rows of `Evidence` in its order.
    """
    first = evidence["comparison"].eq(0).to_numpy(bool)
    results = evidence[first]
    limit = _write_limits(evidence, first)
    observation = results["observation"].to_numpy(object)
    unit = results["unit"].to_numpy(object)
    return {
        "analyte": np.where(observation != "", observation, results["analyte"].to_numpy(object)),
        "comparator": results["comparator"].to_numpy(object),
        "value": _write_values(results),
        "unit": unit,
        "limit": limit,
        "limit_unit": np.where(limit != "", unit, ""),
        "from_accession": results["from_accession"].to_numpy(object),
        "from_date": _write_days(results["from_date"]),
        "source_file": results["source_file"].to_numpy(object),
        "source_sheet": results["source_sheet"].to_numpy(object),
        "source_row": _write_rows(results["source_row"]),
    }


def list_values(
    findings: DataFrame[Findings], evidence: DataFrame[Evidence]
) -> list[tuple[tuple[str, str, str], ...]]:
    """Return comparator, value and unit of each result that a finding rests on, by finding."""
    finding, cited = _select(findings, evidence)
    results = cited[cited["comparison"].eq(0)]
    values: list[list[tuple[str, str, str]]] = [[] for _ in range(len(findings))]
    columns = (results["comparator"], _write_values(results), results["unit"])
    for number, *value in zip(finding, *columns, strict=True):
        values[number].append((value[0], value[1], value[2]))
    return [*map(tuple, values)]


def list_current(
    current: DataFrame[Findings], evidence: DataFrame[Evidence]
) -> DataFrame[CurrentFindings]:
    """Return what trends need of findings that stand, with the values of those that are present."""
    is_present = current["outcome"].eq(Outcome.PRESENT).to_numpy(bool)
    values = np.empty(len(current), dtype=object)
    values[:] = [()] * len(current)
    present = Findings.require_columns(current[is_present])
    for row, cited in zip(np.flatnonzero(is_present), list_values(present, evidence), strict=True):
        values[row] = tuple((value, unit) for _, value, unit in cited)
    kinds = CurrentFindings.column_types()
    together = current.assign(values=values)[list(kinds)]
    return CurrentFindings.require_columns(together)


def _select(findings: pd.DataFrame, evidence: pd.DataFrame) -> tuple[Codes, pd.DataFrame]:
    """Give the number of the finding of each cited result, and the rows of these findings."""
    keys = pd.MultiIndex.from_frame(findings[_KEY])
    wanted = evidence[evidence["patient_id"].isin(findings["patient_id"].unique())]
    finding = keys.get_indexer(pd.MultiIndex.from_frame(wanted[_KEY]))
    cited, finding = wanted[finding >= 0], finding[finding >= 0]
    return finding[cited["comparison"].eq(0).to_numpy(bool)], cited


def _join_by(finding: Codes, texts: Texts, count: int) -> Texts:
    """Join the texts of each finding, in order; a finding without any has the empty text."""
    joined = np.full(count, "", dtype=object)
    turns = pd.Series(finding).groupby(finding).cumcount().to_numpy()
    for turn in range(turns.max(initial=-1) + 1):
        at = turns == turn
        joined[finding[at]] += texts[at] if turn == 0 else JOIN + texts[at]
    return joined


def _write_values(results: pd.DataFrame) -> Texts:
    number = _write_numbers(results["value"])
    return np.asarray(
        np.where(number != "", number, results["text"].to_numpy(object)), dtype=object
    )


def _write_limits(evidence: pd.DataFrame, first: Mask) -> Texts:
    """Join the limits of each cited result, each number once."""
    written = _write_numbers(evidence["limit"])
    result = np.cumsum(first) - 1
    limits = written[first]
    several: dict[int, list[str]] = {}
    for row in np.flatnonzero(~first):
        several.setdefault(result[row], [limits[result[row]]]).append(written[row])
    for at, texts in several.items():
        limits[at] = JOIN.join(dict.fromkeys(texts))
    return limits


def _write_numbers(numbers: "pd.Series[float]") -> Texts:
    """Write numbers as short as they read back, "" where missing."""
    codes, distinct = pd.factorize(numbers.to_numpy("float64", na_value=np.nan))
    words = np.array([*(f"{number:.12g}" for number in distinct), ""], dtype=object)
    return np.asarray(words[codes], dtype=object)


def _write_days(days: "pd.Series[pd.Timestamp]") -> Texts:
    codes, distinct = pd.factorize(days)
    written = [f"{at:%Y-%m-%d}" for at in pd.DatetimeIndex(distinct)]
    return np.asarray(np.array([*written, ""], dtype=object)[codes], dtype=object)


def _write_rows(rows: "pd.Series[int]") -> Texts:
    codes, distinct = pd.factorize(rows)
    return np.asarray(np.array([str(row) for row in distinct], dtype=object)[codes], dtype=object)
