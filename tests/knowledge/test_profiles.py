"""Profiles: those that ship with labflag, a site's own file, groups of rules."""

import pytest

from pipeline.errors import KnowledgeError
from pipeline.interpret import interpret_results
from pipeline.knowledge.load import load_knowledge
from tests.rules.conftest import read_table, tables_from

OWN = """\
title = "Ours"

[[limit]]
id = "platelets.low"
analyte = "platelets"
source = "convention"
wording = "<140"
strata = [
    { values = { "10*9/L" = 140 } },
]
"""
GROUP = """
rule_groups = ["ward"]

[[rule]]
id = "high-platelets"
title = "High platelets"
group = "ward"
all = [{ above = "platelets.high" }]

[[limit]]
id = "platelets.high"
analyte = "platelets"
source = "convention"
wording = ">450"
strata = [{ values = { "10*9/L" = 450 } }]
"""

VITAMIN_B12 = """
    profile    | vitamin-b12  | low     | borderline
    default    | 179.9 ng/L   | present | absent
    default    | 180 ng/L     | absent  | present
    default    | 350 ng/L     | absent  | present
    default    | 350.1 ng/L   | absent  | absent
    who-nhanes | 147.9 pmol/L | present | absent
    who-nhanes | 148 pmol/L   | absent  | present
    who-nhanes | 221 pmol/L   | absent  | present
    who-nhanes | 221.1 pmol/L | absent  | absent
    who-nhanes | 199.9 ng/L   | present | absent
    who-nhanes | 200 ng/L     | absent  | present
    who-nhanes | 300 ng/L     | absent  | present
    who-nhanes | 300.1 ng/L   | absent  | absent
    mayo       | 149.9 ng/L   | present | absent
    mayo       | 150 ng/L     | absent  | present
    mayo       | 400 ng/L     | absent  | present
    mayo       | 400.1 ng/L   | absent  | absent
    mayo       | 110 pmol/L   | present | absent
    mayo       | 111 pmol/L   | absent  | present
    labcorp    | 199.9 pg/mL  | present | absent
    labcorp    | 200 pg/mL    | absent  | present
    labcorp    | 400 pg/mL    | absent  | present
    labcorp    | 400.1 pg/mL  | absent  | absent
"""


@pytest.fixture
def own(tmp_path):
    def write(text):
        path = tmp_path / "ours.toml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def outcomes_of(line, knowledge):
    findings = interpret_results(*tables_from([line], knowledge), knowledge).findings
    return findings.set_index("rule")["outcome"]


@pytest.mark.parametrize(
    "line", read_table(VITAMIN_B12), ids=lambda line: f"{line['profile']} {line['vitamin-b12']}"
)
def test_bands_of_vitamin_b12(line):
    knowledge = load_knowledge(profile=line["profile"])
    found = outcomes_of({"age": "40y", "vitamin-b12": line["vitamin-b12"]}, knowledge)
    assert found["low-b12"] == line["low"]
    assert found["borderline-b12"] == line["borderline"]
    assert knowledge.profile.id == line["profile"]


def test_a_profile_changes_only_what_it_lists():
    default, other = load_knowledge(), load_knowledge(profile="who-nhanes")
    changed = {name for name in default.limits if default.limits[name] != other.limits[name]}
    assert changed == {"b12.deficient", "b12.unlikely"}
    assert default.rules == other.rules


def test_a_file_of_its_own(own):
    knowledge = load_knowledge(profile=own(OWN))
    assert knowledge.profile.title == "Ours"
    assert outcomes_of({"platelets": "139"}, knowledge)["low-platelets"] == "present"
    assert outcomes_of({"platelets": "140"}, knowledge)["low-platelets"] == "absent"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("wording", "wordign", r"ours.toml:7: .*unknown key 'wordign'; did you mean 'wording'"),
        ('"10*9/L" = 140', '"10*9/l" = 140', r"ours.toml:9: .*no accepted unit named '10\*9/l'"),
        ("= 140 ", '= "few" ', r"ours.toml:9: .*'values', '10\*9/L': Input should be a valid"),
        ("{ values", "{ vlaues", r"ours.toml:9: limit 'platelets.low': .*unknown key 'vlaues'"),
        ("{ values", "{ years = [1, 9], values", r"ours.toml:3: .*do not meet at 1 years"),
        ('"convention"', '"nobody"', r"ours.toml:6: .*no source named 'nobody'"),
        ("platelets.low", "platelets.lo", r"ours.toml:4: .*did you mean 'platelets.low'"),
        ("title", "titel", r"ours.toml:1: .*unknown key 'titel'; did you mean 'title'"),
        ("wording =", "wording", r"ours.toml: cannot be read as TOML: .*line 7"),
    ],
)
def test_what_is_wrong_with_a_profile_is_said_with_its_line(own, old, new, said):
    with pytest.raises(KnowledgeError, match=said):
        load_knowledge(profile=own(OWN.replace(old, new, 1)))


def test_a_group_of_rules_is_asked_only_where_it_is_switched_on(own):
    switched = load_knowledge(profile=own('title = "Ours"' + GROUP))
    assert outcomes_of({"platelets": "451"}, switched)["high-platelets"] == "present"
    text = 'title = "Ours"' + GROUP.replace('rule_groups = ["ward"]', "")
    assert "high-platelets" not in load_knowledge(profile=own(text)).rules
    assert "high-platelets" in load_knowledge(profile=own(text), groups=["ward"]).rules
    with pytest.raises(KnowledgeError, match="no group of rules named 'wrad'"):
        load_knowledge(profile=own(text), groups=["wrad"])


def test_what_stays_may_not_need_a_rule_that_goes(own):
    needs = '\n[[rule]]\nid = "other"\ntitle = "Other"\nall = [{ rule = "high-platelets" }]\n'
    text = 'title = "Ours"' + GROUP.replace('rule_groups = ["ward"]', "") + needs
    with pytest.raises(KnowledgeError, match="its group 'ward' is off"):
        load_knowledge(profile=own(text))
