"""Profiles: those that ship with labflag, a site's own file, groups of rules."""

import pytest

from pipeline.errors import KnowledgeError
from pipeline.interpret import interpret_results
from pipeline.interpret.joined_evidence import join_evidence
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
        ("{ values", "{ years = [1, 9], values", r"ours.toml:3: .*do not meet at 1 year"),
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


LAB_INTERVAL = """
    given                        | rule            | outcome       | limit
    vitamin-b12=210 ng/L [232-1245] | low-b12      | present       | 232
    vitamin-b12=232 ng/L [232-1245] | low-b12      | absent        | 232
    vitamin-b12=170 ng/L [150-900]  | low-b12      | absent        | 150
    vitamin-b12=100 ng/L         | low-b12         | indeterminate |
    vitamin-b12=500 ng/L         | low-b12         | indeterminate |
    vitamin-b12=500 ng/L [-900]  | low-b12         | indeterminate |
    vitamin-b12=<150 ng/L [232-1245] | low-b12     | present       | 232
    hemoglobin=11.9 g/dL [11.5-16] | anemia        | absent        | 11.5
    hemoglobin=11.4 g/dL [11.5-16] | anemia        | present       | 11.5
    hemoglobin=60                | anemia          | indeterminate |
    hemoglobin=140               | anemia          | indeterminate |
    mcv=99 [80-98]               | macrocytosis    | present       | 98
    mcv=98 [80-98]               | macrocytosis    | absent        | 98
    mcv=104 [80-]                | macrocytosis    | indeterminate |
    mcv=81 [82-98]               | microcytosis    | present       | 82
    mcv=90                       | macrocytosis    | indeterminate |
    platelets=139 [140-400]      | low-platelets   | present       | 140
    platelets=145 [140-400]      | low-platelets   | absent        | 140
    platelets=145                | low-platelets   | indeterminate |
    white-cells=4.2 [4.4-10.5]   | low-white-cells | present       | 4.4
    white-cells=3.6 [3.5-10.5]   | low-white-cells | absent        | 3.5
    neutrophils=1.6 [1.8-7]      | low-neutrophils | present       | 1.8
    neutrophils=1.2              | low-neutrophils | indeterminate |
    folate=8 nmol/L [8.8-]       | low-folate      | present       | 8.8
    homocysteine=13 [5-12]       | high-homocysteine | present     | 12
    active-b12=30 [37.5-188]     | low-active-b12  | present       | 37.5
"""


@pytest.mark.parametrize(
    "line", read_table(LAB_INTERVAL), ids=lambda line: f"{line['rule']} {line['given']}"
)
def test_the_interval_of_the_laboratory_decides(line):
    """Where none was printed nothing is said, however low or high the result."""
    knowledge = load_knowledge(profile="lab-interval")
    analyte, _, result = line["given"].partition("=")
    cells = {"sex": "F", "age": "40y", analyte: result}
    said = interpret_results(*tables_from([cells], knowledge), knowledge)
    found = join_evidence(said.findings, said.evidence).set_index("rule").loc[line["rule"]]
    assert (found["outcome"], found["limit"]) == (line["outcome"], line["limit"])
    if line["outcome"] == "indeterminate":
        assert found["reason"] == "missing-input"
        assert "-limit-printed" in found["comment"]


@pytest.mark.parametrize("version", ["5", "6"])
def test_the_grades_of_ctcae_come_by_name_and_change_nothing_else(version):
    default, other = load_knowledge(), load_knowledge(profile=f"ctcae-{version}")
    added = set(other.rules) - set(default.rules)
    assert added == {
        f"ctcae-{version}-{of}" for of in ("platelets", "white-cells", "neutrophils", "hemoglobin")
    }
    assert {name: other.rules[name] for name in default.rules} == dict(default.rules)
    assert default.limits.items() <= other.limits.items()


@pytest.mark.parametrize(
    ("profile", "result", "grade"),
    [
        ("ctcae-5", {"platelets": "24"}, "grade-4"),
        ("ctcae-6", {"platelets": "24"}, "grade-3"),
        ("ctcae-5", {"neutrophils": "0.4"}, "grade-4"),
        ("ctcae-6", {"neutrophils": "0.4"}, "grade-3"),
        ("ctcae-5", {"neutrophils": "1.4"}, "grade-2"),
        ("ctcae-6", {"neutrophils": "1.4"}, "grade-1"),
    ],
)
def test_the_versions_of_ctcae_differ(profile, result, grade):
    knowledge = load_knowledge(profile=profile)
    findings = interpret_results(*tables_from([result], knowledge), knowledge).findings
    rule = f"{profile}-{next(iter(result))}"
    assert findings.set_index("rule").loc[rule, "grade"] == grade
