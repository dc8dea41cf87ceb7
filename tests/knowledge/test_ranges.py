"""Plausible ranges: ordinary results pass, a number beside the wrong unit is seen."""

import pytest

from pipeline.ingest.cells.units import index_units, unit_of
from pipeline.knowledge.load import load_knowledge

KNOWLEDGE = load_knowledge()
ANALYTES = tuple(KNOWLEDGE.analytes.values())
UNITS = index_units(KNOWLEDGE)


def rows(table: str) -> list[list[str]]:
    lines = [line.strip() for line in table.strip().splitlines()][1:]
    return [[cell.strip() for cell in line.split("|")] for line in lines if line[0] != "#"]


@pytest.mark.parametrize("analyte", ANALYTES, ids=lambda each: each.id)
def test_usual_lies_within_possible_and_every_unit_has_decimals(analyte):
    assert analyte.possible is not None
    low, high = analyte.usual or analyte.possible
    assert analyte.possible[0] <= low < high <= analyte.possible[1]
    assert analyte.decimals.keys() == analyte.units.keys()
    assert analyte.unit in analyte.units


@pytest.mark.parametrize("analyte", ANALYTES, ids=lambda each: each.id)
def test_decimals_shown_are_not_coarser_than_a_low_result(analyte):
    """The last decimal shown is at most the lower usual end, in every unit."""
    low, _ = analyte.usual or analyte.possible or (0.0, 0.0)
    for unit, decimals in analyte.decimals.items():
        assert low / analyte.units[unit] == 0 or 10**-decimals <= low / analyte.units[unit]


PLAUSIBLE = """
    analyte         | number  | unit      | answer
    # ordinary results in each unit that is common somewhere
    hemoglobin      | 13.5    | g/dL      | usual
    hemoglobin      | 8.4     | mmol/L    | usual
    hemoglobin      | 60      | g/L       | usual
    hematocrit      | 41      | %         | usual
    red-cells       | 4.5     | 10*12/L   | usual
    mcv             | 118     | fL        | usual
    mch             | 1.9     | fmol      | usual
    mchc            | 20.5    | mmol/L    | usual
    platelets       | 250000  | /uL       | usual
    platelets       | 2.5     | 10*5/uL   | usual
    white-cells     | 5400    | /uL       | usual
    white-cells     | 0.5     | 10*9/L    | usual
    vitamin-b12     | 90      | pg/mL     | usual
    vitamin-b12     | 1476    | pmol/L    | unusual
    mma             | 0.25    | umol/L    | usual
    homocysteine    | 12      | umol/L    | usual
    folate          | 3.0     | ng/mL     | usual
    ferritin        | 15      | ng/mL     | usual
    creatinine      | 0.9     | mg/dL     | usual
    egfr            | 59      | mL/min/1.73m2 | usual
    # true, and rare enough for a second look
    platelets       | 3       | 10*9/L    | unusual
    white-cells     | 0.1     | 10*9/L    | unusual
    hemoglobin      | 35      | g/L       | unusual
    mcv             | 145     | fL        | unusual
    # the right number beside the wrong unit
    hemoglobin      | 135     | g/dL      | impossible
    hemoglobin      | 13.5    | g/L       | unusual
    hematocrit      | 41      | L/L       | impossible
    hematocrit      | 0.41    | %         | impossible
    mchc            | 33      | g/L       | impossible
    mchc            | 330     | g/dL      | impossible
    mcv             | 790     | fL        | impossible
    mcv             | 90      | 10^(-1)fL | impossible
    white-cells     | 5400    | 10*9/L    | impossible
    white-cells     | 5.4     | /uL       | unusual
    platelets       | 250000  | 10*9/L    | impossible
    platelets       | 250     | 10*5/uL   | impossible
    platelets       | 250     | /uL       | unusual
    red-cells       | 4500000 | 10*12/L   | impossible
    vitamin-b12     | 20001   | pg/mL     | unusual
    vitamin-b12     | 25844   | pg/mL     | unusual
    vitamin-b12     | 70200   | pg/mL     | unusual
    vitamin-b12     | 51000   | pmol/L    | unusual
    vitamin-b12     | 100001  | pg/mL     | impossible
    vitamin-b12     | 12      | ng/mL     | unusual
    vitamin-b12     | 21      | ng/mL     | impossible
    folate          | 242.4   | ng/mL     | unusual
    folate          | 689     | ng/mL     | unusual
    folate          | 1561    | nmol/L    | unusual
    folate          | 2501    | nmol/L    | impossible
    vitamin-b12     | 90      | ng/mL     | impossible
    vitamin-b12     | 350     | ng/mL     | impossible
    vitamin-b12     | 0.35    | pg/mL     | impossible
    mma             | 250     | umol/L    | impossible
    mma             | 0.25    | nmol/L    | impossible
    homocysteine    | 0.012   | umol/L    | impossible
    creatinine      | 0.9     | umol/L    | impossible
    creatinine      | 80      | mg/dL     | impossible
    neutrophils-percent | 620 | %         | impossible
"""


@pytest.mark.parametrize(("analyte", "number", "unit", "answer"), rows(PLAUSIBLE))
def test_number_beside_unit_is(analyte, number, unit, answer):
    measured = KNOWLEDGE.analytes[analyte]
    written = unit_of(unit, measured, UNITS)
    value = float(number) * measured.units[written]
    bounds = {"impossible": measured.possible, "unusual": measured.usual}
    outside = [name for name, ends in bounds.items() if ends and not ends[0] <= value <= ends[1]]
    if float(number) > measured.most.get(written, float("inf")):
        outside = ["impossible"]
    assert (outside[0] if outside else "usual") == answer
