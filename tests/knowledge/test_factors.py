"""Conversion factors against an independent oracle: UCUM and molar masses."""

from functools import cache

import pytest
from pint import Quantity
from ucumvert import PintUcumRegistry

from pipeline.knowledge.load import load_knowledge

KNOWLEDGE = load_knowledge()

# Standard atomic weights, abridged (IUPAC 2021).
ATOMIC_WEIGHTS = {
    "C": 12.011,
    "H": 1.008,
    "N": 14.007,
    "O": 15.999,
    "P": 30.974,
    "S": 32.06,
    "Co": 58.933,
}
FORMULAS = {
    "vitamin-b12": {"C": 63, "H": 88, "Co": 1, "N": 14, "O": 14, "P": 1},  # cyanocobalamin
    "mma": {"C": 4, "H": 6, "O": 4},
    "homocysteine": {"C": 4, "H": 9, "N": 1, "O": 2, "S": 1},
    "folate": {"C": 19, "H": 19, "N": 7, "O": 6},
    "red-cell-folate": {"C": 19, "H": 19, "N": 7, "O": 6},
    "creatinine": {"C": 4, "H": 7, "N": 3, "O": 1},
    "bilirubin": {"C": 33, "H": 36, "N": 4, "O": 6},
    "gastrin": {"C": 97, "H": 124, "N": 20, "O": 31, "S": 1},  # gastrin-17
}
# Proteins: hemoglobin per heme (the tetramer of 64458 g/mol by four), ferritin without iron.
PROTEINS = {"hemoglobin": 64458 / 4, "mch": 64458 / 4, "mchc": 64458 / 4, "ferritin": 445_000}
MOLAR_MASSES = PROTEINS | {
    analyte: sum(ATOMIC_WEIGHTS[element] * count for element, count in formula.items())
    for analyte, formula in FORMULAS.items()
}
ROUNDING = 1.5e-4
"""Published factors carry four or five digits."""


@cache
def registry() -> PintUcumRegistry:
    return PintUcumRegistry()


def amount(unit: str, analyte: str) -> Quantity:
    """One of a unit in base units; an amount of substance as the mass it has."""
    one = registry().from_ucum(unit)
    if one.dimensionality.get("[substance]") and analyte in MOLAR_MASSES:
        one = one * MOLAR_MASSES[analyte] * registry().from_ucum("g/mol")
    return one.to_base_units()


PAIRS = [
    (analyte.id, unit, factor, analyte.unit)
    for analyte in KNOWLEDGE.analytes.values()
    for unit, factor in analyte.units.items()
]


@pytest.mark.parametrize(("analyte", "unit", "factor", "canonical"), PAIRS)
def test_factor_agrees_with_ucum_and_molar_mass(analyte, unit, factor, canonical):
    one, other = amount(unit, analyte), amount(canonical, analyte)
    assert one.dimensionality == other.dimensionality
    expected = one.magnitude / other.magnitude
    needs_mass = ("mol" in unit) != ("mol" in canonical)
    assert factor == pytest.approx(expected, rel=ROUNDING if needs_mass else 1e-12)


def test_oracle_tells_cyanocobalamin_from_the_molecule_without_cyanide():
    expected = (amount("pmol/L", "vitamin-b12") / amount("ng/L", "vitamin-b12")).magnitude
    assert expected == pytest.approx(1.3554, rel=ROUNDING)
    assert expected != pytest.approx(1.329, rel=ROUNDING)


@pytest.mark.parametrize(
    ("analyte", "one", "other", "digits"),
    [
        # Pairs as guidelines print them; `digits` are the decimals of the second.
        ("vitamin-b12", (180, "ng/L"), (133, "pmol/L"), 0),
        ("vitamin-b12", (350, "ng/L"), (258, "pmol/L"), 0),
        ("vitamin-b12", (1000, "pg/mL"), (738, "pmol/L"), 0),
        ("hemoglobin", (10.0, "g/dL"), (6.2, "mmol/L"), 1),
        ("folate", (3, "ng/mL"), (6.8, "nmol/L"), 1),
        ("red-cell-folate", (400, "ng/mL"), (906, "nmol/L"), 0),
        ("mma", (0.40, "nmol/mL"), (400, "nmol/L"), 0),
        ("creatinine", (1.0, "mg/dL"), (88.4, "umol/L"), 1),
        ("bilirubin", (1.0, "mg/dL"), (17.1, "umol/L"), 1),
        ("ldh", (1.0, "ukat/L"), (60, "U/L"), 0),
        ("gastrin", (100, "pmol/L"), (210, "pg/mL"), 0),
        ("mchc", (33.0, "g/dL"), (20.5, "mmol/L"), 1),
        ("mch", (30.0, "pg"), (1.86, "fmol"), 2),
    ],
)
def test_published_pairs_agree(analyte, one, other, digits):
    units = KNOWLEDGE.analytes[analyte].units
    converted = one[0] * units[one[1]] / units[other[1]]
    assert round(converted, digits) == round(other[0], digits)


def test_every_unit_is_used_and_is_valid_ucum():
    used = {unit for analyte in KNOWLEDGE.analytes.values() for unit in analyte.units}
    assert used == set(KNOWLEDGE.units)
    assert all(registry().from_ucum(unit) for unit in used)
