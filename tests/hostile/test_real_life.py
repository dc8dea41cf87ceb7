"""Exports as laboratories and trials really write them: all figures and people are invented."""

from datetime import date
from pathlib import Path

import pytest

from pipeline.ingest.dataset import Ingested
from pipeline.ingest.file import read_results
from pipeline.ingest.text_tables import SiteConventions
from pipeline.knowledge.load import load_knowledge

KNOWLEDGE = load_knowledge()
TODAY = date(2026, 11, 1)


def ingest(folder: Path, name: str, content: bytes, encoding: str = "cp1252") -> Ingested:
    path = folder / name
    path.write_bytes(content)
    return read_results(path, name, KNOWLEDGE, SiteConventions(encoding=encoding), today=TODAY)


def used(file: Ingested) -> list[str]:
    return [
        f"{row} {patient} {analyte} {sign}{number:g} {unit}{' ' + flag if flag else ''}"
        for row, patient, analyte, sign, number, unit, flag in file.results[
            ["source_row", "patient_id", "analyte", "comparator", "original_value",
             "original_unit", "flag"]
        ].itertuples(index=False)
    ]  # fmt: skip


def held(file: Ingested) -> list[str]:
    return [
        f"{row} {column} {code}"
        for row, column, code in file.held[["source_row", "source_column", "code"]].to_numpy()
    ]


def said(file: Ingested) -> set[str]:
    return set(file.issues["code"])


def table(delimiter: str, *rows: str, end: str = "\n") -> str:
    """Write rows whose cells are set apart by bars with the delimiter of an export."""
    return "".join(delimiter.join(c.strip() for c in row.split("|")) + end for row in rows)


EIGHT = [
    ('"11,2"', "3 Hemoglobin number-ambiguous"),
    ("112 g/L", "3 Hemoglobin unit-contradiction"),
    ("1.12e1", "3 P0 hemoglobin 11.2 g/dL"),
    ("see comment 2", "3 Hemoglobin not-a-number"),
    ("10.9 (prev 13.2)", "3 Hemoglobin number-ambiguous"),
    ("<7.0", "3 P0 hemoglobin <7 g/dL"),
    ("-9", "3 Hemoglobin not-a-number"),
    ("", ""),
]


@pytest.mark.parametrize(("cell", "outcome"), EIGHT)
def test_cells_that_plain_scripts_flag_wrongly(tmp_path: Path, cell: str, outcome: str) -> None:
    """Read as 112, 112, 1.121, 2.0, normal, 7.0, -9 and normal by a script for this purpose."""
    content = f"PatientID,Sample ID,Hemoglobin (g/dL)\n0001,S1,13.5\nP0,S2,{cell}\n"
    file = ingest(tmp_path, "labs.csv", content.encode())
    found = [*used(file)[1:], *(line.replace(" (g/dL)", "") for line in held(file))]
    assert found == ([outcome] if outcome else [])
    assert used(file)[0] == "2 0001 hemoglobin 13.5 g/dL"


def test_an_id_that_comes_twice_keeps_its_zeros_and_both_results(tmp_path: Path) -> None:
    content = "PatientID,Sample ID,Hemoglobin (g/dL)\n0001,S1,13.5\n0001,S2,9.5\n1,S3,14\n"
    file = ingest(tmp_path, "labs.csv", content.encode())
    assert used(file) == [
        "2 0001 hemoglobin 13.5 g/dL",
        "3 0001 hemoglobin 9.5 g/dL",
        "4 1 hemoglobin 14 g/dL",
    ]


COUNTER = [
    "Sample ID|Date|Time|Patient ID|Birth date|WBC 10^9/l|WBC flag|GRA 10^9/l|GRA flag|HGB g/dl"
    "|HGB flag|MCV fl|MCV flag|PLT 10^9/l|PLT flag|Type|Warning|",
    "AUTO_7|17/09/2025|13:30|A01|01/05/1968|4.28|L |1.56|L |11.1|L |94.8|  |313|  |Human||",
    "AUTO_8|17/09/2025|13:41|A02|16/08/1993|0.02|L |0.00|E |0.0|E |0.0|E |8|L |Human|lE|",
    "0|17/09/2025|13:24||00/00/0000|0.18|  ||  |0.0|  ||  |18|  |Blank||",
    "AUTO_9|17/09/2025|13:50|A03|00/00/0000|----|  |2.0|  |12.3*|  |101.0|H |++++|  |Human||",
]


def test_counter_with_a_flag_beside_each_value(tmp_path: Path) -> None:
    file = ingest(tmp_path, "counter.txt", table("\t", *COUNTER, end="\r\n").encode())
    assert used(file) == [
        "2 A01 white-cells 4.28 10*9/L L",
        "2 A01 hemoglobin 11.1 g/dL L",
        "2 A01 mcv 94.8 fL",
        "2 A01 platelets 313 10*9/L",
    ]
    # What is left of a run that failed is no result: eight platelets of an empty tube.
    assert held(file) == [
        "3 WBC 10^9/l run-failed",
        "3 HGB g/dl measurement-failed",
        "3 MCV fl measurement-failed",
        "3 PLT 10^9/l run-failed",
        "5 WBC 10^9/l measurement-failed",
        "5 HGB g/dl measurement-failed",
        "5 MCV fl run-failed",
        "5 PLT 10^9/l measurement-failed",
    ]
    assert "record-control" in said(file), "the blank is left out and counted"
    assert len(file.ignored) == 3 + 3


MU = "Patient ID,Sample ID,Analysis Time,WBC(10^3/{0}L),NEUT#(),RBC(10^6/{0}L),HGB(g/dL),PLT(10^3/{0}L)\n"
MU_ROW = "A01,1,11/06/2025 08:52,4.76,2.72,5.17,12.9,123\n"


@pytest.mark.parametrize(
    ("site", "outcome"),
    [
        (
            "gbk",
            "white-cells 4.76 10*3/uL, red-cells 5.17 10*6/uL, hemoglobin 12.9 g/dL, platelets 123 10*3/uL",
        ),
        ("cp1252", "hemoglobin 12.9 g/dL"),
    ],
)
def test_chinese_bytes_for_micro(tmp_path: Path, site: str, outcome: str) -> None:
    """In the wrong code page the unit is not known, and its numbers are held; none is guessed."""
    content = (MU.format("\u03bc") + MU_ROW).encode("gbk")
    file = ingest(tmp_path, "counts.csv", content, site)
    assert ", ".join(line.removeprefix("2 A01 ") for line in used(file)) == outcome
    codes = {line.split()[-1] for line in held(file)}
    assert codes == ({"unit-missing"} if site == "gbk" else {"unit-missing", "unit-not-accepted"})
    assert "encoding-assumed" in said(file)
    assert file.results["collected_at"].isna().all(), "the time of analysis is not the collection"


def test_a_date_that_nothing_settles_is_held(tmp_path: Path) -> None:
    content = "Patient ID,Sample ID,Collected,HGB(g/dL)\nA01,1,11/06/2025 08:52,12.9\n"
    assert held(ingest(tmp_path, "a.csv", content.encode())) == ["2 HGB(g/dL) date-ambiguous"]
    content = content.replace("Collected", "Collected (dd/mm/yyyy)")
    file = ingest(tmp_path, "b.csv", content.encode())
    assert [str(at) for at in file.results["collected_at"]] == ["2025-06-11 08:52:00"]


SCALED = (
    "Sample ID No|Patient ID|Sex|Date of Birth|WBC(10/uL)|WBC/M|RBC(10^4/uL)|RBC/M|HGB(g/L)|HGB/M"
    "|MCV(10^(-1)fL)|MCV/M|PLT(10^3/uL)|PLT/M|NEUT%(10^(-1)%)|NEUT%/M|RDW-SD(10^(-1)fL)|RDW-SD/M"
)


def test_scale_in_the_header(tmp_path: Path) -> None:
    row = "77|A01|F|1980/05/01|806||455||135||790||149|-|612||431|"
    file = ingest(tmp_path, "scaled.csv", table(",", SCALED, row).encode())
    canonical = file.results[["analyte", "value", "unit"]].itertuples(index=False)
    assert [f"{analyte} {value:g} {unit}" for analyte, value, unit in canonical] == [
        "white-cells 8.06 10*9/L",
        "red-cells 4.55 10*12/L",
        "hemoglobin 135 g/L",
        "mcv 79 fL",
        "platelets 149 10*9/L",
        "neutrophils-percent 61.2 %",
    ]
    assert (held(file), file.read) == ([], 6)


def test_scale_in_the_header_with_decimals_in_the_cells(tmp_path: Path) -> None:
    """A program that already applied the scale: 79.0 tenths of a femtoliter cannot be."""
    file = ingest(tmp_path, "scaled.csv", b"Patient ID,Sample ID No,MCV(10^(-1)fL)\nA01,77,79.0\n")
    assert held(file) == ["2 MCV(10^(-1)fL) value-impossible"]


ANIMAL = (
    "Customer no.|Patient no.|Date|HCT||HGB||MCV||PLT||RBC||WBC|",
    "4|44|3/3/2025 11:51 a.m.|43,90|%|15,20|g/dl|45,00|µm3|162,00|10^3/mm3|9,70|10^6/mm3|8,00|10^3/mm3",
)


def test_units_in_columns_without_a_header(tmp_path: Path) -> None:
    """So write veterinary counters: limits of people must not be laid on an animal in silence."""
    file = ingest(tmp_path, "vet.csv", table(";", *ANIMAL).encode("cp1252"))
    assert (used(file), said(file)) == ([], {"unit-column-unnamed"})


def test_immunoassay_without_our_analytes(tmp_path: Path) -> None:
    rows = (
        "Patient ID|Sample ID|Rack|Test Name|Interpretation|Result|Units|Comp. Time|Flags|Comments",
        "|501|4|HBsAg-X|Non-React.|0.18|S/CO|21/02/2025 11:55:43||",
        "|501|4|HCV-Ab|React.|>12.5|S/CO|21/02/2025 11:55:43||",
    )
    file = ingest(tmp_path, "immuno.csv", table(",", *rows).encode())
    assert (file.read, len(file.ignored), used(file), held(file)) == (2, 2, [], [])
    assert {"no-analyte", "analyte-unknown"} <= said(file)


TRIAL = (
    "STUDYID|USUBJID|LBSEQ|LBTESTCD|LBTEST|LBORRES|LBORRESU|LBORNRLO|LBORNRHI|LBSTRESC|LBSTRESN"
    "|LBSTRESU|LBSTNRLO|LBSTNRHI|LBNRIND|LBDTC",
    "X1|X1-001|1|HGB|Hemoglobin|11.5|g/dL|12.0|16.0|7.1369|7.1369|mmol/L|7.45|9.93|LOW|2025-12-26T14:45",
    "X1|X1-001|2|VITB12|Vitamin B12|150|pg/mL|200|900|110.67|110.67|pmol/L|148|664|LOW|2025-12-26T14:45",
    "X1|X1-001|3|ALB|Albumin|3.8|g/dL|3.3|4.9|38|38|g/L|33|49|NORMAL|2025-12-26T14:45",
    "X1|X1-002|1|PLAT|Platelets|<20|10^9/L|150|400|<20||10^9/L|150|400|LOW|2025-12-27",
)


def test_original_and_standard_result_side_by_side(tmp_path: Path) -> None:
    """The result as reported counts, in the unit reported; never one with the other's unit."""
    file = ingest(tmp_path, "lb.csv", table(",", *TRIAL).encode())
    assert used(file) == [
        "2 X1-001 hemoglobin 11.5 g/dL LOW",
        "3 X1-001 vitamin-b12 150 pg/mL LOW",
        "5 X1-002 platelets <20 10*9/L LOW",
    ]
    assert not held(file)
    assert len(file.ignored) == 1


def test_lost_superscripts(tmp_path: Path) -> None:
    rows = (
        "USUBJID|LBDTC|LBTEST|LBORRESU|LBORRES",
        "01-001|2025-05-21|Platelets|x 109/L|149",
        "01-001|2025-05-21|White Blood Cells|x 109/L|3.1",
        "01-001|2025-05-21|Red Blood Cells|x 1012/L|4.5",
        "01-001|2025-05-21|Neutrophils (x 109/L)||1.5",
        "01-001|2025-05-21|Hemoglobin|g/L|",
    )
    file = ingest(tmp_path, "lb.csv", table(",", *rows).encode())
    assert used(file) == [
        "2 01-001 platelets 149 10*9/L",
        "3 01-001 white-cells 3.1 10*9/L",
        "4 01-001 red-cells 4.5 10*12/L",
        "5 01-001 neutrophils 1.5 10*9/L",
    ]
    assert held(file) == ["6 LBORRES value-missing"]


SURVEY = (
    "SEQN|RIAGENDR|RIDAGEYR|LBXWBCSI|LBXLYPCT|LBXMOPCT|LBXNEPCT|LBXEOPCT|LBXBAPCT|LBXRBCSI|LBXHGB"
    "|LBXHCT|LBXMCVSI|LBXMCHSI|LBXMC|LBXRDW|LBXPLTSI|LBXMPSI",
    "900001|2|44|5.3|35.8|7.8|55.1|0.9|0.5|4.63|11.5|37.1|101.1|27.1|33.8|13.7|298|7.8",
    "900002|1|0|6.6|0|0|0|0|0|3.86|12.9|38.3|99|33.3|33.7|14.5|226|8.9",
)


def test_survey_with_codes_for_names(tmp_path: Path) -> None:
    file = ingest(tmp_path, "survey.csv", table(",", *SURVEY).encode())
    (conventions,) = file.table_conventions
    assert conventions.layout.startswith("nhanes")
    people = file.results[["patient_id", "sex", "age_months_low"]].drop_duplicates()
    assert people.to_numpy().tolist() == [["900001", "F", 528], ["900002", "M", 0]]
    assert "2 900001 hemoglobin 11.5 g/dL" in used(file)
    assert "2 900001 mcv 101.1 fL" in used(file)
    assert not held(file)


MESSAGES = [
    "Patient ID|Sample ID No|WBC Abnormal|PLT Suspect|WBC(10/uL)|WBC/M|HGB(g/L)|HGB/M|MCV(10^(-1)fL)"
    "|MCV/M|PLT(10^3/uL)|PLT/M|NEUT#(10/uL)|NEUT#/M|IG#(10/uL%)|IG#/M|NEUT#&(10/uL%)|NEUT#&/M"
    "|IP Abn(WBC)Neutropenia|IP SUS(PLT)PLT Clumps?|Qflag(HGB Defect?)",
    "A01|7|1|0|806||135||790|-|212||437||1||436||1|0|90",
]


def test_messages_of_an_analyzer_are_no_results(tmp_path: Path) -> None:
    file = ingest(tmp_path, "counts.csv", table(",", *MESSAGES).encode())
    assert used(file) == [
        "2 A01 white-cells 806 10*1/uL",
        "2 A01 hemoglobin 135 g/L",
        "2 A01 mcv 790 10*-1.fL -",
        "2 A01 platelets 212 10*3/uL",
        "2 A01 neutrophils 437 10*1/uL",
    ]
    assert held(file) == []
    assert len(file.ignored) == 2, "IG# and NEUT#& have a unit: results, but none of ours"
    assert list(file.issues["code"]) == ["analyte-unknown", "columns-not-used"]
