"""What each spelling of a unit means for an analyte."""

import pytest

from pipeline.ingest.cells.units import index_units, unit_of
from pipeline.knowledge.load import load_knowledge

KNOWLEDGE = load_knowledge()
INDEX = index_units(KNOWLEDGE)


@pytest.mark.parametrize("analyte", KNOWLEDGE.analytes.values(), ids=lambda each: each.id)
def test_every_spelling_means_its_unit_wherever_that_is_accepted(analyte):
    written = [
        (spelling, unit)
        for unit in analyte.units
        for spelling in (unit, *KNOWLEDGE.units[unit].spellings)
        if spelling not in analyte.unit_spellings
    ]
    written += list(analyte.unit_spellings.items())
    read = [(spelling, unit_of(spelling, analyte, INDEX)) for spelling, _ in written]
    assert read == written


@pytest.mark.parametrize("change", [str.upper, str.lower, lambda text: f" {text} "])
@pytest.mark.parametrize("analyte", KNOWLEDGE.analytes.values(), ids=lambda each: each.id)
def test_case_and_spaces_never_change_the_number(analyte, change):
    wrong = [
        spelling
        for unit in analyte.units
        for spelling in KNOWLEDGE.units[unit].spellings
        if spelling not in analyte.unit_spellings
        if (found := unit_of(change(spelling), analyte, INDEX)) not in ("", unit)
        if analyte.units[found] != analyte.units[unit]
    ]
    assert not wrong


MEANINGS = """
    analyte         | as written           | unit
    # thousand, million, lakh
    white-cells     | 10^3/µL              | 10*3/uL
    white-cells     | x 109/L              | 10*9/L
    white-cells     | x 109 cells/L        | 10*9/L
    white-cells     | ×10⁹/l               | 10*9/L
    white-cells     | Gpt/l                | 10*9/L
    white-cells     | 10exp3/uL            | 10*3/uL
    white-cells     | K/mcL                | 10*3/uL
    white-cells     | THO/MM3              | 10*3/uL
    white-cells     | Tsd./µl              | 10*3/uL
    white-cells     | cells/cu.mm          | /uL
    white-cells     | pro µL               | /uL
    white-cells     | mm^3                 | /uL
    platelets       | bil/L                | 10*9/L
    platelets       | Lakhs/Cumm           | 10*5/uL
    platelets       | lac/cumm             | 10*5/uL
    platelets       | 万/µL                | 10*4/uL
    platelets       | thousand/uL          | 10*3/uL
    red-cells       | x 1012 cells/L       | 10*12/L
    red-cells       | Mio/µl               | 10*6/uL
    red-cells       | million/cumm         | 10*6/uL
    red-cells       | Tpt/l                | 10*12/L
    # a multiplier in front of the volume: thousands, not a count per 1000 microliters
    white-cells     | 1000/uL              | 10*3/uL
    white-cells     | *1000/ul             | 10*3/uL
    white-cells     | x1000/µL             | 10*3/uL
    white-cells     | 10/uL                | 10*1/uL
    white-cells     | 100/uL               | 10*2/uL
    # capital letters: giga or gram, tera or thousand, mega or million
    platelets       | G/L                  | 10*9/L
    platelets       | g/l                  | 10*9/L
    hemoglobin      | G/L                  | g/L
    hemoglobin      | g/L                  | g/L
    red-cells       | T/L                  | 10*12/L
    white-cells     | T/L                  |
    white-cells     | T/CMM                | 10*3/uL
    red-cells       | T/CMM                |
    red-cells       | M/uL                 | 10*6/uL
    white-cells     | M/uL                 |
    red-cells       | mil/cumm             | 10*6/uL
    white-cells     | mil/mm3              | 10*3/uL
    platelets       | MPt/L                | 10*6/L
    # two-faced spellings are held
    white-cells     | K/ML                 |
    platelets       | K/ML                 |
    white-cells     | X10-3                |
    white-cells     | X10-3/UL             |
    platelets       | 10-9/L               |
    platelets       | 1.00E+04             |
    white-cells     | 10.6/uL              |
    red-cells       | M/L                  |
    white-cells     | M/L                  |
    white-cells     | K/CCM                |
    platelets       | 10X3/CCM             |
    white-cells     | /L                   |
    # urine sediment is counted per field
    white-cells     | /HPF                 |
    red-cells       | /HPF                 |
    # a scale that the header states
    hematocrit      | 10^(-1)%             | 10*-1.%
    mcv             | 10^(-1)fL            | 10*-1.fL
    mch             | 10^(-1)pg            | 10*-1.pg
    hemoglobin      | 10^(-1)g/dL          | g/L
    # percent has several meanings
    hematocrit      | %                    | %
    hematocrit      | Vol%                 | %
    mchc            | %                    | g/dL
    mchc            | g%                   | g/dL
    hemoglobin      | g%                   | g/dL
    hemoglobin      | gms%                 | g/dL
    hemoglobin      | g/100.mL             | g/dL
    hemoglobin      | %                    |
    creatinine      | mg%                  | mg/dL
    rdw             | fL                   |
    reticulocytes   | %                    |
    reticulocytes-percent | ‰              | [ppth]
    # vitamin B12: a wrong prefix is a wrong patient
    vitamin-b12     | pg/ml                | pg/mL
    vitamin-b12     | PMOL/L               | pmol/L
    vitamin-b12     | ng/dl                | ng/dL
    vitamin-b12     | nmol/L               |
    vitamin-b12     | mg/dL                |
    vitamin-b12     | mg/L                 |
    vitamin-b12     | umol/L               |
    vitamin-b12     | pg/L                 |
    vitamin-b12     | g/L                  |
    active-b12      | pmol/L               | pmol/L
    active-b12      | pg/mL                |
    mma             | µmol/L               | umol/L
    mma             | μmol/L               | umol/L
    mma             | mmol/mol creatinine  |
    mcv             | µm3                  | fL
    mcv             | cu mic               | fL
    egfr            | ml/min/1,73 m²       | mL/min/{1.73_m2}
    egfr            | mL/min               |
    hemoglobin      | mg/dL                |
    hemoglobin      | mmol/L               | mmol/L
"""


def rows(table: str) -> list[list[str]]:
    lines = [line.strip() for line in table.strip().splitlines()][1:]
    return [[cell.strip() for cell in line.split("|")] for line in lines if line[0] != "#"]


@pytest.mark.parametrize(("analyte", "written", "unit"), rows(MEANINGS))
def test_spelling_means_this_unit_or_is_held(analyte, written, unit):
    assert unit_of(written, KNOWLEDGE.analytes[analyte], INDEX) == unit


# Spellings met in exports of hospitals in the United States, India and Germany, word for word.
THOUSANDS = """
    K/CMM; K/UL; K/MM3; 10*3/UL; 10E3/UL; X1000/UL; X1000; 10E9/L; K/MCL; K/CUMM; BILL/L; THOUS/CMM
    THOUS/UL; THOUS/MM3; 10(3)/MCL; THOU/CUMM; THOU/UL; THOU; THO/MM3; 1000/UL; 1000/MCL; 1000/MM3
    T/CMM; X103; X(10)3; K/MICROL; 10X3/CMM; 10X3/UL; 10X3CUMM; 103/UL; X10E3/UL; 10'3/UL; TH/MM3
    TH/UL; X10(9)/L; X10(3)/UL; 10*9/L; X10E9/L; 10*3UL; 10**3; 10E3/MCL; K/MM-3
    thou/cumm; thou/mm3; 10^3/µL; 10\u02c63/µL; 10(3)/mm3
    Gpt/l; GPt/L; G/l; Tsd/µl; *1000/ul; x10^3/µl
    x10(9)/L; bil/L; K/mcL; Giga/L; 10⁹/L; ×10⁹/l; 10^9/l; x10e9/l; 10*9/l; x 109/L; 10exp3/uL
"""
SINGLE_CELLS = """
    CELLS/UL; /CMM; CMM; #/CMM; /CUMM; CUMM; WBC/CMM; /MM3; cells/cumm; cells/cu.mm; /cumm
    MPt/L; pro µL; Zellen/µL; Leu/ul; /µl; /μL; /uL; cells/mm^3
"""
MILLIONS = """
    mill/cumm; mill/mm3; million/cumm; Millions/Cumm; Tpt/l; TPt/L; Mio/µl; x10^6/ul; x 1012 cells/L
    10*6/uL; M/uL; 10^12/l; T/L
"""


@pytest.mark.parametrize(
    ("analyte", "spellings", "factor"),
    [
        ("white-cells", THOUSANDS, 1),
        ("platelets", THOUSANDS, 1),
        ("white-cells", SINGLE_CELLS, 0.001),
        ("red-cells", MILLIONS, 1),
        ("platelets", "lakhs/cumm; lakh/cumm; Lakhs/Cumm; lac/cumm", 100),
        ("hemoglobin", "g%; gm/dl; gms%; g / 100.mL; g/100.ml; g/dL{RBC}", 10),
        ("mcv", "µm3; um^3; cu mic; fl", 1),
        ("egfr", "mL/min/1.73; ml/min/1,73; mL/min/1,73 m2", 1),
        ("ferritin", "mcg/L; µg/L; μg/L; ng/mL", 1),
        ("creatinine", "mg%; Mg/Dl;  mg / dl ", 88.4),
    ],
)
def test_spellings_met_in_the_wild(analyte, spellings, factor):
    measured = KNOWLEDGE.analytes[analyte]
    written = [each for line in spellings.strip().splitlines() for each in line.split(";")]
    units = {each: unit_of(each, measured, INDEX) for each in written}
    assert {each: measured.units.get(unit) for each, unit in units.items()} == dict.fromkeys(
        written, factor
    )


@pytest.mark.parametrize(
    ("analyte", "number", "written", "canonical"),
    [
        ("white-cells", 5.4, "1000/uL", 5.4),
        ("white-cells", 5400, "cells/cumm", 5.4),
        ("white-cells", 806, "10/uL", 8.06),
        ("white-cells", 54, "10^2/uL", 5.4),
        ("platelets", 1.5, "lakhs/cumm", 150),
        ("platelets", 15.0, "万/µL", 150),
        ("platelets", 150000, "/mm3", 150),
        ("platelets", 150000, "MPt/L", 150),
        ("red-cells", 520, "10^4/uL", 5.2),
        ("red-cells", 4500000, "/µl", 4.5),
        ("reticulocytes", 0.05, "10^6/uL", 50),
        ("reticulocytes-percent", 15, "‰", 1.5),
        ("hematocrit", 411, "10^(-1)%", 0.411),
        ("hematocrit", 41.1, "%", 0.411),
        ("mcv", 790, "10^(-1)fL", 79.0),
        ("mch", 260, "10^(-1)pg", 26.0),
        ("rdw", 134, "10^(-1)%", 13.4),
        ("neutrophils-percent", 541, "10^(-1)%", 54.1),
        ("hemoglobin", 13.5, "g%", 135),
        ("mchc", 33.1, "%", 331),
        ("vitamin-b12", 0.18, "ng/mL", 180),
        ("vitamin-b12", 18, "ng/dL", 180),
        ("vitamin-b12", 133, "pmol/L", 180.2682),
        ("vitamin-b12", 13.3, "pmol/dL", 180.2682),
    ],
)
def test_number_in_the_canonical_unit(analyte, number, written, canonical):
    measured = KNOWLEDGE.analytes[analyte]
    factor = measured.units[unit_of(written, measured, INDEX)]
    assert number * factor == pytest.approx(canonical, rel=1e-12)
