"""What is said against a specimen, in words of four languages, and which results it concerns."""

import pytest

from pipeline.ingest.cells.free_text import index_free_text, read_free_text
from pipeline.knowledge.load import load_knowledge

KNOWLEDGE = load_knowledge()
INDEX = index_free_text(KNOWLEDGE, "specimen")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Specimen clotted, please repeat", "clotted yes"),
        ("small clot at the bottom of the tube", "clotted yes"),
        ("micro-clots", "clotted yes"),
        ("Fibrin strands noted", "clotted yes"),
        ("?clot", "clotted yes"),
        ("sample may be clotted", "clotted yes"),
        ("no clot found", "clotted no"),
        ("Clots: none", "clotted no"),
        ("fibrinogen 3.1 g/L", ""),
        ("clotting screen normal", ""),
        ("Material teilweise geronnen", "clotted yes"),
        ("Kein Gerinnsel", "clotted no"),
        ("EDTA-Blut angeronnen", "clotted yes"),
        ("tube coagulé", "clotted yes"),
        ("Présence de micro-caillots", "clotted yes"),
        ("absence de caillot", "clotted no"),
        ("Sangre coagulada", "clotted yes"),
        ("Se observan coágulos", "clotted yes"),
        ("sin coágulos", "clotted no"),
        ("If the tube is clotted take another", "clotted ?"),
        ("WBC clumping seen on film", "white-cell-clumps yes"),
        ("neutrophil aggregates", "white-cell-clumps yes"),
        ("Leukozytenaggregate im Ausstrich", "white-cell-clumps yes"),
        ("Amas leucocytaires", "white-cell-clumps yes"),
        ("Aggregates present", "platelet-clumps yes, white-cell-clumps yes"),
        ("PLT agg", "platelet-clumps yes"),
        ("Satellitism", "platelet-clumps yes"),
        ("Thrombozytenverklumpung", "platelet-clumps yes"),
        ("agrégation plaquettaire", "platelet-clumps yes"),
        ("plaquetas agrupadas", "platelet-clumps yes"),
        ("Platelets appear adequate on smear", ""),
        ("underfilled tube", "under-filled yes"),
        ("tube received under-filled", "under-filled yes"),
        ("short sample", "under-filled yes"),
        ("specimen appears diluted", "under-filled yes"),
        ("sample diluted 1:5 and measured again", ""),
        ("diluted 1:5", ""),
        ("auto-dilution of the sample", ""),
        ("diluted", ""),
        ("Röhrchen unterfüllt", "under-filled yes"),
        ("Probe wirkt verdünnt", "under-filled yes"),
        ("Probe automatisch verdünnt", ""),
        ("tube insuffisamment rempli", "under-filled yes"),
        ("échantillon dilué", "under-filled yes"),
        ("tubo mal llenado", "under-filled yes"),
        ("muestra diluida", "under-filled yes"),
        ("old sample", "old-specimen yes"),
        ("sample received late, delayed transport", "old-specimen yes"),
        ("report delayed", ""),
        ("ALT in serum sample", ""),
        ("Probe überaltert", "old-specimen yes"),
        ("prélèvement trop ancien", "old-specimen yes"),
        ("muestra antigua", "old-specimen yes"),
        ("wrong blood in tube", "misidentified yes"),
        ("Specimen mislabelled", "misidentified yes"),
        ("not this patient", "misidentified yes"),
        ("Probenverwechslung", "misidentified yes"),
        ("erreur d'identité", "misidentified yes"),
        ("muestras intercambiadas", "misidentified yes"),
        ("?wrong blood", "misidentification-queried yes"),
        ("wrong blood in tube suspected", "misidentification-queried yes"),
        ("V.a. Probenverwechslung", "misidentification-queried yes"),
        ("possible erreur d'identité", "misidentification-queried yes"),
        ("¿muestra cambiada?", "misidentification-queried yes"),
        ("not mislabeled", "misidentified no"),
        ("Please check identity", "misidentification-queried yes"),
        ("Specimen unsuitable", "unsuitable yes"),
        ("Résultat rendu sous réserve", "unsuitable yes"),
        ("Ergebnis nicht verwertbar", "unsuitable yes"),
        ("interpretar con precaución", "unsuitable yes"),
        ("count may be falsely low", "unsuitable yes"),
        # A reason says which results are meant; the general word adds nothing.
        ("clotted, results unreliable", "clotted yes"),
    ],
)
def test_what_is_said_against_a_specimen(text, said):
    found = read_free_text(text, INDEX)
    assert ", ".join(f"{code} {answer or '?'}" for code, answer in sorted(found)) == said


def test_each_doubt_is_known_in_four_languages():
    for name in ("clotted", "under-filled", "old-specimen", "misidentified", "unsuitable"):
        assert len(KNOWLEDGE.observations[name].words) > 5
