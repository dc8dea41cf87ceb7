"""White cells corrected for nucleated red cells, unknown names of counts, and held siblings."""

from datetime import datetime

import pytest

from pipeline.commands.run import check_batch
from pipeline.config import Settings

HEAD = "patient_id,sex,age,sample_id,collected_at,analyte,value,unit,status\n"


@pytest.fixture
def check(tmp_path):
    def run(*rows, head=HEAD):
        path = tmp_path / "march.csv"
        lines = [f"P1,F,44,S1,2026-03-01,{row}\n" for row in rows]
        path.write_text(head + "".join(lines), encoding="utf-8")
        return check_batch(
            [path],
            Settings(output=tmp_path / "out"),
            clock=lambda: datetime(2026, 11, 1),
            progress=lambda items, length, label: iter(items),
        )

    return run


def say(batch, rule):
    current = batch.assessment.current
    found = current[current["rule"].eq(rule)]
    return " ".join(filter(None, [*found["outcome"], *found["status"]])) or "not-tested"


@pytest.mark.parametrize(
    "name",
    [
        "Corrected WBC", "WBC corrected", "WBC (corrected for NRBC)", "WBC(NRBC corrected)",
        "White cell count - corrected", "Corrected Total Leucocyte Count", "cWBC",
        "White blood cells corrected for nucleated red blood cells", "Leukozyten korrigiert",
        "Korrigierte Leukozyten", "Leukozyten (NRBC-korrigiert)", "Leucocytes corrigés",
        "Globules blancs corrigés des érythroblastes", "Leucocitos corregidos",
        "Leucocitos corregidos por eritroblastos", "Leucociti corretti",
    ],
)  # fmt: skip
def test_the_corrected_count_is_the_count(check, name):
    rows = ["WBC,12.0,10*3/uL,", f"{name},3.0,10*3/uL,", "NRBC,300,/100 WBC,"]
    for order in (rows, rows[::-1]):
        batch = check(*order)
        assert say(batch, "low-white-cells") == "present confirmed"
        assert batch.held.empty
    alone = check(rows[1])
    assert say(alone, "low-white-cells") == "present confirmed"


@pytest.mark.parametrize(
    ("rows", "rule", "answer", "held"),
    [
        # The corrected count also makes the neutrophils, and bounds them.
        (["WBC,12.0,10*3/uL,", "Corrected WBC,2.0,10*3/uL,", "NEUT%,40,%,"],
         "low-neutrophils", "present confirmed", []),
        (["WBC,12.0,10*3/uL,", "Corrected WBC,0.9,10*3/uL,"],
         "low-neutrophils", "present confirmed", []),
        # It cannot be read: nothing is known of white cells.
        (["WBC,12.0,10*3/uL,", "Corrected WBC,2?,10*3/uL,"],
         "low-white-cells", "indeterminate", ["correction-held", "not-a-number"]),
        (["WBC,12.0,10*3/uL,", "Corrected WBC,3.0,furlong,", "NEUT%,40,%,"],
         "low-neutrophils", "indeterminate", ["correction-held", "unit-not-accepted"]),
        # Not measured, or withdrawn: the other stands.
        (["WBC,12.0,10*3/uL,", "Corrected WBC,pending,10*3/uL,"],
         "low-white-cells", "absent", ["not-measured"]),
        (["WBC,12.0,10*3/uL,", "Corrected WBC,3.0,10*3/uL,cancelled"],
         "low-white-cells", "absent", []),
        (["WBC uncorrected,12.0,10*3/uL,"],
         "low-white-cells", "indeterminate", ["count-uncorrected"]),
        (["WBC uncorrected,12.0,10*3/uL,", "WBC,3.0,10*3/uL,"],
         "low-white-cells", "present confirmed", []),
        (["WBC,12.0,10*3/uL,", "Corrected WBC,3.0,10*3/uL,", "Corrected WBC,5.0,10*3/uL,"],
         "low-white-cells", "indeterminate", ["results-disagree"] * 2),
    ],
)  # fmt: skip
def test_what_a_corrected_count_does_to_the_others(check, rows, rule, answer, held):
    batch = check(*rows)
    assert say(batch, rule) == answer
    assert sorted(batch.held["code"]) == held


@pytest.mark.parametrize(
    ("rows", "rule", "answer"),
    [
        (["WBC,12.0,10*3/uL,", "WBC Count revised,3.0,10*3/uL,"], "low-white-cells",
         "absent unconfirmed"),
        (["WBC,12.0,10*3/uL,", "WBC,3.0,furlong,"], "low-white-cells", "absent unconfirmed"),
        (["Platelets,60,10*3/uL,", "Platelet count (citrate),210,10*3/uL,"], "low-platelets",
         "present unconfirmed"),
        (["Hemoglobin,14,g/dL,", "Hb repeat,9.1,g/dL,"], "anemia", "absent unconfirmed"),
        # Of another analyte, or not measured: nothing is open.
        (["WBC,12.0,10*3/uL,", "Hb repeat,9.1,g/dL,"], "low-white-cells", "absent"),
        (["WBC,12.0,10*3/uL,", "WBC,pending,10*3/uL,"], "low-white-cells", "absent"),
        # By itself it leaves its rules open.
        (["WBC Count revised,3.0,10*3/uL,"], "low-white-cells", "indeterminate"),
    ],
)  # fmt: skip
def test_a_held_sibling_unsettles_the_one_that_was_used(check, rows, rule, answer):
    batch = check(*rows)
    assert say(batch, rule) == answer
    assert (batch.assessment.patients["priority"] < 6).all()


@pytest.mark.parametrize(
    ("name", "unit", "codes"),
    [
        ("血小板", "10^9/L", ["analyte-unlisted"]),
        ("Лейкоциты", "10*3/uL", ["analyte-unlisted"]),
        ("Verihiutaleet", "E9/L", ["analyte-unlisted"]),
        ("Punasolut", "10^12/L", ["analyte-unlisted"]),
        ("Vérlemezke", "G/L", ["analyte-unlisted"]),
        ("Something", "/uL", ["analyte-unlisted"]),
        ("Punasolujen tilavuus", "fL", ["analyte-unlisted"]),
        # Units of much else, and names that are known to be something else.
        ("Albumiini", "g/L", ["analyte-unknown"]),
        ("Something", "%", ["analyte-unknown"]),
        ("Something", "pg/mL", ["analyte-unknown"]),
        ("Something", "", ["analyte-unknown"]),
        ("Stabkernige", "10^9/L", ["analyte-unknown"]),
        ("MPV", "fL", ["analyte-unknown"]),
        ("CD4 cells", "/uL", ["analyte-unknown"]),
        ("NRBC absolute", "10^9/L", ["analyte-unknown"]),
        ("Métamyélocytes", "G/L", ["analyte-unknown"]),
        ("Volume piastrinico medio", "fL", ["analyte-unknown"]),
        ("Linfocitos T", "/uL", ["analyte-unknown"]),
        ("Płytki olbrzymie IPF#", "G/l", ["analyte-unclear"]),
    ],
)
def test_an_unknown_name_beside_a_unit_of_a_blood_count(check, name, unit, codes):
    batch = check("Hemoglobin,14,g/dL,", f"{name},60,{unit},")
    assert sorted(set(batch.issues["code"])) == codes
    held = "held" if codes != ["analyte-unknown"] else ""
    assert bool(len(batch.held)) == bool(held)


def test_an_unknown_header_with_a_unit_of_a_blood_count(check, tmp_path):
    head = "patient_id,sex,age,sample_id,collected_at,Hb (g/dL),Foo (10^9/L),Bar (g/L)\n"
    batch = check("14,60,3", head=head)
    assert [*batch.held["code"]] == ["analyte-unlisted"]
