"""Film words that cannot wait: seen, denied, queried, flagged by an analyzer, or another word."""

import pytest

from pipeline.ingest.cells.free_text import index_free_text, read_free_text
from pipeline.knowledge.load import load_knowledge

KNOWLEDGE = load_knowledge()
INDEX = index_free_text(KNOWLEDGE, "specimen")


def say(text, **how):
    return ", ".join(f"{code} {said}" for code, said in sorted(read_free_text(text, INDEX, **how)))


SEEN = {
    "film-blasts": [
        "Blasts seen on film",
        "Blast cells present",
        "20 % blasts",
        "Blasts 3%",
        "blasts: 12 %, repeat?",
        "Myeloblasts with Auer rods",
        "Auer rods",
        "Einzelne Blasten",
        "Blastenanteil 30 %",
        "Lymphoblasten vorhanden",
        "Présence de blastes",
        "Se observan blastos",
        "blast-like cells ++",
    ],
    "film-promyelocytes": ["many promyelocytes", "Promyelozyten +", "Promielocitos presentes"],
    "leukemia-words": [
        "Leukoerythroblastic film",
        "suspicious for leukemia",
        "suspicious of lymphoma",
        "Leukämieverdächtig",
        "Verdacht auf akute Leukämie",
        "Sospechoso de leucemia",
    ],
    "thrombotic-microangiopathy": [
        "consistent with TTP",
        "MAHA picture",
        "thrombotische Mikroangiopathie",
    ],
    "blood-parasites": [
        "Malaria parasites seen",
        "Plasmodium falciparum trophozoites",
        "Parasites seen",
        "Malariaparasiten gesehen",
        "Trofozoítos de P. vivax",
    ],
    "schistocytes": [
        "Schistocytes ++",
        "red cell fragments",
        "fragments +",
        "Fragmentozyten",
        "schizocytes",
    ],
}


@pytest.mark.parametrize(
    ("code", "text"), [(code, text) for code, texts in SEEN.items() for text in texts]
)
def test_what_was_seen(code, text):
    assert f"{code} yes" in say(text).split(", ")


@pytest.mark.parametrize(
    "text",
    [
        "no blasts",
        "No blasts seen.",
        "Blasts 0 %",
        "blasts 0%",
        "Blasts: none",
        "keine Blasten",
        "pas de blastes",
        "sin blastos",
        "no schistocytes or blasts",
        "no evidence of blasts",
        "Malaria negative",
        "Malaria ausgeschlossen",
        "negative for malaria parasites",
    ],
)
def test_what_was_denied(text):
    said = say(text)
    assert said
    assert " yes" not in said


@pytest.mark.parametrize(
    "text",
    [
        "Blasts?",
        "? blasts",
        "to exclude blasts",
        "blasts cannot be excluded",
        "Blasts not excluded",
        "V.a. Blasten",
        "Blasten fraglich",
        "known acute leukemia",
        "history of acute leukaemia",
        "bekannte akute Leukämie",
        "Z.n. Malaria",
        "TTP in remission",
        "possible schistocytes",
        "blastes à éliminer",
        "descartar blastos",
        "Blasts? none seen",
    ],
)
def test_what_is_queried_or_of_another_time(text):
    assert say(text) == "film-word-queried yes"


@pytest.mark.parametrize(
    "text",
    [
        "Erythroblasts 2/100",
        "erythro blasts",
        "normo-blasts",
        "Normoblasten",
        "Megaloblasts",
        "megalo-blastic",
        "Sideroblasts",
        "osteo-blasts",
        "Fibroblasten",
        "érythroblastes",
        "Eritroblastos",
        "fibrin fragments",
        "malaria prophylaxis",
        "Malariaprophylaxe",
        "lymphocytes reactive",
        "blasted sample arrived late",
    ],
)
def test_what_is_another_word(text):
    assert say(text) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Blasts?", "blasts-suspected yes"),
        ("Blasts", "blasts-suspected yes"),
        ("Fragments?", "fragments-suspected yes"),
        ("Left Shift? Blasts/Abn Lympho?", "blasts-suspected yes"),
        ("PLT clumps?", "platelet-clumps yes"),
        ("Blasts: no", "film-blasts no"),
    ],
)
def test_what_an_analyzer_flags_was_seen_by_nobody(text, said):
    assert say(text, by_analyzer=True) == said


def test_what_is_counted_is_seen_whatever_is_suspected_beside_it():
    said = say("Blasts 20 %, known AML; acute leukemia suspected").split(", ")
    assert said == ["film-blasts yes", "film-word-queried yes"]
    assert KNOWLEDGE.rules["film-urgent"].when


def test_words_of_people_are_not_read_as_film():
    person = index_free_text(KNOWLEDGE, "person")
    assert read_free_text("acute leukemia, blasts 20 %, malaria", person) == ()
