"""A shadow rule is evaluated and counted, and appears nowhere that a reader looks."""

import json
import zipfile

import pytest

from pipeline.errors import KnowledgeError
from pipeline.knowledge.load import load_knowledge
from tests.cli.conftest import ROOT

SHADOW = """
[[rule]]
id = "tried-out"
title = "Something tried out"
shadow = true
all = [{ below = "platelets.low" }]
grades = [{ severe = { below = "platelets.severe" } }]
comment = ["tried-out-says"]
suggest = ["a test that is tried out"]
"""
COMMENT = """
[[comment]]
id = "tried-out-says"
clinical = "A sentence that is tried out."
"""
WORDS = (b"tried-out", b"tried out")


@pytest.fixture
def site(tmp_path):
    folder = tmp_path / "site"
    (folder / "comments").mkdir(parents=True)
    (folder / "rules.toml").write_text(SHADOW, encoding="utf-8")
    (folder / "comments/en.toml").write_text(COMMENT, encoding="utf-8")
    return folder


def contents_of(path):
    if path.suffix != ".xlsx":
        return [path.read_bytes()]
    with zipfile.ZipFile(path) as package:
        return [package.read(name) for name in package.namelist()]


def test_no_output_for_readers_knows_of_it(labflag, site, tmp_path):
    samples = ROOT / "sample_data"
    plain = labflag("run", samples, "-o", "plain", "--all-outcomes")
    shadowed = labflag("run", samples, "-o", "out", "--all-outcomes", "--knowledge", site)
    assert shadowed.returncode == plain.returncode
    assert not any(word.decode() in shadowed.stdout + shadowed.stderr for word in WORDS)
    written = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert len(written) > 20
    knowing = {
        path.name for path in written for part in contents_of(path) if any(w in part for w in WORDS)
    }
    assert knowing == {"manifest.json"}
    manifest = json.loads((tmp_path / "out/manifest.json").read_text(encoding="utf-8"))
    assert manifest["shadow"] == {"tried-out": manifest["findings"]["low-platelets"]}
    assert manifest["shadow"]["tried-out"]["present"] > 0
    before = json.loads((tmp_path / "plain/manifest.json").read_text(encoding="utf-8"))
    assert before["shadow"] == {}
    assert manifest["findings"] == before["findings"]
    assert manifest["patients"] == before["patients"]


def test_the_list_of_rules_marks_it_and_its_cases_are_tried(labflag, site):
    listed = labflag("rules", "list", "--knowledge", site).stdout
    assert "(shadow) PLT below platelets.low" in listed
    assert listed.count("(shadow)") == 1
    assert "never shown" in labflag("rules", "show", "tried-out", "--knowledge", site).stdout
    (site / "cases").mkdir()
    case = "platelets | outcome | grade  | comment\n49 | present | severe | tried-out-says\n"
    (site / "cases/tried-out.txt").write_text(case, encoding="utf-8")
    assert "tried-out" in labflag("rules", "test", "--knowledge", site).stdout
    wrong = case.replace("severe", "mild  ")
    (site / "cases/tried-out.txt").write_text(wrong, encoding="utf-8")
    assert labflag("rules", "test", "--knowledge", site).returncode == 1


USES = {
    "rule": '[[rule]]\nid = "seen"\ntitle = "Seen"\nall = [{ rule = "tried-out" }]',
    "grade": '[[rule]]\nid = "seen"\ntitle = "Seen"\nall = [{ below = "platelets.low" }]\n'
    'grades = [{ mild = { rule = "tried-out" } }]',
    "hidden": '[[rule]]\nid = "seen"\ntitle = "Seen"\nshown = false\nall = [{ rule = "tried-out" }]',
    "priority": '[[priority]]\nrank = 4\nreplaces = 4\ntitle = "Review"\n'
    'any = [{ any = [{ rule = "tried-out" }, { rule = "anemia" }] }]',
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_nothing_that_is_shown_may_rest_on_it(site, use):
    (site / "more.toml").write_text(use, encoding="utf-8")
    with pytest.raises(KnowledgeError, match="'tried-out' is a shadow rule"):
        load_knowledge(site)


def test_a_rule_is_hidden_or_in_shadow_but_not_both(site):
    both = SHADOW.replace("shadow = true", "shadow = true\nshown = false")
    (site / "rules.toml").write_text(both, encoding="utf-8")
    with pytest.raises(KnowledgeError, match="either shadow = true or shown = false"):
        load_knowledge(site)
