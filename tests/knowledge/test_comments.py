"""Comments and titles: every code in every language, no word that says too much."""

import re
from dataclasses import replace
from importlib.resources import files

import pytest

from pipeline.files.toml import read_toml
from pipeline.ingest.layout.analyte_names import analyte_of, index_names
from pipeline.knowledge.load import load_knowledge
from pipeline.knowledge.translate import translate

LANGUAGES = ("en", "de")
PROFILES = sorted(
    path.name.removesuffix(".toml")
    for path in files("pipeline.knowledge").joinpath("profiles").iterdir()
)
KNOWLEDGE = {language: translate(load_knowledge(groups=["*"]), language) for language in LANGUAGES}
SENTENCE_END = re.compile(r"[.!?](?=\s|$)")
MOST_SENTENCES = 3

# Words of a judgment that a laboratory's rules may not make, and orders to treat.
FORBIDDEN = {
    "en": r"diagnos|rule[sd]? out|ruling out|adequate|confirmed deficiency|pernicious|\bnormal\b"
    r"|\bmg\b|\bdose of\b|inject|prescri|\btreat|african|\bblack\b|ethnic|ancestr|\brace\b",
    "de": r"diagnos|ausgeschlossen|auszuschließen|ausschluss|ausreichend|gesicherter mangel"
    r"|bestätigter mangel|perniziös|\bnormal|\bmg\b|\bdosis von\b|injizier|verordn|behandeln"
    r"|afrikan|schwarze|ethni|abstammung|herkunft|\brasse",
}


def texts(language):
    for comment in KNOWLEDGE[language].comments.values():
        yield comment.id, comment.clinical
        yield comment.id, comment.internal
    for rule in KNOWLEDGE[language].rules.values():
        yield rule.id, rule.title
        yield from ((rule.id, name) for name in rule.suggest)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_in_every_language(language):
    english = KNOWLEDGE["en"].comments
    other = KNOWLEDGE[language].comments
    assert other.keys() == english.keys()
    assert all(other[code].clinical for code in english)
    assert {code for code in english if english[code].internal} == {
        code for code in other if other[code].internal
    }


def german_words():
    """Put together the words of all German files, by kind."""
    folder, words = files("pipeline.knowledge") / "comments", {}
    for path in folder.iterdir():
        if path.name.startswith("de"):
            for kind, own in read_toml(path)[0].get("words", {}).items():
                words.setdefault(kind, {}).update(own)
    return words


def test_every_title_and_suggestion_is_translated():
    """A title may be the same in both languages, but then it is written down as such."""
    words, english = german_words(), KNOWLEDGE["en"]
    assert words["rules"].keys() == english.rules.keys()
    assert words["analytes"].keys() == english.analytes.keys()
    assert words["observations"].keys() == english.observations.keys()
    assert words["artifacts"].keys() == english.artifacts.keys()
    asked = (*english.rules.values(), *english.artifacts.values())
    suggested = {name for each in asked for name in each.suggest}
    assert words["suggestions"].keys() == suggested
    assert words["priorities"].keys() == {each.title for each in english.priorities}


@pytest.mark.parametrize("profile", PROFILES)
def test_what_a_profile_settles_itself_is_told_in_the_language(profile):
    """Published wording stays as it was published."""
    english = load_knowledge(profile=profile, groups=["*"])
    german = translate(english, "de")
    same = {
        each.id: each.wording == german.limits[each.id].wording for each in english.limits.values()
    }
    assert same == {each.id: each.is_published for each in english.limits.values()}


def test_what_was_published_stays_though_a_convention_is_worded_alike():
    own = KNOWLEDGE["en"].limits["reticulocytes.many"]
    published = replace(own, source="nice-ng239")
    for limit, stays in ((own, False), (published, True)):
        known = replace(KNOWLEDGE["en"], limits={**KNOWLEDGE["en"].limits, own.id: limit})
        said = translate(known, "de")
        assert (said.limits[own.id].wording == own.wording) == stays


def test_every_title_is_recognized_as_a_name():
    """Who types into a template in German is understood."""
    index = index_names(KNOWLEDGE["en"])
    for analyte in KNOWLEDGE["de"].analytes.values():
        assert analyte_of(analyte.title, analyte.unit, "", index).analyte == analyte.id


def test_the_language_changes_no_limit_and_no_condition():
    one, two = KNOWLEDGE["en"], KNOWLEDGE["de"]
    assert {limit.id: limit.strata for limit in one.limits.values()} == {
        limit.id: limit.strata for limit in two.limits.values()
    }
    assert {r.id: (r.when, r.grades) for r in one.rules.values()} == {
        r.id: (r.when, r.grades) for r in two.rules.values()
    }
    assert one.version == two.version


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_says_more_than_a_laboratory_may(language):
    forbidden = re.compile(FORBIDDEN[language], re.IGNORECASE)
    assert not [(code, text) for code, text in texts(language) if forbidden.search(text)]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "This rules out deficiency."),
        ("en", "Vitamin B12 is adequate."),
        ("en", "The diagnosis is pernicious anemia."),
        ("en", "The blood count is normal."),
        ("en", "Common in people of African ancestry."),
        ("de", "Ein Mangel ist ausgeschlossen."),
        ("de", "Vitamin B12 ist ausreichend."),
        ("de", "Die Diagnose ist perniziöse Anämie."),
        ("de", "Das Blutbild ist normal."),
    ],
)
def test_the_forbidden_words_are_found(language, text):
    assert re.search(FORBIDDEN[language], text, re.IGNORECASE)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_comment_is_longer_than_three_sentences(language):
    for code, text in texts(language):
        assert len(SENTENCE_END.findall(text)) <= MOST_SENTENCES, code
