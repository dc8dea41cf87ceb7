"""Is the specimen believable: when each artifact is raised, and what it leaves unconfirmed."""

import pytest

from pipeline.errors import KnowledgeError
from pipeline.interpret import interpret_results
from pipeline.knowledge.load import load_knowledge
from pipeline.review.case_tables import tables_of

from .conftest import read_table

KNOWLEDGE = load_knowledge()


def interpret(text):
    tables = tables_of(read_table(text), KNOWLEDGE)
    return interpret_results(
        tables.results, tables.held, KNOWLEDGE, observations=tables.observations
    )


def status_of(said, rule, accession="A000"):
    findings = said.findings
    row = findings[findings["rule"].eq(rule) & findings["accession"].eq(accession)].iloc[0]
    return row["outcome"], row["status"], row["artifact"]


COLD = """
sex | age | red-cells | hemoglobin | hematocrit | mcv  | mch  | mchc
F   | 60y | 3.53      | 13.8 g/dL  | 33.4 %     | 94.8 | 39.1 | 41.3 g/dL
M   | 60y | 3.53      | 12.8 g/dL  | 33.4 %     | 94.8 | 36.3 | 38.3 g/dL
"""


def test_the_record_of_a_cold_agglutinin():
    """One note; macrocytosis not to be relied on; anemia by hemoglobin alone, confirmed."""
    said = interpret(COLD)
    assert list(said.artifacts["artifact"]) == ["agglutination"] * 2
    assert status_of(said, "macrocytosis") == ("absent", "unconfirmed", "agglutination")
    assert status_of(said, "anemia") == ("absent", "", "")
    assert status_of(said, "anemia", "A001") == ("present", "confirmed", "")
    assert status_of(said, "macrocytic-anemia", "A001") == (
        "absent",
        "unconfirmed",
        "agglutination",
    )
    # Absent by hemoglobin alone, whatever the cells are.
    assert status_of(said, "macrocytic-anemia") == ("absent", "", "")
    evidence = said.artifact_evidence.iloc[0]
    assert (evidence["analyte"], evidence["value"], evidence["limit"]) == ("mchc", 41.3, 36.5)
    assert (evidence["rule"], evidence["side"]) == ("agglutination", "above")


@pytest.mark.parametrize(
    ("given", "rule", "answer"),
    [
        # Present because of a number that may be falsely low, absent because of one falsely high.
        ("platelets=90 platelet-clumps=yes", "low-platelets", "present unconfirmed clumps"),
        ("platelets=200 platelet-clumps=yes", "low-platelets", "absent"),
        ("white-cells=3 platelet-clumps=yes", "low-white-cells", "present confirmed"),
        ("white-cells=5 platelet-clumps=yes", "low-white-cells", "absent unconfirmed clumps"),
        ("hemoglobin=125 hemolyzed=yes", "anemia", "absent unconfirmed hemolysis"),
        ("hemoglobin=110 hemolyzed=yes", "anemia", "present confirmed"),
        ("platelets=160 hemolyzed=yes", "low-platelets", "absent unconfirmed hemolysis"),
        ("vitamin-b12=100 diluted=yes", "low-b12", "present unconfirmed dilution"),
        ("vitamin-b12=400 diluted=yes", "low-b12", "absent"),
        ("mcv=104 mchc=290", "macrocytosis", "present unconfirmed swelling"),
        ("mcv=104 agglutinated=yes", "macrocytosis", "present unconfirmed agglutination"),
        # Compound rules are as sure as what decides them.
        (
            "hemoglobin=110 mcv=104 agglutinated=yes",
            "macrocytic-anemia",
            "present unconfirmed agglutination",
        ),
        ("hemoglobin=130 mcv=104 agglutinated=yes", "macrocytic-anemia", "absent"),
        (
            "hemoglobin=110 platelets=90 white-cells=3 platelet-clumps=yes",
            "pancytopenia",
            "present unconfirmed clumps",
        ),
        # What is calculated is as doubtful as its operands.
        (
            "white-cells=4 neutrophils-percent=50 platelet-clumps=yes",
            "low-neutrophils",
            "absent unconfirmed clumps",
        ),
        ("neutrophils=2 platelet-clumps=yes", "low-neutrophils", "absent"),
        # What cannot be decided stays so.
        ("platelets=>90 platelet-clumps=yes", "low-platelets", "indeterminate"),
    ],
)
def test_what_an_artifact_leaves_unconfirmed(given, rule, answer):
    cells = {"sex": "F", "age": "40y", **dict(each.split("=", 1) for each in given.split())}
    said = interpret(f"{' | '.join(cells)}\n{' | '.join(cells.values())}")
    assert " ".join(filter(None, status_of(said, rule))) == answer


def test_absent_on_a_doubted_specimen_settles_nothing():
    said = interpret("""
        patient | sex | age | day        | white-cells | platelet-clumps
        P1      | F   | 40y | 2026-01-10 | 1.9         |
        P1      | F   | 40y | 2026-02-10 | 5           | yes
    """)
    low = said.current[said.current["rule"].eq("low-white-cells")]
    assert list(low["outcome"] + " " + low["status"]) == ["present confirmed", "absent unconfirmed"]
    assert list(said.patients["priority"]) == [2]
    assert said.patients["unconfirmed"].item() == said.current["status"].eq("unconfirmed").sum()


def test_a_patient_with_nothing_but_a_doubted_specimen_is_for_review():
    said = interpret("""
        patient | sex | age | hemoglobin | platelets | white-cells | mcv | platelet-clumps
        P1      | F   | 40y | 130        | 200       | 5           | 90  | yes
        P2      | F   | 40y | 130        | 200       | 5           | 90  |
    """)
    assert dict(zip(said.patients["patient_id"], said.patients["priority"], strict=True)) == {
        "P1": 4,
        "P2": 6,
    }


def test_a_joined_result_keeps_its_doubt(tmp_path):
    (tmp_path / "site.toml").write_text(
        '[[rule]]\nid = "asked"\ntitle = "Asked"\n'
        'all = [{ joined = { below = "platelets.low" } }, { below = "b12.deficient" }]',
        encoding="utf-8",
    )
    tables = tables_of(
        read_table("""
            patient | day        | age | platelets | vitamin-b12 | platelet-clumps
            P1      | 2026-01-10 | 40y | 90        |             | yes
            P1      | 2026-01-11 | 40y |           | 150         |
        """),
        KNOWLEDGE,
    )
    said = interpret_results(
        tables.results,
        tables.held,
        load_knowledge(tmp_path),
        observations=tables.observations,
    )
    assert status_of(said, "asked", "A001") == ("present", "unconfirmed", "")


ARTIFACT = """
[[artifact]]
id = "made-up"
title = "Made up"
any = [{ observed = "diluted" }]
touches = [{ analyte = "any", wrongly = "low" }]
source = "convention"
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("diluted", "dilute", "did you mean 'diluted'"),
        ('observed = "diluted"', 'rule = "anemia"', "before any rule"),
        ('analyte = "any"', 'analyte = "mvc"', "did you mean 'mcv'"),
        ('"low"', '"lower"', "wrongly"),
        ('touches = [{ analyte = "any", wrongly = "low" }]', "touches = []", "touches nothing"),
        ('{ observed = "diluted" }', '{ formula = "ratio", of = ["mcv"] }', "analyte, analyte"),
        (
            '{ observed = "diluted" }',
            '{ formula = "ratio", of = ["mcv", "mch"] }',
            "less_than or more_than",
        ),
        ('source = "convention"', 'source = "nobody"', "no source"),
    ],
)
def test_artifacts_that_are_refused(tmp_path, old, new, said):
    (tmp_path / "site.toml").write_text(ARTIFACT.replace(old, new), encoding="utf-8")
    with pytest.raises(KnowledgeError, match=said):
        load_knowledge(tmp_path)
