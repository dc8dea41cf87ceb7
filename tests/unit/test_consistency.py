"""Results that should follow from others of their specimen, and from their own flag."""

from datetime import date
from pathlib import Path

import pytest

from pipeline.ingest.file import read_results
from pipeline.ingest.text_tables import SiteConventions
from pipeline.knowledge.load import load_knowledge

KNOWLEDGE = load_knowledge()
UNITS = {
    "Hb": "g/dL", "Hct": "%", "RBC": "10^12/L", "MCV": "fL", "MCH": "pg", "MCHC": "g/dL",
    "WBC": "10^9/L", "Neutrophils %": "%", "Neutrophils": "10^9/L",
}  # fmt: skip


def notes(folder: Path, *rows: str) -> list[str]:
    """Read rows "specimen analyte value [unit]"; give "analyte code detail" of the two notes."""
    lines = ["patient_id,sample_id,analyte,value,unit"]
    for row in rows:
        sample, name, value, *unit = row.split("|")
        lines.append(f"P1,{sample},{name},{value},{unit[0] if unit else UNITS[name]}")
    path = folder / "a.csv"
    path.write_text("\n".join(lines) + "\n")
    file = read_results(path, "a.csv", KNOWLEDGE, SiteConventions(), today=date(2026, 1, 1))
    name_of = dict(enumerate(rows, 2))
    found = file.issues[file.issues["code"].isin(["index-mismatch", "flag-contradicts"])]
    return [
        f"{name_of[row].split('|')[1]}: {message.split(':')[0]}"
        for row, message in found[["row", "message"]].itertuples(index=False)
    ]


MCV = "MCV and the quotient of hematocrit and red cells"
MCH = "MCH and the quotient of hemoglobin and red cells"
MCHC = "MCHC and the quotient of hemoglobin and hematocrit"
ANC = "neutrophils and their share of the white cells"


@pytest.mark.parametrize(
    ("rows", "answer"),
    [
        ("S|Hct|45; S|RBC|5; S|MCV|90", []),
        ("S|Hct|45; S|RBC|5; S|MCV|93", []),
        ("S|Hct|45; S|RBC|5; S|MCV|93.1", [f"MCV: {MCV}"]),
        ("S|Hct|45; S|RBC|5; S|MCV|86.9", [f"MCV: {MCV}"]),
        ("S|Hct|0.45|L/L; S|RBC|5; S|MCV|80", [f"MCV: {MCV}"]),
        ("S|Hct|45; T|RBC|5; S|MCV|80", []),
        ("S|Hct|45; S|RBC|5; S|MCV|>80", []),
        ("S|Hct|45; S|RBC|5; S|MCV|80; S|MCV|81", []),
        ("S|Hct|45; S|RBC|5; S|MCV|pending", []),
        ("S|Hb|15; S|RBC|5; S|MCH|31", []),
        ("S|Hb|15; S|RBC|5; S|MCH|31.1", [f"MCH: {MCH}"]),
        ("S|Hb|15; S|Hct|45; S|MCHC|34.8", []),
        ("S|Hb|15; S|Hct|45; S|MCHC|34.9", [f"MCHC: {MCHC}"]),
        # The rule of three, where no MCHC is reported: cells may be pale, but not that pale.
        ("S|Hb|8; S|Hct|29", []),
        ("S|Hb|4.2; S|Hct|42", [f"Hb: {MCHC}"]),
        ("S|Hb|15; S|Hct|15", [f"Hb: {MCHC}"]),
        ("S|WBC|10; S|Neutrophils %|50; S|Neutrophils|5.5", []),
        ("S|WBC|10; S|Neutrophils %|50; S|Neutrophils|6", [f"Neutrophils: {ANC}"]),
        ("S|WBC|0.4; S|Neutrophils %|50; S|Neutrophils|0.4", []),
        ("S|WBC|0; S|Neutrophils %|50; S|Neutrophils|0", []),
    ],
)
def test_results_that_should_follow_from_others(
    tmp_path: Path, rows: str, answer: list[str]
) -> None:
    assert notes(tmp_path, *rows.split("; ")) == answer


@pytest.mark.parametrize(
    ("cells", "is_noted"),
    [
        ("11,12,16,H", True),
        ("11,12,16,L", False),
        ("17,12,16,L", True),
        ("17,12,16,LL", True),
        ("17,12,16,H", False),
        ("14,12,16,H", False),
        ("12,12,16,H", False),
        ("<11,12,16,H", True),
        (">11,12,16,H", False),
        ("11,,,H", False),
        ("11,12,16,", False),
    ],
)
def test_a_flag_on_the_other_side_is_noted(tmp_path: Path, cells: str, is_noted: bool) -> None:
    path = tmp_path / "a.csv"
    head = "patient_id,sample_id,analyte,unit,value,reference low,reference high,flag"
    path.write_text(f"{head}\nP1,S1,Hb,g/dL,{cells}\n")
    file = read_results(path, "a.csv", KNOWLEDGE, SiteConventions(), today=date(2026, 1, 1))
    assert file.issues["code"].eq("flag-contradicts").any() == is_noted
    assert len(file.results) == 1, "a note holds nothing"
