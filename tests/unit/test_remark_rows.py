"""Remarks that arrive as rows or columns of their own: read as what they say of the specimen."""

from datetime import date, datetime

import pytest

from pipeline.commands.run import check_batch
from pipeline.config import Settings
from pipeline.ingest.file import read_results
from pipeline.ingest.text_tables import SiteConventions
from pipeline.knowledge.load import load_knowledge

KNOWLEDGE = load_knowledge()
HEAD = "patient_id,sex,sample_id,collected_at,analyte,value,unit\n"
COUNT = "P1,F,S1,2026-03-01,Platelets,60,10*3/uL\n"


@pytest.fixture
def ingest(tmp_path):
    def read(content):
        path = tmp_path / "march.csv"
        path.write_text(content, encoding="utf-8")
        found = read_results(path, path.name, KNOWLEDGE, SiteConventions(), None, date(2026, 11, 1))
        told = found.observations["result_id"].dropna()
        ids = [*found.results["result_id"], *found.held["result_id"], *found.ignored, *told]
        assert sorted(ids) == list(range(found.read))
        return found

    return read


@pytest.fixture
def check(tmp_path):
    def run(content):
        path = tmp_path / "march.csv"
        path.write_text(content, encoding="utf-8")
        return check_batch(
            [path],
            Settings(output=tmp_path / "out"),
            clock=lambda: datetime(2026, 11, 1),
            progress=lambda items, length, label: iter(items),
        )

    return run


def status_of(batch, rule):
    current = batch.assessment.current
    return [*current.loc[current["rule"].eq(rule), "status"]]


def codes_of(found):
    return sorted(set(found.issues["code"]))


@pytest.mark.parametrize(
    ("name", "text", "said", "codes"),
    [
        ("COMMENT", "clotted", "clotted yes", ["comment-warns"]),
        ("Comment 2:", "Platelet clumps", "platelet-clumps yes", ["comment-warns"]),
        ("CBC Remark", "Fibrin in the tube", "clotted yes", []),
        ("Lab note", "PLT agg", "platelet-clumps yes", []),
        ("PLT comment", "Clumped", "platelet-clumps yes", ["comment-warns"]),
        ("Interpretation", "Pseudothrombocytopenia", "platelet-clumps yes", []),
        ("Sample quality", "old", "old-specimen yes", []),
        ("Bemerkung Labor", "Probe geronnen", "clotted yes", ["comment-warns"]),
        ("Befundtext", "Thrombozytenaggregate", "platelet-clumps yes", []),
        ("Kommentar Blutbild", "Gerinnsel im Röhrchen", "clotted yes", []),
        ("Commentaire NFS", "tube coagulé", "clotted yes", ["comment-warns"]),
        ("Remarque", "agrégats plaquettaires", "platelet-clumps yes", []),
        ("Observaciones", "muestra coagulada", "clotted yes", ["comment-warns"]),
        ("Comentario hemograma", "coágulos", "clotted yes", ["comment-warns"]),
        # The line of a comment that goes on has no name.
        ("", "specimen was clotted", "clotted yes", ["comment-warns"]),
        ("COMMENT", "no clots", "clotted no", []),
        # Not understood, it is listed; what means nothing is not.
        (
            "COMMENT",
            "Ring the ward about this one",
            "text-not-understood yes",
            ["remark-not-understood"],
        ),
        ("COMMENT", "fasting", "", []),
        ("Kommentar", "nüchtern, kontrolliert", "", []),
        # Nothing says that it is a remark.
        ("Rouleaux", "1+", "", ["analyte-unknown"]),
        ("", "words and words", "", ["analyte-missing", "not-a-number"]),
    ],
)
def test_a_row_that_is_a_remark(ingest, name, text, said, codes):
    found = ingest(f'{HEAD}{COUNT}P1,F,S1,2026-03-01,{name},"{text}",\n')
    assert ", ".join(f"{x.code} {x.answer}" for x in found.observations.itertuples()) == said
    assert codes_of(found) == codes


@pytest.mark.parametrize("name", ["COMMENT", "Remarks", "Bemerkung", "Nota", "Commentaires"])
def test_a_remark_row_makes_the_finding_unconfirmed(check, name):
    clotted = check(f"{HEAD}{COUNT}P1,F,S1,2026-03-01,{name},clotted,\n")
    assert status_of(clotted, "low-platelets") == ["unconfirmed"]
    other = check(f"{HEAD}{COUNT}P1,F,S2,2026-03-02,{name},clotted,\n")
    assert status_of(other, "low-platelets") == ["confirmed"]


@pytest.mark.parametrize(
    ("rows", "comments"),
    [
        # The result that its name names, else the one above, else the one below.
        (["Platelets,60,10*3/uL", "WBC,2,10*3/uL", "PLT COMMENT,clumped,"],
         ["clumped", ""]),
        (["Platelets,60,10*3/uL", "WBC,2,10*3/uL", "COMMENT,clumped,"],
         ["", "clumped"]),
        (["COMMENT,clumped,", "Platelets,60,10*3/uL", "WBC,2,10*3/uL"],
         ["clumped", ""]),
        (["Platelets,60,10*3/uL", "COMMENT,one,", "COMMENT,two,"],
         ["one; two"]),
    ],
)  # fmt: skip
def test_the_text_of_a_remark_stands_beside_its_result(ingest, rows, comments):
    found = ingest(HEAD + "".join(f"P1,F,S1,2026-03-01,{row}\n" for row in rows))
    assert [*found.results["comment"]] == comments


@pytest.mark.parametrize(
    ("header", "text", "said", "codes"),
    [
        ("CBC comment", "clotted", "clotted yes", []),
        ("Specimen integrity", "Diluted", "under-filled yes, text-not-understood yes", []),
        ("Probenzustand", "geronnen", "clotted yes", []),
        ("Non-conformité", "tube coagulé", "clotted yes", []),
        ("Incidencias", "muestra coagulada", "clotted yes", []),
        ("Analyzer message", "PLT aggregates?", "platelet-clumps yes", []),
        ("Free text", "see letter", "text-not-understood yes", ["remark-not-understood"]),
        ("Lab remark", "normal", "", []),
    ],
)
def test_a_column_that_holds_remarks(ingest, header, text, said, codes):
    wide = f"patient_id,sex,sample_id,collected_at,Platelets (10*3/uL),{header}\n"
    found = ingest(f"{wide}P1,F,S1,2026-03-01,60,{text}\n")
    assert ", ".join(f"{x.code} {x.answer}" for x in found.observations.itertuples()) == said
    assert codes_of(found) == codes


@pytest.mark.parametrize(
    "text", ["wrong blood in tube", "Probe verwechselt", "not this patient", "mal étiqueté"]
)
def test_blood_of_another_person_holds_the_whole_specimen(check, text):
    batch = check(
        f"{HEAD}{COUNT}P1,F,S1,2026-03-01,Hemoglobin,8,g/dL\nP1,F,S1,2026-03-01,COMMENT,{text},\n"
        "P1,F,S2,2026-03-02,Hemoglobin,8,g/dL\n"
    )
    assert [*batch.held["code"]] == ["specimen-misidentified"] * 2
    of_it = batch.assessment.findings.query("accession == 'S1'")
    assert {*of_it["outcome"]} <= {"indeterminate", "not-tested"}
    assert "specimen-misidentified" in {*batch.issues["code"]}


@pytest.mark.parametrize("text", ["? wrong blood in tube", "V.a. Verwechslung der Probe"])
def test_a_mere_suspicion_leaves_everything_unconfirmed(check, text):
    who = "P1,F,44,S1,2026-03-01"
    batch = check(
        "patient_id,sex,age,sample_id,collected_at,analyte,value,unit\n"
        f"{who},WBC,7,10*3/uL\n{who},Platelets,60,10*3/uL\n{who},COMMENT,{text},\n"
    )
    assert batch.held.empty
    assert status_of(batch, "low-platelets") == ["unconfirmed"]
    assert status_of(batch, "low-white-cells") == ["unconfirmed"]
