"""What the loader refuses, and how one TOML block adds an analyte, a limit or a rule."""

import pytest

from pipeline.errors import KnowledgeError
from pipeline.interpret import interpret_results
from pipeline.knowledge.load import load_knowledge
from pipeline.knowledge.translate import translate
from tests.rules.conftest import read_table, tables_from

LIMIT = """
[[limit]]
id = "hemoglobin.high"
analyte = "hemoglobin"
source = "convention"
wording = "above 185 g/L"
strata = [{ values = { "g/L" = 185 } }]
"""
RULE = """
[[rule]]
id = "high-hemoglobin"
title = "High hemoglobin"
all = [{ above = "hemoglobin.high" }]
"""
ANALYTE = """
[[analyte]]
id = "zinc"
title = "Zinc"
short = "Zn"
group = "vitamins"
unit = "umol/L"
units = { "umol/L" = 1 }
source = "convention"
names = ["zinc", "Zink"]
"""


@pytest.fixture
def overlay(tmp_path):
    def write(text, name="site.toml"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path

    return write


def test_one_block_each_adds_an_analyte_a_limit_and_a_rule(overlay):
    knowledge = load_knowledge(overlay(ANALYTE + LIMIT + RULE))
    assert knowledge.analytes["zinc"].units == {"umol/L": 1}
    assert knowledge.version != load_knowledge().version
    lines = read_table("""
        sex | age | hemoglobin
        F   | 40y | 185
        F   | 40y | 186
    """)
    findings = interpret_results(*tables_from(lines, knowledge), knowledge).findings
    said = findings.loc[findings["rule"].eq("high-hemoglobin"), "outcome"]
    assert list(said) == ["absent", "present"]


def test_an_overlay_replaces_only_what_it_names(overlay):
    changed = (
        LIMIT.replace("hemoglobin.high", "platelets.low")
        .replace('analyte = "hemoglobin"', 'analyte = "platelets"\nreplaces = "platelets.low"')
        .replace('"g/L" = 185', '"10*9/L" = 140')
    )
    knowledge = load_knowledge(overlay(changed))
    assert knowledge.limits["platelets.low"].strata[0].values == {"10*9/L": 140}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LIMIT.replace("wording", "wordign"), "unknown key 'wordign'; did you mean 'wording'"),
        (LIMIT.replace('"convention"', '"nobody"'), "no source named 'nobody'"),
        (LIMIT.replace('"hemoglobin"', '"hemoglobn"'), "did you mean 'hemoglobin'"),
        (LIMIT.replace('g/L" =', 'mg/dL" ='), "no accepted unit named 'mg/dL'"),
        (LIMIT.replace("strata = [{", 'strata = [{ sex = "F",'), "no stratum of sex M"),
        (LIMIT.replace("[{", "[{ years = [0, 16],"), "for the oldest"),
        (LIMIT.replace("[{", "[{ years = [1, 999],"), "do not meet at 1 year"),
        (
            LIMIT.replace(
                '[{ values = { "g/L" = 185 } }]',
                '[{ years = [0, 9], values = { "g/L" = 1 } },'
                ' { years = [8, 999], values = { "g/L" = 2 } }]',
            ),
            "do not meet",
        ),
        (LIMIT.replace('{ values = { "g/L" = 185 } }', "{ }"), "either values or no_limit"),
        (LIMIT.replace('" = 185', '" = "many"'), "valid number"),
        (LIMIT + LIMIT, "stands twice"),
        (
            LIMIT.replace("hemoglobin.high", "hemoglobin.anemia"),
            'say replaces = "hemoglobin.anemia"',
        ),
        (LIMIT + 'replaces = "hemoglobin.high"', "which is not there"),
        (RULE, "no limit named 'hemoglobin.high'"),
        (LIMIT + RULE.replace("above", "over"), "unknown key 'over'"),
        (LIMIT + RULE.replace("all =", "every ="), "one condition is needed"),
        (LIMIT + RULE + 'comment = ["nothing"]', "no comment named 'nothing'"),
        (LIMIT + RULE + 'same = "patient"', "is the only join"),
        (
            LIMIT + RULE.replace('{ above = "hemoglobin.high" }', '{ rule = "high-hemoglobin" }'),
            "refers to itself",
        ),
        (
            LIMIT + RULE + 'grades = [{ mild = { above = "hemoglobin.high" } },'
            ' { severe = { above = "hemoglobin.high" } }]',
            "deepest first",
        ),
        (ANALYTE.replace('"Zink"', '"Hb"'), "is claimed by"),
        (ANALYTE.replace('= { "umol/L" = 1 }', '= { "umol/L" = 2 }'), "must have the factor 1"),
        (ANALYTE.replace('"umol/L" = 1', '"umol/L" = 1, "parsec" = 2'), "no unit named 'parsec'"),
        ("[[limt]]\nid = 'x'", "did you mean 'limit'"),
        ("[[limit]\n", "cannot be read as TOML"),
    ],
)
def test_what_is_refused_and_how_it_is_said(overlay, text, said):
    with pytest.raises(KnowledgeError, match=said.replace("(", r"\(")):
        load_knowledge(overlay(text))


def test_no_such_profile_or_folder(tmp_path):
    with pytest.raises(KnowledgeError, match=r"there are: .*default, .*mayo"):
        load_knowledge(profile="mayor")
    with pytest.raises(KnowledgeError, match="no such knowledge folder"):
        load_knowledge(tmp_path / "nowhere")


def test_an_overlay_brings_comments_in_the_languages_it_likes(overlay):
    folder = overlay(ANALYTE + LIMIT + RULE + 'comment = ["high-red"]\n')
    comments = folder / "comments"
    comments.mkdir()
    (comments / "de.toml").write_text(
        '[[comment]]\nid = "high-red"\nclinical = "Zu hoch."\n'
        '[words.rules]\n"high-hemoglobin" = "Hohes Hämoglobin"\n',
        encoding="utf-8",
    )
    knowledge = load_knowledge(folder)
    german = translate(knowledge, "de")
    assert german.comments["high-red"].clinical == "Zu hoch."
    assert german.rules["high-hemoglobin"].title == "Hohes Hämoglobin"
    # The version is that of what was loaded, whatever language is chosen of it.
    assert german.version == knowledge.version != load_knowledge().version
    with pytest.raises(KnowledgeError, match="rule 'high-hemoglobin': no comment named"):
        translate(knowledge, "en")
    with pytest.raises(KnowledgeError, match="no comments in the language 'fr'; there are: de, en"):
        translate(knowledge, "fr")


def test_comments_of_every_language_are_part_of_the_version(overlay):
    folder = overlay("")
    (folder / "comments").mkdir()
    versions = {load_knowledge().version}
    for language in ("en", "de"):
        text = 'replaces = "transfused"\nid = "transfused"\nclinical = "Other words."\n'
        code = next(iter(load_knowledge().comments))
        text = text.replace("transfused", code)
        (folder / "comments" / f"{language}.toml").write_text(f"[[comment]]\n{text}")
        versions.add(load_knowledge(folder).version)
    assert len(versions) == 3
