"""Results as arrays out of a pipe table, for an analyte and limits that nobody published."""

from dataclasses import replace

import numpy as np

from pipeline.interpret.amounts import PREGNANCY, Amounts
from pipeline.knowledge.load import load_knowledge
from pipeline.knowledge.model import AgeSpan, Analyte, Knowledge, Limit, Stratum
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


def make_amounts(rows: list[dict[str, str]], units: tuple[str, ...] = ("g/L",)) -> Amounts:
    """Make the arrays of `amounts_of`.

    Columns: result ("<120"), unit, sex, months and days ("144", "140..150"), low, high, pregnant,
    raised, assumed.
    """
    results = [row.get("result", "0") for row in rows]
    signs = np.array([result.rstrip("0123456789.") for result in results], dtype=object)
    value = np.array([float(result.lstrip("<>=")) for result in results])
    named = [row.get("unit") or "g/L" for row in rows]
    units = tuple(dict.fromkeys((*units, *named)))
    sex = np.array([row.get("sex", "F") for row in rows], dtype=object)
    return Amounts(
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
