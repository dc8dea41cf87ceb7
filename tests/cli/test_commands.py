"""Every verb and every exit code, as whole processes; no patient value on either stream."""

import csv
import json
import stat

import pytest
from openpyxl import load_workbook

from tests.cli.conftest import ROOT

GOOD = "P1,Aster Sample,F,1980-05-01,S1,2026-03-01,Hemoglobin,11.2,g/dL,final"
MCV = "P1,Aster Sample,F,1980-05-01,S1,2026-03-01,MCV,104,fL,final"
B12 = "P2,Borage Sample,M,1970-01-31,S2,2026-03-02,Vitamin B12,150,pg/mL,final"
BAD = "P3,Clover Sample,F,1990-01-01,S3,2026-03-03,Hemoglobin,secretive,g/dL,final"
CANARIES = ("Aster", "Borage", "Clover", "Sample", "secretive", "P3", "1980-05-01")


def findings_in(folder):
    with (folder / "findings.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_run_writes_what_it_says(labflag, export, tmp_path):
    done = labflag("run", export(GOOD, MCV, B12), "-o", "out")
    assert (done.returncode, done.stderr) == (0, "")
    assert "3 results read: 3 used" in done.stdout
    assert "Worklist: out/worklist.xlsx" in done.stdout
    written = {
        path.relative_to(tmp_path / "out").as_posix()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file() and ".labflag" not in path.parts
    }
    assert written == {
        "audit.log", "patients/P1.xlsx", "patients/P2.xlsx", "worklist.xlsx", "index.html", "findings.csv", "issues.csv", "manifest.json", "labflag.db",
    }  # fmt: skip
    found = {(row["patient_id"], row["rule"]): row for row in findings_in(tmp_path / "out")}
    macrocytic = found["P1", "macrocytic-anemia"]
    assert {key: macrocytic[key] for key in ("outcome", "analyte", "value", "unit", "limit", "limit_unit", "source_file", "source_row", "collected_at")} == {
        "outcome": "present", "analyte": "hemoglobin; mcv", "value": "11.2; 104", "unit": "g/dL; fL", "limit": "12; 100",
        "limit_unit": "g/dL; fL", "source_file": "march.csv; march.csv", "source_row": "2; 3", "collected_at": "2026-03-01",
    }  # fmt: skip
    assert found["P2", "low-b12"]["limit"] == "180"


def test_findings_have_the_columns_of_the_contract(labflag, export, tmp_path):
    labflag("run", export(GOOD), "-o", "out")
    header = (tmp_path / "out/findings.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header == (
        "patient_id,accession,collected_at,rule,outcome,reason,grade,status,analyte,comparator,"
        "value,unit,limit,limit_unit,comment,profile,knowledge_version,source_file,source_sheet,"
        "source_row"
    )
    issues = (tmp_path / "out/issues.csv").read_text(encoding="utf-8").splitlines()[0]
    assert issues == "source_file,sheet,row,column,code,severity,message"


def test_all_outcomes(labflag, export, tmp_path):
    labflag("run", export(GOOD, MCV), "-o", "out", "--all-outcomes")
    outcomes = {row["rule"]: row["outcome"] for row in findings_in(tmp_path / "out")}
    assert outcomes["low-b12"] == "not-tested"
    assert outcomes["anemia"] == "present"
    assert outcomes["pancytopenia"] == "indeterminate"


def test_manifest_counts_reconcile(labflag, export, tmp_path):
    done = labflag("run", export(GOOD, GOOD, MCV, B12, BAD), "-o", "out", "--json")
    manifest = json.loads(done.stdout)
    assert manifest == json.loads((tmp_path / "out/manifest.json").read_text(encoding="utf-8"))
    results = manifest["results"]
    assert results == {
        "read": 5,
        "used": 3,
        "held": 1,
        "duplicate": 1,
        "superseded": 0,
        "ignored": 0,
    }
    assert {output["path"] for output in manifest["outputs"]} >= {"worklist.xlsx", "findings.csv"}
    assert manifest["inputs"][0]["name"] == "march.csv"


def test_held_rows_give_exit_1_and_the_others_go_on(labflag, export, tmp_path):
    done = labflag("run", export(GOOD, BAD, B12), "-o", "out")
    assert done.returncode == 1
    assert "march.csv: not-a-number" in done.stdout
    assert "row 3 (value)" in done.stdout
    assert (tmp_path / "out/patients/P2.xlsx").exists()
    assert not (tmp_path / "out/patients/P3.xlsx").exists()
    worklist = load_workbook(tmp_path / "out/worklist.xlsx")["Worklist"]
    cells = [str(cell.value) for row in worklist.iter_rows() for cell in row]
    assert "P3" in cells, "a patient with only held results must still have a line"


@pytest.mark.parametrize("verb", ["run", "check", "identify"])
def test_no_patient_value_on_either_stream(labflag, export, verb):
    wide = export(
        "P3,Clover,F,not-a-date,secretive", name="wide.csv",
        header="patient_id,patient_name,sex,birth_date,Hemoglobin (g/dL)\n",
    )  # fmt: skip
    output = ["-o", "out", "-v"] if verb == "run" else []
    done = labflag(verb, export(GOOD, MCV, B12, BAD, BAD.replace("S3", "S1")), wide, *output)
    for canary in CANARIES:
        assert canary not in done.stdout + done.stderr


def test_check_writes_nothing(labflag, export, tmp_path):
    done = labflag("check", export(GOOD, BAD))
    assert done.returncode == 1
    assert "not-a-number" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["march.csv"]
    issues = json.loads(labflag("check", tmp_path / "march.csv", "--json").stdout)
    assert [(issue["row"], issue["code"]) for issue in issues] == [(3, "not-a-number")]


def test_dry_run_writes_nothing(labflag, export, tmp_path):
    done = labflag("run", export(GOOD), "-n", "-o", "out")
    assert done.returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["march.csv"]


def test_identify_says_how_a_file_is_read(labflag, export):
    path = export("7;F;11,2;104", header="Patientennummer;Geschlecht;Hämoglobin (g/dl);MCV (fl)\n")
    done = labflag("identify", path)
    for said in ("semicolon", "comma", "wide", "hemoglobin", "mcv", "sex"):
        assert said in done.stdout
    assert json.loads(labflag("identify", path, "--json").stdout)[0]["file"] == "march.csv"


def test_quiet_prints_nothing(labflag, export):
    done = labflag("run", export(GOOD), "-o", "out", "-q")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_folder_and_a_file_named_twice_are_read_once(labflag, export, tmp_path):
    path = export(GOOD)
    (tmp_path / "notes.docx").write_bytes(b"not an export")
    (tmp_path / "~$march.xlsx").write_bytes(b"a lock file")
    done = labflag("check", tmp_path, path)
    assert done.returncode == 0
    assert "1 file, 1 result read" in done.stdout
    assert "labflag reads: notes.docx." in done.stdout
    assert "~$" not in done.stdout


def test_nothing_to_do(labflag, tmp_path):
    (tmp_path / "empty").mkdir()
    done = labflag("check", tmp_path / "empty")
    assert (done.returncode, done.stdout.startswith("Nothing to do")) == (0, True)


def test_one_unreadable_file_does_not_stop_the_others(labflag, export, tmp_path):
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"PK\x03\x04 and then nothing")
    done = labflag("run", export(GOOD), broken, "-o", "out")
    assert done.returncode == 1
    assert "broken.xlsx: " in done.stdout
    assert (tmp_path / "out/patients/P1.xlsx").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["run"], 2, "Name files or folders"),
        (["run", "nowhere.csv"], 2, "does not exist"),
        (["run", "march.csv", "--outptu", "x"], 2, "No such option"),
        (["run", "broken.csv", "-o", "out"], 3, "broken.csv"),
        (["check", "broken.csv"], 3, "broken.csv"),
        (["identify", "broken.csv"], 3, "broken.csv"),
        (["run", "march.csv", "--profile", "mayor"], 4, "no profile named 'mayor'"),
        (["run", "march.csv", "--layout", "nowhere.toml"], 4, "nowhere.toml"),
        (["run", "march.csv", "--layout", "nhnes"], 4, "did you mean 'nhanes'?"),
        (["run", "march.csv", "--knowledge", "badrules"], 4, "did you mean 'limit'"),
        (["run", "march.csv", "--config", "bad.toml"], 4, "did you mean 'output'"),
        (["run", "march.csv", "-o", "taken"], 5, "says whose"),
        (["run", "march.csv", "-o", "march.csv"], 2, "is a file"),
        (["run", "march.csv", "-o", "march.csv/below"], 5, "cannot be made"),
        (["rules", "show", "anemai"], 2, "did you mean 'anemia'"),
        (["rules", "show", "anemia"], 0, "WHO"),
        (["rules", "list"], 0, "macrocytic-anemia"),
        (["--version"], 0, "labflag"),
    ],
)
def test_exit_codes(labflag, export, tmp_path, arguments, code, said):
    export(GOOD)
    (tmp_path / "broken.csv").write_bytes(b"\x00\x01\x02 nothing a laboratory would send")
    (tmp_path / "badrules").mkdir()
    (tmp_path / "badrules/x.toml").write_text("[[limt]]\nid = 'x'\n")
    (tmp_path / "bad.toml").write_text("outptu = 'x'\n")
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken/worklist.xlsx").write_bytes(b"of somebody else")
    done = labflag(*arguments)
    assert done.returncode == code, done.stdout + done.stderr
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_fault_of_our_own_is_70_and_names_a_place_not_a_value(labflag, export, tmp_path):
    # A folder that shadows a standard module: nothing a user does, but something that breaks.
    (tmp_path / "site").mkdir()
    (tmp_path / "site/openpyxl.py").write_text("raise ValueError('P1 Aster Sample')\n")
    import os
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "run", str(export(GOOD)), "-o", "out"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{tmp_path / 'site'}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 70
    assert "ValueError in openpyxl.py:1" in done.stderr
    assert "Aster" not in done.stderr


def test_a_second_run_adds_and_takes_away_what_is_stale_and_nothing_else(labflag, export, tmp_path):
    assert labflag("run", export(B12), "-o", "out").returncode == 0
    (tmp_path / "out/patients/notes.txt").write_text("mine")
    assert labflag("run", export(GOOD, name="april.csv"), "-o", "out").returncode == 0
    assert (tmp_path / "out/patients/P1.xlsx").exists()
    assert (tmp_path / "out/patients/P2.xlsx").exists()
    # Somebody else under the same id: nothing is reported for it until that is settled.
    other = B12.replace("Borage Sample,M", "Daisy Other,F").replace("S2", "S9")
    assert labflag("run", export(other, name="may.csv"), "-o", "out").returncode == 1
    assert load_workbook(tmp_path / "out/patients/P2.xlsx").sheetnames == ["Summary"]
    assert labflag("reassign", "P2", "P7", "--yes", "-o", "out").returncode == 0
    assert not (tmp_path / "out/patients/P2.xlsx").exists()
    assert (tmp_path / "out/patients/P1.xlsx").exists()
    assert (tmp_path / "out/patients/notes.txt").read_text() == "mine"


@pytest.mark.skipif("os.name == 'nt'", reason="Windows has no such modes")
def test_nothing_is_readable_by_the_world(labflag, export, tmp_path):
    labflag("run", export(GOOD), "-o", "out")
    for path in (tmp_path / "out").rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        is_private = ".labflag" in path.parts or path.name in ("labflag.db", "audit.log")
        private = 0o700 if is_private else 0o777
        assert mode == (0o750 if path.is_dir() else 0o640) & private, path


def test_two_runs_give_the_same_bytes_but_for_the_time(labflag, export, tmp_path):
    labflag("run", export(GOOD, MCV, B12), "-o", "one")
    labflag("run", export(GOOD, MCV, B12), "-o", "two")
    for name in ("findings.csv", "issues.csv"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_order_of_files_does_not_matter(labflag, export, tmp_path):
    export(GOOD, name="a.csv")
    export(MCV, GOOD.replace("11.2", "11.4").replace("final", "corrected"), name="b.csv")
    labflag("run", "a.csv", "b.csv", "-o", "one")
    labflag("run", "b.csv", "a.csv", "-o", "two")
    assert findings_in(tmp_path / "one") == findings_in(tmp_path / "two")
    assert {row["value"] for row in findings_in(tmp_path / "one") if row["rule"] == "anemia"} == {
        "11.4"
    }


def test_text_that_looks_like_a_formula_stays_text(labflag, export, tmp_path):
    line = GOOD.replace("Aster Sample", "=1+1").replace("P1", "=P1")
    labflag("run", export(line), "-o", "out")
    (path,) = (tmp_path / "out/patients").iterdir()
    for book in (load_workbook(path), load_workbook(tmp_path / "out/worklist.xlsx")):
        for sheet in book:
            for row in sheet.iter_rows():
                for cell in row:
                    if cell.data_type == "f":
                        assert "1+1" not in str(cell.value)
                        assert "P1" not in str(cell.value)
    assert "\n'=P1," in (tmp_path / "out/findings.csv").read_text(encoding="utf-8")


def test_site_configuration_is_read_from_the_current_folder(labflag, export, tmp_path):
    line = "P1,Aster Sample,F,,S1,2026-03-01,Hemoglobin,12.5,g/dL,final"
    (tmp_path / "labflag.toml").write_text('output = "here"\npopulation = "adult"\n')
    assert labflag("run", export(line), "--all-outcomes").returncode == 0
    said = {row["rule"]: row for row in findings_in(tmp_path / "here")}
    assert said["anemia"]["outcome"] == "absent"
    assert "adults-assumed" in said["anemia"]["comment"]
    assert (
        labflag("run", tmp_path / "march.csv", "-o", "there", "--config", "labflag.toml").returncode
        == 0
    )
    assert (tmp_path / "there/findings.csv").exists()


def test_template_is_written_once(labflag, tmp_path):
    done = labflag("template", "-o", "typed.xlsx")
    assert (done.returncode, done.stderr) == (0, "")
    before = (tmp_path / "typed.xlsx").read_bytes()
    again = labflag("template", "-o", "typed.xlsx")
    assert again.returncode == 5
    assert "is there already" in again.stderr
    assert (tmp_path / "typed.xlsx").read_bytes() == before
    assert labflag("template", "-o", "typed.csv").returncode == 2


def test_a_filled_template_is_read_without_configuration(labflag, tmp_path):
    labflag("template")
    book = load_workbook(tmp_path / "labflag-template.xlsx")
    sheet = book["Results"]
    headers = [cell.value for cell in sheet[1]]
    typed = {
        "Patient ID *": "00123", "Sex": "F", "Age": "44", "Sample ID (*)": "S-1", "Analyte *": "Hemoglobin", "Result *": 11.2,
        "Unit *": "g/dL",
    }  # fmt: skip
    for header, value in typed.items():
        sheet.cell(2, headers.index(header) + 1, value)
    book.save(tmp_path / "labflag-template.xlsx")
    done = labflag("run", "labflag-template.xlsx", "-o", "out")
    assert done.returncode == 0, done.stdout
    found = {row["rule"]: row for row in findings_in(tmp_path / "out")}
    assert found["anemia"]["patient_id"] == "00123"
    assert found["anemia"]["outcome"] == "present"


def test_a_saved_layout_is_used(labflag, export, tmp_path):
    done = labflag("identify", export(GOOD), "--save", "my-lab.toml")
    assert (done.returncode, done.stderr) == (0, "")
    assert '"patient_name" = "patient_name"' in (tmp_path / "my-lab.toml").read_text(
        encoding="utf-8"
    )
    done = labflag("run", "march.csv", "--layout", "my-lab.toml", "-o", "out")
    assert done.returncode == 0, done.stdout
    assert len(findings_in(tmp_path / "out")) > 0
    assert labflag("identify", "march.csv", "--save", "my-lab.toml").returncode == 5
    assert labflag("identify", "march.csv", "march.csv", "--save", "b.toml").returncode == 2


def test_an_export_without_patients_begins_a_layout_that_a_person_must_finish(labflag, tmp_path):
    counter = (
        "Sample ID,Analysis Time,WBC(10^3/\u03bcL),HGB(g/dL),PLT(10^3/\u03bcL)\n1,x,4.76,12.9,123\n"
    )
    (tmp_path / "counter.csv").write_bytes(counter.encode("gbk"))
    done = labflag("check", "counter.csv")
    assert (done.returncode, "each row is a patient" in done.stdout) == (3, True)
    assert labflag("identify", "counter.csv", "--save", "counter.toml").returncode == 0
    done = labflag("check", "counter.csv", "--layout", "counter.toml")
    assert (done.returncode, "patient-column-missing" in done.stdout) == (3, True)
    layout = tmp_path / "counter.toml"
    text = layout.read_text(encoding="utf-8")
    assert 'requires = ["Sample ID", "HGB(g/dL)"]' in text
    text = text.replace('"cp1252"', '"gbk"').replace("# row_is_patient", "row_is_patient")
    layout.write_text(text, encoding="utf-8")
    done = labflag("check", "counter.csv", "--layout", "counter.toml")
    assert (done.returncode, "3 results read: 3 used" in done.stdout) == (0, True), done.stdout


def test_a_run_without_a_readable_file_leaves_earlier_reports_alone(labflag, export, tmp_path):
    labflag("run", export(GOOD), "-o", "out")
    (tmp_path / "empty").mkdir()
    done = labflag("run", "empty", "-o", "out")
    assert (done.returncode, done.stdout.startswith("Nothing to do")) == (0, True)
    (tmp_path / "broken.csv").write_bytes(b"\x00")
    done = labflag("run", "broken.csv", "-o", "out")
    assert done.returncode == 3
    assert "earlier reports stand" in done.stdout
    assert (tmp_path / "out/patients/P1.xlsx").exists()


def test_a_run_that_was_stopped_is_finished_by_the_next(labflag, export, tmp_path):
    labflag("run", export(GOOD, B12), "-o", "out")
    # As it is when a run is killed after it began to write: listed, not finished.
    begun = {"labflag": "0", "finished": False, "outputs": [
        {"path": "patients/P1.xlsx", "sha256": ""}, {"path": "patients/P2.xlsx", "sha256": ""}]}  # fmt: skip
    (tmp_path / "out/manifest.json").write_text(json.dumps(begun))
    (tmp_path / "out/worklist.xlsx").unlink()
    (tmp_path / "out/patients/P2.xlsx").unlink()
    assert labflag("run", "march.csv", "-o", "out").returncode == 0
    assert sorted(path.name for path in (tmp_path / "out/patients").iterdir()) == [
        "P1.xlsx", "P2.xlsx",
    ]  # fmt: skip
    assert (tmp_path / "out/worklist.xlsx").exists()


def test_a_wrong_option_leaves_no_folder_behind(labflag, export, tmp_path):
    assert labflag("run", export(GOOD), "-o", "out", "--profile", "mayor").returncode == 4
    assert not (tmp_path / "out").exists()
    assert labflag("run", export(GOOD), "-o", "out").returncode == 0


def test_a_manifest_cannot_make_us_delete_what_is_not_ours(labflag, export, tmp_path):
    labflag("run", export(GOOD), "-o", "out")
    victim = tmp_path / "victim.txt"
    victim.write_text("mine")
    manifest = json.loads((tmp_path / "out/manifest.json").read_text(encoding="utf-8"))
    manifest["outputs"].append({"path": "../victim.txt", "sha256": ""})
    (tmp_path / "out/manifest.json").write_text(json.dumps(manifest))
    assert labflag("run", export(GOOD), "-o", "out").returncode == 5
    assert victim.exists()


def test_reports_are_never_read_as_exports(labflag, export, tmp_path):
    export(GOOD.replace("11.2", "<11.2"))
    for _ in range(2):
        done = labflag("run", ".", "-o", "reports")
        assert done.returncode == 0
        assert "1 file, 1 result read" in done.stdout


def test_help_is_laid_out_line_by_line(labflag):
    lines = labflag("--help").stdout.splitlines()
    assert any(line.strip().startswith("labflag check march.csv") for line in lines)
    assert "\\b" not in "".join(lines)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        # A decimal comma between commas must not shift what stands behind it.
        ("Patient ID,Sample ID,WBC (10^9/L),\n1,S1,4,5\n2,S2,3,9\n", ["row-shape", "row-shape"]),
        (
            "Patient ID,Sample ID,WBC (10^9/L),Comment\n1,S1,4,5,\n2,S2,3,9,\n",
            ["row-shape", "row-shape"],
        ),
        ("Patient ID,Name,WBC (10^9/L),PLT (10^9/L)\n1,Doe, Jane,7.2,210\n", ["row-shape"]),
        ("Patient ID;Sample ID;WBC (10^9/L)\n1;S1;4,5;\n2;S2;3,9;\n", []),
    ],
)
def test_shifted_rows(labflag, tmp_path, text, codes):
    (tmp_path / "march.csv").write_text(text, encoding="utf-8")
    issues = json.loads(labflag("check", "march.csv", "--json").stdout)
    assert [each["code"] for each in issues if each["severity"] == "error"] == codes


STRICTER = """
[[limit]]
id = "platelets.low"
replaces = "platelets.low"
analyte = "platelets"
source = "convention"
wording = "below 160"
strata = [{ values = { "10*9/L" = 160 } }]
"""


def test_rules_are_tried_by_the_cases_beside_them(labflag, export, tmp_path):
    done = labflag("rules", "test")
    assert (done.returncode, done.stderr) == (0, "")
    assert "failed" not in done.stdout
    listed = [line.split()[0] for line in labflag("rules", "list").stdout.splitlines()[1:]]
    assert {*listed, "priority"} <= {line.split()[0] for line in done.stdout.splitlines()}
    site = tmp_path / "site"
    (site / "cases").mkdir(parents=True)
    (site / "site.toml").write_text(STRICTER, encoding="utf-8")
    cases = site / "cases/low-platelets.txt"
    cases.write_text("platelets | outcome\n159 | present\n160 | present\n", encoding="utf-8")
    failed = labflag("rules", "test", "--knowledge", site)
    assert failed.returncode == 1
    assert (
        "1 passed, 1 failed\n    cases/low-platelets.txt:3: outcome is 'absent', "
        "its case says 'present'  (platelets 160)" in failed.stdout
    )
    told = json.loads(labflag("rules", "test", "--knowledge", site, "--json").stdout)
    of_rule = {trial["rule"]: trial for trial in told}["low-platelets"]
    assert (of_rule["passed"], of_rule["failures"][0]["line"]) == (1, 3)
    refused = labflag("run", export(GOOD), "--knowledge", site, "-o", "out")
    assert refused.returncode == 4
    assert f"{cases}:3: rule 'low-platelets'" in refused.stderr
    assert not (tmp_path / "out").exists()
    cases.write_text("platelets | outcome\n159 | present\n160 | absent\n", encoding="utf-8")
    assert labflag("run", export(GOOD), "--knowledge", site, "-o", "out").returncode == 0
