"""What a file says in words and as context, and what becomes of the rows that say it."""

from datetime import date, datetime

import openpyxl
import pandas as pd
import pytest

from pipeline.commands.run import check_batch
from pipeline.config import Settings
from pipeline.ingest.file import read_results
from pipeline.ingest.text_tables import SiteConventions
from pipeline.knowledge.load import load_knowledge
from schemas import Observations

KNOWLEDGE = load_knowledge()
TODAY = date(2026, 11, 1)
LONG = "patient_id,sex,sample_id,collected_at,analyte,value,unit"


@pytest.fixture
def ingest(tmp_path):
    def read(content, name="march.csv"):
        path = tmp_path / name
        path.write_bytes(content.encode())
        found = read_results(path, name, KNOWLEDGE, SiteConventions(), None, TODAY)
        Observations.validate(found.observations)
        told = found.observations["result_id"].dropna()
        ids = [*found.results["result_id"], *found.held["result_id"], *found.ignored, *told]
        assert sorted(ids) == list(range(found.read))
        return found

    return read


@pytest.fixture
def check(tmp_path):
    def run(**files):
        for name, content in files.items():
            (tmp_path / f"{name}.csv").write_text(content, encoding="utf-8")
        settings = Settings(output=tmp_path / "out")
        return check_batch(
            [tmp_path / f"{name}.csv" for name in files],
            settings,
            clock=lambda: datetime(2026, 11, 1),
            progress=lambda items, length, label: iter(items),
        )

    return run


def said_of(found):
    shown = [
        f"{row.code} {row.answer}"
        + ("" if pd.isna(row.number) else f" {row.number:g}")
        + ("" if pd.isna(row.day) else f" {row.day:%Y-%m-%d}")
        for row in found.observations.itertuples()
        # What is kept beside what is said: test_notices.
        if row.code not in ("film-reported", "text-not-understood")
    ]
    return sorted(shown)


def codes_of(found):
    return sorted(found.issues["code"])


def held_of(found):
    return dict(zip(found.held["source_row"], found.held["code"], strict=True))


@pytest.mark.parametrize(
    ("header", "cell", "said", "issues"),
    [
        ("pregnant", "yes", ["pregnant yes"], []),
        ("pregnant", "no", ["pregnant no"], []),
        ("pregnant", "unknown", [], []),
        ("pregnant", "perhaps", [], ["context-not-used"]),
        ("Pregnant (Y/N)", "Y", ["pregnant yes"], []),
        ("Schwanger", "ja", ["pregnant yes"], []),
        ("trimester", "T2", ["pregnant yes", "trimester yes 2"], []),
        ("trimester", "5", [], ["context-not-used"]),
        ("Weeks pregnant", "30", ["pregnant yes", "trimester yes 3"], []),
        ("elevation_m", "2240", ["elevation-m yes 2240"], []),
        ("Elevation (ft)", "5000", ["elevation-m yes 1524"], []),
        ("Elevation", "2240", [], ["columns-not-used"]),
        ("medications", "metformin; omeprazole 20 mg",
         ["metformin yes", "proton-pump-inhibitor yes"], []),
        ("medications", "no metformin", ["metformin no"], []),
        ("medications", "metformin stopped", [], ["remark-unclear"]),
        ("conditions", "Gastric bypass 2015", ["gastric-surgery yes"], []),
        ("b12_started_on", "2026-01-15",
         ["b12-started yes 2026-01-15"], []),
        ("transfused_on", "2026-01-15", ["transfused yes 2026-01-15"], []),
        ("transfused_on", "soon", [], ["context-not-used"]),
        ("Platelet clumps", "1+", ["platelet-clumps yes"], []),
        ("Film comment", "macro-ovalocytes seen; no schistocytes",
         ["macro-ovalocytes yes", "schistocytes no"], []),
        ("comment", "Platelet clumps present", ["platelet-clumps yes"], ["comment-warns"]),
        ("comment", "no clumps seen", ["platelet-clumps no"], []),
        ("comment", "on metformin", [], []),
        ("flag", "PLT clumps?", ["platelet-clumps yes"], ["specimen-unreliable"]),
        ("flag", "H", [], []),
    ],
)  # fmt: skip
def test_columns_beside_a_result(ingest, header, cell, said, issues):
    found = ingest(f"{LONG},{header}\nP1,F,S1,2026-03-01,Hemoglobin,11.2,g/dL,{cell}\n")
    assert said_of(found) == said
    assert codes_of(found) == issues


@pytest.mark.parametrize(
    ("analyte", "value", "said", "held"),
    [
        ("Macro-ovalocytes", "present", ["macro-ovalocytes yes"], {}),
        ("Macro-ovalocytes", "++", ["macro-ovalocytes yes"], {}),
        ("Hypersegmented neutrophils", "few", ["hypersegmented-neutrophils yes"], {}),
        ("Anisozytose", "+", ["anisocytosis yes"], {}),
        ("Schistocytes", "not seen", ["schistocytes no"], {}),
        ("Schistocytes", "0", ["schistocytes no"], {}),
        ("PLT clumps", "absent", ["platelet-clumps no"], {}),
        ("Schistocytes", "0.5 %", [], {2: "answer-unreadable"}),
        ("Schistocytes", "see text", [], {2: "answer-unreadable"}),
        ("Schistocytes", "pending", [], {2: "not-measured"}),
        ("Schistocytes", "n/a", [], {2: "not-measured"}),
        ("Schistocytes", "", [], {2: "value-missing"}),
        ("Pregnancy", "yes", ["pregnant yes"], {}),
        ("Weeks pregnant", "20", ["pregnant yes", "trimester yes 2"], {}),
        ("RBC morphology", "poikilocytosis few", ["poikilocytosis yes"], {}),
        ("Metformin", "1.2", [], {}),
        ("Hemolysis index", "12", [], {}),
    ],
)
def test_results_in_words(ingest, analyte, value, said, held):
    found = ingest(f"{LONG}\nP1,F,S1,2026-03-01,{analyte},{value},\n")
    assert said_of(found) == said
    assert held_of(found) == held


@pytest.mark.parametrize(
    ("value", "unit", "more", "said", "held"),
    [
        ("positive", "", "final,", ["yes"], []),
        ("positive", "", "final,see letter", ["yes"], []),
        ("positive", "AU/mL", "final,", ["yes"], []),
        ("positive 34 AU/mL", "", "final,", ["yes"], []),
        ("POSITIV", "", "preliminary,", ["yes"], []),
        ("<1.0 negative", "", "final,", ["no"], []),
        ("negative (<1.0)", "U/mL", "final,", ["no"], []),
        ("weakly positive", "", "final,", ["unclear"], []),
        ("34", "AU/mL", "final,positive", [], ["answer-is-number"]),
        ("34 AU/mL", "", "final,", [], ["answer-is-number"]),
        ("<1.0", "AU/mL", "final,negative", [], ["answer-is-number"]),
        ("1", "", "final,", [], ["answer-is-number"]),
        ("1+", "", "final,", [], ["answer-unreadable"]),
        ("see comment", "", "final,positive", [], ["answer-unreadable"]),
        ("indeterminate", "", "final,", ["unclear"], []),
        ("pending", "", "final,", [], ["not-measured"]),
        ("-", "", "final,", [], ["not-measured"]),
        ("", "", "final,positive", [], ["value-missing"]),
    ],
)
def test_an_antibody(ingest, value, unit, more, said, held):
    found = ingest(
        "patient_id,sample_id,analyte,value,unit,status,comment\n"
        f"P1,S1,Intrinsic factor antibody,{value},{unit},{more}\n"
    )
    assert said_of(found) == [f"intrinsic-factor-antibody {answer}" for answer in said]
    assert list(held_of(found).values()) == held


@pytest.mark.parametrize(
    ("rows", "said", "dispositions"),
    [
        (["positive,final", "positive,final"], "yes", {"used": 1, "duplicate": 1}),
        (["positive,final", "negative,final"], "", {"held": 2}),
        (["positive,final", "negative,corrected"], "no", {"used": 1, "superseded": 1}),
        (["negative,preliminary", "positive,final"], "yes", {"used": 1, "superseded": 1}),
        (["positive,cancelled"], "", {"ignored": 1}),
        (["positive,final", "positive,cancelled"], "", {"superseded": 1, "ignored": 1}),
        # What cannot be read must not leave the other one standing.
        (["positive,final", "weakly positive,corrected"], "unclear", {"used": 1, "superseded": 1}),
        (["positive,final", "34,corrected"], "", {"held": 2}),
        (["positive,final", ",corrected"], "", {"held": 2}),
        (["positive,final", ",cancelled"], "", {"held": 2}),
        (["positive,final", "see comment,cancelled"], "", {"held": 2}),
        (["negative,final", "equivocal,final"], "", {"held": 2}),
        (["positive,preliminary", "equivocal,final"], "unclear", {"used": 1, "superseded": 1}),
        (["positive,final", "34,final"], "yes", {"used": 1, "held": 1}),
        (["negative,final", "pending,final"], "no", {"used": 1, "held": 1}),
        (["negative,final", "equivocal,preliminary"], "no", {"used": 1, "superseded": 1}),
        (["negative,corrected", "equivocal,final"], "no", {"used": 1, "superseded": 1}),
        (["negative,corrected", ",cancelled"], "no", {"used": 1, "held": 1}),
    ],
)
def test_what_an_antibody_is_after_several_results(check, rows, said, dispositions):
    check_several(check, "Intrinsic factor antibody", rows, said, dispositions)


@pytest.mark.parametrize("test", ["Schistocytes", "Lipemia", "Intrinsic factor antibody"])
@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("?", "answer-unreadable"),
        ("unknown", "answer-unreadable"),
        ("unbekannt", "answer-unreadable"),
        ("--", "answer-unreadable"),
        (".", "answer-unreadable"),
        ("-", "not-measured"),
        ("n/a", "not-measured"),
        ("", "value-missing"),
    ],
)
def test_a_result_that_says_nothing_is_held(ingest, test, value, code):
    found = ingest(f"patient_id,sample_id,analyte,value\nP1,S1,{test},{value}\n")
    assert (said_of(found), list(held_of(found).values())) == ([], [code])


@pytest.mark.parametrize(
    ("test", "rows", "said", "dispositions"),
    [
        ("Schistocytes", ["seen,final", "see comment,corrected"], "", {"held": 2}),
        ("Schistocytes", ["not seen,final", ",cancelled"], "", {"held": 2}),
        ("Schistocytes", ["seen,corrected", ",cancelled"], "yes", {"used": 1, "held": 1}),
        ("Schistocytes", ["seen,final", "see comment,final"], "yes", {"used": 1, "held": 1}),
        ("Schistocytes", ["seen,final", "?,preliminary"], "yes", {"used": 1, "held": 1}),
        # Whatever became of it, somebody saw them: the count is doubted all the same.
        ("Platelet clumps", ["seen,final", "see comment,corrected"], "yes", {"used": 1, "held": 1}),
    ],
)
def test_what_a_film_word_is_after_one_that_cannot_be_read(check, test, rows, said, dispositions):
    check_several(check, test, rows, said, dispositions)


def check_several(check, test, rows, said, dispositions):
    """Send "value,status" of one test and specimen, and compare what counts of it."""
    batch = check(
        one="patient_id,sample_id,analyte,value,status\n"
        + "".join(f"P1,S1,{test},{row}\n" for row in rows)
    )
    counts = batch.assessment.observations[
        batch.assessment.observations["code"].ne("film-reported")
    ]
    assert "".join(counts["answer"]) == said
    counted = {str(kind): n for kind, n in batch.accounts.dispositions().items() if n}
    assert counted == dispositions


@pytest.mark.parametrize(
    ("header", "cell", "said", "held"),
    [
        ("Intrinsic factor antibody", "positive", ["yes"], {}),
        ("Intrinsic-Faktor-Ak", "neg.", ["no"], {}),
        ("Intrinsic factor Ab (AU/mL)", "34", [], {2: "answer-is-number"}),
        ("Intrinsic-Faktor-AK [U/ml]", "negativ", ["no"], {}),
        ("Anti-IF", "grenzwertig", ["unclear"], {}),
        # Not ours: immunofluorescence is IF as well.
        ("IF-Ab", "positive", [], {}),
        ("Parietal cell antibody", "positive", [], {}),
    ],
)
def test_an_antibody_in_a_wide_table(ingest, header, cell, said, held):
    found = ingest(f"patient_id,sample_id,Hb (g/dL),{header}\nP1,S1,11.2,{cell}\n")
    assert said_of(found) == [f"intrinsic-factor-antibody {answer}" for answer in said]
    assert held_of(found) == held
    assert found.read == 2


def test_running_text_says_nothing_of_an_antibody(ingest):
    found = ingest(
        f"{LONG},comment\nP1,F,S1,2026-03-01,Vitamin B12,120,ng/L,"
        "Suggest intrinsic factor antibodies\n"
    )
    assert said_of(found) == []


def test_a_wide_table(ingest):
    found = ingest(
        "patient_id,sample_id,Hb (g/dL),Macro-ovalocytes,PLT clumps,pregnant,comment\n"
        "P1,S1,11.2,1+,,yes,hemolysed\n"
        "P2,S2,11.2,maybe,not seen,,\n"
    )
    assert said_of(found) == [
        "hemolyzed yes", "macro-ovalocytes yes", "platelet-clumps no", "pregnant yes",
    ]  # fmt: skip
    assert held_of(found) == {3: "answer-unreadable"}
    assert (found.read, len(found.results)) == (5, 2)


def test_film_words_under_two_headers_need_not_agree(ingest):
    found = ingest(
        "patient_id,sample_id,MCV (fL),PLT clumps,Platelet aggregates\nP1,S1,90,no,yes\n"
    )
    assert said_of(found) == ["platelet-clumps no", "platelet-clumps yes"]


def test_analyzer_messages_are_film_words(ingest):
    found = ingest(
        "Patient ID,Sample No.,MCV(fL),IP SUS(PLT)PLT Clumps?,IP SUS(RBC)RBC Agglutination?\n"
        "P1,S1,90,1,0\n"
    )
    assert said_of(found) == ["agglutinated no", "platelet-clumps yes"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("P1,S1,Hb,11.2,g/dL,final,hemolysed,yes", ["hemolyzed yes", "pregnant yes"]),
        ("P1,S1,Hb,11.2,g/dL,cancelled,hemolysed,yes", []),
        (",S1,Hb,11.2,g/dL,final,hemolysed,yes", []),
        ("P1,1.2E+11,Hb,11.2,g/dL,final,hemolysed,yes", []),
        ("P1,S1,Hb,11.2,,final,hemolysed,yes", ["hemolyzed yes", "pregnant yes"]),
        ("P1,S1,Glucose,5,mmol/L,final,hemolysed,yes", ["pregnant yes"]),
        ("P1,S1,Hb,HEMOLYSED,g/dL,final,,", ["hemolyzed yes"]),
    ],
)
def test_whose_remarks_count(ingest, row, said):
    found = ingest(f"patient_id,sample_id,analyte,value,unit,status,comment,pregnant\n{row}\n")
    assert said_of(found) == said


def test_a_long_table_says_it_once_however_often_it_repeats_it(ingest):
    rows = "".join(f"P1,F,S1,2026-03-01,{a},90,fL,maybe,ja\n" for a in ("MCV", "MCV", "MCV"))
    found = ingest(f"{LONG},trimester,pregnant\n{rows}")
    assert said_of(found) == ["pregnant yes"]
    assert codes_of(found) == ["context-not-used"]


def test_a_date_cell_under_pregnant_is_a_note_and_the_result_goes_on(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["patient_id", "sample_id", "MCV (fL)", "pregnant"])
    book.active.append(["P1", "S1", 90, "=1/0"])
    path = tmp_path / "march.xlsx"
    book.save(path)
    found = read_results(path, "march.xlsx", KNOWLEDGE, SiteConventions(), None, TODAY)
    assert codes_of(found) == ["context-not-used"]
    assert len(found.results) == 1


def test_pregnancy_of_a_man_holds_the_specimen(check):
    batch = check(
        one=f"{LONG},pregnant\n"
        "P1,M,S1,2026-03-01,Hemoglobin,11.2,g/dL,yes\n"
        "P1,M,S1,2026-03-01,Schistocytes,few,,\n"
        "P1,M,S2,2026-04-01,Hemoglobin,11.2,g/dL,\n"
        "P2,F,S3,2026-03-01,Hemoglobin,11.2,g/dL,yes\n"
        "P3,M,S4,2026-03-01,Hemoglobin,11.2,g/dL,no\n"
    )
    assert dict(zip(batch.held["source_row"], batch.held["code"], strict=True)) == {
        2: "context-against-sex",
        3: "context-against-sex",
    }
    assert sorted(batch.dataset.results["accession"]) == ["S2", "S3", "S4"]
    assert sorted(batch.dataset.observations["accession"]) == ["S3", "S4"]


@pytest.mark.parametrize("first", ["one", "two"])
def test_sex_may_come_from_another_file(check, first):
    files = {
        "one": "patient_id,sample_id,analyte,value,unit,trimester\nP1,S1,MCV,90,fL,2\n",
        "two": f"{LONG}\nP1,M,S2,2026-04-01,MCV,91,fL\n",
    }
    batch = check(**{name: files[name] for name in sorted(files, reverse=first == "two")})
    assert list(batch.held["code"]) == ["context-against-sex"]


def test_what_is_said_of_a_person_in_conflict_is_held_back(check):
    batch = check(
        one=f"{LONG},pregnant\n"
        "P1,F,S1,2026-03-01,Hemoglobin,11.2,g/dL,yes\n"
        "P2,F,S2,2026-03-01,Hemoglobin,11.2,g/dL,yes\n",
        two=f"{LONG}\nP1,M,S1,2026-03-01,Schistocytes,few,\n",
    )
    assert sorted(batch.held["code"]) == ["identity-conflict", "identity-conflict"]
    assert list(batch.dataset.observations["patient_id"]) == ["P2"]
    assert batch.accounts.read == 3


def test_the_accounts_balance(check):
    batch = check(
        one="patient_id,sample_id,analyte,value,unit,status\n"
        "P1,S1,MCV,90,fL,final\n"
        "P1,S1,Schistocytes,few,,final\n"
        "P1,S1,Schistocytes,1+,,final\n"
        "P1,S1,Anisocytosis,few,,final\n"
        "P1,S1,Anisocytosis,none,,final\n"
        "P1,S1,Poikilocytosis,few,,final\n"
        "P1,S1,Poikilocytosis,none,,corrected\n"
        "P1,S1,PLT clumps,seen,,cancelled\n"
        "P1,S1,Lipemic,unclear,,final\n"
    )
    assert {str(kind): n for kind, n in batch.accounts.dispositions().items()} == {
        "used": 3,
        "held": 3,
        "duplicate": 1,
        "superseded": 1,
        "ignored": 1,
    }


@pytest.mark.parametrize(
    ("header", "cells", "said"),
    [
        ("Conditions", ["vegan; M. Crohn"], ("Conditions", 2, "2 entries, the first here: ")),
        (
            "Medications",
            ["metformin", "amlodipine, zinc"],
            ("Medications", 3, "1 entry, the first"),
        ),
        ("Klinische Angaben", ["Zöliakie", "Zöliakie"], ("Klinische Angaben", 2, "2 entries, ")),
        ("Medicación", ["metformina\nlosartán"], ("Medicación", 2, "1 entry, ")),
        ("Medications", ["metformin, none", "-", "keine", "1000"], None),
        ("Conditions", ["multiple myeloma", "no metformin"], None),
    ],
)
def test_context_without_a_known_word_is_counted_once_for_its_column(ingest, header, cells, said):
    head = f"patient_id,sex,sample_id,Hb (g/dL),{header}\n"
    rows = "".join(f'P{at},F,S{at},12.5,"{cell}"\n' for at, cell in enumerate(cells))
    issues = ingest(head + rows).issues
    found = issues[issues["code"].eq("context-not-understood")]
    if said is None:
        assert found.empty
    else:
        (note,) = found.itertuples()
        column, row, begin = said
        assert (note.column, note.row, note.message[: len(begin)]) == (column, row, begin)
        assert not any(cell in note.message for cell in cells)


@pytest.mark.parametrize(
    ("header", "cells", "doubted", "noted"),
    [
        ("PLT Suspect", ["1", "0"], [("P0", "platelets-doubted")], False),
        ("WBC Suspect Flag", ["", "yes"], [("P1", "white-cells-doubted")], False),
        ("PLT Suspect Flag", ["J", "N"], [("P0", "platelets-doubted")], False),
        (
            "Suspect flag",
            ["1", "0"],
            [
                ("P0", "hemoglobin-doubted"),
                ("P0", "platelets-doubted"),
                ("P0", "red-cells-doubted"),
                ("P0", "white-cells-doubted"),
            ],
            False,
        ),
        ("PLT Suspect", ["no", "none"], [], False),
        ("PLT Suspect", ["7", "1"], [], True),
        ("IP messages", ["PLT Clumps?", "Ghosts"], [("P0", "platelet-clumps")], True),
    ],
)
def test_a_bare_yes_among_suspect_flags_doubts_what_its_header_names(
    ingest, header, cells, doubted, noted
):
    head = f"patient_id,sex,sample_id,PLT (10*3/uL),{header}\n"
    rows = "".join(f"P{at},F,S{at},60,{cell}\n" for at, cell in enumerate(cells))
    found = ingest(head + rows)
    yes = found.observations[found.observations["answer"].eq("yes")]
    yes = yes[yes["code"].ne("text-not-understood")]
    assert sorted(zip(yes["patient_id"], yes["code"], strict=True)) == doubted
    assert ("remark-not-understood" in set(found.issues["code"])) == noted
