"""Analytes: codes, names in four languages, look-alikes."""

import re

import pytest

from pipeline.ingest.cells.units import unit_of
from pipeline.ingest.layout.analyte_names import analyte_of, index_names, name_key
from pipeline.knowledge.load import load_knowledge

KNOWLEDGE = load_knowledge()
ANALYTES = tuple(KNOWLEDGE.analytes.values())
INDEX = index_names(KNOWLEDGE)
UNITS = INDEX.units

EXPECTED = {
    "blood-count": "hemoglobin hematocrit red-cells mcv mch mchc rdw platelets white-cells "
    "white-cells-corrected white-cells-uncorrected "
    "reticulocytes reticulocytes-percent",
    "differential": "neutrophils neutrophils-percent lymphocytes lymphocytes-percent monocytes "
    "monocytes-percent eosinophils eosinophils-percent basophils basophils-percent",
    "vitamins": "vitamin-b12 active-b12 mma homocysteine folate red-cell-folate",
    "iron": "ferritin",
    "renal": "creatinine egfr",
    "hemolysis": "ldh bilirubin haptoglobin",
    "other": "tsh gastrin",
}


def has_check_digit(code: str) -> bool:
    """Mod 10: every second digit from the right doubled, digits of the products added."""
    number, _, check = code.partition("-")
    doubled = [int(digit) * 2 for digit in number[::-2]]
    total = sum(int(digit) for digit in "".join(map(str, doubled)) + number[-2::-2])
    return re.fullmatch(r"\d{1,7}-\d", code) is not None and (total + int(check)) % 10 == 0


def rows(table: str) -> list[list[str]]:
    lines = [line.strip() for line in table.strip().splitlines()][1:]
    return [[cell.strip() for cell in line.split("|")] for line in lines if line[0] != "#"]


def test_groups_hold_what_the_rules_need():
    found = {
        group: [analyte.id for analyte in ANALYTES if analyte.group == group] for group in EXPECTED
    }
    assert found == {group: list(dict.fromkeys(found[group])) for group in EXPECTED}
    assert {group: set(ids) for group, ids in found.items()} == {
        group: set(ids.split()) for group, ids in EXPECTED.items()
    }
    assert sum(map(len, found.values())) == len(ANALYTES)


# --- LOINC ------------------------------------------------------------------------------------

CODES = [(analyte.id, code) for analyte in ANALYTES for code in analyte.loinc]


@pytest.mark.parametrize(("analyte", "code"), CODES)
def test_loinc_check_digit(analyte, code):
    assert has_check_digit(code)


@pytest.mark.parametrize(
    ("code", "valid"),
    [
        ("718-7", True),
        ("2132-9", True),
        ("14685-2", True),
        ("14732-2", True),
        ("98979-8", True),
        # In circulation, and wrong.
        ("14685-6", False),
        ("14732-6", False),
        ("2132-8", False),
        ("718", False),
    ],
)
def test_check_digit_tells_valid_codes(code, valid):
    assert has_check_digit(code) is valid


def test_a_loinc_code_means_one_analyte():
    assert len({code for _, code in CODES}) == len(CODES)


@pytest.mark.parametrize("code", ["14685-6", "14732-6", "35201-3", "21000-5", "2282-2", "14731-4"])
def test_loinc_codes_left_out_on_purpose(code):
    assert code not in INDEX.loinc


@pytest.mark.parametrize(("analyte", "code"), CODES)
def test_loinc_code_alone_names_the_analyte(analyte, code):
    unit = KNOWLEDGE.analytes[analyte].unit
    assert analyte_of("", unit, code, INDEX).analyte == analyte


# --- Names ------------------------------------------------------------------------------------


def test_no_two_analytes_claim_a_name():
    claims = {(name_key(name), each.id) for each in ANALYTES for name in (*each.names, each.title)}
    assert len({key for key, _ in claims}) == len(claims)


def test_names_that_need_their_unit_have_units_that_differ():
    for key, ids in INDEX.names_with_unit.items():
        accepted = [unit for each in ids for unit in KNOWLEDGE.analytes[each].units]
        assert len(set(accepted)) == len(accepted), key
        assert not {each.id for each in ANALYTES for name in each.names if name_key(name) == key}


def test_no_name_is_written_twice():
    for analyte in ANALYTES:
        keys = [name_key(name) for name in (*analyte.names, *analyte.names_with_unit)]
        assert len(set(keys)) == len(keys), analyte.id
    keys = [name_key(look_alike.name) for look_alike in KNOWLEDGE.look_alikes]
    assert len(set(keys)) == len(keys)


def test_no_look_alike_is_a_name_of_ours():
    ours = {
        name_key(name)
        for analyte in ANALYTES
        for name in (*analyte.names, *analyte.names_with_unit, analyte.id, analyte.title)
    }
    assert not [each.name for each in KNOWLEDGE.look_alikes if name_key(each.name) in ours]


@pytest.mark.parametrize("analyte", ANALYTES, ids=lambda each: each.id)
def test_every_name_is_recognized_as_written(analyte):
    names = (*analyte.names, *analyte.names_with_unit, analyte.title)
    taken = {name: analyte_of(name, analyte.unit, "", INDEX) for name in names}
    wrong = {name: found for name, found in taken.items() if found.analyte != analyte.id}
    assert not wrong


@pytest.mark.parametrize("analyte", ANALYTES, ids=lambda each: each.id)
def test_no_unit_turns_a_name_into_another_analyte(analyte):
    """Beside "Neutrophils %" a count is a contradiction, seen by the unit left in the name."""
    taken = [
        (name, unit, analyte_of(name, unit, "", INDEX))
        for name in analyte.names
        for unit in KNOWLEDGE.units
    ]
    assert not [
        (name, unit)
        for name, unit, found in taken
        if found.analyte not in ("", analyte.id)
        if not found.unit or unit_of(found.unit, KNOWLEDGE.analytes[found.analyte], UNITS) == unit
    ]


@pytest.mark.parametrize("unit", ["", "%", "g/dL", "10*3/uL", "fL", "pg/mL", "umol/L", "/HPF"])
def test_look_alikes_are_left_out_whatever_the_unit(unit):
    taken = {each.name: analyte_of(each.name, unit, "", INDEX) for each in KNOWLEDGE.look_alikes}
    assert not {name: found for name, found in taken.items() if not found.is_ignored}


NAMES = """
    written                                | unit      | analyte
    # English, also as analyzers and Indian laboratories write it
    HAEMOGLOBIN                            | g/dL      | hemoglobin
    HAEM OGLOBIN                           | g/dL      | hemoglobin
    Hb *                                   | g/dL      | hemoglobin
    HB%                                    | g%        | hemoglobin
    P.C.V.                                 | %         | hematocrit
    TLC                                    | cells/cumm| white-cells
    Total Leucocyte Count                  | /cumm     | white-cells
    W.B.C. Count                           | K/uL      | white-cells
    total plts                             | lakh/cumm | platelets
    tplc                                   | 10^9/L    | platelets
    Mean Cell Volume                       | fL        | mcv
    MCV (calculated)                       | fL        | mcv
    Ery. Mean Corpuscular HGB Concentration| g/dL      | mchc
    RDW-CV                                 | %         | rdw
    RDWc                                   | %         | rdw
    RDW                                    | %         | rdw
    VITAMIN B-12 (ECLIA)                   | pg/mL     | vitamin-b12
    VIT B12                                | pmol/L    | vitamin-b12
    Cyanocobalamin                         | pg/mL     | vitamin-b12
    Vitamin B9                             | ng/mL     | folate
    Folic Acid                             | ng/mL     | folate
    RBC folate                             | ng/mL     | red-cell-folate
    eGFR                                   | mL/min/1.73m2 | egfr
    # one name, two quantities: the unit decides
    Neutrophils                            | %         | neutrophils-percent
    Neutrophils                            | 10^9/L    | neutrophils
    Neutrophils                            |           | unit-missing
    Neutrophils                            | g/dL      | unit-not-accepted
    NEUT#                                  | 10^9/L    | neutrophils
    NEUT%                                  | %         | neutrophils-percent
    ANC                                    | 10^9/L    | neutrophils
    Lymphocytes/Leukocytes                 | %         | lymphocytes-percent
    Reticulocytes                          | %         | reticulocytes-percent
    Retikulozyten                          | ‰         | reticulocytes-percent
    Reticulocytes                          | 10^9/L    | reticulocytes
    # German
    Leukozyten                             | Gpt/l     | white-cells
    Thrombozyten                           | /nl       | platelets
    Hämoglobin                             | mmol/l    | hemoglobin
    Haemoglobin (Hb)                       | g/dl      | hemoglobin
    Hkt                                    | l/l       | hematocrit
    Neutrophile (absolut)                  | Gpt/l     | neutrophils
    Neutrophile                            | %         | neutrophils-percent
    Holotranscobalamin                     | pmol/l    | active-b12
    Aktives Vitamin B12                    | pmol/l    | active-b12
    Methylmalonsäure                       | nmol/l    | mma
    Folsäure                               | µg/l      | folate
    Kreatinin                              | mg/dl     | creatinine
    LDH                                    | µkat/l    | ldh
    Bilirubin gesamt                       | mg/dl     | bilirubin
    TSH basal                              | mIE/l     | tsh
    # French
    Hématies                               | T/L       | red-cells
    Plaquettes                             | G/L       | platelets
    VGM                                    | fL        | mcv
    TCMH                                   | pg        | mch
    CCMH                                   | g/dL      | mchc
    Polynucléaires neutrophiles            | G/L       | neutrophils
    Vitamine B12                           | pmol/L    | vitamin-b12
    Acide folique                          | nmol/L    | folate
    DFG estimé                             | mL/min/1,73m² | egfr
    Lactico-déshydrogénase                 | U/L       | ldh
    Bilirubine totale                      | µmol/L    | bilirubin
    # Spanish
    Hemoglobina                            | g/dL      | hemoglobin
    Hematíes                               | mill/mm3  | red-cells
    Leucocitos                             | mil/mm3   | white-cells
    VCM                                    | fL        | mcv
    CHCM                                   | g/dL      | mchc
    Neutrófilos                            | %         | neutrophils-percent
    Ácido fólico                           | ng/mL     | folate
    Deshidrogenasa láctica                 | U/L       | ldh
    Tirotropina (TSH)                      | µUI/mL    | tsh
    Haptoglobina                           | mg/dL     | haptoglobin
    Gastrina                               | pg/mL     | gastrin
    # near to ours, and something else
    Vitamin B6                             | ng/mL     | analyte-unknown
    Vitamin D                              | ng/mL     | analyte-unknown
    Vitamin B12 binding capacity           | pg/mL     | analyte-unknown
    HbA1c                                  | %         | analyte-unknown
    MPV                                    | fL        | analyte-unknown
    PCT                                    | ng/mL     | analyte-unknown
    Platelet Morphology                    |           | analyte-unknown
    GRA#                                   | 10^9/L    | analyte-unknown
    Granulozyten                           | %         | analyte-unknown
    MXD%                                   | %         | analyte-unknown
    RDW-SD                                 | fL        | analyte-unknown
    Creatine kinase                        | U/L       | analyte-unknown
    Creatinine clearance                   | mL/min    | analyte-unknown
    Transferrin                            | g/L       | analyte-unknown
    Homocystine                            | umol/L    | analyte-unknown
    Bilirubin, direct                      | mg/dL     | analyte-unknown
    TSH receptor antibody                  | U/L       | analyte-unknown
    Methylmalonic acid, urine              | umol/L    | analyte-unknown
    Leukocytes [#/area] urine              | /HPF      | analyte-unknown
    RBC, urine                             | /uL       | analyte-unknown
    # nearly ours: a person decides
    Hemoglobim                             | g/dL      | analyte-unclear
    Vitamine B-12 xx                       | pg/mL     | analyte-unclear
"""


@pytest.mark.parametrize(("written", "unit", "answer"), rows(NAMES))
def test_name_as_written_means(written, unit, answer):
    found = analyte_of(written, unit, "", INDEX)
    assert (found.analyte or found.code) == answer
