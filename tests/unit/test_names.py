"""Names of analytes: which one is meant, if any of ours."""

import pytest

from pipeline.ingest.layout.analyte_names import (
    NameIndex,
    analyte_of,
    index_names,
    list_unsupported,
    split_header,
)
from pipeline.knowledge.load import load_knowledge
from pipeline.knowledge.name_key import fold_words, name_key


@pytest.fixture(scope="module")
def index() -> NameIndex:
    return index_names(load_knowledge())


@pytest.mark.parametrize(
    ("names", "key"),
    [
        (("Hämoglobin", "Haemoglobin", "hamoglobin", "HAEM OGLOBIN", "Hæmoglobin *"), "hamoglobin"),
        (("Hémoglobine", "HEMOGLOBINE:"), "hemoglobine"),
        (("Vit. B-12", "VIT B12", "vit_b₁₂", "vit\u00a0b12"), "vitb12"),
        (("NEUT#", "Neut #"), "neut#"),
        (("NEUT%", "Neut (%)"), "neut%"),
        (("NEUT#&",), "neut#&"),
        (("M.C.V.", "MCV^", "mcv"), "mcv"),
        (("", " *:", "---"), ""),
    ],
)
def test_names_that_say_the_same_have_one_key(names: tuple[str, ...], key: str) -> None:
    assert {name_key(name) for name in names} == {key}


def test_words_are_folded() -> None:
    assert fold_words("  GRÖSSER\u00a0 als ß é ") == "grosser als ss e"


@pytest.mark.parametrize(
    ("header", "name", "unit"),
    [
        ("Hemoglobin (g/dL)", "Hemoglobin", "g/dL"),
        ("HGB g/dl", "HGB", "g/dl"),
        ("HGB_g_dL", "HGB", "g/dL"),
        ("WBC [10^3/uL]", "WBC", "10^3/uL"),
        ("WBC_10_9_L", "WBC", "10^9/L"),
        ("RBC x 10^12/L", "RBC", "x 10^12/L"),
        ("LYM% %", "LYM%", "%"),
        ("MCV, fL", "MCV", "fL"),
        ("HCT(10^(-1)%)", "HCT", "10^(-1)%"),
        ("Hb in g/dl", "Hb", "g/dl"),
        ("WBC/uL", "WBC", "/uL"),
        ("PLT/µl", "PLT", "/µl"),
        ("Hb/g/dL", "Hb", "g/dL"),
        ("WBC/HPF", "WBC/HPF", ""),
        ("Hb in furlong", "Hb in furlong", ""),
        ("Hemoglobin (g/dL):", "Hemoglobin", "g/dL"),
        ("Vitamin B12 (mg/dL)", "Vitamin B12", "mg/dL"),
        ("Vitamin B12", "Vitamin B12", ""),
        ("Hemoglobin (Hb)", "Hemoglobin (Hb)", ""),
        ("MPV (fL)", "MPV (fL)", ""),
        ("MXD#()", "MXD#()", ""),
        ("broken (", "broken (", ""),
        ("", "", ""),
    ],
)
def test_headers_are_parted_into_name_and_unit(
    index: NameIndex, header: str, name: str, unit: str
) -> None:
    assert split_header(header, index) == (name, unit)


@pytest.mark.parametrize(
    ("name", "unit", "loinc", "answer"),
    [
        ("Hemoglobin", "g/dL", "", "hemoglobin"),
        ("HAEM OGLOBIN*", "g/dL", "", "hemoglobin"),
        ("Hämoglobin", "", "", "hemoglobin"),
        ("hemoglobin", "", "", "hemoglobin"),
        ("Haemoglobin (Hb)", "", "", "hemoglobin"),
        ("Hb / Hemoglobin", "", "", "hemoglobin"),
        ("HGB_g_dL", "", "", "hemoglobin"),
        ("MCHC", "", "", "mchc"),
        ("Leukozyten", "", "", "white-cells"),
        ("Plaquettes", "", "", "platelets"),
        ("Vitamina B12", "", "", "vitamin-b12"),
        ("Hemoglobin", "nonsense", "", "hemoglobin"),
        # The unit decides.
        ("Neutrophils", "%", "", "neutrophils-percent"),
        ("Neutrophils", "10*9/L", "", "neutrophils"),
        ("neutrophils", "K/uL", "", "neutrophils"),
        ("Neutrophils (%)", "", "", "neutrophils-percent"),
        ("Neutrophils", "", "", "unit-missing"),
        ("Neutrophils", "mg/dL", "", "unit-not-accepted"),
        ("Neutrophils", "", "770-8", "neutrophils-percent"),
        # The code and the name.
        ("Hemoglobin", "g/dL", "718-7", "hemoglobin"),
        ("Hemoglobin", "g/dL", "LOINC: 718-7", "hemoglobin"),
        ("", "", "718-7", "hemoglobin"),
        ("our own name", "", "718-7", "hemoglobin"),
        ("Hemoglobin [Mass/volume] in Blood", "", "718-7", "hemoglobin"),
        ("MCV", "fL", "718-7", "analyte-contradiction"),
        ("HbA1c", "%", "718-7", "analyte-contradiction"),
        ("Hemoglobin, urine", "", "718-7", "analyte-contradiction"),
        ("Neutrophils", "%", "718-7", "analyte-contradiction"),
        ("Hemoglobin", "g/dL", "4548-4", "loinc-unknown"),
        ("Hemoglobin", "g/dL", "718-8", "loinc-unknown"),
        ("Hemoglobin", "g/dL", "HGB01", "hemoglobin"),
        ("Glucose", "mg/dL", "2345-7", "analyte-unknown"),
        ("", "", "2345-7", "analyte-unknown"),
        ("", "", "", "analyte-missing"),
        ("*", "g/dL", "HGB01", "analyte-missing"),
        # Near, but not the same.
        ("Platlets", "", "", "analyte-unclear"),
        ("Platelet Coumt", "", "", "analyte-unclear"),
        ("Hemoglobin [Mass/volume] in Blood", "", "", "analyte-unclear"),
        ("Hemoglobin (fetal cells)", "", "", "analyte-unclear"),
        ("Hemoglobbin (g/dL)", "", "", "analyte-unclear"),
        ("Hemoglobbin g/dL", "g/dL", "", "analyte-unclear"),
        # Ours among other words.
        ("Hb venous", "g/dL", "", "analyte-unclear"),
        ("Hb gesamt", "g/dL", "", "analyte-unclear"),
        ("Hb-Wert", "", "", "analyte-unclear"),
        ("MCV ber.", "fL", "", "analyte-unclear"),
        ("VGM calculé", "fL", "", "analyte-unclear"),
        ("B12 Roche", "", "", "analyte-unclear"),
        ("Vitamin-B12-Spiegel", "", "", "analyte-unclear"),
        ("Haemoglobin estimation", "", "", "analyte-unclear"),
        ("WBC corrected", "", "", "white-cells-corrected"),
        ("Plaquetas totales", "", "", "analyte-unclear"),
        ("B-Hb", "", "", "analyte-unclear"),
        ("Hb_venous", "", "", "analyte-unclear"),
        ("Thrombozyten im EDTA", "", "", "analyte-unclear"),
        ("NEU calc", "10*9/L", "", "analyte-unclear"),
        ("NEU calc", "mg/dL", "", "analyte-unknown"),
        ("Mo cast", "", "", "analyte-unknown"),
        ("Hb venous", "g/dL", "718-7", "hemoglobin"),
        # Ours with words left out or cut short.
        ("White count", "", "", "analyte-unclear"),
        ("Recuento plaquetas", "", "", "analyte-unclear"),
        ("Plaq.", "", "", "analyte-unclear"),
        ("Plaq", "", "", "analyte-unclear"),
        ("Poly.", "", "", "analyte-unclear"),
        ("Serum", "", "", "analyte-unknown"),
        ("Total protein", "", "", "analyte-unknown"),
        # A look-alike explains the words of ours.
        ("Hb A1c IFCC", "%", "", "analyte-unknown"),
        ("Hemoglobin A1c/Hemoglobin.total in Blood", "%", "", "analyte-unknown"),
        ("Vitamin B12 binding capacity (serum)", "", "", "analyte-unknown"),
        ("PLT-I", "", "", "analyte-unknown"),
        ("Platelet mean volume", "fL", "", "analyte-unknown"),
        ("B12 binding capacity", "", "", "analyte-unknown"),
        ("RBC casts", "/LPF", "", "analyte-unknown"),
        ("Lymphocyte T CD4", "", "", "analyte-unknown"),
        ("Lymphocytes T", "%", "", "analyte-unknown"),
        ("MCV ratio", "", "", "analyte-unknown"),
        ("MCV ratio", "fL", "787-2", "analyte-contradiction"),
        # The first letter of the Nordic names of tests is the fluid: this is of blood.
        ("B-WBC", "", "", "analyte-unclear"),
        ("B lymphocytes", "", "", "analyte-unclear"),
        # Here the word is a unit, and the name is ours.
        ("Haematocrit ratio", "", "", "hematocrit"),
        # What Sysmex analyzers write beside their results.
        ("WBC Abnormal", "", "", "analyte-unknown"),
        ("PLT Suspect", "", "", "analyte-unknown"),
        ("IP Abn(WBC)Neutropenia", "", "", "analyte-unknown"),
        ("IP ABN(RBC)RBC Abn Distribution", "", "", "red-cells-doubted"),
        ("IP SUS(PLT)PLT Clumps(S)?", "", "", "platelet-clumps"),
        ("Qflag(Turb/HGB?)", "", "", "hemoglobin-interference-score"),
        ("NEUT#&(10/uL%)", "", "", "analyte-unknown"),
        ("NEUT%&(10^(-1)%)", "", "", "analyte-unknown"),
        ("LYMPH#&", "10^3/uL", "", "analyte-unknown"),
        ("PLT-F", "10^3/uL", "", "analyte-unknown"),
        ("HBsAg", "", "", "analyte-unknown"),
        ("Anti-HBs", "", "", "analyte-unknown"),
        ("Hb date", "", "", "analyte-unknown"),
        ("Hb venous, urine", "", "", "analyte-unknown"),
        ("Intrinsic factor antibody", "", "", "intrinsic-factor-antibody"),
        ("intrinsic-factor-antibody", "", "", "intrinsic-factor-antibody"),
        ("INTRINSIC FACTOR BLOCKING AB", "AU/mL", "", "intrinsic-factor-antibody"),
        ("Intrinsic factor antibody (RU/mL)", "", "", "intrinsic-factor-antibody"),
        ("Intrinsic-Faktor-Antikoerper", "U/mL", "", "intrinsic-factor-antibody"),
        ("Anticorps antifacteur intrinsèque", "", "", "intrinsic-factor-antibody"),
        ("Anticuerpos anti-factor intrinseco", "", "", "intrinsic-factor-antibody"),
        ("Anticorpi anti fattore intrinseco", "", "", "intrinsic-factor-antibody"),
        ("Intrinsic factor antibody", "", "2132-9", "analyte-contradiction"),
        ("IFAB", "", "", "analyte-unknown"),
        ("IF-Ab", "AU/mL", "", "analyte-unknown"),
        ("IF antibody", "", "", "analyte-unknown"),
        ("Intrinsic factor", "", "", "analyte-unknown"),
        ("Parietal cell antibody", "", "", "analyte-unknown"),
        ("Anti-parietal cell antibodies", "", "", "analyte-unknown"),
        ("Vitamin B12 antibodies", "", "", "analyte-unknown"),
        # Others, on purpose.
        ("Glucose", "", "", "analyte-unknown"),
        ("Hemoglobin A1c", "", "", "analyte-unknown"),
        ("Hemoglobin A1c (%)", "", "", "analyte-unknown"),
        ("MPV", "", "", "analyte-unknown"),
        ("Mean Platelet Volume", "", "", "analyte-unknown"),
        ("WBC, Urine", "", "", "analyte-unknown"),
        ("Leukozyten im Urin", "", "", "analyte-unknown"),
        ("CSF WBC", "", "", "analyte-unknown"),
        ("RDW-SD", "", "", "analyte-unknown"),
        ("HGC", "", "", "analyte-unknown"),
    ],
)
def test_analytes(index: NameIndex, name: str, unit: str, loinc: str, answer: str) -> None:
    known = analyte_of(name, unit, loinc, index)
    assert (known.analyte or known.code) == answer
    assert known.is_supported == (known.code == "") == bool(known.analyte)
    assert known.is_ignored == (answer == "analyte-unknown")


def test_a_near_name_is_named(index: NameIndex) -> None:
    assert analyte_of("Platlets", "", "", index).nearest == "Platelets"


@pytest.mark.parametrize(
    ("names", "never", "answer"),
    [
        ({"Iron": 2, "Glucose": 3}, (), "Glucose 3, Iron 2"),
        ({"Iron  ": 2, "Iron": 3}, (), "Iron 5"),
        ({f"T-{at:02}": 1 for at in range(12)}, (), ", ".join(f"T-{at:02} 1" for at in range(12))),
        (
            {f"T-{at:02}": 1 for at in range(14)},
            (),
            ", ".join(f"T-{at:02} 1" for at in range(12)) + " and 2 more",
        ),
        ({"Iron": 1, "Doe": 1}, ("Jane Doe",), "Iron 1 and 1 more"),
        ({"Iron": 1, "Patient was seen at night again": 1}, (), "Iron 1 and 1 more"),
        ({"Iron": 1, "4711471": 1}, (), "Iron 1 and 1 more"),
        ({"Iron": 1, "born 1980-05-31": 1}, (), "Iron 1 and 1 more"),
        ({"Iron": 1, "Call Dr. X. Today now": 1}, (), "Iron 1 and 1 more"),
        ({"Iron": 1, "a\x1bb": 1}, (), "Iron 1 and 1 more"),
        ({"Doe": 1}, ("Jane Doe",), ""),
        ({}, (), ""),
    ],
)
def test_foreign_names_are_listed(
    names: dict[str, int], never: tuple[str, ...], answer: str
) -> None:
    assert list_unsupported(names, never) == answer


def test_every_known_name_means_its_own_analyte(index: NameIndex) -> None:
    for analyte in index.analytes.values():
        for name in analyte.names:
            assert analyte_of(name, analyte.unit, "", index).analyte == analyte.id, name
        for name in analyte.names_with_unit:
            assert analyte_of(name, analyte.unit, "", index).analyte == analyte.id, name
        for code in analyte.loinc:
            assert analyte_of("", "", code, index).analyte == analyte.id, code
