"""A second value beside the first: compared where both are understood, noted where not."""

from datetime import date

import pytest

from pipeline.ingest.file import read_results
from pipeline.ingest.text_tables import SiteConventions
from pipeline.knowledge.load import load_knowledge

KNOWLEDGE = load_knowledge()


def read(tmp_path, text):
    path = tmp_path / "trial.csv"
    path.write_text(text, encoding="utf-8")
    return read_results(path, path.name, KNOWLEDGE, SiteConventions(), None, date(2026, 11, 1))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("Platelets,90,10*3/uL,90,furlong/L", "furlong/L"),
        ("WBC,3.1,10*3/uL,3.1,cubits/L", "cubits/L"),
        ("Hemoglobin,11.2,g/dL,112,", "none stated"),
        ("Platelets,90,10*3/uL,500,furlong/L", "furlong/L"),
        ("Vitamin B12,210,pg/mL,n.d.,pmol/L", "pmol/L"),
    ],
)
def test_a_second_value_that_is_not_understood_is_noted(tmp_path, row, said):
    header = "patient_id,sample_id,test,result,unit,SI result,SI unit"
    file = read(tmp_path, f"{header}\nP1,S1,{row}\n")
    (issue,) = file.issues[file.issues["code"].eq("second-unit-unclear")].itertuples()
    assert (len(file.results), len(file.held)) == (1, 0)
    assert said in issue.message
    assert issue.column == "SI result"


def test_a_column_without_units_is_noted_once(tmp_path):
    rows = "".join(f"P{at},S{at},Hemoglobin,11.2,g/dL,11.2\n" for at in range(5))
    file = read(tmp_path, "patient_id,sample_id,test,result,unit,SI value\n" + rows)
    assert len(file.results) == 5
    assert file.issues["code"].tolist().count("second-unit-unclear") == 1


def test_a_disagreement_names_both_columns(tmp_path):
    header = "patient_id,sample_id,test,result,unit,Standard result,Standard unit"
    file = read(tmp_path, f"{header}\nP1,S1,Hemoglobin,11.2,g/dL,122,g/L\n")
    (issue,) = file.issues[file.issues["code"].eq("values-disagree")].itertuples()
    assert issue.message.startswith("result and Standard result: ")


def test_no_name_or_id_of_a_person_gets_into_the_note(tmp_path):
    header = "patient_id,patient_name,sample_id,test,result,unit,SI result,SI unit"
    file = read(tmp_path, f"{header}\nP-17,Doe,S1,Hemoglobin,11.2,g/dL,112,Doe\n")
    (issue,) = file.issues[file.issues["code"].eq("second-unit-unclear")].itertuples()
    assert "Doe" not in issue.message
    assert "SI unit" in issue.message


@pytest.mark.parametrize(
    ("first", "second", "held"),
    [
        ("200,<", "147.6", 0),
        ("<200,", "<147.6", 0),
        ("<200,", "147.6", 1),
        ("200,", "<147.6", 1),
        ("200,<", ">147.6", 1),
    ],
)
def test_a_comparator_beside_the_number_stands_for_both(tmp_path, first, second, held):
    header = "patient_id,sample_id,test,result,modifier,unit,SI result,SI unit"
    other = "P2,S2,Vitamin B12,300,<,pg/mL,,"
    text = f"{header}\nP1,S1,Vitamin B12,{first},pg/mL,{second},pmol/L\n{other}\n"
    assert len(read(tmp_path, text).held) == held
