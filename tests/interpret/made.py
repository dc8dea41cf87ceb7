"""Results as arrays out of a pipe table, for an analyte and limits that nobody published."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from pipeline.interpret import ask_questions
from pipeline.interpret.by_accession import NOWHERE, SpecimenIndex
from pipeline.interpret.result_arrays import PREGNANCY, ResultArrays
from pipeline.interpret.timeline import Dates, Timeline
from pipeline.interpret.truth_columns import TruthColumn
from pipeline.knowledge.conditions import Condition
from pipeline.knowledge.load import load_knowledge
from pipeline.knowledge.model import AgeSpan, Analyte, Knowledge, Limit, Stratum
from pipeline.review.case_tables import tables_of
from pipeline.review.cases import read_lines
from schemas.vocabulary import Comparator, Sex

UNITS = {"g/L": 1.0, "g/dL": 10.0, "mmol/L": 16.0}
MADE = Analyte(
    id="made", title="Made", short="M", group="made", unit="g/L", units=UNITS, source="made"
)


def make_knowledge(**changed: object) -> Knowledge:
    """All that ships, with one more analyte."""
    known = load_knowledge()
    analytes = {**known.analytes, MADE.id: MADE}
    return replace(known, **{"analytes": analytes, "adjustments": (), **changed})


def stratum(low: object = 0, high: object = None, **rest: object) -> Stratum:
    """Give a stratum from some age up to another, in months; ("days", 30) for other units."""
    ends = [end if isinstance(end, tuple | None) else ("months", end) for end in (low, high)]
    return Stratum(ages=AgeSpan(low=ends[0], high=ends[1]), **rest)


def make_limit(*strata: Stratum, **rest: object) -> Limit:
    """Give a limit of the analyte that is made up."""
    return Limit(id="made.limit", analyte="made", source="made", wording="", strata=strata, **rest)


def read_rows(text: str) -> list[dict[str, str]]:
    """Split a pipe table into one dictionary a line."""
    head, *lines = [
        [cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()
    ]
    return [dict(zip(head, line, strict=True)) for line in lines]


def read_day(text: str) -> pd.Timestamp:
    """Read a day from January 2026 on: 5 or 5.5 (noon of the fifth) or 5t (its midnight)."""
    day = text.strip("t")
    return pd.Timestamp("2025-12-31") + pd.Timedelta(float(day), "D") if day else pd.NaT


def make_accessions(rows: list[dict[str, str]]) -> pd.DataFrame:
    """Make the accessions of a grid; columns: patient and day, without a time if it is whole."""
    return pd.DataFrame(
        {
            "patient_id": [row["patient"] for row in rows],
            "collected_at": pd.Series(
                [read_day(row["day"]) for row in rows], dtype="datetime64[us]"
            ),
            "collected_precision": [
                "time" if {"t", "."} & set(row["day"]) else "date" if row["day"] else ""
                for row in rows
            ],
        }
    )


def make_dates(timeline: Timeline, text: str) -> Dates:
    """Make dates such as `P 3, Q 4.5`, whose places are those of the text."""
    named = [each.split() for each in text.split(",") if each.strip()]
    days = pd.Series([read_day(day) for _, day in named], dtype="datetime64[us]")
    return timeline.dates_of(pd.Series([patient for patient, _ in named], dtype="str"), days)


def make_amounts(rows: list[dict[str, str]], units: tuple[str, ...] = ("g/L",)) -> ResultArrays:
    """Make the arrays of `arrays_of`.

    Columns: result ("<120"), unit, sex, months and days ("144", "140..150"), low, high, pregnant,
    raised, assumed.
    """
    results = [row.get("result", "0") for row in rows]
    signs = np.array([result.rstrip("0123456789.") for result in results], dtype=object)
    value = np.array([float(result.lstrip("<>=")) for result in results])
    named = [row.get("unit") or "g/L" for row in rows]
    units = tuple(dict.fromkeys((*units, *named)))
    sex = np.array([row.get("sex", "F") for row in rows], dtype=object)
    return ResultArrays(
        value=value,
        canonical=value * np.array([UNITS.get(unit, np.nan) for unit in named]),
        is_={sign: signs == str(sign) for sign in Comparator},
        unit_codes=np.array([units.index(unit) for unit in named], dtype=np.intp),
        units=units,
        reference_low=_numbers(rows, "low"),
        reference_high=_numbers(rows, "high"),
        sexes={each: (sex == "?") | (sex == str(each)) for each in Sex},
        age_low={unit: _ages(rows, unit)[0] for unit in ("days", "months")},
        age_high={unit: _ages(rows, unit)[1] for unit in ("days", "months")},
        assumed={"assumed": np.array([bool(row.get("assumed")) for row in rows])},
        derived_codes=np.zeros(len(rows), np.intp),
        derived=("",),
        pregnancy=np.array([PREGNANCY.index(row.get("pregnant", "")) for row in rows], np.int8),
        raised={"elevation": np.nan_to_num(_numbers(rows, "raised"))},
    )


def _numbers(rows: list[dict[str, str]], name: str) -> np.ndarray:
    return np.array([float(row.get(name) or "nan") for row in rows])


def _ages(rows: list[dict[str, str]], unit: str) -> tuple[np.ndarray, np.ndarray]:
    """Give the ends of each age; where nothing is said every age is possible."""
    ends = []
    for row in rows:
        low, _, high = (row.get(unit) or "0..inf").partition("..")
        ends.append((float(low), float(high or low)))
    low, high = np.array(ends).T
    return low, high


def ask(text: str, condition: Condition, knowledge: Knowledge) -> list[dict[str, str]]:
    """Ask a condition of every line of a case table, with the rules and artifacts of `knowledge`."""
    return ask_each(text, [condition], knowledge)[0]


def ask_each(
    text: str, conditions: Sequence[Condition], knowledge: Knowledge
) -> list[list[dict[str, str]]]:
    """Ask several conditions of every line.

    For each line: `says` as y, n, ? (Y, N where it is doubted, - where nothing was reported),
    `reason`, `limit`, `comment`, `remark`, `here`, `near`, `met` (x), and `rests` on which lines, as numbers with
    a sign for held (h) and said (s).
    """
    lines = [dict(line.cells) for line in read_lines(text, "table")]
    tables = tables_of(lines, knowledge)
    specimen_index, questions = ask_questions(
        tables.results, tables.held, knowledge, observations=tables.observations
    )
    return [_tell(lines, specimen_index, questions.answer(condition)) for condition in conditions]


def _tell(
    lines: list[dict[str, str]], specimen_index: SpecimenIndex, said: TruthColumn
) -> list[dict[str, str]]:
    place = {name: row for row, name in enumerate(specimen_index.accessions["accession"])}
    tables_behind = (
        ("", specimen_index.results),
        ("h", specimen_index.held),
        ("s", specimen_index.observations),
    )
    told = []
    for number, line in enumerate(lines):
        row = place.get(line.get("accession") or f"A{number:03}")
        if row is None:
            told.append({**dict.fromkeys(_TOLD, ""), "says": "-"})
            continue
        letter = (
            ("y" if said.confirmed_yes[row] else "Y")
            if said.yes[row]
            else ("n" if said.confirmed_no[row] else "N")
            if said.no[row]
            else "?"
            if said.reported[row]
            else "-"
        )
        rests = [
            f"{sign}{lines_of(table)[each[row]]}"
            for item in said.evidence
            for (sign, table), each in zip(
                tables_behind, (item.results, item.held, item.said), strict=True
            )
            if each[row] != NOWHERE
        ]
        limits = [f"{item.limit[row]:.12g}" for item in said.evidence if item.limit[row] > -1]
        told.append(
            {
                "says": letter,
                "reason": _held_by(said.reasons, row),
                "comment": _held_by(said.comments, row),
                "remark": _held_by(said.remarks, row),
                "here": "x" if said.here[row] else "",
                "near": "x" if said.near[row] else "",
                "met": "x" if said.met[row] else "",
                "rests": " ".join(rests),
                "limit": " ".join(limits),
                "undecided": "x" if said.undecided[row] else "",
            }
        )
    return told


_TOLD = (
    "says", "reason", "comment", "remark", "here", "near", "met", "rests", "limit", "undecided",
)  # fmt: skip


def lines_of(table: pd.DataFrame) -> list[int]:
    """Give the line of the table, counted from 0, that each row came from."""
    return [int(row) - 2 for row in table["source_row"]]


def _held_by(masks: Mapping[str, np.ndarray], row: int) -> str:
    return " ".join(str(name) for name, where in masks.items() if where[row])


def check(text: str, condition: Condition, knowledge: Knowledge) -> None:
    """Compare what is said of each line with its columns."""
    lines = [dict(line.cells) for line in read_lines(text, "table")]
    found = ask(text, condition, knowledge)
    names = [name for name in found[0] if name in lines[0]]
    assert [{name: each[name] for name in names} for each in found] == [
        {name: line[name] for name in names} for line in lines
    ]
