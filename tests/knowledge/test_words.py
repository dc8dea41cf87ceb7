"""Words of exports: every language has its kinds, no word stands twice or means two things."""

import re
import tomllib
from importlib.resources import files

import pytest

from pipeline.errors import KnowledgeError
from pipeline.ingest.layout.headers import index_headers
from pipeline.knowledge.load import load_knowledge
from pipeline.knowledge.name_key import fold_words
from pipeline.knowledge.words import WORD_KINDS

KNOWLEDGE = load_knowledge()
TABLES = {
    table.pop("language"): table
    for table in tomllib.loads(
        (files("pipeline.knowledge") / "words.toml").read_text(encoding="utf-8")
    )["words"]
}
MONTHS = tuple(f"month-{number}" for number in range(1, 13))
EVERYWHERE = {
    *("less-than", "greater-than", "at-most", "at-least", "not-measured", *MONTHS),
    *("format-month", "format-year", "age-weeks", "unknown", "and", "or", "other-fluid"),
    "unit-title-row",
}
"""Kinds of which every language has words; English has its words for a unit everywhere."""


@pytest.mark.parametrize("language", TABLES)
def test_every_language_has_these_kinds(language):
    assert {*TABLES[language], "unit-title-row"} >= EVERYWHERE
    units = ("age-years", "age-months", "age-days")
    assert all({unit, f"{unit}-cell"} & TABLES[language].keys() for unit in units)


def test_english_explains_most_kinds_and_no_kind_stands_alone():
    assert set(TABLES) == {"en", "de", "fr", "es", "it", "pt"}
    only_elsewhere = {kind for table in TABLES.values() for kind in table} - TABLES["en"].keys()
    assert only_elsewhere == {
        *("at-most-number", "at-least-number", "reference-to", "age-days-cell"),
        *("unit-title-row", "before-month", "before-year"),
    }


@pytest.mark.parametrize("language", TABLES)
def test_no_word_stands_twice(language):
    for kind, words in TABLES[language].items():
        # Accents count where they stand between numbers or in whole lines.
        fold = str.casefold if kind in ACCENTED else fold_words
        assert len({*map(fold, words)}) == len(words), kind


ACCENTED = ("reference-to", "header-yes", "closing-line", "age-years")


def test_every_kind_has_words():
    assert set(KNOWLEDGE.phrases) == set(WORD_KINDS)
    assert all(each.words for each in KNOWLEDGE.phrases.values())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('language = "fi"\nlesser-than = ["alle"]', "unknown kind of words 'lesser-than'; did you"),
        ('language = "fi"\nless-than = "alle"', "Input should be a valid tuple"),
        ('language = "finnish"\nless-than = ["alle"]', "the language is a code of two letters"),
        ('less-than = ["alle"]', "has no 'language'"),
        ('language = "fi"\nmonth-1 = ["Mai"]', "the word 'mai' means both 'month-5' and 'month-1'"),
        ('language = "fi"\nage-days = ["y"]', "means both 'age-days' and 'age-years'"),
        ('language = "fi"\nless-than-number = ["Über"]', "means both"),
        ('language = "fi"\nsex-female = ["Mann"]', "means both 'sex-male' and 'sex-female'"),
        ('language = "fi"\nstatus-final = ["vorlaufig"]', "means both"),
        ('language = "fi"\nmonth-1 = [" "]', "a word of the kind 'month-1' is empty"),
        ('language = "fi"\nnot-measured = ["puut*"]', "a star stands at the end of a stem only"),
        ('language = "fi"\nformat-day = ["pp"]', "is no single letter"),
        ('language = "de"\nreplaces = "fi"\nand = ["u."]', "replaces 'fi', which is not there"),
    ],
)
def test_what_is_refused_and_how_it_is_said(tmp_path, text, said):
    (tmp_path / "site.toml").write_text(f"[[words]]\n{text}\n", encoding="utf-8")
    with pytest.raises(KnowledgeError, match=re.escape(said)):
        load_knowledge(tmp_path)


def test_a_site_adds_words_to_a_language_or_replaces_it(tmp_path):
    site = tmp_path / "site.toml"
    site.write_text('[[words]]\nlanguage = "de"\nand = ["u."]\n', encoding="utf-8")
    known = load_knowledge(tmp_path)
    assert {"und", "u."} < set(known.phrases["and"].words)
    assert known.phrases["month-3"] == KNOWLEDGE.phrases["month-3"]
    assert known.version != KNOWLEDGE.version
    with site.open("a", encoding="utf-8") as more:
        more.write('replaces = "de"\n')
    known = load_knowledge(tmp_path)
    assert "u." in known.phrases["and"].words
    assert "und" not in known.phrases["and"].words


def test_an_index_follows_its_knowledge(tmp_path):
    (tmp_path / "site.toml").write_text(
        '[[words]]\nlanguage = "fi"\nformat-day = ["p"]\nformat-month = ["k"]\nformat-year = ["v"]\n'
        'age-years = ["vuotta"]\n',
        encoding="utf-8",
    )
    known = index_headers(load_knowledge(tmp_path))
    assert known.meaning_of("Collected (pp.kk.vvvv)").date_order == "day-first"
    assert known.meaning_of("Age (vuotta)").age_unit == "years"
    assert not index_headers(KNOWLEDGE).meaning_of("Collected (pp.kk.vvvv)").date_order
