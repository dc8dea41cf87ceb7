"""Every rule has a boundary table: what must be in it is worked out from the rule, see `wanted`."""

from dataclasses import replace

import pytest

from pipeline.review.cases import CaseFile, read_lines
from pipeline.review.trial import applying_cases

from .wanted import doubtful_outcomes, lacking

KNOWLEDGE, CASES = applying_cases()
# What is telephoned because another rule finds it has the boundaries of that rule, in its table.
REPEATED = ("critical-film", "critical-hemolysis", "critical-laboratory-flag")
RULES = [
    rule
    for rule in (*KNOWLEDGE.shown_rules(), *KNOWLEDGE.shadow_rules())
    if rule.id not in REPEATED
]

NEVER = {
    # A figure that is certainly higher than the range is certainly not low.
    "b12-not-placeable": {"at_or_below b12.unlikely: no while every other part is yes"},
    # What is certainly not borderline lies certainly on one side of the range.
    "b12-functional-support": {
        "all (above b12.unlikely, any (macro-ovalocytes, hypersegmented-neutrophils, "
        "neurological-symptoms, nitrous-oxide)): open while every other part is no"
    },
    # Without a start nothing is asked.
    "b12-response": {"b12-started: open while every other part is yes"},
    "b12-early-rise": {"b12-started: open"},
    # Asked only of a low vitamin B12; a baseline is believed; a response leaves none unseen.
    "b12-treated": {
        *(
            f"artifact {name}: present, unconfirmed"
            for name in (
                "agglutination",
                "clotted",
                "hemolysis",
                "icterus",
                "index-mismatch",
                "lipemia",
                "many-white-cells",
                "old-specimen",
                "second-hemoglobin",
                "second-platelets",
                "hemoglobin-doubted",
                "platelets-doubted",
                "red-cells-doubted",
                "white-cells-doubted",
                "swelling",
            )
        ),
        *(
            f"artifact {name}: absent, unconfirmed"
            for name in (
                "agglutination",
                "clotted",
                "clumps",
                "delta-count",
                "delta-mcv",
                "dilution",
                "hemolysis",
                "icterus",
                "identity-queried",
                "index-mismatch",
                "lipemia",
                "many-white-cells",
                "old-specimen",
                "second-hemoglobin",
                "second-platelets",
                "hemoglobin-doubted",
                "platelets-doubted",
                "red-cells-doubted",
                "white-cells-doubted",
                "swelling",
                "under-filled",
                "unsuitable",
                "white-cell-clumps",
            )
        ),
        "borderline-b12: open while every other part is no",
        "low-b12: open while every other part is no",
        "low-b12: open while every other part is yes",
        "not stands: no while every other part is yes",
    },
    # Fragments are urgent only where they were seen; clumps, and a count that is held, make them so whatever the number.
    "film-urgent": {
        "schistocytes: no while every other part is yes",
        "artifact clumps: present, unconfirmed",
        "artifact second-platelets: absent, unconfirmed",
        "artifact second-platelets: present, unconfirmed",
    },
    # Where a flag is there, something is.
    "critical-flag": {
        "any (reported, critical-flag): no while every other part is yes",
        "any (reported, critical-flag): open while every other part is yes",
    },
    "film-fragments": {
        "artifact clumps: absent, unconfirmed",
        "artifact second-platelets: absent, unconfirmed",
        "artifact second-platelets: present, unconfirmed",
    },
}
"""Rule → lines that cannot be written, for the reason given."""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_table_of_a_rule_has_every_line_that_it_must_have(rule):
    assert set(lacking(rule, CASES[rule.id], KNOWLEDGE)) == NEVER.get(rule.id, set())


def lacking_of(rule, text):
    file = CaseFile(rule=rule.id, name="table", lines=read_lines(text, "table"))
    return set(lacking(rule, file, KNOWLEDGE))


PLATELETS = replace(KNOWLEDGE.rules["low-platelets"], grades=())
WHOLE = """
sex | age | platelets    | platelet-clumps | hemolyzed | diluted | hemoglobin | outcome       | status
F   | 0d  | 149          |                 |           |         |            | present       |
M   | 90y | 150          |                 |           |         |            | absent        |
F   | 40y | 151          |                 |           |         |            | absent        |
F   | 40y | 150000 /uL   |                 |           |         |            | absent        |
F   | 40y |              |                 |           |         | 140        | not-tested    |
F   | 40y | held         |                 |           |         |            | indeterminate |
F   | 40y | <150         |                 |           |         |            | present       |
F   | 40y | <151         |                 |           |         |            | indeterminate |
F   | 40y | >149         |                 |           |         |            | indeterminate |
F   | 40y | >150         |                 |           |         |            | absent        |
F   | 40y | 100          | yes             |           |         |            | present       | unconfirmed
F   | 40y | 200          |                 | yes       |         |            | absent        | unconfirmed
F   | 40y | 100          |                 |           | yes     |            | present       | unconfirmed
"""
EITHER_WAY = ("unsuitable", "identity-queried", "second-platelets", "platelets-doubted")
MOVED = {
    f"artifact {artifact}: {outcome}, unconfirmed"
    for artifact in ("delta-mcv", "delta-count", *EITHER_WAY)
    for outcome in ("present", "absent")
} | {f"artifact {artifact}: present, unconfirmed" for artifact in ("clotted", "under-filled")}
"""Doubts that a table of its own holds."""


@pytest.mark.parametrize(
    ("left_out", "said"),
    [
        ("", set()),
        ("F   | 0d ", {"below 150 10*9/L", "first day, 0 days"}),
        ("M   | 90y", {"on 150 10*9/L", "old age", "with sex M"}),
        ("F   | 40y | 151 ", {"above 150 10*9/L"}),
        ("F   | 40y | 150000", {"in a second unit"}),
        ("F   | 40y |      ", {"missing while"}),
        ("F   | 40y | held ", {"platelets: held"}),
        ("F   | 40y | <150 ", {"upper within"}),
        ("F   | 40y | <151 ", {"upper across"}),
        ("F   | 40y | >149 ", {"lower across"}),
        ("F   | 40y | >150 ", {"lower within"}),
        ("F   | 40y | 100          | yes", {"clumps: present"}),
        ("F   | 40y | 200 ", {"hemolysis: absent"}),
    ],
)
def test_a_line_that_is_left_out_is_named(left_out, said):
    lines = [line for line in WHOLE.splitlines() if not (left_out and line.startswith(left_out))]
    found = lacking_of(PLATELETS, "\n".join(lines).strip()) - MOVED
    assert len(found) == len(said)
    assert all(any(part in each for each in found) for part in said)


def test_parts_of_a_compound_rule_are_wanted_alone():
    rule = KNOWLEDGE.rules["pancytopenia"]
    found = lacking_of(
        rule,
        """sex | age | hemoglobin | platelets | white-cells | outcome
        F | 40y | 119 | 149 | 3.9 | present
        F | 40y | 119 | 149 | 5 | absent
        F | 40y | 119 | 200 | 5 | absent""",
    )
    assert "white-line: no while every other part is yes" not in found
    assert "white-line: open while every other part is yes" in found
    assert "low-platelets: no while every other part is yes" in found


def test_remarks_are_wanted_with_and_without():
    found = lacking_of(
        KNOWLEDGE.rules["macrocytosis-with-cytopenia"], "age | mcv | outcome\n40y | 110 | absent"
    )
    assert {"remark persistent: present with it", "remark persistent: present without it"} <= found


@pytest.mark.parametrize(
    ("rule", "artifact", "outcomes"),
    [
        ("low-platelets", "clumps", {"present"}),
        ("low-platelets", "hemolysis", {"absent"}),
        ("low-platelets", "lipemia", set()),
        ("anemia", "agglutination", set()),
        ("anemia", "delta-mcv", {"present", "absent"}),
        ("macrocytosis", "swelling", {"present"}),
        ("low-b12-normal-count", "hemolysis", {"present"}),
        ("bicytopenia", "clumps", {"present", "absent"}),
    ],
)
def test_what_an_artifact_may_make_wrong(rule, artifact, outcomes):
    found = doubtful_outcomes(KNOWLEDGE.rules[rule], KNOWLEDGE.artifacts[artifact], KNOWLEDGE)
    assert found == outcomes


@pytest.mark.parametrize("artifact", KNOWLEDGE.artifacts)
def test_every_artifact_is_raised_by_a_case_and_not_by_another(artifact):
    answers = [line.cells["artifacts"].split("; ") for line in CASES["artifacts"].lines]
    assert any(artifact in raised for raised in answers)
    assert any(artifact not in raised for raised in answers)
