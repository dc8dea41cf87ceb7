"""From answers to findings: what each row says, what it rests on, and which specimens are doubted."""

from dataclasses import replace

import pandas as pd
import pytest

from pipeline.interpret import interpret_results
from pipeline.interpret.joined_evidence import join_evidence, write_evidence
from pipeline.knowledge.conditions import Change, Compare, Formula, Group, Joined, Observed, RuleIs
from pipeline.knowledge.load import load_knowledge
from pipeline.knowledge.model import AffectedAnalyte, Artifact, GradeStep, Rule, RuleRemark
from pipeline.review.case_tables import tables_of
from pipeline.review.cases import read_lines
from schemas import Findings, Results
from schemas.vocabulary import Grade

WHOLE = load_knowledge()


def below(limit):
    return Compare(direction="below", limit=limit)


def above(limit):
    return Compare(direction="above", limit=limit)


def both(*members, kind="all"):
    return Group(kind=kind, members=members)


def rule(name, when, **rest):
    return Rule(id=name, title=name, when=when, **rest)


def knowledge(*rules, artifacts=(), **changed):
    return replace(
        WHOLE,
        **{
            "rules": {each.id: each for each in rules},
            "artifacts": {each.id: each for each in artifacts},
            "priorities": (),
            **changed,
        },
    )


def artifact(name, observation, *touches, when=None):
    return Artifact(
        id=name, title=name, when=when or Observed(observation=observation), source="made",
        touches=tuple(AffectedAnalyte(analyte=analyte, wrongly=way) for analyte, way in touches),
        comment=(f"{name}-one", f"{name}-two"),
    )  # fmt: skip


def tables(text, knowledge_=WHOLE):
    return tables_of([dict(line.cells) for line in read_lines(text, "t")], knowledge_)


def interpret(text, known):
    made = tables(text)
    return interpret_results(made.results, made.held, known, observations=made.observations)


def with_evidence(said):
    return join_evidence(said.findings, said.evidence)


def told(table, *columns):
    return [
        " | ".join("-" if pd.isna(cell) or cell == "" else str(cell) for cell in row)
        for row in table[list(columns)].itertuples(index=False)
    ]


LOW = rule(
    "low",
    below("platelets.low"),
    grades=(
        GradeStep(grade=Grade.SEVERE, when=below("platelets.severe")),
        GradeStep(grade=Grade.MODERATE, when=below("platelets.moderate")),
    ),
    comment=("is-low", "look-at-it"),
    remarks=(
        RuleRemark(comment="while-pregnant", when=Observed(observation="pregnant")),
        RuleRemark(comment="or-so", when=Observed(observation="metformin")),
        RuleRemark(comment="or-so", when=Observed(observation="diluted")),
    ),
)
PAIR = rule("pair", both(below("platelets.low"), above("mcv.large-adult")))
PLAIN = rule("plain", above("mcv.large-adult"))


def test_what_each_row_says():
    said = interpret(
        """
        sex | age | platelets | mcv
        F   | 40y | 100       | 105
        F   | 40y | 200       | 105
        F   | 40y | 100       |
        F   | 40y | 49        | held
        F   | 40y | <60       | 90
        F   | 40y | <200      | 90
        F   | 40y | 120       | 90
        F   |     | 100       | 105
        F   | 40y |           | 90
        """,
        knowledge(LOW, PAIR),
    )
    columns = ("accession", "rule", "outcome", "reason", "grade", "status", "comment")
    yes = "is-low; look-at-it"
    assert told(said.findings, *columns) == [
        f"A000 | low | present | - | - | confirmed | {yes}",
        "A000 | pair | present | - | - | confirmed | -",
        "A001 | low | absent | - | - | - | -",
        "A001 | pair | absent | - | - | - | -",
        f"A002 | low | present | - | - | confirmed | {yes}",
        "A002 | pair | indeterminate | missing-input | - | - | -",
        f"A003 | low | present | - | severe | confirmed | {yes}",
        "A003 | pair | indeterminate | held | - | - | -",
        f"A004 | low | present | - | - | confirmed | {yes}",
        "A004 | pair | absent | - | - | - | -",
        "A005 | low | indeterminate | censored | - | - | -",
        "A005 | pair | absent | - | - | - | -",
        f"A006 | low | present | - | - | confirmed | {yes}",
        "A006 | pair | absent | - | - | - | -",
        f"A007 | low | present | - | - | confirmed | {yes}",
        "A007 | pair | indeterminate | age-unknown | - | - | -",
        "A008 | low | not-tested | - | - | - | -",
        "A008 | pair | absent | - | - | - | -",
    ]


def test_grades():
    said = interpret(
        "platelets\n120\n100\n99\n50\n49\n<50\n<51\n150", knowledge(LOW, PLAIN)
    ).findings
    assert told(said[said["rule"].eq("low")], "grade") == [
        "-", "-", "moderate", "moderate", "severe", "severe", "-", "-",
    ]  # fmt: skip
    assert set(said.loc[said["rule"].eq("plain"), "grade"]) == {""}


def test_comments_and_remarks():
    """A remark stands only where the rule is present; two that say the same, once."""
    said = interpret(
        """
        platelets | pregnant | metformin | diluted
        100       | yes      |           |
        100       |          | yes       |
        100       |          | yes       | yes
        100       | yes      |           | yes
        100       | no       | no        | no
        200       | yes      | yes       | yes
        <200      | yes      | yes       | yes
        """,
        knowledge(LOW),
    )
    yes = "is-low; look-at-it"
    assert told(said.findings, "comment") == [
        f"{yes}; while-pregnant",
        f"{yes}; or-so",
        f"{yes}; or-so",
        f"{yes}; while-pregnant; or-so",
        yes,
        "-",
        "-",
    ]


def test_comments_of_limits():
    """That an age was assumed is told with each answer; what a laboratory did not print, also before."""
    own = replace(
        WHOLE.limits["platelets.low"], strata=(), from_interval="low", no_interval_comment="ask"
    )
    made = knowledge(
        rule("large", above("mcv.large-adult")), rule("own", below("platelets.low")),
        rule("one", Group(kind="any", members=(below("platelets.low"), above("mcv.large-adult")))),
        limits={**WHOLE.limits, own.id: own},
    )  # fmt: skip
    said = interpret(
        """
        age | population | mcv  | platelets
            | adult      | 105  |
            | adult      | 90   |
            | adult      | held |
            | adult      | <105 |
        40y |            |      | 100
        40y |            |      | 100 10*9/L [150-400]
        40y |            |      |
        40y |            | 105  | 100
        """,
        made,
    )
    of = said.findings.set_index(["rule", "accession"])["comment"]
    assert list(of["large"].iloc[:4]) == ["adults-assumed", "adults-assumed", "", ""]
    assert list(of["own"].iloc[4:]) == ["ask", "", "ask"]
    assert of["one"].iloc[-1] == "ask"


def test_findings_of_doubted_specimens():
    """Only artifacts that touch what the answer rests on are named, operands included."""
    clumps = artifact("clumps", "platelet-clumps", ("platelets", "low"))
    dilute = artifact("dilute", "diluted", ("any", "either"))
    lysis = artifact("lysis", "hemolyzed", ("platelets", "high"))
    white = artifact("white", "lipemic", ("white-cells", "low"), ("mcv", "low"))
    few = rule("few", below("neutrophils.copper"))
    fewer = artifact("fewer", "icteric", ("neutrophils", "low"))
    said = interpret(
        """
        age | platelets | mcv | white-cells | neutrophils-percent | neutrophils | platelet-clumps | diluted | hemolyzed | lipemic | icteric
        40y | 100       | 105 |             |                     |             | yes             |         |           | |
        40y | 200       | 105 |             |                     |             | yes             |         |           | |
        40y | 200       | 105 |             |                     |             |                 |         | yes       | |
        40y | 100       | 105 |             |                     |             | yes             | yes     |           | |
        40y | 100       | 90  |             |                     |             |                 |         |           | yes |
        40y |           |     | 4           | 30                  |             |                 |         |           | yes |
        40y |           |     |             |                     | 1           |                 |         |           | yes |
        40y | <200      |     |             |                     |             | yes             |         |           | |
        40y | 100       |     | 4           |                     |             | yes             |         |           | yes     |
        40y |           |     | 4           | 30                  |             |                 |         |           |         | yes
        """,
        knowledge(LOW, PLAIN, few, artifacts=(clumps, dilute, lysis, white, fewer)),
    ).findings
    said = said[said["outcome"].ne("not-tested")]
    assert told(said, "accession", "rule", "outcome", "status", "artifact") == [
        "A000 | low | present | unconfirmed | clumps",
        "A000 | plain | present | confirmed | -",
        "A001 | low | absent | - | -",
        "A001 | plain | present | confirmed | -",
        "A002 | low | absent | unconfirmed | lysis",
        "A002 | plain | present | confirmed | -",
        "A003 | low | present | unconfirmed | clumps; dilute",
        "A003 | plain | present | unconfirmed | dilute",
        "A004 | low | present | confirmed | -",
        "A004 | plain | absent | unconfirmed | white",
        "A005 | few | present | unconfirmed | white",
        "A006 | few | present | confirmed | -",
        "A007 | low | indeterminate | - | -",
        "A008 | low | present | unconfirmed | clumps",
        "A009 | few | present | unconfirmed | fewer",
    ]


EVIDENCE = ("analyte", "comparator", "value", "unit", "limit", "limit_unit")


@pytest.mark.parametrize(
    ("when", "text", "evidence"),
    [
        (
            below("platelets.low"),
            "platelets\n<100000 /uL\nheld",
            ["platelets | < | 100000 | /uL | 150000 | /uL", "platelets | - | - | - | - | -"],
        ),
        # Two limits of one result stand together; each once.
        (
            both(below("platelets.low"), below("platelets.severe"), below("platelets.low")),
            "platelets\n40",
            ["platelets | - | 40 | 10*9/L | 150; 50 | 10*9/L"],
        ),
        (
            both(below("platelets.low"), above("mcv.large-adult")),
            "age | platelets | mcv\n40y | 40 | 105.5\n40y | | 105\n40y | 40 |",
            [
                "platelets; mcv | ;  | 40; 105.5 | 10*9/L; fL | 150; 100 | 10*9/L; fL",
                "mcv | - | 105 | fL | 100 | fL",
                "platelets | - | 40 | 10*9/L | 150 | 10*9/L",
            ],
        ),
        # Where several limits are possible, there is no one number.
        (
            both(below("hemoglobin.anemia"), below("platelets.low")),
            "sex | age | hemoglobin | platelets\n? | 40y | 125 | 40",
            ["hemoglobin; platelets | ;  | 125; 40 | g/L; 10*9/L | ; 150 | ; 10*9/L"],
        ),
        # What was said: a number, a date, else yes or no.
        (
            both(
                Observed(observation="diluted"), Observed(observation="elevation-m"),
                Observed(observation="b12-started"), kind="any",
            ),
            "diluted | elevation-m | b12-started\nyes | 1200 | 2026-01-05\nno | no | no",
            [
                "diluted; elevation-m; b12-started | ; ;  | yes; 1200; 2026-01-05 | ; ;  | ; ;  | ; ; ",
                "diluted; elevation-m; b12-started | ; ;  | no; no; no | ; ;  | ; ;  | ; ; ",
            ],
        ),
        (
            Formula(shape="ratio", of=("hemoglobin", "red-cells"), more_than=1),
            "hemoglobin | red-cells\n120 | 4",
            ["hemoglobin; red-cells | ;  | 120; 4 | g/L; 10*12/L | ;  | ; "],
        ),
    ],
)  # fmt: skip
def test_what_a_finding_rests_on(when, text, evidence):
    said = interpret(text, knowledge(rule("r", when)))
    assert told(with_evidence(said), *EVIDENCE) == evidence


def test_where_it_comes_from():
    """A result that was joined stands once, also where the nearest one is its own."""
    joined = Joined(condition=below("platelets.low"))
    moved = Change(
        analyte="mcv", direction="either", within_days=14, since="", not_across=(),
        at_least=(("fL", 1),),
    )  # fmt: skip
    when = both(above("mcv.large-adult"), below("platelets.low"), joined, moved, kind="any")
    said = interpret(
        """
        patient | accession | day              | age | mcv  | platelets | diluted
        P1      | A         | 2026-01-01       | 40y | 105  | 100       |
        P1      | B         | 2026-01-03 07:30 | 40y | 105  |           |
        P1      | C         | 2026-02-20       | 40y | held |           |
        P2      | D         |                  | 40y | 105  |           |
        """,
        knowledge(rule("r", when)),
    )
    said = with_evidence(said)
    columns = ("accession", "analyte", "value", "from_accession", "from_date", "source_row")
    assert told(said, *columns) == [
        "A | mcv; platelets | 105; 100 | A; A | 2026-01-01; 2026-01-01 | 2; 2",
        "B | mcv; mcv; platelets | 105; 105; 100 | B; A; A | 2026-01-03; 2026-01-01; 2026-01-01 | 3; 2; 2",
        "C | mcv | - | C | 2026-02-20 | 4",
        "D | mcv | 105 | D | - | 5",
    ]
    files = ("source_file", "source_sheet")
    assert told(said, *files)[0] == "table.csv; table.csv | ; "


def test_one_accession_after_the_other_and_the_rules_in_their_order():
    text = """
        patient | accession | day        | platelets | mcv
        P2      | A         | 2026-01-05 | 100       | 90
        P1      | B         | 2026-01-09 | 100       | 90
        P1      | C         |            | 100       | 90
    """
    said = interpret(text, knowledge(LOW, PAIR, PLAIN))
    assert told(said.findings, "patient_id", "accession", "rule") == [
        f"{place} | {name}"
        for place in ("P1 | B", "P1 | C", "P2 | A")
        for name in ("low", "pair", "plain")
    ]
    assert list(said.findings.columns) == list(Findings.column_types())
    columns = ("collected_at", "collected_precision", "profile", "knowledge_version")
    known = f"default | {WHOLE.version}"
    assert told(said.findings, *columns)[::3] == [
        f"2026-01-09 00:00:00 | date | {known}", f"- | - | {known}",
        f"2026-01-05 00:00:00 | date | {known}",
    ]  # fmt: skip
    assert list(said.findings.index) == list(range(9))
    assert interpret(text, knowledge()).findings.empty
    assert list(interpret(text, knowledge()).findings.columns) == list(Findings.column_types())


def test_rules_that_are_tried_out_stand_apart():
    hidden, shadow = replace(PLAIN, shown=False), replace(LOW, shadow=True)
    said = interpret("platelets | mcv\n100 | 90", knowledge(hidden, shadow, PAIR))
    assert told(said.findings, "rule") == ["pair"]
    assert told(said.shadow, "rule", "outcome") == ["low | present"]
    assert set(said.current["rule"]) <= {"pair"}


def test_results_with_those_calculated_and_without_mere_bounds():
    said = interpret("white-cells | neutrophils-percent\n4 | 30\n5 |", knowledge(LOW))
    assert told(said.results, "accession", "analyte", "derived") == [
        "A000 | white-cells | -",
        "A000 | neutrophils-percent | -",
        "A001 | white-cells | -",
        "A000 | neutrophils | neutrophils-calculated",
    ]


def test_everyone_who_was_seen():
    made = tables("patient | platelets\nP1 | 100\nP2 | 100")
    of_one = made.results[made.results["patient_id"].eq("P1")]
    seen = Results.validate(made.results.drop(columns="derived"))
    known = knowledge(LOW)
    everyone = interpret_results(of_one, made.held, known, seen).patients
    assert sorted(everyone["patient_id"]) == ["P1", "P2"]
    assert list(interpret_results(of_one, made.held, known).patients["patient_id"]) == ["P1"]


def test_artifacts_are_listed_with_what_they_rest_on():
    """Of alternatives only those that hold; in the order of specimens, then of the knowledge."""
    either = both(above("mcv.large-adult"), Observed(observation="lipemic"), kind="any")
    two = artifact("two", "", ("mcv", "high"), when=either)
    one = artifact("one", "diluted", ("any", "low"))
    none = artifact("none", "icteric", ("any", "low"))
    said = interpret(
        """
        patient | accession | day        | age | mcv   | lipemic | diluted
        P2      | A         | 2026-01-05 | 40y | 105.5 |         |
        P1      | B         | 2026-01-09 | 40y | 90    | yes     | yes
        P1      | C         |            | 40y | 90    | no      | no
        P1      | D         | 2026-01-10 | 40y | 105   | yes     |
        """,
        knowledge(rule("r", RuleIs(rule="s")), rule("s", above("mcv.large-adult")),
                  artifacts=(two, none, one)),
    )  # fmt: skip
    evidence = said.artifact_evidence.assign(**write_evidence(said.artifact_evidence))
    columns = ("patient_id", "accession", "rule", "analyte", "value", "limit", "source_row")
    assert told(evidence, *columns) == [
        "P1 | B | two | lipemic | yes | - | 3",
        "P1 | B | one | diluted | yes | - | 3",
        "P1 | D | two | mcv | 105 | 100 | 5",
        "P1 | D | two | lipemic | yes | - | 5",
        "P2 | A | two | mcv | 105.5 | 100 | 2",
    ]
    said = said.artifacts
    assert told(said, "patient_id", "accession", "artifact") == [
        "P1 | B | two", "P1 | B | one", "P1 | D | two", "P2 | A | two",
    ]  # fmt: skip
    rest = ("collected_at", "collected_precision", "comment", "source", "profile")
    assert told(said, *rest)[0] == "2026-01-09 00:00:00 | date | two-one; two-two | made | default"
    assert set(said["knowledge_version"]) == {WHOLE.version}
    assert list(said.index) == list(range(4))


def test_many_artifacts_of_many_specimens_keep_their_order():
    made = [artifact(name, "diluted", ("mcv", "low")) for name in "cab"]
    text = "diluted\n" + "\n".join(["yes"] * 60)
    said = interpret(text, knowledge(LOW, artifacts=made)).artifacts
    assert told(said, "accession", "artifact") == [
        f"A{number:03} | {name}" for number in range(60) for name in "cab"
    ]
