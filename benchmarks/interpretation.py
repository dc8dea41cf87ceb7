"""How long choosing and interpreting results takes, beside sorting and grouping the same table.

Seconds differ from machine to machine and hour to hour; what sorting costs here and now is a
measure that anyone has. `python -m benchmarks.interpretation [patients]`.
"""

import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from pipeline.interpret import interpret_results
from pipeline.knowledge.load import load_knowledge
from pipeline.reconcile.reportable_results import select_reportable
from schemas import Held, Results

# Analyte → usual mean and spread, in its canonical unit; made up, to meet every rule.
ANALYTES = {
    "hemoglobin": (125, 20),
    "mcv": (95, 9),
    "mch": (31, 3),
    "mchc": (330, 12),
    "red-cells": (4.3, 0.6),
    "hematocrit": (0.39, 0.05),
    "platelets": (210, 80),
    "white-cells": (6.5, 2.5),
    "neutrophils-percent": (58, 12),
    "vitamin-b12": (320, 150),
}
ACCESSIONS = 2
_DAY = pd.Timestamp("2026-01-01")


def make_results(patients: int) -> pd.DataFrame:
    """Make `patients` × 2 accessions × 10 analytes, the same each time."""
    knowledge = load_knowledge()
    random = np.random.default_rng(20260101)
    accessions = patients * ACCESSIONS
    person = np.repeat(np.arange(patients), ACCESSIONS)
    years = np.repeat(random.integers(1, 95, patients), ACCESSIONS)
    days = np.tile([0, 35], patients) + random.integers(0, 300, accessions)
    sexes = np.repeat(random.choice(["F", "M", ""], patients, p=[0.49, 0.49, 0.02]), ACCESSIONS)
    table = pd.DataFrame(
        {
            "patient_id": pd.Series(person).map("P{:06}".format),
            "accession": pd.Series(np.arange(accessions)).map("A{:07}".format),
            "collected_at": _DAY + pd.to_timedelta(days, unit="D"),
            "sex": sexes,
            "age_days_low": (years * 365.25).astype(int),
            "age_months_low": years * 12,
        }
    )
    rows = []
    for name, (mean, spread) in ANALYTES.items():
        analyte = knowledge.analytes[name]
        low, high = analyte.possible or (0, 1e9)
        number = np.clip(random.normal(mean, spread, accessions), low * 1.01 + 0.01, high * 0.99)
        number = np.round(number, 3)
        rows.append(table.assign(analyte=name, value=number, unit=analyte.unit))
    together = pd.concat(rows, ignore_index=True)
    together = together.sample(frac=1, random_state=1).reset_index(drop=True)
    kinds = Results.column_types()
    texts = [name for name, kind in kinds.items() if kind == "str"]
    filled = together.assign(
        **{name: "" for name in texts if name not in (*together, "original_unit")},
        result_id=np.arange(len(together)),
        source_row=np.arange(len(together)) + 2,
        birth_date=pd.NaT,
        age_days_high=together["age_days_low"],
        age_months_high=together["age_months_low"],
        original_value=together["value"],
        original_unit=together["unit"],
        reference_low=np.nan,
        reference_high=np.nan,
    ).assign(source_file="made.csv", collected_precision="date", status="final")
    return Results.validate(filled[list(kinds)].astype(kinds))


def timed(action: Callable[[], object]) -> tuple[float, object]:
    """Run once; give the processor's seconds and the answer."""
    start = time.process_time()
    answer = action()
    return time.process_time() - start, answer


def sort_and_group(results: pd.DataFrame) -> object:
    """Do what everyone does with such a table: sort by key, group by key."""
    key = ["patient_id", "accession", "analyte"]
    return results.sort_values(key).groupby(key, sort=False)["value"].max()


def main(patients: int) -> None:
    """Print a line for each step."""
    knowledge = load_knowledge()
    results = make_results(patients)
    held = Held.validate(Held.no_rows())
    measure, _ = timed(lambda: sort_and_group(results))
    print(f"{len(results):,} results of {patients:,} patients")
    print(f"{'sort and group':<20}{measure:8.2f} s      1.0")
    select, selected = timed(lambda: select_reportable(results, held, knowledge))
    print(f"{'select_reportable':<20}{select:8.2f} s{select / measure:9.1f}")
    interpret, _ = timed(
        lambda: interpret_results(selected.results, held, knowledge, results)  # type: ignore[attr-defined]
    )
    print(f"{'interpret_results':<20}{interpret:8.2f} s{interpret / measure:9.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
