"""Running text: what it says, what it denies, and what it leaves open."""

import pytest

from pipeline.ingest.cells.free_text import index_free_text, read_free_text
from pipeline.knowledge.load import load_knowledge

KNOWLEDGE = load_knowledge()
INDEX = {name: index_free_text(KNOWLEDGE, name) for name in ("specimen", "person", "medications")}


def say(conventions, text):
    said = read_free_text(text, INDEX[conventions])
    return ", ".join(f"{code} {answer or '?'}" for code, answer in sorted(said))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Platelet clumps present", "platelet-clumps yes"),
        ("PLT clumps?", "platelet-clumps yes"),
        ("PLT_Clumps", "platelet-clumps yes"),
        ("possible platelet clumping, repeat in citrate", "platelet-clumps yes"),
        ("Thrombozytenaggregate vorhanden", "platelet-clumps yes"),
        ("Thrombozyten aggregiert", "platelet-clumps yes"),
        ("Agrégats plaquettaires visibles", "platelet-clumps yes"),
        ("Se observan agregados plaquetarios", "platelet-clumps yes"),
        ("Clumps, so count not reliable", "platelet-clumps yes"),
        ("Clumps so count not reliable", "platelet-clumps yes"),
        ("Platelet clumps not excluded", "platelet-clumps yes"),
        ("cannot exclude clumps", "platelet-clumps yes"),
        ("Clumps? none seen", "platelet-clumps yes"),
        ("First tube: clumps. Second tube: no clumps.", "platelet-clumps yes"),
        ("no clumps seen", "platelet-clumps no"),
        ("No platelet clumps", "platelet-clumps no"),
        ("clumps: none", "platelet-clumps no"),
        ("Clumps = 0", "platelet-clumps no"),
        ("Platelet clumps not seen", "platelet-clumps no"),
        ("platelet clumps were not seen on film", "platelet-clumps no"),
        ("keine Thrombozytenaggregate", "platelet-clumps no"),
        ("pas d'amas plaquettaires", "platelet-clumps no"),
        ("sin agregados plaquetarios", "platelet-clumps no"),
        ("No fibrin strands or clumps", "clotted no, platelet-clumps no"),
        ("If clumps are present send a citrate tube", "platelet-clumps ?"),
        ("platelets counted in citrate", "citrate-count yes"),
        ("Thrombozyten im Citratblut gemessen", "citrate-count yes"),
        ("Recuento en citrato: 180", "citrate-count yes"),
        ("please send a citrate tube", ""),
        ("suggest count in citrate", ""),
        ("not counted in citrate", "citrate-count no"),
        ("hemolysed", "hemolyzed yes"),
        ("Sample grossly HAEMOLYSED.", "hemolyzed yes"),
        ("Haemolysis 2+", "hemolyzed yes"),
        ("Hemolysis: +", "hemolyzed yes"),
        ("hämolytisch", "hemolyzed yes"),
        ("haemolytisch", "hemolyzed yes"),
        ("Hämolytische Anämie bekannt", ""),
        ("autoimmune hemolytic anemia", ""),
        ("Hemolysis: -", "hemolyzed no"),
        ("hemolysis 0", "hemolyzed no"),
        ("non-hemolyzed", "hemolyzed no"),
        ("Hemolysis index 120", "hemolyzed ?"),
        ("Hemolysis may affect potassium", "hemolyzed ?"),
        ("lipemic +", "lipemic yes"),
        ("slightly icteric and lipemic", "icteric yes, lipemic yes"),
        ("not icteric or lipemic", "icteric no, lipemic no"),
        ("not icteric, lipemic", "icteric no, lipemic ?"),
        ("cold agglutinins", "agglutinated yes"),
        ("RBC agglutination?", "agglutinated yes"),
        ("V.a. Kälteagglutinine", "agglutinated yes"),
        ("V. a. Kaelteagglutinine", "agglutinated yes"),
        ("RBC clumping noted", "agglutinated yes"),
        ("drip arm sample", "diluted yes"),
        ("contaminated with IV fluid", "diluted yes"),
        ("diluted 1:2 and rerun", ""),
        ("macro-ovalocytes seen", "macro-ovalocytes yes"),
        ("Macroovalocytes 1+, hypersegmented neutrophils few",
         "hypersegmented-neutrophils yes, macro-ovalocytes yes"),
        ("Anisopoikilocytosis", "anisocytosis yes, poikilocytosis yes"),
        ("No schistocytes but macro-ovalocytes", "macro-ovalocytes yes, schistocytes no"),
        ("no schistocytes; macro-ovalocytes", "macro-ovalocytes yes, schistocytes no"),
        ("No schistocytes. Macro-ovalocytes seen.", "macro-ovalocytes yes, schistocytes no"),
        ("No anisocytosis and poikilocytosis", "anisocytosis no, poikilocytosis ?"),
        ("no anisocytosis, poikilocytosis or schistocytes",
         "anisocytosis no, poikilocytosis no, schistocytes no"),
        ("schistocytes?", "film-word-queried yes"),
        ("possible schistocytes", "film-word-queried yes"),
        ("Schistocytes: absent", "schistocytes no"),
        ("schistocytes definitely not present", "film-word-queried yes"),
        ("keine Fragmentozyten", "schistocytes no"),
        ("normocytic, normochromic", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_what_remarks_say_of_a_specimen(text, said):
    assert say("specimen", text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("metformin; omeprazole 20 mg", "metformin yes, proton-pump-inhibitor yes"),
        ("Metformin 500 mg 1-0-1, Pantoprazol 40 mg", "metformin yes, proton-pump-inhibitor yes"),
        ("Janumet", "metformin yes"),
        ("no metformin", "metformin no"),
        ("Metformin: no", "metformin no"),
        ("denies metformin", "metformin no"),
        ("kein Metformin", "metformin no"),
        ("pas de metformine", "metformin no"),
        ("niega metformina", "metformin no"),
        ("stopped metformin 2020", "metformin ?"),
        ("metformin stopped", "metformin ?"),
        ("Metformin abgesetzt", "metformin ?"),
        ("allergic to metformin", "metformin ?"),
        ("metformin?", "metformin ?"),
        ("no insulin, metformin", "metformin ?"),
        ("no insulin; metformin", "metformin yes"),
        ("metformin since May 2024", "metformin yes"),
        ("Vitamin B12 1000 ug", "vitamin-b12-replacement yes"),
        ("hydroxocobalamin i.m.", "vitamin-b12-replacement yes"),
        ("Zinc 50 mg", "zinc yes"),
        ("zinc oxide cream", "zinc ?"),
        ("OCP", "oral-contraceptive yes"),
        ("Ethinylestradiol 30 ug", "oral-contraceptive yes"),
        ("Entonox", "nitrous-oxide yes"),
        ("none", ""),
        ("folic acid", "folate-replacement yes"),
        ("hypercontraceptive", ""),
    ],
)
def test_what_lists_of_medications_say(text, said):
    assert say("medications", text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Roux-en-Y gastric bypass 2015", "gastric-surgery yes"),
        ("planned gastric bypass", "gastric-surgery ?"),
        ("Z.n. Gastrektomie", "gastric-surgery yes"),
        ("family history of myeloma", "myeloma ?"),
        ("multiple myeloma", "myeloma yes"),
        ("V.a. Myelom", "myeloma ?"),
        ("evtl. Myelom", "myeloma ?"),
        ("tingling and numbness in both feet", "neurological-symptoms yes"),
        ("no tingling or numbness", "neurological-symptoms no"),
        ("Polyneuropathie", "neurological-symptoms yes"),
        ("Alkoholabusus", "alcohol yes"),
        ("non-alcoholic fatty liver", "alcohol no"),
        ("pregnant, 28 weeks", "pregnant yes"),
        ("not pregnant", "pregnant no"),
        ("nicht schwanger", "pregnant no"),
        ("pregnant?", "pregnant ?"),
        ("gravida 2 para 1", ""),
        ("vitamin B12 deficiency", ""),
        ("zinc deficiency", ""),
        ("copper 12, zinc 9", ""),
    ],
)
def test_what_lists_of_conditions_say(text, said):
    assert say("person", text) == said


def test_every_word_is_found_by_itself():
    for conventions in INDEX:
        groups = (
            ("film", "specimen")
            if conventions == "specimen"
            else ("medication", "condition", "context")
        )
        for each in KNOWLEDGE.observations.values():
            if each.group in groups:
                extra = each.medication_words if conventions == "medications" else ()
                for word in (*each.words, *extra):
                    said = dict(read_free_text(word.replace("*", ""), INDEX[conventions]))
                    assert said.get(each.id) == "yes", (word, said)
