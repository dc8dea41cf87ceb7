"""How an analyte stands in an export: its name there, its unit, its digits."""

from typing import NamedTuple

from sample_data.synthesis.people import Specimen


class Column(NamedTuple):
    """One analyte in one kind of export."""

    analyte: str
    name: str
    unit: str
    scale: float
    """From conventional units to `unit`."""
    digits: int
    loinc: str = ""
    low: str = ""
    """The laboratory's interval; "a/b" where women and men differ."""
    high: str = ""


CONVENTIONAL = (
    Column("hemoglobin", "Hemoglobin", "g/dL", 1, 1, "718-7", "12.0/13.0", "15.5/17.0"),
    Column("hematocrit", "Hematocrit", "%", 1, 1, "4544-3", "36.0/40.0", "46.0/50.0"),
    Column("red-cells", "RBC", "10*6/uL", 1, 2, "789-8", "3.80/4.50", "5.00/5.70"),
    Column("mcv", "MCV", "fL", 1, 1, "787-2", "80.0", "100.0"),
    Column("mch", "MCH", "pg", 1, 1, "785-6", "27.0", "33.0"),
    Column("mchc", "MCHC", "g/dL", 1, 1, "786-4", "31.5", "35.5"),
    Column("rdw", "RDW-CV", "%", 1, 1, "788-0", "11.5", "14.5"),
    Column("platelets", "Platelets", "10*3/uL", 1, 0, "777-3", "150", "400"),
    Column("white-cells", "WBC", "10*3/uL", 1, 1, "6690-2", "4.0", "10.0"),
    Column("neutrophils", "Neutrophils", "10*3/uL", 1, 2, "751-8", "1.50", "7.00"),
    Column("vitamin-b12", "Vitamin B12", "pg/mL", 1, 0, "2132-9", "180", "914"),
    Column("folate", "Folate", "ng/mL", 1, 1, "2284-8", "3.0", "20.0"),
    Column("ferritin", "Ferritin", "ng/mL", 1, 0, "2276-4", "15", "300"),
)

SI = (
    Column("hemoglobin", "Haemoglobin", "g/L", 10, 0),
    Column("hematocrit", "Haematocrit", "L/L", 0.01, 3),
    Column("red-cells", "Red cell count", "10*12/L", 1, 2),
    Column("mcv", "MCV", "fL", 1, 1),
    Column("mch", "MCH", "pg", 1, 1),
    Column("mchc", "MCHC", "g/L", 10, 0),
    Column("platelets", "Platelet count", "10*9/L", 1, 0),
    Column("white-cells", "White cell count", "10*9/L", 1, 1),
    Column("neutrophils", "Neutrophils", "10*9/L", 1, 2),
    Column("vitamin-b12", "Vitamin B12", "pmol/L", 0.7378, 0),
    Column("active-b12", "Active B12", "pmol/L", 1, 0),
    Column("mma", "Methylmalonic acid", "nmol/L", 1, 0),
    Column("egfr", "eGFR", "mL/min/1.73m2", 1, 0),
    Column("folate", "Serum folate", "nmol/L", 2.2655, 1),
    Column("ferritin", "Ferritin", "ug/L", 1, 0),
)

DEUTSCH = (
    Column("hemoglobin", "Hämoglobin", "g/dl", 1, 1, "", "12,0/13,5", "15,5/17,5"),
    Column("hematocrit", "Hämatokrit", "%", 1, 1, "", "35,0/40,0", "45,0/50,0"),
    Column("red-cells", "Erythrozyten", "Mio/µl", 1, 2, "", "3,90/4,50", "5,20/5,90"),
    Column("mcv", "MCV", "fl", 1, 1, "", "80,0", "96,0"),
    Column("mch", "MCH", "pg", 1, 1, "", "28,0", "33,0"),
    Column("mchc", "MCHC", "g/dl", 1, 1, "", "33,0", "36,0"),
    Column("platelets", "Thrombozyten", "Tsd/µl", 1, 0, "", "150", "400"),
    Column("white-cells", "Leukozyten", "Tsd/µl", 1, 1, "", "4,0", "10,0"),
    Column("neutrophils-percent", "Neutrophile", "%", 1, 1, "", "50,0", "70,0"),
    Column("vitamin-b12", "Vitamin B12", "pg/ml", 1, 0, "", "200", "900"),
    Column("folate", "Folsäure", "ng/ml", 1, 1, "", "3,0", "17,0"),
    Column("ferritin", "Ferritin", "ng/ml", 1, 0, "", "15", "300"),
)

BREIT = (
    Column("hemoglobin", "Hämoglobin", "mmol/l", 0.6206, 1),
    Column("hematocrit", "Hämatokrit", "l/l", 0.01, 3),
    Column("red-cells", "Erythrozyten", "Tpt/l", 1, 2),
    Column("mcv", "MCV", "fl", 1, 1),
    Column("platelets", "Thrombozyten", "Gpt/l", 1, 0),
    Column("white-cells", "Leukozyten", "Gpt/l", 1, 1),
    Column("neutrophils", "Neutrophile absolut", "Gpt/l", 1, 2),
    Column("vitamin-b12", "Vitamin B12", "pmol/l", 0.7378, 0),
)

_PERCENT = tuple(
    Column(f"{name.lower()}-percent", name, "%", 1, 1)
    for name in ("Neutrophils", "Lymphocytes", "Monocytes", "Eosinophils", "Basophils")
)
WIDE = (
    tuple(
        column
        for column in CONVENTIONAL
        if column.analyte not in ("neutrophils", "folate", "ferritin")
    )
    + _PERCENT
)

NHANES = (
    Column("white-cells", "LBXWBCSI", "", 1, 1),
    Column("lymphocytes-percent", "LBXLYPCT", "", 1, 1),
    Column("monocytes-percent", "LBXMOPCT", "", 1, 1),
    Column("neutrophils-percent", "LBXNEPCT", "", 1, 1),
    Column("eosinophils-percent", "LBXEOPCT", "", 1, 1),
    Column("basophils-percent", "LBXBAPCT", "", 1, 1),
    Column("red-cells", "LBXRBCSI", "", 1, 2),
    Column("hemoglobin", "LBXHGB", "", 1, 1),
    Column("hematocrit", "LBXHCT", "", 1, 1),
    Column("mcv", "LBXMCVSI", "", 1, 1),
    Column("mch", "LBXMCHSI", "", 1, 1),
    Column("mchc", "LBXMC", "", 1, 1),
    Column("rdw", "LBXRDW", "", 1, 1),
    Column("platelets", "LBXPLTSI", "", 1, 0),
)


def show(specimen: Specimen, column: Column, decimal: str = ".") -> str:
    """Write a result as the export has it; "" if it was not measured."""
    if column.analyte in specimen.said:
        return specimen.said[column.analyte].replace(".", decimal)
    value = specimen.values.get(column.analyte)
    if value is None:
        return ""
    return f"{value * column.scale:.{column.digits}f}".replace(".", decimal)


def interval(column: Column, sex: str) -> tuple[str, str]:
    """Give the laboratory's low and high for a sex."""
    part = 0 if sex == "F" else -1
    return column.low.split("/")[part], column.high.split("/")[part]


def flag(text: str, low: str, high: str) -> str:
    """Flag a result as the laboratory would: H, L or nothing; a sign counts with its number."""
    if not text:
        return ""
    sign = text.rstrip("0123456789.,")
    number, least, most = (
        float(part.removeprefix(sign).replace(",", ".")) for part in (text, low, high)
    )
    if number < least or (number == least and sign == "<"):
        return "L"
    return "H" if number > most else ""
