"""A rule asked of a pipe table: one line is one accession of one patient, the answer last.

Columns: `sex` (F, M, ? or empty), `age` ("40y" on that birthday, "3mo", "5d", "44..45y" between),
`population`, `low` (the laboratory's lower limit), any analyte id, and the answer: `outcome`,
`reason`, `grade`, `comment` (contains), `limit`, `value`, `analyte`. A result is a number with an optional sign and
unit ("<11.9 g/dL"); "held" is a result that was set aside; an empty cell was not reported.
"""

import re
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from pipeline.interpret import Interpretation, interpret_results
from pipeline.knowledge.load import load_knowledge
from pipeline.knowledge.model import Knowledge
from schemas import Held, Reportable

ANSWERS = ("outcome", "reason", "grade", "status", "comment", "limit", "value", "analyte")
_DAYS = {"y": 365.2425, "mo": 30.436875, "d": 1.0}


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return load_knowledge()


def read_table(text: str) -> list[dict[str, str]]:
    """Split a pipe table into one dictionary a line."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    head, *body = [[cell.strip() for cell in line.split("|")] for line in lines]
    for cells in body:
        assert len(cells) == len(head), f"cells do not fit the header: {cells}"
    return [dict(zip(head, cells, strict=True)) for cells in body]


def age_columns(text: str) -> dict[str, object]:
    """Completed days and months at an age such as 40y, 3mo, 5d, or between two such ages."""
    if not text:
        return dict.fromkeys(
            ("age_days_low", "age_days_high", "age_months_low", "age_months_high"), pd.NA
        )
    ends = re.fullmatch(r"(\d+)(?:\.\.(\d+))?(y|mo|d)(-1d)?", text)
    assert ends, f"age {text!r}"
    unit = ends[3]
    low = int(ends[1])
    high = int(ends[2] or ends[1])
    days_low, days_high = int(low * _DAYS[unit]), int(high * _DAYS[unit])
    per_unit = {"y": 12, "mo": 1}
    if unit == "d":
        months_low, months_high = int(low / 30.436875), int(high / 30.436875)
    else:
        months_low, months_high = low * per_unit[unit], high * per_unit[unit]
    if ends[2]:  # up to the day before the upper age
        days_high, months_high = days_high - 1, months_high - 1
    if ends[4]:  # the day before that age
        days_low = days_high = days_low - 1
        months_low = months_high = months_low - (unit != "d")
    return {
        "age_days_low": days_low,
        "age_days_high": days_high,
        "age_months_low": months_low,
        "age_months_high": months_high,
    }


def tables_from(
    lines: list[dict[str, str]], knowledge: Knowledge
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make the tables of reportable and held results from the lines of a pipe table."""
    results, held = [], []
    for number, line in enumerate(lines):
        day = line.get("day", "2026-03-01")
        origin = {
            "source_file": "table.csv",
            "source_sheet": "",
            "source_row": number + 2,
            "source_column": "value",
            "patient_id": line.get("patient") or f"P{number:03}",
            "patient_name": "",
            "sex": line.get("sex", "").replace("?", ""),
            "birth_date": pd.NaT,
            **age_columns(line.get("age", "")),
            "population": line.get("population", ""),
            "accession": f"A{number:03}",
            "collected_at": pd.Timestamp(day) if day else pd.NaT,
            "collected_precision": "date" if day else "",
            "status": "final",
        }
        for name, cell in line.items():
            if name in ANSWERS or name not in knowledge.analytes or not cell:
                continue
            analyte = knowledge.analytes[name]
            row = {"result_id": len(results) + len(held), **origin, "analyte": name}
            if cell == "held":
                held.append({**row, "code": "not-a-number"})
                continue
            found = re.fullmatch(r"(<=|>=|<|>|)([\d.]+)(?: (\S+))?", cell)
            assert found, f"result {cell!r}"
            unit = found[3] or line.get("unit") or analyte.unit
            number_text = float(found[2])
            results.append(
                {
                    **row,
                    "comparator": found[1],
                    "original_text": cell,
                    "original_value": number_text,
                    "original_unit": unit,
                    "value": number_text * analyte.units[unit],
                    "unit": analyte.unit,
                    "reference_low": float(line["low"]) if line.get("low") else np.nan,
                    "reference_high": pd.NA,
                    "flag": "",
                    "comment": "",
                    "derived": "",
                }
            )
    kinds, held_kinds = Reportable.column_types(), Held.column_types()
    return (
        pd.DataFrame(results, columns=list(kinds)).astype(kinds),
        pd.DataFrame(held, columns=list(held_kinds)).astype(held_kinds),
    )


@pytest.fixture
def interpret(knowledge: Knowledge) -> Callable[[str], Interpretation]:
    def run(text: str) -> Interpretation:
        results, held = tables_from(read_table(text), knowledge)
        return interpret_results(results, held, knowledge)

    return run


@pytest.fixture
def evaluate(knowledge: Knowledge) -> Callable[[str, str], None]:
    """Ask one rule of every line and compare with the answers in the table."""

    def run(rule: str, text: str) -> None:
        lines = read_table(text)
        results, held = tables_from(lines, knowledge)
        findings = interpret_results(results, held, knowledge).findings
        of_rule = findings[findings["rule"].eq(rule)].set_index("accession")
        for number, line in enumerate(lines):
            if f"A{number:03}" in of_rule.index:
                found = of_rule.loc[f"A{number:03}"].to_dict()
            else:  # nothing at all was reported on this line
                found = dict.fromkeys(ANSWERS, "") | {"outcome": "not-tested"}
            for name in ANSWERS:
                if name in line:
                    said = found[name]
                    fits = (
                        line[name] in said.split("; ")
                        if name == "comment" and line[name]
                        else (name == "comment" or said == line[name])
                    )
                    assert fits, f"{rule}: {line}: {name} is {said!r}"

    return run
