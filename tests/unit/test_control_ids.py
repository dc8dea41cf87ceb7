"""Rows that are of no patient, and ids that a spreadsheet made a date of."""

from datetime import date

import pytest

from pipeline.ingest.control_ids import index_id_words
from pipeline.ingest.file import read_results
from pipeline.ingest.text_tables import SiteConventions
from pipeline.knowledge.load import load_knowledge

KNOWLEDGE = load_knowledge()
WORDS = index_id_words(KNOWLEDGE)


@pytest.fixture
def ingest(tmp_path):
    def read(*rows):
        path = tmp_path / "march.csv"
        head = "patient_id,patient_name,sex,birth_date,sample_id,collected_at,PLT (10*9/L)\n"
        path.write_text(head + "".join(f"{row}\n" for row in rows), encoding="utf-8")
        return read_results(path, path.name, KNOWLEDGE, SiteConventions(), None, date(2026, 11, 1))

    return read


@pytest.mark.parametrize(
    ("ids", "answer"),
    [
        ("QC-LOW|qc1|Control Level 2|CTRL_H|XN CHECK QC L1|BACKGROUND|BackgroundCheck|Blank|CALIBRATOR"
         "|CAL 1|Daily QC|QUALITY CONTROL", "control"),
        ("Kontrolle hoch|Leerwert|KALIBRATOR|QK 2|Qualitätskontrolle", "control"),
        ("Contrôle niveau 1|Blanc|Étalon|contrôle de qualité", "control"),
        ("Control de calidad|BLANCO|calibrador 2", "control"),
        ("Mean|Total|SD|CV%|Reference range|n|MIN|Max|Mean (n = 23)|Grand total", "summary"),
        ("Mittelwert|Summe|Anzahl|Standardabweichung|Normbereich|Referenz", "summary"),
        ("Moyenne|écart-type|Valeurs de référence|Effectif", "summary"),
        ("Media|Promedio|Desviación estándar|Mínimo|Valores de referencia", "summary"),
        ("P1|4711|QC-000123|CONTROL-17|MAX-0001|CAL2026|Lowell|Norma 12|Blankenship|MEANS|QCB", ""),
    ],
)  # fmt: skip
def test_ids_of_no_patient(ids, answer):
    for text in ids.split("|"):
        found = "control" if WORDS.names_a_control(text) else "summary" * WORDS.sums_up(text)
        assert (text, found) == (text, answer)


@pytest.mark.parametrize(
    ("row", "becomes"),
    [
        ("QC-LOW,,,,,2026-03-01,5", "left out"),
        ("BACKGROUND,,,,BACKGROUND,2026-03-01,0", "left out"),
        (",,,,QC 1,2026-03-01,5", "left out"),
        ("Mittelwert,,,,,2026-03-01,210", "left out"),
        ("TOTAL,,,,,2026-03-01,210", "left out"),
        ("QC-2,QC-2,,,,2026-03-01,5", "left out"),
        # A person beside the id: nothing is lost, nothing is believed.
        ("QC-LOW,Jane Doe,,,,2026-03-01,5", "record-doubtful"),
        ("Total,,F,1961-04-30,,2026-03-01,5", "record-doubtful"),
        ("Total,Jane Doe,F,1961-04-30,S2,2026-03-01,5", "used"),
        ("MAX,,F,1961-04-30,S2,2026-03-01,5", "used"),
        ("Max,,,,,2026-03-01,5", "record-doubtful"),
        ("²,,,,,2026-03-01,5", "used"),
        ("QC-0000000000005,,,,,2026-03-01,5", "used"),
        ("QC-0000000000002,,,,,2026-03-01,5", "left out"),
        ("P7,Jane Doe,F,1961-04-30,QC L1,2026-03-01,5", "record-doubtful"),
        # A surname is only a name.
        ("P7,Total,F,1961-04-30,S7,2026-03-01,5", "used"),
        ("P7,Blank,,,S7,2026-03-01,5", "used"),
        ("P7,Max Mean,,,S7,2026-03-01,5", "used"),
        ("MAX-0001,,,,S7,2026-03-01,5", "used"),
    ],
)
def test_what_becomes_of_a_row_of_no_patient(ingest, row, becomes):
    found = ingest("P1,,F,1961-04-30,S1,2026-03-01,210", row)
    codes = [*found.held["code"]]
    got = codes[0] if codes else {2: "used", 1: "left out"}[len(found.results)]
    assert got == becomes
    assert ("record-control" in {*found.issues["code"]}) == (becomes == "left out")


@pytest.mark.parametrize(
    ("ids", "damaged"),
    [
        (["P-1", "1-Mar"], ["1-Mar"]),
        (["12/345", "MAR-26", "3-Apr"], ["MAR-26", "3-Apr"]),
        (["A1", "3/1/2026", "01.03.2026"], ["3/1/2026", "01.03.2026"]),
        (["A1", "1. Mrz", "2-févr.", "03-ene-26", "Mai 26"], ["1. Mrz", "2-févr.", "03-ene-26",
                                                              "Mai 26"]),
        (["A1", "01.03.2026 00:00"], ["01.03.2026 00:00"]),
        (["A1", "2026-03-02 00:00:00"], ["2026-03-02 00:00:00"]),
        # All of one shape: that is how they are.
        (["3/1/2026", "3/2/2026"], []),
        (["1.3.26", "2.3.26"], []),
        (["2026/03/001", "12-345/6", "5/2026", "1-3-26", "A 12 B", "JUN"], []),
    ],
)  # fmt: skip
def test_an_id_that_became_a_date(ingest, ids, damaged):
    for field in ("patient-id-damaged", "specimen-damaged"):
        as_patient = field == "patient-id-damaged"
        rows = [
            f"{text},,F,1961-04-30,S{n},2026-03-01,210"
            if as_patient
            else f"P{n},,F,1961-04-30,{text},2026-03-01,210"
            for n, text in enumerate(ids)
        ]
        found = ingest(*rows)
        assert [*found.held["patient_id" if as_patient else "accession"]] == damaged
        assert {*found.held["code"]} <= {field}
