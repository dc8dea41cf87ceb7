"""Marks and messages by which an analyzer doubts a number: the doubt reaches the finding."""

from datetime import date

import pytest

from pipeline.ingest.file import read_results
from pipeline.ingest.text_tables import SiteConventions
from pipeline.knowledge.load import load_knowledge

KNOWLEDGE = load_knowledge()
WIDE = "Patient ID,Sample No.,WBC(10^3/uL),WBC/M,PLT(10^3/uL),PLT/M"


def read(tmp_path, text):
    path = tmp_path / "analyzer.csv"
    path.write_text(text, encoding="utf-8")
    return read_results(path, path.name, KNOWLEDGE, SiteConventions(), None, date(2026, 11, 1))


def said(file):
    rows = file.observations[file.observations["answer"].eq("yes")]
    return set(rows["code"])


@pytest.mark.parametrize(
    ("mark", "doubted"),
    [
        ("*", {"platelets-doubted"}),
        ("-*", {"platelets-doubted"}),
        ("*+", {"platelets-doubted"}),
        ("@", {"platelets-doubted"}),
        ("----", {"platelets-doubted"}),
        ("++++", {"platelets-doubted"}),
        ("?", {"platelets-doubted"}),
        ("+", set()),
        ("-", set()),
        ("!", set()),
        ("", set()),
    ],
)
def test_a_doubtful_mark_beside_a_number_is_said(tmp_path, mark, doubted):
    file = read(tmp_path, f"{WIDE}\nP1,S1,5.1,,60,{mark}\n")
    assert said(file) == doubted
    assert (len(file.results), len(file.held)) == (2, 0)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("WBC", "white-cells-doubted"),
        ("HGB", "hemoglobin-doubted"),
        ("MCV", "red-cells-doubted"),
        ("HCT", "red-cells-doubted"),
        ("NEUT#", "white-cells-doubted"),
    ],
)
def test_each_count_has_its_own_doubt(tmp_path, name, code):
    units = {"WBC": "10^3/uL", "HGB": "g/dL", "MCV": "fL", "HCT": "%", "NEUT#": "10^3/uL"}
    value = {"MCV": "90", "HCT": "40"}.get(name, "9")
    text = f"Patient ID,Sample No.,{name}({units[name]}),{name}/M\nP1,S1,{value},*\n"
    assert said(read(tmp_path, text)) == {code}


def test_a_mark_of_what_has_no_such_doubt_holds_the_result(tmp_path):
    file = read(tmp_path, "Patient ID,Sample No.,Ferritin (ng/mL),Ferritin/M\nP1,S1,9,*\n")
    assert file.held["code"].tolist() == ["mark-unreliable"]


@pytest.mark.parametrize(
    ("header", "cell", "code"),
    [
        ("IP SUSPECT(PLT)", "1", "platelets-doubted"),
        ("IP ABNORMAL(WBC)", "1", "white-cells-doubted"),
        ("IP ABN(RBC)RBC Abn Distribution", "1", "red-cells-doubted"),
        ("IP SUS(PLT)PLT Clumps?", "1", "platelet-clumps"),
        ("Q-Flag(PLT Clumps?)", "100", "platelet-clumps"),
        ("Q-Flag(PLT Clumps?)", "300", "platelet-clumps"),
        ("Q-Flag(PLT_Clumps?)", "110", "platelet-clumps"),
        ("Q-Flag(Turbidity/HGB Interference?)", "200", "hemoglobin-doubted"),
    ],
)
def test_messages_of_the_analyzer_are_read(tmp_path, header, cell, code):
    file = read(tmp_path, f"{WIDE},{header}\nP1,S1,5.1,,60,,{cell}\nP2,S2,5.1,,60,,0\n")
    rows = file.observations
    assert dict(zip(rows["accession"], rows["answer"], strict=True)) == {"S1": "yes", "S2": "no"}
    assert set(rows["code"]) == {code}


@pytest.mark.parametrize("score", ["0", "10", "90", "99"])
def test_a_low_score_is_no_clump(tmp_path, score):
    file = read(tmp_path, f"{WIDE},Q-Flag(PLT Clumps?)\nP1,S1,5.1,,60,,{score}\n")
    assert file.observations["answer"].tolist() == ["no"]


@pytest.mark.parametrize(
    ("flags", "doubted"),
    [
        (["*", "H", ""], set()),
        (["*", "-", ""], {"platelets-doubted"}),
        (["*", "+", ""], {"platelets-doubted"}),
        (["@", "H", ""], {"platelets-doubted"}),
    ],
)
def test_an_asterisk_among_flags_doubts_where_an_analyzer_wrote_them(tmp_path, flags, doubted):
    values = ["PLT,60,10^3/uL", "WBC,15,10^3/uL", "MCV,90,fL"]
    rows = "".join(f"P1,S1,{v},{f}\n" for v, f in zip(values, flags, strict=True))
    file = read(tmp_path, f"patient_id,sample_id,analyte,value,unit,flag\n{rows}")
    assert said(file) == doubted
    unclear = file.issues["code"].eq("mark-unclear").any()
    assert unclear == (not doubted)


def test_a_column_of_marks_needs_no_known_header(tmp_path):
    rows = "P1,S1,PLT,60,10^3/uL,*\nP2,S2,PLT,160,10^3/uL,+\nP3,S3,PLT,160,10^3/uL,\n"
    file = read(tmp_path, f"patient_id,sample_id,analyte,value,unit,zz\n{rows}")
    assert file.observations["accession"].tolist() == ["S1"]


def test_hyphens_for_nothing_are_no_marks(tmp_path):
    rows = "P1,S1,PLT,60,10^3/uL,---\nP2,S2,PLT,160,10^3/uL,--\n"
    file = read(tmp_path, f"patient_id,sample_id,analyte,value,unit,zz\n{rows}")
    assert (len(file.results), len(file.observations)) == (2, 0)


@pytest.mark.parametrize("header", ["Error(Result)", "Error(Func.)", "Messfehler"])
def test_an_error_of_the_run_holds_its_results(tmp_path, header):
    file = read(tmp_path, f"{WIDE},{header}\nP1,S1,5.1,,60,,1\nP2,S2,5.1,,60,,0\n")
    assert file.held["code"].tolist() == ["run-failed"] * 2
    assert file.results["accession"].tolist() == ["S2"] * 2
