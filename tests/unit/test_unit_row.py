"""A row of units below the header: what it says of the columns, and when it is held."""

from datetime import date
from pathlib import Path

import pytest

from pipeline.ingest.file import read_results
from pipeline.ingest.text_tables import SiteConventions
from pipeline.knowledge.load import load_knowledge
from pipeline.knowledge.model import Knowledge


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


def read(knowledge: Knowledge, folder: Path, text: str) -> tuple[str, str, str]:
    """Give the results used, the rows held and the notes of the row of units."""
    path = folder / "wide.csv"
    path.write_text(text.replace(" / ", "\n") + "\n", encoding="utf-8")
    file = read_results(path, path.name, knowledge, SiteConventions(), today=date(2026, 11, 1))
    used = ", ".join(
        f"{analyte} {number:g} {unit}"
        for analyte, number, unit in file.results[["analyte", "value", "unit"]].to_numpy()
    )
    rows = file.held.sort_values("source_row")[["source_row", "code"]]
    held = ", ".join(f"{row} {code}" for row, code in rows.to_numpy())
    issues = file.issues[file.issues["code"].isin(["units-below-header", "unit-contradiction"])]
    return used, held, ", ".join(issues["code"].unique())


@pytest.mark.parametrize(
    ("text", "used", "held", "said"),
    [
        ("Patient ID,HGB,PLT / ,g/dL,10^9/L / P1,11.2,200",
         "hemoglobin 112 g/L, platelets 200 10*9/L", "", "units-below-header"),
        ("Patient ID,HGB,PLT / Units,g/dL,10^9/L /  / P1,11.2,200",
         "hemoglobin 112 g/L, platelets 200 10*9/L", "", "units-below-header"),
        ("Patient ID,HGB / ,g/dL / P1,11.2", "hemoglobin 112 g/L", "", "units-below-header"),
        ("Patient ID,HGB,ESR / ,g/dL,mm/h / P1,11.2,9",
         "hemoglobin 112 g/L", "", "units-below-header"),
        ("Patient ID,HGB,NEUT,NEUT / ,g/dL,%,10^9/L / P1,11.2,60,3.2",
         "hemoglobin 112 g/L, neutrophils-percent 60 %, neutrophils 3.2 10*9/L", "",
         "units-below-header"),
        ("Patient ID,Age,HGB / -,years,g/dL / P1,40,11.2",
         "hemoglobin 112 g/L", "", "units-below-header"),
        ("Patient ID,HGB (g/dL),PLT / ,g/dl,10^9/L / P1,11.2,200",
         "hemoglobin 112 g/L, platelets 200 10*9/L", "", "units-below-header"),
        ("Patient ID,HGB,PLT / ,g/xL,10^9/L / P1,11.2,200",
         "platelets 200 10*9/L", "3 unit-not-accepted", "units-below-header"),
        ("Patient ID,HGB,MCV / P0,g/dL,fL / P1,11.2,90",
         "mcv 90 fL", "2 row-units, 3 unit-missing", ""),
        ("Patient ID,Age,HGB / ,old,g/dL / P1,40,11.2", "", "2 row-units, 3 unit-missing", ""),
        ("Patient ID,HGB (g/L),PLT / ,g/dL,10^9/L / P1,11.2,200", "", "", "unit-contradiction"),
        ("Patient ID,HGB (g/dL),MCV / P1,11.2,fL / P2,11.3,90",
         "hemoglobin 112 g/L, hemoglobin 113 g/L, mcv 90 fL", "2 not-a-number", ""),
    ],
)  # fmt: skip
def test_a_row_of_units(
    knowledge: Knowledge, tmp_path: Path, text: str, used: str, held: str, said: str
) -> None:
    got = read(knowledge, tmp_path, text)
    assert (sorted(got[0].split(", ")), *got[1:]) == (sorted(used.split(", ")), held, said)
