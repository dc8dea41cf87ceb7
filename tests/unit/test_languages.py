"""Statuses, names and units in the languages of laboratories: used, not held."""

from datetime import date

import pytest

from pipeline.ingest.cells.statuses import index_statuses, parse_statuses
from pipeline.ingest.cells.units import index_units, unit_of
from pipeline.ingest.file import read_results
from pipeline.ingest.layout.analyte_names import analyte_of, index_names
from pipeline.ingest.text_tables import SiteConventions
from pipeline.knowledge.load import load_knowledge

KNOWLEDGE = load_knowledge()
NAMES = index_names(KNOWLEDGE)
STATUSES = index_statuses(KNOWLEDGE)
UNITS = index_units(KNOWLEDGE)


@pytest.mark.parametrize(
    ("texts", "status"),
    [
        ("Resulted|Reported|Approved|Auth|Final report|F - Final|Autoverified|Auto-verified|Reviewed", "final"),
        ("freigegeben|validiert|vidiert|Medizinisch validiert|Endbefund|ENDGÜLTIG|endgueltig", "final"),
        ("Validé|validée|Définitif|Résultat définitif|Validé biologiquement|signé", "final"),
        ("Validado|VALIDADA|Definitivo|Firmado|Informado", "final"),
        ("Refertato|validato|Gevalideerd|definitief|Liberado|Laudado|Zatwierdzony|Ostateczny", "final"),
        ("|NULL|(null)|\\N", "final"),
        ("Final-Edited|Final (corrected)|Corrected report|Modified|C: corrected|Edited", "corrected"),
        ("korrigiert|geändert|Corrigé|Rectifié|Corregido|corretto|gecorrigeerd|skorygowany", "corrected"),
        ("Interim|Awaiting verification|Result entered|P - Preliminary|nicht freigegeben", "preliminary"),
        ("technisch validiert|Provisoire|non validé|Pendiente|in corso|voorlopig|wstępny", "preliminary"),
        ("Rejected|Record removed|storniert|Annulé|Anulado|annullato|geannuleerd|anulowany", "cancelled"),
        # Not words of a status, or of which one nobody can say.
        ("Repeat|Normal|U|✓|1|OK|F - Preliminary|Vorbefund|xyz", ""),
    ],
)  # fmt: skip
def test_statuses(texts, status):
    read = parse_statuses(texts.split("|"), STATUSES)["status"]
    assert set(read) == {status}


@pytest.mark.parametrize(
    ("names", "unit", "analyte"),
    [
        ("Leucociti|Leukocyten|Leucócitos|Leukocyty|Glóbulos brancos|Witte bloedcellen|Leucociti totali|Krwinki białe", "10^9/L", "white-cells"),
        ("Piastrine|Trombociti|Trombocyten|Plaquetas|Płytki krwi|Bloedplaatjes|Conta piastrine|PŁYTKI KRWI (PLT)", "10^9/L", "platelets"),
        ("Emoglobina|Hemoglobine|Hemoglobina|Emoglobina (Hb)", "g/dL", "hemoglobin"),
        ("Eritrociti|Erytrocyten|Hemácias|Eritrócitos|Erytrocyty|Krwinki czerwone", "10^12/L", "red-cells"),
        ("Volume corpuscolare medio|Gemiddeld celvolume|Volume corpuscular médio|Średnia objętość krwinki", "fL", "mcv"),
        ("Vitamina B12|vitamine B12|Witamina B12|Wit. B12", "pg/mL", "vitamin-b12"),
        ("Acido folico|Foliumzuur|Ácido fólico|Kwas foliowy", "ng/mL", "folate"),
        ("Neutrofili|Neutrofielen|Neutrófilos|Neutrofile", "10^9/L", "neutrophils"),
        ("Neutrofili|Neutrofielen|Neutrófilos|Neutrofile", "%", "neutrophils-percent"),
        ("Limfocyty|Lymfocyten|Linfócitos|Linfociti", "10^9/L", "lymphocytes"),
    ],
)  # fmt: skip
def test_names(names, unit, analyte):
    assert {analyte_of(name, unit, "", NAMES).analyte for name in names.split("|")} == {analyte}


@pytest.mark.parametrize(
    ("spellings", "analyte", "unit"),
    [
        ("x E9/L|E9/L|xE9/L", "platelets", "10*9/L"),
        ("x E12/L|E12/L", "red-cells", "10*12/L"),
        ("mille/mm3|migliaia/uL|tys./µl|tys/µl|E3/uL", "white-cells", "10*3/uL"),
        ("mln/µl|milioni/mm3|E6/uL", "red-cells", "10*6/uL"),
    ],
)
def test_units(spellings, analyte, unit):
    read = {unit_of(each, KNOWLEDGE.analytes[analyte], UNITS) for each in spellings.split("|")}
    assert read == {unit}


@pytest.mark.parametrize("null", ["NULL", "null", "(null)", "\\N"])
def test_what_a_database_writes_for_nothing_is_empty_in_every_column(tmp_path, null):
    path = tmp_path / "march.csv"
    path.write_text(
        "patient_id,patient_name,sex,birth_date,age,sample_id,collected_at,analyte,loinc,value,"
        "unit,status,reference_low,reference_high,flag,comment,material,pregnant\n"
        f"P1,{null},{null},{null},{null},S1,2026-03-01,Hemoglobin,{null},13.1,g/dL,{null},{null},"
        f"{null},{null},{null},{null},{null}\n"
        f"P2,{null},F,1961-04-30,{null},{null},2026-03-01,Hemoglobin,{null},13.1,g/dL,{null},"
        f"{null},{null},{null},{null},{null},{null}\n",
        encoding="utf-8",
    )
    found = read_results(path, path.name, KNOWLEDGE, SiteConventions(), None, date(2026, 11, 1))
    assert found.held.empty
    assert [*found.results["patient_name"]] == ["", ""]
    assert set(found.issues["code"]) <= {"specimen-by-date"}


def test_a_sex_that_is_neither_holds_nothing(tmp_path):
    path = tmp_path / "march.csv"
    rows = "".join(
        f"P{n},{sex},44,S{n},2026-03-01,Hemoglobin,9.1,g/dL\n"
        for n, sex in enumerate(["F", "M", "NB", "non-binaire", "no binario", "UN", "N", "I"])
    )
    path.write_text(f"patient_id,sex,age,sample_id,collected_at,analyte,value,unit\n{rows}")
    found = read_results(path, path.name, KNOWLEDGE, SiteConventions(), None, date(2026, 11, 1))
    assert [*found.results["sex"]] == ["F", "M", "", "", "", "", "", ""]
    assert [*found.issues["code"]] == ["sex-other"] * 6
