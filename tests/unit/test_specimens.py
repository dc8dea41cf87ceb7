"""Other materials, controls, animals, failed runs, and results given twice in two units."""

from datetime import date
from pathlib import Path

import pytest

from pipeline.ingest.file import read_results
from pipeline.ingest.text_tables import SiteConventions
from pipeline.knowledge.load import load_knowledge, load_layout

KNOWLEDGE = load_knowledge()
LONG = "patient_id,sample_id,analyte,value,unit"


def read(tmp_path: Path, text: str, layout: str = ""):
    path = tmp_path / "march.csv"
    path.write_text(text, encoding="utf-8")
    forced = None
    if layout:
        (tmp_path / "layout.toml").write_text(layout, encoding="utf-8")
        forced = load_layout(tmp_path / "layout.toml")
    return read_results(path, path.name, KNOWLEDGE, SiteConventions(), forced, date(2026, 11, 1))


def outcome(ingested) -> str:
    """Say what became of each result in order of its id, held ones by their code."""
    fates = dict.fromkeys(ingested.results["result_id"], "used")
    fates |= dict(zip(ingested.held["result_id"], ingested.held["code"], strict=True))
    fates |= dict.fromkeys(ingested.ignored, "ignored")
    return " ".join(fates[number] for number in sorted(fates))


@pytest.mark.parametrize(
    ("header", "word", "fate"),
    [
        ("Specimen type", "", "used"),
        ("Specimen type", "EDTA blood", "used"),
        ("Sample type", "SERUM", "used"),
        ("Material", "Vollblut", "used"),
        ("Specimen type", "Urine", "ignored"),
        ("Probenmaterial", "Liquor", "ignored"),
        ("LBSPEC", "URINE", "ignored"),
        ("Specimen type", "QC", "ignored"),
        ("Specimen type", "moon dust", "material-unclear"),
        ("Species", "Canine", "species-not-human"),
        ("Species", "human", "used"),
        ("Type", "Human", "used"),
        ("Type", "Blank", "ignored"),
        ("Type", "Control", "ignored"),
        ("Type", "routine", "used"),
        ("LBCAT", "Urine", "ignored"),
        ("Type", "Katze", "species-not-human"),
    ],
)
def test_material_and_record(tmp_path, header, word, fate):
    text = f"{LONG},{header}\nP1,S1,WBC,0.05,10^9/L,{word}\n"
    assert outcome(read(tmp_path, text)) == fate


def test_one_animal_holds_the_whole_file(tmp_path):
    text = f"{LONG},Species\nP1,S1,MCV,90,fL,human\nP2,S2,MCV,66,fL,dog\n"
    assert outcome(read(tmp_path, text)) == "species-not-human species-not-human"


@pytest.mark.parametrize(
    ("rows", "fate"),
    [
        # A person; a toddler; a dog (three intervals); one interval in the wrong unit.
        ("P1,S1,MCV,90,fL,80,100\nP1,S1,RBC,4.5,10^12/L,4,5.5", "used used"),
        ("P1,S1,MCV,76,fL,70,86\nP1,S1,WBC,8,10^9/L,6,17.5", "used used"),
        (
            "P1,S1,MCV,66,fL,60,77\nP1,S1,RBC,7,10^12/L,5.5,8.5\nP1,S1,WBC,8,10^9/L,6,17",
            "interval-not-human interval-not-human interval-not-human",
        ),
        (
            "P1,S1,Hemoglobin,12,g/dL,120,160\nP1,S1,MCV,90,fL,80,100",
            "interval-not-human used",
        ),
        ("P1,S1,Platelets,2.5,10^9/L,1.5,4.5", "interval-not-human"),
    ],
)
def test_reference_intervals_that_are_not_of_people(tmp_path, rows, fate):
    text = f"{LONG},reference_low,reference_high\n{rows}\n"
    assert outcome(read(tmp_path, text)) == fate


def test_intervals_that_are_not_of_people_are_named(tmp_path):
    rows = "P1,S1,MCV,66,fL,60,77\nP1,S1,RBC,7,10^12/L,5.5,8.5\nP1,S1,WBC,8,10^9/L,6,17.5"
    file = read(tmp_path, f"{LONG},reference_low,reference_high\n{rows}\n")
    named = {message.partition(":")[0] for message in file.issues["message"]}
    assert named == {"Mean corpuscular volume, Red cells"}


def test_a_layout_says_the_species(tmp_path):
    layout = 'title = "x"\nrequires = ["patient_id"]\nspecies = "{}"\n'
    text = f"{LONG}\nP1,S1,MCV,66,fL\n"
    assert outcome(read(tmp_path, text, layout.format("human"))) == "used"
    held = read(tmp_path, text, layout.format("canine"))
    assert (list(held.issues["code"]), held.read) == (["species-not-human"], 0)


def test_units_in_a_column_without_a_header_need_a_layout(tmp_path):
    text = "patient_id;HGB;;MCV;\nP1;15,2;g/dl;66,0;fl\n"
    held = read(tmp_path, text)
    assert (list(held.issues["code"]), held.read) == (["unit-column-unnamed"], 0)
    layout = 'title = "x"\nrequires = ["HGB"]\n'
    assert outcome(read(tmp_path, text, layout)) == "used used"


def test_a_failed_part_holds_the_rest_of_its_row(tmp_path):
    text = (
        "patient_id,sample_id,WBC (10^9/L),WBC flag,PLT (10^9/L),PLT flag,MCV (fL),MCV flag\n"
        "P1,S1,0.36,L,13,L,0.0,E\n"
        "P2,S2,5.0,,200,,90,\n"
    )
    assert (
        outcome(read(tmp_path, text)) == "run-failed run-failed measurement-failed used used used"
    )


@pytest.mark.parametrize(
    ("row", "fate"),
    [
        ("11.2,g/dL,112,g/L", "used"),
        ("11.2,g/dL,6.95,mmol/L", "used"),
        ("11.2,g/dL,,", "used"),
        ("11.2,g/dL,122,g/L", "values-disagree"),
        ("11.2,g/dL,112,g/dL", "values-disagree"),
        ("11.2,g/dL,cancelled,g/L", "values-disagree"),
        ("<11.2,g/dL,112,g/L", "values-disagree"),
    ],
)
def test_two_units_of_one_result_count_once_and_must_agree(tmp_path, row, fate):
    header = "USUBJID,sample_id,LBTEST,LBORRES,LBORRESU,LBSTRESN,LBSTRESU"
    assert outcome(read(tmp_path, f"{header}\nP1,S1,Hemoglobin,{row}\n")) == fate


def test_the_second_unit_alone_is_the_first(tmp_path):
    header = "USUBJID,sample_id,LBTEST,LBSTRESN,LBSTRESU"
    read_file = read(tmp_path, f"{header}\nP1,S1,Hemoglobin,112,g/L\n")
    assert read_file.results["value"].tolist() == [112.0]
