"""A person in conflict takes the most urgent class that any version of the data gives."""

from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from pipeline.commands.context import pass_through
from pipeline.commands.run import check_batch, run_batch
from pipeline.config import Settings

HEAD = "patient_id,name,sex,age,sample_id,collected_at,analyte,value,unit,comment"
NOW = datetime(2026, 11, 5, 9)


def check(tmp_path: Path, *lines: str):
    path = tmp_path / "march.csv"
    path.write_text("\n".join([HEAD, *lines]), encoding="utf-8")
    batch = check_batch([path], Settings(), clock=lambda: NOW, progress=pass_through)
    patients = batch.assessment.patients
    return {
        row.patient_id: (row.priority, row.in_conflict) for row in patients.itertuples(index=False)
    }, list(patients["patient_id"])


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        # An id with two sexes or names: the version with the platelets, whichever it is.
        (
            ["P1,Ada,F,50,S1,2026-11-01,Platelets,8,10*9/L,",
             "P1,Bo,M,60,S2,2026-11-01,Hemoglobin,150,g/L,"],
            {"P1": (1, True)},
        ),
        (
            ["P1,Ada,F,50,S1,2026-11-01,Platelets,45000,/uL,",
             "P1,Bo,M,60,S2,2026-11-01,Hemoglobin,150,g/L,"],
            {"P1": (2, True)},
        ),
        # Nothing urgent in any version: the class that holds conflicts.
        (
            ["P1,Ada,F,50,S1,2026-11-01,Hemoglobin,140,g/L,",
             "P1,Bo,M,60,S2,2026-11-01,Hemoglobin,150,g/L,"],
            {"P1": (3, True)},
        ),
        # Each version by its own sex: 125 g/L is low for a man; severe only by what is measured.
        (
            ["P1,Ada,F,50,S1,2026-11-01,Hemoglobin,75,g/L,",
             "P1,Bo,M,60,S2,2026-11-01,Hemoglobin,125,g/L,"],
            {"P1": (2, True)},
        ),
        # A specimen under two ids may be either's.
        (
            ["P1,Ada,F,50,S1,2026-11-01,Platelets,8,10*9/L,",
             "P2,Bo,M,60,S1,2026-11-01,Hemoglobin,150,g/L,"],
            {"P1": (1, True), "P2": (1, True)},
        ),
        # What is certain of one of them counts, too.
        (
            ["P1,Ada,F,50,S1,2026-11-01,Hemoglobin,140,g/L,",
             "P2,Bo,M,60,S1,2026-11-01,Hemoglobin,150,g/L,",
             "P2,Bo,M,60,S3,2026-11-01,Platelets,30,10*9/L,",
             "P3,Cy,M,60,S4,2026-11-01,Platelets,145,10*9/L,"],
            {"P1": (3, True), "P2": (2, True), "P3": (4, False)},
        ),
        # What cannot be used in any version leaves the class that holds conflicts.
        (
            ["P1,Ada,F,50,S1,2026-11-01,Platelets,eight,10*9/L,",
             "P1,Bo,M,60,S2,2026-11-01,Hemoglobin,150,g/L,"],
            {"P1": (3, True)},
        ),
    ],
)  # fmt: skip
def test_class_of_a_person_in_conflict(tmp_path, lines, found):
    assert check(tmp_path, *lines)[0] == found


def test_within_a_class_they_stand_by_the_value_of_the_version(tmp_path):
    _, order = check(
        tmp_path,
        "P1,Ada,F,50,S1,2026-11-01,Platelets,15,10*9/L,",
        "P2,Bo,M,60,S2,2026-11-01,Platelets,8,10*9/L,",
        "P2,Cy,F,60,S3,2026-11-01,Platelets,300,10*9/L,",
        "P3,Di,F,60,S4,2026-11-01,Platelets,3,10*9/L,",
    )
    assert order == ["P3", "P2", "P1"]


@pytest.mark.parametrize(
    ("language", "call", "sheet", "urgency"),
    [
        ("en", "Identity conflict: clarify identity now", "Identity conflicts", "At once"),
        ("de", "Identitätskonflikt: die Identität sofort klären", "Identitätskonflikte", "Sofort"),
    ],
)
def test_the_value_is_on_the_identity_sheet_alone(tmp_path, language, call, sheet, urgency):
    path = tmp_path / "march.csv"
    lines = ["P1,Ada,F,50,S1,2026-11-01,Platelets,7,10*9/L,", "P1,Bo,M,60,S2,2026-11-01,MCV,90,fL,"]
    path.write_text("\n".join([HEAD, *lines]), encoding="utf-8")
    settings = Settings(output=tmp_path / "out", language=language)
    run_batch([path], settings, clock=lambda: NOW, progress=pass_through)
    book = load_workbook(tmp_path / "out/worklist.xlsx")
    texts = {
        page.title: [str(cell) for row in page.values for cell in row if cell is not None]
        for page in book
    }
    shown = [title for title, cells in texts.items() if any("7 ×10⁹/L" in cell for cell in cells)]
    assert shown == [sheet]
    assert urgency in texts[sheet]
    assert sum(call == cell for cells in texts.values() for cell in cells) == 1
    page = (tmp_path / "out/index.html").read_text(encoding="utf-8")
    assert "7 ×10⁹/L" not in page
    # Open until decided: the line stays when nothing new comes.
    run_batch([path], settings, clock=lambda: NOW, progress=pass_through)
    again = load_workbook(tmp_path / "out/worklist.xlsx")
    assert again.sheetnames == book.sheetnames


def test_what_is_held_of_a_version_doubts_what_it_would_say(tmp_path):
    lines = [
        "P1,Ada,F,50,S1,2026-11-01,Platelets,7,10*9/L,",
        "P1,Ada,F,50,S1,2026-11-01,Platelets,210,,",
        "P1,Bo,M,60,S2,2026-11-01,Platelets,eight,10*9/L,",
    ]
    path = tmp_path / "march.csv"
    path.write_text("\n".join([HEAD, *lines]), encoding="utf-8")
    batch = check_batch([path], Settings(), clock=lambda: NOW, progress=pass_through)
    found = batch.judgement.versions
    assert list(found.findings["rule"].unique()) == ["low-platelets", "critical-platelets"]
    assert list(found.findings["status"].unique()) == ["unconfirmed"]
    # A version of which nothing can be used is there, too.
    assert list(found.people["patient_name"]) == ["Ada", "Bo"]
