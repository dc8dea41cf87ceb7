"""What may be said in words: ids that rules rely on, names that mean one thing, numbers."""

import re

import pytest

from pipeline.errors import KnowledgeError
from pipeline.knowledge.check_observations import AS_RESULTS, names_of
from pipeline.knowledge.load import load_knowledge
from pipeline.knowledge.name_key import name_key

KNOWLEDGE = load_knowledge()
OBSERVATIONS = KNOWLEDGE.observations
SITE = """
[[observation]]
id = "rouleaux"
title = "Rouleaux"
group = "film"
kind = "yes-no"
scope = "specimen"
names = ["Rouleaux", "Geldrollen"]
words = ["rouleaux"]
"""
WEEKS = """
[[observation]]
id = "fasting"
title = "Hours without food"
group = "context"
kind = "number"
scope = "specimen"
range = [0, 72]
source = "convention"
names = ["Fasting hours"]
scales = [{ id = "fasting-days", range = [0, 3], factor = 24, names = ["Fasting days"] }]
"""


ANTIBODY = """
[[observation]]
id = "coeliac-antibody"
title = "Tissue transglutaminase antibody"
group = "antibody"
kind = "yes-no"
scope = "specimen"
names = ["tTG antibody"]
"""


def test_the_ids_that_rules_rely_on():
    assert {
        group: " ".join(each.id for each in OBSERVATIONS.values() if each.group == group)
        for group in dict.fromkeys(each.group for each in OBSERVATIONS.values())
    } == {
        "film": "macro-ovalocytes hypersegmented-neutrophils anisocytosis poikilocytosis"
        " schistocytes platelet-clumps film-blasts blasts film-promyelocytes leukemia-words"
        " thrombotic-microangiopathy blood-parasites blasts-suspected fragments-suspected"
        " film-word-queried film-reported white-cell-clumps",
        "test": "malaria-test",
        "notice": "critical-flag other-flag text-not-understood",
        "antibody": "intrinsic-factor-antibody",
        "specimen": "hemolyzed lipemic icteric agglutinated diluted citrate-count clotted"
        " unsuitable misidentified misidentification-queried under-filled old-specimen",
        "context": "platelets-doubted white-cells-doubted red-cells-doubted hemoglobin-doubted"
        " pregnant trimester postpartum elevation-m",
        "medication": "oral-contraceptive metformin proton-pump-inhibitor nitrous-oxide zinc"
        " vitamin-b12-replacement iron-replacement folate-replacement b12-started b12-stopped"
        " iron-started folate-started platelets-transfused transfused",
        "condition": "gastric-surgery myeloma neurological-symptoms alcohol cord-signs",
    }
    kinds = {each.id: each.kind for each in OBSERVATIONS.values() if each.kind != "yes-no"}
    assert kinds == {
        "trimester": "number",
        "elevation-m": "number",
        "b12-started": "date",
        "b12-stopped": "date",
        "iron-started": "date",
        "folate-started": "date",
        "platelets-transfused": "date",
        "transfused": "date",
    }


def test_what_passes_is_said_of_a_specimen_and_what_stays_of_a_patient():
    passing = {each.id for each in OBSERVATIONS.values() if each.scope == "specimen"}
    reported = {each.id for each in OBSERVATIONS.values() if each.group in AS_RESULTS}
    noticed = {each.id for each in OBSERVATIONS.values() if each.group == "notice"}
    marked = {each.id for each in OBSERVATIONS.values() if each.marks}
    assert passing == reported | noticed | marked | {"pregnant", "trimester", "postpartum"}


def test_no_name_means_a_number_too():
    numeric = {
        name_key(name)
        for analyte in KNOWLEDGE.analytes.values()
        for name in (analyte.id, *analyte.names, *analyte.names_with_unit)
    }
    said = {name_key(name) for each in OBSERVATIONS.values() for name in names_of(each)}
    assert not said & numeric
    assert not said & {name_key(each.name) for each in KNOWLEDGE.look_alikes}


SAID_OTHERWISE = {
    *("film-word-queried", "film-reported", "critical-flag", "other-flag", "text-not-understood"),
    *("blasts-suspected", "fragments-suspected"),
}
"""What other observations and marks say, or analyzers alone."""


@pytest.mark.parametrize("observation", list(OBSERVATIONS.values()), ids=lambda each: each.id)
def test_names_in_four_languages_at_least_where_there_are_words(observation):
    assert re.fullmatch(r"[a-z0-9-]+", observation.id)
    if observation.id in SAID_OTHERWISE:
        return
    # What is seen in a film may be said in words alone; what is counted or tested, by name alone.
    assert len(observation.names) >= 4 or len(observation.words) >= 4
    by_name = observation.group in ("antibody", "test") or observation.counted
    assert observation.words or observation.marks or observation.kind != "yes-no" or by_name


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SITE.replace('"Geldrollen"', '"MCV"'), "the name 'MCV' is claimed by analyte 'mcv'"),
        (SITE.replace('"Geldrollen"', '"NRBC"'), "is claimed by the look-alike"),
        (SITE.replace('"Geldrollen"', '"Remark"'), "is claimed by field 'comment'"),
        (SITE.replace('"Geldrollen"', '"Pregnant"'), "is claimed by observation 'pregnant'"),
        (SITE.replace('"Geldrollen"', '"Weeks pregnant"'), "is claimed by a scale of 'trimester'"),
        (SITE.replace('id = "rouleaux"', 'id = "comment"'), "there is a field of that name"),
        (SITE.replace('["rouleaux"]', '["r."]'), "too short"),
        (SITE + 'medication_words = ["roll"]', "has no words of medications"),
        (SITE + 'implies = "trimester"', "which is no yes or no"),
        (SITE + 'implies = "nothing"', "which is no yes or no"),
        (SITE + "range = [0, 1]", "nothing else has one"),
        (SITE.replace('"yes-no"', '"maybe"'), "kind"),
        (SITE + 'wrods = ["x"]', "unknown key 'wrods'; did you mean 'words'"),
        (ANTIBODY + 'words = ["parietal cell"]', "such a test is not looked for in running text"),
        (ANTIBODY.replace('"specimen"', '"patient"'), "such a test is a yes or no of a specimen"),
        (ANTIBODY.replace('"yes-no"', '"date"'), "such a test is a yes or no of a specimen"),
        (ANTIBODY + 'medication_words = ["roll"]', "has no words of medications"),
        (WEEKS.replace("range = [0, 72]\n", ""), "a number needs a range"),
        (WEEKS.replace('source = "convention"\n', ""), "a number needs a source"),
        (WEEKS.replace('"convention"', '"nobody"'), "no source named 'nobody'"),
        (WEEKS.replace("factor = 24,", ""), "either a factor or steps"),
        (WEEKS.replace("factor = 24", "steps = [[1, 5], [0, 1]]"), "must go upward"),
        (WEEKS.replace("factor = 24", "steps = [[1, 5]]"), "upward from its range"),
        ('[[phrases]]\nid = "no"\nreplaces = "no"\nwords = ["seen"]', "means both"),
        ('[[phrases]]\nid = "positive"\nreplaces = "positive"\nwords = ["none"]', "means both"),
        ('[[phrases]]\nid = "perhaps"\nwords = ["seen"]', "id"),
    ],
)
def test_what_is_refused_and_how_it_is_said(tmp_path, text, said):
    (tmp_path / "site.toml").write_text(text, encoding="utf-8")
    with pytest.raises(KnowledgeError, match=re.escape(said)):
        load_knowledge(tmp_path)


def test_a_site_adds_its_own(tmp_path):
    (tmp_path / "site.toml").write_text(SITE + WEEKS, encoding="utf-8")
    known = load_knowledge(tmp_path)
    assert known.observations["rouleaux"].words == ("rouleaux",)
    assert known.observations["fasting"].scales[0].factor == 24
    assert known.version != KNOWLEDGE.version
