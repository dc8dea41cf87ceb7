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


def raised(text):
    """Artifacts of each line, joined."""
    artifacts = interpret(text).artifacts
    by_accession = artifacts.groupby("accession")["artifact"].agg("; ".join)
    return [by_accession.get(f"A{number:03}", "") for number in range(len(read_table(text)))]


def check(text):
    """Compare the artifacts of each line with its column `raised`."""
    assert raised(text) == [line["raised"] for line in read_table(text)]


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
    evidence = said.artifacts.iloc[0]
    assert (evidence["analyte"], evidence["value"], evidence["limit"]) == ("mchc", "41.3", "36.5")


def test_agglutination_by_the_rule_of_three_only_without_mchc():
    check("""
        hemoglobin | hematocrit | mchc      | raised
        13.8 g/dL  | 38.3 %     |           | agglutination
        13.8 g/dL  | 38.4 %     |           |
        13.8 g/dL  | 38.3 %     | 36.0 g/dL |
                   |            | 36.5 g/dL |
                   |            | 36.6 g/dL | agglutination
                   |            | <37 g/dL  |
    """)


def test_swelling():
    check("""
        mcv   | mchc      | hemoglobin | hematocrit | raised
        100.1 | 29.9 g/dL |            |            | swelling
        100   | 29.9 g/dL |            |            |
        100.1 | 30 g/dL   |            |            |
        104   |           | 10 g/dL    | 33.1 %     | swelling
        104   |           | 10 g/dL    | 33 %       |
        99    |           | 10 g/dL    | 33.1 %     |
        104   | 31 g/dL   | 10 g/dL    | 33.1 %     |
    """)


def test_indices_that_do_not_fit_together():
    check("""
        hemoglobin | hematocrit | red-cells | mcv | mch  | mchc | raised
        120        | 0.36       | 4         | 93  |      |      |
        120        | 0.36       | 4         | 93.1 |     |      | index-mismatch
        120        | 0.36       | 4         | 87  |      |      |
        120        | 0.36       | 4         | 86.9 |     |      | index-mismatch
        120        |            | 4         |     | 31   |      |
        120        |            | 4         |     | 31.1 |      | index-mismatch
        120        | 0.36       |           |     |      | 318  | index-mismatch
        120        | 0.36       |           |     |      | 319  |
        120        | <0.36      | 4         | 99  |      |      |
        120        | 0.36       |           | 99  |      |      |
    """)


def test_what_was_said_of_the_specimen():
    check("""
        platelets | platelet-clumps | hemolyzed | lipemic | icteric | diluted | agglutinated | raised
        90        | yes             |           |         |         |         |              | clumps
        90        | no              |           |         |         |         |              |
        90        |                 | yes       |         |         |         |              | hemolysis
        90        |                 |           | yes     |         |         |              | lipemia
        90        |                 |           |         | yes     |         |              | icterus
        90        |                 |           |         |         | yes     |              | dilution
        90        |                 |           |         |         |         | yes          | agglutination
    """)


def test_turbid_plasma_by_the_indices_alone_needs_enough_red_cells():
    check("""
        mch  | mchc      | mcv | red-cells | raised
        34.1 | 36.6 g/dL | 95  | 3.8       | agglutination; lipemia
        34.1 | 36.6 g/dL | 95  | 3.79      | agglutination
        34   | 36.6 g/dL | 95  | 3.8       | agglutination
        34.1 | 36.6 g/dL | 101 | 3.8       | agglutination
        34.1 | 36.6 g/dL |     | 3.8       | agglutination
    """)


def test_interference():
    check("""
        white-cells | bilirubin  | raised
        50          |            |
        50.1        |            | many-white-cells
                    | 24.9 mg/dL |
                    | 25 mg/dL   | icterus
    """)


def test_dilution_is_all_lines_down_within_a_week():
    check("""
        patient | day        | hemoglobin | platelets | white-cells | raised
        P1      | 2026-01-01 | 140        | 200       | 8           |
        P1      | 2026-01-08 | 97         | 139       | 5.5         | dilution
        P2      | 2026-01-01 | 140        | 200       | 8           |
        P2      | 2026-01-09 | 97         | 139       | 5.5         |
        P3      | 2026-01-01 | 140        | 200       | 8           |
        P3      | 2026-01-08 | 98         | 139       | 5.5         |
        P4      | 2026-01-01 | 140        | 200       | 8           |
        P4      | 2026-01-08 | 97         | 139       |             |
    """)


def test_a_count_too_far_from_the_previous_one():
    check("""
        patient | day        | mcv | hemoglobin | platelets | white-cells | transfused | raised
        P1      | 2026-01-01 | 80  | 120        | 200       | 8           |            |
        P1      | 2026-01-15 | 85.1 | 120       | 200       | 8           |            | delta-mcv
        P2      | 2026-01-01 | 80  | 120        | 200       | 8           |            |
        P2      | 2026-01-16 | 85.1 | 120       | 200       | 8           |            |
        P3      | 2026-01-01 | 80  | 120        | 200       | 8           |            |
        P3      | 2026-01-15 | 85  | 120        | 200       | 8           |            |
        P4      | 2026-01-01 | 80  | 120        | 200       | 8           |            |
        P4      | 2026-01-15 | 83.1 | 141       | 301       | 8           |            | delta-count
        P5      | 2026-01-01 | 80  | 120        | 200       | 8           |            |
        P5      | 2026-01-15 | 83  | 141        | 301       | 8           |            |
        P6      | 2026-01-01 | 80  | 120        | 200       | 8           |            |
        P6      | 2026-01-15 | 83.1 | 140       | 301       | 8           |            |
        P7      | 2026-01-01 | 80  | 120        | 200       | 8           |            |
        P7      | 2026-01-15 | 83.1 | 99        | 200       | 3.9         |            | delta-count
        P8      | 2026-01-01 | 80  | 120        | 200       | 8           |            |
        P8      | 2026-01-15 | 88  | 99         | 200       | 3.9         | 2026-01-07 |
    """)


def test_a_number_too_high_for_red_cells_is_held_and_raises_the_note(monkeypatch):
    tables = tables_of(read_table("mchc | hemoglobin\n held | 120"), KNOWLEDGE)
    for code, artifacts in (("index-too-high", ["agglutination"]), ("value-impossible", [])):
        held = tables.held.assign(code=code).astype({"code": "str"})
        said = interpret_results(tables.results, held, KNOWLEDGE)
        assert list(said.artifacts["artifact"]) == artifacts


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
    low = said.standing[said.standing["rule"].eq("low-white-cells")]
    assert list(low["outcome"] + " " + low["status"]) == ["present confirmed", "absent unconfirmed"]
    assert list(said.patients["priority"]) == [2]
    assert said.patients["unconfirmed"].item() == said.standing["status"].eq("unconfirmed").sum()


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
        ('{ observed = "diluted" }', '{ held = "mcv" }', "id in quotes"),
        ('source = "convention"', 'source = "nobody"', "no source"),
    ],
)
def test_artifacts_that_are_refused(tmp_path, old, new, said):
    (tmp_path / "site.toml").write_text(ARTIFACT.replace(old, new), encoding="utf-8")
    with pytest.raises(KnowledgeError, match=said):
        load_knowledge(tmp_path)
