"""Lines of pipe tables → the tables that the rules are asked of.

Columns: `sex` (F, M, ? or empty); `age` ("40y" on that birthday, "3mo", "5d", "44..45y" from the
first up to the day before the second, "16y-1d" the day before); `population`; `day`
("2026-03-01", with a time if it matters); `patient` and `accession`, where several lines belong
together; `unit`, for results that name none; `low` and `high`, the laboratory's own interval; and
any analyte id. A column named for an observation says "yes", "no", a number or a date of it, and
nothing where it is empty. A result is a number with an optional sign, unit and interval of its own:
"<11.9 g/dL", "14.9 % [11.5-14.5]". "held" is a result that was set aside, "held index-too-high" one
that was set aside for this reason, "12.1 & held analyte-unclear" one beside another that was; an
empty cell was not reported.

Answers: `outcome`, `reason`, `grade`, `status`, `limit`, `value`, `analyte` as in findings.csv;
`comment` (codes that are among those of the finding) and `no-comment` (codes that are not);
`priority`, the class of the patient in the worklist; `artifacts`, the reasons to doubt a specimen.
"-" asks nothing: the line is there for the other lines of its patient.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.errors import KnowledgeError
from pipeline.knowledge.export_terms import Observation
from pipeline.knowledge.model import Analyte, Knowledge
from schemas import DataFrame, Held, Observations, Reportable
from schemas.vocabulary import ResultStatus

ANSWERS = (
    "outcome", "reason", "grade", "status", "comment", "no-comment", "limit", "value", "analyte",
    "priority", "artifacts",
)  # fmt: skip
CONTEXT = ("patient", "accession", "day", "sex", "age", "population", "unit", "low", "high")

_DAY = "2026-03-01"
_BESIDE = " & "
_DAYS = {"y": 365.2425, "mo": 30.436875, "d": 1.0}
_MONTHS = {"y": 12, "mo": 1}
_AGE = re.compile(r"(\d+)(?:\.\.(\d+))?(y|mo|d)(-1d)?")
_RESULT = re.compile(r"(<=|>=|<|>|)([\d.]+)(?: ([^\s\[]+))?(?: \[([\d.]*)-([\d.]*)\])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTables:
    """What the lines say was reported."""

    results: DataFrame[Reportable]
    held: DataFrame[Held]
    observations: DataFrame[Observations]


def tables_of(lines: Sequence[Mapping[str, str]], knowledge: Knowledge) -> CaseTables:
    """Make the tables of reportable and held results from lines of cells.

    `source_file` and `source_row` are the `file` and `line` of the cells where they say so.

    Raises:
        KnowledgeError: An age, a result or its unit cannot be read; names file and line.
    """
    results: list[dict[str, object]] = []
    held: list[dict[str, object]] = []
    said: list[dict[str, object]] = []
    for number, line in enumerate(lines):
        origin = _origin(number, line)
        for name, analyte in knowledge.analytes.items():
            cell = "" if name in ANSWERS else line.get(name, "")
            if not cell:
                continue
            for part in cell.split(_BESIDE):
                row = {"result_id": len(results) + len(held), **origin, "analyte": name}
                if part.split(" ")[0] == "held":
                    held.append({**row, "code": part.partition(" ")[2] or "not-a-number"})
                else:
                    results.append({**row, **_result(part, line, analyte)})
        said += [
            {
                **origin,
                "source_column": name,
                **_observation(cell, line, knowledge.observations[name]),
            }
            for name, cell in line.items()
            if cell and name in knowledge.observations and name not in knowledge.analytes
        ]
    kinds, held_kinds = Reportable.column_types(), Held.column_types()
    said_kinds = Observations.column_types()
    return CaseTables(
        results=Reportable.validate(pd.DataFrame(results, columns=list(kinds)).astype(kinds)),
        held=Held.validate(pd.DataFrame(held, columns=list(held_kinds)).astype(held_kinds)),
        observations=Observations.validate(
            pd.DataFrame(said, columns=list(said_kinds)).astype(said_kinds)
        ),
    )


def _origin(number: int, line: Mapping[str, str]) -> dict[str, object]:
    day = line.get("day", _DAY)
    return {
        "source_file": line.get("file", "table.csv"),
        "source_sheet": "",
        "source_row": int(line.get("line", number + 2)),
        "source_column": "value",
        "patient_id": line.get("patient") or f"P{number:03}",
        "patient_name": "",
        "sex": line.get("sex", "").replace("?", ""),
        "birth_date": pd.NaT,
        **_ages(line.get("age", ""), line),
        "population": line.get("population", ""),
        "accession": line.get("accession") or f"A{number:03}",
        "collected_at": pd.Timestamp(day) if day else pd.NaT,
        "collected_precision": "" if not day else "time" if ":" in day else "date",
        "status": str(ResultStatus.FINAL),
    }


def _result(cell: str, line: Mapping[str, str], analyte: Analyte) -> dict[str, object]:
    found = _RESULT.fullmatch(cell)
    if found is None:
        raise KnowledgeError(f"{_add_row(line)}: cannot read the result {cell!r} of {analyte.id}")
    sign, number, stated, low, high = found.groups()
    unit = stated or line.get("unit") or analyte.unit
    if unit not in analyte.units:
        raise KnowledgeError(f"{_add_row(line)}: {analyte.id} is not accepted in {unit!r}")
    low, high = low or line.get("low"), high or line.get("high")
    return {
        "comparator": sign,
        "original_text": cell,
        "original_value": float(number),
        "original_unit": unit,
        "value": float(number) * analyte.units[unit],
        "unit": analyte.unit,
        "reference_low": float(low) if low else np.nan,
        "reference_high": float(high) if high else np.nan,
        "flag": "",
        "comment": "",
        "derived": "",
    }


def _observation(cell: str, line: Mapping[str, str], kind: Observation) -> dict[str, object]:
    said: dict[str, object] = {
        "code": kind.id,
        "answer": "yes",
        "number": pd.NA,
        "day": pd.NaT,
        "text": "",
    }
    try:
        if cell in ("yes", "no", "unclear"):
            return {**said, "answer": cell}
        if kind.kind == "number":
            return {**said, "number": float(cell)}
        if kind.kind == "date":
            return {**said, "day": pd.Timestamp(cell)}
    except ValueError as error:
        raise KnowledgeError(f"{_add_row(line)}: cannot read {cell!r} as {kind.id}") from error
    raise KnowledgeError(f"{_add_row(line)}: {kind.id} is yes or no, not {cell!r}")


def _ages(text: str, line: Mapping[str, str]) -> dict[str, object]:
    """Give completed days and months at an age such as 40y, 3mo, 5d, or between two such ages."""
    names = ("age_days_low", "age_days_high", "age_months_low", "age_months_high")
    if not text:
        return dict.fromkeys(names, pd.NA)
    found = _AGE.fullmatch(text)
    if found is None:
        raise KnowledgeError(f"{_add_row(line)}: cannot read the age {text!r}")
    low, high, unit = int(found[1]), int(found[2] or found[1]), found[3]
    days = [int(low * _DAYS[unit]), int(high * _DAYS[unit])]
    if unit in _MONTHS:
        months = [low * _MONTHS[unit], high * _MONTHS[unit]]
    else:
        months = [int(low / _DAYS["mo"]), int(high / _DAYS["mo"])]
    if found[2]:
        days[1], months[1] = days[1] - 1, months[1] - 1
    if found[4]:
        days = [days[0] - 1] * 2
        months = [months[0] - (unit in _MONTHS)] * 2
    return dict(zip(names, (*days, *months), strict=True))


def _add_row(line: Mapping[str, str]) -> str:
    return f"{line.get('file', 'table')}:{line.get('line', '?')}"
