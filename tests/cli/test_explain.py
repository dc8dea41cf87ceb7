"""Why a rule says what it says: the whole tree, on whole exports."""

import json

LINES = (
    "P1,Aster Sample,F,1980-05-01,S1,2026-03-01,Hemoglobin,10.2,g/dL,final",
    "P1,Aster Sample,F,1980-05-01,S1,2026-03-01,WBC,2.0,10*9/L,final",
    "P1,Aster Sample,F,1980-05-01,S1,2026-03-01,Neutrophils %,40,%,final",
    "P1,Aster Sample,F,1980-05-01,S2,2026-04-01T08:30,Vitamin B12,<200,pg/mL,final",
    "P2,Borage Sample,,,S3,2026-04-01,Hemoglobin,125,g/L,final",
    "P2,Borage Sample,,,S3,2026-04-01,Platelets,many,10*9/L,final",
)


def explain(labflag, export, *arguments):
    done = labflag("explain", arguments[0], export(*LINES), *arguments[1:])
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_from_the_finding_down_to_the_cell(labflag, export):
    told = explain(labflag, export, "P1", "--rule", "anemia", "--accession", "S1").splitlines()
    assert [line for line in told if "source:" not in line] == [
        "accession S1, collected 2026-03-01",
        "  anemia: present, moderate, confirmed",
        "    Hb below hemoglobin.anemia: yes",
        "      hemoglobin 10.2 g/dL: written '10.2', march.csv, row 2, value, accession S1",
        "        unit: 10.2 g/dL x 10 = 102 g/L",
        "      limit hemoglobin.anemia of profile default: compared with 12 g/dL",
        "        age 45 years (550 completed months, 16,740 days), sex F",
        "        stratum: F, 15 years to under 66 years 120 g/L",
        "    grade severe, if Hb below hemoglobin.severe: no",
        "      hemoglobin 10.2 g/dL: written '10.2', march.csv, row 2, value, accession S1",
        "        unit: 10.2 g/dL x 10 = 102 g/L",
        "      limit hemoglobin.severe of profile default: compared with 8 g/dL",
        "        age 45 years (550 completed months, 16,740 days), sex F",
        "        stratum: from 5 years 80 g/L",
        "    grade moderate, if Hb below hemoglobin.moderate: yes",
        "      hemoglobin 10.2 g/dL: written '10.2', march.csv, row 2, value, accession S1",
        "        unit: 10.2 g/dL x 10 = 102 g/L",
        "      limit hemoglobin.moderate of profile default: compared with 11 g/dL",
        "        age 45 years (550 completed months, 16,740 days), sex F",
        "        stratum: from 5 years 110 g/L",
        "    comment anemia: Hemoglobin is low for age and sex.",
    ]
    assert any("World Health Organization" in line for line in told if "source:" in line)


def test_what_is_unknown_says_why(labflag, export):
    told = explain(labflag, export, "P2")
    assert "  anemia: indeterminate, because age-unknown\n" in told
    assert "age unknown, sex unknown" in told
    assert "age, sex or pregnancy leave several possible" in told
    assert "stratum: M, 15 years to under 66 years 130 g/L" in told
    assert "platelets: held (not-a-number), march.csv, row 7, value" in told
    assert "many" not in told


def test_the_source_is_that_of_the_stratum(labflag, export):
    """The limits of children come from elsewhere than those of adults."""
    line = "P1,Aster Sample,F,{},S1,2026-03-01,MCV,99,fL,final"
    cited = []
    for born in ("2020-05-01", "1980-05-01", ""):
        done = labflag("explain", "P1", export(line.format(born)), "--rule", "macrocytosis")
        first, *_ = done.stdout.split("grade severe")
        cited.append([name for name in ("Nagao", "Lima") if f"source: {name}" in first])
    assert cited == [["Lima"], ["Nagao"], ["Nagao", "Lima"]]


def test_a_calculated_result_names_what_it_was_made_of(labflag, export):
    told = explain(labflag, export, "P1", "--rule", "low-neutrophils")
    assert (
        "      neutrophils 0.8 10*9/L: neutrophils-calculated, accession S1\n"
        "        unit: 0.8 10*9/L x 1 = 0.8 10*9/L\n"
        "        white-cells 2 10*9/L: written '2.0', march.csv, row 3, value, accession S1\n"
    ) in told
    assert "neutrophils-percent 40 %: written '40', march.csv, row 4" in told


def test_rules_that_refer_to_rules(labflag, export):
    told = explain(labflag, export, "P1", "--rule", "pancytopenia", "--accession", "S1")
    assert "    anemia: yes\n      Hb below hemoglobin.anemia: yes" in told
    assert (
        "    low-platelets: unknown\n      PLT below platelets.low: unknown\n        platelets: not reported"
        in told
    )
    whole = explain(labflag, export, "P1")
    assert "    anemia: yes\n    low-platelets: unknown\n    white-line: yes" in whole
    assert "accession S2, collected 2026-04-01 08:30" in whole
    assert "vitamin-b12 <200 pg/mL: written '<200'" in whole
    assert "P2" not in whole


COLD = [
    f"C1,Cold Sample,F,1966-05-01,S9,2026-03-01,{name},{value},{unit},final"
    for name, value, unit in (
        ("RBC", "3.53", "10*12/L"),
        ("Hemoglobin", "13.8", "g/dL"),
        ("Hematocrit", "33.4", "%"),
        ("MCV", "94.8", "fL"),
        ("MCH", "39.1", "pg"),
        ("MCHC", "41.3", "g/dL"),
    )
]


def test_what_makes_a_specimen_doubtful(labflag, export):
    """Once for the specimen where everything is told, beside the finding where one rule is."""
    whole = labflag("explain", "C1", export(*COLD)).stdout.splitlines()
    assert whole[1] == "  in doubt, agglutination: Possible red cell agglutination"
    assert "      MCHC above mchc.ceiling: yes" in whole
    assert (
        "    may be wrong: RBC too low, Hct too low, MCV either way, MCH too high, MCHC too high"
        in whole
    )
    assert "  macrocytosis: absent, unconfirmed" in whole
    assert "    unconfirmed because of agglutination" in whole
    assert "  anemia: absent" in whole
    one = labflag("explain", "C1", export(*COLD), "--rule", "macrocytosis").stdout.splitlines()
    assert one[1] == "  macrocytosis: absent, unconfirmed"
    assert "    in doubt, agglutination: Possible red cell agglutination" in one
    other = labflag("explain", "C1", export(*COLD), "--rule", "anemia").stdout
    assert "doubt" not in other


def test_as_json_and_what_cannot_be_explained(labflag, export):
    (node,) = json.loads(explain(labflag, export, "P2", "--rule", "anemia", "--json"))
    assert node["says"] == "accession S3, collected 2026-04-01"
    assert node["because"][0]["because"][0]["says"] == "Hb below hemoglobin.anemia: unknown"
    data = export(*LINES)
    nobody = labflag("explain", "P9", data)
    assert (nobody.returncode, nobody.stdout) == (2, "")
    assert "P9" not in nobody.stderr
    assert labflag("explain", "P1", data, "--accession", "S3").returncode == 2
    unknown = labflag("explain", "P1", data, "--rule", "anaemia")
    assert unknown.returncode == 2
    assert "did you mean 'anemia'" in unknown.stderr
