"""From a file to the worklist: film words, blasts, malaria, alarms, hemolysis, the antibody."""

from datetime import datetime

import pytest

from pipeline.commands.run import check_batch, run_batch
from pipeline.config import Settings
from pipeline.knowledge.load import load_knowledge

HEAD = "patient_id,sex,age,sample_id,collected_at,analyte,value,unit,reference_low,reference_high,flag,comment"
QUIET = {
    "clock": lambda: datetime(2026, 11, 1),
    "progress": lambda items, length, label: iter(items),
}


@pytest.fixture
def judge(tmp_path):
    """Judge one file; give the class of each patient, and each patient's present findings."""

    def run(*rows, head=HEAD):
        path = tmp_path / "march.csv"
        path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
        # Without the list to telephone, which repeats some of these.
        settings = Settings(output=tmp_path / "out")
        batch = check_batch([path], settings, **QUIET)
        said, repeated = batch.assessment, {r.id for r in batch.knowledge.critical_rules()}
        patients = said.patients.set_index("patient_id")
        return {
            patient: (
                int(row["priority"]),
                set(filter(None, row["reasons"].split("; "))) - repeated,
            )
            for patient, row in patients.iterrows()
        }

    return run


def count(patient, comment="", *, day="2026-10-01", platelets="240", flag=""):
    """Give an ordinary blood count with a comment on its first result."""
    who = f"{patient},F,40,{patient}-{day},{day}"
    return (
        f"{who},Hemoglobin,135,g/L,,,{flag},{comment}",
        *((f"{who},Platelets,{platelets},10*9/L,,,,",) if platelets else ()),
        f"{who},WBC,6,10*9/L,,,,",
    )


@pytest.mark.parametrize(
    ("comment", "platelets", "rank", "rules"),
    [
        ("Blasts seen on film", "240", 1, {"film-urgent"}),
        ("Vereinzelt Blasten", "240", 1, {"film-urgent"}),
        ("Auer rods", "240", 1, {"film-urgent"}),
        ("Schistocytes ++", "58", 1, {"film-urgent", "low-platelets"}),
        ("Schistocytes ++", "", 1, {"film-urgent"}),
        ("Fragmentozyten", "240", 3, {"film-fragments"}),
        ("Blasts? please review", "240", 3, {"film-queried"}),
        ("known acute leukemia", "240", 3, {"film-queried"}),
        ("no blasts", "240", 6, set()),
        ("Erythroblasts 2", "240", None, set()),
    ],
)
def test_words_of_a_film(judge, comment, platelets, rank, rules):
    found = judge(*count("P1", comment, platelets=platelets))["P1"]
    urgent = {"film-urgent", "film-fragments", "film-queried", "film-suspected", "low-platelets"}
    assert found[1] & urgent == rules
    assert rank in (found[0], None)


@pytest.mark.parametrize("flag", ["Blasts?", "IP SUS(WBC)Blasts?", "Fragments?"])
def test_a_suspect_flag_is_no_film(judge, flag):
    rank, found = judge(*count("P1", flag=flag))["P1"]
    assert rank == 3
    assert "film-suspected" in found
    assert "film-urgent" not in found


def test_clinical_details_and_medication_are_no_film(judge):
    head = f"{HEAD},clinical details,medication"
    rows = [f"{row},known acute leukemia with blasts,malaria prophylaxis" for row in count("P1")]
    found = judge(*rows, head=head)["P1"]
    assert not {"film-urgent", "film-queried"} & found[1]


def test_a_later_count_does_not_take_a_film_word_back_and_a_later_film_does(judge):
    first = count("P1", "Blasts seen", day="2026-10-01")
    later = count("P1", "", day="2026-10-03")
    film = ("P1,F,40,F9,2026-10-05,Blood film,Macro-ovalocytes +,,,,,",)
    assert judge(*first, *later)["P1"] == (1, {"film-urgent"})
    assert "film-urgent" not in judge(*first, *later, *film)["P1"][1]


@pytest.mark.parametrize(
    ("row", "rank", "rule"),
    [
        ("Blasts %,12,%,,,,", 1, "blasts-counted"),
        ("Blasten,3,%,,,,", 1, "blasts-counted"),
        ('Blasts #,"0.2",10*9/L,,,,', 1, "blasts-counted"),
        ("Blasts %,0,%,,,,", 6, ""),
        ("Malaria rapid test,positive,,,,,", 1, "malaria-positive"),
        ("Dicker Tropfen,positiv,,,,,", 1, "malaria-positive"),
        ("Malaria PCR,P. falciparum,,,,,", 1, "malaria-positive"),
        ("Gota gruesa,negativo,,,,,", 6, ""),
        ("WBC,101,10*9/L,4,11,,", 1, "high-white-cells-alarm"),
        ("WBC,31,10*9/L,4,11,,", 2, "high-white-cells-alarm"),
        ("Platelets,1001,10*9/L,,,,", 2, "high-platelets-alarm"),
        ("Hemoglobin,201,g/L,,,,", 2, "high-hemoglobin-alarm"),
    ],
)
def test_numbers_and_tests_that_cannot_wait(judge, row, rank, rule):
    found = judge(f"P1,F,40,S1,2026-10-01,{row}")["P1"]
    assert (rule in found[1]) == bool(rule)
    assert found[0] == rank or not rule


HEMOLYSIS = (
    "P1,F,50,S1,2026-10-01,Hemoglobin,88,g/L,,,,{film}",
    "P1,F,50,S1,2026-10-01,Platelets,58,10*9/L,,,,",
    "P1,F,50,S1,2026-10-01,LDH,1200,U/L,120,250,,",
    "P1,F,50,S1,2026-10-01,Haptoglobin,0.05,g/L,0.3,2,,",
)


@pytest.mark.parametrize(("film", "rank"), [("Schistocytes ++", 1), ("", 2)])
@pytest.mark.parametrize("b12", ["", "P1,F,50,S1,2026-10-01,Vitamin B12,520,ng/L,,,,"])
def test_hemolysis_with_low_platelets_whatever_the_b12(judge, film, rank, b12):
    rows = [row.format(film=film) for row in HEMOLYSIS]
    found = judge(*rows, *filter(None, [b12]))["P1"]
    assert found[0] == rank
    assert "hemolysis-pattern" in found[1]


@pytest.mark.parametrize(
    ("row", "extra", "rank", "is_present"),
    [
        ("positive,,,,,", "", 4, True),
        ("positiv,,,,,", "P1,F,60,S1,2026-10-01,Vitamin B12,150,ng/L,,,,", 3, True),
        ("2.4,U/mL,,1.1,,", "", 4, True),
        ("0.9,U/mL,,1.1,,", "", None, False),
        ("weakly positive,,,,,", "", 5, False),
        ("grenzwertig,,,,,", "", 5, False),
        ("négatif,,,,,", "", None, False),
    ],
)
def test_the_antibody_by_itself(judge, row, extra, rank, is_present):
    rows = [f"P1,F,60,S1,2026-10-01,Intrinsic factor antibody,{row}", *filter(None, [extra])]
    found = judge(*rows)["P1"]
    assert ("intrinsic-factor-antibody" in found[1]) == is_present
    assert rank in (found[0], None)


def test_words_of_the_cord_beside_the_antibody(judge):
    head = f"{HEAD},clinical details"
    row = "P1,F,60,S1,2026-10-01,Intrinsic factor antibody,positive,,,,,,unsteady gait"
    assert judge(row, head=head)["P1"] == (2, {"intrinsic-factor-antibody"})


def test_whoever_has_words_alone_has_a_workbook(tmp_path):
    path = tmp_path / "march.csv"
    rows = [
        "P1,F,60,S1,2026-10-01,Intrinsic factor antibody,positive,,,,,",
        "P2,F,60,S2,2026-10-01,Blood film,Blasts seen,,,,,",
        "P3,F,60,S3,2026-10-01,Intrinsic factor antibody,negative,,,,,",
        "P4,F,60,S4,2026-10-01,Intrinsic factor antibody,weak,,,,,",
    ]
    path.write_text("\n".join([HEAD, *rows]) + "\n", encoding="utf-8")
    run_batch([path], Settings(output=tmp_path / "out"), **QUIET)
    written = {each.stem for each in (tmp_path / "out" / "patients").glob("*.xlsx")}
    assert written == {"P1", "P2", "P3", "P4"}


def test_an_overlay_may_name_a_rule_by_its_former_id(tmp_path):
    (tmp_path / "site.toml").write_text(
        '[[rule]]\nid = "hemolysis-pattern-low-b12"\nreplaces = "hemolysis-pattern-low-b12"\n'
        'title = "Ours"\nall = [{ below = "platelets.low" }]\ncomment = ["hemolysis-pattern"]\n'
        '[[rule]]\nid = "own"\ntitle = "Own"\n'
        'all = [{ rule = "hemolysis-pattern-low-b12" }, { below = "hemoglobin.anemia" }]\n',
        encoding="utf-8",
    )
    known = load_knowledge(tmp_path)
    assert known.rules["hemolysis-pattern"].title == "Ours"
    assert "hemolysis-pattern-low-b12" not in known.rules
    assert "hemolysis-pattern" in {part.rule for part in known.rules["own"].when.members[:1]}


def test_what_was_reported_under_a_former_id_goes_on():
    known = load_knowledge()
    assert known.former_rules == {"hemolysis-pattern-low-b12": "hemolysis-pattern"}
